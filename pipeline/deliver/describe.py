"""Aliases and code lists of a GeoPackage: the tables of its schema extension, filled from declarations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyogrio

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


@dataclass(frozen=True)
class Described:
    """What is said of one column.

    Attributes
    ----------
    table, column : names in the file.
    alias, text : what readers show; the text may be empty.
    domain : name of a code list, empty for none.
    values : value and meaning; the meaning is left out where it is the value.
    """

    table: str
    column: str
    alias: str
    text: str = ""
    domain: str = ""
    values: tuple[tuple[str, str], ...] = ()


def describe_columns(path: Path, columns: Iterable[Described]) -> None:
    """Write aliases and code lists into the schema extension's tables of a GeoPackage that has none yet."""
    rows = list(columns)
    lists = {row.domain: row.values for row in rows if row.domain}
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_SCHEMA_TABLES)
        # Readers differ in which of ``name`` and ``title`` they show as the alias.
        base.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description, "
            "constraint_name) VALUES (?, ?, ?, ?, ?, ?)",
            [(r.table, r.column, r.alias, r.alias, r.text or None, r.domain or None) for r in rows],
        )
        base.executemany(
            "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description) "
            "VALUES (?, 'enum', ?, ?)",
            [
                (name, value, meaning if meaning != value else None)
                for name in sorted(lists)
                for value, meaning in lists[name]
            ],
        )
        base.executemany(_EXTENSION, [("gpkg_data_columns",), ("gpkg_data_column_constraints",)])


@contextmanager
def dated(day: date) -> Iterator[None]:
    """Hold GDAL's clock at ``day`` while layers are written."""
    key = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{day.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: before})
