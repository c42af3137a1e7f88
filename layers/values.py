"""Cells as technicians write them, read as numbers, yes/no, codes and text. Every function is on a Series."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

import numpy as np
import pandas as pd

# Written for "nothing here"; in a text field only the marks count, since words such as 无 may mean something.
_BLANK_MARKS = frozenset(
    {"", "/", "\\", "-", "--", "—", "——", "―", "－", "*", "<NULL>", "NULL", "NAN", "NONE", "N/A", "#N/A"}
)
_BLANK_WORDS = _BLANK_MARKS | {"无", "暂无", "不详", "未知", "待定", "待核", "空", "无数据", "NAT"}

# Factor of a unit to the base of its dimension; full-width and single-glyph forms are folded before.
_UNITS: dict[str, dict[str, float]] = {
    "area": {
        "m2": 1.0, "m^2": 1.0, "m²": 1.0, "平方米": 1.0, "平米": 1.0, "平方": 1.0, "平": 1.0, "sqm": 1.0,
        "万m2": 1e4, "万平方米": 1e4, "万平米": 1e4, "万平": 1e4, "公顷": 1e4, "ha": 1e4, "hm2": 1e4,
        "亩": 2000.0 / 3.0, "km2": 1e6, "平方公里": 1e6, "平方千米": 1e6,
    },
    "length": {"m": 1.0, "米": 1.0, "km": 1e3, "公里": 1e3, "千米": 1e3, "里": 500.0, "cm": 0.01, "厘米": 0.01,
               "mm": 0.001, "毫米": 0.001},
    "money": {"万元": 1.0, "万": 1.0, "万元人民币": 1.0, "元": 1e-4, "千元": 0.1, "百万元": 100.0, "亿元": 1e4, "亿": 1e4},
    "time": {"min": 1.0, "分钟": 1.0, "分": 1.0, "h": 60.0, "小时": 60.0},
    "count": {
        **dict.fromkeys(("人", "户", "层", "f", "个", "位", "名", "床", "张", "辆", "座", "处", "间", "栋", "幢", "家",
                         "所", "班", "套", "盏", "台", "席", "桩", "枪", "年", "岁", "部", "条", "项", "只", "口", "份"), 1.0),
        **dict.fromkeys(("万人", "万户"), 1e4), "千人": 1e3, "百人": 100.0,
        "个车位": 1.0, "车位": 1.0, "泊位": 1.0, "床位": 1.0, "张床": 1.0, "个床位": 1.0, "个座位": 1.0, "座位": 1.0,
        "人次": 1.0, "人/日": 1.0, "人次/日": 1.0,
    },
}  # fmt: skip
_SCALES = re.compile(r"^[万千百](?=\S)")
_BASE = {
    "㎡": ("area", 1.0),
    "m": ("length", 1.0),
    "mm": ("length", 1000.0),
    "万元": ("money", 1.0),
    "min": ("time", 1.0),
}
_NUMBER = re.compile(
    r"^(?:约|大约|共|≈|~|DN|De|Φ|φ|ø)?"
    r"([-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?)"
    r"([^\d,.+\-]*(?:[2²]|\^2)?(?:/日)?)$"
)


@dataclass(frozen=True)
class Parsed:
    """Values read from cells.

    Attributes
    ----------
    values : typed values, missing where blank or unreadable; index of the cells.
    bad : True where a cell holds something that cannot be read.
    changed : True where reading changed more than spelling (a unit was converted, a zero restored).
    units : what a number was counted in, as written (人, 班); None where nothing can carry a unit.
    """

    values: pd.Series
    bad: pd.Series
    changed: pd.Series
    units: pd.Series | None = None


def _none(cells: pd.Series) -> pd.Series:
    return pd.Series(False, index=cells.index)


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
        words = cells.map(_write_cell).astype("str")
    else:
        words = cells.astype("str")
    words = words.where(cells.notna())
    words = words.str.replace(r"[\u200b\u200c\u200d\ufeff\u00a0]", "", regex=True).str.strip(
        " \t\r\n\u3000\x00"
    )
    return words.mask(words.str.upper().isin(_BLANK_MARKS))


def parse_numbers(cells: pd.Series, *, unit: str = "") -> Parsed:
    """Read numbers with separators, full-width digits and units.

    Parameters
    ----------
    cells : numbers or text such as ``1,200㎡``, ``0.5公顷``, ``12层``, ``约３０人``.
    unit : unit the values are wanted in: ``㎡``, ``m``, ``mm``, ``万元``, ``min``; other words count things.
        A number without a unit is taken to be in it. ``*`` accepts any word and reports it in ``units``.

    Returns
    -------
    Parsed
        float64 values; infinite ones count as unreadable.
    """
    if pd.api.types.is_bool_dtype(cells):
        return Parsed(pd.Series(np.nan, index=cells.index), cells.notna(), _none(cells))
    if pd.api.types.is_numeric_dtype(cells):
        values = cells.astype("float64")
        wild = np.isinf(values)
        return Parsed(values.mask(wild), wild, _none(cells))
    words = fold_text(cells)
    plain = words.str.normalize("NFKC").str.replace(r"\s+", "", regex=True)
    plain = plain.mask(plain.str.upper().isin(_BLANK_WORDS))
    parts = plain.str.extract(_NUMBER)
    numbers = pd.to_numeric(parts[0].str.replace(",", "").str.replace("−", "-"), errors="coerce").astype(
        "float64"
    )
    dimension, base = _BASE.get(unit, ("count", 1.0))
    suffix = parts[1].fillna("").str.lower().astype("object")
    factor = suffix.map({"": 1.0, **{word: value * base for word, value in _UNITS[dimension].items()}})
    factor = factor.astype("float64")
    if unit == "*":
        scale = suffix.where(suffix.str.len() > 1, "").str[:1].map({"万": 1e4, "千": 1e3, "百": 100.0})
        factor = scale.astype("float64").fillna(1.0)
    values = numbers * factor
    bad = plain.notna() & (values.isna() | np.isinf(values))
    changed = values.notna() & (suffix != "") & (factor != 1.0)
    units = parts[1].where(values.notna() & (suffix != "")).str.replace(_SCALES, "", regex=True)
    return Parsed(values.mask(bad), bad, changed.fillna(False).astype(bool), units)


_YES = frozenset({"是", "有", "√", "✓", "✔", "对", "y", "yes", "true", "t", "1", "1.0"})
_NO = frozenset({"否", "无", "没有", "不是", "×", "✗", "✘", "x", "n", "no", "false", "f", "0", "0.0"})


def parse_flags(cells: pd.Series) -> Parsed:
    """Read yes/no: 是/否, 有/无, √/×, 1/0, true/false. Blank stays missing."""
    if pd.api.types.is_bool_dtype(cells):
        return Parsed(cells.astype("boolean"), _none(cells), _none(cells))
    words = fold_text(cells).str.normalize("NFKC").str.lower()
    values = pd.Series(pd.NA, index=cells.index, dtype="boolean")
    values[words.isin(_YES)] = True
    values[words.isin(_NO)] = False
    return Parsed(values, words.notna() & values.isna(), _none(cells))


def restore_codes(cells: pd.Series, known: Iterable[str]) -> Parsed:
    """Read codes that a spreadsheet may have turned into numbers: ``701`` is ``0701``.

    A zero is put back only where the code as written is unknown and ``0`` before it makes a known one.

    Parameters
    ----------
    cells : codes as text or numbers.
    known : every valid code.
    """
    listed = frozenset(known)
    words = fold_text(cells).str.normalize("NFKC").str.replace(r"\.0+$", "", regex=True)
    short = words.notna() & ~words.isin(listed) & ("0" + words).isin(listed)
    values = words.mask(short, "0" + words)
    return Parsed(values, values.notna() & ~values.isin(listed), short.astype(bool))


def parse_cells(cells: pd.Series, *, kind: str, unit: str = "") -> Parsed:
    """Read cells by the declared kind of their field: ``text``, ``int``, ``float`` or ``bool``."""
    if kind == "text":
        return Parsed(fold_text(cells), _none(cells), _none(cells))
    if kind == "bool":
        return parse_flags(cells)
    parsed = parse_numbers(cells, unit=unit)
    if kind == "int":
        broken = parsed.values.notna() & ((parsed.values - parsed.values.round()).abs() > 1e-6)
        return Parsed(parsed.values.mask(broken), parsed.bad | broken, parsed.changed, parsed.units)
    return parsed
