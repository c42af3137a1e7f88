"""A delivered table as cells by Excel address: out of its content before it is written, or out of the workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
from openpyxl.utils import column_index_from_string, get_column_letter

from pipeline.deliver.document.formula import Value
from pipeline.deliver.tables.book import CONTROL
from pipeline.deliver.tables.content import Content

_RANGE = re.compile(r"^([A-Z]{1,3})(\d+)(?::([A-Z]{1,3})(\d+))?$")


@dataclass(frozen=True)
class Grid:
    """Cells by row and column, both from 1; a cell that is not there is blank.

    Attributes
    ----------
    values : value by (row, column).
    columns : column of each field such as ``Need.dimension``; empty of a workbook, which knows no fields.
    first, last : rows of data, both ends included; ``last`` is ``first - 1`` where there are none.
    total : row of sums; 0 where there is none.
    """

    values: Mapping[tuple[int, int], Value]
    columns: Mapping[str, int] = field(default_factory=dict)
    first: int = 0
    last: int = -1
    total: int = 0

    def read(self, cells: str) -> list[Value]:
        """Return the values of a range, down and then across."""
        return [self.values.get(place) for place in _places(cells)]

    def range_of(self, name: str) -> str:
        """Return the range of a field's data (KeyError when the table has no such column)."""
        letter = get_column_letter(self.columns[name])
        return f"{letter}{self.first}:{letter}{self.last}"

    def cell_of(self, name: str, row: int) -> str:
        """Return the address of a field's cell in a row of the sheet."""
        return f"{get_column_letter(self.columns[name])}{row}"

    @property
    def rows(self) -> range:
        """Rows of data."""
        return range(self.first, self.last + 1)


def lay_out(content: Content, *, first: int = 0, columns: Mapping[int, int] | None = None) -> Grid:
    """Return the cells a table will have in its workbook.

    Parameters
    ----------
    content : the table.
    first : row of the first data row; by default below the title and the header, where ``write_book`` puts it.
    columns : column of each leaf, from 1, by its index from 0, where the user's own form moves or lacks some.
    """
    first = first or 2 + content.depth
    at = {index: index + 1 for index in range(len(content.leaves))} if columns is None else columns
    lines = [*content.rows, *([content.totals] if content.totals is not None else [])]
    values = {
        (first + row, at[index]): CONTROL.sub("", cell.value) if isinstance(cell.value, str) else cell.value
        for row, cells in enumerate(lines)
        for index, cell in enumerate(cells)
        if index in at
    }
    fields: dict[str, int] = {}
    for index, leaf in enumerate(content.leaves):
        if leaf.field and index in at:
            fields.setdefault(leaf.field, at[index])
    last = first + len(content.rows) - 1
    return Grid(values, fields, first, last, last + 1 if content.totals is not None else 0)


def read_grid(path: Path) -> Grid:
    """Return the cells of a delivered table's sheet, the one that opens; what was merged down counts in each of its rows."""
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = book.active
    values = {
        (cell.row, cell.column): cell.value
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    for span in sheet.merged_cells.ranges:
        if span.min_col == span.max_col:
            value = values.get((span.min_row, span.min_col))
            values |= {(row, span.min_col): value for row in range(span.min_row, span.max_row + 1)}
    return Grid(values)


def _places(cells: str) -> Iterator[tuple[int, int]]:
    found = _RANGE.match(cells)
    if found is None:
        raise ValueError(f"no range: {cells!r}")
    left, top = column_index_from_string(found[1]), int(found[2])
    right = column_index_from_string(found[3]) if found[3] else left
    bottom = int(found[4]) if found[4] else top
    for column in range(left, right + 1):
        for row in range(top, bottom + 1):
            yield row, column
