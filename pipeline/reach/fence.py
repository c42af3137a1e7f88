"""Fences: barriers with openings at their gates, and straight ways that may not cross one."""

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

Index = NDArray[np.intp]
# Ends of a straight way are let touch a barrier: a gate stands in its wall, a path may run along one.
_TOUCH_M = 1e-3


class Fence:
    """Barriers ready to be asked whether a straight way crosses one of them."""

    def __init__(self, barriers: ArrayLike) -> None:
        lines = np.asarray(barriers, dtype=object).reshape(-1)
        self._tree = shapely.STRtree(lines)

    def bars(self, ways: NDArray) -> NDArray[np.bool_]:
        """Return which two-point lines cross a barrier; touching one with an end is no crossing."""
        barred = np.zeros(len(ways), dtype=bool)
        barred[self.find_crossings(ways)[0]] = True
        return barred

    def find_crossings(self, ways: NDArray) -> tuple[Index, Index]:
        """Return the pairs of a two-point line and a barrier that it crosses."""
        length = shapely.length(ways)
        long = np.flatnonzero(length > 2 * _TOUCH_M)
        if not long.size:
            return long, long
        xy = shapely.get_coordinates(ways[long]).reshape(-1, 2, 2)
        inset = (_TOUCH_M / length[long])[:, None] * (xy[:, 1] - xy[:, 0])
        inner = shapely.linestrings(np.stack([xy[:, 0] + inset, xy[:, 1] - inset], axis=1))
        way, barrier = self._tree.query(inner, predicate="intersects")
        return long[way], barrier


def open_barriers(barriers: ArrayLike, gates: ArrayLike, *, tolerance_m: float) -> NDArray:
    """Return barriers with an opening at every gate within the tolerance.

    Parameters
    ----------
    barriers : (n,) array of shapely LineString or MultiLineString
        Planar metres.
    gates : (k,) array of shapely Point
        Gates; one farther than ``tolerance_m`` from a barrier opens nothing in it.
    tolerance_m : float
        Half the width of an opening.

    Returns
    -------
    (n,) array
        One geometry a barrier, empty where nothing of it is left.
    """
    lines = np.asarray(barriers, dtype=object).reshape(-1)
    points = np.asarray(gates, dtype=object).reshape(-1)
    line, gate = shapely.STRtree(points).query(lines, predicate="dwithin", distance=tolerance_m)
    return open_at(lines, line, points[gate], half_m=tolerance_m)


def open_at(lines: NDArray, line: Index, gates: NDArray, *, half_m: float) -> NDArray:
    """Return lines with an opening at each of the given gates.

    Parameters
    ----------
    lines : (n,) array of shapely LineString or MultiLineString
        Planar metres.
    line : (k,) int
        The line that each gate opens.
    gates : (k,) array of shapely Point
        Each opens its line where that is nearest to it.
    half_m : float
        Half the width of an opening.
    """
    opened = lines.copy()
    if len(line):
        order = np.argsort(line, kind="stable")
        rows, which = np.unique(line[order], return_inverse=True)
        # At the foot of the gate on its line, so that one drawn beside the wall opens it as wide.
        way = shapely.shortest_line(lines[line[order]], gates[order])
        holes = shapely.buffer(shapely.multipoints(shapely.get_point(way, 0), indices=which), half_m)
        opened[rows] = shapely.difference(lines[rows], holes)
    return opened
