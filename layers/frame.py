"""Frames that match a declaration: typed, ordered, complete; and the plain geometry kinds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.model import Layer

_DTYPES: dict[str, Any] = {"text": "str", "int": "Int64", "float": "float64", "bool": "bool"}


def empty_frame(layer: type[Layer], *, crs: Any = None) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return a frame of ``layer`` without rows.

    Parameters
    ----------
    layer : the declaration.
    crs : CRS of the geometry; needed when the layer has one.
    """
    return conform(pd.DataFrame(), layer, crs=crs)


def conform(frame: pd.DataFrame, layer: type[Layer], *, crs: Any = None) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return a copy of ``frame`` with exactly the declared columns, in order and typed.

    Missing columns are added empty; others are left out. Text cells are stripped and blanks become
    missing; booleans default to False. Rows keep their order; the index is renumbered.

    Raises
    ------
    ValueError
        If a number column holds text: values must have been parsed before (see ``layers.values``).
    """
    n = len(frame)
    result = _type_columns(frame, layer) if n else _blank_table(cast("Hashable", layer)).copy()
    if layer.shape is None:
        return result
    geometry = frame.geometry.values if isinstance(frame, gpd.GeoDataFrame) else [None] * n
    crs = crs if crs is not None else getattr(frame, "crs", None)
    return gpd.GeoDataFrame(result, geometry=gpd.array.from_shapely(np.asarray(geometry), crs=crs))


@cache
def _blank_table(layer: type[Layer]) -> pd.DataFrame:
    """Return the columns of a layer without rows; most plans have a dozen layers of them."""
    return _type_columns(pd.DataFrame(), layer)


def _type_columns(frame: pd.DataFrame, layer: type[Layer]) -> pd.DataFrame:
    data: dict[str, Any] = {}
    n = len(frame)
    for column in layer.columns():
        kind = column.spec.kind
        name = str(column)
        if name not in frame.columns:
            fill: Any = {"bool": False, "float": np.nan}.get(kind)
            data[name] = pd.Series([fill] * n, dtype=_DTYPES[kind])
            continue
        values = frame[name].reset_index(drop=True)
        if kind == "text":
            values = values.astype("str").str.strip()
            values = values.mask(values == "")
        elif kind == "bool":
            values = values.fillna(False).astype(bool)
        elif kind == "int":
            values = pd.to_numeric(values).round().astype("Int64")
        else:
            values = pd.to_numeric(values).astype("float64")
        data[name] = values
    return pd.DataFrame(data, index=pd.RangeIndex(n))


def split_shapes(frame: gpd.GeoDataFrame) -> Mapping[str, gpd.GeoDataFrame]:
    """Split rows by geometry kind: ``point``, ``line``, ``polygon``; rows without geometry are left out."""
    kinds = frame.geom_type.str.replace("Multi", "", regex=False).map(
        {"Point": "point", "LineString": "line", "Polygon": "polygon"}
    )
    return {str(kind): frame[kinds == kind] for kind in ("point", "line", "polygon")}
