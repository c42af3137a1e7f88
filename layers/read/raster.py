"""Height rasters (GeoTIFF) as the ``Relief`` table: the part around the roads, on a grid of the plan's CRS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from layers.frame import conform
from layers.read.raw import Place
from layers.source import Relief

# Slopes are taken over 20 m: a finer grid only adds noise and memory.
_FINEST_M = 5.0
_MOST_CELLS = 4_000_000
_NODATA = -32768.0
# Below the lowest land and above the highest there is no ground: voids that nobody declared.
_LOWEST_M, _HIGHEST_M = -500.0, 9000.0


def read_relief(
    path: Path, bounds: tuple[float, float, float, float], crs: CRS, place: Place
) -> pd.DataFrame:
    """Read ground heights.

    Parameters
    ----------
    path : single-band raster of heights in metres, in any CRS.
    bounds : ground wanted, in ``crs``, metres.
    crs : the plan's CRS; the raster is brought into it by bilinear resampling, or averaged where its
        cells are finer than 5 m.
    place : where faults are recorded: HSQ-F01, HSQ-F02, HSQ-X01, HSQ-X02.

    Returns
    -------
    DataFrame
        ``Relief`` rows of the cells with a height; empty when the raster cannot be used.
    """
    empty = conform(pd.DataFrame(), Relief)
    if not path.is_file():
        place.error("HSQ-F01", f"文件不存在：{place.file}", remedy="检查路径是否写对（相对于配置文件）")
        return empty
    try:
        with rasterio.open(path) as raster:
            if raster.crs is None:
                place.error("HSQ-X01", "高程栅格没有坐标系", remedy="在 GIS 软件中定义投影后重新导出")
                return empty
            values, west, south, step = _read_grid(raster, bounds, crs)
    except (RasterioError, OSError) as error:
        place.error("HSQ-F02", f"高程栅格无法读取：{str(error).splitlines()[0]}", remedy="应为 GeoTIFF")
        return empty
    known = np.isfinite(values) & (values > _LOWEST_M) & (values < _HIGHEST_M)
    if not known.any():
        place.error("HSQ-X02", "高程栅格与道路范围没有重叠", remedy="核对栅格的坐标系与范围")
        return empty
    row, column = np.nonzero(known)
    place.note(
        "HSQ-X03",
        f"高程栅格取 {step:g} m 格网 {len(row)} 格，高程 {values[known].min():.0f}–{values[known].max():.0f} m",
    )
    table = pd.DataFrame(
        {
            Relief.row: row,
            Relief.column: column,
            Relief.x_m: west + (column + 0.5) * step,
            Relief.y_m: south + (row + 0.5) * step,
            Relief.height_m: values[row, column],
        }
    )
    return conform(table, Relief)


def _read_grid(
    raster: rasterio.DatasetReader, bounds: tuple[float, float, float, float], crs: CRS
) -> tuple[np.ndarray, float, float, float]:
    """Return heights (row 0 southernmost, NaN unknown), west, south and cell size on the plan's grid."""
    target = rasterio.crs.CRS.from_wkt(crs.to_wkt())
    own_west, _, own_east, _ = transform_bounds(raster.crs, target, *raster.bounds)
    native = (own_east - own_west) / raster.width
    west, south, east, north = bounds
    step = max(native, _FINEST_M, float(np.sqrt((east - west) * (north - south) / _MOST_CELLS)))
    west, south = np.floor(west / step) * step, np.floor(south / step) * step
    width, height = (int(np.ceil((b - a) / step)) + 1 for a, b in ((west, east), (south, north)))
    with WarpedVRT(
        raster,
        crs=target,
        transform=rasterio.Affine(step, 0.0, west, 0.0, -step, south + height * step),
        width=width,
        height=height,
        resampling=Resampling.bilinear if step < 2 * native else Resampling.average,
        src_nodata=raster.nodata if raster.nodata is not None else _NODATA,
        nodata=_NODATA,
        dtype="float64",
    ) as warped:
        values = warped.read(1)[::-1]
    return np.where(values == _NODATA, np.nan, values), float(west), float(south), float(step)
