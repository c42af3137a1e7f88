"""Levels, reasons, listing and supports: one rule at a time on made-up pairs."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString, Point, box

from configs import read_settings
from configs.facilities import VERIFIED, facility_classes
from configs.planning import block_names, landuse_names, unit_costs
from layers import codes
from layers.frame import empty_frame
from layers.ledgers import OwnCost
from layers.planned import Inventory, Match, Need, Pair, Resource
from layers.reachable import Edge, Obstacle, Precinct, Sharing
from pipeline.stages.base import Given
from pipeline.stages.entries import find_lacks
from pipeline.stages.factors import Case, estimate_conversion
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


def judge(need=None, distance=100.0, backed=False, **more):
    row = make_frame(Inventory, [resource_row(**more)]).to_dict("records")[0]
    wanted = make_frame(Need, [need_row(**(need or {}))]).to_dict("records")[0]
    item = facility_classes()[wanted["type_key"]]
    cost = estimate_conversion(wanted, row, item, unit_costs())
    return judge_pair(Case(wanted, row, item, distance, 300, cost, backed))


def test_idle_rooms_for_a_canteen_are_a_strong_match():
    found = judge()
    assert found.level == 3 and found.area_ratio == 1.75 and found.conditions == ()
    assert (
        found.reason
        == "有建筑（A栋一层），可用面积350㎡满足所需200㎡（待核）、类型适配、投入约36万元、用途相容、权属清晰、步行100 m"
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
    assert "所需300㎡、" in judge(need={"required_m2": 300, "scale_key": None}, backed=True).reason


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
        ({"tenure": "私有"}, 2, "产权属个人"),
        ({"name": "A栋地下一层"}, 1, "位于地下，不宜布置"),
        ({"need": {"required_m2": 1500}, "usable_m2": 1600, "backed": True}, 2, "需较大投入，约270万元"),
        ({"need": {"required_m2": 20000}, "usable_m2": 21000, "backed": True}, 1, "经济成本极高，约3600万元"),
        ({"need": {"required_m2": 300}}, 2, "资金和运营方均待落实"),
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
    made = MATCHING(give_matching(needs, resources, sharing))
    return (
        made[Match.key].set_index(Match.need),
        made[Pair.key],
        made[Resource.key].set_index(Resource.number),
    )


def give_matching(needs, resources, sharing=()):
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
    return Given(
        make_plan(),
        {
            "need": make_frame(Need, needs),
            "inventory": make_frame(Inventory, resources) if resources else empty_frame(Inventory, crs=CRS),
            "edge": make_frame(Edge, edges),
            "obstacle": empty_frame(Obstacle, crs=CRS),
            "precinct": empty_frame(Precinct, crs=CRS),
            "sharing": share,
            "unit_cost": empty_frame(OwnCost),
        },
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
    assert row[Match.missing] == "空间资源未落实、资金来源未落实、运营主体未落实"


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
    assert left[Pair.need] == "XQ01" and "已用于需求XQ02、XQ03" in left[Pair.why_not]
    assert match.loc["XQ01", Match.level] == 0 and "ZY01" in match.loc["XQ01", Match.reason]


def test_what_looked_better_is_named_in_the_pair_table_and_in_the_statement():
    near = resource_row("ZY01", usable_m2=200)
    far = resource_row(
        "ZY02", name="C栋一层", usable_m2=200, condition="需加固", geometry=box(195, 2, 205, 12)
    )
    match, pairs, _ = run_matching([need_row("XQ01", urgency="一般"), need_row("XQ02")], [near, far])
    why = pairs.set_index([Pair.need, Pair.resource])[Pair.why_not]
    assert why["XQ01", "ZY01"].startswith("已用于需求XQ02，余0㎡不足200㎡")
    assert why["XQ02", "ZY02"] == "已选ZY01（匹配度更高）"
    assert why[[("XQ01", "ZY02"), ("XQ02", "ZY01")]].isna().all()
    first, second = match.loc["XQ01", Match.statement].split("\n")
    assert first.startswith("中匹配：有建筑（C栋一层），但现状条件（加固）需工程处置")
    assert second.startswith("未采用ZY01（强匹配）：已用于需求XQ02")
    assert "\n" not in match.loc["XQ02", Match.statement]


SHELTER = {
    "type_key": "shelter_emergency", "scale_key": None, "required_m2": 900, "description": "增加应急避难场所",
}  # fmt: skip


def open_place(number, usable, at, **more):
    return resource_row(
        number, category="空间", name=f"{number}广场", usable_m2=usable, use_status="在用", landuse_code="1403",
        geometry=box(at, 2, at + 20, 22), **more,
    )  # fmt: skip


def test_two_open_places_serve_one_need_together():
    """3.6.1's own example: 空间（社区公园）、空间（学校操场） for 应急避难场所."""
    places = [open_place("ZY01", 600, 100), open_place("ZY02", 400, 200)]
    match, pairs, resources = run_matching([need_row(**SHELTER)], places)
    row = match.loc["XQ01"]
    assert row[Match.level] == 2 and row[Match.resources] == "ZY01、ZY02"
    assert row[Match.resource_text] == "空间（ZY01广场）、空间（ZY02广场）"
    assert row[Match.space_text] == (
        "中路1号ZY01广场，600㎡（其中利用600㎡），产权人：街道办；中路1号ZY02广场，400㎡（其中利用300㎡），产权人：街道办"
    )
    assert pairs[Pair.chosen].all() and pairs[Pair.used_m2].tolist() == [600, 300]
    assert resources[Resource.matched].tolist() == ["XQ01", "XQ01"]


def test_rooms_in_different_buildings_are_not_one_canteen():
    rooms = [resource_row(f"ZY0{n}", usable_m2=120, building=house) for n, house in ((1, "J1"), (2, "J2"))]
    assert run_matching([need_row()], rooms)[0].loc["XQ01", Match.level] == 1
    rooms = [{**room, "building": "J1"} for room in rooms]
    match, _, _ = run_matching([need_row()], rooms)
    assert match.loc["XQ01", [Match.level, Match.resources]].tolist() == [3, "ZY01、ZY02"]


def test_money_already_spent_makes_nobody_else_ready():
    # 200 m² at 0.18 are 36: the fund pays for the first in turn and for a third of the second.
    needs = [need_row("XQ01", urgency="一般"), need_row("XQ02"), need_row("XQ03", urgency="一般")]
    places = [resource_row("ZY01", usable_m2=700)]
    fund = {**MONEY, "amount_wan": 50}
    match, _, _ = run_matching(needs, [*places, fund, PEOPLE])
    assert match[Match.level].tolist() == [3, 3, 3]
    assert match[Match.ready].to_dict() == {"XQ01": "否", "XQ02": "是", "XQ03": "否"}
    assert match.loc["XQ01", Match.missing] == "台账资金不足，仅够部分投入"
    assert match.loc["XQ03", Match.missing] == "台账资金已安排给更优先的需求"


def test_every_gap_has_a_path_of_the_four_kinds():
    needs = [
        need_row("XQ01"), need_row("XQ02", type_key="outdoor_fitness", scale_key=None, required_m2=90),
        need_row("XQ03", type_key=None, description="健全督导制度", problem="管理类", geometry=None),
    ]  # fmt: skip
    roof = resource_row("ZY01", usable_m2=30, name="A栋", geometry=box(95, 2, 105, 12))
    match, _, _ = run_matching(needs, [roof])
    assert match[Match.gap].tolist() == ["是"] * 3 and match[Match.listed].tolist() == ["否"] * 3
    for paths in match[Match.paths]:
        assert {path.split("：")[0] for path in paths.split("；")} <= set(codes.PATH.values)
    assert "空间资源创造：利用A栋屋顶空间（基底约100㎡），须先作结构鉴定" in match.loc["XQ02", Match.paths]


def test_a_protected_use_gets_the_policy_path():
    field = resource_row("ZY01", category="用地", name="河滩地", landuse_code="1701", usable_m2=900)
    need = need_row(type_key="outdoor_fitness", scale_key=None, required_m2=150)
    row = run_matching([need], [field])[0].loc["XQ01"]
    assert row[Match.level] == 1
    assert row[Match.paths].startswith(
        "政策资源创造：河滩地现状河流水面受保护，转用难度大，向上级争取“一事一议”调整"
    )


def test_levels_are_the_guidelines_words_and_every_factor_has_a_source():
    rubric = dict(read_settings("rubric.yaml"))
    assert rubric.pop("levels") == {
        3: "资源可直接或通过少量投入（如简单装修、设备购置）满足需求",
        2: "资源具备潜力，但需较大投入（如结构改造、大规模投资）或政策协调（如调整规划用途、跨部门审批）方可满足需求",
        1: "资源与需求有一定关联，但转化难度大、技术或经济成本极高",
        0: "社区内没有直接或潜在的本底资源可支撑该需求的实现",
    }
    for key, block in rubric.items():
        assert block["name"] and block["source"] and 0 < block["confidence"] <= 1, key
        assert block["confidence"] >= VERIFIED or "待核" in block["source"] or "指南" in block["source"], key
    looked_at = {factor.key for factor in judge(condition="涉及老街保护范围").factors}
    assert {"area_ratio", "fitness", "effort", "landuse", "ownership", "distance", "support"} <= looked_at
    protocol = judge(name="A栋三层").protocol
    assert "楼层2（位于三层，不在首层）" in protocol and "面积满足率3" in protocol


def test_one_area_changes_only_what_depends_on_it():
    """Two streets' worth of needs; ZY03 shrinks until XQ02 has to leave it."""
    needs = [
        need_row("XQ01", required_m2=150),
        need_row("XQ02", geometry=Point(900, 1)),
        need_row("XQ03", community="丙社区", geometry=None),
    ]
    places = [
        resource_row("ZY01"), resource_row("ZY02", community="丙社区", geometry=None),
        resource_row("ZY03", geometry=box(895, 2, 905, 12)),
    ]  # fmt: skip
    before = run_matching(needs, places)
    after = run_matching(needs, [*places[:2], {**places[2], "usable_m2": 140}])
    changed = [
        set(new.index[[not new.loc[[key]].equals(old.loc[[key]]) for key in new.index]])
        for old, new in (
            (before[0], after[0]), (before[1].set_index(Pair.id), after[1].set_index(Pair.id)), (before[2], after[2])
        )
    ]  # fmt: skip
    assert changed[0] == {"XQ02"} and changed[2] == {"ZY03"}
    # XQ02's other candidate is compared with what XQ02 got, so its words change too.
    assert changed[1] == {"XQ02|ZY01", "XQ02|ZY03"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, []),
        ({Match.space_text: "中路1号，350㎡，产权人：待核"}, ["填表说明1"]),
        ({Match.money_text: "资金来源待落实"}, ["填表说明2"]),
        ({Match.people_text: "街道办"}, ["填表说明3"]),
        ({Match.ready: "否", Match.missing: None}, ["填表说明4"]),
    ],
)
def test_rules_of_table_1_are_checked(more, words):
    row = {
        Match.space_text: "中路1号，350㎡，产权人：街道办", Match.money_text: "专项资金260万元", Match.people_text: "/",
        Match.ready: "是", Match.missing: None, **more,
    }  # fmt: skip
    assert [lack.split("：")[0] for lack in find_lacks(row)] == words


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
    classes, rubric, more = facility_classes(), read_settings("rubric.yaml"), read_settings("matching.yaml")
    named = {
        *rubric["fitness"]["classes"],
        *rubric["width"]["least_m"],
        *rubric["department"]["by_turns"],
        *rubric["together"]["classes"],
        *read_settings("layout.yaml")["business"],
        *more["create"]["roof_classes"],
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
