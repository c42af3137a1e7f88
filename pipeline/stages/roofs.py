"""Roofs that could carry a use: large, low, public and in fair condition (3.6.2 屋顶空间)."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from configs import read_settings
from layers.planned import Inventory
from layers.source import Building
from pipeline.stages.idle import Rows, iter_rows, mark_found, start_row
from pipeline.stages.placing import clean_text


def detect_roofs(buildings: gpd.GeoDataFrame, heritage: gpd.GeoDataFrame) -> Rows:
    """Return a 疑似 row for every roof that could be used; what stands empty is a resource as a building.

    Nobody goes onto the roof of a protected building, and of one in bad condition first comes the building.
    A decade such as 1990年代 counts from its first year; an unknown age is no obstacle, the site visit is.
    """
    settings = read_settings("idle.yaml")
    rule = settings["roof"]
    idle = buildings[Building.use_status].isin([*settings["idle_status"], settings["partly_idle"]])
    built = pd.to_numeric(buildings[Building.built].str.extract(r"(\d{4})")[0])
    fit = (
        buildings[Building.use].isin(rule["uses"])
        & buildings[Building.tenure].fillna("").str.startswith(tuple(rule["tenures"]))
        & (buildings.geometry.area >= rule["least_m2"])
        & (buildings[Building.floors] >= 1).fillna(False).astype(bool)
        & (buildings[Building.floors] <= rule["most_floors"]).fillna(False).astype(bool)
        & ~(built < rule["built_from"])
        & ~buildings[Building.quality].isin(rule["bad_quality"])
        & ~(idle | buildings[Building.disused])
    )
    protected = buildings.index[
        buildings.sindex.query(heritage.geometry, predicate="intersects")[1] if len(heritage) else []
    ]
    chosen = buildings[fit & ~buildings.index.isin(protected)]
    rows = []
    for row, shape in iter_rows(chosen):
        name = clean_text(row[Building.name]) or f"建筑{row[Building.id]}"
        rows.append(
            {
                **start_row(row, "W", shape),
                **mark_found("可用屋顶"),
                Inventory.category: "空间",
                Inventory.name: f"{name}屋顶",
                Inventory.usable_m2: round(shape.area * rule["share"], 2),
                Inventory.owner: row[Building.owner],
                Inventory.tenure: row[Building.tenure],
                Inventory.building: row[Building.id],
                Inventory.use_status: "待核",
                Inventory.condition: row[Building.quality],
                Inventory.evidence: (
                    f"现状建筑{row[Building.id]}：公有{row[Building.use]}建筑，{row[Building.floors]:.0f}层，"
                    f"屋顶不小于{rule['least_m2']:g}㎡，按{rule['share']:.0%}可用计；荷载、防水和屋顶形式待核"
                ),
            }
        )
    return rows
