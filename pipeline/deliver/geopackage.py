"""数据库/一张图.gpkg: every delivered layer with full texts, Chinese aliases and code lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pyogrio

from layers.model import CodeList
from pipeline.deliver.items import Item
from pipeline.deliver.onemap import Delivered
from pipeline.plan import Plan

PATH = "数据库/一张图.gpkg"
_GEOMETRY = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}

# GeoPackage 1.3, annex F.9 (Schema) tables, as the standard words them.
_SCHEMA_TABLES = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_EXTENSION = (
    "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) "
    "VALUES (?, NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')"
)


def write_geopackage(layers: list[Delivered], plan: Plan, root: Path) -> Item:
    """Write all layers into one GeoPackage under ``root`` and return the file.

    Times inside the file are 编制日期, so that the same layers give the same bytes.
    """
    path = root / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    with hold_clock(plan.plan.compiled):
        for layer in layers:
            kind = _GEOMETRY[layer.kind]
            if layer.kind == "point" and layer.frame.geom_type.eq("MultiPoint").any():
                kind = "MultiPoint"
            pyogrio.write_dataframe(
                layer.frame,
                path,
                layer=layer.code,
                driver="GPKG",
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
                append=path.exists(),
                geometry_type=kind,
                promote_to_multi=kind.startswith("Multi"),
                layer_options={"IDENTIFIER": layer.title, "DESCRIPTION": layer.layer.alias},
            )
    _describe(path, layers)
    return Item(PATH, "数据库", "“一张图”数据库", "pipeline.deliver.geopackage", note=f"{len(layers)} 个图层")


@contextmanager
def hold_clock(day: date) -> Iterator[None]:
    """Hold GDAL's clock at ``day`` while layers are written, so that the same layers give the same bytes."""
    key = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{day.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: before})


def _describe(path: Path, layers: list[Delivered]) -> None:
    """Write aliases and code lists into the schema extension's tables."""
    lists: dict[str, CodeList] = {}
    columns = []
    for layer in layers:
        for column in layer.columns:
            spec = column.spec
            codes = spec.codes if spec.codes is not None and spec.codes.closed else None
            if codes is not None:
                lists[codes.name] = codes
            text = "；".join(
                part
                for part in (
                    f"单位 {spec.unit}" if spec.unit else "",
                    "必填" if spec.required else "",
                    f"取值：{'、'.join(spec.codes.values)}" if spec.codes else "",
                )
                if part
            )
            # Readers differ in which of ``name`` and ``title`` they show as the alias.
            columns.append(
                (layer.code, spec.onemap, spec.alias, spec.alias, text or None, codes.name if codes else None)
            )
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_SCHEMA_TABLES)
        base.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description, "
            "constraint_name) VALUES (?, ?, ?, ?, ?, ?)",
            columns,
        )
        base.executemany(
            "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value) "
            "VALUES (?, 'enum', ?)",
            [(name, value) for name in sorted(lists) for value in lists[name].values],
        )
        base.executemany(_EXTENSION, [("gpkg_data_columns",), ("gpkg_data_column_constraints",)])
