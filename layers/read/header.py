"""Which rows of a sheet are title, header, units, data, total or remark."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, time
from typing import Any, NamedTuple, TypeAlias

from layers.read.grid import Cells, Grid, filled, is_blank, spread_merged

_LOOK_AT = 40  # rows: titles, notes and headers of office tables end long before
_MOST_HEADER_ROWS = 4
_LONGEST_NAME = 60
Merged: TypeAlias = list[tuple[int, int, int, int]]
_NUMBER = re.compile(
    r"^[-+−约]?[\d０-９][\d０-９,，.．]*(%|％|[eE][-+]?\d+)?\s*[^\d\s]{0,4}$"
)  # with a short unit: 12层, 1,200㎡
_CODE = re.compile(r"^(?=.*\d)[0-9A-Za-z\-_/.:]+$")
_AGES = re.compile(
    r"^\d{1,3}\s*([-–—~～至]\s*\d{1,3}\s*周?岁|周?岁\s*(及|\(含\)|（含）)?以[上下])"
)  # 60岁及以上 heads a column
_DATE = re.compile(r"^\d{4}\s*[-/.年]\s*\d{1,2}(\s*[-/.月]\s*\d{1,2}\s*日?|\s*月)?$")
_UNIT_WORDS = (
    "㎡|m²|m2|M2|平方米|平米|万平方米|万㎡|公顷|hm²|hm2|ha|亩|km²|平方公里|平方千米|m|米|km|公里|千米|mm|毫米|cm|厘米|"
    "人|户|万人|万户|层|个|座|处|栋|幢|床|张|辆|套|间|所|班|盏|台|座位|泊位|车位|床位|元|万元|亿元|千元|元/㎡|%|％|‰|"
    "年|月|日|天|小时|分钟|min|h|度|°|kW|kV|kVA|t|吨|m³|立方米|人/日|人次/日|m3/d|—|-|/"
)
_UNIT = re.compile(rf"^[（(\[【]?\s*(?:单位[:：]?)?\s*({_UNIT_WORDS})\s*[）)\]】]?$")
_TITLE_BIT = re.compile(
    r"(单位|填报|填表|编制|日期|时间|页|表号|制表)[^:：]{0,6}[:：]|^单位[:：(（]|^（?续表"
)


class HeaderGuess(NamedTuple):
    """Where the header of a sheet is.

    Attributes
    ----------
    skip_rows : rows before the header.
    header_rows : rows of the header, units not counted.
    sure : whether the cells leave no other reading; False where someone should look.
    """

    skip_rows: int
    header_rows: int
    sure: bool


def guess_header(cells: Cells, *, merged: Merged | None = None) -> HeaderGuess:
    """Find the header of a sheet.

    Titles fill one cell, or a few bits such as ``单位：万元``. The first other row begins the header; merged
    ranges say how deep it is, and where a csv has lost them, a second row of words under empty cells.

    Parameters
    ----------
    cells : the first rows of the sheet (all may be given; the first 40 are looked at).
    merged : merged ranges: first column, first row, last column, last row, counted from 1.
    """
    ranges = [item for item in merged or [] if item[1] <= _LOOK_AT]
    rows = [list(row) for row in cells[:_LOOK_AT]]
    width = max((len(row) for row in rows), default=0)
    rows = [[None if is_blank(cell) else cell for cell in row] + [None] * (width - len(row)) for row in rows]
    columns = _count_columns(rows)
    top = next((at for at in range(len(rows)) if not _is_title(rows, at, columns, ranges)), None)
    if top is None:
        return HeaderGuess(0, 1, False)
    depth = _measure_merged(rows, top, ranges) if ranges else 1
    if depth == 1 and _has_second_row(rows, top):
        depth = 2
    return HeaderGuess(top, depth, _is_sure(spread_merged(rows, ranges), top, depth, columns))


def _count_columns(rows: Cells) -> int:
    """Number of columns of the table: what its fuller rows fill."""
    counts = sorted((len(filled(row)) for row in rows if filled(row)), reverse=True)
    return counts[len(counts) // 4] if counts else 0


def _is_title(rows: Cells, at: int, columns: int, merged: Merged) -> bool:
    """Tell blank rows, titles and the line of bits (单位、日期) under a title from a header."""
    words = [str(cell).strip() for cell in filled(rows[at])]
    if not words:
        return True
    if columns <= 1:
        return False
    if len(words) == 1:
        return True
    spans = [right - left + 1 for left, top, right, _ in merged if top == at + 1 and right > left]
    if len(spans) > 1 and sum(spans) >= 0.6 * columns:  # several groups side by side open a header
        return False
    bits = sum(bool(_TITLE_BIT.search(word)) for word in words)
    return (bool(bits) and bits >= len(words) - 1) or (columns >= 4 and len(words) <= 0.3 * columns)


def _is_word(cell: object) -> bool:
    """Tell a word that could name a column from a value."""
    if isinstance(cell, bool | int | float | datetime | date | time):
        return False
    text = str(cell).strip()
    if not text or len(text) > _LONGEST_NAME or _DATE.match(text):
        return False
    if re.fullmatch(r"\d{4}年", text) or _AGES.match(text):  # a year or an age heads a column of figures
        return True
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        return not re.fullmatch(r"[A-Za-z]{0,3}\d{3,}", text)  # XQ001 is a key, MJ_2020 a name
    return not (_NUMBER.match(text) or _CODE.match(text))


def _measure_merged(rows: Cells, top: int, merged: Merged) -> int:
    """Return how deep merged ranges make the header: down as far as they reach, and below every group."""
    depth = 1
    while True:
        deeper = depth
        for left, first, right, last in merged:
            if not top < first <= top + depth:
                continue
            deeper = max(deeper, last - top)
            below = rows[last] if last < len(rows) else []
            if right > left and below and _are_words(below) and not is_unit_row(below):
                deeper = max(deeper, last - top + 1)
        if deeper == depth or deeper > _MOST_HEADER_ROWS:
            return depth
        depth = deeper


def _are_words(row: list[Any]) -> bool:
    inside = filled(row)
    return bool(inside) and all(_is_word(cell) for cell in inside)


def _has_second_row(rows: Cells, top: int) -> bool:
    """Tell a two-row header that has lost its merging: the second row names what the first leaves empty."""
    if top + 1 >= len(rows):
        return False
    above, below = rows[top], rows[top + 1]
    holes = [at for at, cell in enumerate(above) if cell is None and below[at] is not None]
    if not holes or above[0] is None or not _are_words(above) or not _are_words(below) or is_unit_row(below):
        return False
    if any(below[at] is None for at, cell in enumerate(above) if cell is not None):
        return True  # either row leaves empty what the other fills
    # Group names over a full row of names: then the rows below hold values where it holds words.
    rest = [row for row in rows[top + 2 :] if filled(row)][:5]
    return any(row[at] is not None and not _is_word(row[at]) for row in rest for at in range(len(below)))


def _is_sure(rows: Cells, top: int, depth: int, columns: int) -> bool:
    """Tell whether the header reads as one: words, most columns named, no name twice or among its values."""
    head = rows[top : top + depth]
    if not all(_is_word(cell) for row in head for cell in filled(row)):
        return False
    stacked = [tuple(str(cell) for cell in cells if cell is not None) for cells in zip(*head, strict=True)]
    names = [name for name in stacked if name]
    below = rows[top + depth :]
    # A table that runs over pages repeats its whole header; a value that is also a name is another matter.
    repeated = any(
        row != head[-1] and cell is not None and str(cell) == str(name)
        for row in below
        for cell, name in zip(row, head[-1], strict=True)
    )
    return len(names) >= 0.6 * columns and len(set(names)) == len(names) and not repeated


def is_unit_row(row: list[Any]) -> bool:
    """Tell a row that only gives the units of its columns."""
    words = [str(cell).strip() for cell in filled(row)]
    units = [word for word in words if _UNIT.match(word)]
    real = [word for word in units if word not in {"—", "-", "/"}]
    return bool(real) and len(units) == len(words)


def read_units(row: list[Any]) -> dict[int, str]:
    """Return the unit of each column of a unit row."""
    found = {}
    for at, cell in enumerate(row):
        match = _UNIT.match(str(cell).strip()) if cell is not None else None
        if match and match[1] not in {"—", "-", "/"}:
            found[at] = match[1]
    return found


_IN_HEADER = re.compile(rf"[（(\[【/]\s*(?:单位[:：]?)?\s*({_UNIT_WORDS})\s*[）)\]】]?$")


def unit_of(name: str) -> str | None:
    """Return the unit at the end of a column's name: ``面积（公顷）``, ``面积(亩)``."""
    match = _IN_HEADER.search(name)
    return match[1] if match and match[1] not in {"—", "-", "/"} else None


def spread_groups(rows: Cells) -> None:
    """Carry group names to the right where a csv has lost the merging: empty above, filled below."""
    for above, below in itertools.pairwise(rows):
        for column in range(1, len(above)):
            if above[column] in (None, "") and below[column] not in (None, ""):
                above[column] = above[column - 1]


def join_header(rows: Cells) -> list[str]:
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


def guess_grid(grid: Grid) -> HeaderGuess:
    """Find the header of a sheet that was read."""
    return guess_header(grid.rows, merged=grid.merged)
