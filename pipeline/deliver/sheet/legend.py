"""Legend: exactly the classes drawn, grouped and in table order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from pipeline.deliver.sheet.badges import Badge
from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.geometry import hatch_lines
from pipeline.deliver.sheet.paint import Painted, draw_badge
from pipeline.deliver.sheet.spec import ClassKey
from pipeline.deliver.sheet.typeset import balance_lines, wrap_text
from styles import Symbol
from styles.fonts import measure_em
from styles.frame import Box
from styles.marks import (
    DOT_MM,
    DOT_RIM_MM,
    HATCH_INK,
    HATCH_MM,
    MARKED_LINE_MM,
    PLAIN_MARKER,
    is_cased,
    is_marked,
    line_width,
    marker_outline,
)
from styles.table import load_symbols, symbol_order

SWATCH = (7.5, 3.6)
_GAP = 1.8
_TWO_LINES = 4.8  # row that holds two lines of the smallest text
_GRADES = ((1, 2.8, 5.6), (2, 2.6, 5.2), (2, 2.4, 4.7), (2, 2.2, 3.9), (3, 2.3, 4.5), (3, 2.2, 3.9))


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One class in the legend: its heading, how it is drawn (kinds, numbered or not), its text."""

    group: str
    symbol: Symbol
    kinds: frozenset[str]
    numbered: bool
    text: str
    fade: float


@dataclass(frozen=True, slots=True)
class LegendLayout:
    """How the legend is set: columns, em height, row height and total height (mm)."""

    columns: int
    size: float
    row: float
    height: float


def collect_entries(layers: Sequence[Painted], group_order: Sequence[str]) -> list[LegendEntry]:
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
            text = drawn.legend_names.get(key[1], item.legend_text)
            if drawn.legend_counts:
                text = f"{text}（{counts[key]}）"
            entries[key] = LegendEntry(
                drawn.legend_group or "图例", item, frozenset(kinds[key[1]]),
                drawn.label_place == "badge", text, drawn.fade,
            )  # fmt: skip
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
    return sum(row + 0.6 + -(-len(group) // columns) * row for group in _grouped(entries).values())


def legend_options(entries: Sequence[LegendEntry], width: float) -> list[LegendLayout]:
    """Return the settings that can show every text, tallest first; never empty.

    Long lists do not start with one column: it would leave no room for tables.
    """
    longest = max((measure_em(e.text) for e in entries), default=0.0)
    options = [
        LegendLayout(columns, size, row, _height(entries, columns, row))
        for columns, size, row in _GRADES
        if longest * size <= width / columns - SWATCH[0] - _GAP - 1.0
        and not (columns == 1 and len(entries) > 9)
    ]
    # Where a few long names forbid two columns, those names take two lines of a higher row.
    if all(option.columns == 1 for option in options):
        options.append(LegendLayout(2, 2.3, _TWO_LINES, _height(entries, 2, _TWO_LINES)))
    return sorted(options, key=lambda option: -option.height)


def squeeze_legend(layout: LegendLayout, height: float) -> LegendLayout:
    """Shrink a legend to a height; its text may fall under the smallest size, which is reported."""
    share = height / layout.height
    return LegendLayout(layout.columns, layout.size * share, layout.row * share, height)


def draw_legend(page: Page, entries: Sequence[LegendEntry], layout: LegendLayout, box: Box) -> None:
    """Draw the legend from the top of a box; a text too long for its column takes two lines."""
    colours, y = page.frame.colours, box.top
    step = box.width / layout.columns
    for heading, group in _grouped(entries).items():
        page.text(
            box.left, y - layout.row / 2, heading, size_mm=layout.size + 0.1, middle=True,
            bold=True, colour=colours["ink"],
        )  # fmt: skip
        y -= layout.row + 0.2
        rows = -(-len(group) // layout.columns)
        for index, entry in enumerate(group):
            column, line = divmod(index, rows)
            x, middle = box.left + column * step, y - (line + 0.5) * layout.row
            tall = min(SWATCH[1], layout.row * 0.8)
            draw_swatch(page, entry, Box(x, middle - tall / 2, x + SWATCH[0], middle + tall / 2))
            lines = wrap_text(entry.text, step - SWATCH[0] - _GAP - 0.5, layout.size)
            size = layout.size if len(lines) == 1 else min(layout.size, layout.row / 2.15)
            if len(lines) > 1:
                lines = balance_lines(entry.text, (step - SWATCH[0] - _GAP - 0.5) / size)
            for number, text in enumerate(lines):
                shift = ((len(lines) - 1) / 2 - number) * size * 1.05
                page.text(x + SWATCH[0] + _GAP, middle + shift, text, size_mm=size, middle=True)
        y -= rows * layout.row + 0.4


def draw_swatch(page: Page, entry: LegendEntry, box: Box) -> None:
    """Draw the sample of one class the way the map draws it."""
    # A boundary is a line even where its feature is an area.
    if "fill" in entry.kinds and entry.symbol.geometry != "line":
        _swatch_area(page, entry, box)
    elif entry.kinds & {"fill", "line"}:
        _swatch_line(page, entry, box)
    if "point" in entry.kinds or entry.numbered:
        _swatch_marker(page, entry, box)


def _swatch_area(page: Page, entry: LegendEntry, box: Box) -> None:
    item = entry.symbol
    area = np.array([shapely.box(*box.bounds)], dtype=object)
    page.fill(area, face=item.fill or "none", alpha=item.alpha * entry.fade, z=110)
    for angle, spacing in item.hatch:
        page.lines(
            hatch_lines(area, angle, spacing), colour=item.line or HATCH_INK,
            width_mm=HATCH_MM, z=110.1,
        )  # fmt: skip
    page.lines(
        [shapely.get_coordinates(area[0])], colour=item.line or "#9A9A9A",
        width_mm=max(item.line_mm, 0.13), dash=item.dash, z=110.2,
    )  # fmt: skip


def _swatch_line(page: Page, entry: LegendEntry, box: Box) -> None:
    item, y = entry.symbol, (box.bottom + box.top) / 2
    # Long dashes need more than a box width to show their pattern once.
    segment = [np.array([[box.left, y], [box.right + 0.6, y]])]
    if is_cased(item):
        page.lines(segment, colour=item.line, width_mm=item.size_mm, z=110)
        page.lines(segment, colour=item.fill, width_mm=item.size_mm - 2 * item.line_mm, z=110.1)
        return
    if is_marked(item):
        page.lines(segment, colour=item.fill, width_mm=MARKED_LINE_MM, alpha=entry.fade, z=110)
        return
    squeeze = min(1.0, (box.width + 0.6) / sum(item.dash) / 1.35) if item.dash else 1.0
    page.lines(
        segment, colour=item.line or item.fill, width_mm=line_width(item),
        dash=[part * squeeze for part in item.dash], alpha=entry.fade, z=110,
    )  # fmt: skip


def _swatch_marker(page: Page, entry: LegendEntry, box: Box) -> None:
    item, x, y = entry.symbol, (box.left + box.right) / 2, (box.bottom + box.top) / 2
    if not (item.glyph or entry.numbered):
        shape = marker_outline(item.marker or PLAIN_MARKER) * min(item.size_mm or DOT_MM, box.height)
        page.polygon(
            shape + np.array([x, y]), face=item.fill or item.line, edge=item.line or "none",
            width_mm=DOT_RIM_MM, alpha=entry.fade, z=111,
        )  # fmt: skip
        return
    size = box.height + 0.6 if item.glyph else box.height - 0.5
    badge = Badge(symbol=item, x=x, y=y, true_x=x, true_y=y, text=item.glyph, size=size, fade=entry.fade)
    draw_badge(page, badge, z=111, clip=None)
