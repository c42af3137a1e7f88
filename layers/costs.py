"""What it costs that a file lacks a field: the sheets, tables and database columns that come out without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from configs import read_settings
from layers.model import Column, Layer
from layers.read.raw import Place

_MOST_SHEETS = 4


@dataclass(frozen=True)
class Cost:
    """What is lost without one field.

    Attributes
    ----------
    lost : sheets that cannot be drawn, ``1-03 建设现状图（建筑层数）``.
    poorer : numbers of sheets that are drawn with less.
    tables : titles of tables with gaps.
    stored : columns of the database that stay empty, ``HSQ_XZJZ.CS``.
    says : what else follows, one Chinese sentence.
    """

    lost: tuple[str, ...] = ()
    poorer: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    says: str = ""

    @property
    def matters(self) -> bool:
        """Whether more is lost than a column of the database."""
        return bool(self.lost or self.poorer or self.tables or self.says)

    def describe(self) -> str:
        """Return the cost in words."""
        parts = []
        if self.lost:
            parts.append(f"不能绘制 {'、'.join(self.lost)}")
        if self.poorer:
            more = f" 等 {len(self.poorer)} 幅" if len(self.poorer) > _MOST_SHEETS else ""
            parts.append(f"图 {'、'.join(self.poorer[:_MOST_SHEETS])}{more}内容不全")
        if self.tables:
            parts.append(f"{'、'.join(self.tables)}内容不全")
        if self.says:
            parts.append(self.says)
        return "；".join(parts)


def list_costs(layer: type[Layer]) -> Mapping[str, Cost]:
    """Return the costs of a layer's fields by field name; fields that cost nothing are left out.

    Sheets follow from the views of ``catalogue.yaml``, database columns from the declaration; the rest is
    what ``missing_fields.yaml`` says.
    """
    declared = read_settings("missing_fields.yaml").get(layer.key) or {}
    fields = declared.get("fields") or {}
    free = {*(declared.get("filled") or ()), *(declared.get("unused") or ())}
    found = {}
    for column in layer.columns():
        if column.spec.required or str(column) in free or column in _ALWAYS:
            continue
        cost = _find_cost(layer, column, fields.get(str(column)) or {})
        if cost.matters or cost.stored:
            found[str(column)] = cost
    return found


# Nobody misses these: ids and file names are made, remarks are free.
_ALWAYS = frozenset({"id", "source", "note"})


def _find_cost(layer: type[Layer], column: Column, entry: Mapping[str, Any]) -> Cost:
    views = {name: frozenset(entry.get(name, ())) for name in ("views", "shows", "side")}
    lost, poorer = _find_sheets(**views)
    tables = read_settings("tables.yaml")
    titles = tuple(
        f"{tables[key]['number']} {tables[key]['title'].replace('{area}', '')}"
        for key in entry.get("tables", ())
    )
    stored = tuple(f"{code}.{column.spec.onemap}" for code in layer.onemap.values() if column.spec.onemap)
    return Cost(lost, poorer, titles, stored, entry.get("says", ""))


def _name(item: Any, key: str) -> str:
    return str(item[key]) if isinstance(item, dict) else str(item)


def _find_sheets(
    *, views: frozenset[str], shows: frozenset[str], side: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return titles of sheets whose every needed view is empty, and numbers of sheets that say less."""
    lost, poorer = [], []
    for sheet in read_settings("catalogue.yaml")["sheets"]:
        drawn = {_name(item, "view") for item in sheet["draw"]}
        beside = {_name(item, "table") for item in sheet.get("tables", ())}
        needed = {str(name) for name in sheet.get("needs", ())}
        if needed and needed <= views:
            lost.append(f"{sheet['number']} {sheet['title']}")
        elif drawn & (views | shows) or beside & side:
            poorer.append(str(sheet["number"]))
    return tuple(lost), tuple(poorer)


def report_costs(frame: pd.DataFrame, layer: type[Layer], place: Place) -> None:
    """Say once a file which fields it lacks, or has only blank, and what that costs (HSQ-A05).

    Parameters
    ----------
    frame : typed columns of the layer as the file gives them, before anything is derived.
    place : gets one message for fields whose absence costs a sheet, a table (a warning) or an analysis, and a
        remark for those that only leave a column of the database empty.
    """
    if not len(frame):
        return
    absent = {
        name: cost
        for name, cost in list_costs(layer).items()
        if name not in frame.columns or frame[name].isna().all()
    }
    columns = {str(column): column for column in layer.columns()}
    heavy = {name: cost for name, cost in absent.items() if cost.matters}
    if heavy:
        told = "。".join(f"{columns[name].spec.alias}：{cost.describe()}" for name, cost in heavy.items())
        shown = any(cost.lost or cost.poorer or cost.tables for cost in heavy.values())
        (place.warn if shown else place.note)(
            "HSQ-A05", f"文件没有 {len(heavy)} 个字段的内容，影响成果。{told}", field="、".join(heavy),
            row="", action="其余成果照常输出", remedy="有数据时在配置的 columns 中写“字段: 文件列名”；没有时可忽略",
        )  # fmt: skip
    light = {name: cost for name, cost in absent.items() if not cost.matters}
    if light:
        told = "、".join(
            f"{columns[name].spec.alias}（{'、'.join(cost.stored)}）" for name, cost in light.items()
        )
        place.note("HSQ-A05", f"文件没有的字段在数据库中为空：{told}", field="、".join(light), row="")
