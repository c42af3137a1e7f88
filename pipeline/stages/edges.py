"""Edges of the walk network: walkable lines, parted by barriers, noded, weighed by slope."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers import codes
from layers.faults import Fault, FaultLog, PlanFaults
from layers.grids import Relief
from layers.reachable import Edge, Obstacle
from layers.source import Barrier, Gate, Road
from pipeline.plan import Plan
from pipeline.reach.barriers import Severed, sever_lines
from pipeline.reach.fence import open_barriers
from pipeline.reach.graph import round_length
from pipeline.reach.noding import node_lines
from pipeline.reach.slope import HeightGrid, measure_effort
from pipeline.stages.base import Given
from pipeline.stages.walknet import open_walknet

# A network this much in islands says that the lines do not meet where the streets do.
_MIN_MAIN_SHARE = 0.9
# Severed pieces end this many noding tolerances before the barrier, so that noding cannot join them.
_RETREAT = 4.0
# Slope is taken over stretches no longer than this, metres.
_SLOPE_STEP_M = 20.0


@dataclass(frozen=True)
class Network:
    """The ``Edge`` and ``Obstacle`` layers, and where barriers cut walkable lines.

    Attributes
    ----------
    cuts : points with columns ``road`` and ``barrier``.
    """

    edges: gpd.GeoDataFrame
    obstacles: gpd.GeoDataFrame
    cuts: gpd.GeoDataFrame


def build_network(given: Given) -> Network:
    """Make edges of the walkable roads.

    Raises
    ------
    PlanFaults
        HSQ-X02 when coordinates are degrees; HSQ-N02 when nothing walkable is left.
    """
    roads, plan, log = given.geo(Road), given.plan, given.log
    if roads.crs is not None and not roads.crs.is_projected:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-X02", "步行网络须以米为单位的平面坐标，现为经纬度", layer=Road.alias, value=str(roads.crs),
                    remedy="在 inputs.road 中写明坐标系，或先投影到 CGCS2000 3° 带",
                )
            ]
        )  # fmt: skip
    walkable = roads[roads[Road.walkable]]
    obstacles = _open_obstacles(given.geo(Barrier), given.geo(Gate), plan)
    lines, source, cuts = _sever(walkable, obstacles, plan, log)
    level = walkable[Road.level].to_numpy(dtype=np.int64)
    noded = node_lines(lines, level=level[source], tolerance_m=plan.walking.node_tolerance_m)
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
    owner = source[noded.source]
    effort = _weigh_slope(noded.geometry, level[owner] != 0, given.table(Relief), log)
    bare = gpd.GeoDataFrame({Edge.effort_m: effort}, geometry=noded.geometry, crs=roads.crs)
    graph = open_walknet(bare, plan).graph
    _report_size(graph.planar_m.sum(), graph.n_nodes, graph.n_edges, graph.component_m, log)
    edges = gpd.GeoDataFrame(
        {
            Edge.id: [f"E{i}" for i in range(graph.n_edges)],
            Edge.road: walkable[Road.id].to_numpy()[owner],
            Edge.u: graph.u,
            Edge.v: graph.v,
            Edge.length_m: graph.planar_m,
            Edge.effort_m: effort,
            Edge.component: graph.edge_component,
        },
        geometry=noded.geometry,
        crs=roads.crs,
    )
    return Network(edges, obstacles, cuts)


def _report_size(total_m: float, nodes: int, edges: int, component_m: np.ndarray, log: FaultLog) -> None:
    main = float(component_m[0] / component_m.sum())
    sound = main >= _MIN_MAIN_SHARE
    log.add(
        "HSQ-N02",
        f"步行网络 {total_m / 1000:.2f} km，节点 {nodes} 个，边 {edges} 条，"
        f"连通分量 {len(component_m)} 个（最大者占长度 {main:.1%}）",
        severity="提示" if sound else "警告",
        layer=Edge.alias,
        remedy="" if sound else "道路线在路口没有相接：检查捕捉，或调大 walking.node_tolerance_m",
    )


def _open_obstacles(barriers: gpd.GeoDataFrame, gates: gpd.GeoDataFrame, plan: Plan) -> gpd.GeoDataFrame:
    """Return the barriers less what gates open in them."""
    left = open_barriers(
        barriers.geometry.to_numpy(), gates.geometry.dropna().to_numpy(), tolerance_m=plan.walking.gate_m
    )
    kept = ~(shapely.is_missing(left) | shapely.is_empty(left))
    rows = barriers[kept]
    return gpd.GeoDataFrame(
        {
            Obstacle.id: "B" + rows[Barrier.id],
            Obstacle.source: rows[Barrier.source],
            Obstacle.barrier: rows[Barrier.id],
            Obstacle.cuts: rows[Barrier.cuts],
            Obstacle.level: rows[Barrier.level],
        },
        geometry=left[kept],
        crs=barriers.crs,
    )


def _sever(
    walkable: gpd.GeoDataFrame, obstacles: gpd.GeoDataFrame, plan: Plan, log: FaultLog
) -> tuple[np.ndarray, np.ndarray, gpd.GeoDataFrame]:
    """Return lines, the row of each, and where barriers cut them."""
    lines, rows = walkable.geometry.to_numpy(), np.arange(len(walkable))
    cut: dict[str, object] = {"road": pd.Series([], dtype="str"), "barrier": pd.Series([], dtype="str")}
    nowhere = gpd.GeoDataFrame(cut, geometry=[], crs=walkable.crs)
    if not len(obstacles):
        return lines, rows, nowhere
    # What cannot be used is left to noding, which counts it.
    usable = ~(shapely.is_missing(lines) | shapely.is_empty(lines))
    level = walkable[Road.level].to_numpy(dtype=np.int64)[usable]

    def lay(across: gpd.GeoDataFrame) -> Severed:
        return sever_lines(
            lines[usable],
            across.geometry.to_numpy(),
            level=level,
            barrier_level=across[Obstacle.level].to_numpy(dtype=np.int64),
            retreat_m=_RETREAT * plan.walking.node_tolerance_m,
        )

    cutting = obstacles[Obstacle.cuts] == codes.YES_NO.values[0]
    passed = lay(obstacles[~cutting])
    if len(passed.x):
        log.add(
            "HSQ-N02",
            f"道路 {len(passed.x)} 处跨越河流、铁路等而未标明桥隧、道口",
            severity="提示",
            layer=Road.alias,
            action="按可通行处理（该障碍不截断道路）",
            remedy="不能通行的，把该障碍的“是否截断道路”填为“是”",
            x=float(passed.x[0]),
            y=float(passed.y[0]),
        )
    obstacles = obstacles[cutting]
    severed = lay(obstacles)
    roads = walkable[Road.id].to_numpy()[rows[usable][severed.line]]
    barriers = obstacles[Obstacle.barrier].to_numpy()[severed.barrier]
    cuts = gpd.GeoDataFrame(
        {"road": roads, "barrier": barriers},
        geometry=gpd.points_from_xy(severed.x, severed.y),
        crs=walkable.crs,
    )
    for x, y, road, barrier in zip(severed.x, severed.y, roads, barriers, strict=True):
        log.add(
            "HSQ-N02",
            f"道路 {road} 穿过障碍 {barrier}，附近 {plan.walking.gate_m:g} m 内没有出入口",
            severity="警告",
            layer=Road.alias,
            row=str(road),
            action="步行网络在此断开",
            remedy="可通行时补充出入口，或为桥、隧填写层级",
            x=float(x),
            y=float(y),
        )
    return (
        np.concatenate([severed.geometry, lines[~usable]]),
        np.concatenate([rows[usable][severed.source], rows[~usable]]),
        cuts,
    )


def _weigh_slope(
    lines: np.ndarray, off_ground: np.ndarray, relief: pd.DataFrame, log: FaultLog
) -> np.ndarray:
    """Return effective metres of each edge, missing where the plan counts no slope."""
    if not len(relief):
        return np.full(len(lines), np.nan)
    effort = measure_effort(lines, make_grid(relief), step_m=_SLOPE_STEP_M, straight=off_ground)
    total = float(shapely.length(lines).sum())
    log.add(
        "HSQ-N02",
        f"步行距离按坡度折算（Tobler 函数，往返平均，每 {_SLOPE_STEP_M:g} m 取一坡度，桥隧取两端高差）："
        f"全网平均 {effort.metres.sum() / total:.3f} 倍",
        severity="提示",
        layer=Edge.alias,
    )
    without = float(effort.unknown_m.sum())
    if without > 0:
        worst = int(np.argmax(effort.unknown_m))
        place = shapely.line_interpolate_point(lines[worst], 0.5, normalized=True)
        log.add(
            "HSQ-N02",
            f"{int((effort.unknown_m > 0).sum())} 条边有 {without:.0f} m 没有高程（占 {without / total:.1%}）",
            severity="警告",
            layer=Edge.alias,
            action="该部分按平坡计",
            remedy="补充覆盖研究范围的高程栅格",
            x=float(place.x),
            y=float(place.y),
        )
    return round_length(effort.metres)


def make_grid(relief: pd.DataFrame) -> HeightGrid:
    """Return the ``Relief`` table as a grid."""
    row, column = (relief[name].to_numpy(dtype=np.intp) for name in (Relief.row, Relief.column))
    height = np.full((row.max() + 1, column.max() + 1), np.nan)
    height[row, column] = relief[Relief.height_m].to_numpy()
    x, y = relief[Relief.x_m].to_numpy(), relief[Relief.y_m].to_numpy()
    # Of the two extremes the one farther apart gives the step to more digits.
    across = np.ptp(x) / max(np.ptp(column), 1), np.ptp(y) / max(np.ptp(row), 1)
    step = float(max(across)) or 1.0
    return HeightGrid(float(x[0] - column[0] * step), float(y[0] - row[0] * step), step, height)
