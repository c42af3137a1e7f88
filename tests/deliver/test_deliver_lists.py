"""The quality report, 成果目录 and the manifest."""

from __future__ import annotations

import hashlib
import json

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely import Point

from layers.faults import Fault
from layers.frame import conform
from layers.planned import Quality
from layers.reachable import Link
from pipeline.deliver.items import Absent, Item
from pipeline.deliver.listing import CATALOGUE, MANIFEST, list_inputs, write_catalogue, write_manifest
from pipeline.deliver.quality import PATH, quality_rows, write_quality

FAULTS = [
    Fault("HSQ-V05", "取值不在代码表内", severity="警告", file="a.csv", row="7", value="=cmd()"),
    Fault("HSQ-G02", "面自相交", severity="提示", file="b.shp", row="3", action="已修复", x=1.005, y=2.0),
    Fault("HSQ-G02", "面自相交", severity="提示", file="b.shp", row="9", action="已修复", x=5.0, y=6.0),
]


def values(sheet):
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_quality_rows_keep_place_and_order():
    rows = quality_rows(FAULTS, stage="读取数据", crs="EPSG:4548")
    assert rows[Quality.code].tolist() == ["HSQ-V05", "HSQ-G02", "HSQ-G02"]
    assert rows[Quality.stage].unique().tolist() == ["读取数据"]
    assert rows.geometry.isna().tolist() == [True, False, False]
    assert rows.crs.to_epsg() == 4548


def test_quality_book(plan, tmp_path):
    rows = quality_rows(FAULTS, stage="读取数据", crs="EPSG:4548")
    item = write_quality(rows, plan, tmp_path)
    book = openpyxl.load_workbook(tmp_path / PATH)
    assert book.sheetnames == ["汇总", "警告", "提示", "检查规则"]
    assert item.note == "错误 0、警告 1、提示 2"
    assert values(book["汇总"])[2:7] == [
        ["警告", "HSQ-V05", "取值不在代码表内", "读取数据", 1],
        ["提示", "HSQ-G02", "几何自相交或无效", "读取数据", 2],
        ["错误合计", None, None, None, 0],
        ["警告合计", None, None, None, 1],
        ["提示合计", None, None, None, 2],
    ]
    notes = values(book["提示"])
    assert notes[0][0] == "提示（共 2 条）"
    assert notes[2][:5] == ["HSQ-G02", "读取数据", "b.shp", None, "3"]
    assert notes[3][-2:] == [5.0, 6.0]
    cell = book["警告"]["G3"]
    assert (cell.value, cell.data_type) == ("=cmd()", "s")


def test_quality_book_of_a_clean_run(plan, tmp_path):
    write_quality(quality_rows([], stage="", crs="EPSG:4548"), plan, tmp_path)
    assert openpyxl.load_workbook(tmp_path / PATH).sheetnames == ["汇总", "检查规则"]


def test_every_object_and_how_it_joins_has_its_sheet(plan, tmp_path):
    def link(kind, name, status, access_m, x):
        return {
            "id": name, "community": "甲社区", "layer": kind, "object_id": name, "status": status,
            "access_m": access_m, "component": 0 if status == "已接入" else None, "geometry": Point(x, 0),
        }  # fmt: skip

    rows = [
        link("设施", "f", "已接入", 3.0, 1), link("住户点", "b", "已接入", 12.346, 2),
        link("住户点", "a", "被隔断", None, 3), link("需求", "n", "过远", 180.0, 4), link("出入口", "g", "已接入", 0.0, 5),
    ]  # fmt: skip
    frame = conform(gpd.GeoDataFrame(rows, crs="EPSG:4548"), Link)
    write_quality(quality_rows([], stage="", crs="EPSG:4548"), plan, tmp_path, links=frame)
    book = openpyxl.load_workbook(tmp_path / PATH)
    assert book.sheetnames == ["汇总", "接入状态", "接入清单", "检查规则"]
    assert values(book["接入状态"])[1:6] == [
        ["对象", "个数", "已接入", "过远", "不同连通分量", "范围外", "被隔断", "最远接入距离（m）"],
        ["住户点", 2, 1, 0, 0, 0, 1, 12.35],
        ["设施", 1, 1, 0, 0, 0, 0, 3],
        ["出入口", 1, 1, 0, 0, 0, 0, 0],
        ["需求", 1, 0, 1, 0, 0, 0, None],
    ]
    listed = values(book["接入清单"])
    assert listed[0][0] == "接入清单（共 5 个）"
    assert [row[1] for row in listed[2:]] == ["a", "n", "b", "f", "g"]
    assert listed[4] == ["住户点", "b", "甲社区", "已接入", 12.35, 0, None, 2, 0]


def test_catalogue_lists_files_and_what_is_absent(plan, tmp_path):
    made = [
        Item("数据库/一张图.gpkg", "数据库", "“一张图”数据库", "x"),
        Absent("图件", "功能业态策划图", "没有业态数据", "4-1"),
        Item("图件/JPG/1.jpg", "图件", "更新范围图", "x", "1-1"),
    ]
    items = write_catalogue(made, plan, tmp_path)
    book = openpyxl.load_workbook(tmp_path / CATALOGUE)
    listed = [row[4] for row in values(book["成果目录"])[2:]]
    assert listed == ["图件/JPG/1.jpg", "数据库/一张图.gpkg", CATALOGUE, MANIFEST]
    assert [item.path for item in items] == listed
    assert values(book["未提供的成果"])[2] == [1, "图件", "4-1", "功能业态策划图", "没有业态数据"]


def test_manifest_names_every_file_with_its_hash(plan, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("a.shp", "a.dbf", "a.shp.lock", "b.shp"):
        (home / name).write_bytes(name.encode())
    plan.located(home)
    root = tmp_path / "成果"
    (root / "表格").mkdir(parents=True)
    (root / "表格/t.xlsx").write_bytes(b"table")
    items = write_catalogue([Item("表格/t.xlsx", "表格", "t", "maker")], plan, root)
    manifest = json.loads(write_manifest(items, plan, root).read_text(encoding="utf-8"))
    digest = hashlib.sha256(b"table").hexdigest()
    assert [entry["path"] for entry in manifest["files"]] == ["成果目录.xlsx", "表格/t.xlsx"]
    assert manifest["files"][1] == {"path": "表格/t.xlsx", "size": 5, "sha256": digest, "made_by": "maker"}
    assert [entry["path"] for entry in manifest["inputs"]] == ["a.dbf", "a.shp"]
    assert manifest["parameters"]["plan"]["compiled"] == "2026-03-05"
    assert "folder" not in manifest["parameters"]["delivery"]
    assert manifest["versions"]["shapely"]
    assert str(tmp_path) not in (root / MANIFEST).read_text(encoding="utf-8")
    # What was saved after it was read is not what the hand-in was made from; of it only the hash is known.
    read = {"a.dbf": "0" * 64, "a.shp": hashlib.sha256(b"a.shp").hexdigest()}
    changed = json.loads(write_manifest(items, plan, root, inputs=read).read_text(encoding="utf-8"))["inputs"]
    assert changed == [{"path": "a.dbf", "sha256": "0" * 64}, manifest["inputs"][1]]


def test_manifest_refuses_a_file_nobody_made(plan, tmp_path):
    items = write_catalogue([], plan, tmp_path)
    (tmp_path / "stray.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"stray\.jpg"):
        write_manifest(items, plan, tmp_path)


def test_inputs_in_folders_and_behind_keys(plan, tmp_path):
    (tmp_path / "codes").mkdir()
    for name in ("codes/b.csv", "codes/a.csv", "list.xlsx", "place.geojson", "a.shp"):
        (tmp_path / name).write_bytes(b"")
    source = {"path": "list.xlsx", "key": "id", "geometry": {"path": "place.geojson"}}
    data = plan.model_dump(mode="json", exclude_none=True)
    data["inputs"]["survey"] = [source]
    data["divisions"] = {"path": "codes"}
    plan = type(plan).model_validate(data).located(tmp_path)
    assert [name for name, _ in list_inputs(plan)] == [
        "a.shp", "codes/a.csv", "codes/b.csv", "list.xlsx", "place.geojson",
    ]  # fmt: skip


def test_rows_beyond_the_limit_go_on_on_the_next_sheet(plan, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.deliver.quality._MOST", 2)
    rows = pd.concat([quality_rows(FAULTS[1:], stage="s", crs="EPSG:4548")] * 2, ignore_index=True)
    write_quality(rows, plan, tmp_path)
    book = openpyxl.load_workbook(tmp_path / PATH)
    assert book.sheetnames == ["汇总", "提示", "提示2", "检查规则"]
    assert book["提示"]["A1"].value == "提示（共 4 条，第 1–2 条）"
    assert book["提示2"]["A1"].value == "提示（共 4 条，第 3–4 条）"
    assert [book[name].max_row for name in ("提示", "提示2")] == [4, 4]
