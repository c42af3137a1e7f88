"""Stage ``matching``: levels 3/2/1/0 with reasons, the chosen assignment, gap paths (3.6, 3.7)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from layers import codes
from layers.frame import conform
from layers.planned import Inventory, Match, Need, Pair, Resource
from layers.reachable import Edge, Obstacle, Precinct, Sharing
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.candidates import Candidate, find_candidates, wants_space
from pipeline.stages.listing import Verdict, judge_need, write_match
from pipeline.stages.rows import make_table
from pipeline.stages.support import find_support


def make_matches(given: Given) -> dict[str, Frame]:
    """Match every need; a need without a chosen resource gets its gap and a way out of it."""
    found = find_candidates(given)
    inventory = given.geo(Inventory)
    rows = inventory.sort_values(Inventory.number).to_dict("records")
    by_number = {row[Inventory.number]: row for row in rows}
    supports = [row for row in rows if row[Inventory.category] not in codes.SPATIAL_RESOURCE]
    suspects = [row for row in rows if row[Inventory.certainty] == "疑似"]
    sharing = given.table(Sharing)
    verdicts = []
    for need in given.geo(Need).sort_values(Need.number).to_dict("records"):
        candidates = found.get(need[Need.number], [])
        chosen = next((c for c in candidates if c.chosen), None)
        space = by_number[chosen.resource] if chosen else None
        built = space is not None and space[Inventory.category] == "建筑"
        verdicts.append(
            judge_need(
                need,
                space=space,
                chosen=chosen,
                best=candidates[0] if candidates else None,
                support=find_support(need, supports, building=built),
                shared=_find_shared(need, sharing),
                suspect=_find_suspect(need, suspects),
                seeks_space=wants_space(need),
            )
        )
    pairs = make_table(_write_pairs(found), Pair)
    return {
        Pair.key: pairs.sort_values(Pair.id, ignore_index=True),
        Match.key: make_table([write_match(verdict) for verdict in verdicts], Match),
        Resource.key: _annotate(inventory, verdicts),
    }


def _find_shared(need: dict[str, Any], sharing: pd.DataFrame) -> dict[str, Any] | None:
    """Return the nearest facility of another community that serves the need's class and community."""
    mine = sharing[
        (sharing[Sharing.type_key] == need[Need.type_key])
        & (sharing[Sharing.community] == need[Need.community])
    ]
    if mine.empty:
        return None
    return mine.sort_values([Sharing.distance_m, Sharing.id]).iloc[0].to_dict()


def _find_suspect(need: dict[str, Any], suspects: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the smallest 疑似 ground of the community that would be large enough, if someone confirmed it."""
    required = need[Need.required_m2]
    if not wants_space(need):
        return None
    enough = [
        row
        for row in suspects
        if row[Inventory.community] == need[Need.community]
        and (pd.isna(required) or row[Inventory.usable_m2] >= required)
    ]
    return min(enough, key=lambda row: (row[Inventory.usable_m2], row[Inventory.number]), default=None)


def _write_pairs(found: dict[str, list[Candidate]]) -> list[dict[str, Any]]:
    """Return the pair table; a pair that was not taken says why."""
    taken_by = {
        c.resource: number for number in sorted(found, reverse=True) for c in found[number] if c.chosen
    }
    rows: list[dict[str, Any]] = []
    for candidates in found.values():
        own = next((c.resource for c in candidates if c.chosen), None)
        for c in candidates:
            reason = c.judgement.reason
            if not c.chosen and own:
                reason += f"；未采用：已选{own}"
            elif not c.chosen:
                reason += f"；未采用：已用于需求{taken_by.get(c.resource, '')}"
            rows.append(
                {
                    Pair.id: f"{c.need}|{c.resource}",
                    Pair.need: c.need,
                    Pair.resource: c.resource,
                    Pair.level: c.judgement.level,
                    Pair.reason: reason,
                    Pair.area_ratio: c.judgement.area_ratio,
                    Pair.distance_m: c.distance_m,
                    Pair.chosen: c.chosen,
                    Pair.used_m2: c.used_m2,
                }
            )
    return rows


def _annotate(inventory: pd.DataFrame, verdicts: list[Verdict]) -> Frame:
    """Return the resources with the needs each one serves and its best level."""
    served: dict[str, list[str]] = {}
    level: dict[str, int] = {}
    for verdict in verdicts:
        for number in verdict.resources:
            served.setdefault(number, []).append(verdict.need[Need.number])
            level[number] = max(level.get(number, 0), verdict.level)
    frame = inventory.copy()
    frame[Resource.matched] = frame[Resource.number].map({n: "、".join(sorted(s)) for n, s in served.items()})
    frame[Resource.level] = frame[Resource.number].map(level).astype("Int64")
    return conform(frame, Resource)


MATCHING = Stage(
    name="matching",
    title="需求资源匹配",
    takes=(Need, Inventory, Edge, Obstacle, Precinct, Sharing),
    gives=(Pair, Match, Resource),
    run=make_matches,
)
