"""Rings and lines as runs of vertices, without a geometry made of each: 100,000 parcels have as many rings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

POLYGON, LINES = 3, (1, 2)


@dataclass(frozen=True)
class Curves:
    """Rings of polygons and lines, in the order of their features; a ring's last vertex is its first one.

    Attributes
    ----------
    xy : (n, 2) vertices of all of them, one after the other.
    count : (k,) number of vertices of each.
    feature : (k,) position of the feature it belongs to.
    closed : (k,) whether it is a ring of a polygon.
    hole : (k,) whether its polygon lies outside it.
    """

    xy: NDArray[np.float64]
    count: NDArray[np.intp]
    feature: NDArray[np.intp]
    closed: NDArray[np.bool_]
    hole: NDArray[np.bool_]


def list_edges(shape: shapely.Geometry) -> NDArray[np.object_]:
    """Return the straight pieces of a geometry's rings and lines."""
    curves = list_curves([shape])
    curve = np.repeat(np.arange(len(curves.count)), curves.count)
    goes_on = curve[1:] == curve[:-1]
    return shapely.linestrings(np.stack([curves.xy[:-1][goes_on], curves.xy[1:][goes_on]], axis=1))


def list_parts(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return the parts of geometries and whose they are; where each has but one, nothing is copied."""
    if (shapely.get_type_id(shapes) > POLYGON).any():
        parts, owner = shapely.get_parts(shapes, return_index=True)
        return parts, owner.astype(np.intp)
    owner = np.flatnonzero(shapely.get_num_geometries(shapes) > 0)
    return shapes[owner], owner


def list_curves(shapes: ArrayLike) -> Curves:
    """Return the rings and lines of geometries; points and missing geometries have none.

    Parameters
    ----------
    shapes : (n,) geometries; of a collection only what it holds itself is looked at.
    """
    parts, owner = list_parts(np.asarray(shapes, dtype=object))
    kinds = shapely.get_type_id(parts)
    solid = kinds == POLYGON
    drawn = solid | np.isin(kinds, LINES)
    parts, owner, solid = parts[drawn], owner[drawn], solid[drawn]
    rings = shapely.get_num_interior_rings(parts) + 1
    part = np.repeat(np.arange(len(parts)), rings)
    count = shapely.get_num_coordinates(parts).astype(np.intp)[part]
    # Vertices of a polygon come shell first, then hole by hole; only those with holes are taken apart.
    holed = rings > 1
    count[holed[part]] = shapely.get_num_coordinates(shapely.get_rings(parts[holed]))
    return Curves(
        shapely.get_coordinates(parts), count, owner[part], solid[part], np.diff(part, prepend=-1) == 0
    )
