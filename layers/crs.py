"""The plan's coordinate system: zones, datums, the way into it, and areas.

Everything canonical is in CGCS2000, 3-degree Gauss-Krueger, the form without zone prefix, metres, easting
first (``standards/crs.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError

GEOGRAPHIC = 4490
_CHINA = (73.0, 3.0, 136.0, 54.5)
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
        return CRS.from_user_input(text)
    except CRSError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def name_crs(crs: CRS) -> str:
    """Return a short name for messages: ``EPSG:4548（CGCS2000 / 3-degree Gauss-Kruger CM 117E）``."""
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code}（{CRS.from_epsg(code).name}）" if code else crs.name


def prefix_zone(crs: CRS) -> int | None:
    """Return the zone number that eastings of ``crs`` begin with; None where they have no prefix."""
    params = crs.coordinate_operation.params if crs.is_projected and crs.coordinate_operation else []
    eastings = [float(p.value) for p in params if p.name == "False easting"]
    return int(float(eastings[0]) // 1e6) or None if eastings else None


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


def to_degrees(x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> tuple[NDArray[np.float64], ...]:
    """Transform to longitude, latitude of the CRS's own datum; points outside its reach become infinite."""
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return np.full_like(x, np.inf), np.full_like(y, np.inf)
    made = Transformer.from_crs(crs, geodetic, always_xy=True).transform(x, y, errcheck=False)
    return np.asarray(made[0]), np.asarray(made[1])


def sits_in_china(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in the box of China."""
    west, south, east, north = _CHINA
    with np.errstate(invalid="ignore"):
        return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def point_coordinates(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return one coordinate pair a feature (its first vertex), NaN where there is none, shape (n, 2)."""
    shapes = geometry.to_numpy()
    result = np.full((len(shapes), 2), np.nan)
    coords, index = shapely.get_coordinates(shapes, return_index=True)
    kept, first = np.unique(index, return_index=True)
    result[kept] = coords[first]
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
