"""A service network in rows: its sites with whom they serve and what they hold, its homes, what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.services import Service
from layers import codes
from layers.planned import Need
from layers.reachable import Home
from layers.sites import NetworkSite, SiteReach
from pipeline.reach.task import Allocation
from pipeline.stages.base import Given
from pipeline.stages.placing import clean_text
from pipeline.stages.prospects import FREE, STANDS, Prospects

_CENTRE, _STATION = codes.SITE_ROLE.values
_SERVED, _FULL, _FAR = codes.SITE_REACH.values
_KEPT = "现状保留，不选址"
_MEDIAN = "p-中位（p=1）"
_COVER, _COVER_HELD = "最大覆盖", "带容量的最大覆盖"


@dataclass(frozen=True)
class Network:
    """A network as decided.

    Attributes
    ----------
    prospects : what it is made of, capacity and taken area of a chosen centre set.
    centres, stations : (k,) positions of places; a centre is a station as well.
    to_centre : everybody to the nearest centre.
    served : everybody to a station within its limit, as capacities allow.
    held : whether a capacity could bind.
    limit_m : of the stations.
    """

    prospects: Prospects
    centres: NDArray[np.int64]
    stations: NDArray[np.int64]
    to_centre: Allocation
    served: Allocation
    held: bool
    limit_m: float


def report_network(given: Given, service: Service, network: Network) -> None:
    """Say what came of a network, whom it leaves out, and by what its capacities are known."""
    town, served = network.prospects, network.served
    homes = served.assigned[: len(town.homes)]
    of = town.places.iloc[network.stations]
    new = (of["origin"] == FREE).to_numpy() & ~np.isin(network.stations, network.centres)
    whom, unit = ("目标人群", "人") if town.counted else ("住户点", "处")
    full = town.weight[_find_full(network)].sum()
    rule = service.capacity
    by = f"能力不计：{service.unknown}"
    if rule is not None:
        unknown = int(of["capacity"].isna().sum())
        by = f"能力按{rule.said}，按不限计的 {unknown} 处"
        if np.isnan(town.asked):
            by = f"能力不计：没有{'户数' if rule.of == 'households' else '人口'}，无法按{rule.said}折算"
    given.log.add(
        "HSQ-A09",
        f"{service.name}“中心+站点”：中心 {len(network.centres)} 处、站点 {len(of) - len(network.centres)} 处（新增 {int(new.sum())} 处），"
        f"{network.limit_m:g} m 内服务{whom} {town.weight[homes >= 0].sum() / town.weight.sum():.1%}；"
        + (f"距离之内因能力不足未服务 {full:.0f} {unit}；" if full else "")
        + by
        + (f"；求解未证最优，差距不超过 {served.gap:.2%}" if served.gap else ""),
        severity="提示", layer=NetworkSite.alias,
    )  # fmt: skip


def _find_full(network: Network) -> NDArray[np.bool_]:
    """Return the homes that lie within the limit of a site and are served by none."""
    town = network.prospects
    near = town.od.within(network.limit_m)
    near = near.take(np.flatnonzero(np.isin(near.destination, network.stations)))
    within = np.isin(np.arange(len(town.homes)), near.origin)
    return within & (network.served.assigned[: len(town.homes)] < 0)


def list_sites(given: Given, service: Service, network: Network) -> gpd.GeoDataFrame:
    """Return the ``NetworkSite`` rows of a network."""
    town = network.prospects
    rows = town.places.iloc[network.stations].reset_index(drop=True)
    served, n = network.served, len(town.homes)
    homes = served.assigned[:n]
    sums = pd.DataFrame({"at": homes, "w": town.weight, "wm": town.weight * served.distance_m[:n]})[
        homes >= 0
    ]
    by_site = sums.groupby("at").agg(n=("w", "size"), w=("w", "sum"), wm=("wm", "sum"))
    by_site = by_site.reindex(network.stations).fillna(0.0).reset_index(drop=True)
    is_centre = np.isin(network.stations, network.centres)
    known = rows["capacity"].notna() & ~np.isnan(town.asked)
    load = (by_site["w"] * town.asked).where(known)
    walked = pd.DataFrame(
        {"at": network.to_centre.assigned, "w": town.weight, "m": network.to_centre.distance_m}
    )
    walked = walked[walked["at"] >= 0].assign(wm=lambda frame: frame["w"] * frame["m"])
    by_centre = (
        walked.groupby("at")
        .agg(w=("w", "sum"), wm=("wm", "sum"))
        .reindex(network.stations)
        .reset_index(drop=True)
    )
    centre_id, centre_m = _find_own_centre(network)
    return gpd.GeoDataFrame(
        {
            NetworkSite.id: service.key + "|" + rows["id"],
            NetworkSite.community: rows["community"],
            NetworkSite.network: service.name,
            NetworkSite.role: np.where(is_centre, _CENTRE, _STATION),
            NetworkSite.origin: rows["origin"],
            NetworkSite.object_id: rows["id"],
            NetworkSite.name: rows["name"],
            NetworkSite.room_m2: rows["room_m2"],
            NetworkSite.limit_m: network.limit_m,
            NetworkSite.homes: by_site["n"].astype(int),
            NetworkSite.people: by_site["w"] if town.counted else np.nan,
            NetworkSite.mean_m: by_site["wm"] / by_site["w"].where(by_site["w"] > 0),
            NetworkSite.capacity: rows["capacity"],
            NetworkSite.capacity_unit: service.capacity.unit if service.capacity else None,
            NetworkSite.load: load,
            NetworkSite.spare: rows["capacity"] - load,
            NetworkSite.basis: rows["basis"],
            NetworkSite.centre: centre_id,
            NetworkSite.centre_walk_m: centre_m,
            NetworkSite.centre_people: by_centre["w"] if town.counted else np.nan,
            NetworkSite.centre_mean_m: by_centre["wm"] / by_centre["w"],
            NetworkSite.needs: rows["community"].map(_needs_of(given, service)),
            NetworkSite.model: [_name_model(c, o, network) for c, o in zip(is_centre, rows["origin"], strict=True)],
            NetworkSite.method: [_say(c, o, service, network) for c, o in zip(is_centre, rows["origin"], strict=True)],
        },
        geometry=rows.geometry.to_numpy(),
        crs=given.crs,
    ).sort_values([NetworkSite.role, NetworkSite.origin, NetworkSite.id], ignore_index=True)  # fmt: skip


def _find_own_centre(network: Network) -> tuple[NDArray, NDArray[np.float64]]:
    """Return the nearest centre of each station and the metres to it; nothing for a centre itself."""
    ids = np.full(len(network.stations), None, dtype=object)
    metres = np.full(len(network.stations), np.nan)
    if len(network.centres):
        apart = network.prospects.apart_m[np.ix_(network.stations, network.centres)]
        nearest = np.where(np.isnan(apart), np.inf, apart).argmin(axis=1)
        station = ~np.isin(network.stations, network.centres)
        places = network.prospects.places["id"].to_numpy(dtype=object)
        ids[station] = places[network.centres[nearest[station]]]
        metres[station] = apart[np.arange(len(apart)), nearest][station]
    return ids, metres


def list_reached(service: Service, network: Network) -> pd.DataFrame:
    """Return the ``SiteReach`` rows of a network."""
    town, n = network.prospects, len(network.prospects.homes)
    at = network.served.assigned[:n]
    ids = town.places["id"].to_numpy(dtype=object)
    return pd.DataFrame(
        {
            SiteReach.id: service.key + "|" + town.homes[Home.id],
            SiteReach.community: town.homes[Home.community],
            SiteReach.network: service.name,
            SiteReach.home: town.homes[Home.id],
            SiteReach.site: np.where(at >= 0, ids[at], None),
            SiteReach.metres: network.served.distance_m[:n],
            SiteReach.status: np.select([at >= 0, _find_full(network)], [_SERVED, _FULL], _FAR),
        }
    )


def _needs_of(given: Given, service: Service) -> dict[str, str]:
    """Return the numbers of the needs of the service's classes by community."""
    needs = given.table(Need)
    classes = [*service.stations.classes, *service.centre.classes]
    needs = needs[needs[Need.type_key].isin(classes) & needs[Need.community].notna()]
    return {
        clean_text(name): "、".join(sorted(group))
        for name, group in needs.groupby(Need.community)[Need.number]
    }


def _name_model(is_centre: bool, origin: str, network: Network) -> str:
    if origin == STANDS and (not is_centre or network.prospects.places["is_centre"].any()):
        return _KEPT
    if is_centre:
        return _MEDIAN
    return _COVER_HELD if network.held else _COVER


def _say(is_centre: bool, origin: str, service: Service, network: Network) -> str:
    model = _name_model(is_centre, origin, network)
    if model == _KEPT:
        return "现有中心，保留" if is_centre else "现有站点，保留"
    if is_centre:
        least = service.centre.least
        return f"目标人群步行总距离最小，规模不小于 {least.value:g} ㎡（{least.said}），HiGHS 精确求解"
    return "无站点的社区各设一处，其余按新增服务人群最多，HiGHS 精确求解"
