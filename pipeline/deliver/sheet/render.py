"""One sheet from one instruction: draw, compress, report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely

from pipeline.deliver.sheet.backdrop import draw_backdrop
from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.column import ColumnLayout, design_column, draw_column
from pipeline.deliver.sheet.contrast import measure_contrast
from pipeline.deliver.sheet.geometry import Geometries, explode
from pipeline.deliver.sheet.inset import draw_inset
from pipeline.deliver.sheet.labels import Placement, collect_requests, place_labels
from pipeline.deliver.sheet.legend import collect_entries
from pipeline.deliver.sheet.north import measure_true_north
from pipeline.deliver.sheet.overflow import Overflow, draw_overflow, place_overflow
from pipeline.deliver.sheet.paint import MapPainting, paint_layers
from pipeline.deliver.sheet.places import LINE_FEED
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import (
    ClassKey,
    Furniture,
    PlacedLabel,
    SheetError,
    SheetReport,
    SheetSpec,
)
from pipeline.deliver.sheet.titleblock import draw_title
from pipeline.deliver.sheet.trace import Laid
from styles import symbol
from styles.frame import Box, load_frame

# Settings a user's matplotlibrc must not change; Agg's own simplification is off because
# geometry is already simplified on paper.
SETTINGS: dict[Any, Any] = {
    "path.simplify": False,
    "text.usetex": False,
    "lines.scale_dashes": True,
    "text.hinting": "no_hinting",
    "agg.path.chunksize": 0,
    "pdf.fonttype": 3,
    "pdf.compression": 6,
    "pdf.inheritcolor": False,
    "pdf.use14corefonts": False,
}


# Paper left free round what a box on the map must not cover, mm.
_CLEAR = 1.5


def render_sheet(
    spec: SheetSpec, path: Path, pdf: Path | None = None, *, keep: Callable[[Laid], None] | None = None
) -> SheetReport:
    """Draw a sheet and write it as JPG (A3 landscape, 300 dpi; guideline 6.2), as PDF too if asked.

    Parameters
    ----------
    spec
        What to draw; every layer in the sheet's CRS.
    path
        File to write; its folder exists.
    pdf
        File for the same drawing as vectors, a page of the atlas; None where it has no place in one.
    keep
        Given the sheet as it was laid out, for another format to draw the same.

    Returns
    -------
    SheetReport
        What was drawn, for the sheet's self-check.

    Raises
    ------
    SheetError
        If a layer's CRS differs from the sheet's, the scale is too large for the extent, or nothing
        of the sheet's own layers lies in the window.
    GlyphError
        If any text holds a character the font lacks.
    """
    jpg, vectors, report = print_sheet(spec, vectors=pdf is not None, keep=keep)
    path.write_bytes(jpg)
    if pdf is not None:
        pdf.write_bytes(vectors)
    return report


def draw_sheet(spec: SheetSpec) -> tuple[bytes, SheetReport]:
    """Draw a sheet in memory; see `render_sheet`."""
    jpg, _, report = print_sheet(spec, vectors=False)
    return jpg, report


def print_sheet(
    spec: SheetSpec, *, vectors: bool, keep: Callable[[Laid], None] | None = None
) -> tuple[bytes, bytes, SheetReport]:
    """Draw a sheet once and print it as JPG and, if `vectors`, as PDF (else no bytes); see `render_sheet`."""
    frame = load_frame(spec.layout)
    transform = MapTransform.for_extent(spec.extent, spec.scale, frame.map)
    _check_spec(spec, transform)
    with mpl.rc_context(SETTINGS):
        page = Page(frame)
        draw_backdrop(page, spec, transform)
        painting = paint_layers(page, spec.layers, transform)
        counts = _count_classes(painting)
        legend_keys = _legend_keys(painting)
        if not legend_keys:
            raise SheetError(f"{SheetError.code} 图“{spec.title}”图框内没有可表达的要素，不应出图")
        _draw_veil(page, spec, transform)
        entries = collect_entries(painting.layers, spec.legend_groups)
        layout = design_column(page, spec, entries)
        page.trace.on = keep is not None
        layout, continued = _continue_tables(page, spec, layout, transform)
        boxes = [item.box for item in continued]
        placed, unplaced = place_labels(
            collect_requests(painting, _label_focus(spec, transform)), frame.map,
            [
                *(b.bounds for b in painting.badges if b.obstacle), *_dot_bounds(painting),
                *(box.bounds for box in boxes),
            ],
            _lines_to_avoid(painting),
        )  # fmt: skip
        page.trace.on = False  # map labels are kept as they were placed, not as furniture
        _write_labels(page, placed, clip=frame.map, z=88)
        page.trace.on = keep is not None
        north = measure_true_north(spec.crs, transform.centre)
        column = draw_column(page, spec, layout, transform, north)
        lost_inset: list[str] = []
        inset = column.places.inset
        if inset is not None:
            with page.trace.named("区位图"):
                inset_labels, lost_inset = draw_inset(page, spec.inset, inset, transform.window)
                _write_labels(page, inset_labels, clip=inset, z=102.6)
        draw_title(page, spec)
        _draw_frame(page)
        if keep is not None:
            keep(
                Laid(spec=spec, transform=transform, painting=painting, labels=tuple(placed),
                     marks=tuple(page.trace.marks))
            )  # fmt: skip
        jpg = page.to_jpg()
        contrast = measure_contrast(np.asarray(page.canvas.buffer_rgba()), placed, dpi=frame.dpi)
        pdf = page.to_pdf() if vectors else b""
        page.close()
    report = SheetReport(
        number=spec.number, title=spec.title, scale=spec.scale, window=transform.window,
        drawn_classes=frozenset(counts), feature_counts=dict(counts),
        legend_classes=frozenset((e.symbol.theme, e.symbol.value) for e in entries),
        background_classes=frozenset(counts) - legend_keys,
        labels=tuple(_report_label(p) for p in placed), labels_unplaced=tuple(unplaced),
        labels_outside=_count_outside(placed, frame.map),
        scale_bar_m=column.bar.length_m,
        scale_bar_px=column.bar.length_mm * frame.dpi / 25.4,
        north_deg=north, table_rows_left_out=sum(t.left_out for t in layout.tables if not t.continued),
        smallest_text_mm=page.smallest_mm,
        texts=tuple(dict.fromkeys(page.texts)), pixels=frame.pixels,
        inset_labels_unplaced=tuple(lost_inset), label_contrast=contrast,
        furniture=_add_tables(column.places, continued),
        moved=_list_moved(painting),
    )  # fmt: skip
    return jpg, pdf, report


def _check_spec(spec: SheetSpec, transform: MapTransform) -> None:
    for layer in (*spec.layers, *spec.inset):
        if layer.frame.crs != spec.crs:
            raise SheetError(f"{SheetError.code} 图“{spec.title}”图层“{layer.theme}”坐标系与图幅不一致")
    low, high = transform.window[:2], transform.window[2:]
    slack = 1e-6 * spec.scale
    if (
        spec.extent[0] < low[0] - slack or spec.extent[1] < low[1] - slack
        or spec.extent[2] > high[0] + slack or spec.extent[3] > high[1] + slack
    ):  # fmt: skip
        raise SheetError(
            f"{SheetError.code} 图“{spec.title}”在 1:{spec.scale} 下放不进图框，请换更小的比例尺"
        )


def _count_classes(painting: MapPainting) -> Counter[ClassKey]:
    counts: Counter[ClassKey] = Counter()
    for layer in painting.layers:
        counts.update(layer.count_classes())
    return counts


def _legend_keys(painting: MapPainting) -> set[ClassKey]:
    return {key for layer in painting.layers if layer.drawn.in_legend for key in layer.count_classes()}


def _dot_bounds(painting: MapPainting) -> list[tuple[float, float, float, float]]:
    """Bounds of plain markers that labels must keep off (badges are handled apart)."""
    bounds: list[tuple[float, float, float, float]] = []
    for layer in painting.layers:
        drawn = layer.drawn
        is_point = layer.visible & (shapely.get_dimensions(layer.geometries) == 0)
        if not drawn.obstacle or drawn.label_place == "badge" or not is_point.any():
            continue
        for value in np.unique(layer.classes[is_point].astype(str)):
            item = symbol(drawn.theme, value)
            if item.glyph:
                continue
            chosen = layer.geometries[is_point & (layer.classes == value)]
            half = (item.size_mm or 2.0) / 2
            box = shapely.bounds(chosen) + np.array([-half, -half, half, half])
            bounds += [tuple(row) for row in box]
    return bounds


def _lines_to_avoid(painting: MapPainting) -> Geometries:
    """Uncased lines (boundaries, pipes): readable only where no label lies on them."""
    found = []
    for layer in painting.layers:
        drawn = layer.drawn
        if not drawn.obstacle:
            continue
        for value in np.unique(layer.classes[layer.visible].astype(str)):
            item = symbol(drawn.theme, value)
            if item.geometry == "line" and not item.fill:
                chosen = layer.geometries[layer.visible & (layer.classes == value)]
                found.append(shapely.get_rings(explode(chosen, "fill")[0]))
                found.append(explode(chosen, "line")[0])
    return np.concatenate(found) if found else np.empty(0, dtype=object)


def _continue_tables(
    page: Page, spec: SheetSpec, layout: ColumnLayout, transform: MapTransform
) -> tuple[ColumnLayout, list[Overflow]]:
    """Draw the rows that the column cannot hold on the map; return the column and what was drawn where."""
    keep = None
    if spec.keep is not None:
        keep = transform.to_page(np.array([spec.keep], dtype=object))[0].buffer(_CLEAR)
    found = place_overflow(layout.tables, keep, page.frame.map, size=page.frame.type["minimum"])
    for item in found.values():
        draw_overflow(page, item)
    tables = tuple(replace(table, continued=index in found) for index, table in enumerate(layout.tables))
    return replace(layout, tables=tables), list(found.values())


def _list_moved(painting: MapPainting) -> tuple[tuple[str, float, float], ...]:
    """Return the markers moved aside whose text no other marker has."""
    said = Counter(badge.text for badge in painting.badges)
    return tuple(
        (badge.text, badge.x - badge.true_x, badge.y - badge.true_y)
        for badge in painting.badges
        if badge.text and said[badge.text] == 1 and badge.moved_mm > 0
    )


def _add_tables(places: Furniture, continued: Sequence[Overflow]) -> Furniture:
    more = tuple((item.layout, item.body) for item in continued)
    return replace(places, tables=(*places.tables, *more))


def _draw_veil(page: Page, spec: SheetSpec, transform: MapTransform) -> None:
    if spec.focus is None:
        return
    item = symbol("context", "蒙版")
    focus = transform.to_page(np.array([spec.focus], dtype=object))[0]
    veil = shapely.difference(shapely.box(*transform.box.bounds), focus)
    page.fill(
        np.array([veil], dtype=object), face=item.fill, alpha=item.alpha, z=item.z,
        clip=transform.box,
    )  # fmt: skip


def _label_focus(spec: SheetSpec, transform: MapTransform) -> shapely.Geometry | None:
    """Focus on the page, drawn in by the half width of a boundary line and a little air."""
    if spec.focus is None:
        return None
    return transform.to_page(np.array([spec.focus], dtype=object))[0].buffer(-1.0)


def _write_labels(page: Page, placed: Iterable[Placement], *, clip: Box, z: float) -> None:
    for item in placed:
        kind, lines = item.request.kind, item.lines
        if item.leader is not None:
            page.lines([item.leader], colour="#444444", width_mm=0.15, z=z - 0.5, clip=clip)
        turn = np.deg2rad(item.angle)
        for index, text in enumerate(lines):
            lift = ((len(lines) - 1) / 2 - index) * kind.size_mm * LINE_FEED
            page.text(
                item.x - lift * float(np.sin(turn)), item.y + lift * float(np.cos(turn)), text,
                size_mm=kind.size_mm, colour=item.request.colour, align="centre", middle=True,
                halo=kind.line, halo_mm=kind.line_mm, angle=item.angle, z=z, clip=clip,
            )  # fmt: skip


def _report_label(item: Placement) -> PlacedLabel:
    return PlacedLabel(
        text=item.request.text, kind=item.request.kind.value, moved=item.leader is not None,
        corners=tuple((float(x), float(y)) for x, y in item.corners),
    )  # fmt: skip


def _count_outside(placed: Iterable[Placement], box: Box) -> int:
    corners = np.array([p.corners for p in placed]).reshape(-1, 4, 2)
    low, high = np.array(box.bounds[:2]), np.array(box.bounds[2:])
    return int(((corners < low) | (corners > high)).any(axis=(1, 2)).sum())


def _draw_frame(page: Page) -> None:
    frame, ink = page.frame, page.frame.colours["ink"]
    page.rectangle(frame.map, edge=ink, width_mm=frame.lines["inner"], z=120)
    page.rectangle(frame.frame, edge=ink, width_mm=frame.lines["frame"], z=121)
