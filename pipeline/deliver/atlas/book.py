"""图集.pdf: cover, list of drawings and every sheet on A3, with bookmarks, page labels and links; same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.constants import PageLabelStyle

from pipeline.deliver.atlas.draw import Sheet
from pipeline.deliver.atlas.pages import Place, draw_cover, draw_list, list_lines
from pipeline.deliver.sheet.canvas import POINTS_PER_MM
from pipeline.deliver.sheet.picture import Shelf
from pipeline.deliver.sheet.spec import TitleBlock

_COVER, _LIST = "封面", "图纸目录"


def bind_atlas(sheets: Sequence[Sheet], path: Path, block: TitleBlock, *, title: str) -> int:
    """Bind the sheets that have a PDF page into one file and return its pages.

    Parameters
    ----------
    sheets : in the order of the catalogue; those without a page are listed with the reason.
    path : the file to write.
    block : texts of the cover.
    title : what the book is: 图集, or 图集（公示版）.
    """
    bound = [(sheet, sheet.report, sheet.page) for sheet in sheets if sheet.entry.spec is not None]
    drawn = [(s.entry.group, s.entry.number, s.entry.title, r.scale) for s, r, _ in bound if r is not None]
    absent = [(s.entry.number, s.entry.title, s.entry.reason) for s in sheets if s.entry.spec is None]
    lists, places = draw_list(list_lines(drawn, absent), block, _LIST)
    writer = PdfWriter()
    for content in (draw_cover(block, title), *lists):
        writer.append(PdfReader(BytesIO(content)), import_outline=False)
    shelf = Shelf(writer)
    for _, _, page in bound:
        assert page is not None
        shelf.append(PdfReader(page))
    first = 1 + len(lists)
    _mark(writer, sheets, first)
    _link(writer, places, {number: first + i for i, (_, number, _, _) in enumerate(drawn)})
    writer.set_page_label(0, 0, prefix=_COVER)
    writer.set_page_label(1, first - 1, style=PageLabelStyle.LOWERCASE_ROMAN, start=1)
    writer.set_page_label(first, first + len(drawn) - 1, style=PageLabelStyle.DECIMAL, start=1)
    writer.metadata = {"/Title": f"{block.project}{title}", "/Author": block.unit}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer.write(file)
    return first + len(drawn)


def _mark(writer: PdfWriter, sheets: Sequence[Sheet], first: int) -> None:
    """Add bookmarks: cover, list, then each part of the catalogue with its sheets under it."""
    writer.add_outline_item(title=_COVER, page_number=0)
    writer.add_outline_item(title=_LIST, page_number=1)
    drawn = [sheet.entry for sheet in sheets if sheet.entry.spec is not None]
    numbered = list(enumerate(drawn, first))
    for group, entries in groupby(numbered, key=lambda pair: pair[1].group):
        pairs = list(entries)
        part = writer.add_outline_item(title=group, page_number=pairs[0][0])
        for page, entry in pairs:
            writer.add_outline_item(title=f"{entry.number} {entry.title}", page_number=page, parent=part)
    writer.page_mode = "/UseOutlines"


def _link(writer: PdfWriter, places: Sequence[Place], pages: Mapping[str, int]) -> None:
    """Make each line of the list lead to its sheet."""
    for place in places:
        left, bottom, right, top = (edge * POINTS_PER_MM for edge in place.box.bounds)
        corners = (left, bottom, right, top)
        link = Link(rect=corners, target_page_index=pages[place.number], border=[0, 0, 0])
        writer.add_annotation(1 + place.page, link)
