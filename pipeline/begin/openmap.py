"""An OpenStreetMap extract among the files: what in it can be the plan's outline and its communities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from layers import classify
from layers.faults import FaultLog, PlanFaults
from layers.read.contents import Left
from layers.read.osm import REF, TAGS, Extract, read_osm
from pipeline.begin.findings import Findings
from pipeline.stages.opendata import plan_crs

_PLACES = ("quarter", "neighbourhood", "suburb", "village", "hamlet")
_SHOWN = 5
_STREETS = ("街道", "镇", "乡")


@dataclass(frozen=True)
class Pick:
    """What a config may pick from an extract.

    Attributes
    ----------
    block : ``outline`` and ``communities`` as the config has them.
    names : of the communities.
    street : name of the outline where it is a street or town.
    near : longitude and latitude of the middle.
    doubts : Chinese sentences.
    rank : how much it tells, to choose between extracts: 2 a boundary with communities, 1 an area.
    """

    block: dict[str, Any]
    names: tuple[str, ...]
    street: str
    near: tuple[float, float]
    doubts: tuple[str, ...]
    rank: int


def add_open_data(findings: Findings) -> None:
    """Give the findings the extract that serves a plan best, where there is one; others are left out."""
    read: list[tuple[Left, Pick | None, str]] = []
    for item in [left for left in findings.left if left.kind == "osm"]:
        try:
            pick = pick_place(read_osm(item.path, FaultLog()))
            read.append((item, pick, "没有完整的行政边界、社区点或居住区面可作规划范围"))
        except PlanFaults as error:
            read.append((item, None, error.faults[0].problem))
    usable = sorted(
        ((item, pick) for item, pick, _ in read if pick is not None),
        key=lambda pair: (-pair[1].rank, str(pair[0].path)),
    )
    chosen = usable[0] if usable else None
    gone = {
        id(item): reason if pick is None else "一个方案只用一份 OpenStreetMap 数据"
        for item, pick, reason in read
    }
    findings.left = [replace(x, reason=gone[id(x)]) if id(x) in gone else x for x in findings.left]
    if chosen is None:
        return
    item, pick = chosen
    findings.left = [left for left in findings.left if left.path != item.path]
    findings.open_path, findings.open_data, findings.open_doubts = item.path, pick.block, pick.doubts
    findings.near = findings.near or pick.near
    findings.communities = findings.communities or pick.names
    findings.street = findings.street or pick.street
    if pick.street:
        pick.block["street"] = pick.street


def pick_place(extract: Extract) -> Pick | None:
    """Return what may be outline and communities: a boundary with place points, place areas, or an estate."""
    areas = extract.areas
    places = _with_tag(extract.nodes, "place", _PLACES)
    rings = areas[
        [ref.startswith("r") and tags.get("boundary") == "administrative" for ref, tags in _pairs(areas)]
    ]
    inside = [int(shapely.within(places.geometry.to_numpy(), ring).sum()) for ring in rings.geometry]
    if any(inside):
        best = max(range(len(rings)), key=lambda at: (inside[at], -rings.geometry.iloc[at].area))
        return _pick_boundary(rings, best, places)
    solid = _with_tag(areas, "place", _PLACES)
    if len(solid):
        value = Counter(tags["place"] for tags in solid[TAGS]).most_common(1)[0][0]
        mine = solid[[tags["place"] == value for tags in solid[TAGS]]]
        doubt = f"以 place={value} 的 {len(mine)} 个面为社区：{_list_names(mine)}"
        return Pick({"communities": {"tags": {"place": value}}}, _names(mine), "", _middle(mine), (doubt,), 1)
    return _pick_estate(areas)


def _pick_boundary(rings: gpd.GeoDataFrame, at: int, places: gpd.GeoDataFrame) -> Pick:
    ring, tags = rings.iloc[[at]], rings[TAGS].iloc[at]
    mine = places[shapely.within(places.geometry.to_numpy(), ring.geometry.iloc[0])]
    value = Counter(tags["place"] for tags in mine[TAGS]).most_common(1)[0][0]
    mine = mine[[tags["place"] == value for tags in mine[TAGS]]]
    name = classify.name_of(tags) or "未命名"
    doubts = [
        f"外轮廓取“{name}”（relation {ring[REF].iloc[0][1:]}），其中 {len(mine)} 个 place={value} 点为社区：{_list_names(mine)}"
    ]
    others = rings.drop(index=rings.index[at])
    if len(others):
        doubts.append(f"其他完整的行政边界：{_list_names(others, numbered=True)}")
    block = {"outline": {"relation": int(ring[REF].iloc[0][1:])}, "communities": {"tags": {"place": value}}}
    street = name if name.endswith(_STREETS) else ""
    return Pick(block, _names(mine), street, _middle(ring), tuple(doubts), 2)


def _pick_estate(areas: gpd.GeoDataFrame) -> Pick | None:
    """Take the named residential area with most buildings."""
    estates = areas[[t.get("landuse") == "residential" and bool(classify.name_of(t)) for t in areas[TAGS]]]
    if estates.empty:
        return None
    houses = areas[[t.get("building", "no") != "no" for t in areas[TAGS]]]
    metric = plan_crs(float(_middle(estates)[0]))
    spots = houses.to_crs(metric).representative_point()
    count = np.array([spots.within(shape).sum() for shape in estates.to_crs(metric).geometry])
    order = np.argsort(-count, kind="stable")
    best = estates.iloc[[order[0]]]
    ref = best[REF].iloc[0]
    kind = "relation" if ref.startswith("r") else "way"
    ranked = estates.iloc[order[1 : 1 + _SHOWN]]
    doubts = (
        f"没有行政边界和社区点，暂以建筑最多的居住区“{_names(best)[0]}”（{kind} {ref[1:]}，{count[order[0]]} 栋）为社区",
        *((f"也可换成：{_list_names(ranked, numbered=True)}",) if len(ranked) else ()),
    )
    return Pick({"communities": {kind: int(ref[1:])}}, _names(best), "", _middle(best), doubts, 1)


def _pairs(frame: gpd.GeoDataFrame) -> Iterable[tuple[str, dict[str, str]]]:
    return zip(frame[REF], frame[TAGS], strict=True)


def _with_tag(frame: gpd.GeoDataFrame, key: str, values: tuple[str, ...]) -> gpd.GeoDataFrame:
    return frame[[tags.get(key) in values and bool(classify.name_of(tags)) for tags in frame[TAGS]]]


def _names(frame: gpd.GeoDataFrame) -> tuple[str, ...]:
    return tuple(sorted(classify.name_of(tags) or "" for tags in frame[TAGS]))


def _list_names(frame: gpd.GeoDataFrame, *, numbered: bool = False) -> str:
    shown = [
        (classify.name_of(tags) or "未命名") + (f"（{ref[0]}{ref[1:]}）" if numbered else "")
        for ref, tags in _pairs(frame)
    ]
    return "、".join(sorted(shown)[:12])


def _middle(frame: gpd.GeoDataFrame) -> tuple[float, float]:
    west, south, east, north = frame.total_bounds
    return float(west + east) / 2, float(south + north) / 2
