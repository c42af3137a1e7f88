"""What a folder is found to hold: parts under the names the readers know, headers as the readers see them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import openpyxl
import pandas as pd
from shapely import Point, box

from layers.read.contents import Left, Part, read_folder
from layers.source import Facility
from pipeline.begin.start import begin_plan, look_through
from pipeline.plan import load_plan

from .conftest import DAY
from .test_begin import E0, N0, make_communities

KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>图</name>
<Folder><name>医院</name><Placemark><name>甲诊所</name><Point><coordinates>116.86,28.34</coordinates></Point></Placemark></Folder>
<Folder><name>范围</name><Placemark><name>乙</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
116.86,28.34 116.87,28.34 116.87,28.35 116.86,28.34</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>
</Document></kml>"""


def read(folder: Path) -> tuple[dict[str, Part], dict[str, str]]:
    """Return parts by label and the reasons of what was left out."""
    found = list(read_folder(folder))
    parts = {item.label: item for item in found if isinstance(item, Part)}
    return parts, {item.label: item.reason for item in found if isinstance(item, Left)}


def test_a_drawing_is_parted_by_layer_and_kind(tmp_path: Path):
    drawing = ezdxf.new("R2010")
    space = drawing.modelspace()
    space.add_lwpolyline([(E0, N0), (E0 + 9, N0), (E0 + 9, N0 + 9)], close=True, dxfattribs={"layer": "建筑"})
    space.add_line((E0, N0), (E0 + 9, N0), dxfattribs={"layer": "道路"})
    space.add_point((E0, N0), dxfattribs={"layer": "道路"})
    drawing.saveas(tmp_path / "底图.dxf")
    parts, left = read(tmp_path)
    assert left == {}
    assert {part.layer for part in parts.values()} == {"建筑", "道路"}
    assert all("EntityHandle" not in part.table and len(part.table) == 1 for part in parts.values())


def test_a_kml_is_parted_by_folder(tmp_path: Path):
    (tmp_path / "奥维.kml").write_text(KML, encoding="utf-8")
    parts, _ = read(tmp_path)
    assert {name: part.shape for name, part in parts.items()} == {
        "奥维.kml｜医院": "point",
        "奥维.kml｜范围": "polygon",
    }


def test_titles_and_double_headers_are_the_readers_business(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    book = openpyxl.Workbook()
    page = book.active
    page.title = "设施"
    for row in (
        ["某街道设施台账", None, None, None],
        ["名称", "设施类型", "坐标", None],
        [None, None, "东", "北"],
        ["甲诊所", "诊所", E0 + 5, N0 + 5],
        ["乙超市", "超市", E0 + 9, N0 + 9],
    ):
        page.append(row)
    for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2"):
        page.merge_cells(cells)
    book.save(tmp_path / "设施台账.xlsx")
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    (source,) = load_plan(begun.config).inputs.facility
    assert (source.header_rows, source.skip_rows) == (None, None)
    assert (source.x, source.y) == ("坐标/东", "坐标/北")
    assert source.columns[str(Facility.name)] == "名称"


def test_a_header_that_could_be_another_is_written_and_doubted(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    rows = [["设施名称", "设施类型", "经度", "纬度"], ["设施名称", "类型", 116.86, 28.34]]
    rows += [[f"{n}诊所", "诊所", 116.86 + n / 1e4, 28.34] for n in range(9)]
    pd.DataFrame(rows).to_csv(tmp_path / "设施.csv", index=False, header=False)
    (entry,) = look_through(tmp_path).of(Facility)
    assert (entry.source["skip_rows"], entry.source["header_rows"]) == (0, 1)
    assert "skip_rows" in dict(entry.doubts)


def test_packages_in_archives_are_listed_by_layer(tmp_path: Path):
    inner = tmp_path / "城.gpkg"
    make_communities(inner, layer="社区")
    frame = gpd.GeoDataFrame({"DLMC": ["甲"]}, geometry=[Point(E0, N0)], crs=4548)
    frame.to_file(inner, layer="点")
    with zipfile.ZipFile(tmp_path / "资料.zip", "w") as archive:
        archive.write(inner, "城.gpkg")
    inner.unlink()
    parts, _ = read(tmp_path)
    assert set(parts) == {"资料.zip｜社区", "资料.zip｜点"}


def test_two_shapefiles_of_one_name_are_told_apart_by_their_folders(tmp_path: Path):
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[box(E0, N0, E0 + 1, N0 + 1)], crs=4548)
    with zipfile.ZipFile(tmp_path / "资料.zip", "w") as archive:
        for folder in ("甲", "乙"):
            (tmp_path / folder).mkdir()
            frame.to_file(tmp_path / folder / "用地.shp")
            for path in sorted((tmp_path / folder).iterdir()):
                archive.write(path, f"{folder}/{path.name}")
                path.unlink()
    parts, left = read(tmp_path)
    assert set(parts) == {"资料.zip｜甲/用地", "资料.zip｜乙/用地"} and left == {}


def test_a_file_that_would_run_a_command_is_not_opened(tmp_path: Path):
    sink = tmp_path / "out.tif"
    (tmp_path / "坏.json").write_text(
        f'{{"type": "gdal_streamed_alg", "command_line": "gdal raster create --size 1,1 {sink}"}}',
        encoding="utf-8",
    )
    parts, left = read(tmp_path)
    assert parts == {} and "可执行" in left["坏.json"] and not sink.exists()


def test_a_table_without_its_shapefile_is_named(tmp_path: Path):
    gpd.GeoDataFrame({"a": [1]}, geometry=[Point(E0, N0)], crs=4548).to_file(tmp_path / "点.shp")
    for suffix in (".shp", ".shx", ".prj"):
        (tmp_path / f"点{suffix}").unlink()
    _, left = read(tmp_path)
    assert list(left) == ["点.dbf"] and "同名的 .shp" in left["点.dbf"]


def test_old_formats_say_how_they_become_readable(tmp_path: Path):
    (tmp_path / "台账.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    _, left = read(tmp_path)
    assert "另存为 .xlsx" in left["台账.xls"]
