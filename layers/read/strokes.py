"""Curves of drawings as polylines that stay within a stated distance of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE_M = 0.01  # farthest a chord may be from its curve
_FULL = 2 * np.pi
_MOST_SEGMENTS = 100_000
Floats = NDArray[np.float64]


def count_segments(radius: float, angle: float) -> int:
    """Return how many equal chords an arc needs: the rise of a chord is r (1 - cos(a / 2))."""
    if radius <= TOLERANCE_M or angle == 0:
        return 8
    step = 2 * np.arccos(1 - TOLERANCE_M / radius)
    return int(min(max(np.ceil(abs(angle) / step), 2), _MOST_SEGMENTS))


def stroke_arc(centre: tuple[float, float], radius: float, start: float, end: float) -> Floats:
    """Return points of a circular arc, counter-clockwise where ``end`` is greater than ``start``.

    Parameters
    ----------
    start, end : angles in radians from the x axis.

    Returns
    -------
    array of float, shape (n, 2)
        Both ends included.
    """
    angles = np.linspace(start, end, count_segments(radius, end - start) + 1)
    return np.column_stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)])


def stroke_ellipse(
    centre: tuple[float, float], major: tuple[float, float], ratio: float, start: float, end: float
) -> Floats:
    """Return points of an elliptic arc.

    Parameters
    ----------
    major : vector of the half major axis.
    ratio : minor by major axis.
    start, end : parameters (eccentric anomaly), radians.
    """
    size = float(np.hypot(*major))
    # An ellipse is a circle of its major radius squeezed: chords only come nearer to the curve.
    t = np.linspace(start, end, count_segments(size, end - start) + 1)
    x, y = np.cos(t), np.sin(t)
    return np.column_stack(
        [
            centre[0] + major[0] * x - ratio * major[1] * y,
            centre[1] + major[1] * x + ratio * major[0] * y,
        ]
    )


def stroke_bulges(xy: Floats, bulges: Floats, *, closed: bool) -> Floats:
    """Return the points of a polyline whose segments may be arcs.

    Parameters
    ----------
    xy : vertices, shape (n, 2).
    bulges : tangent of a quarter of the arc's angle from each vertex to the next, positive to the left.
    closed : whether the last vertex leads back to the first; the result then ends where it begins.
    """
    if closed and len(xy) and (xy[0] != xy[-1]).any():
        xy, bulges = np.vstack([xy, xy[:1]]), np.append(bulges, 0.0)
    if not bulges[:-1].any():
        return xy
    parts = []
    for begin, end, bulge in zip(xy[:-1], xy[1:], bulges[:-1], strict=True):
        parts.append(
            begin[None] if bulge == 0 or (begin == end).all() else _stroke_bulge(begin, end, bulge)[:-1]
        )
    parts.append(xy[-1:])
    return np.vstack(parts)


def _stroke_bulge(begin: Floats, end: Floats, bulge: float) -> Floats:
    chord = end - begin
    length = float(np.hypot(*chord))
    radius = length * (1 + bulge**2) / (4 * bulge)  # negative where the arc turns right
    middle = (begin + end) / 2
    normal = np.array([-chord[1], chord[0]]) / length
    centre = middle + normal * length * (1 - bulge**2) / (4 * bulge)
    start = float(np.arctan2(*(begin - centre)[::-1]))
    points = stroke_arc((centre[0], centre[1]), abs(radius), start, start + 4 * float(np.arctan(bulge)))
    points[0], points[-1] = begin, end
    return points


def span_angles(start_deg: float, end_deg: float) -> tuple[float, float]:
    """Return an arc's angles in radians, counter-clockwise from the first to the second."""
    start, end = np.radians(start_deg), np.radians(end_deg)
    while end <= start:
        end += _FULL
    return float(start), float(end)


def flat_points(points: Iterable[Any]) -> Floats:
    """Return x and y of points that have them, shape (n, 2)."""
    return np.asarray([(point.x, point.y) for point in points], dtype=np.float64).reshape(-1, 2)
