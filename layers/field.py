"""Distances to something on the ground, drawn once on a grid, so that data can be shifted over it many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from configs import read_settings
from layers.shapes.curves import list_curves

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
        # Features side by side and their points one below the other, so that the nearest is found in one sweep.
        y, x = y.reshape(-1, per).T.ravel(), x.reshape(-1, per).T.ravel()
        i = ((y - self.south) / self.cell_m).astype(np.int32)
        j = ((x - self.west) / self.cell_m).astype(np.int32)
        # Shifts lie on a lattice as a rule: where they take a row or a column is worked out once each.
        steps = np.round(shifts / self.cell_m).astype(np.int32)
        north, of_row = np.unique(steps[:, 1], return_inverse=True)
        east, of_column = np.unique(steps[:, 0], return_inverse=True)
        # Cells on the rim are at the cap, so what falls outside may be drawn onto it.
        row = np.clip(i + north[:, None], 0, rows - 1) * np.int32(columns)
        column = np.clip(j + east[:, None], 0, columns - 1)
        result = np.empty((len(shifts), bins), dtype=np.int64)
        at_once = max(1, 500_000 // max(len(x), 1))
        for first in range(0, len(shifts), at_once):
            part = slice(first, first + at_once)
            metres = self.metres.take(row[of_row[part]] + column[of_column[part]])
            if per > 1:
                metres = metres.reshape(len(metres), per, -1).min(axis=1)
            keys = metres + np.arange(len(metres))[:, None] * bins
            counted = np.bincount(keys.ravel(), minlength=len(metres) * bins)
            result[part] = counted.reshape(len(metres), bins)
        return result


def draw_field(
    shapes: NDArray[np.object_], *, clip: tuple[float, float, float, float], filled: bool = True
) -> Field | None:
    """Draw the distances to lines or polygons (0 inside them).

    Parameters
    ----------
    shapes : metres.
    clip : ground that matters.
    filled : whether polygons are solid; else only their borders count.

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
    free = np.ones((int((north - south) / cell) + 2, int((east - west) / cell) + 2), dtype=bool)
    edges = _list_edges(every, west, south, cell)
    _draw_edges(free, edges)
    if filled and edges.side.any():
        _fill(free, edges)
    metres = _measure(free, cell, cap)
    metres[[0, -1], :] = cap
    metres[:, [0, -1]] = cap
    return Field(metres, float(west), float(south), cell)


def _measure(free: NDArray[np.bool_], cell: float, cap: float) -> NDArray[np.uint8]:
    """Return whole metres from each cell to the nearest that is not free, at most the cap."""
    if free.all():
        return np.full(free.shape, round(cap), dtype=np.uint8)
    rows, columns = free.shape
    nearest = ndimage.distance_transform_edt(free, return_distances=False, return_indices=True)
    apart = nearest[0] - np.arange(rows, dtype=np.int32)[:, None]
    across = nearest[1] - np.arange(columns, dtype=np.int32)
    # Squares of whole cells are few: each is turned into metres once. Farther ones are all at the cap.
    farthest = int(cap / cell) + 2
    np.clip(apart, -farthest, farthest, out=apart)
    np.clip(across, -farthest, farthest, out=across)
    squares = np.arange(2 * farthest**2 + 1)
    metres = np.round(np.minimum(np.sqrt(squares) * cell, cap)).astype(np.uint8)
    return metres.take(apart * apart + across * across)


@dataclass(frozen=True)
class _Edges:
    """Straight pieces of lines and rings, in cells.

    Attributes
    ----------
    x, y : where each begins.
    east, north : how far it goes.
    side : 1 where a polygon lies to the left, -1 where to the right, 0 of a line.
    """

    x: Floats
    y: Floats
    east: Floats
    north: Floats
    side: NDArray[np.int8]

    def pick(self, which: NDArray[np.bool_]) -> _Edges:
        return _Edges(self.x[which], self.y[which], self.east[which], self.north[which], self.side[which])


def _list_edges(shapes: NDArray[np.object_], west: float, south: float, cell: float) -> _Edges:
    curves = list_curves(shapes)
    curve = np.repeat(np.arange(len(curves.count)), curves.count)
    goes_on = curve[1:] == curve[:-1]
    curve = curve[:-1][goes_on]
    x, y = (curves.xy[:, 0] - west) / cell, (curves.xy[:, 1] - south) / cell
    x, y, east, north = x[:-1][goes_on], y[:-1][goes_on], np.diff(x)[goes_on], np.diff(y)[goes_on]
    # Rings of files run either way.
    turn = np.sign(np.bincount(curve, weights=x * north - y * east, minlength=len(curves.count)))
    side = np.where(curves.closed, np.where(curves.hole, -turn, turn), 0).astype(np.int8)
    return _Edges(x, y, east, north, side[curve])


def _draw_edges(free: NDArray[np.bool_], edges: _Edges) -> None:
    """Mark the cells that edges run through, looking twice a cell."""
    rows, columns = free.shape
    steps = np.maximum(1, np.ceil(2 * np.hypot(edges.east, edges.north)))
    at = 0
    while len(steps):
        x, y = edges.x + edges.east * (at / steps), edges.y + edges.north * (at / steps)
        here = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        free[y[here].astype(np.int32), x[here].astype(np.int32)] = False
        # The end of an edge is looked at as well: nothing may go on from there.
        left = steps > at
        edges, steps = edges.pick(left), steps[left]
        at += 1


def _fill(free: NDArray[np.bool_], edges: _Edges) -> None:
    """Mark the cells whose middle lies in a polygon: how often borders wind round it, row by row."""
    rows, columns = free.shape
    # Rows whose middle an edge crosses; one that ends there belongs to the next edge.
    first = np.ceil(np.minimum(edges.y, edges.y + edges.north) - 0.5).clip(0, rows).astype(np.int64)
    after = np.ceil(np.maximum(edges.y, edges.y + edges.north) - 0.5).clip(0, rows).astype(np.int64)
    count = np.where(edges.side != 0, after - first, 0)
    which = np.repeat(np.arange(len(count)), count)
    row = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    share = (row + 0.5 - edges.y[which]) / edges.north[which]
    column = np.ceil(edges.x[which] + share * edges.east[which] - 0.5).clip(0, columns).astype(np.int64)
    winds = np.zeros((rows, columns + 1), dtype=np.int16)
    turn = np.where(edges.north < 0, edges.side, -edges.side).astype(np.int16)
    np.add.at(winds, (row, column), turn[which])
    free[np.cumsum(winds, axis=1, dtype=np.int16)[:, :columns] != 0] = False
