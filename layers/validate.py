"""Rows tested against the declaration of their layer; every fault names the row the technician sees."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import pandas as pd

from layers.cells import fold_width
from layers.model import Column, Layer
from layers.read.raw import Place, list_rows

_Item = TypeVar("_Item")


def check_rows(frame: pd.DataFrame, layer: type[Layer], place: Place) -> None:
    """Record every departure of ``frame`` from its declaration: columns, blanks, code lists, minimum.

    Parameters
    ----------
    frame : typed columns of the layer; the index is the row number or FID.
    """
    if not len(frame):
        return
    for column in layer.columns():
        spec = column.spec
        if column not in frame.columns:
            if spec.required and (str(column), "") not in place.reported:
                place.error(
                    "HSQ-V01", f"缺少必需的列“{spec.alias}”", field=str(column),
                    remedy=f"在配置的 columns 中写 {column}: 文件列名，或在 constants 中给出统一取值",
                )  # fmt: skip
            continue
        cells = frame[column]
        if spec.required:
            _check_present(cells, column, place)
        if spec.codes is not None:
            _check_codes(cells, column, place)
        if spec.minimum is not None:
            _check_minimum(cells, column, place)


def _new(rows: pd.Index, column: Column, place: Place) -> list[object]:
    """Rows whose cell has no fault yet."""
    return [row for row in rows if (str(column), str(row)) not in place.reported]


def _check_present(cells: pd.Series, column: Column, place: Place) -> None:
    for row in _new(cells.index[cells.isna()], column, place):
        place.error(
            "HSQ-V02",
            f"“{column.spec.alias}”不能为空",
            field=str(column),
            row=str(row),
            remedy="补填该单元格",
        )


def _check_codes(cells: pd.Series, column: Column, place: Place) -> None:
    codes = column.spec.codes
    if codes is None:
        return
    strange = cells[cells.notna() & ~cells.isin(codes.values)]
    for value, rows in sorted(strange.groupby(strange).groups.items()):
        near = difflib.get_close_matches(str(value), codes.values, n=1, cutoff=0.4)
        hint = f"是否应为“{near[0]}”？" if near else ""
        remedy = f"{hint}允许：{'、'.join(codes.values)}；或在配置的 values 中写明对应"
        problem = f"“{column.spec.alias}”的取值“{value}”不在《{codes.name}》内"
        if codes.closed:
            for row in _new(rows, column, place):
                place.error(
                    "HSQ-V05", problem, field=str(column), row=str(row), value=str(value), remedy=remedy
                )
        else:
            place.warn(
                "HSQ-V05",
                problem,
                field=str(column),
                row=list_rows(rows),
                value=str(value),
                action="照原样保留",
                remedy=remedy,
            )


def _check_minimum(cells: pd.Series, column: Column, place: Place) -> None:
    least = column.spec.minimum
    low = cells.notna() & (cells < least)
    for row in _new(cells.index[low.fillna(False).astype(bool)], column, place):
        place.error(
            "HSQ-V04", f"“{column.spec.alias}”不能小于 {least:g}", field=str(column), row=str(row), value=f"{cells[row]:g}",
            remedy="核对并改正该数值",
        )  # fmt: skip


def check_unique(frame: pd.DataFrame, layer: type[Layer], place: Place, *, labels: pd.Series) -> None:
    """Record values that a unique column holds more than once, over all files of the layer.

    Values that differ only in case, width or blanks are warned of: they count as different, but somebody's
    spreadsheet will take them for the same.

    Parameters
    ----------
    frame : all rows of the layer.
    labels : file and row of each, for the message.
    """
    for column in layer.columns():
        if not column.spec.unique or column not in frame.columns:
            continue
        cells = frame[column]
        alias = column.spec.alias
        twins = cells[cells.notna() & cells.duplicated(keep=False)]
        for value, rows in _group(twins.tolist(), labels[twins.index].tolist()):
            place.error(
                "HSQ-V06", f"“{alias}”重复：{value}", field=str(column), row=list_rows(rows, most=5),
                value=str(value), remedy="改正编号使其唯一，或在配置的 columns 中换一列作编号",
            )  # fmt: skip
        single = cells[cells.notna()].drop_duplicates().astype("str")
        bare = single.map(_bare)
        alike = single[bare.duplicated(keep=False)]
        places = labels[alike.index].tolist()
        for _, pairs in _group(bare[alike.index].tolist(), list(zip(alike, places, strict=True))):
            values = "、".join(sorted(value for value, _ in pairs))
            place.warn(
                "HSQ-V06", f"“{alias}”只差大小写、全半角或空格：{values}", field=str(column),
                row=list_rows([label for _, label in pairs], most=5), value=values,
                action="按不同的编号处理", remedy="确为同一编号的改为一致，不同的换一个编号",
            )  # fmt: skip


def _group(keys: Sequence[Hashable], items: Sequence[_Item]) -> list[tuple[Any, list[_Item]]]:
    """Return the items of each key, keys in order."""
    found: dict[Any, list[_Item]] = {}
    for key, item in zip(keys, items, strict=True):
        found.setdefault(key, []).append(item)
    return sorted(found.items(), key=lambda pair: str(pair[0]))


def _bare(value: str) -> str:
    return "".join(fold_width(value).split()).casefold()
