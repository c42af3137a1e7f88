"""A delivered table under its declared header: columns by what they hold, rows by their number in the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from layers.model import CodeList
from pipeline.audit.findings import UnreadableError
from pipeline.audit.grid import Grid, Value, show
from pipeline.deliver.tables.content import find_field
from pipeline.deliver.tables.spec import Head, Table, place_header

TOTAL = ("合计", "总计")
_NOTES = ("填表说明", "说明")
_SPACE = re.compile(r"\s+")
_HOLE = re.compile(r"\\\{[a-z_0-9]+\\\}")
_FIELD = re.compile(r"[A-Z][A-Za-z]*\.[a-z_0-9]+")


class Texts(dict[int, str]):
    """A column's texts by row; a row without one is blank, so that a table without the column can be looked at."""

    def __missing__(self, row: int) -> str:
        return ""


class _Places(dict[str, int]):
    """Sheet columns by what they hold; to ask for one whose header is gone is a fault of the file, no gap in a check."""

    def __init__(self, spec: Table, file: str) -> None:
        super().__init__()
        self._spec, self._file = spec, file

    def __missing__(self, column: str) -> int:
        raise UnreadableError(self._file, f"没有“{_head(self._spec, column)}”列（表头已改动），不能核对")


@dataclass
class TableView:
    """A table of the hand-in.

    Attributes
    ----------
    spec : its declaration in ``configs/tables.yaml``.
    file : relative to the hand-in.
    columns : sheet column by what the declaration says the column holds, such as ``Need.urgency``; to ask for one
        that is not there raises UnreadableError.
    rows : numbers of the rows of values.
    total : number of the row of sums, 0 without.
    header_faults : where the header differs from the declaration.
    """

    spec: Table
    file: str
    grid: Grid
    columns: dict[str, int]
    rows: list[int] = field(default_factory=list)
    total: int = 0
    notes: str = ""
    header_faults: list[str] = field(default_factory=list)

    @property
    def sheet(self) -> str:
        """Name of the sheet."""
        return self.grid.name

    @property
    def title(self) -> str:
        """The first row."""
        return self.grid.text(1, 1)

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def cells(self, column: str) -> list[tuple[int, Value]]:
        """Return row numbers and values of a column; nothing of one that a plan need not have.

        Raises
        ------
        UnreadableError
            If the table must have the column and has not.
        """
        if column not in self.columns and column not in _list_needed(self.spec):
            return []
        place = self.columns[column]
        return [(row, self.grid.at(row, place)) for row in self.rows]

    def texts(self, column: str) -> Texts:
        """Return a column as text by row number."""
        return Texts({row: show(value).strip() for row, value in self.cells(column)})

    def numbers(self, column: str) -> dict[int, float]:
        """Return the numbers of a column by row number; a text is no number."""
        return {row: value for row, value in self.cells(column) if isinstance(value, float)}

    def head(self, column: str) -> str:
        """Return what stands over a column."""
        return _head(self.spec, column)

    def codes(self, column: str) -> CodeList | None:
        """Return the code list of the field a column shows."""
        return find_field(column).spec.codes if _FIELD.fullmatch(column) else None


def open_table(spec: Table, file: str, grid: Grid) -> TableView:
    """Hold a sheet against the declaration of its table."""
    view = TableView(spec, file, grid, _Places(spec, file))
    first = 2 + spec.depth
    found = [_path(grid, column, spec.depth) for column in range(1, grid.right + 1)]
    at = 0
    for path, leaf, optional in _expect(spec):
        there = found[at] if at < len(found) else ()
        if _matches(path, there):
            at += 1
            view.columns.setdefault(leaf.value, at)
        elif not optional:
            view.header_faults.append(
                f"第 {at + 1} 列应为“{'／'.join(map(_plain, path))}”，是“{'／'.join(there) or '空'}”"
            )
            at += 1
    if at < len(found):
        view.header_faults.append(f"多出 {len(found) - at} 列：{'、'.join('／'.join(p) for p in found[at:])}")
    if not view.header_faults and not any(optional for _, _, optional in _expect(spec)):
        view.header_faults += _compare_merges(spec, grid)
    for row in range(first, grid.bottom + 1):
        start = grid.text(row, 1)
        if start in TOTAL:
            view.total = row
        elif start.startswith(_NOTES):
            view.notes = start
        elif not view.total and not view.notes:
            view.rows.append(row)
    return view


def _head(spec: Table, column: str) -> str:
    leaf = next((leaf for leaf in spec.leaves() if leaf.value == column), None)
    return column if leaf is None else _plain(leaf.text)


def _list_needed(spec: Table) -> set[str]:
    """Return what the columns hold that the table always has."""
    return {leaf.value for _, leaf, optional in _expect(spec) if not optional}


def _path(grid: Grid, column: int, depth: int) -> tuple[str, ...]:
    """Return the header texts over a column from the top, each once."""
    texts = [_SPACE.sub("", grid.text(row, column)) for row in range(2, 2 + depth)]
    return tuple(text for i, text in enumerate(texts) if text and (i == 0 or text != texts[i - 1]))


def _expect(spec: Table) -> Iterator[tuple[tuple[str, ...], Head, bool]]:
    def walk(head: Head, over: tuple[str, ...], used: bool) -> Iterator[tuple[tuple[str, ...], Head, bool]]:
        path, optional = (*over, head.text), used or head.used
        if not head.under:
            yield path, head, optional
        for under in head.under:
            yield from walk(under, path, optional)

    for head in spec.header:
        yield from walk(head, (), False)


def _plain(text: str) -> str:
    return _SPACE.sub("", text)


def _matches(path: tuple[str, ...], there: tuple[str, ...]) -> bool:
    """Compare header texts; what a run fills in (a year) may be anything without a space."""
    return len(path) == len(there) and all(
        re.fullmatch(_HOLE.sub(r".+", re.escape(_plain(want))), text) is not None
        for want, text in zip(path, there, strict=True)
    )


def _compare_merges(spec: Table, grid: Grid) -> list[str]:
    """Return header cells that are not merged as the declaration has them."""
    there = set(grid.merges)
    wrong = []
    for cell in place_header(spec.header):
        span = (cell.row + 2, cell.column + 1, cell.last_row + 2, cell.last_column + 1)
        if span[:2] != span[2:] and span not in there:
            wrong.append(f"表头“{_plain(cell.text)}”没有按式样合并单元格")
    return wrong
