"""A district's plans as one GeoPackage: every layer with all plans' rows, the plans, and what was found between them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from layers import model as m
from layers.faults import CODES, Fault
from layers.model import Layer
from layers.onemap import Prefix, delivered_layers, schema_of, title_of
from layers.planned import Quality
from pipeline.deliver.describe import dated, describe_columns
from pipeline.deliver.faultmap import write_fault_layers
from pipeline.deliver.geopackage import list_described, list_styles, write_layers
from pipeline.deliver.layerstyles import write_layer_styles
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.refusal import refusals_told
from pipeline.publish.gather import Gathered, choose_common, choose_metric, merge_layers
from pipeline.publish.tables import PLAN_ID

PLANS, FOUND, PREFIX, STAGE = "方案一览", "核查一览", "核查", "方案间核查"


class Origin(Layer):
    """Columns that say which plan a row comes from."""

    plan_id = m.text("方案标识", "FABS", 64, required=True)
    plan_title = m.text("方案名称", "FAMC", 200, required=True)


@dataclass(frozen=True)
class Written:
    """What was written: layers and features of plans, and their CRS."""

    layers: int
    features: int
    epsg: int


def write_district(plans: Sequence[Gathered], found: Sequence[Fault], path: Path) -> Written:
    """Write the plans and what was found between them to ``path``; a file that was there is replaced in one step.

    The same plans give the same bytes: times in the file are the latest 编制日期.

    Parameters
    ----------
    plans : sorted by id.
    found : of ``check_plans``.

    Raises
    ------
    PlanFaults
        HSQ-D05 when the disk refuses; the file that was there stays.
    """
    epsg = choose_common(plans)
    layers = list(merge_plans(plans, epsg))
    day = max(plan.facts.compiled for plan in plans)
    folder = path.absolute().parent
    with refusals_told(folder, path, action="没有写出，原有文件保持不变"):
        staging = Path(tempfile.mkdtemp(prefix=f".{path.stem}.", dir=folder))
        try:
            made = staging / path.name
            _write_all(layers, plans, found, made, day)
            os.replace(made, path)  # noqa: PTH105  (named for what it is: one step)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return Written(len(layers), sum(len(layer.frame) for layer in layers), epsg)


def merge_plans(plans: Sequence[Gathered], epsg: int) -> Iterator[Delivered]:
    """Yield every layer that a plan has, with the rows of all plans in order of plan and BSM, in one CRS."""
    there = {layer.code for plan in plans for layer in plan.layers}
    titles = {plan.facts.id: plan.facts.title for plan in plans}
    for code, layer, kind in delivered_layers():
        if code not in there:
            continue
        columns = (*schema_of(layer, kind), *Origin.columns())
        rows = merge_layers(plans, code, epsg)
        data = {
            column.spec.onemap: rows[column.spec.onemap] if len(rows) else pd.Series([], dtype="object")
            for column in schema_of(layer, kind)
        }
        data[Origin.plan_id.spec.onemap] = rows[PLAN_ID]
        data[Origin.plan_title.spec.onemap] = rows[PLAN_ID].map(titles)
        frame = gpd.GeoDataFrame(data, geometry=rows.geometry.to_numpy(), crs=epsg)
        yield Delivered(code, title_of(layer, kind), kind, layer, columns, frame)


def _write_all(
    layers: Sequence[Delivered], plans: Sequence[Gathered], found: Sequence[Fault], path: Path, day: date
) -> None:
    write_layers(layers, path, day)
    rows = quality_rows(found, stage=STAGE, crs=choose_metric(plans)).to_crs(choose_common(plans))
    grounds = gpd.GeoSeries.from_wkb(_unhex(rows[Quality.ground]), crs=choose_metric(plans))
    moved = grounds.to_crs(choose_common(plans)).to_wkb(hex=True)
    rows[Quality.ground] = moved.where(grounds.notna(), None)
    _, styles = write_fault_layers(rows, path, day, prefix=PREFIX, about="方案之间的重叠、缝隙和重复所在位置")
    names = {str(c): c.spec.alias for c in Quality.columns() if c != Quality.ground}
    listed = pd.DataFrame(rows.drop(columns=rows.geometry.name))[list(names)].rename(columns=names)
    listed.insert(1, "说明", rows[Quality.code].map(CODES))
    with dated(day):
        _write_table(listed, path, FOUND, "方案之间核查的全部结果，没有位置的也在内")
        _write_table(_list_plans(plans), path, PLANS, "本库的各方案及其成果清单校验值")
    describe_columns(path, list_described(layers))
    write_layer_styles(path, [*list_styles(layers), *styles], day)


def _unhex(values: pd.Series) -> list[bytes | None]:
    return [bytes.fromhex(value) if isinstance(value, str) else None for value in values]


def _write_table(table: pd.DataFrame, path: Path, name: str, about: str) -> None:
    pyogrio.write_dataframe(
        table,
        path,
        layer=name,
        driver="GPKG",
        append=True,
        layer_options={"IDENTIFIER": name, "DESCRIPTION": about},
    )


def _list_plans(plans: Sequence[Gathered]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "方案标识": plan.facts.id,
                "方案名称": plan.facts.title,
                "方案范围": plan.facts.area,
                "行政区代码": plan.facts.region_code,
                "行政区名称": plan.facts.region_name,
                "方案块号": plan.facts.plan_block,
                Prefix.bsm.spec.alias
                + "开头": f"{plan.facts.region_code}{plan.facts.compiled.year:04d}{plan.facts.plan_block:03d}",
                "编制日期": plan.facts.compiled.isoformat(),
                "现状数据年份": plan.facts.data_year,
                "成果坐标系": f"EPSG:{plan.facts.epsg}",
                "程序版本": plan.facts.program,
                "成果清单校验值": plan.facts.manifest_sha256,
                "数据库校验值": plan.facts.database_sha256,
                "要素数": sum(len(layer.frame) for layer in plan.layers),
            }
            for plan in plans
        ]
    )
