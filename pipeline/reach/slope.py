"""Slope: heights along edges, and how much longer a climb makes a walk (Tobler's hiking function)."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from pipeline.reach.graph import Floats

# W = 6 exp(-3.5 |S + 0.05|) km/h with S the slope in the direction walked [1].
_FASTEST_KM_H, _DECAY, _BEST_SLOPE = 6.0, 3.5, -0.05


@dataclass(frozen=True, eq=False)
class HeightGrid:
    """A regular grid of ground heights.

    Attributes
    ----------
    x0, y0 : float
        Centre of cell (0, 0), the lower left one, planar metres.
    step_m : float
        Distance of neighbouring centres, metres.
    height_m : (rows, columns) float
        Heights, NaN where unknown; row 0 is the southernmost.
    """

    x0: float
    y0: float
    step_m: float
    height_m: Floats

    def sample(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """Return bilinear heights; NaN outside the centres, or where one of the four is unknown."""
        column = (np.asarray(x, dtype=np.float64) - self.x0) / self.step_m
        row = (np.asarray(y, dtype=np.float64) - self.y0) / self.step_m
        rows, columns = self.height_m.shape
        inside = (column >= 0) & (row >= 0) & (column <= columns - 1) & (row <= rows - 1)
        r, c = (np.where(inside, np.floor(v), 0).astype(np.intp) for v in (row, column))
        r, c = np.minimum(r, max(rows - 2, 0)), np.minimum(c, max(columns - 2, 0))
        up, right = np.minimum(r + 1, rows - 1), np.minimum(c + 1, columns - 1)
        b, a = np.where(inside, row - r, 0), np.where(inside, column - c, 0)
        low, high = (_blend(self.height_m[i, c], self.height_m[i, right], a) for i in (r, up))
        return np.where(inside, _blend(low, high, b), np.nan)


def _blend(left: Floats, right: Floats, share: Floats) -> Floats:
    # A neighbour without weight may be unknown.
    return np.where(share == 0, left, left * (1 - share) + right * share)


@dataclass(frozen=True, eq=False)
class Effort:
    """What slope makes of edges.

    Attributes
    ----------
    metres : (n,) float
        Effective length: level metres that take as long as the edge does there and back, halved.
    unknown_m : (n,) float
        Length of the stretches without heights, counted as level, metres.
    climb_m : (n,) float
        Sum of all rises and falls, metres.
    """

    metres: Floats
    unknown_m: Floats
    climb_m: Floats


def tobler_speed(slope: ArrayLike) -> Floats:
    """Return walking speed in km/h on a slope (rise over run) in the direction walked.

    References
    ----------
    .. [1] Tobler, W. (1993). Three presentations on geographical analysis and modeling. NCGIA
       Technical Report 93-1, Santa Barbara.
    """
    lean = np.abs(np.asarray(slope, dtype=np.float64) - _BEST_SLOPE)
    return np.asarray(_FASTEST_KM_H * np.exp(-_DECAY * lean))


def round_trip_factor(slope: ArrayLike) -> Floats:
    """Return by how much a slope lengthens a walk there and back, 1 on the level.

    The mean of the two speeds is the harmonic one: it is the time of both ways that is shared. The
    factor is the same from either end, so that reach stays symmetric, and never below 1.
    """
    s = np.abs(np.asarray(slope, dtype=np.float64))
    return tobler_speed(0.0) * (1 / tobler_speed(s) + 1 / tobler_speed(-s)) / 2


def measure_effort(
    lines: ArrayLike, grid: HeightGrid, *, step_m: float = 20.0, straight: ArrayLike | None = None
) -> Effort:
    """Measure the effective length of edges.

    Every edge is divided into equal parts of at most ``step_m``; each part has the slope between its
    ends. A part one of whose ends has no height counts as level.

    Parameters
    ----------
    lines : (n,) array of shapely LineString
        Edges, planar metres.
    grid : HeightGrid
        Heights of the ground.
    step_m : float
        Longest part, metres.
    straight : (n,) bool array, optional
        Edges off the ground (bridges, tunnels): one even slope from end to end.
    """
    edges = np.asarray(lines, dtype=object).reshape(-1)
    n, length = len(edges), shapely.length(edges)
    count = np.maximum(np.ceil(length / step_m), 1).astype(np.intp)
    if straight is not None:
        count[np.asarray(straight, dtype=bool)] = 1
    of = np.repeat(np.arange(n), count + 1)
    first = np.cumsum(count + 1) - (count + 1)
    share = (np.arange(len(of)) - first[of]) / count[of]
    points = shapely.line_interpolate_point(edges[of], share, normalized=True)
    height = grid.sample(shapely.get_x(points), shapely.get_y(points))
    inner = of[1:] == of[:-1]
    owner: NDArray[np.intp] = of[1:][inner]
    rise = np.diff(height)[inner]
    part = (length / count)[owner]
    known = ~np.isnan(rise) & (part > 0)
    slope = np.divide(rise, part, out=np.zeros(len(part)), where=known)

    def add_up(metres: Floats) -> Floats:
        return np.bincount(owner, weights=metres, minlength=n).astype(np.float64)

    return Effort(
        metres=add_up(part * round_trip_factor(slope)),
        unknown_m=add_up(np.where(np.isnan(rise), part, 0.0)),
        climb_m=add_up(np.where(known, np.abs(rise), 0.0)),
    )
