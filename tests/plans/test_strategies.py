"""更新策略 and 更新目标: counted from the plan, the ledger outweighs, no goal is made up."""

from __future__ import annotations

from layers.frame import empty_frame
from layers.ledgers import Target
from layers.planned import Match, Need, Pair, Project, Strategy
from layers.reachable import Served, Sharing
from pipeline.stages.base import Given
from pipeline.stages.strategies import STRATEGY, fill_sentences, measure_cover
from tests.builders import CRS, make_frame, make_plan
from tests.plans.test_layout import chosen, listed
from tests.plans.test_matching import need_row


def project_row(number, need, total=None):
    return {"id": need, "number": number, "name": number, "works": "设施提升工程", "block": "x", "description": "x",
            "urgency": "紧迫", "place": "x", "content": "x", "total_wan": total, "schedule": "x", "start": "x",
            "end": "x", "phase": "x", "department": "x", "need": need, "problem": "建设类", "phase_index": 1,
            "phase_rule": "x", "principle": "x"}  # fmt: skip


def served_row(community, people, shared, key="canteen"):
    return {"id": f"{community}{key}", "community": community, "type_key": key, "type_name": "社区食堂", "limit_m": 300,
            "facilities": 0, "homes": 10, "homes_own": 0, "homes_shared": 2, "homes_gained": 2,
            "target_people": people, "target_shared": shared}  # fmt: skip


NEEDS = [
    need_row("XQ01", gap="漏配"),
    need_row("XQ02", gap="漏配", type_key="outdoor_fitness", urgency="一般"),
    need_row("XQ03", gap="漏配", community="乙社区"),
    need_row("XQ04", dimension="治理高效", works="治理强基工程", problem="管理类", type_key=None, gap=None, urgency="一般"),
]  # fmt: skip


SERVED = (served_row("甲社区", 100, 30), served_row("乙社区", 300, 70))


def run(needs=NEEDS, targets=(), served=SERVED):
    rows = {
        Need: needs,
        Match: [listed("XQ01"), listed("XQ02"), listed("XQ03", "否", 0), listed("XQ04", "否", 0)],
        Pair: [chosen("XQ01", "ZY01", 200), chosen("XQ02", "ZY02", 150)],
        Project: [project_row("C01", "XQ01", 42.5), project_row("C02", "XQ02", 7.25)],
        Served: served,
        Sharing: (),
        Target: targets,
    }
    frames = {
        layer.key: make_frame(layer, list(some)) if some else empty_frame(layer, crs=CRS)
        for layer, some in rows.items()
    }
    made = STRATEGY(Given(make_plan(), frames))[Strategy.key]
    return made.set_index(Strategy.id)


def test_every_dimension_has_its_strategy_in_the_guidelines_words():
    made = run()
    strategies = made[made[Strategy.kind] == "更新策略"]
    assert strategies[Strategy.dimension].tolist() == [
        "韧性安全",
        "舒适宜居",
        "绿色低碳",
        "智慧赋能",
        "治理高效",
    ]
    text = strategies.loc["2-0", Strategy.text]
    assert "识别需求3项，其中紧迫2项；列入项目清单2项。" in text
    assert "总投资约49.75万元。" in text and "漏配3项优先解决" in text and "尚有1项需求未列入" in text
    assert "设施用房200㎡。" in text and "场地150㎡。" in text and "社区食堂、室外综合健身场地" in text
    assert strategies.loc["2-0", Strategy.needs] == "XQ01、XQ02、XQ03"
    assert "管理类问题1项" in strategies.loc["5-0", Strategy.text]


def test_a_dimension_without_needs_says_nothing_it_has_no_number_for():
    text = run().loc["3-0", Strategy.text]
    assert "项" not in text.replace("【", "") and "万元" not in text and "{" not in text
    assert fill_sentences(["有{a}项，其中{b}项。", "无{b}。"], {"a": 2, "b": 0}) == "有2项，其中0项。"


def test_gaps_are_a_target_of_their_community():
    made = run()
    row = made.loc["2-2-open-甲社区"]
    assert (row[Strategy.now], row[Strategy.goal], row[Strategy.range]) == ("2", "0", "甲社区")
    row = made.loc["2-2-open-乙社区"]
    assert (row[Strategy.now], row[Strategy.goal]) == ("1", "1")  # not listed: it stays a gap
    assert made.loc["2-2-urgent-测试社区", [Strategy.now, Strategy.goal]].tolist() == ["0", "1"]
    assert made.loc["2-2-rooms-测试社区", Strategy.goal] == "200"


def test_coverage_is_stated_now_and_its_goal_left_to_the_planner():
    row = run().loc["2-2-cover-canteen"]
    assert row[Strategy.indicator] == "社区食堂步行覆盖率（共享后）"
    assert (row[Strategy.now], row[Strategy.goal]) == ("25.0", "【待定】")
    homes = [served_row("甲社区", None, None)]
    assert measure_cover(make_frame(Served, homes), "canteen") == 20
    assert measure_cover(make_frame(Served, homes), "nursery") != measure_cover(
        make_frame(Served, homes), "nursery"
    )


def test_the_ledger_outweighs_and_keeps_the_computed_value_beside_it():
    target = {
        "id": "T1",
        "dimension": "舒适宜居",
        "indicator": "社区食堂覆盖率",
        "now": "20",
        "goal": "90",
        "unit": "%",
    }
    made = run(targets=[target])
    row = made.loc["2-1-T1"]
    assert (row[Strategy.now], row[Strategy.goal], row[Strategy.origin]) == ("20", "90", "台账（更新目标）")
    assert row[Strategy.text] == "测算现状值25.0%"
    assert "2-2-cover-canteen" not in made.index
    # For one community it speaks of that community, and the whole plan's row stays.
    made = run(targets=[target | {"community": "甲社区"}])
    assert made.loc["2-1-T1", Strategy.text] == "测算现状值30.0%" and "2-2-cover-canteen" in made.index
    same = {
        "id": "T2",
        "dimension": "舒适宜居",
        "indicator": "漏配设施（含共享后）",
        "goal": "1",
        "community": "甲社区",
    }
    made = run(targets=[same])
    assert "2-2-open-甲社区" not in made.index and made.loc["2-1-T2", Strategy.goal] == "1"


def test_coverage_of_another_kind_is_not_compared_with_walking():
    targets = [
        {
            "id": "T1",
            "dimension": "治理高效",
            "indicator": "物业服务覆盖率",
            "now": "61",
            "goal": "100",
            "unit": "%",
        },
        {"id": "T2", "dimension": "舒适宜居", "indicator": "老年人日间照料覆盖率", "goal": "90", "unit": "%"},
    ]
    served = [served_row("甲社区", 100, 30, key) for key in ("property_office", "elder_daycare")]
    made = run(targets=targets, served=served)
    assert made.loc["5-1-T1", Strategy.text] != made.loc["5-1-T1", Strategy.text]  # nothing is said
    assert made.loc["2-1-T2", Strategy.text] == "测算现状值30.0%"


def test_a_goal_in_words_stays_in_words():
    target = {
        "id": "T1",
        "dimension": "治理高效",
        "indicator": "居民议事协商机制",
        "now": "不定期召开",
        "goal": "每季度一次",
    }
    row = run(targets=[target]).loc["5-1-T1"]
    assert (row[Strategy.goal], row[Strategy.works], row[Strategy.basis]) == (
        "每季度一次",
        "治理强基工程",
        "指南4.1",
    )
