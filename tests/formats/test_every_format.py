"""Every format once, written by another library and read as the rows of a layer: names, numbers, place."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import pyogrio
import pytest
import rasterio
import shapely
from ezdxf.enums import TextEntityAlignment
from pyproj import CRS
from shapely import Point, Polygon, box

from layers.faults import FaultLog
from layers.grids import Relief
from layers.read.osm import read_osm
from layers.read.raw import Place
from layers.read.relief import read_relief
from layers.read.source import place_frame, read_source
from layers.source import Building, Facility
from pipeline.plan.sources import Source

from .conftest import E0, N0

PLAN = CRS.from_epsg(4548)
NAMES, FLOORS, AREAS = ["甲楼", "乙楼（商住）"], [3, 18], [300.5, 12_000.0]
COLUMNS = {"name": "楼名", "floors": "层", "floor_area_m2": "建面"}
# A block with a court, and one with a corner cut off.
SHAPES = [
    Polygon(
        box(E0, N0, E0 + 60, N0 + 40).exterior,
        [box(E0 + 20, N0 + 10, E0 + 40, N0 + 30).exterior.coords[::-1]],
    ),
    Polygon(
        [(E0 + 100, N0), (E0 + 130, N0), (E0 + 130, N0 + 20), (E0 + 110.5, N0 + 20.25), (E0 + 100, N0 + 10)]
    ),
]


def frame(crs: int = 4548) -> gpd.GeoDataFrame:
    made = gpd.GeoDataFrame({"楼名": NAMES, "层": FLOORS, "建面": AREAS}, geometry=SHAPES, crs=4548)
    return made.to_crs(crs)


def write(folder: Path, name: str, driver: str, crs: int = 4548, **options: Any) -> Path:
    pyogrio.write_dataframe(frame(crs), folder / name, driver=driver, **options)
    return folder / name


def shp(folder: Path) -> dict[str, Any]:
    write(folder, "楼.shp", "ESRI Shapefile", encoding="GB18030")
    return {"path": "楼.shp"}


def zipped_shp(folder: Path) -> dict[str, Any]:
    shp(folder)
    with zipfile.ZipFile(folder / "楼.zip", "w") as archive:
        for path in sorted(folder.glob("楼.*")):
            if path.suffix != ".zip":
                archive.write(path, f"建筑/{path.name}")
                path.unlink()
    return {"path": "楼.zip"}


def gpkg(folder: Path) -> dict[str, Any]:
    write(folder, "库.gpkg", "GPKG", layer="别的")
    write(folder, "库.gpkg", "GPKG", layer="建筑", append=True)
    return {"path": "库.gpkg", "layer": "建筑"}


def geojson(folder: Path) -> dict[str, Any]:
    write(folder, "楼.geojson", "GeoJSON", crs=4326, COORDINATE_PRECISION=9)
    return {"path": "楼.geojson"}


def file_gdb(folder: Path) -> dict[str, Any]:
    made = frame().astype({"层": "int32"})
    pyogrio.write_dataframe(made, folder / "库.gdb", driver="OpenFileGDB", layer="建筑")
    return {"path": "库.gdb", "layer": "建筑"}


def flat_geobuf(folder: Path) -> dict[str, Any]:
    write(folder, "楼.fgb", "FlatGeobuf")
    return {"path": "楼.fgb"}


def kml_text() -> str:
    degrees = frame(4326)
    marks = []
    for row in degrees.itertuples():
        rings = [row.geometry.exterior, *row.geometry.interiors]
        bounds = "".join(
            f"<{side}BoundaryIs><LinearRing><coordinates>{' '.join(f'{x:.10f},{y:.10f},0' for x, y in ring.coords)}"
            f"</coordinates></LinearRing></{side}BoundaryIs>"
            for side, ring in zip(["outer", *["inner"] * (len(rings) - 1)], rings, strict=True)
        )
        data = "".join(
            f'<Data name="{name}"><value>{value}</value></Data>'
            for name, value in (("楼名", row.楼名), ("层", row.层), ("建面", row.建面))
        )
        marks.append(f"<Placemark><ExtendedData>{data}</ExtendedData><Polygon>{bounds}</Polygon></Placemark>")
    body = "".join(marks)
    return f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'


def kml(folder: Path) -> dict[str, Any]:
    (folder / "楼.kml").write_text(kml_text(), encoding="utf-8")
    return {"path": "楼.kml"}


def kmz(folder: Path) -> dict[str, Any]:
    with zipfile.ZipFile(folder / "楼.kmz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", kml_text())
    return {"path": "楼.kmz"}


def csv_wkt(folder: Path) -> dict[str, Any]:
    table = frame().drop(columns="geometry")
    table["形"] = shapely.to_wkt(np.array(SHAPES), rounding_precision=4)
    table.to_csv(folder / "楼.csv", index=False, encoding="gb18030")
    return {"path": "楼.csv", "wkt": "形", "crs": "EPSG:4548"}


def xlsx_key(folder: Path) -> dict[str, Any]:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "建筑"
    page.append(["楼号", "楼名", "层", "建面"])
    for row in zip(["001", "002"], NAMES, FLOORS, AREAS, strict=True):
        page.append(row)
    book.save(folder / "楼.xlsx")
    made = gpd.GeoDataFrame({"号": ["002", "001"]}, geometry=SHAPES[::-1], crs=4548)
    made.to_file(folder / "形.gpkg")
    shapes = {"path": "形.gpkg", "columns": {"id": "号"}}
    return {"path": "楼.xlsx", "layer": "建筑", "key": "id", "columns": {"id": "楼号"}, "geometry": shapes}


def draw(folder: Path) -> None:
    drawing = ezdxf.new("R2013", setup=True)
    space = drawing.modelspace()
    hatch = space.add_hatch(dxfattribs={"layer": "建筑"})
    hatch.paths.add_polyline_path(list(SHAPES[0].exterior.coords)[:-1], flags=1)
    hatch.paths.add_polyline_path(list(SHAPES[0].interiors[0].coords)[:-1], flags=16)
    space.add_lwpolyline(list(SHAPES[1].exterior.coords)[:-1], close=True, dxfattribs={"layer": "建筑"})
    for shape, name, floors, area in zip(SHAPES, NAMES, FLOORS, AREAS, strict=True):
        x, y = shape.bounds[:2]
        for layer, text, up in (("楼名", name, 6), ("层数", floors, 7), ("面积", area, 8)):
            space.add_text(str(text), height=1, dxfattribs={"layer": layer}).set_placement((x + 11, y + up))
    drawing.saveas(folder / "图.dxf")


LABELS = {"楼名": "楼名", "层": "层数", "建面": "面积"}


def dxf(folder: Path) -> dict[str, Any]:
    draw(folder)
    return {"path": "图.dxf", "layer": "建筑", "labels": LABELS, "crs": "EPSG:4548"}


def dwg(folder: Path) -> dict[str, Any]:
    from acadsharp import native

    draw(folder)
    runtime = native.load()
    runtime.write(runtime.read(str(folder / "图.dxf")), str(folder / "图.dwg"))
    return {"path": "图.dwg", "layer": "建筑", "labels": LABELS, "crs": "EPSG:4548"}


@pytest.mark.parametrize(
    "make",
    [shp, zipped_shp, gpkg, geojson, file_gdb, flat_geobuf, kml, kmz, csv_wkt, xlsx_key, dxf, dwg],
    ids=lambda make: make.__name__,
)
def test_areas(tmp_path: Path, make: Callable[[Path], dict[str, Any]]) -> None:
    given = make(tmp_path)
    source = Source.model_validate({**given, "columns": {**COLUMNS, **given.get("columns", {})}})
    log = FaultLog()
    taken = read_source(source, Building, resolve=lambda path: tmp_path / path, log=log)
    assert taken is not None and not log.errors, log.faults
    found = place_frame(taken, PLAN).sort_values(str(Building.floors))
    assert found[Building.name].tolist() == NAMES
    assert found[Building.floors].tolist() == FLOORS
    assert found[Building.floor_area_m2].tolist() == AREAS
    for shape, true in zip(found.geometry, SHAPES, strict=True):
        (shape,) = shapely.get_parts(shape)
        assert len(shape.interiors) == len(true.interiors)
        assert shapely.hausdorff_distance(shape.boundary, true.boundary) < 0.001
        assert shape.area == pytest.approx(true.area, abs=0.05)


def csv_points(folder: Path) -> dict[str, Any]:
    (folder / "店.csv").write_bytes(
        f"名称,类型,东,北\n小学,小学,{E0 + 5:.2f},{N0 + 7.25}\n菜店,菜店,{E0},{N0}\n".encode("utf-8-sig")
    )
    return {"path": "店.csv", "x": "东", "y": "北", "crs": "EPSG:4548"}


def xlsx_points(folder: Path) -> dict[str, Any]:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["设施台账", None, None, None])
    page.merge_cells("A1:D1")
    page.append(["名称", "类型", "东", "北"])
    page.append(["小学", "小学", E0 + 5, f"{N0 + 7.25:,}"])
    page.append(["菜店", "菜店", E0, N0])
    book.save(folder / "店.xlsx")
    return {"path": "店.xlsx", "x": "东", "y": "北", "crs": "EPSG:4548"}


def dxf_blocks(folder: Path) -> dict[str, Any]:
    drawing = ezdxf.new("R2010")
    block = drawing.blocks.new("设施")
    block.add_circle((0, 0), 2)
    for tag in ("名称", "类型"):
        block.add_attdef(tag, (0, 0))
    for x, y, name in ((5, 7.25, "小学"), (0, 0, "菜店")):
        reference = drawing.modelspace().add_blockref("设施", (E0 + x, N0 + y), dxfattribs={"layer": "设施"})
        reference.add_auto_attribs({"名称": name, "类型": name})
    drawing.saveas(folder / "图.dxf")
    return {"path": "图.dxf", "layer": "设施", "crs": "EPSG:4548"}


def dxf_texts(folder: Path) -> dict[str, Any]:
    drawing = ezdxf.new("R2010")
    for x, y, name in ((5, 7.25, "小学"), (0, 0, "菜店")):
        text = drawing.modelspace().add_text(name, dxfattribs={"layer": "设施"})
        # A text stands where its middle is, whichever corner it is tied by.
        text.set_placement((E0 + x, N0 + y), align=TextEntityAlignment.MIDDLE_CENTER)
    drawing.saveas(folder / "图.dxf")
    return {
        "path": "图.dxf",
        "layer": "设施",
        "crs": "EPSG:4548",
        "columns": {"name": "Text", "type_name": "Text"},
    }


@pytest.mark.parametrize(
    "make", [csv_points, xlsx_points, dxf_blocks, dxf_texts], ids=lambda make: make.__name__
)
def test_points(tmp_path: Path, make: Callable[[Path], dict[str, Any]]) -> None:
    given = {"columns": {"name": "名称", "type_name": "类型"}, **make(tmp_path)}
    log = FaultLog()
    taken = read_source(Source.model_validate(given), Facility, resolve=lambda path: tmp_path / path, log=log)
    assert taken is not None and not log.errors, log.faults
    found = place_frame(taken, PLAN)
    assert found[Facility.name].tolist() == found[Facility.type_name].tolist() == ["小学", "菜店"]
    assert [(p.x, p.y) for p in found.geometry] == [(E0 + 5, N0 + 7.25), (E0, N0)]


@pytest.mark.parametrize("name", ["片区.osm", "片区.osm.pbf", "片区.osm.bz2"])
def test_openstreetmap(tmp_path: Path, name: str) -> None:
    corners = [(116.86, 28.34), (116.861, 28.34), (116.861, 28.341), (116.86, 28.341)]
    with osmium.SimpleWriter(str(tmp_path / name)) as writer:
        for number, spot in enumerate(corners, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=spot, version=1))
        writer.add_node(
            osmium.osm.mutable.Node(id=9, location=(116.8605, 28.3405), version=1, tags={"name": "公厕"})
        )
        tags = {"building": "yes", "name": "甲楼"}
        writer.add_way(osmium.osm.mutable.Way(id=7, nodes=[1, 2, 3, 4, 1], version=1, tags=tags))
    log = FaultLog()
    extract = read_osm(tmp_path / name, log)
    assert not log.faults
    assert extract.nodes[["ref", "tags"]].to_numpy().tolist() == [["n9", {"name": "公厕"}]]
    assert extract.nodes.geometry.tolist() == [Point(116.8605, 28.3405)]
    assert extract.areas[["ref", "tags"]].to_numpy().tolist() == [["w7", tags]]
    assert extract.areas.geometry.iloc[0].equals(Polygon(corners))


def test_geotiff(tmp_path: Path) -> None:
    heights = np.arange(30, dtype="float32").reshape(5, 6) + 40
    heights[0, 0] = -9999
    with rasterio.open(
        tmp_path / "高程.tif", "w", driver="GTiff", width=6, height=5, count=1, dtype="float32", crs="EPSG:4548",
        transform=rasterio.Affine(10, 0, E0, 0, -10, N0 + 50), nodata=-9999,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    log = FaultLog()
    table = read_relief(
        tmp_path / "高程.tif", (E0, N0, E0 + 60, N0 + 50), PLAN, Place("高程.tif", Relief.alias, log)
    )
    assert not log.errors and len(table) == 29
    column = ((table[Relief.x_m] - E0 - 5) / 10).astype(int)
    row = ((N0 + 45 - table[Relief.y_m]) / 10).astype(int)
    assert table[Relief.height_m].tolist() == heights[row, column].tolist()
    assert set(zip(row, column, strict=True)) == {(r, c) for r in range(5) for c in range(6)} - {(0, 0)}
