"""From an extract to canonical layers: what overlaps, what is idle, where people enter."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS

from layers import osm_facilities, osm_ground, osm_lines
from layers.faults import FaultLog
from layers.overlap import cut_overlaps
from layers.read.osm import read_osm
from layers.source import Barrier, Building, Facility, Gate, OpenSpace, Parcel, Road
from tests.open_data.osm_text import ring, square, write_osm


def _extract(tmp_path, **content):
    return read_osm(write_osm(tmp_path / "a.osm", **content), FaultLog()).project(CRS.from_epsg(4548))


def _measure(geometry):
    return geometry.area.to_numpy()


def _parcels(extract):
    log = FaultLog()
    return osm_ground.build_parcels(extract, year=2025, measure=_measure, log=log).set_index(Parcel.id), log


def test_earlier_order_keeps_the_ground():
    big, small, apart = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 6, 6), shapely.box(20, 0, 21, 1)
    pieces = cut_overlaps([big, small, apart], order=[1, 0, 2])
    assert shapely.area(pieces).tolist() == [96, 4, 1]
    assert shapely.area(cut_overlaps([big, small, apart], order=[0, 1, 2])).tolist() == [100, 0, 1]


def test_neighbours_that_only_touch_stay_whole():
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    assert [
        a.equals(b) for a, b in zip(cut_overlaps([left, right], order=[0, 1]), [left, right], strict=True)
    ] == [
        True,
        True,
    ]


def test_cut_polygons_cover_the_same_ground_once():
    rng = np.random.default_rng(7)
    corners = rng.uniform(0, 50, (40, 2))
    boxes = shapely.box(*corners.T, *(corners + rng.uniform(2, 20, (40, 2))).T)
    pieces = cut_overlaps(boxes, order=rng.permutation(40))
    assert shapely.area(pieces).sum() == pytest.approx(shapely.area(shapely.union_all(boxes)))
    assert shapely.area(shapely.union_all(pieces)) == pytest.approx(shapely.area(shapely.union_all(boxes)))


def test_parcels_share_no_ground_and_unmapped_ground_has_none(tmp_path):
    nodes = {**square(1, 0, 0, 400), **square(11, 100, 100, 50), **square(21, 300, 300, 200)}
    ways = {
        5: (ring(1), {"landuse": "residential", "name": "东苑"}),
        6: (ring(11), {"amenity": "kindergarten"}),
        7: (ring(21), {"leisure": "park"}),
    }
    parcels, log = _parcels(_extract(tmp_path, nodes=nodes, ways=ways))
    assert parcels[Parcel.landuse_code].to_dict() == {"w5": "0701", "w6": "080404", "w7": "1401"}
    assert parcels.area.sum() == pytest.approx(parcels.union_all().area)
    unit = parcels.area["w6"] / 50**2  # square metres of a grid unit
    assert parcels.area["w5"] == pytest.approx(unit * (400**2 - 50**2 - 100**2), rel=1e-4)
    assert parcels.area["w7"] == pytest.approx(unit * 200**2, rel=1e-4)
    assert parcels[Parcel.area_m2].to_numpy() == pytest.approx(parcels.area.to_numpy())
    assert [f.code for f in log.faults] == ["HSQ-G05"]
    assert parcels[Parcel.use_status].isna().all()


def test_idle_ground_keeps_its_tag_as_evidence(tmp_path):
    nodes = {**square(1, 0, 0, 100), **square(11, 200, 0, 100), **square(21, 400, 0, 100)}
    ways = {
        5: (ring(1), {"landuse": "brownfield", "name": "老粮站"}),
        6: (ring(11), {"landuse": "construction"}),
        7: (ring(21), {"landuse": "industrial", "abandoned": "yes"}),
    }
    parcels, log = _parcels(_extract(tmp_path, nodes=nodes, ways=ways))
    assert parcels[Parcel.use_status].to_dict() == {"w5": "闲置", "w7": "废弃"}  # a building site is not idle
    assert parcels[Parcel.note]["w5"] == "老粮站；OSM landuse=brownfield；闲置依据：landuse=brownfield"
    assert parcels[Parcel.landuse_code].to_dict() == {"w5": "2301", "w7": "1001"}
    assert [(f.code, f.value) for f in log.faults] == [("HSQ-V09", "landuse=construction")]


def test_buildings_take_use_floors_and_evidence_from_tags(tmp_path):
    nodes = {
        **square(1, 0, 0, 10), **square(11, 20, 0, 10), **square(21, 40, 0, 10), **square(31, 60, 0, 10),
        **square(41, 80, 0, 10), **square(51, 100, 0, 10),
        90: (65, 5, {"disused:shop": "supermarket"}),
    }  # fmt: skip
    ways = {
        1: (ring(1), {"building": "apartments", "building:levels": "6", "start_date": "1998"}),
        2: (ring(11), {"building": "yes"}),
        3: (ring(21), {"building": "yes", "abandoned": "yes"}),
        4: (ring(31), {"building": "retail"}),
        5: (ring(41), {"building": "construction"}),
        6: (ring(51), {"disused:building": "industrial"}),
    }
    log = FaultLog()
    rows = osm_ground.build_buildings(
        _extract(tmp_path, nodes=nodes, ways=ways), measure=_measure, log=log
    ).set_index(Building.id)
    assert rows.index.tolist() == ["w1", "w2", "w3", "w4", "w6"]
    assert rows[Building.use].dropna().to_dict() == {"w1": "住宅", "w4": "商业"}
    assert rows[Building.floors].dropna().to_dict() == {"w1": 6}
    assert rows[Building.use_status].dropna().to_dict() == {"w3": "废弃", "w4": "部分闲置", "w6": "闲置"}
    assert rows[Building.disused].to_dict() == {"w1": False, "w2": False, "w3": True, "w4": False, "w6": True}
    assert "disused:shop=supermarket（n90）" in rows[Building.note]["w4"]


def test_building_drawn_as_relation_and_way_counts_once(tmp_path):
    extract = _extract(
        tmp_path,
        nodes=square(1, 0, 0, 20),
        ways={5: (ring(1), {"building": "yes"})},
        relations={3: ([("way", 5, "outer")], {"type": "multipolygon", "building": "school"})},
    )
    log = FaultLog()
    rows = osm_ground.build_buildings(extract, measure=_measure, log=log)
    assert rows[Building.id].tolist() == ["r3"]
    assert [(f.code, f.row) for f in log.faults] == [("HSQ-G04", "w5")]


def test_roads_carry_level_and_access(tmp_path):
    nodes = {1: (0, 0), 2: (100, 0), 3: (50, -50), 4: (50, 50), 5: (0, 100), 6: (100, 100)}
    ways = {
        1: ([1, 2], {"highway": "primary", "name": "建设路"}),
        2: ([3, 4], {"highway": "footway", "bridge": "yes", "layer": "1"}),
        3: ([5, 6], {"highway": "service", "access": "private"}),
        4: ([1, 5], {"highway": "construction"}),
        5: ([2, 6], {"highway": "tollway"}),
    }
    log = FaultLog()
    rows = osm_lines.build_roads(_extract(tmp_path, nodes=nodes, ways=ways), log).set_index(Road.id)
    assert rows[Road.level].to_dict() == {"w1": 0, "w2": 1, "w3": 0, "w5": 0}
    assert rows[Road.walkable].to_dict() == {"w1": True, "w2": True, "w3": False, "w5": True}
    assert rows[Road.kind].to_dict() == {"w1": "主干路", "w2": "步行道", "w3": "小区路", "w5": "支路"}
    assert [(f.code, f.value) for f in log.faults] == [
        ("HSQ-V09", "highway=construction"),
        ("HSQ-V05", "tollway"),
    ]


def test_gate_belongs_to_the_estate_it_stands_on(tmp_path):
    nodes = {**square(1, 0, 0, 200), 9: (100, 0, {"barrier": "gate"}), 10: (100, 500, {"barrier": "gate"})}
    extract = _extract(tmp_path, nodes=nodes, ways={5: (ring(1), {"landuse": "residential", "name": "东苑"})})
    gates = osm_lines.build_gates(extract).set_index(Gate.id)
    assert gates[Gate.estate].isna().to_dict() == {"n9": False, "n10": True}
    assert gates[Gate.estate]["n9"] == "东苑"


def _facilities(tmp_path, nodes, ways):
    extract = _extract(tmp_path, nodes=nodes, ways=ways)
    log = FaultLog()
    roads, gates = osm_lines.build_roads(extract, FaultLog()), osm_lines.build_gates(extract)
    return osm_facilities.build_facilities(extract, roads, gates, log).set_index(Facility.id), log, extract


def test_facility_area_becomes_a_point_inside(tmp_path):
    ways = {5: (ring(1), {"amenity": "hospital", "building": "yes"}), 6: (ring(11), {"leisure": "pitch"})}
    rows, _, extract = _facilities(tmp_path, {**square(1, 0, 0, 30), **square(11, 50, 0, 30)}, ways)
    assert rows[Facility.type_key].to_dict() == {"w5": "health_center", "w6": "sports_field_small"}
    assert shapely.contains(extract.areas.geometry.to_numpy(), rows.geometry.to_numpy()).all()
    assert rows[Facility.land_area_m2].isna().to_dict() == {"w5": True, "w6": False}  # a roof is no ground


def test_point_inside_an_area_of_its_class_is_the_same_facility(tmp_path):
    nodes = {
        **square(1, 0, 0, 90), 9: (10, 10, {"amenity": "school", "name": "一中"}),
        **square(11, 200, 0, 90), 10: (210, 10, {"shop": "supermarket", "name": "乙"}),
    }  # fmt: skip
    ways = {
        5: (ring(1), {"amenity": "school", "name": "市第一中学"}),
        6: (ring(11), {"shop": "supermarket", "name": "甲"}),
    }
    rows, log, _ = _facilities(tmp_path, nodes, ways)
    assert sorted(rows.index) == ["n10", "w5", "w6"]  # two shops of two names are two shops
    assert [(f.code, f.row) for f in log.faults] == [("HSQ-G04", "n9")]


def test_closed_and_private_ones_are_counted_out(tmp_path):
    nodes = {
        1: (0, 0, {"amenity": "toilets", "access": "private"}),
        2: (5, 0, {"amenity": "toilets", "disused": "yes"}),
        3: (9, 0, {"amenity": "toilets"}),
    }
    rows, log, _ = _facilities(tmp_path, nodes, {})
    assert rows.index.tolist() == ["n3"]
    assert [(f.code, "2 处公共厕所" in f.problem) for f in log.faults] == [("HSQ-V09", True)]


@pytest.mark.parametrize("gate", [True, False])
def test_large_park_is_entered_at_its_gate_or_nearest_path(tmp_path, gate):
    nodes = {**square(1, 0, 0, 400), 7: (-50, -20), 8: (450, -20)}
    if gate:
        nodes[9] = (0, 200, {"barrier": "gate"})
    ways = {5: (ring(1), {"leisure": "park"}), 6: ([7, 8], {"highway": "residential"})}
    rows, _, extract = _facilities(tmp_path, nodes, ways)
    park, road = extract.areas.geometry.iloc[0], extract.ways.set_index("ref").geometry["w6"]
    point = rows.geometry["w5"]
    assert park.exterior.distance(point) < 0.01
    if gate:
        assert point.equals(extract.nodes.geometry.iloc[0])
    else:
        assert point.distance(road) == pytest.approx(park.distance(road))
    assert ("出入口未测绘" in rows[Facility.note]["w5"]) is not gate


def test_pedestrian_loop_is_a_path_and_area_is_a_square(tmp_path):
    nodes = {**square(1, 0, 0, 50), **square(11, 100, 0, 50), **square(21, 200, 0, 50)}
    ways = {
        5: (ring(1), {"highway": "pedestrian"}),
        6: (ring(11), {"highway": "pedestrian", "area": "yes"}),
        7: (ring(21), {"natural": "water"}),
    }
    spaces = osm_ground.build_open_spaces(
        _extract(tmp_path, nodes=nodes, ways=ways), measure=_measure, log=FaultLog()
    )
    assert dict(zip(spaces[OpenSpace.id], spaces[OpenSpace.kind], strict=True)) == {
        "w6": "广场",
        "w7": "水域",
    }


def test_lamps_lines_and_railways(tmp_path):
    nodes = {
        1: (0, 0, {"highway": "street_lamp"}),
        2: (9, 0, {"power": "tower"}),
        3: (9, 90, {"power": "tower"}),
        **square(11, 50, 50, 20),
    }
    ways = {
        5: ([2, 3], {"power": "line"}),
        6: ([1, 3], {"railway": "rail", "bridge": "yes"}),
        7: (ring(11), {"power": "substation"}),
        8: ([1, 2], {"railway": "abandoned"}),
    }
    extract = _extract(tmp_path, nodes=nodes, ways=ways)
    points = osm_lines.build_utility_points(extract)
    assert sorted(zip(points["id"], points["kind"], strict=True)) == [
        ("n1", "路灯"),
        ("n2", "电力杆塔"),
        ("n3", "电力杆塔"),
        ("w7", "变电站"),
    ]
    assert osm_lines.build_utility_lines(extract)[["id", "kind"]].to_numpy().tolist() == [["w5", "电力"]]
    assert osm_lines.build_contexts(extract)[["id", "kind", "level"]].to_numpy().tolist() == [
        ["w6", "铁路", 1]
    ]


def test_walls_cut_rivers_only_bar_and_crossings_open(tmp_path):
    nodes = {
        1: (0, 0), 2: (300, 0), 3: (150, 0, {"railway": "level_crossing"}), 4: (0, 50), 5: (300, 50),
        6: (0, 90), 7: (300, 90), 8: (150, 50, {"barrier": "gate"}), 9: (0, 9), 10: (300, 9),
    }  # fmt: skip
    ways = {
        11: ([1, 3, 2], {"railway": "rail"}),
        12: ([4, 8, 5], {"barrier": "wall"}),
        13: ([6, 7], {"waterway": "river"}),
        14: ([6, 7], {"waterway": "river", "tunnel": "culvert"}),
        15: ([9, 10], {"railway": "rail", "bridge": "yes"}),
        16: ([4, 5], {"waterway": "stream"}),
    }
    barriers = osm_lines.build_barriers(_extract(tmp_path, nodes=nodes, ways=ways)).set_index(Barrier.id)
    assert barriers[Barrier.kind].to_dict() == {"w11": "铁路", "w12": "围墙", "w13": "河流", "w15": "铁路"}
    assert barriers[Barrier.cuts].to_dict() == {"w11": "否", "w12": "是", "w13": "否", "w15": "否"}
    assert barriers[Barrier.level].to_dict() == {"w11": 0, "w12": 0, "w13": 0, "w15": 1}
    # the crossing takes 3 m either way out of the railway; the gate leaves its wall to the Gate layer
    whole = barriers.geometry["w15"].length
    assert barriers.geometry["w11"].length == pytest.approx(whole - 6, abs=0.01)
    assert barriers.geometry["w12"].geom_type == "LineString"
