"""Facilities by the classes of this product: types of ledgers and web maps recognised, the rest listed by value."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs.facilities import Recognised, facility_classes, recognise_text, recognise_type, suggest_class
from layers.model import Column
from layers.read.raw import Place, list_rows
from layers.source import Facility

_TEXTS = (Facility.type_key, Facility.type_name, Facility.name)
_MOST = 30  # values shown in the sum


def recognise_facility(*types: str, name: str = "") -> Recognised:
    """Return what one facility is, by its type texts and then its name.

    Parameters
    ----------
    types : type texts in the order they are believed, empty where absent.
    name : decides where no type tells, or where a web map's category leaves it to the name; tells sister
        classes of one group apart; and rules a class out where it says so (康宁口腔诊所).
    """
    classes = facility_classes()
    told = [recognise_type(text) for text in types if text]
    best = next(
        (item for item in told if item.key), next((item for item in told if item.known), Recognised())
    )
    key = best.key
    if name and ((key is None and best.ask_name) or best.refine):
        named = recognise_text(name)
        if named is not None and (key is None or classes[named].group == classes[key].group):
            key = named
    if key is not None and any(word in name for word in classes[key].excluded):
        return Recognised(known=True, ask_name=False)
    return Recognised(key, best.known, best.ask_name, best.refine)


def settle_types(frame: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Return the facilities of known classes, with class key and name; those left out are reported by value."""
    texts = [name for name in _TEXTS if name in frame.columns]
    if not texts:
        if (str(Facility.type_key), "") not in place.reported:
            place.error(
                "HSQ-V01", "没有说明设施类型的列，也没有名称", field=str(Facility.type_key), row="",
                remedy="在配置的 columns 中写 type_key: 文件列名，或在 constants 中给出统一类型",
            )  # fmt: skip
        return frame[:0]
    blank = pd.Series("", index=frame.index)
    cells = [frame[name].fillna("").astype("str") if name in frame.columns else blank for name in _TEXTS]
    rows = list(zip(*(column.tolist() for column in cells), strict=True))
    told = {row: recognise_facility(*row[:2], name=row[2]) for row in dict.fromkeys(rows)}
    found = [told[row] for row in rows]
    keys = pd.Series([item.key for item in found], index=frame.index, dtype="str")
    known = pd.Series([item.known for item in found], index=frame.index, dtype=bool)
    lost = keys.isna()
    said = cells[0].where(cells[0] != "", cells[1].where(cells[1] != "", cells[2]))
    _report_lost(said[lost], known[lost], frame, place)
    frame = frame[~lost].copy()
    frame[Facility.type_key] = keys[~lost]
    names = {key: item.name for key, item in facility_classes().items()}
    frame[Facility.type_name] = frame[Facility.type_key].map(names)
    return frame


def _report_lost(said: pd.Series, known: pd.Series, frame: gpd.GeoDataFrame, place: Place) -> None:
    """Tell of every facility left out.

    What is no known type at all is a row each, with its place. A web map's category that is none of the
    classes (thousands of restaurants) is one row a category, with its count. A last one sums up by value.
    """
    if not len(said):
        return
    place.drop(said.index)  # the row of a category lists a few of its rows and counts the others
    field = str(Facility.type_key)
    spots = _spots(frame, said.index[~known])
    remedy = "需要计入的，在配置的 values 中写明对应的设施类型代码，或改正类型文字"
    for (row, value), (x, y) in zip(said[~known].items(), spots, strict=True):
        near = suggest_class(str(value)) if value else None
        hint = f"是否为 {facility_classes()[near].name}（{near}）？" if near else ""
        place.warn(
            "HSQ-V08", f"设施类型“{value}”无法识别" if value else "设施没有类型和名称", field=field, row=str(row),
            value=str(value), action="该设施不参与分析", remedy=hint + remedy, x=x, y=y,
        )  # fmt: skip
    categories = said[known]
    at, distinct = pd.factorize(categories, sort=True)
    for i, value in enumerate(distinct):
        rows = categories.index[at == i]
        place.note(
            "HSQ-V08", f"设施类型“{value}”无法识别为生活圈设施，共 {len(rows)} 行", field=field, row=list_rows(rows),
            value=str(value), action="这些设施不参与分析", remedy=remedy,
        )  # fmt: skip
    counts = said.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    shown = "、".join(f"{value or '（空白）'} {count} 行" for value, count in counts.head(_MOST).items())
    rest = f" 等 {len(counts)} 种" if len(counts) > _MOST else ""
    place.note(
        "HSQ-V09", f"{len(frame)} 行设施中有 {len(said)} 行不属任何设施类别", field=field, value=shown + rest,
        action="这些行不参与分析",
    )  # fmt: skip


def _spots(frame: gpd.GeoDataFrame, rows: pd.Index) -> list[tuple[float | None, float | None]]:
    """Places of rows in the plan's CRS, nothing where a row has none."""
    points = shapely.centroid(frame.geometry[frame.index.isin(rows)].to_numpy())
    return [
        (round(float(x), 2), round(float(y), 2)) if np.isfinite(x) and np.isfinite(y) else (None, None)
        for x, y in zip(shapely.get_x(points), shapely.get_y(points), strict=True)
    ]


def recognise_optional(frame: gpd.GeoDataFrame, column: Column, place: Place) -> None:
    """Recognise the facility class a row is about, where it names one; a row of another kind stays."""
    if column not in frame.columns:
        return
    cells = frame[column]
    keys = cells.map({cell: recognise_text(str(cell)) for cell in cells.dropna().unique()})
    lost = cells[cells.notna() & keys.isna()]
    for value in sorted(lost.unique()):
        rows = lost.index[lost == value]
        near = suggest_class(str(value))
        hint = f"是否为 {facility_classes()[near].name}（{near}）？" if near else ""
        place.warn(
            "HSQ-V08", f"设施类型“{value}”无法识别" + (f"，共 {len(rows)} 行" if len(rows) > 1 else ""), field=str(column),
            row=list_rows(rows), value=str(value), action="该行保留，不关联设施类型",
            remedy=f"{hint}在配置的 values 中写明对应的设施类型代码",
        )  # fmt: skip
    frame[column] = keys.astype("str")
