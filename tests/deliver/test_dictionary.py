"""The data dictionary read back by openpyxl, against the declarations and the files it describes."""

from __future__ import annotations

import re
from collections import Counter

import fiona
import openpyxl
import pyogrio
import pytest

from configs import read_rows
from configs.onemap import layer_clauses
from layers.faults import FaultLog
from layers.onemap import delivered_layers, schema_of, title_of
from layers.reachable import Scope
from pipeline.deliver.dictionary import BARE, EMPTY, GIVEN, PATH, TYPES, write_dictionary
from pipeline.deliver.handin import place_frames
from pipeline.deliver.library import write_library
from pipeline.deliver.onemap import collect_layers
from pipeline.deliver.shapefile import write_shapefiles

DBF = {"文本": "str:{宽度}", "整数": "int:{宽度}", "小数": "float:{宽度}.{小数位}"}


def rows_of(book, sheet):
    """Rows below the header of a sheet, by header text; the notes below the table are left out."""
    head, *rows = list(book[sheet].iter_rows(min_row=2, values_only=True))
    return [dict(zip(head, row, strict=True)) for row in rows if row[1] is not None]


@pytest.fixture
def book(delivered, plan, tmp_path):
    write_shapefiles(delivered, plan, tmp_path, FaultLog())
    write_dictionary(delivered, plan, tmp_path)
    return openpyxl.load_workbook(tmp_path / PATH)


def test_every_declared_field_once_with_its_declaration(book):
    rows = rows_of(book, "字段表")
    declared = [
        (code, title_of(layer, kind), place, column.spec)
        for code, layer, kind in delivered_layers()
        for place, column in enumerate(schema_of(layer, kind), 1)
    ]
    assert len(rows) == len(declared) > 400
    assert max(Counter((row["图层代码"], row["字段名"]) for row in rows).values()) == 1
    for row, (code, title, place, spec) in zip(rows, declared, strict=True):
        assert (row["图层代码"], row["图层名称"], row["序号"]) == (code, title, place)
        assert (row["字段名"], row["中文名"], row["类型"]) == (spec.onemap, spec.alias, TYPES[spec.kind])
        assert row["宽度"] == spec.width
        assert row["小数位"] == (spec.decimals if spec.kind == "float" else None)
        assert (row["单位"] or "", row["说明"] or "") == (spec.unit, spec.hint)
        flags = [row[name] == "是" for name in ("必填", "唯一", "不公开")]
        assert flags == [spec.required, spec.unique, spec.private]


def test_types_are_those_another_reader_finds_in_the_files(book, delivered, tmp_path):
    found: dict[str, dict[str, str]] = {}
    for row in rows_of(book, "字段表"):
        found.setdefault(row["图层代码"], {})[row["字段名"]] = DBF[row["类型"]].format_map(row)
    files = {row["图层代码"]: row["shp 文件"] for row in rows_of(book, "图层总表") if row["shp 文件"]}
    assert files.keys() == {layer.code for layer in delivered}
    for code, path in files.items():
        with fiona.open(tmp_path / path) as file:
            seen = {
                name: re.sub(r"^int(32|64)", "int", kind) for name, kind in file.schema["properties"].items()
            }
        # A number without decimals is whole in a DBF.
        wanted = {name: re.sub(r"^float:(\d+)\.0$", r"int:\1", kind) for name, kind in found[code].items()}
        assert list(seen.items()) == list(wanted.items())


def test_the_project_library_s_fields_are_those_of_its_file(frames, plan, tmp_path):
    write_library(place_frames(frames, plan), plan, tmp_path, FaultLog())
    write_dictionary(collect_layers(place_frames(frames, plan), plan, FaultLog()), plan, tmp_path)
    rows = list(
        openpyxl.load_workbook(tmp_path / PATH)["项目库字段表"].iter_rows(min_row=2, values_only=True)
    )
    head, *rows, (note, *_) = rows
    told = [dict(zip(head, row, strict=True)) for row in rows]
    (path,) = (tmp_path / "数据库/项目库").glob("*.shp")
    assert path.relative_to(tmp_path).as_posix() in note
    with fiona.open(path) as file:
        seen = list(file.schema["properties"].items())
    assert seen == [(row["字段名"], DBF[row["类型"]].format_map(row)) for row in told]


def test_layers_with_the_features_of_their_files(book, delivered, tmp_path):
    rows = {row["图层代码"]: row for row in rows_of(book, "图层总表")}
    assert list(rows) == [code for code, *_ in delivered_layers()]
    there = {layer.code for layer in delivered}
    states = Counter()
    for code, row in rows.items():
        states[row["状态"]] += 1
        if code in there:
            count = pyogrio.read_info(tmp_path / row["shp 文件"])["features"]
            assert (row["本次要素数"], row["状态"]) == (count, GIVEN if count else BARE)
        else:
            assert (row["本次要素数"], row["状态"], row["shp 文件"]) == (0, EMPTY, None)
    assert states[GIVEN] > 5 and states[EMPTY] > 5
    fields = Counter(row["图层代码"] for row in rows_of(book, "字段表"))
    assert {code: row["字段数"] for code, row in rows.items()} == fields
    marked = {row["图层代码"] for row in rows_of(book, "字段表") if row["本次无要素"] == "是"}
    assert marked == {code for code, row in rows.items() if row["本次要素数"] == 0}
    assert rows["HSQ_XZYD"]["指南条款（要求编号）"] == "图纸目录1（G-02）；图纸目录备注（G-12）"
    assert (rows["HSQ_XZYD"]["来源阶段"], rows["HSQ_XZYD"]["必交"]) == ("读取与整理", "是")


def test_an_empty_layer_that_must_be_there_is_not_called_missing(frames, plan, tmp_path, make_frame):
    frames["project"] = frames["project"].iloc[:0]
    layers = collect_layers(place_frames(frames, plan), plan, FaultLog())
    write_dictionary(layers, plan, tmp_path)
    rows = {row["图层代码"]: row for row in rows_of(openpyxl.load_workbook(tmp_path / PATH), "图层总表")}
    assert rows["HSQ_XMFBM"]["状态"] == BARE and rows["HSQ_XMFBM"]["shp 文件"]


def test_every_code_list_and_the_codes_used(book, delivered):
    rows = rows_of(book, "代码表")
    lists = {
        column.spec.codes.name: column.spec.codes
        for _, layer, kind in delivered_layers()
        for column in schema_of(layer, kind)
        if column.spec.codes is not None
    }
    for name, codes in lists.items():
        mine = [row for row in rows if row["代码表"] == name]
        assert tuple(row["取值"] for row in mine) == codes.values
        assert {row["性质"] for row in mine} == {"封闭" if codes.closed else "可扩充"}
    named = {row["代码表"] for row in rows_of(book, "字段表") if row["代码表"]}
    assert lists.keys() <= named
    used: Counter[str] = Counter()
    for layer in delivered:
        for field in {"YDYHFLDM", "JQDLBM"} & set(layer.frame.columns):
            used.update(layer.frame[field].dropna())
    (title,) = {row["代码表"] for row in rows if row["代码表"].startswith("用地用海")}
    mine = {row["取值"]: row for row in rows if row["代码表"] == title}
    assert {code: row["本次使用次数"] for code, row in mine.items()} == used
    standard = {row["code"]: row["name_zh"] for row in read_rows("standards/landuse_2023.csv")}
    assert {code: row["含义"] for code, row in mine.items()} == {code: standard[code] for code in used}
    kinds = Counter(next(layer for layer in delivered if layer.layer is Scope).frame["FWLX"])
    counted = {row["取值"]: row["本次使用次数"] for row in rows if row["代码表"] == "范围类型"}
    assert counted == {"更新范围": 0, "研究范围": 1} == {**dict.fromkeys(counted, 0), **kinds}


@pytest.mark.parametrize(
    ("deliver", "epsg", "unit"), [("plain", 4548, "米"), ("prefixed", 4527, "米"), ("degrees", 4490, "度")]
)
def test_the_rules_of_the_database_in_words(frames, plan, tmp_path, deliver, epsg, unit):
    plan = plan.model_copy(
        update={
            "crs": plan.crs.model_copy(update={"deliver": deliver, "area_rule": "ellipsoidal"}),
            "delivery": plan.delivery.model_copy(update={"shp_encoding": "GBK"}),
        }
    )
    layers = collect_layers(place_frames(frames, plan), plan, FaultLog())
    write_dictionary(layers, plan, tmp_path)
    said = {row["项目"]: row["内容"] for row in rows_of(openpyxl.load_workbook(tmp_path / PATH), "说明")}
    assert said["坐标系"].startswith(f"EPSG:{epsg}（CGCS2000") or said["坐标系"].startswith(
        f"EPSG:{epsg}（China"
    )
    assert said["坐标系"].endswith(f"单位{unit}")
    assert said["面积"].startswith("椭球面积") and said["shp 编码"].startswith("GBK")
    first = layers[0].frame["BSM"].iloc[0]
    assert "3699812026007" in said["标识码 BSM"] and first.startswith("3699812026007")
    assert said["编制日期"] == "2026-03-05"


def test_printed_on_a3_with_the_header_on_every_page(book):
    assert book.sheetnames == ["图层总表", "字段表", "项目库字段表", "代码表", "关系表", "说明"]
    for sheet in book:
        assert sheet.page_setup.paperSize == 8 and sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == "$1:$2"


def test_same_bytes_twice(delivered, plan, tmp_path):
    for name in ("a", "b"):
        write_dictionary(delivered, plan, tmp_path / name)
    assert (tmp_path / "a" / PATH).read_bytes() == (tmp_path / "b" / PATH).read_bytes()


def test_every_layer_has_its_clause_once():
    rows = read_rows("standards/onemap_clauses.csv")
    assert sorted(row["layer"] for row in rows) == sorted({layer.key for _, layer, _ in delivered_layers()})
    assert all(
        re.fullmatch(r"\S+（[A-Z]\d?-\d\d）(；\S+（[A-Z]\d?-\d\d）)*", text)
        for text in layer_clauses().values()
    )
