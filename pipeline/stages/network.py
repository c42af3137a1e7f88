"""Stage ``network``: roads to a walk graph; homes, facilities and the rest snapped to its edges."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.faults import Fault, FaultLog, PlanFaults
from layers.frame import empty_frame
from layers.reachable import Edge, Home, Link
from layers.read.raw import list_rows
from layers.source import Building, Community, Facility, Gate, Ledger, Outline, Road, Survey
from pipeline.plan import Plan
from pipeline.reach.noding import node_lines
from pipeline.reach.snap import Status
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.homes import place_homes
from pipeline.stages.walknet import STATUS_TEXT, WalkNet, open_walknet

# A network this much in islands says that the lines do not meet where the streets do.
_MIN_MAIN_SHARE = 0.9
_ISLAND_NOTE = "最近的路段不与主网相连，已接入主网"


def plan_area(communities: gpd.GeoDataFrame, outline: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the area of the plan: the communities where they are areas, else the outline (1.4)."""
    areas = communities.geometry[communities.geom_type.isin(["Polygon", "MultiPolygon"])]
    return (areas if len(areas) else outline.geometry).union_all()


def _build_edges(roads: gpd.GeoDataFrame, plan: Plan, log: FaultLog) -> gpd.GeoDataFrame:
    walkable = roads[roads[Road.walkable]]
    noded = node_lines(
        walkable.geometry.to_numpy(),
        level=walkable[Road.level].to_numpy(dtype=np.int64),
        tolerance_m=plan.walking.node_tolerance_m,
    )
    if not len(noded.geometry):
        raise PlanFaults(
            [
                Fault(
                    "HSQ-N02",
                    "道路图层没有可步行的线，无法分析生活圈",
                    layer=Road.alias,
                    remedy="检查 inputs.road 的文件与道路等级取值",
                )
            ]
        )
    left_out = len(noded.unusable) + len(noded.zero_length) + len(noded.duplicate)
    if left_out:
        log.add(
            "HSQ-N02",
            f"构网时略去：无法使用 {len(noded.unusable)} 条、零长度 {len(noded.zero_length)} 条、"
            f"重复 {len(noded.duplicate)} 段（{noded.duplicate_m:.1f} m）",
            severity="提示",
            layer=Road.alias,
            action="不参与构网，道路图层本身不变",
        )
    net = open_walknet(gpd.GeoDataFrame(geometry=noded.geometry, crs=roads.crs), plan)
    graph = net.graph
    main = float(graph.component_m[0] / graph.component_m.sum())
    log.add(
        "HSQ-N02",
        f"步行网络 {graph.length_m.sum() / 1000:.2f} km，节点 {graph.n_nodes} 个，边 {graph.n_edges} 条，"
        f"连通分量 {len(graph.component_m)} 个（最大者占长度 {main:.1%}）",
        severity="提示" if main >= _MIN_MAIN_SHARE else "警告",
        layer=Edge.alias,
        remedy=""
        if main >= _MIN_MAIN_SHARE
        else "道路线在路口没有相接：检查捕捉，或调大 walking.node_tolerance_m",
    )
    return gpd.GeoDataFrame(
        {
            Edge.id: [f"E{i}" for i in range(graph.n_edges)],
            Edge.road: walkable[Road.id].to_numpy()[noded.source],
            Edge.u: graph.u,
            Edge.v: graph.v,
            Edge.length_m: graph.length_m,
            Edge.component: graph.edge_component,
        },
        geometry=noded.geometry,
        crs=roads.crs,
    )


def _link_layer(
    net: WalkNet, key: str, alias: str, frame: gpd.GeoDataFrame, extent: shapely.Geometry, log: FaultLog
) -> gpd.GeoDataFrame:
    has_place = ~(frame.geometry.isna() | frame.geometry.is_empty)
    frame = frame[has_place]
    points = frame.representative_point()
    snap = net.snap(points, area=extent)
    status = pd.Series([STATUS_TEXT[Status(code)] for code in snap.status], dtype="str")
    joined = snap.status != Status.OUTSIDE
    links = gpd.GeoDataFrame(
        {
            Link.id: key + ":" + frame["id"].to_numpy(dtype=object),
            Link.layer: key,
            Link.object_id: frame["id"].to_numpy(),
            Link.status: status.to_numpy(),
            Link.access_m: np.where(np.isfinite(snap.access_m), snap.access_m, np.nan),
            Link.edge: pd.array(np.where(snap.edge >= 0, snap.edge, pd.NA), dtype="Int64"),
            Link.offset_m: np.where(snap.edge >= 0, snap.offset_m, np.nan),
            Link.component: pd.array(np.where(snap.edge >= 0, snap.component, pd.NA), dtype="Int64"),
            Link.note: [_ISLAND_NOTE if passed else None for passed in snap.passed_island],
        },
        geometry=points.to_numpy(),
        crs=frame.crs,
    )
    bad = snap.status != Status.OK
    for position in np.flatnonzero(bad & joined):
        log.add(
            "HSQ-N01",
            f"{alias}未接入主网：{status[position]}"
            + (
                f"（距最近路段 {snap.access_m[position]:.0f} m）"
                if np.isfinite(snap.access_m[position])
                else ""
            ),
            severity="警告",
            layer=alias,
            row=str(frame["id"].iloc[position]),
            action="保留该要素，按不可达计算",
            remedy="补充到门口的道路，或调大 walking.max_access_m",
            x=float(snap.x[position]),
            y=float(snap.y[position]),
        )
    outside = int((~joined).sum())
    if outside:
        log.add(
            "HSQ-N01",
            f"{alias}有 {outside} 个要素在路网范围之外，按不可达计算",
            severity="提示",
            layer=alias,
            row=list_rows(pd.Index(frame["id"][~joined])),
            value=list_rows(pd.Index(frame["name"][~joined].dropna())) if "name" in frame else "",
            remedy="核对这些要素的坐标；确在周边之外的不必处理",
        )
    return links


def run(given: Given) -> dict[str, Frame]:
    """Build the walk network and snap everything that walks or is walked to (3.2)."""
    roads = given.geo(Road)
    edges = _build_edges(roads, given.plan, given.log)
    net = open_walknet(edges, given.plan)
    area = plan_area(given.geo(Community), given.geo(Outline))
    spacing = given.plan.open_data.home_spacing_m if given.plan.open_data else 50.0
    homes = place_homes(given.geo(Building), roads, area, spacing_m=spacing, log=given.log)
    extent = shapely.box(*edges.total_bounds).buffer(given.plan.walking.max_access_m)
    linked = [(Home, homes), *((layer, given.geo(layer)) for layer in (Facility, Gate, Survey, Ledger))]
    links = [_link_layer(net, layer.key, layer.alias, frame, extent, given.log) for layer, frame in linked]
    found = [part for part in links if len(part)]
    link = pd.concat(found, ignore_index=True) if found else empty_frame(Link, crs=roads.crs)
    return {Edge.key: edges, Home.key: homes, Link.key: link}


NETWORK = Stage(
    "network",
    "步行网络",
    takes=(Road, Building, Community, Outline, Facility, Gate, Survey, Ledger),
    gives=(Edge, Home, Link),
    run=run,
)
