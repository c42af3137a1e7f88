"""台账.xlsx: an empty sheet a ledger, with drop-downs and notes, made from the layer declarations."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from layers.model import Column, Layer
from pipeline.begin.fields import (
    EAST,
    NORTH,
    PLACED,
    SHEETS,
    Choices,
    choices_of,
    example_of,
    head_of,
    note_of,
    sheet_name,
)

NAME = "台账.xlsx"
_LISTS, _GUIDE = "代码表", "填写说明"
_ROWS = 2000  # rows that get drop-downs
_FONT = "宋体"
_A3 = 8
_NOTE_ROW = 15.0  # points a line of a note takes
_PLACE_NOTE = "{name}：选填，数字\n与配置中 crs 一致的坐标；缺省为 CGCS2000 经纬度（度）。\n没有坐标的行，可在“空间数据.gpkg”的同名图形图层中按编号画图形。\n示例：{example}"
EXAMPLE_PLACE = {EAST: "116.8601", NORTH: "28.3402"}


def write_book(path: Path, *, day: date) -> None:
    """Write the workbook of empty ledgers.

    Parameters
    ----------
    path : the file to make.
    day : creation time inside the file, so that the same declarations give the same bytes.
    """
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "台账模板", "created": datetime.combine(day, time())})
        sheets = {layer: book.add_worksheet(sheet_name(layer)) for layer in SHEETS}
        guide, lists = book.add_worksheet(_GUIDE), book.add_worksheet(_LISTS)
        ranges = _write_lists(lists, book)
        for layer, page in sheets.items():
            _write_sheet(page, book, layer, ranges)
        _write_guide(guide, book)


def list_heads(layer: type[Layer]) -> list[tuple[str, Column | None]]:
    """Return the headers of a ledger's sheet with their fields; coordinates have none."""
    heads: list[tuple[str, Column | None]] = [(head_of(column), column) for column in layer.asked()]
    return heads + [(EAST, None), (NORTH, None)] if layer in PLACED else heads


def _write_sheet(page: Any, book: Any, layer: type[Layer], ranges: dict[str, str]) -> None:
    for at, (head, column) in enumerate(list_heads(layer)):
        must = column is not None and column.spec.required and not column.spec.filled
        form = _form(book, bold=True, align="center", border=1, bg_color="#FCE4D6" if must else "#E8EEF5")
        is_text = column is not None and (column.spec.kind == "text" or "带单位" in column.spec.hint)
        cells = _form(book, num_format="@") if is_text else _form(book)
        page.set_column(at, at, _width(layer, column, head), cells)
        page.write_string(0, at, head, form)
        note = (
            _PLACE_NOTE.format(name=head, example=EXAMPLE_PLACE[head])
            if column is None
            else note_of(layer, column)
        )
        lines = sum(1 + len(line) // 20 for line in note.split("\n"))
        page.write_comment(
            0,
            at,
            note,
            {"author": "haoshequ", "x_scale": 2.4, "height": 20 + _NOTE_ROW * lines, "font_size": 9},
        )
        choices = choices_of(layer, column) if column is not None else None
        if choices is not None:
            page.data_validation(1, at, _ROWS, at, _rule(choices, ranges[choices.name]))
    page.set_row(0, 30)
    page.set_landscape()
    page.set_paper(_A3)
    page.fit_to_pages(1, 0)
    page.freeze_panes(1, 0)
    page.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(list_heads(layer)))}{_ROWS}"})


def _rule(choices: Choices, source: str) -> dict[str, Any]:
    closed = choices.closed
    return {
        "validate": "list",
        "source": f"={source}",
        "error_type": "stop" if closed else "information",
        "error_title": choices.name,
        "error_message": "请从下拉列表中选取" if closed else "不在常用取值内，可以保留，程序会提示核对",
    }


def _write_lists(page: Any, book: Any) -> dict[str, str]:
    """Write every list down a column and return its range by name."""
    found: dict[str, Choices] = {}
    for layer in SHEETS:
        for column in layer.asked():
            choices = choices_of(layer, column)
            if choices is not None:
                found[choices.name] = choices
    ranges = {}
    for at, (name, choices) in enumerate(found.items()):
        page.write_string(0, at, name, _form(book, bold=True, bg_color="#EDEDED", border=1))
        for row, (value, _) in enumerate(choices.values, 1):
            page.write_string(row, at, value, _form(book, num_format="@"))
        page.set_column(at, at, max(12.0, *(_columns_of(value) + 2.0 for value, _ in choices.values)))
        letter = xl_col_to_name(at, col_abs=True)
        ranges[name] = f"{_LISTS}!{letter}$2:{letter}${len(choices.values) + 1}"
    page.freeze_panes(1, 0)
    return ranges


def _write_guide(page: Any, book: Any) -> None:
    """Write every field with its note on one sheet, for reading and printing."""
    heads = (("工作表", 20), ("列", 26), ("说明", 70), ("示例", 34))
    for at, (head, width) in enumerate(heads):
        page.set_column(at, at, width)
        page.write_string(0, at, head, _form(book, bold=True, bg_color="#EDEDED", border=1))
    row = 1
    wrap = _form(book, text_wrap=True, valign="top", border=1)
    for layer in SHEETS:
        for head, column in list_heads(layer):
            told = _PLACE_NOTE.format(name=head, example="") if column is None else note_of(layer, column)
            lines = [line for line in told.split("\n") if not line.startswith("示例：")]
            example = EXAMPLE_PLACE[head] if column is None else example_of(layer, column)
            for at, text in enumerate((sheet_name(layer), head, "；".join(lines), example)):
                page.write_string(row, at, text, wrap)
            row += 1
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _form(book: Any, **more: Any) -> Any:
    return book.add_format({"font_name": _FONT, "font_size": 10.5, "valign": "vcenter", **more})


def _width(layer: type[Layer], column: Column | None, head: str) -> float:
    example = "" if column is None else example_of(layer, column)
    return min(max(10.0, _columns_of(head) + 3.0, _columns_of(example) * 0.8 + 2.0), 44.0)


def _columns_of(text: str) -> float:
    """Return the width of a text in half-width characters; Chinese takes two."""
    return sum(2.0 if unicodedata.east_asian_width(char) in "WFA" else 1.0 for char in text)
