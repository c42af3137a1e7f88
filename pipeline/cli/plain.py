"""Plain files of the one-off commands: roads and places as they come, every fault at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from layers.crs import Zone, choose_zone, place_of, to_plan
from layers.faults import Fault, FaultLog, PlanFaults
from layers.model import Layer
from layers.osm_lines import build_roads
from layers.plain import RoadLine, Spot
from layers.read.columns import read_columns
from layers.read.locate import locate_rows
from layers.read.osm import read_osm
from layers.read.raw import Place, Raw, list_rows
from layers.read.source import open_raw
from layers.source import Road
from layers.validate import check_unique
from pipeline.plan.sources import Source
from pipeline.stages.opendata import plan_crs

_OSM = (".osm", ".osm.bz2", ".osm.gz", ".pbf")
_LINES, _MULTIPOINT = (1, 2, 5), 4
_DATUMS = ("gcj02", "bd09", "wgs84", "cgcs2000")
# Remedies are written for plans; a one-off command has options in place of config lines.
_WORDS = (
    ("配置写 crs: ", "加坐标系选项（如 --roads-crs）"),
    ("并在配置中写 crs", "并用 --roads-crs、--origins-crs 等选项写明"),
    ("在配置中写明 crs", "用 --roads-crs、--origins-crs 等选项写明"),
    ("在配置中写 crs", "用 --roads-crs、--origins-crs 等选项写明"),
    (
        "在配置中写 x、y 坐标列，或用 key 与 geometry 关联几何文件",
        "用 --origins-x 与 --origins-y 等选项指定坐标列",
    ),
    ("在配置的 columns 中", "用编号列选项"),
    ("（相对于配置文件）", ""),
    ("在配置中写 encoding: gbk 或 utf-8", "另存为 UTF-8 后重试"),
)


@dataclass(frozen=True)
class PlainFile:
    """A file named on the command line.

    Attributes
    ----------
    path : the file.
    layer : layer, sheet or, in a .dxf, CAD layer; the first or all where None.
    crs : EPSG code, or a datum of degrees (gcj02, bd09, wgs84); outweighs what the file says.
    x, y : coordinate columns of a table.
    columns : column of the file by field of the declaration.
    """

    path: Path
    layer: str | None = None
    crs: str | None = None
    x: str | None = None
    y: str | None = None
    columns: tuple[tuple[str, str | None], ...] = ()

    def source(self) -> Source:
        """Return the file in the terms of the readers."""
        is_datum = self.crs is not None and self.crs.lower() in _DATUMS
        return Source.model_validate(
            {
                "path": self.path,
                "layer": self.layer,
                "crs": None if is_datum else self.crs,
                "datum": self.crs.lower() if is_datum and self.crs else None,
                "columns": {field: column for field, column in self.columns if column is not None},
                "x": self.x,
                "y": self.y,
            }
        )


def read_inputs(
    roads: PlainFile, places: Sequence[tuple[PlainFile, type[Spot]]], log: FaultLog
) -> tuple[gpd.GeoDataFrame, list[gpd.GeoDataFrame]]:
    """Read roads and places into the CGCS2000 3-degree zone of the roads.

    Returns
    -------
    roads : ``RoadLine`` columns, walkable lines only.
    places : ``Spot`` columns by file, ids filled; the order of the file.

    Raises
    ------
    PlanFaults
        With every fault of every file.
    """
    lines = _read_roads(roads, log)
    middle = place_of(lines) if lines is not None else None
    found = [_read_places(file, layer, log, near=middle) for file, layer in places]
    zone = Zone(39)
    if middle is not None:
        try:
            zone = choose_zone(middle[0])
        except ValueError:
            log.add(
                "HSQ-X02", f"经度 {middle[0]:.4f}° 不在 CGCS2000 3° 带范围内", file=roads.path.as_posix(),
                remedy="核对道路文件的坐标系，用 --roads-crs 写明",
            )  # fmt: skip
    log.faults[:] = [reword_fault(fault) for fault in log.faults]
    log.raise_errors()
    assert lines is not None
    crs = CRS.from_epsg(zone.plain)
    return to_plan(lines, crs), [to_plan(frame, crs) for frame in found if frame is not None]


def reword_fault(fault: Fault) -> Fault:
    """Return the fault with options in place of config lines."""
    remedy = fault.remedy
    for old, new in _WORDS:
        remedy = remedy.replace(old, new)
    return replace(fault, remedy=remedy)


def _read_roads(file: PlainFile, log: FaultLog) -> gpd.GeoDataFrame | None:
    """Return walkable lines with their level, in the file's own verified coordinates."""
    if file.path.name.lower().endswith(_OSM):
        try:
            own = FaultLog()
            extract = read_osm(file.path, own)
            # Torn ways matter to a walk; boundaries and other relations that could not be closed do not.
            log.faults.extend(fault for fault in own.faults if fault.row.startswith("w"))
            middle = place_of(extract.ways)
            roads = build_roads(extract.project(plan_crs(middle[0])) if middle else extract, log)
        except PlanFaults as error:
            log.faults.extend(fault for fault in error.faults if fault not in log.faults)
            return None
        roads = roads[roads[Road.walkable]]
        if roads.empty:
            log.add("HSQ-N02", "OSM 文件没有可步行的道路", file=file.path.name, remedy="检查导出的范围")
            return None
        return gpd.GeoDataFrame({RoadLine.level: roads[Road.level]}, geometry=roads.geometry)
    place = Place(_name(file), RoadLine.alias, log)
    raw = open_raw(file.source(), file.path, place)
    if raw is None:
        return None
    frame = _locate(file, RoadLine, raw, place, near=None)
    if frame is None:
        return None
    kind = shapely.get_type_id(frame.geometry.to_numpy())
    other = frame.index[~np.isin(kind, _LINES)]
    if len(other) == len(frame):
        place.error("HSQ-G03", "没有线要素", remedy="检查是否选错文件或图层；道路应为中心线")
        return None
    if len(other):
        place.warn(
            "HSQ-G03", f"{len(other)} 个要素不是线", row=list_rows(other), action="不参与构网",
            remedy="只给出道路中心线所在的图层",
        )  # fmt: skip
    frame = frame[np.isin(kind, _LINES)]
    if RoadLine.level not in frame:
        frame[RoadLine.level] = 0
    return frame


def _read_places(
    file: PlainFile, layer: type[Spot], log: FaultLog, *, near: tuple[float, float] | None
) -> gpd.GeoDataFrame | None:
    """Return places with an id each, in the file's own verified coordinates."""
    place = Place(_name(file), layer.alias, log)
    raw = open_raw(file.source(), file.path, place)
    if raw is None:
        return None
    frame = _locate(file, layer, raw, place, near=near)
    if frame is None:
        return None
    if frame.empty:
        place.error("HSQ-F02", "文件没有任何行", remedy="检查文件和图层是否选对")
        return None
    absent = frame.geometry.isna() | frame.geometry.is_empty
    for row in frame.index[absent]:
        place.error("HSQ-G01", "没有几何或坐标", row=str(row), remedy="补填坐标，或删除该行")
    several = shapely.get_type_id(frame.geometry.to_numpy()) == _MULTIPOINT
    several &= shapely.get_num_geometries(frame.geometry.to_numpy()) > 1
    for row in frame.index[several]:
        place.error("HSQ-G03", "一行有多个点，无法作为一个位置", row=str(row), remedy="先炸开为单点")
    labels = pd.Series(frame.index.astype("str"), index=frame.index, dtype="str")
    if Spot.id in frame:
        for row in frame.index[frame[Spot.id].isna()]:
            place.error("HSQ-V02", "编号为空", field=Spot.id, row=str(row), remedy="补填编号，或不指定编号列")
        check_unique(frame, layer, place, labels=labels)
    else:
        frame[Spot.id] = labels
    if Spot.group not in frame:
        frame[Spot.group] = None
    return frame.reset_index(drop=True)


def _locate(
    file: PlainFile, layer: type[Layer], raw: Raw, place: Place, *, near: tuple[float, float] | None
) -> gpd.GeoDataFrame | None:
    source = file.source()
    return locate_rows(source, layer, read_columns(source, layer, raw.table, place), raw, place, near=near)


def _name(file: PlainFile) -> str:
    return file.path.as_posix() + (f"｜{file.layer}" if file.layer else "")
