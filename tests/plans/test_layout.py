"""Layout: sites on ground of their own, land use that sums to the last hundredth, 业态."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from layers.areas import share_total
from layers.frame import empty_frame
from layers.planned import Business, Match, Need, Pair, PlannedParcel, Resource, Site
from layers.reachable import Whereabouts
from layers.source import Building, Facility, Parcel
from pipeline.stages.base import Given
from pipeline.stages.layout import LAYOUT
from tests.builders import CRS, make_frame, make_plan
from tests.plans.test_matching import need_row, resource_row

PARCEL = {"id": "p1", "number": "YX0001", "landuse_code": "2301", "landuse_name": "空闲地", "area_m2": 10000.01,
          "year": 2025, "geometry": box(0, 0, 100, 100)}  # fmt: skip


def chosen(need, resource, used, level=3):
    return {"id": f"{need}|{resource}", "need": need, "resource": resource, "level": level, "reason": "x", "chosen": True,
            "used_m2": used}  # fmt: skip


def listed(need, yes="是", level=3):
    return {"id": need, "need": need, "level": level, "level_name": "强匹配", "reason": "x", "resource_text": "x",
            "gap": "否", "listed": yes, "ready": "是"}  # fmt: skip


def run_layout(needs, resources, pairs, matches, *, parcels=(PARCEL,), buildings=(), facilities=()):
    rows = {Need: needs, Resource: resources, Pair: pairs, Match: matches, Parcel: parcels, Building: buildings,
            Facility: facilities}  # fmt: skip
    frames = {
        layer.key: make_frame(layer, list(some)) if some else empty_frame(layer, crs=CRS)
        for layer, some in rows.items()
    }
    where = [
        {"id": f"{key}{row['id']}", "layer": key, "object_id": row["id"], "community": "甲社区"}
        for key, some in (("building", buildings), ("facility", facilities))
        for row in some
    ]
    frames["whereabouts"] = make_frame(Whereabouts, where) if where else empty_frame(Whereabouts)
    given = Given(make_plan(), frames)
    made = LAYOUT(given)
    return made[Site.key].set_index(Site.id), made[PlannedParcel.key], made[Business.key], given.log.faults


LAND = resource_row("ZY08", category="用地", name="储备地", geometry=box(50, 50, 150, 100), use_status="闲置")


def test_a_new_site_cuts_the_parcel_and_areas_sum_exactly():
    sites, planned, _, _ = run_layout([need_row()], [LAND], [chosen("XQ01", "ZY08", 200)], [listed("XQ01")])
    assert sites.loc["S-ZY08", Site.action] == "新建"
    assert sites.loc["S-ZY08", Site.area_m2] == 5000
    assert sites.loc["S-ZY08", Site.floor_area_m2] == 200
    rows = planned.set_index(PlannedParcel.landuse_code)
    assert set(rows.index) == {"2301", "0702"}
    assert rows.loc["0702", PlannedParcel.landuse_name] == "城镇社区服务设施用地"
    assert rows.loc["0702", PlannedParcel.base_code] == "2301" and rows.loc["0702", PlannedParcel.changed]
    assert rows.loc["0702"].geometry.area == pytest.approx(2500)  # outside the parcel nothing is invented
    assert round(planned[PlannedParcel.area_m2].sum(), 2) == 10000.01
    assert planned[PlannedParcel.number].str.len().max() <= 8 and planned[PlannedParcel.number].is_unique


def test_after_a_cut_land_use_still_tiles_the_ground():
    beside = PARCEL | {
        "id": "p2",
        "number": "YX0002",
        "geometry": box(100, 0, 200, 100),
        "landuse_code": "0701",
    }
    # 0.6 m² and a strip of 3 cm stay with the parcel they lie along: neither can be one.
    corner = Polygon([(50, 50), (100.03, 50), (100.03, 100), (99, 100), (98, 99.4), (50, 99.4)])
    land = resource_row("ZY08", category="用地", name="储备地", geometry=corner, use_status="闲置")
    _, planned, _, _ = run_layout([need_row()], [land], [chosen("XQ01", "ZY08", 200)], [listed("XQ01")], parcels=(PARCEL, beside))  # fmt: skip
    shapes = planned.geometry.to_numpy()
    assert len(planned) == 3 and shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(20_000, abs=1e-6)
    assert planned[PlannedParcel.area_m2].sum() == pytest.approx(20_000.02)


def test_reused_rooms_change_no_land_use():
    house = resource_row("ZY01", geometry=box(10, 10, 30, 20), floor_area_m2=400)
    sites, planned, business, _ = run_layout(
        [need_row()], [house], [chosen("XQ01", "ZY01", 200)], [listed("XQ01")]
    )
    row = sites.loc["S-ZY01"]
    assert (row[Site.action], row[Site.floor_area_m2], row[Site.function]) == ("改造", 200, "社区食堂")
    assert row[Site.measure] == "室内简易装修、设备购置" and row[Site.tenure_change] == "不变"
    assert len(planned) == 1 and not planned[PlannedParcel.changed].any()
    assert business[[Business.action, Business.kind, Business.name]].values.tolist() == [
        ["植入", "社区食堂", "社区食堂"]
    ]


def test_idle_and_unused_is_flexible_and_an_unlisted_match_builds_nothing():
    sites, planned, _, _ = run_layout(
        [need_row()], [LAND], [chosen("XQ01", "ZY08", 200, 1)], [listed("XQ01", "否", 1)]
    )
    assert sites.loc["S-ZY08", [Site.action, Site.function]].tolist() == ["弹性", "弹性空间（功能待定）"]
    assert not planned[PlannedParcel.changed].any()


def test_two_resources_never_share_ground():
    house = resource_row("ZY01", geometry=box(60, 60, 70, 70))
    twin = resource_row("ZY09", category="用地", name="重复", geometry=box(50, 50, 60, 60))
    sites, _, _, faults = run_layout([], [LAND, house, twin], [], [])
    areas = sites[Site.area_m2].to_dict()
    assert areas == {"S-ZY01": 100, "S-ZY08": 4900}
    assert [f.row for f in faults] == ["ZY09"]


def test_buildings_with_public_facilities_are_kept():
    house = {"id": "b1", "geometry": box(0, 0, 10, 10), "floor_area_m2": 300}
    clinic = {
        "id": "f1",
        "type_key": "health_station",
        "type_name": "社区卫生服务站",
        "name": "甲站",
        "geometry": Point(5, 5),
    }
    shop = {
        "id": "f2",
        "type_key": "convenience_store",
        "type_name": "便利店",
        "name": "店",
        "geometry": Point(30, 5),
    }
    sites, _, business, _ = run_layout([], [], [], [], buildings=[house], facilities=[clinic, shop])
    assert sites.loc["S-b1", [Site.action, Site.function]].tolist() == ["保留", "社区卫生服务站"]
    assert business[[Business.action, Business.kind]].values.tolist() == [["保留", "便民商业"]]


def test_a_weak_function_is_improved():
    need = need_row(gap="少配")
    old = {"id": "f1", "type_key": "canteen", "type_name": "社区食堂", "geometry": Point(5, 5)}
    _, _, business, _ = run_layout([need], [], [], [listed("XQ01")], facilities=[old])
    assert business[Business.action].tolist() == ["改善"]


@settings(max_examples=80, deadline=None, derandomize=True)
@cases(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=8), st.integers(1, 10**9))
def test_shared_totals_keep_the_sum_and_stray_less_than_a_grain(parts, grains):
    shares = share_total(parts, grains / 100)
    assert sum(round(s * 100) for s in shares) == grains
    ideal = [grains / 100 * p / sum(parts) for p in parts]
    assert all(abs(a - b) < 0.01 + 1e-6 for a, b in zip(shares, ideal, strict=True))
