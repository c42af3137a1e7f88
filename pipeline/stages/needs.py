"""Stage ``needs``: survey rows and computed gaps become one 需求清单 (2.2, 3.1.3, L-01)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes, recognise_text
from configs.planning import block_names, default_block
from layers.faults import FaultLog
from layers.frame import conform
from layers.planned import Need
from layers.provision import Provision, ProvisionCount
from layers.reachable import Coverage, FacilityLoad, Home, Served, Unit, Whereabouts
from layers.source import Road, Survey
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.gaps import Gap, find_gaps
from pipeline.stages.naming import check_unique, number_gap, number_given, shorten_communities
from pipeline.stages.placing import clean_text, describe_places, find_word
from pipeline.stages.provision import SHORT, count_provision, judge_provision
from pipeline.stages.rows import make_shapes
from pipeline.stages.scale import fill_targets, size_need

_BUILT = "建设类"


def make_needs(given: Given) -> dict[str, Frame]:
    """Join the survey's needs with the computed gaps of the same community and class.

    A survey row keeps its number, its place where it has one, and its own urgency; the gap adds what was
    measured, and both sources stay in ``origin`` (method 调查+测算). Where the two call it by different names
    the survey's stands and the difference is reported.
    """
    survey = given.placed(Survey).sort_values(Survey.id, ignore_index=True)
    units, homes = given.table(Unit), given.placed(Home)
    coverage = given.table(Coverage)
    provision = judge_provision(given.table(Served), coverage, homes, given.table(FacilityLoad))
    gaps = find_gaps(provision, coverage, homes, given.log)
    short = shorten_communities(
        {
            clean_text(name): clean_text(code)
            for name, code in zip(units[Unit.name], units[Unit.code], strict=True)
        }
    )
    judged = provision.set_index([Provision.community, Provision.type_key])[Provision.after].to_dict()
    open_gaps = {(gap.community, gap.item.key): gap for gap in gaps}
    answers: dict[tuple[str, str], str] = {}  # the need that answers a gap
    rows = []
    for row, shape in zip(survey.to_dict("records"), survey.geometry, strict=True):
        item = _find_class(row)
        # Rules and campaigns build nothing: a 管理类 row leaves the gap of its class open.
        builds = item is not None and row[Survey.problem] == _BUILT
        pair = (clean_text(row[Survey.community]), item.key if item and builds else "")
        need = _read_survey(row, shape, item, open_gaps.pop(pair, None), given.log)
        if pair in answers:
            need[Need.note] = f"同社区同类缺口已并入需求{answers[pair]}"
            need[Need.gap_rule] = "；".join(filter(None, (need[Need.gap_rule], need[Need.note])))
        elif need[Need.method] == "调查+测算":
            answers[pair] = need[Need.number]
        _compare_kinds(need, judged.get(pair), given.log)
        rows.append(need)
    for gap in open_gaps.values():
        rows.append(_read_gap(gap, short))
        answers[gap.community, gap.item.key] = str(rows[-1][Need.number])
    pairs = zip(provision[Provision.community], provision[Provision.type_key], strict=True)
    provision[Provision.need] = [answers.get(pair) for pair in pairs]
    frame = given.decisions.overrule(Need, _finish(rows, given, homes), given.log)
    return {
        Need.key: conform(frame, Need),
        Provision.key: conform(provision, Provision),
        ProvisionCount.key: count_provision(provision),
    }


def _finish(rows: list[dict[str, Any]], given: Given, homes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows as a frame with target group, safety and place, in order of number."""
    frame = fill_targets(make_shapes(rows, Need, crs=given.crs), given.table(Served), homes)
    frame[Need.safety] = [_is_safety(row) for row in rows]
    places = describe_places(frame.geometry, frame[Need.community], given.geo(Road))
    frame[Need.place] = [
        clean_text(own) or found for own, found in zip(frame[Need.place], places, strict=True)
    ]
    check_unique(frame[Need.number], what="need")
    for row in frame[frame.geometry.isna() & (frame[Need.problem] == _BUILT)].to_dict("records"):
        given.log.add(
            "HSQ-A03",
            f"需求{row[Need.number]}没有位置，不参与距离判断，也不上图",
            severity="提示",
            layer=Need.alias,
            row=row[Need.number],
            remedy="在需求清单中补充坐标或图形",
        )
    return frame.sort_values(Need.number, ignore_index=True)


def _compare_kinds(need: dict[str, Any], judged: str | None, log: FaultLog) -> None:
    """Report a survey's 缺配类型 that the measures do not bear out (§7.16); the survey's word stands."""
    said = clean_text(need[Need.gap])
    if not said or judged is None or said == judged:
        return
    need[Need.gap_rule] = f"{need[Need.gap_rule]}；测算为{judged}，以调查为准"
    log.add(
        "HSQ-A11",
        f"需求{need[Need.number]}填报为{said}，测算为{judged}",
        severity="提示",
        layer=Survey.alias,
        row=need[Need.id],
        field=Survey.gap,
        value=said,
        action="按填报采用，测算结果见设施配置判定表",
        remedy="核对该社区此类设施是否齐全、位置是否准确，或改正缺配类型",
    )


def _find_class(row: dict[str, Any]) -> FacilityClass | None:
    """Return the facility class a survey row asks for; of a management problem only where it says so."""
    given = clean_text(row[Survey.type_key])
    if given:
        return facility_classes().get(recognise_text(given) or "")
    if row[Survey.problem] != _BUILT:
        return None
    text = clean_text(row[Survey.description])
    words: dict[str, str] = dict(read_settings("needs.yaml")["type_words"])
    word = find_word(text, words)
    if not word:
        # Two-letter class words (维修, 公园) are as often verbs or parts of other names.
        words = {
            w: item.key
            for item in facility_classes().values()
            for w in (item.name, *item.words)
            if len(w) > 2
        }
        word = find_word(text, words)
    item = facility_classes()[words[word]] if word else None
    # A word alone is not enough: 停车信息化 of 智慧赋能 asks for no car park.
    return item if item is not None and item.works == row[Survey.works] else None


def _read_survey(
    row: dict[str, Any], shape: Any, item: FacilityClass | None, gap: Gap | None, log: FaultLog
) -> dict[str, Any]:
    works = row[Survey.works]
    block = clean_text(row[Survey.block])
    if block and block not in block_names(works):
        log.add(
            "HSQ-V05",
            f"板块“{block}”不在{works}的板块清单内",
            severity="警告",
            layer=Survey.alias,
            row=row[Survey.id],
            field=Survey.block,
            value=block,
            action="照原样保留",
            remedy="核对写法，或在 configs/blocks.yaml 中补充",
        )
    origin, note = clean_text(row[Survey.origin]), ""
    said = clean_text(row[Survey.gap])
    has_place = shape is not None and not shape.is_empty
    if gap is not None:
        origin, note = f"{origin}；{gap.origin}", f"测算：{gap.description}"
    gap_rules = (f"调查填报{said}" if said else "", f"测算：{gap.gap_rule}" if gap else "")
    people = gap.target_people if gap else float("nan")
    return {
        Need.id: row[Survey.id],
        Need.source: row[Survey.source],
        Need.community: row[Survey.community],
        Need.number: number_given(row[Survey.id], "X"),
        Need.dimension: row[Survey.dimension],
        Need.works: works,
        Need.block: block or default_block(works, item.group if item else ""),
        Need.description: row[Survey.description],
        Need.origin: origin,
        Need.gap: said or (gap.kind if gap else None),
        Need.gap_rule: "；".join(filter(None, gap_rules)),
        Need.urgency: row[Survey.urgency],
        Need.note: note,
        Need.urgency_rule: "调查给定（指南2.2）" + (f"；{gap.rule}" if gap else ""),
        Need.method: "调查+测算" if gap else "调查",
        Need.problem: row[Survey.problem],
        **_read_class(item, said_m2=row[Survey.required_m2], people=people),
        Need.target_people: people,
        Need.place: row[Survey.place],
        "geometry": shape if has_place else (gap.place if gap else None),
    }


def _read_gap(gap: Gap, short: dict[str, str]) -> dict[str, Any]:
    number = number_gap(short[gap.community], gap.item.key)
    return {
        Need.id: number,
        Need.community: gap.community,
        Need.number: number,
        Need.dimension: gap.item.dimension,
        Need.works: gap.item.works,
        Need.block: default_block(gap.item.works, gap.item.group),
        Need.description: gap.description,
        Need.origin: gap.origin,
        Need.gap: gap.kind,
        Need.gap_rule: f"测算：{gap.gap_rule}",
        Need.urgency: gap.urgency,
        Need.note: f"{gap.item.standard} {gap.item.clause}{gap.item.mark}",
        Need.urgency_rule: gap.rule,
        Need.method: "测算",
        Need.problem: _BUILT,
        **_read_class(gap.item, people=gap.short_people if gap.kind == SHORT else gap.target_people),
        Need.target_people: gap.target_people,
        "geometry": gap.place,
    }


def _read_class(item: FacilityClass | None, *, said_m2: float | None = None, people: float) -> dict[str, Any]:
    """Return class and scale of a need, the scale with its words."""
    scale, rule, by_standard = size_need(item, said_m2=said_m2, people=people)
    if item is None:
        return {}
    return {
        Need.type_key: item.key,
        Need.type_name: item.name,
        Need.required_m2: scale,
        Need.scale_key: item.key if by_standard else None,
        Need.scale_rule: rule,
    }


def _is_safety(row: dict[str, Any]) -> bool:
    """Return whether a need is 底线安全类 (4.9.1) by the words of its class or, of a survey, its text."""
    text = clean_text(row.get(Need.type_name))
    if row[Need.method] != "测算":
        text += clean_text(row[Need.description])
    return bool(find_word(text, read_settings("needs.yaml")["safety_words"]))


NEEDS = Stage(
    name="needs",
    title="需求清单",
    takes=(Survey, Unit, Home, Road, Served, Coverage, FacilityLoad, Whereabouts),
    gives=(Need, Provision, ProvisionCount),
    config=("crs.area_rule", "walking"),
    run=make_needs,
)
