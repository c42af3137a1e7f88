"""One area rule a plan: planar in the 3-degree zone, or on the ellipsoid. Never in degrees or Mercator."""

from __future__ import annotations

from typing import Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.crs import ELLIPSOID, GEOGRAPHIC

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
    degrees = geometry.to_crs(GEOGRAPHIC)
    # Rings must turn opposite ways, or a hole would add to its shell; rows without a shape have no area.
    shapes = shapely.orient_polygons(degrees.to_numpy())
    areas = [
        0.0 if shape is None or shape.is_empty else abs(ELLIPSOID.geometry_area_perimeter(shape)[0])
        for shape in shapes
    ]
    return pd.Series(areas, index=geometry.index, dtype=np.float64)
