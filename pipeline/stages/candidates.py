"""Pairs of a need and a spatial resource that are worth judging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers import codes
from layers.ledgers import OwnCost
from layers.planned import Inventory, Need, Pair
from layers.reachable import Edge, Obstacle, Precinct
from pipeline.stages.base import Given
from pipeline.stages.factors import Factor, rule
from pipeline.stages.judge import Candidate, Judge, name_pair
from pipeline.stages.money import read_costs
from pipeline.stages.placing import clean_text
from pipeline.stages.rubric import Judgement
from pipeline.stages.walks import measure_walks

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What was found for the needs that ask for space.

    Attributes
    ----------
    best : candidates by need, best first.
    refused : why a pair somebody decided about cannot be judged, by its number.
    """

    best: dict[str, list[Candidate]]
    refused: dict[str, str]


def wants_space(need: dict[str, Any]) -> bool:
    """Return whether a need asks for room or ground: a facility to be built, not pipes or rules."""
    return need[Need.problem] == "建设类" and bool(clean_text(need[Need.type_key]))


def find_candidates(given: Given) -> Found:
    """Return every space-seeking need's best candidates, best first, and the decided pairs that cannot be.

    Only confirmed spatial resources count: 疑似 ones never enter 资源清单 (DESIGN §4). Distance is walked;
    where either end has no place or no way to the network, only resources of the same community stay. A pair
    somebody decided about is judged and kept whatever its rank and distance.
    """
    needs, inventory = given.geo(Need), given.geo(Inventory)
    needs = needs[[wants_space(row) for row in needs.to_dict("records")]]
    resources = inventory[
        inventory[Inventory.category].isin(codes.SPATIAL_RESOURCE)
        & (inventory[Inventory.certainty] == "确认")
    ]
    supports: list[Mapping[str, Any]] = [
        row
        for row in inventory.sort_values(Inventory.number).to_dict("records")
        if row[Inventory.category] not in codes.SPATIAL_RESOURCE
    ]
    need_rows = {row[Need.number]: row for row in needs.to_dict("records")}
    limits = {
        number: given.plan.walking.class_limit_m(row[Need.type_key]) for number, row in need_rows.items()
    }
    walks = _pair_up(given, needs, resources, max(limits.values(), default=0.0))
    resource_rows = {row[Inventory.number]: row for row in resources.to_dict("records")}
    refused = {}
    for pair in sorted(given.decisions.numbers(Pair)):
        number, _, other = pair.partition("|")
        if number in need_rows and other in resource_rows:
            walks[number].setdefault(other, np.nan)
        else:
            refused[pair] = _explain_absent(given, number, other)
    judge = Judge(
        supports=supports,
        costs=read_costs(given.table(OwnCost)),
        decided=given.decisions.numbers(Pair),
        settle=lambda need, resource, judgement: _settle(given, need, resource, judgement),
    )
    best = {
        number: judge.find_best(
            need_rows[number],
            [(resource_rows[other], metres) for other, metres in found.items()],
            limit_m=limits[number],
        )
        for number, found in walks.items()
    }
    return Found(best, refused | judge.refused)


def _explain_absent(given: Given, number: str, other: str) -> str:
    """Return why a pair somebody decided about is none that could be judged."""
    inventory = given.geo(Inventory)
    needs, resources = set(given.geo(Need)[Need.number]), inventory.set_index(Inventory.number)
    if number not in needs:
        return f"没有编号为 {number} 的需求"
    if other not in resources.index:
        return f"没有编号为 {other} 的资源"
    if resources.loc[other, Inventory.category] not in codes.SPATIAL_RESOURCE:
        return f"资源 {other} 不是空间类资源，不参加空间匹配"
    if resources.loc[other, Inventory.certainty] != "确认":
        return f"资源 {other} 为疑似，须先确认（决定资源的“{Inventory.certainty.spec.alias}”）"
    return f"需求 {number} 不需要空间（管理类，或原址实施）"


def _settle(given: Given, need: Row, resource: Row, judgement: Judgement) -> Judgement:
    """Return the judgement with the level a planner decided, which its reason then says."""
    number, other = need[Need.number], resource[Inventory.number]
    key: Row = {Pair.id: name_pair(number, other), Pair.need: number, Pair.resource: other}
    level = given.decisions.decide(Pair, key, Pair.level, judgement.level)
    if level == judgement.level:
        return judgement
    # Its own factor says so; the reason is made of the factors that decide.
    by_hand = Factor("hand", level, f"人工认定匹配度为{level}（程序判定为{judgement.level}）")
    return replace(judgement, level=level, factors=(*judgement.factors, by_hand))


def _pair_up(
    given: Given, needs: gpd.GeoDataFrame, resources: gpd.GeoDataFrame, limit_m: float
) -> dict[str, dict[str, float]]:
    """Return metres (or NaN) by need and resource for all pairs that are to be judged."""
    farthest = max(rule("distance")["times"].values())
    places, spaces = needs.set_index(Need.number), resources.set_index(Inventory.number)
    walks = measure_walks(
        given.geo(Edge), places.geometry, spaces.geometry, plan=given.plan, limit_m=farthest * limit_m,
        obstacles=given.geo(Obstacle), precincts=given.geo(Precinct),
    )  # fmt: skip
    pairs: dict[str, dict[str, float]] = {number: {} for number in places.index}
    for (number, other), metres in walks.items():
        pairs[number][other] = metres
    unplaced = _no_walk(walks, places, 0), _no_walk(walks, spaces, 1)
    by_community = spaces.groupby(Inventory.community).groups
    for number, community in places[Need.community].items():
        mine = by_community.get(community, []) if clean_text(community) else []
        for other in mine:
            if number in unplaced[0] or other in unplaced[1]:
                pairs[number].setdefault(other, np.nan)
    return pairs


def _no_walk(walks: pd.Series, places: pd.DataFrame, side: int) -> set[str]:
    """Return the places that reach nothing at all: they have no geometry or no way to the network."""
    return set(places.index) - set(walks.index.get_level_values(side))
