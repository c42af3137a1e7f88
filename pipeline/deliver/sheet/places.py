"""Where a label may stand: candidate places around points, along lines, in and beside polygons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.deliver.sheet.geometry import Geometries
from styles import Symbol
from styles.fonts import measure_em

LINE_FEED = 1.18
STEEP = 52.0  # degrees; names on steeper lines are stacked
_PAD = 0.25
# Eight places around a point, right before left, above before below.
_AROUND = np.array([[1, 0], [-1, 0], [1, 1], [1, -1], [-1, 1], [-1, -1], [0, 1], [0, -1]], float)
# A polygon smaller than this many text blocks is named beside itself.
_COVER = 1.5


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
        return block_size(self.lines, self.kind.size_mm)


def block_size(lines: Sequence[str], em: float) -> tuple[float, float]:
    width = max(measure_em(line) for line in lines) * em
    return width, em * (1.0 + LINE_FEED * (len(lines) - 1))


def block_corners(
    xy: NDArray[np.float64], width: float, height: float, angles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (n, 4, 2) corners of blocks about (n, 2) middles, turned by (n,) degrees."""
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
    cos, sin = np.cos(np.deg2rad(angles))[:, None], np.sin(np.deg2rad(angles))[:, None]
    x = half[:, 0] * cos - half[:, 1] * sin + xy[:, :1]
    y = half[:, 0] * sin + half[:, 1] * cos + xy[:, 1:]
    return np.stack([x, y], axis=2)


def make_blocks(
    xy: NDArray[np.float64], request: LabelRequest, angles: NDArray[np.float64], pad: float = _PAD
) -> Geometries:
    width, height = request.size
    # A stacked name is longer than a running one; its block must hold either.
    if np.abs(angles).max(initial=0.0) > STEEP:
        width *= LINE_FEED
    return shapely.polygons(block_corners(xy, width + 2 * pad, height + 2 * pad, angles))


def places_around(request: LabelRequest) -> NDArray[np.float64]:
    width, height = request.size
    centre = np.array(shapely.centroid(request.geometry).coords[0])
    gap = request.clearance + 0.35 + _PAD
    diagonal = (_AROUND != 0).all(axis=1)[:, None]
    shift = _AROUND * [width / 2 + gap, height / 2 + gap]
    return centre + np.where(diagonal, shift - _AROUND * [gap * 0.5, gap * 0.4], shift)


def would_cover(request: LabelRequest) -> bool:
    """Whether the text block is about as large as the ground it names, or larger."""
    width, height = request.size
    return bool(request.geometry.area < _COVER * width * height)


def places_beside(request: LabelRequest) -> NDArray[np.float64]:
    """Return places around the bounds of a small polygon, right before left, above before below."""
    width, height = request.size
    minx, miny, maxx, maxy = request.geometry.bounds
    centre = np.array([(minx + maxx) / 2, (miny + maxy) / 2])
    half = np.array([(maxx - minx) / 2, (maxy - miny) / 2])
    return centre + _AROUND * (half + [width / 2 + _PAD + 0.35, height / 2 + _PAD + 0.35])


def places_within(request: LabelRequest) -> NDArray[np.float64]:
    polygon = request.geometry
    if polygon.geom_type != "Polygon":
        polygon = max(shapely.get_parts(polygon), key=shapely.area)
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
    blocks = make_blocks(xy, request, np.zeros(len(xy)), pad=0.0)
    fits = shapely.contains(polygon, blocks)
    if request.inside_only or fits.any():
        return xy[fits]
    # A name may reach over its polygon's edge, but its middle stays inside.
    return xy[shapely.contains_xy(polygon, xy[:, 0], xy[:, 1])]


def places_along(request: LabelRequest) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
