"""Which coordinate system a file's values are in, in the words of the plan config."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from layers.claims import guess_crs, judge_claim
from layers.crs import GEOGRAPHIC, name_crs, point_coordinates, to_degrees
from layers.datum import shift_to_wgs84
from layers.ground import Ground
from layers.offset_evidence import NAMES, Offset
from layers.offsets import judge_offset
from layers.read.contents import Part
from layers.read.points import Points
from layers.read.shift import WEB_DATUMS, projection_line

Near = tuple[float, float]
_WGS84 = 4326
_NO_DATUM = (
    "经纬度的基准未注明：高德、腾讯写 datum: gcj02，百度写 datum: bd09，GPS 写 datum: wgs84；暂按 CGCS2000"
)


@dataclass(frozen=True)
class Reading:
    """How coordinates are to be read.

    Attributes
    ----------
    crs, datum : config values; None where the file's own claim holds.
    shapes : geometry as stored.
    used : the CRS it is read in, None where none was found.
    unsure : what somebody should look at, Chinese; empty where nothing is in doubt.
    told : what the comparison with the ground has proved, with its numbers, Chinese; empty where nothing.
    """

    crs: str | None
    datum: str | None
    shapes: gpd.GeoSeries
    used: CRS | None
    unsure: str = ""
    told: str = ""

    @property
    def middle(self) -> Near | None:
        """Longitude and latitude of the middle of the coordinates."""
        xy = point_coordinates(self.shapes)
        xy = xy[np.isfinite(xy).all(axis=1)]
        if self.used is None or not len(xy):
            return None
        low, high = xy.min(axis=0), xy.max(axis=0)
        x, y = (low + high) / 2
        lon, lat = to_degrees(np.array([x]), np.array([y]), self.used)
        return (float(lon[0]), float(lat[0])) if np.isfinite(lon[0]) else None

    @property
    def frame(self) -> gpd.GeoDataFrame | None:
        """The shapes where they lie, a web map's offset taken out; None where that is not known."""
        if self.used is None:
            return None
        placed = gpd.GeoDataFrame(geometry=self.shapes.set_crs(self.used, allow_override=True))
        datum = self.datum
        if datum not in WEB_DATUMS:
            return placed
        degrees = placed if self.used.is_geographic else placed.to_crs(self.used.geodetic_crs)
        moved = shapely.transform(
            shapely.force_2d(degrees.geometry.to_numpy()),
            lambda xy: np.column_stack(shift_to_wgs84(xy[:, 0], xy[:, 1], datum=datum)),  # type: ignore[arg-type]
        )
        return gpd.GeoDataFrame(geometry=gpd.GeoSeries(moved, crs=GEOGRAPHIC))


def read_shapes(part: Part, *, ground: Ground | None) -> Reading:
    """Judge the claim of a file with geometry; where it does not hold, take the likeliest reading.

    Parameters
    ----------
    ground : what is known of the plan's place from other files.
    """
    assert part.geometry is not None
    shapes = gpd.GeoSeries(part.geometry.to_numpy())
    xy = point_coordinates(shapes)
    verdict = judge_claim(xy, part.crs, ground=ground)
    if not verdict.problem:
        return _weigh(Reading(None, None, shapes, part.crs), ground)
    straight = [(guess.epsg, guess.label) for guess in verdict.guesses if not guess.swapped]
    if not straight:
        return Reading(None, None, shapes, None, f"{verdict.problem}；{verdict.remedy}")
    others = "；也可能是：" + "、".join(label for _, label in straight[1:3]) if straight[1:] else ""
    code, label = straight[0]
    doubt = f"{verdict.problem}；暂按{label}{others}"
    return _weigh(Reading(f"EPSG:{code}", None, shapes, CRS.from_epsg(code), doubt), ground)


def read_points(points: Points, *, ground: Ground | None) -> Reading:
    """Choose the system of coordinate columns: what the ground proves, else what the columns suggest."""
    shapes = gpd.GeoSeries(shapely.points(points.xy))
    if points.degrees and points.datum is not None:
        known = Reading(None, points.datum, shapes, CRS.from_epsg(_WGS84))
        return _confirm(known, points.evidence, ground)
    if points.degrees:
        return _weigh(
            Reading(f"EPSG:{GEOGRAPHIC}", None, shapes, CRS.from_epsg(GEOGRAPHIC), _NO_DATUM), ground
        )
    # The middle decides: single wild points would make every reading possible.
    middle = np.nanmedian(points.xy, axis=0, keepdims=True)
    codes = [guess.epsg for guess in guess_crs(middle, ground=ground) if not guess.swapped]
    if not codes:
        return Reading(None, None, shapes, None, "坐标系无法判定，请在 crs 中写明")
    used = CRS.from_epsg(codes[0])
    doubt = "" if ground is not None or len(codes) == 1 else f"坐标系暂按 {name_crs(used)}"
    return _weigh(Reading(f"EPSG:{codes[0]}", None, shapes, used, doubt), ground)


def _weigh(reading: Reading, ground: Ground | None) -> Reading:
    """Add what the ground says of a reading: a web map's offset proved, denied or suspected."""
    offset = _compare(reading, ground)
    if offset is None or offset.state in {"unclear", "few", "no_ground"}:
        return reading
    guessed = reading.unsure == _NO_DATUM
    if offset.state == "as_is":
        told = f"与参照吻合，没有偏移（{offset.evidence}）"
        return replace(reading, unsure="" if guessed else reading.unsure, told=told)
    if offset.state == "shifted" and offset.reading in WEB_DATUMS:
        told = f"与参照比对为 {NAMES[offset.reading]}（{offset.evidence}）"
        # A datum stands for degrees by itself; a projection has to be named still.
        crs = None if guessed else reading.crs
        return replace(
            reading, crs=crs, datum=offset.reading, unsure="" if guessed else reading.unsure, told=told
        )
    return replace(reading, unsure="；".join(filter(None, (reading.unsure, _doubt(offset, reading)))))


def _confirm(reading: Reading, evidence: str, ground: Ground | None) -> Reading:
    """Hold the datum that a web map's columns suggest against the ground, which has the last word."""
    offset = _compare(reading, ground)
    if offset is not None and offset.state == "as_is":
        doubt = f"{evidence}，但与参照比对没有偏移（{offset.evidence}）：可能已经还原，不再还原"
        return replace(reading, crs=f"EPSG:{GEOGRAPHIC}", datum=None, unsure=doubt)
    if offset is not None and offset.state == "shifted" and offset.reading in WEB_DATUMS - {reading.datum}:
        doubt = f"{evidence}，但与参照比对为 {NAMES[offset.reading]}（{offset.evidence}）"
        return replace(reading, datum=offset.reading, unsure=doubt)
    proved = offset is not None and offset.state == "shifted"
    return replace(
        reading, told=f"{evidence}；还原后与参照吻合（{offset.evidence}）" if proved and offset else ""
    )


def _compare(reading: Reading, ground: Ground | None) -> Offset | None:
    if reading.used is None or ground is None:
        return None
    placed = reading.shapes.set_crs(reading.used, allow_override=True)
    return judge_offset(placed, reading.used, ground)


def _doubt(offset: Offset, reading: Reading) -> str:
    """Return what the ground suspects but does not prove, with the config line that would say it."""
    if offset.state == "ground":
        return f"与参照（社区边界、道路）相差一个网络地图偏移，参照疑为 {NAMES[offset.reading]}：{offset.evidence}"
    if offset.state == "displaced":
        return f"整体偏移，疑为 1980西安、1954北京坐标系误标：{offset.evidence}；请提供单位核实"
    if offset.reading in {"utm", "gk"} and reading.used is not None:
        return f"疑为 {NAMES[offset.reading]}：{offset.evidence}；{projection_line(offset.reading, reading.used)}"
    return f"疑为 {NAMES[offset.reading]}，把握不足：{offset.evidence}；核实后写 datum: {offset.reading}"
