"""What a file is compared with: the ground of a plan, or of files whose coordinates are trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from layers.crs import GEOGRAPHIC, choose_zone
from layers.faults import FaultLog
from layers.ground import Ground, find_ground
from layers.plain import RoadLine
from layers.read.raw import Place
from layers.read.source import open_raw
from pipeline.cli.plain import PlainFile, is_osm, locate_file, read_osm_roads
from pipeline.plan import Plan, load_plan
from pipeline.plan.sources import Source
from pipeline.stages.reference import find_plan_ground, is_same

# Areas of this median size are houses, larger ones communities or an outline.
_HOUSE_M2 = 5_000.0


@dataclass(frozen=True)
class Reference:
    """Something to compare files with.

    Attributes
    ----------
    plan : the plan, None where plain files were given.
    ground : of plain files; a plan's depends on the file that is looked at.
    """

    plan: Plan | None = None
    ground: Ground | None = None

    @classmethod
    def open(cls, plan_file: Path | None, against: Sequence[Path], log: FaultLog) -> Reference:
        """Open the plan or read the files.

        Raises
        ------
        PlanFaults
            If the plan or a file cannot be used: comparing with half of it would mislead.
        """
        if plan_file is not None:
            return cls(plan=load_plan(plan_file))
        own = FaultLog()
        frames = [_read_trusted(path, own) for path in against]
        own.raise_errors()
        log.faults.extend(own.faults)
        return cls(ground=_put_together([frame for frame in frames if frame is not None]))

    def find_ground(self, path: Path, log: FaultLog) -> Ground | None:
        """Return what a file is compared with; never the file itself."""
        return find_plan_ground(self.plan, log, without=path) if self.plan else self.ground

    def find_sources(self, path: Path) -> list[Source]:
        """Return what the plan says of a file: one entry a layer it feeds."""
        if self.plan is None:
            return []
        plan = self.plan
        every = [source for sources in plan.inputs.given().values() for source in sources]
        every += [source.geometry for source in every if source.geometry is not None]
        found = [source for source in every if is_same(plan.resolve(source.path), path)]
        # One layer may feed several of the plan's under the same coordinates.
        alike = {
            (source.layer, source.crs, source.datum, source.x, source.y, source.encoding): source
            for source in found
        }
        return list(alike.values())


def describe_ground(ground: Ground | None) -> str:
    """Return what there is to compare with, Chinese."""
    if ground is None:
        return "没有参照：只能看数值与声明是否一致。判断偏移请用 --plan 或 --against 给出可靠的边界、道路"
    parts = [
        f"{word} {len(shapes)} {unit}"
        for word, shapes, unit in (
            ("边界", ground.areas, "个面"),
            ("道路", ground.roads, "条"),
            ("建筑", ground.buildings, "个"),
        )
        if len(shapes)
    ]
    lon, lat = ground.middle
    return f"参照：{'、'.join(parts) or '只有一个位置'}，中心约 {lon:.4f}°E、{lat:.4f}°N"


def _read_trusted(path: Path, log: FaultLog) -> gpd.GeoDataFrame | None:
    if is_osm(path):
        return read_osm_roads(path, log)
    file = PlainFile(path)
    place = Place(path.as_posix(), "参照", log)
    raw = open_raw(file.source(), path, place)
    frame = None if raw is None else locate_file(file, RoadLine, raw, place, ground=None)
    if frame is not None and not np.isfinite(frame.total_bounds).all():
        place.error("HSQ-G01", "参照文件没有一行有坐标", remedy="换一个有图形的文件")
        return None
    return frame


def _put_together(frames: Sequence[gpd.GeoDataFrame]) -> Ground | None:
    """Return the ground of trusted files: lines are roads, large areas the outline, small ones buildings."""
    areas: list[gpd.GeoDataFrame] = []
    houses: list[gpd.GeoDataFrame] = []
    for frame in frames:
        solid = frame[shapely.get_dimensions(frame.geometry.to_numpy()) == 2]
        if len(solid):
            planar = solid.to_crs(choose_zone(float(solid.to_crs(GEOGRAPHIC).total_bounds[0])).plain)
            (houses if planar.area.median() < _HOUSE_M2 else areas).append(solid)
    ground = find_ground(areas or frames)
    if ground is None:
        return None
    # Only what is meant as an outline is one.
    ground = replace(ground, areas=ground.areas[:0]).with_areas(areas)
    return ground.with_roads(frames).with_buildings(houses)
