"""Workbooks by XlsxWriter: A3 landscape, repeated header, real numbers, texts that never become formulas."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_range

from pipeline.deliver.tables.content import Cell, Content
from pipeline.plan import Plan

_A3 = 8
_FONT = "宋体"
_TITLE_FONT = "黑体"
_SIZE = 10.5
_LINE = 14.5  # points a line of that size takes
_TALLEST = 409.0  # Excel's limit
_LONGEST = 32_767  # characters Excel holds in a cell
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SHEET_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def write_book(path: Path, sheets: Sequence[tuple[str, Content]], plan: Plan) -> None:
    """Write one workbook.

    Parameters
    ----------
    path : the file to make; its folder is created.
    sheets : sheet name and content, in order.
    plan : gives 编制单位 and 编制日期; the latter is the file's creation time, so that the same
        contents give the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": sheets[0][1].title,
                "author": plan.plan.compiler,
                "company": plan.plan.compiler,
                "created": datetime.combine(plan.plan.compiled, time()),
            }
        )
        forms = _Forms(book)
        for name, content in sheets:
            _write_sheet(book.add_worksheet(_SHEET_FORBIDDEN.sub("_", name)[:31]), content, plan, forms)


class _Forms:
    """Cell formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def get(self, **more: Any) -> Any:
        key = tuple(sorted(more.items()))
        if key not in self._made:
            base = {"font_name": _FONT, "font_size": _SIZE, "valign": "vcenter", "text_wrap": True}
            self._made[key] = self._book.add_format(base | more)
        return self._made[key]

    def text(self, align: str) -> Any:
        """Return the form of a text cell; left-aligned text keeps clear of the border."""
        return self.get(border=1, align=align, num_format="@", indent=1 if align == "left" else 0)


def _write_sheet(sheet: Any, content: Content, plan: Plan, forms: _Forms) -> None:
    leaves = content.leaves
    last = len(leaves) - 1
    widths = [leaf.width for leaf in leaves]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    title = forms.get(bold=True, font_size=16, font_name=_TITLE_FONT, align="center")
    _put_span(sheet, (0, 0, 0, last), content.title, title)
    sheet.set_row(0, 32)
    _write_header(sheet, content, forms, first=1)
    first = 1 + content.depth
    for index, cells in enumerate(content.rows):
        _write_row(sheet, first + index, cells, content, forms)
    _merge_down(sheet, content, first, forms)
    end = first + len(content.rows)
    if content.totals is not None:
        _write_totals(sheet, end, content, forms, data=(first, end - 1))
        end += 1
    if content.notes:
        numbered = [f"{n}.{note}" for n, note in enumerate(content.notes, 1)]
        lines = numbered if len(numbered) > 1 else content.notes
        text = f"{content.note_label}：" + "\n".join(lines)
        _put_span(sheet, (end, 0, end, last), text, forms.get(align="left"))
        sheet.set_row(end, fit_height([(text, sum(widths))]))
        end += 1
    _set_page(sheet, plan, header=(0, first - 1), area=(0, 0, max(end - 1, first - 1), last))


def _write_header(sheet: Any, content: Content, forms: _Forms, *, first: int) -> None:
    form = forms.get(bold=True, align="center", border=1, bg_color="#EDEDED")
    needed = [_LINE * 1.6] * content.depth
    for cell in content.header:
        span = (first + cell.row, cell.column, first + cell.last_row, cell.last_column)
        _put_span(sheet, span, cell.text, form)
        width = sum(leaf.width for leaf in content.leaves[cell.column : cell.last_column + 1])
        rows = cell.last_row - cell.row + 1
        # A cell that spans rows puts what it lacks on its last row.
        lack = fit_height([(cell.text, width * 0.9)]) - sum(needed[cell.row : cell.row + rows])
        needed[cell.last_row] += max(lack, 0)
    for row, height in enumerate(needed):
        sheet.set_row(first + row, height)


def _write_row(sheet: Any, row: int, cells: list[Cell], content: Content, forms: _Forms) -> None:
    sizes = []
    for column, (cell, leaf) in enumerate(zip(cells, content.leaves, strict=True)):
        if isinstance(cell.value, int | float):
            form = forms.get(border=1, align="center", num_format=cell.form or "General")
            sheet.write_number(row, column, cell.value, form)
        else:
            text = _clean(cell.value)
            form = forms.text(leaf.align)
            if text:
                sheet.write_string(row, column, text, form)
            else:
                sheet.write_blank(row, column, None, form)
            sizes.append((text, leaf.width))
    sheet.set_row(row, fit_height(sizes))


def _merge_down(sheet: Any, content: Content, first: int, forms: _Forms) -> None:
    """Merge equal neighbours of the columns that ask for it."""
    for column, leaf in enumerate(content.leaves):
        if not leaf.merge:
            continue
        form = forms.text(leaf.align)
        start = 0
        for index in range(1, len(content.rows) + 1):
            same = index < len(content.rows) and content.rows[index][column] == content.rows[start][column]
            if same:
                continue
            if index - start > 1:
                text = _clean(content.rows[start][column].value)
                sheet.merge_range(first + start, column, first + index - 1, column, "", form)
                sheet.write_string(first + start, column, text, form)
            start = index


def _write_totals(sheet: Any, row: int, content: Content, forms: _Forms, *, data: tuple[int, int]) -> None:
    """Write sums as formulas whose stored value is the exact sum."""
    assert content.totals is not None
    for column, cell in enumerate(content.totals):
        if isinstance(cell.value, int | float):
            form = forms.get(border=1, bold=True, align="center", num_format=cell.form)
            name = xl_col_to_name(column)
            if data[1] < data[0]:
                sheet.write_number(row, column, cell.value, form)
            else:
                sheet.write_formula(
                    row, column, f"=SUM({name}{data[0] + 1}:{name}{data[1] + 1})", form, cell.value
                )
        else:
            sheet.write_string(
                row, column, _clean(cell.value), forms.get(border=1, bold=True, align="center")
            )
    sheet.set_row(row, _LINE * 1.6)


def _set_page(sheet: Any, plan: Plan, *, header: tuple[int, int], area: tuple[int, int, int, int]) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
    sheet.center_horizontally()
    sheet.repeat_rows(*header)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(*area)
    # Codes such as 070102 are meant to be texts; Excel need not point at them.
    sheet.ignore_errors({"number_stored_as_text": xl_range(*area)})
    sheet.freeze_panes(header[1] + 1, 0)
    compiler = plan.plan.compiler.replace("&", "&&")
    sheet.set_footer(f"&L{compiler}&C第 &P 页 共 &N 页&R{plan.plan.compiled.isoformat()}")


def _put_span(sheet: Any, span: tuple[int, int, int, int], text: str, form: Any) -> None:
    """Write a text over one cell or several; merged cells get the text as a string, never a formula."""
    row, column, last_row, last_column = span
    if (row, column) != (last_row, last_column):
        sheet.merge_range(row, column, last_row, last_column, "", form)
    sheet.write_string(row, column, _clean(text), form)


def _clean(value: object) -> str:
    return CONTROL.sub("", str(value))[:_LONGEST] if value is not None else ""


def fit_height(texts: list[tuple[str, float]]) -> float:
    """Return the row height in points that shows every text wrapped to its width."""
    lines = max((_count_lines(text, width) for text, width in texts), default=1)
    return min(max(lines * _LINE + 5, _LINE * 1.5), _TALLEST)


@lru_cache(maxsize=10_000)  # a column of a report says the same few things in thousands of rows
def _count_lines(text: str, width: float) -> int:
    room = max(width - 2.0, 2.0)
    return sum(max(1, -int(-_columns_of(part) * 1.05 // room)) for part in text.split("\n"))


def _columns_of(text: str) -> float:
    """Return the width of a text in half-width characters; Chinese takes two."""
    if text.isascii():
        return float(len(text))
    return sum(2.0 if unicodedata.east_asian_width(char) in "WFA" else 1.0 for char in text)
