"""Gaps the measures show: a required class nobody can reach, or one that is too small after sharing.

漏配 is a class that no home of a community reaches even with sharing; 少配 is capacity below what the
facilities that serve the community must carry (requirements.md §7.16). A class that part of the homes
reach is no gap type of its own: its blind homes are counted and reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.faults import FaultLog
from layers.reachable import Coverage, FacilityLoad, Home, Served
from pipeline.stages.coverage import PERSONS
from pipeline.stages.placing import clean_number
from pipeline.stages.shape import find_medoid

_INDICATIVE = codes.HOME_BASIS.values[1]


@dataclass(frozen=True)
class Gap:
    """A computed gap of one community and class.

    Attributes
    ----------
    kind : 漏配 or 少配.
    description, origin, urgency, rule : texts of the need.
    target_people : persons of the target group in the community; NaN where homes are indicative.
    place : a real home point, the medoid of the community's homes.
    """

    community: str
    item: FacilityClass
    kind: str
    description: str
    origin: str
    urgency: str
    rule: str
    target_people: float
    place: shapely.Point | None


def find_gaps(
    served: pd.DataFrame,
    coverage: pd.DataFrame,
    homes: gpd.GeoDataFrame,
    loads: pd.DataFrame,
    log: FaultLog,
) -> list[Gap]:
    """Return the gaps of all communities and required classes, in a fixed order.

    Parameters
    ----------
    served, coverage, homes, loads : the layers ``Served``, ``Coverage``, ``Home``, ``FacilityLoad``.
    log : told about homes left blind by a class that others of their community reach.
    """
    classes = facility_classes()
    rows = served[served[Served.type_key].isin([key for key, item in classes.items() if item.required])]
    rows = rows[rows[Served.homes] > 0].sort_values([Served.community, Served.type_key])
    nearest = coverage.groupby([Coverage.community, Coverage.type_key])[Coverage.any_m].min()
    overload = _sum_overload(coverage, homes, loads)
    centres = _find_centres(homes)
    found = []
    for row in rows.to_dict("records"):
        pair = (row[Served.community], row[Served.type_key])
        item = classes[row[Served.type_key]]
        basis, place = centres.get(row[Served.community], ("", None))
        word = "示意住户点" if basis == _INDICATIVE else "住户点"
        blind = int(row[Served.homes] - row[Served.homes_shared])
        lack = overload.get(pair)
        if row[Served.homes_shared] == 0:
            kind, origin = "漏配", read_settings("needs.yaml")["computed_origin"]
            description = _describe_missing(row, item, word, float(nearest.get(pair, float("nan"))))
        elif lack is not None:
            kind, origin = "少配", read_settings("needs.yaml")["capacity_origin"]
            description = f"扩充{item.name}服务能力：共享后服务能力仍比服务人数少{lack:.0f}{PERSONS}"
        else:
            kind = ""
        if blind and row[Served.homes_shared] > 0:
            log.add(
                "HSQ-A08",
                f"{pair[0]}有{blind}处{word}共享后仍不在{item.name}{row[Served.limit_m]:.0f} m 步行范围内（共{row[Served.homes]}处），未列为漏配",
                severity="提示",
                layer=Served.alias,
                row=f"{pair[0]}/{item.name}",
                value=str(blind),
                remedy="如需补点，请在需求清单中列出",
            )
        if not kind:
            continue
        urgency, rule = judge_urgency(item, kind)
        people = float("nan") if basis == _INDICATIVE else clean_number(row[Served.target_people])
        found.append(Gap(pair[0], item, kind, description, origin, urgency, rule, people, place))
    return found


def judge_urgency(item: FacilityClass, kind: str) -> tuple[str, str]:
    """Return 紧迫 or 一般 for a computed gap, and the rule that says so."""
    for group, keys in read_settings("needs.yaml")["urgent_classes"].items():
        if item.key in keys:
            return "紧迫", f"测算为{kind}且属{group}设施，判为紧迫"
    return "一般", f"测算为{kind}，不属一老一小、基本医疗、底线安全设施，判为一般"


def _describe_missing(row: dict, item: FacilityClass, word: str, nearest_m: float) -> str:
    reach = f"{row[Served.limit_m]:.0f} m（{item.minutes}分钟）内可达0/{row[Served.homes]}处{word}，含共享"
    far = "" if pd.isna(nearest_m) else f"；最近一处步行{nearest_m:.0f} m"
    return f"增设{item.name}：{reach}{far}{item.mark}"


def _sum_overload(
    coverage: pd.DataFrame, homes: gpd.GeoDataFrame, loads: pd.DataFrame
) -> dict[tuple[str, str], float]:
    """Return the persons without a place, by community and class, where every capacity is known in persons.

    Each covered home goes to its nearest facility, so nobody is counted at two of them; a community's
    facilities stand in for one another, whoever uses them. What one set of facilities lacks is told once,
    for the community with most homes at them.
    """
    classes = facility_classes()
    lacks: dict[tuple[str, str], float] = {}
    people = homes.set_index(Home.id)
    capacity = loads.set_index(FacilityLoad.facility)
    in_persons = capacity[FacilityLoad.capacity].where(capacity[FacilityLoad.capacity_unit] == PERSONS)
    for key in read_settings("needs.yaml")["capacity_classes"]:
        used = coverage[(coverage[Coverage.type_key] == key) & coverage[Coverage.shared]]
        persons = people[classes[key].target].reindex(used[Coverage.home]).set_axis(used.index)
        demand = persons.groupby(used[Coverage.any_facility]).sum(min_count=1)
        spare = in_persons.reindex(demand.index) - demand
        told: dict[frozenset[str], tuple[str, int]] = {}
        for community, group in used.groupby(Coverage.community):
            facilities = frozenset(group[Coverage.any_facility])
            lack = -float(spare.loc[sorted(facilities)].sum(skipna=False))
            other = told.get(facilities)
            if lack > 0 and (other is None or len(group) > other[1]):
                if other is not None:
                    del lacks[other[0], key]
                told[facilities] = (str(community), len(group))
                lacks[str(community), key] = lack
    return lacks


def _find_centres(homes: gpd.GeoDataFrame) -> dict[str, tuple[str, shapely.Point]]:
    """Return basis and medoid of each community's homes; indicative if any home is."""
    return dict(_iter_centres(homes))


def _iter_centres(homes: gpd.GeoDataFrame) -> Iterator[tuple[str, tuple[str, shapely.Point]]]:
    for name, group in homes.sort_values(Home.id).groupby(Home.community):
        points = group.geometry.to_numpy()
        chosen = find_medoid(shapely.get_x(points), shapely.get_y(points))
        basis = _INDICATIVE if (group[Home.basis] == _INDICATIVE).any() else ""
        yield str(name), (basis, points[chosen])
