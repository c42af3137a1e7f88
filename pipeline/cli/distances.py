"""Plain tables of the one-off commands: pairs with distances, supply and demand by id; results out.

The default columns are those ``haoshequ reach`` writes, so that its result can be used as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from layers.faults import Fault, FaultLog, PlanFaults
from layers.read.raw import Place, list_rows
from layers.read.sheet import SUFFIXES, read_sheet
from layers.values import fold_text, parse_flags, parse_numbers
from pipeline.reach.od import OdTable

ORIGIN, DESTINATION, METRES = "起点编号", "终点编号", "距离_m"
OUTPUTS = (".csv", ".xlsx")
# A file's creation time would be the only thing that differs between two runs.
_CREATED = datetime(2000, 1, 1)


def read_table(path: Path, columns: Sequence[str], *, alias: str, log: FaultLog) -> pd.DataFrame | None:
    """Return the named columns of a csv or xlsx as read; None when it cannot be used, with the faults logged.

    Parameters
    ----------
    path : the file; the first sheet of a workbook.
    columns : columns that must be there.
    alias : Chinese name of what the file holds, for messages.
    """
    place = Place(path.as_posix(), alias, log)
    if not path.is_file():
        place.error("HSQ-F01", "文件不存在", remedy="检查路径是否写对")
        return None
    if path.suffix.lower() not in SUFFIXES:
        place.error("HSQ-F04", f"不支持的文件格式 {path.suffix}", remedy="另存为 .csv 或 .xlsx")
        return None
    raw = read_sheet(path, place)
    if raw is None:
        return None
    absent = [column for column in columns if column not in raw.table.columns]
    for column in absent:
        place.error(
            "HSQ-V01", f"没有名为“{column}”的列", field=column,
            remedy=f"文件中的列：{'、'.join(str(c) for c in raw.table.columns[:20])}；用列名选项指定",
        )  # fmt: skip
    return None if absent else raw.table[list(dict.fromkeys(columns))]


def read_pairs(path: Path, origin: str, destination: str, metres: str, log: FaultLog) -> pd.DataFrame | None:
    """Return the pairs of an OD table as ``ORIGIN``, ``DESTINATION``, ``METRES``.

    A row without a distance says that its place reaches nothing: its id is kept, with the distance missing.
    A pair that occurs twice is a fault, for either distance could be meant.
    """
    table = read_table(path, [origin, destination, metres], alias="OD 表", log=log)
    if table is None:
        return None
    place = Place(path.as_posix(), "OD 表", log)
    result = pd.DataFrame(
        {
            ORIGIN: fold_text(table[origin]),
            DESTINATION: fold_text(table[destination]),
            METRES: _read_numbers(table[metres], metres, place),
        }
    )
    paired = result[METRES].notna()
    nameless = result.index[paired & result[[ORIGIN, DESTINATION]].isna().any(axis=1)]
    if len(nameless):
        place.error(
            "HSQ-V02", "有距离而缺起点或终点编号", row=list_rows(nameless), remedy="补填编号，或删除该行"
        )
    twice = result.index[
        paired & result[paired].duplicated([ORIGIN, DESTINATION]).reindex(result.index, fill_value=False)
    ]
    if len(twice):
        place.error("HSQ-V06", "同一对起点终点出现多次", row=list_rows(twice), remedy="每对只留一行")
    if not paired.any():
        place.error("HSQ-V02", "没有任何一对有距离", field=metres, remedy="检查距离列是否选对")
    return result


def read_values(
    path: Path, key: str, numbers: Sequence[str], log: FaultLog, *, alias: str, flags: Sequence[str] = ()
) -> pd.DataFrame | None:
    """Return number and yes/no columns by id, in the order of the file; blank numbers are faults."""
    table = read_table(path, [key, *numbers, *flags], alias=alias, log=log)
    if table is None:
        return None
    place = Place(path.as_posix(), alias, log)
    ids = fold_text(table[key])
    if ids.isna().any():
        place.error("HSQ-V02", "编号为空", field=key, row=list_rows(ids.index[ids.isna()]), remedy="补填编号")
    twice = ids[ids.notna() & ids.duplicated()]
    if len(twice):
        place.error(
            "HSQ-V06", f"编号重复：{'、'.join(twice.unique()[:10])}", field=key, row=list_rows(twice.index),
            remedy="每个编号只留一行",
        )  # fmt: skip
    result = pd.DataFrame(index=pd.Index(ids, name=key))
    for column in numbers:
        values = _read_numbers(table[column], column, place)
        blank = table.index[values.isna() & fold_text(table[column]).isna()]
        if len(blank):
            place.error("HSQ-V02", "数值为空", field=column, row=list_rows(blank), remedy="补填，没有则填 0")
        result[column] = values.to_numpy()
    for column in flags:
        read = parse_flags(table[column])
        if read.bad.any():
            place.error(
                "HSQ-V05", "应为 是 或 否", field=column, row=list_rows(table.index[read.bad]), remedy="改为 是 或 否"
            )  # fmt: skip
        result[column] = read.values.fillna(False).astype(bool).to_numpy()
    return result


def _read_numbers(cells: pd.Series, column: str, place: Place) -> pd.Series:
    read = parse_numbers(cells, unit="*")
    for word, rows in (("不是数字", read.bad), ("是负数", read.values < 0)):
        if rows.any():
            code = "HSQ-V03" if word == "不是数字" else "HSQ-V04"
            shown = "、".join(str(v) for v in cells[rows].unique()[:5])
            place.error(
                code, f"值{word}", field=column, row=list_rows(cells.index[rows]), value=shown, remedy="改正后重试"
            )  # fmt: skip
    return read.values


def match_ids(
    pairs: pd.DataFrame, side: str, table: pd.DataFrame | None, log: FaultLog, *, alias: str
) -> pd.Index:
    """Return the ids of one side: those of its own table in the table's order, else those of the pairs, sorted.

    An id of the pairs that the table does not have is a fault.
    """
    named = pairs[side].dropna().unique()
    if table is None:
        return pd.Index(sorted(named))
    missing = sorted(set(named) - set(table.index))
    if missing:
        log.add(
            "HSQ-V10", f"OD 表中有 {len(missing)} 个{side}在{alias}中找不到：{'、'.join(missing[:10])}", layer=alias,
            remedy="补齐该表，或检查编号列是否选对",
        )  # fmt: skip
    return table.index


def build_od(pairs: pd.DataFrame, origins: pd.Index, destinations: pd.Index) -> OdTable:
    """Return the pairs that have a distance as arrays over the two lists of ids."""
    known = pairs[pairs[METRES].notna()]
    return OdTable(
        origins.get_indexer(known[ORIGIN]),
        destinations.get_indexer(known[DESTINATION]),
        known[METRES].to_numpy(),
        len(origins),
        len(destinations),
    )


def write_results(tables: Mapping[str, pd.DataFrame], path: Path) -> list[Path]:
    """Write named tables: sheets of one xlsx, or one csv each, the first under the name given.

    Raises
    ------
    PlanFaults
        If a file cannot be written (``HSQ-D05``).
    """
    try:
        if path.suffix.lower() == ".xlsx":
            _write_book(tables, path)
            return [path]
        written = []
        for number, (name, table) in enumerate(tables.items()):
            part = path if number == 0 else path.with_name(f"{path.stem}_{name}.csv")
            table.to_csv(part, index=False, encoding="utf-8-sig")
            written.append(part)
        return written
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-D05", f"无法写出：{error}", file=str(path),
                    remedy="关闭正在使用该文件的程序，或换一个文件夹",
                )
            ]
        ) from None  # fmt: skip


def _write_book(tables: Mapping[str, pd.DataFrame], path: Path) -> None:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": _CREATED})
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, table in tables.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.columns):
                cells = table[title].astype(object)
                longest = max((len(str(cell)) for cell in cells.head(200)), default=0)
                sheet.set_column(column, column, min(max(2 * len(str(title)), longest) + 2, 60))
                sheet.write_string(0, column, str(title), bold)
                for row, cell in enumerate(cells, 1):
                    if pd.isna(cell):
                        continue
                    write = (
                        sheet.write_number
                        if isinstance(cell, int | float | np.number)
                        else sheet.write_string
                    )
                    write(row, column, cell if write == sheet.write_number else str(cell))
