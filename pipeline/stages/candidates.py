"""Pairs of a need and a spatial resource that are worth judging, and the best ten of each need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.ledgers import OwnCost
from layers.planned import Inventory, Need, Pair
from layers.reachable import Edge, Obstacle, Precinct
from pipeline.stages.base import Given
from pipeline.stages.factors import Case, Costs, Factor, estimate_conversion, rule
from pipeline.stages.money import read_costs
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.rubric import Judgement, judge_pair
from pipeline.stages.support import find_support
from pipeline.stages.walks import measure_walks

Row = dict[str, Any]


@dataclass
class Candidate:
    """A judged pair.

    Attributes
    ----------
    case : need, resource, distance and cost.
    judgement : level and reason.
    used_m2 : area the need takes; NaN where the resource's is unknown.
    """

    case: Case
    judgement: Judgement
    used_m2: float

    @property
    def need(self) -> str:
        """Number of the need."""
        return str(self.case.need[Need.number])

    @property
    def resource(self) -> str:
        """Number of the resource."""
        return str(self.case.resource[Inventory.number])

    @property
    def order(self) -> tuple[int, int, float, str]:
        """Better ones first: level, few obstacles, near, number."""
        far = self.case.distance_m
        return (
            -self.judgement.level,
            self.judgement.obstacles,
            np.inf if np.isnan(far) else far,
            self.resource,
        )


def wants_space(need: dict[str, Any]) -> bool:
    """Return whether a need asks for room or ground: a facility to be built, not pipes or rules."""
    return need[Need.problem] == "建设类" and bool(clean_text(need[Need.type_key]))


def find_candidates(given: Given) -> dict[str, list[Candidate]]:
    """Return every space-seeking need's best candidates, best first.

    Only confirmed spatial resources count: 疑似 ones never enter 资源清单 (DESIGN §4). Distance is walked;
    where either end has no place or no way to the network, only resources of the same community stay.
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
    costs = read_costs(given.table(OwnCost))
    return {
        number: judge_candidates(
            need_rows[number],
            [(resource_rows[other], metres) for other, metres in found.items()],
            limit_m=limits[number],
            supports=supports,
            costs=costs,
            settle=lambda need, resource, judgement: _settle(given, need, resource, judgement),
        )
        for number, found in walks.items()
    }


def judge_candidates(
    need: Row,
    places: list[tuple[Row, float]],
    *,
    limit_m: float,
    supports: list[Mapping[str, Any]],
    costs: Costs,
    settle: Callable[[Row, Row, Judgement], Judgement] | None = None,
) -> list[Candidate]:
    """Return a need's best candidates among resources, best first.

    Parameters
    ----------
    need : row of ``Need``.
    places : rows of ``Inventory`` with the walking distance, NaN where unknown.
    limit_m : walking limit of the need's class.
    supports : rows of ``Inventory`` without a place.
    costs : unit costs, as ``read_costs`` returns them.
    settle : what a planner makes of a judgement, before the best are chosen; None where nobody does.
    """
    item = facility_classes()[need[Need.type_key]]
    backed = {built: bool(find_support(need, supports, building=built).rows) for built in (False, True)}
    found = []
    for resource, metres in places:
        cost = estimate_conversion(need, resource, item, costs)
        case = Case(
            need, resource, item, metres, limit_m, cost, backed[resource[Inventory.category] == "建筑"]
        )
        judgement = judge_pair(case)
        if judgement is not None:
            judgement = judgement if settle is None else settle(need, resource, judgement)
            found.append(Candidate(case, judgement, _use(need, resource)))
    found.sort(key=lambda candidate: candidate.order)
    return found[: read_settings("matching.yaml")["candidates"]]


def _settle(given: Given, need: Row, resource: Row, judgement: Judgement) -> Judgement:
    """Return the judgement with the level a planner decided, which its reason then says."""
    number, other = need[Need.number], resource[Inventory.number]
    key: Row = {Pair.id: f"{number}|{other}", Pair.need: number, Pair.resource: other}
    level = given.decisions.decide(Pair, key, Pair.level, judgement.level)
    if level == judgement.level:
        return judgement
    # Its own factor says so; the reason is made of the factors that decide.
    by_hand = Factor("hand", level, f"人工认定匹配度为{level}（程序判定为{judgement.level}）")
    return replace(judgement, level=level, factors=(*judgement.factors, by_hand))


def _use(need: Row, resource: Row) -> float:
    """Return the area a need takes. Without a known scale the whole resource: never twice is the safer side."""
    required, usable = clean_number(need[Need.required_m2]), clean_number(resource[Inventory.usable_m2])
    if np.isnan(required) or np.isnan(usable):
        return usable
    return min(required, usable)


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
