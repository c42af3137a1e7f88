"""GeoTIFF files, and tile packages where they are asked for, opened without trust; and what each is.

Only the driver of the suffix opens the file and no file beside it is looked at but the world file: an overview or
an .aux.xml may be a virtual raster that leads anywhere.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from layers.crs import read_crs
from layers.read.raw import Place
from layers.read.sniff import check_content

SUFFIXES = frozenset({".tif", ".tiff"})
PACKAGES = frozenset({".mbtiles"})
_FAILED = (RasterioError, OSError, MemoryError, ValueError)
_WORLD = {".tif": (".tfw", ".tifw", ".wld"), ".tiff": (".tfw", ".tiffw", ".wld")}
_ENV = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO", "CPL_LOG": "OFF"}
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class RasterFacts:
    """What a raster is.

    Attributes
    ----------
    width, height : cells.
    bands : number of bands; ``colours`` says whether they are a picture (RGB, or one band with a palette).
    dtype : type of the cells, ``float32``.
    nodata : value that stands for nothing, None when none is declared.
    crs : claimed CRS, None when there is none.
    cell : size of a cell, in units of the CRS, along rows and columns.
    bounds : west, south, east, north; None without georeference.
    overviews : factors of the reduced copies inside the file.
    """

    width: int
    height: int
    bands: int
    colours: bool
    dtype: str
    nodata: float | None
    crs: CRS | None
    cell: tuple[float, float]
    bounds: Bounds | None
    overviews: tuple[int, ...]


def describe_raster(path: Path, place: Place, *, suffixes: frozenset[str] = SUFFIXES) -> RasterFacts | None:
    """Return what a raster is, without reading its cells; None with the reason in the log."""
    with open_tiff(path, place, suffixes=suffixes) as raster:
        return find_facts(raster, path) if raster is not None else None
    return None  # it failed midway


@contextmanager
def open_tiff(
    path: Path, place: Place, *, suffixes: frozenset[str] = SUFFIXES
) -> Iterator[rasterio.DatasetReader | None]:
    """Open a GeoTIFF (or what else ``suffixes`` allows) and nothing else; what goes wrong in use is told as well."""
    if not path.is_file():
        place.error("HSQ-F01", f"文件不存在：{place.file}", remedy="检查路径是否写对（相对于配置文件）")
        yield None
        return
    if path.suffix.lower() not in suffixes:
        place.error(
            "HSQ-F04", f"不支持的栅格格式 {path.suffix}", remedy="在 QGIS 等软件中导出为 GeoTIFF（.tif）"
        )
        yield None
        return
    if not path.stat().st_size:
        place.error("HSQ-F02", "文件是空的（0 字节）", remedy="重新复制或导出该文件")
        yield None
        return
    if not check_content(path, path.suffix.lower(), place):
        yield None
        return
    with rasterio.Env(**_ENV), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # said as a fault
        try:
            raster = rasterio.open(path, driver="MBTiles" if path.suffix.lower() in PACKAGES else "GTiff")
        except _FAILED as error:
            _refuse(error, place)
            yield None
            return
        try:
            yield raster if _reach_blocks(raster, path, place) else None
        except _FAILED as error:
            _refuse(error, place)
        finally:
            raster.close()


def _reach_blocks(raster: rasterio.DatasetReader, path: Path, place: Place) -> bool:
    """Refuse a file that ends before its last block: GDAL would call it a raster without coordinates."""
    size, (height, width) = path.stat().st_size, raster.block_shapes[0]
    across, down = -(-raster.width // width) - 1, -(-raster.height // height) - 1
    for column, row in ((0, 0), (across, down)):
        where, length = (
            raster.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE")
        )
        if where and length and int(where) + int(length) > size:
            place.error(
                "HSQ-F02", f"文件不完整：应至少有 {int(where) + int(length):,} 字节，实有 {size:,} 字节",
                remedy="文件在复制或下载时被截断，重新复制",
            )  # fmt: skip
            return False
    return True


def _refuse(error: Exception, place: Place) -> None:
    said = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
    place.error(
        "HSQ-F02", "栅格无法读取或已损坏", value=said, remedy="在 QGIS 等软件中打开检查后重新导出为 GeoTIFF"
    )


def find_facts(raster: rasterio.DatasetReader, path: Path) -> RasterFacts:
    transform = raster.transform
    if transform.is_identity:
        transform = read_world_file(path) or transform
    placed = not transform.is_identity
    column, row = np.array([0, raster.width, 0, raster.width]), np.array([0, 0, raster.height, raster.height])
    xs = transform.c + transform.a * column + transform.b * row
    ys = transform.f + transform.d * column + transform.e * row
    try:
        crs = read_crs(raster.crs.to_wkt()) if raster.crs else None
    except (ValueError, CRSError):
        crs = None
    palette = raster.count == 1 and raster.colorinterp[0] == ColorInterp.palette
    colours = palette or raster.colorinterp[:3] == (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    return RasterFacts(
        raster.width, raster.height, raster.count, colours, str(raster.dtypes[0]), raster.nodata, crs,
        (float(np.hypot(transform.a, transform.d)), float(np.hypot(transform.b, transform.e))),
        (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())) if placed else None, tuple(raster.overviews(1)),
    )  # fmt: skip


def read_world_file(path: Path) -> rasterio.Affine | None:
    """Return the placement that a world file beside the raster gives: six numbers, one a line."""
    for suffix in _WORLD.get(path.suffix.lower(), ()):
        for name in (suffix, suffix.upper()):
            beside = path.with_suffix(name)
            if beside.is_file() and beside.stat().st_size < 1000:
                try:
                    a, d, b, e, x, y = (
                        float(part) for part in beside.read_text(encoding="ascii").split()[:6]
                    )
                except (ValueError, UnicodeDecodeError):
                    continue
                # The numbers place the middle of the first cell.
                return rasterio.Affine(a, b, x - (a + b) / 2, d, e, y - (d + e) / 2)
    return None
