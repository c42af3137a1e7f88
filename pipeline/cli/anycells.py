"""Columns of any file as one type each, and what DBF tables and sheets cannot hold of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.faults import Fault, FaultLog, PlanFaults

_NAME_BYTES, _TEXT_BYTES = 10, 254  # of a DBF
_CELL, _ROWS = 32_767, 1_048_576  # of a sheet


def plain_columns(
    frame: gpd.GeoDataFrame, path: Path, log: FaultLog, *, keep_dates: bool
) -> gpd.GeoDataFrame:
    """Return columns of one type each: numbers, text, and dates where the format has them."""
    frame = frame.copy()
    for name in frame.columns.drop(frame.geometry.name):
        cells = frame[name]
        if pd.api.types.is_datetime64_any_dtype(cells):
            frame[name] = cells if keep_dates else cells.map(_tell_date, na_action="ignore").astype("str")
        elif pd.api.types.is_bool_dtype(cells) and cells.notna().all():
            frame[name] = cells.astype("int64")
        elif not pd.api.types.is_numeric_dtype(cells):
            filled = cells.dropna()
            if any(isinstance(cell, bytes) for cell in filled):
                log.add("HSQ-V09", f"列“{name}”是二进制内容", severity="警告", file=str(path), field=str(name),
                        action="不写出")  # fmt: skip
                frame = frame.drop(columns=name)
            else:
                frame[name] = _one_type(cells, filled)
    return frame


def _one_type(cells: pd.Series, filled: pd.Series) -> pd.Series:
    """Return numbers where every cell is one, else texts."""
    if len(filled) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in filled):
        numbers = pd.to_numeric(cells)
        whole = (
            all(isinstance(cell, int) or cell.is_integer() for cell in filled) and filled.abs().max() < 2**53
        )
        return numbers.astype("Int64") if whole else numbers.astype("float64")
    texts = cells.map(_tell_cell, na_action="ignore").astype("str")
    return texts.where(texts != "")  # an empty cell of a csv is no text


def _tell_cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, bool):
        return "是" if cell else "否"
    return _tell_date(cell) if hasattr(cell, "isoformat") else str(cell)


def _tell_date(cell: Any) -> str:
    return re.sub(
        r" 00:00:00(\.0+)?$", "", cell.isoformat(sep=" ") if hasattr(cell, "hour") else cell.isoformat()
    )


def make_table(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns with the coordinates of points, or the geometry as text, behind them."""
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    shapes = frame.geometry.to_numpy()
    if shapely.is_missing(shapes).all():
        return table
    degrees = frame.crs.is_geographic
    if (np.isin(shapely.get_type_id(shapes), (0, -1))).all():
        decimals = 9 if degrees else 4
        for name, values in zip(("经度", "纬度") if degrees else ("东坐标", "北坐标"), (shapely.get_x(shapes), shapely.get_y(shapes)), strict=True):  # fmt: skip
            table[_free(name, table)] = values.round(decimals)
    else:
        table[_free("WKT", table)] = shapely.to_wkt(shapes, rounding_precision=9 if degrees else 4)
    return table


def _free(name: str, table: pd.DataFrame) -> str:
    return name if name not in table.columns else _free(f"{name}_新", table)


def check_cells(table: pd.DataFrame, path: Path) -> None:
    """Refuse what a sheet of a workbook cannot hold.

    Raises
    ------
    PlanFaults
        ``HSQ-D02``, for a cell that is too long or too many rows.
    """
    if path.suffix.lower() != ".xlsx":
        return
    longest = max((len(str(cell)) for name in table for cell in table[name].dropna()), default=0)
    if longest > _CELL or len(table) >= _ROWS:
        what = f"有 {longest:,} 个字符的单元格" if longest > _CELL else f"有 {len(table):,} 行"
        raise PlanFaults(
            [Fault("HSQ-D02", f"{what}，xlsx 容纳不下", file=str(path), remedy="写出为 .csv 或 .gpkg")]
        )


def fit_dbf(frame: gpd.GeoDataFrame, path: Path, log: FaultLog) -> gpd.GeoDataFrame:
    """Cut names and texts to what a DBF holds, between characters; what is cut is said."""
    columns = [str(name) for name in frame.columns.drop(frame.geometry.name)]
    names = short_names(columns)
    changed = [f"{old}→{new}" for old, new in zip(columns, names, strict=True) if old != new]
    if changed:
        log.add("HSQ-D02", f"{len(changed)} 个列名超过 shp 的 {_NAME_BYTES} 字节", severity="警告", file=str(path),
                value="、".join(changed), action="已按字缩短", remedy="要保留全名请写出为 .gpkg")  # fmt: skip
    frame = frame.rename(columns=dict(zip(columns, names, strict=True)))
    for old, name in zip(columns, names, strict=True):
        if not pd.api.types.is_string_dtype(frame[name]):
            continue
        long = frame[name].map(lambda text: len(text.encode()) > _TEXT_BYTES, na_action="ignore").eq(True)
        if long.any():
            frame.loc[long, name] = frame.loc[long, name].map(lambda text: _cut(text, _TEXT_BYTES))
            log.add("HSQ-D02", f"列“{old}”有 {long.sum()} 个值超过 shp 的 {_TEXT_BYTES} 字节", severity="警告",
                    file=str(path), field=old, action="已按字截断", remedy="要保留全文请写出为 .gpkg")  # fmt: skip
    return frame


def _cut(text: str, width: int) -> str:
    return text.encode()[:width].decode("utf-8", "ignore")


def short_names(names: Sequence[str]) -> list[str]:
    """Return field names of at most ten bytes, all different whatever their case; the end gives way to a number."""
    taken: set[str] = set()
    result = []
    for name in names:
        chosen, count = _cut(name, _NAME_BYTES), 0
        while chosen.casefold() in taken or not chosen:
            count += 1
            chosen = f"{_cut(name, _NAME_BYTES - 1 - len(str(count)))}_{count}"
        taken.add(chosen.casefold())
        result.append(chosen)
    return result
