"""Pure shape measures: inscribed width, compactness, medoid."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from layers import overlap

# The inscribed circle is found to this part of a metre; finer changes no threshold and costs time.
_TOLERANCE_M = 0.05
_CHUNK = 500


def measure_width(areas: ArrayLike) -> NDArray[np.float64]:
    """Return the diameter of the largest inscribed circle of each area.

    Parameters
    ----------
    areas : (n,) array of shapely geometries, planar metres; anything but areas gives NaN.

    Returns
    -------
    (n,) float, metres.
    """
    shapes = np.asarray(areas, dtype=object).reshape(-1)
    width = np.full(len(shapes), np.nan)
    solid = _is_area(shapes)
    if solid.any():
        radii = shapely.maximum_inscribed_circle(shapes[solid], tolerance=_TOLERANCE_M)
        width[solid] = 2 * shapely.length(radii)
    return width


def measure_compactness(areas: ArrayLike) -> NDArray[np.float64]:
    """Return 4πA/P² of each area (Polsby–Popper): 1 for a circle, NaN for anything but areas."""
    shapes = np.asarray(areas, dtype=object).reshape(-1)
    value = np.full(len(shapes), np.nan)
    solid = _is_area(shapes)
    value[solid] = 4 * np.pi * shapely.area(shapes[solid]) / shapely.length(shapes[solid]) ** 2
    return value


def find_medoid(x: ArrayLike, y: ArrayLike) -> int:
    """Return the index of the point with the least sum of straight distances to all others.

    A summary of where a group lies, so it is always a real member; the lowest index wins a tie.

    Raises
    ------
    ValueError
        If there is no point.
    """
    points = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    if not len(points):
        raise ValueError("no point to choose a medoid from")
    total = np.concatenate(
        [cdist(points[i : i + _CHUNK], points).sum(axis=1) for i in range(0, len(points), _CHUNK)]
    )
    return int(np.argmin(np.round(total, 6)))


def keep_areas(shape: shapely.Geometry, *, least_m2: float = 0.0) -> shapely.Geometry:
    """Return only the polygons of ``shape`` of at least ``least_m2``, as one geometry."""
    solid = shapely.get_parts(overlap.keep_areas([shape])[0])
    solid = solid[shapely.area(solid) >= least_m2]
    return solid[0] if len(solid) == 1 else shapely.multipolygons(solid)


def _is_area(shapes: NDArray) -> NDArray[np.bool_]:
    kind = shapely.get_type_id(shapes)
    return ((kind == 3) | (kind == 6)) & ~shapely.is_empty(shapes)
