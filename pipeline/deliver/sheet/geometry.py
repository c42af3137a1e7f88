"""Array-in, array-out geometry for paper: clip, simplify, split by kind, hatch, turn into paths."""

from __future__ import annotations

import numpy as np
import shapely
from matplotlib.path import Path as MplPath
from numpy.typing import NDArray

from styles.frame import Box

Geometries = NDArray[np.object_]


def clip_to_box(geometries: Geometries, box: Box, tolerance: float) -> Geometries:
    """Clip page geometries to a box and drop detail finer than `tolerance` (mm).

    A little beyond the box is kept so that outlines cut at its edge are not stroked along it.
    """
    around = box.shrink(-3.0)
    inside = shapely.intersects(geometries, shapely.box(*box.bounds))
    clipped = np.full(len(geometries), None, dtype=object)
    shown = geometries[inside]
    broken = ~shapely.is_valid(shown)
    shown[broken] = shapely.make_valid(shown[broken])
    clipped[inside] = shapely.clip_by_rect(
        shapely.simplify(shown, tolerance / 2, preserve_topology=True), *around.bounds
    )
    return clipped


def explode(geometries: Geometries, kind: str) -> tuple[Geometries, NDArray[np.intp]]:
    """Return the simple parts of one kind with the index of the geometry each came from.

    Parameters
    ----------
    kind
        ``fill``, ``line`` or ``point``.
    """
    parts, index = shapely.get_parts(geometries, return_index=True)
    # Clipping may leave a collection inside a collection's place; one more level is enough.
    parts, again = shapely.get_parts(parts, return_index=True)
    index = index[again]
    dimension = {"point": 0, "line": 1, "fill": 2}[kind]
    keep = (shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)
    return parts[keep], index[keep]


def polygon_paths(polygons: Geometries) -> list[MplPath]:
    """Return one compound path a polygon, shells and holes wound oppositely so holes stay open."""
    polygons = polygons[shapely.get_dimensions(polygons) == 2]
    if not len(polygons):
        return []
    oriented = shapely.orient_polygons(shapely.get_parts(polygons))
    rings, owner = shapely.get_rings(oriented, return_index=True)
    coords, ring_of = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(coords), MplPath.LINETO, dtype=MplPath.code_type)
    starts = np.flatnonzero(np.r_[True, ring_of[1:] != ring_of[:-1]])
    codes[starts] = MplPath.MOVETO
    codes[np.r_[starts[1:], len(coords)] - 1] = MplPath.CLOSEPOLY
    breaks = np.flatnonzero(np.diff(owner[ring_of])) + 1
    return [
        MplPath(xy, code, readonly=True)
        for xy, code in zip(np.split(coords, breaks), np.split(codes, breaks), strict=True)
    ]


def line_arrays(lines: Geometries) -> list[NDArray[np.float64]]:
    """Return one (n, 2) array a line."""
    if not len(lines):
        return []
    coords, index = shapely.get_coordinates(lines, return_index=True)
    return np.split(coords, np.flatnonzero(np.diff(index)) + 1)


def hatch_lines(polygons: Geometries, angle: float, spacing: float) -> list[NDArray[np.float64]]:
    """Return parallel lines clipped to polygons, exact in mm and equal in every output format.

    Lines hang on a grid through the page origin, so neighbours of one class share one pattern.
    """
    if not len(polygons):
        return []
    turn = np.deg2rad(angle)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    corners = shapely.get_coordinates(shapely.box(*shapely.total_bounds(polygons)))
    reach, offset = corners @ along, corners @ across
    steps = np.arange(np.ceil(offset.min() / spacing), np.floor(offset.max() / spacing) + 1)
    if not len(steps):
        return []
    start = steps[:, None] * spacing * across + reach.min() * along
    end = steps[:, None] * spacing * across + reach.max() * along
    grid = shapely.linestrings(np.stack([start, end], axis=1))
    line_index, polygon_index = shapely.STRtree(polygons).query(grid, predicate="intersects")
    cut = shapely.intersection(grid[line_index], polygons[polygon_index])
    return line_arrays(explode(cut, "line")[0])
