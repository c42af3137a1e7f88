"""Label placement: greedy by priority, never over another label or a marker.

Order and candidates follow common practice (Maplex, Mapnik): around points to the right first,
along lines where they are straight, in polygons near the centre of the largest inscribed circle.
What finds no room is returned, not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.deliver.sheet.badges import Badge
from pipeline.deliver.sheet.geometry import Geometries
from pipeline.deliver.sheet.paint import MapPainting, Painted
from pipeline.deliver.sheet.typeset import balance_lines
from styles import Symbol, symbol
from styles.fonts import measure_em
from styles.frame import Box
from styles.table import text_colour_on

LINE_FEED = 1.18
LONGEST_EM = 9.0
_PAD = 0.25
_STEEP = 52.0  # degrees; names on steeper lines are stacked
# Eight places around a point, right before left, above before below.
_AROUND = np.array([[1, 0], [-1, 0], [1, 1], [1, -1], [-1, 1], [-1, -1], [0, 1], [0, -1]], float)
_RINGS_MM = (3.0, 6.0, 9.5, 13.0)
_RING_TURNS = np.deg2rad(np.array([20, -20, 160, -160, 50, -50, 130, -130, 80, -80, 100, -100]))


@dataclass(frozen=True, eq=False, slots=True)
class LabelRequest:
    """One label wanted, mm on the page."""

    text: str
    lines: tuple[str, ...]
    kind: Symbol
    priority: int
    geometry: shapely.Geometry
    clearance: float
    inside_only: bool
    required: bool
    colour: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the text block."""
        return _block_size(self.lines, self.kind.size_mm)


@dataclass(frozen=True, eq=False, slots=True)
class Placement:
    """One label placed: middle, angle (degrees anticlockwise), lines as set and leader line."""

    request: LabelRequest
    x: float
    y: float
    angle: float
    lines: tuple[str, ...]
    leader: NDArray[np.float64] | None

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) corners of the block."""
        size = _block_size(self.lines, self.request.kind.size_mm)
        return _corners(np.array([[self.x, self.y]]), *size, np.array([self.angle]))[0]


def _block_size(lines: Sequence[str], em: float) -> tuple[float, float]:
    width = max(measure_em(line) for line in lines) * em
    return width, em * (1.0 + LINE_FEED * (len(lines) - 1))


def collect_requests(painting: MapPainting, focus: shapely.Geometry | None = None) -> list[LabelRequest]:
    """Gather the labels of every layer; lines of one name are joined and named once.

    Parameters
    ----------
    focus
        Page geometry outside which `inside` labels (land-use codes) are left out.
    """
    requests: list[LabelRequest] = []
    where = {(b.symbol.theme, b.true_x, b.true_y): b for b in painting.badges}
    for layer in painting.layers:
        drawn = layer.drawn
        if drawn.label_column is None or drawn.label_place == "badge":
            continue
        requests += _layer_requests(layer, where, focus)
    return requests


def _layer_requests(
    layer: Painted, badges: dict[tuple[str, float, float], Badge], focus: shapely.Geometry | None
) -> list[LabelRequest]:
    drawn = layer.drawn
    kind = symbol("text", drawn.label_kind)
    inside_only = drawn.label_place == "inside"
    table = pd.DataFrame(
        {
            "text": drawn.frame[drawn.label_column].to_numpy(dtype=object),
            "geometry": layer.geometries,
            "value": layer.classes,
        }
    )[layer.visible]
    table = table[table["text"].notna() & (table["text"].astype(str).str.strip() != "")]
    if inside_only and focus is not None:
        table["geometry"] = shapely.intersection(table["geometry"].to_numpy(dtype=object), focus)
        table = table[shapely.area(table["geometry"].to_numpy(dtype=object)) > 0]
    table["dim"] = shapely.get_dimensions(table["geometry"].to_numpy(dtype=object))
    is_line = table["dim"] == 1
    rows = [(str(t), g, v) for t, g, v, _ in table[~is_line].itertuples(index=False)]
    for (text, value), group in table[is_line].groupby(["text", "value"], sort=True):
        merged = shapely.line_merge(shapely.union_all(group["geometry"].to_numpy(dtype=object)))
        rows.append((str(text), merged, value))
    requests = []
    for text, geometry, value in rows:
        clearance, place, item = 0.0, geometry, symbol(drawn.theme, value)
        if geometry.geom_type == "Point":
            clearance = item.size_mm / 2
            badge = badges.get((drawn.theme, geometry.x, geometry.y))
            place = geometry if badge is None else shapely.Point(badge.x, badge.y)
        is_street = shapely.get_dimensions(geometry) == 1
        # A code printed on its own fill takes the colour that reads on it.
        on_fill = inside_only and item.fill and not kind.line
        requests.append(
            LabelRequest(
                text=text, kind=kind, priority=drawn.label_priority, geometry=place,
                lines=tuple(balance_lines(text, 99.0 if is_street else LONGEST_EM)),
                clearance=clearance, inside_only=inside_only, required=drawn.label_required,
                colour=text_colour_on(item.fill) if on_fill else kind.fill,
            )
        )  # fmt: skip
    return requests


def place_labels(
    requests: Sequence[LabelRequest], box: Box,
    obstacles: Iterable[tuple[float, float, float, float]], avoid: Geometries | None = None,
) -> tuple[list[Placement], list[str]]:  # fmt: skip
    """Place labels in a box.

    Parameters
    ----------
    requests
        Labels wanted; higher priority first, then larger features, then text order.
    box
        Map box; no label reaches out of it.
    obstacles
        Bounds of markers to keep off.
    avoid
        Lines (boundaries, pipes) to keep off where another place is free.

    Returns
    -------
    placed, unplaced
        Placements and the texts that found no room.
    """
    marks = np.array(list(obstacles), dtype=float).reshape(-1, 4)
    lines = np.empty(0, dtype=object) if avoid is None else avoid
    taken = _Taken(shapely.box(*marks.T), lines, box)
    placed: list[Placement] = []
    unplaced: list[str] = []
    order = sorted(
        requests,
        key=lambda r: (-r.priority, -r.geometry.area, -r.geometry.length, r.text, r.geometry.wkb),
    )
    for request in order:
        found = _find_place(request, taken)
        if found is None:
            unplaced.append(request.text)
        else:
            placed.append(found)
            taken.add(found)
    return placed, unplaced


class _Taken:
    """Ground already covered: markers and lines in trees, labels in a growing array."""

    def __init__(self, marks: Geometries, lines: Geometries, box: Box) -> None:
        self._tree = shapely.STRtree(marks)
        self._lines = shapely.STRtree(lines)
        self._inside = np.array(box.shrink(0.8).bounds)
        self._polygons: list[shapely.Geometry] = []
        self._bounds = np.empty((0, 4))

    def first_free(self, blocks: Geometries) -> int | None:
        """Return the index of the first block inside the box that covers no marker and no label.

        Blocks that also cross no line come first.
        """
        bounds = shapely.bounds(blocks)
        free = (bounds[:, :2] >= self._inside[:2]).all(1) & (bounds[:, 2:] <= self._inside[2:]).all(1)
        hit, _ = self._tree.query(blocks, predicate="intersects")
        free[hit] = False
        crossing = np.zeros(len(blocks), dtype=bool)
        crossing[self._lines.query(blocks, predicate="intersects")[0]] = True
        for index in np.r_[np.flatnonzero(free & ~crossing), np.flatnonzero(free & crossing)]:
            near = np.flatnonzero(
                (self._bounds[:, 0] < bounds[index, 2]) & (self._bounds[:, 2] > bounds[index, 0])
                & (self._bounds[:, 1] < bounds[index, 3]) & (self._bounds[:, 3] > bounds[index, 1])
            )  # fmt: skip
            if not any(shapely.intersects(blocks[index], self._polygons[i]) for i in near):
                return int(index)
        return None

    def add(self, placement: Placement) -> None:
        """Occupy the ground of a label and its leader."""
        block = shapely.Polygon(placement.corners)
        self._polygons.append(block)
        if placement.leader is not None:
            self._polygons.append(shapely.LineString(placement.leader))
        self._bounds = np.array([p.bounds for p in self._polygons])


def _corners(
    xy: NDArray[np.float64], width: float, height: float, angles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (n, 4, 2) corners of blocks about (n, 2) middles, turned by (n,) degrees."""
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
    cos, sin = np.cos(np.deg2rad(angles))[:, None], np.sin(np.deg2rad(angles))[:, None]
    x = half[:, 0] * cos - half[:, 1] * sin + xy[:, :1]
    y = half[:, 0] * sin + half[:, 1] * cos + xy[:, 1:]
    return np.stack([x, y], axis=2)


def _blocks(
    xy: NDArray[np.float64], request: LabelRequest, angles: NDArray[np.float64], pad: float = _PAD
) -> Geometries:
    width, height = request.size
    # A stacked name is longer than a running one; its block must hold either.
    if np.abs(angles).max(initial=0.0) > _STEEP:
        width *= LINE_FEED
    return shapely.polygons(_corners(xy, width + 2 * pad, height + 2 * pad, angles))


def _find_place(request: LabelRequest, taken: _Taken) -> Placement | None:
    dimension = shapely.get_dimensions(request.geometry)
    if dimension == 1:
        xy, angles = _line_candidates(request)
    elif dimension == 2:
        xy = _polygon_candidates(request)
        angles = np.zeros(len(xy))
    else:
        xy = _point_candidates(request)
        angles = np.zeros(len(xy))
    if len(xy):
        index = taken.first_free(_blocks(xy, request, angles))
        if index is not None:
            x, y = map(float, xy[index])
            return _upright(request, x, y, float(angles[index]))
    if not request.required or dimension == 1 or request.inside_only:
        return None
    return _find_with_leader(request, taken)


def _upright(request: LabelRequest, x: float, y: float, angle: float) -> Placement:
    """Stack the characters of a Chinese name on a steep line, which is how such names are read."""
    if abs(angle) <= _STEEP or not all("\u4e00" <= c <= "\u9fff" for c in request.text):
        return Placement(request, x, y, angle, request.lines, None)
    tilt = angle - 90.0 if angle > 0 else angle + 90.0
    return Placement(request, x, y, tilt, tuple(request.text), None)


def _find_with_leader(request: LabelRequest, taken: _Taken) -> Placement | None:
    anchor = np.array(shapely.point_on_surface(request.geometry).coords[0])
    width, height = request.size
    xy = np.vstack(
        [
            anchor
            + np.column_stack(
                [
                    np.cos(_RING_TURNS) * ring + np.sign(np.cos(_RING_TURNS)) * width / 2,
                    np.sin(_RING_TURNS) * ring,
                ]
            )
            for ring in (request.clearance + r for r in _RINGS_MM)
        ]
    )
    index = taken.first_free(_blocks(xy, request, np.zeros(len(xy))))
    if index is None:
        return None
    x, y = map(float, xy[index])
    near = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    target = shapely.get_coordinates(shapely.shortest_line(shapely.Point(anchor), near))
    return Placement(request, x, y, 0.0, request.lines, target)


def _point_candidates(request: LabelRequest) -> NDArray[np.float64]:
    width, height = request.size
    centre = np.array(shapely.centroid(request.geometry).coords[0])
    gap = request.clearance + 0.35 + _PAD
    diagonal = (_AROUND != 0).all(axis=1)[:, None]
    shift = _AROUND * [width / 2 + gap, height / 2 + gap]
    return centre + np.where(diagonal, shift - _AROUND * [gap * 0.5, gap * 0.4], shift)


def _polygon_candidates(request: LabelRequest) -> NDArray[np.float64]:
    polygon = max(shapely.get_parts(request.geometry), key=shapely.area)
    if request.inside_only:
        width, height = request.size
        minx, miny, maxx, maxy = polygon.bounds
        # Most codes of small parcels are ruled out by their size alone.
        if maxx - minx < width or maxy - miny < height or polygon.area < width * height:
            return np.empty((0, 2))
    circle = shapely.maximum_inscribed_circle(polygon, tolerance=0.3)
    middle = np.array(circle.coords[0])
    # A lattice over the inscribed circle, nearest to its middle first.
    steps = np.array([[i, j] for i in range(-3, 4) for j in range(-3, 4)], dtype=float)
    steps = steps[np.argsort(np.hypot(*steps.T), kind="stable")]
    xy = middle + steps * max(circle.length * 0.28, 0.4)
    blocks = _blocks(xy, request, np.zeros(len(xy)), pad=0.0)
    fits = shapely.contains(polygon, blocks)
    if request.inside_only or fits.any():
        return xy[fits]
    # A name may reach over its polygon's edge, but its middle stays inside.
    return xy[shapely.contains_xy(polygon, xy[:, 0], xy[:, 1])]


def _line_candidates(request: LabelRequest) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # Room for the stacked setting too, which is a little longer.
    width, height = request.size[0] * LINE_FEED, request.size[1]
    line = max(shapely.get_parts(request.geometry), key=shapely.length)
    if line.length < width * 1.05:
        return np.empty((0, 2)), np.empty(0)
    share = np.array([0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8])
    middle = share * line.length
    keep = (middle > width / 2) & (middle < line.length - width / 2)
    middle = middle[keep]
    start = shapely.get_coordinates(shapely.line_interpolate_point(line, middle - width / 2))
    end = shapely.get_coordinates(shapely.line_interpolate_point(line, middle + width / 2))
    centre = shapely.get_coordinates(shapely.line_interpolate_point(line, middle))
    chord = end - start
    # Where the line bends within the text's length the name would leave it.
    bent = np.hypot(*(centre - (start + end) / 2).T)
    straight = bent < height * 0.45
    angle = np.rad2deg(np.arctan2(chord[:, 1], chord[:, 0]))
    angle = (angle + 90) % 180 - 90
    return centre[straight], angle[straight]
