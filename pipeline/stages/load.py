"""Stage ``load``: every file of the plan, read, mended and checked, in the plan's coordinate system.

The only stage that reads files. All faults of all files are gathered before any is raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from layers.communities import Rules, check_region, settle_communities
from layers.crs import Zone, choose_zone, name_crs, place_of
from layers.derive import derive_fields, set_limits
from layers.duplicates import drop_twins
from layers.faults import FaultLog, PlanFaults
from layers.frame import conform, empty_frame, split_shapes
from layers.ledgers import LEDGERS
from layers.model import Layer
from layers.read.raw import Place
from layers.read.source import Taken, place_frame, read_source
from layers.repair import check_coverage, mend_shapes
from layers.settle import drop_repeated
from layers.source import (
    Building,
    Community,
    Context,
    DataExtent,
    Facility,
    Identified,
    Outline,
    Parcel,
    Relief,
    Road,
)
from layers.validate import check_rows, check_unique
from pipeline.plan import Plan
from pipeline.plan.sources import Inputs
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.complete import (
    check_texts,
    division_rules,
    open_divisions,
    report_missing,
    report_placeholders,
    report_zones,
    require_layers,
)
from pipeline.stages.papers import check_papers, check_steps, report_delegates
from pipeline.stages.people import fill_people

SOURCE_LAYERS: tuple[type[Layer], ...] = tuple(Layer.registry[key] for key in Inputs.model_fields)
# Layers that only open data bring.
OPEN_LAYERS: tuple[type[Layer], ...] = (DataExtent, Context)
# Heights are read this far around the roads, so that the outermost ones lie between known cells.
_RELIEF_RIM_M = 100.0
# Layers that say where the plan is, in the order they are asked.
_ANCHORS = ("community_given", "outline")


@dataclass
class _Intake:
    """What is known while files are read: the plan, its place, its CRS, its community codes, the log."""

    plan: Plan
    log: FaultLog
    rules: Rules
    near: tuple[float, float] | None = None
    taken: dict[str, list[Taken]] = field(default_factory=dict)

    def read(self, key: str) -> None:
        """Read every file of a layer once."""
        if key in self.taken:
            return
        files = [
            read_source(source, Layer.registry[key], resolve=self.plan.resolve, log=self.log, near=self.near)
            for source in getattr(self.plan.inputs, key)
        ]
        self.taken[key] = [item for item in files if item is not None]


def load_layers(given: Given) -> dict[str, Frame]:
    """Read all source layers of a plan.

    Parameters
    ----------
    given : the plan and the log; no layer is taken.

    Returns
    -------
    dict
        One frame a source layer, empty where the plan has none, in CGCS2000 3-degree Gauss-Krueger
        without zone prefix, metres.

    Raises
    ------
    PlanFaults
        With every fault of every file, when at least one of them is an error.
    """
    plan, log = given.plan, given.log
    intake = _Intake(plan, log, division_rules(plan, open_divisions(plan, log)))
    check_region(intake.rules, log)
    for key in _ANCHORS:
        intake.read(key)
        intake.near = intake.near or _middle(intake.taken[key])
    crs = _settle_crs(intake)
    outline = _finish_layer(Outline, intake, crs)
    open_frames = _read_open_data(intake, crs=crs if intake.near else None, outline=outline)
    if intake.near is None and open_frames:
        found = open_frames[Community.key]
        crs, intake.near = found.crs, place_of(found)
        outline = outline.to_crs(crs)
    _report_crs(intake, crs)
    for layer in SOURCE_LAYERS:
        intake.read(layer.key)
    frames: dict[str, Frame] = {layer.key: empty_frame(layer, crs=crs) for layer in OPEN_LAYERS}
    frames |= {
        layer.key: outline if layer is Outline else _finish_layer(layer, intake, crs)
        for layer in SOURCE_LAYERS
    }
    frames = _fill_from_open_data(frames, open_frames, plan)
    frames = _read_ledgers(frames, plan, log)
    frames[Relief.key] = _read_relief(frames[Road.key], plan, log)
    if open_frames or plan.open_data is None:
        report_missing(frames, plan, log, layers=SOURCE_LAYERS)
        require_layers(frames, plan, log)
    report_placeholders(plan, log)
    report_zones(frames[Community.key], plan, log)
    log.raise_errors()
    return frames


def _read_ledgers(frames: dict[str, Frame], plan: Plan, log: FaultLog) -> dict[str, Frame]:
    """Check what the ledgers say of each other and of the layers, and fill in people."""
    told = (*LEDGERS, Building, Community)
    frames = fill_people(frames | {layer.key: conform(frames[layer.key], layer) for layer in told}, log)
    check_papers(frames, plan, log)
    check_steps(frames, log)
    report_delegates(frames, log)
    return frames


def _read_relief(roads: Frame, plan: Plan, log: FaultLog) -> Frame:
    """Read the heights around the roads, where the plan counts slope."""
    if plan.walking.dem is None or not isinstance(roads, gpd.GeoDataFrame) or not len(roads):
        return empty_frame(Relief)
    from layers.read.raster import read_relief

    place = Place(plan.walking.dem.as_posix(), Relief.alias, log)
    west, south, east, north = roads.total_bounds
    rim = _RELIEF_RIM_M
    bounds = (west - rim, south - rim, east + rim, north + rim)
    return read_relief(plan.resolve(plan.walking.dem), bounds, CRS(roads.crs), place)


def _read_open_data(
    intake: _Intake, *, crs: CRS | None, outline: gpd.GeoDataFrame
) -> dict[str, gpd.GeoDataFrame]:
    """Read the OpenStreetMap side of the plan, when it has one: the same layer keys, already canonical.

    Its faults join the others, so that files are still checked in the same run.
    """
    plan, log = intake.plan, intake.log
    if plan.open_data is None:
        return {}
    from pipeline.stages.opendata import load_open_data

    try:
        return load_open_data(
            plan, log, crs=crs, outline=outline if len(outline) else None, rules=intake.rules
        )
    except PlanFaults as error:
        log.faults.extend(fault for fault in error.faults if fault not in log.faults)
        return {}


def _fill_from_open_data(
    frames: dict[str, Frame], open_frames: dict[str, gpd.GeoDataFrame], plan: Plan
) -> dict[str, Frame]:
    """Take a layer from open data where the technician has no file for it; files always win."""
    files = plan.inputs.given()
    return {
        key: open_frames[key] if key in open_frames and key not in files else frame
        for key, frame in frames.items()
    }


def _middle(files: list[Taken]) -> tuple[float, float] | None:
    """Longitude and latitude of the middle of what the files hold; None when they hold no place."""
    spots = [spot for item in files if (spot := place_of(item.frame)) is not None]
    if not spots:
        return None
    return sum(lon for lon, _ in spots) / len(spots), sum(lat for _, lat in spots) / len(spots)


def _settle_crs(intake: _Intake) -> CRS:
    """Choose the plan's zone: the config's word, else the longitude of communities or outline.

    While the place of the plan is not known, the zone of Jiangxi's east lets files be checked all the same.
    """
    given = intake.plan.crs.zone
    if given is not None:
        return CRS.from_epsg(Zone(given).plain)
    return CRS.from_epsg((choose_zone(intake.near[0]) if intake.near else Zone(39)).plain)


def _report_crs(intake: _Intake, crs: CRS) -> None:
    given = intake.plan.crs.zone
    if intake.near is None:
        return
    lon, lat = intake.near
    natural = choose_zone(lon)
    if given is not None and given != natural.number:
        intake.log.add(
            "HSQ-X03",
            f"配置指定 {given} 带，按中心经度 {lon:.3f}° 应为 {natural.number} 带",
            severity="警告" if abs(given - natural.number) == 1 else "错误",
            field="crs.zone",
            value=str(given),
            action="按配置采用" if abs(given - natural.number) == 1 else "",
            remedy="确认当地统一采用该中央经线；相隔一带以上长度和面积严重变形，不能使用",
        )
    intake.log.add(
        "HSQ-X03",
        f"规划坐标系为 {name_crs(crs)}，中心约 {lon:.4f}°E、{lat:.4f}°N",
        severity="提示",
    )


def _finish_layer(layer: type[Layer], intake: _Intake, crs: CRS) -> gpd.GeoDataFrame:
    """Bring the files of a layer to the plan's CRS, mend, complete and check them, and put them together."""
    plan = intake.plan
    parts: list[gpd.GeoDataFrame] = []
    labels: list[pd.Series] = []
    for item in intake.taken[layer.key]:
        placed = place_frame(item, crs)
        mend = drop_repeated if layer.shape is None else mend_shapes
        frame = mend(placed, layer, item.place)
        if layer is Community:
            frame = settle_communities(frame, item.place, intake.rules)
        frame = derive_fields(
            frame, layer, item.place, year=plan.plan.data_year, area_rule=plan.crs.area_rule
        )
        check_rows(frame, layer, item.place)
        check_texts(frame, layer, item.place)
        labels.append(pd.Series(frame.index.astype("str"), dtype="str"))
        parts.append(frame.reset_index(drop=True))
    if not parts:
        return empty_frame(layer, crs=crs)
    whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=crs)
    rows = pd.concat(labels, ignore_index=True)
    files = whole[Identified.source]
    several = len(parts) > 1
    place = Place("" if several else intake.taken[layer.key][0].place.file, layer.alias, intake.log)
    full = files + " " + rows if several else rows
    check_unique(whole, layer, place, labels=full)
    if layer in (Parcel, Community):
        areas = split_shapes(whole.set_index(pd.Index(full)))["polygon"]
        check_coverage(areas, place, id_column=Parcel.number if layer is Parcel else Community.name)
    if layer is Facility and len(whole):
        whole = drop_twins(whole, place, rows=rows)
        whole = gpd.GeoDataFrame(
            set_limits(whole, radius_of=plan.walking.class_limit_m), geometry="geometry", crs=crs
        )
    return whole.sort_values(Identified.id, kind="stable", ignore_index=True)


LOAD = Stage("load", "读取与整理", takes=(), gives=(*SOURCE_LAYERS, *OPEN_LAYERS, Relief), run=load_layers)
