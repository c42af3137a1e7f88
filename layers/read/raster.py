"""The part of a GeoTIFF over a piece of ground, whatever its size or CRS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import ColorInterp, Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from layers.claims import judge_claim
from layers.crs import read_crs
from layers.read.raw import Place
from layers.read.tiff import SUFFIXES, Bounds, RasterFacts, find_facts, open_tiff, read_world_file

_VOID = -32768.0
_MOST_CELLS = 4_000_000  # of the result
_MOST_SOURCE = 4_000_000_000  # cells of the file under the wanted ground: about a minute of decoding


@dataclass(frozen=True)
class Raster:
    """The part of a raster over a piece of ground.

    Attributes
    ----------
    values : shape (bands, rows, columns), row 0 northernmost; floats with NaN where nothing is known, or
        bytes of red, green, blue and cover (0 nothing, 255 all) for pictures.
    west, north : corner of the first cell, in ``crs``, metres.
    step : side of a cell, metres.
    crs : the CRS asked for.
    native_m : side of a cell of the file, metres.
    """

    values: NDArray
    west: float
    north: float
    step: float
    crs: CRS
    native_m: float


def read_raster(
    path: Path,
    bounds: Bounds,
    crs: CRS,
    place: Place,
    *,
    step_m: float | None = None,
    source_crs: str | None = None,
    suffixes: frozenset[str] = SUFFIXES,
    most_cells: int = _MOST_CELLS,
) -> Raster | None:
    """Read the part of a raster over a piece of ground, brought into the plan's CRS.

    Parameters
    ----------
    path : GeoTIFF, BigTIFF too; a tile package where ``suffixes`` allows one.
    bounds : west, south, east, north wanted, in ``crs``, metres.
    crs : projected CRS wanted.
    step_m : least side of a cell wanted; cells are never finer than the file's own, and coarser where the
        ground is so large that there would be more than ``most_cells``.
    source_crs : CRS the config declares; outweighs what the file says.
    place : gets HSQ-F01 absent, HSQ-F02 damaged, HSQ-F07 something else, HSQ-X01 no CRS or no
        georeference, HSQ-X02 not where it claims or elsewhere than the ground, HSQ-F08 cells so fine that
        the file cannot be read in reasonable time.

    Returns
    -------
    Raster or None
        Cells at least twice the file's are averages, others bilinear; pictures keep whole bytes.
    """
    with open_tiff(path, place, suffixes=suffixes) as raster:
        if raster is None:
            return None
        facts = find_facts(raster, path)
        claim = _settle_claim(facts, source_crs, place)
        if claim is None or facts.bounds is None:
            return None
        if np.dtype(facts.dtype).kind == "c":
            place.error("HSQ-F04", "栅格的像元为复数，不是高程或影像", remedy="导出为单波段或 RGB 的 GeoTIFF")
            return None
        return _read_part(raster, facts, claim, bounds, crs, step_m, most_cells, place)
    return None  # it failed midway


def _settle_claim(facts: RasterFacts, declared: str | None, place: Place) -> CRS | None:
    if facts.bounds is None:
        place.error(
            "HSQ-X01",
            "栅格没有坐标（既没有内部定位，也没有 .tfw）",
            remedy="在 GIS 软件中配准或定义坐标后导出为 GeoTIFF",
        )
        return None
    try:
        crs = read_crs(declared) or facts.crs
    except ValueError:
        place.error(
            "HSQ-X01",
            f"不认识的坐标系“{declared}”",
            field="crs",
            value=declared or "",
            remedy="写成 EPSG:4548 等",
        )
        return None
    west, south, east, north = facts.bounds
    middle = np.array([[(west + east) / 2, (south + north) / 2]])
    verdict = judge_claim(middle, crs)
    if crs is None:
        place.error("HSQ-X01", f"栅格没有坐标系，中心约为 ({middle[0, 0]:.6g}, {middle[0, 1]:.7g})", field="crs",
                    remedy=verdict.remedy if verdict.guesses else "在 GIS 软件中定义投影后重新导出")  # fmt: skip
        return None
    if verdict.problem:
        place.error("HSQ-X02", f"栅格：{verdict.problem}", field="crs", remedy=verdict.remedy)
        return None
    return crs


def _read_part(
    raster: rasterio.DatasetReader,
    facts: RasterFacts,
    claim: CRS,
    bounds: Bounds,
    crs: CRS,
    step_m: float | None,
    most_cells: int,
    place: Place,
) -> Raster | None:
    target, source = (rasterio.crs.CRS.from_wkt(item.to_wkt()) for item in (crs, claim))
    assert facts.bounds is not None
    own = transform_bounds(source, target, *facts.bounds)
    west, south, east, north = bounds
    if not np.isfinite(own).all() or own[0] >= east or own[2] <= west or own[1] >= north or own[3] <= south:
        place.error(
            "HSQ-X02",
            f"栅格与所需范围没有重叠{_tell_where(facts.bounds, claim)}",
            remedy="核对栅格的坐标系与范围",
        )
        return None
    # By the extents, not the width in cells: a turned raster is wider than its row of cells.
    native = facts.cell[0] * (own[2] - own[0]) / (facts.bounds[2] - facts.bounds[0])
    step = max(native, step_m or 0.0, float(np.sqrt((east - west) * (north - south) / most_cells)))
    factor = max((one for one in facts.overviews if one * native <= step), default=1)
    shared = (min(east, own[2]) - max(west, own[0])) * (min(north, own[3]) - max(south, own[1]))
    if shared / (native * factor) ** 2 > _MOST_SOURCE:
        place.error(
            "HSQ-F08", f"栅格像元约 {native:.3g} m，所需范围内有 {shared / native**2:.1e} 个像元，又没有概视图（金字塔）",
            action="不读取", remedy="在 GIS 软件中重采样到 1 m 以上，或建立内部概视图后导出",
        )  # fmt: skip
        return None
    level = {"overview_level": facts.overviews.index(factor)} if factor > 1 else {}
    with rasterio.open(raster.name, driver=raster.driver, **level) as reduced:
        return _warp(reduced, facts, source, target, crs, bounds, step, native, factor)


def _tell_where(bounds: Bounds, claim: CRS) -> str:
    geodetic = claim.geodetic_crs
    if geodetic is None:
        return ""
    west, south, east, north = transform_bounds(claim.to_wkt(), geodetic.to_wkt(), *bounds)
    return (
        f"，按声明的坐标系它在 {west:.3f}–{east:.3f}°E、{south:.3f}–{north:.3f}°N"
        if np.isfinite(west)
        else ""
    )


def _warp(
    raster: rasterio.DatasetReader,
    facts: RasterFacts,
    source: rasterio.crs.CRS,
    target: rasterio.crs.CRS,
    crs: CRS,
    bounds: Bounds,
    step: float,
    native: float,
    factor: int,
) -> Raster:
    west, south, east, north = bounds
    west, south = np.floor(west / step) * step, np.floor(south / step) * step
    width, height = (int(np.ceil((b - a) / step)) + 1 for a, b in ((west, east), (south, north)))
    top = south + height * step
    finer = step < 2 * native * factor
    options = {
        "crs": target, "src_crs": source, "width": width, "height": height,
        "transform": rasterio.Affine(step, 0.0, west, 0.0, -step, top),
    }  # fmt: skip
    if raster.transform.is_identity:
        placed = read_world_file(Path(raster.name))
        if placed is not None:
            k = facts.width / raster.width
            options["src_transform"] = rasterio.Affine(
                placed.a * k, placed.b * k, placed.c, placed.d * k, placed.e * k, placed.f
            )
    if facts.colours:
        resampling = (
            Resampling.nearest if facts.bands == 1 else Resampling.bilinear if finer else Resampling.average
        )
        with WarpedVRT(
            raster, resampling=resampling, add_alpha=raster.colorinterp[-1] != ColorInterp.alpha, **options
        ) as warped:
            values = _read_colours(warped, raster)
    else:
        # A void nobody declared takes a number no height has, so that it is not mixed into its neighbours.
        signed = np.dtype(facts.dtype).kind != "u"
        nothing = raster.nodata if raster.nodata is not None else _VOID if signed else None
        with WarpedVRT(
            raster, resampling=Resampling.bilinear if finer else Resampling.average, src_nodata=nothing,
            nodata=np.nan, dtype="float64", **options,
        ) as warped:  # fmt: skip
            values = warped.read()
    return Raster(values, float(west), float(top), float(step), crs, float(native))


def _read_colours(warped: WarpedVRT, raster: rasterio.DatasetReader) -> NDArray:
    """Return red, green, blue and cover as bytes; palettes are looked up, 16-bit pictures scaled."""
    if raster.count == 1:
        table = np.zeros((256, 4), dtype=np.uint8)
        for value, colour in raster.colormap(1).items():
            if 0 <= value < 256:
                table[value] = colour
        index, cover = warped.read()
        picture = np.moveaxis(table[index.astype(np.uint8)], 2, 0)
        picture[3] = np.where(cover > 0, picture[3], 0)
        return picture
    values = warped.read([1, 2, 3, warped.count])
    if values.dtype != np.uint8:
        known = values[3] > 0
        top = max(float(values[:3, known].max()), 1.0) if known.any() else 1.0
        colours = np.clip(values[:3].astype("float64") / top * 255, 0, 255)
        values = np.concatenate([colours, np.where(known, 255, 0)[None]])
    return values.astype(np.uint8)
