"""``haoshequ inspect`` as a newcomer meets it: right files, wrong paths, broken files, nothing to compare."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from typer.testing import CliRunner

from pipeline.cli.app import app

from .towns import build_houses, build_town, frame_of, shift

TOWN = build_town(4, 250)
HOUSES = build_houses(TOWN, 4, 200)
PLAN = {
    "plan": {
        "id": "p",
        "title": "测试方案",
        "area": "测试社区",
        "compiler": "测试院",
        "compiled": "2026-11-23",
        "data_year": 2025,
        "first_year": 2027,
        "region_code": "369901",
        "region_name": "虚构区",
    },
    "divisions": {"fictional": ["369901"]},
    "inputs": {
        "community_given": [{"path": "社区.gpkg", "columns": {"name": "名称"}}],
        "road": [{"path": "道路.gpkg"}],
        "facility": [{"path": "店.csv", "x": "经度", "y": "纬度"}],
    },
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A plan's roads and community, houses true, mislabelled and shifted, shops of a web map in a table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "220")
    frame_of(TOWN.lines).to_file("道路.gpkg")
    whole = shapely.box(*shapely.total_bounds([*TOWN.lines, *HOUSES])).buffer(1)
    frame_of(np.array([whole])).assign(名称="甲社区").to_file("社区.gpkg")
    frame_of(HOUSES).to_file("房屋.shp")
    frame_of(HOUSES).set_crs(4547, allow_override=True).to_file("邻带.shp")
    gpd.GeoDataFrame(geometry=shift(HOUSES, "bd09").set_crs(4326, allow_override=True)).to_file(
        "百度.geojson"
    )
    spots = shift(TOWN.points, "gcj02")
    table = pd.DataFrame({"店名": "店", "经度": spots.x.round(7), "纬度": spots.y.round(7)})
    table.to_csv("店.csv", index=False, encoding="utf-8-sig")
    (tmp_path / "方案.yaml").write_text(yaml.safe_dump(PLAN, allow_unicode=True), encoding="utf-8")
    return tmp_path


def inspect(*words: str) -> tuple[int, str]:
    """Run the command; exit code and what it printed, in one line."""
    done = CliRunner().invoke(app, ["inspect", *words], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, " ".join(done.output.split())


def inspect_json(*words: str) -> dict:
    """Run the command on one file; its object."""
    (item,) = json.loads(CliRunner().invoke(app, ["inspect", "--json", *words], standalone_mode=False).output)
    return item


def test_a_good_file(folder):
    code, said = inspect("房屋.shp", "--plan", "方案.yaml")
    assert code == 0
    assert "有坐标的 200 行（面 200）" in said and "东坐标 6 位、不带带号" in said
    assert "文件声明 EPSG:4548" in said and "与参照吻合，没有偏移" in said and "datum: cgcs2000" in said
    assert "参照 边界 1 个面、道路" in said


def test_a_neighbouring_zone(folder):
    code, said = inspect("邻带.shp", "--plan", "方案.yaml")
    assert code == 1
    assert "不能采用" in said and "crs: EPSG:4548" in said and "100% 在边界内" in said


def test_a_web_map_with_numbers(folder):
    code, said = inspect("百度.geojson", "--against", "道路.gpkg", "--against", "社区.gpkg")
    assert code == 0
    assert "BD-09（百度），自动还原" in said and "datum: bd09" in said
    assert "样本 200 个要素" in said and "提高" in said and "比原样高" in said and "偏移 114" in said


def test_coordinate_columns_are_recognised_or_named(folder):
    code, said = inspect("店.csv")
    assert code == 1
    assert "经度 为东向（经度），纬度 为北向" in said and "没有坐标系声明" in said
    code, said = inspect("店.csv", "--against", "道路.gpkg")
    assert code == 0
    assert "没有坐标系声明" in said and "crs: EPSG:4490，datum: gcj02" in said
    assert inspect("店.csv", "--x", "经度", "--y", "纬度", "--against", "道路.gpkg")[0] == 0
    code, said = inspect("店.csv", "--x", "东经", "--y", "纬度")
    assert code == 1
    assert "东经" in said and "经度" in said


def test_a_table_without_coordinates_says_which_columns_there_are(folder):
    pd.DataFrame({"楼号": ["1", "2"], "乙方": ["a", "b"]}).to_csv("表.csv", index=False)
    code, said = inspect("表.csv")
    assert code == 1
    assert "--x" in said and "楼号、乙方" in said


def test_a_table_without_rows_says_so(folder):
    (folder / "点.csv").write_text("名称,经度,纬度\n", encoding="utf-8")
    code, said = inspect("点.csv")
    assert code == 1
    assert "没有任何数据行" in said


def test_the_plan_knows_the_columns_and_a_file_does_not_prove_itself(folder):
    item = inspect_json("店.csv", "--plan", "方案.yaml")
    assert item["coordinates"]["placed"] == 250
    assert item["coordinates"]["suggestions"][0]["line"].endswith("datum: gcj02")
    assert "道路" in item["reference"]
    assert "道路" not in inspect_json("道路.gpkg", "--plan", "方案.yaml")["reference"]


def test_json_has_the_numbers(folder):
    item = inspect_json("百度.geojson", "--against", "道路.gpkg")
    first = item["coordinates"]["suggestions"][0]
    assert item["usable"] and first["line"] == "datum: bd09"
    assert first["offset_m"] == pytest.approx(1148, abs=15) and first["gain"] > 1
    assert item["coordinates"]["sample"] == 200 and item["coordinates"]["threshold"] > 1


def test_every_layer_of_a_package_is_looked_at(folder):
    frame_of(HOUSES).to_file("多层.gpkg", layer="房屋")
    frame_of(TOWN.lines).to_file("多层.gpkg", layer="街")
    code, said = inspect("多层.gpkg")
    assert code == 0
    assert "多层.gpkg｜房屋" in said and "多层.gpkg｜街" in said and "没有参照" in said
    assert inspect("多层.gpkg", "--layer", "楼")[0] == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("没有.shp", None, "文件不存在"),
        ("空.gpkg", b"", "0 字节"),
        ("坏.gpkg", b"SQLite format 3\0 no more", "HSQ-F02"),
        ("坏.shp", b"\0\0\x27\x0a", "HSQ-F0"),
        ("图.pdf", b"%PDF-1.4", "不支持的文件格式"),
        ("坏.osm", b"<osm><node", "HSQ-F02"),
        ("坏.xlsx", b"PK\x03\x04nothing", "HSQ-F02"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(folder, name, content, said):
    if content is not None:
        (folder / name).write_bytes(content)
    code, output = inspect(name)
    assert code == 1
    assert said in output and "读不了这个文件" in output and "Traceback" not in output


def test_one_bad_file_does_not_hide_the_others(folder):
    code, said = inspect("没有.shp", "房屋.shp", "--against", "道路.gpkg")
    assert code == 1
    assert "文件不存在" in said and "与参照吻合" in said


@pytest.mark.parametrize("words", [("--plan", "没有.yaml"), ("--against", "没有.shp")])
def test_a_missing_reference_stops(folder, words):
    code, said = inspect("房屋.shp", *words)
    assert code == 1
    assert "不存在" in said


def test_features_without_a_place(folder):
    gpd.GeoDataFrame({"a": [1, 2]}, geometry=[None, None], crs=4548).to_file("空形.gpkg")
    code, said = inspect("空形.gpkg")
    assert code == 1
    assert "没有坐标可以判断" in said and "没有一行有坐标" in said
