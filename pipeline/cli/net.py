"""The walk network of the one-off commands: plain roads to a graph, places snapped to it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from layers.faults import Fault, FaultLog, PlanFaults
from layers.plain import RoadLine
from pipeline.reach.graph import Graph, build_graph
from pipeline.reach.noding import node_lines
from pipeline.reach.snap import Snap, Status, snap_points
from pipeline.stages.walknet import STATUS_TEXT
from pipeline.stages.walks import pick_points


@dataclass(frozen=True)
class Net:
    """The walk network of plain roads.

    Attributes
    ----------
    graph, lines : nodes and edges; the noded LineStrings, metres.
    max_access_m : longest straight way from a place to the network.
    crs : CGCS2000 3-degree zone of the roads.
    """

    graph: Graph
    lines: NDArray
    max_access_m: float
    crs: CRS

    def snap(self, places: gpd.GeoDataFrame) -> Snap:
        """Snap places; what lies beyond the network's extent and the longest access is OUTSIDE."""
        box = shapely.box(*shapely.total_bounds(self.lines)).buffer(self.max_access_m, quad_segs=64)
        points = pick_points(places.geometry)
        return snap_points(
            shapely.get_x(points), shapely.get_y(points), self.graph, self.lines,
            max_m=self.max_access_m, area=box,
        )  # fmt: skip


def build_net(roads: gpd.GeoDataFrame, *, tolerance_m: float, max_access_m: float, log: FaultLog) -> Net:
    """Node the roads and build the graph.

    Raises
    ------
    PlanFaults
        If no line with a length is left (``HSQ-N02``).
    """
    level = roads[RoadLine.level].fillna(0).to_numpy(dtype=np.int64)
    noded = node_lines(roads.geometry.to_numpy(), level=level, tolerance_m=tolerance_m)
    if not len(noded.geometry):
        raise PlanFaults(
            [
                Fault(
                    "HSQ-N02", "道路文件没有可步行的线", layer=RoadLine.alias, remedy="检查文件与图层是否选对"
                )
            ]
        )
    left_out = len(noded.unusable) + len(noded.zero_length) + len(noded.duplicate)
    if left_out:
        log.add(
            "HSQ-N02",
            f"构网时略去：无法使用 {len(noded.unusable)} 条、零长度 {len(noded.zero_length)} 条、"
            f"重复 {len(noded.duplicate)} 段（{noded.duplicate_m:.1f} m）",
            severity="警告", layer=RoadLine.alias, action="不参与构网",
        )  # fmt: skip
    return Net(build_graph(noded.geometry), noded.geometry, max_access_m, CRS(roads.crs))


def status_texts(status: NDArray[np.int8]) -> NDArray:
    """Return the words of statuses."""
    words = np.array([STATUS_TEXT[item] for item in Status], dtype=object)
    return words[status]
