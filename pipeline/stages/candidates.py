"""Pairs of a need and a spatial resource that are worth judging, and the best ten of each need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.planned import Inventory, Need
from layers.reachable import Edge, Obstacle, Precinct
from pipeline.stages.assignment import Candidates, assign
from pipeline.stages.base import Given
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.rubric import Judgement, judge_pair
from pipeline.stages.walks import measure_walks


@dataclass
class Candidate:
    """A judged pair.

    Attributes
    ----------
    need, resource : numbers.
    judgement : level and reason.
    distance_m : walking distance, NaN where it could not be measured.
    used_m2 : area the need takes; NaN where the resource's is unknown.
    share : the same as a part of the resource.
    chosen : whether the assignment took it.
    """

    need: str
    resource: str
    judgement: Judgement
    distance_m: float
    used_m2: float
    share: float
    chosen: bool = False


def wants_space(need: dict[str, Any]) -> bool:
    """Return whether a need asks for room or ground: a facility to be built, not pipes or rules."""
    return need[Need.problem] == "建设类" and bool(clean_text(need[Need.type_key]))


def find_candidates(given: Given) -> dict[str, list[Candidate]]:
    """Return every space-seeking need's best candidates, best first, with the assignment made.

    Only confirmed spatial resources count: 疑似 ones never enter 资源清单 (DESIGN §4). Distance is walked;
    where either end has no place or no way to the network, only resources of the same community stay.
    """
    needs, resources = given.geo(Need), given.geo(Inventory)
    needs = needs[[wants_space(row) for row in needs.to_dict("records")]]
    resources = resources[
        resources[Inventory.category].isin(codes.SPATIAL_RESOURCE)
        & (resources[Inventory.certainty] == "确认")
    ]
    need_rows = {row[Need.number]: row for row in needs.to_dict("records")}
    resource_rows = {row[Inventory.number]: row for row in resources.to_dict("records")}
    limits = {
        number: given.plan.walking.class_limit_m(row[Need.type_key]) for number, row in need_rows.items()
    }
    most = read_settings("matching.yaml")["candidates"]
    result = {}
    for number, walks in _pair_up(given, needs, resources, max(limits.values(), default=0.0)).items():
        judged = [
            candidate
            for other, metres in walks.items()
            if (candidate := _judge(need_rows[number], resource_rows[other], metres, limits[number]))
        ]
        judged.sort(key=_order)
        result[number] = judged[:most]
    _choose(result, need_rows)
    return result


def _pair_up(
    given: Given, needs: gpd.GeoDataFrame, resources: gpd.GeoDataFrame, limit_m: float
) -> dict[str, dict[str, float]]:
    """Return metres (or NaN) by need and resource for all pairs that are to be judged."""
    farthest = max(read_settings("matching.yaml")["distance"].values())
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


def _judge(need: dict[str, Any], resource: dict[str, Any], metres: float, limit_m: float) -> Candidate | None:
    item = facility_classes()[need[Need.type_key]]
    judgement = judge_pair(need, resource, item, distance_m=metres, limit_m=limit_m)
    if judgement is None:
        return None
    required, usable = clean_number(need[Need.required_m2]), clean_number(resource[Inventory.usable_m2])
    # Without a known scale the whole resource is promised: never twice is the safer side.
    used = usable if np.isnan(required) else min(required, usable) if not np.isnan(usable) else np.nan
    share = used / usable if usable > 0 and not np.isnan(used) else 1.0
    return Candidate(need[Need.number], resource[Inventory.number], judgement, metres, used, share)


def _order(candidate: Candidate) -> tuple[int, float, str]:
    far = candidate.distance_m
    return (-candidate.judgement.level, np.inf if np.isnan(far) else far, candidate.resource)


def _choose(found: dict[str, list[Candidate]], needs: dict[str, dict[str, Any]]) -> None:
    """Mark the chosen pairs; rows are in order of number, so that the outcome does not hang on input order."""
    flat = [(rank, c) for number in sorted(found) for rank, c in enumerate(found[number])]
    need_at = {number: n for n, number in enumerate(sorted(found))}
    place_at = {number: n for n, number in enumerate(sorted({c.resource for _, c in flat}))}
    people = [clean_number(needs[c.need][Need.target_people]) for _, c in flat]
    pairs = Candidates(
        need=np.array([need_at[c.need] for _, c in flat], dtype=np.int64),
        resource=np.array([place_at[c.resource] for _, c in flat], dtype=np.int64),
        level=np.array([c.judgement.level for _, c in flat], dtype=np.int64),
        share=np.array([c.share for _, c in flat], dtype=float),
        urgent=np.array([needs[c.need][Need.urgency] == "紧迫" for _, c in flat], dtype=bool),
        people=np.nan_to_num(np.array(people, dtype=float)),
        rank=np.array([rank for rank, _ in flat], dtype=np.int64),
    )
    for (_, candidate), chosen in zip(flat, assign(pairs), strict=True):
        candidate.chosen = bool(chosen)
