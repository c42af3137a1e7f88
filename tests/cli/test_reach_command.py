"""``haoshequ reach`` over real files, with distances added up by hand."""

from __future__ import annotations

import ezdxf
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import typer

from tests.cli.conftest import CRS, X0, Y0, at, line

HOMES = (
    "--origins",
    "homes.csv",
    "--origins-x",
    "东",
    "--origins-y",
    "北",
    "--origins-crs",
    CRS,
    "--origins-id",
    "门牌",
)
SHOPS = ("--destinations", "shops.gpkg", "--destinations-id", "编号")
FILES = ("--roads", "roads.shp", "--max-access", "50", *HOMES, *SHOPS)


def read(name):
    table = pd.read_csv(name, encoding="utf-8-sig")
    return table.set_index(["起点编号", "终点编号"])["距离_m"].dropna().to_dict(), table


def test_distances_are_those_of_the_drawing(folder, call):
    code, text = call("reach", *FILES, "--limit", 900, "--output", "od.csv")
    pairs, table = read("od.csv")
    assert code == 0
    assert pairs == {
        ("甲", "S1"): 10 + 400 + 20,
        ("甲", "S2"): 10 + 800,
        ("乙", "S1"): 290 + 20,
        ("乙", "S2"): 290 + 400,
    }
    assert list(table.columns) == ["起点编号", "终点编号", "距离_m", "起点状态", "终点状态"]
    assert "可达 4 对" in text


def test_nobody_is_dropped_and_everybody_is_counted(folder, call):
    _, text = call("reach", *FILES, "--limit", 500, "--output", "od.csv")
    _, table = read("od.csv")
    rest = table[table["距离_m"].isna()]
    assert dict(zip(rest["起点编号"].dropna(), rest["起点状态"].dropna(), strict=True)) == {
        "丙": "不同连通分量",
        "丁": "过远",
        "戊": "范围外",
    }
    assert dict(zip(rest["终点编号"].dropna(), rest["终点状态"].dropna(), strict=True)) == {
        "S2": "已接入",
        "S3": "不同连通分量",
    }
    assert "起点 5 个，其中不在任何一对中 3 个：不同连通分量 1、范围外 1、过远 1" in text
    assert "终点 3 个，其中不在任何一对中 2 个：不同连通分量 1、已接入而上限内不可达 1" in text


def test_who_is_on_one_island_reaches_whom_is_there_too(folder, call):
    gpd.GeoDataFrame(
        {"编号": ["a", "b", "c"]}, geometry=[at(110, 400), at(135, 405), at(600, 5)], crs=CRS
    ).to_file("spots.gpkg")
    spots = ("--origins", "spots.gpkg", "--destinations", "spots.gpkg")
    call("reach", "--roads", "roads.shp", *spots, "--max-access", "50", "--limit", 5000, "--output", "od.csv")
    pairs, table = read("od.csv")
    assert pairs == {("a", "a"): 0, ("a", "b"): 30, ("b", "a"): 30, ("b", "b"): 10, ("c", "c"): 10}
    assert table.set_index("起点编号")["起点状态"].to_dict() == {
        "a": "不同连通分量",
        "b": "不同连通分量",
        "c": "已接入",
    }


def test_reached_only_leaves_out_rows_but_not_their_count(folder, call):
    _, text = call("reach", *FILES, "--limit", 500, "--reached-only", "--output", "od.csv")
    assert read("od.csv")[1]["距离_m"].notna().all()
    assert "不在任何一对中 3 个" in text


@pytest.mark.parametrize("name", ["roads.shp", "homes.csv", "shops.gpkg"])
def test_an_input_is_never_written_over(folder, call, name):
    before = (folder / name).read_bytes()
    with pytest.raises(typer.BadParameter, match="会覆盖输入文件"):
        call("reach", *FILES, "--output", folder / name)
    assert (folder / name).read_bytes() == before


@pytest.mark.parametrize("limit", ["1e12", "1e300", "inf"])
def test_any_limit_however_large_reaches_all_that_is_joined(folder, call, limit):
    code, _ = call("reach", *FILES, "--limit", limit, "--output", "od.csv")
    pairs, _ = read("od.csv")
    assert code == 0
    assert pairs["乙", "S2"] == 690
    assert len(pairs) == 4


def test_a_long_list_of_faults_names_no_report_that_is_not_written(folder, call):
    rows = "".join(f"h{i},x,1\n" for i in range(80))
    (folder / "homes.csv").write_text("门牌,东,北\n" + rows, encoding="utf-8")
    code, text = call("reach", *FILES, "--output", "od.csv")
    assert code == 1
    assert "另有" in text
    assert "质检报告" not in text


def test_limit_is_inclusive(folder, call):
    call("reach", *FILES, "--limit", 430, "--output", "a.csv")
    call("reach", *FILES, "--limit", 429.99, "--output", "b.csv")
    assert ("甲", "S1") in read("a.csv")[0]
    assert ("甲", "S1") not in read("b.csv")[0]


def test_nearest_keeps_one_destination_an_origin(folder, call):
    call("reach", *FILES, "--limit", 2000, "--nearest", "--output", "od.csv")
    pairs, table = read("od.csv")
    assert pairs == {("甲", "S1"): 430, ("乙", "S1"): 310}
    assert set(table["终点编号"].dropna()) == {"S1", "S2", "S3"}


def test_grade_column_keeps_a_bridge_apart_and_its_absence_joins_it(folder, call):
    gpd.read_file("roads.shp").rename(columns={"层级": "桥"}).to_file("plain.shp")
    files = ("--max-access", "50", *HOMES, *SHOPS, "--limit", 2000)
    call("reach", "--roads", "plain.shp", *files, "--output", "flat.csv")
    call("reach", "--roads", "plain.shp", "--level", "桥", *files, "--output", "graded.csv")
    assert read("flat.csv")[0][("甲", "S3")] == 10 + 700 + 200 + 5
    assert ("甲", "S3") not in read("graded.csv")[0]


def test_xlsx_geojson_and_geopackage_give_the_same_table(folder, call):
    roads = gpd.read_file("roads.shp")
    roads.to_file("roads.geojson", driver="GeoJSON")
    call("reach", *FILES, "--output", "a.csv")
    xlsx = ["homes.xlsx" if word == "homes.csv" else word for word in HOMES]
    code, _ = call(
        "reach", "--roads", "roads.geojson", "--max-access", "50", *xlsx, *SHOPS, "--output", "b.gpkg"
    )
    assert code == 0
    other = gpd.read_file("b.gpkg")
    expected = read("a.csv")[1]
    assert other["起点编号"].fillna("").tolist() == expected["起点编号"].fillna("").tolist()
    # The way through degrees and back costs less than a centimetre.
    assert other["距离_m"].to_numpy(dtype=float) == pytest.approx(
        expected["距离_m"].to_numpy(), abs=0.01, nan_ok=True
    )
    assert other.crs.to_epsg() == 4548
    assert other.geometry.notna().tolist() == expected["距离_m"].notna().tolist()


@pytest.mark.parametrize(("version", "encoding"), [("R2013", "utf-8"), ("R2000", "gbk")])
def test_roads_of_a_drawing_by_cad_layer(folder, call, version, encoding):
    drawing = ezdxf.new(version)
    drawing.encoding = encoding
    space = drawing.modelspace()
    for road, name in (
        (line((0, 0), (1000, 0)), "道路"),
        (line((500, 0), (500, 300)), "道路"),
        (line((0, 50), (900, 50)), "管线"),
    ):
        space.add_lwpolyline(list(road.coords), dxfattribs={"layer": name})
    space.add_text("人民路", dxfattribs={"layer": "道路"}).set_placement((X0 + 200, Y0 + 5))
    drawing.saveas("roads.dxf")
    files = ("--max-access", "50", *HOMES, *SHOPS, "--limit", 900, "--output", "od.csv")
    code, text = call("reach", "--roads", "roads.dxf", "--roads-layer", "道路", "--roads-crs", CRS, *files)
    assert code == 0, text
    assert read("od.csv")[0][("甲", "S2")] == 810
    assert "1 个要素不是线" in text
    code, text = call("reach", "--roads", "roads.dxf", "--roads-layer", "道路", *files)
    assert code == 1
    assert "HSQ-X01" in text and "--roads-crs" in text
    code, text = call("reach", "--roads", "roads.dxf", "--roads-layer", "马路", "--roads-crs", CRS, *files)
    assert code == 1
    assert "管线、道路" in text


def test_all_faults_at_once(folder, call):
    wrong = ["门牌号" if word == "门牌" else word for word in HOMES]
    code, text = call(
        "reach",
        "--roads",
        "road.shp",
        *wrong,
        "--destinations",
        "shops.gpkg",
        "--destinations-id",
        "编码",
        "--output",
        "od.txt",
    )
    assert code == 1
    assert "HSQ-F01" in text and "roads.shp" in text
    assert "没有列“门牌号”" in text and "是否为“门牌”" in text
    assert "没有列“编码”" in text and "是否为“编号”" in text
    assert "--output" in text and ".csv、.gpkg" in text
    assert "配置" not in text
    assert not (folder / "od.txt").exists()


def test_repeated_ids_are_refused(folder, call):
    homes = pd.read_csv("homes.csv", encoding="gbk").assign(门牌="甲")
    homes.to_csv("homes.csv", index=False)
    code, text = call("reach", *FILES, "--output", "od.csv")
    assert code == 1
    assert "HSQ-V06" in text


def test_a_network_in_degrees_is_brought_to_the_zone(folder, call):
    gpd.read_file("roads.shp").to_crs(4490).to_file("degrees.shp")
    call("reach", "--roads", "degrees.shp", *FILES[2:], "--limit", 900, "--output", "od.csv")
    assert read("od.csv")[0][("甲", "S2")] == pytest.approx(810, abs=0.02)


def test_degrees_without_a_crs_are_refused(folder, call):
    gpd.read_file("roads.shp").to_crs(4490).to_file("bare.shp")
    (folder / "bare.prj").unlink()
    code, text = call("reach", "--roads", "bare.shp", *FILES[2:], "--output", "od.csv")
    assert code == 1
    assert "HSQ-X01" in text and "EPSG:4490" in text


def test_areas_are_entered_at_a_point_on_them(folder, call):
    gpd.GeoDataFrame({"编号": ["P"]}, geometry=[at(300, 0).buffer(5)], crs=CRS).to_file("homes.shp")
    files = ("--origins", "homes.shp", *SHOPS, "--output", "od.csv")
    code, _ = call("reach", "--roads", "roads.shp", *files)
    assert code == 0
    assert read("od.csv")[0][("P", "S1")] == pytest.approx(220, abs=5)


def test_rows_without_coordinates_are_named(folder, call):
    homes = pd.read_csv("homes.csv", encoding="gbk")
    homes.loc[1, "东"] = np.nan
    homes.to_csv("homes.csv", index=False)
    code, text = call("reach", *FILES, "--output", "od.csv")
    assert code == 1
    assert "HSQ-G01" in text


def test_one_coordinate_column_is_a_usage_error(folder, call):
    with pytest.raises(typer.BadParameter, match="--origins-y"):
        call("reach", *[word for word in FILES if word not in ("--origins-y", "北")], "--output", "od.csv")


OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6">
{nodes}
 <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
 <way id="2"><nd ref="2"/><nd ref="3"/><tag k="highway" v="footway"/></way>
 <way id="3"><nd ref="1"/><nd ref="3"/><tag k="highway" v="motorway"/></way>
 <way id="4"><nd ref="1"/><nd ref="3"/><tag k="building" v="yes"/></way>
</osm>"""


def test_openstreetmap_walks_only_where_one_may(folder, call):
    spots = gpd.GeoSeries([at(0, 0), at(400, 0), at(400, 300)], crs=CRS).to_crs(4490)
    nodes = "\n".join(f' <node id="{i}" lat="{p.y:.9f}" lon="{p.x:.9f}"/>' for i, p in enumerate(spots, 1))
    (folder / "map.osm").write_text(OSM.format(nodes=nodes), encoding="utf-8")
    gpd.GeoDataFrame({"编号": ["A"]}, geometry=[at(0, 0)], crs=CRS).to_file("a.gpkg")
    gpd.GeoDataFrame({"编号": ["B"]}, geometry=[at(400, 300)], crs=CRS).to_file("b.gpkg")
    code, _ = call(
        "reach", "--roads", "map.osm", "--origins", "a.gpkg", "--destinations", "b.gpkg", "-o", "od.csv"
    )
    assert code == 0
    assert read("od.csv")[0] == {("A", "B"): pytest.approx(700, abs=0.05)}
