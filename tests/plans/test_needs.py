"""Needs: what a survey says, what the measures show, and the two together."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from configs import read_rows, read_settings
from configs.facilities import facility_classes
from layers.frame import empty_frame
from layers.planned import Need
from layers.provision import Provision, ProvisionCount
from layers.reachable import Coverage, FacilityLoad, Home, Served, Unit, Whereabouts
from layers.source import Road, Survey
from pipeline.stages.base import Given
from pipeline.stages.naming import number_gap, shorten_communities
from pipeline.stages.needs import NEEDS
from pipeline.stages.provision import count_provision, judge_provision
from tests.builders import CRS, make_frame, make_plan

SQUARE = box(0, 0, 400, 400)


def survey_row(number="XQ01", **more):
    return {
        "id": number, "community": "甲社区", "dimension": "舒适宜居", "works": "设施提升工程",
        "block": "完善公共服务配套", "description": "增设社区食堂", "urgency": "一般", "origin": "问卷",
        "problem": "建设类", **more,
    }  # fmt: skip


def served_row(key, name, *, homes=3, own=0, shared=0, people=30.0):
    return {
        "id": f"甲|{key}", "community": "甲社区", "type_key": key, "type_name": name, "limit_m": 300, "facilities": 0,
        "homes": homes, "homes_own": own, "homes_shared": shared, "homes_gained": shared - own, "target": "老年人",
        "target_people": people, "required": True,
    }  # fmt: skip


def run_whole(*, survey=(), served=(), coverage=(), loads=(), basis="住宅建筑"):
    homes = [
        {
            "id": f"H{n}",
            "community": "甲社区",
            "basis": basis,
            "population": 100,
            "children": 10,
            "geometry": Point(x, 0),
        }
        for n, x in enumerate((0, 100, 400))
    ]
    where = [
        {"id": f"w{h['id']}", "layer": "home", "object_id": h["id"], "community": "甲社区"} for h in homes
    ]
    where += [
        {"id": f"w{s['id']}", "layer": "survey", "object_id": s["id"], "community": "甲社区"} for s in survey
    ]

    def frame(layer, rows):
        return make_frame(layer, list(rows)) if rows else empty_frame(layer, crs=CRS)

    town = Given(
        make_plan(),
        {
            "survey": frame(Survey, survey),
            "community": make_frame(
                Unit,
                [
                    {
                        "id": "1",
                        "name": "甲社区",
                        "code": "360681003007",
                        "boundary": "法定边界",
                        "area_m2": 1,
                        "geometry": SQUARE,
                    }
                ],
            ),
            "home": make_frame(Home, homes),
            "road": frame(Road, ()),
            "served": frame(Served, served),
            "coverage": frame(Coverage, coverage),
            "facility_load": frame(FacilityLoad, loads),
            "whereabouts": frame(Whereabouts, where),
        },
    )
    made = NEEDS(town)
    return made[Need.key], town.log.faults, made


def run_needs(**rows):
    return run_whole(**rows)[:2]


def test_nothing_within_reach_is_a_gap_at_a_real_home():
    cover = [
        {
            "id": "a",
            "community": "甲社区",
            "home": "H0",
            "type_key": "canteen",
            "limit_m": 300,
            "any_m": 812.4,
        },
        {
            "id": "b",
            "community": "甲社区",
            "home": "H1",
            "type_key": "canteen",
            "limit_m": 300,
            "any_m": 900.0,
        },
    ]
    needs, _ = run_needs(served=[served_row("canteen", "社区食堂")], coverage=cover)
    row = needs.iloc[0]
    assert row[Need.number] == f"G007-{facility_classes()['canteen'].number}"
    assert (row[Need.gap], row[Need.urgency], row[Need.method]) == ("漏配", "紧迫", "测算")
    assert "0/3处住户点" in row[Need.description] and "812 m" in row[Need.description]
    assert row.geometry == Point(100, 0)  # the medoid, not the centroid at 166.7
    assert row[Need.target_people] == 30
    assert row[Need.required_m2] == 200


def test_indicative_homes_print_no_person_counts():
    needs, _ = run_needs(served=[served_row("canteen", "社区食堂")], basis="沿路示意点")
    assert pd.isna(needs.iloc[0][Need.target_people])
    assert "示意住户点" in needs.iloc[0][Need.description]


def test_partly_reached_is_reported_and_is_no_gap():
    needs, faults = run_needs(served=[served_row("canteen", "社区食堂", shared=2)])
    assert needs.empty
    assert [f.code for f in faults] == ["HSQ-A08"] and "1处" in faults[0].problem


def test_reached_only_across_a_border_is_no_need():
    needs, _ = run_needs(served=[served_row("canteen", "社区食堂", own=0, shared=3)])
    assert needs.empty


def covered(home, facility, key="kindergarten"):
    return {
        "id": f"{home}|{key}", "community": "甲社区", "home": home, "type_key": key, "limit_m": 300,
        "any_facility": facility, "shared": True,
    }  # fmt: skip


def load_row(facility, capacity, *, unit="人", key="kindergarten"):
    return {
        "id": facility, "facility": facility, "type_key": key, "homes": 3, "capacity": capacity, "capacity_unit": unit,
        "spare": -1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("capacity", "unit", "gap"),
    [(18.0, "人", "少配"), (30.0, "人", None), (18.0, "班", None), (None, "人", None)],
)
def test_capacity_below_what_it_carries_is_too_few(capacity, unit, gap):
    needs, _ = run_needs(
        served=[served_row("kindergarten", "幼儿园", own=3, shared=3)],
        coverage=[covered(home, "F1") for home in ("H0", "H1", "H2")],
        loads=[load_row("F1", capacity, unit=unit)],
    )
    assert list(needs[Need.gap]) == ([gap] if gap else [])
    if gap:
        assert "少12人" in needs.iloc[0][Need.description]


def test_children_near_two_kindergartens_are_counted_once():
    # Each kindergarten alone is too small for all 30 children in reach (its spare is negative); the two are not.
    needs, _ = run_needs(
        served=[served_row("kindergarten", "幼儿园", own=3, shared=3)],
        coverage=[covered("H0", "F1"), covered("H1", "F1"), covered("H2", "F2")],
        loads=[load_row("F1", 16.0), load_row("F2", 16.0)],
    )
    assert needs.empty


def test_a_shelter_must_hold_every_resident():
    needs, _ = run_needs(
        served=[served_row("shelter_emergency", "紧急避难场所", own=3, shared=3)],
        coverage=[covered(home, "F1", "shelter_emergency") for home in ("H0", "H1", "H2")],
        loads=[load_row("F1", 100.0, key="shelter_emergency")],
    )
    assert list(needs[Need.gap]) == ["少配"] and "少200人" in needs.iloc[0][Need.description]


def test_survey_and_gap_about_one_thing_are_one_need():
    needs, _ = run_needs(
        survey=[survey_row(geometry=Point(5, 5))], served=[served_row("canteen", "社区食堂")]
    )
    row = needs.iloc[0]
    assert len(needs) == 1
    assert (row[Need.number], row[Need.method], row[Need.gap]) == ("XQ01", "调查+测算", "漏配")
    assert row[Need.origin] == "问卷；设施步行可达性测算"
    assert row[Need.urgency] == "一般"  # the survey's word stands
    assert row.geometry == Point(5, 5)


def test_the_scale_a_survey_states_stands_before_the_standards_least():
    rows = [survey_row("XQ01", required_m2=3500.0), survey_row("XQ02", required_m2=0.0), survey_row("XQ03")]
    needs, _ = run_needs(survey=rows)
    assert needs[Need.required_m2].tolist() == [3500, 200, 200]
    # Only a scale from the standard can carry the standard's 待核.
    assert needs[Need.scale_key].fillna("").tolist() == ["", "canteen", "canteen"]


def test_a_management_row_leaves_the_gap_of_its_class_open():
    row = survey_row(description="规范食堂运营", problem="管理类", type_key="canteen")
    needs, _ = run_needs(survey=[row], served=[served_row("canteen", "社区食堂")])
    assert list(needs[Need.method]) == ["测算", "调查"]
    assert list(needs[Need.problem]) == ["建设类", "管理类"]


def test_words_decide_safety_and_a_foreign_block_only_warns():
    rows = [
        survey_row("XQ01", description="打通消防通道", block="自拟板块", works="韧性增强工程"),
        survey_row("XQ02", description="路灯维修"),
    ]
    needs, faults = run_needs(survey=rows)
    assert list(needs[Need.safety]) == [True, False]
    assert needs[Need.block].iloc[0] == "自拟板块"
    assert [f.severity for f in faults if f.code == "HSQ-V05"] == ["警告"]
    assert needs[Need.type_key].isna().all()  # 维修 is a verb here, not a repair shop


def test_a_further_row_renumbers_none():
    one, _ = run_needs(served=[served_row("canteen", "社区食堂")])
    two, _ = run_needs(served=[served_row("nursery", "托儿所"), served_row("canteen", "社区食堂")])
    assert set(one[Need.number]) < set(two[Need.number])


def test_class_numbers_are_short_and_unique():
    short = [number_gap("007", key) for key in facility_classes()]
    assert len(set(short)) == len(short) and max(map(len, short)) <= 10
    assert number_gap("001", "elder_daycare") == "G001-08"


def test_same_last_digits_in_two_streets_get_other_letters():
    short = shorten_communities({"甲": "360681003001", "乙": "360681004001", "丙": None})
    assert len(set(short.values())) == 3 and all(len(s) == 3 for s in short.values())


def group_row(
    *, own=0, shared=0, got=0.0, of=100.0, people=(600.0, 1000.0), key="kindergarten", name="幼儿园"
):
    """Homes and all residents reached, against the group reached: own and shared alike."""
    return {
        **served_row(key, name, homes=10, own=own, shared=shared, people=of), "target": "3-6岁幼儿",
        "target_own": got if own else 0.0, "target_shared": got, "people": people[1],
        "people_own": people[0] if own else 0.0, "people_shared": people[0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("got", "kind"),
    # 60 % of the residents are reached: under 30 % of the children is the wrong place, none the wrong group.
    [(0.0, "服务对象错位"), (29.0, "布点错位"), (30.0, ""), (60.0, "")],
)
def test_reached_homes_where_the_group_does_not_live_are_the_wrong_ones(got, kind):
    needs, _, made = run_whole(served=[group_row(own=6, shared=6, got=got)])
    judged = made[Provision.key].iloc[0]
    assert judged[Provision.after] == ("错配" if kind else "部分可达")
    assert list(needs[Need.gap]) == (["错配"] if kind else [])
    if kind:
        assert kind in needs.iloc[0][Need.gap_rule] and f"{got:.0f}/100人" in needs.iloc[0][Need.description]


def test_too_few_left_out_are_no_mismatch():
    needs, _, _ = run_whole(served=[group_row(own=6, shared=6, got=0.0, of=19.0)])
    assert needs.empty


def test_four_kinds_are_counted_before_and_after_sharing():
    served = [
        served_row("canteen", "社区食堂"),  # nobody reaches it, shared or not
        served_row("nursery", "托儿所", own=0, shared=3),  # only across a border
        group_row(own=6, shared=6, got=0.0, key="kindergarten"),  # the wrong group
        served_row("shelter_emergency", "紧急避难场所", own=3, shared=3),  # holds too few
        served_row("supermarket", "综合超市", own=3, shared=3),
        served_row("public_toilet", "公共厕所", own=1, shared=2),
    ]
    needs, _, made = run_whole(
        served=served,
        coverage=[covered(home, "F1", "shelter_emergency") for home in ("H0", "H1", "H2")],
        loads=[load_row("F1", 100.0, key="shelter_emergency")],
    )
    judged = made[Provision.key].set_index(Provision.type_key)
    assert judged[Provision.before].to_dict() == {
        "canteen": "漏配", "nursery": "漏配", "kindergarten": "错配", "shelter_emergency": "满足",
        "supermarket": "满足", "public_toilet": "部分可达",
    }  # fmt: skip
    assert judged[Provision.after].to_dict() == {
        "canteen": "漏配", "nursery": "共享可解", "kindergarten": "错配", "shelter_emergency": "少配",
        "supermarket": "满足", "public_toilet": "部分可达",
    }  # fmt: skip
    assert judged.loc["shelter_emergency", Provision.lack_after] == 200
    assert list(needs[Need.gap]) == ["错配", "漏配", "少配"]
    assert judged[Provision.need].dropna().to_dict() == dict(
        zip(needs[Need.type_key], needs[Need.number], strict=True)
    )
    count = made[ProvisionCount.key].iloc[0]
    sides = {
        "before": ["missing", "short", "wrong", "partly", "met"],
        "after": ["missing", "solved", "short", "wrong", "partly", "met"],
    }
    found = {side: [int(count[f"{kind}_{side}"]) for kind in kinds] for side, kinds in sides.items()}
    assert found == {"before": [2, 0, 1, 1, 2], "after": [1, 1, 1, 1, 1, 1]} and count["classes"] == 6


def test_own_capacity_is_judged_before_sharing_with_own_homes_only():
    # H0 and H1 go to their own F1 (18 places for 20 children); with sharing H1 goes to the neighbour's F2.
    own = [{**covered(home, "F1"), "own_facility": "F1", "own": True} for home in ("H0", "H1")]
    own[1] |= {"any_facility": "F2"}
    _, _, made = run_whole(
        served=[served_row("kindergarten", "幼儿园", own=3, shared=3)],
        coverage=own,
        loads=[load_row("F1", 18.0), load_row("F2", 30.0)],
    )
    row = made[Provision.key].iloc[0]
    assert (row[Provision.before], row[Provision.lack_before]) == ("少配", 2)
    assert row[Provision.after] == "满足" and pd.isna(row[Provision.lack_after])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(0, 100)), max_size=12))
def test_every_class_falls_under_exactly_one_judgement(rows):
    keys = [key for key, item in facility_classes().items() if item.required]
    served = [
        group_row(own=min(a, b), shared=max(a, b), got=got, key=key)
        for key, (a, b, got) in zip(keys, rows, strict=False)
    ]
    frame = make_frame(Served, served) if served else empty_frame(Served)
    made = judge_provision(
        frame, empty_frame(Coverage), empty_frame(Home, crs=CRS), empty_frame(FacilityLoad)
    )
    counts = count_provision(made)
    assert len(made) == len(served)
    assert (made[Provision.after] == "漏配").eq(made[Provision.homes_after] == 0).all()
    # Sharing never makes a class 漏配 that own facilities reach.
    assert not ((made[Provision.before] != "漏配") & (made[Provision.after] == "漏配")).any()
    for side in ("before", "after"):
        columns = [name for name in counts.columns if name.endswith(side)]
        assert (counts[columns].sum(axis=1) == counts[ProvisionCount.classes]).all()


def test_a_survey_that_says_otherwise_than_the_measures_is_told():
    needs, faults = run_needs(
        survey=[survey_row(gap="漏配")], served=[served_row("canteen", "社区食堂", own=0, shared=3)]
    )
    assert needs.iloc[0][Need.gap] == "漏配"  # the survey's word stands
    assert needs.iloc[0][Need.gap_rule] == "调查填报漏配；测算为共享可解，以调查为准"
    assert [(f.code, f.row) for f in faults if f.code == "HSQ-A11"] == [("HSQ-A11", "XQ01")]


def test_a_second_row_about_the_same_gap_names_the_first():
    rows = [survey_row("XQ01"), survey_row("XQ02")]
    needs, _ = run_needs(survey=rows, served=[served_row("canteen", "社区食堂")])
    assert list(needs[Need.method]) == ["调查+测算", "调查"]
    assert needs.iloc[1][Need.note] == "同社区同类缺口已并入需求XQ01"


def test_a_shelter_grows_with_the_people_and_says_by_which_rule():
    row = {**served_row("shelter_emergency", "紧急避难场所", people=3000.0), "target": "全体居民"}
    needs, _ = run_needs(served=[row])
    need = needs.iloc[0]
    item = facility_classes()["shelter_emergency"]
    assert need[Need.required_m2] == 1500
    assert need[Need.scale_rule] == f"{item.standard} {item.clause}：人均0.5㎡×3000人（待核）"
    small, _ = run_needs(served=[{**row, "target_people": 900.0}])
    assert small.iloc[0][Need.required_m2] == 500 and "最小规模500㎡" in small.iloc[0][Need.scale_rule]


def test_scales_a_person_are_those_of_the_standard_rows():
    rules = {
        row["rule_id"]: row["per_capita_rule"] for row in read_rows("standards/lifecircle_facilities.csv")
    }
    by_key = {item["key"]: item["rule"] for item in read_settings("facility_classes.yaml")}
    for key, each in read_settings("needs.yaml")["scale_per_person"].items():
        assert f"{each:g}㎡" in rules[by_key[key]]


def test_needs_of_no_class_are_for_all_residents():
    rows = [
        survey_row("XQ01", description="路灯维修"),
        survey_row("XQ02", description="健全议事制度", problem="管理类", community=None),
        survey_row("XQ03", type_key="car_parking", description="停车"),
    ]
    needs, _ = run_needs(survey=rows)
    assert list(needs[Need.target])[:2] == ["全体居民", "全体居民"]
    assert needs[Need.target_people].tolist()[:2] == [300, 300] and pd.isna(needs[Need.target_people].iloc[2])
    empty, _ = run_needs(survey=rows, basis="沿路示意点")
    assert empty[Need.target_people].iloc[0] != empty[Need.target_people].iloc[0]
