"""Vector files through GDAL: shapefile, GeoPackage, GeoJSON, FileGDB, KML, DXF; also inside a zip."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from shapely.errors import GEOSException

from layers.crs import read_crs
from layers.encoding import Verdict, normalise_name
from layers.read.dxf import judge_encoding, pick_entities, undecoded
from layers.read.raw import Place, Raw
from layers.read.text import BYTES, decode_frame, judge_table

SUFFIXES = frozenset({".shp", ".gpkg", ".geojson", ".json", ".gdb", ".kml", ".zip", ".fgb", ".dxf"})
_FAILURES = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    GEOSException,
    UnicodeDecodeError,
)
Parts: TypeAlias = dict[str, Path] | dict[str, zipfile.Path]
_ZIP_LIMIT = 2_000_000_000


def read_vector(
    path: Path,
    place: Place,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    shape: str | None = None,
) -> Raw | None:
    """Read one layer of a vector file.

    Parameters
    ----------
    path : existing file (or .gdb folder).
    place : where faults are recorded.
    layer : layer name; the first one when None. Of a DXF the CAD layer, ``*`` for any text; all when None.
    encoding : declared text encoding of a shapefile or DXF; judged from the bytes when None.
    shape : geometry wanted of a DXF, which mixes all kinds.

    Returns
    -------
    Raw or None
        None when the file cannot be used; the reason is in the log.
    """
    if path.suffix.lower() == ".zip" and not _check_zip(path, place):
        return None
    if path.suffix.lower() == ".dxf":
        return _read_drawing(path, place, layer=layer, encoding=encoding, shape=shape)
    parts = _find_parts(path, layer)
    if parts is not None and not _check_parts(parts, place):
        return None
    verdict = _judge_parts(parts, place, encoding) if parts is not None else None
    if parts is not None and verdict is None:
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = _read_layer(_address(path, parts), place, layer=layer, as_bytes=verdict is not None)
    if frame is None:
        return None
    for warning in caught:
        place.note("HSQ-F02", f"读取时的提示：{warning.message}")
    if verdict is not None:
        frame = decode_frame(frame, verdict, place)
    if "geometry" not in frame.columns:
        return Raw(pd.DataFrame(frame))
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return Raw(table, pd.Series(frame.geometry.to_numpy(), index=frame.index), read_crs(frame.crs))


def _read_drawing(
    path: Path, place: Place, *, layer: str | None, encoding: str | None, shape: str | None
) -> Raw | None:
    """Read a DXF; it carries no CRS, so the config must give one."""
    codec = normalise_name(encoding) if encoding else judge_encoding(path)
    if codec is None:
        place.error("HSQ-F05", f"不认识的编码“{encoding}”", value=str(encoding), remedy="常用：utf-8、gbk")
        return None
    with undecoded(BYTES):
        frame = _read_layer(path, place, layer=None, as_bytes=False)
    if not isinstance(frame, gpd.GeoDataFrame):
        return None
    frame = pick_entities(decode_frame(frame, Verdict(codec, codec, ""), place), place, layer=layer, shape=shape)
    if frame is None:
        return None
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return Raw(table, pd.Series(frame.geometry.to_numpy(), index=frame.index), None)


def _read_layer(
    opened: str | Path, place: Place, *, layer: str | None, as_bytes: bool
) -> pd.DataFrame | gpd.GeoDataFrame | None:
    """Read a layer through GDAL; text as undecoded bytes where it will be judged and decoded here."""
    options = {"encoding": BYTES} if as_bytes else {}
    try:
        names = [str(name) for name in pyogrio.list_layers(opened)[:, 0]]
        if not names:
            place.error("HSQ-F03", "文件里没有任何图层", remedy="检查文件是否导出完整")
            return None
        if layer is not None and layer not in names:
            remedy = f"文件中的图层：{'、'.join(names)}"
            place.error("HSQ-F03", f"没有名为“{layer}”的图层", value=layer, remedy=remedy)
            return None
        name = layer or names[0]
        try:
            return pyogrio.read_dataframe(opened, layer=name, fid_as_index=True, **options)
        except GEOSException:
            return _read_broken(opened, place, name, options)
    except UnboundLocalError:
        # What pyogrio 0.13 raises where the text of a .prj is not even text.
        place.error(
            "HSQ-X01",
            "坐标系声明（.prj）无法读取",
            field="crs",
            remedy="删除 .prj 并在配置中写 crs，或重新导出",
        )
    except _FAILURES:
        place.error(
            "HSQ-F02",
            f"文件无法打开或已损坏，不是有效的 {Path(opened).suffix.lower()} 数据",
            remedy="压缩包请解压后使用；其他文件用 QGIS 等软件打开检查后重新导出",
        )
    return None


def _read_broken(opened: str | Path, place: Place, layer: str, options: dict[str, str]) -> gpd.GeoDataFrame:
    """Read a layer some of whose shapes cannot even be built, such as rings that do not close; name those."""
    meta, fids, forms, values = pyogrio.raw.read(opened, layer=layer, return_fids=True, **options)
    shapes = shapely.from_wkb(forms, on_invalid="ignore")
    index = pd.Index(fids, name="fid")
    for row in index[shapely.is_missing(shapes) & pd.notna(forms)]:
        place.error(
            "HSQ-G07", "图形的环未闭合或坐标残缺，无法构成图形", row=str(row), remedy="在原软件中重画该图形"
        )
    table = dict(zip(meta["fields"], values, strict=True))
    return gpd.GeoDataFrame(table, geometry=shapes, index=index, crs=meta["crs"])[
        ~shapely.is_missing(shapes) | pd.isna(forms)
    ]


def _check_zip(path: Path, place: Place) -> bool:
    """Refuse archives that are damaged, lead out of themselves or unpack to absurd sizes."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError):
        place.error("HSQ-F02", "压缩包无法打开或已损坏", remedy="重新压缩或解压后使用")
        return False
    if sum(member.file_size for member in members) > _ZIP_LIMIT:
        place.error("HSQ-F02", "压缩包解压后超过 2 GB", remedy="解压后只保留需要的文件")
        return False
    if any(
        ".." in Path(member.filename.replace("\\", "/")).parts or member.filename.startswith("/")
        for member in members
    ):
        place.error("HSQ-F02", "压缩包内有指向外部的路径（..）", remedy="重新压缩，不要带上级目录")
        return False
    return True


def _find_parts(path: Path, layer: str | None) -> Parts | None:
    """Return the files of a shapefile by suffix, plain or in a zip; None for another format."""
    if path.suffix.lower() == ".shp":
        return {item.suffix.lower(): item for item in path.parent.iterdir() if item.stem == path.stem}
    if path.suffix.lower() != ".zip":
        return None
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    shapes = sorted(name for name in names if name.lower().endswith(".shp"))
    wanted = [name for name in shapes if layer is None or PurePosixPath(name).stem == layer]
    if not wanted:
        return None
    stem = wanted[0][:-4]
    return {name[-4:].lower(): zipfile.Path(path, name) for name in names if name[:-4] == stem}


def _address(path: Path, parts: Parts | None) -> str | Path:
    """Return what GDAL opens; inside a zip it looks into folders only when it is told to."""
    inner = getattr(parts[".shp"], "at", "") if parts else ""
    return f"/vsizip/{path.as_posix()}/{inner}" if "/" in inner else path


def _check_parts(parts: Parts, place: Place) -> bool:
    """Report companions of a shapefile that are missing; without .dbf or .shx it is refused."""
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in parts]
    for suffix in missing:
        place.error("HSQ-F06", f"缺少配套文件 {suffix}", remedy="连同 .shp 一起复制 .shx、.dbf、.prj")
    return not missing


def _judge_parts(parts: Parts, place: Place, declared: str | None) -> Verdict | None:
    """Return the encoding of a shapefile's attributes; None where they cannot be read."""
    cpg = parts[".cpg"].read_bytes() if ".cpg" in parts else None
    with parts[".dbf"].open("rb") as dbf:
        return judge_table(dbf, place, cpg=cpg, declared=declared)
