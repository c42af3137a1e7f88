"""Make polygons share no ground: where two overlap, the one of higher rank keeps it."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray


def cut_overlaps(polygons: ArrayLike, *, order: ArrayLike) -> NDArray[np.object_]:
    """Return the polygons without the ground that polygons of a smaller ``order`` cover.

    Each is cut by the originals before it, not by their remains: what a polygon lost was already given to
    one of still smaller order, so the union is the same and no polygon waits for another.

    Parameters
    ----------
    polygons : (n,) valid polygons in a projected CRS, metres.
    order : (n,) distinct numbers; smaller wins.

    Returns
    -------
    (n,) polygons or multipolygons; empty where nothing is left. Lines and points left by touching outlines
    are dropped.
    """
    polygons = np.asarray(polygons, dtype=object)
    order = np.asarray(order)
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    later = order[left] > order[right]
    left, right = left[later], right[later]
    result = polygons.copy()
    if not left.size:
        return result
    sort = np.argsort(left, kind="stable")
    victims, starts = np.unique(left[sort], return_index=True)
    cutters = [shapely.union_all(polygons[group]) for group in np.split(right[sort], starts[1:])]
    result[victims] = keep_areas(shapely.difference(polygons[victims], np.asarray(cutters, dtype=object)))
    return result


def keep_areas(geometry: ArrayLike) -> NDArray[np.object_]:
    """Return geometries with only their polygonal parts, as polygon, multipolygon or empty polygon."""
    geometry = np.asarray(geometry, dtype=object)
    parts, owner = shapely.get_parts(geometry, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)  # a collection may hold a multipolygon
    owner = owner[inner]
    flat = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 0)
    parts, owner = parts[flat], owner[flat]
    result = np.full(geometry.shape, shapely.Polygon(), dtype=object)
    for index, group in zip(*_groups(parts, owner), strict=True):
        result[index] = group[0] if len(group) == 1 else shapely.MultiPolygon(list(group))
    return result


def _groups(parts: NDArray[np.object_], owner: NDArray[np.intp]) -> tuple[NDArray[np.intp], list[NDArray]]:
    index, starts = np.unique(owner, return_index=True)
    return index, np.split(parts, starts[1:]) if index.size else []
