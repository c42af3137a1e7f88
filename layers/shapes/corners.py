"""Every vertex of rings and lines with the two arms that meet in it: spikes, repeated vertices, arcs.

Array form throughout: 100,000 parcels have two million vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from layers.shapes.curves import list_curves


@dataclass(frozen=True)
class Corners:
    """Vertices of polygons and lines; a ring's closing vertex is not counted twice.

    Attributes
    ----------
    xy : (n, 2) coordinates, metres.
    feature : (n,) position of the feature it belongs to.
    curve : (n,) number of its ring or line.
    back, ahead : (n,) index of the vertex before and after; -1 at the ends of a line.
    """

    xy: NDArray[np.float64]
    feature: NDArray[np.intp]
    curve: NDArray[np.intp]
    back: NDArray[np.intp]
    ahead: NDArray[np.intp]

    def arms(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the vectors to the vertex before and to the one after, NaN where there is none, each (n, 2)."""
        before = np.where((self.back >= 0)[:, None], self.xy[self.back] - self.xy, np.nan)
        after = np.where((self.ahead >= 0)[:, None], self.xy[self.ahead] - self.xy, np.nan)
        return before, after


def list_corners(shapes: ArrayLike) -> Corners:
    """Return the corners of polygons and lines; other geometries have none.

    Parameters
    ----------
    shapes : (n,) geometries with finite coordinates, metres; missing ones are allowed.
    """
    curves = list_curves(shapes)
    total = np.arange(len(curves.count))
    keep = np.ones(len(curves.xy), dtype=bool)
    keep[(np.cumsum(curves.count) - 1)[curves.closed & (curves.count > 0)]] = False
    xy, curve = curves.xy[keep], np.repeat(total, curves.count)[keep]
    count = np.bincount(curve, minlength=len(total))
    end = np.cumsum(count)
    start = end - count
    index = np.arange(len(xy))
    first, final = index == start[curve], index == end[curve] - 1
    ring = curves.closed[curve]
    back = np.where(first, np.where(ring, end[curve] - 1, -1), index - 1)
    ahead = np.where(final, np.where(ring, start[curve], -1), index + 1)
    return Corners(xy, curves.feature[curve], curve, back, ahead)


def measure_angles(corners: Corners, *, least_m: float) -> NDArray[np.float64]:
    """Return the angle between the two arms of each corner in degrees, 0 for an out-and-back, NaN for none.

    An arm shorter than ``least_m`` points nowhere and has no angle.
    """
    before, after = corners.arms()
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    dot = (before * after).sum(axis=1)
    angle = np.degrees(np.arctan2(np.abs(cross), dot))
    short = np.minimum(np.hypot(*before.T), np.hypot(*after.T)) <= least_m
    return np.where(short, np.nan, angle)


def measure_widths(corners: Corners) -> NDArray[np.float64]:
    """Return how wide the wedge of each corner is where its shorter arm ends, metres, NaN without two arms.

    For an acute corner this is how far the boundary moves sideways when the corner is left out.
    """
    before, after = corners.arms()
    cross = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
    longer = np.maximum(np.hypot(*before.T), np.hypot(*after.T))
    return np.divide(cross, longer, out=np.zeros_like(cross), where=longer > 0)


def drop_corners(
    shapes: NDArray[np.object_], corners: Corners, drop: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Return polygons without some of their corners; a ring left with less than three keeps all of its own.

    Parameters
    ----------
    shapes : (n,) polygons or multipolygons that ``corners`` was made of.
    drop : (len(corners.xy),) corners to leave out.
    """
    left = np.bincount(corners.curve, weights=~drop)
    drop = drop & (left[corners.curve] >= 3)
    touched = np.unique(corners.feature[drop])
    if not touched.size:
        return shapes
    mine = np.isin(corners.feature, touched) & ~drop
    renumbered = np.unique(corners.curve[mine], return_inverse=True)[1]
    rings = shapely.linearrings(corners.xy[mine], indices=renumbered)
    parts, part_of = shapely.get_parts(shapes[touched], return_index=True)
    # Rings come in the order they were taken apart: each part's shell, then its holes.
    ring_of = np.repeat(np.arange(len(parts)), shapely.get_num_interior_rings(parts) + 1)
    built = shapely.polygons(rings, indices=ring_of)
    result = shapes.copy()
    single = np.bincount(part_of) == 1
    result[touched[single]] = built[single[part_of]]
    if not single.all():
        several = ~single[part_of]
        group = np.unique(part_of[several], return_inverse=True)[1]
        result[touched[~single]] = shapely.multipolygons(built[several], indices=group)
    return result


def count_arcs(corners: Corners, *, step_deg: float, features: int) -> NDArray[np.intp]:
    """Return how many vertices of each feature lie on an arc broken into equal chords.

    GDAL breaks an arc into the fewest equal chords of at most ``step_deg``, so neighbouring chords are of one
    length and turn by one angle; no survey and no editor draws so evenly.

    Parameters
    ----------
    features : number of features.
    """
    before, after = corners.arms()
    one, two = np.hypot(*before.T), np.hypot(*after.T)
    turn = 180.0 - np.degrees(
        np.arctan2(
            np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]), (before * after).sum(axis=1)
        )
    )
    with np.errstate(invalid="ignore"):
        even = (np.abs(one - two) <= 1e-3 * one) & (turn > 0.75 * step_deg) & (turn <= 1.005 * step_deg)
    even &= (corners.back >= 0) & (corners.ahead >= 0)
    # Three in a row that turn alike are an arc; a single one may be chance.
    alike = even & even[corners.back] & even[corners.ahead]
    change = np.abs(turn - turn[corners.back]) + np.abs(turn - turn[corners.ahead])
    with np.errstate(invalid="ignore"):
        alike &= change < 0.05
    return np.bincount(corners.feature[alike], minlength=features)
