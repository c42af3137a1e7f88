"""What a folder of files holds: every table and layer that the readers can read, and what is left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from layers.faults import FaultLog
from layers.model import Shape
from layers.read import drawing, kml
from layers.read.header import HeaderGuess
from layers.read.listing import list_hidden, list_names
from layers.read.opening import ADVICE, SUFFIXES
from layers.read.raw import Place, Raw, SourceSpec
from layers.read.source import open_raw

OSM = (".osm", ".osm.bz2", ".osm.gz", ".osm.pbf", ".pbf")
RASTERS = frozenset({".tif", ".tiff"})
# Files that belong to another one, and office programs' lock files.
_COMPANIONS = frozenset({
    ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd", ".qml", ".tfw", ".ovr", ".xml", ".idx", ".fix",
})  # fmt: skip
_DOCUMENTS = frozenset({".pdf", ".ofd", ".doc", ".docx", ".wps", ".ppt", ".pptx", ".jpg", ".jpeg", ".png"})
# What tells the layers of these apart is a column; the others say nothing about the features themselves.
_BY_COLUMN = dict.fromkeys(drawing.SUFFIXES, "Layer") | dict.fromkeys(kml.SUFFIXES, kml.FOLDER)
_MARKS = ("Layer", "Entity", "EntityHandle", "Block", "Linetype", "Color", "Text", kml.FOLDER)
_KINDS: tuple[Shape, ...] = ("point", "line", "line", "polygon", "point", "line", "polygon", "any")


@dataclass(frozen=True, eq=False)
class Part:
    """One table or layer of a file.

    Attributes
    ----------
    path : the file.
    layer : layer, sheet, folder or CAD layer; None where the file has one only.
    header : where a sheet's header was recognised; None for other files.
    table : columns under the file's own names.
    geometry : shapes on the same index, None for a table.
    shape : their kind; ``any`` when mixed; None without.
    crs : what the file claims.
    remarks : what the reader said of it, worst first.
    """

    path: Path
    layer: str | None
    header: HeaderGuess | None
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
    header_rows: int | None = None
    skip_rows: int | None = None
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
        if path.suffix.lower() in _COMPANIONS and not _stands_alone(path):
            continue
        found.append(path)
    return found


def _stands_alone(path: Path) -> bool:
    """Tell a table that has lost its shapefile: nobody else would name it."""
    return path.suffix.lower() == ".dbf" and not any(
        path.with_suffix(suffix).exists() for suffix in (".shp", ".SHP")
    )


def read_parts(path: Path) -> Iterator[Part | Left]:
    """Read every table and layer of one file."""
    suffix, name = path.suffix.lower(), path.name.lower()
    if name.endswith(OSM):
        yield Left(path, None, "OpenStreetMap 数据", "osm")
    elif suffix in RASTERS:
        yield Left(
            path,
            None,
            "栅格，没有对应的图层（地面高程写入 walking.dem，正射影像写入 idle.imagery）",
            "raster",
        )
    elif suffix in _BY_COLUMN:
        yield from _split_whole(path)
    elif suffix in SUFFIXES:
        yield from (Left(path, sheet, "隐藏的工作表") for sheet in list_hidden(path))
        yield from (_read_part(path, layer) for layer in list_names(path) or (None,))
    elif suffix in _DOCUMENTS:
        yield Left(path, None, "文档，可在附件台账中列出")
    else:
        advice = f"；{ADVICE[suffix]}" if suffix in ADVICE else ""
        yield Left(path, None, f"不是可读取的数据格式（{suffix or '无扩展名'}）{advice}")


def _read_part(path: Path, layer: str | None) -> Part | Left:
    log = FaultLog()
    place = Place(path.name, "", log)
    raw = open_raw(_Spec(path, layer), path, place)
    remarks = tuple(f"{fault.problem}{f'，{fault.action}' if fault.action else ''}" for fault in log.faults)
    if raw is None:
        return Left(path, layer, remarks[0] if remarks else "无法读取")
    if not len(raw.table):
        return Left(path, layer, "没有任何行")
    return make_part(path, layer, raw, header=place.clues.header, remarks=remarks)


def make_part(
    path: Path,
    layer: str | None,
    raw: Raw,
    *,
    header: HeaderGuess | None = None,
    remarks: tuple[str, ...] = (),
) -> Part:
    """Return what was read of a file or one of its layers, with its kind of geometry."""
    return Part(path, layer, header, raw.table, raw.geometry, find_shape(raw.geometry), raw.crs, remarks)


def find_shape(geometry: pd.Series | None) -> Shape | None:
    """Return the kind of geometry of a file: ``any`` when mixed, None where there is none."""
    if geometry is None:
        return None
    kinds = {kind for kind in _kinds_of(geometry) if kind}
    return kinds.pop() if len(kinds) == 1 else "any" if kinds else None


def _kinds_of(geometry: pd.Series) -> list[Shape | None]:
    """Return the kind of each shape; None where there is none."""
    shapes = geometry.to_numpy()
    types = np.where(shapely.is_empty(shapes), -1, shapely.get_type_id(shapes))
    return [_KINDS[kind] if kind >= 0 else None for kind in types]


def _split_whole(path: Path) -> Iterator[Part | Left]:
    whole = _read_part(path, None)
    if isinstance(whole, Left):
        yield whole
    else:
        yield from split_part(whole)


def split_part(whole: Part) -> Iterator[Part]:
    """Yield the layers or folders of a drawing or KML by kind of geometry; any other file as it is."""
    column = _BY_COLUMN.get(whole.path.suffix.lower())
    if column is None or whole.geometry is None or column not in whole.table:
        yield whole
        return
    table = whole.table.drop(columns=[name for name in _MARKS if name in whole.table])
    names = whole.table[column].fillna("").astype("str")
    kinds = pd.Series(_kinds_of(whole.geometry), index=table.index).fillna("any")
    for (layer, kind), rows in table.groupby([names.to_numpy(), kinds.to_numpy()]).indices.items():
        yield replace(
            whole,
            layer=str(layer) or None,
            table=table.iloc[rows].dropna(axis="columns", how="all"),
            geometry=whole.geometry.iloc[rows],
            shape=kind,
        )
