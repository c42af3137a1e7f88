"""Cells as files hold them: what counts as nothing, widths and blanks evened out, the result of a reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import TypeVar

import numpy as np
import pandas as pd

# Written for "nothing here"; in a text field only the marks count, since words such as 无 may mean something.
BLANK_MARKS = frozenset(
    {
        "",
        "/",
        "\\",
        "-",
        "--",
        "—",
        "——",
        "―",
        "－",
        "／",
        "*",
        "<NULL>",
        "NULL",
        "NAN",
        "NONE",
        "N/A",
        "#N/A",
    }
)
BLANK_WORDS = BLANK_MARKS | {"无", "暂无", "不详", "未知", "待定", "待核", "空", "无数据", "NAT"}
# Full-width ASCII and the blanks of office programs. Not NFKC: it would turn ② into 2 and 10² into 102.
_WIDTH = {
    **{0xFF01 + at: 0x21 + at for at in range(94)},
    **dict.fromkeys((0x3000, 0xA0, 0x2002, 0x2003, 0x2009, 0x202F), 0x20),
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0xFEFF), None),
    0xFFE5: "¥",
    0x2212: "-",
    0x2010: "-",
    0x2011: "-",
    0x33A1: "m2",
    0x33A2: "km2",
    0x339E: "km",
    0x339D: "cm",
    0x339C: "mm",
    0x33CA: "ha",
}
# The characters themselves, not their escapes, which the fast matcher does not know.
_HIDDEN = "[\u200b\u200c\u200d\ufeff\u00a0]"
_EDGES = " \t\r\n\u3000\x00"
Read = TypeVar("Read")


@dataclass(frozen=True)
class Parsed:
    """Values read from cells.

    Attributes
    ----------
    values : typed values, missing where blank or unreadable; index of the cells.
    bad : True where a cell holds something that cannot be read.
    changed : True where reading changed more than spelling (a unit was converted, a zero restored).
    units : what a number was counted in, as written (人, 班); None where nothing can carry a unit.
    reasons : why a bad cell cannot be read and what it may mean, empty elsewhere; None when nothing is bad.
    """

    values: pd.Series
    bad: pd.Series
    changed: pd.Series
    units: pd.Series | None = None
    reasons: pd.Series | None = None


def no_rows(cells: pd.Series) -> pd.Series:
    """Return False for every cell."""
    return pd.Series(False, index=cells.index)


def fold_width(text: str) -> str:
    """Return a text with half-width letters, digits, signs and unit glyphs; superscript 2 is kept of m² only."""
    if text.isascii():
        return text
    # Elsewhere a superscript is no digit: 10² is not 102.
    return text.replace("m²", "m2").replace("M²", "m2").translate(_WIDTH)


def _write_cell(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell


def fold_text(cells: pd.Series) -> pd.Series:
    """Return cells as text, blanks trimmed (full-width and zero-width too), blank marks as missing."""
    if pd.api.types.is_float_dtype(cells):
        whole = cells.notna() & np.isfinite(cells) & (cells == cells.round()) & (cells.abs() < 1e15)
        words = cells.astype("str").where(~whole, cells.where(whole, 0).astype("int64").astype("str"))
    elif pd.api.types.is_datetime64_any_dtype(cells):
        words = cells.dt.strftime("%Y-%m-%d").astype("str")
    elif pd.api.types.is_object_dtype(cells):
        # Spreadsheets keep whole numbers as floats and days as midnights.
        plain = set(map(type, cells)) <= {str, type(None)}
        written = cells if plain else pd.Series(map(_write_cell, cells), index=cells.index, dtype=object)
        words = written.astype("str")
    else:
        words = cells.astype("str")
    words = words.where(cells.notna())
    if words.str.contains(_HIDDEN, regex=True).any():
        words = words.str.replace(_HIDDEN, "", regex=True)
    words = words.str.strip(_EDGES)
    return words.mask(words.str.upper().isin(BLANK_MARKS))


def read_distinct(words: pd.Series, read: Callable[[str], Read]) -> tuple[np.ndarray, list[Read]]:
    """Apply a reader once to every distinct text: attributes repeat, and a reader costs microseconds.

    Returns
    -------
    tuple
        Position of each cell's result, -1 for missing cells, and the results.
    """
    at, distinct = pd.factorize(words)
    return at, [read(text) for text in distinct]
