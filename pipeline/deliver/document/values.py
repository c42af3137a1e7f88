"""Values of the text out of the very tables that are delivered, each entered once in 数字来源."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from configs import read_settings
from pipeline.deliver.document.formula import (
    CELL,
    COUNT,
    LINES,
    LIST,
    SHARE,
    SUM,
    UNIQUE,
    Answer,
    Formula,
    evaluate,
    write_answer,
)
from pipeline.deliver.document.grid import Grid
from pipeline.deliver.document.outline import GROUP, Each, NamedValue
from pipeline.deliver.document.sources import SETTING
from pipeline.deliver.tables.content import Content, find_field
from pipeline.deliver.tables.spec import Table
from pipeline.plan import Plan

_KINDS = {
    "count": COUNT,
    "sum": SUM,
    "unique": UNIQUE,
    "list": LIST,
    "lines": LINES,
    "share": SHARE,
    "cell": CELL,
    "total": CELL,
}
_DIGITS = "零一二三四五六七八九十"
# How a placeholder writes a cell: 公顷, 万, or so many decimals.
_SPECS = {"ha": (10_000, 2), "wan": (10_000, 2), "": (1, None)}


class Missing(Exception):
    """A value cannot be told; its text says why, in Chinese."""


class Nothing(Missing):
    """The table is there and has nothing of the kind: no lack that anybody need mend."""


@dataclass(frozen=True)
class Sheet:
    """A table that is delivered: declaration, content, and its cells where the workbook has them."""

    table: Table
    content: Content
    grid: Grid


@dataclass(frozen=True)
class Spot:
    """What a sentence is being written for: a group's value, a row of a table, or neither."""

    group: str = ""
    table: str = ""
    row: int = 0


@dataclass
class Source:
    """A row of 数字来源."""

    key: str
    label: str
    text: str
    book: str
    formula: str
    uses: list[str] = field(default_factory=list)


@dataclass
class Register:
    """Every source in the order of its first use."""

    sources: dict[tuple[str, str], Source] = field(default_factory=dict)

    def enter(self, label: str, text: str, book: str, formula: str, use: str) -> str:
        """Return the key of a source, entered if new."""
        source = self.sources.get((book, formula))
        if source is None:
            source = Source(f"S{len(self.sources) + 1:03d}", label, text, book, formula)
            self.sources[book, formula] = source
        if use not in source.uses:
            source.uses.append(use)
        return source.key


@dataclass(frozen=True)
class Told:
    """A value as it is printed, with its source."""

    text: str
    answer: Answer
    label: str
    book: str
    formula: str


@dataclass(frozen=True)
class Teller:
    """Finds values in the tables.

    Attributes
    ----------
    sheets : by key of ``configs/tables.yaml``; a table without rows is not there.
    titles : number and title of every declared table, to say what is missing.
    """

    plan: Plan
    sheets: Mapping[str, Sheet]
    titles: Mapping[str, str]
    values: Mapping[str, NamedValue]

    def tell(self, name: str, spec: str, spot: Spot) -> Told:
        """Return the value of a placeholder.

        Parameters
        ----------
        name : a named value, or a field such as ``Need.dimension`` of the row being told of.
        spec : how a cell is written: ``ha`` and ``wan`` divide by ten thousand, a digit rounds.

        Raises
        ------
        Missing
            If there is nothing to tell.
        KeyError
            If no such value is declared.
        """
        if "." in name:
            told = self._tell_cell(name, spec, spot)
        elif self.values[name].table:
            told = self._tell_table(self.values[name], spot)
        else:
            told = self._tell_setting(self.values[name])
        if told.answer is None:
            raise Nothing(f"{self.titles.get(told.book, told.book)}没有“{told.label}”")
        return told

    def spots(self, each: Each, spot: Spot) -> Iterator[Spot]:
        """Yield what a sentence is repeated for, in order; Missing where the table is not there."""
        sheet = self._sheet(each.table)
        rows = [row for row in sheet.grid.rows if self._meets(sheet, each.where, row, spot)]
        if each.field:
            texts = [str(sheet.grid.read(sheet.grid.cell_of(each.field, row))[0] or "") for row in rows]
            found = list(dict.fromkeys(text for text in texts if text))
            codes = find_field(each.field).spec.codes
            if codes is not None:
                found.sort(
                    key=lambda text: codes.values.index(text) if text in codes.values else len(codes.values)
                )
            yield from (Spot(group=text) for text in found)
            return
        if each.top:
            sizes = {row: sheet.grid.read(sheet.grid.cell_of(each.top, row))[0] for row in rows}
            numbers = {row: size for row, size in sizes.items() if isinstance(size, int | float) and size > 0}
            rows = sorted(numbers, key=lambda row: -numbers[row])
        for row in rows[: each.most or None]:
            group = sheet.grid.read(sheet.grid.cell_of(each.at, row))[0] if each.at else ""
            yield Spot(group=str(group or ""), table=each.table, row=row)

    def _meets(self, sheet: Sheet, where: Mapping[str, str], row: int, spot: Spot) -> bool:
        conditions = tuple(
            (sheet.grid.cell_of(name, row), spot.group if text == GROUP else text)
            for name, text in where.items()
        )
        cell = sheet.grid.cell_of(next(iter(where)), row) if where else ""
        return not where or evaluate(Formula(COUNT, cell, conditions), sheet.grid) == 1

    def _sheet(self, key: str) -> Sheet:
        sheet = self.sheets.get(key)
        if sheet is None:
            raise Missing(f"没有{self.titles[key]}")
        return sheet

    def _tell_cell(self, name: str, spec: str, spot: Spot) -> Told:
        sheet = self._sheet(spot.table)
        divisor, decimals = _SPECS[spec] if spec in _SPECS else (1, int(spec))
        if name not in sheet.grid.columns:
            raise Nothing(f"{self.titles[spot.table]}没有“{find_field(name).spec.alias}”列")
        formula = Formula(CELL, sheet.grid.cell_of(name, spot.row), divisor=divisor, decimals=decimals)
        return self._tell(sheet, formula, find_field(name).spec.alias)

    def _tell_table(self, value: NamedValue, spot: Spot) -> Told:
        sheet = self._sheet(value.table)
        grid = sheet.grid
        names = [name for name in (value.field, value.over, *value.where) if name]
        lost = [name for name in names if name not in grid.columns]
        if lost:
            raise Nothing(f"{self.titles[value.table]}没有“{find_field(lost[0]).spec.alias}”列")
        where = tuple(
            (grid.range_of(name), spot.group if text == GROUP else text) for name, text in value.where.items()
        )
        label = f"{value.label}（{spot.group}）" if GROUP in value.where.values() else value.label
        if value.take == "total":
            if not grid.total:
                raise Missing(f"{self.titles[value.table]}没有合计行")
            cells, where = grid.cell_of(value.field, grid.total), ()
        elif value.take == "cell":
            rows = [row for row in grid.rows if self._meets(sheet, value.where, row, spot)]
            if len(rows) != 1:
                raise Nothing(f"{self.titles[value.table]}没有“{label}”")
            cells, where = grid.cell_of(value.field, rows[0]), ()
        elif value.take == "count" and where:
            cells = where[0][0]
        else:
            cells = grid.range_of(value.field) if value.field else grid.range_of(next(iter(grid.columns)))
        formula = Formula(
            _KINDS[value.take],
            cells,
            where,
            over=grid.range_of(value.over) if value.over else "",
            divisor=value.divisor,
            decimals=value.decimals,
        )
        return self._tell(sheet, formula, label)

    def _tell(self, sheet: Sheet, formula: Formula, label: str) -> Told:
        answer = evaluate(formula, sheet.grid)
        if isinstance(answer, str) and answer in ("/", "待补", "待测算"):
            answer = None
        return Told(write_answer(answer), answer, label, sheet.content.number, str(formula))

    def _tell_setting(self, value: NamedValue) -> Told:
        if value.plan:
            found: Any = getattr(self.plan.plan, value.plan)
            place, name = "方案配置", f"plan.{value.plan}"
            if value.plus:
                found, name = found + value.plus, f"{name}+{value.plus}"
        else:
            found = read_settings(value.config)[value.key]
            place, name = f"configs/{value.config}", value.key
        if value.fraction:
            found = f"{_DIGITS[found['of']]}分之{_DIGITS[found['part']]}"
        answer = (
            found
            if isinstance(found, str)
            else Decimal(str(found))
            if isinstance(found, int | float)
            else str(found)
        )
        return Told(write_answer(answer), answer, value.label, f"{SETTING}{place}", name)
