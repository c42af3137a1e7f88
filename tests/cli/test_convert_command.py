"""``haoshequ convert`` as a newcomer uses it: what is read comes out the same, what cannot be is said in Chinese."""

from __future__ import annotations

import sqlite3

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import Transformer
from shapely import LineString, Point, Polygon, box

from layers.datum import shift_from_wgs84
from pipeline.cli.anycells import short_names

E0, N0 = 486_000.0, 3_137_000.0
LAND = {
    "DLBM": ["0701", "1301"],
    "名称": ["甲地块", "乙地块（东）"],
    "面积": [10_000.0, 5000.5],
    "层数": [3, 12],
}


@pytest.fixture
def land(tmp_path, monkeypatch):
    """Two parcels in GBK without .cpg, in zone 39 with its prefix."""
    monkeypatch.chdir(tmp_path)
    shapes = [box(E0, N0, E0 + 100, N0 + 100), box(E0 + 100, N0, E0 + 150, N0 + 100)]
    frame = gpd.GeoDataFrame(LAND, geometry=shapes, crs="EPSG:4548").to_crs(4527)
    frame.to_file("地块.shp", encoding="gbk")
    (tmp_path / "地块.cpg").unlink()
    return tmp_path


def coordinates(frame):
    return shapely.get_coordinates(frame.geometry.to_numpy())


@pytest.mark.parametrize("name", ["结果.gpkg", "结果.shp", "结果.geojson"])
def test_encoding_zone_and_values_come_out_mended(land, call, name):
    code, said = call("convert", "地块.shp", name)
    assert code == 0, said
    assert "已写出" in said and "2 个要素，面" in said
    frame = gpd.read_file(name)
    assert frame["名称"].tolist() == LAND["名称"] and frame["DLBM"].tolist() == LAND["DLBM"]
    assert frame["面积"].tolist() == LAND["面积"] and frame["层数"].tolist() == LAND["层数"]
    assert frame.crs.to_epsg() == (4326 if name.endswith("json") else 4548)
    if frame.crs.is_geographic:
        frame = frame.set_crs(4490, allow_override=True).to_crs(4548)
    assert frame.geometry.area.tolist() == pytest.approx([10_000, 5000], abs=0.1)
    assert coordinates(frame).min(axis=0) == pytest.approx([E0, N0], abs=0.01)
    assert sorted(path.name for path in land.iterdir() if path.name.startswith(".")) == []


def test_the_same_input_gives_the_same_bytes(land, call):
    for name in ("甲.gpkg", "甲.shp", "甲.geojson", "甲.csv", "甲.xlsx"):
        assert call("convert", "地块.shp", name)[0] == 0
        first = {path.name: path.read_bytes() for path in land.iterdir() if path.stem == "甲"}
        assert call("convert", "地块.shp", name, "--overwrite")[0] == 0
        assert first == {path.name: path.read_bytes() for path in land.iterdir() if path.stem == "甲"}
        for path in list(land.iterdir()):
            if path.stem == "甲":
                path.unlink()


def test_a_chosen_system_and_one_that_does_not_fit(land, call):
    assert call("convert", "地块.shp", "a.gpkg", "--crs", "4490")[0] == 0
    assert gpd.read_file("a.gpkg").crs.to_epsg() == 4490
    assert gpd.read_file("a.gpkg").to_crs(4548).geometry.area.tolist() == pytest.approx(
        [10_000, 5000], abs=0.1
    )
    code, said = call("convert", "地块.shp", "b.gpkg", "--crs", "EPSG:4542")  # central meridian 99 E
    assert code == 0 and "不在EPSG:4542" in _joined(said) and "EPSG:4548" in said


def test_points_of_a_web_map_are_taken_back(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    lon, lat = Transformer.from_crs(4548, 4490, always_xy=True).transform([E0, E0 + 500.0], [N0, N0 + 200.0])
    glon, glat = shift_from_wgs84(np.array(lon), np.array(lat), datum="gcj02")
    pd.DataFrame({"名称": ["甲", "乙"], "经度": glon, "纬度": glat, "代码": ["007", "012"]}).to_csv(
        "POI.csv", index=False, encoding="gbk"
    )
    code, said = call(
        "convert", "POI.csv", "POI.gpkg", "--x", "经度", "--y", "纬度", "--source-datum", "gcj02"
    )
    assert code == 0 and "GCJ-02" in said
    frame = gpd.read_file("POI.gpkg")
    assert coordinates(frame) == pytest.approx(np.array([[E0, N0], [E0 + 500, N0 + 200]]), abs=0.1)
    assert frame["代码"].tolist() == ["007", "012"]


def test_a_drawing_gives_the_kind_that_is_asked_for(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    drawing = ezdxf.new("R2010")
    space = drawing.modelspace()
    space.add_lwpolyline(
        [(E0, N0), (E0 + 20, N0), (E0 + 20, N0 + 10), (E0, N0 + 10)],
        close=True,
        dxfattribs={"layer": "地类图斑"},
    )
    space.add_text("0701", dxfattribs={"layer": "地类图斑"}).set_placement((E0 + 5, N0 + 5))
    space.add_line((E0, N0), (E0 + 9, N0), dxfattribs={"layer": "道路"})
    drawing.saveas("总图.dxf")
    code, said = call("convert", "总图.dxf", "用地.shp", "--layer", "地类图斑", "--shape", "polygon")
    assert code == 1 and "--source-crsEPSG:4548" in _joined(said) and "没有写出" in said
    crs = ("--source-crs", "EPSG:4548")
    assert call("convert", "总图.dxf", "用地.shp", "--layer", "地类图斑", "--shape", "polygon", *crs)[0] == 0
    assert gpd.read_file("用地.shp").geometry.area.tolist() == [200.0]
    code, said = call("convert", "总图.dxf", "全部.shp", *crs)
    assert code == 1 and "shp只能存一种" in _joined(said) and "--shape" in said
    assert call("convert", "总图.dxf", "全部.gpkg", *crs)[0] == 0
    assert sorted(gpd.read_file("全部.gpkg").geom_type) == ["LineString", "Point", "Polygon"]


def test_an_extract_of_openstreetmap(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.osm").write_text(
        '<osm version="0.6"><node id="1" lat="28.34" lon="116.86"/><node id="2" lat="28.35" lon="116.86"/>'
        '<node id="3" lat="28.345" lon="116.861"><tag k="amenity" v="toilets"/></node>'
        '<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="甲路"/></way></osm>',
        encoding="utf-8",
    )
    code, said = call("convert", "a.osm", "路.gpkg")
    assert code == 1 and "点1、线1" in _joined(said) and "--shape" in said
    assert call("convert", "a.osm", "路.gpkg", "--shape", "line")[0] == 0
    frame = gpd.read_file("路.gpkg")
    assert frame[["ref", "highway", "name"]].to_numpy().tolist() == [["w7", "residential", "甲路"]]
    x, y = Transformer.from_crs(4490, 4548, always_xy=True).transform([116.86, 116.86], [28.34, 28.35])
    assert coordinates(frame) == pytest.approx(np.column_stack([x, y]), abs=1e-6)


def test_tables_to_tables_need_no_coordinates_and_formulas_stay_text(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "台账.csv").write_bytes("编号,名称,备注\r\n001,甲,=1+1\r\n002,乙,\r\n".encode("gbk"))
    assert call("convert", "台账.csv", "台账.xlsx")[0] == 0
    sheet = openpyxl.load_workbook("台账.xlsx").active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["编号", "名称", "备注"], ["001", "甲", "=1+1"], ["002", "乙", None],
    ]  # fmt: skip
    assert sheet["C2"].data_type == "s" or sheet["C2"].quotePrefix is not None
    assert call("convert", "台账.xlsx", "台账2.csv")[0] == 0
    assert pd.read_csv("台账2.csv", dtype=str)["编号"].tolist() == ["001", "002"]
    code, said = call("convert", "台账.csv", "台账.gpkg")
    assert code == 1 and "--x与--y" in _joined(said) and not (tmp_path / "台账.gpkg").exists()


def test_points_and_areas_as_tables(land, call):
    assert call("convert", "地块.shp", "地块.csv")[0] == 0
    table = pd.read_csv("地块.csv", dtype=str)
    areas = shapely.area(shapely.from_wkt(table["WKT"].to_numpy()))
    assert areas.tolist() == pytest.approx([10_000, 5000], abs=0.1)
    gpd.GeoDataFrame({"名": ["甲"]}, geometry=[Point(E0 + 1, N0 + 2)], crs=4548).to_file("点.gpkg")
    assert call("convert", "点.gpkg", "点.xlsx")[0] == 0
    assert pd.read_excel("点.xlsx").to_numpy().tolist() == [["甲", E0 + 1, N0 + 2]]
    assert (
        call("convert", "点.xlsx", "点2.gpkg", "--x", "东坐标", "--y", "北坐标", "--source-crs", "EPSG:4548")[
            0
        ]
        == 0
    )
    assert coordinates(gpd.read_file("点2.gpkg")).tolist() == [[E0 + 1, N0 + 2]]


# What a newcomer gets wrong ------------------------------------------------------------------------------


def test_help_shows_how(call):
    code, said = call("convert", "--help")
    assert not code
    assert "例：haoshequ convert 地块.zip 地块.gpkg" in said
    for word in ("--source-crs", "--source-datum", "--crs", "--layer", "--shape", "--overwrite", "--skip"):
        assert word in said
    assert "…" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("没有.shp", "a.gpkg"), "文件不存在"),
        (("地块.shp", "a.tab"), "不支持写出 .tab"),
        (("地块.shp", "a"), "不支持写出"),
        (("地块.shp", "无/a.gpkg"), "输出文件夹不存在"),
        (("地块.shp", "a.gpkg", "--crs", "EPSG:2334"), "没有公开的转换参数"),
        (("地块.shp", "a.gpkg", "--crs", "什么"), "不认识的坐标系“什么”"),
        (("地块.shp", "a.geojson", "--crs", "4548"), "只能是经纬度"),
        (("地块.shp", "a.gpkg", "--source-crs", "EPSG:4490"), "单位是米"),
        (("地块.shp", "a.gpkg", "--source-crs", "什么"), "不认识的坐标系“什么”"),
        (("地块.shp", "a.gpkg", "--encoding", "什么"), "不认识的编码“什么”"),
        (("地块.shp", "a.gpkg", "--layer", "没有"), "没有名为“没有”的图层"),
        (("地块.shp", "a.gpkg", "--shape", "point"), "没有点要素"),
        (("地块.shp", "a.gpkg", "--x", "东", "--y", "北"), "没有列“东”"),
        (("地块.shp", "a.gpkg", "--wkt", "形"), "没有列“形”"),
        (("点.csv", "a.gpkg", "--x", "x", "--y", "y"), "用 --source-datum 写明基准"),
        (("空.csv", "a.gpkg"), "0 字节"),
        (("假.shp", "a.gpkg"), "缺少配套文件"),
        (("假.xlsx", "a.csv"), "扩展名为 .xlsx，内容却是PDF"),
        (("高程.tif", "a.gpkg"), "本命令只转换矢量和表格"),
        (("图.pdf", "a.gpkg"), "不支持的文件格式"),
        (("包.zip", "a.gpkg"), "指向外部的路径"),
    ],
)  # fmt: skip
def test_one_clear_message_and_nothing_written(land, call, words, said):
    import zipfile

    (land / "空.csv").touch()
    (land / "点.csv").write_text("x,y\n116.86,28.34\n", encoding="ascii")
    (land / "假.shp").write_bytes(b"x")
    (land / "假.xlsx").write_bytes(b"%PDF-1.4")
    (land / "图.pdf").write_bytes(b"%PDF-1.4")
    with rasterio.open("高程.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8", crs="EPSG:4548",
                       transform=rasterio.Affine(1, 0, E0, 0, -1, N0)) as file:  # fmt: skip
        file.write(np.ones((2, 2), dtype="uint8"), 1)
    with zipfile.ZipFile("包.zip", "w") as archive:
        archive.writestr("../../外面.shp", b"x")
    before = {path.name: path.read_bytes() for path in land.iterdir()}
    code, out = call("convert", *words)
    assert code == 1 and "没有写出" in out
    assert said.replace(" ", "") in _joined(out), out
    assert "配置" not in _joined(out) and "Traceback" not in out
    assert {path.name: path.read_bytes() for path in land.iterdir()} == before


def _joined(out):
    """What was printed, without blanks, line breaks and the lines of a table: column by column, then line by line."""
    rows = [[cell.strip() for cell in line.split("│")] for line in out.splitlines() if "│" in line]
    width = max((len(row) for row in rows), default=0)
    columns = ["".join(row[at] for row in rows if at < len(row)) for at in range(width)]
    return "".join("|".join([*columns, *(line.strip() for line in out.splitlines())]).split())


def test_the_input_is_never_the_output(land, call):
    before = {path.name: path.read_bytes() for path in land.iterdir()}
    (land / "别名.shp").symlink_to("地块.shp")
    for name in ("地块.shp", "./地块.shp", str(land / "地块.shp"), "别名.shp"):
        code, said = call("convert", "地块.shp", name, "--overwrite")
        assert code == 1 and "输入文件本身" in _joined(said), name
    gpd.read_file("地块.shp", encoding="gbk", columns=["名称"]).to_file(
        "库.gdb", driver="OpenFileGDB", layer="地块"
    )
    code, said = call("convert", "库.gdb", "库.gdb/a.gpkg")
    assert code == 1 and "输入文件本身" in _joined(said)
    assert {name: (land / name).read_bytes() for name in before} == before


def test_a_result_that_is_there_stays_unless_told(land, call):
    for name in ("a.gpkg", "a.shp"):
        (land / name).write_bytes(b"mine")
        code, said = call("convert", "地块.shp", name)
        assert code == 1 and "--overwrite" in _joined(said) and (land / name).read_bytes() == b"mine"
        (land / "a.sbn").write_bytes(b"old index")
        assert call("convert", "地块.shp", name, "--overwrite")[0] == 0
        assert len(gpd.read_file(name)) == 2
    assert not (land / "a.sbn").exists()
    (land / "b.prj").write_text("of another file")
    assert call("convert", "地块.shp", "b.shp")[0] == 1 and (land / "b.prj").read_text() == "of another file"
    (land / "c.gpkg").touch()
    (land / "c.gpkg-wal").write_bytes(b"x")
    code, said = call("convert", "地块.shp", "c.gpkg", "--overwrite")
    assert code == 1 and "正被其他程序使用" in _joined(said)
    (land / "d.gpkg").mkdir()
    assert call("convert", "地块.shp", "d.gpkg", "--overwrite")[0] == 1


def test_faulty_rows_stop_the_writing_unless_they_are_left_out(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    bow = Polygon([(E0, N0), (E0 + 10, N0 + 10), (E0 + 10, N0), (E0, N0 + 10)])
    gpd.GeoDataFrame({"名": ["好", "坏"]}, geometry=[box(E0, N0, E0 + 9, N0 + 9), bow], crs=4548).to_file(
        "a.gpkg"
    )
    code, said = call("convert", "a.gpkg", "b.gpkg")
    assert code == 1 and "自相交" in _joined(said) and not (tmp_path / "b.gpkg").exists()
    code, said = call("convert", "a.gpkg", "b.gpkg", "--skip")
    assert code == 1 and "有错误的行没有写出" in said
    assert gpd.read_file("b.gpkg")["名"].tolist() == ["好"]


# What formats cannot hold --------------------------------------------------------------------------------


def test_long_names_and_texts_are_cut_between_characters_and_said(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    columns = {"权利人名称": ["甲" * 100], "权利人名册": ["乙"], "geometry_": ["丙"]}
    gpd.GeoDataFrame(columns, geometry=[Point(E0, N0)], crs=4548).to_file("a.gpkg")
    code, said = call("convert", "a.gpkg", "a.shp")
    assert code == 0 and "权利人名称→权利人" in _joined(said) and "已按字截断" in _joined(said)
    row = gpd.read_file("a.shp").iloc[0]
    assert row["权利人"] == "甲" * 84 and row["权利人_1" if "权利人_1" in row else "权利_1"] == "乙"
    assert row["geometry_"] == "丙"


def test_short_names_differ_whatever_their_case():
    names = short_names(["权利人名称", "权利人名册", "ABCDEFGHIJK", "abcdefghijK", "Abcdefghij", "", "中"])
    assert names == ["权利人", "权利_1", "ABCDEFGHIJ", "abcdefgh_1", "Abcdefgh_2", "_1", "中"]
    assert all(len(name.encode()) <= 10 for name in names) and len({name.lower() for name in names}) == len(
        names
    )


def test_single_and_several_parts_are_one_type(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    both = shapely.union_all([box(E0, N0, E0 + 1, N0 + 1), box(E0 + 5, N0, E0 + 6, N0 + 1)])
    gpd.GeoDataFrame(geometry=[box(E0, N0 + 9, E0 + 1, N0 + 10), both], crs=4548).to_file("a.geojson.gpkg")
    assert call("convert", "a.geojson.gpkg", "b.gpkg")[0] == 0
    assert pyogrio.read_info("b.gpkg")["geometry_type"] == "MultiPolygon"
    assert gpd.read_file("b.gpkg").area.tolist() == pytest.approx([1.0, 2.0])


def test_dates_numbers_and_flags_keep_their_meaning(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    book.active.append(["日期", "数", "混", "x", "y"])
    book.active.append([pd.Timestamp("2024-03-05"), 1.5, 3, E0, N0])
    book.active.append([pd.Timestamp("2024-03-06"), 2, "三", E0 + 1, N0])
    book.save("a.xlsx")
    call("convert", "a.xlsx", "a.gpkg", "--x", "x", "--y", "y", "--source-crs", "EPSG:4548")
    frame = gpd.read_file("a.gpkg")
    assert frame["数"].tolist() == [1.5, 2.0] and frame["混"].tolist() == ["3", "三"]
    assert [str(cell)[:10] for cell in frame["日期"]] == ["2024-03-05", "2024-03-06"]
    call("convert", "a.gpkg", "a.shp")
    assert gpd.read_file("a.shp")["日期"].tolist() == ["2024-03-05", "2024-03-06"]


def test_a_full_disk_or_a_locked_folder_is_one_message(land, call, monkeypatch):
    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gpd.GeoDataFrame, "to_file", full)
    code, said = call("convert", "地块.shp", "a.gpkg")
    assert code == 1 and "磁盘空间不足" in _joined(said) and "配置" not in _joined(said)
    assert not (land / "a.gpkg").exists() and not [p for p in land.iterdir() if p.name.startswith(".")]


def test_the_written_geopackage_is_whole(land, call):
    call("convert", "地块.shp", "a.gpkg")
    with sqlite3.connect("a.gpkg") as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("SELECT table_name, last_change FROM gpkg_contents").fetchall() == [
            ("a", "2000-01-01T00:00:00.000Z")
        ]


def test_lines_of_a_zipped_shapefile(tmp_path, monkeypatch, call):
    import zipfile

    monkeypatch.chdir(tmp_path)
    gpd.GeoDataFrame({"名": ["路"]}, geometry=[LineString([(E0, N0), (E0 + 30, N0 + 40)])], crs=4548).to_file(
        "路.shp"
    )
    with zipfile.ZipFile("路.zip", "w") as archive:
        for path in tmp_path.glob("路.*"):
            if path.suffix != ".zip":
                archive.write(path, f"资料/{path.name}")
    assert call("convert", "路.zip", "b.gpkg")[0] == 0
    assert gpd.read_file("b.gpkg").length.tolist() == [50.0]


def test_coordinate_columns_of_a_table_are_found_and_told(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    rows = "名称,X,Y\n甲,3137000,486000\n乙,3137001,486001\n"
    (tmp_path / "点.csv").write_text(rows, encoding="utf-8")
    code, said = call("convert", "点.csv", "点.gpkg", "--source-crs", "EPSG:4548")
    assert code == 0, said
    assert "--x Y --y X" in said  # surveyors call the northing X
    assert coordinates(gpd.read_file("点.gpkg")).tolist() == [[486_000, 3_137_000], [486_001, 3_137_001]]
    code, said = call("convert", "点.csv", "表.xlsx")
    assert code == 0, said
    assert "--x" not in said


def test_garbled_text_is_told(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    garbled = "绿地公园".encode().decode("latin-1")
    (tmp_path / "表.csv").write_text(f"名称,数\n{garbled},1\n幼儿园,2\n", encoding="utf-8")
    for words in (("convert", "表.csv", "表.xlsx"), ("inspect", "表.csv")):
        said = call(*words)[1].replace("\n", "").replace(" ", "")
        assert "HSQ-F05" in said and "可能原为“绿地公园”" in said
