"""Table ``layer_styles`` of a GeoPackage: the styles QGIS offers for its layers, and the one it opens them with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

TABLE = "layer_styles"
GEOMETRY_COLUMN = "geom"
# As QGIS makes it.
_CREATE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""


@dataclass(frozen=True)
class StyleRow:
    """One row of the table.

    Attributes
    ----------
    table : layer it is for.
    name, text : name and description.
    qml, sld : the style.
    default : whether QGIS opens the layer with it.
    """

    table: str
    name: str
    qml: str
    sld: str = ""
    default: bool = True
    text: str = ""


def write_layer_styles(path: Path, rows: Iterable[StyleRow], day: date) -> None:
    """Write the table into a GeoPackage that has none, registered as a table without place, dated ``day``."""
    moment = f"{day.isoformat()}T00:00:00.000Z"
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_CREATE)
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES (?, 'attributes', ?, '', ?, 0)",
            (TABLE, TABLE, moment),
        )
        base.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
            "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
            "VALUES ('', '', ?, ?, ?, ?, ?, ?, ?, '', ?)",
            [
                (r.table, GEOMETRY_COLUMN, r.name, r.qml, r.sld or None, int(r.default), r.text, moment)
                for r in rows
            ],
        )
