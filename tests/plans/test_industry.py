"""业态 by industrial potential: each rule on made-up ground, and what never gives one."""

from __future__ import annotations

import pytest
from shapely import Point, box

from configs import read_settings
from layers.planned import Business
from tests.plans.test_layout import PARCEL, WHOLE, chosen, listed, run_layout
from tests.plans.test_matching import need_row, resource_row

ROOMS = resource_row(geometry=box(20, 20, 40, 40), landuse_code="090101")


def parcel(code, name, shape):
    return {
        **PARCEL,
        "id": code,
        "number": code,
        "landuse_code": code,
        "landuse_name": name,
        "geometry": shape,
    }


COLLEGE = parcel("080401", "高等教育用地", box(500, 0, 600, 100))
HALL = {"id": "h1", "kind": "历史建筑", "name": "会馆", "geometry": box(140, 20, 160, 40)}
MARKET = parcel("090101", "零售商业用地", box(200, 0, 300, 100))


def propose(*rooms, **more):
    _, _, business, _ = run_layout([], list(rooms) or [ROOMS], [], [], **more)
    return business


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ({"parcels": [PARCEL, COLLEGE]}, "创新创业空间", "距高等教育用地460 m"),
        ({"heritage": [HALL]}, "文化创意空间", "距会馆（历史建筑）100 m"),
        ({"parcels": [MARKET], "units": [{**WHOLE, "population": 2000}]}, "新消费场景", "人均商业用地5.0㎡"),
    ],
)
def test_what_stands_by_gives_the_guidelines_kind_with_its_clause(more, kind, words):
    (row,) = propose(**more).to_dict("records")
    assert (row[Business.action], row[Business.kind], row[Business.judged_by]) == ("植入", kind, "自动")
    assert (
        words in row[Business.rule] and "指南3.3（3）" in row[Business.rule] and "待核" in row[Business.rule]
    )


def test_an_old_factory_turns_to_culture():
    (row,) = propose({**ROOMS, "landuse_code": "100101"}).to_dict("records")
    assert "原为一类工业用地" in row[Business.rule] and "产业转型" in row[Business.rule]


def test_the_first_rule_that_holds_is_taken():
    assert list(propose(parcels=[PARCEL, COLLEGE], heritage=[HALL])[Business.kind]) == ["创新创业空间"]


@pytest.mark.parametrize(
    "more",
    [
        {"parcels": [PARCEL, parcel("080401", "高等教育用地", box(1500, 0, 1600, 100))]},
        {"heritage": [{**HALL, "kind": "古树名木"}]},
        {"parcels": [MARKET], "units": [{**WHOLE, "population": 2100}]},
        {"parcels": [MARKET]},
    ],
)
def test_too_far_another_kind_too_little_or_unknown_gives_none(more):
    assert propose(**more).empty


@pytest.mark.parametrize("more", [{"usable_m2": 99}, {"condition": "D级危房"}, {"category": "用地"}])
def test_small_unsafe_rooms_and_ground_have_none(more):
    assert propose({**ROOMS, **more}, heritage=[HALL]).empty


def test_rooms_a_need_uses_have_none_and_a_community_few():
    _, _, business, _ = run_layout(
        [need_row()], [ROOMS], [chosen("XQ01", "ZY01", 200)], [listed("XQ01")], heritage=[HALL]
    )
    assert list(business[Business.need]) == ["XQ01"]
    several = [
        resource_row(f"ZY0{n}", name=f"{n}号仓", usable_m2=200 + n, geometry=box(50 * n, 0, 50 * n + 20, 20))
        for n in range(1, 6)
    ]
    found = propose(*several, heritage=[{**HALL, "geometry": Point(150, 60).buffer(5)}])
    assert len(found) == read_settings("industry.yaml")["most"]
    assert sorted(found[Business.object_id]) == ["ZY04", "ZY05"]
