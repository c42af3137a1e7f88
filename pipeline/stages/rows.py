"""Frames from rows that were put together one by one, each a mapping of field to value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.frame import conform
from layers.model import Layer

SHAPE = "geometry"


def make_table(rows: Sequence[Mapping[str, Any]], layer: type[Layer]) -> pd.DataFrame:
    """Return rows as a frame of a layer without geometry; fields no row names stay empty."""
    return conform(pd.DataFrame(list(rows)), layer)


def make_shapes(rows: Sequence[Mapping[str, Any]], layer: type[Layer], *, crs: Any) -> gpd.GeoDataFrame:
    """Return rows as a frame of a layer with geometry, each row's under ``geometry``."""
    table = pd.DataFrame([{k: v for k, v in row.items() if k != SHAPE} for row in rows])
    shapes = [row.get(SHAPE) for row in rows]
    frame = conform(gpd.GeoDataFrame(table, geometry=shapes, crs=crs), layer)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise TypeError(f"layer {layer.key!r} has no geometry")
    return frame
