"""Small frames for tests: rows by field name, conformed to their declaration."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from layers import grids, ledgers, source
from layers.frame import conform, empty_frame
from layers.model import Layer
from pipeline.plan import Plan

CRS = "EPSG:4548"
IDENTITY: dict[str, Any] = {
    "id": "t",
    "title": "测试方案",
    "area": "测试社区",
    "compiler": "测试单位",
    "compiled": "2026-11-23",
    "data_year": 2025,
    "first_year": 2026,
    "region_code": "369901",
    "region_name": "测试县",
}


def make_plan(**blocks: Any) -> Plan:
    """Return a plan that needs no files."""
    given = {"inputs": {"community_given": [{"path": "none.shp"}]}, **blocks}
    return Plan.model_validate({"plan": {**IDENTITY, **given.pop("plan", {})}, **given})


def make_frame(layer: type[Layer], rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a conformed frame of ``rows``; geometry under the key ``geometry``."""
    table = pd.DataFrame(rows)
    if layer.shape is None:
        return conform(table, layer)
    geometry = [row.get("geometry") for row in rows]
    return conform(
        gpd.GeoDataFrame(table.drop(columns="geometry", errors="ignore"), geometry=geometry, crs=CRS), layer
    )


def make_source(**frames: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all source layers: the given ones, the others empty."""
    declared = [
        item
        for item in {**vars(source), **vars(grids), **vars(ledgers)}.values()
        if isinstance(item, type) and issubclass(item, Layer) and getattr(item, "key", "")
    ]
    return {layer.key: frames.get(layer.key, empty_frame(layer, crs=CRS)) for layer in declared}
