"""The metadata document inside a GeoPackage: who has only the database has its metadata too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

# GeoPackage 1.3, annex F.8 (Metadata) tables, as the standard words them.
_CREATE = """
CREATE TABLE gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (
  reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
  timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
"""
_STANDARD = "http://www.isotc211.org/2005/gmd"
_EXTENSION, _DEFINITION = "gpkg_metadata", "http://www.geopackage.org/spec121/#extension_metadata"


def embed_metadata(path: Path, text: str, day: date) -> None:
    """Write an ISO 19139 document into a GeoPackage that has none, about the whole of it, dated ``day``."""
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_CREATE)
        base.execute(
            "INSERT INTO gpkg_metadata (id, md_scope, md_standard_uri, mime_type, metadata) "
            "VALUES (1, 'dataset', ?, 'text/xml', ?)",
            (_STANDARD, text),
        )
        base.execute(
            "INSERT INTO gpkg_metadata_reference (reference_scope, timestamp, md_file_id) "
            "VALUES ('geopackage', ?, 1)",
            (f"{day.isoformat()}T00:00:00.000Z",),
        )
        base.executemany(
            "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) "
            "VALUES (?, NULL, ?, ?, 'read-write')",
            [(name, _EXTENSION, _DEFINITION) for name in ("gpkg_metadata", "gpkg_metadata_reference")],
        )
