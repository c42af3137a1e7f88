"""Tables of office files: xlsx and csv, with title rows, merged and stacked headers, totals rows.

Formulas are never evaluated: what the office program last stored is read, and a formula without a stored
value is reported.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from layers.read.raw import Place, Raw, list_rows
from layers.read.text import read_text

SUFFIXES = frozenset({".xlsx", ".xlsm", ".csv", ".txt"})
_TOTAL = re.compile(r"^(合计|总计|小计|共计|累计|总和|total|subtotal)([:：（(].*)?$", re.IGNORECASE)
_REMARK = re.compile(r"^(注|备注|说明|填表说明|填表人|填报人|制表|审核人|单位负责人|数据来源)[:：]")
# What zipfile, zlib, expat and openpyxl raise on damaged or encrypted workbooks; openpyxl checks little and
# stumbles over whatever it meets first.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ElementTree.ParseError,
    EOFError,
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)
_LIMIT_BYTES = 600_000_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@dataclass
class Grid:
    """Cells of a sheet: rows of values, the first one being row 1; merged ranges; uncached formulas."""

    rows: list[list[Any]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # first col, row, last col, row
    uncached: list[str] = field(default_factory=list)


def read_sheet(
    path: Path,
    place: Place,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    header_rows: int = 1,
    skip_rows: int = 0,
) -> Raw | None:
    """Read a table.

    Parameters
    ----------
    path : existing .xlsx or .csv.
    place : where faults are recorded.
    sheet : sheet name; the first one when None.
    header_rows : rows of the header; stacked cells are joined as ``上级/下级``.
    skip_rows : rows before the header; when 0, title rows are recognised.

    Returns
    -------
    Raw or None
        Rows by the number the office program shows; None when the file cannot be used.
    """
    is_csv = path.suffix.lower() in {".csv", ".txt"}
    grid = _read_csv(path, place, encoding) if is_csv else _read_xlsx(path, place, sheet)
    if grid is None:
        return None
    if grid.uncached:
        place.warn(
            "HSQ-V09", f"{len(grid.uncached)} 个公式单元格没有保存的结果，按空白读取",
            value="、".join(grid.uncached[:10]), remedy="在 Excel 或 WPS 中打开、重新计算并保存",
        )  # fmt: skip
    return _make_table(grid, place, header_rows=header_rows, skip_rows=skip_rows)


def _read_csv(path: Path, place: Place, declared: str | None) -> Grid | None:
    text = read_text(path.read_bytes(), place, declared=declared)
    if text is None:
        return None
    if "\x00" in text:
        place.error("HSQ-F02", "文件不是文本表格（含零字节）", remedy="另存为 CSV UTF-8 后重试")
        return None
    first = text.split("\n", 1)[0]
    separator = max(",\t;", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        place.error("HSQ-F02", "文件不是合法的 csv", remedy="另存为 CSV UTF-8 后重试")
        return None
    return Grid([list(row) for row in rows])


def _read_xlsx(path: Path, place: Place, sheet: str | None) -> Grid | None:
    try:
        with path.open("rb") as stream:  # openpyxl leaves the file open when it cannot read it
            with zipfile.ZipFile(stream) as archive:
                if sum(member.file_size for member in archive.infolist()) > _LIMIT_BYTES:
                    place.error("HSQ-F02", "工作簿解压后超过 600 MB", remedy="删去无关的工作表和图片后另存")
                    return None
            return _read_book(stream, path, place, sheet)
    except _DAMAGED:
        place.error(
            "HSQ-F02",
            "工作簿无法打开或已损坏，不是有效的 .xlsx 文件",
            remedy="在 Excel 或 WPS 中打开并另存为 .xlsx（.xls 也须另存）",
        )
        return None


def _read_book(stream: IO[bytes], path: Path, place: Place, sheet: str | None) -> Grid | None:
    book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    try:
        names = [page.title for page in book.worksheets]
        name = sheet or names[0]
        if name not in names:
            place.error(
                "HSQ-F03", f"没有名为“{name}”的工作表", value=name, remedy=f"工作表有：{'、'.join(names)}"
            )
            return None
        page = book[name]
        # A wrong declared extent makes read-only mode stop early.
        page.reset_dimensions()
        rows = [list(row) for row in page.iter_rows(values_only=True)]
        merged, uncached = _read_structure(path, name)
    finally:
        book.close()
    return Grid(rows, merged, uncached)


def _read_structure(path: Path, sheet: str) -> tuple[list[tuple[int, int, int, int]], list[str]]:
    """Find merged ranges and formulas without a stored value, which read-only mode does not tell."""
    merged: list[tuple[int, int, int, int]] = []
    uncached: list[str] = []
    with zipfile.ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        target = next(
            (
                targets[page.get(f"{_REL}id")]
                for page in book.iter(f"{_MAIN}sheet")
                if page.get("name") == sheet
            ),
            "",
        )
        member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if member not in archive.namelist():
            return merged, uncached
        with archive.open(member) as stream:
            for _, element in ElementTree.iterparse(stream):
                if element.tag == f"{_MAIN}mergeCell":
                    left, top, right, bottom = range_boundaries(element.get("ref", "A1"))
                    merged.append((left or 1, top or 1, right or 1, bottom or 1))
                elif element.tag == f"{_MAIN}c":
                    value = element.find(f"{_MAIN}v")
                    if element.find(f"{_MAIN}f") is not None and (value is None or not value.text):
                        uncached.append(element.get("r", ""))
                elif element.tag == f"{_MAIN}row":
                    element.clear()
    return merged, uncached


def _filled(row: list[Any]) -> list[Any]:
    return [cell for cell in row if cell is not None and str(cell).strip() != ""]


def _spread_merged(grid: Grid) -> None:
    """Give every cell of a merged range the value of its first cell."""
    for left, top, right, bottom in grid.merged:
        if top > len(grid.rows) or left > len(grid.rows[top - 1]):
            continue
        value = grid.rows[top - 1][left - 1]
        for row in grid.rows[top - 1 : bottom]:
            for col in range(left - 1, min(right, len(row))):
                row[col] = value


def _spread_header(rows: list[list[Any]]) -> None:
    """Carry group names to the right where a csv has lost the merging: empty above, filled below."""
    for above, below in itertools.pairwise(rows):
        for col in range(1, len(above)):
            if above[col] in (None, "") and below[col] not in (None, ""):
                above[col] = above[col - 1]


def _find_header(grid: Grid, skip_rows: int, place: Place) -> int:
    """Return the index of the first header row, after title rows."""
    if skip_rows:
        return skip_rows
    at = 0
    while at < len(grid.rows) - 1:
        filled = _filled(grid.rows[at])
        if len(filled) > 1 or (len(filled) == 1 and max(len(_filled(r)) for r in grid.rows[at:]) == 1):
            break
        if filled:
            place.note("HSQ-V09", "跳过标题行", row=str(at + 1), value=str(filled[0])[:60])
        at += 1
    return at


def _join_header(rows: list[list[Any]]) -> list[str]:
    """Join stacked header cells; a name that repeats gets a number so that none hides another."""
    names: list[str] = []
    for cells in zip(*rows, strict=True):
        parts: list[str] = []
        for cell in cells:
            word = "" if cell is None else re.sub(r"\s+", "", str(cell))
            if word and (not parts or parts[-1] != word):
                parts.append(word)
        names.append("/".join(parts))
    seen: dict[str, int] = {}
    result = []
    for at, name in enumerate(names):
        name = name or f"列{at + 1}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return result


def _label_row(row: list[Any]) -> str:
    """First words of a row, to tell totals and remarks from data; a serial number before does not hide them."""
    filled = [str(cell).replace(" ", "").replace("\u3000", "") for cell in _filled(row)[:2]]
    return next((word for word in filled if not word.replace(".", "").isdigit()), filled[0] if filled else "")


def _sort_rows(grid: Grid, start: int, place: Place) -> Iterator[int]:
    """Yield the indexes of data rows; report totals and remark rows."""
    totals, remarks = [], []
    for at in range(start, len(grid.rows)):
        filled = _filled(grid.rows[at])
        if not filled:
            continue
        label = _label_row(grid.rows[at])
        if _TOTAL.match(label):
            totals.append(at + 1)
        elif _REMARK.match(label) and len({str(cell) for cell in filled}) == 1:
            remarks.append(at + 1)
        else:
            yield at
    if totals:
        place.note("HSQ-V09", "合计、小计行不作为数据", row=list_rows(pd.Index(totals)), action="跳过")
    if remarks:
        place.note("HSQ-V09", "说明行不作为数据", row=list_rows(pd.Index(remarks)), action="跳过")


def _make_table(grid: Grid, place: Place, *, header_rows: int, skip_rows: int) -> Raw | None:
    width = max((len(row) for row in grid.rows), default=0)
    grid.rows = [row + [None] * (width - len(row)) for row in grid.rows]
    top = _find_header(grid, skip_rows, place)
    if not width or len(grid.rows) < top + header_rows:
        place.error("HSQ-F02", "表格为空", remedy="检查文件和工作表是否选对")
        return None
    # Titles are merged across the sheet and totals over their label: both were read before spreading.
    data = list(_sort_rows(grid, top + header_rows, place))
    if grid.merged:
        _spread_merged(grid)
    else:
        _spread_header(grid.rows[top : top + header_rows])
    header = _join_header(grid.rows[top : top + header_rows])
    table = pd.DataFrame(
        [grid.rows[at] for at in data], columns=header, index=pd.Index(data) + 1, dtype=object
    )
    return Raw(table)
