"""Decisions over matches, entries and money: what holds, what follows, and what is refused with its reason."""

from __future__ import annotations

import pytest
from shapely import box

from layers.decisions import Decision
from layers.finance import Fund
from layers.planned import Match, Pair, Project
from pipeline.stages.base import Given
from pipeline.stages.matching import MATCHING
from pipeline.stages.projects import PROJECTS
from tests.builders import make_frame
from tests.plans.test_decisions import decision, give_project, run_with
from tests.plans.test_matching import MONEY, give_matching, need_row, resource_row

NAME = need_row()["description"]


def rooms(count):
    """Equal rooms, each farther along the street than the one before; the first is the best."""
    return [
        resource_row(f"ZY{n:02d}", name=f"{n}号楼一层", geometry=box(90 + 10 * n, 2, 98 + 10 * n, 12))
        for n in range(1, count + 1)
    ]


def match(*decisions, needs=None, resources=None):
    """Return matches by need, pairs by number, and the faults about decisions."""
    given = give_matching(needs or [need_row()], resources or rooms(3))
    frames = {**given.frames, Decision.key: make_frame(Decision, list(decisions))}
    given = Given(given.plan, frames)
    made = MATCHING(given)
    faults = [fault for fault in given.log.faults if fault.code == "HSQ-A16" and fault.severity == "警告"]
    return made[Match.key].set_index(Match.need), made[Pair.key].set_index(Pair.id), faults


def pair(number, field="采用", value="是"):
    return decision(number, field, value, table="匹配")


def test_a_pair_taken_by_hand_is_the_needs_only_one_and_the_machines_choice_stays_beside():
    matches, pairs, faults = match(pair("XQ01|ZY03"))
    assert matches.loc["XQ01", Match.resources] == "ZY03" and not faults
    assert pairs[Pair.chosen].to_dict() == {"XQ01|ZY01": False, "XQ01|ZY02": False, "XQ01|ZY03": True}
    row = pairs.loc["XQ01|ZY03"]
    assert (row[Pair.judged_by], row[Pair.judged_before]) == ("人工", "采用：否")
    assert pairs.loc["XQ01|ZY01", Pair.why_not] == "人工决定采用ZY03"


def test_a_pair_ruled_out_is_not_taken_and_says_so():
    matches, pairs, faults = match(pair("XQ01|ZY01", value="否"))
    assert matches.loc["XQ01", Match.resources] == "ZY02" and not faults
    assert pairs.loc["XQ01|ZY01", Pair.why_not] == "人工决定不采用"
    assert pairs.loc["XQ01|ZY01", Pair.judged_before] == "采用：是"


def test_rooms_taken_by_hand_are_gone_for_the_others():
    needs = [need_row("XQ01", urgency="一般"), need_row("XQ02", urgency="紧迫")]
    matches, _, faults = match(pair("XQ01|ZY01"), needs=needs, resources=rooms(2))
    assert matches[Match.resources].to_dict() == {"XQ01": "ZY01", "XQ02": "ZY02"} and not faults


def test_of_two_decisions_on_the_same_room_the_later_is_refused_with_the_reason():
    needs = [need_row("XQ01"), need_row("XQ02")]
    matches, pairs, faults = match(pair("XQ01|ZY01"), pair("XQ02|ZY01"), needs=needs)
    assert matches[Match.resources].to_dict() == {"XQ01": "ZY01", "XQ02": "ZY02"}
    (fault,) = faults
    assert "资源 ZY01 已按人工决定用于需求 XQ01，余下的面积不足" in fault.problem
    assert pairs.loc["XQ02|ZY01", Pair.judged_by] == "自动"


def test_a_pair_beyond_the_ten_is_judged_and_kept():
    _, before, _ = match(resources=rooms(12))
    assert len(before) == 10 and "XQ01|ZY12" not in before.index
    matches, pairs, faults = match(pair("XQ01|ZY12"), resources=rooms(12))
    assert len(pairs) == 11 and matches.loc["XQ01", Match.resources] == "ZY12" and not faults
    assert pairs.loc["XQ01|ZY12", Pair.rank] == 11
    _, pairs, faults = match(pair("XQ01|ZY12", "匹配度", "2"), resources=rooms(12))
    assert pairs.loc["XQ01|ZY12", Pair.level] == 2 and not faults


@pytest.mark.parametrize(
    ("number", "resource", "words"),
    [
        ("XQ01|ZY02", resource_row("ZY02", usable_m2=20), "按评定规则不能匹配（可用面积20㎡小于所需200㎡"),
        ("XQ01|ZY02", resource_row("ZY02", category="空间"), "空间类资源不能用于社区食堂"),
        ("XQ01|ZY02", resource_row("ZY02", certainty="疑似"), "资源 ZY02 为疑似，须先确认"),
        ("XQ01|ZY16", MONEY, "不是空间类资源"),
        ("XQ01|ZY99", resource_row("ZY02"), "没有编号为 ZY99 的资源"),
        ("XQ09|ZY02", resource_row("ZY02"), "没有编号为 XQ09 的需求"),
    ],
)
def test_a_pair_that_cannot_be_is_refused_with_the_reason(number, resource, words):
    matches, pairs, (fault,) = match(pair(number), resources=[*rooms(1), resource])
    assert words in fault.problem and fault.row == "项目 第 2 行"
    assert number not in pairs.index and matches.loc["XQ01", Match.resources]


def test_level_and_entry_of_a_need_are_decided_and_what_follows_follows():
    listed = decision("XQ01", "列入资源清单", "否", table="资源清单")
    matches, _, faults = match(listed)
    row = matches.loc["XQ01"]
    assert (row[Match.listed], row[Match.ready], row[Match.judged_before]) == ("否", "否", "列入资源清单：是")
    level = decision("XQ01", "匹配度", "1", table="资源清单")
    matches, _, more = match(level)
    row = matches.loc["XQ01"]
    assert (row[Match.level], row[Match.level_name], row[Match.gap]) == (1, "弱匹配", "是")
    assert row[Match.paths] and "人工认定匹配度为1（程序判定为3：" in row[Match.statement]
    assert not faults and not more


def money(field, value, **more):
    return decision(field=field, value=value, name=NAME, place="甲社区", **more)


def test_one_of_the_two_kinds_of_money_is_enough_and_the_other_is_the_rest():
    row, faults = run_with(money("社会资金", "6"))
    assert (row[Project.total_wan], row[Project.fiscal_wan], row[Project.social_wan]) == (36, 30, 6)
    assert row[Project.judged_before] == "社会资金：0"
    assert [fault.code for fault in faults] == ["HSQ-A04"]  # the six have no source yet
    row, _ = run_with(money("财政资金", "0"), money("项目总投资", "40"))
    assert (row[Project.total_wan], row[Project.fiscal_wan], row[Project.social_wan]) == (40, 0, 40)


@pytest.mark.parametrize(
    ("decisions", "words"),
    [
        ((("财政资金", "10"), ("社会资金", "10")), "之和20万元不等于总投资36万元"),
        ((("社会资金", "50"),), "超过总投资36万元"),
    ],
)
def test_money_that_does_not_add_up_is_refused(decisions, words):
    row, faults = run_with(*(money(*each) for each in decisions))
    assert row[Project.fiscal_wan] + row[Project.social_wan] == row[Project.total_wan] == 36
    assert row[Project.judged_by] == "自动" and len(faults) == len(decisions)
    assert all(words in fault.problem for fault in faults)


def test_the_sources_of_a_split_project_sum_to_its_two_kinds():
    given = give_project(money("社会资金", "6"))
    funds = PROJECTS(given)[Fund.key]
    assert funds.groupby(Fund.kind)[Fund.amount_wan].sum().to_dict() == {"财政资金": 30, "社会资金": 6}
    assert (funds[funds[Fund.kind] == "社会资金"][Fund.state] == "待落实").all()
    assert funds[Fund.id].is_unique
