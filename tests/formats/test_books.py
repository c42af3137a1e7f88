"""Workbooks written by openpyxl and XlsxWriter; openpyxl is the witness of what they hold."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.faults import FaultLog
from layers.read.book import list_sheets, read_book
from layers.read.raw import Place

from .conftest import Desk

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)
CELL = st.one_of(
    st.none(), TEXT, st.integers(-(10**14), 10**14), st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)).map(lambda value: value.replace(microsecond=0)),
)  # fmt: skip


def read(content: bytes, sheet: str | None = None) -> tuple[Any, FaultLog]:
    log = FaultLog()
    return read_book(content, Place("表.xlsx", "层", log), sheet=sheet), log


def witness(content: bytes) -> list[list[Any]]:
    page = openpyxl.load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
    return [list(row) for row in page.iter_rows(values_only=True)]


def trim(rows: list[list[Any]]) -> list[list[Any]]:
    made = []
    for row in rows:
        cells = [None if cell == "" else cell for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        made.append(cells)
    while made and not made[-1]:
        made.pop()
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.lists(CELL, max_size=5), min_size=1, max_size=6), shared=st.booleans())
def test_values_are_those_openpyxl_reads(rows: list[list[Any]], shared: bool) -> None:
    made = io.BytesIO()
    if shared:
        options = {
            "strings_to_urls": False,
            "strings_to_formulas": False,
            "default_date_format": "yyyy-mm-dd hh:mm:ss",
        }
        with xlsxwriter.Workbook(made, options) as book:
            page = book.add_worksheet()
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    (page.write_string if isinstance(cell, str) else page.write)(at, column, cell)
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(
                [f"'{cell}" if isinstance(cell, str) and cell.startswith("=") else cell for cell in row]
            )
        book.save(made)
    grid, _ = read(made.getvalue())
    assert trim(grid.rows) == trim(witness(made.getvalue()))


def test_dates_times_and_both_calendars() -> None:
    for calendar in (False, True):
        made = io.BytesIO()
        with xlsxwriter.Workbook(made, {"date_1904": calendar}) as book:
            page = book.add_worksheet()
            for at, (value, code) in enumerate(
                [
                    (date(2025, 11, 23), 'yyyy"年"m"月"d"日"'),
                    (datetime(2025, 11, 23, 8, 30), "yyyy/m/d h:mm"),
                    (time(8, 30), "h:mm"),
                ]
            ):
                page.write_datetime(at, 0, value, book.add_format({"num_format": code}))
            page.write_number(3, 0, 45_000, book.add_format({"num_format": "0.00"}))
        grid, _ = read(made.getvalue())
        assert [row[0] for row in grid.rows] == [
            datetime(2025, 11, 23),
            datetime(2025, 11, 23, 8, 30),
            time(8, 30),
            45_000,
        ]


def test_rich_and_inline_strings_escapes_and_pronunciation(desk: Desk) -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet("表")
        page.write_rich_string(0, 0, "桥头", book.add_format({"bold": True}), "社区", "居委会")
        page.write_string(1, 0, "行1\r\n行2")
    grid, _ = read(made.getvalue())
    assert [row[0] for row in grid.rows] == ["桥头社区居委会", "行1\r\n行2"]
    strings = "<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><si><t>東京</t><rPh sb='0' eb='2'>" \
              "<t>トウキョウ</t></rPh></si><si><t>x_x000D_y</t></si></sst>"  # fmt: skip
    grid, _ = read(replace(made.getvalue(), "xl/sharedStrings.xml", strings))
    assert [row[0] for row in grid.rows] == ["東京", "x\ry"]


def replace(content: bytes, part: str, text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            target.writestr(name, text if name == part else source.read(name))
        if part not in source.namelist():
            target.writestr(part, text)
    return made.getvalue()


def test_a_formula_gives_its_stored_value_or_a_fault_never_a_result(desk: Desk) -> None:
    with xlsxwriter.Workbook(desk.folder / "表.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["名称", "面积", "比例"])
        page.write_row(1, 0, ["甲"])
        page.write_formula(1, 1, "=1+1", None, 7)  # what the office program stored, right or wrong
        page.write_formula(1, 2, "=1/0", None, "#DIV/0!")
        page.write_row(2, 0, ["乙"])
        page.write_formula(2, 1, '=WEBSERVICE("http://127.0.0.1:9/")', None, "")
    raw = desk.read("表.xlsx")
    assert raw.table["面积"].tolist() == [7, None]
    assert raw.table["比例"].tolist() == [None, None]
    uncached, broken = (fault for fault in desk.log.faults if fault.code == "HSQ-V09")
    assert uncached.value == "B3" and "#DIV/0!" in broken.value


def test_macros_and_links_to_other_workbooks_are_said_and_left(desk: Desk) -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["名称", "面积"])
        page.write_row(1, 0, ["甲"])
        page.write_formula(1, 1, "='[1]其他'!A1", None, 5)
    content = replace(made.getvalue(), "xl/externalLinks/externalLink1.xml", "<externalLink/>")
    (desk.folder / "表.xlsm").write_bytes(replace(content, "xl/vbaProject.bin", "macro"))
    assert desk.read("表.xlsm").table["面积"].tolist() == [5]
    assert {fault.problem: fault.severity for fault in desk.log.faults} == {
        "工作簿含宏": "提示", "工作簿引用其他工作簿": "警告",
    }  # fmt: skip


def test_sheets_are_chosen_by_name_and_listed(desk: Desk) -> None:
    with xlsxwriter.Workbook(desk.folder / "表.xlsx") as book:
        for name in ("设施", "人口"):
            book.add_worksheet(name).write_row(0, 0, [name])
        book.add_chartsheet("图")
    assert list_sheets(desk.folder / "表.xlsx", Place("表.xlsx", "", FaultLog())) == ["设施", "人口"]
    assert desk.read("表.xlsx", layer="人口").table.columns.tolist() == ["人口"]
    desk.read("表.xlsx")
    assert any(fault.code == "HSQ-F03" and "2 个工作表" in fault.problem for fault in desk.log.faults)
    assert "人口" in desk.refuse("表.xlsx", layer="资源").remedy


@pytest.mark.parametrize(
    "sheet",
    [
        "<row r='0'/>", "<row r='9999999'/>", "<row r='3'/><row r='2'/>", "<row r='1'><c r='ZZZ1'/></row>",
        "<row r='1'><c r='A1' t='s'><v>99</v></c></row>", "<row r='1'><c r='A1' t='s'><v>x</v></c></row>",
        "<row r='1'><c r='A1' s='9'><v>x</v></c></row>", "<row r='x'/>", "<row r='1'><c r='甲1'/></row>",
    ],
)  # fmt: skip
def test_parts_that_contradict_each_other_are_damage(desk: Desk, sheet: str) -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        book.add_worksheet().write_row(0, 0, ["名称"])
    text = f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>{sheet}</sheetData></worksheet>"
    (desk.folder / "表.xlsx").write_bytes(replace(made.getvalue(), "xl/worksheets/sheet1.xml", text))
    assert desk.refuse("表.xlsx").code == "HSQ-F02"


def test_random_damage_is_a_fault_or_harmless(desk: Desk) -> None:
    rng = random.Random(4)
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        for at in range(50):
            page.write_row(at, 0, [f"名称{at}", at, at / 7])
    good = made.getvalue()
    refused = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(rng.choice([1, 3, 30])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        Path(desk.folder / "表.xlsx").write_bytes(data)
        raw = desk.read("表.xlsx")
        assert raw is not None or desk.log.errors
        refused += raw is None
    assert refused > 50
