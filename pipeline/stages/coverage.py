"""Stage ``coverage``: the nearest facility of every class for every home, own and shared (3.2)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.areas import measure_area
from layers.reachable import (
    Blind,
    Coverage,
    CoverArea,
    Edge,
    FacilityLoad,
    Home,
    Link,
    Obstacle,
    Precinct,
    Reach,
    Scope,
    Served,
    Unit,
    Whereabouts,
)
from layers.source import Facility
from pipeline.plan import Plan
from pipeline.reach.cells import cell_distance, contour_area
from pipeline.reach.search import nearest, reach
from pipeline.reach.snap import Snap
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.walknet import WalkNet, open_walknet, recall_snap

# A facility that says so serves its own community only: it is no answer to anybody else's gap.
REFUSED = codes.SHARING.values[2]
# Capacity in this unit can be set against people; classes, seats and vehicles cannot.
PERSONS = "人"
# Homes farther than this from any facility of a class get no distance: it would say nothing.
_SEARCH_M = 5000.0
TARGET_NAME: dict[str, str] = {
    Home.population: "全体居民",
    Home.elders: "60岁及以上老年人",
    Home.infants: "0-3岁婴幼儿",
    Home.children: "3-6岁幼儿",
}


def _present_classes(facilities: pd.DataFrame) -> list[FacilityClass]:
    """Classes worth a row: those that stand somewhere and those whose absence is a gap."""
    present = set(facilities[Facility.type_key])
    return [item for key, item in facility_classes().items() if key in present or item.required]


def find_refused(facilities: pd.DataFrame) -> NDArray:
    """Return which facilities serve their own community only; offices of the street never do."""
    refused = facilities[Facility.sharing] == REFUSED
    return (
        refused & ~facilities[Facility.type_key].isin(read_settings("sharing.yaml")["street_wide"])
    ).to_numpy()


class _Town:
    """Homes and facilities with their snaps, in one place for the sweeps of all classes."""

    def __init__(self, given: Given, net: WalkNet) -> None:
        link = given.geo(Link)
        homes = given.placed(Home)
        self.homes = homes[homes[Home.community].notna()].sort_values(Home.id, ignore_index=True)
        self.facilities = given.placed(Facility).sort_values(Facility.id, ignore_index=True)
        self.net = net
        self.home_snap = recall_snap(link, self.homes, Home.key)
        self.facility_snap = recall_snap(link, self.facilities, Facility.key)

    def sweep(self, which: NDArray, homes: NDArray) -> tuple[NDArray, NDArray]:
        """Return metres and facility id of the nearest of the chosen facilities for the chosen homes."""
        rows = np.flatnonzero(which)
        targets = self.home_snap.take(homes)
        metres, source = nearest(self.net.graph, self.facility_snap.take(rows), targets, _SEARCH_M)
        ids = np.full(len(metres), None, dtype=object)
        found = source >= 0
        ids[found] = self.facilities[Facility.id].to_numpy(dtype=object)[rows[source[found]]]
        return np.where(found, metres, np.nan), ids


def _cover_class(town: _Town, item: FacilityClass, plan: Plan) -> pd.DataFrame:
    """Return the ``Coverage`` rows of one class.

    With sharing a home may go to any facility that does not refuse it, or to any of its own community.
    """
    of_class = (town.facilities[Facility.type_key] == item.key).to_numpy()
    refused = find_refused(town.facilities)
    community = town.homes[Home.community].to_numpy(dtype=object)
    everyone = np.ones(len(town.homes), dtype=bool)
    any_m, any_id = town.sweep(of_class & ~refused, everyone)
    own_m = np.full(len(town.homes), np.nan)
    own_id = np.full(len(town.homes), None, dtype=object)
    home_community = town.facilities[Facility.community].to_numpy(dtype=object)
    for name in sorted(set(community)):
        here = community == name
        own_m[here], own_id[here] = town.sweep(of_class & (home_community == name), here)
    nearer = (own_m < any_m) | (np.isnan(any_m) & ~np.isnan(own_m))
    any_m, any_id = np.where(nearer, own_m, any_m), np.where(nearer, own_id, any_id)
    limit = plan.walking.class_limit_m(item.key)
    return pd.DataFrame(
        {
            Coverage.id: town.homes[Home.id] + "|" + item.key,
            Coverage.community: community,
            Coverage.home: town.homes[Home.id],
            Coverage.type_key: item.key,
            Coverage.limit_m: limit,
            Coverage.own_facility: own_id,
            Coverage.own_m: own_m,
            Coverage.any_facility: any_id,
            Coverage.any_m: any_m,
            Coverage.own: own_m <= limit,
            Coverage.shared: any_m <= limit,
        }
    )


def _sum_people(values: pd.Series, mask: pd.Series) -> float:
    """Sum counted people; missing when nobody was counted at all, so that no false zero is printed."""
    return float(values[mask].sum()) if values.notna().any() else np.nan


def _summarise(town: _Town, coverage: pd.DataFrame, units: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    homes = town.homes.set_index(Home.id)
    rows = []
    for item in _present_classes(town.facilities):
        of_class = coverage[coverage[Coverage.type_key] == item.key].set_index(Coverage.home)
        for name in units[Unit.name]:
            part = of_class[of_class[Coverage.community] == name]
            people = homes.loc[part.index, Home.population]
            target = homes.loc[part.index, item.target]
            own, shared = part[Coverage.own], part[Coverage.shared]
            stands = (town.facilities[Facility.type_key] == item.key) & (
                town.facilities[Facility.community] == name
            )
            everyone = pd.Series(True, index=part.index)
            rows.append(
                {
                    Served.id: f"{name}|{item.key}",
                    Served.community: name,
                    Served.type_key: item.key,
                    Served.type_name: item.name,
                    Served.tier: f"{item.minutes}分钟",
                    Served.limit_m: plan.walking.class_limit_m(item.key),
                    Served.target: TARGET_NAME[item.target],
                    Served.facilities: int(stands.sum()),
                    Served.homes: len(part),
                    Served.homes_own: int(own.sum()),
                    Served.homes_shared: int(shared.sum()),
                    Served.homes_gained: int((shared & ~own).sum()),
                    Served.people: _sum_people(people, everyone),
                    Served.people_own: _sum_people(people, own),
                    Served.people_shared: _sum_people(people, shared),
                    Served.target_people: _sum_people(target, everyone),
                    Served.target_own: _sum_people(target, own),
                    Served.target_shared: _sum_people(target, shared),
                    Served.required: item.required,
                }
            )
    return pd.DataFrame(rows)


def _find_blind(town: _Town, coverage: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return homes no facility of a required class reaches, even with sharing."""
    required = [key for key, item in facility_classes().items() if item.required]
    rows = coverage[coverage[Coverage.type_key].isin(required) & ~coverage[Coverage.shared]]
    homes = town.homes.set_index(Home.id).loc[rows[Coverage.home]]
    names = rows[Coverage.type_key].map(lambda key: facility_classes()[key].name)
    return gpd.GeoDataFrame(
        {
            Blind.id: rows[Coverage.id].to_numpy(),
            Blind.community: rows[Coverage.community].to_numpy(),
            Blind.home: rows[Coverage.home].to_numpy(),
            Blind.type_key: rows[Coverage.type_key].to_numpy(),
            Blind.type_name: names.to_numpy(),
            Blind.nearest_m: rows[Coverage.any_m].to_numpy(),
            Blind.population: homes[Home.population].to_numpy(),
            Blind.note: ("住户点依据：" + homes[Home.basis]).to_numpy(),
        },
        geometry=homes.geometry.to_numpy(),
        crs=town.homes.crs,
    )


def _draw_areas(town: _Town, study: shapely.Geometry, plan: Plan) -> gpd.GeoDataFrame:
    """Draw the 5/10/15-minute bands of every class inside the study area; they decide nothing."""
    cells = town.net.cells(study, plan)
    minutes = (5, 10, 15)
    limits = [plan.walking.limit_m(t) for t in minutes]
    rows = []
    for item in _present_classes(town.facilities):
        of_class = (town.facilities[Facility.type_key] == item.key).to_numpy()
        if not of_class.any():
            continue
        sources: Snap = town.facility_snap.take(of_class)
        distance = cell_distance(cells, town.net.graph, sources, limits[-1])
        for t, limit, area in zip(minutes, limits, contour_area(cells, distance, limits), strict=True):
            shape = shapely.intersection(area, study)
            parts = shapely.get_parts(shape)
            parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
            if len(parts):
                rows.append((item, t, limit, shapely.multipolygons(parts)))
    frame = gpd.GeoDataFrame(
        {
            CoverArea.id: [f"{item.key}|{t}" for item, t, _, _ in rows],
            CoverArea.type_key: [item.key for item, *_ in rows],
            CoverArea.type_name: [item.name for item, *_ in rows],
            CoverArea.band_m: [round(limit) for _, _, limit, _ in rows],
            CoverArea.minutes: [t for _, t, _, _ in rows],
            CoverArea.note: f"按 {plan.walking.cell_m:g} m 格网绘制的示意范围，是否覆盖以住户点路网距离为准",
        },
        geometry=[shape for *_, shape in rows],
        crs=town.homes.crs,
    )
    frame[CoverArea.area_m2] = measure_area(frame.geometry, rule=plan.crs.area_rule)
    return frame


def _measure_load(town: _Town, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the homes and people each facility reaches within its class limit (B-02), and list the pairs."""
    parts, pairs = [], []
    community = town.homes[Home.community].to_numpy(dtype=object)
    owner = town.facilities[Facility.community].to_numpy(dtype=object)
    refused = find_refused(town.facilities)
    for key, rows in town.facilities.groupby(Facility.type_key).groups.items():
        item = facility_classes()[str(key)]
        index = np.asarray(rows)
        table = reach(
            town.net.graph,
            town.facility_snap.take(index),
            town.home_snap,
            plan.walking.class_limit_m(item.key),
        )
        served = pd.DataFrame({"row": index[table.origin], "home": table.target})
        pairs.append(
            pd.DataFrame(
                {
                    Reach.facility: town.facilities[Facility.id].to_numpy()[served["row"]],
                    Reach.home: town.homes[Home.id].to_numpy()[served["home"]],
                    Reach.metres: np.round(table.distance_m, 2),
                }
            )
        )
        served = served[~refused[served["row"]] | (owner[served["row"]] == community[served["home"]])]
        people = town.homes[Home.population].to_numpy()[served["home"]]
        target = town.homes[item.target].to_numpy()[served["home"]]
        sums = served.assign(people=people, target=target).groupby("row")
        chosen = town.facilities.loc[index]
        load = pd.DataFrame(
            {
                FacilityLoad.id: chosen[Facility.id],
                FacilityLoad.facility: chosen[Facility.id],
                FacilityLoad.type_key: key,
                FacilityLoad.community: chosen[Facility.community],
                FacilityLoad.homes: sums.size().reindex(index).fillna(0).astype("int64"),
                FacilityLoad.people: sums["people"].sum(min_count=1).reindex(index),
                FacilityLoad.target_people: sums["target"].sum(min_count=1).reindex(index),
                FacilityLoad.capacity: chosen[Facility.capacity],
                FacilityLoad.capacity_unit: chosen[Facility.capacity_unit],
            }
        )
        # Only a capacity counted in persons of one group can be set against that group; places for
        # everybody are used by turns, and how often is no fact of this data.
        persons = (load[FacilityLoad.capacity_unit] == PERSONS) & (item.target != Home.population)
        spare = load[FacilityLoad.capacity] - load[FacilityLoad.target_people]
        load[FacilityLoad.spare] = spare.where(persons)
        parts.append(load)
    columns = list(FacilityLoad.columns())
    if not parts:
        return pd.DataFrame(columns=columns), pd.DataFrame(columns=list(Reach.columns()))
    listed = pd.concat(pairs, ignore_index=True).sort_values([Reach.facility, Reach.home], ignore_index=True)
    return pd.concat(parts, ignore_index=True), listed


def run(given: Given) -> dict[str, Frame]:
    """Decide coverage by network distance, door to door; draw areas from the cell table beside it."""
    plan = given.plan
    net = open_walknet(given.geo(Edge), plan, given.geo(Obstacle), given.geo(Precinct))
    town = _Town(given, net)
    coverage = pd.concat([_cover_class(town, item, plan) for item in _present_classes(town.facilities)])
    coverage = coverage.reset_index(drop=True)
    unverified = [item.name for item in _present_classes(town.facilities) if not item.verified]
    if unverified:
        given.log.add(
            "HSQ-A02",
            f"{len(unverified)} 类设施的标准条文来源待核：{'、'.join(unverified)}",
            severity="提示",
            layer=Facility.alias,
            action="相关图表注“待核”",
            remedy="核对 configs/standards/lifecircle_facilities.csv 的来源与可信度",
        )
    scope = given.geo(Scope)
    study = scope.geometry[scope[Scope.kind] == codes.SCOPE.values[1]].iloc[0]
    units = given.table(Unit)
    load, pairs = _measure_load(town, plan)
    return {
        Coverage.key: coverage,
        Served.key: _summarise(town, coverage, units, plan),
        Blind.key: _find_blind(town, coverage),
        CoverArea.key: _draw_areas(town, study, plan),
        FacilityLoad.key: load,
        Reach.key: pairs,
    }


COVERAGE = Stage(
    "coverage",
    "设施覆盖",
    takes=(Edge, Obstacle, Precinct, Home, Link, Facility, Unit, Scope, Whereabouts),
    gives=(Coverage, Served, Blind, CoverArea, FacilityLoad, Reach),
    config=("crs.area_rule", "walking"),
    run=run,
)
