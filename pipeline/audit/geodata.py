"""Shapefiles and the GeoPackage as they are on disk: schema to the byte, rows, coordinate system."""

from __future__ import annotations

import codecs
import sqlite3
import struct
import warnings
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from layers.crs import GEOGRAPHIC, ZONES, choose_zone
from layers.crs import find_epsg as tell_epsg
from pipeline.audit.findings import UnreadableError

_BROKEN = (DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError, UnicodeDecodeError)
_COMPANIONS = (".shx", ".dbf", ".prj", ".cpg")
DELIVERABLE = {GEOGRAPHIC} | {code for zone in ZONES for code in (zone.plain, zone.prefixed)}


@dataclass(frozen=True)
class DbfField:
    """A field as the DBF header declares it."""

    name: str
    kind: str
    width: int
    decimals: int

    def __str__(self) -> str:
        size = f"{self.width},{self.decimals}" if self.decimals else str(self.width)
        return f"{self.name} {self.kind}({size})"


@dataclass
class ShapeFile:
    """A shapefile.

    Attributes
    ----------
    name : relative to the hand-in.
    frame : rows; no CRS where the .prj says none that can be read.
    missing : suffixes that should be there.
    epsg : of the .prj, 0 where none can be told.
    encoding : of the .cpg as written, empty without.
    """

    name: str
    frame: gpd.GeoDataFrame
    fields: tuple[DbfField, ...]
    missing: tuple[str, ...]
    epsg: int
    prj: str
    encoding: str

    @cached_property
    def metric(self) -> gpd.GeoDataFrame:
        """Rows in metres: degrees go to the 3° zone of their middle."""
        return to_metres(self.frame, self.name)

    def column(self, name: str) -> gpd.pd.Series:
        """Return a column (UnreadableError where it is not there)."""
        if name not in self.frame:
            raise UnreadableError(self.name, f"缺少字段 {name}")
        return self.frame[name]


def to_metres(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Return a frame in metres; coordinates of an unknown system are taken as they are."""
    if frame.crs is None or frame.crs.is_projected or not len(frame):
        return frame
    west, _, east, _ = frame.total_bounds
    if not -180 <= west <= east <= 180:
        raise UnreadableError(name, "坐标系为经纬度，坐标却不是度")
    return frame.to_crs(choose_zone(float((west + east) / 2)).plain)


def read_shapefile(path: Path, name: str) -> ShapeFile:
    """Read a shapefile with what belongs to it.

    Raises
    ------
    UnreadableError
        When it is damaged or lacks its attributes.
    """
    missing = tuple(end for end in _COMPANIONS if not path.with_suffix(end).is_file())
    for needed, what in ((".dbf", "属性"), (".shx", "索引")):
        if needed in missing:
            raise UnreadableError(name, f"缺少{what}文件 {needed}")
    fields = read_dbf_fields(path.with_suffix(".dbf"), name)
    prj = (
        path.with_suffix(".prj").read_text(encoding="utf-8", errors="replace")
        if ".prj" not in missing
        else ""
    )
    encoding = ""
    if ".cpg" not in missing:
        encoding = path.with_suffix(".cpg").read_text(encoding="ascii", errors="replace").strip()
    try:
        with warnings.catch_warnings():
            # What GDAL remarks on is judged by the checks; here only what cannot be read matters.
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(path)
    except _BROKEN as error:
        raise UnreadableError(name, "不能读取，文件可能已损坏或编码与 .cpg 不符") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise UnreadableError(name, "没有图形")
    return ShapeFile(name, frame, fields, missing, find_epsg(prj), prj, encoding)


def find_epsg(prj: str) -> int:
    """Return the EPSG code of a .prj, 0 where it names no system that can be told."""
    try:
        return int(tell_epsg(prj) or 0)
    except (ValueError, CRSError, ProjError):
        return 0


def find_codec(cpg: str) -> str:
    """Return the codec a .cpg names, UTF-8 where it names none that Python has: ``OEM`` or ``ANSI 936`` are written too."""
    try:
        return codecs.lookup(cpg).name
    except LookupError:
        return "utf-8"


def read_dbf_fields(path: Path, name: str) -> tuple[DbfField, ...]:
    """Return the fields of a DBF as its header has them."""
    content = path.read_bytes()
    if len(content) < 32:
        raise UnreadableError(name, "属性文件 .dbf 已损坏")
    rows, start, size = struct.unpack("<IHH", content[4:12])
    if len(content) < start + rows * size:
        raise UnreadableError(name, "属性文件 .dbf 不完整")
    fields = []
    for at in range(32, start - 1, 32):
        entry = content[at : at + 32]
        if len(entry) < 32 or entry[0] == 0x0D:
            break
        title = entry[:11].split(b"\0", 1)[0].decode("ascii", "replace")
        fields.append(DbfField(title, chr(entry[11]), entry[16], entry[17]))
    return tuple(fields)


def read_geopackage(path: Path, name: str) -> dict[str, gpd.GeoDataFrame]:
    """Return every layer with geometry by its name.

    Raises
    ------
    UnreadableError
        When the file is no GeoPackage or is damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            listed = pyogrio.list_layers(path)
            return {
                str(layer): pyogrio.read_dataframe(path, layer=layer)
                for layer, kind in listed
                if kind is not None
            }
    except _BROKEN as error:
        raise UnreadableError(name, "不能读取，文件可能已损坏") from error


def query_base(path: Path, name: str, *statements: str) -> list[list[tuple[object, ...]]]:
    """Return the rows of each SQL statement, asked of the file read-only."""
    try:
        # immutable: a reader must leave no journal in somebody's hand-in.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            return [base.execute(statement).fetchall() for statement in statements]
    except sqlite3.Error as error:
        raise UnreadableError(name, "不能作 SQLite 数据库读取，文件可能已损坏") from error


def fits_zone(bounds: np.ndarray, epsg: int) -> bool:
    """Whether coordinates are such as the system has in China: metres of the zone, or degrees."""
    west, south, east, north = bounds
    if epsg == GEOGRAPHIC:
        return 73 <= west <= east <= 136 and 3 <= south <= north <= 54
    zone = next((zone for zone in ZONES if epsg in (zone.plain, zone.prefixed)), None)
    if zone is None:
        return False
    shift = zone.number * 1_000_000 if epsg == zone.prefixed else 0
    # A 3° zone is at most 1.5° wide to either side, 2° with the custom of keeping a plan in one zone.
    return west - shift >= 250_000 and east - shift <= 750_000 and south >= 300_000 and north <= 6_000_000


def name_crs(epsg: int) -> str:
    """Return a coordinate system as it is called."""
    if not epsg:
        return "无法识别的坐标系"
    return f"EPSG:{epsg} {CRS.from_epsg(epsg).name}"


def is_flat(shapes: np.ndarray) -> bool:
    """Whether no shape has heights."""
    return not bool(np.any(shapely.has_z(shapes)))
