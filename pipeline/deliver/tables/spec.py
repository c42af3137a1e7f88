"""Declarations of ``configs/tables.yaml``: header trees and where each column's values come from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from pydantic import Field, model_validator

from configs import read_settings
from pipeline.plan.base import Block


class Head(Block):
    """A header cell: either over other cells or over one column of values."""

    text: str
    under: tuple[Head, ...] = ()
    value: str = ""
    width: float = Field(12, gt=0)
    align: Literal["center", "left"] = "center"
    decimals: int | None = None
    whole: bool = False
    total: bool = False
    slash: bool = False
    merge: bool = False
    mark: str = ""
    unit: str = ""
    used: bool = False
    empty: str = ""

    @model_validator(mode="after")
    def _one_of(self) -> Head:
        if bool(self.under) == bool(self.value):
            raise ValueError(f"header {self.text!r} needs either under or value")
        return self

    @property
    def depth(self) -> int:
        """Header rows this cell and what is under it take."""
        return 1 + max((head.depth for head in self.under), default=0)

    def leaves(self) -> Iterator[Head]:
        """Yield the columns under this cell, from left to right."""
        if not self.under:
            yield self
        for head in self.under:
            yield from head.leaves()


class Join(Block):
    """A left join: rows of ``layer`` whose field ``by[1]`` equals the row's ``by[0]``."""

    layer: str
    by: tuple[str, str]


class Table(Block):
    """One table of the hand-in."""

    key: str
    number: str
    title: str
    file: str
    rows: str
    where: dict[str, str] = Field(default_factory=dict)
    join: tuple[Join, ...] = ()
    order: tuple[str, ...] = ()
    header: tuple[Head, ...]
    notes: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """Header rows of the table."""
        return max(head.depth for head in self.header)

    def leaves(self) -> tuple[Head, ...]:
        """Return the columns from left to right."""
        return tuple(leaf for head in self.header for leaf in head.leaves())


class HeadCell(Block):
    """A header cell on the grid; rows and columns count from 0, both ends included."""

    text: str
    row: int
    column: int
    last_row: int
    last_column: int


def place_header(heads: tuple[Head, ...]) -> list[HeadCell]:
    """Return the header's cells on the grid: a leaf reaches down to the last header row."""
    depth = max(head.depth for head in heads)
    cells: list[HeadCell] = []

    def put(head: Head, row: int, column: int) -> int:
        right = column
        for under in head.under:
            right = put(under, row + 1, right)
        right = max(right, column + 1)
        cells.append(
            HeadCell(
                text=head.text,
                row=row,
                column=column,
                last_row=row if head.under else depth - 1,
                last_column=right - 1,
            )
        )
        return right

    column = 0
    for head in heads:
        column = put(head, 0, column)
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


@cache
def table_specs() -> tuple[Table, ...]:
    """Return every table in the order of ``configs/tables.yaml``."""
    settings: dict[str, Any] = read_settings("tables.yaml")
    return tuple(Table.model_validate({"key": key, **item}) for key, item in settings.items())
