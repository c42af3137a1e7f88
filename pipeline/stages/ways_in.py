"""How places come in: by the gates of estates and parks, or straight; what was found of it, and what is odd."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs import read_settings
from layers.faults import FaultLog
from layers.reachable import Link, NetworkFigure, Precinct
from layers.read.raw import list_rows
from layers.source import Gate
from pipeline.plan import Plan
from pipeline.reach.snap import Status
from pipeline.stages.links import Linked
from pipeline.stages.precincts import ELSEWHERE, NOWHERE, WITHIN, Precincts
from pipeline.stages.walknet import WalkNet, open_walknet


def open_precincts(
    edges: gpd.GeoDataFrame,
    obstacles: gpd.GeoDataFrame,
    precincts: gpd.GeoDataFrame,
    plan: Plan,
    log: FaultLog,
) -> tuple[WalkNet, gpd.GeoDataFrame]:
    """Open the network with what is entered by gates; what has no gate that joins it is entered straight.

    Returns the network and the ``Precinct`` rows that hold.
    """
    net = open_walknet(edges, plan, obstacles, precincts)
    if net.ground is None:
        return net, precincts
    leads = pd.Series(net.ground.entry.status == Status.OK).groupby(precincts[Precinct.precinct]).any()
    cut_off = precincts[~precincts[Precinct.precinct].map(leads)].drop_duplicates(Precinct.precinct)
    if cut_off.empty:
        return net, precincts
    spot = shapely.point_on_surface(cut_off.geometry.iloc[0])
    log.add(
        "HSQ-N01",
        f"{len(cut_off)} 个小区、公园的出入口都接不到路网主网（{plan.walking.max_access_m:g} m 内没有可直接到达的路段）",
        severity="警告",
        layer=Gate.alias,
        row=list_rows(pd.Index(cut_off[Precinct.name].fillna(cut_off[Precinct.precinct]))),
        action="按没有出入口处理：各点按直线接入最近路段",
        remedy="补充到门口的道路，或核对出入口位置",
        x=float(spot.x),
        y=float(spot.y),
    )
    kept = precincts[precincts[Precinct.precinct].map(leads)].reset_index(drop=True)
    return open_walknet(edges, plan, obstacles, kept), kept


def report_rule(
    plan: Plan,
    found: Precincts,
    precincts: gpd.GeoDataFrame,
    *,
    barriers: int,
    gates: int,
    log: FaultLog,
) -> None:
    """Say by which rule places enter the network (3.2)."""
    walking, rule = plan.walking, read_settings("network.yaml")
    words = []
    if barriers:
        words.append(
            f"障碍 {barriers} 条，距出入口（{gates} 处）{walking.gate_m:g} m 内放行，接入直线不穿越障碍"
        )
    if len(precincts):
        kinds = precincts.drop_duplicates(Precinct.precinct)[Precinct.kind].value_counts()
        words.append(
            f"{'、'.join(f'{kind} {kinds.get(kind, 0)} 个' for kind in rule['precincts'])}"
            f"（轮廓 {rule['outline_m']:g} m 内有出入口）只经出入口进出：接入直线不在别处穿越轮廓，"
            "出入口比路段近或没有能直接到达的路段时，由最近的出入口接入（内部直线或绕行至出入口，计入接入距离）；"
            "道路不因轮廓截断；"
            f"距轮廓 {rule['frontage_m']:g} m 内的设施、需求、资源可直接临街出入"
        )
        words.append(f"其余没有出入口的 {len(found.kinds) - int(kinds.sum())} 个，按直线接入最近路段")
    elif gates:
        words.append("没有一处出入口位于小区、公园轮廓上，各点按直线接入最近路段")
    if not words:
        words.append(
            f"没有障碍和出入口数据：各点按直线接入最近路段（不超过 {walking.max_access_m:g} m），不要求经过出入口"
        )
    log.add("HSQ-N01", "；".join(words), severity="提示", layer=Link.alias)


def report_gates(linked: Linked, found: Precincts, parcels: int, log: FaultLog) -> None:
    """Tell the gates that are no gate of an estate or park, and those no road leads to.

    Parameters
    ----------
    linked : the gates, and how they join.
    found : where they stand.
    parcels : number of parcels; without land use no gate can be placed.
    """
    rule = read_settings("network.yaml")
    gates, snap = linked.frame, linked.snap
    if not len(gates):
        return
    names = gates[Gate.name].fillna(gates[Gate.estate]).fillna(gates[Gate.id])

    def tell(rows: NDArray, problem: str, severity: str, remedy: str, action: str = "") -> None:
        if not len(rows):
            return
        log.add(
            "HSQ-N01", problem.format(n=len(rows)), severity=severity, layer=Gate.alias,
            row=list_rows(pd.Index(gates[Gate.id].iloc[rows])), value=list_rows(pd.Index(names.iloc[rows])),
            action=action, remedy=remedy, x=float(snap.x[rows[0]]), y=float(snap.y[rows[0]]),
        )  # fmt: skip

    if parcels:
        at = {word: np.flatnonzero(found.place == word) for word in (WITHIN, ELSEWHERE, NOWHERE)}
        far = f"{rule['outline_m']:g} m"
        tell(
            at[WITHIN], "{n} 处出入口在小区、公园内部，距轮廓超过 " + far, "警告",
            "核对出入口位置与用地边界；内部的门不必处理", "不作为该小区、公园的出入口",
        )  # fmt: skip
        tell(
            at[ELSEWHERE], "{n} 处出入口在其他用地（学校、商业等）的边界上，不作小区、公园出入口", "提示", ""
        )
        tell(
            at[NOWHERE], "{n} 处出入口附近没有现状用地，不能判断属于哪个小区、公园", "提示",
            "需要时补充该处的现状用地", "该处各点按直线接入最近路段",
        )  # fmt: skip
    else:
        log.add(
            "HSQ-N01", f"有出入口 {len(gates)} 处而没有现状用地，不能判断小区、公园的轮廓", severity="提示",
            layer=Gate.alias, action="各点按直线接入最近路段", remedy="补充现状用地图斑",
        )  # fmt: skip
    off = np.flatnonzero((snap.status == Status.OK) & (snap.access_m > rule["gate_road_m"]))
    tell(
        off, "{n} 处出入口距最近路段超过 " + f"{rule['gate_road_m']:g} m", "警告",
        "补画到门口的道路，或核对出入口位置", "按直线接入最近路段",
    )  # fmt: skip


def count_ways_in(
    found: Precincts, precincts: gpd.GeoDataFrame, net: WalkNet, homes: Linked, gates: Linked
) -> list[dict[str, Any]]:
    """Return the rows of ``NetworkFigure`` about gates; none where the plan has no gate.

    Parameters
    ----------
    found, precincts : what was found, and what of it holds.
    net : the network that homes and gates joined.
    """
    if not len(gates.frame):
        return []
    rule = read_settings("network.yaml")
    straight_on = net.snap_straight(homes.points)
    moved = int(((homes.snap.edge != straight_on.edge) | (homes.door >= 0)).sum())
    by_gate = int((homes.door >= 0).sum())
    counted = precincts[Precinct.gate].nunique()
    once = precincts.drop_duplicates(Precinct.precinct)[Precinct.kind]
    outline = f"轮廓 {rule['outline_m']:g} m 内有出入口，接入直线只在出入口处穿越轮廓"
    rows: list[tuple[str, int, str, str]] = []
    for kind in rule["precincts"]:
        rows.append((f"经出入口进出的{kind}", int((once == kind).sum()), "个", outline))
        straight = "没有能接入路网的出入口；各点按直线接入最近路段"
        rows.append((f"其他{kind}", found.kinds.count(kind) - int((once == kind).sum()), "个", straight))
    off = int((~(gates.snap.access_m <= rule["gate_road_m"])).sum())
    rows += [
        ("小区、公园的出入口", counted, "处", "起作用的出入口"),
        ("其他出入口", len(gates.frame) - counted, "处", "在其他用地上、内部或没有现状用地处"),
        ("未接路的出入口", off, "处", f"距最近路段超过 {rule['gate_road_m']:g} m"),
        ("由出入口接入的住户点", by_gate, "个", "小区内没有更近的路段，接入距离为到出入口再到路段"),
        ("因出入口改变接入的住户点", moved, "个", "与按直线接入最近路段相比"),
    ]  # fmt: skip
    fields = (NetworkFigure.item, NetworkFigure.value, NetworkFigure.unit, NetworkFigure.note)
    return [dict(zip(fields, row, strict=True)) for row in rows]
