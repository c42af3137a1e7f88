"""Levels, reasons, listing and supports: one rule at a time on made-up pairs."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString, Point, box

from configs import read_settings
from configs.facilities import facility_classes
from configs.planning import block_names, landuse_names, unit_costs
from layers import codes
from layers.frame import empty_frame
from layers.planned import Inventory, Match, Need, Pair, Resource
from layers.reachable import Edge, Obstacle, Precinct, Sharing
from pipeline.stages.base import Given
from pipeline.stages.matching import MATCHING
from pipeline.stages.rubric import judge_pair
from tests.builders import CRS, make_frame, make_plan


def need_row(number="XQ01", **more):
    return {
        "id": number, "number": number, "community": "甲社区", "dimension": "舒适宜居", "works": "设施提升工程",
        "block": "完善公共服务配套", "description": "增设社区食堂", "origin": "问卷", "urgency": "紧迫", "method": "调查",
        "problem": "建设类", "type_key": "canteen", "scale_key": "canteen", "type_name": "社区食堂", "required_m2": 200, "place": "一号楼",
        "geometry": Point(0, 1), **more,
    }  # fmt: skip


def resource_row(number="ZY01", **more):
    return {
        "id": number, "number": number, "community": "甲社区", "category": "建筑", "name": "A栋一层", "place": "中路1号",
        "owner": "街道办", "tenure": "国有", "usable_m2": 350, "width_m": 20, "compactness": 0.7, "landuse_code": "070102",
        "use_status": "闲置", "evidence": "资源台账", "certainty": "确认", "method": "调查", "tenure_clear": True,
        "geometry": box(95, 2, 105, 12), **more,
    }  # fmt: skip


def judge(need=None, distance=100.0, **more):
    row = make_frame(Inventory, [resource_row(**more)]).to_dict("records")[0]
    wanted = make_frame(Need, [need_row(**(need or {}))]).to_dict("records")[0]
    return judge_pair(wanted, row, facility_classes()[wanted["type_key"]], distance_m=distance, limit_m=300)


def test_idle_rooms_for_a_canteen_are_a_strong_match():
    found = judge()
    assert found.level == 3 and found.area_ratio == 1.75 and found.conditions == ()
    assert (
        found.reason
        == "有建筑（A栋一层），类型适配、可用面积350㎡满足所需200㎡（待核）、用途相容、权属清晰、步行100 m"
    )


def test_a_school_ground_is_shared_by_turns_but_built_on_only_with_its_department():
    ground = {
        "category": "空间", "name": "小学操场", "owner": "区教育局", "use_status": "在用", "usable_m2": 1700,
        "landuse_code": "080403",
    }  # fmt: skip
    sport = judge(need={"type_key": "sports_field_small", "required_m2": 800}, **ground)
    assert sport.level == 3 and "跨部门" not in sport.reason
    play = judge(need={"type_key": "child_elder_ground", "required_m2": 300}, **ground)
    assert (play.level, play.reason) == (2, "有空间（小学操场），但需跨部门协调")


def test_a_scale_the_survey_states_needs_no_check_of_the_standard():
    assert "所需200㎡（待核）" in judge().reason
    assert "所需300㎡、" in judge(need={"required_m2": 300, "scale_key": None}).reason


@pytest.mark.parametrize(
    ("more", "level", "words"),
    [
        ({"usable_m2": 150}, 2, "可用面积150㎡小于所需200㎡（待核）"),
        ({"usable_m2": 40}, 1, "可用面积40㎡小于所需200㎡（待核）"),
        ({"usable_m2": None}, 2, "可用面积待核"),
        ({"condition": "结构老旧，需加固"}, 2, "需工程处置"),
        ({"condition": "D级危房"}, 1, "需工程处置"),
        ({"landuse_code": "100101"}, 2, "一类工业用地需调整规划用途"),
        ({"landuse_code": "1701"}, 1, "河流水面受保护"),
        ({"tenure_clear": False}, 2, "权属待核需协调"),
        ({"community": "乙社区"}, 2, "位于乙社区，需跨社区统筹"),
        ({"use_status": "在用"}, 2, "现状在用"),
        ({"condition": "涉及老街保护范围"}, 2, "保护范围"),
        ({"name": "A栋三层"}, 2, "位于三层，不在首层"),
        ({"category": "用地", "landuse_code": "0702"}, 2, "需新建或改建后方可使用"),
        ({"distance": 700.0}, 2, "步行700 m（服务距离300 m，待核）"),
        ({"distance": np.nan}, 2, "步行距离未能测定"),
    ],
)
def test_each_obstacle_sets_the_level_and_is_the_reason(more, level, words):
    found = judge(**more)
    assert found.level == level and words in found.reason and "，但" in found.reason


@pytest.mark.parametrize("more", [{"usable_m2": 39}, {"distance": 901.0}, {"category": "空间"}])
def test_what_is_far_too_small_too_far_or_no_room_is_no_candidate(more):
    assert judge(**more) is None


def test_a_small_odd_corner_for_a_childrens_ground_is_weak():
    """The guideline's own example of 弱匹配 (3.6.1)."""
    ground = {"type_key": "child_elder_ground", "required_m2": 170}
    found = judge(
        need=ground, category="用地", usable_m2=298, width_m=3.4, compactness=0.11, landuse_code="0701"
    )
    assert found.level == 1
    assert "最大内接宽度3.4 m小于8 m" in found.reason and "形状狭长不规则" in found.reason


def test_a_park_for_shelter_is_a_medium_match():
    """The guideline's own example of 中匹配 (3.6.1)."""
    found = judge(
        need={"type_key": "shelter_emergency", "required_m2": 500},
        category="空间", usable_m2=2000, use_status="在用", landuse_code="1401",
    )  # fmt: skip
    assert found.level == 2


def run_matching(needs, resources, sharing=()):
    """Along one straight street; needs and resources a few metres beside it."""
    edges = [
        {
            "id": "0",
            "u": 0,
            "v": 1,
            "length_m": 1000,
            "component": 0,
            "geometry": LineString([(0, 0), (1000, 0)]),
        }
    ]
    share = make_frame(Sharing, list(sharing)) if sharing else empty_frame(Sharing, crs=CRS)
    given = Given(
        make_plan(),
        {
            "need": make_frame(Need, needs),
            "inventory": make_frame(Inventory, resources) if resources else empty_frame(Inventory, crs=CRS),
            "edge": make_frame(Edge, edges),
            "obstacle": empty_frame(Obstacle, crs=CRS),
            "precinct": empty_frame(Precinct, crs=CRS),
            "sharing": share,
        },
    )
    made = MATCHING(given)
    return (
        made[Match.key].set_index(Match.need),
        made[Pair.key],
        made[Resource.key].set_index(Resource.number),
    )


MONEY = {"id": "ZY16", "number": "ZY16", "category": "资金", "name": "嵌入式养老专项资金", "place": "-", "amount_wan": 260,
         "evidence": "资源台账", "certainty": "确认", "method": "调查", "tenure_clear": True}  # fmt: skip
PEOPLE = {**MONEY, "id": "ZY21", "number": "ZY21", "category": "人力", "name": "餐饮企业B", "amount_wan": None,
          "support": "餐饮企业B", "serves": "社区食堂"}  # fmt: skip


def test_the_guidelines_strong_example_end_to_end():
    match, pairs, resources = run_matching([need_row()], [resource_row(), MONEY, PEOPLE])
    row = match.loc["XQ01"]
    assert (row[Match.level], row[Match.level_name], row[Match.listed], row[Match.ready]) == (
        3,
        "强匹配",
        "是",
        "是",
    )
    assert row[Match.resource_text] == "建筑（A栋一层）、资金（嵌入式养老专项资金）、人力（餐饮企业B）"
    assert row[Match.space_text] == "中路1号A栋一层，350㎡，产权人：街道办"
    assert row[Match.money_text] == "嵌入式养老专项资金260万元"
    assert row[Match.people_text] == "餐饮企业B：餐饮企业B，社区食堂"
    assert row[Match.reason].endswith("有潜在运营方")
    # 1 m and 7 m to the street, 100 m along it; the building is entered at a point inside.
    assert pairs[Pair.distance_m].tolist() == [pytest.approx(108, abs=0.01)]
    assert (
        resources.loc["ZY01", Resource.matched] == "XQ01"
        and resources.loc["ZY21", Resource.matched] == "XQ01"
    )


def test_without_space_the_gap_gets_a_path_and_is_not_listed():
    match, _, _ = run_matching([need_row()], [])
    row = match.loc["XQ01"]
    assert (row[Match.level], row[Match.gap], row[Match.listed], row[Match.ready]) == (0, "是", "否", "否")
    assert row[Match.resource_text] == "无直接对应空间资源"
    assert any(row[Match.paths].startswith(path) for path in codes.PATH.values)
    assert row[Match.missing] == "空间资源未落实、资金来源未落实"


def test_a_neighbours_facility_is_a_clear_path_and_is_listed():
    shared = {
        "id": "F→甲社区", "facility": "F", "facility_name": "乙社区食堂", "type_key": "canteen", "type_name": "社区食堂",
        "owner_community": "乙社区", "community": "甲社区", "distance_m": 260, "homes_served": 3, "homes_gained": 3,
        "mode": "协同运营", "geometry": LineString([(0, 0), (1, 1)]),
    }  # fmt: skip
    row = run_matching([need_row()], [], [shared])[0].loc["XQ01"]
    assert row[Match.listed] == "是" and "共享乙社区食堂（步行260 m" in row[Match.paths]
    assert row[Match.ready] == "否" and "共享协议待签" in row[Match.missing]


def test_suspected_ground_is_a_path_but_never_a_match():
    ground = resource_row("K1", category="空间", certainty="疑似", name="疑似剩余空地K1")
    need = need_row(type_key="outdoor_fitness", required_m2=150)
    match, pairs, _ = run_matching([need], [ground])
    assert pairs.empty and match.loc["XQ01", Match.level] == 0
    assert match.loc["XQ01", Match.paths].startswith("空间资源创造：现场核实疑似剩余空地K1（约350㎡）")
    assert match.loc["XQ01", Match.listed] == "否"


def test_rooms_are_promised_once_and_the_pair_not_taken_says_why():
    needs = [need_row("XQ01", urgency="一般"), need_row("XQ02"), need_row("XQ03", required_m2=150)]
    match, pairs, _ = run_matching(needs, [resource_row()])
    taken = pairs[pairs[Pair.chosen]]
    assert set(taken[Pair.need]) == {"XQ02", "XQ03"} and taken[Pair.used_m2].sum() <= 350
    left = pairs[~pairs[Pair.chosen]].iloc[0]
    assert left[Pair.need] == "XQ01" and "已用于需求XQ02" in left[Pair.reason]
    assert match.loc["XQ01", Match.level] == 0 and "ZY01" in match.loc["XQ01", Match.reason]


def test_works_in_place_and_management_live_on_support_alone():
    pipes = need_row(
        "XQ13", type_key=None, description="老街雨污合流管改造", works="绿色发展工程", place="老街"
    )
    rules = need_row(
        "XQ22", type_key=None, description="无物业小区选聘物业服务企业", problem="管理类", geometry=None
    )
    bare = need_row("XQ24", type_key=None, description="健全督导制度", problem="管理类", geometry=None)
    old = {**MONEY, "name": "老旧小区改造专项资金"}
    meeting = {**PEOPLE, "name": "住建部门", "support": "住建部门", "serves": "协调召开业主大会"}
    match, _, _ = run_matching([pipes, rules, bare], [old, meeting])
    assert match[Match.level].to_dict() == {"XQ13": 2, "XQ22": 3, "XQ24": 0}
    assert match.loc["XQ13", Match.space_text] == "老街原址实施，不占用新空间"
    assert match.loc["XQ22", [Match.space_text, Match.money_text]].tolist() == ["/", "/"]
    assert match.loc["XQ24", Match.paths].startswith("人力资源创造")


def test_row_order_changes_nothing():
    needs = [need_row("XQ01"), need_row("XQ02")]
    places = [resource_row("ZY01", usable_m2=200), resource_row("ZY02", usable_m2=200)]
    one, two = run_matching(needs, places), run_matching(needs[::-1], places[::-1])
    assert one[0].equals(two[0]) and one[1].equals(two[1])


def test_tables_of_decisions_name_only_what_exists():
    classes, rubric = facility_classes(), read_settings("matching.yaml")
    named = {
        *rubric["fitness_classes"],
        *read_settings("layout.yaml")["business"],
        *rubric["width_m"],
        *read_settings("departments.yaml")["classes"],
    }
    named |= {s for s, _, _ in unit_costs() if not s.startswith("*")} - {"default"}
    needs = read_settings("needs.yaml")
    named |= set(read_settings("sharing.yaml")["street_wide"])
    named |= {*needs["type_words"].values(), *needs["capacity_classes"]} | {
        k for v in needs["urgent_classes"].values() for k in v
    }
    assert named - {"default"} <= set(classes)
    themes = read_settings("support.yaml")["themes"].values()
    assert {key for theme in themes for key in theme.get("classes", ())} <= set(classes)
    assert {group for theme in themes for group in theme.get("groups", ())} <= {
        item.group for item in classes.values()
    }
    assert set(read_settings("blocks.yaml")["works"]) == set(codes.WORKS.values)
    for works, block in read_settings("blocks.yaml")["fallback"].items():
        assert block in block_names(works)
    for item in classes.values():
        assert item.works in codes.WORKS.values and item.dimension in codes.DIMENSION.values
        assert item.landuse_code in landuse_names()
    for cost in unit_costs().values():
        assert cost.low_wan <= cost.unit_cost_wan <= cost.high_wan and "待核" in cost.source
