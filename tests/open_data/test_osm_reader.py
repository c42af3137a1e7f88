"""The reader gives what the file says and closes nothing."""

from __future__ import annotations

import bz2
import re

import osmium
import pytest
import shapely

from layers.faults import FaultLog, PlanFaults
from layers.read.osm import read_osm
from tests.open_data.osm_text import ring, square, write_osm


def _read(path):
    log = FaultLog()
    return read_osm(path, log), log


def test_way_node_and_area_carry_their_tags(tmp_path):
    nodes = {**square(1, 0, 0, 100), 9: (5, 5, {"amenity": "toilets"})}
    path = write_osm(
        tmp_path / "a.osm", nodes=nodes, ways={7: (ring(1), {"building": "yes", "name": "一号楼"})}
    )
    extract, log = _read(path)
    assert extract.nodes["ref"].tolist() == ["n9"]  # corners carry no tags and are no objects
    assert extract.areas["ref"].tolist() == extract.ways["ref"].tolist() == ["w7"]
    assert extract.areas["tags"].iloc[0] == {"building": "yes", "name": "一号楼"}
    assert extract.areas.geometry.iloc[0].equals(shapely.box(117.2, 28.3, 117.201, 28.301))
    assert extract.areas.crs.to_epsg() == 4490
    assert log.faults == []


def test_compressed_file_reads_the_same(tmp_path):
    path = write_osm(tmp_path / "a.osm", nodes=square(1, 0, 0, 100), ways={7: (ring(1), {"building": "yes"})})
    packed = tmp_path / "贵溪.2024.11.osm.bz2"
    packed.write_bytes(bz2.compress(path.read_bytes()))
    assert _read(packed)[0].areas.geometry.iloc[0].equals(_read(path)[0].areas.geometry.iloc[0])


def test_pbf_reads_the_same(tmp_path):
    nodes = {**square(1, 0, 0, 100), 9: (5, 5, {"amenity": "toilets", "name": "公厕"})}
    path = write_osm(tmp_path / "a.osm", nodes=nodes, ways={7: (ring(1), {"highway": "footway"})})
    packed = tmp_path / "贵溪.osm.pbf"
    with osmium.SimpleWriter(str(packed)) as writer:
        for item in osmium.FileProcessor(str(path)):
            writer.add(item)
    plain, binary = _read(path)[0], _read(packed)[0]
    assert binary.ways["ref"].tolist() == ["w7"]
    assert binary.ways.geometry.iloc[0].equals(plain.ways.geometry.iloc[0])
    assert binary.nodes["tags"].tolist() == [{"amenity": "toilets", "name": "公厕"}]


def test_multipolygon_keeps_its_hole(tmp_path):
    nodes = {**square(1, 0, 0, 100), **square(11, 40, 40, 20)}
    path = write_osm(
        tmp_path / "a.osm",
        nodes=nodes,
        ways={5: (ring(1), {}), 6: (ring(11), {})},
        relations={
            3: ([("way", 5, "outer"), ("way", 6, "inner")], {"type": "multipolygon", "natural": "water"})
        },
    )
    areas = _read(path)[0].areas
    assert areas["ref"].tolist() == ["r3"]
    assert shapely.area(areas.geometry.iloc[0]) == pytest.approx((100**2 - 20**2) * 1e-10, rel=1e-6)
    assert len(areas.geometry.iloc[0].interiors) == 1


def test_boundary_of_two_ways_is_one_ring(tmp_path):
    path = write_osm(
        tmp_path / "a.osm",
        nodes=square(1, 0, 0, 100),
        ways={5: ([1, 2, 3], {}), 6: ([3, 4, 1], {})},
        relations={3: ([("way", 5, "outer"), ("way", 6, "outer")], {"type": "boundary", "name": "东街道"})},
    )
    extract, log = _read(path)
    assert shapely.area(extract.areas.geometry.iloc[0]) == pytest.approx(1e-6, rel=1e-6)
    assert log.faults == []


def test_missing_member_is_reported_and_never_closed(tmp_path):
    path = write_osm(
        tmp_path / "a.osm",
        nodes=square(1, 0, 0, 100),
        ways={5: ([1, 2, 3, 4], {})},
        relations={3: ([("way", 5, "outer"), ("way", 6, "outer")], {"type": "boundary", "name": "西街道"})},
    )
    extract, log = _read(path)
    assert extract.areas.empty
    assert extract.broken[["ref", "members", "missing"]].to_numpy().tolist() == [["r3", 2, 1]]
    assert [(f.code, f.severity, f.row) for f in log.faults] == [("HSQ-G07", "警告", "r3")]
    assert "西街道" in log.faults[0].problem
    assert "2 个成员缺 1 个" in log.faults[0].problem


def test_open_ring_with_every_member_is_reported_too(tmp_path):
    path = write_osm(
        tmp_path / "a.osm",
        nodes=square(1, 0, 0, 100),
        ways={5: ([1, 2, 3, 4], {})},
        relations={3: ([("way", 5, "outer")], {"type": "multipolygon", "landuse": "forest"})},
    )
    extract, log = _read(path)
    assert extract.areas.empty
    assert "不能连成闭合边界" in log.faults[0].problem


def test_gap_in_a_way_is_not_bridged(tmp_path):
    nodes = {1: (0, 0), 2: (10, 0), 4: (30, 0), 5: (40, 0), 6: (60, 0)}
    ways = {7: ([1, 2, 3, 4, 5, 6], {"highway": "residential"})}
    extract, log = _read(write_osm(tmp_path / "a.osm", nodes=nodes, ways=ways))
    assert extract.ways["ref"].tolist() == ["w7-1", "w7-2"]
    assert shapely.length(extract.ways.geometry.to_numpy()).tolist() == pytest.approx([1e-4, 3e-4])
    assert [(f.code, f.row) for f in log.faults] == [("HSQ-G07", "w7")]


def test_closed_way_with_a_missing_corner_is_no_area(tmp_path):
    nodes = square(1, 0, 0, 100)
    del nodes[3]
    extract, log = _read(write_osm(tmp_path / "a.osm", nodes=nodes, ways={7: (ring(1), {"building": "yes"})}))
    assert extract.areas.empty
    assert [f.row for f in log.faults] == ["w7"]


def test_bounds_are_the_declared_ones(tmp_path):
    path = write_osm(tmp_path / "a.osm", nodes={1: (5, 5, {"shop": "kiosk"})}, bounds=(0, 0, 400, 300))
    extract, _ = _read(path)
    assert extract.declared
    assert extract.bounds.bounds == pytest.approx((117.2, 28.3, 117.204, 28.303))
    assert len(extract.bounds.exterior.coords) > 5  # edges densified: parallels bend in the zone


def test_without_bounds_the_objects_make_them(tmp_path):
    nodes = {1: (0, 0), 2: (100, 50)}
    path = write_osm(tmp_path / "a.osm", nodes=nodes, ways={7: ([1, 2], {"highway": "path"})}, bounds=None)
    extract, _ = _read(path)
    assert not extract.declared
    assert extract.bounds.bounds == pytest.approx((117.2, 28.3, 117.201, 28.3005))


def test_file_without_objects(tmp_path):
    extract, log = _read(write_osm(tmp_path / "a.osm", nodes={}, bounds=None))
    assert (len(extract.nodes), len(extract.ways), len(extract.areas), extract.bounds) == (0, 0, 0, None)
    assert log.faults == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.osm", None, "HSQ-F01"),
        ("a.geojson", b"{}", "HSQ-F04"),
        ("a.osm", b"<osm version='0.6'><node id='1'", "HSQ-F02"),
        ("a.osm.bz2", b"not compressed", "HSQ-F02"),
        ("a.osm.pbf", b"not a pbf", "HSQ-F02"),
        ("a.osm.pbf", b"", "HSQ-F02"),
        ("a.osm", b"<!DOCTYPE a [<!ENTITY b 'c'>]><osm version='0.6'><node id='1'/></osm>", "HSQ-F08"),
    ],
)
def test_unusable_files_say_so(tmp_path, name, content, code):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PlanFaults) as caught:
        read_osm(path, FaultLog())
    assert [f.code for f in caught.value.faults] == [code]
    assert caught.value.faults[0].remedy
    # No words of a parser: nobody can do anything with "PBF error".
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,}", caught.value.faults[0].problem.replace(name, ""))


def test_a_single_object_without_declared_bounds_covers_no_ground(tmp_path):
    path = write_osm(tmp_path / "a.osm", nodes={9: (5, 5, {"place": "village"})}, bounds=None)
    extract, _ = _read(path)
    assert extract.bounds is None
    assert len(extract.nodes) == 1
