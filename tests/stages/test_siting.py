"""Accessibility and centre + stations on the one-street town: figures by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from configs import read_rows, read_settings
from configs.facilities import facility_classes
from configs.services import services
from layers import codes
from layers.frame import empty_frame
from layers.planned import Inventory, Need
from layers.reachable import Access, Edge, Home
from layers.sites import NetworkSite, SiteReach
from layers.source import Community, Facility, Road
from pipeline.reach.programme import TimedOut
from pipeline.stages import siting
from pipeline.stages.access import count_places
from pipeline.stages.base import Given
from pipeline.stages.siting import SITING
from tests.builders import CRS, make_frame, make_plan, make_source
from tests.stages.test_walk import STREET, XS, communities, facility, rows, walk
from tests.stages.test_walk import homes as buildings

ROADS = [{"id": "r1", "kind": "支路", "level": 0, "walkable": True, "geometry": STREET}]


def town(*facilities):
    return walk(
        make_source(
            road=make_frame(Road, ROADS),
            building=buildings(),
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


def plan_sites(frames, inventory, needs=()):
    """Run the stage; return both layers by service name and what was said."""
    need = make_frame(Need, list(needs)) if needs else empty_frame(Need, crs=CRS)
    given = Given(make_plan(), {**frames, Inventory.key: inventory, Need.key: need})
    return SITING(given), [fault.problem for fault in given.log.faults]


def site(frames, inventory, needs=(), *, service="养老服务"):
    made, said = plan_sites(frames, inventory, needs)
    sites = made[NetworkSite.key]
    sites = sites[sites[NetworkSite.network] == service].set_index(NetworkSite.object_id)
    return sites, [text for text in said if text.startswith(service)]


def reached(frames, inventory, *, service):
    """The status of each home by its distance along the street."""
    made, _ = plan_sites(frames, inventory)
    homes = made[SiteReach.key]
    homes = homes[homes[SiteReach.network] == service]
    return homes.set_index(homes[SiteReach.home].str.removeprefix("Hb").astype(int))


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
    # stations belong to the centre, door to door; the model behind each is named
    assert sites[NetworkSite.centre].dropna().to_dict() == {"f-站": "Z1", "Z2": "Z1", "Z3": "Z1"}
    assert sites.loc["f-站", NetworkSite.centre_walk_m] == pytest.approx(820 + 10 + 10)
    assert sites[NetworkSite.model].to_dict() == {
        "Z1": "p-中位（p=1）", "f-站": "现状保留，不选址", "Z2": "最大覆盖", "Z3": "最大覆盖",
    }  # fmt: skip


def test_a_station_that_gains_too_little_is_not_proposed(street):
    least = services()["养老"].least_gain
    # beside the station that stands: newly reaches one home of fifty at most
    newly = (np.abs(XS - 240) <= 270) & (np.abs(XS - 200) > 270)
    assert newly.sum() / len(XS) <= least
    sites, _ = site(street, spaces(("Z1", 1500, 1500, "建筑", "确认"), ("Z2", 205, 400, "建筑", "确认")))
    assert set(sites.index) == {"f-站", "Z1"}


def test_without_room_for_a_centre_or_a_station_it_is_said(street):
    sites, said = site(street, spaces())
    assert sites.index.tolist() == ["f-站"] and sites[NetworkSite.centre_people].isna().all()
    assert sites[NetworkSite.centre].isna().all()
    assert "没有达到中心规模" in said[0] and "西没有站点，也没有可作站点的确认资源" in said[1]


def test_without_counted_people_homes_are_served_and_nobody_is_counted():
    frames = walk(
        make_source(
            road=make_frame(Road, ROADS),
            community_given=communities(),
            facility=make_frame(Facility, [facility("elder_daycare", 500, "站", floor_area_m2=400)]),
        )
    )[0]
    sites, said = site(frames, spaces(("Z1", 1500, 1500, "建筑", "确认")))
    assert sites[NetworkSite.homes].gt(0).all() and sites[NetworkSite.people].isna().all()
    assert sites[NetworkSite.load].isna().all() and "住户点" in said[-1]
    assert frames[Access.key].empty


def test_a_full_station_serves_the_nearest_and_says_who_is_left():
    # 4.5 places for 1000 of 500 people, shared out among 50 infants: 0.045 each, so that half a place is full
    # with 11 of the 14 within 270 m along the street
    frames = town(places("nursery", 1000, "托", n=0.5, unit="托位"))
    (row,) = site(frames, spaces(), service="托育服务")[0].to_dict("records")
    near = np.abs(XS - 1000) <= 270
    assert near.sum() == 14
    assert (row[NetworkSite.people], row[NetworkSite.homes]) == (11, 11)
    assert row[NetworkSite.load] == pytest.approx(11 * 0.045)
    assert row[NetworkSite.spare] == pytest.approx(0.5 - 11 * 0.045)
    assert (row[NetworkSite.capacity], row[NetworkSite.capacity_unit]) == (0.5, "托位")
    homes = reached(frames, spaces(), service="托育服务")
    full = homes.index[homes[SiteReach.status] == "能力不足"]
    assert len(full) == 3 and set(full) <= set(XS[near]) and np.abs(full - 1000).min() >= 220
    assert set(homes.index[homes[SiteReach.status] == "距离之外"]) == set(XS[~near])
    assert (homes[SiteReach.site].notna() == (homes[SiteReach.status] == "站点服务")).all()
    said = site(frames, spaces(), service="托育服务")[1]
    assert "能力不足未服务 3 人" in said[-1] and "每1000人4.5托位" in said[-1]


def test_where_the_solver_runs_out_of_time_capacities_are_left_out_and_that_is_said(monkeypatch):
    frames = town(places("nursery", 1000, "托", n=0.5, unit="托位"))
    solve = siting.cover_most

    def no_time(task, *given):
        if task.capacity is not None:
            raise TimedOut
        return solve(task, *given)

    monkeypatch.setattr(siting, "cover_most", no_time)
    sites, said = site(frames, spaces(), service="托育服务")
    assert sites.loc["f-托", NetworkSite.people] == 14
    assert any("求解超时" in text for text in said)


def test_where_one_station_is_full_the_next_is_proposed():
    frames = town(
        places("nursery", 500, "托", n=0.5, unit="托位"), places("nursery", 1700, "远", n=9, unit="托位")
    )
    beside = spaces(("Z1", 505, 300, "建筑", "确认"))
    sites, _ = site(frames, beside, service="托育服务")
    assert sites.loc["Z1", NetworkSite.model] == "带容量的最大覆盖"
    assert sites.loc["f-托", NetworkSite.people] <= 11 and sites.loc["Z1", NetworkSite.people] > 0
    assert "标准没有给出每托位的面积" in sites.loc["Z1", NetworkSite.basis]
    assert np.isnan(sites.loc["Z1", NetworkSite.capacity])
    roomy = town(
        places("nursery", 500, "托", n=9, unit="托位"), places("nursery", 1700, "远", n=9, unit="托位")
    )
    assert "Z1" not in site(roomy, beside, service="托育服务")[0].index


def test_floor_area_is_capacity_where_the_standard_asks_for_area():
    homes = communities().assign(**{Community.households: [100, 300]})
    frames = walk(
        make_source(
            road=make_frame(Road, ROADS), building=buildings(), community_given=homes,
            facility=make_frame(Facility, [facility("elder_daycare", 200, "站", floor_area_m2=360)]),
        )
    )[0]  # fmt: skip
    sites, said = site(frames, spaces(("Z1", 1500, 900, "建筑", "确认")))
    # 15 ㎡ for 100 of 400 households, shared out among 100 elders: 0.6 ㎡ each
    near = 2 * (np.abs(XS - 200) <= 270).sum()
    assert sites.loc["f-站", NetworkSite.capacity] == 360
    assert sites.loc["f-站", NetworkSite.spare] == pytest.approx(360 - 0.6 * near)
    # a new station takes no more than the standard's 750 ㎡
    assert (sites.loc["Z1", NetworkSite.room_m2], sites.loc["Z1", NetworkSite.capacity]) == (900, 750)
    assert "待核" in said[-1]


def test_capacities_that_cannot_be_set_against_people_are_said(street):
    _, said = site(street, spaces())
    assert "没有户数" in said[-1]  # the street's communities state no households, nor do its buildings
    frames = town(facility("health_station", 500, "卫", capacity=60, capacity_unit="人次/日"))
    sites, said = site(frames, spaces(), service="医疗卫生")
    assert sites[NetworkSite.spare].isna().all() and "人次/日" in sites.loc["f-卫", NetworkSite.basis]
    assert "能力不计" in said[-1]


def test_a_facility_that_refuses_serves_its_own_community_only():
    frames = town(facility("culture_station", 950, "活动站", sharing="不可"))
    homes = reached(frames, spaces(), service="文化活动")
    served = homes.index[homes[SiteReach.site].notna()]
    assert set(served) == set(XS[(np.abs(XS - 950) <= 270) & (XS < 1000)])


def test_what_stands_nearby_counts_and_is_not_proposed_again():
    # outside the plan's communities, within 研究范围: a health centre, a station that serves, one that does not
    frames = town(
        facility("health_center", 2300, "中心"),
        facility("health_center", 2700, "远中心"),
        facility("health_station", 2050, "邻"),
        facility("health_station", -400, "远邻"),
    )
    sites, _ = site(frames, spaces(("Z1", 1000, 5000, "建筑", "确认")), service="医疗卫生")
    assert sites.loc["f-中心", NetworkSite.role] == "中心"
    assert sites.loc["f-中心", NetworkSite.centre_people] == 10 * len(XS)
    assert sites[NetworkSite.community].isna().to_dict() == {"f-中心": True, "f-邻": True, "Z1": False}
    assert sites.loc["Z1", NetworkSite.role] == "站点"


def test_a_centre_known_to_be_small_is_a_station():
    frames = town(facility("health_center", 1000, "小", floor_area_m2=800))
    sites, said = site(frames, spaces(), service="医疗卫生")
    assert sites[NetworkSite.role].tolist() == ["站点"] and "1700" in said[0]


def test_room_is_not_promised_twice(street):
    # the first service takes 750 ㎡ of it for a station, the next finds the rest
    for usable, left in ((1000, 250), (900, None)):
        made, _ = plan_sites(street, spaces(("Z1", 1500, usable - 1, "建筑", "确认")))
        rooms = made[NetworkSite.key].set_index(NetworkSite.network)[NetworkSite.room_m2]
        assert rooms["养老服务"].tolist()[-1] == usable - 1
        assert ("托育服务" in rooms.index) == (left is not None)
        if left is not None:
            assert rooms["托育服务"] == left - 1


def test_order_of_rows_decides_nothing(street):
    rows_ = spaces(
        ("Z1", 1020, 1500, "建筑", "确认"),
        ("Z3", 1500, 400, "建筑", "确认"),
        ("Z2", 1900, 5000, "建筑", "确认"),
    )
    made, said = plan_sites(street, rows_)
    turned = {
        key: frame.iloc[::-1].reset_index(drop=True) for key, frame in street.items() if key != Edge.key
    }
    again, said_again = plan_sites({**street, **turned}, rows_.iloc[::-1].reset_index(drop=True))
    assert said == said_again
    for key, frame in made.items():
        pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(again[key]))


def test_every_figure_is_the_one_of_the_row_it_names():
    rules = {row["rule_id"]: row for row in read_rows("standards/lifecircle_facilities.csv")}
    for item in read_settings("siting.yaml")["services"].values():
        least, held = item["centre"]["least"], item["capacity"]
        if "rule" in least:
            assert float(rules[least["rule"]]["floor_min_m2"]) == least["m2"]
        else:
            assert least["source"] and 0 < least["confidence"] < 1
        if "rule" in held:
            row = rules[held["rule"]]
            assert f"{held['amount']:g}" in row["capacity_rule"] + row["per_capita_rule"]
        else:
            assert held["unknown"]
    for service in services().values():
        assert {*service.stations.classes, *service.centre.classes} <= facility_classes().keys()
        assert {*service.stations.resources, *service.centre.resources} <= set(codes.SPATIAL_RESOURCE)
        assert service.target in Home.columns()
