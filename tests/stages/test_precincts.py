"""Estates and parks entered by their gates: which they are, how one joins from inside, what is said of it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from layers.reachable import Edge, Home, Link, NetworkFigure, NetworkMark, Precinct, Reach
from layers.source import Building, Community, Facility, Gate, OpenSpace, Parcel, Road, Survey
from pipeline.stages.base import Given
from pipeline.stages.coverage import COVERAGE
from pipeline.stages.network import NETWORK
from pipeline.stages.precincts import find_precincts
from pipeline.stages.scope import SCOPE
from pipeline.stages.walknet import LINKED_TEXT
from tests.builders import CRS, make_frame, make_plan, make_source

KINDS = {
    "parcel": Parcel, "open_space": OpenSpace, "gate": Gate, "building": Building, "facility": Facility,
    "survey": Survey,
}  # fmt: skip
# An estate a hundred metres square, a street twenty metres south of it.
SQUARE = box(400, 400, 500, 500)
STREET = {
    "id": "street",
    "kind": "支路",
    "level": 0,
    "walkable": True,
    "geometry": LineString([(0, 380), (1000, 380)]),
}
YARD = {
    "id": "yard",
    "kind": "小区路",
    "level": 0,
    "walkable": True,
    "geometry": LineString([(450, 380), (450, 480)]),
}


def lot(name, shape, code="070102"):
    return {"id": name, "number": name, "landuse_code": code, "landuse_name": code, "area_m2": 1.0, "year": 2025, "geometry": shape}  # fmt: skip


def gate(name, x, y, estate=None):
    return {"id": name, "name": f"{name}门", "estate": estate, "geometry": Point(x, y)}


def house(name, x, y):
    return {"id": name, "use": "住宅", "population": 1, "geometry": box(x - 1, y - 1, x + 1, y + 1)}


def shop(name, x, y, key="elder_daycare"):
    return {"id": name, "type_key": key, "type_name": key, "name": name, "geometry": Point(x, y)}


def build(roads, *, stages=(NETWORK,), **layers):
    frames = make_source(
        road=make_frame(Road, roads),
        # So small that one house makes it built-up ground.
        community_given=make_frame(
            Community, [{"id": "甲", "name": "甲", "geometry": box(405, 405, 480, 480)}]
        ),
        **{key: make_frame(KINDS[key], rows) for key, rows in layers.items()},
    )
    log = []
    for stage in stages:
        given = Given(make_plan(), frames)
        frames = {**frames, **stage(given)}
        log += given.log.faults
    return frames, log


def links(frames, layer):
    link = frames[Link.key]
    return link[link[Link.layer] == LINKED_TEXT[layer.key]].set_index(Link.object_id)


def figure(frames, item):
    return frames[NetworkFigure.key].set_index(NetworkFigure.item)[NetworkFigure.value].get(item)


def find(parcels, gates, spaces=()):
    def frame(layer, rows):
        return make_frame(layer, list(rows)) if rows else gpd.GeoDataFrame(make_source()[layer.key], crs=CRS)

    return find_precincts(frame(Parcel, parcels), frame(OpenSpace, spaces), frame(Gate, gates))


def grounds(found):
    """Return each ground entered by gates as its rounded corners, with its gates."""
    rows = found.rows
    return {
        tuple(sorted({(round(x), round(y)) for x, y in group.geometry.iloc[0].exterior.coords})): sorted(
            group[Precinct.gate]
        )
        for _, group in rows.groupby(Precinct.precinct)
    }


def corners(*bounds):
    return tuple(sorted((x, y) for x in bounds[::2] for y in bounds[1::2]))


# which ground is entered by gates


def test_ground_with_a_gate_on_its_outline_is_entered_by_it():
    found = find(
        [lot("a", SQUARE), lot("b", box(600, 400, 700, 500))], [gate("g", 450, 390), gate("far", 650, 389.9)]
    )
    assert grounds(found) == {corners(400, 400, 500, 500): ["g"]}
    assert found.kinds == ["小区", "小区"]
    assert found.place.tolist() == ["轮廓上", "用地之外"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("07", "小区"),
        ("070301", "小区"),
        ("1401", "公园"),
        ("0702", None),
        ("0704", None),
        ("1403", None),
        ("0801", None),
    ],
)
def test_land_use_says_what_may_be_an_estate_or_a_park(code, kind):
    found = find([lot("a", SQUARE, code)], [gate("g", 450, 400)])
    assert found.rows[Precinct.kind].tolist() == ([kind] if kind else [])


def test_adjoining_parcels_are_one_estate_and_the_line_between_them_no_wall():
    parts = [lot("a", SQUARE), lot("b", box(500.3, 400, 600, 500)), lot("c", box(600, 500, 700, 600))]
    found = find(parts, [gate("g", 450, 400), gate("h", 650, 600)])
    # the third only touches a corner
    assert grounds(found) == {corners(400, 400, 600, 500): ["g"], corners(600, 500, 700, 600): ["h"]}


def test_parcels_whose_gates_name_other_estates_stay_apart():
    parts = [lot("a", SQUARE), lot("b", box(500, 400, 600, 500)), lot("c", box(600, 400, 700, 500))]
    gates = [gate("g", 450, 400, "东园"), gate("h", 650, 400, "西园")]
    # the one in the middle has no gate: of two equally long lines the first decides
    assert grounds(find(parts, gates)) == {
        corners(400, 400, 600, 500): ["g"],
        corners(600, 400, 700, 500): ["h"],
    }


def test_parcels_of_other_codes_are_one_estate_only_where_their_gates_say_so():
    parts = [lot("a", SQUARE), lot("b", box(500, 400, 600, 500), "070103")]
    gates = [gate("g", 450, 400, "东园"), gate("h", 550, 400, "东园")]
    assert grounds(find(parts, gates)) == {corners(400, 400, 600, 500): ["g", "h"]}
    assert grounds(find(parts, gates[:1])) == {corners(400, 400, 500, 500): ["g"]}


def test_a_gate_on_a_common_line_is_whose_it_names_and_opens_both():
    parts = [
        lot("a", SQUARE),
        lot("b", box(500, 400, 600, 500), "070103"),
        lot("c", box(400, 500, 500, 600), "1401"),
    ]
    shared, own = gate("s", 500, 450, "东园"), gate("g", 450, 400, "东园")
    assert grounds(find(parts, [shared, own])) == {corners(400, 400, 500, 500): ["g", "s"]}
    # of itself it proves no estate
    assert grounds(find(parts, [shared])) == {}
    both = find(parts, [shared, own, gate("h", 600, 450)])
    assert grounds(both) == {corners(400, 400, 500, 500): ["g", "s"], corners(500, 400, 600, 500): ["h", "s"]}


def test_a_school_gate_is_no_gate_of_the_estate_beside_it():
    parts = [
        lot("a", SQUARE),
        lot("school", box(500, 400, 600, 500), "080403"),
        lot("street", box(400, 380, 600, 400), "1207"),
    ]
    found = find(parts, [gate("s", 504, 400, "小学"), gate("line", 500, 450)])
    assert grounds(found) == {}
    assert found.place.tolist() == ["其他用地", "轮廓上"]
    assert grounds(find(parts, [gate("s", 504, 400), gate("g", 496, 400)])) == {
        corners(400, 400, 500, 500): ["g"]
    }


def test_what_lies_amid_an_estate_is_part_of_it():
    holed = Polygon(SQUARE.exterior.coords, [box(420, 420, 440, 440).exterior.coords])
    parts = [
        lot("a", holed),
        lot("kg", box(420, 420, 440, 440), "080404"),
        lot("garden", box(460, 460, 480, 480), "1401"),
    ]
    found = find(parts, [gate("g", 450, 400), gate("kg", 430, 420), gate("deep", 450, 450)])
    assert grounds(found) == {corners(400, 400, 500, 500): ["g"]}
    assert (found.kinds, found.place.tolist()) == (["小区"], ["轮廓上", "其他用地", "内部"])


def test_a_park_may_be_known_from_open_space_alone_and_is_not_taken_twice():
    def space(name, shape, kind="公园绿地"):
        return {"id": name, "kind": kind, "name": name, "geometry": shape}

    spaces = [
        space("again", box(401, 401, 499, 499)),
        space("new", box(600, 400, 700, 500)),
        space("no", box(0, 0, 9, 9), "广场"),
    ]
    found = find(
        [lot("a", SQUARE, "1401")], [gate("g", 450, 400), gate("h", 650, 400), gate("i", 5, 0)], spaces
    )
    assert grounds(found) == {corners(400, 400, 500, 500): ["g"], corners(600, 400, 700, 500): ["h"]}
    assert found.kinds == ["公园", "公园"]


def test_row_order_changes_nothing():
    rng = np.random.default_rng(4)
    x, y = np.meshgrid(np.arange(8) * 100.0, np.arange(8) * 100.0)
    codes = rng.choice(["070102", "070103", "1401", "0801", "1207"], 64)
    parcels = [
        lot(f"p{i}", box(a, b, a + 100, b + 100), c)
        for i, (a, b, c) in enumerate(zip(x.flat, y.flat, codes, strict=True))
    ]
    names = rng.choice(["东", "西", ""], 60)
    gates = [
        gate(f"g{i}", *rng.uniform(0, 800, 2).round(-2) + [0, rng.uniform(0, 100)], n)
        for i, n in enumerate(names)
    ]
    one = find(parcels, gates)
    order = rng.permutation(64), rng.permutation(60)
    two = find([parcels[i] for i in order[0]], [gates[i] for i in order[1]])
    assert len(one.rows) > 20
    key = one.rows[Precinct.precinct] + "|" + one.rows[Precinct.gate]
    assert sorted(key) == sorted(two.rows[Precinct.precinct] + "|" + two.rows[Precinct.gate])
    assert dict(zip([g["id"] for g in gates], one.place, strict=True)) == dict(
        zip([gates[i]["id"] for i in order[1]], two.place, strict=True)
    )


# how one joins


def test_without_a_gate_the_nearest_road_is_entered_as_ever():
    frames, log = build([STREET], parcel=[lot("a", SQUARE)], building=[house("h", 420, 410)])
    assert links(frames, Home)[Link.access_m].tolist() == [30]
    assert any("没有障碍和出入口数据" in fault.problem for fault in log)
    assert figure(frames, "经出入口进出的小区") is None


def test_without_walls_and_paths_a_home_joins_by_the_gate():
    frames, log = build(
        [STREET],
        parcel=[lot("a", SQUARE)],
        gate=[gate("g", 450, 400)],
        building=[house("h", 420, 440), house("i", 450, 410)],
    )
    home = links(frames, Home)
    # fifty metres to the gate and twenty to the street; straight through the gate it is thirty
    assert home[Link.access_m].tolist() == [70, 30]
    assert home[Link.offset_m].tolist() == [450, 450]
    assert home[Link.status].tolist() == ["已接入", "已接入"]
    assert (home[Link.note]["Hh"], home[Link.note].isna()["Hi"]) == ("由出入口“g门”接入", True)
    assert figure(frames, "经出入口进出的小区") == 1
    assert figure(frames, "由出入口接入的住户点") == 1
    assert figure(frames, "因出入口改变接入的住户点") == 1
    assert any("只经出入口进出" in fault.problem for fault in log)


def test_a_road_through_the_outline_stays_whole_and_is_joined_inside():
    frames, log = build(
        [STREET, YARD], parcel=[lot("a", SQUARE)], gate=[gate("g", 490, 400)], building=[house("h", 408, 408)]
    )
    # the gate is elsewhere, but somebody saw the yard lead out: it is not cut, only the way through the wall is
    assert figure(frames, "连通分量") == 1
    assert frames[NetworkMark.key][NetworkMark.kind].isin(["障碍截断"]).sum() == 0
    assert not any("桥隧" in fault.problem for fault in log)
    assert links(frames, Home)[Link.access_m].tolist() == [42]
    assert frames[Edge.key][Edge.length_m].sum() == 1100


def test_a_gap_in_a_road_at_the_outline_is_still_a_gap():
    broken = {**YARD, "geometry": LineString([(450, 399.5), (450, 480)])}
    spur = {**YARD, "id": "spur", "geometry": LineString([(450, 380), (450, 398.5)])}
    frames, _ = build([STREET, spur, broken], parcel=[lot("a", SQUARE)], gate=[gate("g", 490, 400)])
    assert frames[NetworkMark.key][NetworkMark.kind].tolist().count("疑似未相接") == 1


def test_what_opens_on_the_street_is_entered_from_it_and_homes_are_not():
    places = [shop("front", 420, 414), shop("back", 420, 416), shop("stop", 480, 400.5)]
    need = {"id": "n", "dimension": "舒适宜居", "works": "设施提升工程", "description": "x", "urgency": "一般",
            "origin": "x", "problem": "建设类", "geometry": Point(420, 410)}  # fmt: skip
    frames, _ = build(
        [STREET], parcel=[lot("a", SQUARE)], gate=[gate("g", 450, 400)], facility=places, survey=[need],
        building=[house("h", 420, 414)],
    )  # fmt: skip
    by_gate = np.hypot(30, 16) + 20
    found = links(frames, Facility)
    assert found[Link.access_m].to_dict() == {"front": 34, "back": pytest.approx(by_gate), "stop": 20.5}
    assert found[Link.note].isna().to_dict() == {"front": True, "back": False, "stop": True}
    assert links(frames, Survey)[Link.access_m].tolist() == [30]
    assert links(frames, Home)[Link.access_m].tolist() == [pytest.approx(np.hypot(30, 14) + 20)]


def test_a_neighbour_outside_does_not_climb_in():
    inner = {**YARD, "geometry": LineString([(450, 380), (450, 450), (495, 450), (495, 490)])}
    frames, _ = build(
        [STREET, inner], parcel=[lot("a", SQUARE)], gate=[gate("g", 450, 400)], facility=[shop("f", 505, 480)]
    )
    assert links(frames, Facility)[Link.access_m].tolist() == [100]


def test_gates_no_road_leads_to_are_told_and_the_estate_is_entered_straight():
    # The gate is on the far side; the street is 20 m off the near side.
    frames, log = build(
        [STREET],
        parcel=[lot("a", box(400, 400, 500, 700))],
        gate=[gate("g", 450, 700)],
        building=[house("h", 420, 410)],
    )
    assert links(frames, Home)[Link.access_m].tolist() == [30]
    (fault,) = [f for f in log if "都接不到路网主网" in f.problem]
    assert fault.severity == "警告"
    assert (figure(frames, "经出入口进出的小区"), figure(frames, "其他小区")) == (0, 1)
    assert len(frames[Precinct.key]) == 0


def test_odd_gates_are_told_with_their_place():
    gates = [
        gate("on", 450, 400),
        gate("deep", 450, 450),
        gate("school", 550, 400),
        gate("off", 450, 900),
        gate("way", 500, 440),
    ]
    frames, log = build(
        [STREET, YARD], parcel=[lot("a", SQUARE), lot("s", box(510, 400, 600, 500), "080403")], gate=gates
    )
    told = {f.row: f for f in log if f.layer == Gate.alias and f.row}
    assert "在小区、公园内部" in told["deep"].problem
    assert (told["deep"].severity, told["deep"].x, told["deep"].y) == ("警告", 450, 450)
    assert "其他用地" in told["school"].problem
    assert told["way"].problem.startswith("1 处出入口距最近路段超过 30 m")
    # beyond any road: told among what does not join
    assert any("没有现状用地" in f.problem and f.row == "off" for f in log)
    assert told["off"].severity in ("警告", "提示")
    assert figure(frames, "小区、公园的出入口") == 2
    assert figure(frames, "其他出入口") == 3
    assert figure(frames, "未接路的出入口") == 2


def test_without_land_use_gates_decide_nothing_and_that_is_said():
    frames, log = build([STREET], gate=[gate("g", 450, 400)], building=[house("h", 420, 410)])
    assert links(frames, Home)[Link.access_m].tolist() == [30]
    assert any("没有现状用地" in f.problem for f in log)
    assert figure(frames, "经出入口进出的小区") == 0


def test_later_stages_go_by_the_same_gates():
    more = {
        "parcel": [lot("a", SQUARE)],
        "building": [house("h", 420, 440)],
        "facility": [shop("日照", 420, 375)],
    }
    stages = (NETWORK, SCOPE, COVERAGE)
    free, _ = build([STREET], stages=stages, **more)
    shut, _ = build([STREET], stages=stages, gate=[gate("g", 450, 400)], **more)
    assert free[Reach.key][Reach.metres].tolist() == [65]
    # fifty to the gate, twenty to the street, thirty back along it, five to the door
    assert shut[Reach.key][Reach.metres].tolist() == [105]


def test_every_home_leaves_its_estate_by_a_gate_whatever_the_estates_look_like():
    rng = np.random.default_rng(11)
    x, y = (a.ravel() for a in np.meshgrid(np.arange(6) * 150.0, np.arange(6) * 150.0))
    cuts = rng.uniform(20, 70, (36, 2))
    shapes = [  # a square less one of its corners
        box(a + 15, b + 15, a + 135, b + 135).difference(box(a + 15 + c, b + 15 + d, a + 200, b + 200))
        for a, b, (c, d) in zip(x, y, cuts, strict=True)
    ]
    gates = [
        gate(f"g{i}", *shape.exterior.interpolate(t, normalized=True).coords[0])
        for i, shape in enumerate(shapes)
        for t in rng.uniform(0, 1, 2)
    ]
    gates = [{**row, "id": f"{row['id']}-{n}"} for n, row in enumerate(gates)]
    streets = [LineString([(0, c), (900, c)]) for c in np.arange(7) * 150.0]
    streets += [LineString([(c, 0), (c, 900)]) for c in np.arange(7) * 150.0]
    homes = rng.uniform(2, 898, (800, 2))
    frames, _ = build(
        [{**STREET, "id": f"r{i}", "geometry": line} for i, line in enumerate(streets)],
        parcel=[lot(f"p{i}", shape) for i, shape in enumerate(shapes)], gate=gates,
        building=[house(f"h{i}", *xy) for i, xy in enumerate(homes)],
    )  # fmt: skip
    home, edges = links(frames, Home), frames[Edge.key]
    held = frames[Precinct.key].drop_duplicates(Precinct.precinct)
    assert len(held) > 30
    outlines = shapely.union_all([shape.exterior for shape in held.geometry])
    openings = shapely.buffer(shapely.union_all([Point(row["geometry"]) for row in gates]), 5.01)
    joined = home[home[Link.status] == "已接入"]
    assert len(joined) > 700
    foot = shapely.line_interpolate_point(
        edges.geometry.to_numpy()[joined[Link.edge].astype(int)], joined[Link.offset_m].to_numpy()
    )
    ways = shapely.shortest_line(joined.geometry.to_numpy(), foot)
    straight = joined[Link.note].isna().to_numpy()
    crossed = shapely.intersection(ways[straight], outlines)
    assert (~shapely.is_empty(crossed)).any()
    assert shapely.is_empty(shapely.difference(crossed, openings)).all()
    # by a gate it is at least as far as straight, and the foot lies where that gate joins
    by_gate = joined[~straight]
    assert len(by_gate) > 200
    assert (by_gate[Link.access_m] >= shapely.length(ways[~straight]) - 1e-6).all()
    own = links(frames, Gate)
    names = by_gate[Link.note].str.extract("“(.*)门”")[0]
    assert set(names) <= {row["name"][:-1] for row in gates}
    spots = set(zip(own[Link.edge], own[Link.offset_m], strict=True))
    assert {pair in spots for pair in zip(by_gate[Link.edge], by_gate[Link.offset_m], strict=True)} == {True}


def test_statuses_are_counted_for_every_kind():
    frames, log = build(
        [STREET], parcel=[lot("a", SQUARE)], gate=[gate("g", 450, 400)], building=[house("h", 420, 440)],
        facility=[shop("f", 420, 800), shop("s", 420, 370)],
    )  # fmt: skip
    said = [f.problem for f in log if f.code == "HSQ-N01"]
    assert "住户点 1 个：已接入 1" in said
    assert "各类设施现状点 2 个：已接入 1，范围外 1" in said
    assert "出入口 1 个：已接入 1" in said
    assert set(frames[Link.key][Link.layer]) == {"住户点", "设施", "出入口"}
    assert pd.isna(links(frames, Facility)[Link.edge]["f"])
