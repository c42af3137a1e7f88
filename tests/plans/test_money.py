"""Money of the project list: exact tables on tiny cases, and sums that are exact whatever the numbers are."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st
from shapely import box

from configs import read_rows, read_settings
from configs.facilities import facility_classes
from configs.operating import find_implementer, find_method, find_terms, operating_rates
from layers import codes
from layers.finance import YEARS, Fund, FundTotal, Revenue, YearPlan
from layers.planned import Project
from pipeline.stages.drafts import Draft, number_drafts
from pipeline.stages.funds import Purse, total_funds, write_funds
from pipeline.stages.money import estimate_cost
from pipeline.stages.ranking import Merit
from pipeline.stages.revenue import measure_year
from pipeline.stages.rows import make_table
from pipeline.stages.years import write_years
from tests.plans.test_layout import chosen, listed
from tests.plans.test_matching import MONEY, need_row, resource_row
from tests.plans.test_projects import SITE, run_all

NAN = float("nan")
CANTEEN = facility_classes()["canteen"]


def exact(values):
    """Sum as written, not as binary fractions."""
    return sum((Decimal(str(v)) for v in values if not math.isnan(v)), Decimal())


# One canteen in idle rooms, one walk for which no money is there, one rule.
NEEDS = [
    need_row(target_people=300, target="60岁及以上老年人"),
    need_row(
        "XQ02",
        works="韧性增强工程",
        type_key=None,
        description="危房加固",
        safety=True,
        geometry=box(0, 0, 5, 5),
    ),
    need_row(
        "XQ03", works="治理强基工程", type_key=None, problem="管理类", description="选聘物业", geometry=None
    ),
]
SOCIAL = MONEY | {"id": "ZY18", "number": "ZY18", "name": "运营企业出资", "amount_wan": 6.0}
LEDGER = [
    {"id": "ZY16", "category": "资金", "name": "财政专项", "fund_source": "市级专项", "fund_kind": "财政资金", "funding": "专项债券"},
    {"id": "ZY18", "category": "资金", "name": "运营企业出资"},
]  # fmt: skip


@pytest.fixture(scope="module")
def made():
    fiscal = MONEY | {"amount_wan": 20.0}
    matches = [
        listed("XQ01") | {"resources": "ZY01、ZY16、ZY18"},
        listed("XQ02", level=2),
        listed("XQ03", level=2),
    ]
    result, faults = run_all(
        NEEDS,
        matches,
        resources=[resource_row(), fiscal, SOCIAL],
        pairs=[chosen("XQ01", "ZY01", 200)],
        sites=[SITE],
        ledger=LEDGER,
    )
    return result, faults


def records(made, layer, *columns):
    return made[0][layer.key][[str(c) for c in columns]].values.tolist()


def test_every_source_is_listed_and_they_sum_to_the_total(made):
    assert records(made, FundTotal, FundTotal.kind, FundTotal.method, FundTotal.origin, FundTotal.state, FundTotal.amount_wan,
                   FundTotal.share, FundTotal.projects) == [
        ["财政资金", "专项债券", MONEY["name"], "已有台账资金", 20.0, 54.79, "C01"],
        ["社会资金", "社会资金", "运营企业出资", "已有台账资金", 6.0, 16.44, "C01"],
        ["财政资金", "专项债券", "来源待落实", "待落实", 10.0, 27.4, "C01"],
        ["财政资金", "地方财政资金", "来源待落实", "待落实", 0.5, 1.37, "B01"],
    ]  # fmt: skip
    totals = made[0][FundTotal.key]
    assert exact(totals[FundTotal.share]) == 100
    assert exact(totals[FundTotal.amount_wan]) == exact(made[0][Project.key][Project.total_wan])


def test_the_ledger_says_how_money_is_raised_and_what_it_says_stands(made):
    rules = made[0][FundTotal.key].set_index(FundTotal.id)[FundTotal.method_rule]
    assert rules["ZY16"] == "资源台账填写" and rules["ZY18"] == "按资金性质"
    assert [f.code for f in made[1]] == ["HSQ-A04"] and "10.5万元" in made[1][0].problem


def test_years_sum_to_a_hundred_and_management_has_none_of_the_money(made):
    plans = made[0][YearPlan.key].set_index(YearPlan.project)
    assert plans.loc["C01", [YearPlan.share_1, YearPlan.amount_1, YearPlan.share_sum]].tolist() == [
        100,
        36,
        100,
    ]
    assert plans.loc["F01", YearPlan.amounts()].isna().all() and plans.loc["F01", YearPlan.share_sum] == 100
    assert plans.loc["F01", YearPlan.share_2] == 100


def test_a_year_of_the_canteen(made):
    rows = made[0][Revenue.key].set_index(Revenue.project)
    rates = {
        item: operating_rates()["canteen", item, "㎡"].rate_wan * 200
        for item in ("服务收费", "政府运营补贴", "运营费")
    }
    row = rows.loc["C01"]
    assert row[Revenue.service_wan] == pytest.approx(rates["服务收费"]) == 12.0
    assert row[Revenue.income_wan] == 14.0 and row[Revenue.cost_wan] == 12.8 and row[Revenue.net_wan] == 1.2
    assert row[Revenue.payback_years] == 30.0 and row[Revenue.earns] == "准公益性"
    assert row[Revenue.benefit] == "服务60岁及以上老年人300人" and "30年，长于20年" in row[Revenue.balance]
    assert (
        row[Revenue.body] == "餐饮企业（公开遴选）"
        and row[Revenue.mode] == "委托运营型"
        and row[Revenue.asset]
    )
    assert row[Revenue.basis].count("待核") == 3
    assert rows.loc["B01", Revenue.earns] == "公益性" and math.isnan(rows.loc["B01", Revenue.payback_years])
    assert "F01" not in rows.index


def test_bodies_and_order_of_the_projects(made):
    projects = made[0][Project.key].set_index(Project.number)
    assert projects[Project.implementer].to_dict() == {
        "B01": "街道办事处", "C01": "社区居委会+平台公司+运营单位", "F01": "街道办事处",
    }  # fmt: skip
    assert projects[Project.rank].to_dict() == {"B01": 1, "C01": 2, "F01": 1}
    assert projects.loc["B01", Project.rank_rule].startswith("底线安全、中匹配、资金待落实")
    assert set(codes.IMPLEMENTER.values) >= set(projects[Project.implementer])
    assert projects.loc["C01", [Project.low_wan, Project.high_wan, Project.open_wan]].tolist() == [
        24.0,
        52.0,
        10.0,
    ]


def test_taking_down_is_priced_with_what_is_built_anew():
    used = [chosen("XQ01", "ZY01", 200), chosen("XQ02", "ZY01", 100)]
    needs = [need_row(), need_row("XQ02", required_m2=100)]
    made, _ = run_all(
        needs,
        [listed("XQ01"), listed("XQ02")],
        resources=[resource_row(floor_area_m2=600)],
        pairs=used,
        sites=[SITE | {"action": "拆除"}],
    )
    rows = made[Project.key].set_index(Project.need)
    # 600 ㎡ taken down at 0.02, two thirds of it for the larger need; *indoor 新建 at 0.35.
    assert rows[Project.total_wan].to_dict() == {"XQ01": 70 + 8.0, "XQ02": 35 + 4.0}
    assert rows.loc["XQ01", Project.content] == "拆除A栋一层（建筑面积400㎡）后新建社区食堂，200㎡"
    assert "另拆除0.02万元/㎡×400.00㎡" in rows.loc["XQ01", Project.cost_basis]
    assert (
        rows.loc["XQ01", Project.action] == "拆除"
        and rows.loc["XQ01", Project.schedule] == "2026年03月-2027年05月"
    )
    assert math.isnan(estimate_cost(CANTEEN, "拆除", area_m2=200, length_m=NAN, removal_m2=NAN).total_wan)


def test_a_shared_facility_has_no_money_and_an_unknown_scale_says_so():
    match = listed("XQ01", level=1) | {"paths": "政策资源创造：与乙社区协商共享"}
    made, faults = run_all([need_row()], [match])
    row = made[Project.key].iloc[0]
    assert (
        row[Project.way] == "管理" and row[Project.problem] == "建设类" and math.isnan(row[Project.total_wan])
    )
    assert row[Project.content] == "工作要求：政策资源创造：与乙社区协商共享" and not faults
    assert made[Fund.key].empty and made[Revenue.key].empty and len(made[YearPlan.key]) == 1
    made, faults = run_all([need_row(required_m2=None, safety=True)], [listed("XQ01", "否", 0)])
    assert [f.code for f in faults] == ["HSQ-A14"] and math.isnan(made[Project.key][Project.total_wan][0])


def test_several_spaces_of_one_need_are_one_project():
    pairs = [chosen("XQ01", "ZY01", 80), chosen("XQ01", "ZY02", 120)]
    made, _ = run_all(
        [need_row()],
        [listed("XQ01")],
        resources=[resource_row(), resource_row("ZY02", name="B栋")],
        pairs=pairs,
    )
    row = made[Project.key].iloc[0]
    assert (
        row[Project.content] == "利用B栋、A栋一层改造设置社区食堂，200㎡" and row[Project.total_wan] == 36.0
    )


def test_ids_stay_when_a_need_comes_in_before():
    first, _ = run_all([need_row("XQ05")], [listed("XQ05")])
    both, _ = run_all([need_row("XQ05"), need_row("XQ01")], [listed("XQ05"), listed("XQ01")])
    assert set(first[Project.key][Project.id]) < set(both[Project.key][Project.id])
    assert both[Project.key][Project.number].str.fullmatch(r"[A-Z]\d{2}").all()


def test_numbers_beyond_99_go_on_under_a_free_letter():
    drafts = [Draft({"number": f"X{n:04d}", "works": "设施提升工程"}, {}) for n in range(200)]
    numbers = number_drafts(drafts)
    assert numbers["X0000"] == "C01" and numbers["X0098"] == "C99" and numbers["X0099"] == "G01"
    assert numbers["X0199"] == "H02" and len(set(numbers.values())) == 200


def merit(**more):
    plain = {"safety": False, "urgent": True, "level": 3, "backed": True, "payback_years": 5.0, "clear": True,
             "origin": "居民问卷", "number": "XQ01"}  # fmt: skip
    return Merit(**{**plain, **more})


@pytest.mark.parametrize(
    "worse",
    [{"urgent": False}, {"level": 2}, {"backed": False}, {"payback_years": 6.0}, {"payback_years": NAN}, {"clear": False},
     {"origin": "专项体检"}, {"number": "XQ02"}],
)  # fmt: skip
def test_each_criterion_decides_when_those_before_it_are_equal(worse):
    assert merit().key < merit(**worse).key
    assert merit(safety=True, **worse).key < merit().key


def test_words_decide_how_money_is_raised():
    assert find_method("上级财政专项", kind="").method == "中央财政专项资金"
    assert "待核" in find_method("上级财政专项", kind="财政资金").rule
    assert find_method("超长期特别国债", kind="").method == "超长期特别国债"
    assert find_method("居民自筹", kind="").kind == "社会资金"
    assert find_method("不知道", kind="社会资金").method == "社会资金"
    # A social row is never called a fiscal way of raising money, whatever its words are.
    assert find_method("上级企业", kind="社会资金").method == "社会资金"


def test_config_tables_are_whole():
    for rate in operating_rates().values():
        assert (
            0 <= rate.low_wan <= rate.rate_wan <= rate.high_wan and rate.source and 0 < rate.confidence <= 1
        )
        assert rate.item in (*codes.EARNING.values, "运营费") and rate.unit in codes.COST_UNIT.values
        assert rate.subject.startswith("*") or rate.subject in facility_classes()
    assert len(operating_rates()) == len(read_rows("operations.csv"))
    assert all(set(find_terms(mode)) == {"asset", "sharing", "oversight"} for mode in codes.OPERATION.values)
    bodies = read_settings("operation.yaml")["bodies"]
    assert set(bodies["classes"]) <= set(facility_classes())
    assert set(bodies["groups"]) == {item.group for item in facility_classes().values()}
    facts = {"way": "新建", "social": False, "earns": False, "mode": "政府主导型", "works": "设施提升工程"}
    assert find_implementer(facts) == "区级政府指定的平台公司"
    named = {entry["body"] for entry in read_settings("operation.yaml")["implementers"]}
    assert named <= set(codes.IMPLEMENTER.values)
    methods = [*read_settings("funding.yaml")["methods"], *read_settings("funding.yaml")["open"].values()]
    assert {entry["method"] for entry in methods} <= set(codes.FUNDING.values)


@settings(max_examples=150, deadline=None, derandomize=True)
@cases(st.integers(0, 60), st.integers(0, 60), st.integers(0, 10**8))
def test_years_are_exact(start, length, grains):
    last = start + length
    row = write_years(
        "A01", start=f"{2026 + start // 12}-{start % 12 + 1:02d}", end=f"{2026 + last // 12}-{last % 12 + 1:02d}",
        total_wan=grains / 100, first_year=2026,
    )  # fmt: skip
    assert exact(row[c] for c in YearPlan.shares()) == 100 and len(YearPlan.shares()) == YEARS
    assert exact(row[c] for c in YearPlan.amounts()) == Decimal(grains) / 100


@settings(max_examples=150, deadline=None, derandomize=True)
@cases(
    st.lists(st.tuples(st.integers(1, 10**7), st.sets(st.integers(0, 3))), min_size=1, max_size=8),
    st.lists(st.integers(0, 10**6), min_size=4, max_size=4),
)
def test_sources_are_exact_project_by_project_and_over_all(projects, amounts):
    money = [
        {
            "number": f"M{n}",
            "name": ("企业出资" if n % 2 else "财政专项"),
            "amount_wan": a / 100,
            "condition": None,
            "category": "资金",
        }
        for n, a in enumerate(amounts)
    ]
    purse, rows = Purse.open(money), []
    for n, (grains, mine) in enumerate(projects):
        paid = purse.pay(grains / 100, [money[i] for i in sorted(mine)])
        parts = write_funds(f"A{n:02d}", paid.parts)
        assert exact(p[Fund.amount_wan] for p in parts) == Decimal(grains) / 100
        assert exact([paid.fiscal_wan, paid.social_wan]) == Decimal(grains) / 100
        assert exact(p[Fund.amount_wan] for p in parts if p[Fund.kind] == "社会资金") == Decimal(
            str(paid.social_wan)
        )
        rows += parts
    totals = total_funds(make_table(rows, Fund), money)
    assert exact(t[FundTotal.amount_wan] for t in totals) == Decimal(sum(g for g, _ in projects)) / 100
    assert exact(t[FundTotal.share] for t in totals) == 100
    for total in totals:
        if total[FundTotal.resource]:
            assert total[FundTotal.amount_wan] <= total[FundTotal.ledger_wan]


@settings(max_examples=100, deadline=None, derandomize=True)
@cases(st.sampled_from(sorted(facility_classes())), st.floats(0, 1e5))
def test_a_year_is_the_sum_of_its_columns(key, scale):
    year = measure_year(key, scale, "㎡")
    assert year is not None
    assert year.income - year.cost == year.net == sum(year.earnings.values()) - year.cost
    assert math.isnan(year.pay_back(100.0)) == (year.net <= 0)
    assert (year.kind == "公益性") == (year.income == 0)
