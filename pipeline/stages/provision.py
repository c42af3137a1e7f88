"""How well every community is provided with every required class, before and after sharing.

requirements.md §7.16, which decides the terms of guideline 2.2:

漏配      no facility of the class within reach of any home, even with sharing
共享可解  reached only across a border: the answer is in the sharing table, it is no need of its own
少配      capacity, after sharing, below what the people who go there ask for
错配      reached, but the wrong group or the wrong place: homes are reached where the group does not live

A class that part of the homes reach, for the right people, is 部分可达: its blind homes are counted and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from configs import read_settings
from configs.facilities import facility_classes
from layers.frame import conform
from layers.provision import Provision, ProvisionCount
from layers.reachable import Coverage, FacilityLoad, Home, Served
from pipeline.stages.coverage import PERSONS
from pipeline.stages.placing import clean_number

MET, PARTLY, MISSING, SOLVED, SHORT, WRONG = Provision.after.spec.codes.values  # type: ignore[union-attr]
Pair = tuple[str, str]


def judge_provision(
    served: pd.DataFrame, coverage: pd.DataFrame, homes: gpd.GeoDataFrame, loads: pd.DataFrame
) -> pd.DataFrame:
    """Return the ``Provision`` rows of all communities with homes and all required classes, in a fixed order.

    Parameters
    ----------
    served, coverage, homes, loads : the layers ``Served``, ``Coverage``, ``Home``, ``FacilityLoad``.
    """
    required = [key for key, item in facility_classes().items() if item.required]
    rows = served[served[Served.type_key].isin(required) & (served[Served.homes] > 0)]
    rows = rows.sort_values([Served.community, Served.type_key])
    lacks = {
        own: sum_overload(coverage, homes, loads, own_only=own)  # persons without a place
        for own in (True, False)
    }
    found = [_judge_row(row, lacks) for row in rows.to_dict("records")]
    return conform(pd.DataFrame(found), Provision)


def _judge_row(row: Mapping[str, Any], lacks: Mapping[bool, Mapping[Pair, float]]) -> dict[str, Any]:
    pair = (row[Served.community], row[Served.type_key])
    lack = {own: found.get(pair, float("nan")) for own, found in lacks.items()}
    before, _ = _judge_side(row, own=True, lack=lack[True])
    after, rule = _judge_side(row, own=False, lack=lack[False])
    return {
        Provision.id: f"{pair[0]}|{pair[1]}",
        Provision.community: pair[0],
        Provision.type_key: pair[1],
        Provision.type_name: row[Served.type_name],
        Provision.limit_m: row[Served.limit_m],
        Provision.before: before,
        Provision.after: after,
        Provision.homes: row[Served.homes],
        Provision.homes_before: row[Served.homes_own],
        Provision.homes_after: row[Served.homes_shared],
        Provision.target: row[Served.target],
        Provision.target_people: row[Served.target_people],
        Provision.target_before: row[Served.target_own],
        Provision.target_after: row[Served.target_shared],
        Provision.lack_before: lack[True],
        Provision.lack_after: lack[False],
        Provision.rule: rule,
    }


def _judge_side(row: Mapping[str, Any], *, own: bool, lack: float) -> tuple[str, str]:
    """Return the judgement of one side (own facilities only, or with sharing) and the sentence of its rule."""
    reached = int(row[Served.homes_own if own else Served.homes_shared])
    limit, homes = f"{row[Served.limit_m]:.0f} m", int(row[Served.homes])
    if reached == 0:
        return MISSING, f"{limit}内可达0/{homes}处住户点，含共享（指南2.2）"
    if lack > 0:
        return SHORT, f"共享后服务能力比服务人数少{lack:.0f}{PERSONS}（指南2.2）"
    wrong = _find_mismatch(row, own=own)
    if wrong:
        return WRONG, wrong
    if not own and row[Served.homes_own] == 0:
        return (
            SOLVED,
            f"本社区设施可达0处，跨社区共享后可达{reached}/{homes}处住户点（指南3.2），见设施共享表",
        )
    return MET if reached == homes else PARTLY, f"可达{reached}/{homes}处住户点"


def _find_mismatch(row: Mapping[str, Any], *, own: bool) -> str:
    """Return why what is reached is 错配, or nothing.

    Only classes for a group of their own can miss it. Shares are of the community's people of the group and of
    all its people; without counts nothing is said.
    """
    rule = read_settings("needs.yaml")["mismatch"]
    item = facility_classes()[row[Served.type_key]]
    group = clean_number(row[Served.target_people])
    people = clean_number(row[Served.people])
    got = clean_number(row[Served.target_own if own else Served.target_shared])
    all_got = clean_number(row[Served.people_own if own else Served.people_shared])
    if item.target == Home.population or not (group - got >= rule["least_people"] and all_got > 0):
        return ""
    who, of_group, of_all = row[Served.target], got / group, all_got / people
    said = f"可达范围内有居住人口的{of_all:.0%}，{who}仅{got:.0f}/{group:.0f}人（{of_group:.0%}）"
    if got == 0:
        return f"服务对象错位：{said}（指南2.2）"
    if of_group < rule["place_share"] * of_all:
        return f"布点错位：{said}，占比不足居住人口的{rule['place_share']:.0%}（指南2.2）"
    return ""


def sum_overload(
    coverage: pd.DataFrame, homes: gpd.GeoDataFrame, loads: pd.DataFrame, *, own_only: bool
) -> dict[Pair, float]:
    """Return the persons without a place, by community and class, where every capacity is known in persons.

    Each covered home goes to its nearest facility, so nobody is counted at two of them; a community's
    facilities stand in for one another, whoever uses them. What one set of facilities lacks is told once,
    for the community with most homes at them.

    Parameters
    ----------
    coverage, homes, loads : the layers ``Coverage``, ``Home``, ``FacilityLoad``.
    own_only : whether only homes at facilities of their own community count (before sharing).
    """
    covered, facility = (
        (Coverage.own, Coverage.own_facility) if own_only else (Coverage.shared, Coverage.any_facility)
    )
    classes = facility_classes()
    lacks: dict[Pair, float] = {}
    people = homes.set_index(Home.id)
    capacity = loads.set_index(FacilityLoad.facility)
    in_persons = capacity[FacilityLoad.capacity].where(capacity[FacilityLoad.capacity_unit] == PERSONS)
    for key in read_settings("needs.yaml")["capacity_classes"]:
        used = coverage[(coverage[Coverage.type_key] == key) & coverage[covered]]
        persons = people[classes[key].target].reindex(used[Coverage.home]).set_axis(used.index)
        demand = persons.groupby(used[facility]).sum(min_count=1)
        spare = in_persons.reindex(demand.index) - demand
        told: dict[frozenset[str], tuple[str, int]] = {}
        for community, group in used.groupby(Coverage.community):
            facilities = frozenset(group[facility])
            lack = -float(spare.loc[sorted(facilities)].sum(skipna=False))
            other = told.get(facilities)
            if lack > 0 and (other is None or len(group) > other[1]):
                if other is not None:
                    del lacks[other[0], key]
                told[facilities] = (str(community), len(group))
                lacks[str(community), key] = lack
    return lacks


def count_provision(provision: pd.DataFrame) -> pd.DataFrame:
    """Return one ``ProvisionCount`` row a community: judgements before and after sharing (§7.16)."""
    names = provision[Provision.community].drop_duplicates().to_numpy()
    before, after = (
        pd.crosstab(provision[Provision.community], provision[side]).reindex(
            index=names, columns=[MET, PARTLY, MISSING, SOLVED, SHORT, WRONG], fill_value=0
        )
        for side in (Provision.before, Provision.after)
    )
    rows = pd.DataFrame(
        {
            ProvisionCount.id: names,
            ProvisionCount.community: names,
            ProvisionCount.classes: before.sum(axis=1).to_numpy(),
            ProvisionCount.missing_before: before[MISSING].to_numpy(),
            ProvisionCount.short_before: before[SHORT].to_numpy(),
            ProvisionCount.wrong_before: before[WRONG].to_numpy(),
            ProvisionCount.partly_before: before[PARTLY].to_numpy(),
            ProvisionCount.met_before: before[MET].to_numpy(),
            ProvisionCount.missing_after: after[MISSING].to_numpy(),
            ProvisionCount.solved_after: after[SOLVED].to_numpy(),
            ProvisionCount.short_after: after[SHORT].to_numpy(),
            ProvisionCount.wrong_after: after[WRONG].to_numpy(),
            ProvisionCount.partly_after: after[PARTLY].to_numpy(),
            ProvisionCount.met_after: after[MET].to_numpy(),
        }
    )
    if not np.array_equal(before.sum(axis=1), after.sum(axis=1)):
        raise ValueError("judgements before and after sharing do not count the same classes")
    return conform(rows, ProvisionCount)
