"""Height rasters as the ``Relief`` table: the part around the roads, on a grid of the plan's CRS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import CRS

from layers.frame import conform
from layers.grids import Relief
from layers.read.raster import read_raster
from layers.read.raw import Place
from layers.read.tiff import Bounds

# Slopes are taken over 20 m: a finer grid only adds noise and memory.
_FINEST_M = 5.0
# Below the lowest land and above the highest there is no ground: voids that nobody declared.
_LOWEST_M, _HIGHEST_M = -500.0, 9000.0


def read_relief(path: Path, bounds: Bounds, crs: CRS, place: Place) -> pd.DataFrame:
    """Read ground heights.

    Parameters
    ----------
    path : raster of heights in metres, first band, in any CRS.
    bounds : ground wanted, in ``crs``, metres.
    crs : the plan's CRS; the raster is brought into it by bilinear resampling, or averaged where its
        cells are finer than 5 m.
    place : where faults are recorded: those of ``read_raster``, HSQ-F04 for a picture.

    Returns
    -------
    DataFrame
        ``Relief`` rows of the cells with a height; empty when the raster cannot be used.
    """
    empty = conform(pd.DataFrame(), Relief)
    raster = read_raster(path, bounds, crs, place, step_m=_FINEST_M)
    if raster is None:
        return empty
    if raster.values.dtype == np.uint8:
        place.error("HSQ-F04", "栅格是影像（RGB），不是高程", remedy="给出单波段的高程栅格（DEM）")
        return empty
    values = raster.values[0][::-1]
    known = np.isfinite(values) & (values > _LOWEST_M) & (values < _HIGHEST_M)
    if not known.any():
        place.error("HSQ-X02", "高程栅格在道路范围内没有高程", remedy="核对栅格的坐标系、范围与空值")
        return empty
    row, column = np.nonzero(known)
    south = raster.north - values.shape[0] * raster.step
    place.note(
        "HSQ-X03",
        f"高程栅格取 {raster.step:g} m 格网 {len(row)} 格，高程 {values[known].min():.0f}–{values[known].max():.0f} m",
    )
    table = pd.DataFrame(
        {
            Relief.row: row,
            Relief.column: column,
            Relief.x_m: raster.west + (column + 0.5) * raster.step,
            Relief.y_m: south + (row + 0.5) * raster.step,
            Relief.height_m: values[row, column],
        }
    )
    return conform(table, Relief)
