"""The compiled search. Plain arrays only; :mod:`pipeline.reach.search` is the way in.

There are two kernels, each with one signature, compiled once and cached on disk (beside the package,
or in the user cache where that is read-only); they release the GIL, so threads may share a graph.
``sweep`` starts from many sources at once and remembers which one won; ``reach_each`` starts from one
origin after the other. Buffers are made once per call and reset only where they were touched.
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
def _push_plain(key, item, size, k, n):
    """Push (k, n) on the heap ordered by key alone; return the new size."""
    i = size
    while i > 0:
        up = (i - 1) >> 1
        if key[up] <= k:
            break
        key[i], item[i] = key[up], item[up]
        i = up
    key[i], item[i] = k, n
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
def _pop_plain(key, item, size):
    """Take the first entry off the heap ordered by key alone; return the new size."""
    size -= 1
    k, n = key[size], item[size]
    i = 0
    while True:
        low = 2 * i + 1
        if low >= size:
            break
        if low + 1 < size and key[low + 1] < key[low]:
            low += 1
        if k <= key[low]:
            break
        key[i], item[i] = key[low], item[low]
        i = low
    key[i], item[i] = k, n
    return size


@compile_kernel
def sweep(
    indptr, indices, weights, eu, ev, elen, s_edge, s_off, s_acc,
    t_indptr, t_order, t_off, t_acc, near_indptr, near_target, near_m, n_targets, limit,
):  # fmt: skip
    """Search from all sources at once.

    Labels are ordered by (distance, source). A label only ever falls in that order and never
    falls below the one it was relaxed from, so Dijkstra's argument holds for the pair and the
    lowest source wins every tie.

    Returns distance and source per target, then distance and source per node.
    """
    n_nodes = len(indptr) - 1
    dist = np.full(n_nodes, np.inf)
    src = np.full(n_nodes, -1, np.int32)
    best = np.full(n_targets, np.inf)
    best_src = np.full(n_targets, -1, np.int32)
    # Each arc and each source end is pushed at most once, since a popped label is final. The room
    # is reserved, not filled: memory is used only as far as the heap grows.
    room = len(indices) + 2 * len(s_edge) + 1
    key = np.empty(room, np.float64)
    rank = np.empty(room, np.int32)
    item = np.empty(room, np.int32)
    size = 0
    for s in range(len(s_edge)):
        e = s_edge[s]
        if e < 0:
            continue
        for end in range(2):
            node = eu[e] if end == 0 else ev[e]
            d = s_acc[s] + (s_off[s] if end == 0 else elen[e] - s_off[s])
            if d <= limit and (d < dist[node] or (d == dist[node] and s < src[node])):
                dist[node] = d
                src[node] = s
                size = _push(key, rank, item, size, d, s, node)
        # Along the shared edge, without passing a node.
        for j in range(t_indptr[e], t_indptr[e + 1]):
            d = s_acc[s] + abs(s_off[s] - t_off[j]) + t_acc[j]
            t = t_order[j]
            if d <= limit and (d < best[t] or (d == best[t] and s < best_src[t])):
                best[t] = d
                best_src[t] = s
    while size > 0:
        d, s, node = key[0], rank[0], item[0]
        size = _pop(key, rank, item, size)
        if d != dist[node] or s != src[node]:
            continue
        for a in range(indptr[node], indptr[node + 1]):
            far = indices[a]
            nd = d + weights[a]
            if nd <= limit and (nd < dist[far] or (nd == dist[far] and s < src[far])):
                dist[far] = nd
                src[far] = s
                size = _push(key, rank, item, size, nd, s, far)
        for j in range(near_indptr[node], near_indptr[node + 1]):
            nd = d + near_m[j]
            t = near_target[j]
            if nd <= limit and (nd < best[t] or (nd == best[t] and s < best_src[t])):
                best[t] = nd
                best_src[t] = s
    return best, best_src, dist, src


@compile_kernel
def _grow(a):
    """Return the array with twice the room."""
    b = np.empty(2 * len(a) + 16, dtype=a.dtype)
    b[: len(a)] = a
    return b


@compile_kernel
def _line_up(start, size, found, metres):
    """Return row pointer, targets and distances with the rows at ``start`` put one behind the other."""
    row = np.zeros(len(start) + 1, np.int64)
    row[1:] = np.cumsum(size)
    target = np.empty(row[-1], found.dtype)
    distance = np.empty(row[-1], metres.dtype)
    for s in range(len(start)):
        target[row[s] : row[s + 1]] = found[start[s] : start[s] + size[s]]
        distance[row[s] : row[s + 1]] = metres[start[s] : start[s] + size[s]]
    return row, target, distance


@compile_kernel
def reach_each(
    indptr, indices, weights, eu, ev, elen, s_edge, s_off, s_acc,
    t_indptr, t_order, t_off, t_acc, near_indptr, near_target, near_m, n_targets, limit,
    order, step, n_buckets, list_nodes,
):  # fmt: skip
    """Search from every origin for itself, in ``order``.

    Neighbours that follow each other find most of the graph they walk in the cache: in any other order
    a large city costs nearly twice as much per node, in this one hardly more than a small one.

    Labels wait in buckets of ``step`` metres and are ordered by a heap only when their bucket is
    opened [1]_: most pushes cost one write, the heap stays small enough for the first-level cache,
    and nodes are still settled strictly in order, whatever the edge lengths. What lies beyond the
    last bucket shares it, which costs time and nothing else.

    Returns CSR rows (one per origin, targets in no order): row pointer, target, distance, and how
    many nodes were settled in all. With ``list_nodes`` the rows are the nodes in place of targets.

    .. [1] Denardo, E. V., Fox, B. L. (1979). Shortest-route methods: 1. Reaching, pruning, and
       buckets. Operations Research 27(1), 161-186.
    """
    n_nodes = len(indptr) - 1
    dist = np.full(n_nodes, np.inf)
    touched = np.empty(n_nodes, np.int32)
    # Each arc is relaxed at most once, each end of the origin's edge once.
    room = len(indices) + 2
    wait_key = np.empty(room, np.float64)
    wait_item = np.empty(room, np.int32)
    wait_next = np.empty(room, np.int32)
    first = np.full(n_buckets, -1, np.int32)
    key = np.empty(room, np.float64)
    item = np.empty(room, np.int32)
    best = np.full(n_targets, np.inf)
    hits = np.empty(n_targets, np.int32)
    start = np.zeros(len(s_edge), np.int64)
    size_of = np.zeros(len(s_edge), np.int64)
    out_t = np.empty(1024, np.int32)
    out_d = np.empty(1024, np.float64)
    per_m = 1.0 / step
    last = n_buckets - 1
    total = 0
    settled = 0
    for s in order:
        e = s_edge[s]
        if e < 0:
            continue
        waiting = 0
        count = 0
        found = 0
        now = last
        top = 0
        for end in range(2):
            node = eu[e] if end == 0 else ev[e]
            d = s_acc[s] + (s_off[s] if end == 0 else elen[e] - s_off[s])
            if d <= limit and d < dist[node]:
                if dist[node] == np.inf:
                    touched[count] = node
                    count += 1
                dist[node] = d
                b = int(min(d * per_m, last))
                wait_key[waiting], wait_item[waiting], wait_next[waiting] = d, node, first[b]
                first[b] = waiting
                waiting += 1
                now = min(now, b)
                top = max(top, b)
        for j in range(t_indptr[e], t_indptr[e + 1]):
            d = s_acc[s] + abs(s_off[s] - t_off[j]) + t_acc[j]
            if d <= limit:
                hits[found] = t_order[j]
                found += 1
                best[t_order[j]] = d
        while now <= top:
            size = 0
            k = first[now]
            first[now] = -1
            while k >= 0:
                if wait_key[k] == dist[wait_item[k]]:
                    size = _push_plain(key, item, size, wait_key[k], wait_item[k])
                k = wait_next[k]
            while size > 0:
                d, node = key[0], np.uint32(item[0])
                size = _pop_plain(key, item, size)
                if d != dist[node]:
                    continue
                settled += 1
                # Unsigned indices spare the test for counting from the end, a tenth of the time here.
                for a in range(np.uint64(indptr[node]), np.uint64(indptr[node + 1])):
                    nd = d + weights[a]
                    far = np.uint32(indices[a])
                    if nd > limit or nd >= dist[far]:
                        continue
                    if dist[far] == np.inf:
                        touched[count] = far
                        count += 1
                    dist[far] = nd
                    b = int(min(nd * per_m, last))
                    if b == now:
                        size = _push_plain(key, item, size, nd, far)
                        continue
                    wait_key[waiting], wait_item[waiting], wait_next[waiting] = nd, far, first[b]
                    first[b] = waiting
                    waiting += 1
                    top = max(top, b)
                for j in range(near_indptr[node], near_indptr[node + 1]):
                    nd = d + near_m[j]
                    t = near_target[j]
                    if nd <= limit and nd < best[t]:
                        if best[t] == np.inf:
                            hits[found] = t
                            found += 1
                        best[t] = nd
            now += 1
        rows = count if list_nodes else found
        while total + rows > len(out_t):
            out_t, out_d = _grow(out_t), _grow(out_d)
        if list_nodes:
            for i in range(count):
                out_t[total + i], out_d[total + i] = touched[i], dist[touched[i]]
        for i in range(found):
            t = hits[i]
            if not list_nodes:
                out_t[total + i], out_d[total + i] = t, best[t]
            best[t] = np.inf
        for i in range(count):
            dist[touched[i]] = np.inf
        start[s], size_of[s] = total, rows
        total += rows
    row, target, distance = _line_up(start, size_of, out_t, out_d)
    return row, target, distance, settled
