"""Where and when the invented place is: seed, codes, names, coordinate frames.

Everything here is fictional. The division codes lie in 369901001001 to 369901001099: the prefix 36
keeps the province check meaningful, and no county 369901 exists, so no real place can be mistaken
for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEED = 20250523
DATE = "2025-03-01"  # stamped into every file that carries a date, so that re-runs give same bytes

CRS = "EPSG:4548"  # CGCS2000 / 3-degree GK CM 117E, easting without zone prefix
CRS_PREFIXED = "EPSG:4527"  # the same zone with the prefix 39 in the easting
PREFIX_M = 39_000_000.0

COUNTY_CODE, COUNTY = "369901", "虚构区"
STREET_CODE, STREET = "369901001", "云溪街道"
COMMUNITIES = {
    "清源社区": "369901001001",
    "梧桐社区": "369901001002",
    "桂苑社区": "369901001003",
    "望江社区": "369901001004",
    "小样社区": "369901001005",  # the tiny plan
}

# The plan is drawn in a local frame (metres, x east, y north) and turned a little, because no
# real street grid follows the map grid.
ORIGIN_E, ORIGIN_N = 485_200.0, 3_136_400.0
TURN_DEG = -8.0
_C, _S = np.cos(np.radians(TURN_DEG)), np.sin(np.radians(TURN_DEG))


def place(xy: object) -> NDArray[np.float64]:
    """Turn local plan coordinates, shape (n, 2) or (2,), into EPSG:4548 metres."""
    a = np.asarray(xy, dtype=float)
    x, y = a[..., 0], a[..., 1]
    return np.stack([ORIGIN_E + _C * x - _S * y, ORIGIN_N + _S * x + _C * y], axis=-1)


def local(en: object) -> NDArray[np.float64]:
    """Inverse of :func:`place`."""
    a = np.asarray(en, dtype=float)
    e, n = a[..., 0] - ORIGIN_E, a[..., 1] - ORIGIN_N
    return np.stack([_C * e + _S * n, -_S * e + _C * n], axis=-1)


def make_rng(topic: str) -> np.random.Generator:
    """One generator per topic, so that a change in one part leaves the others as they were."""
    return np.random.default_rng([SEED, *topic.encode()])


def smooth(points: object, *, step_m: float = 12.0) -> NDArray[np.float64]:
    """Draw a centripetal Catmull-Rom curve through local control points, shape (n, 2)."""
    p = np.asarray(points, dtype=float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    out = [p[1]]
    for i in range(1, len(p) - 2):
        k = max(2, int(np.hypot(*(p[i + 1] - p[i])) // step_m))
        t = np.linspace(0, 1, k + 1)[1:, None]
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        out.extend(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return np.array(out)


_A, _EE = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, the ellipsoid of the web-map offset


def shift_to_gcj02(lon: NDArray[np.float64], lat: NDArray[np.float64]):
    """Apply the published GCJ-02 offset to CGCS2000 degrees, as Chinese web maps do."""
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    wave = (20 * np.sin(6 * x * pi) + 20 * np.sin(2 * x * pi)) * 2 / 3
    dy = (
        -100
        + 2 * x
        + 3 * y
        + 0.2 * y**2
        + 0.1 * x * y
        + 0.2 * np.sqrt(np.abs(x))
        + wave
        + (20 * np.sin(y * pi) + 40 * np.sin(y / 3 * pi)) * 2 / 3
        + (160 * np.sin(y / 12 * pi) + 320 * np.sin(y * pi / 30)) * 2 / 3
    )
    dx = (
        300
        + x
        + 2 * y
        + 0.1 * x**2
        + 0.1 * x * y
        + 0.1 * np.sqrt(np.abs(x))
        + wave
        + (20 * np.sin(x * pi) + 40 * np.sin(x / 3 * pi)) * 2 / 3
        + (150 * np.sin(x / 12 * pi) + 300 * np.sin(x / 30 * pi)) * 2 / 3
    )
    rad = lat / 180 * pi
    magic = 1 - _EE * np.sin(rad) ** 2
    dlat = dy * 180 / ((_A * (1 - _EE)) / (magic * np.sqrt(magic)) * pi)
    dlon = dx * 180 / (_A / np.sqrt(magic) * np.cos(rad) * pi)
    return lon + dlon, lat + dlat
