"""Stage ``load``: every file of the plan, read, mended and checked, in the plan's coordinate system.

The only stage that reads files. All faults of all files are gathered before any is raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from layers.account import FileAccount
from layers.communities import Rules, check_region, settle_communities
from layers.costs import report_costs
from layers.crs import Zone, choose_zone, name_crs
from layers.derive import derive_fields, set_limits
from layers.duplicates import drop_twins
from layers.faults import FaultLog, PlanFaults
from layers.frame import conform, empty_frame
from layers.ground import Ground, find_ground
from layers.ledgers import LEDGERS
from layers.model import Layer
from layers.read.raw import Place
from layers.read.source import Taken, place_frame, read_source
from layers.repair import PLANAR, mend_shapes, report_corners
from layers.settle import drop_repeated
from layers.shapes.findings import Findings
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
from pipeline.stages.accounts import close_accounts, keep_rows
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
from pipeline.stages.outside import report_outside
from pipeline.stages.papers import check_papers, check_steps, report_delegates
from pipeline.stages.people import fill_people
from pipeline.stages.tiling import find_grounds, fit_parcels, settle_parcels, tile_frames

SOURCE_LAYERS: tuple[type[Layer], ...] = tuple(Layer.registry[key] for key in Inputs.model_fields)
# Layers that only open data bring.
OPEN_LAYERS: tuple[type[Layer], ...] = (DataExtent, Context)
# Heights are read this far around the roads, so that the outermost ones lie between known cells.
_RELIEF_RIM_M = 100.0
# Layers that say where the plan is, in the order they are asked.
_ANCHORS = ("community_given", "outline")


@dataclass
class _Intake:
    """What is known while files are read: the plan, its ground, its community codes, the log."""

    plan: Plan
    log: FaultLog
    rules: Rules
    ground: Ground | None = None
    taken: dict[str, list[Taken]] = field(default_factory=dict)

    def read(self, key: str) -> None:
        """Read every file of a layer once."""
        if key in self.taken:
            return
        files = [
            read_source(
                source, Layer.registry[key], resolve=self.plan.resolve, log=self.log, ground=self.ground
            )
            for source in getattr(self.plan.inputs, key)
        ]
        self.taken[key] = [item for item in files if item is not None]

    def learn_place(self, frames: list[gpd.GeoDataFrame]) -> None:
        """Take the plan's place from communities or an outline; areas replace mere points."""
        if self.ground is None:
            self.ground = find_ground(frames)
        elif not len(self.ground.areas):
            self.ground = self.ground.with_areas(frames)

    def places(self) -> dict[str, list[Place]]:
        """Return where the messages of each layer's files go."""
        return {key: [item.place for item in files] for key, files in self.taken.items()}


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
        intake.learn_place([item.frame for item in intake.taken[key]])
    crs = log.crs = _settle_crs(intake)
    outline = _finish_layer(Outline, intake, crs)
    open_frames = _read_open_data(intake, crs=crs if intake.ground else None, outline=outline)
    if open_frames:
        if intake.ground is None:
            crs = log.crs = open_frames[Community.key].crs
            outline = outline.to_crs(crs)
        intake.learn_place([open_frames[Community.key]])
        intake.learn_place([open_frames[Outline.key]])
    _report_crs(intake, crs)
    _learn_ground(intake, open_frames)
    for layer in SOURCE_LAYERS:
        intake.read(layer.key)
    frames: dict[str, Frame] = {layer.key: empty_frame(layer, crs=crs) for layer in OPEN_LAYERS}
    frames[Outline.key] = outline
    frames[Community.key] = communities = _finish_layer(Community, intake, crs)
    grounds = find_grounds(communities, outline)
    frames |= {
        layer.key: _finish_layer(layer, intake, crs, grounds=grounds)
        for layer in SOURCE_LAYERS
        if layer not in (Outline, Community)
    }
    report_outside(frames, grounds, intake.places(), plan)
    frames[FileAccount.key] = close_accounts(log)
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
    from layers.read.relief import read_relief

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


def _learn_ground(intake: _Intake, open_frames: dict[str, gpd.GeoDataFrame]) -> None:
    """Read roads, then buildings before all else, so that other files are judged by them as well.

    The roads of a file are themselves judged by the outline and by the roads of open data.
    """
    for layer, grow in ((Road, Ground.with_roads), (Building, Ground.with_buildings)):
        if intake.ground is not None and open_frames:
            intake.ground = grow(intake.ground, [open_frames[layer.key]])
        intake.read(layer.key)
        if intake.ground is not None:
            intake.ground = grow(intake.ground, [item.frame for item in intake.taken[layer.key]])


def _settle_crs(intake: _Intake) -> CRS:
    """Choose the plan's zone: the config's word, else the longitude of communities or outline.

    While the place of the plan is not known, the zone of Jiangxi's east lets files be checked all the same.
    """
    given = intake.plan.crs.zone
    if given is not None:
        return CRS.from_epsg(Zone(given).plain)
    return intake.ground.crs if intake.ground else CRS.from_epsg(Zone(39).plain)


def _report_crs(intake: _Intake, crs: CRS) -> None:
    given = intake.plan.crs.zone
    if intake.ground is None:
        return
    lon, lat = intake.ground.middle
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


def _finish_layer(
    layer: type[Layer], intake: _Intake, crs: CRS, *, grounds: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Bring the files of a layer to the plan's CRS, mend, complete and check them, and put them together.

    Land use is cut to ``grounds``, the areas the plan is made of.
    """
    plan = intake.plan
    items = intake.taken[layer.key]
    parts: list[gpd.GeoDataFrame] = []
    labels: list[pd.Series] = []
    for item in items:
        report_costs(item.frame, layer, item.place)
    mend = drop_repeated if layer.shape is None else mend_shapes
    frames = [mend(place_frame(item, crs), layer, item.place) for item in items]
    if layer in PLANAR:
        tolerance_m = plan.topology.tolerance_m
        frames = tile_frames(frames, [item.place for item in items], tolerance_m=tolerance_m)
    for item, frame in zip(items, frames, strict=True):
        report_corners(frame, item.place)
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
    owner = np.arange(len(whole))
    if layer is Parcel and grounds is not None and Parcel.area_m2 in whole:
        findings = Findings.across([part.set_index(label) for part, label in zip(parts, labels, strict=True)], [item.place for item in items])  # fmt: skip
        whole, owner = fit_parcels(whole, owner, findings, grounds, tolerance_m=plan.topology.tolerance_m)
        whole = settle_parcels(whole, grounds, intake.log, rule=plan.crs.area_rule)
    if layer is Facility and len(whole):
        whole = drop_twins(whole, place, rows=rows)
        owner = whole.index.to_numpy()
        whole = gpd.GeoDataFrame(
            set_limits(whole, radius_of=plan.walking.class_limit_m), geometry="geometry", crs=crs
        )
    keep_rows(owner, rows, [item.place for item in items], [len(part) for part in parts])
    return whole.sort_values(Identified.id, kind="stable", ignore_index=True)


LOAD = Stage(
    "load",
    "读取与整理",
    takes=(),
    gives=(*SOURCE_LAYERS, *OPEN_LAYERS, Relief, FileAccount),
    run=load_layers,
)
