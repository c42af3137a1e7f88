"""What a document is made of, before any file format: headings, paragraphs of pieces, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pipeline.deliver.tables.content import Cell, Content
from pipeline.deliver.tables.spec import HeadCell

GAP_MARKS = ("〔待填：", "〕")


@dataclass(frozen=True)
class Piece:
    """Some text: ``key`` links it to its row of 数字来源, ``gap`` marks it as the planner's to write."""

    text: str
    key: str = ""
    gap: bool = False
    bold: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is 章, 2 节, 3 一、, 0 the title of an annexed table.

    ``plain`` ones carry no number; ``page`` begins a page where the style does not do so anyway.
    """

    level: int
    text: str
    plain: bool = False
    page: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph in a style of ``look.STYLES``."""

    pieces: tuple[Piece, ...]
    style: str = "正文"

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class TableBlock:
    """A table with its caption above and its notes below.

    Attributes
    ----------
    caption : without the number; empty where none is wanted.
    heading : over the table, on the same kind of paper.
    landscape : whether it stands on pages of its own across.
    size : 字号 of its text; chosen by its columns where empty.
    bookmarks : bookmark of the first cell by row, for rows that are linked to.
    """

    content: Content
    caption: str
    heading: Heading | None = None
    landscape: bool = False
    size: str = ""
    bookmarks: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Figure:
    """A sheet of the atlas, small, with its caption below."""

    path: Path
    caption: str


Block: TypeAlias = Heading | Paragraph | TableBlock | Figure


def fill_gap(text: str) -> Piece:
    """Return what the planner has to write, marked."""
    return Piece(f"{GAP_MARKS[0]}{text}{GAP_MARKS[1]}", gap=True)


def choose_columns(content: Content, chosen: tuple[int, ...], rows: tuple[int, ...]) -> Content:
    """Return a table with some of its columns and rows only, in their order, its header made to fit.

    A sum stays only where every row does.
    """
    place = {old: new for new, old in enumerate(chosen)}
    header = []
    for cell in content.header:
        held = [place[c] for c in range(cell.column, cell.last_column + 1) if c in place]
        if held:
            header.append(cell.model_copy(update={"column": held[0], "last_column": held[-1]}))
    whole = len(rows) == len(content.rows)
    totals = content.totals if whole else None
    picked = None if totals is None else [totals[c] for c in chosen]
    if picked is not None and not any(isinstance(cell.value, int | float) for cell in picked):
        picked = None
    if picked is not None and not isinstance(picked[0].value, int | float):
        picked[0] = Cell("合计")
    return Content(
        number=content.number,
        title=content.title,
        file=content.file,
        header=_drop_levels(header),
        leaves=[content.leaves[c] for c in chosen],
        rows=[[content.rows[row][c] for c in chosen] for row in rows],
        totals=picked,
        notes=[],
    )


def _drop_levels(header: list[HeadCell]) -> list[HeadCell]:
    """Return the header without rows in which no cell begins and ends: their cells only reach through."""
    depth = max(cell.last_row for cell in header) + 1
    needed = [row for row in range(depth) if any(cell.row == row for cell in header)]
    # A row counts when some cell starts in it and it is not merely the lower end of one.
    place = {row: new for new, row in enumerate(needed)}
    last = len(needed) - 1
    return [
        cell.model_copy(
            update={
                "row": place[cell.row],
                "last_row": last if cell.last_row == depth - 1 else place[cell.row],
            }
        )
        for cell in header
    ]
