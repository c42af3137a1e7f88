"""Projects: phases from one total table, money to the grain, names and months in the guideline's forms."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st
from shapely import LineString, box

from configs import read_settings
from configs.facilities import facility_classes
from configs.planning import phase_rules
from layers.frame import empty_frame
from layers.ledgers import OwnCost, PastWork
from layers.planned import Match, Need, Pair, Project, Resource, Site
from layers.source import Ledger
from pipeline.stages.base import Given
from pipeline.stages.funds import Purse
from pipeline.stages.money import estimate_cost, read_costs
from pipeline.stages.phases import Standing, find_phase, list_reviews, plan_months
from pipeline.stages.projects import PROJECTS
from pipeline.stages.years import write_years
from tests.builders import CRS, make_frame, make_plan
from tests.plans.test_layout import chosen, listed
from tests.plans.test_matching import MONEY, need_row, resource_row


def expected_phase(standing):
    """Requirements §7.7 once more, in other words."""
    if standing.priority == "必建类" or standing.safety:
        return 1
    if not standing.tenure_clear:
        return 3
    return {3: 1 if standing.urgency == "紧迫" else 2, 2: 2}.get(standing.level, 3)


def test_the_phase_table_is_total_and_follows_the_decision():
    for urgency, level, clear, safety in product(
        ("紧迫", "一般"), (0, 1, 2, 3), (True, False), (True, False)
    ):
        standing = Standing(urgency, level, clear, safety)
        phase = find_phase(standing)
        assert phase.index == expected_phase(standing), standing
        assert phase.principle == read_settings("phasing.yaml")["phases"][phase.index]["principle"]
        # A rule above the one that fired may not hold, or two would claim the project.
        for rule in phase_rules():
            if all(getattr(standing, name) == value for name, value in rule.when):
                assert rule.text == phase.rule
                break


def test_must_build_is_always_first_and_never_hides_unclear_tenure():
    assert Standing("紧迫", 3, True, False).priority == "必建类"
    assert Standing("紧迫", 3, False, False).priority == "提升类"
    assert find_phase(Standing("紧迫", 3, False, False)).index == 3
    assert find_phase(Standing("一般", 0, False, True)).index == 1


def shares(schedule, first_year=2026):
    start, end = schedule.ends
    row = write_years("A01", start=start, end=end, total_wan=float("nan"), first_year=first_year)
    assert row["share_sum"] == 100
    return [row[f"share_{n}"] for n in range(1, 5)]


def test_months_run_over_the_year_and_shares_follow():
    short, long = plan_months(1, "改造", first_year=2026), plan_months(1, "新建", first_year=2026)
    assert short.text == "2026年03月-2026年08月" and shares(short) == [100, 0, 0, 0]
    assert long.text == "2026年03月-2027年02月" and shares(long) == [83.33, 16.67, 0, 0]
    assert shares(plan_months(3, "改造", first_year=2026)) == [0, 0, 100, 0]
    assert long.ends == ("2026-03", "2027-02")


def money(number, amount, name="财政专项"):
    return {"number": number, "name": name, "amount_wan": amount, "condition": None, "category": "资金"}


def test_money_is_spent_once_and_what_is_open_is_said():
    rows = [money("M1", 30.0), money("M2", 12.5, "运营公司垫资")]
    purse = Purse.open(rows)
    first, second = purse.pay(40.0, rows), purse.pay(10.0, rows)
    assert (first.fiscal_wan, first.social_wan) == (27.5, 12.5)
    assert (second.fiscal_wan, second.social_wan) == (10.0, 0.0)
    assert second.text == "财政资金：财政专项2.5万元、来源待落实7.5万元"
    assert purse.unfunded == 750


@settings(max_examples=100, deadline=None, derandomize=True)
@cases(st.lists(st.integers(0, 10**7), min_size=1, max_size=6), st.floats(0, 5000), st.floats(0, 5000))
def test_the_two_sources_make_the_total_to_the_grain(totals, public, private):
    rows = [money("M1", public), money("M2", private, "社会资本")]
    purse = Purse.open(rows)
    paid = [purse.pay(t / 100, rows) for t in totals]
    for total, part in zip(totals, paid, strict=True):
        assert round(part.fiscal_wan * 100) + round(part.social_wan * 100) == total
    assert sum(round(p.social_wan * 100) for p in paid) <= round(private * 100)


def test_costs_carry_their_basis_and_an_unknown_scale_costs_nothing_known():

    cost = estimate_cost(facility_classes()["canteen"], "改造", area_m2=200, length_m=float("nan"))
    assert cost.total_wan == 36.0 and "待核" in cost.basis and "0.18万元/㎡×200.00㎡" in cost.basis
    assert estimate_cost(None, "整治", area_m2=float("nan"), length_m=150.0).total_wan == 18.0
    open_cost = estimate_cost(
        facility_classes()["canteen"], "改造", area_m2=float("nan"), length_m=float("nan")
    )
    assert open_cost.total_wan != open_cost.total_wan


def run_all(needs, matches, *, resources=(), pairs=(), sites=(), costs=(), works=(), ledger=()):
    rows = {Need: needs, Match: matches, Resource: resources, Pair: pairs, Site: sites}
    rows |= {OwnCost: costs, PastWork: works, Ledger: ledger}
    frames = {
        layer.key: make_frame(layer, list(some)) if some else empty_frame(layer, crs=CRS)
        for layer, some in rows.items()
    }
    given = Given(make_plan(), frames)
    return PROJECTS(given), given.log.faults


def run_projects(needs, matches, **more):
    made, faults = run_all(needs, matches, **more)
    return made[Project.key].set_index(Project.need), faults


SITE = {"id": "S-ZY01", "action": "改造", "name": "A栋一层", "area_m2": 100, "floor_area_m2": 200, "measure": "简易装修",
        "tenure_change": "不变", "need": "XQ01", "resource": "ZY01", "geometry": box(0, 0, 10, 10)}  # fmt: skip


def test_a_matched_need_becomes_a_project_with_every_cell():
    match = {**listed("XQ01"), "resources": "ZY01、ZY16"}
    rows, faults = run_projects(
        [need_row()],
        [match],
        resources=[resource_row(), MONEY],
        pairs=[chosen("XQ01", "ZY01", 200)],
        sites=[SITE],
    )
    row = rows.loc["XQ01"]
    assert row[Project.number] == "C01" and row[Project.name] == "甲社区食堂改造建设项目"
    assert row[Project.content] == "利用A栋一层改造设置社区食堂，200㎡"
    assert (row[Project.total_wan], row[Project.fiscal_wan], row[Project.social_wan]) == (36.0, 36.0, 0.0)
    assert (row[Project.phase], row[Project.priority], row[Project.year_share]) == ("2026年", "必建类", 100)
    assert re.fullmatch(r"\d{4}年\d{2}月-\d{4}年\d{2}月", row[Project.schedule])
    assert row[Project.department] == "民政部门/街道办事处" and row[Project.operator] == "委托运营型"
    assert row.geometry.equals(box(0, 0, 10, 10)) and row[Project.area_m2] == 100
    assert not faults


def test_numbers_are_lettered_by_works_in_the_guidelines_order():
    needs = [
        need_row(
            "XQ02",
            works="治理强基工程",
            type_key=None,
            problem="管理类",
            description="选聘物业",
            geometry=None,
        ),
        need_row(
            "XQ03",
            works="韧性增强工程",
            type_key=None,
            description="管网改造",
            geometry=LineString([(0, 0), (150, 0)]),
        ),
        need_row(
            "XQ04",
            works="韧性增强工程",
            type_key=None,
            description="管网改造",
            geometry=LineString([(0, 0), (50, 0)]),
        ),
    ]
    rows, faults = run_projects(needs, [listed(n["number"], level=2) for n in needs])
    assert rows[Project.number].to_dict() == {"XQ02": "F01", "XQ03": "B01", "XQ04": "B02"}
    assert (
        rows.loc["XQ03", Project.total_wan] == 18.0
        and rows.loc["XQ03", Project.content] == "管网改造，长约150 m"
    )
    assert rows.loc["XQ03", Project.name] != rows.loc["XQ04", Project.name]
    assert [f.code for f in faults] == ["HSQ-A04"] and "24万元" in faults[0].problem


def test_management_has_no_money_and_needs_no_place():
    need = need_row(type_key=None, problem="管理类", description="选聘物业服务企业，三年", geometry=None)
    rows, _ = run_projects([need], [listed("XQ01", level=3)])
    row = rows.loc["XQ01"]
    assert rows[[Project.total_wan, Project.fiscal_wan, Project.social_wan]].isna().all(axis=None)
    assert row[Project.name] == "甲社区选聘物业服务企业工作" and row[Project.content].startswith("工作要求：")
    assert row.geometry is None and row[Project.cost_basis] == "非施工项目，不列投资"


def test_a_ground_opened_by_turns_takes_rules_and_no_money():
    """3.2, 3.6.1: what the match calls 无需建设 costs nothing in the project list either."""
    need = need_row(type_key="sports_field_small", description="学校运动场错时开放", required_m2=800)
    ground = resource_row("ZY11", category="空间", name="小学操场", use_status="在用", usable_m2=1700)
    site = {**SITE, "id": "S-ZY11", "action": "保留", "name": "小学操场", "resource": "ZY11"}
    rows, _ = run_projects(
        [need], [{**listed("XQ01"), "resources": "ZY11"}],
        resources=[ground], pairs=[chosen("XQ01", "ZY11", 800)], sites=[site],
    )  # fmt: skip
    row = rows.loc["XQ01"]
    assert rows[[Project.total_wan, Project.fiscal_wan, Project.social_wan]].isna().all(axis=None)
    assert row[Project.name] == "甲社区小型多功能运动场地共享项目"
    assert row[Project.content].startswith("工作要求：小学操场错时开放作小型多功能运动场地，800㎡")
    assert row[Project.cost_basis] == "非施工项目，不列投资"


@pytest.mark.parametrize(("safety", "kept"), [(True, ["XQ01"]), (False, [])])
def test_a_safety_need_without_resource_stays_in_phase_one_and_is_flagged(safety, kept):
    need = need_row(type_key=None, description="危房加固", works="韧性增强工程", safety=safety)
    rows, _ = run_projects([need], [listed("XQ01", "否", 0)])
    assert list(rows.index) == kept
    if kept:
        row = rows.loc["XQ01"]
        assert row[Project.phase_index] == 1 and "资源缺口" in row[Project.note]


def test_unit_costs_of_the_place_outweigh_the_examples():
    own = {
        "id": "c",
        "subject": "canteen",
        "action": "改造",
        "unit": "㎡",
        "cost_wan": 0.3,
        "origin": "结算",
        "date": "2026-03",
    }
    costs = read_costs(make_frame(OwnCost, [own]))
    canteen = facility_classes()["canteen"]
    cost = estimate_cost(canteen, "改造", area_m2=100, length_m=float("nan"), costs=costs)
    assert cost.total_wan == 30.0 and "区间30.00–30.00万元；结算，2026-03，置信度1" in cost.basis
    assert estimate_cost(None, "整治", area_m2=float("nan"), length_m=150.0, costs=costs).total_wan == 18.0


def past(number, geometry, **more):
    return {"id": number, "name": f"旧工程{number}", "state": "已实施", "geometry": geometry, **more}


def test_a_project_on_ground_that_was_worked_is_told_once_a_pair_with_its_place():
    needs = [need_row("XQ01", type_key=None, geometry=LineString([(0, 0), (0, 100)]))]
    works = [past("W1", box(-5, 40, 5, 60), end="2022-11"), past("W2", box(50, 0, 60, 10)), past("W3", None)]
    _, faults = run_projects(needs, [listed("XQ01")], works=works)
    (told,) = (fault for fault in faults if fault.code == "HSQ-A07")
    assert told.value == "旧工程W1" and "重叠 20 m" in told.problem and "2022-11" in told.problem
    assert told.severity == "警告" and told.x == 0 and 40 <= told.y <= 60


def test_borders_that_only_touch_are_no_overlap():
    needs = [need_row("XQ01", type_key=None, geometry=box(0, 0, 10, 10))]
    works = [past("W1", box(10, 0, 20, 10)), past("W2", box(9.99, 0, 20, 10))]
    _, faults = run_projects(needs, [listed("XQ01")], works=works)
    assert [fault for fault in faults if fault.code == "HSQ-A07"] == []


def test_the_plan_is_looked_at_again_every_half_year():
    assert list_reviews(2026) == [
        "2026年06月",
        "2026年12月",
        "2027年06月",
        "2027年12月",
        "2028年06月",
        "2028年12月",
    ]
