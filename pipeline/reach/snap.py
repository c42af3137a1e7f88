"""Snap points to edges: where each point enters the graph, how far it walks to get there."""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from pipeline.reach.fence import Fence
from pipeline.reach.graph import Floats, Graph, Ints, round_length

# Points whose nearest edge is shut off look at every edge in reach, this many at a time.
_BLOCK = 4096
# How far they look, in turn, as parts of the limit.
_CIRCLES = (0.25, 0.5, 1.0)
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


class Status(IntEnum):
    """What became of a point at the door of the graph."""

    OK = 0
    """Snapped to the wanted component."""
    FAR = 1
    """No edge within ``max_m``; ``access_m`` tells how far the nearest one is."""
    OTHER_COMPONENT = 2
    """Snapped, but only an edge of another component lies within ``max_m``."""
    OUTSIDE = 3
    """Outside the given area, or a coordinate is no number."""
    BLOCKED = 4
    """Edges lie within ``max_m``, but a barrier stands between the point and each of them."""


@dataclass(frozen=True, eq=False)
class Snap:
    """Points and their entry to the graph.

    Attributes
    ----------
    x, y : (n,) float
        The points as given, planar metres.
    edge : (n,) int32
        Edge entered, -1 where none (status FAR, OUTSIDE or BLOCKED).
    offset_m : (n,) float
        Distance along the edge from its start node u, in the graph's metres.
    access_m : (n,) float
        Straight distance from point to edge, metres; inf where the graph has no edge to enter.
    component : (n,) int32
        Component of the edge, -1 where none.
    status : (n,) int8
        A :class:`Status`.
    passed_island : (n,) bool
        The nearest edge belongs to another component and was passed over for a wanted one.
    """

    x: Floats
    y: Floats
    edge: Ints
    offset_m: Floats
    access_m: Floats
    component: Ints
    status: NDArray[np.int8]
    passed_island: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.edge)

    def take(self, index: ArrayLike) -> "Snap":
        """Return the points at ``index`` (integers or a mask)."""
        chosen = np.asarray(index)
        return Snap(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


def snap_points(
    x: ArrayLike,
    y: ArrayLike,
    graph: Graph,
    edges: ArrayLike,
    *,
    max_m: float,
    component: int | None = None,
    area: shapely.Geometry | None = None,
    enter: ArrayLike | None = None,
    measure_far: bool = True,
    fence: Fence | None = None,
    nearby: Pairs | None = None,
) -> Snap:
    """Snap each point to the nearest point of the nearest edge that it can walk straight to.

    With barriers, an edge whose straight access crosses one is passed over for the next nearest. An
    edge of the wanted component wins over a nearer edge of another one as long as it lies within
    ``max_m``: a home beside a mapped but unconnected yard path belongs to the street network. Of
    edges equally near, the lowest index is taken.

    Parameters
    ----------
    x, y : (n,) float array
        Points, planar metres.
    graph : Graph
        Graph of ``edges``.
    edges : (m,) array of shapely LineString
        The lines the graph was built of.
    max_m : float
        Longest access distance, inclusive, metres.
    component : int, optional
        Wanted component; 0, the longest, by default.
    area : shapely Polygon or MultiPolygon, optional
        Points not covered by it get status OUTSIDE.
    enter : (m,) bool array, optional
        Edges one may step on from the side; all by default (viaducts and tunnels may be excluded).
    measure_far : bool
        Measure how far the FAR and BLOCKED points are; False leaves inf and saves time on large
        grids.
    fence : Fence, optional
        Barriers that no access may cross.
    nearby : pair of int arrays, optional
        Points and edges, in any order: where the nearest edge is shut off, only these are looked at.
        All within ``max_m`` by default.

    Raises
    ------
    ValueError
        ``edges`` is not what the graph was built of, or ``max_m`` is negative.
    """
    lines = np.asarray(edges, dtype=object).reshape(-1)
    if len(lines) != graph.n_edges:
        raise ValueError("edges must be the lines the graph was built of")
    if not max_m >= 0:
        raise ValueError("max_m must not be negative")
    x, y = (np.array(a, dtype=np.float64).reshape(-1) for a in (x, y))
    n = len(x)
    wanted = 0 if component is None else component
    open_edge = np.ones(len(lines), bool) if enter is None else np.asarray(enter, dtype=bool)
    in_wanted = graph.edge_component == wanted

    inside = np.isfinite(x) & np.isfinite(y)
    if area is not None:
        shapely.prepare(area)
        inside[inside] = shapely.intersects_xy(area, x[inside], y[inside])
    points = np.full(n, None, dtype=object)
    points[inside] = shapely.points(x[inside], y[inside])

    edge, access, barred = _find_open(points, lines, np.flatnonzero(open_edge), max_m, fence, nearby)
    hit = np.flatnonzero(edge >= 0)
    astray = hit[~in_wanted[edge[hit]]]
    passed = np.zeros(n, dtype=bool)
    if astray.size:
        joined = np.flatnonzero(open_edge & in_wanted)
        if nearby is not None:
            place = np.full(n, -1)
            place[astray] = np.arange(len(astray))
            mine = place[nearby[0]] >= 0
            nearby = place[nearby[0][mine]], nearby[1][mine]
        better, walk, _ = _find_open(points[astray], lines, joined, max_m, fence, nearby)
        moved = astray[better >= 0]
        edge[moved], access[moved] = better[better >= 0], walk[better >= 0]
        passed[moved] = True

    snapped = edge >= 0
    far = np.flatnonzero(inside & ~snapped)
    if measure_far:
        access[far] = _find_nearest(points[far], lines, np.flatnonzero(open_edge), np.inf)[1]
    status = np.full(n, Status.OUTSIDE, dtype=np.int8)
    status[far] = np.where(barred[far], Status.BLOCKED, Status.FAR)
    home = np.full(n, -1, dtype=np.int32)
    home[snapped] = graph.edge_component[edge[snapped]]
    status[snapped] = np.where(in_wanted[edge[snapped]], Status.OK, Status.OTHER_COMPONENT)
    offset = np.zeros(n)
    offset[snapped] = _measure_offsets(points[snapped], edge[snapped], lines, graph)
    return Snap(
        x=x,
        y=y,
        edge=edge,
        offset_m=offset,
        access_m=round_length(access),
        component=home,
        status=status,
        passed_island=passed,
    )


def place_within(graph: Graph, edges: ArrayLike, area: shapely.Geometry) -> Snap:
    """Return the ends of every stretch of the network inside an area, as points on their edges.

    Whatever leaves the area passes one of them, so as sources they give the exact distance of
    everything outside to the nearest network point inside (guideline 1.4, 研究范围).

    Parameters
    ----------
    graph : Graph
        Graph of ``edges``.
    edges : (m,) array of shapely LineString
        The lines the graph was built of.
    area : shapely Polygon or MultiPolygon
        Planar metres.

    Returns
    -------
    Snap
        Two points per stretch, access 0, in order of edges.
    """
    lines = np.asarray(edges, dtype=object).reshape(-1)
    at = np.sort(shapely.STRtree(lines).query(area, predicate="intersects"))
    parts, of = shapely.get_parts(shapely.intersection(lines[at], area), return_index=True)
    straight = shapely.get_type_id(parts) == 1
    parts, edge = parts[straight], np.repeat(at[of[straight]], 2).astype(np.int32)
    points = np.stack([shapely.get_point(parts, 0), shapely.get_point(parts, -1)], axis=1).ravel()
    home = graph.edge_component[edge]
    return Snap(
        x=shapely.get_x(points),
        y=shapely.get_y(points),
        edge=edge,
        offset_m=_measure_offsets(points, edge, lines, graph),
        access_m=np.zeros(len(edge)),
        component=home,
        status=np.where(home == 0, Status.OK, Status.OTHER_COMPONENT).astype(np.int8),
        passed_island=np.zeros(len(edge), dtype=bool),
    )


def _find_open(
    points: NDArray,
    lines: NDArray,
    candidates: NDArray[np.intp],
    max_m: float,
    fence: Fence | None,
    nearby: Pairs | None,
) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Return the nearest candidate no barrier parts a point from, its distance, and who found none so."""
    edge, access = _find_nearest(points, lines, candidates, max_m)
    barred = np.zeros(len(points), dtype=bool)
    if fence is None:
        return edge, access, barred
    hit = np.flatnonzero(edge >= 0)
    shut = hit[fence.bars(shapely.shortest_line(points[hit], lines[edge[hit]]))]
    if shut.size == 0:
        return edge, access, barred
    edge[shut], access[shut] = -1, np.inf

    def look(at: NDArray[np.intp], found: NDArray[np.intp], reach_m: float) -> None:
        ways = shapely.shortest_line(points[at], lines[found])
        far = shapely.length(ways)
        ok = (round_length(far) <= round_length(reach_m)) & ~fence.bars(ways)
        at, found, far = at[ok], found[ok], far[ok]
        order = np.lexsort((found, round_length(far), at))
        reached, first = np.unique(at[order], return_index=True)
        edge[reached], access[reached] = found[order[first]], far[order[first]]

    if nearby is not None:
        mine = np.isin(nearby[0], shut) & np.isin(nearby[1], candidates)
        look(nearby[0][mine], nearby[1][mine], max_m)
    else:
        tree = shapely.STRtree(lines[candidates])
        # In growing circles: most points need not look at all that lies within the limit.
        for reach_m in (max_m * share for share in _CIRCLES):
            left = shut[edge[shut] < 0]
            for block in np.array_split(left, -(-len(left) // _BLOCK)) if len(left) else []:
                at, found = tree.query(points[block], predicate="dwithin", distance=reach_m + 1e-9)
                look(block[at], candidates[found], reach_m)
    barred[shut] = edge[shut] < 0
    return edge, access, barred


def _find_nearest(
    points: NDArray, lines: NDArray, candidates: NDArray[np.intp], max_m: float
) -> tuple[Ints, Floats]:
    """Return the nearest candidate edge within ``max_m`` and its distance; -1 and inf if none."""
    edge = np.full(len(points), -1, dtype=np.int32)
    access = np.full(len(points), np.inf)
    if candidates.size == 0 or len(points) == 0:
        return edge, access
    tree = shapely.STRtree(lines[candidates])
    # query_nearest wants a positive limit and treats it as exclusive at the last bit.
    limit = None if np.isinf(max_m) else np.nextafter(max_m + 1e-9, np.inf)
    (at, hit), distance = tree.query_nearest(
        points, max_distance=limit, return_distance=True, all_matches=True
    )
    ok = round_length(distance) <= round_length(max_m)
    at, found, distance = at[ok], candidates[hit[ok]], distance[ok]
    order = np.lexsort((found, at))
    _, first = np.unique(at[order], return_index=True)
    best = order[first]
    edge[at[best]] = found[best]
    access[at[best]] = distance[best]
    return edge, access


def _measure_offsets(points: NDArray, edge: Ints, lines: NDArray, graph: Graph) -> Floats:
    """Return where along its edge each point enters, in the graph's metres."""
    planar, length = graph.planar_m[edge], graph.length_m[edge]
    flat = planar == 0
    along = shapely.line_locate_point(lines[edge], points)
    share = np.where(flat, 0.0, along / np.where(flat, 1.0, planar))
    metres = np.where(planar == length, along, share * length)
    return round_length(np.clip(np.where(flat, 0.0, metres), 0.0, length))
