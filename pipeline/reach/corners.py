"""Corners: where the shortest way inside an area turns."""

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.reach.graph import Floats

Index = NDArray[np.intp]
# Ways round a corner of the outline keep this far from it, so that they do not run on it.
_INSET_M = 0.02
# Outlines with more corners than this are taken more coarsely, until they have no more.
_MOST_CORNERS = 400


def find_corners(areas: NDArray) -> tuple[NDArray, Index]:
    """Return the places inside that a shortest way may turn at, and the area of each.

    They are the corners at which the outline bends inwards, a hand's breadth off it; holes are ground.

    Parameters
    ----------
    areas : (n,) array of shapely Polygon
        Planar metres.
    """
    solid = shapely.polygons(shapely.get_exterior_ring(areas))
    # A full mitre: a flattened one would leave a corner nobody can see round.
    inner, owner = shapely.get_parts(
        shapely.buffer(solid, -_INSET_M, join_style="mitre", mitre_limit=10.0), return_index=True
    )
    step = np.full(len(areas), _INSET_M / 2)
    while True:
        rings = shapely.get_exterior_ring(shapely.simplify(inner, step[owner]))
        xy, ring = _bend_inwards(rings)
        crowded = np.bincount(owner[ring], minlength=len(areas)) > _MOST_CORNERS
        if not crowded.any():
            return shapely.points(xy), owner[ring]
        step[crowded] *= 2


def _bend_inwards(rings: NDArray) -> tuple[Floats, Index]:
    """Return the reflex vertices of closed rings and the ring of each."""
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.append(ring[1:] != ring[:-1], True) if len(ring) else np.zeros(0, dtype=bool)
    xy, ring = xy[~last], ring[~last]  # the first vertex closes the ring, too
    number = np.arange(len(ring))
    start, end = np.searchsorted(ring, ring), np.searchsorted(ring, ring, side="right")
    before = np.where(number == start, end - 1, number - 1)
    after = np.where(number == end - 1, start, number + 1)
    a, b = xy - xy[before], xy[after] - xy
    turn = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    left = shapely.is_ccw(rings)[ring]
    bent = np.where(left, turn < 0, turn > 0)
    return xy[bent], ring[bent]
