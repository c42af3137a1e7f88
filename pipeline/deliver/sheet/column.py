"""The right-hand column: scale and north, inset, legend, tables, notes, 图签, downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.legend import (
    LegendEntry,
    LegendLayout,
    draw_legend,
    legend_options,
    squeeze_legend,
)
from pipeline.deliver.sheet.north import draw_north
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.scalebar import ScaleBar, design_bar, draw_bar
from pipeline.deliver.sheet.sidetable import TableLayout, design_table, draw_table
from pipeline.deliver.sheet.spec import Furniture, SheetSpec, SideTable
from pipeline.deliver.sheet.titleblock import draw_title_block
from pipeline.deliver.sheet.typeset import wrap_text
from styles.frame import Box

_HEADING = 6.2
_NOTE_LEADING = 1.4
_LEAST_TABLE = 13.0  # title, head and one row, mm
_STRIP = 40.5  # least inset height beside which scale, arrow and their notes fit, mm
_ABREAST = 100.0  # column widths from which inset and scale stand side by side, mm


@dataclass(frozen=True, slots=True)
class ColumnDrawn:
    """What the column holds: where its parts stand, and the bar."""

    places: Furniture
    bar: ScaleBar


@dataclass(frozen=True, eq=False, slots=True)
class ColumnLayout:
    """How the column is set, before anything is drawn; mm.

    Attributes
    ----------
    entries, legend : classes of the legend and its setting.
    tables : as set, each with the rows it could not hold.
    notes : numbered lines.
    block, body : boxes of the 图签 and of what stands above it.
    note_height, inset_height : of remarks and inset.
    abreast : whether scale and arrow stand beside the inset.
    """

    entries: Sequence[LegendEntry]
    legend: LegendLayout
    tables: tuple[TableLayout, ...]
    notes: list[tuple[str, str]]
    block: Box
    body: Box
    note_height: float
    inset_height: float
    abreast: bool


def design_column(page: Page, spec: SheetSpec, entries: Sequence[LegendEntry]) -> ColumnLayout:
    """Share out the column.

    Fixed parts first; what is left goes to legend, tables and notes, and then to a larger inset, so
    that neither an overfull nor a half-empty column comes out.
    """
    frame, parts = page.frame, page.frame.column_parts
    pad = parts["padding"]
    column = frame.column
    block = Box(column.left, column.bottom, column.right, column.bottom + parts["title_block_height"])
    body = Box(column.left + pad, block.top + pad, column.right - pad, column.top - pad)
    notes = [
        line
        for number, note in enumerate(spec.notes, 1)
        for line in _hang(wrap_text(note, body.width - 4.0, frame.type["small"]), number)
    ]
    note_height = len(notes) * frame.type["small"] * _NOTE_LEADING + _HEADING + 1.5 if notes else 0.0
    abreast = bool(spec.inset) and body.width >= _ABREAST
    north_height = 0.0 if abreast else parts["north_height"]
    free = body.height - north_height - note_height - pad * 0.5
    least = _STRIP if abreast else 0.0
    legend, tables, inset_min = _fit(page, spec, entries, body.width, free, inset_least=least)
    used = legend.height + _HEADING + sum(t.height + pad * 1.1 for t in tables)
    spare = max(0.0, free - used - inset_min - _HEADING - pad)
    return ColumnLayout(
        entries, legend, tuple(tables), notes, block, body, note_height,
        min(inset_min + spare, parts["inset_max"]), abreast,
    )  # fmt: skip


def draw_column(
    page: Page, spec: SheetSpec, layout: ColumnLayout, transform: MapTransform, north_deg: float
) -> ColumnDrawn:
    """Draw the column as it was set."""
    frame, column = page.frame, page.frame.column
    pad, north_height = frame.column_parts["padding"], frame.column_parts["north_height"]
    body, block, abreast = layout.body, layout.block, layout.abreast
    page.rectangle(column, face=frame.colours["box"], edge=frame.colours["ink"],
                   width_mm=frame.lines["inner"], z=95)  # fmt: skip
    with page.trace.named("图签"):
        draw_title_block(page, spec, block)
    y, split = body.top, body.right
    if abreast:
        # A broad column would leave the inset's sides empty; scale and north stand beside it.
        split = body.left + body.width * 0.58
    strip = Box(split + pad if abreast else body.left, y - north_height, body.right, y)
    bar = _draw_scale(page, spec, transform, north_deg, strip)
    if not abreast:
        y -= north_height
        _rule(page, y, column)
    inset = None
    if spec.inset:
        y = _heading(page, spec.inset_title, body, y)
        inset = Box(body.left, y - layout.inset_height, split, y)
        y = inset.bottom - pad
        _rule(page, y, column)
    legend = None
    if layout.entries:
        y = _heading(page, "图  例", body, y)
        legend = Box(body.left, y - layout.legend.height, body.right, y)
        with page.trace.named("图例"):
            draw_legend(page, layout.entries, layout.legend, legend)
        y = legend.bottom - pad * 0.4
    tables = []
    for table in layout.tables:
        _rule(page, y, column)
        y -= pad * 0.5
        room = Box(body.left, y - table.height, body.right, y)
        tables.append((table, room))
        with page.trace.named("附表"):
            draw_table(page, table, room)
        y -= table.height + pad * 0.5
    notes = None
    if layout.notes:
        foot = block.top + layout.note_height
        _rule(page, foot, column)
        with page.trace.named("说明"):
            _draw_notes(page, layout.notes, body, foot)
        notes = Box(body.left, block.top, body.right, foot - _HEADING)
    places = Furniture(
        scale=strip, block=block, inset=inset, legend=legend, legend_set=layout.legend, notes=notes,
        tables=tuple(tables), lines=tuple(layout.notes),
    )  # fmt: skip
    return ColumnDrawn(places, bar)


def _fit(
    page: Page,
    spec: SheetSpec,
    entries: Sequence[LegendEntry],
    width: float,
    free: float,
    *,
    inset_least: float,
) -> tuple[LegendLayout, list[TableLayout], float]:
    """Return the most generous legend, tables and inset height with which nothing is lost.

    The legend is never cut.  What gives way, in this order: the legend's size, the inset's height,
    then rows of the longest table; a legend that still overflows is squeezed.
    """
    parts = page.frame.column_parts
    insets = (
        tuple(max(parts[key], inset_least) for key in ("inset_min", "inset_least")) if spec.inset else (0.0,)
    )
    around = _HEADING + parts["padding"] if spec.inset else 0.0
    tries: list[tuple[int, float, int, LegendLayout, list[TableLayout], float]] = []
    for inset in insets:
        room = free - inset - around
        for legend in legend_options(entries, width):
            left = room - legend.height - _HEADING
            tables, left = _fit_tables(page, spec.side_tables, width, left)
            lost = sum(t.left_out for t in tables)
            if lost == 0 and left >= 0:
                return legend, tables, inset
            tries.append((lost, -left, len(tries), legend, tables, inset))
    _, over, _, legend, tables, inset = min(tries, key=lambda t: (max(t[1], 0.0) > 0, t[0], t[2]))
    if over > 0:
        _, over, _, legend, tables, inset = min(tries, key=lambda t: t[1])
        legend = squeeze_legend(legend, legend.height - over)
    return legend, tables, inset


def _fit_tables(
    page: Page, tables: Sequence[SideTable], width: float, left: float
) -> tuple[list[TableLayout], float]:
    """Return the tables as set and the height still free; short tables choose first."""
    sizes, gap = page.frame.type, 1.1 * page.frame.column_parts["padding"]
    order = sorted(range(len(tables)), key=lambda i: len(tables[i].rows))
    laid: dict[int, TableLayout] = {}
    for place, index in enumerate(order):
        later = (len(order) - place - 1) * (_LEAST_TABLE + gap)
        laid[index] = design_table(
            tables[index], width, left - gap - later, size=sizes["body"], minimum=sizes["minimum"]
        )
        left -= laid[index].height + gap
    return [laid[i] for i in sorted(laid)], left


def _rule(page: Page, y: float, column: Box) -> None:
    page.lines(
        [np.array([[column.left, y], [column.right, y]])], colour=page.frame.colours["rule"],
        width_mm=page.frame.lines["rule"], z=103,
    )  # fmt: skip


def _heading(page: Page, text: str, body: Box, y: float) -> float:
    page.text(
        body.left,
        y - _HEADING / 2,
        text,
        size_mm=page.frame.type["heading"],
        middle=True,
        bold=True,
    )
    return y - _HEADING


def _draw_scale(page: Page, spec: SheetSpec, transform: MapTransform, north: float, box: Box) -> ScaleBar:
    """Draw numeric scale, bar and arrow: side by side, or one over the other in a narrow strip."""
    sizes, soft = page.frame.type, page.frame.colours["soft"]
    narrow = box.width < 50.0
    page.text(
        box.left, box.top - 3.6, f"比例尺  1:{spec.scale}", size_mm=sizes["heading"], middle=True,
        bold=True,
    )  # fmt: skip
    bar = design_bar(transform, box.width - (9.0 if narrow else 27.0))
    draw_bar(page, bar, box.left + 1.0, box.top - 12.6)
    lean = tell_lean(north)
    if narrow:
        x, y = (box.left + box.right) / 2, box.top - 29.0
        draw_north(page, x, y, 15.0, north)
        page.text(
            x,
            y - 12.0,
            "箭头指真北",
            size_mm=sizes["small"],
            align="centre",
            middle=True,
            colour=soft,
        )
        page.text(x, y - 15.6, lean, size_mm=sizes["small"], align="centre", middle=True, colour=soft)
        return bar
    draw_north(page, box.right - 7.5, (box.bottom + box.top) / 2 - 1.0, 13.0, north)
    page.text(
        box.left, box.bottom + 3.6, f"箭头指真北，{lean}", size_mm=sizes["small"], middle=True,
        colour=soft,
    )  # fmt: skip
    return bar


def tell_lean(north: float) -> str:
    """Return how far grid north lies off true north, in words."""
    minutes = round(abs(north) * 60)
    side = "西" if north > 0 else "东"
    return f"坐标北偏{side}{minutes // 60}°{minutes % 60:02d}′"


def _hang(lines: list[str], number: int) -> list[tuple[str, str]]:
    return [(f"{number}." if index == 0 else "", line) for index, line in enumerate(lines)]


def _draw_notes(page: Page, notes: list[tuple[str, str]], body: Box, top: float) -> None:
    size = page.frame.type["small"]
    y = _heading(page, "说  明", body, top)
    for number, line in notes:
        middle = y - size * _NOTE_LEADING / 2
        page.text(body.left, middle, number, size_mm=size, middle=True)
        page.text(body.left + 3.6, middle, line, size_mm=size, middle=True)
        y -= size * _NOTE_LEADING
