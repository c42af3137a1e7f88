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
from pipeline.deliver.sheet.places import (
    STEEP,
    LabelRequest,
    block_corners,
    block_size,
    make_blocks,
    places_along,
    places_around,
    places_beside,
    places_within,
    would_cover,
)
from pipeline.deliver.sheet.typeset import balance_lines
from styles import symbol
from styles.frame import Box
from styles.table import text_colour_on

LONGEST_EM = 9.0
_RINGS_MM = (3.0, 6.0, 9.5, 13.0)
_RING_TURNS = np.deg2rad(np.array([20, -20, 160, -160, 50, -50, 130, -130, 80, -80, 100, -100]))


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
        size = block_size(self.lines, self.request.kind.size_mm)
        return block_corners(np.array([[self.x, self.y]]), *size, np.array([self.angle]))[0]


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


def _find_place(request: LabelRequest, taken: _Taken) -> Placement | None:
    dimension = shapely.get_dimensions(request.geometry)
    if dimension == 2 and not request.inside_only and would_cover(request):
        # The name of a small ground would hide it: it stands beside it, as a point's does.
        xy = places_beside(request)
        angles = np.zeros(len(xy))
    elif dimension == 1:
        xy, angles = places_along(request)
    elif dimension == 2:
        xy = places_within(request)
        angles = np.zeros(len(xy))
    else:
        xy = places_around(request)
        angles = np.zeros(len(xy))
    if len(xy):
        index = taken.first_free(make_blocks(xy, request, angles))
        if index is not None:
            x, y = map(float, xy[index])
            return _upright(request, x, y, float(angles[index]))
    if not request.required or dimension == 1 or request.inside_only:
        return None
    return _find_with_leader(request, taken)


def _upright(request: LabelRequest, x: float, y: float, angle: float) -> Placement:
    """Stack the characters of a Chinese name on a steep line, which is how such names are read."""
    if abs(angle) <= STEEP or not all("\u4e00" <= c <= "\u9fff" for c in request.text):
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
    index = taken.first_free(make_blocks(xy, request, np.zeros(len(xy))))
    if index is None:
        return None
    x, y = map(float, xy[index])
    near = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    target = shapely.get_coordinates(shapely.shortest_line(shapely.Point(anchor), near))
    return Placement(request, x, y, 0.0, request.lines, target)
