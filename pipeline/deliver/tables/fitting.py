"""Which column of the user's own sheet is which of a table's, by the words of the headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.cell.cell import MergedCell

from pipeline.deliver.tables.content import Content

_DEEPEST = 20  # the header ends within these rows
_STACK = 4  # rows a header may have


@dataclass(frozen=True)
class Fit:
    """Where a table goes: the sheet, the last row of its header, the template's column of each of ours."""

    sheet: Any
    row: int
    columns: dict[int, int]


def name_columns(content: Content) -> list[list[str]]:
    """Return the header words over each column of a table, from the top down."""
    return [
        [cell.text for cell in content.header if cell.column <= index <= cell.last_column]
        for index in range(len(content.leaves))
    ]


def fit_header(sheet: Any, content: Content) -> Fit:
    """Match columns by their lowest header word, equal ones by the words above; the topmost best row wins."""
    texts = _spread(sheet)
    best = Fit(sheet, 0, {})
    for row in range(1, min(sheet.max_row, _DEEPEST) + 1):
        above = [
            [texts[r][c] for r in range(max(1, row - _STACK + 1), row + 1) if texts[r].get(c)]
            for c in range(1, sheet.max_column + 1)
        ]
        columns = _match(name_columns(content), above)
        if len(columns) > len(best.columns):
            best = Fit(sheet, row, columns)
    return best


def _match(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> dict[int, int]:
    """Return the template's column (from 1) of each of our columns (from 0), strict words before loose ones."""
    found: dict[int, int] = {}
    for fold in (_strict, _loose):
        for index, path in enumerate(ours):
            if index in found:
                continue
            words = {fold(word) for word in path[:-1]}
            open_ = [
                (-len(words & {fold(word) for word in other[:-1]}), column)
                for column, other in enumerate(theirs, start=1)
                if column not in found.values() and other and fold(other[-1]) == fold(path[-1])
            ]
            if open_:
                found[index] = min(open_)[1]
    return found


def _strict(text: str) -> str:
    return "".join(text.split()).replace("(", "（").replace(")", "）").replace("：", ":")


def _loose(text: str) -> str:
    """Return a word without units, years and what stands for a year."""
    plain = re.sub(r"（[^）]*）|其中:", "", _strict(text))
    return re.sub(r"^(?:\d{4}|[Xx×]+)(?=年)", "", plain)


def _spread(sheet: Any) -> dict[int, dict[int, str]]:
    """Return texts of the top rows by row and column, merged cells repeated."""
    texts: dict[int, dict[int, str]] = {
        row: {
            cell.column: str(cell.value).strip()
            for cell in cells
            if cell.value is not None and not isinstance(cell, MergedCell)
        }
        for row, cells in enumerate(sheet.iter_rows(max_row=_DEEPEST), start=1)
    }
    for span in sheet.merged_cells.ranges:
        text = texts.get(span.min_row, {}).get(span.min_col)
        for row in range(span.min_row, min(span.max_row, _DEEPEST) + 1) if text else ():
            for column in range(span.min_col, span.max_col + 1):
                texts[row][column] = str(text)
    return texts
