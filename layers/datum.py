"""GCJ-02 and BD-09, the offset coordinates of web maps, to and from WGS84.

The offset is the published polynomial-and-sine field on the Krasovsky 1940 ellipsoid; it has no closed
inverse, so the inverse iterates until the forward image is hit to 1e-10 degrees (about 0.01 mm).
Converted points are reference data good to some metres, never a base for boundaries
(``standards/crs.md`` section 5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[Floats, Floats]
Shifted = Literal["gcj02", "bd09"]

_A = 6378245.0  # Krasovsky 1940 semi-major axis, metres
_E2 = 0.00669342162296594323  # and its eccentricity squared
_TOLERANCE_DEG = 1e-10
_ROUNDS = 20


def in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which points lie in the box where web maps apply the offset."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    return (x >= 72.004) & (x <= 137.8347) & (y >= 0.8293) & (y <= 55.8271)


def _ripple(value: Floats, weights: tuple[float, ...], periods: tuple[float, ...]) -> Floats:
    total = np.zeros_like(value)
    for weight, period in zip(weights, periods, strict=True):
        total += weight * np.sin(value * np.pi / period)
    return total * 2.0 / 3.0


def _offset_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Offset of GCJ-02 from WGS84 at WGS84 points, degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    shared = _ripple(x, (20.0, 20.0), (1 / 6, 1 / 2))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared
    north += _ripple(y, (20.0, 40.0, 160.0, 320.0), (1.0, 3.0, 12.0, 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared
    east += _ripple(x, (20.0, 40.0, 150.0, 300.0), (1.0, 3.0, 12.0, 30.0))
    phi = np.radians(lat)
    w2 = 1.0 - _E2 * np.sin(phi) ** 2
    meridian = _A * (1.0 - _E2) / w2**1.5
    parallel = _A / np.sqrt(w2) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _to_gcj02(lon: Floats, lat: Floats) -> Pair:
    dx, dy = _offset_gcj02(lon, lat)
    return lon + dx, lat + dy


def _gcj02_to_bd09(lon: Floats, lat: Floats) -> Pair:
    k = np.pi * 3000.0 / 180.0
    z = np.hypot(lon, lat) + 2e-5 * np.sin(lat * k)
    theta = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * k)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def _to_bd09(lon: Floats, lat: Floats) -> Pair:
    return _gcj02_to_bd09(*_to_gcj02(lon, lat))


_FORWARD: dict[str, Callable[[Floats, Floats], Pair]] = {"gcj02": _to_gcj02, "bd09": _to_bd09}


def _arrays(lon: ArrayLike, lat: ArrayLike) -> Pair:
    return np.array(lon, dtype=float, ndmin=1), np.array(lat, dtype=float, ndmin=1)


def shift_from_wgs84(lon: ArrayLike, lat: ArrayLike, *, datum: Shifted) -> Pair:
    """Shift WGS84 degrees to GCJ-02 or BD-09; points outside China stay.

    Parameters
    ----------
    lon, lat : degrees, shape (n,).
    """
    x, y = _arrays(lon, lat)
    inside = in_china(x, y)
    x[inside], y[inside] = _FORWARD[datum](x[inside], y[inside])
    return x, y


def shift_to_wgs84(lon: ArrayLike, lat: ArrayLike, *, datum: Shifted) -> Pair:
    """Shift GCJ-02 or BD-09 degrees to WGS84; points outside China stay.

    Fixed-point iteration: the offset changes by less than 1 % over its own length, so each round gains
    at least two digits.

    Parameters
    ----------
    lon, lat : degrees, shape (n,).

    Raises
    ------
    ArithmeticError
        If a point does not converge, which no point inside China does.
    """
    x, y = _arrays(lon, lat)
    inside = in_china(x, y)
    to_x, to_y = x[inside], y[inside]
    guess_x, guess_y = to_x.copy(), to_y.copy()
    forward = _FORWARD[datum]
    for _ in range(_ROUNDS):
        now_x, now_y = forward(guess_x, guess_y)
        step_x, step_y = to_x - now_x, to_y - now_y
        guess_x += step_x
        guess_y += step_y
        if not len(step_x) or max(np.abs(step_x).max(), np.abs(step_y).max()) < _TOLERANCE_DEG:
            break
    else:
        raise ArithmeticError(f"{datum} inverse did not converge")
    x[inside], y[inside] = guess_x, guess_y
    return x, y
