"""An independent walking-distance check used only to prove the planted truth."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

ACCESS_M = 150.0  # longest straight access
OPENING_M = 5.0  # half the width of a gate
FRONT_M = 15.0  # what stands this near inside a wall may open on the street


class WalkGraph:
    """Network pieces, with every given point joined by a straight access to the nearest one it may reach.

    Nobody climbs a wall: an access crosses the outline of ground that has gates only at one of them.
    """

    def __init__(
        self,
        network: list[dict],
        points: list[shapely.Point],
        *,
        walled: list[shapely.Polygon],
        gates: list[shapely.Point],
        homes: int,
    ) -> None:
        """Join the points; the first ``homes`` of them never open on the street."""
        lines = np.array([r["geometry"] for r in network])
        ends = np.array([[g.coords[0], g.coords[-1]] for g in lines]).round(3)
        _, ids = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
        ids = ids.reshape(-1, 2)
        base = int(ids.max()) + 1
        pts = np.array(points)
        edge = find_edges(lines, pts, walled=walled, gates=gates, homes=homes)
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


def find_edges(
    lines: np.ndarray,
    points: np.ndarray,
    *,
    walled: list[shapely.Polygon],
    gates: list[shapely.Point],
    homes: int,
) -> np.ndarray:
    """Return the nearest piece of each point whose straight access climbs no wall.

    Raises
    ------
    ValueError
        If a point has none.
    """
    walls = shapely.union_all([g.exterior for g in walled]).difference(
        shapely.union_all(gates).buffer(OPENING_M)
    )
    at, piece = shapely.STRtree(lines).query(points, predicate="dwithin", distance=ACCESS_M)
    ways = shapely.shortest_line(points[at], lines[piece])
    inside = shapely.intersects(points[:, None], np.array(walled)[None, :])
    rings = shapely.distance(points[:, None], np.array([g.exterior for g in walled])[None, :])
    front = (inside & (rings <= FRONT_M)).any(axis=1)
    front[:homes] = False
    shapely.prepare(walls)
    ok = front[at] | ~shapely.crosses(walls, ways)
    at, piece, far = at[ok], piece[ok], shapely.length(ways[ok])
    order = np.lexsort((piece, far, at))
    found, first = np.unique(at[order], return_index=True)
    if len(found) < len(points):
        raise ValueError(f"{len(points) - len(found)} points cannot leave their ground")
    return piece[order[first]]
