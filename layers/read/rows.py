"""Which rows below a header are data; totals, remarks, repeated headers and group titles are told and left out."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from layers.read.grid import Cells, filled
from layers.read.raw import Place, list_rows

_TOTAL = re.compile(
    r"^(.{0,8}?(合计|总计|小计|共计)|累计|总和|total|subtotal|grand total)([:：（(].*)?$", re.IGNORECASE
)
_REMARK = re.compile(
    r"^([（(]?(注|备注|说明|填表说明|填表要求|数据来源|资料来源)[)）]?\d*|填表人|填报人|填报单位|填表单位|制表人?|审核人?|"
    r"复核人?|单位负责人|负责人|联系人|联系电话|填报日期|填表日期|日期|盖章|编制单位)\s*[:：]"
)
_GROUP = re.compile(
    r"^([（(]?[一二三四五六七八九十]{1,3}[)）、.．]|第[一二三四五六七八九十]{1,3}[部分章节类])"
)
# A remark without a mark: one long sentence in a table of several columns, below the last full row.
_LONG_REMARK, _FEW_COLUMNS = 15, 3
_LONGEST_TOTAL = 40
_NUMBERED = 4  # columns from which 1, 2, 3, … along a row are numbers of columns and not figures


def find_data(rows: Cells, start: int, header: Cells, place: Place) -> list[int]:
    """Return the indexes of data rows; every other row that holds something is reported.

    Parameters
    ----------
    rows : all rows of the sheet, equally long, merged ranges not yet spread.
    start : index of the first row below header and units.
    header : rows of the header, to know it when it comes again.
    place : gets one HSQ-V09 a kind.
    """
    above = {_words(row) for row in [*rows[: start - len(header)], *header] if filled(row)}
    begins = {words[0] for words in above}
    last = _last_full_row(rows, start)
    kinds: dict[str, list[int]] = {}
    data = []
    for at in range(start, len(rows)):
        inside = filled(rows[at])
        if not inside:
            continue
        kind = _sort_row(inside, at, start, rows[at], last)
        if kind is None and _word(inside[0]) in begins and _words(rows[at]) in above:
            kind = "重复的表头或标题行"
        if kind is None:
            data.append(at)
        else:
            kinds.setdefault(kind, []).append(at + 1)
    for kind, numbers in kinds.items():
        place.drop(numbers)
        doubtful = kind in {"分组标题行", "疑似说明行", "列号行"}
        (place.warn if doubtful else place.note)(
            "HSQ-V09", f"{kind}不作为数据", row=list_rows(pd.Index(numbers)), action="跳过",
            **({"remedy": "若是数据，请补填其他列；若不是，请删去"} if doubtful else {}),
        )  # fmt: skip
    return data


def _word(cell: Any) -> str:
    return "".join(str(cell).split())


def _words(row: list[Any]) -> tuple[str, ...]:
    return tuple(_word(cell) for cell in filled(row))


def _last_full_row(rows: Cells, start: int) -> int:
    """Index of the last row with more than one filled cell."""
    return next((at for at in range(len(rows) - 1, start - 1, -1) if len(filled(rows[at])) > 1), start - 1)


def _sort_row(inside: list[Any], at: int, start: int, row: list[Any], last: int) -> str | None:
    """Return what a row is when it is no data."""
    label = _label(inside)
    if len(label) <= _LONGEST_TOTAL and _TOTAL.match(label):
        return "合计、小计行"
    if at <= start + 1 and _is_numbering(inside, row):
        return "列号行"
    if _REMARK.match(label) and (
        len({str(cell) for cell in inside}) == 1 or all(_REMARK.match(str(cell).strip()) for cell in inside)
    ):
        return "说明行"
    if len(inside) == 1 and len(row) >= _FEW_COLUMNS:
        if _GROUP.match(label):
            return "分组标题行"
        if at > last and len(label) >= _LONG_REMARK:
            return "疑似说明行"
    return None


def _label(inside: list[Any]) -> str:
    """First words of a row, to tell totals and remarks from data; a serial number before does not hide them."""
    first = [str(cell).replace(" ", "").replace("\u3000", "").replace("\n", "") for cell in inside[:2]]
    return next((word for word in first if not word.replace(".", "").isdigit()), first[0])


def _is_numbering(inside: list[Any], row: list[Any]) -> bool:
    """Tell the row of column numbers of statistical forms: 1 2 3, (1) (2), 甲 乙 1 2."""
    if len(inside) < _NUMBERED or len(inside) < 0.8 * len(row):
        return False
    words = [re.sub(r"[()（）\s]|\.0$", "", str(cell)) for cell in inside]
    figures = [word for word in words if word not in "甲乙丙丁"]
    return len(figures) >= 2 and figures == [str(number + 1) for number in range(len(figures))]
