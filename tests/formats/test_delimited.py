"""csv from Excel, WPS, QGIS and web maps: encodings, separators, quotes, geometry in a column."""

from __future__ import annotations

import csv

import fiona
import pandas as pd
import pytest
import shapely
from shapely import box

from layers.read.delimited import find_separator

from .conftest import E0, N0, Desk

ROWS = [["名称", "类型", "东", "北"], ["桥头小学", "小学", E0, N0], ["老街诊所", "诊所", E0 + 9, N0]]


@pytest.mark.parametrize("codec", ["gbk", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_encodings_and_separators(desk: Desk, codec: str, separator: str) -> None:
    with (desk.folder / "点.csv").open("w", encoding=codec, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(ROWS)
    raw = desk.read("点.csv")
    assert list(raw.table.columns) == ROWS[0]
    assert raw.table["名称"].tolist() == ["桥头小学", "老街诊所"] and raw.table.index.tolist() == [2, 3]
    assert not [fault for fault in desk.log.faults if fault.severity != "提示"]


def test_titles_and_commas_in_texts_do_not_decide_the_separator() -> None:
    text = "设施台账，2025年\n填报：张三,李四,王五\n" + "".join(f"店{i};桥头路,{i}号;{i}\n" for i in range(9))
    assert find_separator(text) == ";"
    assert find_separator("只有一列\n甲\n乙\n") == ","
    assert find_separator('a,b\n"x;y;z",1\n"x;y;z",2\n') == ","


def test_the_hint_that_excel_writes(desk: Desk) -> None:
    (desk.folder / "点.csv").write_bytes("sep=;\r\n名称;面积\r\n甲;5\r\n".encode("gbk"))
    raw = desk.read("点.csv")
    assert raw.table["面积"].tolist() == ["5"] and raw.table.index.tolist() == [3]


def test_quotes_that_do_not_pair_swallow_no_rows(desk: Desk) -> None:
    text = '名称,备注\n甲,"好\n乙,差\n丙,差\n'
    (desk.folder / "点.csv").write_text(text, encoding="utf-8")
    raw = desk.read("点.csv")
    assert raw.table["名称"].tolist() == ["甲", "乙", "丙"]
    (fault,) = [f for f in desk.log.faults if f.severity == "警告"]
    assert fault.code == "HSQ-V09" and "引号" in fault.problem


def test_line_breaks_inside_quotes_are_one_cell(desk: Desk) -> None:
    (desk.folder / "点.csv").write_text('名称,备注\n甲,"第一行\n第二行"\n', encoding="utf-8")
    assert desk.read("点.csv").table["备注"].tolist() == ["第一行\n第二行"]


def test_declared_encoding_that_does_not_fit_is_said(desk: Desk) -> None:
    (desk.folder / "点.csv").write_text("名称,x\n桥头小学,1\n", encoding="gbk")
    desk.read("点.csv", encoding="utf-8")
    assert any(f.code == "HSQ-F05" and "无法解码" in f.problem for f in desk.log.faults)
    assert desk.refuse("点.csv", encoding="火星文").code == "HSQ-F05"


def test_wkt_that_another_gdal_wrote(desk: Desk) -> None:
    schema = {"geometry": "Polygon", "properties": {"name": "str"}}
    shapes = [box(E0, N0, E0 + 10, N0 + 10).segmentize(0.001), box(E0, N0, E0 + 5, N0 + 5)]
    path = desk.folder / "面.csv"
    with fiona.open(
        path, "w", driver="CSV", schema=schema, layer_options=["GEOMETRY=AS_WKT"], GEOMETRY="AS_WKT"
    ) as file:
        for i, shape in enumerate(shapes):
            file.write({"geometry": shape.__geo_interface__, "properties": {"name": f"地块{i}"}})
    assert path.stat().st_size > 800_000  # one cell far beyond the limit Python sets by itself
    raw = desk.read("面.csv", wkt="WKT")
    assert raw.table.columns.tolist() == ["name"]
    assert shapely.area(raw.geometry.to_numpy()).tolist() == pytest.approx([100, 25])
    assert desk.refuse("面.csv", wkt="几何").code == "HSQ-V01"


def test_torn_and_tagged_wkt(desk: Desk) -> None:
    table = pd.DataFrame(
        {
            "name": list("abcd"),
            "geom": ["SRID=4548;POINT (1 2)", "POLYGON ((0 0, 1 1", None, "LINESTRING (0 0, 1 1)"],
        }
    )
    table.to_csv(desk.folder / "a.csv", index=False)
    raw = desk.read("a.csv", wkt="geom")
    assert raw.table["name"].tolist() == ["a", "c", "d"] and raw.geometry.isna().tolist() == [
        False,
        True,
        False,
    ]
    (fault,) = desk.log.errors
    assert (fault.code, fault.row) == ("HSQ-G07", "3")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a,b\n\x00\x00,1\n", bytes(range(1, 256)) * 20])
def test_bytes_that_are_no_table(desk: Desk, content: bytes) -> None:
    (desk.folder / "点.csv").write_bytes(content)
    raw = desk.read("点.csv")
    assert raw is None or desk.log.faults
