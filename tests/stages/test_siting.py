"""Accessibility and centre + stations on the one-street town: figures by hand."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import Point, box

from configs import read_settings
from layers.frame import empty_frame
from layers.planned import Inventory, Need
from layers.reachable import Access, NetworkSite
from layers.source import Facility, Road
from pipeline.stages.access import count_places
from pipeline.stages.base import Given
from pipeline.stages.siting import SITING
from tests.builders import CRS, make_frame, make_plan, make_source
from tests.stages.test_walk import STREET, XS, communities, facility, homes, rows, walk

ROADS = [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}]


def town(*facilities):
    return walk(
        make_source(
            road=make_frame(Road, ROADS),
            building=homes(),
            community_given=communities(),
            facility=make_frame(Facility, list(facilities)),
        )
    )[0]


def places(key, x, name, n=20, unit="人", **more):
    return facility(key, x, name, capacity=n, capacity_unit=unit, **more)


def test_access_own_and_shared_by_hand():
    # a day-care of 20 places at x = 900 in 东: homes with |x - 900| ≤ 270; two elders each
    frames = town(places("elder_daycare", 900, "日照"))
    (east, west) = rows(frames, Access, type_key="elder_daycare").to_dict("records")
    near = np.abs(XS - 900) <= 270
    own, shared = (near & (XS < 1000)).sum(), near.sum()
    assert (east[Access.target_people], east[Access.places]) == (50, 20)
    # every home in reach gets 20 / (2 · homes in reach) places a person; the mean is over all 25 homes
    assert east[Access.own] == pytest.approx(1000 * 20 / (2 * own) * own / 25)
    assert east[Access.shared] == pytest.approx(1000 * 20 / (2 * shared) * own / 25)
    assert west[Access.own] == 0
    assert west[Access.change] == pytest.approx(1000 * 20 / (2 * shared) * (shared - own) / 25)
    # all places are handed out, in both measures
    for field in (Access.shared, Access.shared_decay):
        assert (east[field] + west[field]) * 50 / 1000 == pytest.approx(20)
    # nearer homes get more of it
    assert east[Access.shared_decay] > east[Access.shared]


def test_access_keeps_a_refusal_and_counts_what_has_no_places():
    frames = town(
        places("kindergarten", 900, "园", n=90, sharing="不可"),
        places("kindergarten", 1500, "班制园", n=6, unit="班"),
        places("car_parking", 900, "停车", unit="车位"),
    )
    (east, west) = rows(frames, Access, type_key="kindergarten").to_dict("records")
    assert east[Access.change] == 0 and east[Access.own] > 0
    assert (west[Access.shared], west[Access.facilities]) == (0, 0)
    assert east[Access.note].startswith("该类设施 1 处没有")
    assert set(frames[Access.key][Access.type_key]) == {"kindergarten"}
    assert count_places(frames[Facility.key]).notna().sum() == 1


def spaces(*given):
    return make_frame(
        Inventory,
        [
            {
                "id": number, "number": number, "category": category, "name": number, "place": "x",
                "usable_m2": usable, "evidence": "x", "certainty": certainty, "method": "调查",
                "community": "东" if x < 1000 else "西", "geometry": box(x - 5, 5, x + 5, 15),
            }
            for number, x, usable, category, certainty in given
        ],
    )  # fmt: skip


def site(frames, inventory, needs=()):
    need = make_frame(Need, list(needs)) if needs else empty_frame(Need, crs=CRS)
    given = Given(make_plan(), {**frames, Inventory.key: inventory, Need.key: need})
    return SITING(given)[NetworkSite.key].set_index(NetworkSite.object_id), given.log.faults


@pytest.fixture(scope="module")
def street():
    return town(places("elder_daycare", 200, "站"))


def test_centre_is_the_median_and_each_community_gets_a_station(street):
    inventory = spaces(
        ("Z1", 1020, 1500, "建筑", "确认"),  # large and in the middle
        ("Z2", 1900, 5000, "建筑", "确认"),  # large, at the end
        ("Z3", 1500, 400, "建筑", "确认"),
        ("Z4", 1010, 9000, "建筑", "疑似"),
        ("Z5", 1000, 9000, "用地", "确认"),
        ("Z6", 600, 300, "建筑", "确认"),  # too small for a station
    )
    need = {
        "id": "N1", "number": "N1", "community": "西", "dimension": "舒适宜居", "works": "设施提升工程",
        "description": "x", "origin": "x", "urgency": "一般", "method": "调查", "problem": "建设类",
        "type_key": "elder_daycare", "geometry": Point(1500, 0),
    }  # fmt: skip
    sites, _ = site(street, inventory, [need])
    assert sites[NetworkSite.role].to_dict() == {"Z1": "中心", "f-站": "站点", "Z3": "站点", "Z2": "站点"}
    centre = sites.loc["Z1"]
    assert centre[NetworkSite.centre_people] == 2 * len(XS)
    assert centre[NetworkSite.centre_mean_m] == pytest.approx((np.abs(XS - 1020) + 20 + 10).mean(), abs=0.01)
    # everybody within 300 m walks to the nearest site, from 1700 to the lower number of two
    walks = np.stack([np.abs(XS - x) + 30 for x in (200, 1020, 1900, 1500)])
    nearest = np.where(walks.min(axis=0) <= 300, walks.argmin(axis=0), -1)
    assert sites.loc[["f-站", "Z1", "Z2", "Z3"], NetworkSite.people].tolist() == [
        2 * (nearest == at).sum() for at in range(4)
    ]
    assert sites.loc["Z3", NetworkSite.needs] == "N1"
    assert sites.loc["f-站", NetworkSite.origin] == "现有设施"


def test_a_station_that_gains_too_little_is_not_proposed(street):
    least = read_settings("siting.yaml")["networks"]["养老"]["least_gain"]
    # beside the station that stands: newly reaches one home of fifty at most
    newly = (np.abs(XS - 240) <= 270) & (np.abs(XS - 200) > 270)
    assert newly.sum() / len(XS) <= least
    sites, _ = site(street, spaces(("Z1", 1500, 1500, "建筑", "确认"), ("Z2", 205, 400, "建筑", "确认")))
    assert set(sites.index) == {"f-站", "Z1"}


def test_without_room_for_a_centre_or_a_station_it_is_said(street):
    sites, faults = site(street, spaces())
    assert sites.index.tolist() == ["f-站"] and sites[NetworkSite.centre_people].isna().all()
    said = "；".join(fault.problem for fault in faults)
    assert "没有达到中心规模" in said and "西没有站点，也没有可作站点的确认资源" in said


def test_without_counted_people_homes_are_served_and_nobody_is_counted():
    frames = walk(
        make_source(
            road=make_frame(Road, ROADS),
            community_given=communities(),
            facility=make_frame(Facility, [facility("elder_daycare", 500, "站")]),
        )
    )[0]
    sites, _ = site(frames, spaces(("Z1", 1500, 1500, "建筑", "确认")))
    assert sites[NetworkSite.homes].gt(0).all() and sites[NetworkSite.people].isna().all()
    assert frames[Access.key].empty
