"""Resources: positive evidence only, one thing listed once, the same measures for all."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString, Point, Polygon, box

from layers.areas import measure_area, share_total
from layers.frame import empty_frame
from layers.grids import Photo
from layers.planned import Inventory
from layers.reachable import (
    Block,
    Coverage,
    Edge,
    Home,
    Link,
    Obstacle,
    Precinct,
    Scope,
    Unit,
    Whereabouts,
)
from layers.source import (
    Building,
    DataExtent,
    Facility,
    Gate,
    Heritage,
    Ledger,
    OpenSpace,
    Parcel,
    Road,
)
from pipeline.stages.base import Given
from pipeline.stages.resources import RESOURCES
from pipeline.stages.shape import find_medoid, measure_compactness, measure_width
from tests.builders import CRS, make_frame, make_plan

TOWN = box(0, 0, 200, 100)


def parcel(number, shape, *, code="0701", status="在用"):
    return {
        "id": number, "number": number, "landuse_code": code, "landuse_name": "x", "area_m2": shape.area,
        "year": 2025, "use_status": status, "geometry": shape,
    }  # fmt: skip


def run_resources(plan=None, *, open_data=False, **rows):
    layers = {
        "ledger": Ledger, "parcel": Parcel, "building": Building, "road": Road, "open_space": OpenSpace,
        "heritage": Heritage, "photo": Photo, "facility": Facility, "gate": Gate, "home": Home, "coverage": Coverage,
        "edge": Edge, "obstacle": Obstacle, "precinct": Precinct, "link": Link,
    }  # fmt: skip
    frames = {
        key: make_frame(layer, rows[key]) if rows.get(key) else empty_frame(layer, crs=CRS)
        for key, layer in layers.items()
    }
    frames["scope"] = make_frame(
        Scope, [{"id": "s", "kind": "更新范围", "area_m2": TOWN.area, "geometry": TOWN}]
    )
    frames["community"] = make_frame(
        Unit, [{"id": "1", "name": "甲社区", "boundary": "法定边界", "area_m2": 1, "geometry": TOWN}]
    )
    frames["whereabouts"] = empty_frame(Whereabouts)
    frames["data_extent"] = empty_frame(DataExtent, crs=CRS)
    if open_data:
        frames["data_extent"] = make_frame(DataExtent, [{"id": "d", "geometry": TOWN.buffer(500)}])
    given = Given(plan or make_plan(), frames)
    made = RESOURCES(given)
    return made[Inventory.key].set_index(Inventory.number), made[Block.key], given.log.faults


MAIN_ROAD = {"id": "r", "name": "中路", "kind": "次干路", "level": 0, "walkable": True, "width_m": 10.0,
             "geometry": LineString([(100, -5), (100, 105)])}  # fmt: skip


def test_areas_follow_the_plans_rule():
    used, idle = (
        parcel("0001", box(0, 0, 95, 80)),
        {"id": "B1", "use_status": "闲置", "geometry": box(120, 10, 150, 30)},
    )
    planar, blocks, _ = run_resources(road=[MAIN_ROAD], parcel=[used], building=[idle])
    rows, curved, _ = run_resources(
        make_plan(crs={"area_rule": "ellipsoidal"}), road=[MAIN_ROAD], parcel=[used], building=[idle]
    )
    expected = measure_area(rows.geometry, rule="ellipsoidal").round(2)
    assert list(rows[Inventory.area_m2]) == list(expected) != list(planar[Inventory.area_m2])
    assert curved[Block.area_m2].sum() != blocks[Block.area_m2].sum()


def test_unmapped_ground_is_never_idle():
    rows, blocks, _ = run_resources(road=[MAIN_ROAD])
    assert rows.empty
    assert list(blocks[Block.status]) == ["未测绘", "未测绘"]
    assert blocks[Block.area_m2].sum() == pytest.approx(TOWN.area)


def test_leftover_ground_of_a_mapped_block_is_only_suspected():
    used = parcel("0001", box(0, 0, 95, 80))
    rows, blocks, _ = run_resources(road=[MAIN_ROAD], parcel=[used])
    west = blocks.loc[blocks.geometry.apply(lambda g: g.centroid.x < 100)].iloc[0]
    assert west[Block.completeness] == pytest.approx(0.76) and west[Block.status] == "完整"
    assert len(rows) == 1
    row = rows.iloc[0]
    assert (row[Inventory.certainty], row[Inventory.category]) == ("疑似", "空间")
    # 95 × 20 m beside the road's half width; opening by 0.5 m rounds the corners by under 1 m²
    assert row[Inventory.usable_m2] == pytest.approx(1900, abs=1)
    assert row[Inventory.width_m] == pytest.approx(20, abs=0.2)
    assert row[Inventory.place] == "甲社区中路附近"


def test_ground_between_houses_is_no_leftover_but_a_void_in_an_estate_is():
    # Houses along the north and south edges leave a strip between them: 40 m of it is light, 60 m is a void.
    for gap, found in ((40, 0), (60, 1)):
        estate = parcel("0001", TOWN, code="070102")
        depth = (100 - gap) / 2 - 4  # 4 m stay free round a building
        rows_of_houses = [box(0, 0, 200, depth), box(0, 100 - depth, 200, 100)]
        houses = [{"id": f"b{n}", "geometry": shape} for n, shape in enumerate(rows_of_houses)]
        rows, _, _ = run_resources(parcel=[estate], building=houses)
        assert len(rows) == found
    row = rows.iloc[0]
    assert (row[Inventory.certainty], row[Inventory.category]) == ("疑似", "空间")
    # A strip of 200 × 60 m without what a circle of 50 m leaves of its four corners.
    assert row[Inventory.usable_m2] == pytest.approx(200 * 60 - (4 - np.pi) * 25**2, rel=0.002)
    assert row[Inventory.width_m] == pytest.approx(60, abs=0.2)


def test_open_data_say_nothing_of_the_ground_inside_an_estate():
    house = {"id": "b", "geometry": box(0, 0, 60, 60)}
    rows, _, _ = run_resources(open_data=True, parcel=[parcel("0001", TOWN, code="070102")], building=[house])
    assert rows.empty


@pytest.mark.parametrize(("side", "found"), [(30, 0), (60, 1)])
def test_an_estate_whose_houses_were_never_drawn_is_not_empty(side, found):
    house = {"id": "b", "geometry": box(0, 0, side, side)}
    rows, _, _ = run_resources(parcel=[parcel("0001", TOWN, code="070102")], building=[house])
    assert len(rows) == found


def test_a_parcel_said_to_be_idle_is_confirmed_and_measured_free_of_buildings():
    idle = parcel("0002", box(110, 10, 150, 40), status="闲置")
    shed = {"id": "b1", "geometry": box(110, 10, 120, 40), "use_status": "在用"}
    rows, _, _ = run_resources(parcel=[idle], building=[shed])
    row = rows.loc["P-0002"]
    assert (row[Inventory.certainty], row[Inventory.usable_m2], row[Inventory.width_m]) == ("确认", 900, 30)
    assert row[Inventory.compactness] == pytest.approx(4 * np.pi * 1200 / 140**2, abs=1e-4)
    assert not row[Inventory.tenure_clear]


def test_small_idle_ground_is_left_out_and_said_so():
    rows, _, faults = run_resources(parcel=[parcel("0003", box(0, 0, 3, 60), status="废弃")])
    assert rows.empty and [f.code for f in faults] == ["HSQ-N04", "HSQ-V09"]
    assert "街区 " in faults[0].problem and "公顷" in faults[0].problem


def test_ledger_and_detected_are_one_thing_with_both_evidences():
    ledger = {
        "id": "ZY01", "category": "用地", "name": "空地", "owner": "街道办", "tenure": "国有", "geometry": box(110, 10, 150, 35),
    }  # fmt: skip
    rows, _, _ = run_resources(ledger=[ledger], parcel=[parcel("0002", box(110, 10, 150, 40), status="闲置")])
    assert list(rows.index) == ["ZY01"]
    row = rows.loc["ZY01"]
    assert row[Inventory.method] == "调查+测算" and row[Inventory.tenure_clear]
    assert row[Inventory.evidence] == "资源台账；现状用地0002使用状况为闲置"
    assert row[Inventory.use_status] == "闲置"


def test_of_a_large_idle_parcel_only_the_part_the_ledger_lists_is_taken_away():
    ledger = {"id": "ZY02", "category": "用地", "name": "边角", "geometry": box(110, 10, 120, 40)}
    rows, _, _ = run_resources(ledger=[ledger], parcel=[parcel("0002", box(110, 10, 150, 40), status="闲置")])
    assert rows[Inventory.usable_m2].to_dict() == {"ZY02": 300, "P-0002": 900}


def test_a_ledger_point_in_an_idle_building_is_that_building():
    ledger = {
        "id": "ZY03",
        "category": "建筑",
        "name": "A栋",
        "floor_area_m2": 500,
        "geometry": Point(15, 15),
    }
    idle = {
        "id": "b7",
        "use_status": "闲置",
        "floors": 3,
        "geometry": box(10, 10, 30, 20),
        "owner": "厂",
        "tenure": "待核",
    }
    rows, _, _ = run_resources(ledger=[ledger], building=[idle])
    row = rows.loc["ZY03"]
    assert len(rows) == 1 and row.geometry.equals(box(10, 10, 30, 20))
    assert (row[Inventory.usable_m2], row[Inventory.building], row[Inventory.tenure_clear]) == (
        500,
        "b7",
        False,
    )


def test_a_partly_idle_building_offers_one_floor():
    row = {
        "id": "b8",
        "use_status": "部分闲置",
        "floors": 4,
        "floor_area_m2": 800,
        "geometry": box(0, 0, 20, 10),
    }
    rows, _, _ = run_resources(building=[row])
    assert rows.loc["B-b8", Inventory.usable_m2] == 200


def test_money_has_no_place_and_space_without_one_is_reported():
    ledger = [
        {"id": "ZY16", "category": "资金", "name": "专项资金", "amount_wan": 480},
        {"id": "ZY17", "category": "建筑", "name": "无图形"},
    ]
    rows, _, faults = run_resources(ledger=ledger)
    assert rows.loc["ZY16", Inventory.tenure_clear]
    assert [f.row for f in faults if f.code == "HSQ-A03"] == ["ZY17"]


def test_measures_of_plain_shapes():
    ell = Polygon([(0, 0), (30, 0), (30, 10), (10, 10), (10, 30), (0, 30)])
    assert measure_width([box(0, 0, 40, 6), Point(0, 0)])[0] == pytest.approx(6, abs=0.1)
    assert 10 < measure_width([ell])[0] < 12
    assert measure_compactness([box(0, 0, 1, 1)])[0] == pytest.approx(np.pi / 4)
    assert find_medoid([0, 10, 11, 50], [0, 0, 0, 0]) == 1
    assert share_total([1, 1, 1], 100).tolist() == [33.34, 33.33, 33.33]
