"""空间数据.gpkg: an empty layer for everything that is drawn, with aliases and code lists, made from declarations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from layers.model import Column, Layer
from layers.source import Facility, Identified
from pipeline.begin.fields import LAYERS, PLACED, choices_of, note_of, shapes_name, sheet_name
from pipeline.deliver.describe import Described, dated, describe_columns

NAME = "空间数据.gpkg"
_GEOMETRY = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon", "any": "Unknown"}
_DTYPES: dict[str, Any] = {"text": "str", "int": "Int64", "float": "float64", "bool": "str"}


def list_tables() -> Iterator[tuple[str, type[Layer], tuple[Column, ...]]]:
    """Yield name, layer and columns of every table: ledgers with a place have their shapes here, by id."""
    for layer in LAYERS:
        if layer in PLACED and layer is not Facility:
            yield shapes_name(layer), layer, tuple(c for c in layer.asked() if c == Identified.id)
        elif layer.shape is not None:
            yield sheet_name(layer), layer, layer.asked()


def write_base(path: Path, *, crs: str, day: date) -> None:
    """Write the GeoPackage of empty layers.

    Parameters
    ----------
    path : the file to make.
    crs : CRS of the layers, such as ``EPSG:4548``.
    day : change time inside the file, so that the same declarations give the same bytes.
    """
    described = []
    with dated(day):
        for name, layer, columns in list_tables():
            frame = gpd.GeoDataFrame(
                {str(c): pd.Series([], dtype=_DTYPES[c.spec.kind]) for c in columns},
                geometry=gpd.GeoSeries([], crs=crs),
            )
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
                append=path.exists(),
                geometry_type=_GEOMETRY[str(layer.shape)],
                layer_options={"IDENTIFIER": name, "DESCRIPTION": layer.alias},
            )
            described += [_describe(name, layer, column) for column in columns]
    describe_columns(path, described)


def _describe(table: str, layer: type[Layer], column: Column) -> Described:
    choices = choices_of(layer, column)
    text = note_of(layer, column).replace("\n", "；")
    domain = choices if choices is not None and choices.closed else None
    return Described(
        table,
        str(column),
        column.spec.alias,
        text,
        domain.name if domain else "",
        domain.values if domain else (),
    )
