"""Delimited text: its encoding by evidence, its separator by what splits the lines alike."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from layers.read.grid import Cells, Grid
from layers.read.raw import Place
from layers.read.sniff import Opened, read_all
from layers.read.text import read_text

SUFFIXES = frozenset({".csv", ".txt"})
_SEPARATORS = ",\t;|"
_NAMES = {"\t": "制表符", ";": "分号", "|": "竖线", ",": "逗号"}
_HINT = re.compile(r"^sep=(.)\r?\n", re.IGNORECASE)
_LOOK_AT = 50  # lines
_LONGEST_CELL = 100_000_000  # a polygon's WKT runs to megabytes; Python stops at 131,072 by itself


def read_delimited(opened: Opened, place: Place, *, encoding: str | None) -> Grid | None:
    """Read a delimited text file.

    Parameters
    ----------
    encoding : declared encoding; judged from the bytes when None.
    place : gets HSQ-F05 on the encoding, HSQ-F02 where it is no text table, HSQ-V09 where quotes do not pair.
    """
    text = read_text(read_all(opened), place, declared=encoding)
    if text is None:
        return None
    if "\x00" in text:
        place.error("HSQ-F02", "文件不是文本表格（含零字节）", remedy="另存为 CSV UTF-8 后重试")
        return None
    hint = _HINT.match(text)
    separator = hint[1] if hint else find_separator(text)
    if separator != ",":
        place.note("HSQ-F05", f"列以{_NAMES.get(separator, separator)}分隔")
    rows = _split(text[hint.end() :] if hint else text, separator, place)
    if rows is None:
        return None
    # The line with the hint is a line of the file all the same.
    return Grid([[], *rows] if hint else rows)


def find_separator(text: str) -> str:
    """Return the character that splits most lines into the same number of parts; comma where none does.

    Titles and remarks before and after a table have no separators; they must not decide.
    """
    lines = [line for line in text[:200_000].splitlines()[: 4 * _LOOK_AT] if line.strip()][:_LOOK_AT]
    best, score = ",", (0, 0)
    for separator in _SEPARATORS:
        counts = Counter(_count(line, separator) for line in lines)
        counts.pop(0, None)
        if counts:
            parts, times = max(counts.items(), key=lambda item: (item[1], item[0]))
            score, best = max((score, best), ((times, parts), separator), key=lambda item: item[0])
    return best


def _count(line: str, separator: str) -> int:
    """Count separators outside quotes."""
    return re.sub(r'"[^"]*"', "", line).count(separator)


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _split(text: str, separator: str, place: Place) -> Cells | None:
    """Split lines into cells; where quotes do not pair, lines are read one by one so that none is swallowed."""
    with _long_cells():
        try:
            return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error as error:
            quoted = "field larger" not in str(error)
        if not quoted:
            place.error("HSQ-F02", "单元格过长，不是正常的表格", remedy="检查分隔符和引号后另存")
            return None
        place.warn(
            "HSQ-V09", "引号不成对，无法按 csv 规则拆分", action="逐行拆分，引号按普通字符读取",
            remedy="在 Excel 或 WPS 中打开检查后另存为 CSV UTF-8",
        )  # fmt: skip
        lines = text.splitlines()
        return [list(row) for row in csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)]
