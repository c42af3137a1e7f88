"""A whole plan out of one extract, and what is said when it cannot be."""

from __future__ import annotations

import pytest
import shapely

from layers.faults import FaultLog, PlanFaults
from layers.model import Layer
from layers.source import Community, DataExtent, Outline, Parcel, Road
from pipeline.stages.opendata import GIVES, load_open_data, plan_crs
from tests.builders import make_plan
from tests.open_data.osm_text import ring, square, write_osm

_QUARTERS = {
    91: (100, 100, {"place": "quarter", "name": "云溪社区"}),
    92: (300, 300, {"place": "quarter", "name": "青石峰社区"}),
    93: (700, 700, {"place": "quarter", "name": "界外社区"}),
}


def _write(tmp_path, *, drop=(), **more):
    ways = {5: ([1, 2, 3], {"highway": "residential"}), 6: ([3, 4, 1], {"highway": "tertiary"})}
    ways |= {7: (ring(11), {"landuse": "residential", "name": "东苑"}), **more.pop("ways", {})}
    write_osm(
        tmp_path / "map.osm",
        nodes={**square(1, 0, 0, 500), **square(11, 50, 50, 100), **_QUARTERS, **more.pop("nodes", {})},
        ways={key: value for key, value in ways.items() if key not in drop},
        relations={
            3: (
                [("way", 5, "outer"), ("way", 6, "outer")],
                {"type": "boundary", "boundary": "administrative", "name": "东山街道"},
            ),
            4: ([("way", 5, "outer"), ("way", 66, "outer")], {"type": "boundary", "name": "西山镇"}),
        },
        **more,
    )


def _load(tmp_path, *, divisions=None, **picks):
    picks = {"outline": {"relation": 3}, "communities": {"tags": {"place": "quarter"}}, **picks}
    blocks = {"divisions": {"path": "codes", **divisions}} if divisions is not None else {}
    plan = make_plan(inputs={}, open_data={"path": "map.osm", **picks}, **blocks).located(tmp_path)
    log = FaultLog()
    return load_open_data(plan, log), log


def _codes(tmp_path):
    folder = tmp_path / "codes"
    folder.mkdir()
    (folder / "streets.36.csv").write_text(
        "code,name,areaCode\n369901001,东山街道,369901\n", encoding="utf-8"
    )
    (folder / "villages.36.csv").write_text(
        "code,name,streetCode\n369901001001,云溪居民委员会,369901001\n369901001002,青石岭居委会,369901001\n",
        encoding="utf-8",
    )


def test_every_layer_comes_conformed_in_one_crs(tmp_path):
    _write(tmp_path)
    frames, _ = _load(tmp_path)
    assert list(frames) == [layer.key for layer in GIVES]
    for key, frame in frames.items():
        assert frame.crs.to_epsg() == 4548, key
        assert list(frame.columns) == [*map(str, Layer.registry[key].columns()), "geometry"], key
        required = [c for c in Layer.registry[key].columns() if c.spec.required]
        assert frame[required].notna().all(axis=None), key
        assert frame["id"].is_unique, key


def test_points_inside_the_outline_become_communities(tmp_path):
    _write(tmp_path)
    frames, _ = _load(tmp_path)
    found = frames[Community.key]
    assert found[Community.name].tolist() == ["云溪社区", "青石峰社区"]
    assert set(found.geom_type) == {"Point"}
    assert set(found[Community.boundary]) == {"示意边界"}
    assert set(found[Community.street]) == {"东山街道"}  # the outline's own name
    assert frames[Outline.key][Outline.name].tolist() == ["东山街道"]


def test_codes_are_joined_and_doubts_reported(tmp_path):
    _write(tmp_path)
    _codes(tmp_path)
    frames, log = _load(tmp_path, divisions={})
    assert frames[Community.key][Community.code].fillna("").tolist() == ["369901001001", ""]
    assert [f.row for f in log.faults if f.code == "HSQ-A06"] == ["青石峰社区"]
    frames, log = _load(tmp_path, divisions={"confirmed": {"青石峰社区": "369901001002"}})
    assert frames[Community.key][Community.code].tolist() == ["369901001001", "369901001002"]
    assert not [f for f in log.faults if f.code == "HSQ-A06"]


def test_an_estate_polygon_can_be_the_community(tmp_path):
    _write(tmp_path)
    frames, _ = _load(tmp_path, outline=None, communities={"way": 7})
    assert frames[Outline.key].empty
    assert frames[Community.key][Community.name].tolist() == ["东苑"]
    assert frames[Community.key].geometry.iloc[0].equals(frames[Parcel.key].geometry.iloc[0])


def test_extent_is_the_declared_bounds(tmp_path):
    _write(tmp_path, bounds=(0, 0, 400, 600))
    frames, log = _load(tmp_path)
    extent, outline = frames[DataExtent.key].geometry.iloc[0], frames[Outline.key].geometry.iloc[0]
    assert shapely.area(shapely.difference(outline, extent)) == pytest.approx(outline.area / 5, rel=1e-3)
    assert [f.code for f in log.faults if f.code == "HSQ-N03"] == ["HSQ-N03"]


def test_shift_and_broken_relation_are_reported_once(tmp_path):
    _write(tmp_path)
    _, log = _load(tmp_path)
    assert [f.code for f in log.faults] == ["HSQ-G07", "HSQ-X03"]


def test_far_objects_of_a_large_extract_are_left_out(tmp_path):
    far = {81: (9000, 0), 82: (9100, 0), 83: (4000, 0), 84: (4100, 0)}
    ways = {8: ([81, 82], {"highway": "residential"}), 9: ([83, 84], {"highway": "residential"})}
    _write(tmp_path, nodes=far, ways=ways, bounds=(0, 0, 10000, 600))
    frames, _ = _load(tmp_path)
    assert set(frames[Road.key][Road.id]) == {"w5", "w6", "w9"}


@pytest.mark.parametrize(
    ("picks", "code", "words"),
    [
        ({"outline": {"relation": 4}}, "HSQ-G07", ["西山镇", "2 个成员缺 1 个", "东山街道（relation 3）"]),
        ({"outline": {"relation": 99}}, "HSQ-G07", ["relation=99", "东山街道（relation 3）"]),
        ({"communities": {"tags": {"place": "hamlet"}}}, "HSQ-G07", ["hamlet"]),
        ({"outline": None}, "HSQ-C03", ["open_data.outline"]),
        ({"outline": {"tags": {"name": "*"}}}, "HSQ-C03", ["选中了 2 个面", "东苑"]),
        ({"communities": {"tags": {"highway": "*"}}}, "HSQ-G07", ["highway"]),
    ],
)
def test_a_pick_that_cannot_be_says_why(tmp_path, picks, code, words):
    _write(tmp_path)
    with pytest.raises(PlanFaults) as caught:
        _load(tmp_path, **picks)
    (fault,) = caught.value.faults
    assert fault.code == code
    assert all(word in fault.problem + fault.remedy for word in words)


def test_absent_extract_says_how_to_get_one(tmp_path):
    with pytest.raises(PlanFaults) as caught:
        _load(tmp_path)
    assert [f.code for f in caught.value.faults] == ["HSQ-F01"]
    assert "openstreetmap.org" in caught.value.faults[0].remedy


@pytest.mark.parametrize(("longitude", "epsg"), [(115.49, 4547), (115.5, 4548), (116.3, 4548), (113.6, 4547)])
def test_zone_follows_the_longitude(longitude, epsg):
    assert plan_crs(longitude).to_epsg() == epsg


def test_zone_can_be_set_and_must_be_chinese():
    assert plan_crs(116.3, zone=38).to_epsg() == 4547
    with pytest.raises(PlanFaults, match="不在"):
        plan_crs(2.3)
