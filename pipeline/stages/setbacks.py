"""Oversized setbacks: ground a built-up parcel leaves empty along the street, wider than any rule asks for."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from configs import read_settings
from layers.source import Parcel, Road
from pipeline.stages.blocks import widen_roads
from pipeline.stages.idle import Rows, start_ground
from pipeline.stages.shape import keep_areas


def detect_setbacks(
    parcels: gpd.GeoDataFrame,
    houses: NDArray,
    roads: gpd.GeoDataFrame,
    solid: NDArray,
    *,
    least_m2: float,
) -> Rows:
    """Return a 疑似 row for every oversized setback (2.3 闲置资源, 3.6.2 挖掘新空间).

    Parameters
    ----------
    parcels, roads : the layers, planar metres.
    houses : (n,) building footprints; a parcel they hardly cover was not drawn, nothing can be said of it.
    solid : (n,) polygons of buildings with their margins, roads, open space and ground listed already.
    least_m2 : least area of a piece.
    """
    settings = read_settings("idle.yaml")
    rule = settings["setback"]
    bounding = roads[roads[Road.kind].isin(settings["block_roads"])]
    skipped = parcels[Parcel.landuse_code].str.startswith(tuple(rule["skip_codes"]), na=False)
    plots = parcels.geometry[~skipped].to_numpy()
    if bounding.empty or not len(plots) or not len(houses):
        return []
    street = shapely.union_all(widen_roads(bounding))
    zone = shapely.buffer(street, rule["depth_m"])
    shapely.prepare(zone)
    built, every = shapely.STRtree(houses), shapely.STRtree(solid)
    radius = rule["width_m"] / 2
    rows: Rows = []
    for plot in plots[shapely.intersects(zone, plots)]:
        inside = shapely.intersection(houses[built.query(plot, predicate="intersects")], plot)
        if shapely.area(inside).sum() < rule["built_share"] * plot.area:
            continue
        near = solid[every.query(plot, predicate="intersects")]
        front = shapely.difference(shapely.intersection(plot, zone), shapely.union_all(near))
        wide = shapely.intersection(shapely.buffer(shapely.buffer(front, -radius), radius), front)
        parts = shapely.get_parts(keep_areas(wide, least_m2=least_m2))
        rows += [
            start_ground(
                "S",
                part,
                "退让空地",
                "疑似过宽退让空地",
                f"地块沿街{rule['depth_m']:g} m内、建筑前宽{rule['width_m']:g} m以上没有建筑、道路和其他设施的空地；阈值待核，须现场核实",
            )
            for part in parts[shapely.distance(parts, street) <= rule["touch_m"]]
        ]
    return rows


def gather_solid(houses: NDArray, roads: gpd.GeoDataFrame, spaces: NDArray, listed: NDArray) -> NDArray:
    """Return what takes ground: buildings with the margin of ``idle.yaml``, roads, open space, listed ground."""
    margin = read_settings("idle.yaml")["building_buffer_m"]
    return np.concatenate([shapely.buffer(houses, margin), widen_roads(roads), spaces, listed])
