"""Which points are one point: exact ties always, small gaps only where they close something."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

Pairs = NDArray[np.intp]


def unique_pairs(a: NDArray, b: NDArray) -> tuple[NDArray, NDArray, NDArray[np.intp]]:
    """Return the distinct pairs, sorted by ``a``, then ``b``, and the place of each input pair among them.

    As ``np.unique`` over an axis, which compares rows as records and takes several times as long.
    """
    order = np.lexsort((b, a))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (a[order[1:]] != a[order[:-1]]) | (b[order[1:]] != b[order[:-1]])
    inverse = np.empty(len(order), dtype=np.intp)
    inverse[order] = np.cumsum(first) - 1
    return a[order[first]], b[order[first]], inverse


def match_values(
    left: NDArray[np.intp], right: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the positions of all pairs of equal values, one of each array, by the left one."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    at = np.repeat(np.arange(len(left)), count)
    step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    return at, order[first[at] + step]


def label_groups(n: int, pairs: Pairs) -> NDArray[np.intp]:
    """Label the connected groups of ``n`` items.

    Parameters
    ----------
    n : int
        Number of items.
    pairs : (2, k) int array
        Items that belong together.

    Returns
    -------
    (n,) int array
        Group of each item, numbered by each group's lowest item.
    """
    if n == 0:
        return np.zeros(0, dtype=np.intp)
    linked = coo_array((np.ones(pairs.shape[1], dtype=np.int8), (pairs[0], pairs[1])), shape=(n, n))
    _, label = connected_components(linked, directed=False)
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def join_points(
    n: int, *, exact: Pairs, near: Pairs, gap_m: NDArray[np.float64], tiny: Pairs
) -> NDArray[np.intp]:
    """Label points that are one node: exact pairs, and near pairs that close a gap.

    A near pair is not joined when both points are already connected by tiny edges. Without that
    rule a line cut into pieces shorter than the tolerance would collapse into a single node and
    its length would vanish. Near pairs are accepted by increasing gap (a minimum spanning forest),
    so the shortest bridge wins and no second bridge is built beside it.

    Parameters
    ----------
    n : int
        Number of points.
    exact : (2, e) int array
        Pairs at the same place.
    near : (2, k) int array
        Pairs within the tolerance.
    gap_m : (k,) float array
        Distance of each near pair, metres.
    tiny : (2, t) int array
        Pairs joined by an edge about as short as the tolerance.

    Returns
    -------
    (n,) int array
        Node of each point, numbered by each node's lowest point.
    """
    base = label_groups(n, np.hstack([exact, tiny]))
    ends = np.sort(base[near], axis=0)
    order = np.lexsort((ends[1], ends[0], gap_m))
    order = order[ends[0][order] != ends[1][order]]
    if order.size == 0:
        return label_groups(n, exact)
    code = ends[0][order] * n + ends[1][order]
    _, first = np.unique(code, return_index=True)
    order = order[np.sort(first)]
    # The rank stands in for the gap: distinct weights make the spanning forest unique.
    weight = np.arange(1.0, len(order) + 1.0)
    gaps = coo_array((weight, (ends[0][order], ends[1][order])), shape=(n, n)).tocsr()
    chosen = minimum_spanning_tree(gaps).data.astype(np.intp) - 1
    return label_groups(n, np.hstack([exact, near[:, order[chosen]]]))
