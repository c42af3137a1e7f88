"""Stage ``network``: roads to a walk graph; homes, facilities and the rest snapped to its edges."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.faults import FaultLog
from layers.frame import empty_frame
from layers.reachable import Edge, Home, Link, NetworkFigure, NetworkMark, Obstacle
from layers.read.raw import list_rows
from layers.source import (
    Barrier,
    Building,
    Community,
    Facility,
    Gate,
    Ledger,
    Outline,
    Relief,
    Road,
    Survey,
)
from pipeline.plan.sources import OpenData
from pipeline.reach.snap import Status
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.edges import build_network
from pipeline.stages.homes import place_homes
from pipeline.stages.netreport import report_network
from pipeline.stages.walknet import STATUS_TEXT, WalkNet, open_walknet

_BLOCKED_REMEDY = "补充该处的出入口或围墙内的道路"
_ISLAND_NOTE = "最近的路段不与主网相连，已接入主网"


def plan_area(communities: gpd.GeoDataFrame, outline: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the area of the plan: the communities where they are areas, else the outline (1.4)."""
    areas = communities.geometry[communities.geom_type.isin(["Polygon", "MultiPolygon"])]
    return (areas if len(areas) else outline.geometry).union_all()


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
            action="保留该要素，只计所在路段组之内的可达"
            if snap.status[position] == Status.OTHER_COMPONENT
            else "保留该要素，按不可达计算",
            remedy=_BLOCKED_REMEDY
            if snap.status[position] == Status.BLOCKED
            else "补充到门口的道路，或调大 walking.max_access_m",
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


def _report_rule(given: Given, obstacles: int) -> None:
    """Say how places enter the network: through gates where barriers are known, else straight."""
    walking = given.plan.walking
    if obstacles:
        rule = (
            f"障碍 {len(given.geo(Barrier))} 条，距出入口（{len(given.geo(Gate))} 处）{walking.gate_m:g} m 内放行；"
            "各点接入直线不穿越障碍的最近路段，小区、公园由此经出入口进入"
        )
    else:
        rule = f"没有障碍数据：各点按直线接入最近路段（不超过 {walking.max_access_m:g} m），不要求经过出入口"
    given.log.add("HSQ-N01", rule, severity="提示", layer=Link.alias)


def run(given: Given) -> dict[str, Frame]:
    """Build the walk network and snap everything that walks or is walked to (3.2)."""
    roads, communities = given.geo(Road), given.geo(Community)
    network = build_network(given)
    edges = network.edges
    net = open_walknet(edges, given.plan, network.obstacles)
    area = plan_area(communities, given.geo(Outline))
    marks, figures = report_network(net, network, roads, communities, area, plan=given.plan, log=given.log)
    _report_rule(given, len(network.obstacles))
    stated = given.plan.open_data
    spacing = stated.home_spacing_m if stated else OpenData.model_fields["home_spacing_m"].default
    homes = place_homes(given.geo(Building), roads, area, spacing_m=spacing, log=given.log)
    extent = shapely.box(*edges.total_bounds).buffer(given.plan.walking.max_access_m)
    linked = [(Home, homes), *((layer, given.geo(layer)) for layer in (Facility, Gate, Survey, Ledger))]
    links = [_link_layer(net, layer.key, layer.alias, frame, extent, given.log) for layer, frame in linked]
    found = [part for part in links if len(part)]
    link = pd.concat(found, ignore_index=True) if found else empty_frame(Link, crs=roads.crs)
    return {
        Edge.key: edges,
        Obstacle.key: network.obstacles,
        Home.key: homes,
        Link.key: link,
        NetworkMark.key: marks,
        NetworkFigure.key: figures,
    }


NETWORK = Stage(
    "network",
    "步行网络",
    takes=(Road, Barrier, Relief, Building, Community, Outline, Facility, Gate, Survey, Ledger),
    gives=(Edge, Obstacle, Home, Link, NetworkMark, NetworkFigure),
    run=run,
)
