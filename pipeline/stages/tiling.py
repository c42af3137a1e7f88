"""Layers that tile the ground, brought into order across their files, cut to the plan, and measured to add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.areas import AreaRule, measure_area, settle_areas
from layers.faults import FaultLog
from layers.frame import split_shapes
from layers.planar import mend_planar, rank_shapes
from layers.reachable import Unit
from layers.read.raw import Place
from layers.shapes.findings import Findings
from layers.source import Community, Parcel
from layers.tiles import OUTSIDE, Tiles, cut_tiles
from pipeline.stages.naming import hash_text

_WIDTH = 8  # of 图斑编号


def tile_frames(
    frames: Sequence[gpd.GeoDataFrame], places: Sequence[Place], *, tolerance_m: float
) -> list[gpd.GeoDataFrame]:
    """Return the frames of one layer with polygons that share no ground and leave no gap (``mend_planar``).

    Parameters
    ----------
    frames : mended rows of each file in the plan's CRS, metres; points among them are left alone.
    places : file of each frame.
    """
    areas = [split_shapes(frame)["polygon"] for frame in frames]
    shapes = np.concatenate([np.array([], dtype=object), *(frame.geometry.to_numpy() for frame in areas)])
    if not len(shapes):
        return list(frames)
    findings = Findings.across(areas, places)
    file_of = np.repeat(np.arange(len(areas)), [len(frame) for frame in areas])
    rank = rank_shapes(shapes, file_of, findings.keys)
    tiled = mend_planar(shapes, findings, rank=rank, tolerance_m=tolerance_m)
    return [
        _replace(frame, area.index, tiled[file_of == nth])
        for nth, (frame, area) in enumerate(zip(frames, areas, strict=True))
    ]


def _replace(frame: gpd.GeoDataFrame, rows: pd.Index, shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    geometry = frame.geometry.copy()
    geometry[rows] = gpd.GeoSeries(shapes, index=rows, crs=frame.crs)
    return frame.set_geometry(geometry)


def find_grounds(communities: gpd.GeoDataFrame, outline: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what land use is cut to: community areas by code and name, else the outline, else nothing."""
    areas = split_shapes(communities)["polygon"]
    if len(areas):
        order = [str(key) for key in (Unit.code, Unit.name) if key in areas.columns]
        return areas.sort_values(order, ignore_index=True) if order else areas.reset_index(drop=True)
    return split_shapes(outline)["polygon"].reset_index(drop=True)


def fit_parcels(
    parcels: gpd.GeoDataFrame,
    owner: NDArray[np.intp],
    findings: Findings,
    grounds: gpd.GeoDataFrame,
    *,
    tolerance_m: float,
) -> tuple[gpd.GeoDataFrame, NDArray[np.intp]]:
    """Return parcels cut along the grounds, and which row each piece comes from.

    The largest piece keeps id and number; the others get both from what they are pieces of and where they lie.

    Parameters
    ----------
    parcels : ``Parcel`` rows in one frame, renumbered from 0.
    owner : (n,) position in ``findings`` of each row.
    grounds : polygons the plan is made of.
    """
    if not len(parcels) or not len(grounds):
        return parcels, owner
    shapes = parcels.geometry.to_numpy()
    tiles = cut_tiles(shapes, grounds.geometry.to_numpy(), tolerance_m=tolerance_m)
    names = [str(name) for name in grounds[Community.name]] if Community.name in grounds else []
    names = names or ["规划范围"] * len(grounds)
    _tell_cuts(shapes, tiles, owner, findings, names)
    result = parcels.iloc[tiles.parcel].reset_index(drop=True)
    result = result.set_geometry(gpd.GeoSeries(tiles.shape, crs=parcels.crs))
    again = pd.Series(tiles.parcel).duplicated().to_numpy()  # the largest comes first
    for at in np.flatnonzero(again):
        where = "范围外" if tiles.area[at] == OUTSIDE else names[tiles.area[at]]
        key, number = str(result.loc[at, Parcel.id]), str(result.loc[at, Parcel.number])
        result.loc[at, Parcel.id] = f"{key}/{where}"
        short = f"{number[: _WIDTH - 3]}-{hash_text(f'{key}/{where}', 2)}"
        result.loc[at, Parcel.number] = short if short.isascii() else hash_text(f"{key}/{where}", _WIDTH)
    return result, owner[tiles.parcel]


def _tell_cuts(
    shapes: NDArray[np.object_], tiles: Tiles, owner: NDArray[np.intp], findings: Findings, names: list[str]
) -> None:
    """Tell which parcels were split along an edge, and which were brought onto one."""
    count = np.bincount(tiles.parcel, minlength=len(shapes))
    first = np.unique(tiles.parcel, return_index=True)[1]
    before, after = shapely.area(shapes), shapely.area(tiles.shape)
    for parcel in np.flatnonzero(count > 1):
        mine = np.flatnonzero(tiles.parcel == parcel)
        sides = ["规划范围外" if area == OUTSIDE else names[area] for area in tiles.area[mine]]
        parts = "、".join(f"{side} {after[at]:.2f} ㎡" for side, at in zip(sides, mine, strict=True))
        findings.tell(
            int(owner[parcel]), "HSQ-G13", f"图斑跨界：{parts}", severity="警告", shape=tiles.shape[mine[-1]],
            value=f"面积 {before[parcel]:.2f} ㎡", action=f"已沿界线拆成 {len(mine)} 块",
            remedy="请核对界线；不应拆分时改正图斑或界线",
        )  # fmt: skip
    moved = np.flatnonzero((count == 1) & (np.abs(after[first] - before) >= 0.005))
    for parcel in moved:
        at = first[parcel]
        where = "规划范围" if tiles.area[at] == OUTSIDE else f"“{names[tiles.area[at]]}”"
        findings.tell(
            int(owner[parcel]), "HSQ-G05", f"边界与{where}界线不吻合", severity="警告",
            shape=shapely.symmetric_difference(shapes[parcel], tiles.shape[at], grid_size=limits().vertex_m),
            value=f"面积 {before[parcel]:.2f} ㎡",
            action=f"已对齐界线，面积 {before[parcel]:.2f} → {after[at]:.2f} ㎡", remedy="请核对该边界",
        )  # fmt: skip
    findings.mend(owner[moved])


def settle_parcels(
    parcels: gpd.GeoDataFrame, grounds: gpd.GeoDataFrame, log: FaultLog, *, rule: AreaRule
) -> gpd.GeoDataFrame:
    """Return parcels whose areas add up to the communities' and to the plan's, exactly at the delivered decimals.

    A stated area that is no area (negative) is a fault of its own and stays.
    """
    if not len(parcels) or not len(grounds):
        return parcels
    areas = grounds.geometry.to_numpy()
    # The same rule by which the scope stage says which community a parcel lies in.
    x, y = parcels.representative_point().get_coordinates().to_numpy().T
    inside, which = shapely.STRtree(areas).query(shapely.points(x, y))
    shapely.prepare(areas)
    met = shapely.intersects_xy(areas[which], x[inside], y[inside])
    inside, which = inside[met], which[met]
    order = np.lexsort((which, inside))
    inside, which = inside[order], which[order]
    home = np.full(len(parcels), OUTSIDE, dtype=np.intp)
    home[inside[::-1]] = which[::-1]  # of two grounds the first
    exact = measure_area(parcels.geometry, rule=rule).to_numpy()
    sizes = measure_area(grounds.geometry, rule=rule).to_numpy()
    total = float(measure_area(gpd.GeoSeries([grounds.union_all()], crs=parcels.crs), rule=rule).iloc[0])
    settled = settle_areas(exact, home, sizes, total=total)
    stated = parcels[Parcel.area_m2]
    result = parcels.assign(**{Parcel.area_m2: np.where(stated < 0, stated, settled.tiles)})
    _tell_settled(exact, home, settled.filled, settled.tiles, log)
    return result


def _tell_settled(
    exact: NDArray[np.float64],
    home: NDArray[np.intp],
    filled: NDArray[np.bool_],
    tiles: NDArray[np.float64],
    log: FaultLog,
) -> None:
    inside = home != OUTSIDE
    if not inside.any():
        return
    alone = np.round(exact[inside], 2).sum()
    total = tiles[inside].sum()
    short = int((~filled).sum())
    log.add(
        "HSQ-G13",
        f"规划范围内 {int(inside.sum())} 个图斑的面积合计 {total:.2f} ㎡，各自取两位小数时合计 {alone:.2f} ㎡",
        severity="提示",
        layer=Parcel.alias,
        field=str(Parcel.area_m2),
        action=f"按最大余数法分摊取整残差 {total - alone:+.2f} ㎡"
        + (f"；{short} 个社区未被图斑铺满，其合计为图斑实际面积" if short else "，合计等于规划范围面积"),
    )


def settle_units(
    units: gpd.GeoDataFrame, whole: shapely.Geometry, *, rule: AreaRule
) -> tuple[NDArray[np.float64], float]:
    """Return the areas of communities and of the plan, two decimals, the former adding up to the latter.

    Parameters
    ----------
    units : communities by code and name.
    whole : their union.
    """
    total = float(measure_area(gpd.GeoSeries([whole], crs=units.crs), rule=rule).iloc[0])
    sizes = measure_area(units.geometry, rule=rule).to_numpy()
    grounds = settle_areas(np.array([]), np.array([], dtype=np.intp), sizes, total=total).grounds
    return cast("NDArray[np.float64]", grounds), round(total, 2)
