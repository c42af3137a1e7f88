"""Service areas of a one-off command: one drawn area per origin, or class of origins, and limit."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.areas import measure_area
from layers.faults import Fault, PlanFaults
from layers.frame import conform
from layers.plain import ServiceArea, Spot
from pipeline.cli.net import Net, status_texts
from pipeline.plan.models import Walking
from pipeline.reach.cells import Cells, build_cells, cell_distance, contour_area, contour_each
from pipeline.reach.snap import Snap, Status

# A grid larger than this takes minutes and gigabytes; it is refused with what to change.
_MOST_CELLS = 30_000_000


def tell_minutes(limit_m: float, speed: float | None) -> float:
    """Return the walking minutes of a distance: at a speed, else by the standard tiers (GB 50180-2018 3.0.4)."""
    standard = Walking.model_validate({})
    tiers = {metres: float(minutes) for minutes, metres in standard.tiers_m.items()}
    if speed is None and limit_m in tiers:
        return tiers[limit_m]
    return limit_m / (speed or standard.speed_m_per_min)


def draw_areas(
    net: Net,
    origins: gpd.GeoDataFrame,
    *,
    limits_m: list[float],
    cell_m: float,
    by_class: bool,
    bands: bool,
    speed: float | None,
) -> gpd.GeoDataFrame:
    """Return the ``ServiceArea`` rows: one per origin (or class) and limit, also where nothing is reached.

    Raises
    ------
    PlanFaults
        If the grid would have too many cells (``HSQ-A05``).
    """

    snap = net.snap(origins)
    names = origins[Spot.group].fillna("（未分类）") if by_class else origins[Spot.id]
    keys = np.sort(names.unique()) if by_class else names.to_numpy()
    shapes = np.full((len(keys), len(limits_m)), None, dtype=object)
    # Who stands on an island of the network walks there, though not joined to the rest.
    joined, entered = np.flatnonzero(snap.status == Status.OK), np.flatnonzero(snap.edge >= 0)
    if len(entered):
        cells = _lay_cells(net, snap.take(entered), limits_m[-1], cell_m)
        if by_class:
            found = names.iloc[entered].to_numpy()
            for key in np.unique(found):
                metres = cell_distance(cells, net.graph, snap.take(entered[found == key]), limits_m[-1])
                shapes[keys == key] = contour_area(cells, metres, limits_m)
        else:
            shapes[entered] = list(contour_each(cells, net.graph, snap.take(entered), limits_m))
    if bands:
        rows = ~shapely.is_missing(shapes[:, 0])
        shapes[rows, 1:] = shapely.difference(shapes[rows, 1:], shapes[rows, :-1])
    shapes[shapely.is_empty(shapes)] = None
    k = len(limits_m)
    # The statuses are numbered from joined to outside: a class is joined where one of its origins is.
    status = pd.Series(snap.status).groupby(names.to_numpy()).min().reindex(keys).to_numpy()
    frame = gpd.GeoDataFrame(
        {
            ServiceArea.name: np.repeat(keys, k),
            ServiceArea.status: np.repeat(status_texts(status), k),
            ServiceArea.origins: np.repeat(names.value_counts().reindex(keys).to_numpy(), k),
            ServiceArea.joined: np.repeat(
                names.iloc[joined].value_counts().reindex(keys, fill_value=0).to_numpy(), k
            ),
            ServiceArea.from_m: np.tile([0.0, *limits_m[:-1]] if bands else [0.0] * k, len(keys)),
            ServiceArea.to_m: np.tile(limits_m, len(keys)),
            ServiceArea.minutes: np.tile([tell_minutes(limit, speed) for limit in limits_m], len(keys)),
        },
        geometry=shapes.ravel(),
        crs=net.crs,
    )
    frame[ServiceArea.area_m2] = measure_area(frame.geometry).fillna(0.0)
    return conform(frame, ServiceArea)


def _lay_cells(net: Net, origins: Snap, limit_m: float, cell_m: float) -> Cells:
    """Lay the grid over the ground the origins may reach: no walk leads farther than its length."""
    spots = shapely.points(origins.x, origins.y)
    box = shapely.box(*shapely.total_bounds(net.lines)).buffer(net.max_access_m + 3 * cell_m)
    circles = shapely.buffer(spots, limit_m + 3 * cell_m, quad_segs=64)
    ground = shapely.intersection(shapely.union_all(circles), box)
    west, south, east, north = ground.bounds
    count = (east - west) * (north - south) / cell_m**2
    if count > _MOST_CELLS:
        enough = cell_m * (count / _MOST_CELLS) ** 0.5
        raise PlanFaults(
            [
                Fault(
                    "HSQ-A05", f"格网有 {count / 1e6:.0f} 百万格，过大", field="--cell", value=f"{cell_m:g}",
                    remedy=f"用 --cell 加大格网（不小于 {enough:.0f}），或分区计算",
                )
            ]
        )  # fmt: skip
    return build_cells(ground, net.graph, net.lines, max_access_m=net.max_access_m, cell_m=cell_m)


def describe_areas(table: gpd.GeoDataFrame) -> list[str]:
    """Return the counts: areas drawn, origins not joined to the network by status."""
    once = table.drop_duplicates(ServiceArea.name)
    lines = [
        f"范围 {int(table.geometry.notna().sum())} 个（{len(once)} 个对象 × {table[ServiceArea.to_m].nunique()} 档）"
    ]
    lost = int((once[ServiceArea.origins] - once[ServiceArea.joined]).sum())
    lines.append(f"起点 {int(once[ServiceArea.origins].sum())} 个，其中未接入主网 {lost} 个")
    return lines
