"""The quality report: every fault a row, worst first, nothing a formula; its places in a GeoPackage QGIS opens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely import LineString, box

from layers.account import Account, make_accounts
from layers.faults import Fault
from layers.planned import Quality
from pipeline.deliver.faultmap import PATH as PLACES
from pipeline.deliver.quality import PATH, quality_rows, sort_rows
from pipeline.deliver.report import drop_report, place_report, write_report

from .conftest import CRS, X, Y


def ground(shape):
    return shapely.to_wkb(shapely.transform(shape, lambda xy: xy + (X, Y)), hex=True)


FAULTS = [
    Fault("HSQ-G10", "重复节点", severity="提示", file="b.shp", row="3", x=X, y=Y),
    Fault("HSQ-G05", "重叠", file="b.shp", row="12", x=X + 5, y=Y + 5, ground=ground(box(0, 0, 10, 10))),
    Fault("HSQ-G05", "重叠", file="b.shp", row="2", x=X, y=Y, ground=ground(box(20, 0, 30, 10))),
    Fault("HSQ-G12", "自身重叠", severity="警告", file="路.shp", row="1", x=X, y=Y, ground=ground(LineString([(0, 0), (9, 0)]))),
    Fault("HSQ-V02", "=HYPERLINK(1)", file="a.xlsx", row="7", field="@x", value="+1", action="-1", remedy="=cmd|' /C calc'!A0"),
]  # fmt: skip


@pytest.fixture
def rows():
    return quality_rows(FAULTS, stage="读取与整理", crs=CRS)


def test_worst_first_then_file_code_and_row_by_number(rows):
    ordered = sort_rows(rows)
    assert list(zip(ordered[Quality.severity], ordered[Quality.file], ordered[Quality.row], strict=True)) == [
        ("错误", "a.xlsx", "7"), ("错误", "b.shp", "2"), ("错误", "b.shp", "12"), ("警告", "路.shp", "1"), ("提示", "b.shp", "3"),
    ]  # fmt: skip
    assert sort_rows(ordered.iloc[::-1].reset_index(drop=True)).equals(ordered)


def test_texts_of_the_inputs_never_become_formulas(rows, plan, tmp_path):
    write_report(rows, plan, tmp_path)
    cells = [
        cell for sheet in openpyxl.load_workbook(tmp_path / PATH) for row in sheet.iter_rows() for cell in row
    ]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    said = {cell.value for cell in cells}
    assert {"=HYPERLINK(1)", "@x", "+1", "-1", "=cmd|' /C calc'!A0"} <= said


def test_three_hundred_faults_are_three_hundred_rows(plan, tmp_path):
    faults = [Fault("HSQ-V02", f"缺{n}", file="a.csv", row=str(n)) for n in range(300)]
    write_report(quality_rows(faults, stage="读", crs=CRS), plan, tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / PATH)["错误"]
    assert [row[4].value for row in sheet.iter_rows(min_row=3)] == [str(n) for n in range(300)]


def test_the_account_of_every_file_is_a_sheet(rows, plan, tmp_path):
    account = Account("用地.shp", "现状用地分布")
    account.take(range(5))
    account.mend([0])
    account.drop([3], "合并")
    account.drop([4])
    account.keep([0, 1, 2, 2])
    write_report(rows, plan, tmp_path, accounts=make_accounts([account]))
    sheet = openpyxl.load_workbook(tmp_path / PATH)["数据账"]
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_row=3)]
    assert dict(zip(*lines, strict=True)) == {
        "文件": "用地.shp", "图层": "现状用地分布", "读入": 5, "采用": 3, "其中修复": 1, "合并": 1, "剔除": 1,
        "拆分增加": 1, "图层要素": 4,
    }  # fmt: skip


def test_rules_say_where_they_come_from(rows, plan, tmp_path):
    write_report(rows, plan, tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / PATH)["检查规则"]
    lines = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=3)}
    spike = next(line for name, line in lines.items() if name.startswith("尖锐角"))
    assert spike[1] == "10" and spike[3] and spike[4] == "中" and spike[5] is None
    assert any(line[5] == "待核" for line in lines.values())


def test_places_are_layers_in_the_plans_crs(rows, plan, tmp_path):
    write_report(rows, plan, tmp_path)
    path = tmp_path / PLACES
    assert dict(pyogrio.list_layers(path)[:3]) == {
        "质检面": "MultiPolygon",
        "质检线": "MultiLineString",
        "质检点": "Point",
    }
    frames = {name: pyogrio.read_dataframe(path, layer=name) for name in ("质检面", "质检线", "质检点")}
    assert {frame.crs.to_epsg() for frame in frames.values()} == {4548}
    assert frames["质检面"].area.tolist() == [100, 100] and frames["质检面"]["行号或要素编号"].tolist() == [
        "2",
        "12",
    ]
    assert frames["质检线"].length.tolist() == [9]
    points = frames["质检点"]
    assert len(points) == 4 and points["说明"].iloc[0] == "图斑重叠或缝隙"
    assert (points.geometry.iloc[1].x, points.geometry.iloc[1].y) == (X + 5, Y + 5)


def test_every_layer_has_a_style_by_severity(rows, plan, tmp_path):
    write_report(rows, plan, tmp_path)
    with closing(sqlite3.connect(tmp_path / PLACES)) as base:
        styles = base.execute("SELECT f_table_name, useAsDefault, styleQML FROM layer_styles").fetchall()
        known = {name for (name,) in base.execute("SELECT table_name FROM gpkg_contents")}
    assert {name for name, *_ in styles} == {"质检面", "质检线", "质检点"} and "layer_styles" in known
    for _, default, qml in styles:
        renderer = ElementTree.fromstring(qml.split("\n", 1)[1]).find("renderer-v2")
        assert default == 1 and renderer.get("attr") == "级别"
        values = [category.get("value") for category in renderer.iter("category")]
        symbols = {symbol.get("name") for symbol in renderer.iter("symbol")}
        assert values == ["错误", "警告", "提示"]
        assert {category.get("symbol") for category in renderer.iter("category")} == symbols


def test_nothing_found_gives_the_same_layers_and_the_same_bytes(plan, tmp_path):
    rows = quality_rows([], stage="", crs=CRS)
    for name in ("a", "b"):
        write_report(rows, plan, tmp_path / name)
    one, two = ((tmp_path / name / PLACES).read_bytes() for name in ("a", "b"))
    assert one == two
    assert [
        pyogrio.read_info(tmp_path / "a" / PLACES, layer=n)["features"]
        for n in ("质检面", "质检线", "质检点")
    ] == [0, 0, 0]


def test_without_a_crs_there_is_no_map(plan, tmp_path):
    items = write_report(quality_rows(FAULTS[-1:], stage="", crs=None), plan, tmp_path)
    assert [item.path for item in items] == [PATH]


def test_an_earlier_map_does_not_stand_beside_a_report_without_places(rows, plan, tmp_path):
    plan.located(tmp_path / "configs")
    place_report(rows, plan)
    path = place_report(quality_rows(FAULTS[-1:], stage="", crs=None), plan)
    assert path.is_file() and not path.with_suffix(".gpkg").exists()


def test_a_report_without_a_hand_in_is_placed_whole_and_dropped_again(rows, plan, tmp_path, monkeypatch):
    plan.located(tmp_path / "configs")
    path = place_report(rows, plan)
    assert (
        path == plan.output / "质检/数据质检.xlsx" and path.is_file() and path.with_suffix(".gpkg").is_file()
    )
    before = path.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("pipeline.deliver.report.write_fault_map", refuse)
    with pytest.raises(OSError, match="full"):
        place_report(pd.concat([rows, rows], ignore_index=True), plan)
    assert path.read_bytes() == before and [p.name for p in plan.output.iterdir()] == ["质检"]
    drop_report(plan)
    assert not list(plan.output.iterdir())
