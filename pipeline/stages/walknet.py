"""The walk network as arrays: frames to graph, points to snaps, areas from cells. Shared by stages."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers import codes
from layers.reachable import Edge, Link, Obstacle
from pipeline.plan import Plan
from pipeline.reach.barriers import Fence
from pipeline.reach.cells import Cells, build_cells
from pipeline.reach.graph import Graph, build_graph
from pipeline.reach.snap import Snap, Status, snap_points

# The engine's statuses in the words of the delivered layer, in the order of the code list.
STATUS_TEXT = dict(
    zip(
        (Status.OK, Status.FAR, Status.OTHER_COMPONENT, Status.OUTSIDE, Status.BLOCKED),
        codes.SNAP.values,
        strict=True,
    )
)


@dataclass(frozen=True)
class WalkNet:
    """The walk graph with the lines it was built of.

    Attributes
    ----------
    graph : nodes, edges and components.
    lines : (n,) array of LineStrings in edge order, plan CRS, metres.
    max_access_m : longest straight way from a point to the network.
    fence : what no straight way may cross; None without barriers.
    """

    graph: Graph
    lines: NDArray
    max_access_m: float
    fence: Fence | None = None

    def snap(self, points: gpd.GeoSeries, *, area: shapely.Geometry | None = None) -> Snap:
        """Snap points (plan CRS, metres) to their nearest edges."""
        x, y = points.x.to_numpy(), points.y.to_numpy()
        return snap_points(x, y, self.graph, self.lines, max_m=self.max_access_m, area=area, fence=self.fence)

    def cells(self, area: shapely.Geometry, plan: Plan) -> Cells:
        """Lay the cell table of the plan's cell size over ``area``."""
        return build_cells(
            area, self.graph, self.lines, max_access_m=self.max_access_m, cell_m=plan.walking.cell_m,
            fence=self.fence,
        )  # fmt: skip


def open_walknet(edges: gpd.GeoDataFrame, plan: Plan, obstacles: gpd.GeoDataFrame | None = None) -> WalkNet:
    """Build the graph of the ``Edge`` layer, in effective metres where slope counts.

    Parameters
    ----------
    edges : the ``Edge`` layer, or bare noded lines.
    obstacles : the ``Obstacle`` layer; those at grade bar straight ways to the network.
    """
    lines = edges.geometry.to_numpy()
    cost = edges[Edge.effort_m].to_numpy() if Edge.effort_m in edges else np.full(len(lines), np.nan)
    graph = build_graph(lines, cost_m=None if np.isnan(cost).all() else cost)
    fence = None
    if obstacles is not None and (at_grade := obstacles[obstacles[Obstacle.level] == 0]).size:
        fence = Fence(at_grade.geometry.to_numpy())
    return WalkNet(graph, lines, plan.walking.max_access_m, fence)


def recall_snap(link: gpd.GeoDataFrame, objects: gpd.GeoDataFrame, layer: str) -> Snap:
    """Return the snaps the network stage decided for ``objects``, in their order.

    Parameters
    ----------
    link : the ``Link`` layer.
    objects : rows whose ``id`` the links refer to; every one must have a link.
    layer : key of the objects' layer.
    """
    mine = link[link[Link.layer] == layer].set_index(Link.object_id).loc[objects["id"]]
    codes_by_text = {text: code for code, text in STATUS_TEXT.items()}
    return Snap(
        x=mine.geometry.x.to_numpy(),
        y=mine.geometry.y.to_numpy(),
        edge=mine[Link.edge].fillna(-1).to_numpy(dtype=np.int32),
        offset_m=mine[Link.offset_m].fillna(0.0).to_numpy(dtype=np.float64),
        access_m=mine[Link.access_m].fillna(np.inf).to_numpy(dtype=np.float64),
        component=mine[Link.component].fillna(-1).to_numpy(dtype=np.int32),
        status=mine[Link.status].map(codes_by_text).to_numpy(dtype=np.int8),
        passed_island=np.zeros(len(mine), dtype=bool),
    )


__all__ = ["STATUS_TEXT", "Edge", "WalkNet", "open_walknet", "recall_snap"]
