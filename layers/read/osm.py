"""OpenStreetMap extracts (.osm, .osm.bz2, .osm.pbf): tagged points, lines and areas as they are mapped.

Rings of multipolygon and boundary relations are put together by libosmium. A relation whose members are
not all in the file is left out and reported; nothing is ever closed that the data leave open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from pyproj import CRS

from layers.faults import Fault, FaultLog, PlanFaults

# OpenStreetMap is WGS84. PROJ knows no transformation to CGCS2000; the frames have drifted 0.5-0.9 m apart,
# which is accepted for community plans (standards/crs.md section 4). Naming CGCS2000 from the start makes
# the null shift explicit.
GEOGRAPHIC = CRS.from_epsg(4490)
REF, TAGS = "ref", "tags"
_SUFFIXES = (".osm.bz2", ".osm.gz", ".osm.pbf", ".osm", ".pbf")
_RING_RELATIONS = {"multipolygon", "boundary"}


@dataclass(frozen=True)
class Extract:
    """What an extract holds, in one CRS.

    Attributes
    ----------
    name : file name, the ``source`` of every row made from it.
    nodes, ways, areas : frames with ``ref`` (``n1``, ``w1``, ``r1``), ``tags`` (dict) and geometry; sorted by
        kind and number. A closed way is in ``ways`` and in ``areas``: its tags decide which one counts.
    bounds : ground the extract covers, edges densified; None when nothing is in the file.
    declared : whether the file itself declares its bounds.
    broken : relations that could not become areas: ``ref``, ``tags``, ``members``, ``missing``.
    """

    name: str
    nodes: gpd.GeoDataFrame
    ways: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    bounds: shapely.Polygon | None
    declared: bool
    broken: pd.DataFrame

    def project(self, crs: CRS) -> Extract:
        """Return the extract in another CRS."""
        bounds = self.bounds
        if bounds is not None:
            bounds = gpd.GeoSeries([bounds], crs=self.nodes.crs).to_crs(crs).iloc[0]
        return replace(
            self,
            nodes=self.nodes.to_crs(crs),
            ways=self.ways.to_crs(crs),
            areas=self.areas.to_crs(crs),
            bounds=bounds,
        )

    def near(self, zone: shapely.Geometry) -> Extract:
        """Return the extract with only the objects that meet ``zone``; objects are kept whole."""
        shapely.prepare(zone)

        def keep(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
            return frame[shapely.intersects(zone, frame.geometry.to_numpy())].reset_index(drop=True)

        return replace(self, nodes=keep(self.nodes), ways=keep(self.ways), areas=keep(self.areas))


def where_tags(frame: gpd.GeoDataFrame, test: Callable[[dict[str, str]], bool]) -> gpd.GeoDataFrame:
    """Return the objects whose tags pass ``test``, renumbered; also where there are none at all."""
    mask = np.fromiter((test(tags) for tags in frame[TAGS]), dtype=bool, count=len(frame))
    return frame[mask].reset_index(drop=True)


@dataclass
class _Found:
    """Rows gathered while the file streams by."""

    nodes: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    ways: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    areas: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    candidates: dict[int, tuple[dict[str, str], frozenset[int]]] = field(default_factory=dict)
    torn: list[int] = field(default_factory=list)


def read_osm(path: Path, log: FaultLog) -> Extract:
    """Read an extract.

    Parameters
    ----------
    path : the file; compressed files are read as they are.
    log : gets ``HSQ-G07`` for relations with missing members or open rings and for ways with missing nodes.

    Returns
    -------
    Extract
        In geographic CGCS2000 (EPSG:4490), degrees.

    Raises
    ------
    PlanFaults
        If the file is absent (``HSQ-F01``), of another format (``HSQ-F04``) or damaged (``HSQ-F02``).
    """
    if not path.is_file():
        raise PlanFaults([_absent(path)])
    suffix = next((end for end in _SUFFIXES if path.name.lower().endswith(end)), None)
    if suffix is None:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-F04",
                    f"不支持的 OSM 文件格式：{path.name}",
                    file=path.name,
                    remedy=f"应为 {'、'.join(_SUFFIXES)}",
                )
            ]
        )
    if path.stat().st_size == 0:
        raise PlanFaults(
            [Fault("HSQ-F02", "文件是空的（0 字节）", file=path.name, remedy="重新复制或导出该文件")]
        )
    try:
        # libosmium opens no path with Chinese characters on Windows: it is given the content instead.
        content = osmium.io.FileBuffer(path.read_bytes(), suffix.removeprefix("."))
        found = _stream(content)
        box = osmium.FileProcessor(content).header.box()
        broken = _explain(content, found)
    except (OSError, RuntimeError, ValueError) as error:
        # libosmium reports every parse and decompression problem as one of the last two.
        raise PlanFaults([_damaged(path, suffix, str(error))]) from None
    nodes, ways, areas = (_frame(rows) for rows in (found.nodes, found.ways, found.areas))
    declared = bool(box.valid())
    corners: tuple[float, ...] | None
    if declared:
        low, high = box.bottom_left, box.top_right
        corners = (low.lon, low.lat, high.lon, high.lat)
    else:
        parts = [part.total_bounds for part in (nodes, ways, areas) if len(part)]
        corners = (*np.min(parts, axis=0)[:2], *np.max(parts, axis=0)[2:]) if parts else None
    if corners and (corners[0] >= corners[2] or corners[1] >= corners[3]):
        corners = None  # a single point covers no ground
    # Parallels are curves in the plan's zone; 0.001 degrees keeps the chord within a millimetre.
    bounds = shapely.segmentize(shapely.box(*corners), 0.001) if corners else None
    _report(path.name, broken, found.torn, log)
    return Extract(path.name, nodes, ways, areas, bounds, declared, broken)


def _absent(path: Path) -> Fault:
    return Fault(
        "HSQ-F01",
        f"找不到 OpenStreetMap 数据：{path.name}",
        file=str(path),
        remedy="在 www.openstreetmap.org 打开该地区，点“导出”，框选范围后下载 map.osm，放到此路径；"
        "范围较大时用 download.geofabrik.de 的分省 .osm.pbf",
    )


def _damaged(path: Path, suffix: str, said: str) -> Fault:
    """Say in the technician's words what libosmium says of a file it cannot parse."""
    if "entities" in said:
        return Fault(
            "HSQ-F08", "文件含文档类型定义（DTD），可能引用外部文件或无限膨胀", file=path.name, action="不读取",
            remedy="核实来源；从 www.openstreetmap.org 重新导出",
        )  # fmt: skip
    line = re.search(r"line (\d+)", said)
    where = f"，第 {line[1]} 行" if line else ""
    return Fault(
        "HSQ-F02", f"OSM 文件无法解析：内容不完整，或不是有效的 {suffix} 数据{where}", file=path.name,
        remedy="文件可能未下载完整，请重新导出",
    )  # fmt: skip


def _stream(content: osmium.io.FileBuffer) -> _Found:
    found = _Found()
    wkb = osmium.geom.WKBFactory()
    processor = osmium.FileProcessor(content).with_areas()
    for item in processor.with_filter(osmium.filter.EmptyTagFilter()):
        tags = {tag.k: tag.v for tag in item.tags}
        if isinstance(item, osmium.osm.Node):
            if item.location.valid():
                found.nodes.append((f"n{item.id}", tags, wkb.create_point(item)))
        elif isinstance(item, osmium.osm.Way):
            geometry = _way_line(item, wkb)
            if isinstance(geometry, str):
                found.ways.append((f"w{item.id}", tags, geometry))
                continue
            found.torn.append(item.id)
            pieces = enumerate(geometry or [], start=1)
            found.ways.extend((f"w{item.id}-{part}", tags, run) for part, run in pieces)
        elif isinstance(item, osmium.osm.Relation):
            if tags.get("type") in _RING_RELATIONS:
                ways = frozenset(m.ref for m in item.members if m.type == "w")
                found.candidates[item.id] = (tags, ways)
        elif isinstance(item, osmium.osm.Area) and item.num_rings()[0] > 0:
            kind = "w" if item.from_way() else "r"
            found.areas.append((f"{kind}{item.orig_id()}", tags, wkb.create_multipolygon(item)))
    return found


def _way_line(way: Any, wkb: Any) -> str | list[str] | None:
    """Return the way's line, the runs between missing nodes, or None where fewer than two nodes are known."""
    known = [node.location.valid() for node in way.nodes]
    if all(known):
        try:
            return str(wkb.create_linestring(way))
        except (osmium.InvalidLocationError, RuntimeError):  # a single node, or one place repeated
            return None
    return [shapely.to_wkb(line, hex=True) for line in _runs(way, known)]


def _runs(way: Any, known: list[bool]) -> Iterator[shapely.LineString]:
    run: list[tuple[float, float]] = []
    for node, here in zip(way.nodes, known, strict=True):
        if here:
            run.append((node.lon, node.lat))
            continue
        if len(run) > 1:
            yield shapely.LineString(run)
        run = []
    if len(run) > 1:
        yield shapely.LineString(run)


def _explain(content: osmium.io.FileBuffer, found: _Found) -> pd.DataFrame:
    """Return the candidate relations that gave no area, with members needed and missing."""
    made = {ref for ref, _, _ in found.areas}
    lost = {key: value for key, value in sorted(found.candidates.items()) if f"r{key}" not in made}
    present: set[int] = set()
    needed = frozenset().union(*(ways for _, ways in lost.values())) if lost else frozenset()
    if needed:
        ways = osmium.FileProcessor(content, osmium.osm.WAY)
        present = {way.id for way in ways.with_filter(osmium.filter.IdFilter(needed))}
    rows = [
        {REF: f"r{key}", TAGS: tags, "members": len(ways), "missing": len(ways - present)}
        for key, (tags, ways) in lost.items()
    ]
    return pd.DataFrame(rows, columns=[REF, TAGS, "members", "missing"])


def _frame(rows: list[tuple[str, dict[str, str], Any]]) -> gpd.GeoDataFrame:
    rows = sorted(rows, key=lambda row: (row[0][0], int(row[0][1:].split("-")[0]), row[0]))
    geometry = shapely.from_wkb([row[2] for row in rows])
    # A relation of one ring is a polygon: parts are kept only where there are several.
    single = shapely.get_num_geometries(geometry) == 1
    geometry = np.where(single, shapely.get_geometry(geometry, 0), geometry)
    data = {REF: [row[0] for row in rows], TAGS: [row[1] for row in rows]}
    return gpd.GeoDataFrame(data, geometry=gpd.array.from_shapely(geometry, crs=GEOGRAPHIC))


def _report(name: str, broken: pd.DataFrame, torn: list[int], log: FaultLog) -> None:
    for row in broken.itertuples():
        why = f"{row.members} 个成员缺 {row.missing} 个" if row.missing else "成员齐全但不能连成闭合边界"
        title = row.tags.get("name", row.tags.get("natural", row.tags.get("landuse", "未命名")))
        log.add(
            "HSQ-G07",
            f"面状关系 {row.ref[1:]}（{title}）{why}",
            severity="警告",
            file=name,
            row=row.ref,
            value=title,
            action="未采用，也未自行闭合",
            remedy="需要该范围时，导出更大的区域使其完整",
        )
    for way in sorted(torn):
        log.add(
            "HSQ-G07",
            f"路径 {way} 的部分节点不在文件内",
            severity="警告",
            file=name,
            row=f"w{way}",
            action="只保留连续的部分，不跨越缺口连线",
            remedy="导出时选择包含完整路径的方式（osmium extract --strategy complete_ways）",
        )
