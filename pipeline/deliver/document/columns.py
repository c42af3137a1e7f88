"""How a table's columns share the width of the text, and how its cells read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from pipeline.deliver.document.look import SIZES
from pipeline.deliver.tables.content import Cell, Content

PAD_TWIPS = 57  # inside a cell, left and right
# Sizes tried, from large to small.
TABLE_SIZES = ("小五", "六号", "小六")
_QUOTED = re.compile(r'"([^"]*)"')
_DECIMALS = re.compile(r"0\.(0+)(#*)")
_LEAST_CHARS = 4.0
_SHORT_TEXT = 6.0
# Latin letters are wider than half an em in some fonts; an id of more characters than that is broken after all.
_LATIN, _MOST_WORD = 1.3, 14.0
_WORD = re.compile(r"[A-Za-z0-9.\-+%]+|\d+年\d+月")
_MOST_LINES = 4.0


def show_cell(cell: Cell) -> str:
    """Return a cell as the workbook shows it: decimals, separators and unit by its number format."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    suffix = "".join(_QUOTED.findall(cell.form))
    form = _QUOTED.sub("", cell.form)
    decimals = _DECIMALS.search(form)
    if not form:
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    places = 0 if decimals is None else len(decimals[1]) + len(decimals[2])
    # Excel rounds the decimal it shows half away from zero; Python's own format rounds the binary one half to even.
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:{',' if ',' in form else ''}f}"
    for _ in decimals[2] if decimals else "":
        text = text.removesuffix("0")
    return text + suffix


def fit_columns(content: Content, width: int, *, sizes: Sequence[str] = TABLE_SIZES) -> tuple[str, list[int]]:
    """Return 字号 and column widths in twips that fill ``width``.

    No column is narrower than its longest number, id or the words of its header in three lines; beyond that the
    long texts share the room so that all of them take about as many lines, as the highest cell makes the row. The
    size is the largest in which that is few lines.
    """
    columns = range(len(content.leaves))
    least = [_measure_least(content, column) for column in columns]
    long = [_measure_long(content, column) for column in columns]
    for size in sizes:
        char = SIZES[size] * 10  # twips of a half-width character: half an em
        floor = [need * char + 2 * PAD_TWIPS + 20 for need in least]
        lines = _balance_lines(floor, [chars * char for chars in long], width)
        if lines <= _MOST_LINES or size == sizes[-1]:
            break
    if sum(floor) >= width:
        widths = [int(each * width / sum(floor)) for each in floor]
    else:
        widths = [
            int(max(each, chars * char / lines + 2 * PAD_TWIPS))
            for each, chars in zip(floor, long, strict=True)
        ]
        # Short texts leave room over: it goes to all alike.
        spare = max(width - sum(widths), 0)
        widths = [each + int(spare * each / sum(widths)) for each in widths]
    widths[widths.index(max(widths))] += width - sum(widths)
    return size, widths


def _balance_lines(floor: Sequence[float], long: Sequence[float], width: int) -> float:
    """Return the lines the long texts take where each column has its floor and all together ``width``."""
    low, high = 0.5, 200.0
    for _ in range(40):
        middle = (low + high) / 2
        needed = sum(max(each, text / middle + 2 * PAD_TWIPS) for each, text in zip(floor, long, strict=True))
        low, high = (middle, high) if needed > width else (low, middle)
    return high


def _measure_long(content: Content, column: int) -> float:
    """Return the half-width characters of a column's longer texts: the mean of the longest quarter."""
    texts = sorted((_chars(show_cell(row[column])) for row in content.rows), reverse=True)
    some = texts[: max(1, len(texts) // 4)]
    return sum(some) / len(some) if some else _LEAST_CHARS


def _measure_least(content: Content, column: int) -> float:
    """Return the half-width characters a column cannot do without."""
    cells = [row[column] for row in content.rows]
    if content.totals is not None:
        cells.append(content.totals[column])
    numbers = [len(show_cell(cell)) * _LATIN for cell in cells if not isinstance(cell.value, str)]
    # Ids and dates read badly when broken; running text may break anywhere.
    words = [_widest_word(str(cell.value)) for cell in cells if isinstance(cell.value, str)]
    heads = [cell.text for cell in content.header if cell.column == cell.last_column == column]
    longest = max((_chars(line) for head in heads for line in head.split("\n")), default=0.0)
    return max([_LEAST_CHARS, 2.0 * math.ceil(longest / 6.0), *numbers, *words])


def _widest_word(text: str) -> float:
    words = [min(_chars(word) * _LATIN, _MOST_WORD) for word in _WORD.findall(text)]
    whole = _chars(text)
    # A short text such as 强匹配 stays in one line.
    return max([*words, whole if whole <= _SHORT_TEXT else _SHORT_TEXT])


def _chars(text: str) -> float:
    return sum(1.0 if char.isascii() else 2.0 for char in text)
