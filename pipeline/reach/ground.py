"""Ground entered by its doors: how far it is from inside to the network where no path leads out."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from pipeline.reach.fence import Fence, open_at
from pipeline.reach.graph import Floats, Graph, Ints, round_length
from pipeline.reach.snap import Snap, Status, snap_points

Index = NDArray[np.intp]
# Ways round a corner of the outline keep this far from it, so that they do not run on it.
_INSET_M = 0.1
# Outlines with more corners than this are taken more coarsely, until they have no more.
_MOST_CORNERS = 400
# No edge of a sparse graph may weigh nothing: every way to a door weighs this much more.
_BASE_M = 1.0


def enclose_ground(areas: ArrayLike, area: ArrayLike, doors: ArrayLike, *, half_m: float) -> NDArray:
    """Return the outline of each area less its openings at doors.

    Parameters
    ----------
    areas : (n,) array of shapely Polygon
        Planar metres; holes are part of the ground.
    area : (k,) int
        Area of each door.
    doors : (k,) array of shapely Point
        On the outline of their area or beside it.
    half_m : float
        Half the width of an opening.
    """
    outlines = shapely.get_exterior_ring(np.asarray(areas, dtype=object).reshape(-1))
    return open_at(
        outlines, np.asarray(area, dtype=np.intp), np.asarray(doors, dtype=object).reshape(-1), half_m=half_m
    )


@dataclass(frozen=True, eq=False)
class Ground:
    """Areas that nobody enters or leaves except at a door.

    Attributes
    ----------
    areas : (n,) array of shapely Polygon
        Planar metres.
    area : (k,) int
        Area of each door.
    doors : (k,) array of shapely Point
        The doors.
    entry : Snap
        Entry of each door to the network; doors that do not join its main part lead nowhere.
    fence : Fence
        What no straight way crosses: barriers and the outlines of all areas, open at their doors.
    graph, edges : Graph and (m,) array of shapely LineString
        The network.
    """

    areas: NDArray
    area: Index
    doors: NDArray
    entry: Snap
    fence: Fence
    graph: Graph
    edges: NDArray

    def snap(self, x: ArrayLike, y: ArrayLike, *, max_m: float, **more: Any) -> tuple[Snap, Ints]:
        """Snap points; those inside join by a door where no edge they can walk straight to is nearer.

        The way from point to door is the shortest that stays inside: straight, or round corners of
        the outline. It counts as access, and so does the door's own. Within the ground it has no
        limit: the door is known to be the way out, however far it is.

        Parameters
        ----------
        x, y : (n,) float
            Points, planar metres.
        max_m : float
            Longest straight access, inclusive, metres.
        **more
            As in :func:`pipeline.reach.snap.snap_points`.

        Returns
        -------
        snap : Snap
            How the points join.
        door : (n,) int32
            The door by which a point joins, -1 where it joins straight.
        """
        x, y = (np.asarray(a, dtype=np.float64).reshape(-1) for a in (x, y))
        shared = {"max_m": max_m, "fence": self.fence, **more}
        # Where the nearest edge can be walked to, that is all. The others know by then how far a door is.
        snap = snap_points(x, y, self.graph, self.edges, patience_m=0.0, **shared)
        metres, door = self._measure_ways(snap)
        shut = np.flatnonzero((snap.status != Status.OK) & (snap.status != Status.OUTSIDE))
        again = snap_points(x[shut], y[shut], self.graph, self.edges, patience_m=metres[shut], **shared)
        straight = again.status == Status.OK
        door[shut[straight & (again.access_m <= metres[shut])]] = -1
        moved = np.flatnonzero(door >= 0)
        by = self.entry.take(door[moved])
        for name in (f.name for f in fields(Snap) if f.name not in ("x", "y")):
            getattr(snap, name)[shut] = getattr(again, name)
            getattr(snap, name)[moved] = getattr(by, name)
        snap.access_m[moved] = metres[moved]
        return snap, door

    def _measure_ways(self, snap: Snap) -> tuple[Floats, Ints]:
        """Return metres by the nearest door and that door, where it is nearer than what a point has."""
        best = np.where(snap.status == Status.OK, snap.access_m, np.inf)
        door = np.full(len(snap), -1, dtype=np.int32)
        placed = np.flatnonzero(snap.status != Status.OUTSIDE)
        points = np.full(len(snap), None, dtype=object)
        points[placed] = shapely.points(snap.x[placed], snap.y[placed])
        area, point = shapely.STRtree(points).query(self.areas, predicate="intersects")
        usable = np.flatnonzero(self.entry.status == Status.OK)
        at, which = _join(area, self.area[usable])
        which = usable[which]
        hoped = self._improve(
            points, point[at], self.doors[which], which, self.entry.access_m[which], best, door
        )
        # Some door is nearer as the crow flies than what was found: look round the corners.
        rows = np.flatnonzero((hoped < best)[point])
        if rows.size:
            corner, corner_area, cost, way = self._measure_corners(np.unique(area[rows]), usable)
            at, which = _join(area[rows], corner_area)
            self._improve(points, point[rows[at]], corner[which], way[which], cost[which], best, door)
        return round_length(best), door

    def find_front(self, x: ArrayLike, y: ArrayLike, *, near_m: float) -> NDArray[np.bool_]:
        """Return which points lie inside an area, at most so far from its outline."""
        points = shapely.points(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        area, point = shapely.STRtree(points).query(self.areas, predicate="intersects")
        outline = shapely.get_exterior_ring(self.areas)[area]
        front = np.zeros(len(points), dtype=bool)
        front[point[shapely.distance(points[point], outline) <= near_m]] = True
        return front

    def _improve(
        self,
        points: NDArray,
        point: Index,
        goals: NDArray,
        goal_door: Index,
        goal_m: Floats,
        best: Floats,
        door: Ints,
    ) -> Floats:
        """Lower ``best`` and ``door`` in place by the ways from points straight to goals in sight.

        Returns the metres of every point to its best goal, in sight or not.
        """
        metres = shapely.distance(points[point], goals) + goal_m
        hoped = np.full(len(points), np.inf)
        np.minimum.at(hoped, point, metres)
        worth = np.flatnonzero(metres < best[point])
        ways = _draw(points[point[worth]], goals[worth])
        worth = worth[~self.fence.bars(ways)]
        # Of equally near doors the lowest index is taken.
        order = worth[np.lexsort((goal_door[worth], metres[worth], point[worth]))]
        found, first = np.unique(point[order], return_index=True)
        best[found] = metres[order[first]]
        door[found] = goal_door[order[first]]
        return hoped

    def _measure_corners(self, areas: Index, usable: Index) -> tuple[NDArray, Index, Floats, Ints]:
        """Return the corners of areas that ways inside may turn at: point, area, metres and door each."""
        corner, owner = _find_corners(self.areas[areas])
        owner = areas[owner]
        near = usable[np.isin(self.area[usable], areas)]
        nodes, home = np.concatenate([self.doors[near], corner]), np.concatenate([self.area[near], owner])
        n, k = len(nodes), len(near)
        a, b = _join(home, home)
        a, b = a[(a < b) & (b >= k)], b[(a < b) & (b >= k)]
        ways = _draw(nodes[a], nodes[b])
        seen = ~self.fence.bars(ways)
        a, b, metres = a[seen], b[seen], shapely.length(ways[seen])
        # One more node stands for the network: it is as far from each door as the door's access.
        link = coo_array(
            (
                np.concatenate([np.maximum(metres, 1e-9), self.entry.access_m[near] + _BASE_M]),
                (np.concatenate([a, np.arange(k)]), np.concatenate([b, np.full(k, n)])),
            ),
            shape=(n + 1, n + 1),
        )
        far, before = dijkstra(link.tocsr(), directed=False, indices=n, return_predecessors=True)
        # Back along the way until the door next to the network.
        last = np.arange(n)
        while (inner := (before[last] >= 0) & (before[last] < n)).any():
            last[inner] = before[last[inner]]
        reached = np.flatnonzero(np.isfinite(far[k:n])) + k
        return nodes[reached], home[reached], far[reached] - _BASE_M, near[last[reached]].astype(np.int32)


def open_ground(
    areas: ArrayLike,
    area: ArrayLike,
    doors: ArrayLike,
    graph: Graph,
    edges: ArrayLike,
    *,
    half_m: float,
    max_m: float,
    barriers: ArrayLike = (),
) -> Ground:
    """Shut areas but for their doors, and join the doors to the network.

    Parameters
    ----------
    areas, area, doors, half_m : see :func:`enclose_ground`.
    graph, edges : the network.
    max_m : float
        Longest straight way from a door to its edge, inclusive, metres.
    barriers : array of shapely LineString or MultiLineString
        What else no straight way may cross, open at its gates.
    """
    shapes = np.asarray(areas, dtype=object).reshape(-1)
    owner = np.asarray(area, dtype=np.intp).reshape(-1)
    points = np.asarray(doors, dtype=object).reshape(-1)
    walls = np.asarray(barriers, dtype=object).reshape(-1)
    fence = Fence(np.concatenate([walls, enclose_ground(shapes, owner, points, half_m=half_m)]))
    entry = snap_points(
        shapely.get_x(points), shapely.get_y(points), graph, edges, max_m=max_m, fence=fence
    )
    return Ground(shapes, owner, points, entry, fence, graph, np.asarray(edges, dtype=object))


def _join(left: Index, right: Index) -> tuple[Index, Index]:
    """Return positions of all pairs of equal values, by the left one."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    at = np.repeat(np.arange(len(left)), count)
    step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    return at, order[first[at] + step]


def _draw(start: NDArray, end: NDArray) -> NDArray:
    xy = np.stack([shapely.get_coordinates(start), shapely.get_coordinates(end)], axis=1)
    return shapely.linestrings(xy) if len(xy) else np.zeros(0, dtype=object)


def _find_corners(areas: NDArray) -> tuple[NDArray, Index]:
    """Return the places inside that a shortest way may turn at, and the area of each.

    They are the corners at which the outline bends inwards, a little way off it.
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
