"""质检/数据质检.xlsx: every fault, repair and remark of the run, counted and listed; where every row of the inputs went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from configs.geometry import rules
from layers.account import FileAccount
from layers.codes import LINKED, SEVERITY, SNAP
from layers.faults import CODES, Fault
from layers.frame import conform
from layers.planned import Quality
from layers.reachable import Link
from pipeline.deliver.items import Item, Made
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content
from pipeline.plan import Plan

PATH = "质检/数据质检.xlsx"
_MOST = 100_000  # rows a sheet; the rest goes on on the next
_WIDTHS = {Quality.problem: 60, Quality.action: 34, Quality.remedy: 40, Quality.value: 28, Quality.file: 28}
_HIDDEN = (Quality.severity, Quality.ground)
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


def sort_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows worst first, then by file, code and row number; equal ones stay in the order they were found.

    One who mends a file works through it from top to bottom.
    """
    rank = {severity: index for index, severity in enumerate(SEVERITY.values)}
    number = pd.to_numeric(rows[Quality.row].str.extract(r"(\d+)$")[0], errors="coerce")
    order = pd.DataFrame(
        {
            "severity": rows[Quality.severity].map(rank),
            "file": rows[Quality.file].fillna(""),
            "code": rows[Quality.code],
            "number": number.astype("float64").fillna(float("inf")),
        }
    )
    return rows.loc[order.sort_values(list(order.columns), kind="stable").index].reset_index(drop=True)


def write_quality(
    rows: pd.DataFrame,
    plan: Plan,
    root: Path,
    *,
    accounts: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
    made: Made = (),
) -> Item:
    """Write the workbook under ``root`` and return the file.

    Parameters
    ----------
    rows : ``Quality`` rows of all stages, sorted.
    accounts : ``FileAccount`` rows; None where no file was read.
    links : the ``Link`` layer with its communities; without it nothing is said of the network.
    made : files delivered before; those that were checked are listed rule by rule.
    """
    sheets = [("汇总", _summary(rows))]
    for severity in SEVERITY.values:
        part = rows[rows[Quality.severity] == severity]
        sheets += [(name, _listing(chunk, title)) for name, title, chunk in _cut_sheets(part, severity)]
    if accounts is not None:
        sheets.append(("数据账", _accounts(accounts)))
    if links is not None and len(links):
        sheets += [("接入状态", _count_links(links)), ("接入清单", _list_links(links))]
    checked = [item for item in made if isinstance(item, Item) and item.checks]
    if checked:
        sheets.append(("图面自检", _list_checks(checked)))
    sheets.append(("检查规则", _rules()))
    write_book(root / PATH, sheets, plan)
    counts = rows[Quality.severity].value_counts()
    note = "、".join(f"{severity} {counts.get(severity, 0)}" for severity in SEVERITY.values)
    return Item(PATH, "质检", "数据质检报告", "pipeline.deliver.quality", note=note)


def _cut_sheets(rows: pd.DataFrame, severity: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield name, title and rows of the sheets that list a severity: one, or as many as Excel can show at ease."""
    pages = -(-len(rows) // _MOST)
    for page in range(pages):
        chunk = rows.iloc[page * _MOST : (page + 1) * _MOST]
        first = page * _MOST + 1
        part = f"，第 {first}–{first + len(chunk) - 1} 条" if pages > 1 else ""
        yield severity + (str(page + 1) if page else ""), f"{severity}（共 {len(rows)} 条{part}）", chunk


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


def _listing(rows: pd.DataFrame, title: str) -> Content:
    columns = [c for c in Quality.columns() if c not in _HIDDEN]
    values: list[pd.Series] = [rows[c] for c in columns]
    heads: list[tuple[str, float, str]] = [(c.spec.alias, _WIDTHS.get(c, 16), "left") for c in columns]
    if isinstance(rows, gpd.GeoDataFrame):
        # Surveyors call the easting Y and the northing X; the words avoid the question.
        values += [rows.geometry.x.round(2), rows.geometry.y.round(2)]
        heads += [("东坐标（m）", 14, "center"), ("北坐标（m）", 14, "center")]
    return plain_content(title, heads, _plain(values))


def _plain(values: Sequence[pd.Series]) -> list[list[Value]]:
    """Return rows of cells, None for what is missing; numbers as Python's own, which the writer knows as numbers."""
    columns = [series.astype("object").where(series.notna(), None).tolist() for series in values]
    return [list(line) for line in zip(*columns, strict=True)]


def _accounts(accounts: pd.DataFrame) -> Content:
    columns = FileAccount.columns()
    wide = {FileAccount.file: 60, FileAccount.layer: 24}
    heads = [(c.spec.alias, wide.get(c, 12), "left" if c in wide else "center") for c in columns]
    return plain_content(
        "输入数据账",
        heads,
        _plain([accounts[c] for c in columns]),
        notes=[
            "读入 = 采用 + 合并 + 剔除；图层要素 = 采用 + 拆分增加。合并、剔除、拆分的每一行在“错误”“警告”“提示”各表中都有记录。",
            "读入含表格的合计行、说明行；“其中修复”指几何被修复的行；无法读取的文件各项为 0。",
        ],
    )


def _list_checks(checked: Sequence[Item]) -> Content:
    """Return what each drawing was checked by, one a row; what fails is in the listings of faults too."""
    rules = list(dict.fromkeys(check.rule for item in checked for check in item.checks))
    lines: list[list[Value]] = []
    for item in checked:
        found = {check.rule: check for check in item.checks}
        wrong = [rule for rule in rules if rule in found and found[rule].wrong]
        values = [found[rule].value if rule in found else "" for rule in rules]
        lines.append([item.number, item.title, "不符：" + "、".join(wrong) if wrong else "符合", *values])
    heads = [("图号", 10, "center"), ("图名", 40, "left"), ("结论", 20, "left")]
    return plain_content(
        "图面自检",
        [*heads, *((rule, 22, "left") for rule in rules)],
        lines,
        notes=[
            "逐图核对比例、图例、要素数、标注、文字对比度、字高；图面缺字时不出成果。不符之处另见“警告”。"
        ],
    )


def _rules() -> Content:
    """Return the thresholds of the geometry checks with their sources."""
    lines: list[list[Value]] = [
        [rule.name, f"{rule.value:g}", rule.unit, rule.source, rule.confidence, rule.mark]
        for rule in rules().values()
    ]
    heads = [("规则", 60, "left"), ("取值", 14, "center"), ("单位", 8, "center"), ("依据", 70, "left")]
    return plain_content(
        "几何检查规则", [*heads, ("可信度", 10, "center"), ("标注", 10, "center")], lines,
        notes=["取值在 configs/geometry.yaml；“待核”为本程序的工作值，使用前请核对。"],
    )  # fmt: skip


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
