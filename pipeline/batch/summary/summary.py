"""Write the summary of a city: 全市汇总.xlsx, 全市汇总.gpkg and the overview sheet."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from layers.cityrank import Ranked
from layers.codes import PROVISION
from layers.faults import PlanFaults, refuse_write
from layers.provision import Provision
from layers.source import Community
from pipeline.batch.city.config import City
from pipeline.batch.finding import Found
from pipeline.batch.job import DONE, FAILED, Job, Record
from pipeline.batch.summary.collect import CURRENT, OLDER, Gathered, gather_plans
from pipeline.batch.summary.overview import draw_overview
from pipeline.deliver.describe import Described, dated, describe_columns
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content

NAME, SHEET = "全市汇总", "全市总览图"


@dataclass(frozen=True)
class Summary:
    """What was written.

    Attributes
    ----------
    files : empty where no plan has results.
    missing : ids of plans without results.
    """

    files: tuple[Path, ...]
    missing: list[str]


def write_summary(city: City, found: Found, records: Iterable[Record] = ()) -> Summary:
    """Write the summary from the results of the plans, whichever run made them; each file replaces the earlier whole.

    Parameters
    ----------
    found : the plans, as they were before the batch.
    records : what the batch made of them.

    Raises
    ------
    PlanFaults
        HSQ-D05 when the disk refuses.
    """
    told = {record.path: record for record in records}
    why = {record.path: record.reason for record in (*found.failed, *told.values()) if record.state == FAILED}
    plans: list[tuple[Job | Record, str]] = [(record, CURRENT) for record in found.unchanged]
    for job in found.jobs:
        record = told.get(job.path)
        plans.append((job, CURRENT if record is not None and record.state in (DONE, "跳过") else OLDER))
    plans.sort(key=lambda pair: pair[0].path)
    gathered = gather_plans(plans, why=why)
    if gathered is None:
        return Summary((), [plan.id for plan, _ in plans])
    missing = [
        *gathered.missing,
        *((Path(record.path).parent.name, record.reason) for record in found.failed),
    ]
    try:
        files = _write_all(city, gathered, missing, _find_blank(plans, missing))
    except OSError as error:
        raise PlanFaults(
            [refuse_write(error, city.output, action="没有写出全市汇总，各方案的成果不受影响")]
        ) from error
    return Summary(files, [name for name, _ in missing])


def _write_all(
    city: City, gathered: Gathered, missing: list[tuple[str, str]], blank: gpd.GeoDataFrame
) -> tuple[Path, ...]:
    names = (f"{NAME}.xlsx", f"{NAME}.gpkg", f"{SHEET}.jpg")
    city.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".haoshequ-", dir=city.output) as fresh_name:
        fresh = Path(fresh_name)
        write_book(fresh / names[0], _compose_book(city, gathered, missing), city.whole())
        _write_base(fresh / names[1], city, gathered.ranked)
        draw_overview(city, gathered.ranked, blank, fresh / names[2], missing=[name for name, _ in missing])
        for name in names:
            (fresh / name).replace(city.output / name)
    return tuple(city.output / name for name in names)


def _find_blank(plans: list[tuple[Job | Record, str]], missing: list[tuple[str, str]]) -> gpd.GeoDataFrame:
    """Return the ground of communities whose plans have no results, from the plans' own data."""
    from pipeline.batch.city.write import BASE

    lost = {name for name, _ in missing}
    grounds = []
    for plan, _ in plans:
        base = Path(plan.path).with_name(BASE)
        if plan.id in lost and base.is_file():
            grounds.append(gpd.read_file(base, layer=Community.alias, engine="pyogrio")[["geometry"]])
    return (
        gpd.GeoDataFrame(pd.concat(grounds, ignore_index=True)) if grounds else gpd.GeoDataFrame(geometry=[])
    )


_ORDER = (
    Ranked.rank_gap, Ranked.community, Ranked.street, Ranked.plan, Ranked.population, Ranked.homes, Ranked.classes,
    Ranked.gaps_before, Ranked.gaps_after, Ranked.missing, Ranked.partly, Ranked.solved, Ranked.gap_share, Ranked.needs, Ranked.projects,
    Ranked.state,
)  # fmt: skip
_GAIN_ORDER = (
    Ranked.rank_gain, Ranked.community, Ranked.street, Ranked.plan, Ranked.population, Ranked.homes, Ranked.reached_before,
    Ranked.reached_after, Ranked.gain, Ranked.people_gained, Ranked.solved, Ranked.state,
)  # fmt: skip


def _compose_book(
    city: City, gathered: Gathered, missing: list[tuple[str, str]]
) -> list[tuple[str, Content]]:
    ranked = gathered.ranked
    gains = ranked.sort_values([Ranked.rank_gain, Ranked.community], ignore_index=True)
    sheets = [
        ("缺口排名", _tabulate(ranked, _ORDER, f"{city.city.title}：各社区设施缺口排名", _GAP_NOTES)),
        (
            "共享增益排名",
            _tabulate(gains, _GAIN_ORDER, f"{city.city.title}：各社区共享增益排名", _GAIN_NOTES),
        ),
        ("设施类型", _tabulate_classes(city, gathered.provision)),
    ]
    if missing:
        heads = [("方案", 30, "left"), ("原因", 90, "left")]
        sheets.append(("未计入的方案", plain_content("没有成果、未计入汇总的方案", heads, missing)))
    return sheets


_GAP_NOTES = (
    "缺口为应配设施类型中漏配、少配、错配的类数；只有部分住户可达的类型另列，“共享可解”的类型共享后不再计为缺口。",
    "依次按共享后缺口、共享前缺口由多到少，共享后平均覆盖率由低到高排名；全部相同的名次相同。",
    "数字取自各方案成果，判定方法见各方案附表“设施配置判定表”。",
)
_GAIN_NOTES = (
    "平均覆盖率：各应配设施类型服务距离内的住户点数之和，除以住户点数与类型数之积。",
    "共享新增覆盖人次按类型累计，同一居民可因多类设施重复计数。",
)


def _tabulate(frame: pd.DataFrame, columns: Iterable[Any], title: str, notes: tuple[str, ...]) -> Content:
    """Return ``Ranked`` rows as a table with the headings of their declaration."""
    listed = list(columns)
    heads = [(_head(column), 11 if column.spec.kind != "text" else 20, "center") for column in listed]
    rows: list[list[Value]] = [
        [None if pd.isna(value) else _plain(value) for value in row]
        for row in frame[listed].itertuples(index=False)
    ]
    return plain_content(title, heads, rows, notes=notes)


def _head(column: Any) -> str:
    return f"{column.spec.alias}（{column.spec.unit}）" if column.spec.unit else str(column.spec.alias)


def _plain(value: Any) -> Value:
    return value.item() if hasattr(value, "item") else value


def _tabulate_classes(city: City, provision: pd.DataFrame) -> Content:
    """Return how many communities lack each class of facility, before and after sharing, worst first."""
    kinds = PROVISION.values
    heads = [("设施类型", 26, "left")]
    heads += [(f"{when}{kind}", 11, "center") for when in ("共享前", "共享后") for kind in kinds]
    table = {}
    for name, rows in provision.groupby(Provision.type_name):
        before, after = (rows[column].value_counts() for column in (Provision.before, Provision.after))
        table[str(name)] = [*(int(before.get(k, 0)) for k in kinds), *(int(after.get(k, 0)) for k in kinds)]
    worst = sorted(table.items(), key=lambda item: (-item[1][len(kinds)], item[0]))
    lines: list[list[Value]] = [[name, *counts] for name, counts in worst]
    title = f"{city.city.title}：各类设施的社区数"
    return plain_content(
        title,
        heads,
        lines,
        notes=(f"每行各判定的社区数，共 {provision[Provision.community].nunique()} 个社区。",),
    )


def _write_base(path: Path, city: City, ranked: gpd.GeoDataFrame) -> None:
    """Write the ranking as a layer that QGIS opens, columns with their Chinese names."""
    columns = list(Ranked.asked())
    columns = [column for column in columns if column in ranked.columns]
    with dated(city.plan.compiled):
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(
                {column.spec.onemap or str(column): ranked[column] for column in columns},
                geometry=ranked.geometry,
                crs=ranked.crs,
            ),
            path,
            layer=Ranked.key,
            driver="GPKG",
            dataset_options={"VERSION": "1.3"},
            geometry_type="MultiPolygon",
            promote_to_multi=True,
            layer_options={"IDENTIFIER": Ranked.alias},
        )
    text = [f"单位 {column.spec.unit}" if column.spec.unit else "" for column in columns]
    describe_columns(
        path,
        [Described(Ranked.key, str(c), c.spec.alias, t) for c, t in zip(columns, text, strict=True)],
    )
