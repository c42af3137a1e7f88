"""Where the header of an office table is, and which rows are no data."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from layers.read.header import guess_header, is_unit_row, unit_of

from .conftest import Desk

N = None
CASES: dict[str, tuple[list[list[Any]], list[tuple[int, int, int, int]], tuple[int, int, bool]]] = {
    "plain": ([["名称", "地址", "面积"], ["甲", "路1号", 5], ["乙", "路2号", 6]], [], (0, 1, True)),
    "all text": ([["维度", "描述"], ["舒适宜居", "缺电梯"], ["绿色低碳", "缺绿地"]], [], (0, 1, True)),
    "pinyin": ([["XMMC", "YDMJ", "BZ"], ["甲", 5, N]], [], (0, 1, True)),
    "title": ([["设施台账", N, N], ["名称", "地址", "面积"], ["甲", "路1号", 5]], [(1, 1, 3, 1)], (1, 1, True)),
    "title, date, unit bit": (
        [["设施台账", N, N, N], [N, N, N, "2025年11月"], ["填报单位：街道办", N, N, "单位：万元"],
         ["名称", "地址", "面积", "投资"], ["甲", "路1号", 5, 6]],
        [(1, 1, 4, 1)], (3, 1, True),
    ),
    "blank rows before": ([[], [], ["名称", "面积"], ["甲", 5]], [], (2, 1, True)),
    "two rows, merged": (
        [["序号", "名称", "坐标", N, "规模"], [N, N, "东", "北", N], [1, "甲", 1.5, 2.5, 3]],
        [(1, 1, 1, 2), (2, 1, 2, 2), (3, 1, 4, 1), (5, 1, 5, 2)], (0, 2, True),
    ),
    "two rows under a title": (
        [["台账", N, N, N], ["基本信息", N, "规模", N], ["名称", "地址", "面积", "层数"], ["甲", "路", 5, 6]],
        [(1, 1, 4, 1), (1, 2, 2, 2), (3, 2, 4, 2)], (1, 2, True),
    ),
    "three rows": (
        [["名称", "投资", N, N], [N, "财政", N, "社会"], [N, "中央", "地方", N], ["甲", 1, 2, 3]],
        [(1, 1, 1, 3), (2, 1, 4, 1), (2, 2, 3, 2), (4, 2, 4, 3)], (0, 3, True),
    ),
    "two rows, merging lost": ([["名称", "坐标", ""], ["", "东", "北"], ["甲", "1", "2"]], [], (0, 2, True)),
    "groups over names, merging lost": (
        [["基本信息", "", "规模", ""], ["名称", "地址", "面积", "层数"], ["甲", "路", "5", "6"]], [], (0, 2, True),
    ),
    "an unnamed column is no second row": (
        [["名称", "备注", ""], ["甲", "好", "是"], ["乙", "差", "否"], ["丙", "差", "否"]], [], (0, 1, True),
    ),
    "unit row below": ([["名称", "面积", "投资"], [N, "㎡", "万元"], ["甲", 5, 6]], [], (0, 1, True)),
    "years head columns": ([["社区", "2024年", "2025年"], ["甲", 5, 6], ["乙", 7, 8]], [], (0, 1, True)),
    "no header": ([["XQ001", 5.5, 6], ["XQ002", 7, 8]], [], (0, 1, False)),
    "names twice": ([["名称", "面积", "面积"], ["甲", 5, 6]], [], (0, 1, False)),
    "nothing": ([[], [N, N]], [], (0, 1, False)),
    "merged data cells do not deepen the header": (
        [["维度", "描述"], ["舒适宜居", "甲"], [N, "乙"]], [(1, 2, 1, 3)], (0, 1, True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_guess_header(case: str) -> None:
    cells, merged, expected = CASES[case]
    assert tuple(guess_header(cells, merged=merged)) == expected


def test_units() -> None:
    assert is_unit_row([None, "（㎡）", "万元", "单位：人"])
    assert not is_unit_row(["甲", "㎡", "万元"]) and not is_unit_row([None, "-", "/"])
    assert [unit_of(name) for name in ("面积（公顷）", "面积(㎡)", "投资/万元", "人口(60岁以上)", "面积")] == [
        "公顷", "㎡", "万元", None, None,
    ]  # fmt: skip


def book(desk: Desk, rows: list[list[Any]], *, merged: tuple[str, ...] = ()) -> Any:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for ref in merged:
        made.active.merge_cells(ref)
    made.save(desk.folder / "表.xlsx")
    return made


def test_every_row_that_is_no_data_is_told(desk: Desk) -> None:
    book(
        desk,
        [
            ["好社区设施台账", N, N, N],
            ["填报单位：桥头街道", N, N, "单位：㎡"],
            ["序号", "名称", "规模", N],
            [N, N, "建筑面积", "用地面积"],
            [N, N, "㎡", "公顷"],
            [1, "小学", 6800, 0.5],
            [2, "诊所", "３００", "1,200㎡"],
            ["一、养老设施", N, N, N],
            ["序号", "名称", "规模", N],
            [N, N, "建筑面积", "用地面积"],
            [3, "合计路幼儿园", 900, "/"],
            ["小　计", N, 8000, N],
            ["桥头社区合计", N, 8000, N],
            ["合计（全部）", N, 8000, N],
            ["注：面积为建筑面积", N, N, N],
            ["填表人：张三", "审核人：李四", N, "日期：2025年11月"],
            ["本表统计范围为老城区内已建成并投入使用的设施", N, N, N],
        ],
        merged=("A1:D1", "A3:A4", "B3:B4", "C3:D3", "A8:D8"),
    )
    raw = desk.read("表.xlsx")
    assert list(raw.table.columns) == ["序号", "名称", "规模/建筑面积", "规模/用地面积"]
    assert raw.table.index.tolist() == [6, 7, 11]
    assert raw.table["规模/用地面积"].tolist() == ["0.5公顷", "1,200㎡", "/"]
    told = {fault.row: fault.problem for fault in desk.log.faults if fault.code == "HSQ-V09" and fault.row}
    assert told == {
        "1": "跳过标题行", "2": "跳过标题行", "5": "单位行不作为数据", "8": "分组标题行不作为数据",
        "9、10": "重复的表头或标题行不作为数据", "12、13、14": "合计、小计行不作为数据", "15、16": "说明行不作为数据",
        "17": "疑似说明行不作为数据",
    }  # fmt: skip


def test_units_of_header_and_unit_row_reach_the_values(desk: Desk) -> None:
    from layers.values import parse_numbers

    book(
        desk,
        [["名称", "面积（亩）", "投资（亿元）", "长度(m)"], ["甲", 3, "1.5", 7], ["乙", "3公顷", 2, "8"]],
    )
    table = desk.read("表.xlsx").table
    assert parse_numbers(table["面积（亩）"], unit="㎡").values.tolist() == pytest.approx([2000, 30_000])
    assert parse_numbers(table["投资（亿元）"], unit="万元").values.tolist() == [15_000, 20_000]
    assert table["长度(m)"].tolist() == [7, "8"]
    assert [f.value for f in desk.log.faults if f.code == "HSQ-V03"] == ["亩", "亿元"]


def test_the_config_outweighs_the_guess_and_rows_are_told_all_the_same(desk: Desk) -> None:
    book(desk, [["台账", N], ["名称", "面积"], ["甲", 5], ["乙", 6]])
    raw = desk.read("表.xlsx", skip_rows=2, header_rows=1)
    assert list(raw.table.columns) == ["甲", "5"] and raw.table.index.tolist() == [4]
    assert [f.row for f in desk.log.faults if f.problem == "跳过标题行"] == ["1", "2"]
    raw = desk.read("表.xlsx", header_rows=2)
    assert list(raw.table.columns) == ["名称/甲", "面积/5"]
    assert desk.read("表.xlsx", skip_rows=0).table.columns.tolist() == ["台账", "列2"]


def test_an_unsure_header_is_said(desk: Desk) -> None:
    book(desk, [["XQ001", 5.5], ["XQ002", 7]])
    desk.read("表.xlsx")
    (fault,) = desk.log.faults
    assert (fault.code, fault.severity) == ("HSQ-V09", "警告") and "skip_rows" in fault.remedy


@pytest.mark.parametrize("name", ["60岁及以上", "0-3岁", "3～6周岁", "65周岁（含）以上"])
def test_ages_head_columns(name: str) -> None:
    found = guess_header([["社区", name], ["甲社区", 12], ["乙社区", 15]])
    assert tuple(found) == (0, 1, True)


def test_numbers_of_columns_are_no_data(desk: Desk) -> None:
    book(desk, [["类别", "名称", "面积", "投资"], ["甲", "乙", 1, 2], ["用地", "空地", 5, 6]])
    raw = desk.read("表.xlsx")
    assert raw.table.index.tolist() == [3]
    assert any("列号行" in fault.problem and fault.severity == "警告" for fault in desk.log.faults)


def test_hidden_rows_are_data_and_hidden_sheets_are_not_guessed(desk: Desk) -> None:
    made = book(desk, [["名称", "面积"], ["甲", 5], ["乙", 6], ["丙", 7]])
    made.active.row_dimensions[3].hidden = True
    made.active.column_dimensions["B"].hidden = True
    old = made.create_sheet("旧", 0)
    old.append(["作废"])
    old.sheet_state = "hidden"
    made.save(desk.folder / "表.xlsx")
    assert desk.read("表.xlsx").table["名称"].tolist() == ["甲", "乙", "丙"]
    row, column = desk.log.faults
    assert (row.row, row.severity) == ("3", "警告") and "隐藏" in column.problem
    assert desk.read("表.xlsx", layer="旧").table.columns.tolist() == ["作废"]
    assert any("隐藏" in fault.problem for fault in desk.log.faults)


def test_full_width_digits_blanks_and_marks_are_read(desk: Desk) -> None:
    from layers.values import fold_text, parse_numbers

    book(desk, [["名 称", "面　积"], ["　桥头\u00a0", "１，２００．５㎡"], ["—", "　"], ["丙", "／"]])
    table = desk.read("表.xlsx").table
    assert list(table.columns) == ["名称", "面积"]
    assert fold_text(table["名称"]).fillna("?").tolist() == ["桥头", "?", "丙"]
    assert parse_numbers(table["面积"], unit="㎡").values.fillna(-1).tolist() == [1200.5, -1, -1]
