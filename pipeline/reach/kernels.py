"""The compiled search. Plain arrays only; :mod:`pipeline.reach.search` is the way in.

There is one kernel, with one signature, compiled once and cached on disk (beside the package,
or in the user cache where that is read-only); it releases the GIL, so threads may share a graph.
Buffers are made once per call and reset only where they were touched.
"""

import numpy as np
from numba import njit


def compile_kernel(function):
    """Compile on first call, cached where a cache can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # Numba refuses to cache where neither the package nor the user's cache folder is writable
        # (a read-only container without a home); compiling anew each run is the lesser evil.
        return njit(nogil=True)(function)


@compile_kernel
def _push(key, rank, item, size, k, r, n):
    """Push (k, r, n) on the heap ordered by key, then rank; return the new size."""
    i = size
    while i > 0:
        up = (i - 1) >> 1
        if key[up] < k or (key[up] == k and rank[up] <= r):
            break
        key[i], rank[i], item[i] = key[up], rank[up], item[up]
        i = up
    key[i], rank[i], item[i] = k, r, n
    return size + 1


@compile_kernel
def _pop(key, rank, item, size):
    """Take the first entry off the heap; the caller has read it. Return the new size."""
    size -= 1
    k, r, n = key[size], rank[size], item[size]
    i = 0
    while True:
        low = 2 * i + 1
        if low >= size:
            break
        right = low + 1
        if right < size and (key[right] < key[low] or (key[right] == key[low] and rank[right] < rank[low])):
            low = right
        if k < key[low] or (k == key[low] and r <= rank[low]):
            break
        key[i], rank[i], item[i] = key[low], rank[low], item[low]
        i = low
    key[i], rank[i], item[i] = k, r, n
    return size


@compile_kernel
def _search(
    indptr, indices, weights, eu, ev, elen, s_edge, s_off, s_acc, first, last, limit,
    dist, src, touched, key, rank, item,
):  # fmt: skip
    """Settle all nodes within the limit of sources first..last; return how many were touched.

    Labels are ordered by (distance, source). A label only ever falls in that order and never
    falls below the one it was relaxed from, so Dijkstra's argument holds for the pair and the
    lowest source wins every tie.
    """
    size = 0
    count = 0
    for s in range(first, last):
        e = s_edge[s]
        if e < 0:
            continue
        for end in range(2):
            node = eu[e] if end == 0 else ev[e]
            d = s_acc[s] + (s_off[s] if end == 0 else elen[e] - s_off[s])
            if d <= limit and (d < dist[node] or (d == dist[node] and s < src[node])):
                if dist[node] == np.inf:
                    touched[count] = node
                    count += 1
                dist[node] = d
                src[node] = s
                size = _push(key, rank, item, size, d, s, node)
    while size > 0:
        d, s, node = key[0], rank[0], item[0]
        size = _pop(key, rank, item, size)
        if d != dist[node] or s != src[node]:
            continue
        for a in range(indptr[node], indptr[node + 1]):
            far = indices[a]
            nd = d + weights[a]
            if nd <= limit and (nd < dist[far] or (nd == dist[far] and s < src[far])):
                if dist[far] == np.inf:
                    touched[count] = far
                    count += 1
                dist[far] = nd
                src[far] = s
                size = _push(key, rank, item, size, nd, s, far)
    return count


@compile_kernel
def _scatter(
    indptr, arc_edge, arc_forward, elen, s_edge, s_off, s_acc, first, last, limit,
    dist, src, touched, count, t_indptr, t_order, t_off, t_acc, best, best_src, hits,
):  # fmt: skip
    """Carry node distances to the targets on their edges; return how many targets were hit."""
    found = 0
    for i in range(count):
        node = touched[i]
        for a in range(indptr[node], indptr[node + 1]):
            e = arc_edge[a]
            for j in range(t_indptr[e], t_indptr[e + 1]):
                along = t_off[j] if arc_forward[a] else elen[e] - t_off[j]
                d = dist[node] + along + t_acc[j]
                t = t_order[j]
                if d <= limit and (d < best[t] or (d == best[t] and src[node] < best_src[t])):
                    if best[t] == np.inf:
                        hits[found] = t
                        found += 1
                    best[t] = d
                    best_src[t] = src[node]
    # Along the shared edge, without passing a node.
    for s in range(first, last):
        e = s_edge[s]
        if e < 0:
            continue
        for j in range(t_indptr[e], t_indptr[e + 1]):
            d = s_acc[s] + abs(s_off[s] - t_off[j]) + t_acc[j]
            t = t_order[j]
            if d <= limit and (d < best[t] or (d == best[t] and s < best_src[t])):
                if best[t] == np.inf:
                    hits[found] = t
                    found += 1
                best[t] = d
                best_src[t] = s
    return found


@compile_kernel
def _grow(a):
    """Return the array with twice the room."""
    b = np.empty(2 * len(a) + 16, dtype=a.dtype)
    b[: len(a)] = a
    return b


@compile_kernel
def reach_groups(
    indptr, indices, weights, arc_edge, arc_forward, eu, ev, elen, s_edge, s_off, s_acc, bounds,
    t_indptr, t_order, t_off, t_acc, n_targets, limit,
):  # fmt: skip
    """One search per group of sources ``bounds[g]:bounds[g + 1]``.

    Returns CSR rows (one per group, targets in no order): row pointer, target, source, distance;
    then distance and source per node of the last group.
    """
    n_nodes = len(indptr) - 1
    dist = np.full(n_nodes, np.inf)
    src = np.full(n_nodes, -1, np.int32)
    touched = np.empty(n_nodes, np.int32)
    # Each arc and each source end is pushed at most once, since a popped label is final. The room
    # is reserved, not filled: memory is used only as far as the heap grows.
    room = len(indices) + 2 * len(s_edge) + 1
    key = np.empty(room, np.float64)
    rank = np.empty(room, np.int32)
    item = np.empty(room, np.int32)
    best = np.full(n_targets, np.inf)
    best_src = np.full(n_targets, -1, np.int32)
    hits = np.empty(n_targets, np.int32)
    groups = len(bounds) - 1
    row = np.zeros(groups + 1, np.int64)
    out_t = np.empty(1024, np.int32)
    out_s = np.empty(1024, np.int32)
    out_d = np.empty(1024, np.float64)
    total = 0
    for g in range(groups):
        first, last = bounds[g], bounds[g + 1]
        count = _search(
            indptr, indices, weights, eu, ev, elen, s_edge, s_off, s_acc, first, last, limit,
            dist, src, touched, key, rank, item,
        )  # fmt: skip
        found = _scatter(
            indptr, arc_edge, arc_forward, elen, s_edge, s_off, s_acc, first, last, limit,
            dist, src, touched, count, t_indptr, t_order, t_off, t_acc, best, best_src, hits,
        )  # fmt: skip
        while total + found > len(out_t):
            out_t, out_s, out_d = _grow(out_t), _grow(out_s), _grow(out_d)
        for i in range(found):
            t = hits[i]
            out_t[total], out_s[total], out_d[total] = t, best_src[t], best[t]
            total += 1
            best[t] = np.inf
            best_src[t] = -1
        row[g + 1] = total
        if g < groups - 1:
            for i in range(count):
                dist[touched[i]] = np.inf
                src[touched[i]] = -1
    return row, out_t[:total], out_s[:total], out_d[:total], dist, src
