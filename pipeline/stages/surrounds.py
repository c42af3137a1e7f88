"""What lies round a spatial resource: road frontage, gates, heritage ranges, the homes it could serve (3.3)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from configs import read_settings
from layers import codes
from layers.planned import Inventory
from layers.reachable import Edge, Home, Link, Obstacle, Precinct
from layers.source import Gate, Heritage, Road
from pipeline.reach.search import reach
from pipeline.reach.snap import Status
from pipeline.stages.base import Given
from pipeline.stages.blocks import widen_roads
from pipeline.stages.walknet import open_walknet, recall_snap
from pipeline.stages.walks import pick_points

# Outlines are looked at in steps of this length; frontages are right to about as much at either end.
_STEP_M = 1.0
# Two outlines drawn along one line share less than this.
_TOUCH_M2 = 1.0
_SPATIAL = list(codes.SPATIAL_RESOURCE)


def add_surrounds(frame: gpd.GeoDataFrame, given: Given) -> gpd.GeoDataFrame:
    """Return the ``Inventory`` rows with frontage, gates, heritage limits and walks to homes filled in."""
    here = frame[frame[Inventory.category].isin(_SPATIAL) & frame.geometry.notna()]
    frame = frame.copy()
    if here.empty:
        return frame
    rule = read_settings("idle.yaml")["frontage"]
    roads = given.geo(Road)
    roads = roads[roads[Road.kind].isin(rule["roads"])]
    reach_m = here[Inventory.category].map(rule).astype("float64").to_numpy()
    shapes = here.geometry.to_numpy()
    gate_m, near = measure_gates(
        shapes, given.geo(Gate).geometry.dropna().to_numpy(), within_m=rule["gate_m"]
    )
    new = {
        Inventory.frontage_m: measure_frontage(shapes, widen_roads(roads), reach_m=reach_m).round(2),
        Inventory.gate_m: gate_m.round(2),
        Inventory.gates: near,
        Inventory.heritage: describe_heritage(shapes, given.geo(Heritage)),
    }
    walks = measure_homes(here, given)
    for name, values in {**new, **{name: walks[name].to_numpy() for name in walks}}.items():
        frame[name] = pd.Series(values, index=here.index).reindex(frame.index)
    return frame


def measure_frontage(areas: ArrayLike, roads: NDArray, *, reach_m: ArrayLike) -> NDArray[np.float64]:
    """Return the length of each area's outline that faces a road.

    A piece of outline faces a road when the straight line outward from its middle, at right angles, meets the
    road's ground within ``reach_m``: the sides of a plot that run away from the street do not count.

    Parameters
    ----------
    areas : (n,) shapely geometries, planar metres; anything but areas gives NaN.
    roads : (k,) road surfaces.
    reach_m : how far out the road may lie, one number or (n,).

    Returns
    -------
    (n,) float, metres.
    """
    shapes = np.asarray(areas, dtype=object).reshape(-1)
    out_m = np.broadcast_to(np.asarray(reach_m, dtype=np.float64), shapes.shape)
    solid = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    result = np.where(solid, 0.0, np.nan)
    if not solid.any() or not len(roads):
        return result
    parts, part_of = shapely.get_parts(shapes[solid], return_index=True)
    rings = shapely.segmentize(
        shapely.get_exterior_ring(shapely.orient_polygons(parts)), max_segment_length=_STEP_M
    )
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same], xy[1:][same]
    owner = np.flatnonzero(solid)[part_of[ring[:-1][same]]]
    step = end - start
    length = np.hypot(step[:, 0], step[:, 1])
    middle = (start + end) / 2
    # Outside lies to the right of a ring that runs anticlockwise.
    normal = np.column_stack([step[:, 1], -step[:, 0]]) / np.maximum(length, 1e-9)[:, None]
    rays = shapely.linestrings(np.stack([middle, middle + normal * out_m[owner][:, None]], axis=1))
    met = np.unique(shapely.STRtree(roads).query(rays, predicate="intersects")[0])
    np.add.at(result, owner[met], length[met])
    return result


def measure_gates(
    areas: ArrayLike, gates: NDArray, *, within_m: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the straight distance from each shape to the nearest gate, and how many lie within ``within_m``."""
    shapes = np.asarray(areas, dtype=object).reshape(-1)
    far, count = np.full(len(shapes), np.nan), np.zeros(len(shapes), dtype=np.int64)
    if not len(gates):
        return far, count
    tree = shapely.STRtree(gates)
    (row, _), metres = tree.query_nearest(shapes, return_distance=True, all_matches=False)
    far[row] = metres
    count += np.bincount(tree.query(shapes, predicate="dwithin", distance=within_m)[0], minlength=len(shapes))
    return far, count


def describe_heritage(areas: ArrayLike, heritage: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return for each shape the protection ranges it touches, with area and share, in order of name (4.5)."""
    shapes = np.asarray(areas, dtype=object).reshape(-1)
    said: list[list[str]] = [[] for _ in shapes]
    ordered = heritage.sort_values([Heritage.name, Heritage.id]) if len(heritage) else heritage
    found = ordered.sindex.query(shapes, predicate="intersects") if len(ordered) else np.zeros((2, 0), int)
    for n, which in sorted(zip(*found, strict=True), key=lambda pair: (pair[0], pair[1])):
        row, whole = ordered.iloc[which], shapes[n].area
        common = shapes[n].intersection(row.geometry).area
        if whole > 0 and common < _TOUCH_M2:
            continue
        part = f"{common:.0f}㎡，占{common / whole:.0%}" if whole > 0 else "位于其中"
        said[n].append(f"{row[Heritage.name]}（{row[Heritage.kind]}）保护范围：{part}")
    return np.array(["；".join(parts) or None for parts in said], dtype=object)


def measure_homes(places: gpd.GeoDataFrame, given: Given) -> pd.DataFrame:
    """Return the walk to the nearest home of the plan, and homes and people within 5 and 15 minutes.

    Parameters
    ----------
    places : ``Inventory`` rows with a geometry.
    given : the network, as the network stage snapped the homes to it, and the plan's tiers.
    """
    result = pd.DataFrame(
        {
            str(Inventory.walk_m): np.nan,
            str(Inventory.homes_5): pd.array([pd.NA] * len(places), dtype="Int64"),
            str(Inventory.people_5): np.nan,
            str(Inventory.homes_15): pd.array([pd.NA] * len(places), dtype="Int64"),
            str(Inventory.people_15): np.nan,
        },
        index=places.index,
    )
    homes, edges = given.placed(Home), given.geo(Edge)
    homes = homes[homes[Home.community].notna()].sort_values(Home.id, ignore_index=True)
    if homes.empty or edges.empty:
        return result
    net = open_walknet(edges, given.plan, given.geo(Obstacle), given.geo(Precinct))
    door = recall_snap(given.geo(Link), homes, Home.key)
    snap = net.snap(gpd.GeoSeries(pick_points(places.geometry), crs=edges.crs))
    left, right = (np.flatnonzero(side.status == Status.OK) for side in (snap, door))
    limits = {minutes: given.plan.walking.limit_m(minutes) for minutes in (5, 15)}
    table = reach(net.graph, snap.take(left), door.take(right), limits[15])
    place, metres = left[table.origin], table.distance_m
    people = homes[Home.population].to_numpy(dtype=np.float64)[right[table.target]]
    nearest = np.full(len(places), np.inf)
    np.minimum.at(nearest, place, metres)
    result[Inventory.walk_m] = np.where(np.isfinite(nearest), nearest, np.nan).round(2)
    joined = np.isin(np.arange(len(places)), left)
    for minutes, count, heads in (
        (5, Inventory.homes_5, Inventory.people_5),
        (15, Inventory.homes_15, Inventory.people_15),
    ):
        within = metres <= limits[minutes]
        number = np.bincount(place[within], minlength=len(places))
        result[count] = pd.array(np.where(joined, number, -1), dtype="Int64")
        result[count] = result[count].mask(~joined)
        if homes[Home.population].notna().any():
            total = np.bincount(place[within], weights=np.nan_to_num(people[within]), minlength=len(places))
            result[heads] = np.where(joined, total, np.nan)
    return result
