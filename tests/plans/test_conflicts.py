"""Conflicts of a layout and what the detailed plan would have to change: one planted case a check."""

from __future__ import annotations

import pytest
from shapely import LineString, Point, box

from layers.planned import Adjustment, PlannedParcel, Site
from tests.plans.test_layout import LAND, PARCEL, WHOLE, chosen, listed, run_frames
from tests.plans.test_matching import need_row, resource_row

HOUSE = resource_row("ZY01", geometry=box(10, 10, 30, 20), floor_area_m2=400)
ON_LAND = ([need_row()], [LAND], [chosen("XQ01", "ZY08", 4000)], [listed("XQ01")])
IN_HOUSE = ([need_row()], [HOUSE], [chosen("XQ01", "ZY01", 200)], [listed("XQ01")])


def told(faults, words):
    return [f for f in faults if f.code == "HSQ-A07" and words in f.problem]


def test_a_clean_layout_has_no_conflict():
    for given in (ON_LAND, IN_HOUSE):
        made, faults = run_frames(*given)
        assert made[Site.key][Site.conflict].isna().all()
        assert told(faults, "") == []


@pytest.mark.parametrize(
    ("given", "kind", "severity", "area"),
    [
        (ON_LAND, "文物保护单位", "警告", "500㎡"),
        (IN_HOUSE, "历史建筑", "提示", "100㎡"),  # altering is allowed with care
        (IN_HOUSE, "古树名木", "警告", "100㎡"),
    ],
)
def test_a_site_in_a_protection_range_is_named_with_its_area(given, kind, severity, area):
    range_ = {"id": "h", "kind": kind, "name": "甲会馆",
              "geometry": box(50, 50, 60, 100) if given is ON_LAND else box(20, 0, 60, 60)}  # fmt: skip
    made, faults = run_frames(*given, heritage=[range_])
    (fault,) = told(faults, "甲会馆")
    assert fault.severity == severity and area in fault.problem and "4.5" in fault.remedy
    site = made[Site.key].set_index(Site.id).loc[fault.row]
    assert area in site[Site.conflict]
    assert site.geometry.buffer(0.01).covers(Point(fault.x, fault.y))


def test_ground_held_open_or_merely_touching_a_range_is_no_conflict():
    range_ = {"id": "h", "kind": "历史建筑", "name": "甲会馆", "geometry": box(30, 10, 60, 20)}
    _, faults = run_frames(*IN_HOUSE, heritage=[range_])
    assert told(faults, "") == []
    _, faults = run_frames([], [LAND], [], [], heritage=[range_ | {"geometry": box(60, 60, 70, 70)}])
    assert told(faults, "") == []


def test_a_project_outside_the_plan_is_told_with_how_much_of_it():
    half = WHOLE | {"geometry": box(-500, -500, 100, 500)}
    _, faults = run_frames(*ON_LAND, units=[half])
    (fault,) = told(faults, "规划范围外")
    assert "有2500㎡（50%）" in fault.problem and fault.x > 100
    _, faults = run_frames(*ON_LAND, units=[WHOLE | {"geometry": box(-500, -500, 149.9, 500)}])
    assert told(faults, "规划范围外") == []  # a border drawn by another hand


def test_two_projects_on_one_site_are_told_when_the_room_does_not_suffice():
    needs = [need_row(), need_row("XQ02", type_key="nursery")]
    pairs = [chosen("XQ01", "ZY01", 200), chosen("XQ02", "ZY01", 150)]
    matches = [listed("XQ01"), listed("XQ02")]
    house = HOUSE | {"usable_m2": 350}
    _, faults = run_frames(needs, [house], pairs, matches)
    assert told(faults, "项目") == []
    _, faults = run_frames(needs, [house | {"usable_m2": 349 - 1}], pairs, matches)
    (fault,) = told(faults, "2个项目")
    assert "共需350㎡，仅有348㎡" in fault.problem and fault.row == "S-ZY01"


def test_two_resources_drawn_over_one_another_are_one_site_twice():
    twin = LAND | {"id": "ZY09", "number": "ZY09", "name": "重复地", "geometry": box(140, 50, 200, 100)}
    needs = [need_row(), need_row("XQ02")]
    pairs = [chosen("XQ01", "ZY08", 4900), chosen("XQ02", "ZY09", 2400)]
    _, faults = run_frames(needs, [LAND, twin], pairs, [listed("XQ01"), listed("XQ02")])
    (fault,) = told(faults, "重叠")
    assert fault.row == "S-ZY09" and "储备地（ZY08）重叠500㎡" in fault.problem
    assert fault.severity == "警告" and 140 < fault.x < 150


def test_a_pipe_through_a_site_is_work_on_the_same_ground():
    pipe = need_row("XQ13", type_key=None, type_name=None, description="雨污合流管改造",
                    geometry=LineString([(0, 75), (200, 75)]))  # fmt: skip
    made, faults = run_frames([*ON_LAND[0], pipe], *ON_LAND[1:3], [*ON_LAND[3], listed("XQ13")])
    (fault,) = told(faults, "XQ13")
    assert fault.severity == "提示" and "100 m" in fault.problem
    assert "XQ13" in made[Site.key].set_index(Site.id).loc["S-ZY08", Site.conflict]


def test_houses_on_ground_for_new_building_are_counted():
    house = {"id": "b1", "geometry": box(60, 60, 70, 70), "floor_area_m2": 300}
    _, faults = run_frames(*ON_LAND, buildings=[house])
    (fault,) = told(faults, "现状建筑")
    assert "1栋、建筑面积300㎡（b1）" in fault.problem


DEMAND = {"id": "d", "plan": "甲区控规", "clause": "YX-03图则", "force": "强制性要求",
          "content": "储备地容积率不大于0.5，建筑高度不大于15米"}  # fmt: skip


def test_a_ratio_over_another_plans_limit_is_a_conflict_and_one_below_is_not():
    whole = LAND | {"geometry": box(0, 0, 100, 100)}
    need = need_row(required_m2=6000)
    given = ([need], [whole], [chosen("XQ01", "ZY08", 9000)], [listed("XQ01")])
    made, faults = run_frames(*given, demands=[DEMAND])
    row = made[PlannedParcel.key].iloc[0]
    assert (row[PlannedParcel.far_now], row[PlannedParcel.floor_area_ratio]) == (0, 0.6)
    assert row[PlannedParcel.far_limit] == 0.5
    (fault,) = told(faults, "容积率")
    assert "0.60超过上限0.5（甲区控规YX-03图则" in fault.problem
    for other in (
        DEMAND | {"content": "储备地容积率不大于0.6"},
        DEMAND | {"content": "别的地容积率不大于0.1"},
    ):
        _, faults = run_frames(*given, demands=[other])
        assert told(faults, "容积率") == []


def test_ratio_counts_what_stands_what_goes_and_what_comes():
    home = PARCEL | {"landuse_code": "070102", "landuse_name": "二类城镇住宅用地", "area_m2": 10000}
    standing = {"id": "b1", "geometry": box(0, 0, 10, 20), "floor_area_m2": 1000}
    astride = {"id": "b2", "geometry": box(90, 0, 110, 10), "floor_area_m2": 400}
    gone = {"id": "b3", "geometry": box(0, 90, 10, 100), "floors": 5}
    shed = resource_row("ZY05", geometry=box(0, 90, 10, 100), condition="违建，拆除", building="b3")
    made, _ = run_frames([], [shed], [], [], parcels=[home], buildings=[standing, astride, gone])
    row = made[PlannedParcel.key].iloc[0]
    # 1000 + half of 400 + 100 × 5 now; the last is removed.
    assert row[PlannedParcel.far_now] == 0.17 and row[PlannedParcel.floor_area_ratio] == 0.12


def test_a_house_of_unknown_floor_leaves_the_ratio_unknown():
    home = PARCEL | {"landuse_code": "070102"}
    made, _ = run_frames([], [], [], [], parcels=[home], buildings=[{"id": "b", "geometry": box(0, 0, 9, 9)}])
    assert made[PlannedParcel.key][PlannedParcel.far_now].isna().all()


def test_a_changed_parcel_is_a_row_of_the_adjustments():
    demand = DEMAND | {"content": "储备地转为公共服务功能"}
    made, _ = run_frames(*ON_LAND[:2], [chosen("XQ01", "ZY08", 900)], ON_LAND[3], demands=[demand])
    (row,) = made[Adjustment.key].to_dict("records")
    assert (row[Adjustment.code_now], row[Adjustment.code_then]) == ("2301", "0702")
    assert row[Adjustment.kind] == "用地性质、地块划分、开发强度、公共服务设施"
    assert (row[Adjustment.far_now], row[Adjustment.far_then]) == (0, 0.22)
    assert row[Adjustment.area_m2] == pytest.approx(900, abs=0.01)
    assert row[Adjustment.facilities] == "社区食堂" and row[Adjustment.needs] == "XQ01"
    assert "XQ01" in row[Adjustment.reason] and "5.2.2" in row[Adjustment.reason]
    assert row[Adjustment.basis] == "甲区控规YX-03图则（强制性要求）：储备地转为公共服务功能"


def test_more_floor_on_ground_that_keeps_its_code_is_an_adjustment_of_intensity_only():
    service = PARCEL | {"landuse_code": "0702", "landuse_name": "城镇社区服务设施用地"}
    land = LAND | {"landuse_code": "0702", "geometry": box(0, 0, 100, 100)}
    made, _ = run_frames(*ON_LAND[:1], [land], *ON_LAND[2:], parcels=[service])
    (row,) = made[Adjustment.key].to_dict("records")
    assert row[Adjustment.kind] == "开发强度、公共服务设施"
    assert row[Adjustment.code_now] == row[Adjustment.code_then] == "0702"


def test_rooms_on_ground_of_another_use_are_listed_as_turned():
    house = HOUSE | {"landuse_code": "100101"}
    works = PARCEL | {"landuse_code": "100101", "landuse_name": "一类工业用地"}
    made, _ = run_frames(*IN_HOUSE[:1], [house], *IN_HOUSE[2:], parcels=[works])
    (row,) = made[Adjustment.key].to_dict("records")
    assert row[Adjustment.kind].startswith("用地性质（建筑功能转换）")
    assert (row[Adjustment.code_now], row[Adjustment.code_then], row[Adjustment.area_m2]) == (
        "100101",
        "0702",
        200,
    )
    assert not made[PlannedParcel.key][PlannedParcel.changed].any()
    made, _ = run_frames(*IN_HOUSE)
    assert made[Adjustment.key].empty
