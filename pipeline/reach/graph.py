"""The walk graph: nodes, edges and CSR arrays, with a component label on every node."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from pipeline.reach.joining import join_points, label_groups

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Lengths are whole multiples of 2^-30 m (one nanometre). Sums of such numbers below 8,388 km are
# exact in float64 whatever their order, so equal routes are equal numbers: ties and inclusive
# limits do not depend on the direction of a search, and reach is symmetric bit by bit.
_QUANTUM = 2.0**30
# Steps that put a zero between any two bits of a number of 32.
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def round_length(metres: ArrayLike) -> Floats:
    """Round metres to the nearest 2^-30 m, the grain in which every distance adds up exactly."""
    return np.rint(np.asarray(metres, dtype=np.float64) * _QUANTUM) / _QUANTUM


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected walk graph in CSR form.

    Attributes
    ----------
    x, y : (n,) float
        Node coordinates, planar metres.
    u, v : (m,) int32
        Start and end node of each edge, in the direction of its geometry.
    length_m : (m,) float
        Length of each edge, or the effective metres given as ``cost_m``.
    planar_m : (m,) float
        Geometric length of each edge; differs from ``length_m`` only under ``cost_m``.
    indptr : (n + 1,) int64
        Arcs of node i are ``indptr[i]:indptr[i + 1]``; every edge is two arcs (a loop, too).
    indices, weights, arc_edge, arc_forward : (2 m,) int32, float, int32, bool
        Far node, metres, edge and direction of each arc.
    component : (n,) int32
        Connected component of each node; 0 is the longest, then by falling length.
    component_m : (c,) float
        Length of each component, metres.
    """

    x: Floats
    y: Floats
    u: Ints
    v: Ints
    length_m: Floats
    planar_m: Floats
    indptr: NDArray[np.int64]
    indices: Ints
    weights: Floats
    arc_edge: Ints
    arc_forward: NDArray[np.bool_]
    component: Ints
    component_m: Floats

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.x)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.u)

    @property
    def edge_component(self) -> Ints:
        """Component of each edge, (m,)."""
        return self.component[self.u]

    @property
    def degree(self) -> NDArray[np.int64]:
        """Number of edge ends at each node, (n,); a loop counts twice, a dead end has 1."""
        return np.diff(self.indptr)


def build_graph(edges: ArrayLike, *, snap_m: float = 0.01, cost_m: ArrayLike | None = None) -> Graph:
    """Build the walk graph of noded lines.

    Edges meet where their ends coincide, or lie within ``snap_m`` and are not yet joined by edges
    of that size (see :func:`pipeline.reach.joining.join_points`). Parallel edges, loops and
    zero-length edges are kept: edge i of the graph is ``edges[i]``.

    Parameters
    ----------
    edges : (m,) array of shapely LineString
        Noded lines in planar metres, see :func:`pipeline.reach.noding.node_lines`.
    snap_m : float
        Largest gap between two ends that is still one node, metres.
    cost_m : (m,) float array, optional
        Effective metres of each edge (slope, surface) in place of its planar length.

    Raises
    ------
    ValueError
        An edge is missing, empty or no LineString, or a cost is negative or not finite.
    """
    lines = np.asarray(edges, dtype=object).reshape(-1)
    if not np.all(shapely.get_type_id(lines) == 1) or np.any(shapely.is_empty(lines)):
        raise ValueError("every edge must be a non-empty LineString")
    planar = round_length(shapely.length(lines))
    length = planar if cost_m is None else round_length(cost_m)
    if length.shape != planar.shape or not np.all(np.isfinite(length)) or np.any(length < 0):
        raise ValueError("edge lengths must be finite and not negative, one per edge")
    xy, u, v = _join_ends(lines, planar, snap_m)
    n, m = len(xy), len(lines)

    tail = np.concatenate([u, v])
    edge = np.tile(np.arange(m, dtype=np.int32), 2)
    order = np.lexsort((edge, tail))
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=n), out=indptr[1:])
    component, component_m = _label_components(n, u, v, planar)
    return Graph(
        x=np.ascontiguousarray(xy[:, 0]),
        y=np.ascontiguousarray(xy[:, 1]),
        u=u,
        v=v,
        length_m=length,
        planar_m=planar,
        indptr=indptr,
        indices=np.concatenate([v, u])[order],
        weights=np.tile(length, 2)[order],
        arc_edge=edge[order],
        arc_forward=order < m,
        component=component,
        component_m=component_m,
    )


def _join_ends(lines: NDArray, length: Floats, snap_m: float) -> tuple[Floats, Ints, Ints]:
    """Return node coordinates (n, 2) and the end nodes of each line."""
    m = len(lines)
    if m == 0:
        return np.zeros((0, 2)), np.zeros(0, np.int32), np.zeros(0, np.int32)
    ends = shapely.get_coordinates(
        np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    )
    xy, place = np.unique(ends, axis=0, return_inverse=True)
    place = place.reshape(-1)
    near = np.sort(cKDTree(xy).query_pairs(snap_m, output_type="ndarray").T.astype(np.intp), axis=0)
    short = length <= 4 * snap_m
    node = join_points(
        len(xy),
        exact=np.zeros((2, 0), dtype=np.intp),
        near=near,
        gap_m=np.hypot(*(xy[near[0]] - xy[near[1]]).T),
        tiny=np.stack([place[:m][short], place[m:][short]]),
    )
    _, first = np.unique(node, return_index=True)
    order, rank = _order_nodes(xy[first])
    joined = rank[node[place]].astype(np.int32)
    return xy[first][order], joined[:m], joined[m:]


def _order_nodes(xy: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the order of nodes along a Z-curve [1]_, and the rank of each.

    What is near on the ground is then near in memory, so the time per settled node hardly grows with
    the city.

    .. [1] Morton, G. M. (1966). A computer oriented geodetic data base and a new technique in file
       sequencing. IBM Ltd., Ottawa.
    """
    low, high = xy.min(axis=0), xy.max(axis=0)
    size = float((high - low).max()) or 1.0
    # 31 bits an axis: a metre of the whole country, and both interleave into 64.
    grid = ((xy - low) / size * (2**31 - 1)).astype(np.uint64)
    for shift, mask in _SPREAD:
        grid = (grid | (grid << np.uint64(shift))) & np.uint64(mask)
    order = np.argsort(grid[:, 0] | (grid[:, 1] << np.uint64(1)), kind="stable")
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return order, rank


def _label_components(n: int, u: Ints, v: Ints, length: Floats) -> tuple[Ints, Floats]:
    """Label components by falling length; return the label of each node and the lengths."""
    label = label_groups(n, np.stack([u, v]).astype(np.intp))
    total = np.bincount(label[u], weights=length, minlength=int(label.max(initial=-1)) + 1)
    order = np.argsort(-total, kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[label], total[order].astype(np.float64)
