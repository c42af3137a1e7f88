"""质检/数据质检.gpkg: the place of every spatial fault, as points, lines and areas that open in QGIS with a style."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from layers.codes import SEVERITY
from layers.faults import CODES
from layers.planned import Quality
from pipeline.deliver.describe import dated
from pipeline.deliver.items import Item
from pipeline.plan import Plan
from styles import symbol
from styles.qml import write_qml

PATH = "质检/数据质检.gpkg"
_MEANING = "说明"
# Layer, geometry of the file, kind of the style; areas first, so that points are drawn over them.
_LAYERS = (
    ("质检面", "MultiPolygon", "polygon"),
    ("质检线", "MultiLineString", "line"),
    ("质检点", "Point", "point"),
)
_DIMENSION = {"line": 1, "polygon": 2}
# As QGIS makes it; the style marked as default is used when the layer is opened.
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""


def write_fault_map(rows: gpd.GeoDataFrame, plan: Plan, root: Path) -> Item:
    """Write the places of faults under ``root`` and return the file.

    Every layer is there even when it is empty, so that a project that has them open keeps working.

    Parameters
    ----------
    rows : ``Quality`` rows in the plan's CRS, in the order of the report.
    """
    path = root / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    grounds = shapely.from_wkb(
        rows[Quality.ground].astype("object").where(rows[Quality.ground].notna(), None).to_numpy()
    )
    counts = []
    with dated(plan.plan.compiled):
        for name, geometry, kind in _LAYERS:
            shapes = rows.geometry.to_numpy() if kind == "point" else _take_kind(grounds, kind)
            frame = _dress(rows, shapes)
            counts.append(f"{name} {len(frame)}")
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
                append=path.exists(),
                geometry_type=geometry,
                promote_to_multi=geometry.startswith("Multi"),
                layer_options={"IDENTIFIER": name, "DESCRIPTION": "数据质检发现的问题所在位置"},
            )
    _write_styles(path, plan)
    return Item(PATH, "质检", "数据质检问题位置", "pipeline.deliver.faultmap", note="、".join(counts))


def _take_kind(shapes: np.ndarray, kind: str) -> np.ndarray:
    taken = shapes.copy()
    taken[shapely.get_dimensions(shapes) != _DIMENSION[kind]] = None
    return taken


def _dress(rows: gpd.GeoDataFrame, shapes: np.ndarray) -> gpd.GeoDataFrame:
    """Return the rows that have such a shape, under the Chinese names of their columns."""
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    table = pd.DataFrame(rows.drop(columns=rows.geometry.name)[there])
    names = {str(c): c.spec.alias for c in Quality.columns() if c != Quality.ground}
    meaning = table[Quality.code].map(CODES)
    table = table[list(names)].rename(columns=names)
    table.insert(1, _MEANING, meaning)
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=shapes[there], crs=rows.crs)


def _write_styles(path: Path, plan: Plan) -> None:
    symbols = [symbol("fault", severity) for severity in SEVERITY.values]
    moment = f"{plan.plan.compiled.isoformat()}T00:00:00.000Z"
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_STYLES)
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (moment,),
        )
        for name, _, kind in _LAYERS:
            qml = write_qml(symbols, field=Quality.severity.spec.alias, kind=kind)
            base.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, useAsDefault, description, update_time) "
                "VALUES ('', '', ?, 'geom', ?, ?, 1, '按级别', ?)",
                (name, name, qml, moment),
            )
