"""Say what is wrong with a feature: its file, row and key, its place, the ground it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from layers.account import DROPPED
from layers.model import Layer
from layers.read.raw import Place
from layers.source import Community, Identified, Parcel

# What a technician knows a feature by, best first.
_KEYS: tuple[str, ...] = (Parcel.number, Identified.id, Community.name)


@dataclass(frozen=True)
class Findings:
    """Where the faults of a frame's features go.

    Attributes
    ----------
    rows : (n,) row number or FID of each feature, as the technician sees it.
    keys : (n,) number or name of each feature in its own file; empty where it has none.
    places : the file of each feature, or one for all.
    """

    rows: NDArray[np.object_]
    keys: NDArray[np.object_]
    places: Sequence[Place]

    @classmethod
    def over(cls, frame: pd.DataFrame, place: Place) -> Findings:
        """Return the findings of one file's features; the index holds the row numbers."""
        return cls(np.asarray(frame.index.astype("str"), dtype=object), name_rows(frame), [place])

    @classmethod
    def across(cls, frames: Sequence[gpd.GeoDataFrame], places: Sequence[Place]) -> Findings:
        """Return the findings of several files' features, one file after the other."""
        parts = [cls.over(frame, place) for frame, place in zip(frames, places, strict=True)]
        owners = [place for frame, place in zip(frames, places, strict=True) for _ in range(len(frame))]
        empty = np.array([], dtype=object)
        return cls(
            np.concatenate([empty, *(part.rows for part in parts)]),
            np.concatenate([empty, *(part.keys for part in parts)]),
            owners,
        )

    def place(self, at: int) -> Place:
        """Return the file of a feature."""
        return self.places[at] if len(self.places) > 1 else self.places[0]

    def name(self, at: int, *, beside: int | None = None) -> str:
        """Return what a feature is called in a message: its key, else its row.

        ``beside`` is the feature whose file the message is about; a feature of another file is named with it.
        """
        own = f"“{self.keys[at]}”" if self.keys[at] else f"第 {self.rows[at]} 行"
        here = beside is None or self.place(at).file == self.place(beside).file
        return own if here else f"{own}（{self.place(at).file}）"

    def tell(
        self,
        at: int,
        code: str,
        problem: str,
        *,
        severity: str,
        spot: ArrayLike | None = None,
        shape: shapely.Geometry | None = None,
        **more: object,
    ) -> None:
        """Record a fault of a feature.

        Parameters
        ----------
        at : position of the feature.
        problem : what is wrong, without the feature's name, which is put before it.
        spot : x, y of the fault, metres; by default a point on ``shape``.
        shape : ground or line the fault concerns.
        """
        if spot is None and shape is not None:
            spot = find_spots([shape])[0]
        where: dict[str, object] = {}
        if spot is not None:
            x, y = (float(value) for value in np.asarray(spot, dtype=float))
            where = {"x": round(x, 2), "y": round(y, 2)} if np.isfinite([x, y]).all() else {}
        if shape is not None:
            where["ground"] = shapely.to_wkb(shapely.force_2d(shape), hex=True, byte_order=1)
        own = f"“{self.keys[at]}”" if self.keys[at] else ""
        details = {"row": str(self.rows[at]), **where, **more}
        self.place(at).error(code, own + problem, severity=severity, **details)

    def drop(self, positions: Iterable[int], how: str = DROPPED) -> None:
        """Account for features that do not come through."""
        for at in positions:
            self.place(at).drop([self.rows[at]], how)

    def mend(self, positions: Iterable[int]) -> None:
        """Account for features that were repaired."""
        for at in positions:
            self.place(at).account.mend([self.rows[at]])


def name_rows(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Return what each row is called in its file: number, id or name; empty where it has none."""
    names = np.full(len(frame), "", dtype=object)
    for key in _KEYS:
        if key not in frame.columns:
            continue
        free = names == ""
        if not free.any():
            break
        names = np.where(free, frame[key].astype("str").to_numpy(dtype=object, na_value=""), names)
    return names


def find_spots(shapes: ArrayLike) -> NDArray[np.float64]:
    """Return a point of each shape, shape (n, 2): inside valid ones, else the first finite vertex; NaN for none."""
    shapes = np.asarray(shapes, dtype=object)
    spots = np.full((len(shapes), 2), np.nan)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    finite = np.isfinite(xy).all(axis=1)
    found, first = np.unique(owner[finite], return_index=True)
    spots[found] = xy[finite][first]
    solid = np.flatnonzero(shapely.is_valid(shapes) & ~shapely.is_empty(shapes))
    inner = shapely.point_on_surface(shapes[solid])
    spots[solid] = np.column_stack([shapely.get_x(inner), shapely.get_y(inner)])
    return spots


def key_columns(layer: type[Layer]) -> tuple[str, ...]:
    """Return the columns that number a layer's rows and say nothing else about them."""
    return tuple(key for key in (Identified.id, Parcel.number) if key in map(str, layer.columns()))
