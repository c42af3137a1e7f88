"""Distances to something on the ground, drawn once on a grid, so that data can be shifted over it many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from configs import read_settings

Floats: TypeAlias = NDArray[np.float64]


def fit_settings() -> Any:
    """Return the ``fit`` section of ``configs/coordinates.yaml``."""
    return read_settings("coordinates.yaml")["fit"]


@dataclass(frozen=True)
class Field:
    """Distances to something on the ground, in whole metres on a grid of square cells.

    Attributes
    ----------
    metres : distance of each cell, row 0 southernmost, at most the cap; the rim is at the cap.
    west, south : corner of the grid, metres.
    cell_m : side of a cell.
    """

    metres: NDArray[np.uint8]
    west: float
    south: float
    cell_m: float

    def count(self, x: Floats, y: Floats, shifts: Floats, *, per: int = 1) -> NDArray[np.int64]:
        """Count features by distance after each of several shifts.

        Parameters
        ----------
        x, y : points, metres, shape (n,).
        shifts : eastings and northings added, metres, shape (k, 2).
        per : points that stand for one feature, one after the other; the nearest of them counts.

        Returns
        -------
        ndarray
            Shape (k, cap + 1): features at 0, 1, … metres; the last is the cap or beyond.
        """
        rows, columns = self.metres.shape
        bins = int(fit_settings()["cap_m"]) + 1
        i = ((y - self.south) / self.cell_m).astype(np.int32)
        j = ((x - self.west) / self.cell_m).astype(np.int32)
        steps = np.round(shifts / self.cell_m).astype(np.int32)
        result = np.empty((len(shifts), bins), dtype=np.int64)
        at_once = max(1, 500_000 // max(len(x), 1))
        for first in range(0, len(shifts), at_once):
            part = steps[first : first + at_once]
            # Cells on the rim are at the cap, so what falls outside may be drawn onto it.
            row = np.clip(i[None, :] + part[:, 1:], 0, rows - 1)
            column = np.clip(j[None, :] + part[:, :1], 0, columns - 1)
            metres = self.metres.take(row * np.int32(columns) + column)
            if per > 1:
                metres = metres.reshape(len(part), -1, per).min(axis=2)
            keys = metres + np.arange(len(part), dtype=np.int32)[:, None] * bins
            counted = np.bincount(keys.ravel(), minlength=len(part) * bins)
            result[first : first + at_once] = counted.reshape(len(part), bins)
        return result


def draw_field(shapes: NDArray[np.object_], *, clip: tuple[float, float, float, float]) -> Field | None:
    """Draw the distances to lines or polygons (0 inside them).

    Parameters
    ----------
    shapes : metres.
    clip : ground that matters.

    Returns
    -------
    Field or None
        None where nothing lies there.
    """
    settings = fit_settings()
    cap = float(settings["cap_m"])
    box = shapely.box(*clip)
    shapely.prepare(box)
    every = shapes[shapely.intersects(box, shapes)] if len(shapes) else shapes
    if not len(every):
        return None
    bounds = shapely.total_bounds(every)
    bounds = np.array([*np.maximum(bounds[:2], clip[:2]), *np.minimum(bounds[2:], clip[2:])])
    rim = cap + 10.0
    west, south, east, north = bounds + np.array([-rim, -rim, rim, rim])
    cell = max(float(settings["cell_m"]), ((east - west) * (north - south) / settings["most_cells"]) ** 0.5)
    shape = (int((north - south) / cell) + 2, int((east - west) / cell) + 2)
    free = np.ones(shape, dtype=bool)
    outlines = shapely.get_parts(np.where(shapely.get_dimensions(every) == 2, shapely.boundary(every), every))
    outlines = outlines[shapely.length(outlines) > 0]  # GEOS cannot subdivide a ring fallen in on one point
    if not len(outlines):
        return None
    xy = shapely.get_coordinates(shapely.segmentize(outlines, cell / 2))
    inside = (xy >= (west, south)).all(axis=1) & (xy < (east, north)).all(axis=1)
    cells = ((xy[inside] - (west, south)) / cell).astype(np.int32)
    free[cells[:, 1], cells[:, 0]] = False
    solid = every[shapely.get_dimensions(every) == 2]
    if len(solid):
        _fill(free, solid, (west, south), cell)
    metres = np.minimum(ndimage.distance_transform_edt(free) * cell, cap)
    metres[[0, -1], :] = cap
    metres[:, [0, -1]] = cap
    return Field(np.round(metres).astype(np.uint8), float(west), float(south), cell)


def _fill(
    free: NDArray[np.bool_], areas: NDArray[np.object_], corner: tuple[float, float], cell: float
) -> None:
    from rasterio import Affine
    from rasterio.features import rasterize

    grid = Affine(cell, 0.0, corner[0], 0.0, cell, corner[1])
    drawn = rasterize(areas, out_shape=free.shape, transform=grid, default_value=1, dtype="uint8")
    free[drawn == 1] = False
