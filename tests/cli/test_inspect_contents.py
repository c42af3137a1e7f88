"""``haoshequ inspect`` beside coordinates: format, encoding, faults of the geometry, what the columns mean."""

from __future__ import annotations

import json
import time
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from shapely import LineString, Point, Polygon, box
from typer.testing import CliRunner

from pipeline.cli.app import app

E0, N0 = 486_000.0, 3_137_000.0


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def look(*words: str) -> tuple[int, str]:
    """Run the command; exit code and what it printed."""
    done = CliRunner().invoke(app, ["inspect", *words], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.output


def read(*words: str) -> list[dict]:
    """Run the command and return its objects."""
    return json.loads(CliRunner().invoke(app, ["inspect", "--json", *words], standalone_mode=False).output)


def flat(text: str) -> str:
    """Return a text without the breaks of the console."""
    return "".join(text.split())


def make_parcels(path: str, **columns: list) -> None:
    """Three parcels: the second overlaps the first by 2 m, the third crosses itself."""
    bow = Polygon([(E0 + 40, N0), (E0 + 60, N0 + 20), (E0 + 60, N0), (E0 + 40, N0 + 20)])
    shapes = [box(E0, N0, E0 + 20, N0 + 20), box(E0 + 18, N0, E0 + 38, N0 + 20), bow]
    values = {"TBBH": ["T1", "T2", "T3"], "YDYHFLDM": ["0701", "0701", "1401"]} | columns
    gpd.GeoDataFrame(values, geometry=shapes, crs=4548).to_file(path, encoding="UTF-8")


def test_faults_of_the_geometry_are_counted_with_examples():
    make_parcels("现状用地.shp")
    code, said = look("现状用地.shp")
    assert code == 1, "an overlap of 2 m is more than can be mended"
    assert ("图形问题" in said and "HSQ-G05" in said and "“T2”" in said) or "“T1”" in said
    (item,) = read("现状用地.shp")
    faults = {fault["code"]: fault for fault in item["geometry_faults"]}
    assert faults["HSQ-G05"]["severity"] == "错误" and faults["HSQ-G05"]["count"] == 1
    assert "HSQ-G02" in faults and faults["HSQ-G02"]["examples"][0]["row"] == "2"
    assert item["features"] == 3 and item["geometry_types"] == {"面": 3}
    assert not item["usable"]


def test_overlaps_matter_only_where_ground_is_tiled():
    houses = [box(E0, N0, E0 + 20, N0 + 20), box(E0 + 18, N0, E0 + 38, N0 + 20)]
    frame = gpd.GeoDataFrame(
        {"JZBH": ["a", "b"], "CS": [6, 7], "JZGN": ["住宅"] * 2}, geometry=houses, crs=4548
    )
    frame.to_file("建筑.shp", encoding="UTF-8")
    code, said = look("建筑.shp")
    assert code == 0 and "没有发现问题" in said


def test_shapes_are_looked_at_even_where_the_coordinates_are_refused():
    make_parcels("现状用地.shp")
    Path("现状用地.prj").unlink()
    (item,) = read("现状用地.shp")
    assert item["coordinates"]["state"] == "refused"
    assert {"HSQ-G02", "HSQ-G05"} <= {fault["code"] for fault in item["geometry_faults"]}


@pytest.mark.parametrize(
    ("encoding", "cpg", "said"),
    [("GBK", None, "GB18030：" ), ("UTF-8", "UTF-8", "与文件声明一致"), ("GBK", "UTF-8", "文件声明的UTF-8不对")],
)  # fmt: skip
def test_the_encoding_is_judged_by_its_bytes(encoding: str, cpg: str | None, said: str):
    names = ["县政府家属院", "滨河花园小区", "工人新村北区", "老粮站宿舍"]
    frame = gpd.GeoDataFrame(
        {"JZMC": names}, geometry=[Point(E0 + n, N0).buffer(5) for n in range(0, 80, 20)], crs=4548
    )
    frame.to_file("建筑.shp", encoding=encoding)
    Path("建筑.cpg").unlink(missing_ok=True)
    if cpg:
        Path("建筑.cpg").write_text(cpg, encoding="ascii")
    code, text = look("建筑.shp")
    assert code == 0 and said in flat(text)
    (item,) = read("建筑.shp")
    assert item["encoding"]["encoding"] == ("UTF-8" if encoding == "UTF-8" else "GB18030")
    assert item["encoding"]["evidence"] in item["encoding"]["told"]


def test_columns_are_guessed_with_confidence_and_doubts():
    make_parcels("现状用地.shp", ERRK=[1, 2, 3])
    (item,) = read("现状用地.shp")
    (contents,) = item["contents"]
    assert contents["likely"][0]["key"] == "parcel"
    fields = {field["column"]: field for field in contents["fields"] if field["field"] != "id"}
    assert fields["YDYHFLDM"]["field"] == "landuse_code" and fields["YDYHFLDM"]["sure"]
    assert contents["unused"] == ["ERRK"]
    _, said = look("现状用地.shp")
    assert "像“现状用地分布”" in flat(said) and "没有用处的列：ERRK" in flat(said)


def test_a_ledger_needs_no_coordinates():
    pd.DataFrame({"社区名称": ["甲社区"], "常住人口": [900], "60岁以上": [200]}).to_excel(
        "人口台账.xlsx", index=False
    )
    code, said = look("人口台账.xlsx")
    assert code == 0
    assert "像是“人口台账”，这类表格没有坐标也可以使用" in flat(said) and "UTF-8（格式规定）" in said


def test_a_web_maps_export_says_its_datum():
    rows = {
        "id": [f"B0{n:08d}" for n in range(9)],
        "name": ["甲店"] * 9,
        "type": ["购物服务;超级市场;超市"] * 9,
    }
    rows |= {"lon": [116.86 + n / 1e3 for n in range(9)], "lat": [28.34] * 9}
    pd.DataFrame(rows).to_csv("POI.csv", index=False, encoding="utf-8-sig")
    code, said = look("POI.csv")
    assert code == 1 and "datum: gcj02" in said and "高德" in said


def test_a_drawing_is_listed_by_cad_layer():
    drawing = ezdxf.new("R2010")
    for n in range(4):
        square = [(E0 + 30 * n, N0), (E0 + 30 * n + 9, N0), (E0 + 30 * n + 9, N0 + 9)]
        drawing.modelspace().add_lwpolyline(square, close=True, dxfattribs={"layer": "现状建筑"})
    drawing.modelspace().add_line((E0, N0), (E0 + 99, N0), dxfattribs={"layer": "道路中心线"})
    drawing.saveas("底图.dxf")
    _, said = look("底图.dxf")
    assert "现状建筑" in said and "道路中心线" in said and "面 4" in said and "线 1" in said
    (item,) = read("底图.dxf")
    assert {(part["layer"], part["rows"]) for part in item["contents"]} == {
        ("现状建筑", 4),
        ("道路中心线", 1),
    }


def test_a_raster_is_described():
    with rasterio.open(
        "高程.tif", "w", driver="GTiff", width=40, height=30, count=1, dtype="float32", crs="EPSG:4548",
        transform=rasterio.Affine(5, 0, E0, 0, -5, N0), nodata=-9999,
    ) as sink:  # fmt: skip
        sink.write(np.zeros((1, 30, 40), dtype="float32"))
    code, said = look("高程.tif")
    assert code == 0 and "40×30 个像元" in said and "像元 5×5" in said and "EPSG:4548" in said
    (item,) = read("高程.tif")
    assert item["raster"]["width"] == 40 and item["coordinates"]["bounds"] == [E0, N0 - 150, E0 + 200, N0]


def test_a_folder_stands_for_its_data_files():
    Path("资料").mkdir()
    make_parcels("资料/现状用地.shp")
    Path("资料/说明.pdf").write_bytes(b"%PDF-1.4")
    assert [item["file"] for item in read("资料")] == ["资料/现状用地.shp"]
    Path("空").mkdir()
    code, said = look("空")
    assert code == 1 and "不支持的文件格式" in said


def test_every_line_fits_a_hundred_columns():
    make_parcels("现状用地.shp")
    pd.DataFrame({"社区名称": ["甲社区"], "常住人口": [900]}).to_excel("人口台账.xlsx", index=False)
    gpd.GeoDataFrame({"a": [1]}, geometry=[LineString([(0, 0), (1e308, 1e308)])], crs=4548).to_file("坏.gpkg")
    _, said = look("现状用地.shp", "人口台账.xlsx", "坏.gpkg", "没有.shp")
    wide = [line for line in said.splitlines() if sum(2 if ch >= "\u2e80" else 1 for ch in line) > 100]
    assert wide == [] and "Traceback" not in said and "inf" not in said


def test_a_hundred_thousand_rows_are_looked_at_in_seconds():
    """Measured 5 to 7 s of processor time on 2 shared cores, imports included; twice that fails."""
    n = 317
    i, j = np.divmod(np.arange(n * n), n)
    shapes = shapely.box(E0 + 30 * i, N0 + 30 * j, E0 + 30 * i + 30, N0 + 30 * j + 30)[:100_000]
    columns = {"TBBH": [f"T{k:06d}" for k in range(100_000)], "YDYHFLDM": ["0701"] * 100_000}
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4548).to_file("现状用地.gpkg")
    began = time.process_time()
    (item,) = read("现状用地.gpkg")
    assert time.process_time() - began < 14
    assert item["usable"] and item["features"] == 100_000 and item["geometry_faults"] == []
