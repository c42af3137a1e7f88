"""Tables in the user's own workbook: its header and styles stay, rows go below by the words of the header."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.utils import get_column_letter

from layers.faults import FaultLog
from layers.read.book import list_sheets
from layers.read.raw import Place
from layers.read.sniff import check_content
from pipeline.deliver.tables.book import fit_height
from pipeline.deliver.tables.content import Cell as Value
from pipeline.deliver.tables.content import Content
from pipeline.deliver.tables.fitting import Fit, fit_header, name_columns
from pipeline.plan import Plan

_LEAST = 0.5  # share of the columns that must be found, or it is another table
_TAIL = re.compile(r"^(合计|总计|小计|填表说明|说明|注[:：]|备注|填表人|编制|审核)")
_TOTAL = re.compile(r"^(合计|总计)")
_NAME = re.compile(r"[Xx×]{2,}社区")
_YEAR = re.compile(r"(?:[Xx×]{2,}|[Xx×]{4})(?=年)")
_STAMP = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_A3 = "8"


def write_own(template: Path, path: Path, content: Content, plan: Plan, log: FaultLog) -> bool:
    """Write a table into a copy of the user's workbook; return whether that could be done.

    Parameters
    ----------
    template : the user's workbook, only read.
    path : the file to make.
    content : the table; every cell keeps its type, a text never becomes a formula.
    log : gets what keeps the workbook from being used (the built-in form is then delivered) and HSQ-V01 for
        each column it has no place for.
    """
    fit = open_template(template, content, log)
    if fit is None:
        return False
    _report(fit, content, template, log)
    sheet = fit.sheet
    _name_place(sheet, fit.row, plan)
    forms = [_style(sheet, fit.row, column) for column in range(1, sheet.max_column + 1)]
    wide = _find_wide(sheet, fit)
    tail = _take_tail(sheet, fit.row)
    at = fit.row + 1
    for cells in content.rows:
        _put_row(sheet, at, cells, fit, forms)
        for first, last in wide.items():
            sheet.merge_cells(start_row=at, end_row=at, start_column=first, end_column=last)
        widths = {column: _measure_width(sheet, column, wide) for column in fit.columns.values()}
        texts = [
            (value, widths[column])
            for index, column in fit.columns.items()
            if isinstance(value := cells[index].value, str)
        ]
        sheet.row_dimensions[at].height = fit_height(texts)
        at += 1
    _put_tail(sheet, at, tail, content, fit, forms)
    _set_page(sheet, fit.row)
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(sheet.parent, path)
    return True


def open_template(template: Path, content: Content, log: FaultLog) -> Fit | None:
    """Return where a table goes in the user's workbook; None, with one fault that says why, where it cannot."""
    place = Place(template.name, content.title, FaultLog())
    fit = _open(template, content, place)
    for fault in place.log.faults[:1] if fit is None else ():
        log.add(
            fault.code, f"{content.number}的自有样式不能使用：{fault.problem}", severity="警告", file=template.name,
            layer=content.title, action="按程序自带的样式写出", remedy=fault.remedy,
        )  # fmt: skip
    return fit


def _open(template: Path, content: Content, place: Place) -> Fit | None:
    """Return the sheet whose header fits the table best; None, with the reason in the log, where none does."""
    if not template.is_file():
        place.error("HSQ-F01", f"文件不存在：{template.name}", remedy="检查配置 hand.templates 中的路径")
        return None
    if template.suffix.lower() != ".xlsx":
        place.error("HSQ-F04", f"不支持 {template.suffix or '没有扩展名'} 文件", remedy="另存为 .xlsx")
        return None
    if not check_content(template, ".xlsx", place) or not list_sheets(template, place):
        return None
    try:
        book = openpyxl.load_workbook(template)
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile):
        place.error("HSQ-F02", "工作簿无法打开或已损坏", remedy="在 Excel 或 WPS 中打开并另存为 .xlsx")
        return None
    fits = [fit_header(sheet, content) for sheet in book.worksheets]
    best = max(fits, key=lambda fit: len(fit.columns))
    if len(best.columns) < _LEAST * len(content.leaves):
        words = "、".join(path[-1] for path in name_columns(content))
        place.error(
            "HSQ-V01", f"没有找到本表的表头（{len(content.leaves)} 列中只认出 {len(best.columns)} 列）",
            remedy=f"表头应有：{words}",
        )  # fmt: skip
        return None
    book.active = book.worksheets.index(best.sheet)
    return best


def _report(fit: Fit, content: Content, template: Path, log: FaultLog) -> None:
    for index, path in enumerate(name_columns(content)):
        if index not in fit.columns:
            word = path[-1].replace("\n", "")
            log.add(
                "HSQ-V01", f"{content.number}的自有样式没有“{word}”列", severity="警告",
                file=template.name, layer=content.title, field=word, action="该列没有写入",
                remedy=f"在工作表“{fit.sheet.title}”第 {fit.row} 行的表头中加上“{word}”，或改成这个名称",
            )  # fmt: skip


def _name_place(sheet: Any, last: int, plan: Plan) -> None:
    """Replace XX社区 and XX年 above the rows by the plan's own."""
    for cells in sheet.iter_rows(max_row=last):
        for cell in cells:
            if isinstance(cell.value, str) and not isinstance(cell, MergedCell):
                text = _NAME.sub(lambda _: plan.plan.area, cell.value)
                cell.value = _YEAR.sub(str(plan.plan.first_year), text)


def _style(sheet: Any, header: int, column: int) -> Cell:
    return sheet.cell(header + 1, column)


def _find_wide(sheet: Any, fit: Fit) -> dict[int, int]:
    """Return the columns that are merged across in each row, first to last.

    As in the sheet's first row of entries; where that has none, as its lowest header cells are. Columns that
    each hold something of ours stay apart.
    """
    spans = [span for span in sheet.merged_cells.ranges if span.max_col > span.min_col]
    below = [span for span in spans if span.min_row == span.max_row == fit.row + 1]
    rows = below or [span for span in spans if span.min_row <= fit.row <= span.max_row]
    held = set(fit.columns.values())
    return {
        span.min_col: span.max_col
        for span in rows
        if len(held & set(range(span.min_col, span.max_col + 1))) <= 1
    }


def _measure_width(sheet: Any, column: int, wide: dict[int, int]) -> float:
    columns = range(column, wide.get(column, column) + 1)
    return sum(sheet.column_dimensions[get_column_letter(each)].width for each in columns)


def _take_tail(
    sheet: Any, header: int
) -> list[tuple[list[tuple[int, Any, Any]], float | None, list[tuple[int, int, int]]]]:
    """Lift what stands below the rows (totals, notes, signatures) off the sheet; samples in between are cleared.

    Returns
    -------
    list
        By row: cells as (column, value, style), the height, merges as (first column, last column, rows).
    """
    first = next(
        (
            row
            for row in range(header + 1, sheet.max_row + 1)
            if any(isinstance(c.value, str) and _TAIL.match(c.value.strip()) for c in sheet[row])
        ),
        sheet.max_row + 1,
    )
    below = [span for span in list(sheet.merged_cells.ranges) if span.min_row > header]
    for span in below:
        sheet.unmerge_cells(str(span))
    tail = []
    for row in range(first, sheet.max_row + 1):
        cells = [(cell.column, cell.value, copy(cell._style)) for cell in sheet[row]]
        spans = [
            (span.min_col, span.max_col, span.max_row - span.min_row) for span in below if span.min_row == row
        ]
        tail.append((cells, sheet.row_dimensions[row].height, spans))
    for row in range(header + 1, sheet.max_row + 1):
        for cell in sheet[row]:
            cell.value = None
        if row >= first:
            sheet.row_dimensions[row].height = None
    return tail


def _put_row(sheet: Any, at: int, cells: Sequence[Value], fit: Fit, forms: Sequence[Cell]) -> None:
    for column, form in enumerate(forms, start=1):
        if form.has_style:
            sheet.cell(at, column)._style = copy(form._style)
    for index, column in fit.columns.items():
        _put(sheet.cell(at, column), cells[index])


def _put(cell: Any, value: Value) -> None:
    """Write a value; a text is stored as a text whatever it begins with."""
    if isinstance(value.value, int | float):
        cell.value = value.value
        if cell.number_format in ("General", "@"):
            cell.number_format = value.form or "General"
        return
    text = ILLEGAL_CHARACTERS_RE.sub("", value.value) if isinstance(value.value, str) else ""
    cell.value = text or None
    if text:
        cell.data_type = "s"


def _put_tail(
    sheet: Any, at: int, tail: Sequence[Any], content: Content, fit: Fit, forms: Sequence[Cell]
) -> None:
    """Put back what stood below; totals go into the template's own row of totals, else into one of ours."""
    has_totals = any(
        isinstance(value, str) and _TOTAL.match(value.strip())
        for cells, _, _ in tail
        for _, value, _ in cells
    )
    if content.totals is not None and not has_totals:
        _put_row(sheet, at, content.totals, fit, forms)
        at += 1
    for cells, height, spans in tail:
        for column, value, style in cells:
            cell = sheet.cell(at, column)
            cell._style = style
            cell.value = value
        if content.totals is not None and any(
            isinstance(value, str) and _TOTAL.match(value.strip()) for _, value, _ in cells
        ):
            for index, column in fit.columns.items():
                if isinstance(content.totals[index].value, int | float):
                    _put(sheet.cell(at, column), content.totals[index])
        sheet.row_dimensions[at].height = height
        for first, last, rows in spans:
            sheet.merge_cells(start_row=at, end_row=at + rows, start_column=first, end_column=last)
        at += 1


def _set_page(sheet: Any, header: int) -> None:
    """Keep the template's page; where it says nothing, A3 landscape with the header on every page."""
    if not sheet.page_setup.paperSize:
        sheet.page_setup.paperSize = _A3
        sheet.page_setup.orientation = "landscape"
        sheet.sheet_properties.pageSetUpPr = openpyxl.worksheet.properties.PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0
    if not sheet.print_title_rows:
        sheet.print_title_rows = f"1:{header}"
    sheet.print_area = f"A1:{get_column_letter(sheet.max_column)}{sheet.max_row}"


def _save(book: Any, path: Path) -> None:
    """Save with nothing in the file that varies by run: openpyxl stamps the present time in two places."""
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as fixed:
        for name in made.namelist():
            data = made.read(name)
            if name == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", data)
            fixed.writestr(zipfile.ZipInfo(name, _STAMP), data, zipfile.ZIP_DEFLATED)
