"""Geometry put in order: what can be mended safely is mended and reported, the rest is refused.

Safe means that nobody can tell the mended feature from the drawn one in any result: heights and repeated
vertices go, rings that cross themselves are untied and needles and crumbs taken off where the area hardly
changes (``layers.shapes``, limits in ``configs/geometry.yaml``), always with the area before and after. Shared
boundaries are another matter: a neighbour would have to follow, so layers that tile the ground are mended
together (``layers.planar``), never one feature at a time.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.duplicates import drop_repeated, report_twins
from layers.model import Layer
from layers.read.raw import Place, list_rows
from layers.shapes.findings import Findings, find_spots
from layers.shapes.lines import keep_lengths, mend_overlaps
from layers.shapes.parts import drop_crumbs, open_collections, report_slivers
from layers.shapes.spikes import mend_spikes, report_spikes
from layers.shapes.validity import mend_invalid
from layers.shapes.vertices import drop_repeats
from layers.source import Community, Parcel

# Layers whose polygons share boundaries and may not share ground (requirements.md §7.17).
PLANAR: tuple[type[Layer], ...] = (Parcel, Community)
_KINDS = {
    "point": ({0, 4}, "点"),
    "line": ({1, 2, 5}, "线"),
    "polygon": ({3, 6}, "面"),
    "any": ({0, 1, 2, 3, 4, 5, 6}, "点、线或面"),
}
_NAMES = {0: "点", 1: "线", 2: "闭合线", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}
_NO_AREA_M2 = 1e-6


def mend_shapes(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    """Return the rows whose geometry can be used, mended; every other row has a fault.

    Parameters
    ----------
    frame : in the plan's CRS, metres; the index is the row number the technician sees.
    layer : declaration that says which geometry is wanted.
    """
    frame = _keep_present(frame, layer, place)
    frame = _keep_finite(frame, place)
    frame = _flatten(frame, layer, place)
    frame = _keep_kind(frame, layer, place)
    frame = _mend_each(frame, layer, place)
    frame = drop_repeated(frame, layer, place)
    report_twins(frame, layer, place, areas=layer not in PLANAR)
    return frame


def report_corners(frame: gpd.GeoDataFrame, place: Place) -> None:
    """Report the spikes and slivers that remain after everything safe was mended."""
    findings = Findings.over(frame, place)
    report_spikes(frame.geometry.to_numpy(), findings)
    report_slivers(frame.geometry.to_numpy(), findings)


def _keep_present(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    absent = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    if layer.shape == "any" or not absent.any():
        return frame
    findings = Findings.over(frame, place)
    for at in np.flatnonzero(absent):
        findings.tell(
            int(at), "HSQ-G01", "没有几何（空要素或坐标为空）", severity="错误", action="不采用",
            remedy="补画图形、补填坐标，或删除该行",
        )  # fmt: skip
    findings.drop(np.flatnonzero(absent))
    return frame[~absent]


def _keep_finite(frame: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Refuse shapes with coordinates that are no numbers or larger than any place: everything else overflows."""
    shapes = frame.geometry.to_numpy()
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    with np.errstate(invalid="ignore"):
        wild = ~(np.abs(xy) <= limits().coordinate_m).all(axis=1)
    if not wild.any():
        return frame
    findings = Findings.over(frame, place)
    features, starts, counts = np.unique(owner[wild], return_index=True, return_counts=True)
    spots = np.full((len(shapes), 2), np.nan)
    sound, first = np.unique(owner[~wild], return_index=True)
    spots[sound] = xy[~wild][first]
    for at, start, count in zip(features, starts, counts, strict=True):
        x, y = xy[wild][start]
        findings.tell(
            int(at), "HSQ-G11", f"有 {count} 个节点的坐标不是有效数值", severity="错误", spot=spots[at],
            value=f"({x:.9g}, {y:.9g})", action="不采用", remedy="在原软件中重画该图形，或删除这些节点",
        )  # fmt: skip
    findings.drop(features)
    return frame[~np.isin(np.arange(len(frame)), features)]


def _flatten(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    """Drop heights and measures; take single parts out of multi-part shells and collections."""
    shapes = frame.geometry.to_numpy()
    high = shapely.has_z(shapes) | shapely.has_m(shapes)
    if high.any():
        place.note(
            "HSQ-G03", f"{high.sum()} 个要素带高程或度量值（Z/M）", row=list_rows(frame.index[high]),
            action="去掉 Z/M，只保留平面坐标",
        )  # fmt: skip
        shapes = shapely.force_2d(shapes)
    shapes = open_collections(shapes, Findings.over(frame, place), wanted=layer.shape)
    single = np.flatnonzero((shapely.get_type_id(shapes) >= 4) & (shapely.get_num_geometries(shapes) == 1))
    if single.size:
        shapes = shapes.copy()
        shapes[single] = shapely.get_geometry(shapes[single], 0)
    return _replace(frame, shapes)


def _keep_kind(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    wanted, name = _KINDS[layer.shape or "any"]
    types = shapely.get_type_id(frame.geometry.to_numpy())
    right = np.isin(types, list(wanted)) | (types == -1)
    if layer.shape == "point":
        right &= types != 4  # a single row that is several places cannot be one facility
    for kind in np.unique(types[~right]):
        # One message a kind: a file given to the wrong layer is one slip, not one a row.
        rows = frame.index[~right & (types == kind)]
        spot = find_spots([frame.geometry[rows[0]]])[0]
        place.error(
            "HSQ-G03", f"应为{name}，实际为{_NAMES.get(int(kind), '其他')}（{len(rows)} 个要素）", row=list_rows(rows),
            action="不采用", remedy="检查是否选错文件或图层，或在原软件中转换几何类型",
            x=round(float(spot[0]), 2), y=round(float(spot[1]), 2),
        )  # fmt: skip
        place.drop(rows)
    return frame[right]


def _mend_each(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    """Mend every shape by itself; refuse those that cannot be mended or have no extent."""
    there = ~shapely.is_missing(frame.geometry.to_numpy())
    if not there.all():  # rows of lists may have no place
        whole = frame.index
        mended = _mend_each(frame[there], layer, place)
        return pd.concat([frame[~there], mended]).reindex(whole[~there | whole.isin(mended.index)])
    shapes: NDArray[np.object_] = frame.geometry.to_numpy()
    findings = Findings.over(frame, place)
    keep = keep_lengths(shapes, findings, plain=layer.shape == "line")
    frame, shapes = frame[keep], shapes[keep]
    findings = Findings.over(frame, place)
    shapes = mend_overlaps(drop_repeats(shapes, findings), findings)
    shapes, keep = mend_invalid(shapes, findings)
    keep &= _keep_areas(shapes, keep, findings)
    frame, shapes = frame[keep], shapes[keep]
    findings = Findings.over(frame, place)
    shapes = drop_crumbs(shapes, findings)
    if layer not in PLANAR:
        shapes = mend_spikes(shapes, findings)
    return _replace(frame, shapes)


def _keep_areas(
    shapes: NDArray[np.object_], asked: NDArray[np.bool_], findings: Findings
) -> NDArray[np.bool_]:
    """Return which shapes are no polygons without area; those not ``asked`` about have a fault already."""
    flat = asked & (shapely.get_dimensions(shapes) == 2) & ~(shapely.area(shapes) > _NO_AREA_M2)
    spots = find_spots(shapes[flat])
    for at, spot in zip(np.flatnonzero(flat), spots, strict=True):
        findings.tell(
            int(at),
            "HSQ-G06",
            "图形面积为零",
            severity="错误",
            spot=spot,
            action="不采用",
            remedy="删除或重画该图形",
        )
    findings.drop(np.flatnonzero(flat))
    return ~flat


def _replace(frame: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
