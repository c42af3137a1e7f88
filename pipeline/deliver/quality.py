"""质检/数据质检.xlsx: every fault, repair and remark of the run, counted and listed by severity."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from layers.codes import LINKED, SEVERITY, SNAP
from layers.faults import CODES, Fault
from layers.frame import conform
from layers.planned import Quality
from layers.reachable import Link
from pipeline.deliver.items import Item
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content
from pipeline.plan import Plan

PATH = "质检/数据质检.xlsx"
_MOST = 100_000  # rows a sheet; what is beyond is counted in its title
_WIDTHS = {Quality.problem: 60, Quality.action: 34, Quality.remedy: 40, Quality.value: 28, Quality.file: 28}
_LINK_WIDTHS = {Link.object_id: 24, Link.community: 18, Link.note: 44}


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


def write_quality(rows: pd.DataFrame, plan: Plan, root: Path, *, links: pd.DataFrame | None = None) -> Item:
    """Write the report under ``root`` and return the file.

    Parameters
    ----------
    rows : ``Quality`` rows of all stages, in order.
    links : the ``Link`` layer with its communities; without it nothing is said of the network.
    """
    sheets = [("汇总", _summary(rows))]
    for severity in SEVERITY.values:
        part = rows[rows[Quality.severity] == severity]
        if len(part):
            sheets.append((severity, _listing(part, severity)))
    if links is not None and len(links):
        sheets += [("接入状态", _count_links(links)), ("接入清单", _list_links(links))]
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


def _count_links(links: pd.DataFrame) -> Content:
    """Return how many objects of each kind join the network, and how far they are from it."""
    counts = pd.crosstab(links[Link.layer], links[Link.status])
    far = links[links[Link.status] == SNAP.values[0]].groupby(Link.layer)[Link.access_m].max().round(2)
    lines: list[list[Value]] = [
        [
            kind,
            int(counts.loc[kind].sum()),
            *(int(counts.loc[kind].get(status, 0)) for status in SNAP.values),
            float(far[kind]) if kind in far.index else None,
        ]
        for kind in LINKED.values
        if kind in counts.index
    ]
    columns = [("对象", 14, "center"), ("个数", 10, "center")]
    columns += [(status, 14, "center") for status in SNAP.values]
    return plain_content(
        "接入步行网络的状态",
        [*columns, ("最远接入距离（m）", 18, "center")],
        lines,
        notes=[
            "没有位置的需求和资源不接入，不在此列；测算得出的需求落在住户点上，状态同该住户点。",
            "逐个状态见“接入清单”和数据库图层“接入状态”。",
        ],
    )


def _list_links(links: pd.DataFrame) -> Content:
    """Return every object and how it joins, those that do not join first."""
    rank = {word: index for index, word in enumerate(LINKED.values)}
    order = links.assign(joined=links[Link.status] == SNAP.values[0], rank=links[Link.layer].map(rank))
    order = order.sort_values(["joined", "rank", Link.object_id], kind="stable").head(_MOST)
    fields = (
        Link.layer,
        Link.object_id,
        Link.community,
        Link.status,
        Link.access_m,
        Link.component,
        Link.note,
    )
    heads = [(field.spec.alias, _LINK_WIDTHS.get(field, 14), "center") for field in fields]
    values = [order[field].astype(object) for field in fields]
    values[fields.index(Link.access_m)] = order[Link.access_m].round(2)
    values += [order.geometry.x.round(2), order.geometry.y.round(2)]
    heads += [("东坐标（m）", 14, "center"), ("北坐标（m）", 14, "center")]
    lines = [[None if pd.isna(value) else value for value in line] for line in zip(*values, strict=True)]
    rest = f"，只列前 {_MOST} 个" if len(links) > _MOST else ""
    return plain_content(f"接入清单（共 {len(links)} 个{rest}）", heads, lines)
