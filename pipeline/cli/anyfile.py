"""A file of any format as rows with verified, mended geometry and all of its own columns."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from layers.crs import choose_zone, datum_of, name_crs, place_of, read_crs, to_plan
from layers.faults import Fault, FaultLog, PlanFaults
from layers.model import Shape
from layers.plain import Anything
from layers.read.fields import report_garbled_table
from layers.read.locate import locate_rows
from layers.read.opening import open_raw
from layers.read.osm import REF, TAGS, Extract, read_osm
from layers.read.points import guess_points
from layers.read.raw import Place
from layers.repair import mend_shapes
from pipeline.plan.sources import Source

OSM = (".osm", ".osm.bz2", ".osm.gz", ".osm.pbf", ".pbf")
KINDS: dict[Shape, tuple[str, tuple[int, ...]]] = {
    "point": ("点", (0, 4)),
    "line": ("线", (1, 2, 5)),
    "polygon": ("面", (3, 6)),
}
_MOST_TAGS = 60  # keys of OSM that get a column each; all of them are in one more column
# Remedies are written for plans; here options take the place of config lines.
_WORDS = (
    ("请向数据提供单位核实坐标系，并在配置中写 crs", "请向数据提供单位核实坐标系，并用 --source-crs 写明"),
    ("在配置中写 x、y 坐标列，或用 key 与 geometry 关联几何文件", "用 --x 与 --y 指定坐标列"),
    ("在配置中写 skip_rows（表头前的行数）和 header_rows（表头行数）", "删去表头以上的行，把表头并成一行后另存"),
    ("在配置中写 encoding: gbk 或 utf-8", "用 --encoding gbk 或 --encoding utf-8 写明"),
    ("去掉配置中的 encoding，由程序按证据判断", "去掉 --encoding，由程序按证据判断"),
    ("去掉配置中的 encoding，或写 encoding: ", "去掉 --encoding，或写 --encoding "),
    ("改正配置 labels 中的图层名", "改正图层名"),
    ("或在配置的 columns 中照乱码写出对应", "或保留原样"),
    ("或在配置的 layer 中写明", "或用 --layer 写明"),
    ("在配置的 layer 中写明", "用 --layer 写明"),
    # Degrees without a datum are most often a web map's: taking them for CGCS2000 would move them 600 m.
    ("配置写 crs: EPSG:4490", "用 --source-datum 写明基准：高德、腾讯 gcj02，百度 bd09，GPS、OSM wgs84，测绘成果 cgcs2000"),
    ("在道路（或社区边界）文件的配置中写 datum: ", "加 --source-datum "),
    ("经纬度须写明基准：datum: ", "经纬度须写明基准：--source-datum "),
    ("在本文件写 datum: ", "加 --source-datum "),
    ("在配置中写 datum: ", "加 --source-datum "),
    ("配置写 crs: ", "加 --source-crs "),
    ("在配置中写 crs: ", "加 --source-crs "),
    ("在配置中写明 crs", "用 --source-crs 写明"),
    ("在配置中写 crs", "用 --source-crs 写明"),
    ("由配置声明", "由 --encoding 声明"),
    ("按配置以 ", "按 --source-crs 以 "),
    ("按配置读取", "按选项读取"),
    ("或在配置的 delivery.folder 中换一个文件夹", "或换一个文件夹"),
    ("（相对于配置文件）", ""),
    ("栅格不能作为图层；高程栅格写在 walking.dem", "本命令只转换矢量和表格，栅格请在 QGIS 中转换"),
)  # fmt: skip


@dataclass(frozen=True)
class AnyFile:
    """A file named on the command line and what the user says of it.

    Attributes
    ----------
    path : the file.
    layer : layer, sheet, CAD layer or folder; the first or all where None.
    shape : geometry wanted, where a file holds several kinds.
    crs, datum : coordinate system and datum; they outweigh what the file says.
    encoding : encoding of its texts; judged by evidence where None.
    x, y : coordinate columns of a table.
    wkt : column of a table with the geometry as text.
    """

    path: Path
    layer: str | None = None
    shape: Shape | None = None
    crs: str | None = None
    datum: str | None = None
    encoding: str | None = None
    x: str | None = None
    y: str | None = None
    wkt: str | None = None

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return self.path.as_posix() + (f"｜{self.layer}" if self.layer else "")

    def source(self) -> Source:
        """Return the file in the terms of the readers."""
        return Source.model_validate(
            {
                "path": self.path, "layer": self.layer, "crs": self.crs, "datum": self.datum,
                "encoding": self.encoding, "x": self.x, "y": self.y, "wkt": self.wkt,
            }
        )  # fmt: skip


def reword_fault(fault: Fault) -> Fault:
    """Return the fault with options in place of config lines."""
    problem, action, remedy = fault.problem, fault.action, fault.remedy
    for old, new in _WORDS:
        problem, action, remedy = (text.replace(old, new) for text in (problem, action, remedy))
    return replace(fault, problem=problem, action=action, remedy=remedy)


def read_any(file: AnyFile, log: FaultLog, *, shapes: bool = False) -> gpd.GeoDataFrame | None:
    """Read a file with all of its columns into verified coordinates.

    Parameters
    ----------
    shapes : whether places are wanted: of a table without named columns the coordinates are then looked for.

    Returns
    -------
    GeoDataFrame or None
        In the file's own CRS, or in CGCS2000 degrees where a web map's offset was taken out; all geometry
        missing for a table without places. None when the file cannot be used.
    """
    place = Place(file.name, Anything.alias, log)
    if file.path.name.lower().endswith(OSM):
        frame = _read_osm(file, log, place)
    else:
        raw = open_raw(file.source(), file.path, place, shape=file.shape)
        if raw is None:
            return None
        report_garbled_table(raw.table, place)
        if shapes and raw.geometry is None and file.x is None and file.wkt is None:
            file = _find_columns(file, raw.table, place)
        table = raw.table.set_axis(_unlike([str(name) for name in raw.table.columns]), axis=1)
        frame = locate_rows(file.source(), Anything, table, raw, place, ground=None)
    if frame is not None and frame.empty and not log.errors:
        place.error("HSQ-F02", "文件没有任何行", remedy="检查文件和图层是否选对")
        return None
    return frame


def _find_columns(file: AnyFile, table: pd.DataFrame, place: Place) -> AnyFile:
    """Return the file with its coordinate columns, as their names and values show them."""
    points = guess_points(table)
    if points is None:
        return file
    place.note("HSQ-X03", f"没有指明坐标列：{points.evidence}", action=f"按 --x {points.x} --y {points.y} 读取",
               remedy="不对时用 --x 与 --y 写明")  # fmt: skip
    return replace(file, x=points.x, y=points.y)


def _unlike(names: list[str]) -> list[str]:
    """Return names none of which is another or that of the geometry, upper and lower case being one."""
    seen = {"geometry", "geom", "fid"}
    result = []
    for name in names:
        chosen, count = name or "列", 1
        while chosen.casefold() in seen:
            count += 1
            chosen = f"{name or '列'}_{count}"
        seen.add(chosen.casefold())
        result.append(chosen)
    return result


def _read_osm(file: AnyFile, log: FaultLog, place: Place) -> gpd.GeoDataFrame | None:
    """Return the points, lines or areas of an extract, its commonest tags as columns and all in one more."""
    try:
        extract = read_osm(file.path, log)
    except PlanFaults as error:
        log.faults.extend(fault for fault in error.faults if fault not in log.faults)
        return None
    parts = _parts_of(extract)
    shape = file.shape
    if shape is None:
        filled = [kind for kind, frame in parts.items() if len(frame)]
        if len(filled) > 1:
            told = "、".join(f"{KINDS[kind][0]} {len(parts[kind])}" for kind in filled)
            place.error("HSQ-G03", f"OSM 文件同时有{told}，一次只写一种", field="--shape",
                        remedy="加 --shape point（点）、line（线）或 polygon（面）")  # fmt: skip
            return None
        shape = filled[0] if filled else "point"
    frame = parts[shape]
    tags = frame[TAGS].tolist()
    counts = Counter(key for row in tags for key in row)
    keys = sorted(sorted(counts), key=lambda key: -counts[key])[:_MOST_TAGS]
    columns = {REF: frame[REF].tolist()} | {key: [row.get(key) for row in tags] for key in keys}
    columns[TAGS] = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in tags]
    table = pd.DataFrame(columns).set_axis(_unlike([*columns]), axis=1)
    place.note("HSQ-X03", "OSM 数据为 WGS84", action="按零平移视同 CGCS2000，精度约 0.5–0.9 m")
    return gpd.GeoDataFrame(table, geometry=frame.geometry.to_numpy(), crs=frame.crs)


def _parts_of(extract: Extract) -> dict[Shape, gpd.GeoDataFrame]:
    return {"point": extract.nodes, "line": extract.ways, "polygon": extract.areas}


def mend_any(frame: gpd.GeoDataFrame, file: AnyFile, log: FaultLog) -> gpd.GeoDataFrame:
    """Return the rows brought into their CGCS2000 3-degree zone and mended; every other row has a fault.

    Raises
    ------
    PlanFaults
        If the rows lie outside the 3-degree zones of China (``HSQ-X02``).
    """
    middle = place_of(frame)
    if middle is None:
        return frame
    try:
        zone = choose_zone(middle[0])
    except ValueError:
        raise PlanFaults(
            [Fault("HSQ-X02", f"经度 {middle[0]:.4f}° 不在 CGCS2000 3° 带范围内", file=file.name,
                   remedy="核对坐标系，用 --source-crs 写明")]
        ) from None  # fmt: skip
    place = Place(file.name, Anything.alias, log)
    frame = mend_shapes(to_plan(frame, CRS.from_epsg(zone.plain)), Anything, place)
    return _keep_wanted(frame, file.shape, place) if file.shape is not None else frame


def _keep_wanted(frame: gpd.GeoDataFrame, shape: Shape, place: Place) -> gpd.GeoDataFrame:
    name, types = KINDS[shape]
    found = shapely.get_type_id(frame.geometry.to_numpy())
    other = ~np.isin(found, types)
    if other.any():
        place.note("HSQ-G03", f"另有 {other.sum()} 个要素不是{name}", action="按 --shape 不写出")
    if other.all():
        place.error(
            "HSQ-G03", f"文件中没有{name}要素", field="--shape", remedy="换一个 --shape，或不写该选项"
        )
    return frame[~other]


def settle_target(text: str | None, suffix: str, log: FaultLog) -> CRS | None:
    """Return the CRS that ``--crs`` asks for; None where there is nothing to ask or it cannot be had.

    Only CGCS2000 and WGS84 can be written: the way into older datums is secret (``standards/crs.md``).
    """
    if text is None:
        return None
    try:
        crs = read_crs(f"EPSG:{text}" if text.isdigit() else text)
    except ValueError:
        crs = None
    if crs is None:
        log.add("HSQ-X01", f"不认识的坐标系“{text}”", field="--crs", value=text,
                remedy="写成 EPSG:4548（CM 117E）、EPSG:4547（CM 114E）、EPSG:4527、EPSG:4526 或 EPSG:4490")  # fmt: skip
        return None
    if datum_of(crs) not in {"cgcs2000", "wgs84"}:
        log.add("HSQ-X03", f"不能转为 {name_crs(crs)}：没有公开的转换参数", field="--crs", value=text,
                remedy="写 CGCS2000 的坐标系，如 EPSG:4548、EPSG:4490")  # fmt: skip
        return None
    if suffix == ".geojson" and not crs.is_geographic:
        log.add("HSQ-X01", "GeoJSON 按标准（RFC 7946）只能是经纬度", field="--crs", value=text,
                remedy="去掉 --crs，或写出为 .gpkg、.shp")  # fmt: skip
        return None
    return crs


def place_any(frame: gpd.GeoDataFrame, crs: CRS, file: AnyFile, log: FaultLog) -> gpd.GeoDataFrame:
    """Return the rows in the CRS wanted; a zone they do not lie in is doubted aloud."""
    middle = place_of(frame)
    if middle is not None and not _holds(crs, middle):
        log.add(
            "HSQ-X02", f"数据在 {middle[0]:.3f}°E、{middle[1]:.3f}°N，不在 {name_crs(crs)} 的适用范围内", severity="警告",
            file=file.name, field="--crs", action="仍按 --crs 写出",
            remedy=f"本地的 3° 带为 EPSG:{choose_zone(middle[0]).plain}",
        )  # fmt: skip
    return to_plan(frame, crs)


def _holds(crs: CRS, spot: tuple[float, float]) -> bool:
    area = crs.area_of_use
    if area is None:
        return True
    # Half a degree beyond its edge a zone is commonly used, for a county that straddles it.
    return area.west - 0.5 <= spot[0] <= area.east + 0.5 and area.south - 0.5 <= spot[1] <= area.north + 0.5
