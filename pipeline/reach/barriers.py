"""Barriers: lines severed where they cross."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from pipeline.reach.graph import Floats
from pipeline.reach.joining import label_groups

Index = NDArray[np.intp]
# Computed crossings of several lines at one place agree to this; drawn coordinates differ by more.
_SAME_M = 1e-4
# How far along a line its direction at a crossing is taken.
_AIM_M = 0.01
# Arms this near in direction run on each other.
_SAME_ANGLE = 1e-6


@dataclass(frozen=True, eq=False)
class Severed:
    """Lines after barriers were laid across them.

    Attributes
    ----------
    geometry : (n,) array of shapely LineString
        The lines; severed ones in pieces that end ``retreat_m`` before the barrier.
    source : (n,) int
        Index of the input line of each piece.
    x, y : (k,) float
        Places where a barrier parted what met there, sorted by x, then y.
    line, barrier : (k,) int
        Lowest input line and barrier at each place.
    """

    geometry: NDArray
    source: Index
    x: Floats
    y: Floats
    line: Index
    barrier: Index


def sever_lines(
    lines: ArrayLike,
    barriers: ArrayLike,
    *,
    level: ArrayLike | None = None,
    barrier_level: ArrayLike | None = None,
    retreat_m: float = 0.2,
) -> Severed:
    """Part lines where a barrier of their level runs between them.

    At each place where lines and barriers meet, the barriers divide the ground around it into
    sectors. What reaches the place in one sector stays connected; nothing leads from one sector to
    another. So a line that crosses is cut, two lines that end at the wall from either side are
    parted, and a path that only touches a wall, or walks round its free end, is left as it is. A
    line that runs on a barrier belongs to neither side.

    Parameters
    ----------
    lines, barriers : arrays of shapely LineString or MultiLineString
        Planar metres, see :func:`pipeline.reach.fence.open_barriers`; empty ones are passed over.
    level, barrier_level : int arrays, optional
        Grade of each; a bridge or a tunnel does not meet what it crosses. All equal by default.
    retreat_m : float
        How far before the place severed pieces end; twice as much must be more than noding joins.
    """
    whole = np.asarray(lines, dtype=object).reshape(-1)
    grade = np.zeros(len(whole), np.int64) if level is None else np.asarray(level, np.int64)
    parts, source = shapely.get_parts(shapely.force_2d(whole), return_index=True)
    walls, wall_of = shapely.get_parts(np.asarray(barriers, dtype=object).reshape(-1), return_index=True)
    solid = shapely.length(walls) > _AIM_M
    walls, wall_of = walls[solid], wall_of[solid]
    height = np.zeros(len(walls), np.int64)
    if barrier_level is not None:
        height = np.asarray(barrier_level, np.int64)[wall_of]
    meets = _find_meets(parts, walls, grade[source], height)
    if meets is None:
        return Severed(parts, source, np.zeros(0), np.zeros(0), np.zeros(0, np.intp), np.zeros(0, np.intp))
    line, measure, spot, xy, spot_level = meets
    arm_spot, arm_angle, arm_wall = _aim_walls(xy, spot_level, walls, height)
    backward, forward = _aim_lines(parts[line], measure, xy[spot])
    sector, target = _pick_sectors(
        np.tile(spot, 2), np.concatenate([backward, forward]), arm_spot, arm_angle, xy, retreat_m
    )
    parted = _count_sectors(np.tile(spot, 2), sector, len(xy)) > 1
    kept = parted[spot]
    n = len(spot)
    geometry, of = _draw_pieces(parts, line[kept], measure[kept], target[:n][kept], target[n:][kept])
    places = np.flatnonzero(parted)
    first_line, first_wall = (np.full(len(xy), np.iinfo(np.intp).max, dtype=np.intp) for _ in range(2))
    np.minimum.at(first_line, spot, source[line])
    np.minimum.at(first_wall, arm_spot, wall_of[arm_wall])
    places = places[np.lexsort((xy[places, 1], xy[places, 0]))]
    return Severed(
        geometry=geometry,
        source=source[of],
        x=xy[places, 0],
        y=xy[places, 1],
        line=first_line[places],
        barrier=first_wall[places],
    )


def _find_meets(
    parts: NDArray, walls: NDArray, grade: NDArray, height: NDArray
) -> tuple[Index, Floats, Index, Floats, NDArray] | None:
    """Return part, measure and spot of every meeting, and coordinates and level of the spots."""
    at, wall = shapely.STRtree(walls).query(parts, predicate="intersects")
    same = grade[at] == height[wall]
    at, wall = at[same], wall[same]
    shared, pair = shapely.get_parts(shapely.intersection(parts[at], walls[wall]), return_index=True)
    if len(shared) == 0:
        return None
    # Of a common stretch only its ends matter: there a line leaves the barrier.
    points = np.concatenate([shapely.get_point(shared, 0), shapely.get_point(shared, -1)])
    dots = shapely.get_type_id(shared) == 0
    points[: len(shared)][dots] = shared[dots]
    there = ~shapely.is_missing(points)
    xy, line = shapely.get_coordinates(points[there]), at[np.tile(pair, 2)[there]]
    measure = shapely.line_locate_point(parts[line], points[there])
    # A closed line that meets a barrier where it starts meets it where it ends, too.
    ring = shapely.is_closed(parts[line]) & (measure <= _SAME_M)
    measure = np.concatenate([measure, shapely.length(parts[line[ring]])])
    xy, line = np.concatenate([xy, xy[ring]]), np.concatenate([line, line[ring]])
    group = label_groups(len(xy), cKDTree(xy).query_pairs(_SAME_M, output_type="ndarray").T.astype(np.intp))
    _, first, spot = np.unique(np.stack([group, grade[line]]), axis=1, return_index=True, return_inverse=True)
    spot = spot.reshape(-1)
    order = np.lexsort((measure, spot, line))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (
        (np.diff(line[order]) != 0) | (np.diff(spot[order]) != 0) | (np.diff(measure[order]) > 2 * _SAME_M)
    )
    order = order[fresh]
    return line[order], measure[order], spot[order], xy[first], grade[line[first]]


def _aim(lines: NDArray, measure: Floats, origin: Floats, step_m: float) -> Floats:
    """Return the direction a line leaves a place in, radians from 0 to 2 pi; NaN past its end.

    A closed line has no end: it goes on from its other one.
    """
    length = shapely.length(lines)
    closed = shapely.is_closed(lines)
    to = measure + np.sign(step_m) * np.minimum(abs(step_m), length / 4)
    to = np.where(closed, np.mod(to, np.where(length > 0, length, 1.0)), to)
    ends = ~closed & (measure <= _SAME_M if step_m < 0 else measure >= length - _SAME_M)
    aim = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.clip(to, 0, length)))
    angle = np.mod(np.arctan2(aim[:, 1] - origin[:, 1], aim[:, 0] - origin[:, 0]), 2 * np.pi)
    return np.where(ends, np.nan, angle)


def _aim_walls(xy: Floats, level: NDArray, walls: NDArray, height: NDArray) -> tuple[Index, Floats, Index]:
    """Return spot, direction and wall of every barrier arm, sorted by spot and direction."""
    points = shapely.points(xy)
    spot, wall = shapely.STRtree(walls).query(points, predicate="dwithin", distance=_SAME_M)
    same = level[spot] == height[wall]
    spot, wall = spot[same], wall[same]
    measure = shapely.line_locate_point(walls[wall], points[spot])
    angle = np.concatenate([_aim(walls[wall], measure, xy[spot], step) for step in (-_AIM_M, _AIM_M)])
    spot, wall = np.tile(spot, 2), np.tile(wall, 2)
    order = np.lexsort((wall, angle, spot))
    order = order[~np.isnan(angle[order])]
    return spot[order], angle[order], wall[order]


def _aim_lines(lines: NDArray, measure: Floats, origin: Floats) -> tuple[Floats, Floats]:
    """Return the directions before and after each meeting; a ring's ends are ends here."""
    length = shapely.length(lines)
    before, after = (_aim(lines, measure, origin, step) for step in (-_AIM_M, _AIM_M))
    return np.where(measure <= _SAME_M, np.nan, before), np.where(measure >= length - _SAME_M, np.nan, after)


def _pick_sectors(
    spot: Index, angle: Floats, arm_spot: Index, arm_angle: Floats, xy: Floats, retreat_m: float
) -> tuple[NDArray[np.int64], Floats]:
    """Return the sector of each arm of a line, -1 where there is no arm, and where its piece ends."""
    turn = 2 * np.pi
    start = np.searchsorted(arm_spot, np.arange(len(xy)))
    count = np.bincount(arm_spot, minlength=len(xy))
    there = ~np.isnan(angle)
    asked = np.where(there, angle, 0.0)
    # Arms are sorted by spot, then angle: one search in a combined key finds the arm before.
    at = np.searchsorted(arm_spot * 10.0 + arm_angle, spot * 10.0 + asked, side="right") - start[spot]
    before, after = start[spot] + (at - 1) % count[spot], start[spot] + at % count[spot]
    wide = np.mod(arm_angle[after] - arm_angle[before], turn)
    wide = np.where(wide == 0, turn, wide)
    middle = arm_angle[before] + wide / 2
    gap = np.minimum(np.mod(asked - arm_angle[before], turn), np.mod(arm_angle[after] - asked, turn))
    # A line on a barrier is in no sector: it gets one of its own, and so meets nothing here.
    along = gap < _SAME_ANGLE
    aim = np.where(along, asked, middle)
    # Two collinear barrier arms (one wall drawn twice) bound no ground between them.
    sector = np.where(along, len(arm_spot) + np.arange(len(spot)), before)
    target = xy[spot] + retreat_m * np.stack([np.cos(aim), np.sin(aim)], axis=1)
    return np.where(there, sector, -1).astype(np.int64), target


def _count_sectors(spot: Index, sector: NDArray[np.int64], n: int) -> Index:
    pairs = np.unique(np.stack([spot, sector])[:, sector >= 0], axis=1)
    return np.bincount(pairs[0], minlength=n)


def _draw_pieces(
    parts: NDArray, line: Index, measure: Floats, before: Floats, after: Floats
) -> tuple[NDArray, Index]:
    """Cut lines at measures; pieces end at ``before`` and start again at ``after``."""
    cut_lines = np.unique(line)
    if cut_lines.size == 0:
        return parts, np.arange(len(parts))
    place = np.full(len(parts), -1, dtype=np.intp)
    place[cut_lines] = np.arange(len(cut_lines))
    order = np.lexsort((measure, line))
    owner, measure = place[line[order]], measure[order]
    first = np.searchsorted(owner, np.arange(len(cut_lines)))
    nth = np.arange(len(owner)) - first[owner]
    xy, of = shapely.get_coordinates(parts[cut_lines], return_index=True)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    total = np.cumsum(step)
    along = total - total[np.searchsorted(of, np.arange(len(cut_lines)))][of]
    # The cut a vertex follows, by one search in a combined key.
    longest = float(along.max()) + float(measure.max()) + 1.0
    key = owner * longest + measure
    passed = np.searchsorted(key, of * longest + along, side="right")
    # A vertex at the cut gives way to the piece's own end; any other may be a junction and stays.
    gone = np.zeros(len(along), dtype=bool)
    for side in (passed - 1, passed):
        there = (side >= 0) & (side < len(owner))
        cut = np.where(there, side, 0)
        gone |= there & (owner[cut] == of) & (np.abs(measure[cut] - along) <= 2 * _SAME_M)
    piece = passed - first[of]
    rows = [
        (of[~gone], piece[~gone], along[~gone], xy[~gone]),
        (owner, nth, measure, before[order]),
        (owner, nth + 1, measure, after[order]),
    ]
    of, piece, along = (np.concatenate([row[i] for row in rows]) for i in range(3))
    xy = np.concatenate([row[3] for row in rows])
    order = np.lexsort((along, piece, of))
    of, piece, xy = of[order], piece[order], xy[order]
    _, group, size = np.unique(np.stack([of, piece]), axis=1, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    solid = size[group] > 1
    drawn = shapely.linestrings(xy[solid], indices=np.unique(group[solid], return_inverse=True)[1])
    owner = cut_lines[of[solid][np.unique(group[solid], return_index=True)[1]]]
    drawn, owner = drawn[shapely.length(drawn) > 0], owner[shapely.length(drawn) > 0]
    whole = place < 0
    source = np.concatenate([np.flatnonzero(whole), owner])
    geometry = np.concatenate([parts[whole], drawn])
    order = np.argsort(source, kind="stable")
    return geometry[order], source[order]
