"""What a folder of files holds: every table and layer that the readers can read, and what is left out and why."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import openpyxl
import pandas as pd
import pyogrio
from openpyxl.utils.exceptions import InvalidFileException
from pyogrio.errors import DataSourceError
from pyproj import CRS

from layers.faults import FaultLog
from layers.model import Shape
from layers.read.raw import Place, Raw, SourceSpec
from layers.read.source import open_raw

VECTORS = frozenset({".shp", ".gpkg", ".gdb", ".geojson", ".json", ".fgb", ".kml", ".kmz", ".zip"})
TEXTS = frozenset({".csv", ".txt"})
OSM = (".osm", ".osm.bz2", ".osm.gz", ".osm.pbf", ".pbf")
RASTERS = frozenset({".tif", ".tiff"})
# Files that belong to another one, and office programs' lock files.
_COMPANIONS = frozenset(
    {
        ".shx",
        ".dbf",
        ".prj",
        ".cpg",
        ".sbn",
        ".sbx",
        ".qix",
        ".qmd",
        ".qml",
        ".tfw",
        ".ovr",
        ".xml",
        ".idx",
        ".fix",
    }
)
_DOCUMENTS = frozenset({".pdf", ".ofd", ".doc", ".docx", ".wps", ".ppt", ".pptx", ".jpg", ".jpeg", ".png"})
_CAD_COLUMNS = ("Layer", "PaperSpace", "SubClasses", "Linetype", "EntityHandle", "Text")
_KINDS: dict[str, Shape] = {
    "Point": "point",
    "LineString": "line",
    "LinearRing": "line",
    "Polygon": "polygon",
}


@dataclass(frozen=True, eq=False)
class Part:
    """One table or layer of a file.

    Attributes
    ----------
    path : the file.
    layer : layer, sheet or CAD layer; None where the file has one only.
    header_rows : rows of a sheet's header.
    table : columns under the file's own names.
    geometry : shapes on the same index, None for a table.
    shape : their kind; ``any`` when mixed; None without.
    crs : what the file claims.
    remarks : what the reader said of it, worst first.
    """

    path: Path
    layer: str | None
    header_rows: int
    table: pd.DataFrame
    geometry: pd.Series | None
    shape: Shape | None
    crs: CRS | None
    remarks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The file and its layer, for messages."""
        return self.path.name + (f"｜{self.layer}" if self.layer else "")


@dataclass(frozen=True)
class Left:
    """A file or layer that feeds nothing, with the reason; ``kind`` is osm or raster where a plan has other uses."""

    path: Path
    layer: str | None
    reason: str
    kind: str = ""

    @property
    def label(self) -> str:
        """The file and its layer, for messages."""
        return self.path.name + (f"｜{self.layer}" if self.layer else "")


@dataclass(frozen=True)
class _Spec:
    """A bare source, for reading a file before anything is known of it."""

    path: Path
    layer: str | None = None
    header_rows: int = 1
    skip_rows: int = 0
    encoding: str | None = None
    crs: str | None = None
    datum: str | None = None
    columns: Any = None
    x: str | None = None
    y: str | None = None
    wkt: str | None = None
    labels: Any = None
    values: Any = None
    constants: Any = None
    classification: str | None = None
    key: str | None = None
    geometry: SourceSpec | None = None
    wgs84_shift: bool = True


def read_folder(folder: Path, *, skip: tuple[Path, ...] = ()) -> Iterator[Part | Left]:
    """Read every file below a folder, in order of name.

    Parameters
    ----------
    folder : a folder, or a single file.
    skip : folders below it that are passed over.
    """
    for path in list_files(folder, skip=skip):
        yield from read_parts(path)


def list_files(folder: Path, *, skip: tuple[Path, ...] = ()) -> list[Path]:
    """Return data files below a folder, FileGDBs as one; companions, hidden and lock files left out."""
    if folder.is_file():
        return [folder]
    found = []
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "~$")) for part in inner)
        inside = any(part.lower().endswith(".gdb") for part in inner[:-1])
        if hidden or inside or any(path.is_relative_to(item) for item in skip):
            continue
        if path.is_dir() != (path.suffix.lower() == ".gdb"):
            continue
        if path.suffix.lower() in _COMPANIONS:
            continue
        found.append(path)
    return found


def read_parts(path: Path) -> Iterator[Part | Left]:
    """Read every table and layer of one file."""
    suffix, name = path.suffix.lower(), path.name.lower()
    if name.endswith(OSM):
        yield Left(path, None, "OpenStreetMap 数据", "osm")
    elif suffix in RASTERS:
        yield Left(path, None, "栅格，没有对应的图层（地面高程可写入 walking.dem）", "raster")
    elif suffix == ".dxf":
        yield from _split_drawing(path)
    elif suffix in VECTORS:
        yield from (_read_part(path, layer, 1) for layer in _list_layers(path))
    elif suffix in {".xlsx", ".xlsm"}:
        yield from _read_book(path)
    elif suffix in TEXTS:
        yield _read_part(path, None, 1)
    elif suffix in _DOCUMENTS:
        yield Left(path, None, "文档，可在附件台账中列出")
    else:
        yield Left(path, None, f"不是可读取的数据格式（{suffix or '无扩展名'}）")


def _list_layers(path: Path) -> list[str] | list[None]:
    if path.suffix.lower() == ".zip":
        return _list_zipped(path)
    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except DataSourceError:  # the reader will say what is wrong with it
        return [None]
    return [None] if len(names) < 2 and path.suffix.lower() in {".shp", ".geojson", ".json"} else list(names)


def _list_zipped(path: Path) -> list[str] | list[None]:
    try:
        with zipfile.ZipFile(path) as archive:
            shapes = [
                PurePosixPath(name).stem for name in archive.namelist() if name.lower().endswith(".shp")
            ]
    except (zipfile.BadZipFile, OSError):
        return [None]
    return sorted(shapes) if len(shapes) > 1 else [None]


def _read_book(path: Path) -> Iterator[Part | Left]:
    """Read the visible sheets of a workbook that hold anything."""
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        yield _read_part(path, None, 1)
        return
    for page in book.worksheets:
        if page.sheet_state != "visible":
            yield Left(path, page.title, "隐藏的工作表")
        elif page.max_row < 2:
            yield Left(path, page.title, "工作表是空的")
        else:
            deep = [
                r.max_row - r.min_row + 1
                for r in page.merged_cells.ranges
                if r.min_row <= 4 and r.max_row <= 6
            ]
            yield _read_part(path, page.title, max(deep, default=1))
    book.close()


def _read_part(path: Path, layer: str | None, header_rows: int) -> Part | Left:
    log = FaultLog()
    raw = open_raw(_Spec(path, layer, header_rows), path, Place(path.name, "", log))
    remarks = tuple(f"{fault.problem}{f'，{fault.action}' if fault.action else ''}" for fault in log.faults)
    if raw is None:
        return Left(path, layer, remarks[0] if remarks else "无法读取")
    if not len(raw.table):
        return Left(path, layer, "没有任何行")
    return _make_part(path, layer, header_rows, raw, remarks)


def _make_part(path: Path, layer: str | None, header_rows: int, raw: Raw, remarks: tuple[str, ...]) -> Part:
    return Part(path, layer, header_rows, raw.table, raw.geometry, find_shape(raw.geometry), raw.crs, remarks)


def find_shape(geometry: pd.Series | None) -> Shape | None:
    """Return the kind of geometry of a file: ``any`` when mixed, None where there is none."""
    if geometry is None:
        return None
    kinds = {
        _KINDS.get(shape.geom_type.replace("Multi", ""), "any")
        for shape in geometry
        if shape is not None and not shape.is_empty
    }
    return kinds.pop() if len(kinds) == 1 else "any" if kinds else None


def _split_drawing(path: Path) -> Iterator[Part | Left]:
    """Read a drawing, one part a CAD layer and kind of geometry."""
    whole = _read_part(path, None, 1)
    if isinstance(whole, Left) or whole.geometry is None or _CAD_COLUMNS[0] not in whole.table:
        yield whole
        return
    table = whole.table.drop(columns=[name for name in _CAD_COLUMNS if name in whole.table])
    kinds = whole.geometry.map(lambda shape: find_shape(pd.Series([shape])))
    for (layer, kind), rows in whole.table.groupby([whole.table[_CAD_COLUMNS[0]], kinds]).groups.items():
        yield Part(
            path, str(layer), 1, table.loc[rows], whole.geometry.loc[rows], kind, whole.crs, whole.remarks
        )  # fmt: skip
