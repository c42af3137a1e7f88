"""What a service network can be made of: homes that walk, places that could be a site, what these can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.services import Service
from layers import codes
from layers.planned import Inventory
from layers.reachable import Home, Link, Unit, Whereabouts
from layers.source import Building, Facility
from pipeline.reach.od import OdTable
from pipeline.reach.search import reach
from pipeline.reach.snap import Snap, Status
from pipeline.stages.access import count_places
from pipeline.stages.base import Given
from pipeline.stages.coverage import find_refused
from pipeline.stages.walknet import WalkNet, recall_snap
from pipeline.stages.walks import pick_points

STANDS, FREE = codes.SITE_ORIGIN.values
_CONFIRMED = codes.CERTAINTY.values[0]


@dataclass(frozen=True)
class Prospects:
    """Homes that walk, places that could be a site, and the metres between them.

    Attributes
    ----------
    homes : ``Home`` rows on the main network with people of the target group, by id.
    weight : (homes,) target persons; 1 a home where nobody was counted.
    counted : whether ``weight`` counts persons.
    asked : what one of them asks for, in the unit of the service's capacity; NaN where that is not known.
    places : candidates in the order of ties: id, origin, name, community, room_m2, taken_m2, capacity (NaN where
        unknown), basis, is_station and is_centre (as they stand), may_station and may_centre, geometry.
    od : homes to places, no limit; nobody of another community to a facility that refuses.
    apart_m : (places, places) metres between them.
    """

    homes: gpd.GeoDataFrame
    weight: NDArray[np.float64]
    counted: bool
    asked: float
    places: gpd.GeoDataFrame
    od: OdTable
    apart_m: NDArray[np.float64]


def find_prospects(
    given: Given, net: WalkNet, service: Service, room_m2: Mapping[str, float]
) -> Prospects | None:
    """Return what a network can be made of; None where there is nobody or nowhere to go.

    Parameters
    ----------
    net : the walk network of the plan.
    service : what the network of sites is for.
    room_m2 : usable area left in each spatial resource, by number.
    """
    link = given.geo(Link)
    homes = given.placed(Home)
    homes = homes[homes[Home.community].notna()].sort_values(Home.id, ignore_index=True)
    everybody = homes
    counted = bool(homes[service.target].sum() > 0)
    if counted:
        homes = homes[homes[service.target] > 0].reset_index(drop=True)
    stands, free = _list_facilities(given, service), _list_spaces(given, service, room_m2)
    if homes.empty or not len(stands) + len(free):
        return None
    home_snap = recall_snap(link, homes, Home.key)
    place_snap = _join(recall_snap(link, stands, Facility.key), net.snap(free.geometry))
    joined, usable = (np.flatnonzero(snap.status == Status.OK) for snap in (home_snap, place_snap))
    both = [part for part in (stands, free) if len(part)]
    places = gpd.GeoDataFrame(pd.concat(both, ignore_index=True), crs=given.crs)
    homes, places = homes.iloc[joined].reset_index(drop=True), places.iloc[usable].reset_index(drop=True)
    if homes.empty or places.empty:
        return None
    place_snap = place_snap.take(usable)
    walks = reach(net.graph, place_snap, home_snap.take(joined), np.inf)
    kept = ~(
        places["refuses"].to_numpy(dtype=bool)[walks.origin]
        & (
            places["community"].to_numpy(dtype=object)[walks.origin]
            != homes[Home.community].to_numpy(dtype=object)[walks.target]
        )
    )
    od = OdTable(walks.target[kept], walks.origin[kept], walks.distance_m[kept], len(homes), len(places))
    between = reach(net.graph, place_snap, place_snap, np.inf)
    apart_m = np.full((len(places), len(places)), np.nan)
    apart_m[between.origin, between.target] = between.distance_m
    weight = homes[service.target].to_numpy(dtype=np.float64) if counted else np.ones(len(homes))
    asked = (
        measure_asked(given, service, everybody) / float(everybody[service.target].sum())
        if counted
        else np.nan
    )
    return Prospects(homes, weight, counted, asked, places, od, apart_m)


def measure_asked(given: Given, service: Service, homes: gpd.GeoDataFrame) -> float:
    """Return what all people of the plan ask for by the standard; NaN where it cannot be told.

    Households are those the communities state, else those of the homes' buildings.
    """
    if service.capacity is None:
        return np.nan
    if service.capacity.of == "population":
        total = homes[Home.population].sum(min_count=1)
    else:
        total = given.table(Unit)[Unit.households].sum(skipna=False)
        if pd.isna(total):
            lived_in = given.table(Building)[Building.id].isin(homes[Home.building])
            total = given.table(Building).loc[lived_in, Building.households].sum(min_count=1)
    return (
        float("nan") if pd.isna(total) else float(total) / service.capacity.per * service.capacity.asked.value
    )


def _list_facilities(given: Given, service: Service) -> gpd.GeoDataFrame:
    """Return the sites that stand in the plan's communities, or in 研究范围 where they are open to others."""
    where = given.table(Whereabouts)
    studied = where[(where[Whereabouts.layer] == Facility.key) & where[Whereabouts.in_study]]
    frame = given.placed(Facility)
    refused = find_refused(frame)
    here = frame[Facility.community].notna()
    near = frame[Facility.id].isin(studied[Whereabouts.object_id]) & ~refused
    of_class = frame[Facility.type_key].isin([*service.stations.classes, *service.centre.classes])
    has_place = ~(frame.geometry.isna() | frame.geometry.is_empty)
    frame = frame.assign(refuses=refused, inside=here)[of_class & has_place & (here | near)]
    frame = frame.sort_values(Facility.id, ignore_index=True)
    room = frame[Facility.floor_area_m2].fillna(
        frame[Facility.land_area_m2] if service.scale.land else np.nan
    )
    large = frame[Facility.floor_area_m2] >= service.centre.least.value
    of_centre = frame[Facility.type_key].isin(service.centre.classes)
    # A class of the centre is one by name; only a known size says that it is not.
    is_centre = of_centre & (large | frame[Facility.floor_area_m2].isna())
    capacity, basis = _hold_facilities(frame, service)
    return gpd.GeoDataFrame(
        {
            Facility.id: frame[Facility.id],
            "origin": STANDS,
            "name": frame[Facility.name].fillna(frame[Facility.type_name]),
            "community": frame[Facility.community],
            "room_m2": room,
            "taken_m2": 0.0,
            "capacity": capacity,
            "basis": basis,
            "is_station": ~is_centre,
            "is_centre": is_centre,
            "may_station": True,
            "may_centre": large & frame["inside"] & ~frame["refuses"],
            "refuses": frame["refuses"],
        },
        geometry=frame.geometry.to_numpy(),
        crs=given.crs,
    )


def _hold_facilities(frame: pd.DataFrame, service: Service) -> tuple[NDArray[np.float64], NDArray]:
    rule = service.capacity
    if rule is None:
        return np.full(len(frame), np.nan), np.full(len(frame), f"按不限：{service.unknown}", dtype=object)
    held = frame[Facility.floor_area_m2] if rule.by_area else count_places(frame)
    known = "设施建筑面积" if rule.by_area else "设施服务能力"
    return held.to_numpy(dtype=np.float64), np.where(held.notna(), known, f"按不限：没有{known}")


def _list_spaces(given: Given, service: Service, room_m2: Mapping[str, float]) -> gpd.GeoDataFrame:
    """Return the confirmed resources with room enough for a station or the centre."""
    frame = given.geo(Inventory)
    room = frame[Inventory.number].map(dict(room_m2)).astype("float64")
    open_ = (
        (frame[Inventory.certainty] == _CONFIRMED)
        & frame[Inventory.community].notna()
        & ~(frame.geometry.isna() | frame.geometry.is_empty)
    )
    small, large = (
        open_ & frame[Inventory.category].isin(level.resources) & (room >= level.least.value)
        for level in (service.stations, service.centre)
    )
    frame = frame.assign(room=room, small=small, large=large)[small | large]
    frame = frame.sort_values(Inventory.number, ignore_index=True)
    # A station is small: it takes no more than its standard's largest scale. The centre takes its least.
    taken = frame["room"].clip(upper=service.scale.most_m2 or service.stations.least.value)
    taken = taken.where(frame["small"], np.nan)
    capacity, basis = hold_area(taken.to_numpy(), service, "站点规模上限")
    return gpd.GeoDataFrame(
        {
            Facility.id: frame[Inventory.number],
            "origin": FREE,
            "name": frame[Inventory.name],
            "community": frame[Inventory.community],
            "room_m2": frame["room"],
            "taken_m2": taken,
            "capacity": capacity,
            "basis": basis,
            "is_station": False,
            "is_centre": False,
            "may_station": frame["small"],
            "may_centre": frame["large"],
            "refuses": False,
        },
        geometry=pick_points(frame.geometry),
        crs=given.crs,
    )


def hold_area(area_m2: NDArray[np.float64], service: Service, most: str) -> tuple[NDArray[np.float64], str]:
    """Return what new sites of these areas hold, NaN where unknown, and by what rule; ``most`` names the limit."""
    rule = service.capacity
    if rule is None:
        return np.full(len(area_m2), np.nan), f"按不限：{service.unknown}"
    if rule.by_area:
        return area_m2, f"资源可用面积，至多计{most}"
    if rule.place is None:
        return np.full(len(area_m2), np.nan), f"按不限：标准没有给出每{rule.unit}的面积"
    return np.floor(area_m2 / rule.place.value), (
        f"资源可用面积（至多计{most}）÷ 每{rule.unit}{rule.place.value:g}㎡（{rule.place.said}）"
    )


def _join(first: Snap, second: Snap) -> Snap:
    return Snap(
        **{f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Snap)}
    )
