"""Stage ``load``: every file of the plan, read, mended and checked, in the plan's coordinate system.

The only stage that reads files. All faults of all files are gathered before any is raised.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from pyproj import CRS

from layers.account import FileAccount
from layers.communities import check_region
from layers.faults import FaultLog, PlanFaults
from layers.frame import conform, empty_frame
from layers.grids import Photo, Relief
from layers.ledgers import LEDGERS
from layers.model import Layer
from layers.read.raw import Place
from layers.read.tiff import Bounds
from layers.source import (
    Building,
    Community,
    Context,
    DataExtent,
    Outline,
    Road,
)
from pipeline.plan import Plan
from pipeline.plan.sources import Inputs
from pipeline.stages.accounts import close_accounts
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.complete import (
    division_rules,
    open_divisions,
    report_missing,
    report_placeholders,
    report_zones,
    require_layers,
)
from pipeline.stages.finish import finish_layer
from pipeline.stages.intake import Intake
from pipeline.stages.outside import report_outside
from pipeline.stages.papers import check_papers, check_steps, report_delegates
from pipeline.stages.people import fill_people
from pipeline.stages.tiling import find_grounds

SOURCE_LAYERS: tuple[type[Layer], ...] = tuple(Layer.registry[key] for key in Inputs.model_fields)
# Layers that only open data bring.
OPEN_LAYERS: tuple[type[Layer], ...] = (DataExtent, Context)
# Heights are read this far around the roads, so that the outermost ones lie between known cells.
_RELIEF_RIM_M = 100.0
# Layers that say where the plan is, in the order they are asked.
_ANCHORS = ("community_given", "outline")


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
    intake = Intake(plan, log, division_rules(plan, open_divisions(plan, log)))
    check_region(intake.rules, log)
    for key in _ANCHORS:
        intake.read(key)
        intake.learn_place([item.frame for item in intake.taken[key]])
    crs = log.crs = intake.settle_crs()
    outline = finish_layer(Outline, intake, crs)
    open_frames = _read_open_data(intake, crs=crs if intake.ground else None, outline=outline)
    if open_frames:
        if intake.ground is None:
            crs = log.crs = open_frames[Community.key].crs
            outline = outline.to_crs(crs)
        intake.learn_place([open_frames[Community.key]])
        intake.learn_place([open_frames[Outline.key]])
    intake.report_crs(crs)
    intake.learn_ground(open_frames)
    for layer in SOURCE_LAYERS:
        intake.read(layer.key)
    intake.settle_mentions(open_frames)
    frames: dict[str, Frame] = {layer.key: empty_frame(layer, crs=crs) for layer in OPEN_LAYERS}
    frames[Outline.key] = outline
    frames[Community.key] = communities = finish_layer(Community, intake, crs)
    grounds = find_grounds(communities, outline)
    frames |= {
        layer.key: finish_layer(layer, intake, crs, grounds=grounds)
        for layer in SOURCE_LAYERS
        if layer not in (Outline, Community)
    }
    report_outside(frames, grounds, intake.places(), plan)
    frames[FileAccount.key] = close_accounts(log)
    frames = _fill_from_open_data(frames, open_frames, plan)
    frames = _read_ledgers(frames, plan, log)
    frames[Relief.key] = _read_relief(frames[Road.key], plan, log)
    frames[Photo.key] = _read_photo(frames[Community.key], outline, plan, log)
    _check_base(frames[Community.key], outline, plan, log)
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


def _read_photo(communities: Frame, outline: gpd.GeoDataFrame, plan: Plan, log: FaultLog) -> Frame:
    """Read the orthophoto over the plan's ground, where the plan has one."""
    grounds = [f for f in (communities, outline) if isinstance(f, gpd.GeoDataFrame) and len(f)]
    if plan.idle.imagery is None or not grounds:
        return empty_frame(Photo)
    from layers.read.photo import read_photo

    place = Place(plan.idle.imagery.as_posix(), Photo.alias, log)
    return read_photo(plan.resolve(plan.idle.imagery), _join_bounds(grounds), CRS(grounds[0].crs), place)


def _join_bounds(grounds: list[gpd.GeoDataFrame]) -> Bounds:
    edges = np.array([frame.total_bounds for frame in grounds])
    return (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))


def _check_base(communities: Frame, outline: gpd.GeoDataFrame, plan: Plan, log: FaultLog) -> None:
    """Find out whether the picture under the drawings can be used; it is read when they are drawn."""
    grounds = [f for f in (communities, outline) if isinstance(f, gpd.GeoDataFrame) and len(f)]
    if plan.sheets.base is None or not grounds:
        return
    from layers.read.backdrop import check_backdrop

    place = Place(plan.sheets.base.path.as_posix(), "底图", log)
    path = plan.resolve(plan.sheets.base.path)
    check_backdrop(path, _join_bounds(grounds), CRS(grounds[0].crs), place)


def _read_open_data(
    intake: Intake, *, crs: CRS | None, outline: gpd.GeoDataFrame
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


LOAD = Stage(
    "load",
    "读取与整理",
    takes=(),
    gives=(*SOURCE_LAYERS, *OPEN_LAYERS, Relief, Photo, FileAccount),
    config=(
        "crs",
        "divisions",
        "idle.imagery",
        "inputs",
        "open_data",
        "plan",
        "sheets.base",
        "topology",
        "walking",
    ),
    run=load_layers,
)
