"""A street of two communities, small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, box

from layers.faults import FaultLog, PlanFaults
from layers.frame import empty_frame
from layers.reachable import (
    Blind,
    Coverage,
    Edge,
    FacilityLoad,
    Home,
    Link,
    Neighbour,
    Scope,
    Served,
    Sharing,
    Unit,
    Whereabouts,
)
from layers.source import Building, Community, DataExtent, Facility, Gate, Outline, Road
from pipeline.stages.base import Given
from pipeline.stages.coverage import COVERAGE
from pipeline.stages.homes import place_homes
from pipeline.stages.network import NETWORK
from pipeline.stages.scope import SCOPE
from pipeline.stages.sharing import SHARING
from tests.builders import CRS, make_frame, make_plan, make_source

# One street along y = 0 from x = -2000 to 4000; 东 社区 0–1000, 西 社区 1000–2000. A home every 40 m,
# 20 m off the street.
STREET = LineString([(-2000, 0), (4000, 0)])
XS = np.arange(20, 2000, 40)


def homes():
    return make_frame(
        Building,
        [
            {"id": f"b{x}", "use": "住宅", "population": 10, "elders": 2, "infants": 1, "children": 1,
             "geometry": box(x - 5, 15, x + 5, 25)}
            for x in XS
        ],
    )  # fmt: skip


def communities():
    return make_frame(
        Community,
        [
            {"id": "c1", "name": "东", "code": "369901001001", "geometry": box(0, -100, 1000, 100)},
            {"id": "c2", "name": "西", "code": "369901001002", "geometry": box(1000, -100, 2000, 100)},
        ],
    )


def facility(key, x, name, **more):
    return {
        "id": f"f-{name}",
        "type_key": key,
        "type_name": key,
        "name": name,
        "geometry": Point(x, 10),
        **more,
    }


def walk(frames, plan=None, stages=(NETWORK, SCOPE, COVERAGE, SHARING)):
    plan = plan or make_plan()
    logs = []
    for stage in stages:
        given = Given(plan, frames)
        frames = {**frames, **stage(given)}
        logs += given.log.faults
    return frames, logs


@pytest.fixture(scope="module")
def street():
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    facilities = make_frame(
        Facility,
        [
            # a day-care at x = 900 in 东: 300 m limit, access 10 + 20 m, so homes with |x - 900| <= 270
            facility("elder_daycare", 900, "日照", capacity=20, capacity_unit="人"),
            facility("kindergarten", 1500, "西幼", sharing="不可"),
            facility("culture_center", 500, "文化"),
        ],
    )
    gates = make_frame(Gate, [{"id": "g1", "name": "东门", "geometry": Point(880, 0)}])
    return walk(
        make_source(
            road=roads, building=homes(), community_given=communities(), facility=facilities, gate=gates
        )
    )


def rows(frames, layer, **where):
    frame = frames[layer.key]
    for field, value in where.items():
        frame = frame[frame[field] == value]
    return frame


def test_scope_is_the_walk_from_the_boundary(street):
    frames, _ = street
    assert list(frames[Unit.key][Unit.boundary]) == ["法定边界", "法定边界"]
    planned, study = frames[Scope.key].geometry
    assert planned.area == pytest.approx(2000 * 200)
    assert study.covers(planned)
    # 1,000 m along the street beyond each end; the drawing may be off by one cell
    assert study.bounds[0] == pytest.approx(-1000, abs=10)
    assert study.bounds[2] == pytest.approx(3000, abs=10)


def test_coverage_is_decided_door_to_door(street):
    frames, _ = street
    daycare = rows(frames, Coverage, type_key="elder_daycare").set_index(Coverage.home)
    shown = daycare[Coverage.any_m]
    expected = np.abs(XS - 900) + 10 + 20
    assert shown.loc[[f"Hb{x}" for x in XS]].to_numpy() == pytest.approx(expected)
    assert daycare[Coverage.shared].sum() == (expected <= 300).sum()
    # the neighbours' homes are covered only by sharing
    west = daycare[daycare[Coverage.community] == "西"]
    assert not west[Coverage.own].any()
    assert west[Coverage.shared].sum() == ((expected <= 300) & (XS > 1000)).sum() > 0


def test_served_counts_before_and_after_sharing(street):
    frames, _ = street
    (row,) = rows(frames, Served, type_key="elder_daycare", community="西").to_dict("records")
    gained = int(((np.abs(XS - 900) + 30 <= 300) & (XS > 1000)).sum())
    assert (row[Served.homes_own], row[Served.homes_shared], row[Served.homes_gained]) == (0, gained, gained)
    assert row[Served.target_people] == 2 * 25
    assert row[Served.target_shared] == 2 * gained
    assert row[Served.facilities] == 0


def test_sharing_lists_the_neighbour_and_respects_a_refusal(street):
    frames, _ = street
    sharing = frames[Sharing.key]
    (row,) = rows(frames, Sharing, type_key="elder_daycare").to_dict("records")
    assert (row[Sharing.owner_community], row[Sharing.community], row[Sharing.mode]) == (
        "东",
        "西",
        "协同运营",
    )
    assert row[Sharing.distance_m] == pytest.approx(1020 - 900 + 30)
    assert row[Sharing.people_gained] == 10 * row[Sharing.homes_gained]
    assert not (sharing[Sharing.type_key] == "kindergarten").any()


def test_blind_homes_are_those_beyond_every_facility(street):
    frames, _ = street
    blind = rows(frames, Blind, type_key="kindergarten")
    assert len(blind) == (np.abs(XS - 1500) + 30 > 300).sum()
    nobody = rows(frames, Blind, type_key="wet_market")
    assert len(nobody) == len(XS)
    assert nobody[Blind.nearest_m].isna().all()


def test_a_facility_that_refuses_sharing_covers_its_own_community_only():
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    both = [facility("nursery", 980, "近", sharing="不可"), facility("nursery", 1240, "远", sharing="可开放")]
    both.append(facility("police_station", 980, "所", sharing="不可"))  # serves its street by duty
    frames, _ = walk(
        make_source(road=roads, building=homes(), community_given=communities(),
                    facility=make_frame(Facility, both)),
        stages=(NETWORK, SCOPE, COVERAGE),
    )  # fmt: skip
    cover = rows(frames, Coverage, type_key="nursery").set_index(Coverage.home)
    east, west = cover[cover[Coverage.community] == "东"], cover[cover[Coverage.community] == "西"]
    assert east.loc["Hb980", Coverage.any_facility] == east.loc["Hb980", Coverage.own_facility] == "f-近"
    assert set(west[Coverage.any_facility]) == {"f-远"}  # though 近 is nearer to the first of them
    assert rows(frames, Coverage, type_key="police_station", community="西")[Coverage.shared].any()
    load = frames[FacilityLoad.key].set_index(FacilityLoad.facility)
    assert load.loc["f-近", FacilityLoad.homes] == ((np.abs(XS - 980) + 30 <= 300) & (XS < 1000)).sum()


def test_load_counts_people_against_a_capacity_in_persons(street):
    frames, _ = street
    (row,) = rows(frames, FacilityLoad, type_key="elder_daycare").to_dict("records")
    within = int((np.abs(XS - 900) + 30 <= 300).sum())
    assert row[FacilityLoad.homes] == within
    assert row[FacilityLoad.spare] == 20 - 2 * within


def test_nobody_lives_in_an_idle_house():
    houses = homes()
    houses.loc[0, Building.use_status] = "闲置"
    log = FaultLog()
    found = place_homes(houses, empty_frame(Road, crs=CRS), box(0, -100, 2000, 100), spacing_m=50, log=log)
    assert len(found) == len(houses) - 1 and not log.faults


def test_whereabouts_and_links_cover_every_object(street):
    frames, _ = street
    where = frames[Whereabouts.key]
    assert set(where[where[Whereabouts.layer] == Home.key][Whereabouts.community]) == {"东", "西"}
    assert (frames[Link.key][Link.status] == "已接入").all()


def test_communities_as_points_share_the_outline_by_walking_distance():
    outline = make_frame(Outline, [{"id": "o", "name": "街道", "geometry": box(0, -100, 2000, 100)}])
    seeds = make_frame(
        Community,
        [
            {"id": "c1", "name": "甲", "geometry": Point(300, 5)},
            {"id": "c2", "name": "乙", "geometry": Point(1300, -5)},
        ],
    )
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    frames, log = walk(
        make_source(road=roads, outline=outline, community_given=seeds, building=homes()),
        stages=(NETWORK, SCOPE),
    )
    units = frames[Unit.key].set_index(Unit.name)
    assert set(units[Unit.boundary]) == {"示意边界"}
    assert units.geometry.area.sum() == pytest.approx(2000 * 200)
    assert units.geometry["甲"].bounds[2] == pytest.approx(800, abs=10)  # half-way between 300 and 1300
    assert any(fault.code == "HSQ-A06" for fault in log)


def test_study_area_is_cut_where_the_data_end():
    extent = make_frame(DataExtent, [{"id": "e", "geometry": box(-500, -5000, 5000, 5000)}])
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    frames, log = walk(
        make_source(road=roads, community_given=communities(), building=homes(), data_extent=extent),
        stages=(NETWORK, SCOPE),
    )
    study = frames[Scope.key].iloc[-1]
    assert study[Scope.truncated]
    assert study.geometry.bounds[0] == pytest.approx(-500)
    assert [fault.code for fault in log if fault.severity == "警告"] == ["HSQ-N03"]


def test_without_mapped_buildings_homes_are_indicative_and_nobody_is_counted():
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    frames, log = walk(make_source(road=roads, community_given=communities()))
    home = frames[Home.key]
    assert len(home) == 2000 / 50
    assert set(home[Home.basis]) == {"沿路示意点"}
    assert frames[Served.key][Served.people].isna().all()
    assert any("示意住户点" in fault.problem for fault in log)


def test_nobody_lives_on_a_bridge_or_in_a_tunnel():
    streets = [
        {"id": f"r{level}", "kind": "支路", "level": level, "walkable": True, "geometry": LineString(xy)}
        for level, xy in ((0, [(0, 0), (300, 0)]), (1, [(300, 0), (500, 0)]), (-1, [(500, 0), (600, 0)]))
    ]
    roads, nobody = make_frame(Road, streets), empty_frame(Building, crs=CRS)
    found = place_homes(nobody, roads, box(0, -100, 2000, 100), spacing_m=50, log=FaultLog())
    assert found.geometry.x.tolist() == [125, 175, 225, 25, 275, 75]  # by id


def test_a_place_without_homes_and_facilities_still_has_a_network():
    roads = make_frame(
        Road, [{"id": "r1", "kind": "主干路", "level": 0, "walkable": True, "geometry": STREET}]
    )
    frames, _ = walk(make_source(road=roads, community_given=communities()))
    assert frames[Link.key].empty and len(frames[Edge.key]) == 1
    assert (frames[Served.key][Served.homes] == 0).all()


def test_a_community_point_outside_the_outline_is_one_fault():
    outline = make_frame(Outline, [{"id": "o", "name": "街道", "geometry": box(0, -100, 2000, 100)}])
    seeds = make_frame(
        Community,
        [
            {"id": "c1", "name": "甲", "geometry": Point(300, 5)},
            {"id": "c2", "name": "乙", "geometry": Point(9000, 5)},
            {"id": "c3", "name": "丙", "geometry": Point(300, 5)},
        ],
    )
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    with pytest.raises(PlanFaults) as caught:
        walk(make_source(road=roads, outline=outline, community_given=seeds), stages=(NETWORK, SCOPE))
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [
        ("HSQ-X04", "乙"),
        ("HSQ-G04", "丙"),
    ]


def test_a_market_across_the_border_is_sharing_where_there_is_no_own_one():
    roads = make_frame(Road, [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}])
    market = facility("wet_market", 980, "东市")
    two = facility("wet_market", 1500, "西市")
    shared = {}
    for name, facilities in (("one", [market]), ("two", [market, two])):
        frames, _ = walk(
            make_source(
                road=roads,
                building=homes(),
                community_given=communities(),
                facility=make_frame(Facility, facilities),
            )
        )
        shared[name] = set(frames[Sharing.key][Sharing.community])
    assert shared == {"one": {"西"}, "two": set()}


def test_neighbours_and_gates(street):
    frames, _ = street
    east = rows(frames, Neighbour, community="东").to_dict("records")
    # from the boundary at x = 1000: homes of 西 at 20 m access, the nearest at 1020, the last at 1980
    assert [(r[Neighbour.neighbour], r[Neighbour.homes], r[Neighbour.homes_within]) for r in east] == [
        ("西", 25, 25)
    ]
    assert east[0][Neighbour.nearest_m] == pytest.approx(40)
    (row,) = rows(frames, Sharing, type_key="elder_daycare").to_dict("records")
    assert row[Sharing.gate] == "东门"
    (far,) = rows(frames, Sharing, type_key="culture_center").to_dict("records")
    assert pd.isna(far[Sharing.gate])
