"""The plan's coordinate system: zones, datums, the way into it, and areas.

Everything canonical is in CGCS2000, 3-degree Gauss-Krueger, the form without zone prefix, metres, easting
first (``standards/crs.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError

GEOGRAPHIC = 4490
_CHINA = (73.0, 3.0, 136.0, 54.5)
_INSIDE = (115.99, 27.62)  # a place in Jiangxi: PROJ chooses transformations by place
ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)


@dataclass(frozen=True)
class Zone:
    """A 3-degree zone by its number (38 for 114 E, 39 for 117 E)."""

    number: int

    @property
    def meridian(self) -> int:
        """Central meridian, degrees east."""
        return self.number * 3

    @property
    def plain(self) -> int:
        """EPSG code of the form without prefix in the easting (4547, 4548)."""
        return 4534 + self.number - 25

    @property
    def prefixed(self) -> int:
        """EPSG code of the form with the zone number before the easting (4526, 4527)."""
        return 4513 + self.number - 25


# Every 3-degree zone of China.
ZONES = tuple(Zone(number) for number in range(25, 46))


def choose_zone(lon: float) -> Zone:
    """Return the 3-degree zone of a longitude: CM = 3 * round(lon / 3).

    Raises
    ------
    ValueError
        If the longitude is outside the zones of China (25 to 45).
    """
    number = int(np.floor(lon / 3.0 + 0.5))
    if not ZONES[0].number <= number <= ZONES[-1].number:
        raise ValueError(f"longitude {lon} is outside the 3-degree zones of China")
    return Zone(number)


def read_crs(text: str | CRS | None) -> CRS | None:
    """Return a CRS from an EPSG code, WKT or object; None for nothing.

    Raises
    ------
    ValueError
        If the text names no known CRS.
    """
    if text is None or text == "":
        return None
    try:
        return _parse_crs(text) if isinstance(text, str) else CRS.from_user_input(text)
    except CRSError as error:
        raise ValueError(str(error).splitlines()[0]) from None


@lru_cache(maxsize=256)  # a plan has one or two, asked for with every file
def _parse_crs(text: str) -> CRS:
    return CRS.from_user_input(text)


@lru_cache(maxsize=256)
def find_epsg(text: str) -> int | None:
    """Return the EPSG code that a CRS text amounts to; None where it is another or none.

    Raises
    ------
    ValueError
        As ``read_crs``.
    """
    crs = read_crs(text)
    return None if crs is None else crs.to_epsg()


def name_crs(crs: CRS) -> str:
    """Return a short name for messages: ``EPSG:4548（CGCS2000 / 3-degree Gauss-Kruger CM 117E）``."""
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code}（{CRS.from_epsg(code).name}）" if code else crs.name


def prefix_zone(crs: CRS) -> int | None:
    """Return the zone number that eastings of ``crs`` begin with; None where they have no prefix."""
    params = crs.coordinate_operation.params if crs.is_projected and crs.coordinate_operation else []
    eastings = [float(p.value) for p in params if p.name == "False easting"]
    return int(float(eastings[0]) // 1e6) or None if eastings else None


def describe_local(crs: CRS) -> str:
    """Return what makes a CRS a city's own system, Chinese; empty for those of the whole country.

    National Gauss-Krueger zones and UTM have central meridians on whole zones, no false northing and a false
    easting of 500 km behind a zone number; whatever else is transverse Mercator was made for one city.
    """
    if crs.is_engineering or crs.geodetic_crs is None:
        return f"{crs.name}，没有与国家坐标系的关系"
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None or "Transverse Mercator" not in operation.method_name:
        return ""
    value = {item.name: float(item.value) for item in operation.params}
    meridian = value.get("Longitude of natural origin", 0.0)
    east, north = value.get("False easting", 0.0), value.get("False northing", 0.0)
    scale = value.get("Scale factor at natural origin", 1.0)
    # Degrees in WKT have rounding residues.
    on_zone = abs(meridian / 3 - round(meridian / 3)) < 1e-6
    if on_zone and east % 1e6 == 500_000.0 and north == 0.0 and scale in {1.0, 0.9996}:
        return ""
    return f"{crs.name}，中央经线 {meridian:.6g}°、东偏 {east:.10g} m、北偏 {north:.10g} m、尺度 {scale:.8g}"


def has_transformation(crs: CRS) -> bool:
    """Tell whether PROJ knows, in Jiangxi, how the CRS's datum lies against CGCS2000.

    For the 1980 and 1954 datums it does not: parameters are secret, and PROJ takes degrees as they are.
    """
    if datum_of(crs) in {"cgcs2000", "wgs84"}:
        return True
    if crs.geodetic_crs is None:
        return False
    transformer = Transformer.from_crs(crs.geodetic_crs, GEOGRAPHIC, always_xy=True)
    # Where PROJ has several ways it names the one it took; where it has one, only that.
    if "unavailable" in transformer.description:
        transformer.transform(*_INSIDE)
        transformer = transformer.get_last_used_operation()
    return "Ballpark" not in transformer.description


def datum_of(crs: CRS) -> str:
    """Return ``cgcs2000``, ``wgs84``, ``xian80``, ``beijing54`` or ``other`` from datum name and ellipsoid."""
    geodetic = crs.geodetic_crs
    if geodetic is None or geodetic.datum is None or geodetic.ellipsoid is None:
        return "other"
    name = geodetic.datum.name.replace("_", " ").lower()
    ellipsoid = geodetic.ellipsoid
    for word, key in (("2000", "cgcs2000"), ("1984", "wgs84"), ("1980", "xian80"), ("1954", "beijing54")):
        if word in name and ("china" in name or word != "2000"):
            return key
    # Some bureaus write GRS80 or an unnamed datum for CGCS2000: the numbers of the ellipsoid decide.
    if abs(ellipsoid.semi_major_metre - 6378137.0) < 0.01:
        flattening = ellipsoid.inverse_flattening
        if abs(flattening - 298.257222101) < 5e-7:
            return "cgcs2000"
        if abs(flattening - 298.257223563) < 5e-7:
            return "wgs84"
    return "other"


Pair: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


def to_degrees(x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> Pair:
    """Transform to longitude, latitude of the CRS's own datum; points outside its reach become infinite."""
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return np.full_like(x, np.inf), np.full_like(y, np.inf)
    made = Transformer.from_crs(crs, geodetic, always_xy=True).transform(x, y, errcheck=False)
    return np.asarray(made[0]), np.asarray(made[1])


def from_degrees(lon: NDArray[np.float64], lat: NDArray[np.float64], crs: CRS) -> Pair:
    """Transform longitude, latitude of the CRS's own datum to its eastings and northings."""
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return np.full_like(lon, np.inf), np.full_like(lat, np.inf)
    made = Transformer.from_crs(geodetic, crs, always_xy=True).transform(lon, lat, errcheck=False)
    return np.asarray(made[0]), np.asarray(made[1])


def move_shapes(shapes: NDArray[np.object_], source: int, target: int) -> NDArray[np.object_]:
    """Return shapes transformed from one EPSG code to another, easting or longitude first."""
    if source == target:
        return shapes
    transformer = Transformer.from_crs(source, target, always_xy=True)
    return np.asarray(
        shapely.transform(shapes, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))
    )


def sits_in_china(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in the box of China."""
    west, south, east, north = _CHINA
    with np.errstate(invalid="ignore"):
        return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def point_coordinates(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return one coordinate pair a feature (its first vertex), NaN where there is none, shape (n, 2)."""
    return first_vertices(geometry.to_numpy())


def first_vertices(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the first vertex of each geometry, NaN where there is none, shape (n, 2)."""
    result = np.full((len(shapes), 2), np.nan)
    coords, index = shapely.get_coordinates(shapes, return_index=True)
    first = np.flatnonzero(np.diff(index, prepend=-1))
    result[index[first]] = coords[first]
    return result


def place_of(frame: gpd.GeoDataFrame) -> tuple[float, float] | None:
    """Return longitude, latitude of the middle of a frame's extent; None when it has no geometry."""
    if frame.crs is None or not len(frame):
        return None
    bounds = frame.total_bounds
    if not np.isfinite(bounds).all():
        return None
    lon, lat = to_degrees(
        np.array([(bounds[0] + bounds[2]) / 2]), np.array([(bounds[1] + bounds[3]) / 2]), CRS(frame.crs)
    )
    return float(lon[0]), float(lat[0])


def to_plan(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Transform a frame to the plan's CRS; between WGS84 and CGCS2000 the shift is null and made explicit.

    PROJ knows no transformation between the two; frames have drifted apart by about 0.5-0.9 m, which is
    accepted for community plans and must be recorded by the caller (``standards/crs.md`` section 4).

    Raises
    ------
    ValueError
        If the frame has no CRS.
    """
    if frame.crs is None:
        raise ValueError("frame without CRS")
    source = CRS(frame.crs)
    if source == crs:
        return frame
    if datum_of(source) == "wgs84":
        degrees = frame.to_crs(source.geodetic_crs) if source.is_projected else frame
        return degrees.set_crs(GEOGRAPHIC, allow_override=True).to_crs(crs)
    return frame.to_crs(crs)
