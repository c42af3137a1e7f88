"""What the walk network amounts to, and the places of it that are worth a look (GB 50180)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from configs.controls import find_control
from layers import codes
from layers.areas import measure_area
from layers.faults import FaultLog
from layers.frame import conform
from layers.reachable import Edge, NetworkFigure, NetworkMark
from layers.source import Community, Road
from pipeline.plan import Plan
from pipeline.reach.graph import Graph
from pipeline.reach.search import reach_nodes_each
from pipeline.reach.snap import Snap
from pipeline.stages.edges import Network
from pipeline.stages.walknet import WalkNet

_GAP, _END, _ISLAND, _CUT, _BARE = codes.NETWORK_MARK.values
_KEPT, _BROKEN = codes.VERDICT.values


def report_network(
    net: WalkNet,
    network: Network,
    roads: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    area: shapely.Geometry,
    *,
    plan: Plan,
    more: list[dict[str, Any]],
    log: FaultLog,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the ``NetworkMark`` and ``NetworkFigure`` layers; one line a kind goes to the log.

    Parameters
    ----------
    net : the network that ``network.edges`` describes.
    roads : all roads; the ones nobody walks along count for the density of streets.
    area : the plan's communities together, or its outline.
    more : further rows of ``NetworkFigure``, without ids.
    """
    rule = read_settings("network.yaml")
    dead = np.flatnonzero(net.graph.degree == 1)
    ends = shapely.points(net.graph.x[dead], net.graph.y[dead])
    shapely.prepare(area)
    inside = shapely.intersects(area, ends)
    road = network.edges[Edge.road].to_numpy(dtype=object)
    own = net.graph.arc_edge[net.graph.indptr[dead]]
    marks = pd.concat(
        [
            _mark_gaps(net, dead, road, most_m=rule["gap_m"]),
            _mark(_END, ends[inside], road=road[own[inside]]),
            _mark_islands(net.graph, net.lines, road),
            _mark(
                _CUT, network.cuts.geometry.to_numpy(), road=network.cuts["road"],
                note="障碍 " + network.cuts["barrier"].astype("str"),
            ),
            _mark_bare(communities, net.lines),
        ],
        ignore_index=True,
    )  # fmt: skip
    marks = gpd.GeoDataFrame(marks, geometry="geometry", crs=roads.crs)
    _report_marks(marks, rule["gap_m"], log)
    figures = pd.DataFrame([*_list_figures(net, network, roads, area, marks, plan), *more])
    figures[NetworkFigure.id] = [f"{i:02d}" for i in range(1, len(figures) + 1)]
    return conform(marks, NetworkMark), conform(figures, NetworkFigure)


def _mark(kind: str, points: Any, **more: Any) -> pd.DataFrame:
    shapes = np.asarray(points, dtype=object)
    spot = [
        f"{kind}@{x:.2f},{y:.2f}" for x, y in zip(shapely.get_x(shapes), shapely.get_y(shapes), strict=True)
    ]
    data = {NetworkMark.id: spot, NetworkMark.kind: kind, "geometry": shapes}
    for name in (NetworkMark.road, NetworkMark.note):
        data[name] = pd.Series(more.get(name, [None] * len(shapes)), dtype="str").to_numpy()
    for name in (NetworkMark.distance_m, NetworkMark.length_m):
        data[name] = np.asarray(more.get(name, np.full(len(shapes), np.nan)), dtype=np.float64)
    return pd.DataFrame(data)


def _mark_gaps(net: WalkNet, dead: np.ndarray, road: np.ndarray, *, most_m: float) -> pd.DataFrame:
    """Mark dead ends that stop short of another edge; a stub beside the junction it leaves is none."""
    graph, lines = net.graph, net.lines
    ends = shapely.points(graph.x[dead], graph.y[dead])
    at, other = shapely.STRtree(lines).query(ends, predicate="dwithin", distance=most_m)
    own = graph.arc_edge[graph.indptr[dead]]
    foreign = other != own[at]
    at, other = at[foreign], other[foreign]
    gap = shapely.distance(ends[at], lines[other])
    # Who walks there in as little has joined already, through however many pieces.
    walk = _walk_from(graph, dead, 2 * most_m)
    along = shapely.line_locate_point(lines[other], ends[at])
    detour = np.minimum(
        walk(at, graph.u[other]) + along, walk(at, graph.v[other]) + graph.planar_m[other] - along
    )
    ways = shapely.shortest_line(ends[at], lines[other])
    ok = (gap < most_m) & (detour > 2 * most_m)
    if net.walls is not None:
        ok &= ~net.walls.bars(ways)
    at, other, gap, ways = at[ok], other[ok], gap[ok], ways[ok]
    order = np.lexsort((other, gap, at))
    _, first = np.unique(at[order], return_index=True)
    at, other, gap, ways = (values[order[first]] for values in (at, other, gap, ways))
    # Two ends that miss each other are one gap.
    middle = np.round(shapely.get_coordinates(ways).reshape(-1, 2, 2).mean(axis=1), 2)
    _, single = np.unique(middle, axis=0, return_index=True)
    note = [f"与道路 {name} 相距 {metres:.2f} m" for name, metres in zip(road[other], gap, strict=True)]
    return _mark(
        _GAP, shapely.points(middle)[single], road=road[own[at]][single], distance_m=gap[single],
        note=np.array(note, dtype=object)[single],
    )  # fmt: skip


def _walk_from(graph: Graph, dead: np.ndarray, limit_m: float) -> Callable[..., np.ndarray]:
    """Return what tells the metres, slope aside, from the n-th of the dead ends to a node; inf past the limit."""
    flat = replace(graph, length_m=graph.planar_m, weights=graph.planar_m[graph.arc_edge])
    own, zero = graph.arc_edge[graph.indptr[dead]], np.zeros(len(dead))
    starts = Snap(
        x=graph.x[dead],
        y=graph.y[dead],
        edge=own,
        offset_m=np.where(graph.u[own] == dead, 0.0, graph.planar_m[own]),
        access_m=zero,
        component=graph.component[dead],
        status=zero.astype(np.int8),
        passed_island=zero.astype(bool),
    )
    row, node, metres, _ = reach_nodes_each(flat, starts, limit_m)
    known = np.repeat(np.arange(len(dead)), np.diff(row)) * graph.n_nodes + node
    order = np.argsort(known)
    known, metres = np.append(known[order], -1), np.append(metres[order], np.inf)

    def tell(start: np.ndarray, goal: np.ndarray) -> np.ndarray:
        asked = start * graph.n_nodes + goal
        place = np.searchsorted(known[:-1], asked)
        return np.where(known[place] == asked, metres[place], np.inf)

    return tell


def _mark_islands(graph: Graph, lines: np.ndarray, road: np.ndarray) -> pd.DataFrame:
    """Mark the middle of the longest edge of every component but the main one."""
    label = graph.edge_component
    order = np.lexsort((np.arange(len(label)), -graph.planar_m, label))
    _, first = np.unique(label[order], return_index=True)
    longest = order[first][1:]
    return _mark(
        _ISLAND, shapely.line_interpolate_point(lines[longest], 0.5, normalized=True), road=road[longest],
        length_m=graph.component_m[1:],
    )  # fmt: skip


def _mark_bare(communities: gpd.GeoDataFrame, lines: np.ndarray) -> pd.DataFrame:
    """Mark communities no walkable line touches."""
    areas = communities[communities.geom_type.isin(["Polygon", "MultiPolygon"])]
    touched = np.unique(shapely.STRtree(lines).query(areas.geometry.to_numpy(), predicate="intersects")[0])
    bare = areas.iloc[np.setdiff1d(np.arange(len(areas)), touched)]
    return _mark(_BARE, shapely.point_on_surface(bare.geometry.to_numpy()), note=bare[Community.name])


_CUT_NOTE = "可步行的线穿过障碍而附近没有出入口"
_REMEDY = {
    _GAP: "核对是否应相接：在路口处捕捉端点，或调大 walking.node_tolerance_m",
    _ISLAND: "补画与主网相连的道路；确为独立的不必处理",
    _BARE: "补充该社区的道路；否则其住户与设施按接入状态处理",
}


def _report_marks(marks: gpd.GeoDataFrame, gap_m: float, log: FaultLog) -> None:
    """Log every gap, every community without a road, and the number of the rest with their first place."""
    words = {_END: "规划范围内断头路", _ISLAND: "与主网不相连的路段组"}
    for kind, word in words.items():
        rows = marks[marks[NetworkMark.kind] == kind]
        if len(rows):
            log.add(
                "HSQ-N02", f"{word} {len(rows)} 处，位置见图层“{NetworkMark.alias}”", severity="提示",
                layer=NetworkMark.alias, remedy=_REMEDY.get(kind, ""),
                x=float(rows.geometry.iloc[0].x), y=float(rows.geometry.iloc[0].y),
            )  # fmt: skip
    for row in marks[marks[NetworkMark.kind].isin([_GAP, _BARE])].itertuples():
        gap = row.kind == _GAP
        problem = (
            f"道路 {row.road} 的端点{row.note}（小于 {gap_m:g} m）而未相接"
            if gap
            else f"社区“{row.note}”范围内没有可步行的道路"
        )
        log.add(
            "HSQ-N02", problem, severity="警告", layer=NetworkMark.alias, row=str(row.road if gap else row.note),
            action="按未相接计算" if gap else "该社区就近接入界外路段；超出最大接入距离的按不可达计算",
            remedy=_REMEDY[row.kind], x=float(row.geometry.x), y=float(row.geometry.y),
        )  # fmt: skip


def _measure_within(lines: np.ndarray, area: shapely.Geometry) -> np.ndarray:
    """Return metres of each line inside the area; only lines over its border are cut."""
    metres = np.zeros(len(lines))
    at = shapely.STRtree(lines).query(area, predicate="intersects")
    whole = shapely.contains_properly(area, lines[at])
    metres[at[whole]] = shapely.length(lines[at[whole]])
    border = at[~whole]
    metres[border] = shapely.length(shapely.intersection(lines[border], area))
    return metres


def _list_figures(
    net: WalkNet,
    network: Network,
    roads: gpd.GeoDataFrame,
    area: shapely.Geometry,
    marks: gpd.GeoDataFrame,
    plan: Plan,
) -> list[dict[str, Any]]:
    rule = read_settings("network.yaml")
    graph, kinds = net.graph, marks[NetworkMark.kind].value_counts()
    km2 = float(measure_area(gpd.GeoSeries([area], crs=roads.crs), rule=plan.crs.area_rule).iloc[0]) / 1e6
    walk_km = _measure_within(net.lines, area) / 1000
    # Noded edges are free of duplicates; roads nobody walks along are no edges, and count as drawn.
    kind = network.edges[Edge.road].map(roads.set_index(Road.id)[Road.kind]).to_numpy(dtype=object)
    drawn = roads[~roads[Road.walkable]]
    drawn_km = _measure_within(drawn.geometry.to_numpy(), area) / 1000
    drawn_kind = drawn[Road.kind].to_numpy(dtype=object)

    def density(wanted: list[str]) -> float:
        total = walk_km[np.isin(kind, wanted)].sum() + drawn_km[np.isin(drawn_kind, wanted)].sum()
        return float(total / km2)

    streets, inner = rule["density_kinds"], rule["inner_kinds"]
    control = find_control(rule["density_rule"])
    found = density(streets)
    said = f"计入{'、'.join(streets)}；按线长计，重复线只计一次，分幅绘制的按实绘计"
    rows: list[tuple[Any, ...]] = [
        ("步行网络总长", graph.planar_m.sum() / 1000, "km", "全部可步行道路，去除重复线"),
        ("规划范围内步行网络长度", walk_km.sum(), "km", ""),
        ("节点", graph.n_nodes, "个", ""),
        ("边", graph.n_edges, "条", ""),
        ("连通分量", len(graph.component_m), "个", "互不相连的路段组，1 个为全部相连"),
        ("最大连通分量占长度", graph.component_m[0] / graph.component_m.sum() * 100, "%", ""),
        ("规划范围内断头路", kinds.get(_END, 0), "处", "只有一条路段到达的端点"),
        ("疑似未相接", kinds.get(_GAP, 0), "处", f"端点距其他路段不足 {rule['gap_m']:g} m 而未相接"),
        *([("障碍截断", kinds.get(_CUT, 0), "处", _CUT_NOTE)] if len(network.obstacles) else []),
        ("没有道路的社区", kinds.get(_BARE, 0), "个", ""),
        ("规划范围内步行网络密度", walk_km.sum() / km2, "km/km²", "全部可步行道路"),
        (
            "路网密度", found, "km/km²", said, f"≥{control.minimum:g}",
            _KEPT if found >= control.minimum else _BROKEN, control.clause + control.mark,
        ),
        ("路网密度（含小区路，对照）", density([*streets, *inner]), "km/km²", f"另计入{'、'.join(inner)}，不作判定"),
    ]  # fmt: skip
    fields = [
        NetworkFigure.item, NetworkFigure.value, NetworkFigure.unit, NetworkFigure.note,
        NetworkFigure.requirement, NetworkFigure.verdict, NetworkFigure.standard,
    ]  # fmt: skip
    return [dict(zip(fields, row, strict=False)) for row in rows]
