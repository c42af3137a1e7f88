"""质检/数据质检.xlsx: every fault, repair and remark of the run, counted and listed; where every row of the inputs went."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from configs.geometry import rules
from layers.account import FileAccount
from layers.codes import SEVERITY
from layers.faults import CODES, Fault
from layers.frame import conform
from layers.planned import Quality
from pipeline.deliver import faultmap
from pipeline.deliver.items import Item
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content
from pipeline.plan import Plan

PATH = "质检/数据质检.xlsx"
# Where the report is while it is being written; then its files are put in place one by one.
_FRESH = ".质检.part"
_MOST = 100_000  # rows a sheet; the rest goes on on the next
_WIDTHS = {Quality.problem: 60, Quality.action: 34, Quality.remedy: 40, Quality.value: 28, Quality.file: 28}
_HIDDEN = (Quality.severity, Quality.ground)


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


def write_report(
    rows: pd.DataFrame, plan: Plan, root: Path, *, accounts: pd.DataFrame | None = None
) -> list[Item]:
    """Write the report and the map of its places under ``root`` and return the files.

    Parameters
    ----------
    rows : ``Quality`` rows of all stages.
    accounts : ``FileAccount`` rows; None where no file was read.
    """
    ordered = sort_rows(rows)
    items = [write_quality(ordered, plan, root, accounts=accounts)]
    if isinstance(ordered, gpd.GeoDataFrame) and ordered.crs is not None:
        items.append(faultmap.write_fault_map(ordered, plan, root))
    return items


def place_report(rows: pd.DataFrame, plan: Plan, *, accounts: pd.DataFrame | None = None) -> Path:
    """Write the report where there is no hand-in to hold it, ``output/<plan>/质检``, and return its xlsx.

    It is written beside its place and moved there file by file: none is ever half a file.

    Raises
    ------
    OSError
        If the disk refuses; an earlier report stays.
    """
    fresh = plan.output / _FRESH
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        for item in write_report(rows, plan, fresh, accounts=accounts):
            target = plan.output / item.path
            target.parent.mkdir(parents=True, exist_ok=True)
            (fresh / item.path).replace(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return plan.output / PATH


def drop_report(plan: Plan) -> None:
    """Remove the report of an earlier check or failed run: the hand-in holds the one that counts."""
    for path in (plan.output / PATH, plan.output / faultmap.PATH):
        path.unlink(missing_ok=True)
    folder = (plan.output / PATH).parent
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def write_quality(
    rows: pd.DataFrame, plan: Plan, root: Path, *, accounts: pd.DataFrame | None = None
) -> Item:
    """Write the workbook under ``root`` and return the file.

    Parameters
    ----------
    rows : ``Quality`` rows of all stages, sorted.
    accounts : ``FileAccount`` rows; None where no file was read.
    """
    sheets = [("汇总", _summary(rows))]
    for severity in SEVERITY.values:
        part = rows[rows[Quality.severity] == severity]
        sheets += [(name, _listing(chunk, title)) for name, title, chunk in _cut_sheets(part, severity)]
    if accounts is not None:
        sheets.append(("数据账", _accounts(accounts)))
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
