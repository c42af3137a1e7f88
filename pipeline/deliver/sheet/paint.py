"""Layers on paper: fills, hatches, cased lines and markers of one map box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.deliver.sheet.badges import Badge, spread_badges
from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.geometry import (
    Geometries,
    explode,
    hatch_lines,
    line_arrays,
)
from pipeline.deliver.sheet.placing import place_frame
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import ClassKey, Drawn
from styles import Symbol, symbol
from styles.frame import Box
from styles.marks import (
    BADGE_MM,
    BADGE_RIM,
    BADGE_RIM_MM,
    BROAD_ALPHA,
    BROAD_GROUND,
    DOT_MM,
    DOT_RIM_MM,
    HATCH_INK,
    HATCH_MM,
    MARKED_LINE_MM,
    PLAIN_MARKER,
    glyph_lift,
    glyph_share,
    has_ground,
    is_cased,
    is_marked,
    line_width,
    marker_outline,
)
from styles.table import text_colour_on

KIND_BY_DIMENSION = {0: "point", 1: "line", 2: "fill"}


@dataclass(frozen=True, eq=False)
class Painted:
    """One layer as it lies on the page.

    Attributes
    ----------
    drawn
        The instruction.
    geometries
        Page geometries clipped to the map box, None where outside, aligned with the frame.
    classes
        Class of every feature.
    """

    drawn: Drawn
    geometries: Geometries
    classes: NDArray[np.object_]

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Features with something inside the map box."""
        return ~(shapely.is_missing(self.geometries) | shapely.is_empty(self.geometries))

    def count_classes(self) -> Counter[ClassKey]:
        """Features inside the map box by class; a layer without opacity only carries labels and counts none."""
        if not self.drawn.fade:
            return Counter()
        return Counter((self.drawn.theme, value) for value in self.classes[self.visible])

    def kinds(self) -> dict[str, set[str]]:
        """Geometry kinds drawn, by class."""
        found: dict[str, set[str]] = {}
        dims = shapely.get_dimensions(self.geometries)
        pairs = pd.DataFrame({"value": self.classes, "dim": dims})[self.visible]
        for value, dim in pairs.drop_duplicates().itertuples(index=False):
            found.setdefault(value, set()).add(KIND_BY_DIMENSION[dim])
        return found


@dataclass(frozen=True, eq=False)
class MapPainting:
    """Everything painted in one map box."""

    layers: tuple[Painted, ...]
    badges: tuple[Badge, ...] = field(default=())


def project_layer(drawn: Drawn, transform: MapTransform, tolerance: float) -> Painted:
    """Bring one layer onto the page and clip it to the map box."""
    page = place_frame(drawn.frame, transform, tolerance)
    if drawn.class_column is None:
        classes = np.full(len(page), str(drawn.value), dtype=object)
    else:
        classes = drawn.frame[drawn.class_column].astype(str).to_numpy(dtype=object)
    return Painted(drawn, page, classes)


def paint_layers(
    page: Page, layers: Iterable[Drawn], transform: MapTransform, *, z_base: float = 0.0,
    z_scale: float = 1.0, shrink: float = 1.0,
) -> MapPainting:  # fmt: skip
    """Draw layers in one map box.

    Parameters
    ----------
    page
        The sheet.
    layers
        Instructions, in any order: drawing order is the style table's.
    transform
        Map metres to page.
    z_base, z_scale
        Where the table's z range lies in the page's drawing order.
    shrink
        Multiplies line widths and markers (small inset maps).
    """
    painted = tuple(project_layer(d, transform, page.frame.simplify) for d in layers)
    brush = _Brush(page, transform.box, z_base, z_scale, shrink)
    badges: list[Badge] = []
    for layer in painted:
        visible = layer.visible
        present = [symbol(layer.drawn.theme, v) for v in pd.unique(layer.classes[visible])]
        floor = min((s.z for s in present), default=0)
        for item in present:
            chosen = visible & (layer.classes == item.value)
            badges += brush.draw_class(layer, item, np.flatnonzero(chosen), floor)
    moved = spread_badges(badges, transform.box)
    brush.draw_badges(moved)
    return MapPainting(painted, tuple(moved))


class _Brush:
    """Draws one class of one layer at the widths of one map box."""

    def __init__(self, page: Page, clip: Box, z_base: float, z_scale: float, shrink: float) -> None:
        self.page, self.clip, self.shrink = page, clip, shrink
        self._z_base, self._z_scale = z_base, z_scale

    def _z(self, level: float) -> float:
        return self._z_base + level * self._z_scale

    def draw_class(self, layer: Painted, item: Symbol, rows: NDArray[np.intp], floor: int) -> list[Badge]:
        """Draw one class; markers with a character come back as badges, spread and drawn last."""
        fade = layer.drawn.fade
        geometries = layer.geometries[rows]
        areas, area_rows = explode(geometries, "fill")
        if len(areas):
            self.draw_areas(item, areas, fade)
        lines, line_rows = explode(geometries, "line")
        if len(lines):
            self.draw_lines(item, lines, fade, floor)
        points, point_rows = explode(geometries, "point")
        numbered = layer.drawn.label_place == "badge" and layer.drawn.label_column is not None
        texts = _texts(layer, rows) if numbered else np.full(len(rows), item.glyph, dtype=object)
        if numbered:
            anchors = np.r_[_anchor_parts(areas, area_rows), _anchor_parts(lines, line_rows)]
            points = np.r_[points, anchors[:, 0]]
            point_rows = np.r_[point_rows, anchors[:, 1].astype(np.intp)]
        if not len(points):
            return []
        if not (item.glyph or numbered):
            self.draw_dots(item, shapely.get_coordinates(points), fade)
            return []
        return [
            Badge(
                symbol=item, x=float(x), y=float(y), true_x=float(x), true_y=float(y),
                text=str(texts[row]), fade=fade, obstacle=layer.drawn.obstacle,
                size=self.shrink * (item.size_mm or BADGE_MM),
            )
            for (x, y), row in zip(shapely.get_coordinates(points), point_rows, strict=True)
        ]  # fmt: skip

    def draw_areas(self, item: Symbol, areas: Geometries, fade: float) -> None:
        """Fill, hatch and outline polygons."""
        z = self._z(item.z)
        if item.fill:
            self.page.fill(areas, face=item.fill, alpha=item.alpha * fade, z=z, clip=self.clip)
        for angle, spacing in item.hatch:
            self.page.lines(
                hatch_lines(areas, angle, spacing * self.shrink), colour=item.line or HATCH_INK,
                width_mm=HATCH_MM * self.shrink, alpha=fade, z=z + 0.1, clip=self.clip,
            )  # fmt: skip
        if item.line and item.line_mm:
            self._stroke(item, line_arrays(shapely.get_rings(areas)), fade, z + 0.2)

    def draw_lines(self, item: Symbol, lines: Geometries, fade: float, floor: int) -> None:
        """Stroke lines; cased ones get every casing first so that crossings stay open."""
        segments = line_arrays(lines)
        if is_cased(item):
            width = item.size_mm * self.shrink
            edge = item.line_mm * self.shrink
            self.page.lines(
                segments, colour=item.line, width_mm=width, z=self._z(floor - 0.5), cap="round",
                alpha=fade, clip=self.clip,
            )  # fmt: skip
            self.page.lines(
                segments, colour=item.fill, width_mm=width - 2 * edge, z=self._z(item.z),
                cap="round", alpha=fade, clip=self.clip,
            )  # fmt: skip
            return
        if is_marked(item):
            # The line colour of a marker is its rim, often white: as a line it would not be seen.
            self.page.lines(
                segments, colour=item.fill, width_mm=MARKED_LINE_MM * self.shrink, alpha=fade,
                z=self._z(item.z), cap="round", clip=self.clip,
            )  # fmt: skip
            return
        self._stroke(item, segments, fade, self._z(item.z))

    def _stroke(self, item: Symbol, segments: list[NDArray[np.float64]], fade: float, z: float) -> None:
        width = line_width(item) * self.shrink
        if has_ground(item):
            self.page.lines(
                segments, colour=BROAD_GROUND, width_mm=width, alpha=BROAD_ALPHA * fade, z=z - 0.01,
                clip=self.clip,
            )  # fmt: skip
        self.page.lines(
            segments, colour=item.line or item.fill, width_mm=width, dash=item.dash, alpha=fade,
            z=z, cap="butt" if item.dash else "round", clip=self.clip,
        )  # fmt: skip

    def draw_dots(self, item: Symbol, xy: NDArray[np.float64], fade: float) -> None:
        """Draw markers without a character, all in one collection."""
        size = (item.size_mm or DOT_MM) * self.shrink
        shape = marker_outline(item.marker or PLAIN_MARKER)
        rings = xy[:, None, :] + shape[None] * size
        self.page.fill(
            shapely.polygons(rings), face=item.fill or item.line, alpha=fade,
            edge=item.line or "none", width_mm=item.line_mm and DOT_RIM_MM, z=self._z(item.z),
            clip=self.clip,
        )  # fmt: skip

    def draw_badges(self, badges: Sequence[Badge]) -> None:
        """Draw markers with their characters, and a hairline where one was moved aside."""
        hairlines = [np.array([[b.true_x, b.true_y], [b.x, b.y]]) for b in badges if b.moved_mm > 0.4]
        self.page.lines(hairlines, colour="#444444", width_mm=0.15, z=self._z(79.5), clip=self.clip)
        for badge in badges:
            draw_badge(self.page, badge, z=self._z(badge.symbol.z), clip=self.clip)


def draw_badge(page: Page, badge: Badge, *, z: float, clip: Box | None) -> None:
    """Draw one marker with its character or number."""
    item = badge.symbol
    shape = marker_outline(item.marker or PLAIN_MARKER) * badge.size
    ground = item.fill or item.line
    place = shape + np.array([badge.x, badge.y])
    outline = np.array([shapely.Polygon(place)], dtype=object)
    page.fill(
        outline, face=ground,
        edge=BADGE_RIM, width_mm=BADGE_RIM_MM, z=z, clip=clip, alpha=badge.fade,
    )  # fmt: skip
    if badge.text:
        room = glyph_share(item.marker, len(badge.text))
        lift = glyph_lift(item.marker) * badge.size
        page.text(
            badge.x, badge.y + lift, badge.text, size_mm=badge.size * room, align="centre",
            middle=True,
            colour=text_colour_on(ground), z=z + 0.3, clip=clip, inside_mark=True,
        )  # fmt: skip


def _texts(layer: Painted, rows: NDArray[np.intp]) -> NDArray[np.object_]:
    column = layer.drawn.frame[layer.drawn.label_column].iloc[rows]
    return column.map(lambda v: "" if pd.isna(v) else str(v)).to_numpy(dtype=object)


def _anchor_parts(parts: Geometries, rows: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return one (anchor point, row) a feature, on its largest part; parts are of one kind."""
    if not len(parts):
        return np.empty((0, 2), dtype=object)
    areal = shapely.get_dimensions(parts[0]) == 2
    size = shapely.area(parts) if areal else shapely.length(parts)
    order = np.lexsort((-size, rows))
    first = order[np.r_[True, np.diff(rows[order]) > 0]]
    if areal:
        anchor = shapely.point_on_surface(parts[first])
    else:
        anchor = shapely.line_interpolate_point(parts[first], 0.5, normalized=True)
    return np.column_stack([anchor, rows[first]])
