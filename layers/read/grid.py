"""Cells of one sheet as stored, before anybody knows which rows are header, data or total."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Cells = list[list[Any]]


@dataclass
class Grid:
    """A sheet.

    Attributes
    ----------
    rows : cells of row 1, 2, … as the office program counts them; rows may differ in length.
    merged : merged ranges: first column, first row, last column, last row, counted from 1.
    uncached : cells with a formula whose result nobody stored.
    broken : cells whose formula ended in an error, with the error.
    hidden_rows : numbers of rows that are hidden or filtered out.
    hidden_columns : numbers of columns that are hidden.
    """

    rows: Cells
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    uncached: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)

    def square(self) -> int:
        """Make all rows equally long and return the width."""
        width = max((len(row) for row in self.rows), default=0)
        self.rows = [row + [None] * (width - len(row)) for row in self.rows]
        return width


def is_blank(cell: object) -> bool:
    """Tell an empty cell; blanks of every kind, full-width ones too, count as nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\u3000\u00a0\u200b\ufeff"))


def filled(row: list[Any]) -> list[Any]:
    """Return the cells of a row that hold something."""
    return [cell for cell in row if not is_blank(cell)]


def spread_merged(cells: Cells, merged: list[tuple[int, int, int, int]]) -> Cells:
    """Return cells in which every cell of a merged range has the value of its first one."""
    made = [list(row) for row in cells]
    for left, top, right, bottom in merged:
        if top > len(made) or left > len(made[top - 1]):
            continue
        value = made[top - 1][left - 1]
        for row in made[top - 1 : bottom]:
            for column in range(left - 1, min(right, len(row))):
                row[column] = value
    return made
