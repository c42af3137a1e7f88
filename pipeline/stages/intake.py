"""Files of a plan read once each, and what is known of the plan's ground meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import geopandas as gpd
from pyproj import CRS

from layers.communities import Rules
from layers.crs import Zone, choose_zone, name_crs
from layers.faults import FaultLog
from layers.ground import Ground, find_ground
from layers.mentions import settle_mentions
from layers.model import Layer
from layers.read.raw import Place
from layers.read.source import Taken, read_source
from layers.source import Building, Community, Road
from pipeline.plan import Plan


@dataclass
class Intake:
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

    def learn_ground(self, open_frames: dict[str, gpd.GeoDataFrame]) -> None:
        """Read roads, then buildings before all else, so that other files are judged by them as well.

        The roads of a file are themselves judged by the outline and by the roads of open data.
        """
        for layer, grow in ((Road, Ground.with_roads), (Building, Ground.with_buildings)):
            if self.ground is not None and open_frames:
                self.ground = grow(self.ground, [open_frames[layer.key]])
            self.read(layer.key)
            if self.ground is not None:
                self.ground = grow(self.ground, [item.frame for item in self.taken[layer.key]])

    def settle_mentions(self, open_frames: dict[str, gpd.GeoDataFrame]) -> None:
        """Write communities in every file as they are named where they are drawn; rows are joined by name."""
        frames = [item.frame for item in self.taken[Community.key]] or [
            frame for key, frame in open_frames.items() if key == Community.key
        ]
        names = {
            name
            for frame in frames
            if Community.name in frame.columns
            for name in frame[Community.name].dropna()
        }
        for key, files in self.taken.items():
            column = getattr(Layer.registry[key], "community", None)
            if column is not None:
                self.taken[key] = [
                    replace(item, frame=settle_mentions(item.frame, column, item.place, names=names))
                    for item in files
                ]

    def settle_crs(self) -> CRS:
        """Choose the plan's zone: the config's word, else the longitude of communities or outline.

        While the place of the plan is not known, the zone of Jiangxi's east lets files be checked all the same.
        """
        given = self.plan.crs.zone
        if given is not None:
            return CRS.from_epsg(Zone(given).plain)
        return self.ground.crs if self.ground else CRS.from_epsg(Zone(39).plain)

    def report_crs(self, crs: CRS) -> None:
        """Say what the plan's coordinate system is, and where the config's zone is not the natural one."""
        given = self.plan.crs.zone
        if self.ground is None:
            return
        lon, lat = self.ground.middle
        natural = choose_zone(lon)
        if given is not None and given != natural.number:
            self.log.add(
                "HSQ-X03",
                f"配置指定 {given} 带，按中心经度 {lon:.3f}° 应为 {natural.number} 带",
                severity="警告" if abs(given - natural.number) == 1 else "错误",
                field="crs.zone",
                value=str(given),
                action="按配置采用" if abs(given - natural.number) == 1 else "",
                remedy="确认当地统一采用该中央经线；相隔一带以上长度和面积严重变形，不能使用",
            )
        self.log.add(
            "HSQ-X03",
            f"规划坐标系为 {name_crs(crs)}，中心约 {lon:.4f}°E、{lat:.4f}°N",
            severity="提示",
        )
