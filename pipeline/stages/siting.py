"""Stage ``siting``: one centre and stations for a service network, from what stands and what is free (3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import read_settings
from configs.facilities import facility_classes
from layers.frame import empty_frame
from layers.planned import Inventory, Need
from layers.reachable import Edge, Home, Link, NetworkSite, Unit, Whereabouts
from layers.source import Facility
from pipeline.reach.allocate import Allocation, cover_most, make_task, minimise_walk
from pipeline.reach.od import OdTable
from pipeline.reach.search import reach
from pipeline.reach.snap import Status
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.placing import clean_text
from pipeline.stages.walknet import open_walknet, recall_snap
from pipeline.stages.walks import pick_points

_STANDS, _FREE = "现有设施", "空间资源"
_NO_CENTRE = "没有达到中心规模的设施或资源"


@dataclass(frozen=True)
class _Town:
    """Homes that walk, candidates that could be a site, and the metres between them.

    Attributes
    ----------
    homes : ``Home`` rows on the main network.
    weight : (homes,) target persons; 1 a home where nobody was counted.
    counted : whether ``weight`` counts persons.
    places : candidates: id, origin, name, community, room_m2, is_station, may_centre, geometry.
    od : homes to candidates, no limit.
    """

    homes: gpd.GeoDataFrame
    weight: NDArray[np.float64]
    counted: bool
    places: gpd.GeoDataFrame
    od: OdTable


def make_sites(given: Given) -> dict[str, Frame]:
    """Propose the sites of every network of ``configs/siting.yaml``.

    The centre is the 1-median of the target group among places large enough; stations are what stands,
    one in each community without any, and as many more as newly reach enough people (maximal covering).
    """
    parts = [
        part
        for key, rule in read_settings("siting.yaml")["networks"].items()
        if (part := _plan_network(given, key, rule)) is not None
    ]
    if not parts:
        return {NetworkSite.key: empty_frame(NetworkSite, crs=given.crs)}
    return {NetworkSite.key: gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=given.crs)}


def _plan_network(given: Given, key: str, rule: dict[str, Any]) -> gpd.GeoDataFrame | None:
    town = _gather(given, rule)
    if town is None:
        return None
    station = facility_classes()[rule["station"]]
    limit_m = given.plan.walking.class_limit_m(station.key)
    centre, all_walks = _choose_centre(town)
    if centre is None:
        given.log.add(
            "HSQ-A05", f"{rule['name']}：{_NO_CENTRE}（{rule['centre_m2']:g} ㎡），只布站点", severity="提示",
            layer=NetworkSite.alias, remedy="补充资源台账，或在 configs/siting.yaml 中调整规模",
        )  # fmt: skip
    found = _choose_stations(given, town, rule, limit_m, centre)
    if not len(found.sites):
        return None
    rows = town.places.iloc[found.sites].reset_index(drop=True)
    served = found.assigned[: len(town.homes)]
    sums = pd.DataFrame({"at": served, "w": town.weight, "m": found.distance_m[: len(served)]})[served >= 0]
    sums["wm"] = sums["w"] * sums["m"]
    by_site = sums.groupby("at").agg(n=("w", "size"), w=("w", "sum"), wm=("wm", "sum")).reindex(found.sites)
    by_site = by_site.fillna(0.0).reset_index(drop=True)
    is_centre = found.sites == (-1 if centre is None else centre)
    reached = ~np.isnan(all_walks)
    total = town.weight[reached].sum()
    mean = (town.weight[reached] @ all_walks[reached]) / total if total > 0 else np.nan
    covered = town.weight[served >= 0].sum() / town.weight.sum()
    given.log.add(
        "HSQ-A08", f"{rule['name']}“中心+站点”：中心 {int(is_centre.sum())} 处、站点 {int((~is_centre).sum())} 处"
        f"（新增 {int(((rows['origin'] == _FREE).to_numpy() & ~is_centre).sum())} 处），{limit_m:g} m 内服务{'目标人群' if town.counted else '住户点'} {covered:.1%}",
        severity="提示", layer=NetworkSite.alias,
    )  # fmt: skip
    return gpd.GeoDataFrame(
        {
            NetworkSite.id: key + "|" + rows["id"],
            NetworkSite.community: rows["community"],
            NetworkSite.network: rule["name"],
            NetworkSite.role: np.where(is_centre, "中心", "站点"),
            NetworkSite.origin: rows["origin"],
            NetworkSite.object_id: rows["id"],
            NetworkSite.name: rows["name"],
            NetworkSite.room_m2: rows["room_m2"],
            NetworkSite.limit_m: limit_m,
            NetworkSite.homes: by_site["n"].astype(int),
            NetworkSite.people: by_site["w"] if town.counted else np.nan,
            NetworkSite.mean_m: by_site["wm"] / by_site["w"].where(by_site["w"] > 0),
            NetworkSite.centre_people: np.where(is_centre, total if town.counted else np.nan, np.nan),
            NetworkSite.centre_mean_m: np.where(is_centre, mean, np.nan),
            NetworkSite.needs: rows["community"].map(_needs_of(given, [*rule["stations"], *rule["centres"]])),
            NetworkSite.method: [
                _say(c, origin) for c, origin in zip(is_centre, rows["origin"], strict=True)
            ],
        },
        geometry=rows.geometry.to_numpy(),
        crs=given.crs,
    ).sort_values([NetworkSite.role, NetworkSite.origin, NetworkSite.id], ignore_index=True)


def _gather(given: Given, rule: dict[str, Any]) -> _Town | None:
    """Return homes, candidates and walks; None where there is nobody or nowhere to go."""
    net = open_walknet(given.geo(Edge), given.plan)
    homes = given.placed(Home)
    homes = homes[homes[Home.community].notna()].sort_values(Home.id, ignore_index=True)
    places = _list_places(given, rule)
    if homes.empty or places.empty:
        return None
    home_snap = recall_snap(given.geo(Link), homes, Home.key)
    place_snap = net.snap(gpd.GeoSeries(places.geometry, crs=homes.crs))
    joined, usable = (np.flatnonzero(snap.status == Status.OK) for snap in (home_snap, place_snap))
    homes, places = homes.iloc[joined].reset_index(drop=True), places.iloc[usable].reset_index(drop=True)
    if homes.empty or places.empty:
        return None
    walks = reach(net.graph, place_snap.take(usable), home_snap.take(joined), np.inf)
    people = homes[rule["target"]].fillna(0.0).to_numpy()
    counted = bool(people.sum() > 0)
    od = OdTable(walks.target, walks.origin, walks.distance_m, len(homes), len(places))
    return _Town(homes, people if counted else np.ones(len(homes)), counted, places, od)


def _list_places(given: Given, rule: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return facilities of the plan's communities, then confirmed resources, each by id: the order of ties."""
    station = facility_classes()[rule["station"]]
    facilities = given.placed(Facility)
    facilities = facilities[facilities[Facility.community].notna()]
    keys = facilities[Facility.type_key]
    facilities = facilities[keys.isin([*rule["stations"], *rule["centres"]])].sort_values(Facility.id)
    room = facilities[Facility.floor_area_m2]
    is_station = facilities[Facility.type_key].isin(rule["stations"])
    stands = pd.DataFrame(
        {
            "id": facilities[Facility.id],
            "origin": _STANDS,
            "name": facilities[Facility.name].fillna(facilities[Facility.type_name]),
            "community": facilities[Facility.community],
            "room_m2": room,
            "is_station": is_station,
            "may_centre": ~is_station | (room >= rule["centre_m2"]),
            "geometry": facilities.geometry,
        }
    )
    spaces = given.geo(Inventory)
    here = (
        spaces[Inventory.category].isin(rule["categories"])
        & (spaces[Inventory.certainty] == "确认")
        & (spaces[Inventory.usable_m2] >= station.need_m2)
        & spaces[Inventory.community].notna()
        & ~(spaces.geometry.isna() | spaces.geometry.is_empty)
    )
    spaces = spaces[here].sort_values(Inventory.number)
    free = pd.DataFrame(
        {
            "id": spaces[Inventory.number],
            "origin": _FREE,
            "name": spaces[Inventory.name],
            "community": spaces[Inventory.community],
            "room_m2": spaces[Inventory.usable_m2],
            "is_station": False,
            "may_centre": spaces[Inventory.usable_m2] >= rule["centre_m2"],
            "geometry": pick_points(spaces.geometry),
        }
    )
    both = [part for part in (stands, free) if len(part)]
    return gpd.GeoDataFrame(pd.concat(both, ignore_index=True) if both else stands, crs=given.crs)


def _choose_centre(town: _Town) -> tuple[int | None, NDArray[np.float64]]:
    """Return the place of the least walking in sum, and every home's walk to it (NaN where there is none)."""
    able = np.flatnonzero(town.places["may_centre"].to_numpy(dtype=bool))
    nowhere = np.full(len(town.homes), np.nan)
    pairs = np.flatnonzero(np.isin(town.od.destination, able))
    if not len(able) or not len(pairs):
        return None, nowhere
    at = np.searchsorted(able, town.od.destination[pairs])
    od = OdTable(town.od.origin[pairs], at, town.od.distance_m[pairs], len(town.homes), len(able))
    # All are on the main network, so that every place is within reach of every home.
    found = minimise_walk(make_task(od, town.weight), 1)
    return int(able[found.sites[0]]), found.distance_m


def _choose_stations(
    given: Given, town: _Town, rule: dict[str, Any], limit_m: float, centre: int | None
) -> Allocation:
    """Return the network of sites: what stands, the centre, and new ones as far as they are worth it.

    A community without a station asks for one through an origin of its own that outweighs everybody else.
    """
    n = len(town.places)
    fixed = town.places["is_station"].to_numpy(dtype=bool).copy()
    if centre is not None:
        fixed[centre] = True
    may_open = fixed | (town.places["origin"] == _FREE).to_numpy()
    community = town.places["community"].to_numpy(dtype=object)
    lacking = sorted(set(given.table(Unit)[Unit.name]) - set(community[fixed]))
    hopeless = [name for name in lacking if not (may_open & (community == name)).any()]
    lacking = [name for name in lacking if name not in hopeless]
    if hopeless:
        given.log.add(
            "HSQ-A08", f"{rule['name']}：{'、'.join(hopeless)}没有站点，也没有可作站点的确认资源", severity="提示",
            layer=NetworkSite.alias, remedy="补充资源台账，或由邻近社区站点服务",
        )  # fmt: skip
    wish = [
        (row, at) for row, name in enumerate(lacking) for at in np.flatnonzero(may_open & (community == name))
    ]
    near = town.od.within(limit_m)
    near = near.take(np.flatnonzero(may_open[near.destination]))
    rows, at = np.array(wish, dtype=np.int64).reshape(-1, 2).T
    od = OdTable(
        np.concatenate([near.origin, len(town.homes) + rows]),
        np.concatenate([near.destination, at]),
        np.concatenate([near.distance_m, np.zeros(len(rows))]),
        len(town.homes) + len(lacking),
        n,
    )
    everybody = town.weight.sum()
    task = make_task(od, np.append(town.weight, np.full(len(lacking), everybody + 1)), fixed=fixed)
    count = max(int(fixed.sum()) + len(lacking), 1)
    most = min(count + int(rule["new_stations"]), int(may_open.sum()))
    found = cover_most(task, count, limit_m)
    while count < most:
        more = cover_most(task, count + 1, limit_m)
        gain = more.value - found.value
        if gain <= 0 or gain < rule["least_gain"] * everybody:
            break
        found, count = more, count + 1
    return found


def _needs_of(given: Given, keys: list[str]) -> dict[str, str]:
    """Return the numbers of the needs of these classes by community."""
    needs = given.table(Need)
    needs = needs[needs[Need.type_key].isin(keys) & needs[Need.community].notna()]
    return {
        clean_text(name): "、".join(sorted(group))
        for name, group in needs.groupby(Need.community)[Need.number]
    }


def _say(is_centre: bool, origin: str) -> str:
    if is_centre:
        return "目标人群步行总距离最小（p-中位，p=1，HiGHS 精确求解），规模不小于中心下限（待核）"
    if origin == _STANDS:
        return "现有站点，保留"
    return "无站点的社区各设一处，其余按新增服务人群最多（最大覆盖，HiGHS 精确求解）"


SITING = Stage(
    name="siting",
    title="中心站点布局",
    takes=(Edge, Home, Link, Facility, Unit, Whereabouts, Need, Inventory),
    gives=(NetworkSite,),
    run=make_sites,
)
