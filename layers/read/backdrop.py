"""Pictures to lie under the drawings: any raster that can be shown, as red, green, blue and cover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from layers.read.raster import Raster, read_raster
from layers.read.raw import Place
from layers.read.tiff import PACKAGES, SUFFIXES, Bounds, RasterFacts, describe_raster

ALLOWED = SUFFIXES | PACKAGES
# An A3 sheet at 300 dpi has 17 million pixels, its map never more than 14.
_MOST_CELLS = 16_000_000
# Grey values in between these shares are spread over the whole range; the rest is glare and shadow.
_SPREAD = (2.0, 98.0)


def read_backdrop(path: Path, bounds: Bounds, crs: CRS, place: Place, *, step_m: float) -> Raster | None:
    """Read the part of a picture that lies under a map.

    Parameters
    ----------
    path : GeoTIFF, or MBTiles of picture tiles, in any CRS.
    bounds : ground of the map, in ``crs``, metres.
    crs : CRS of the sheet.
    place : gets the faults of ``read_raster``, HSQ-F04 for heights and other measurements, and notes on how
        what is no plain picture is shown.
    step_m : side of a cell wanted, metres; a coarser picture keeps its own.

    Returns
    -------
    Raster or None
        Bytes, shape (4, rows, columns): red, green, blue, and cover (0 where the picture has nothing).
    """
    facts = describe_raster(path, place, suffixes=ALLOWED)
    if facts is None or not _can_show(facts, place):
        return None
    raster = read_raster(path, bounds, crs, place, step_m=step_m, suffixes=ALLOWED, most_cells=_MOST_CELLS)
    if raster is None:
        return None
    values = raster.values if raster.values.dtype == np.uint8 else _stretch(raster.values, facts)
    if not values[3].any():
        place.error("HSQ-X02", "底图在图幅范围内没有像元", remedy="核对影像的坐标系与范围")
        return None
    return Raster(values, raster.west, raster.north, raster.step, raster.crs, raster.native_m)


def check_backdrop(path: Path, bounds: Bounds, crs: CRS, place: Place) -> None:
    """Find out whether a picture can lie under the maps of a place, on a coarse grid; faults go to ``place``."""
    step = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0) / 200
    raster = read_backdrop(path, bounds, crs, place, step_m=step)
    if raster is None:
        return
    cover = float((raster.values[3] > 0).mean())
    place.note("HSQ-X03", f"底图像元约 {raster.native_m:.3g} m，覆盖所需范围 {cover:.0%}")


def _can_show(facts: RasterFacts, place: Place) -> bool:
    """Say how a raster is shown that is no picture of three bytes; False when it is none at all."""
    if facts.colours and facts.dtype == "uint8":
        return True
    if np.dtype(facts.dtype).kind != "u":
        place.error(
            "HSQ-F04", f"栅格不是影像（像元类型 {facts.dtype}），不能作底图",
            remedy="给出影像（8 位或 16 位）；高程栅格填在 walking.dem",
        )  # fmt: skip
        return False
    how = "取前三个波段为红绿蓝" if facts.bands >= 3 else "按灰度绘制"
    depth = "" if facts.dtype == "uint8" else f"，{8 * np.dtype(facts.dtype).itemsize} 位像元拉伸为 8 位"
    place.note("HSQ-F04", f"底图有 {facts.bands} 个波段，未标明红绿蓝：{how}{depth}" if not facts.colours
               else f"底图为 {facts.bands} 个波段{depth}")  # fmt: skip
    return True


def _stretch(values: NDArray[np.float64], facts: RasterFacts) -> NDArray[np.uint8]:
    """Bring numbers of any depth to bytes; bytes keep their value."""
    bands = values[[0, 1, 2]] if len(values) >= 3 else values[[0, 0, 0]]
    known = np.isfinite(bands).all(axis=0)
    shown = np.zeros((4, *known.shape), dtype=np.uint8)
    if not known.any():
        return shown
    low, high = (0.0, 255.0) if facts.dtype == "uint8" else np.percentile(bands[:, known], _SPREAD)
    scaled = (np.where(known, bands, low) - low) * (255.0 / max(high - low, 1.0))
    shown[:3] = np.clip(np.round(scaled), 0, 255)
    shown[3] = np.where(known, 255, 0)
    return shown
