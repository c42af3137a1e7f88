"""Cells of side tables: numbers and texts as they are printed, a dash for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import pandas as pd

from pipeline.deliver.sheet.spec import SideTable

Rows: TypeAlias = list[Any]


def write_count(value: object) -> str:
    """Return a whole number."""
    return "—" if pd.isna(value) else f"{float(value):.0f}"  # type: ignore[arg-type]


def write_area(value: object) -> str:
    """Return square metres, thousands apart."""
    return "—" if pd.isna(value) else f"{float(value):,.0f}"  # type: ignore[arg-type]


def write_hectares(value: float) -> str:
    """Return square metres as hectares."""
    return f"{value / 10000:.2f}"


def write_text(value: object) -> str:
    """Return a text."""
    return "—" if pd.isna(value) else str(value)


def make_table(
    title: str, columns: Sequence[str], rows: Rows, numeric: Sequence[int] = ()
) -> SideTable | None:
    return (
        SideTable(title=title, columns=tuple(columns), rows=tuple(rows), numeric=tuple(numeric))
        if rows
        else None
    )
