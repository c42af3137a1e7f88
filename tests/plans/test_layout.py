"""Layout: sites on ground of their own, land use that sums to the last hundredth, 业态."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from configs.facilities import facility_classes
from layers.areas import share_total
from layers.frame import empty_frame
from layers.ledgers import PlanDemand
from layers.planned import Business, Match, Need, Pair, PlannedParcel, Resource, Site
from layers.reachable import Scope, Unit, Whereabouts
from layers.shapes.corners import list_corners, measure_angles
from layers.source import Building, Facility, Heritage, Parcel, Road
from pipeline.stages.base import Given
from pipeline.stages.layout import LAYOUT
from pipeline.stages.plots import cut_compact, cut_plots, find_code, split_ground
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


WHOLE = {
    "id": "u",
    "name": "甲社区",
    "boundary": "法定边界",
    "area_m2": 1e6,
    "geometry": box(-500, -500, 500, 500),
}
RANGE = {"id": "更新范围", "kind": "更新范围", "area_m2": 1e6, "geometry": box(-500, -500, 500, 500)}


def run_frames(needs, resources, pairs, matches, *, parcels=(PARCEL,), buildings=(), facilities=(), heritage=(),
               units=(WHOLE,), demands=(), roads=()):  # fmt: skip
    rows = {Need: needs, Resource: resources, Pair: pairs, Match: matches, Parcel: parcels, Building: buildings,
            Facility: facilities, Heritage: heritage, Unit: units, PlanDemand: demands, Road: roads,
            Scope: (RANGE,)}  # fmt: skip
    frames = {
        layer.key: make_frame(layer, list(some)) if some else empty_frame(layer, crs=CRS)
        for layer, some in rows.items()
    }
    where = [
        {
            "id": f"{key}{row['id']}", "layer": key, "object_id": row["id"],
            "community": "甲社区" if shapely.intersects(row["geometry"], WHOLE["geometry"]) else None,
        }
        for key, some in (("building", buildings), ("facility", facilities), ("parcel", parcels))
        for row in some
    ]  # fmt: skip
    frames["whereabouts"] = make_frame(Whereabouts, where) if where else empty_frame(Whereabouts)
    given = Given(make_plan(), frames)
    return LAYOUT(given), given.log.faults


def run_layout(*rows, **more):
    made, faults = run_frames(*rows, **more)
    return made[Site.key].set_index(Site.id), made[PlannedParcel.key], made[Business.key], faults


LAND = resource_row("ZY08", category="用地", name="储备地", geometry=box(50, 50, 150, 100), use_status="闲置")


def test_a_new_site_takes_the_ground_promised_and_areas_sum_exactly():
    sites, planned, _, _ = run_layout([need_row()], [LAND], [chosen("XQ01", "ZY08", 900)], [listed("XQ01")])
    site, rest = sites.loc["S-ZY08"], sites.loc["S-ZY08-T"]
    assert (site[Site.action], site[Site.area_m2], site[Site.floor_area_m2]) == ("新建", 900, 200)
    assert site[Site.landuse_code] == "0702" and site[Site.kind] == "用地"
    assert (rest[Site.action], rest[Site.area_m2], rest[Site.origin]) == ("弹性", 4100, "ZY08")
    # A project finds its site by the resource, so the ground held open must not answer to it.
    assert sites[Site.resource].eq("ZY08").sum() == 1
    rows = planned.set_index(PlannedParcel.landuse_code)
    assert set(rows.index) == {"2301", "0702"}
    assert rows.loc["0702", PlannedParcel.landuse_name] == "城镇社区服务设施用地"
    assert rows.loc["0702", PlannedParcel.base_code] == "2301" and rows.loc["0702", PlannedParcel.changed]
    assert rows.loc["0702"].geometry.equals_exact(box(50, 70, 80, 100), 1e-6, normalize=True) or (
        rows.loc["0702"].geometry.equals_exact(box(50, 50, 80, 80), 1e-6, normalize=True)
    )
    assert round(planned[PlannedParcel.area_m2].sum(), 2) == 10000.01
    assert planned[PlannedParcel.number].str.len().max() <= 8 and planned[PlannedParcel.number].is_unique


def test_the_cut_starts_at_the_street():
    road = {"id": "r", "kind": "支路", "level": 0, "geometry": LineString([(160, 0), (160, 200)])}
    sites, _, _, _ = run_layout(
        [need_row()], [LAND], [chosen("XQ01", "ZY08", 900)], [listed("XQ01")], roads=[road]
    )
    assert sites.loc["S-ZY08"].geometry.bounds[2] == pytest.approx(150)
    assert sites.loc["S-ZY08"].geometry.bounds[0] == pytest.approx(120)


def test_ground_outside_every_parcel_invents_no_land_use():
    sites, planned, _, _ = run_layout([need_row()], [LAND], [chosen("XQ01", "ZY08", 4000)], [listed("XQ01")])
    assert sites.loc["S-ZY08", Site.area_m2] == 5000  # most of it is needed, so all of it is used
    assert list(sites.index) == ["S-ZY08"]
    made = planned[planned[PlannedParcel.changed]]
    assert made.geometry.area.sum() == pytest.approx(2500)


def test_two_needs_of_one_resource_get_ground_and_codes_of_their_own():
    other = need_row(
        "XQ02", type_key="car_parking", type_name="机动车停车场", urgency="一般", required_m2=1000
    )
    land = LAND | {"geometry": box(0, 0, 100, 50)}
    sites, planned, _, faults = run_layout(
        [need_row(), other],
        [land],
        [chosen("XQ01", "ZY08", 500), chosen("XQ02", "ZY08", 1000)],
        [listed("XQ01"), listed("XQ02")],
    )
    areas = planned[planned[PlannedParcel.changed]].set_index(PlannedParcel.landuse_code)[
        PlannedParcel.area_m2
    ]
    assert areas.to_dict() == pytest.approx({"0702": 500, "120803": 1000}, abs=0.01)
    assert sites.loc["S-ZY08", Site.landuse_code] == "0702、120803"
    assert sites.loc["S-ZY08", Site.area_m2] == 1500
    assert not [f for f in faults if f.code == "HSQ-A07"]
    assert shapely.coverage_is_valid(planned.geometry.to_numpy())


@pytest.mark.parametrize(
    ("key", "now", "then"),
    [
        ("ebike_parking", "070102", "070102"),  # named by its parent: no change of use
        ("ebike_parking", "100101", "0702"),  # counted with houses, on other ground the community's own
        ("canteen", "080404", "080404"),  # compatible by the rubric
        ("canteen", "2301", "0702"),
        ("car_parking", "2301", "120803"),  # compatible or not, idle ground gets a use
    ],
)
def test_codes_change_only_where_the_use_does(key, now, then):
    assert find_code(facility_classes()[key], now) == then


@settings(max_examples=60, deadline=None, derandomize=True)
@cases(st.floats(20, 200), st.floats(20, 200), st.floats(0.05, 0.95), st.floats(0, 180), st.floats(0.1, 0.9))
def test_a_cut_has_exactly_its_area_and_nothing_is_lost(width, height, share, turn, notch):
    ell = box(0, 0, width, height).difference(box(width * notch, height * notch, width, height))
    ground = shapely.affinity.rotate(ell, turn, origin=(0, 0))
    wanted = share * ground.area
    piece = cut_compact(ground, wanted, None)
    assert piece.area == pytest.approx(wanted, rel=1e-6)
    assert piece.difference(ground.buffer(1e-6)).area == pytest.approx(0, abs=1e-6)
    parts = split_ground(ground, [1.0, 2.0, 3.0])
    assert [p.area for p in parts] == pytest.approx([ground.area * n / 6 for n in (1, 2, 3)], rel=1e-6)
    # GEOS' union of neighbours that share an edge only nearly may lose one of them: asked pair by pair.
    for n, part in enumerate(parts):
        assert part.difference(ground.buffer(1e-6)).area == pytest.approx(0, abs=1e-6)
        assert all(part.intersection(other).area < 1e-6 for other in parts[n + 1 :])


@pytest.mark.parametrize("turn", [7.0, 23.0, 41.0, 67.0, 88.0])
def test_what_is_left_of_a_cut_has_no_needle(turn):
    ground = shapely.affinity.rotate(box(500_000, 3_100_000, 500_120, 3_100_080), turn)
    land = resource_row("ZY08", category="用地", landuse_code="2301", geometry=ground)
    plots, rest = cut_plots(land, [need_row()], [3000.0], ground, None)
    assert rest.area == pytest.approx(ground.area - 3000, rel=1e-6) and len(plots) == 1
    corners = list_corners(np.array([rest], dtype=object))
    assert np.nanmin(measure_angles(corners, least_m=0.001)) > 10


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
    _, planned, _, _ = run_layout([need_row()], [land], [chosen("XQ01", "ZY08", 2400)], [listed("XQ01")], parcels=(PARCEL, beside))  # fmt: skip
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


@pytest.mark.parametrize(("name", "action"), [("小学操场", "保留"), ("人民公园", "改造")])
def test_a_ground_that_is_such_a_facility_already_is_kept_and_opened_by_turns(name, action):
    need = need_row(type_key="sports_field_small", required_m2=800)
    ground = resource_row(
        "ZY11", category="空间", name=name, use_status="在用", usable_m2=1700, geometry=box(0, 0, 50, 40)
    )
    sites, _, _, _ = run_layout([need], [ground], [chosen("XQ01", "ZY11", 800)], [listed("XQ01")])
    assert sites.loc["S-ZY11", Site.action] == action


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
    assert [f.row for f in faults if f.code == "HSQ-A07"] == ["ZY09"]


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
    far = [
        {**house, "id": "b2", "geometry": box(900, 0, 910, 10)},
        {**clinic, "id": "f3", "geometry": Point(905, 5)},
    ]
    sites, _, business, _ = run_layout(
        [], [], [], [], buildings=[house, far[0]], facilities=[clinic, shop, far[1]]
    )
    assert list(sites.index) == ["S-b1"]  # the plan lays out nothing outside itself
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
