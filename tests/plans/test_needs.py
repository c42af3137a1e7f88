"""Needs: what a survey says, what the measures show, and the two together."""

from __future__ import annotations

import pandas as pd
import pytest
from shapely import Point, box

from configs.facilities import facility_classes
from layers.frame import empty_frame
from layers.planned import Need
from layers.reachable import Coverage, FacilityLoad, Home, Served, Unit, Whereabouts
from layers.source import Road, Survey
from pipeline.stages.base import Given
from pipeline.stages.naming import number_gap, shorten_communities
from pipeline.stages.needs import NEEDS
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


def run_needs(*, survey=(), served=(), coverage=(), loads=(), basis="住宅建筑"):
    homes = [
        {"id": f"H{n}", "community": "甲社区", "basis": basis, "population": 100, "children": 10, "geometry": Point(x, 0)}
        for n, x in enumerate((0, 100, 400))
    ]
    where = [{"id": f"w{h['id']}", "layer": "home", "object_id": h["id"], "community": "甲社区"} for h in homes]
    where += [{"id": f"w{s['id']}", "layer": "survey", "object_id": s["id"], "community": "甲社区"} for s in survey]

    def frame(layer, rows):
        return make_frame(layer, list(rows)) if rows else empty_frame(layer, crs=CRS)

    given = Given(
        make_plan(),
        {
            "survey": frame(Survey, survey),
            "community": make_frame(
                Unit,
                [{"id": "1", "name": "甲社区", "code": "360681003007", "boundary": "法定边界", "area_m2": 1, "geometry": SQUARE}],
            ),
            "home": make_frame(Home, homes),
            "road": frame(Road, ()),
            "served": frame(Served, served),
            "coverage": frame(Coverage, coverage),
            "facility_load": frame(FacilityLoad, loads),
            "whereabouts": frame(Whereabouts, where),
        },
    )
    return NEEDS(given)[Need.key], given.log.faults


def test_nothing_within_reach_is_a_gap_at_a_real_home():
    cover = [
        {"id": "a", "community": "甲社区", "home": "H0", "type_key": "canteen", "limit_m": 300, "any_m": 812.4},
        {"id": "b", "community": "甲社区", "home": "H1", "type_key": "canteen", "limit_m": 300, "any_m": 900.0},
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
    ("capacity", "unit", "gap"), [(18.0, "人", "少配"), (30.0, "人", None), (18.0, "班", None), (None, "人", None)]
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
    needs, _ = run_needs(survey=[survey_row(geometry=Point(5, 5))], served=[served_row("canteen", "社区食堂")])
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
