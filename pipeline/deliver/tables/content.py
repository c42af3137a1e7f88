"""A table's content, independent of the file it goes into: header cells, typed values, totals, notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from string import Formatter
from typing import NamedTuple, TypeAlias

import pandas as pd

from configs.facilities import facility_classes
from layers.codes import PROBLEM, WAY
from layers.faults import FaultLog
from layers.finance import YEARS
from layers.model import Column, Layer
from layers.planned import Project
from pipeline.deliver.tables.actions import ActionSum
from pipeline.deliver.tables.basics import Basics
from pipeline.deliver.tables.derived import Balance, Phase
from pipeline.deliver.tables.spec import Head, HeadCell, Table, place_header
from pipeline.plan import Plan
from pipeline.stages.phases import list_reviews

Value: TypeAlias = str | int | float | None
_MANAGED = PROBLEM.values[1]  # 管理类: "/" in the money columns (requirements.md §7.14)
_UNBUILT = WAY.values[-1]
_PLAIN_DECIMALS = 2


class Cell(NamedTuple):
    """A value and its Excel number format; a text has none."""

    value: Value
    form: str = ""


class Leaf(NamedTuple):
    """A column: width in half-width characters, alignment, whether equal cells merge, and the declared value."""

    width: float
    align: str
    merge: bool
    field: str = ""


@dataclass(frozen=True)
class Content:
    """One table, ready for any writer.

    Attributes
    ----------
    number, title, file : ``表1``, its title, its file name without suffix.
    header : header cells from row 0.
    leaves : columns.
    rows : cells by row.
    totals : the last row, or None; a text cell says 合计.
    notes : lines under the table, after ``note_label``, numbered by the writer when there are several.
    """

    number: str
    title: str
    file: str
    header: list[HeadCell]
    leaves: list[Leaf]
    rows: list[list[Cell]]
    totals: list[Cell] | None
    notes: list[str]
    note_label: str = "填表说明"

    @property
    def depth(self) -> int:
        """Header rows."""
        return max(cell.last_row for cell in self.header) + 1


def plain_content(
    title: str,
    columns: Sequence[tuple[str, float, str]],
    rows: Iterable[Sequence[Value]],
    *,
    notes: Sequence[str] = (),
) -> Content:
    """Return a table with one header row.

    Parameters
    ----------
    columns : header text, width in half-width characters and alignment of each column.
    """
    header = [
        HeadCell(text=text, row=0, column=i, last_row=0, last_column=i)
        for i, (text, _, _) in enumerate(columns)
    ]
    leaves = [Leaf(width, align, False) for _, width, align in columns]
    cells = [[Cell(value) for value in row] for row in rows]
    return Content("", title, "", header, leaves, cells, None, list(notes), "说明")


def find_layer(name: str) -> type[Layer]:
    """Return a layer by class name, as tables refer to it (KeyError when there is none)."""
    known = {layer.__name__: layer for layer in [*Layer.registry.values(), Phase, Balance, ActionSum, Basics]}
    return known[name]


def find_field(reference: str) -> Column:
    """Return the column that ``Layer.field`` names.

    Raises
    ------
    KeyError
        If the layer or the field is not declared.
    """
    name, _, field = reference.partition(".")
    columns = {str(column): column for column in find_layer(name).columns()}
    return columns[field]


def fill_table(table: Table, frames: Mapping[str, pd.DataFrame], plan: Plan, log: FaultLog) -> Content:
    """Return the content of ``table``.

    Parameters
    ----------
    table : the declaration.
    frames : rows by layer class name.
    plan : the plan config; fills ``{area}``, ``{first_year}`` and ``{walking_rule}``.
    log : gets HSQ-V10 for a row whose join finds nothing.
    """
    words = {
        "area": plan.plan.area,
        "first_year": plan.plan.first_year,
        "walking_rule": plan.walking.rule_text(),
        "review_dates": "、".join(list_reviews(plan.plan.first_year)),
        **{f"year_{n}": plan.plan.first_year + n - 1 for n in range(1, YEARS + 1)},
    }
    rows = _gather(table, frames, log)
    table = table.model_copy(update={"header": tuple(_keep_used(table.header, rows))})
    leaves = table.leaves()
    columns = [_column(leaf, rows) for leaf in leaves]
    header = [
        cell.model_copy(update={"text": cell.text.format_map(words)}) for cell in place_header(table.header)
    ]
    return Content(
        number=table.number,
        title=table.title.format_map(words),
        file=table.file.format_map(words),
        header=header,
        leaves=[Leaf(leaf.width, leaf.align, leaf.merge, leaf.value) for leaf in leaves],
        rows=[list(cells) for cells in zip(*columns, strict=True)],
        totals=_totals(leaves, columns),
        notes=[note.format_map(words) for note in table.notes],
    )


def _keep_used(heads: Iterable[Head], rows: pd.DataFrame) -> Iterator[Head]:
    """Yield the heads without those marked ``used`` under which no number is above 0."""
    for head in heads:
        if head.used and not any((rows[leaf.value] > 0).any() for leaf in head.leaves()):
            continue
        under = tuple(_keep_used(head.under, rows))
        yield head.model_copy(update={"under": under}) if head.under else head


def _gather(table: Table, frames: Mapping[str, pd.DataFrame], log: FaultLog) -> pd.DataFrame:
    """Return the table's rows, columns named ``Layer.field``."""
    rows = _named(frames, table.rows)
    for reference, value in table.where.items():
        rows = rows[rows[reference] == value]
    for join in table.join:
        left, right = join.by
        other = _named(frames, join.layer)
        rows = rows.merge(other, how="left", left_on=left, right_on=right, validate="m:1")
        for key in rows.loc[rows[right].isna(), left]:
            log.add(
                "HSQ-V10",
                f"{table.number}：{find_layer(join.layer).alias}中没有编号 {key}",
                layer=find_layer(table.rows).alias,
                field=find_field(left).spec.alias,
                value=str(key),
                action="该行照列，缺少的栏留空",
            )
    if table.order:
        rows = rows.sort_values(list(table.order), kind="stable")
    return rows.reset_index(drop=True)


def _named(frames: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    frame = pd.DataFrame(frames[name])
    return frame[[str(c) for c in find_layer(name).columns()]].add_prefix(f"{name}.")


def _column(leaf: Head, rows: pd.DataFrame) -> list[Cell]:
    """Return the cells of one column."""
    if leaf.value == "#":
        return [Cell(number, "0") for number in range(1, len(rows) + 1)]
    if "{" in leaf.value:
        return _pattern_cells(leaf, rows)
    if "(" in leaf.value:
        name, _, reference = leaf.value.removesuffix(")").partition("(")
        say = _SAYINGS[name]
        return [Cell(say(value) if isinstance(value, str) else leaf.empty) for value in rows[reference]]
    spec = find_field(leaf.value).spec
    values = rows[leaf.value]
    if spec.kind == "bool":
        return [Cell("是" if value else "否") for value in values]
    if spec.kind == "text":
        return [Cell(value if isinstance(value, str) else leaf.empty) for value in values]
    return _number_cells(leaf, rows, values)


def _pattern_cells(leaf: Head, rows: pd.DataFrame) -> list[Cell]:
    """Return texts of a pattern such as ``{Match.level_name}：{Match.reason}``; a missing part empties it."""
    pieces = [(text, name) for text, name, _, _ in Formatter().parse(leaf.value)]
    result = pd.Series("", index=rows.index, dtype="str")
    for text, name in pieces:
        result = result + text + (rows[name] if name else "")
    return [Cell(text if isinstance(text, str) else leaf.empty) for text in result]


def _number_cells(leaf: Head, rows: pd.DataFrame, values: pd.Series) -> list[Cell]:
    spec = find_field(leaf.value).spec
    form = _number_format(leaf)
    managed = _managed(leaf, rows)
    marks = [""] * len(rows)
    if leaf.mark:
        marks = [_mark(key) for key in rows[leaf.mark]]
    cells = []
    for value, slash, mark in zip(values, managed, marks, strict=True):
        if slash:
            cells.append(Cell("/"))
        elif pd.isna(value):
            cells.append(Cell(leaf.empty))
        elif spec.kind == "int":
            cells.append(Cell(int(value), form + mark))
        elif leaf.whole and float(value).is_integer():
            cells.append(Cell(int(value), "#,##0" + mark))
        else:
            cells.append(Cell(round(float(value), spec.decimals or _PLAIN_DECIMALS), form + mark))
    return cells


def _managed(leaf: Head, rows: pd.DataFrame) -> list[bool]:
    if not leaf.slash:
        return [False] * len(rows)
    managed = rows[f"{Project.__name__}.{Project.problem}"] == _MANAGED
    # A neighbour's facility that is shared builds nothing either, though the need is 建设类.
    unbuilt = rows[f"{Project.__name__}.{Project.way}"] == _UNBUILT
    return (managed | unbuilt).tolist()


def _number_format(leaf: Head) -> str:
    spec = find_field(leaf.value).spec
    unit = f'"{leaf.unit}"' if leaf.unit else ""  # the value stays a number
    if spec.kind == "int" or leaf.decimals == 0:
        return "#,##0" + unit
    if leaf.decimals is None and spec.decimals > _PLAIN_DECIMALS:
        return "#,##0.00" + "#" * (spec.decimals - _PLAIN_DECIMALS) + unit
    return "#,##0." + "0" * (leaf.decimals or _PLAIN_DECIMALS) + unit


def _mark(type_key: object) -> str:
    """Return the number-format suffix that prints （待核） beside a value, which stays a number."""
    item = facility_classes().get(str(type_key))
    return f'"{item.mark}"' if item is not None and item.mark else ""


def _standard(type_key: str) -> str:
    item = facility_classes().get(type_key)
    return f"{item.standard} {item.clause}{item.mark}".strip() if item is not None else ""


_SAYINGS = {"standard": _standard}


def _totals(leaves: tuple[Head, ...], columns: list[list[Cell]]) -> list[Cell] | None:
    """Return the last row: sums in decimal arithmetic, texts such as "/" left out."""
    if not any(leaf.total for leaf in leaves):
        return None
    result = [Cell("")] * len(leaves)
    for index, (leaf, cells) in enumerate(zip(leaves, columns, strict=True)):
        if leaf.total:
            numbers = [Decimal(str(cell.value)) for cell in cells if isinstance(cell.value, int | float)]
            if cells and not numbers and leaf.empty not in ("", "/"):
                # 待测算 all the way down sums to nothing known, not to nought.
                result[index] = Cell(leaf.empty)
                continue
            result[index] = Cell(float(sum(numbers, Decimal())), _number_format(leaf))
    result[0] = Cell("合计")
    return result
