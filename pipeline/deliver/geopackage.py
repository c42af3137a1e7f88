"""数据库/一张图.gpkg: every delivered layer with full texts, Chinese aliases, code lists, relations and styles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyogrio

from pipeline.deliver.describe import Described, dated, describe_columns
from pipeline.deliver.items import Item
from pipeline.deliver.layerstyles import StyleRow, write_layer_styles
from pipeline.deliver.looks import style_layer
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.relations import map_relations, write_relations
from pipeline.plan import Plan

PATH = "数据库/一张图.gpkg"
VERSION = "1.3"
_GEOMETRY = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}


def write_geopackage(layers: list[Delivered], plan: Plan, root: Path) -> Item:
    """Write all layers into one GeoPackage under ``root`` and return the file.

    Times inside the file are 编制日期, so that the same layers give the same bytes.
    """
    path = root / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    write_layers(layers, path, plan.plan.compiled)
    describe_columns(path, list_described(layers))
    write_relations(path, map_relations(layers))
    write_layer_styles(path, list_styles(layers), plan.plan.compiled)
    return Item(PATH, "数据库", "“一张图”数据库", "pipeline.deliver.geopackage", note=f"{len(layers)} 个图层")


def write_layers(layers: Iterable[Delivered], path: Path, day: date) -> None:
    """Write layers into the GeoPackage at ``path``, dated ``day``; to one that is there they are added."""
    with dated(day):
        for layer in layers:
            kind = _GEOMETRY[layer.kind]
            if layer.kind == "point" and layer.frame.geom_type.eq("MultiPoint").any():
                kind = "MultiPoint"
            pyogrio.write_dataframe(
                layer.frame,
                path,
                layer=layer.code,
                driver="GPKG",
                dataset_options={} if path.exists() else {"VERSION": VERSION},
                append=path.exists(),
                geometry_type=kind,
                promote_to_multi=kind.startswith("Multi"),
                layer_options={"IDENTIFIER": layer.title, "DESCRIPTION": layer.layer.alias},
            )


def list_styles(layers: Iterable[Delivered]) -> list[StyleRow]:
    """Return the styles of layers, the first of each its default."""
    return [
        StyleRow(layer.code, style.name, style.qml, style.sld, default=not place, text=layer.title)
        for layer in layers
        for place, style in enumerate(style_layer(layer))
    ]


def list_described(layers: Iterable[Delivered]) -> list[Described]:
    """Return aliases and code lists of every delivered column."""
    columns = []
    for layer in layers:
        for column in layer.columns:
            spec = column.spec
            codes = spec.codes if spec.codes is not None and spec.codes.closed else None
            text = "；".join(
                part
                for part in (
                    f"单位 {spec.unit}" if spec.unit else "",
                    "必填" if spec.required else "",
                    f"取值：{'、'.join(spec.codes.values)}" if spec.codes else "",
                )
                if part
            )
            values = tuple((value, value) for value in codes.values) if codes else ()
            columns.append(
                Described(layer.code, spec.onemap, spec.alias, text, codes.name if codes else "", values)
            )
    return columns
