"""One area rule a plan: planar in the 3-degree zone, or on the ellipsoid. Never in degrees or Mercator."""

from __future__ import annotations

from typing import Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Geod

AreaRule: TypeAlias = Literal["planar", "ellipsoidal"]


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
    geod = Geod(a=6378137.0, rf=298.257222101)
    degrees = geometry.to_crs(CRS.from_epsg(4490))
    # Rings must turn opposite ways, or a hole would add to its shell; rows without a shape have no area.
    shapes = shapely.orient_polygons(degrees.to_numpy())
    areas = [
        0.0 if shape is None or shape.is_empty else abs(geod.geometry_area_perimeter(shape)[0])
        for shape in shapes
    ]
    return pd.Series(areas, index=geometry.index, dtype=np.float64)


def split_rounded(values: pd.Series, total: float, *, decimals: int = 2) -> pd.Series:
    """Round values so that they sum exactly to the rounded total (largest remainder).

    Only the rounding residue is spread; a larger difference is a fault of the data and refused.

    Raises
    ------
    ValueError
        If values and total differ by more than rounding can explain.
    """
    unit = 10.0**-decimals
    scaled = values.to_numpy(dtype=np.float64) / unit
    floors = np.floor(scaled + 1e-9)
    missing = round(total / unit) - int(floors.sum())
    if not 0 <= missing <= len(values):
        raise ValueError(f"values sum to {values.sum()}, total is {total}: more than rounding")
    order = np.lexsort((np.arange(len(values)), -(scaled - floors)))
    floors[order[:missing]] += 1
    return pd.Series((floors * unit).round(decimals), index=values.index)
