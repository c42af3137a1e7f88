"""Cells read by the declared kind of their field: numbers, yes/no, codes, dates, text. All on a Series."""

from __future__ import annotations

import pandas as pd

from layers.cells import Parsed, fold_text, no_rows
from layers.dates import parse_dates, parse_years
from layers.numbers import parse_numbers
from layers.serials import clean_codes, restore_codes, restore_width

__all__ = [
    "Parsed",
    "fold_text",
    "parse_cells",
    "parse_dates",
    "parse_flags",
    "parse_numbers",
    "parse_years",
    "restore_codes",
]

_YES = frozenset({"是", "有", "√", "✓", "✔", "对", "y", "yes", "true", "t", "1", "1.0"})
_NO = frozenset({"否", "无", "没有", "不是", "×", "✗", "✘", "x", "n", "no", "false", "f", "0", "0.0"})


def parse_flags(cells: pd.Series) -> Parsed:
    """Read yes/no: 是/否, 有/无, √/×, 1/0, true/false. Blank stays missing."""
    if pd.api.types.is_bool_dtype(cells):
        return Parsed(cells.astype("boolean"), no_rows(cells), no_rows(cells))
    words = fold_text(cells).str.normalize("NFKC").str.lower()
    values = pd.Series(pd.NA, index=cells.index, dtype="boolean")
    values[words.isin(_YES)] = True
    values[words.isin(_NO)] = False
    return Parsed(values, words.notna() & values.isna(), no_rows(cells))


def parse_cells(cells: pd.Series, *, kind: str, unit: str = "", form: str = "") -> Parsed:
    """Read cells by the declared kind of their field.

    Parameters
    ----------
    cells : as the file holds them.
    kind : ``text``, ``int``, ``float`` or ``bool``.
    unit : unit of numbers.
    form : what a text is more closely: ``date``, ``year``, ``code``, ``serial`` or nothing.
    """
    if kind == "text":
        match form:
            case "date":
                return parse_dates(cells)
            case "year":
                return parse_years(cells)
            case "code":
                return clean_codes(cells)
            case "serial":
                return restore_width(cells)
        return Parsed(fold_text(cells), no_rows(cells), no_rows(cells))
    if kind == "bool":
        return parse_flags(cells)
    parsed = parse_numbers(cells, unit=unit)
    if kind == "int":
        broken = parsed.values.notna() & ((parsed.values - parsed.values.round()).abs() > 1e-6)
        reasons = parsed.reasons
        if reasons is not None and broken.any():
            reasons = reasons.mask(broken, "带小数，应为整数")
        return Parsed(
            parsed.values.mask(broken), parsed.bad | broken, parsed.changed & ~broken, parsed.units, reasons
        )
    return parsed
