"""An independent walking-distance check used only to prove the planted truth."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra


class WalkGraph:
    """Network pieces, with every given point joined to its nearest piece by a straight access."""

    def __init__(self, network: list[dict], points: list[shapely.Point]) -> None:
        lines = np.array([r["geometry"] for r in network])
        ends = np.array([[g.coords[0], g.coords[-1]] for g in lines]).round(3)
        _, ids = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
        ids = ids.reshape(-1, 2)
        base = int(ids.max()) + 1
        pts = np.array(points)
        edge = shapely.STRtree(lines).query_nearest(pts, all_matches=False)[1]
        along = shapely.line_locate_point(lines[edge], pts)
        access = shapely.distance(lines[edge], pts)
        foot, self.point_node = base + np.arange(len(pts)), base + len(pts) + np.arange(len(pts))
        # Every piece becomes a chain: its two ends and the feet of the points on it, in order.
        everyone = np.arange(len(lines))
        owner = np.concatenate([everyone, everyone, edge])
        at = np.concatenate([np.zeros(len(lines)), shapely.length(lines), along])
        node = np.concatenate([ids[:, 0], ids[:, 1], foot])
        order = np.lexsort((node, at, owner))
        owner, at, node = owner[order], at[order], node[order]
        same = owner[1:] == owner[:-1]
        a, b, w = node[:-1][same], node[1:][same], np.diff(at)[same]
        a, b = np.r_[a, foot], np.r_[b, self.point_node]
        w = np.maximum(np.r_[w, access], 1e-6)
        n = base + 2 * len(pts)
        lo, hi = np.minimum(a, b), np.maximum(a, b)
        keep = np.lexsort((w, hi, lo))  # of parallel pieces only the shortest counts
        lo, hi, w = lo[keep], hi[keep], w[keep]
        first = np.r_[True, (lo[1:] != lo[:-1]) | (hi[1:] != hi[:-1])] & (lo != hi)
        self.graph = coo_matrix((w[first], (lo[first], hi[first])), shape=(n, n)).tocsr()

    def measure(self, sources: list[int], targets: list[int]) -> np.ndarray:
        """Distance in metres from the nearest source to each target (indices into the points)."""
        if not sources:
            return np.full(len(targets), np.inf)
        far = dijkstra(self.graph, directed=False, indices=self.point_node[sources], min_only=True)
        return far[self.point_node[targets]]
