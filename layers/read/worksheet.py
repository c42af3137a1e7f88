"""The cells of one xlsx sheet from its XML: values as stored, merged ranges, formulas without a result, what is hidden."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from xml.etree import ElementTree

from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900, from_excel

from layers.read.grid import Grid
from layers.read.xml import local_name, read_elements

# A sheet holds 1,048,576 rows by 16,384 columns; a file that claims cells beyond is broken or means harm.
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_MOST_CELLS = 50_000_000


class Malformed(ValueError):
    """Raised where parts of a workbook contradict each other."""


@dataclass
class Shared:
    """What a workbook says for all of its sheets.

    Attributes
    ----------
    strings : texts that cells refer to by number.
    dates : numbers of the cell styles that show a number as a date or a time.
    epoch : first day of the workbook's calendar.
    """

    strings: list[str] = field(default_factory=list)
    dates: frozenset[int] = frozenset()
    epoch: datetime = CALENDAR_WINDOWS_1900


def rich_text(item: ElementTree.Element) -> str:
    """Return the text of a string item; pronunciation hints (rPh) are no text."""
    if len(item) == 1 and local_name(item[0]) == "t":
        return _unescape(item[0].text or "")
    runs = (child for child in item if local_name(child) in {"t", "r"})
    return _unescape("".join(t.text or "" for run in runs for t in run.iter() if local_name(t) == "t"))


def _unescape(text: str) -> str:
    """Undo the _x000D_ form in which characters stand that XML cannot hold."""
    if "_x" not in text:
        return text
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


@cache
def _column(letters: str) -> int:
    """Return the number of a column: A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


_REF = re.compile(r"^([A-Z]{1,3})(\d{1,7})$")


def read_cells(content: bytes, shared: Shared) -> Grid:
    """Read the sheet's rows; every element is forgotten once its row is read."""
    grid = Grid([])
    count = 0
    stream = io.BytesIO(content)
    for _, element in read_elements(stream):
        if element.tag[-1] not in "wl":  # row, mergeCell, col: most elements are cells and values
            continue
        tag = local_name(element)
        if tag == "row":
            number = int(element.get("r") or len(grid.rows) + 1)
            if not len(grid.rows) < number <= _LAST_ROW:
                raise Malformed("rows out of order")
            grid.rows.extend([] for _ in range(number - len(grid.rows)))
            count += len(element)
            if count > _MOST_CELLS:
                raise Malformed("too many cells")
            _read_row(shared, element, number, grid)
            element.clear()
        elif tag == "mergeCell":
            left, top, right, bottom = range_boundaries(element.get("ref", "A1"))
            grid.merged.append((left or 1, top or 1, right or 1, bottom or 1))
        elif tag == "col" and element.get("hidden") in {"1", "true"}:
            first, last = int(element.get("min", "1")), min(int(element.get("max", "1")), _LAST_COLUMN)
            grid.hidden_columns.extend(range(first, last + 1))
    while grid.rows and not grid.rows[-1]:
        grid.rows.pop()
    return grid


def _read_row(shared: Shared, element: ElementTree.Element, number: int, grid: Grid) -> None:
    if element.get("hidden") in {"1", "true"}:
        grid.hidden_rows.append(number)
    row = grid.rows[number - 1]
    for cell in element:
        ref = cell.get("r")
        column = len(row) + 1
        if ref is not None:
            found = _REF.match(ref)
            if found is None or _column(found[1]) > _LAST_COLUMN:
                raise Malformed("cell without a place")
            column = _column(found[1])
        value = _read_value(shared, cell, ref or "", grid)
        if column <= len(row):
            row[column - 1] = value
        elif value is not None:
            row.extend([None] * (column - 1 - len(row)))
            row.append(value)
        elif ref is None:
            row.append(None)


def _read_value(shared: Shared, cell: ElementTree.Element, ref: str, grid: Grid) -> Any:
    text = None
    formula = False
    kind = cell.get("t", "n")
    for child in cell:
        tag = child.tag[-1]  # v a value, f a formula, is a string in place; asked a million times
        if tag == "v":
            text = child.text
        elif tag == "f":
            formula = True
        elif tag == "s":
            return rich_text(child)
    if text is None or text == "":
        if formula:
            grid.uncached.append(ref)
        return None
    if kind == "s":
        return shared.strings[int(text)]
    if kind == "n":
        return _read_number(shared, text, int(cell.get("s", "0")))
    if kind == "b":
        return text == "1"
    if kind == "e":
        grid.broken.append(f"{ref} {text}")
        return None
    if kind == "d":
        return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)
    return _unescape(text)


def _read_number(shared: Shared, text: str, style: int) -> float | int | datetime | date | time | timedelta:
    value = float(text)
    if style in shared.dates:
        try:
            return from_excel(value, shared.epoch)
        except (ValueError, OverflowError):
            return value
    return int(value) if value.is_integer() and abs(value) < 1e15 and "." not in text else value
