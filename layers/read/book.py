"""xlsx workbooks: stored values only. Formulas are never evaluated, macros never run, links never followed.

One pass over the sheet's XML gives values, merged ranges, formulas without a result and what is hidden;
reading the same through openpyxl takes two passes and three times as long.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree
from xml.parsers import expat

import pandas as pd
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from layers.read.archive import DAMAGED, Archive, open_archive
from layers.read.grid import Grid
from layers.read.raw import Place, list_rows
from layers.read.sniff import Opened
from layers.read.worksheet import Malformed, Shared, read_cells, rich_text
from layers.read.xml import UnsafeXml, local_name, read_elements

SUFFIXES = frozenset({".xlsx", ".xlsm"})
_MOST_BYTES = 600_000_000
_DAMAGED = (
    "工作簿无法打开或已损坏，不是有效的 .xlsx 文件",
    "在 Excel 或 WPS 中打开并另存为 .xlsx（.xls 也须另存）；打不开的重新复制",
)
_BROKEN = (*DAMAGED, expat.ExpatError, ElementTree.ParseError, LookupError, TypeError, OverflowError)


@dataclass
class _Book:
    """What the parts of a workbook say before a sheet is opened."""

    archive: Archive
    sheets: list[tuple[str, str, bool]]  # name, part, hidden
    shared: Shared


def read_book(opened: Opened, place: Place, *, sheet: str | None) -> Grid | None:
    """Read one sheet of a workbook.

    Parameters
    ----------
    sheet : its name; the first visible one when None.
    place : gets HSQ-F02 damaged, HSQ-F08 unsafe, HSQ-F03 no such sheet, HSQ-V09 what formulas and
        hidden rows mean for the values.
    """
    archive = open_archive(opened, place, most_bytes=_MOST_BYTES, damaged=_DAMAGED)
    if archive is None:
        return None
    try:
        book = _open(archive)
        part = _choose(book, sheet, place)
        if part is None:
            return None
        grid = read_cells(archive.read(part), book.shared)
    except UnsafeXml:
        place.error(
            "HSQ-F08", "工作簿含文档类型定义（DTD），可能无限膨胀或引用外部文件", action="不读取",
            remedy="核实来源；在 Excel 或 WPS 中打开并另存为 .xlsx",
        )  # fmt: skip
        return None
    except _BROKEN:
        place.error("HSQ-F02", _DAMAGED[0], remedy=_DAMAGED[1])
        return None
    _report(archive, grid, place)
    return grid


def list_sheets(opened: Opened, place: Place, *, hidden: bool = False) -> list[str]:
    """Return the names of the visible sheets, or of the hidden ones; empty with the reason in the log."""
    archive = open_archive(opened, place, most_bytes=_MOST_BYTES, damaged=_DAMAGED)
    if archive is None:
        return []
    try:
        return [name for name, _, unseen in _list_parts(archive)[0] if unseen == hidden]
    except (UnsafeXml, *_BROKEN):
        place.error("HSQ-F02", _DAMAGED[0], remedy=_DAMAGED[1])
        return []


def _elements(archive: Archive, part: str) -> Iterator[ElementTree.Element]:
    for _, element in read_elements(io.BytesIO(archive.read(part))):
        yield element


def _list_parts(archive: Archive) -> tuple[list[tuple[str, str, bool]], datetime]:
    """Return sheets (name, part, hidden) in the order of their tabs, and the calendar."""
    targets = {
        link.get("Id"): link.get("Target", "")
        for link in _elements(archive, "xl/_rels/workbook.xml.rels")
        if local_name(link) == "Relationship" and link.get("TargetMode") != "External"
    }
    sheets, epoch = [], CALENDAR_WINDOWS_1900
    for element in _elements(archive, "xl/workbook.xml"):
        if local_name(element) == "workbookPr" and element.get("date1904") in {"1", "true"}:
            epoch = CALENDAR_MAC_1904
        if local_name(element) != "sheet":
            continue
        link = next((v for k, v in element.attrib.items() if k.endswith("}id")), None)
        target = targets.get(link)
        if target is None:
            raise Malformed("sheet without a part")
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        if "worksheets" in part:  # chart sheets hold no cells
            sheets.append((element.get("name", ""), part, element.get("state", "visible") != "visible"))
    if not sheets:
        raise Malformed("no sheets")
    return sheets, epoch


def _open(archive: Archive) -> _Book:
    sheets, epoch = _list_parts(archive)
    book = _Book(archive, sheets, Shared(epoch=epoch))
    if "xl/sharedStrings.xml" in archive.members:
        book.shared.strings = [
            rich_text(item) for item in _elements(archive, "xl/sharedStrings.xml") if local_name(item) == "si"
        ]
    if "xl/styles.xml" in archive.members:
        book.shared.dates = _find_dates(archive)
    return book


def _find_dates(archive: Archive) -> frozenset[int]:
    """Return the numbers of cell styles that show a number as a date or a time."""
    formats = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    for element in _elements(archive, "xl/styles.xml"):
        if local_name(element) == "numFmt":
            formats[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
        elif local_name(element) == "cellXfs":
            styles = [int(style.get("numFmtId", "0")) for style in element]
    return frozenset(at for at, number in enumerate(styles) if _is_date(formats.get(number, "")))


def _is_date(code: str) -> bool:
    # Chinese formats write 年月日 between the letters, which openpyxl's test does not mind.
    return bool(code) and is_date_format(code)


def _choose(book: _Book, sheet: str | None, place: Place) -> str | None:
    names = [name for name, _, _ in book.sheets]
    if sheet is not None:
        for name, part, hidden in book.sheets:
            if name == sheet:
                if hidden:
                    place.note("HSQ-F03", f"工作表“{sheet}”是隐藏的", action="按配置读取")
                return part
        place.error(
            "HSQ-F03", f"没有名为“{sheet}”的工作表", value=sheet, remedy=f"工作表有：{'、'.join(names)}"
        )
        return None
    shown = [item for item in book.sheets if not item[2]] or book.sheets
    if len(shown) > 1:
        place.note(
            "HSQ-F03", f"工作簿有 {len(shown)} 个工作表，没有指定用哪一个", value="、".join(names)[:200],
            action=f"读取“{shown[0][0]}”", remedy="在配置的 layer 中写明工作表名",
        )  # fmt: skip
    return shown[0][1]


def _report(archive: Archive, grid: Grid, place: Place) -> None:
    if grid.uncached:
        place.warn(
            "HSQ-V09", f"{len(grid.uncached)} 个公式单元格没有保存的结果，按空白读取",
            value="、".join(grid.uncached[:10]), action="公式不计算", remedy="在 Excel 或 WPS 中打开、重新计算并保存",
        )  # fmt: skip
    if grid.broken:
        place.warn(
            "HSQ-V09", f"{len(grid.broken)} 个公式单元格的结果是错误值，按空白读取",
            value="、".join(grid.broken[:10]), remedy="改正公式，或改填数值",
        )  # fmt: skip
    if grid.hidden_rows:
        place.warn(
            "HSQ-V09", f"{len(grid.hidden_rows)} 行被隐藏或筛选掉", row=list_rows(pd.Index(grid.hidden_rows)),
            action="仍作为数据读取", remedy="不需要的行请删除，而不是隐藏",
        )  # fmt: skip
    if grid.hidden_columns:
        width = max((len(row) for row in grid.rows), default=0)
        shown = [column for column in grid.hidden_columns if column <= width]
        if shown:
            place.note("HSQ-V09", f"{len(shown)} 列被隐藏", action="仍可读取")
    parts = archive.members
    if any(name.endswith("vbaProject.bin") for name in parts):
        place.note("HSQ-F08", "工作簿含宏", action="不运行宏，只读单元格")
    if any(name.startswith("xl/externalLinks/") for name in parts):
        place.warn(
            "HSQ-F08", "工作簿引用其他工作簿", action="不打开被引用的文件，采用已保存的值",
            remedy="核对数值是否最新；可在 Excel 中断开链接后保存",
        )  # fmt: skip
