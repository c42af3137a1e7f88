"""Rows that the column has no room for go on in a box on the map, where it covers nothing of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.sidetable import TableLayout, draw_table, set_table
from pipeline.deliver.sheet.spec import SideTable
from styles.frame import Box

_EDGE = 1.5  # from the map frame and from other boxes, mm
_PAD = 2.0  # inside the box
_MOST_PANELS = 5
_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # lower left first


@dataclass(frozen=True, slots=True)
class Overflow:
    """The rest of a table and its box on the map, mm."""

    layout: TableLayout
    box: Box

    @property
    def body(self) -> Box:
        """The box inside its padding."""
        return self.box.shrink(_PAD)


def place_overflow(
    tables: Sequence[TableLayout], keep: shapely.Geometry | None, frame: Box, *, size: float
) -> dict[int, Overflow]:
    """Find a corner of the map for the rest of each table that was cut.

    Parameters
    ----------
    tables : as set in the column.
    keep : ground on the page that must stay free; None where nothing may be covered.
    frame : map box.
    size : em height of the rows, mm.

    Returns
    -------
    dict
        By position in ``tables``; a table whose rest fits nowhere is absent, and stays cut.
    """
    if keep is None:
        return {}
    shapely.prepare(keep)
    found: dict[int, Overflow] = {}
    for index, layout in enumerate(tables):
        if layout.left_out:
            taken = [item.box for item in found.values()]
            place = _find_corner(_rest(layout), keep, frame, taken, size)
            if place is not None:
                found[index] = place
    return found


def _rest(layout: TableLayout) -> SideTable:
    table = layout.table
    return replace(table, title=f"{table.title}（续）", rows=table.rows[len(table.rows) - layout.left_out :])


def _find_corner(
    table: SideTable, keep: shapely.Geometry, frame: Box, taken: Sequence[Box], size: float
) -> Overflow | None:
    """Return the box that covers least ground: few panels make a tall one, many a broad one."""
    boxes = np.array([shapely.box(*other.bounds).buffer(_EDGE) for other in taken], dtype=object)
    best: tuple[float, Overflow] | None = None
    for panels in range(1, min(_MOST_PANELS, len(table.rows)) + 1):
        layout = set_table(table, size, panels, most=frame.width - 2 * (_EDGE + _PAD))
        width, height = layout.width + 2 * _PAD, layout.height + 2 * _PAD
        across, up = frame.width - 2 * _EDGE - width, frame.height - 2 * _EDGE - height
        if across < 0 or up < 0:
            continue
        for right, top in _CORNERS:
            left, bottom = frame.left + _EDGE + right * across, frame.bottom + _EDGE + top * up
            box = Box(left, bottom, left + width, bottom + height)
            ground = shapely.box(*box.bounds)
            if shapely.intersects(keep, ground) or shapely.intersects(boxes, ground).any():
                continue
            # The shorter edge of the empty margin is what a reader misses least.
            if best is None or width * height < best[0]:
                best = width * height, Overflow(layout, box)
    return None if best is None else best[1]


def draw_overflow(page: Page, item: Overflow) -> None:
    """Draw the box and its rows over the map."""
    page.rectangle(
        item.box, face=page.frame.colours["box"], edge=page.frame.colours["rule"],
        width_mm=page.frame.lines["rule"], z=100,
    )  # fmt: skip
    draw_table(page, item.layout, item.body)
