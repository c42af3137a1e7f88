"""GeoPackage, FlatGeobuf, FileGDB and GeoJSON, written through Fiona's GDAL and by hand."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import fiona
import geopandas as gpd
import pytest
import shapely
from shapely import Point, box

from .conftest import E0, N0, Desk, snapshot

SCHEMA = {"geometry": "Polygon", "properties": {"地类编码": "str:10", "面积": "float", "层数": "int"}}
SQUARES = [box(E0 + 200 * i, N0, E0 + 200 * i + 100, N0 + 100) for i in range(3)]


def write(path: Path, driver: str, *, layer: str | None = None, mode: str = "w") -> None:
    named = {"layer": layer} if layer else {}
    if driver == "OpenFileGDB":  # Fiona's GDAL 3.9 stumbles over the axes of EPSG:4548 here
        rows = {"地类编码": [f"070{i}" for i in range(3)], "面积": [1e4] * 3, "层数": [0.0, 1.0, 2.0]}
        frame = gpd.GeoDataFrame(rows, geometry=SQUARES, crs=4548)
        frame.to_file(path, driver=driver, layer=layer or "图层", engine="pyogrio")
        return
    with fiona.open(path, mode, driver=driver, schema=SCHEMA, crs="EPSG:4548", **named) as file:
        for i, shape in enumerate(SQUARES):
            row = {"地类编码": f"070{i}", "面积": 10_000.0, "层数": i}
            file.write({"geometry": shape.__geo_interface__, "properties": row})


def write_points(path: Path, driver: str, layer: str) -> None:
    schema = {"geometry": "Point", "properties": {"名称": "str"}}
    with fiona.open(path, "w", driver=driver, schema=schema, crs="EPSG:4548", layer=layer) as file:
        file.write({"geometry": Point(E0, N0).__geo_interface__, "properties": {"名称": "小学"}})


@pytest.mark.parametrize(
    ("name", "driver"), [("a.gpkg", "GPKG"), ("a.fgb", "FlatGeobuf"), ("库.gdb", "OpenFileGDB")]
)
def test_columns_rows_shapes_and_crs_come_through(desk: Desk, name: str, driver: str) -> None:
    write(desk.folder / name, driver)
    raw = desk.read(name, shape="polygon")
    assert sorted(raw.table["地类编码"]) == ["0700", "0701", "0702"]
    assert {"面积", "层数"} <= set(raw.table.columns)
    assert raw.crs.to_epsg() == 4548
    assert shapely.area(raw.geometry.to_numpy()).sum() == pytest.approx(30_000)
    assert not desk.log.errors


def test_layer_of_the_wanted_geometry_is_taken_and_said(desk: Desk) -> None:
    write_points(desk.folder / "a.gpkg", "GPKG", "点层")
    write(desk.folder / "a.gpkg", "GPKG", layer="面层", mode="w")
    raw = desk.read("a.gpkg", shape="polygon")
    assert len(raw.table) == 3
    (note,) = desk.log.faults
    assert (note.code, note.severity) == ("HSQ-F03", "提示") and "面层" in note.action
    assert len(desk.read("a.gpkg", layer="点层").table) == 1
    desk.read("a.gpkg")  # no wish: a guess, and said as one
    assert [f.severity for f in desk.log.faults] == ["警告"]
    fault = desk.refuse("a.gpkg", layer="道路")
    assert fault.code == "HSQ-F03" and "面层" in fault.remedy


@pytest.mark.parametrize("inner", ["库.gdb/", "数据/库.gdb/", ""])
def test_a_zipped_file_geodatabase(desk: Desk, tmp_path: Path, inner: str) -> None:
    made = tmp_path / "elsewhere"
    made.mkdir()
    write(made / "库.gdb", "OpenFileGDB", layer="地类图斑")
    with zipfile.ZipFile(desk.folder / "库.gdb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((made / "库.gdb").iterdir()):
            archive.write(file, inner + file.name)
    raw = desk.read("库.gdb.zip", layer="地类图斑")
    assert len(raw.table) == 3 and raw.crs.to_epsg() == 4548
    assert len(desk.read("库.gdb.zip", shape="polygon").table) == 3
    assert desk.refuse("库.gdb.zip", layer="没有").code == "HSQ-F03"


def test_a_folder_that_is_no_geodatabase(desk: Desk) -> None:
    (desk.folder / "空.gdb").mkdir()
    assert desk.refuse("空.gdb").code == "HSQ-F02"
    (desk.folder / "文件.gdb").write_bytes(b"x" * 100)
    assert desk.refuse("文件.gdb").code == "HSQ-F04"


def geojson(**more: object) -> str:
    feature = {
        "type": "Feature", "properties": {"名称": "甲", "面积": 12.5},
        "geometry": {"type": "Point", "coordinates": [E0, N0]},
    }  # fmt: skip
    return json.dumps({**more, "type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)


CRS = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_geojson_in_any_encoding_keeps_its_crs_member(desk: Desk, codec: str) -> None:
    (desk.folder / "点.geojson").write_bytes(geojson(**CRS).encode(codec))
    raw = desk.read("点.geojson")
    assert raw.table["名称"].tolist() == ["甲"] and raw.crs.to_epsg() == 4548
    told = [fault for fault in desk.log.faults if fault.code == "HSQ-F05"]
    assert bool(told) == (codec in {"gbk", "utf-16"})


def test_geojson_without_crs_is_in_degrees_as_the_standard_says(desk: Desk) -> None:
    (desk.folder / "点.json").write_text(geojson(), encoding="utf-8")
    assert desk.read("点.json").crs.to_epsg() == 4326


def test_other_json_is_no_geojson(desk: Desk) -> None:
    (desk.folder / "a.json").write_text('{"name": "甲", "list": [1, 2]}', encoding="utf-8")
    assert desk.refuse("a.json").code == "HSQ-F02"


def test_arcs_of_a_database_are_stroked_within_a_centimetre(desk: Desk) -> None:
    path = desk.folder / "弧.gpkg"
    write(path, "GPKG", layer="面")
    # A half disc of 100 m as a CurvePolygon, which no writer at hand makes: ISO WKB 10 > 9 > (8, 2).
    import struct

    def ring(code: int, points: list[tuple[float, float]]) -> bytes:
        return struct.pack("<BII", 1, code, len(points)) + b"".join(struct.pack("<dd", *p) for p in points)

    arc = ring(8, [(E0, N0), (E0 + 100, N0 + 100), (E0 + 200, N0)])
    line = ring(2, [(E0 + 200, N0), (E0, N0)])
    wkb = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 9, 2) + arc + line
    head = b"GP\x00\x01" + struct.pack("<i", 4548)
    with closing(sqlite3.connect(path)) as base, base:
        drop_triggers(base)
        base.execute('UPDATE "面" SET geom = ? WHERE fid = 1', (head + wkb,))
    shape = desk.read("弧.gpkg").geometry.iloc[0]
    assert abs(shapely.hausdorff_distance(shape.boundary, _half_disc().boundary)) < 0.011


def drop_triggers(base: sqlite3.Connection) -> None:
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{name}"')
    base.commit()


def _half_disc() -> shapely.Polygon:
    import numpy as np

    angles = np.linspace(np.pi, 0, 20_001)
    return shapely.polygons(np.column_stack([E0 + 100 + 100 * np.cos(angles), N0 + 100 * np.sin(angles)]))


def test_reading_a_database_in_write_ahead_mode_leaves_nothing_beside_it(desk: Desk) -> None:
    path = desk.folder / "a.gpkg"
    write(path, "GPKG")
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=WAL")
    before = {**snapshot(desk.folder), "": path.read_bytes()}
    assert len(desk.read("a.gpkg").table) == 3
    assert {**snapshot(desk.folder), "": path.read_bytes()} == before


def test_pending_changes_of_an_open_database_are_read_and_said(desk: Desk) -> None:
    path = desk.folder / "a.gpkg"
    write(path, "GPKG", layer="面")
    with closing(sqlite3.connect(path)) as base:
        drop_triggers(base)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute('UPDATE "面" SET "地类编码" = \'1401\' WHERE fid = 1')
        base.commit()
        raw = desk.read("a.gpkg")
        assert raw.table["地类编码"].tolist()[0] == "1401"
        assert "HSQ-F06" in desk.codes()
