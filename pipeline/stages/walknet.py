"""The walk network as arrays: frames to graph, points to snaps, areas from cells. Shared by stages."""

from __future__ import annotations

from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from configs import read_settings
from layers import codes
from layers.reachable import Edge, Home, Link, Obstacle, Precinct
from layers.source import Facility, Gate, Ledger, Survey
from pipeline.plan import Plan
from pipeline.reach.cells import Cells, build_cells
from pipeline.reach.fence import Fence
from pipeline.reach.graph import Graph, build_graph
from pipeline.reach.ground import Ground, open_ground
from pipeline.reach.snap import Snap, Status, snap_points

# The engine's statuses in the words of the delivered layer, in the order of the code list.
STATUS_TEXT = dict(
    zip(
        (Status.OK, Status.FAR, Status.OTHER_COMPONENT, Status.OUTSIDE, Status.BLOCKED),
        codes.SNAP.values,
        strict=True,
    )
)
# What joins the network, in the words of the delivered layer.
LINKED_TEXT = dict(
    zip((Home.key, Facility.key, Gate.key, Survey.key, Ledger.key), codes.LINKED.values, strict=True)
)


@dataclass(frozen=True)
class WalkNet:
    """The walk graph with the lines it was built of.

    Attributes
    ----------
    graph : nodes, edges and components.
    lines : (n,) array of LineStrings in edge order, plan CRS, metres.
    max_access_m : longest straight way from a point to the network.
    walls : mapped barriers no straight way may cross; None without any.
    ground : estates and parks left by their gates only; None without any.
    """

    graph: Graph
    lines: NDArray
    max_access_m: float
    walls: Fence | None = None
    ground: Ground | None = None

    def snap(self, points: gpd.GeoSeries, *, area: shapely.Geometry | None = None) -> Snap:
        """Snap places as :meth:`snap_front` does."""
        return self.snap_front(points, area=area)[0]

    def snap_front(
        self, points: gpd.GeoSeries, *, area: shapely.Geometry | None = None
    ) -> tuple[Snap, NDArray[np.int32]]:
        """Snap places that may open on the street: facilities, needs, resources (plan CRS, metres).

        What stands inside an estate or park beside its outline may be entered from the street: a shop on
        the ground floor, a stop drawn a step too far in. Such a place takes the nearest edge.

        Returns the snaps, and the door of ``ground`` by which a point joins, -1 where it joins straight.
        """
        snap, door = self.snap_inside(points, area=area)
        if self.ground is not None:
            near = read_settings("network.yaml")["frontage_m"]
            front = np.flatnonzero(self.ground.find_front(snap.x, snap.y, near_m=near))
            straight = self.snap_straight(points.iloc[front], area=area)
            for name in (item.name for item in fields(Snap)):
                getattr(snap, name)[front] = getattr(straight, name)
            door[front] = -1
        return snap, door

    def snap_inside(
        self, points: gpd.GeoSeries, *, area: shapely.Geometry | None = None
    ) -> tuple[Snap, NDArray[np.int32]]:
        """Snap homes and gates, as :meth:`snap_front` does; from inside an estate or park all leave by a gate."""
        if self.ground is None:
            return self.snap_straight(points, area=area), np.full(len(points), -1, dtype=np.int32)
        x, y = points.x.to_numpy(), points.y.to_numpy()
        return self.ground.snap(x, y, max_m=self.max_access_m, area=area)

    def snap_straight(self, points: gpd.GeoSeries, *, area: shapely.Geometry | None = None) -> Snap:
        """Snap points to the nearest edge that no mapped barrier shuts off, gates or no gates."""
        x, y = points.x.to_numpy(), points.y.to_numpy()
        return snap_points(x, y, self.graph, self.lines, max_m=self.max_access_m, area=area, fence=self.walls)

    def cells(self, area: shapely.Geometry, plan: Plan) -> Cells:
        """Lay the cell table of the plan's cell size over ``area``."""
        return build_cells(
            area, self.graph, self.lines, max_access_m=self.max_access_m, cell_m=plan.walking.cell_m,
            fence=self.walls, ground=self.ground,
        )  # fmt: skip


def open_walknet(
    edges: gpd.GeoDataFrame,
    plan: Plan,
    obstacles: gpd.GeoDataFrame | None = None,
    precincts: gpd.GeoDataFrame | None = None,
) -> WalkNet:
    """Build the graph of the ``Edge`` layer, in effective metres where slope counts.

    Parameters
    ----------
    edges : the ``Edge`` layer, or bare noded lines.
    obstacles : the ``Obstacle`` layer; those at grade bar straight ways to the network.
    precincts : the ``Precinct`` layer; straight ways cross their outlines at their gates only. Roads
        are not cut: a mapped road through an outline is an opening that somebody saw.
    """
    lines = edges.geometry.to_numpy()
    cost = edges[Edge.effort_m].to_numpy() if Edge.effort_m in edges else np.full(len(lines), np.nan)
    graph = build_graph(lines, cost_m=None if np.isnan(cost).all() else cost)
    at_grade = np.zeros(0, dtype=object)
    if obstacles is not None:
        at_grade = obstacles.geometry.to_numpy()[obstacles[Obstacle.level].to_numpy() == 0]
    ground = None
    if precincts is not None and len(precincts):
        _, first, owner = np.unique(precincts[Precinct.precinct], return_index=True, return_inverse=True)
        ground = open_ground(
            precincts.geometry.to_numpy()[first],
            owner,
            shapely.points(precincts[Precinct.gate_x_m], precincts[Precinct.gate_y_m]),
            graph,
            lines,
            half_m=plan.walking.gate_m,
            max_m=plan.walking.max_access_m,
            barriers=at_grade,
        )
    walls = Fence(at_grade) if len(at_grade) else None
    return WalkNet(graph, lines, plan.walking.max_access_m, walls, ground)


def recall_snap(link: gpd.GeoDataFrame, objects: gpd.GeoDataFrame, layer: str) -> Snap:
    """Return the snaps the network stage decided for ``objects``, in their order.

    Parameters
    ----------
    link : the ``Link`` layer.
    objects : rows whose ``id`` the links refer to; every one must have a link.
    layer : key of the objects' layer.
    """
    mine = link[link[Link.layer] == LINKED_TEXT[layer]].set_index(Link.object_id).loc[objects["id"]]
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


__all__ = ["LINKED_TEXT", "STATUS_TEXT", "Edge", "WalkNet", "open_walknet", "recall_snap"]
