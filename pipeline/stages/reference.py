"""What a plan's other files say of its place, to compare one file with that is looked at by itself."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from layers.faults import FaultLog, PlanFaults
from layers.ground import Ground, find_ground
from layers.model import Layer
from layers.read.source import read_source
from layers.source import Building, Community, Outline, Road
from pipeline.plan import Plan


def find_plan_ground(plan: Plan, log: FaultLog, *, without: Path) -> Ground | None:
    """Return the ground that a plan's files give: communities or outline, then roads, then buildings.

    Parameters
    ----------
    log : gets the faults of those files.
    without : the file that is looked at; it must not prove itself.

    Returns
    -------
    Ground or None
        None where nothing of the plan has a place.
    """
    frames = _read(plan, "community_given", log, None, without) + _read(plan, "outline", log, None, without)
    ground = find_ground(frames)
    open_frames = _read_open(plan, log, ground, without)
    if ground is None or not len(ground.areas):
        anchors = [open_frames[layer.key] for layer in (Community, Outline) if layer.key in open_frames]
        ground = ground.with_areas(anchors) if ground else find_ground(anchors)
    for layer, grow in ((Road, Ground.with_roads), (Building, Ground.with_buildings)):
        own = _read(plan, layer.key, log, ground, without)
        other = [open_frames[layer.key]] if layer.key in open_frames else []
        if ground is None:
            ground = find_ground(own or other)
        if ground is not None:
            ground = grow(ground, own or other)
    return ground


def _read(
    plan: Plan, key: str, log: FaultLog, ground: Ground | None, without: Path
) -> list[gpd.GeoDataFrame]:
    sources = [
        source for source in getattr(plan.inputs, key) if not is_same(plan.resolve(source.path), without)
    ]
    taken = [
        read_source(source, Layer.registry[key], resolve=plan.resolve, log=log, ground=ground)
        for source in sources
    ]
    return [item.frame for item in taken if item is not None]


def _read_open(
    plan: Plan, log: FaultLog, ground: Ground | None, without: Path
) -> dict[str, gpd.GeoDataFrame]:
    if plan.open_data is None or is_same(plan.resolve(plan.open_data.path), without):
        return {}
    from pipeline.stages.opendata import load_open_data

    try:
        return load_open_data(plan, log, crs=ground.crs if ground else None)
    except PlanFaults as error:
        log.faults.extend(fault for fault in error.faults if fault not in log.faults)
        return {}


def is_same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one existing file."""
    return path.exists() and other.exists() and path.samefile(other)
