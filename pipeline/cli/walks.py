"""The OD table of a one-off command: who reaches whom in how many metres, and who reaches nobody."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.frame import conform
from layers.plain import Spot, Walk
from pipeline.cli.net import Net, status_texts
from pipeline.reach import search
from pipeline.reach.snap import Snap


def tabulate_walks(
    net: Net, origins: gpd.GeoDataFrame, destinations: gpd.GeoDataFrame, *, limit_m: float, nearest: bool
) -> gpd.GeoDataFrame:
    """Return the ``Walk`` rows: every pair within the limit, and every place that is in no pair once.

    A place on an island of the network, as its status says, reaches what is on the same island, as it does
    in a plan. Rows follow the order of the origins, then of the destinations; destinations nobody reaches
    come last.
    """

    left, right = net.snap(origins), net.snap(destinations)
    left_ok, right_ok = (np.flatnonzero(side.edge >= 0) for side in (left, right))
    start, goal = left.take(left_ok), right.take(right_ok)
    if nearest:
        metres, goal_of = search.nearest(net.graph, goal, start, limit_m)
        hit = np.flatnonzero(goal_of >= 0)
        first, second, metres = left_ok[hit], right_ok[goal_of[hit]], metres[hit]
    else:
        found = search.reach(net.graph, start, goal, limit_m)
        first, second, metres = left_ok[found.origin], right_ok[found.target], found.distance_m
    alone = np.setdiff1d(np.arange(len(left)), first)
    unmet = np.setdiff1d(np.arange(len(right)), second)
    o = np.concatenate([first, alone, np.full(len(unmet), -1)]).astype(np.intp)
    d = np.concatenate([second, np.full(len(alone), -1), unmet]).astype(np.intp)
    metres = np.concatenate([metres, np.full(len(alone) + len(unmet), np.nan)])
    order = np.lexsort((d, np.where(o < 0, len(left), o)))
    o, d, metres = o[order], d[order], metres[order]

    starts, ends = _pick_xy(left, o), _pick_xy(right, d)
    shape = np.full(len(o), None, dtype=object)
    both = (o >= 0) & (d >= 0)
    shape[both] = shapely.linestrings(np.stack([starts[both], ends[both]], 1))
    frame = pd.DataFrame(
        {
            Walk.origin: _pick(origins[Spot.id], o),
            Walk.destination: _pick(destinations[Spot.id], d),
            Walk.metres: metres,
            Walk.origin_status: _pick(status_texts(left.status), o),
            Walk.destination_status: _pick(status_texts(right.status), d),
        }
    )
    return conform(gpd.GeoDataFrame(frame, geometry=shape, crs=net.crs), Walk)


def describe_walks(table: pd.DataFrame, n_origins: int, n_destinations: int, *, limit_m: float) -> list[str]:
    """Return what the table says in counts: pairs, and places that reach or are reached by nothing, by status."""

    paired = table[Walk.metres].notna()
    lines = [f"可达 {int(paired.sum())} 对（上限 {limit_m:g} m）"]
    for word, n, field, status in (
        ("起点", n_origins, Walk.origin, Walk.origin_status),
        ("终点", n_destinations, Walk.destination, Walk.destination_status),
    ):
        alone = table.loc[~paired & table[field].notna(), status].value_counts()
        why = "、".join(
            f"{kind if kind != '已接入' else '已接入而上限内不可达'} {alone[kind]}"
            for kind in sorted(alone.index)
        )
        lines.append(f"{word} {n} 个，其中不在任何一对中 {int(alone.sum())} 个" + (f"：{why}" if why else ""))
    return lines


def _pick(values: object, index: NDArray[np.intp]) -> NDArray:
    """Return the values at ``index``; None at -1."""
    column = np.asarray(values, dtype=object)
    return np.concatenate([column, [None]])[index]


def _pick_xy(points: Snap, index: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the coordinates at ``index``, (n, 2); NaN at -1."""
    return np.concatenate([np.stack([points.x, points.y], 1), [[np.nan, np.nan]]])[index]
