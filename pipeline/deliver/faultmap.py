"""质检/数据质检.gpkg: the place of every spatial fault, as points, lines and areas that open in QGIS with a style."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from layers.codes import SEVERITY
from layers.faults import CODES
from layers.onemap import KINDS
from layers.planned import Quality
from pipeline.deliver.describe import dated
from pipeline.deliver.items import Item
from pipeline.deliver.layerstyles import StyleRow, write_layer_styles
from pipeline.plan import Plan
from styles import symbol
from styles.look import look_at
from styles.qml import write_qml
from styles.sld import write_sld

PATH = "质检/数据质检.gpkg"
_MEANING = "说明"
# Kind and geometry of the file; areas first, so that points are drawn over them.
_LAYERS = (("polygon", "MultiPolygon"), ("line", "MultiLineString"), ("point", "Point"))
_DIMENSION = {"line": 1, "polygon": 2}


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
    counts, styles = write_fault_layers(rows, path, plan.plan.compiled)
    write_layer_styles(path, styles, plan.plan.compiled)
    return Item(PATH, "质检", "数据质检问题位置", "pipeline.deliver.faultmap", note="、".join(counts))


def write_fault_layers(
    rows: gpd.GeoDataFrame,
    path: Path,
    day: date,
    *,
    prefix: str = "质检",
    about: str = "数据质检发现的问题所在位置",
) -> tuple[list[str], list[StyleRow]]:
    """Write the places as layers of the GeoPackage at ``path``; return what each holds, and their styles.

    Parameters
    ----------
    prefix : what their names begin with; kind of geometry follows.
    about : description of the layers.
    """
    grounds = shapely.from_wkb(
        rows[Quality.ground].astype("object").where(rows[Quality.ground].notna(), None).to_numpy()
    )
    counts, styles = [], []
    symbols = [symbol("fault", severity) for severity in SEVERITY.values]
    with dated(day):
        for kind, geometry in _LAYERS:
            name = prefix + KINDS[kind]
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
                layer_options={"IDENTIFIER": name, "DESCRIPTION": about},
            )
            look = look_at(symbols, field=Quality.severity.spec.alias, kind=kind)
            sld = write_sld(look, layer=name, title=name)
            styles.append(StyleRow(name, name, write_qml(look), sld, text="按级别"))
    return counts, styles


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
