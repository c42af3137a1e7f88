"""Tables of office files: xlsx and delimited text, with titles, merged headers, unit rows and totals."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from layers.read import book, delimited
from layers.read.grid import Grid, filled, spread_merged
from layers.read.header import (
    guess_grid,
    guess_header,
    is_unit_row,
    join_header,
    read_units,
    spread_groups,
    unit_of,
)
from layers.read.raw import Place, Raw
from layers.read.rows import find_data
from layers.read.sniff import Opened

SUFFIXES = book.SUFFIXES | delimited.SUFFIXES
# Units that change the figure; the others are what a number without a unit is taken to be in.
_SCALED = frozenset(
    [
        "公顷",
        "hm²",
        "hm2",
        "ha",
        "亩",
        "万㎡",
        "万平方米",
        "km²",
        "平方公里",
        "平方千米",
        "km",
        "公里",
        "千米",
        "cm",
        "厘米",
        "mm",
        "毫米",
        "元",
        "千元",
        "亿元",
        "万人",
        "万户",
        "h",
        "小时",
    ]
)
_FIGURE = re.compile(r"^\s*[\d０-９][\d０-９,，.．]*\s*$")


def read_sheet(
    opened: Opened,
    place: Place,
    *,
    suffix: str = "",
    sheet: str | None = None,
    encoding: str | None = None,
    header_rows: int | None = None,
    skip_rows: int | None = None,
) -> Raw | None:
    """Read a table.

    Parameters
    ----------
    opened : .xlsx or delimited text, on disk or in memory.
    place : where faults are recorded.
    suffix : what it is; that of the path when empty.
    sheet : sheet name; the first visible one when None.
    header_rows : rows of the header; stacked cells are joined as ``上级/下级``. Recognised when None.
    skip_rows : rows before the header. Recognised when None.

    Returns
    -------
    Raw or None
        Rows by the number the office program shows; None when the file cannot be used.
    """
    grid = read_grid(opened, place, suffix=suffix, sheet=sheet, encoding=encoding)
    if grid is None:
        return None
    return _make_table(grid, place, header_rows=header_rows, skip_rows=skip_rows)


def read_grid(
    opened: Opened, place: Place, *, suffix: str = "", sheet: str | None = None, encoding: str | None = None
) -> Grid | None:
    """Return the cells of a sheet as stored; None with the reason in the log."""
    suffix = suffix or ("" if isinstance(opened, bytes) else opened.suffix.lower())
    if suffix in delimited.SUFFIXES:
        return delimited.read_delimited(opened, place, encoding=encoding)
    return book.read_book(opened, place, sheet=sheet)


def _settle_header(
    grid: Grid, place: Place, header_rows: int | None, skip_rows: int | None
) -> tuple[int, int]:
    """Return index and depth of the header: the config's word, else what the cells show."""
    if skip_rows is not None:
        merged = [(left, top - skip_rows, right, low - skip_rows) for left, top, right, low in grid.merged]
        rest = guess_header(grid.rows[skip_rows:], merged=[item for item in merged if item[1] > 0])
        top, depth = skip_rows, header_rows or (rest.header_rows if rest.skip_rows == 0 else 1)
        sure = True
    else:
        guess = guess_grid(grid)
        top, depth = guess.skip_rows, header_rows or guess.header_rows
        sure = guess.sure or header_rows is not None
        place.clues.header = guess._replace(header_rows=depth, sure=sure)
    for at, row in enumerate(grid.rows[:top]):
        if inside := filled(row):
            place.note("HSQ-V09", "跳过标题行", row=str(at + 1), value=str(inside[0])[:60])
    told = f"第 {top + 1} 行" if depth == 1 else f"第 {top + 1}–{top + depth} 行"
    if not sure:
        place.warn(
            "HSQ-V09", f"表头无法确定，暂以{told}为表头", action="按此读取",
            remedy="在配置中写 skip_rows（表头前的行数）和 header_rows（表头行数）",
        )  # fmt: skip
    elif header_rows is None and depth > 1:
        place.note("HSQ-V09", f"表头共 {depth} 行（{told}）", action="列名合并为“上级/下级”")
    return top, depth


def _make_table(grid: Grid, place: Place, *, header_rows: int | None, skip_rows: int | None) -> Raw | None:
    width = grid.square()
    top, depth = _settle_header(grid, place, header_rows, skip_rows) if width else (0, 1)
    start = top + depth
    if not width or len(grid.rows) < start:
        place.error("HSQ-F02", "表格为空", remedy="检查文件和工作表是否选对")
        return None
    header = grid.rows[top:start]
    units: dict[int, str] = {}
    if len(grid.rows) > start and is_unit_row(grid.rows[start]):
        units = read_units(grid.rows[start])
        place.note("HSQ-V09", "单位行不作为数据", row=str(start + 1), action="跳过，单位用于换算该列")
        start += 1
    # Titles are merged across the sheet and totals over their label: both are read before spreading.
    data = find_data(grid.rows, start, header, place)
    if grid.merged:
        grid.rows = spread_merged(grid.rows, grid.merged)
    else:
        spread_groups(grid.rows[top : top + depth])
    names = join_header(grid.rows[top : top + depth])
    table = pd.DataFrame(
        [grid.rows[at] for at in data], columns=names, index=pd.Index(data, dtype="int64") + 1, dtype=object
    )
    _attach_units(table, units, place)
    return Raw(table)


def _attach_units(table: pd.DataFrame, units: dict[int, str], place: Place) -> None:
    """Write the unit of a column behind its bare figures, where it is not the one such figures are taken in."""
    for at, name in enumerate(table.columns):
        unit = units.get(at) or unit_of(str(name))
        if unit not in _SCALED:
            continue
        cells = table.iloc[:, at]
        bare = cells.map(_is_figure)
        if bare.any():
            table.isetitem(at, cells.where(~bare, cells.astype("str") + str(unit)))
            place.note(
                "HSQ-V03", f"列“{name}”的单位为{unit}", value=unit, action="其中没有写单位的数按此换算"
            )


def _is_figure(cell: Any) -> bool:
    if isinstance(cell, str):
        return bool(_FIGURE.match(cell))
    return isinstance(cell, int | float) and not isinstance(cell, bool)
