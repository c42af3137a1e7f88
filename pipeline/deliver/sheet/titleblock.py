"""Title strip and 图签."""

from __future__ import annotations

import numpy as np

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.spec import SheetSpec
from pipeline.deliver.sheet.typeset import wrap_text
from styles.fonts import measure_em
from styles.frame import Box


def draw_title(page: Page, spec: SheetSpec) -> None:
    """Draw the strip over the map: 图名, 项目名称, part of the catalogue and 图号."""
    frame = page.frame
    box, sizes, colours = frame.title, frame.type, frame.colours
    middle = (box.bottom + box.top) / 2
    page.rectangle(Box(box.left, box.bottom + 2.6, box.left + 1.8, box.top - 2.6), face=colours["accent"])
    size = sizes["title"]
    number_width = max(measure_em(spec.number) * 5.4, 14.0)
    title_room = box.width * 0.55
    width = measure_em(spec.title) * size
    if width > title_room:
        size, width = size * title_room / width, title_room
    left = box.left + 5.0
    page.text(left, middle, spec.title, size_mm=size, middle=True, bold=True, colour=colours["ink"])
    x = left + width + 4.5
    _vertical(page, x, middle - 3.4, middle + 3.4)
    room = box.right - number_width - 12.0 - x
    project = spec.block.project
    size = min(sizes["project"], room / max(measure_em(project), 1.0))
    page.text(x + 4.0, middle, project, size_mm=size, middle=True, colour=colours["soft"])
    right = box.right - 2.0
    page.text(
        right, middle + 1.2, spec.number, size_mm=5.4, align="right", middle=True, bold=True,
        colour=colours["accent"],
    )  # fmt: skip
    page.text(
        right, middle - 4.0, spec.group, size_mm=sizes["small"], align="right", middle=True,
        colour=colours["soft"],
    )  # fmt: skip


def _vertical(page: Page, x: float, bottom: float, top: float) -> None:
    page.lines(
        [np.array([[x, bottom], [x, top]])], colour=page.frame.colours["rule"],
        width_mm=page.frame.lines["inner"], z=105,
    )  # fmt: skip


def draw_title_block(page: Page, spec: SheetSpec, box: Box) -> None:
    """Draw the 图签 grid: one row a pair of label and value, the signatures three abreast."""
    for label, value, cell, abreast in block_cells(spec, box):
        _draw_pair(page, label, value, cell, abreast)
    ink, width = page.frame.colours["ink"], page.frame.lines["title_block"]
    page.rectangle(box, edge=ink, width_mm=width, z=106)


def block_cells(spec: SheetSpec, box: Box) -> list[tuple[str, str, Box, int]]:
    """Return the cells of the 图签: label, text, box and how many stand in its row."""
    block = spec.block
    rows: list[list[tuple[str, str]]] = [
        [("项目名称", block.project)],
        [("图名", spec.title)],
        [("编制单位", block.unit)],
        [("制图", block.drawn_by), ("校核", block.checked_by), ("审定", block.approved_by)],
        [("图号", spec.number), ("比例", f"1:{spec.scale}")],
        [("日期", block.date), ("审图号", block.map_review_no)],
        [("坐标系", block.crs_text)],
    ]
    weights = np.array([1.4, 0.95, 0.95, 0.95, 0.95, 0.95, 1.4])
    heights = weights / weights.sum() * box.height
    y, cells = box.top, []
    for row, height in zip(rows, heights, strict=True):
        step = box.width / len(row)
        for index, (label, value) in enumerate(row):
            left = box.left + index * step
            cells.append((label, value, Box(left, y - height, left + step, y), len(row)))
        y -= height
    return cells


def label_width(label: str, abreast: int) -> float:
    """Return the width of a cell's label, mm."""
    if abreast == 3:
        return 9.5
    return 15.0 if abreast == 1 or label in {"图号", "日期"} else 12.5


def _draw_pair(page: Page, label: str, value: str, box: Box, abreast: int) -> None:
    colours, sizes = page.frame.colours, page.frame.type
    split = box.left + label_width(label, abreast)
    middle = (box.bottom + box.top) / 2
    page.rectangle(
        Box(box.left, box.bottom, split, box.top), face=colours["zebra"], edge=colours["rule"],
        width_mm=page.frame.lines["rule"], z=102,
    )  # fmt: skip
    page.rectangle(box, edge=colours["rule"], width_mm=page.frame.lines["rule"], z=103)
    page.text(
        (box.left + split) / 2, middle, label, size_mm=sizes["small"], align="centre", middle=True,
        colour=colours["soft"],
    )  # fmt: skip
    if not value:
        return
    room = box.right - split - 2.0
    size = sizes["body"]
    lines = wrap_text(value, room, size)
    limit = max(1, int(box.height // (size * 1.1)))
    while len(lines) > limit and size > sizes["minimum"]:
        size = max(sizes["minimum"], size - 0.1)
        lines = wrap_text(value, room, size)
        limit = max(1, int(box.height // (size * 1.08)))
    for index, text in enumerate(lines):
        shift = ((len(lines) - 1) / 2 - index) * size * 1.15
        page.text(split + 1.2, middle + shift, text, size_mm=size, middle=True)
