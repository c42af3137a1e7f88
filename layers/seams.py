"""Seams between polygons that should tile the ground: where they overlap, where they gape, and matched edges.

Pure array functions on valid polygons in metres; ``layers.planar`` decides and tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.overlap import keep_areas

_MITRE = "mitre"
# A slit's ground may grow by this factor when looked at twice as wide; an opening angle's grows fourfold.
_GROWTH = 1.5
# Ground whose rim borders on polygons to this part is closed in.
_HELD = 0.999
# A polygon that takes thin ground may grow by this many of its widths at a corner.
_REACH = 2


@dataclass(frozen=True)
class Overlaps:
    """Ground that two polygons claim, one entry a connected piece.

    Attributes
    ----------
    loser, winner : (k,) positions of the polygons; the winner has the smaller rank.
    ground : (k,) polygons.
    """

    loser: NDArray[np.intp]
    winner: NDArray[np.intp]
    ground: NDArray[np.object_]

    def pick(self, which: NDArray[np.bool_]) -> Overlaps:
        """Return some of the entries."""
        return Overlaps(self.loser[which], self.winner[which], self.ground[which])


@dataclass(frozen=True)
class Gaps:
    """Narrow ground between polygons that none claims.

    Attributes
    ----------
    taker : (k,) position of the polygon with the longest border on it.
    other : (k,) position of the one with the next longest.
    ground : (k,) polygons.
    """

    taker: NDArray[np.intp]
    other: NDArray[np.intp]
    ground: NDArray[np.object_]

    def pick(self, which: NDArray[np.bool_]) -> Gaps:
        """Return some of the entries."""
        return Gaps(self.taker[which], self.other[which], self.ground[which])


def is_narrow(shapes: NDArray[np.object_], width_m: float) -> NDArray[np.bool_]:
    """Tell which polygons hold no circle wider than ``width_m``."""
    return shapely.is_empty(shapely.buffer(shapes, -width_m / 2, join_style=_MITRE))


def find_overlaps(
    shapes: NDArray[np.object_],
    *,
    rank: NDArray[np.intp],
    least_m: float,
    asked: NDArray[np.bool_] | None = None,
) -> Overlaps:
    """Return where polygons overlap by more than ``least_m`` of width, connected pieces in order of the loser.

    Parameters
    ----------
    asked : (n,) polygons one of which every pair must hold; all by default.
    """
    mine = np.arange(len(shapes)) if asked is None else np.flatnonzero(asked)
    one, two = shapely.STRtree(shapes).query(shapes[mine], predicate="intersects")
    pairs = np.column_stack([mine[one], two])[mine[one] != two]
    loses = rank[pairs[:, 0]] > rank[pairs[:, 1]]
    pairs = np.unique(np.where(loses[:, None], pairs, pairs[:, ::-1]), axis=0)
    one, two = pairs[:, 0], pairs[:, 1]
    common = keep_areas(shapely.intersection(shapes[one], shapes[two]))
    ground, pair = shapely.get_parts(common, return_index=True)
    wide = ~is_narrow(ground, least_m)
    ground, pair = ground[wide], pair[wide]
    order = np.lexsort((rank[two[pair]], rank[one[pair]]))
    return Overlaps(one[pair[order]], two[pair[order]], ground[order])


def move_within(before: NDArray[np.object_], after: NDArray[np.object_], limit_m: float) -> NDArray[np.bool_]:
    """Tell where no vertex of the boundary, old or new, lies farther than ``limit_m`` from the other boundary."""
    there = ~shapely.is_empty(after)
    moved = np.full(len(before), np.inf)
    moved[there] = shapely.hausdorff_distance(shapely.boundary(before[there]), shapely.boundary(after[there]))
    return moved <= limit_m


def cut_ground(shapes: NDArray[np.object_], overlaps: Overlaps) -> NDArray[np.object_]:
    """Return the polygons without the ground they lose."""
    result = shapes.copy()
    losers, lost = _gather(overlaps.loser, overlaps.ground)
    result[losers] = keep_areas(shapely.difference(shapes[losers], lost))
    return result


def find_gaps(shapes: NDArray[np.object_], *, width_m: float, least_m: float) -> Gaps:
    """Return ground no wider than ``width_m`` between two polygons, closed in or open at its ends.

    Where outlines part company at an acute angle the ground between them grows wider than that: it is open
    land, and no gap.
    """
    whole = shapely.union_all(shapes)
    ground = _close(whole, width_m)
    # Closing rounds off what it need not; such bits are no longer than wide.
    ground = ground[(shapely.area(ground) > width_m * least_m) & ~is_narrow(ground, least_m)]
    none = np.array([], dtype=np.intp)
    if not ground.size:
        return Gaps(none, none, ground)
    piece, near, border = _measure_borders(ground, shapes, least_m)
    first = np.flatnonzero(np.diff(piece, prepend=-1))
    second = np.minimum(first + 1, len(piece) - 1)
    between = (piece[second] == piece[first]) & (first != second) & (border[second] > width_m)
    held = np.bincount(piece, weights=border, minlength=len(ground)) / shapely.length(ground)
    closes = np.ones(len(ground), dtype=bool)
    loose = np.flatnonzero(held < _HELD)
    closes[loose] = _ends_there(ground[loose], shapes, width_m)
    slit = between & closes[piece[first]]
    return Gaps(near[first[slit]], near[second[slit]], ground[piece[first[slit]]])


def _ends_there(
    ground: NDArray[np.object_], shapes: NDArray[np.object_], width_m: float
) -> NDArray[np.bool_]:
    """Tell which open slits end where they were found: twice the width finds no more of them.

    An angle that opens up shows four times as much.
    """
    if not ground.size:
        return np.array([], dtype=bool)
    near = np.unique(shapely.STRtree(shapes).query(ground, predicate="dwithin", distance=4 * width_m)[1])
    wider = _close(shapely.union_all(shapes[near]), 2 * width_m)
    where, holder = shapely.STRtree(wider).query(shapely.point_on_surface(ground), predicate="intersects")
    growth = np.ones(len(ground))
    growth[where] = shapely.area(wider[holder]) / shapely.area(ground[where])
    return growth <= _GROWTH


def _close(whole: shapely.Geometry, width_m: float) -> NDArray[np.object_]:
    """Return the ground that closing an area by ``width_m`` adds: slits, inlets and bits in sharp corners."""
    half = width_m / 2
    closed = shapely.buffer(shapely.buffer(whole, half, join_style=_MITRE), -half, join_style=_MITRE)
    return shapely.get_parts(keep_areas(np.array([shapely.difference(closed, whole)], dtype=object))[0])


def choose_takers(ground: NDArray[np.object_], shapes: NDArray[np.object_], *, slack_m: float) -> Gaps:
    """Give each piece of ground to the shape with the longest border on it, within ``slack_m``; the lonely to none."""
    piece, near, _ = _measure_borders(ground, shapes, slack_m)
    found, first = np.unique(piece, return_index=True)
    return Gaps(near[first], near[first], ground[found])


def _measure_borders(
    ground: NDArray[np.object_], shapes: NDArray[np.object_], slack_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return pairs of ground and shape that touch, with the length they touch along, longest first for each ground."""
    piece, near = shapely.STRtree(shapes).query(ground, predicate="dwithin", distance=slack_m)
    used, which = np.unique(near, return_inverse=True)
    wide = shapely.buffer(shapes[used], slack_m)
    border = shapely.length(shapely.intersection(shapely.boundary(ground)[piece], wide[which]))
    order = np.lexsort((near, -border, piece))
    return piece[order], near[order], border[order]


def fill_ground(shapes: NDArray[np.object_], gaps: Gaps) -> NDArray[np.object_]:
    """Return the polygons with the gaps they take."""
    result = shapes.copy()
    takers, taken = _gather(gaps.taker, gaps.ground)
    result[takers] = keep_areas(shapely.union(shapes[takers], taken))
    return result


def _gather(
    owner: NDArray[np.intp], ground: NDArray[np.object_]
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Return each owner once, with all its ground in one geometry."""
    order = np.argsort(owner, kind="stable")
    owners, starts, counts = np.unique(owner[order], return_index=True, return_counts=True)
    ordered = ground[order]
    whole = ordered[starts]
    for nth in np.flatnonzero(counts > 1):
        whole[nth] = shapely.union_all(ordered[starts[nth] : starts[nth] + counts[nth]])
    return owners, whole


def match_edges(
    shapes: NDArray[np.object_], *, rank: NDArray[np.intp], snap_m: float, gap_m: float
) -> NDArray[np.object_]:
    """Return the polygons with the same vertices on both sides of every shared edge.

    Ground that two claim goes to the smaller rank, ground no wider than ``gap_m`` that none claims to the
    longest border if that runs all along it: what is wider must have been seen to before. A polygon of which nothing would be left stays.

    Parameters
    ----------
    snap_m : vertices nearer than this become one; less than any two vertices that are meant are apart, or
        edges shared with polygons that are not given would no longer match.
    """
    order = np.argsort(rank, kind="stable")
    # coverage_clean can fill gaps as well, but may give one to a polygon that only touches its end.
    cleaned = shapely.coverage_clean(
        shapes[order], snapping_distance=snap_m, gap_width=0, merge_strategy="min_index"
    )
    result = shapes.copy()
    result[order] = _fill_holes(cleaned, width_m=gap_m, slack_m=snap_m)
    same = shapely.is_empty(result) | shapely.equals_exact(
        shapely.normalize(result), shapely.normalize(shapes)
    )
    return np.where(same, shapes, result)


def _fill_holes(shapes: NDArray[np.object_], *, width_m: float, slack_m: float) -> NDArray[np.object_]:
    """Give ground no wider than ``width_m`` that a valid coverage encloses to the longest border.

    Ground that runs on past the border, along a seam of two others, would stretch its taker there: it stays.
    """
    parts = shapely.get_parts(shapely.coverage_union_all(shapes))
    rings, part = shapely.get_rings(parts, return_index=True)
    holes = shapely.polygons(rings[np.diff(part, prepend=-1) == 0])
    holes = holes[is_narrow(holes, width_m)]
    if not holes.size:
        return shapes
    gaps = choose_takers(holes, shapes, slack_m=slack_m)
    takers = shapes[gaps.taker]
    alone = Gaps(np.arange(len(takers)), gaps.other, gaps.ground)
    return fill_ground(shapes, gaps.pick(move_within(takers, fill_ground(takers, alone), _REACH * width_m)))
