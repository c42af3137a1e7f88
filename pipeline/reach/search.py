"""Bounded shortest paths from door to door: nearest source, reach table, distance per node.

Distance is access of the origin + walk along edges + access of the target. Both are points on
edges, left and entered at either end, or joined directly where they share an edge; loops, parallel
and zero-length edges need no special case because a point knows its edge by index and not by its
end nodes. The search is Dijkstra's on CSR arrays [1]_, cut off at the limit (inclusive); a search
costs what it touches, not what the city has.

Lengths add up exactly (see :func:`pipeline.reach.graph.round_length`), so a tie is a tie and goes
to the lowest source index, and ``reach`` is the same table read from either side.

.. [1] Dijkstra, E. W. (1959). A note on two problems in connexion with graphs.
   Numerische Mathematik 1, 269-271.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.reach import kernels
from pipeline.reach.graph import Floats, Graph, Ints, round_length
from pipeline.reach.snap import Snap

# Enough for any walk; a search without limit puts what lies beyond into the last one.
_MOST_BUCKETS = 4096
_ENDLESS_M = 2.0**23


@dataclass(frozen=True, eq=False)
class Targets:
    """Snapped points sorted by edge and by node, to be looked up by the search.

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
    near_indptr : (nodes + 1,) int64
        Points on an edge that ends at node i are ``near_target[near_indptr[i]:near_indptr[i + 1]]``;
        every point is listed at either end of its edge.
    near_target : (2 k,) int32
        Point index.
    near_m : (2 k,) float
        From the node along the edge to the point's entry, and its access.
    """

    n: int
    indptr: NDArray[np.int64]
    order: Ints
    offset_m: Floats
    access_m: Floats
    near_indptr: NDArray[np.int64]
    near_target: Ints
    near_m: Floats


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
    edge, offset, access = points.edge[order], points.offset_m[order], points.access_m[order]
    node = np.concatenate([graph.u[edge], graph.v[edge]])
    by_node = np.argsort(node, kind="stable")
    return Targets(
        n=len(points),
        indptr=_count_rows(edge, graph.n_edges),
        order=order,
        offset_m=offset,
        access_m=access,
        near_indptr=_count_rows(node, graph.n_nodes),
        near_target=np.tile(order, 2)[by_node],
        near_m=np.concatenate([offset + access, graph.length_m[edge] - offset + access])[by_node],
    )


def _count_rows(key: Ints, n: int) -> NDArray[np.int64]:
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(key, minlength=n), out=indptr[1:])
    return indptr


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
    distance, source, _, _ = kernels.sweep(*_arguments(graph, sources, wanted, limit_m))
    return distance, source


def reach(graph: Graph, origins: Snap, targets: Snap | Targets, limit_m: float) -> Reach:
    """Find every pair of origin and target within the limit.

    The search runs from whichever side is fewer (from the origins where the targets are given as
    :class:`Targets`); the table is the same.

    Parameters
    ----------
    graph : Graph
        The walk graph.
    origins : Snap
        Points; those without an edge have no pair.
    targets : Snap or Targets
        Points likewise.
    limit_m : float
        Longest distance door to door, inclusive, metres; may be inf.
    """
    if isinstance(targets, Snap) and len(targets) < len(origins):
        row, other, distance, _ = reach_rows(graph, targets, index_targets(origins, graph), limit_m)
        table = csr_array((distance, other, row), shape=(len(targets), len(origins))).T.tocsr()
    else:
        wanted = targets if isinstance(targets, Targets) else index_targets(targets, graph)
        row, other, distance, _ = reach_rows(graph, origins, wanted, limit_m)
        table = csr_array((distance, other, row), shape=(len(origins), wanted.n))
    table.sort_indices()
    return Reach(table.indptr.astype(np.int64), table.indices.astype(np.int32, copy=False), table.data)


def reach_rows(
    graph: Graph, origins: Snap, targets: Targets, limit_m: float
) -> tuple[NDArray[np.int64], Ints, Floats, int]:
    """Return the reach table as it comes from the search: rows in order, targets within a row in none.

    Returns
    -------
    indptr, target, distance_m
        As in :class:`Reach`.
    settled : int
        Nodes settled over all origins.
    """
    return _reach_each(graph, origins, targets, limit_m, list_nodes=False)


def reach_nodes_each(
    graph: Graph, origins: Snap, limit_m: float
) -> tuple[NDArray[np.int64], Ints, Floats, int]:
    """Return :func:`reach_rows` with the nodes of the graph as targets."""
    return _reach_each(graph, origins, _no_targets(graph, origins), limit_m, list_nodes=True)


def _reach_each(
    graph: Graph, origins: Snap, targets: Targets, limit_m: float, *, list_nodes: bool
) -> tuple[NDArray[np.int64], Ints, Floats, int]:
    arguments = _arguments(graph, origins, targets, limit_m)
    limit = arguments[-1]
    # A fraction of an edge to a bucket keeps the heap of the open one at a few entries.
    mean = float(graph.length_m.mean()) if graph.n_edges else 0.0
    step = max(mean / 32, limit / _MOST_BUCKETS if np.isfinite(limit) else 0.0) or 1.0
    buckets = int(min(limit / step + 2, _MOST_BUCKETS + 2))
    # Nodes are numbered along a curve, so the number tells who is whose neighbour.
    order = np.argsort(graph.u[origins.edge], kind="stable") if graph.n_edges else np.arange(len(origins))
    row, target, distance, settled = kernels.reach_each(*arguments, order, step, buckets, list_nodes)
    return row, target, distance, int(settled)


def _no_targets(graph: Graph, points: Snap) -> Targets:
    return index_targets(points.take(np.zeros(0, dtype=np.intp)), graph)


def reach_nodes(graph: Graph, sources: Snap, limit_m: float) -> tuple[Floats, Ints]:
    """Return for every node the distance to its nearest source (inf) and that source (-1)."""
    nothing = _no_targets(graph, sources)
    _, _, distance, source = kernels.sweep(*_arguments(graph, sources, nothing, limit_m))
    return distance, source


def _round_limit(limit_m: float) -> float:
    # Beyond this lengths no longer add up exactly, and no walk on earth is as long.
    return np.inf if limit_m >= _ENDLESS_M else float(round_length(limit_m))


def _arguments(graph: Graph, sources: Snap, wanted: Targets, limit_m: float) -> tuple[Any, ...]:
    """Return what both kernels take; see :mod:`pipeline.reach.kernels`."""
    return (
        graph.indptr, graph.indices, graph.weights, graph.u, graph.v, graph.length_m,
        sources.edge, sources.offset_m, sources.access_m,
        wanted.indptr, wanted.order, wanted.offset_m, wanted.access_m,
        wanted.near_indptr, wanted.near_target, wanted.near_m, wanted.n,
        _round_limit(limit_m),
    )  # fmt: skip
