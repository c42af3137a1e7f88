"""Home points: one a residential building, or indicative ones along streets where none are mapped."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from configs import read_settings
from layers import codes
from layers.faults import FaultLog
from layers.reachable import Home
from layers.source import Building, Road

_BUILT, _INDICATIVE = codes.HOME_BASIS.values


def _from_buildings(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            Home.id: "H" + buildings[Building.id],
            Home.building: buildings[Building.id],
            Home.source: buildings[Building.source],
            Home.basis: _BUILT,
            Home.population: buildings[Building.population],
            Home.elders: buildings[Building.elders],
            Home.infants: buildings[Building.infants],
            Home.children: buildings[Building.children],
        },
        geometry=buildings.representative_point(),
        crs=buildings.crs,
    )


def _along_streets(roads: gpd.GeoDataFrame, area: shapely.Geometry, *, spacing_m: float) -> gpd.GeoDataFrame:
    # Nobody lives on a bridge or in a tunnel.
    on_ground = roads[Road.level].fillna(0) == 0
    streets = roads[on_ground & roads[Road.kind].isin(read_settings("homes.yaml")["street_kinds"])]
    lines = shapely.intersection(streets.geometry.to_numpy(), area)
    parts, index = shapely.get_parts(lines, return_index=True)
    is_line = (shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)
    parts, index = parts[is_line], index[is_line]
    # Points stand in the middle of equal pieces no longer than the spacing, so none sits on a junction.
    count = np.ceil(shapely.length(parts) / spacing_m).astype(int)
    which = np.repeat(np.arange(len(parts)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(parts[which], (step + 0.5) / count[which], normalized=True)
    x, y = shapely.get_x(points).round(1), shapely.get_y(points).round(1)
    ids = [f"S{a:.0f}_{b:.0f}" for a, b in zip(x * 10, y * 10, strict=True)]
    frame = gpd.GeoDataFrame(
        {Home.id: ids, Home.basis: _INDICATIVE, Home.source: streets[Road.source].to_numpy()[index[which]]},
        geometry=gpd.points_from_xy(x, y),
        crs=roads.crs,
    )
    return frame.drop_duplicates(subset=[Home.id]).sort_values(Home.id, ignore_index=True)


def place_homes(
    buildings: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    area: shapely.Geometry,
    *,
    spacing_m: float,
    log: FaultLog,
) -> gpd.GeoDataFrame:
    """Return the ``Home`` layer.

    Parameters
    ----------
    buildings, roads : canonical layers, plan CRS, metres.
    area : the plan's area (communities or outline).
    spacing_m : distance of indicative points along residential streets.
    log : told which basis was used and why.

    Notes
    -----
    Indicative points carry no persons: nothing about people may be printed from them (a matter of trust:
    a drawn number is believed).
    """
    rule = read_settings("homes.yaml")
    use = buildings[Building.use].fillna("")
    is_home = use.map(lambda text: any(word in text for word in rule["residential_words"])).astype(bool)
    idle = buildings[Building.use_status].isin(read_settings("idle.yaml")["idle_status"])
    lived_in = is_home & ~buildings[Building.disused] & ~idle
    inside = int(buildings[lived_in].representative_point().within(area).sum())
    density = inside / (area.area / 1e6)
    if density >= rule["min_buildings_per_km2"]:
        homes = _from_buildings(buildings[lived_in])
        unknown = int(buildings.loc[lived_in, Building.population].isna().sum())
        if unknown:
            log.add(
                "HSQ-A05",
                f"{unknown} 栋住宅没有居住人口，人口类指标只统计有人口的住宅；全部缺失时不输出人数",
                severity="提示",
                layer=Building.alias,
                remedy="在建筑图层补充居住人口、60岁及以上、0-3岁、3-6岁人口",
            )
        return homes
    log.add(
        "HSQ-A05",
        f"规划范围内住宅建筑 {inside} 栋（每平方公里 {density:.0f} 栋），视为建筑未测绘，"
        f"沿居住道路每 {spacing_m:g} m 布设示意住户点，不输出人数",
        severity="警告",
        layer=Building.alias,
        action="以示意住户点代替",
        remedy="补充现状建筑图层（含建筑功能和居住人口）后重新运行",
    )
    return _along_streets(roads, area, spacing_m=spacing_m)
