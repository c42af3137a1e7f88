"""详细规划调整建议: parcels whose use, outline or intensity the detailed plan would have to change (5.2.2)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from configs.facilities import facility_classes
from configs.planning import landuse_names
from layers.ledgers import PlanDemand
from layers.planned import Adjustment, Need, PlannedParcel, Resource
from pipeline.stages.placing import clean_text
from pipeline.stages.plots import find_code
from pipeline.stages.sites import Use

_PROCESS = "依法同步启动（控制性）详细规划局部调整（指南5.2.2）"


def propose_adjustments(
    planned: gpd.GeoDataFrame, uses: list[Use], demands: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the ``Adjustment`` rows.

    A parcel is listed when new building gives it another code (用地性质; 地块划分 where it is cut), when its
    floor-area ratio rises (开发强度), or when rooms on it are turned to a use its code does not take.

    Parameters
    ----------
    planned : ``PlannedParcel`` with ratios.
    demands : texts of other plans that may name the parcel or the resource (3.1.1).
    """
    by_number = {use.resource[Resource.number]: use for use in uses}
    pieces = planned.groupby(PlannedParcel.parcel)[PlannedParcel.number].transform("size")
    rises = planned[PlannedParcel.floor_area_ratio] > planned[PlannedParcel.far_now]
    listed = planned.assign(pieces=pieces, rises=rises)[planned[PlannedParcel.changed] | rises]
    rows = []
    for row in listed.to_dict("records"):
        use = by_number.get(clean_text(row[PlannedParcel.resource])) or _find_use(row["geometry"], uses)
        kinds = ["用地性质"] if row[PlannedParcel.changed] else []
        kinds += ["地块划分"] if row[PlannedParcel.changed] and row["pieces"] > 1 else []
        kinds += ["开发强度"] if row["rises"] else []
        needs = clean_text(row[PlannedParcel.needs]).split("、") if row[PlannedParcel.changed] else []
        mine = [n for n in use.needs if not needs or n[Need.number] in needs] if use else []
        rows.append(_write(row, use, mine, kinds, demands))
    return [*rows, *_turn_rooms(planned, uses, demands)]


def _write(
    row: dict[str, Any],
    use: Use | None,
    needs: list[dict[str, Any]],
    kinds: list[str],
    demands: pd.DataFrame,
) -> dict[str, Any]:
    served = "、".join(dict.fromkeys(facility_classes()[need[Need.type_key]].name for need in needs))
    numbers = "、".join(need[Need.number] for need in needs)
    code_now = row[PlannedParcel.base_code]
    resource = use.resource[Resource.number] if use else ""
    name = clean_text(use.resource[Resource.name]) if use else ""
    return {
        Adjustment.id: f"T-{row[PlannedParcel.number]}",
        Adjustment.community: row[PlannedParcel.community],
        Adjustment.number: row[PlannedParcel.number],
        Adjustment.parcel: row[PlannedParcel.parcel],
        Adjustment.place: use.resource[Resource.place] if use else row[PlannedParcel.place],
        Adjustment.kind: "、".join([*kinds, *(["公共服务设施"] if served else [])]),
        Adjustment.area_m2: row[PlannedParcel.area_m2],
        Adjustment.code_now: code_now,
        Adjustment.name_now: landuse_names().get(code_now, row[PlannedParcel.landuse_name]),
        Adjustment.code_then: row[PlannedParcel.landuse_code],
        Adjustment.name_then: row[PlannedParcel.landuse_name],
        Adjustment.far_now: row[PlannedParcel.far_now],
        Adjustment.far_then: row[PlannedParcel.floor_area_ratio],
        Adjustment.far_limit: row[PlannedParcel.far_limit],
        Adjustment.facilities: served,
        Adjustment.reason: f"利用{name}建设{served or '设施'}，满足需求{numbers}；{_PROCESS}",
        Adjustment.basis: _find_basis(demands, (name, clean_text(row[PlannedParcel.parcel]))),
        Adjustment.resource: resource,
        Adjustment.needs: numbers,
    }


def _turn_rooms(planned: gpd.GeoDataFrame, uses: list[Use], demands: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of buildings whose new use the code of their parcel does not take; the parcel stays whole."""
    suits = tuple(read_settings("rubric.yaml")["landuse"]["building_compatible"])
    rows = []
    for use in uses:
        code_now = clean_text(use.resource[Resource.landuse_code])
        rooms = use.action == "改造" and use.resource[Resource.category] == "建筑"
        if not rooms or not code_now or code_now.startswith(suits):
            continue
        spot = use.shape.representative_point()
        under = planned[planned.intersects(spot)]
        if under.empty:
            continue
        row = under.iloc[0].to_dict()
        code = next(filter(None, (find_code(item, code_now) for item in use.items)), code_now)
        row |= {
            PlannedParcel.landuse_code: code,
            PlannedParcel.landuse_name: landuse_names().get(code, ""),
            PlannedParcel.area_m2: round(float(shapely.area(use.shape)), 2),
        }
        made = _write(row, use, use.needs, ["用地性质（建筑功能转换）"], demands)
        rows.append(made | {Adjustment.id: f"T-{use.resource[Resource.number]}"})
    return rows


def _find_use(shape: shapely.Geometry, uses: list[Use]) -> Use | None:
    """Return the use whose plots share most ground with a parcel."""
    grounds = [use for use in uses if use.plots]
    if not grounds:
        return None
    common = [use.ground.intersection(shape).area for use in grounds]
    best = int(np.argmax(common))
    return grounds[best] if common[best] > 0 else None


def _find_basis(demands: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Return what other plans ask of a place they name, with clause and whether it binds (3.1.1)."""
    told = []
    for row in demands.to_dict("records"):
        text = "".join(
            clean_text(row[c]) for c in (PlanDemand.content, PlanDemand.response, PlanDemand.clause)
        )
        if any(len(name) > 2 and name in text for name in names):
            source = f"{clean_text(row[PlanDemand.plan])}{clean_text(row[PlanDemand.clause])}"
            told.append(f"{source}（{row[PlanDemand.force]}）：{clean_text(row[PlanDemand.content])}")
    return "；".join(sorted(told)) or None
