"""数据库/项目库: the project list as the 城市更新项目库 takes it in, xlsx and shp (4.8, T2-11).

One point a project, however it was drawn; projects without a place (管理类) are in the xlsx only. The xlsx is also what
``haoshequ review`` compares, so it holds the ids that stay, the steps taken so far and the
number of delegates, never their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from layers import codes
from layers import model as m
from layers.crs import GEOGRAPHIC
from layers.faults import FaultLog
from layers.ledgers import Delegate, Step
from layers.model import Column, Layer
from layers.planned import Match, Project
from pipeline.deliver.items import Absent, Item, Made
from pipeline.deliver.names import check_names
from pipeline.deliver.onemap import Delivered, hand_in_crs
from pipeline.deliver.shapefile import write_shapefile
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Cell, Value, plain_content
from pipeline.plan import Plan
from pipeline.stages.base import Frame, Given
from pipeline.stages.walks import pick_points

FOLDER = "数据库/项目库"
TITLE = "城市更新项目库"
PROJECTS, DELEGATES, STEPS = "项目库", "居民代表", "过程记录"
_DEGREES = 6
_WIDE, _NARROW, _WIDEST = 28.0, 12.0, 60
_TEXT_UNITS = 60  # bytes above which a text column is wide


class Entry(Layer):
    """A project as the library takes it in; fields of ``Project`` keep their names."""

    id = m.text("项目标识", "XMID", 40, required=True)
    number = m.text("项目编号", "XMBH", 10, required=True)
    name = m.text("项目名称", "XMMC", 100, required=True)
    works = m.text("所属工程", "SSGC", 20, required=True)
    block = m.text("对应板块", "DYBK", 50)
    community = m.text("所在社区", "SQMC", 60)
    place = m.text("项目位置", "XMWZ", 200)
    urgency = m.text("需求程度", "XQCD", 6)
    content = m.text("建设内容", "JSNR", 254)
    action = m.text("更新方式", "GXFS", 8)
    scale = m.number("建设规模", "JSGM", 14, 2)
    scale_unit = m.text("规模单位", "GMDW", 6)
    total_wan = m.number("项目总投资", "TZE", 14, 2, unit="万元")
    fiscal_wan = m.number("财政资金", "CZZJ", 14, 2, unit="万元")
    social_wan = m.number("社会资金", "SHZJ", 14, 2, unit="万元")
    open_wan = m.number("待落实资金", "DLSZJ", 14, 2, unit="万元")
    funding = m.text("资金来源", "ZJLY", 254)
    start = m.text("开始年月", "KSNY", 7)
    end = m.text("结束年月", "JSNY", 7)
    phase = m.text("时序阶段", "SXJD", 10)
    priority = m.text("项目类别", "XMLB", 9)
    implementer = m.text("实施主体", "SSZT", 60)
    department = m.text("责任部门", "ZRBM", 100)
    operator_body = m.text("运营主体", "YYZT", 60)
    operator = m.text("运营模式", "YYMS", 20)
    ready = m.text("是否具备实施条件", "SFJB", 6)
    note = m.text("备注", "BZ", 254)
    longitude = m.number("经度", "JD", 12, _DEGREES, unit="°")
    latitude = m.number("纬度", "WD", 12, _DEGREES, unit="°")


def list_entries(frames: Mapping[str, Frame], plan: Plan) -> gpd.GeoDataFrame:
    """Return the entries in order of number, each with a point in the plan's zone where it has a place."""
    projects = Given(plan, frames).geo(Project).sort_values(Project.number, ignore_index=True)
    match = frames[Match.key].set_index(Match.need)[Match.ready]
    here = ~(projects.geometry.isna() | projects.geometry.is_empty)
    points = np.full(len(projects), None, dtype=object)
    if here.any():
        points[here.to_numpy()] = pick_points(projects.geometry[here])
    spots = gpd.GeoSeries(points, crs=projects.crs)
    degrees = spots.to_crs(GEOGRAPHIC)
    made = {
        str(Entry.ready): projects[Project.need].map(match),
        str(Entry.longitude): degrees.x.round(_DEGREES),
        str(Entry.latitude): degrees.y.round(_DEGREES),
    }
    columns = [str(column) for column in Entry.columns()]
    data = {name: made[name] if name in made else projects[name] for name in columns}
    return gpd.GeoDataFrame(data, geometry=spots)


def count_delegates(frames: Mapping[str, Frame]) -> pd.DataFrame:
    """Return how many delegates are registered and how many have signed, by community."""
    rows = frames[Delegate.key]
    numbers = rows[[Delegate.registered, Delegate.signed]].fillna(0).astype("int64")
    return numbers.groupby(rows[Delegate.community].fillna(""), sort=True).sum().reset_index()


def write_library(frames: Mapping[str, Frame], plan: Plan, root: Path, log: FaultLog) -> Made:
    """Write the xlsx and the shp under ``root/数据库/项目库`` and return the files."""
    if not {Project.key, Match.key} <= frames.keys():
        return []
    title = f"{plan.plan.area}{TITLE}"
    entries = list_entries(frames, plan)
    if entries.empty:
        return [Absent("数据库", title, "项目清单没有项目")]
    check_names([title], key="plan.area")
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _write_xlsx(folder / f"{title}.xlsx", entries, frames, plan, title)
    note = f"{len(entries)} 个项目"
    made: list[Item | Absent] = [
        Item(f"{FOLDER}/{title}.xlsx", "数据库", f"{title}（xlsx）", "pipeline.deliver.library", note=note)
    ]
    placed = entries[entries.geometry.notna()].reset_index(drop=True)
    if placed.empty:
        return [*made, Absent("数据库", f"{title}（shp）", "项目都没有空间位置")]
    name = f"{plan.plan.region_code}{title}"
    _write_points(folder / f"{name}.shp", placed, plan, title, log)
    beside = sorted(p for p in folder.iterdir() if p.stem == name and p.suffix != ".shp")
    made.append(
        Item(
            f"{FOLDER}/{name}.shp",
            "数据库",
            f"{title}（shp）",
            "pipeline.deliver.library",
            companions=tuple(f"{FOLDER}/{p.name}" for p in beside),
            note=f"{len(placed)} 个点；{len(entries) - len(placed)} 个项目没有空间位置，只在 xlsx 中",
        )
    )
    return made


def _write_points(path: Path, placed: gpd.GeoDataFrame, plan: Plan, title: str, log: FaultLog) -> None:
    points, crs = hand_in_crs(placed, plan)
    columns = Entry.delivered()
    data = {column.spec.onemap: placed[column] for column in columns}
    # Remarks of the writer name the row by BSM; here that is the project number, and no field of the file.
    frame = gpd.GeoDataFrame(
        {**data, "BSM": placed[Entry.number]}, geometry=gpd.array.from_shapely(points, crs=crs)
    )
    write_shapefile(Delivered(TITLE, title, "point", Entry, columns, frame), plan, path, log)


def _write_xlsx(
    path: Path, entries: gpd.GeoDataFrame, frames: Mapping[str, Frame], plan: Plan, title: str
) -> None:
    columns = Entry.columns()
    heads = [
        (head_of(column), _find_width(column), "left" if _is_wide(column) else "center") for column in columns
    ]
    unbuilt = frames[Project.key].set_index(Project.id)[Project.way] == codes.WAY.values[-1]
    money = {str(c) for c in columns if c.spec.unit == "万元"}
    rows: list[list[Value]] = []
    for record in entries.drop(columns="geometry").to_dict("records"):
        slash = bool(unbuilt[record[str(Entry.id)]])
        rows.append([_write_value(record[str(c)], slash=slash and str(c) in money) for c in columns])
    notes = [
        "非施工项目投资填“/”；空白的投资待测算。",
        "项目标识由需求编号得出，增删项目时不变；两版方案按它比较（haoshequ review）。",
    ]
    content = plain_content(title, heads, rows, notes=notes)
    forms = ["0." + "0" * column.spec.decimals if column.spec.kind == "float" else "" for column in columns]
    cells = [[Cell(value, form) for value, form in zip(row, forms, strict=True)] for row in rows]
    sheets = [(PROJECTS, replace(content, rows=cells))]
    if Delegate.key in frames and len(frames[Delegate.key]):
        counts = count_delegates(frames)
        told = [("社区", 20.0, "center"), ("已登记人数", 14.0, "center"), ("联名人数", 14.0, "center")]
        lines: list[list[Value]] = [
            [str(name), int(a), int(b)] for name, a, b in counts.itertuples(index=False)
        ]
        sheets.append((DELEGATES, plain_content("居民代表登记与联名人数", told, lines)))
    if Step.key in frames and len(frames[Step.key]):
        shown = (Step.step, Step.date, Step.end, Step.unit, Step.result)
        steps = frames[Step.key].sort_values([Step.date, Step.id])
        asked = [(column.spec.alias, _find_width(column), "center") for column in shown]
        dated: list[list[Value]] = [
            [_write_value(record[str(c)], slash=False) for c in shown] for record in steps.to_dict("records")
        ]
        sheets.append((STEPS, plain_content(STEPS, asked, dated)))
    write_book(path, sheets, plan)


def head_of(column: Column) -> str:
    """Return the header of a column of the xlsx; money has its unit."""
    return f"{column.spec.alias}（{column.spec.unit}）" if column.spec.unit == "万元" else column.spec.alias


def _is_wide(column: Column) -> bool:
    return column.spec.kind == "text" and column.spec.width > _TEXT_UNITS


def _find_width(column: Column) -> float:
    return _WIDE if _is_wide(column) else max(_NARROW, min(2.2 * len(head_of(column)), _WIDEST))


def _write_value(value: object, *, slash: bool) -> Value:
    if slash:
        return "/"
    if value is None or pd.isna(value):
        return ""
    return float(value) if isinstance(value, int | float) else str(value)
