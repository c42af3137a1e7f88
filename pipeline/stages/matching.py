"""Stage ``matching``: levels 3/2/1/0 with reasons, the chosen assignment, gap paths (3.6, 3.7)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from layers import codes
from layers.frame import conform
from layers.ledgers import OwnCost
from layers.planned import Inventory, Match, Need, Pair, Resource
from layers.reachable import Edge, Obstacle, Precinct, Sharing
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.candidates import find_candidates, wants_space
from pipeline.stages.choices import read_choices
from pipeline.stages.entries import report_entries
from pipeline.stages.judge import Candidate, name_pair
from pipeline.stages.listing import Verdict, judge_need, write_match
from pipeline.stages.money import read_costs
from pipeline.stages.options import Option, choose_options, explain_passed, list_options
from pipeline.stages.paths import Surroundings
from pipeline.stages.placing import clean_number
from pipeline.stages.promise import Wish, find_unpaid
from pipeline.stages.rows import make_table
from pipeline.stages.support import find_support

Rows = list[dict[str, Any]]


def make_matches(given: Given) -> dict[str, Frame]:
    """Match every need; a need without a chosen resource gets its gap and a way out of it."""
    candidates = find_candidates(given)
    found = candidates.best
    options = {number: list_options(mine) for number, mine in found.items()}
    choices = read_choices(given.decisions, found, options)
    if choices is not None:
        options = choices.keep_open(options)
    taken, result = choose_options(options, choices.held if choices is not None else None)
    if result.gap > 0:
        given.log.add(
            "HSQ-A13",
            f"资源统筹求解到相对间隙 {result.gap:.2%}，未证明为最优",
            severity="提示",
            layer=Pair.alias,
            remedy="方案规模过大；可按街道或片区拆分方案",
        )
    reasons = _explain(found, taken) | (choices.explain(found) if choices is not None else {})
    verdicts = _judge(given, found, taken, reasons)
    wishes = [
        Wish(v.need, v.level, v.spaces, v.support.money)
        for v in verdicts
        if v.listed and v.need[Need.problem] == "建设类" and not (v.seeks_space and v.option is None)
    ]
    inventory = given.geo(Inventory)
    money = inventory[inventory[Inventory.category].isin(["资金", "政策"])].to_dict("records")
    unpaid = find_unpaid(wishes, money, read_costs(given.table(OwnCost)))
    matches = make_table([write_match(v, unpaid=_find_unpaid(v, unpaid)) for v in verdicts], Match)
    report_entries(matches, given.geo(Need), given.log)
    pairs, hand = make_table(_write_pairs(found, taken, reasons), Pair), given.decisions
    refused = {(number, ""): why for number, why in candidates.refused.items()}
    if choices is not None:
        refused |= choices.refused
    return {
        Pair.key: hand.overrule(
            Pair, pairs.sort_values(Pair.id, ignore_index=True), given.log, finished=True, refused=refused
        ),
        Match.key: hand.overrule(Match, matches, given.log, finished=True),
        Resource.key: _annotate(inventory, verdicts),
    }


def _explain(found: dict[str, list[Candidate]], taken: dict[str, Option]) -> dict[tuple[str, str], str]:
    """Return why each pair that was not taken was not, by need and resource."""
    holders: dict[str, list[Option]] = {}
    for option in taken.values():
        for number in option.resources:
            holders.setdefault(number, []).append(option)
    return {
        (c.need, c.resource): explain_passed(c, taken.get(number), holders)
        for number, candidates in found.items()
        for c in candidates
        if number not in taken or c.resource not in taken[number].resources
    }


def _judge(
    given: Given,
    found: dict[str, list[Candidate]],
    taken: dict[str, Option],
    reasons: dict[tuple[str, str], str],
) -> list[Verdict]:
    rows = given.geo(Inventory).sort_values(Inventory.number).to_dict("records")
    supports = [row for row in rows if row[Inventory.category] not in codes.SPATIAL_RESOURCE]
    suspects = [row for row in rows if row[Inventory.certainty] == "疑似"]
    sharing = given.table(Sharing)
    verdicts = []
    hand = given.decisions
    for need in given.geo(Need).sort_values(Need.number).to_dict("records"):
        number = need[Need.number]
        candidates, option = found.get(number, []), taken.get(number)
        built = option is not None and option.parts[0].case.resource[Inventory.category] == "建筑"
        verdicts.append(
            judge_need(
                need,
                option=option,
                support=find_support(need, supports, building=built),
                around=Surroundings(
                    _find_shared(need, sharing),
                    _find_suspect(need, suspects),
                    _find_roofs(need, rows),
                    candidates,
                ),
                seeks_space=wants_space(need),
                passed=_list_passed(candidates, option, reasons),
                decide=partial(hand.decide, Match, {Match.need: number}),
            )
        )
    return verdicts


def _list_passed(
    candidates: list[Candidate], option: Option | None, reasons: dict[tuple[str, str], str]
) -> tuple[str, ...]:
    """Return the candidates that look better than what was taken, each with why it was not."""
    if option is None:
        ahead = candidates[:1]
    else:
        first = option.parts[0].order
        ahead = [c for c in candidates if c.order < first and c.resource not in option.resources]
    return tuple(
        f"未采用{c.resource}（{codes.LEVEL[c.judgement.level]}）：{reasons[c.need, c.resource]}"
        for c in ahead
    )


def _find_unpaid(verdict: Verdict, unpaid: dict[str, str]) -> str:
    """Return what is missing of the money; without a place nothing is drawn, only a source is asked for."""
    number = verdict.need[Need.number]
    if number in unpaid or verdict.need[Need.problem] != "建设类":
        return unpaid.get(number, "")
    waits = not verdict.listed or (verdict.seeks_space and verdict.option is None)
    funded = any(clean_number(row[Inventory.amount_wan]) > 0 for row in verdict.support.money)
    return "资金来源未落实" if waits and not funded else ""


def _find_shared(need: dict[str, Any], sharing: pd.DataFrame) -> dict[str, Any] | None:
    """Return the nearest facility of another community that serves the need's class and community."""
    mine = sharing[
        (sharing[Sharing.type_key] == need[Need.type_key])
        & (sharing[Sharing.community] == need[Need.community])
    ]
    if mine.empty:
        return None
    return mine.sort_values([Sharing.distance_m, Sharing.id]).iloc[0].to_dict()


def _find_suspect(need: dict[str, Any], suspects: Rows) -> dict[str, Any] | None:
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


def _find_roofs(need: dict[str, Any], rows: Rows) -> Rows:
    """Return confirmed buildings of the need's community whose owner is known, largest footprint first."""
    mine = [
        row
        for row in rows
        if row[Inventory.category] == "建筑"
        and row[Inventory.certainty] == "确认"
        and row[Inventory.community] == need[Need.community]
        and bool(row[Inventory.tenure_clear])
        and row["geometry"] is not None
    ]
    return sorted(mine, key=lambda row: (-row["geometry"].area, row[Inventory.number]))


def _write_pairs(
    found: dict[str, list[Candidate]], taken: dict[str, Option], reasons: dict[tuple[str, str], str]
) -> Rows:
    """Return the pair table; a pair that was not taken says why."""
    rows: Rows = []
    for number, candidates in found.items():
        own = taken.get(number)
        for rank, c in enumerate(candidates, 1):
            why_not = reasons.get((c.need, c.resource), "")
            part = own.resources.index(c.resource) if own and not why_not else -1
            rows.append(
                {
                    Pair.id: name_pair(c.need, c.resource),
                    Pair.need: c.need,
                    Pair.resource: c.resource,
                    # Of several resources used together each pair has the level they have together.
                    Pair.level: own.judgement.level if own and part >= 0 else c.judgement.level,
                    Pair.reason: own.judgement.reason if own and part >= 0 else c.judgement.reason,
                    Pair.area_ratio: c.judgement.area_ratio,
                    Pair.distance_m: c.case.distance_m,
                    Pair.chosen: part >= 0,
                    Pair.used_m2: own.used_m2[part] if own and part >= 0 else c.used_m2,
                    Pair.rank: rank,
                    Pair.factors: c.judgement.protocol,
                    Pair.compactness: c.case.resource[Inventory.compactness],
                    Pair.cost_wan: c.case.cost_wan,
                    Pair.why_not: why_not or None,
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
    takes=(Need, Inventory, Edge, Obstacle, Precinct, Sharing, OwnCost),
    gives=(Pair, Match, Resource),
    config=("walking",),
    run=make_matches,
)
