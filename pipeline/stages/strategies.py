"""Stage ``strategy``: 更新策略 and 更新目标 by dimension, skeletons filled with this plan's numbers (3.4, 4.1).

Nobody's goal is invented: a computed row has the value now, and a goal only where the project list itself gives
it. Rows of the 更新目标 ledger stand as they are and outweigh computed ones that speak of the same.
"""

from __future__ import annotations

from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from configs import read_settings
from configs.facilities import facility_classes, recognise_text
from layers import codes
from layers.ledgers import Target
from layers.planned import Match, Need, Pair, Project, Strategy
from layers.reachable import Served, Sharing
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.placing import clean_text, write_area, write_money
from pipeline.stages.rows import make_table

Row = dict[str, Any]
_STRATEGY, _TARGET = codes.STRATEGY.values
_MISSED = codes.GAP.values[0]
_COMPUTED, _GIVEN = "测算", "台账（更新目标）"


def make_strategies(given: Given) -> dict[str, Frame]:
    """Write one strategy a dimension, the ledger's targets, and the targets the plan's own numbers give."""
    needs = _join(given)
    settings = read_settings("strategies.yaml")
    area = given.plan.plan.area
    rows: list[Row] = []
    for order, (dimension, words) in enumerate(settings["dimensions"].items(), 1):
        mine = needs[needs[Need.dimension] == dimension]
        told = _count(mine, given.table(Sharing))
        rows.append(_write_strategy(order, dimension, words, mine, told, area=area))
        rows += _compute_targets(order, dimension, mine, given.table(Served), area=area)
    ledger = _read_ledger(given.table(Target), area=area)
    _compare(ledger, rows, given.table(Served))
    frame = make_table([*ledger, *rows], Strategy)
    return {Strategy.key: frame.sort_values(Strategy.id, ignore_index=True)}


def _join(given: Given) -> pd.DataFrame:
    """Return the needs with what became of each: listed, its project and its money, the area it takes."""
    needs = pd.DataFrame(given.table(Need))[
        [Need.number, Need.community, Need.dimension, Need.urgency, Need.gap, Need.problem, Need.type_key]
    ]
    matches, pairs = given.table(Match), given.table(Pair)
    projects = pd.DataFrame(given.table(Project)).set_index(Project.need)
    listed = set(matches.loc[matches[Match.listed] == "是", Match.need])
    used = pairs[pairs[Pair.chosen]].groupby(Pair.need)[Pair.used_m2].sum()
    number = needs[Need.number]
    return needs.assign(
        listed=number.isin(listed),
        project=number.isin(projects.index),
        money=number.map(projects[Project.total_wan]),
        used=number.map(used).where(number.isin(listed)),
        land=[facility_classes()[key].land if key == key and key else False for key in needs[Need.type_key]],
    )


def _count(needs: pd.DataFrame, sharing: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers a sentence may use; empty or 0 where there is nothing to say."""
    keys = set(needs[Need.type_key].dropna())
    used = needs[needs["used"].notna()]
    names = list(
        dict.fromkeys(facility_classes()[k].name for k in used.sort_values(Need.number)[Need.type_key])
    )
    rooms, grounds = used.loc[~used["land"], "used"].sum(), used.loc[used["land"], "used"].sum()
    money = float(needs["money"].sum())
    return {
        "needs": len(needs),
        "urgent": int((needs[Need.urgency] == "紧迫").sum()),
        "projects": int(needs["project"].sum()),
        "waiting": int((~needs["project"]).sum()),
        "managed": int((needs[Need.problem] == "管理类").sum()),
        "open": int((needs[Need.gap] == _MISSED).sum()),
        "money": write_money(money) if money > 0 else "",
        "rooms": write_area(rooms) if rooms > 0 else "",
        "grounds": write_area(grounds) if grounds > 0 else "",
        "classes": "、".join(names),
        "shared": int(sharing.loc[sharing[Sharing.type_key].isin(keys), Sharing.facility].nunique()),
    }


def fill_sentences(sentences: list[str], told: dict[str, Any]) -> str:
    """Return the sentences whose numbers all say something, filled in."""
    kept = []
    for sentence in sentences:
        names = [name for _, name, _, _ in Formatter().parse(sentence) if name]
        # 紧迫0项 is worth saying beside the number of needs; a sentence of nothing but zeros is not.
        if not names or told[names[0]]:
            kept.append(sentence.format_map(told))
    return "".join(kept)


def _write_strategy(
    order: int, dimension: str, words: Row, needs: pd.DataFrame, told: Row, *, area: str
) -> Row:
    text = fill_sentences(words["sentences"], told)
    return {
        Strategy.id: f"{order}-0",
        Strategy.dimension: dimension,
        Strategy.kind: _STRATEGY,
        Strategy.works: read_settings("works_dimension.yaml")["works_of_dimension"][dimension],
        Strategy.range: area,
        Strategy.indicator: words["title"],
        Strategy.text: text + read_settings("strategies.yaml")["editor"],
        Strategy.basis: words["clause"],
        Strategy.origin: _COMPUTED,
        Strategy.needs: "、".join(sorted(needs[Need.number])),
    }


def _compute_targets(
    order: int, dimension: str, needs: pd.DataFrame, served: pd.DataFrame, *, area: str
) -> list[Row]:
    """Return targets the plan's numbers give: gaps by community (分区分策), urgent needs, areas, coverage now."""
    rows = []
    missed = needs[needs[Need.gap] == _MISSED]
    for community, some in missed.groupby(Need.community):
        left = int((~some["listed"]).sum())
        rows.append(_write_target(order, dimension, "open", str(community), len(some), left, some))
    urgent = needs[needs[Need.urgency] == "紧迫"]
    if len(urgent):
        rows.append(_write_target(order, dimension, "urgent", area, 0, int(urgent["project"].sum()), urgent))
    for key, land in (("rooms", False), ("grounds", True)):
        some = needs[needs["used"].notna() & (needs["land"] == land)]
        if len(some):
            rows.append(_write_target(order, dimension, key, area, 0, f"{some['used'].sum():.0f}", some))
    goal = read_settings("strategies.yaml")["undecided"]
    for key, some in needs[needs["listed"] & needs[Need.gap].notna()].groupby(Need.type_key):
        share = measure_cover(served, str(key))
        if np.isnan(share):
            continue
        row = _write_target(order, dimension, "cover", area, f"{share:.1f}", goal, some)
        row[Strategy.id] = f"{order}-2-cover-{key}"
        row[Strategy.indicator] = row[Strategy.indicator].format_map(
            {"class": facility_classes()[str(key)].name}
        )
        rows.append(row)
    return rows


def measure_cover(served: pd.DataFrame, key: str, community: str = "") -> float:
    """Return the share of its people a class covers after sharing, in per cent; of homes where nobody counted.

    NaN where the class was not measured.
    """
    mine = served[served[Served.type_key] == key]
    mine = mine[mine[Served.community] == community] if community else mine
    for whole, part in (
        (Served.target_people, Served.target_shared),
        (Served.homes, Served.homes_shared),
    ):
        if len(mine) and mine[whole].notna().all() and mine[whole].sum() > 0:
            return float(100 * mine[part].sum() / mine[whole].sum())
    return float("nan")


def _write_target(
    order: int, dimension: str, key: str, range_: str, now: object, goal: object, needs: pd.DataFrame
) -> Row:
    item = read_settings("strategies.yaml")["indicators"][key]
    return {
        Strategy.id: f"{order}-2-{key}-{range_}",
        Strategy.community: range_ if key == "open" else None,
        Strategy.dimension: dimension,
        Strategy.kind: _TARGET,
        Strategy.works: read_settings("works_dimension.yaml")["works_of_dimension"][dimension],
        Strategy.range: range_,
        Strategy.indicator: item["name"],
        Strategy.now: str(now),
        Strategy.goal: str(goal),
        Strategy.unit: item["unit"],
        Strategy.basis: item["basis"],
        Strategy.origin: _COMPUTED,
        Strategy.needs: "、".join(sorted(needs[Need.number])),
    }


def _read_ledger(targets: pd.DataFrame, *, area: str) -> list[Row]:
    """Return the ledger's targets as they are (D-01)."""
    orders = {name: n for n, name in enumerate(read_settings("strategies.yaml")["dimensions"], 1)}
    works = read_settings("works_dimension.yaml")["works_of_dimension"]
    return [
        {
            Strategy.id: f"{orders[row[Target.dimension]]}-1-{row[Target.id]}",
            Strategy.source: row[Target.source],
            Strategy.community: row[Target.community],
            Strategy.dimension: row[Target.dimension],
            Strategy.kind: _TARGET,
            Strategy.works: clean_text(row[Target.works]) or works[row[Target.dimension]],
            Strategy.range: clean_text(row[Target.community]) or area,
            Strategy.indicator: row[Target.indicator],
            Strategy.text: clean_text(row[Target.note]),
            Strategy.now: row[Target.now],
            Strategy.goal: row[Target.goal],
            Strategy.unit: row[Target.unit],
            Strategy.basis: clean_text(row[Target.basis]) or "指南4.1",
            Strategy.origin: _GIVEN,
        }
        for row in targets.to_dict("records")
    ]


def _find_covered(indicator: str, words: list[str]) -> str | None:
    """Return the class whose walking coverage an indicator means, None for any other.

    物业服务覆盖率 counts estates under contract, not people near an office: the class's own name must be meant.
    """
    word = next((word for word in words if word in indicator), None)
    key = recognise_text(indicator) if word else None
    if key is None or word is None:
        return None
    subject, name = indicator.split(word)[0].removesuffix("步行"), facility_classes()[key].name
    return key if subject and (subject in name or name in subject) else None


def _compare(ledger: list[Row], computed: list[Row], served: pd.DataFrame) -> None:
    """Drop computed targets the ledger speaks of, and write what was computed beside the ledger's row."""
    words = read_settings("strategies.yaml")["cover_words"]
    names = {str(item[Strategy.id]): item for item in computed if item[Strategy.kind] == _TARGET}
    for row in ledger:
        indicator, range_ = row[Strategy.indicator], row[Strategy.range]
        key = _find_covered(indicator, words)
        same = [
            name
            for name, item in names.items()
            if item[Strategy.range] == range_
            and (item[Strategy.indicator] == indicator or (key and name.endswith(f"-cover-{key}")))
        ]
        told = [f"测算现状值{names[name][Strategy.now]}{names[name][Strategy.unit]}" for name in same]
        if key and not same:
            share = measure_cover(served, key, clean_text(row[Strategy.community]))
            told += [] if np.isnan(share) else [f"测算现状值{share:.1f}%"]
        row[Strategy.text] = "；".join(filter(None, [row[Strategy.text], *told]))
        for name in same:
            computed.remove(names.pop(name))


STRATEGY = Stage(
    name="strategy",
    title="更新策略与目标",
    takes=(Need, Match, Pair, Project, Served, Sharing, Target),
    gives=(Strategy,),
    config=("plan.area", "walking"),
    run=make_strategies,
)
