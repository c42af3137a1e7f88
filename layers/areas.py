"""One area rule a plan: planar in the 3-degree zone, or on the ellipsoid. Never in degrees or Mercator.

Delivered areas have two decimals and add up: the plan's area is its communities', a community's is its parcels'.
Only the residue of rounding is spread, by largest remainder (面积平差); no area changes by more than its last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from layers.crs import ELLIPSOID, GEOGRAPHIC

AreaRule: TypeAlias = Literal["planar", "ellipsoidal"]
DECIMALS = 2
_GRAIN = 10.0**-DECIMALS


def measure_area(geometry: gpd.GeoSeries, *, rule: AreaRule = "planar") -> pd.Series:
    """Return areas in m².

    Parameters
    ----------
    geometry : polygons in the plan's projected CRS, metres.
    rule : ``planar`` measures in the projection; ``ellipsoidal`` on the CGCS2000 ellipsoid.

    Raises
    ------
    ValueError
        If the CRS is missing or not projected.
    """
    crs = geometry.crs
    if crs is None or not crs.is_projected:
        raise ValueError("areas are measured in the plan's projected CRS only")
    if rule == "planar":
        return geometry.area
    degrees = geometry.to_crs(GEOGRAPHIC)
    # Rings must turn opposite ways, or a hole would add to its shell; rows without a shape have no area.
    shapes = shapely.orient_polygons(degrees.to_numpy())
    areas = [
        0.0 if shape is None or shape.is_empty else abs(ELLIPSOID.geometry_area_perimeter(shape)[0])
        for shape in shapes
    ]
    return pd.Series(areas, index=geometry.index, dtype=np.float64)


def share_total(parts: ArrayLike, total: float, *, decimals: int = DECIMALS) -> NDArray[np.float64]:
    """Split ``total`` in proportion to ``parts`` so that the rounded pieces add up to it exactly.

    The residue goes to the largest remainders, first come on equal ones.

    Parameters
    ----------
    parts : (n,) weights, not negative, at least one positive.
    total : the sum to keep, itself rounded to ``decimals``.

    Raises
    ------
    ValueError
        If a weight is negative or all are zero.
    """
    weight = np.asarray(parts, dtype=float).reshape(-1)
    if (weight < 0).any() or not weight.sum() > 0:
        raise ValueError("parts must not be negative and one must be positive")
    grains = round(total * 10**decimals)
    ideal = grains * weight / weight.sum()
    whole = np.floor(ideal).astype(np.int64)
    extra = int(grains - whole.sum())
    whole[np.argsort(-(ideal - whole), kind="stable")[:extra]] += 1
    return whole / 10**decimals


def round_shares(parts: ArrayLike, *, decimals: int = DECIMALS) -> NDArray[np.float64]:
    """Round areas so that they add up to their rounded sum; all zeros stay zeros."""
    exact = np.asarray(parts, dtype=float).reshape(-1)
    return share_total(exact, exact.sum(), decimals=decimals) if exact.sum() > 0 else np.zeros(len(exact))


@dataclass(frozen=True)
class Settled:
    """Areas that add up.

    Attributes
    ----------
    tiles : (n,) m², two decimals.
    grounds : (m,) m² of the grounds tiled, two decimals.
    filled : (m,) whether the tiles of a ground add up to it exactly.
    """

    tiles: NDArray[np.float64]
    grounds: NDArray[np.float64]
    filled: NDArray[np.bool_]


def settle_areas(tiles: ArrayLike, ground_of: ArrayLike, grounds: ArrayLike, *, total: float) -> Settled:
    """Round areas of tiles and grounds so that tiles add up to their ground and grounds to the whole.

    A ground whose tiles cover it but for rounding (0.01 m² a tile) gets its residue spread over them. Where they
    do not cover it, nothing is stretched: its tiles add up to what they cover, and the caller says so.

    Parameters
    ----------
    tiles : (n,) exact m².
    ground_of : (n,) which ground a tile lies in; negative for none, and such tiles are rounded by themselves.
    grounds : (m,) exact m².
    total : exact m² of all grounds together.
    """
    exact, index = np.asarray(tiles, dtype=float), np.asarray(ground_of)
    sizes = np.asarray(grounds, dtype=float)
    whole = abs(sizes.sum() - total) <= _GRAIN * max(len(sizes), 1)
    # Grounds that overlap or leave something out do not make the whole; each then stands for itself.
    ground = share_total(sizes, round(total, DECIMALS)) if whole and total > 0 else np.round(sizes, DECIMALS)
    result = np.round(exact, DECIMALS)
    filled = np.zeros(len(sizes), dtype=bool)
    for nth, size in enumerate(ground):
        mine = np.flatnonzero(index == nth)
        if not mine.size or not exact[mine].sum() > 0:
            continue
        filled[nth] = abs(exact[mine].sum() - sizes[nth]) <= _GRAIN * len(mine)
        result[mine] = share_total(exact[mine], size) if filled[nth] else round_shares(exact[mine])
    return Settled(result, ground, filled)
