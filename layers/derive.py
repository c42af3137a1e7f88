"""What a row leaves out and its geometry or other fields tell: areas, lengths, numbers, ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from configs.facilities import facility_classes
from layers.areas import AreaRule, measure_area
from layers.codes import YES_NO
from layers.facility_types import recognise_optional, settle_types
from layers.landuse import mend_landuse
from layers.ledgers import LEDGERS, OwnCost, Paper, PlanDemand, Population, Step, Target
from layers.model import Layer
from layers.read.raw import Place, list_rows
from layers.settle import settle_funds, settle_ledger
from layers.source import (
    Barrier,
    Building,
    Facility,
    Heritage,
    Identified,
    Ledger,
    OpenSpace,
    Parcel,
    Road,
    Survey,
    UtilityLine,
)

# A stated area may differ this much from the drawn one before it is worth a remark.
_AREA_TOLERANCE = 0.01
# Fields that say what a row is, for ids of rows without a key of their own.
_IDENTITY = (
    Facility.name,
    Survey.description,
    Survey.place,
    Parcel.number,
    Road.kind,
    Building.use,
    Facility.type_name,
    Facility.type_key,
    Ledger.category,
    Survey.dimension,
    Population.building,
    PlanDemand.content,
    Target.indicator,
    Step.step,
    Step.date,
    Paper.file,
    OwnCost.subject,
    OwnCost.action,
)
_NOT_WALKABLE = frozenset({"快速路"})


def derive_fields(
    frame: gpd.GeoDataFrame, layer: type[Layer], place: Place, *, year: int, area_rule: AreaRule
) -> gpd.GeoDataFrame:
    """Return the rows with everything filled in that follows from what is there.

    Parameters
    ----------
    frame : mended rows in the plan's CRS, metres.
    year : year of the data, for rows that name none.
    area_rule : ``planar`` or ``ellipsoidal``.
    """
    frame = frame.copy()
    if issubclass(layer, Identified):
        frame[layer.id] = _make_ids(frame, layer)
    if layer is Parcel:
        frame = _derive_parcels(frame, place, year=year, area_rule=area_rule)
    elif layer in (OpenSpace, Heritage):
        _settle_areas(frame, OpenSpace.area_m2, place, area_rule=area_rule)
    elif layer is Building:
        _derive_buildings(frame, place, area_rule=area_rule)
    elif layer is Road:
        _derive_roads(frame)
    elif layer is Barrier:
        _fill(frame, Barrier.level, 0)
        _fill(frame, Barrier.cuts, YES_NO.values[0])
    elif layer is UtilityLine:
        frame[UtilityLine.length_m] = frame.geometry.length
    elif layer is Facility:
        frame = _derive_facilities(frame, place)
    elif layer is Survey:
        _derive_survey(frame, place)
    elif layer is Ledger:
        _derive_ledger(frame, place, area_rule=area_rule)
        settle_funds(frame, place)
    elif layer in LEDGERS:
        settle_ledger(frame, layer, place)
    return frame


def _fill(frame: pd.DataFrame, column: str, values: object) -> pd.Series:
    """Fill blanks of a column and return which rows were filled."""
    series = pd.Series(values, index=frame.index)
    if column not in frame.columns:
        frame[column] = series
        return pd.Series(True, index=frame.index)
    blank = frame[column].isna()
    frame[column] = frame[column].where(~blank, series)
    return blank


def _make_ids(frame: gpd.GeoDataFrame, layer: type[Identified]) -> pd.Series:
    """Keep the source's key; elsewhere make an id from what and where the row is, never from its position."""
    given = frame[layer.id] if layer.id in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
    bare = given.isna()
    if not bare.any():
        return given
    rows = frame[bare]
    words = pd.Series(layer.key, index=rows.index, dtype="str")
    for name in _IDENTITY:
        if name in rows.columns:
            words = words + "|" + rows[name].astype("str").where(rows[name].notna(), "")
    shapes = rows.geometry.to_numpy()
    middle = shapely.centroid(shapes)
    size = np.hypot(shapely.length(shapes), np.sqrt(shapely.area(shapes)))
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    spot = [
        f"|{x:.0f},{y:.0f},{s:.0f}" if ok else "|"
        for x, y, s, ok in zip(shapely.get_x(middle), shapely.get_y(middle), size, there, strict=True)
    ]
    full = (words + spot).map(lambda text: hashlib.sha256(text.encode()).hexdigest()[:12])
    # Rows that agree so far differ in shape or in other facts: both are content, not position.
    twins = full.duplicated(keep=False)
    if twins.any():
        facts = (
            pd.DataFrame(rows.drop(columns=rows.geometry.name))[twins.to_numpy()]
            .astype("str")
            .fillna("")
            .agg("|".join, axis=1)
        )
        shape = pd.Series(
            shapely.to_wkb(shapely.normalize(shapes[twins.to_numpy()]), hex=True), index=facts.index
        )
        finer = (full[twins] + facts + shape.astype("str").fillna("")).map(
            lambda text: hashlib.sha256(text.encode()).hexdigest()[:12]
        )
        full[twins] = finer
    return given.where(~bare, full.reindex(frame.index))


def _settle_areas(frame: gpd.GeoDataFrame, column: str, place: Place, *, area_rule: AreaRule) -> None:
    """Measure areas; a stated area that differs is reported and replaced, so that map and table agree."""
    measured = measure_area(frame.geometry, rule=area_rule).round(2)
    if column in frame.columns:
        stated = frame[column]
        # A negative one stays for the check of the minimum.
        differs = (stated >= 0) & ((stated - measured).abs() > (_AREA_TOLERANCE * measured).clip(lower=1.0))
        for row in frame.index[differs.fillna(False).astype(bool)]:
            place.warn(
                "HSQ-V04", f"填报面积 {stated[row]:.2f} ㎡ 与图形面积 {measured[row]:.2f} ㎡ 不符", field=column,
                row=str(row), value=f"{stated[row]:.2f}", action="采用图形面积", remedy="核对图形或面积",
            )  # fmt: skip
        measured = measured.where(~(stated < 0).fillna(False).astype(bool), stated)
    frame[column] = measured


def _derive_parcels(
    frame: gpd.GeoDataFrame, place: Place, *, year: int, area_rule: AreaRule
) -> gpd.GeoDataFrame:
    frame = mend_landuse(frame, place)
    _settle_areas(frame, Parcel.area_m2, place, area_rule=area_rule)
    _fill(
        frame,
        Parcel.number,
        frame[Parcel.id].map(lambda key: hashlib.sha256(str(key).encode()).hexdigest()[:8].upper()),
    )
    _fill(frame, Parcel.year, year)
    return frame


def _derive_buildings(frame: gpd.GeoDataFrame, place: Place, *, area_rule: AreaRule) -> None:
    undated = (
        frame.index[frame[Building.built].isna()] if Building.built in frame.columns else frame.index[:0]
    )
    if len(undated):
        place.note(
            "HSQ-V02", f"{len(undated)} 栋建筑没有建成年代", field=Building.built, row=list_rows(undated),
            action="年代图上列为不详", remedy="查得建成年代后补填",
        )  # fmt: skip
    if Building.floors not in frame.columns:
        return
    floors = frame[Building.floors]
    computed = (measure_area(frame.geometry, rule=area_rule) * floors).where(floors > 0)
    filled = _fill(frame, Building.floor_area_m2, computed.round(2)) & computed.notna()
    if filled.any():
        place.note(
            "HSQ-V02", f"{filled.sum()} 栋建筑没有建筑面积", field=Building.floor_area_m2,
            action="按基底面积 × 层数推算", remedy="有实测建筑面积时补填",
        )  # fmt: skip


def _derive_roads(frame: gpd.GeoDataFrame) -> None:
    frame[Road.length_m] = frame.geometry.length
    _fill(frame, Road.level, 0)
    _fill(frame, Road.walkable, ~frame[Road.kind].isin(_NOT_WALKABLE) if Road.kind in frame.columns else True)


def _derive_facilities(frame: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Types from type text and name, the tier from the class; rows of no known type are left out, reported."""
    frame = settle_types(frame, place)
    if len(frame):
        tiers = {key: str(item.minutes) for key, item in facility_classes().items()}
        _fill(frame, Facility.tier, frame[Facility.type_key].map(tiers))
    return frame


def _derive_survey(frame: gpd.GeoDataFrame, place: Place) -> None:
    """Dimension from works and works from dimension, where the sheet gives one of them; facility class by text."""
    pairs = read_settings("works_dimension.yaml")
    for target, origin, table in (
        (Survey.dimension, Survey.works, pairs["dimension_of_works"]),
        (Survey.works, Survey.dimension, pairs["works_of_dimension"]),
    ):
        if origin not in frame.columns:
            continue
        made = frame[origin].map(table)
        filled = _fill(frame, target, made) & made.notna()
        if filled.any():
            place.note(
                "HSQ-V02", f"“{target.spec.alias}”缺 {filled.sum()} 行", field=str(target), row=list_rows(frame.index[filled]),
                action=f"按“{origin.spec.alias}”推定",
            )  # fmt: skip
    recognise_optional(frame, Survey.type_key, place)


def _derive_ledger(frame: gpd.GeoDataFrame, place: Place, *, area_rule: AreaRule) -> None:
    """An area drawn and not stated is measured."""
    areas = measure_area(frame.geometry, rule=area_rule)
    areas = areas.where(areas > 0).round(2)
    filled = _fill(frame, Ledger.area_m2, areas) & areas.notna()
    if filled.any():
        place.note(
            "HSQ-V02", f"{filled.sum()} 项资源没有用地面积", field=Ledger.area_m2, row=list_rows(frame.index[filled]),
            action="按图形量算",
        )  # fmt: skip


def set_limits(frame: pd.DataFrame, *, radius_of: Callable[[str], float]) -> pd.DataFrame:
    """Return facilities with the plan's service radius where the source states none.

    Parameters
    ----------
    radius_of : walking limit of a facility class in metres.
    """
    frame = frame.copy()
    radii = {key: round(radius_of(key)) for key in frame[Facility.type_key].unique()}
    _fill(frame, Facility.radius_m, frame[Facility.type_key].map(radii))
    return frame
