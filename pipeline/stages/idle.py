"""Idle space the sources themselves show: vacant parcels, disused buildings, leftover open ground (2.3).

A status or tag that says idle is positive evidence and makes a resource 确认; ground that is merely left
over in a completely mapped block is 疑似 and needs someone to go and look (DESIGN §4).
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from layers.planned import Inventory
from layers.source import Building, Parcel, Placed
from pipeline.plan.models import Idle
from pipeline.stages.blocks import find_leftover, widen_roads
from pipeline.stages.naming import hash_text
from pipeline.stages.placing import clean_number, clean_text

Rows = list[dict[str, Any]]
_DETECTED = "测算"
_SURE, _UNSURE = "确认", "疑似"


def detect_parcels(parcels: gpd.GeoDataFrame) -> Rows:
    """Return an inventory row for every parcel whose use status says idle."""
    idle = parcels[parcels[Parcel.use_status].isin(read_settings("idle.yaml")["idle_status"])]
    return [
        {
            **start_row(row, "P", shape),
            **mark_found("闲置地块", certainty=_SURE),
            Inventory.category: "用地",
            Inventory.name: f"{row[Parcel.use_status]}地块{row[Parcel.number]}",
            Inventory.area_m2: row[Parcel.area_m2],
            Inventory.landuse_code: row[Parcel.landuse_code],
            Inventory.use_status: row[Parcel.use_status],
            Inventory.evidence: f"现状用地{row[Parcel.number]}使用状况为{row[Parcel.use_status]}",
        }
        for row, shape in iter_rows(idle)
    ]


def detect_buildings(buildings: gpd.GeoDataFrame) -> Rows:
    """Return an inventory row for every building whose status or tag says idle, wholly or in part.

    Of a partly idle building one floor is counted as usable until someone measures it.
    """
    settings = read_settings("idle.yaml")
    partly = settings["partly_idle"]
    status = buildings[Building.use_status]
    idle = buildings[status.isin([*settings["idle_status"], partly]) | buildings[Building.disused]]
    rows = []
    for row, shape in iter_rows(idle):
        said = clean_text(row[Building.use_status]) or "闲置"
        floors = max(clean_number(row[Building.floors]), 1.0)
        floor_area = clean_number(row[Building.floor_area_m2])
        if np.isnan(floor_area):
            floor_area = shape.area * floors  # NaN floors leave it unknown
        one_floor = floor_area / floors if not np.isnan(floors) else shape.area
        tag = "有闲置标记" if row[Building.disused] else f"使用状况为{said}"
        name = clean_text(row[Building.name]) or f"{said}建筑{row[Building.id]}"
        rows.append(
            {
                **start_row(row, "B", shape),
                **mark_found("闲置建筑", certainty=_SURE),
                Inventory.category: "建筑",
                Inventory.name: name,
                Inventory.floor_area_m2: floor_area,
                Inventory.usable_m2: one_floor if said == partly else floor_area,
                Inventory.owner: row[Building.owner],
                Inventory.tenure: row[Building.tenure],
                Inventory.building: row[Building.id],
                Inventory.use_status: said,
                Inventory.condition: row[Building.quality],
                Inventory.evidence: f"现状建筑{row[Building.id]}{tag}",
            }
        )
    return rows


def detect_leftover(
    blocks: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    spaces: gpd.GeoDataFrame,
    listed: np.ndarray,
    *,
    idle: Idle,
    surveyed: bool,
) -> Rows:
    """Return a 疑似 row for open ground that nothing takes, in completely mapped blocks.

    Parameters
    ----------
    blocks, buildings, parcels, roads, spaces : layers, planar metres.
    listed : polygons that are resources already.
    idle : least area and completeness.
    surveyed : whether the plan's files show everything there is; of open data an estate's outline says
        nothing about what was never drawn inside it, so nothing inside counts as empty.
    """
    settings = read_settings("idle.yaml")
    open_ground = parcels[Parcel.landuse_code].str.startswith(tuple(settings["open_codes"]), na=False)
    used = parcels[~(open_ground | parcels[Parcel.use_status].isin(settings["open_status"]))]
    solid = np.concatenate(
        [
            shapely.buffer(buildings.geometry.to_numpy(), settings["building_buffer_m"]),
            widen_roads(roads),
            spaces.geometry.to_numpy(),
            listed,
        ]
    )
    estate = used[Parcel.landuse_code].str.startswith(tuple(settings["estate_codes"]), na=False) & surveyed
    houses = buildings.geometry.to_numpy()
    lived_in = [_drop_voids(shape, solid, houses, settings) for shape in used.geometry[estate]]
    taken = np.concatenate([solid, used.geometry[~estate].to_numpy(), np.array(lived_in, dtype=object)])
    shapes = find_leftover(blocks, taken, complete=idle.min_completeness, least_m2=idle.min_area_m2)
    told = "测绘完整街区内没有建筑、道路和其他设施占用的空地，须现场核实"
    return [start_ground("K", shape, "剩余空地", "疑似剩余空地", told) for shape in shapes]


def _drop_voids(
    estate: shapely.Geometry, solid: np.ndarray, houses: np.ndarray, settings: dict[str, Any]
) -> shapely.Geometry:
    """Return the parcel without the ground that stays empty over at least ``estate_width_m``."""
    built = shapely.area(shapely.intersection(houses, estate)).sum()
    if built < settings["estate_built_share"] * estate.area:
        return estate
    empty = shapely.difference(estate, shapely.union_all(solid[shapely.intersects(solid, estate)]))
    radius_m = settings["estate_width_m"] / 2
    wide = shapely.buffer(shapely.buffer(empty, -radius_m), radius_m)
    return shapely.difference(estate, shapely.intersection(wide, empty))


def iter_rows(frame: gpd.GeoDataFrame) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    ordered = frame.sort_values(Placed.id) if len(frame) else frame
    records = pd.DataFrame(ordered.drop(columns=ordered.geometry.name)).to_dict("records")
    return list(zip(records, ordered.geometry, strict=True))


def start_row(row: dict[str, Any], letter: str, shape: shapely.Geometry) -> dict[str, Any]:
    """Return what every detected row has; its number tells the object it was found on."""
    plain = f"{letter}-{row[Placed.id]}"
    number = plain if plain.isascii() and len(plain) <= 10 else letter + hash_text(row[Placed.id], 8)
    return {
        Inventory.id: number,
        Inventory.number: number,
        Inventory.source: row[Placed.source],
        Inventory.community: row[Placed.community],
        "geometry": shape,
    }


def start_ground(letter: str, shape: shapely.Geometry, way: str, name: str, evidence: str) -> dict[str, Any]:
    """Return the row of a piece of ground that only its place tells; its number comes from there."""
    spot = shape.representative_point()
    number = letter + hash_text(f"{spot.x:.0f},{spot.y:.0f}", 7)
    return {
        Inventory.id: number,
        Inventory.number: number,
        **mark_found(way),
        Inventory.category: "空间",
        Inventory.name: f"{name}{number}",
        Inventory.use_status: "待核",
        Inventory.evidence: evidence,
        "geometry": shape,
    }


def mark_found(way: str, *, certainty: str = _UNSURE, sureness: str | None = None) -> dict[str, Any]:
    """Return how a row was found and how sure that is; only a status somebody wrote down is 确认 (DESIGN §4)."""
    return {
        Inventory.found_by: way,
        Inventory.sureness: sureness or read_settings("idle.yaml")["sureness"][way],
        Inventory.certainty: certainty,
        Inventory.method: _DETECTED,
    }
