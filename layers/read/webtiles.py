"""Tiles of a web map over a piece of ground, joined into one picture in the plan's CRS.

The one place that opens a socket for the drawings.  Whatever the library says of a failure may hold the address and
with it the key, so none of it goes on: reasons are words of our own.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from configs import read_settings
from layers.datum import shift_from_wgs84, shift_to_wgs84
from layers.faults import HaoshequError
from layers.read.tiff import Bounds

_MERCATOR = 3857
# Half the girth of the earth in web Mercator over the pixels of one tile at level 0, metres.
_LEVEL_0_M = 2 * 20_037_508.342789244 / 256
# Ground control points a side: between them ground and tiles differ by a smooth curve.
_TIES = 9
_AGENT = {"user-agent": "haoshequ/0.1 (map sheets of a renewal plan; few tiles, fetched once)"}


class Source(Protocol):
    """A web map: address with ``{x}``, ``{y}``, ``{z}`` (and ``{key}``), its datum and finest level."""

    @property
    def url(self) -> str: ...
    @property
    def datum(self) -> str: ...
    @property
    def max_zoom(self) -> int: ...


class TilesError(HaoshequError):
    """Raised when tiles cannot be had; the message is the reason in Chinese, without address or key."""


def choose_zoom(source: Source, latitude: float, scale: int) -> int:
    """Return the level whose pixels are nearest in size to ``pixel_mm`` of ``tiles.yaml`` on a sheet of this scale."""
    wanted_m = read_settings("tiles.yaml")["pixel_mm"] / 1000 * scale
    level = np.log2(_LEVEL_0_M * np.cos(np.deg2rad(latitude)) / wanted_m)
    return int(np.clip(round(float(level)), 0, source.max_zoom))


def fetch_tiles(source: Source, bounds: Bounds, crs: CRS, path: Path, *, zoom: int, key: str = "") -> None:
    """Fetch tiles and write them as a GeoTIFF in ``crs``.

    Parameters
    ----------
    source : web map.
    bounds : ground wanted, in ``crs``, metres; with a rim of some tens of metres for shifted maps.
    path : GeoTIFF to write; its folder exists.
    zoom : level of the tiles.
    key : of the provider; goes into the address and nowhere else.

    Raises
    ------
    TilesError
        If a tile cannot be had, or there would be more than ``most_tiles``.
    """
    import contextily
    import mercantile

    rules = read_settings("tiles.yaml")
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    west, south, east, north = to_degrees.transform_bounds(*bounds)
    if source.datum == "gcj02":
        # On such a map the ground lies elsewhere; over a few kilometres the shift hardly turns.
        (west, east), (south, north) = shift_from_wgs84([west, east], [south, north], datum="gcj02")
    count = sum(1 for _ in mercantile.tiles(west, south, east, north, [zoom]))
    if count > rules["most_tiles"]:
        raise TilesError(
            f"第 {zoom} 级需要 {count} 张瓦片，多于 {rules['most_tiles']} 张；请在 sheets.tiles.zoom 写更小的级别"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library warns of may hold the address
        try:
            pixels, (left, right, bottom, top) = contextily.bounds2img(
                west, south, east, north, zoom=zoom, source=source.url.replace("{key}", key), ll=True,
                use_cache=False, headers=_AGENT, timeout=rules["timeout_s"],
                wait=rules["wait_s"], max_retries=rules["retries"],
            )  # fmt: skip
        except (OSError, ValueError) as error:  # errors of requests are OSErrors
            failed: Exception | None = error
        else:
            failed = None
    if failed is not None:
        # Raised out of the handler, so that no traceback leads back to the address.
        raise TilesError(_explain(failed))
    _write(pixels, (left, bottom, right, top), source.datum, bounds, crs, path)


def _explain(error: Exception) -> str:
    """Return why tiles cannot be had, by the kind of error alone: its text may hold the key."""
    import requests

    if isinstance(error, requests.Timeout):
        return "服务器没有在限定时间内回应"
    if isinstance(error, requests.HTTPError):
        return "服务器拒绝了请求（密钥无效、超过限额，或没有这一级的瓦片）"
    if isinstance(error, requests.RequestException):
        return "连接不上服务器（没有网络，或地址有误）"
    return f"收到的不是图片瓦片（{type(error).__name__}）"


def _write(
    pixels: NDArray[np.uint8], extent: Bounds, datum: str, bounds: Bounds, crs: CRS, path: Path
) -> None:
    """Bring joined tiles into the plan's CRS by ground control points, shifted ones by the shift at each point."""
    import rasterio
    from rasterio.control import GroundControlPoint
    from rasterio.enums import ColorInterp, Resampling
    from rasterio.warp import reproject

    rows, columns = pixels.shape[:2]
    left, bottom, right, top = extent
    row, column = (part.ravel() for part in np.meshgrid(
        np.linspace(0, rows, _TIES), np.linspace(0, columns, _TIES), indexing="ij"
    ))  # fmt: skip
    lon, lat = Transformer.from_crs(_MERCATOR, 4326, always_xy=True).transform(
        left + column / columns * (right - left), top - row / rows * (top - bottom)
    )
    if datum == "gcj02":
        lon, lat = shift_to_wgs84(lon, lat, datum="gcj02")
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    ties = [GroundControlPoint(*map(float, tie)) for tie in zip(row, column, x, y, strict=True)]
    step = float(np.hypot(x[1] - x[0], y[1] - y[0]) * (_TIES - 1) / columns)
    width, height = (int(np.ceil(side / step)) for side in (bounds[2] - bounds[0], bounds[3] - bounds[1]))
    place = rasterio.Affine(step, 0.0, bounds[0], 0.0, -step, bounds[3])
    target = rasterio.crs.CRS.from_wkt(crs.to_wkt())
    shown = np.zeros((4, height, width), dtype=np.uint8)
    reproject(
        np.moveaxis(pixels, 2, 0).copy(), shown, gcps=ties, src_crs=target, dst_crs=target,
        dst_transform=place, resampling=Resampling.bilinear,
    )  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=4, dtype="uint8", crs=target,
        transform=place, compress="deflate", photometric="RGB",
    ) as file:  # fmt: skip
        file.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
        file.write(shown)
