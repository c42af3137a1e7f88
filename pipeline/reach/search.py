"""Bounded shortest paths from door to door: nearest source, reach table, distance per node.

Distance is access of the origin + walk along edges + access of the target. Both are points on
edges, left and entered at either end, or joined directly where they share an edge; loops, parallel
and zero-length edges need no special case because a point knows its edge by index and not by its
end nodes. The search is Dijkstra's with a binary heap on CSR arrays [1]_, cut off at the limit
(inclusive); a search costs what it touches, not what the city has.

Lengths add up exactly (see :func:`pipeline.reach.graph.round_length`), so a tie is a tie and goes
to the lowest source index, and ``reach`` is the same table read from either side.

.. [1] Dijkstra, E. W. (1959). A note on two problems in connexion with graphs.
   Numerische Mathematik 1, 269-271.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.reach import kernels
from pipeline.reach.graph import Floats, Graph, Ints, round_length
from pipeline.reach.snap import Snap


@dataclass(frozen=True, eq=False)
class Targets:
    """Snapped points sorted by edge, to be looked up by the search.

    Attributes
    ----------
    n : int
        Number of points, those without an edge included.
    indptr : (m + 1,) int64
        Points on edge e are ``order[indptr[e]:indptr[e + 1]]``.
    order : (k,) int32
        Point index.
    offset_m, access_m : (k,) float
        As in :class:`~pipeline.reach.snap.Snap`, in this order.
    """

    n: int
    indptr: NDArray[np.int64]
    order: Ints
    offset_m: Floats
    access_m: Floats


@dataclass(frozen=True, eq=False)
class Reach:
    """Sparse table of who reaches what, sorted by origin, then target.

    Attributes
    ----------
    indptr : (origins + 1,) int64
        Rows of origin i are ``indptr[i]:indptr[i + 1]``.
    target : (k,) int32
        Target index.
    distance_m : (k,) float
        Door to door, metres, at most the limit.
    """

    indptr: NDArray[np.int64]
    target: Ints
    distance_m: Floats

    @property
    def origin(self) -> Ints:
        """Origin index of each row, (k,)."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))


def index_targets(points: Snap, graph: Graph) -> Targets:
    """Sort snapped points by edge. Worth keeping where the same targets are searched again."""
    snapped = np.flatnonzero(points.edge >= 0)
    order = snapped[np.argsort(points.edge[snapped], kind="stable")].astype(np.int32)
    indptr = np.zeros(graph.n_edges + 1, dtype=np.int64)
    np.cumsum(np.bincount(points.edge[order], minlength=graph.n_edges), out=indptr[1:])
    return Targets(
        n=len(points),
        indptr=indptr,
        order=order,
        offset_m=points.offset_m[order],
        access_m=points.access_m[order],
    )


def nearest(graph: Graph, sources: Snap, targets: Snap | Targets, limit_m: float) -> tuple[Floats, Ints]:
    """Find the nearest source of every target in one sweep.

    Parameters
    ----------
    graph : Graph
        The walk graph.
    sources : Snap
        Points to start from, e.g. all facilities of a class. Those without an edge reach nothing.
    targets : Snap or Targets
        Points to be reached, e.g. homes.
    limit_m : float
        Longest distance door to door, inclusive, metres; may be inf.

    Returns
    -------
    distance_m : (n,) float
        Distance of each target to its nearest source, inf beyond the limit.
    source : (n,) int32
        Index of that source, the lowest of equals; -1 beyond the limit.
    """
    wanted = targets if isinstance(targets, Targets) else index_targets(targets, graph)
    _, hit, who, metres, _, _ = _run(graph, sources, _one_group(sources), wanted, limit_m)
    distance = np.full(wanted.n, np.inf)
    source = np.full(wanted.n, -1, dtype=np.int32)
    distance[hit], source[hit] = metres, who
    return distance, source


def reach(graph: Graph, origins: Snap, targets: Snap, limit_m: float) -> Reach:
    """Find every pair of origin and target within the limit.

    The search runs from whichever side is fewer; the table is the same.

    Parameters
    ----------
    graph : Graph
        The walk graph.
    origins, targets : Snap
        Points; those without an edge have no pair.
    limit_m : float
        Longest distance door to door, inclusive, metres; may be inf.
    """
    swap = len(targets) < len(origins)
    few, many = (targets, origins) if swap else (origins, targets)
    bounds = np.arange(len(few) + 1, dtype=np.int64)
    row, other, _, distance, _, _ = _run(graph, few, bounds, index_targets(many, graph), limit_m)
    table = csr_array((distance, other, row), shape=(len(few), len(many)))
    if swap:
        table = table.T.tocsr()
    table.sort_indices()
    return Reach(table.indptr.astype(np.int64), table.indices.astype(np.int32, copy=False), table.data)


def reach_nodes(graph: Graph, sources: Snap, limit_m: float) -> tuple[Floats, Ints]:
    """Return for every node the distance to its nearest source (inf) and that source (-1)."""
    nothing = Targets(
        0, np.zeros(graph.n_edges + 1, np.int64), np.zeros(0, np.int32), np.zeros(0), np.zeros(0)
    )
    *_, distance, source = _run(graph, sources, _one_group(sources), nothing, limit_m)
    return distance, source


def _one_group(sources: Snap) -> NDArray[np.int64]:
    return np.array([0, len(sources)], dtype=np.int64)


def _run(
    graph: Graph, sources: Snap, bounds: NDArray[np.int64], wanted: Targets, limit_m: float
) -> tuple[NDArray, ...]:
    """Call the kernel; see :func:`pipeline.reach.kernels.reach_groups`."""
    return kernels.reach_groups(
        graph.indptr, graph.indices, graph.weights, graph.arc_edge, graph.arc_forward,
        graph.u, graph.v, graph.length_m,
        sources.edge, sources.offset_m, sources.access_m, bounds,
        wanted.indptr, wanted.order, wanted.offset_m, wanted.access_m, wanted.n,
        float(round_length(limit_m)),
    )  # fmt: skip
