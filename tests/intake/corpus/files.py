"""Files that are absent, torn, disguised, incomplete, or hold other layers and sheets than the plan names."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing

import ezdxf
import numpy as np
import rasterio
from shapely import Point

from tests.intake.corpus.case import case, error, warning
from tests.intake.corpus.desk import CRS, E0, N0, POINTS, SAMPLE, Desk, near

KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
PLACEMARK = "<Placemark><name>{}</name><Point><coordinates>116.8772,28.3421</coordinates></Point></Placemark>"


def write_gates(desk: Desk, name: str = "门.gpkg", **options: object) -> None:
    """Write two gates and name them."""
    desk.vector(name, near(Point(0, 0), Point(30, 0)), name=["东门", "西门"], options=options or None)
    desk.add("gate", name)


@case(error("HSQ-F01", "现状用地.shp", says="不存在", advice="社区边界.shp"))
def absent_file(desk: Desk) -> None:
    """A file that is not there; those that are there are named."""
    desk.add("parcel", "现状用地.shp")


@case(error("HSQ-F02", "建筑.gpkg", says="0 字节"))
def file_of_no_bytes(desk: Desk) -> None:
    """A copy that never began."""
    desk.put("建筑.gpkg", b"")
    desk.add("building", "建筑.gpkg")


@case(error("HSQ-F02", "门.gpkg", says="文件不完整"))
def geopackage_that_broke_off(desk: Desk) -> None:
    """Half a GeoPackage."""
    write_gates(desk)
    data = desk.path("门.gpkg").read_bytes()
    desk.put("门.gpkg", data[: len(data) // 2])


@case(error("HSQ-F02", "门.shp", says=".shp 不完整"))
def shapefile_that_broke_off(desk: Desk) -> None:
    """A .shp shorter than its header says: it would read as empty shapes."""
    write_gates(desk, "门.shp")
    desk.put("门.shp", desk.path("门.shp").read_bytes()[:-10])


@case(error("HSQ-F02", "门.shp", says="数目不符"))
def attributes_of_another_export(desk: Desk) -> None:
    """The .dbf of yesterday beside the .shp of today."""
    write_gates(desk, "门.shp")
    desk.vector("旧.shp", near(Point(0, 0)), name=["东门"])
    desk.put("门.dbf", desk.path("旧.dbf").read_bytes())


@case(error("HSQ-F06", "门.shp", says=".dbf"), error("HSQ-F06", "门.shp", says=".shx"))
def shapefile_alone(desk: Desk) -> None:
    """A .shp sent without its companions."""
    write_gates(desk, "门.shp")
    desk.path("门.dbf").unlink()
    desk.path("门.shx").unlink()


@case(error("HSQ-F02", "设施.xlsx", says="工作簿无法打开"))
def workbook_that_broke_off(desk: Desk) -> None:
    """The first half of a workbook."""
    desk.sheet("设施.xlsx", [["名称", "类型", "东", "北"]])
    desk.put("设施.xlsx", desk.path("设施.xlsx").read_bytes()[:2000])
    desk.add("facility", "设施.xlsx", **POINTS)


@case(error("HSQ-F02", "设施.csv", says="已损坏"))
def text_with_zero_bytes(desk: Desk) -> None:
    """A csv whose tail is zeros, as a crashed disk leaves it."""
    desk.facilities(["甲超市,超市"])
    desk.put("设施.csv", desk.path("设施.csv").read_bytes() + b"\x00" * 40)


@case(error("HSQ-F02", "设施.csv", says="表格为空"))
def table_without_rows(desk: Desk) -> None:
    """A csv of blank lines."""
    desk.put("设施.csv", "\n\n\n")
    desk.add("facility", "设施.csv", **POINTS)


@case(error("HSQ-F02", "门.geojson", says="不是 GeoJSON"))
def json_of_something_else(desk: Desk) -> None:
    """A configuration file that is named like a map."""
    desk.put("门.geojson", '{"version": 1, "settings": {}}')
    desk.add("gate", "门.geojson")


@case(error("HSQ-F02", "门.kml", says="不是合法的 XML"))
def kml_that_broke_off(desk: Desk) -> None:
    """A KML cut in the middle."""
    desk.put("门.kml", KML.format(PLACEMARK.format("东门") * 20)[:600])
    desk.add("gate", "门.kml")


@case(error("HSQ-F02", "门.dxf", says="不是有效的 .dxf"))
def drawing_that_broke_off(desk: Desk) -> None:
    """A DXF that ends in a line."""
    drawing = ezdxf.new("R2010")
    for at in range(50):
        drawing.modelspace().add_point((E0 + at, N0))
    drawing.saveas(desk.path("门.dxf"))
    data = desk.path("门.dxf").read_bytes()
    desk.put("门.dxf", data[: data.index(b"ENTITIES") + 300])
    desk.add("gate", "门.dxf", crs=CRS)


@case(error("HSQ-F02", "建筑.dwg"))
def drawing_of_noise(desk: Desk) -> None:
    """A DWG with a good head and noise behind."""
    desk.put("建筑.dwg", b"AC1027\x00" + bytes(range(256)) * 20)
    desk.add("building", "建筑.dwg", crs=CRS)


@case(error("HSQ-F03", "门.gpkg｜大门", value="大门", advice="门"))
def layer_that_is_not_there(desk: Desk) -> None:
    """A layer name the file does not have."""
    write_gates(desk)
    desk.inputs["gate"][0]["layer"] = "大门"


@case(error("HSQ-F03", "设施.xlsx｜设施台账", advice="设施表"))
def sheet_that_is_not_there(desk: Desk) -> None:
    """A sheet name the workbook does not have."""
    desk.sheet("设施.xlsx", [["名称", "类型", "东", "北"], ["甲超市", "超市", E0, N0]], title="设施表")
    desk.add("facility", "设施.xlsx", layer="设施台账", **POINTS)


@case(warning("HSQ-F03", "库.gpkg", says="2 个图层", mended="读取“东门”"))
def two_layers_and_no_name(desk: Desk) -> None:
    """A database with two layers of points; the plan does not say which."""
    for name in ("东门", "西门"):
        desk.vector(
            "库.gpkg", near(Point(0, 0)), name=[name], options={"layer": name, "append": name != "东门"}
        )
    desk.add("gate", "库.gpkg")


@case(warning("HSQ-F03", "包.zip", says="3 份数据", mended="读取"), notes="HSQ-V02")
def archive_of_several_sets(desk: Desk) -> None:
    """A zip with three shapefiles of polygons; the plan does not say which."""
    with zipfile.ZipFile(desk.path("包.zip"), "w") as archive:
        for stem in ("现状用地", "建筑", "社区边界"):
            for path in sorted(SAMPLE.glob(f"{stem}.*")):
                archive.writestr(path.name, path.read_bytes())
    desk.add("building", "包.zip", columns={"id": "JZBH", "use": "JZGN", "floors": "CS", "built": "JCND"})


@case(error("HSQ-F04", "设施.xls", advice="另存为 .xlsx"))
def old_workbook(desk: Desk) -> None:
    """A workbook of Excel 2003."""
    desk.put("设施.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    desk.add("facility", "设施.xls", **POINTS)


@case(error("HSQ-F04", "人口.tif", says=".tif"))
def raster_as_a_layer(desk: Desk) -> None:
    """A GeoTIFF where shapes are wanted."""
    desk.put("人口.tif", (SAMPLE / "人口.tif").read_bytes())
    desk.add("parcel", "人口.tif")


@case(error("HSQ-F04", "库", says="文件夹"))
def folder_instead_of_a_file(desk: Desk) -> None:
    """A folder where its file should be named."""
    desk.put("库/门.csv", "x,y\n")
    desk.add("gate", "库")


@case(error("HSQ-F07", "设施.csv", says="xlsx"))
def workbook_named_csv(desk: Desk) -> None:
    """A workbook whose ending somebody changed."""
    desk.sheet("设施.xlsx", [["名称", "类型"]])
    desk.path("设施.xlsx").rename(desk.path("设施.csv"))
    desk.add("facility", "设施.csv", **POINTS)


@case(error("HSQ-F07", "设施.xlsx", says="网页", advice="另存为 .xlsx"))
def web_page_named_xlsx(desk: Desk) -> None:
    """What the export button of many office systems gives."""
    desk.put("设施.xlsx", "<html><body><table><tr><td>名称</td></tr></table></body></html>")
    desk.add("facility", "设施.xlsx", **POINTS)


@case(warning("HSQ-F06", "门.gpkg", says="-wal", mended="连同这些修改一起读取"))
def database_open_elsewhere(desk: Desk) -> None:
    """A GeoPackage with changes that QGIS has not merged yet."""
    write_gates(desk)
    with closing(sqlite3.connect(desk.path("门.gpkg"))) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA wal_autocheckpoint=0")
        base.execute("UPDATE gpkg_contents SET description='南门'")
        base.commit()
        files = {path.name: path.read_bytes() for path in desk.folder.glob("门.gpkg*")}
    for name, data in files.items():
        if not name.endswith("-shm"):
            desk.put(name, data)


@case(error("HSQ-F02", "外.zip", says="还是压缩包"))
def archive_in_an_archive(desk: Desk) -> None:
    """A zip that holds a zip."""
    with zipfile.ZipFile(desk.path("外.zip"), "w") as archive:
        archive.writestr("内.zip", b"PK\x05\x06" + bytes(18))
    desk.add("gate", "外.zip")


@case(warning("HSQ-F03", "门.kmz", says="2 个 .kml"), notes="HSQ-X01")
def kmz_of_two_documents(desk: Desk) -> None:
    """A KMZ with two documents: the first is read, the other named."""
    with zipfile.ZipFile(desk.path("门.kmz"), "w") as archive:
        for name in ("甲.kml", "乙.kml"):
            archive.writestr(name, KML.format(PLACEMARK.format(name)))
    desk.add("gate", "门.kmz", datum="cgcs2000")


@case(warning("HSQ-G07", "楼.dxf｜楼", "31", says="没有闭合"), notes="HSQ-G03")
def outline_that_does_not_close(desk: Desk) -> None:
    """A building drawn as an open polyline beside closed ones."""
    drawing = ezdxf.new("R2010")
    page = drawing.modelspace()
    for at, closed in enumerate((True, True, False)):
        ring = [(E0 + 20 * at + x, N0 + y) for x, y in ((0, 0), (9, 0), (9, 9), (0, 9))]
        page.add_lwpolyline(ring, close=closed, dxfattribs={"layer": "楼"})
    drawing.saveas(desk.path("楼.dxf"))
    desk.add("building", "楼.dxf", layer="楼", crs=CRS)


@case(warning("HSQ-V09", "楼.dxf｜楼", says="已关闭或冻结", mended="仍读取"))
def layer_that_is_switched_off(desk: Desk) -> None:
    """Buildings on a CAD layer that is switched off."""
    drawing = ezdxf.new("R2010")
    drawing.layers.add("楼").off()
    ring = [(E0 + x, N0 + y) for x, y in ((0, 0), (9, 0), (9, 9), (0, 9))]
    drawing.modelspace().add_lwpolyline(ring, close=True, dxfattribs={"layer": "楼"})
    drawing.saveas(desk.path("楼.dxf"))
    desk.add("building", "楼.dxf", layer="楼", crs=CRS)


@case(warning("HSQ-F06", "街.dxf｜街", says="外部参照", mended="不打开"))
def drawing_that_refers_to_another(desk: Desk) -> None:
    """Streets in a drawing whose base map is an external reference."""
    drawing = ezdxf.new("R2010")
    drawing.add_xref_def("../底图.dwg", "底图")
    drawing.modelspace().add_line((E0 - 80, N0), (E0 + 80, N0), dxfattribs={"layer": "街"})
    drawing.saveas(desk.path("街.dxf"))
    desk.add("road", "街.dxf", layer="街", crs=CRS, constants={"kind": "支路"})


@case(warning("HSQ-V09", "设施.xlsx", "3", says="被隐藏", mended="仍作为数据读取"))
def hidden_rows(desk: Desk) -> None:
    """A row that a filter hides is a row all the same."""
    rows = [["名称", "类型", "东", "北"], ["甲超市", "超市", E0, N0], ["乙超市", "超市", E0 + 9, N0]]
    book = desk.sheet("设施.xlsx", rows)
    book.active.row_dimensions[3].hidden = True
    book.save(desk.path("设施.xlsx"))
    desk.add("facility", "设施.xlsx", **POINTS)


@case(error("HSQ-X01", "高程.tif", says="坐标系"))
def heights_without_a_place(desk: Desk) -> None:
    """A raster of heights that nobody georeferenced."""
    with rasterio.open(
        desk.path("高程.tif"), "w", driver="GTiff", width=4, height=4, count=1, dtype="float32",
        transform=rasterio.Affine(250, 0, E0 - 500, 0, -250, N0 + 500),
    ) as raster:  # fmt: skip
        raster.write(np.full((1, 4, 4), 30, dtype="float32"))
    desk.blocks["walking"] = {"dem": "高程.tif"}


@case(error("HSQ-X02", "高程.tif"))
def heights_of_elsewhere(desk: Desk) -> None:
    """Heights of the next county."""
    with rasterio.open(
        desk.path("高程.tif"), "w", driver="GTiff", width=4, height=4, count=1, dtype="float32", crs=CRS,
        transform=rasterio.Affine(250, 0, E0 + 50_000, 0, -250, N0),
    ) as raster:  # fmt: skip
        raster.write(np.full((1, 4, 4), 30, dtype="float32"))
    desk.blocks["walking"] = {"dem": "高程.tif"}
