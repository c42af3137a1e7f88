"""质检/数据质检.xlsx: every fault, repair and remark of the run, counted and listed by severity."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from layers.codes import SEVERITY
from layers.faults import CODES, Fault
from layers.frame import conform
from layers.planned import Quality
from pipeline.deliver.items import Item
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content
from pipeline.plan import Plan

PATH = "质检/数据质检.xlsx"
_MOST = 100_000  # rows a sheet; what is beyond is counted in its title
_WIDTHS = {Quality.problem: 60, Quality.action: 34, Quality.remedy: 40, Quality.value: 28, Quality.file: 28}


def quality_rows(faults: Iterable[Fault], *, stage: str, crs: object) -> gpd.GeoDataFrame:
    """Return faults as rows of ``Quality``.

    Parameters
    ----------
    faults : in the order they were found.
    stage : Chinese name of the step that found them.
    crs : the plan's CRS, of the places.
    """
    rows = [fault.as_dict() for fault in faults]
    table = pd.DataFrame(rows, columns=list(Fault.__dataclass_fields__)).assign(**{Quality.stage: stage})
    placed = table["x"].notna() & table["y"].notna()
    points = shapely.points(table["x"].astype("float64"), table["y"].astype("float64"))
    points[~placed.to_numpy()] = None
    return conform(gpd.GeoDataFrame(table, geometry=points, crs=crs), Quality, crs=crs)


def write_quality(rows: pd.DataFrame, plan: Plan, root: Path) -> Item:
    """Write the report under ``root`` and return the file.

    Parameters
    ----------
    rows : ``Quality`` rows of all stages, in order.
    """
    sheets = [("汇总", _summary(rows))]
    for severity in SEVERITY.values:
        part = rows[rows[Quality.severity] == severity]
        if len(part):
            sheets.append((severity, _listing(part, severity)))
    write_book(root / PATH, sheets, plan)
    counts = rows[Quality.severity].value_counts()
    note = "、".join(f"{severity} {counts.get(severity, 0)}" for severity in SEVERITY.values)
    return Item(PATH, "质检", "数据质检报告", "pipeline.deliver.quality", note=note)


def _summary(rows: pd.DataFrame) -> Content:
    """Return counts by severity, code and step, worst first."""
    grouped = rows.fillna({Quality.stage: ""}).groupby([Quality.severity, Quality.code, Quality.stage]).size()
    rank = {severity: index for index, severity in enumerate(SEVERITY.values)}
    lines: list[list[Value]] = [
        [severity, code, CODES.get(code, ""), stage, int(count)]
        for (severity, code, stage), count in sorted(
            grouped.items(), key=lambda item: (rank[item[0][0]], *item[0][1:])
        )
    ]
    lines += [
        [f"{severity}合计", "", "", "", int((rows[Quality.severity] == severity).sum())]
        for severity in SEVERITY.values
    ]
    columns = [("级别", 14, "center"), ("代码", 14, "center"), ("说明", 50, "left"), ("阶段", 24, "center")]
    return plain_content(
        "数据质检汇总",
        [*columns, ("条数", 12, "center")],
        lines,
        notes=["“错误”使方案停止；“警告”请核对；“提示”说明程序做了什么。"],
    )


def _listing(rows: pd.DataFrame, severity: str) -> Content:
    columns = [c for c in Quality.columns() if c != Quality.severity]
    shown = rows.head(_MOST)
    values: list[pd.Series] = [shown[c] for c in columns]
    heads: list[tuple[str, float, str]] = [(c.spec.alias, _WIDTHS.get(c, 16), "left") for c in columns]
    if isinstance(shown, gpd.GeoDataFrame):
        # Surveyors call the easting Y and the northing X; the words avoid the question.
        values += [shown.geometry.x.round(2), shown.geometry.y.round(2)]
        heads += [("东坐标（m）", 14, "center"), ("北坐标（m）", 14, "center")]
    lines = [[None if pd.isna(value) else value for value in line] for line in zip(*values, strict=True)]
    rest = f"，只列前 {_MOST} 条" if len(rows) > _MOST else ""
    return plain_content(f"{severity}（共 {len(rows)} 条{rest}）", heads, lines)
