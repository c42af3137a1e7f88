"""Cover and list of drawings: the first pages of an atlas, drawn like the sheets on the same paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import matplotlib as mpl
import numpy as np

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.render import SETTINGS
from pipeline.deliver.sheet.spec import TitleBlock
from pipeline.deliver.sheet.typeset import wrap_text
from styles.fonts import measure_em
from styles.frame import Box, Frame, load_frame

_ROW_MM = (5.6, 9.6)  # least and greatest height of a line of the list
_GAP_MM = 12.0  # between its two columns
_PAD_MM = 1.5
_HEAD_MM = 5.0
_NUMBER_MM, _SCALE_MM, _PAGE_MM = 19.0, 26.0, 15.0


@dataclass(frozen=True)
class Line:
    """A line of the list of drawings.

    Attributes
    ----------
    kind : a heading, a drawing in the atlas, or one that is not there.
    title, number : as the catalogue prints them; a heading has no number.
    scale, page : of a drawing, as printed.
    reason : of a drawing that is not there.
    """

    kind: Literal["heading", "sheet", "absent"]
    title: str
    number: str = ""
    scale: str = ""
    page: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Place:
    """Where a drawing stands in the list: page of the list (from 0), box in mm and 图号."""

    page: int
    box: Box
    number: str


def list_lines(
    drawn: Sequence[tuple[str, str, str, int]], absent: Sequence[tuple[str, str, str]]
) -> list[Line]:
    """Return the list of drawings.

    Parameters
    ----------
    drawn : group, number, title and scale of each sheet, in the order of the pages, which count from 1.
    absent : number, title and reason of each drawing left out.
    """
    lines: list[Line] = []
    numbered = [
        (group, number, title, scale, page) for page, (group, number, title, scale) in enumerate(drawn, 1)
    ]
    for group, sheets in groupby(numbered, key=lambda sheet: sheet[0]):
        lines.append(Line("heading", group))
        lines += [Line("sheet", t, n, scale=f"1:{s}", page=str(page)) for _, n, t, s, page in sheets]
    if absent:
        lines.append(Line("heading", "未收入的图纸及原因"))
        lines += [Line("absent", title, number, reason=reason) for number, title, reason in absent]
    return lines


def draw_cover(block: TitleBlock, subtitle: str) -> bytes:
    """Draw the cover as a PDF page: project, what it is, unit, date, coordinate system, 审图号 if there is one."""
    frame = load_frame()
    ink, soft, accent = (frame.colours[key] for key in ("ink", "soft", "accent"))
    with mpl.rc_context(SETTINGS):
        page = Page(frame)
        middle = (frame.frame.left + frame.frame.right) / 2
        room = frame.frame.width * 0.8
        size = min(15.0, room / max(measure_em(block.project) / 2, 1.0))
        lines = wrap_text(block.project, room, size)
        y = 208.0
        for text in lines:
            page.text(middle, y, text, size_mm=size, align="centre", middle=True, bold=True, colour=ink)
            y -= size * 1.4
        y -= 2.0
        page.rectangle(Box(middle - 32.0, y, middle + 32.0, y + 1.2), face=accent)
        page.text(
            middle, y - 17.0, subtitle, size_mm=13.0, align="centre", middle=True, colour=accent, bold=True
        )
        rows = [
            ("编制单位", block.unit),
            ("编制日期", block.date),
            ("坐标系", block.crs_text),
            ("审图号", block.map_review_no),
        ]
        y = 78.0
        for label, value in rows:
            if not value:
                continue
            page.text(middle - 70.0, y, label, size_mm=4.6, middle=True, colour=soft)
            for text in wrap_text(value, 150.0, 4.6):
                page.text(middle - 44.0, y, text, size_mm=4.6, middle=True, colour=ink)
                y -= 7.0
            y -= 4.0
        _finish(page, frame)
        pdf = page.to_pdf()
        page.close()
    return pdf


def draw_list(lines: Sequence[Line], block: TitleBlock, title: str) -> tuple[list[bytes], list[Place]]:
    """Draw the list of drawings in two columns a page; return its PDF pages and where each drawing stands."""
    frame = load_frame()
    body = Box(frame.title.left + 6.0, frame.map.bottom + 3.0, frame.title.right - 6.0, frame.map.top - 3.0)
    width = (body.width - _GAP_MM) / 2
    columns, height = _flow(lines, body.height - _HEAD_MM, width)
    pages: list[bytes] = []
    places: list[Place] = []
    for index in range(0, len(columns), 2):
        with mpl.rc_context(SETTINGS):
            page = Page(frame)
            _draw_strip(page, frame, title, block)
            for side, column in enumerate(columns[index : index + 2]):
                left = body.left + side * (width + _GAP_MM)
                boxes = _draw_column(page, column, Box(left, body.bottom, left + width, body.top), height)
                places += [Place(index // 2, box, number) for box, number in boxes]
            _finish(page, frame)
            pages.append(page.to_pdf())
            page.close()
    return pages, places


def _flow(lines: Sequence[Line], room: float, width: float) -> tuple[list[list[Line]], float]:
    """Share the lines out to columns; a heading stays with what follows. Return them and a line's height."""
    cells = [_split(line, width) for line in lines]
    total = sum(map(len, cells))
    height = float(np.clip(room / (-(-total // 2) + 3), *_ROW_MM))
    most = int(room // height)
    columns: list[list[Line]] = [[]]
    target = min(most, -(-total // 2) + 1) if total <= 2 * most - 2 else most
    for line, parts in zip(lines, cells, strict=True):
        need = len(parts) + (1 if line.kind == "heading" else 0)
        if len(columns[-1]) + need > target:
            columns.append([])
        columns[-1] += parts
    return columns, height


def _split(line: Line, width: float) -> list[Line]:
    """Return a line as printed lines: a long reason goes on below."""
    if line.kind != "absent":
        return [line]
    parts = wrap_text(f"{line.title}：{line.reason}", width - _NUMBER_MM - 2 * _PAD_MM, 3.0)
    first = replace(line, title=parts[0], reason="")
    return [first, *(Line("absent", part) for part in parts[1:])]


def _draw_column(page: Page, column: Sequence[Line], box: Box, height: float) -> list[tuple[Box, str]]:
    colours, lines = page.frame.colours, page.frame.lines
    found = []
    right = box.right - _PAD_MM
    for x, head, align in (
        (box.left + _PAD_MM, "图号", "left"), (box.left + _NUMBER_MM, "图名", "left"),
        (right - _PAGE_MM, "比例", "right"), (right, "页", "right"),
    ):  # fmt: skip
        page.text(x, box.top - 2.2, head, size_mm=2.8, middle=True, align=align, colour=colours["soft"])
    y = box.top - _HEAD_MM
    for line in column:
        row = Box(box.left, y - height, box.right, y)
        middle = (row.bottom + row.top) / 2
        if line.kind == "heading":
            page.text(
                row.left,
                middle - 0.6,
                line.title,
                size_mm=3.8,
                middle=True,
                bold=True,
                colour=colours["accent"],
            )
        else:
            small = line.kind == "absent"
            size, ink = (3.0, colours["soft"]) if small else (3.6, colours["ink"])
            page.text(
                row.left + _PAD_MM, middle, line.number, size_mm=size, middle=True, colour=colours["soft"]
            )
            room = row.width - _NUMBER_MM - (0 if small else _SCALE_MM + _PAGE_MM) - 2 * _PAD_MM
            fitted = min(size, size * room / max(measure_em(line.title) * size, 1e-6))
            page.text(row.left + _NUMBER_MM, middle, line.title, size_mm=fitted, middle=True, colour=ink)
            page.text(
                right - _PAGE_MM, middle, line.scale, size_mm=size, middle=True, align="right", colour=ink
            )
            page.text(right, middle, line.page, size_mm=size, middle=True, align="right", colour=ink)
            if line.kind == "sheet":
                found.append((row, line.number))
        edge = colours["ink"] if line.kind == "heading" else colours["rule"]
        page.lines(
            [np.array([[row.left, row.bottom], [row.right, row.bottom]])],
            colour=edge,
            width_mm=lines["rule"],
            z=103,
        )
        y -= height
    return found


def _draw_strip(page: Page, frame: Frame, title: str, block: TitleBlock) -> None:
    box, sizes, colours = frame.title, frame.type, frame.colours
    middle = (box.bottom + box.top) / 2
    page.rectangle(Box(box.left, box.bottom + 2.6, box.left + 1.8, box.top - 2.6), face=colours["accent"])
    page.text(
        box.left + 5.0, middle, title, size_mm=sizes["title"], middle=True, bold=True, colour=colours["ink"]
    )
    x = box.left + 5.0 + measure_em(title) * sizes["title"] + 8.0
    size = min(sizes["project"], (box.right - x) / max(measure_em(block.project), 1.0))
    page.text(x, middle, block.project, size_mm=size, middle=True, colour=colours["soft"])


def _finish(page: Page, frame: Frame) -> None:
    page.rectangle(frame.frame, edge=frame.colours["ink"], width_mm=frame.lines["frame"], z=121)
