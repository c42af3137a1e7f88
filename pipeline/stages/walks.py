"""Walking distance between two sets of places on the plan's network, for decisions of the plan."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.plan import Plan
from pipeline.reach.search import reach
from pipeline.stages.walknet import open_walknet


def measure_walks(
    edges: gpd.GeoDataFrame,
    origins: gpd.GeoSeries,
    targets: gpd.GeoSeries,
    *,
    plan: Plan,
    limit_m: float,
    obstacles: gpd.GeoDataFrame | None = None,
    precincts: gpd.GeoDataFrame | None = None,
) -> pd.Series:
    """Return door-to-door metres of every pair within the limit.

    A straight line is no measure for a decision, so a place that does not join the network has no distance at
    all, and one on an island of it only to what is on the same island.

    Parameters
    ----------
    edges : the ``Edge`` layer, noded, in its own order.
    origins, targets : places by id; a line or area is entered at a point on it, nothing is skipped but
        missing geometry.
    plan : says how far from the network a place may lie.
    limit_m : longest distance, metres.
    obstacles, precincts : the ``Obstacle`` and ``Precinct`` layers; no straight way to the network crosses one.

    Returns
    -------
    Series of metres with the index (origin id, target id), sorted.
    """
    names = ["origin", "target"]
    empty = pd.Series([], index=pd.MultiIndex.from_arrays([[], []], names=names), dtype="float64")
    origins, targets = (places[~(places.isna() | places.is_empty)] for places in (origins, targets))
    if edges.empty or origins.empty or targets.empty:
        return empty
    net = open_walknet(edges, plan, obstacles, precincts)
    left, right = (
        net.snap(gpd.GeoSeries(pick_points(places), crs=edges.crs)) for places in (origins, targets)
    )
    left_ok, right_ok = (np.flatnonzero(side.edge >= 0) for side in (left, right))
    table = reach(net.graph, left.take(left_ok), right.take(right_ok), limit_m)
    index = pd.MultiIndex.from_arrays(
        [origins.index[left_ok][table.origin], targets.index[right_ok][table.target]], names=names
    )
    return pd.Series(table.distance_m, index=index).sort_index() if len(index) else empty


def pick_points(places: gpd.GeoSeries) -> np.ndarray:
    """Return one point on each place: itself, the middle of a line, a point inside an area."""
    shapes = places.to_numpy()
    kind = shapely.get_type_id(shapes)
    points = shapely.point_on_surface(shapes)
    single = kind == 1
    points[single] = shapely.line_interpolate_point(shapes[single], 0.5, normalized=True)
    return points
