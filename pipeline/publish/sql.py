"""Words of SQL: quoted names and texts, statements, and rows as COPY takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

BLOCK = "haoshequ"
# SQLSTATE of what the statements themselves refuse; which fault it is.
REFUSED = {"HSQ03": "HSQ-P03", "HSQ04": "HSQ-P04"}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes
    ----------
    text : without the final semicolon.
    rows : lines a COPY takes, None for any other statement.
    """

    text: str
    rows: str | None = None


def quote_name(*names: str) -> str:
    """Return a name, qualified where several are given, as an identifier."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def quote_text(value: object) -> str:
    """Return a value as a literal; None is NULL. Backslashes stand for themselves (standard_conforming_strings)."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def make_block(body: Iterable[str], declare: Sequence[str] = ()) -> Statement:
    """Return an anonymous PL/pgSQL block of the lines of ``body``, between marks that no text of a plan can end."""
    text = "\n".join([*(["DECLARE", *declare] if declare else []), "BEGIN", *body, "END"])
    tag = BLOCK
    while f"${tag}$" in text:
        tag += "_"
    return Statement(f"DO ${tag}$\n{text}\n${tag}$")


def raise_refusal(state: str, message: str, hint: str, *values: str) -> str:
    """Return the PL/pgSQL statement that stops everything with a message; ``%`` takes an expression of ``values``."""
    words = ", ".join([quote_text(message), *values])
    return f"RAISE EXCEPTION {words} USING ERRCODE = {quote_text(state)}, HINT = {quote_text(hint)};"


def copy_rows(table: str, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> Statement:
    """Return a COPY of columns of values into ``table`` (an identifier).

    Parameters
    ----------
    values : one sequence a column, all of one length; None, NaN and pandas.NA are NULL.
    """
    cells = [format_cells(column) for column in values]
    lines = "".join("\t".join(row) + "\n" for row in zip(*cells, strict=True))
    names = ", ".join(quote_name(name) for name in columns)
    return Statement(f"COPY {table} ({names}) FROM STDIN", lines)


def format_cells(values: Sequence[Any]) -> list[str]:
    """Return values as cells of COPY's text format."""
    series = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype="object")
    missing = series.isna().to_numpy()
    if pd.api.types.is_float_dtype(series):
        cells = np.array([repr(value) for value in series.to_numpy(dtype="float64").tolist()], dtype=object)
    else:
        cells = np.array([str(value).translate(_ESCAPES) for value in series.tolist()], dtype=object)
    cells[missing] = _NULL
    return [str(cell) for cell in cells]
