"""Ground entered by its doors: how far it is from inside to the network where no path leads out."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from pipeline.reach.corners import find_corners
from pipeline.reach.fence import Fence, open_at
from pipeline.reach.graph import Floats, Graph, Ints, round_length
from pipeline.reach.joining import match_values
from pipeline.reach.snap import Snap, Status, snap_points

Index = NDArray[np.intp]
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
    outlines : Fence
        The outlines of the areas without openings: no way inside leads out and in again.
    half_m : float
        Half the width of an opening.
    graph, edges : Graph and (m,) array of shapely LineString
        The network.
    """

    areas: NDArray
    area: Index
    doors: NDArray
    entry: Snap
    fence: Fence
    outlines: Fence
    half_m: float
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
        nothing = np.zeros(0, dtype=np.intp)
        snap = snap_points(x, y, self.graph, self.edges, nearby=(nothing, nothing), **shared)
        placed = np.flatnonzero(snap.status != Status.OUTSIDE)
        points = np.full(len(snap), None, dtype=object)
        points[placed] = shapely.points(x[placed], y[placed])
        area, point = shapely.STRtree(points).query(self.areas, predicate="intersects")
        metres, door = self._measure_ways(snap, points, point, area)
        shut = (snap.status != Status.OK) & (snap.status != Status.OUTSIDE)
        rows = np.flatnonzero(shut[point])
        nearby = self._find_nearby(points, point[rows], area[rows], np.minimum(metres, max_m))
        within = np.zeros(len(snap), dtype=bool)
        within[point] = True
        for which, pairs in ((shut & within, nearby), (shut & ~within, None)):
            some = np.flatnonzero(which)
            if pairs is not None:
                pairs = np.searchsorted(some, pairs[0]), pairs[1]
            again = snap_points(x[some], y[some], self.graph, self.edges, nearby=pairs, **shared)
            door[some[(again.status == Status.OK) & (again.access_m <= metres[some])]] = -1
            _overwrite(snap, some, again)
        moved = np.flatnonzero(door >= 0)
        _overwrite(snap, moved, self.entry.take(door[moved]))
        snap.access_m[moved] = metres[moved]
        return snap, door

    def _find_nearby(self, points: NDArray, point: Index, area: Index, most_m: Floats) -> tuple[Index, Index]:
        """Return pairs of points inside and all edges they might walk straight to within ``most_m``.

        Such an edge lies in the area at least in part, or the way to it passes an opening.
        """
        tree = shapely.STRtree(self.edges)
        ground, inner = tree.query(self.areas, predicate="intersects")
        at, edge = match_values(area, ground)
        pairs = [(point[at], inner[edge])]
        at, door = match_values(area, self.area)
        at, feet = point[at], self._feet[door]
        # From the opening on there are so many metres left; its middle may be half of it off the way.
        left = most_m[at] - shapely.distance(points[at], feet) + 2 * self.half_m
        near = np.flatnonzero(left >= 0)
        at, edge = at[near], tree.query(feet[near], predicate="dwithin", distance=left[near])
        pairs.append((at[edge[0]], edge[1]))
        found = np.unique(np.concatenate([np.stack(pair) for pair in pairs], axis=1), axis=1)
        return found[0], found[1]

    @cached_property
    def _feet(self) -> NDArray:
        """Where each door opens its outline, which it may be drawn beside."""
        outlines = shapely.get_exterior_ring(self.areas[self.area])
        return shapely.get_point(shapely.shortest_line(outlines, self.doors), 0)

    def _measure_ways(self, snap: Snap, points: NDArray, point: Index, area: Index) -> tuple[Floats, Ints]:
        """Return metres by the nearest door and that door, where it is nearer than what a point has."""
        best = np.where(snap.status == Status.OK, snap.access_m, np.inf)
        door = np.full(len(snap), -1, dtype=np.int32)
        usable = np.flatnonzero(self.entry.status == Status.OK)
        aside = shapely.distance(self._feet[usable], self.doors[usable])
        goals = _Goals(
            self._feet[usable],
            self.area[usable],
            aside + self.entry.access_m[usable],
            usable.astype(np.int32),
        )
        hoped = self._improve(points, point, area, goals, best, door)
        # Some door is nearer as the crow flies than what was found: look round the corners.
        rows = np.flatnonzero((hoped < best)[point])
        if rows.size:
            corners = self._measure_corners(np.unique(area[rows]), goals)
            self._improve(points, point[rows], area[rows], corners, best, door)
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
        self, points: NDArray, point: Index, area: Index, goals: "_Goals", best: Floats, door: Ints
    ) -> Floats:
        """Lower ``best`` and ``door`` in place by the ways from points straight to goals in sight.

        Parameters
        ----------
        point, area : pairs of a point and the area it lies in.

        Returns the metres of every point to its best goal, in sight or not.
        """
        at, goal = match_values(area, goals.area)
        at, area = point[at], area[at]
        metres = shapely.distance(points[at], goals.point[goal]) + goals.metres[goal]
        hoped = np.full(len(points), np.inf)
        np.minimum.at(hoped, at, metres)
        worth = np.flatnonzero(metres < best[at])
        seen = self._see(_draw(points[at[worth]], goals.point[goal[worth]]), area[worth])
        worth = worth[seen]
        # Of equally near doors the lowest index is taken.
        order = worth[np.lexsort((goals.door[goal[worth]], metres[worth], at[worth]))]
        found, first = np.unique(at[order], return_index=True)
        best[found] = metres[order[first]]
        door[found] = goals.door[goal[order[first]]]
        return hoped

    def _see(self, ways: NDArray, area: Index) -> NDArray[np.bool_]:
        """Return which straight ways cross no barrier and do not leave their area."""
        seen = ~self.fence.bars(ways)
        way, outline = self.outlines.find_crossings(ways)
        seen[way[outline == area[way]]] = False
        return seen

    def _measure_corners(self, areas: Index, doors: "_Goals") -> "_Goals":
        """Return the corners of areas that ways inside may turn at."""
        corner, owner = find_corners(self.areas[areas])
        near = doors.take(np.isin(doors.area, areas))
        nodes, home = np.concatenate([near.point, corner]), np.concatenate([near.area, areas[owner]])
        n, k = len(nodes), len(near.point)
        a, b = match_values(home, home)
        a, b = a[(a < b) & (b >= k)], b[(a < b) & (b >= k)]
        ways = _draw(nodes[a], nodes[b])
        seen = self._see(ways, home[a])
        a, b, metres = a[seen], b[seen], shapely.length(ways[seen])
        # One more node stands for the network: it is as far from each door as the door is from it.
        link = coo_array(
            (
                np.concatenate([np.maximum(metres, 1e-9), near.metres + _BASE_M]),
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
        return _Goals(nodes[reached], home[reached], far[reached] - _BASE_M, near.door[last[reached]])


@dataclass(frozen=True, eq=False)
class _Goals:
    """Places that ways inside lead to: area, metres from there to the network, and the door passed."""

    point: NDArray
    area: Index
    metres: Floats
    door: Ints

    def take(self, index: NDArray) -> "_Goals":
        return _Goals(*(getattr(self, f.name)[index] for f in fields(self)))


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
    entry = snap_points(shapely.get_x(points), shapely.get_y(points), graph, edges, max_m=max_m, fence=fence)
    outlines = Fence(shapely.get_exterior_ring(shapes))
    lines = np.asarray(edges, dtype=object).reshape(-1)
    return Ground(shapes, owner, points, entry, fence, outlines, half_m, graph, lines)


def _overwrite(snap: Snap, rows: Index, by: Snap) -> None:
    """Let points join as others do; where they are stays."""
    for name in (f.name for f in fields(Snap) if f.name not in ("x", "y")):
        getattr(snap, name)[rows] = getattr(by, name)


def _draw(start: NDArray, end: NDArray) -> NDArray:
    xy = np.stack([shapely.get_coordinates(start), shapely.get_coordinates(end)], axis=1)
    return shapely.linestrings(xy) if len(xy) else np.zeros(0, dtype=object)
