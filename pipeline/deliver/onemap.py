"""Frames of the one-map database: schema fields by their one-map names, BSM numbered across all layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.crs import GEOGRAPHIC, ZONES
from layers.faults import FaultLog
from layers.frame import split_shapes
from layers.model import Column, Layer
from layers.onemap import ALWAYS, BSM_DIGITS, KINDS, OUTSIDE, Prefix, delivered_layers, schema_of, title_of
from layers.reachable import Scope, Unit
from layers.source import Identified, Placed
from pipeline.deliver.items import Absent
from pipeline.plan import Plan
from pipeline.stages.base import Frame, Given


@dataclass(frozen=True)
class Delivered:
    """A layer of the database, ready to write.

    Attributes
    ----------
    code, title, kind : one-map code, Chinese name, geometry kind.
    layer : the declaration it comes from.
    columns : schema in order; the frame's columns are their one-map names.
    frame : rows in order of BSM; full texts; floats rounded to the schema's decimals; in the CRS handed
        in (``plan.crs.deliver``), metres or degrees. Areas are fields, measured in the plan's zone.
    rows : the stage's own rows behind those of ``frame``, one by one; empty where nothing asks for them.
    """

    code: str
    title: str
    kind: str
    layer: type[Layer]
    columns: tuple[Column, ...]
    frame: gpd.GeoDataFrame
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)


def collect_layers(frames: Mapping[str, Frame], plan: Plan, log: FaultLog) -> list[Delivered]:
    """Return every database layer that has features or must always be handed in, sorted by code.

    Rows without geometry, or with a kind the database has no layer for, stay in the tables; how many is
    logged.

    Parameters
    ----------
    frames : stage results by layer key, communities filled in, in the plan's zone without prefix.
    plan : the plan config.
    log : gets a remark a layer with rows left out.

    Raises
    ------
    PlanFaults
        HSQ-D05 when the features outnumber what the five digits of BSM can count.
    """
    found: list[tuple[str, type[Layer], str, gpd.GeoDataFrame]] = []
    split: dict[str, Mapping[str, gpd.GeoDataFrame]] = {}
    for code, layer, kind in delivered_layers():
        if layer.key not in frames:
            continue
        if layer.key not in split:
            frame = _name_community(frames, layer, plan)
            split[layer.key] = split_shapes(frame[~frame.geometry.is_empty])
            _remark_left_out(frame, split[layer.key], layer, log)
        rows = split[layer.key][kind]
        if len(rows) or code in ALWAYS:
            # Sorted by id, not by position: shuffled input files keep their numbers.
            found.append((code, layer, kind, rows.sort_values(Identified.id, kind="stable")))
    count = sum(len(rows) for *_, rows in found)
    if count >= 10**BSM_DIGITS:
        log.add(
            "HSQ-D05",
            f"数据库共有 {count} 个要素，超过一个方案块可编的 {10**BSM_DIGITS - 1} 个标识码",
            field=Prefix.bsm.spec.alias,
            remedy="把方案按社区拆成几个，各取不同的 plan.plan_block",
        )
        log.raise_errors()
    result, first = [], 1
    for code, layer, kind, rows in found:
        result.append(_dress(code, layer, kind, rows, plan, first))
        first += len(rows)
    return result


def missing_layers(layers: list[Delivered]) -> list[Absent]:
    """Return the database layers that are not among ``layers``, for 成果目录."""
    there = {layer.code for layer in layers}
    return [
        Absent("数据库", title_of(layer, kind), "没有要素", code)
        for code, layer, kind in delivered_layers()
        if code not in there
    ]


def _name_community(frames: Mapping[str, Frame], layer: type[Layer], plan: Plan) -> gpd.GeoDataFrame:
    """Return the layer with a column ``SQMC``."""
    frame = Given(plan, frames).geo(layer)
    if layer is Unit:
        names = frame[Unit.name]
    elif issubclass(layer, Placed):
        # A scope without a community is the plan's as a whole; any other such row lies outside them.
        names = frame[layer.community].fillna(plan.plan.area if layer is Scope else OUTSIDE)
    else:
        names = pd.Series(plan.plan.area, index=frame.index, dtype="str")
    return frame.assign(**{Prefix.sqmc.spec.onemap: names})


def _remark_left_out(
    frame: gpd.GeoDataFrame, split: Mapping[str, gpd.GeoDataFrame], layer: type[Layer], log: FaultLog
) -> None:
    """Log how many rows have no place, or a geometry the database has no layer for."""
    placeless = int((frame.geometry.isna() | frame.geometry.is_empty).sum())
    if placeless:
        _remark(log, layer, "HSQ-A03", f"有 {placeless} 条没有空间位置")
    for kind, rows in split.items():
        if len(rows) and kind not in layer.onemap:
            _remark(log, layer, "HSQ-G03", f"有 {len(rows)} 个{KINDS[kind]}要素，数据库没有对应的图层")
    mixed = len(frame) - placeless - sum(len(rows) for rows in split.values())
    if mixed:
        _remark(log, layer, "HSQ-G03", f"有 {mixed} 个混合几何的要素，数据库没有对应的图层")


def _remark(log: FaultLog, layer: type[Layer], code: str, words: str) -> None:
    log.add(
        code,
        f"{layer.alias}{words}",
        severity="提示",
        layer=layer.alias,
        action="列入表格，不写入数据库图层",
    )


def _dress(
    code: str, layer: type[Layer], kind: str, rows: gpd.GeoDataFrame, plan: Plan, first: int
) -> Delivered:
    """Put common fields before the layer's own, under one-map names, in the CRS handed in."""
    identity = plan.plan
    head = f"{identity.region_code}{identity.compiled.year:04d}{identity.plan_block:03d}"
    numbers = pd.Series(np.arange(first, first + len(rows)), dtype="int64").astype("str")
    common = {
        Prefix.bsm: head + numbers.str.zfill(BSM_DIGITS),
        Prefix.ysdm: plan.delivery.ysdm.get(code) or None,
        Prefix.xzqdm: identity.region_code,
        Prefix.xzqmc: identity.region_name,
        Prefix.sqmc: rows[Prefix.sqmc.spec.onemap].reset_index(drop=True),
    }
    columns = schema_of(layer, kind)
    data: dict[str, object] = {}
    for column in columns:
        values = common[column] if column in common else rows[column].reset_index(drop=True)
        if not isinstance(values, pd.Series):
            values = pd.Series([values] * len(rows), dtype="str")
        data[column.spec.onemap] = (
            values.round(column.spec.decimals) if column.spec.kind == "float" else values
        )
    geometry, crs = hand_in_crs(rows, plan)
    frame = gpd.GeoDataFrame(
        data, index=pd.RangeIndex(len(rows)), geometry=gpd.array.from_shapely(geometry, crs=crs)
    )
    behind = pd.DataFrame(rows.drop(columns="geometry")).reset_index(drop=True)
    return Delivered(code, title_of(layer, kind), kind, layer, columns, frame, behind)


def hand_in_crs(rows: gpd.GeoDataFrame, plan: Plan) -> tuple[Any, int]:
    """Return flat geometries and the EPSG code handed in; the zone prefix is an exact shift of eastings."""
    epsg = rows.crs.to_epsg() if rows.crs is not None else None
    zone = next((zone for zone in ZONES if zone.plain == epsg), None)
    if zone is None:
        raise ValueError(f"frames must be in a CGCS2000 3-degree zone without prefix, not {rows.crs}")
    geometry = shapely.force_2d(rows.geometry.to_numpy())
    if plan.crs.deliver == "degrees":
        return gpd.GeoSeries(geometry, crs=rows.crs).to_crs(GEOGRAPHIC).to_numpy(), GEOGRAPHIC
    if plan.crs.deliver == "plain":
        return geometry, zone.plain
    shifted = shapely.transform(geometry, lambda xy: xy + np.array([zone.number * 1_000_000.0, 0.0]))
    return shifted, zone.prefixed
