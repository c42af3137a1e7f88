"""Which coordinate system a file's values are in, in the words of the plan config."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from layers.claims import guess_crs, judge_claim
from layers.crs import GEOGRAPHIC, name_crs, point_coordinates, to_degrees
from layers.ground import Ground
from layers.read.contents import Part
from layers.read.points import Points

Near = tuple[float, float]


@dataclass(frozen=True)
class Reading:
    """How coordinates are to be read.

    Attributes
    ----------
    crs, datum : config values; None where the file's own claim holds.
    xy : coordinates as stored, shape (n, 2).
    used : the CRS they are read in, None where none was found.
    unsure : what somebody should look at, Chinese; empty where nothing is in doubt.
    """

    crs: str | None
    datum: str | None
    xy: NDArray[np.float64]
    used: CRS | None
    unsure: str = ""

    @property
    def middle(self) -> Near | None:
        """Longitude and latitude of the middle of the coordinates."""
        xy = self.xy[np.isfinite(self.xy).all(axis=1)]
        if self.used is None or not len(xy):
            return None
        low, high = xy.min(axis=0), xy.max(axis=0)
        x, y = (low + high) / 2
        lon, lat = to_degrees(np.array([x]), np.array([y]), self.used)
        return (float(lon[0]), float(lat[0])) if np.isfinite(lon[0]) else None


def read_shapes(part: Part, *, near: Near | None) -> Reading:
    """Judge the claim of a file with geometry; where it does not hold, take the likeliest reading."""
    assert part.geometry is not None
    xy = point_coordinates(gpd.GeoSeries(part.geometry.to_numpy()))
    verdict = judge_claim(xy, part.crs, ground=_stand(near))
    if not verdict.problem:
        return Reading(None, None, xy, part.crs)
    straight = [(guess.epsg, guess.label) for guess in verdict.guesses if not guess.swapped]
    if not straight:
        return Reading(None, None, xy, None, f"{verdict.problem}；{verdict.remedy}")
    others = "；也可能是：" + "、".join(label for _, label in straight[1:3]) if straight[1:] else ""
    code, label = straight[0]
    return Reading(f"EPSG:{code}", None, xy, CRS.from_epsg(code), f"{verdict.problem}；暂按{label}{others}")


def read_points(points: Points, *, near: Near | None) -> Reading:
    """Choose the system of coordinate columns: the datum of the web map, or the zone that fits the place."""
    if points.degrees:
        if points.datum is not None:
            return Reading(None, points.datum, points.xy, CRS.from_epsg(4326))
        doubt = "经纬度的基准未注明：高德、腾讯写 datum: gcj02，百度写 datum: bd09，GPS 写 datum: wgs84；暂按 CGCS2000"
        return Reading(f"EPSG:{GEOGRAPHIC}", None, points.xy, CRS.from_epsg(GEOGRAPHIC), doubt)
    # The middle decides: single wild points would make every reading possible.
    middle = np.nanmedian(points.xy, axis=0, keepdims=True)
    codes = [guess.epsg for guess in guess_crs(middle, ground=_stand(near)) if not guess.swapped]
    if not codes:
        return Reading(None, None, points.xy, None, "坐标系无法判定，请在 crs 中写明")
    doubt = "" if near is not None or len(codes) == 1 else f"坐标系暂按 {name_crs(CRS.from_epsg(codes[0]))}"
    return Reading(f"EPSG:{codes[0]}", None, points.xy, CRS.from_epsg(codes[0]), doubt)


def _stand(near: Near | None) -> Ground | None:
    return None if near is None else Ground(near)
