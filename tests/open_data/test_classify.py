"""What tags mean: access, levels, floors, facilities, idleness, and the declarations themselves."""

from __future__ import annotations

import pytest

from configs import read_rows
from configs.facilities import facility_classes
from layers import classify, codes


@pytest.mark.parametrize(
    ("tags", "walkable"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway_link"}, False),
        ({"highway": "motorway", "foot": "yes"}, True),
        ({"highway": "construction", "construction": "residential"}, False),
        ({"highway": "construction", "foot": "yes"}, False),  # what is not built nobody walks on
        ({"highway": "proposed"}, False),
        ({"highway": "platform"}, False),
        ({"highway": "service", "access": "private"}, False),
        ({"highway": "service", "access": "no"}, False),
        ({"highway": "service", "access": "private", "foot": "yes"}, True),
        ({"highway": "service", "access": "no", "foot": "designated"}, True),
        ({"highway": "service", "access": "permissive"}, True),
        ({"highway": "primary", "foot": "no"}, False),
        ({"highway": "primary", "access": "yes", "foot": "private"}, False),
        ({"highway": "primary", "foot": "military"}, False),
        ({"highway": "trunk"}, True),
        ({"highway": "trunk", "motorroad": "yes"}, False),
        ({"highway": "trunk", "motorroad": "yes", "foot": "yes"}, True),
        ({"highway": "busway"}, False),
        ({"highway": "bus_guideway", "foot": "designated"}, True),
        ({"highway": "service", "access": "emergency"}, False),
        ({"highway": "service", "access": "customers"}, True),
        ({"highway": "residential", "motor_vehicle": "no"}, True),
        ({"highway": "service", "construction": "yes"}, False),
        ({"highway": "residential", "construction": "minor"}, True),
        ({"highway": "path", "abandoned": "yes"}, False),
        ({"highway": "demolished"}, False),
        ({"highway": "no"}, False),
        ({"highway": "pedestrian", "area": "yes"}, True),
        ({"highway": "steps", "conveying": "forward"}, True),
        ({"highway": "footway", "indoor": "yes"}, True),
        ({"highway": "corridor", "indoor": "yes"}, False),
        ({"highway": "footway", "oneway:foot": "yes"}, True),
        ({"route": "ferry", "foot": "yes"}, False),
        ({"railway": "rail"}, False),
    ],
)
def test_who_may_walk(tags, walkable):
    assert classify.is_walkable(tags) is walkable


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({}, 0),
        ({"bridge": "yes"}, 1),
        ({"bridge": "viaduct", "layer": "2"}, 2),
        ({"bridge": "yes", "layer": "0"}, 1),
        ({"bridge": "no"}, 0),
        ({"tunnel": "yes"}, -1),
        ({"tunnel": "yes", "layer": "-4"}, -4),
        ({"tunnel": "building_passage"}, 0),
        ({"layer": "-1"}, -1),
        ({"layer": "ground"}, 0),
    ],
)
def test_level_of_a_road(tags, level):
    assert classify.level_of(tags) == level


@pytest.mark.parametrize(
    ("value", "floors"),
    [("6", 6), ("6.5", 7), (" 3 ", 3), ("", None), ("3;5", None), ("-1", None), ("多层", None)],
)
def test_floors_are_read_or_left_out(value, floors):
    assert classify.floors_of({"building:levels": value}) == floors


@pytest.mark.parametrize(
    ("tags", "key"),
    [
        ({"amenity": "school", "name": "贵溪五中"}, "junior_high"),
        ({"amenity": "school", "name": "清华附小"}, "primary_school"),
        ({"amenity": "school", "name": "洁华幼儿园"}, "kindergarten"),
        ({"amenity": "school", "name": "诗雅艺术学校"}, None),
        ({"amenity": "school"}, "primary_school"),
        ({"amenity": "townhall", "name": "东门街道办事处"}, "service_center_street"),
        ({"amenity": "townhall", "name": "滨江镇人民政府"}, "service_center_street"),
        ({"amenity": "townhall", "name": "贵溪市人民政府"}, None),
        ({"amenity": "townhall", "name": "信江社区居委会"}, "service_station"),
        ({"amenity": "social_facility", "social_facility:for": "senior"}, "nursing_home"),
        ({"disused:amenity": "school"}, None),
        ({"place": "quarter", "name": "学校社区"}, None),
    ],
)
def test_facility_class_by_tag_and_name(tags, key):
    assert classify.facility_of(tags) == key


@pytest.mark.parametrize(
    ("tags", "kind", "found"),
    [
        ({"landuse": "brownfield"}, "ground", ("闲置", "landuse=brownfield")),
        ({"landuse": "greenfield"}, "ground", ("闲置", "landuse=greenfield")),
        ({"landuse": "construction"}, "ground", (None, "")),
        ({"landuse": "grass"}, "ground", (None, "")),
        ({}, "ground", (None, "")),
        ({"landuse": "industrial", "disused": "yes"}, "ground", ("闲置", "disused=yes")),
        ({"landuse": "industrial", "abandoned": "yes"}, "ground", ("废弃", "abandoned=yes")),
        ({"landuse": "industrial", "disused": "no"}, "ground", (None, "")),
        ({"disused:amenity": "school"}, "ground", ("闲置", "disused:amenity=school")),
        ({"disused:railway": "station"}, "ground", (None, "")),
        ({"building": "yes"}, "building", (None, "")),
        ({"building": "construction"}, "building", (None, "")),
        ({"building": "ruins"}, "building", ("废弃", "building=ruins")),
        ({"building": "yes", "disused": "yes"}, "building", ("闲置", "disused=yes")),
        ({"abandoned:building": "industrial"}, "building", ("废弃", "abandoned:building=industrial")),
        ({"building": "retail", "disused:shop": "mall"}, "building", ("部分闲置", "disused:shop=mall")),
        ({"shop": "vacant"}, "point", ("部分闲置", "shop=vacant")),
        ({"shop": "bakery"}, "point", (None, "")),
    ],
)
def test_idleness_needs_a_tag(tags, kind, found):
    assert classify.idle_evidence(tags, kind) == found


def test_every_declared_value_is_known_elsewhere():
    land = {row["code"] for row in read_rows("standards/landuse_2023.csv")}
    roads = classify.settings()["roads"]
    assert {rule.gives["code"] for rule in classify.rules("parcels")} <= land
    assert {*roads["kinds"].values(), roads["default_kind"]} <= set(codes.ROAD.values)
    for block, known in (
        ("utility_points", codes.UTILITY_POINT),
        ("utility_lines", codes.UTILITY_LINE),
        ("open_spaces", codes.OPEN_SPACE),
        ("contexts", codes.CONTEXT),
    ):
        assert {rule.gives["kind"] for rule in classify.rules(block)} <= set(known.values)
    for kind in ("ground", "building", "point"):
        assert {rule.gives["status"] for rule in classify.rules("idle", kind)} <= set(codes.USE_STATUS.values)
    named = {rule.gives["class"] for rule in classify.rules("facilities", "refine")} - {""}
    assert named <= set(facility_classes())
    for block in ("gates", ("buildings", "uses"), ("facilities", "closed")):
        assert classify.rules(*([block] if isinstance(block, str) else block))


def test_unquoted_yes_in_the_declaration_is_refused():
    with pytest.raises(TypeError, match="quote yes and no"):
        classify._conditions({"disused": True}, "idle.ground")
