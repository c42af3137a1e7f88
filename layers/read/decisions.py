"""``decisions.xlsx`` read: every sheet with the known header; only rows that decide something; all faults at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from layers.decisions import Decision
from layers.faults import FaultLog
from layers.frame import conform, empty_frame
from layers.judgements import Subject, subjects
from layers.model import Column
from layers.read.book import list_sheets, read_book
from layers.read.grid import Grid, is_blank
from layers.read.raw import Place
from layers.read.sniff import check_content

CODE = "HSQ-A16"
# Columns a sheet must have to hold decisions, and those it may have.
_NEEDED = (Decision.number, Decision.field, Decision.value, Decision.reason)
_READ = (Decision.table, *_NEEDED, Decision.computed, Decision.name, Decision.place)
_HEADER_ROWS = 10  # the header is looked for in these


def read_decisions(path: Path, name: str, log: FaultLog) -> pd.DataFrame:
    """Return the decisions of a workbook as ``Decision`` rows, sorted as they stand in it.

    Parameters
    ----------
    path : the workbook; no rows where there is none.
    name : the file as messages call it.
    log : gets HSQ-A16 (错误) for a row whose table, field or value is not known, which has no reason, or
        which decides what another row decides as well; HSQ-F codes where the file cannot be read.
    """
    place = Place(name, Decision.alias, log)
    checked = [row for row in list_filled(path, place) if _check(row, place)]
    _refuse_doubles(checked, place)
    return conform(pd.DataFrame(checked), Decision) if checked else empty_frame(Decision)


def list_filled(path: Path, place: Place) -> list[dict[str, Any]]:
    """Return the rows of a workbook in which somebody wrote a decision or a reason, unchecked."""
    if not path.is_file() or not check_content(path, path.suffix.lower(), place):
        return []
    rows: list[dict[str, Any]] = []
    headed = False
    for sheet in list_sheets(path, place):
        grid = read_book(path, place, sheet=sheet)
        header = _find_header(grid) if grid is not None else None
        if grid is None or header is None:
            continue
        headed = True
        at, columns = header
        rows += _read_rows(grid, sheet, at, columns)
    if not headed and not place.log.errors:
        place.error(
            CODE, "没有一个工作表有人工决策的表头",
            remedy=f"表头应含：{'、'.join(column.spec.alias for column in _NEEDED)}；可从 output 中的 decisions.xlsx 复制",
        )  # fmt: skip
    return rows


def _find_header(grid: Grid) -> tuple[int, dict[Column, int]] | None:
    """Return the row of the header and where its columns are."""
    for at, cells in enumerate(grid.rows[:_HEADER_ROWS]):
        words = ["".join(str(cell).split()) if not is_blank(cell) else "" for cell in cells]
        columns = {column: words.index(column.spec.alias) for column in _READ if column.spec.alias in words}
        if all(column in columns for column in _NEEDED):
            return at, columns
    return None


def _read_rows(grid: Grid, sheet: str, header: int, columns: dict[Column, int]) -> Iterable[dict[str, Any]]:
    """Yield the rows below the header in which somebody wrote a decision or a reason."""
    for at, cells in enumerate(grid.rows[header + 1 :], start=header + 2):
        row: dict[str, Any] = {
            column: _write(cells[place]) if place < len(cells) else None for column, place in columns.items()
        }
        if row[Decision.value] is None and row[Decision.reason] is None:
            continue
        yield {
            **row,
            Decision.table: row.get(Decision.table) or sheet.strip(),
            Decision.sheet: sheet,
            Decision.row: at,
        }


def _write(cell: object) -> str | None:
    """Return a cell as text: whole numbers without the .0 that office programs store."""
    if is_blank(cell):
        return None
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    return str(cell).strip()


def _check(row: dict[str, Any], place: Place) -> bool:
    """Whether a row can be used; what is wrong with it goes into the log, all of it."""
    where = {"row": f"{row[Decision.sheet]} 第 {row[Decision.row]} 行"}
    before = len(place.log.errors)
    for column in (Decision.number, Decision.field, Decision.value, Decision.reason):
        if row[column] is None:
            remedy = {
                Decision.value: "写明决定，或删去理由",
                Decision.reason: "写明理由：人工决定须有理由，随成果登记",
            }.get(column, "补填；可从 output 中的 decisions.xlsx 抄入")
            place.error(
                CODE, f"人工决策缺少“{column.spec.alias}”", field=column.spec.alias, remedy=remedy, **where
            )
    subject = next((s for s in subjects() if s.title == row[Decision.table]), None)
    if subject is None:
        place.error(
            CODE, f"没有“{row[Decision.table]}”这种对象", field=Decision.table.spec.alias, value=row[Decision.table],
            remedy=_suggest(row[Decision.table], [s.title for s in subjects()]), **where,
        )  # fmt: skip
    elif row[Decision.field] is not None:
        _check_value(row, subject, place, where)
    return len(place.log.errors) == before


def _check_value(row: dict[str, Any], subject: Subject, place: Place, where: dict[str, str]) -> None:
    judgement = subject.find_field(row[Decision.field])
    if judgement is None:
        aliases = [item.column.spec.alias for item in subject.fields]
        place.error(
            CODE, f"{subject.title}没有可人工决定的“{row[Decision.field]}”", field=Decision.field.spec.alias,
            value=row[Decision.field], remedy=_suggest(row[Decision.field], aliases), **where,
        )  # fmt: skip
        return
    row[Decision.field] = judgement.column.spec.alias
    if row[Decision.value] is None:
        return
    try:
        judgement.read(row[Decision.value])
    except ValueError as error:
        place.error(
            CODE, f"“{judgement.column.spec.alias}”不能定为“{row[Decision.value]}”", value=row[Decision.value],
            field=judgement.column.spec.alias, remedy=str(error), **where,
        )  # fmt: skip


def _refuse_doubles(rows: list[dict[str, Any]], place: Place) -> None:
    """Refuse two decisions on one thing: which of them holds is not for the program to guess."""
    first: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row[Decision.table], row[Decision.number], row[Decision.field])
        other = first.setdefault(key, row)
        if other is not row:
            place.error(
                CODE, f"{row[Decision.table]}{row[Decision.number]}的“{row[Decision.field]}”决定了两次",
                row=f"{row[Decision.sheet]} 第 {row[Decision.row]} 行", field=row[Decision.field],
                value=row[Decision.value],
                remedy=f"与{other[Decision.sheet]} 第 {other[Decision.row]} 行只留一行",
            )  # fmt: skip


def _suggest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"是否想写“{near[0]}”？可用：{'、'.join(known)}" if near else f"可用：{'、'.join(known)}"
