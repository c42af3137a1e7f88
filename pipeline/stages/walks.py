"""Walking distance between two sets of places on the plan's network, for decisions of the plan."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.plan.models import Walking
from pipeline.reach.graph import build_graph
from pipeline.reach.search import reach
from pipeline.reach.snap import Snap, Status, snap_points


def measure_walks(
    edges: gpd.GeoDataFrame,
    origins: gpd.GeoSeries,
    targets: gpd.GeoSeries,
    *,
    walking: Walking,
    limit_m: float,
) -> pd.Series:
    """Return door-to-door metres of every pair within the limit.

    A straight line is no measure for a decision, so a place that does not join the main network has no
    distance at all.

    Parameters
    ----------
    edges : the ``Edge`` layer, noded, in its own order.
    origins, targets : places by id; a line or area is entered at a point on it, nothing is skipped but
        missing geometry.
    walking : access limit and node tolerance of the plan.
    limit_m : longest distance, metres.

    Returns
    -------
    Series of metres with the index (origin id, target id), sorted.
    """
    names = ["origin", "target"]
    empty = pd.Series([], index=pd.MultiIndex.from_arrays([[], []], names=names), dtype="float64")
    origins, targets = (places[~(places.isna() | places.is_empty)] for places in (origins, targets))
    if edges.empty or origins.empty or targets.empty:
        return empty
    lines = edges.geometry.to_numpy()
    graph = build_graph(lines, snap_m=walking.node_tolerance_m)

    def join(places: gpd.GeoSeries) -> Snap:
        points = pick_points(places)
        return snap_points(
            shapely.get_x(points), shapely.get_y(points), graph, lines, max_m=walking.max_access_m
        )

    left, right = join(origins), join(targets)
    left_ok, right_ok = (np.flatnonzero(side.status == Status.OK) for side in (left, right))
    table = reach(graph, left.take(left_ok), right.take(right_ok), limit_m)
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
