"""Legend: exactly the classes drawn, grouped and in table order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from pipeline.deliver.sheet.badges import Badge
from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.geometry import hatch_lines, marker_shape
from pipeline.deliver.sheet.paint import HATCH_MM, Painted, draw_badge
from pipeline.deliver.sheet.spec import ClassKey
from pipeline.deliver.sheet.typeset import wrap_text
from styles import Symbol
from styles.fonts import measure_em
from styles.frame import Box
from styles.table import load_symbols, symbol_order

SWATCH = (7.5, 3.6)
_GAP = 1.8
_GRADES = ((1, 2.8, 5.6), (2, 2.6, 5.2), (2, 2.4, 4.7), (3, 2.3, 4.5), (3, 2.2, 4.2))


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One class in the legend."""

    group: str
    symbol: Symbol
    kind: str
    text: str
    fade: float


@dataclass(frozen=True, slots=True)
class LegendLayout:
    """How the legend is set: columns, em height, row height and total height (mm)."""

    columns: int
    size: float
    row: float
    height: float


def collect_entries(
    layers: Sequence[Painted], group_order: Sequence[str]
) -> list[LegendEntry]:
    """Return the entries for what is visible, by heading, then by the style table's order."""
    entries: dict[ClassKey, LegendEntry] = {}
    counts: dict[ClassKey, int] = {}
    for layer in layers:
        drawn = layer.drawn
        if not drawn.in_legend:
            continue
        kinds = layer.kinds()
        for key, count in layer.count_classes().items():
            counts[key] = counts.get(key, 0) + count
            item = load_symbols()[key]
            kind = item.geometry if item.geometry in kinds[key[1]] else max(kinds[key[1]])
            text = drawn.legend_names.get(key[1], item.legend_text)
            if drawn.legend_counts:
                text = f"{text}（{counts[key]}）"
            entries[key] = LegendEntry(drawn.legend_group or "图例", item, kind, text, drawn.fade)
    appearance = list(dict.fromkeys(e.group for e in entries.values()))
    groups = [g for g in group_order if g in appearance]
    groups += [g for g in appearance if g not in groups]
    rank = symbol_order()
    return sorted(
        entries.values(),
        key=lambda e: (groups.index(e.group), rank[e.symbol.theme, e.symbol.value]),
    )


def _grouped(entries: Sequence[LegendEntry]) -> dict[str, list[LegendEntry]]:
    groups: dict[str, list[LegendEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    return groups


def _height(entries: Sequence[LegendEntry], columns: int, row: float) -> float:
    return sum(
        row + 0.6 + -(-len(group) // columns) * row for group in _grouped(entries).values()
    )


def design_legend(entries: Sequence[LegendEntry], width: float, room: float) -> LegendLayout:
    """Return the largest setting that fits the room; the smallest one if none does.

    A setting fits when no text needs more than one line in its column.
    """
    longest = max((measure_em(e.text) for e in entries), default=0.0)
    last = LegendLayout(2, 2.2, 4.2, _height(entries, 2, 4.2))
    for columns, size, row in _GRADES:
        height = _height(entries, columns, row)
        fits = longest * size <= width / columns - SWATCH[0] - _GAP - 1.0
        if columns == 1 and len(entries) > 9:
            continue
        if fits and height <= room:
            return LegendLayout(columns, size, row, height)
        if fits and height < last.height:
            last = LegendLayout(columns, size, row, height)
    return last


def draw_legend(page: Page, entries: Sequence[LegendEntry], layout: LegendLayout, box: Box) -> None:
    """Draw the legend from the top of a box; a text too long for its column takes two lines."""
    colours, y = page.frame.colours, box.top
    step = box.width / layout.columns
    for heading, group in _grouped(entries).items():
        page.text(
            box.left, y - layout.row / 2, heading, size_mm=layout.size + 0.1, middle=True, bold=True,
            colour=colours["ink"],
        )  # fmt: skip
        y -= layout.row + 0.2
        rows = -(-len(group) // layout.columns)
        for index, entry in enumerate(group):
            column, line = divmod(index, rows)
            x, middle = box.left + column * step, y - (line + 0.5) * layout.row
            draw_swatch(page, entry, Box(x, middle - SWATCH[1] / 2, x + SWATCH[0], middle + SWATCH[1] / 2))
            lines = wrap_text(entry.text, step - SWATCH[0] - _GAP - 0.5, layout.size)
            size = layout.size if len(lines) == 1 else min(layout.size, layout.row / 2.15)
            if len(lines) > 1:
                lines = wrap_text(entry.text, step - SWATCH[0] - _GAP - 0.5, size)
            for number, text in enumerate(lines):
                shift = ((len(lines) - 1) / 2 - number) * size * 1.05
                page.text(x + SWATCH[0] + _GAP, middle + shift, text, size_mm=size, middle=True)
        y -= rows * layout.row + 0.4


def draw_swatch(page: Page, entry: LegendEntry, box: Box) -> None:
    """Draw the sample of one class the way the map draws it."""
    item, fade = entry.symbol, entry.fade
    mid = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
    if entry.kind == "fill":
        area = np.array([shapely.box(*box.bounds)], dtype=object)
        page.fill(area, face=item.fill or "none", alpha=item.alpha * fade, z=110)
        for angle, spacing in item.hatch:
            page.lines(
                hatch_lines(area, angle, spacing), colour=item.line or "#555555",
                width_mm=HATCH_MM, z=110.1,
            )  # fmt: skip
        ring = shapely.get_coordinates(area[0])
        page.lines(
            [ring], colour=item.line or "#9A9A9A", width_mm=max(item.line_mm, 0.13),
            dash=item.dash, z=110.2,
        )  # fmt: skip
    elif entry.kind == "line":
        segment = [np.array([[box.left, mid[1]], [box.right, mid[1]]])]
        if item.fill and item.size_mm and item.geometry == "line":
            page.lines(segment, colour=item.line, width_mm=item.size_mm, z=110)
            page.lines(segment, colour=item.fill, width_mm=item.size_mm - 2 * item.line_mm, z=110.1)
        else:
            page.lines(
                segment, colour=item.line or item.fill, width_mm=item.line_mm or 0.3,
                dash=item.dash, alpha=fade, z=110,
            )  # fmt: skip
    elif item.glyph:
        badge = Badge(
            symbol=item, x=mid[0], y=mid[1], true_x=mid[0], true_y=mid[1], text=item.glyph,
            size=min(item.size_mm, SWATCH[1] + 0.4), fade=fade,
        )  # fmt: skip
        draw_badge(page, badge, z=110, clip=None)
    else:
        shape = marker_shape(item.marker or "circle") * min(item.size_mm or 2.0, SWATCH[1])
        page.polygon(
            shape + np.array(mid), face=item.fill or item.line, edge=item.line or "none",
            width_mm=0.15, alpha=fade, z=110,
        )  # fmt: skip
