"""Orthophotos as the ``Photo`` table: the part over the plan's ground, on a grid of the plan's CRS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import CRS

from layers.frame import conform
from layers.grids import Photo
from layers.read.raster import read_raster
from layers.read.raw import Place
from layers.read.tiff import Bounds

# Idle ground is looked for in pieces of 80 m² and more: finer cells add noise, shadows and memory.
_FINEST_M = 2.0


def read_photo(path: Path, bounds: Bounds, crs: CRS, place: Place) -> pd.DataFrame:
    """Read the colours of a picture.

    Parameters
    ----------
    path : picture of red, green and blue, in any CRS.
    bounds : ground wanted, in ``crs``, metres.
    crs : the plan's CRS; cells of 2 m, or the picture's own where those are larger.
    place : where faults are recorded: those of ``read_raster``, HSQ-F04 for anything but a picture.

    Returns
    -------
    DataFrame
        ``Photo`` rows of the cells the picture covers; empty when it cannot be used.
    """
    empty = conform(pd.DataFrame(), Photo)
    raster = read_raster(path, bounds, crs, place, step_m=_FINEST_M)
    if raster is None:
        return empty
    if raster.values.dtype != np.uint8:
        place.error(
            "HSQ-F04", "栅格不是影像（红绿蓝三波段），不能识别裸地", remedy="给出 RGB 正射影像；高程栅格填在 walking.dem"
        )  # fmt: skip
        return empty
    values = raster.values[:, ::-1]
    row, column = np.nonzero(values[3] > 0)
    if not len(row):
        place.error("HSQ-X02", "影像在规划范围内没有像元", remedy="核对影像的坐标系与范围")
        return empty
    south = raster.north - values.shape[1] * raster.step
    place.note("HSQ-X03", f"正射影像取 {raster.step:g} m 格网 {len(row)} 格（原像元 {raster.native_m:g} m）")
    red, green, blue = (values[band, row, column].astype("int64") for band in range(3))
    table = {
        Photo.row: row,
        Photo.column: column,
        Photo.x_m: raster.west + (column + 0.5) * raster.step,
        Photo.y_m: south + (row + 0.5) * raster.step,
        Photo.red: red,
        Photo.green: green,
        Photo.blue: blue,
    }
    return conform(pd.DataFrame(table), Photo)
