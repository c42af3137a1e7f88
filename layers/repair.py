"""Geometry put in order: what can be mended safely is mended and reported, the rest is refused."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Layer
from layers.read.raw import Place, list_rows
from layers.source import Identified, Parcel

# A mended polygon may differ this much from the drawn one; beyond it nobody knows which half was meant.
SAFE_CHANGE = 0.01
_KINDS = {
    "point": ({0, 4}, "点"),
    "line": ({1, 2, 5}, "线"),
    "polygon": ({3, 6}, "面"),
    "any": ({0, 1, 2, 3, 4, 5, 6}, "点、线或面"),
}
_NAMES = {0: "点", 1: "线", 2: "闭合线", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}


def mend_shapes(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    """Return the rows whose geometry can be used, mended; every other row has a fault.

    Parameters
    ----------
    frame : in the plan's CRS, metres; the index is the row number the technician sees.
    layer : declaration that says which geometry is wanted.
    """
    frame = _flatten(frame, place)
    frame = _keep_present(frame, layer, place)
    frame = _keep_kind(frame, layer, place)
    frame = _keep_sound(frame, place)
    return _drop_repeated(frame, place)


def _where(shape: shapely.Geometry | None) -> dict[str, float]:
    if shape is None:
        return {}
    point = shapely.point_on_surface(shape)
    if point is None or point.is_empty:
        return {}
    return {"x": round(float(point.x), 2), "y": round(float(point.y), 2)}


def _flatten(frame: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Drop heights and measures; take single parts out of multi-part shells."""
    shapes = frame.geometry.to_numpy()
    high = shapely.has_z(shapes) | shapely.has_m(shapes)
    if high.any():
        place.note("HSQ-G03", f"{high.sum()} 个要素带高程或度量值（Z/M）", action="去掉 Z/M，只保留平面坐标")
    shapes = shapely.force_2d(shapes)
    single = (shapely.get_type_id(shapes) >= 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _keep_present(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    absent = frame.geometry.isna() | frame.geometry.is_empty
    if layer.shape == "any" or not absent.any():
        return frame
    for row in frame.index[absent]:
        place.error(
            "HSQ-G01", "没有几何（空要素或坐标为空）", row=str(row), remedy="补画图形、补填坐标，或删除该行"
        )
    return frame[~absent]


def _keep_kind(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    wanted, name = _KINDS[layer.shape or "any"]
    types = shapely.get_type_id(frame.geometry.to_numpy())
    right = np.isin(types, list(wanted)) | (types == -1)
    if layer.shape == "point":
        right &= types != 4  # a single row that is several places cannot be one facility
    for kind in np.unique(types[~right]):
        # One message a kind: a file given to the wrong layer is one slip, not one a row.
        rows = frame.index[~right & (types == kind)]
        place.error(
            "HSQ-G03", f"应为{name}，实际为{_NAMES.get(int(kind), '其他')}（{len(rows)} 个要素）", row=list_rows(rows),
            remedy="检查是否选错文件或图层，或在原软件中转换几何类型", **_where(frame.geometry[rows[0]]),
        )  # fmt: skip
    return frame[right]


def _keep_sound(frame: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Mend invalid polygons where that hardly changes their area; refuse others and shapes without extent."""
    shapes = frame.geometry.to_numpy().copy()
    dims = shapely.get_dimensions(shapes)
    broken = np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    keep = np.ones(len(frame), dtype=bool)
    for at in broken:
        shape, row = shapes[at], str(frame.index[at])
        reason = shapely.is_valid_reason(shape)
        mended = _polygons_of(shapely.make_valid(shape, method="structure", keep_collapsed=False))
        before, after = shape.area, mended.area
        change = abs(after - before) / max(after, before, 1e-9)
        if dims[at] == 2 and after > 0 and change < SAFE_CHANGE:
            shapes[at] = mended
            place.warn(
                "HSQ-G02", f"图形无效（{_translate(reason)}）", row=row, value=f"面积 {before:.2f} ㎡",
                action=f"已自动修复，修复后面积 {after:.2f} ㎡", remedy="请核对该图形", **_where(mended),
            )  # fmt: skip
            continue
        keep[at] = False
        spot = {} if mended.is_empty else _where(mended)
        place.error(
            "HSQ-G02", f"图形无效（{_translate(reason)}），修复会使面积由 {before:.2f} ㎡ 变为 {after:.2f} ㎡",
            row=row, value=_spot_of(reason), remedy="在原软件中重画该图形，使边界不相交", **spot,
        )  # fmt: skip
    flat = keep & (
        ((dims == 2) & (shapely.area(shapes) <= 1e-6)) | ((dims == 1) & (shapely.length(shapes) <= 1e-6))
    )
    for at in np.flatnonzero(flat):
        code, what = ("HSQ-G06", "面积为零") if dims[at] == 2 else ("HSQ-G02", "线的长度为零")
        place.error(
            code, f"图形{what}", row=str(frame.index[at]), remedy="删除或重画该图形", **_where(shapes[at])
        )
    keep &= ~flat
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))[keep]


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    if shape.geom_type != "GeometryCollection":
        return shape
    return shapely.union_all([part for part in shape.geoms if part.geom_type in {"Polygon", "MultiPolygon"}])


def _spot_of(reason: str) -> str:
    """Return the place GEOS names, ``487954.88, 3136350.03``, without its English."""
    found = re.search(r"\[(\S+) (\S+)\]", reason)
    return "，".join(f"{float(part):.2f}" for part in found.groups()) if found else ""


def _translate(reason: str) -> str:
    words = {
        "Self-intersection": "边界自相交",
        "Ring Self-intersection": "环自相交",
        "Hole lies outside shell": "洞在外环之外",
        "Holes are nested": "洞相互嵌套",
        "Nested shells": "面相互嵌套",
        "Duplicate Rings": "环重复",
        "Interior is disconnected": "内部不连通",
        "Too few points": "点数不足",
        "Invalid Coordinate": "坐标值无效",
    }
    for word in sorted(words, key=len, reverse=True):
        if reason.startswith(word):
            return words[word]
    return "几何有误"


def _drop_repeated(frame: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Keep the first of rows that agree in geometry and in every attribute but their key."""
    if len(frame) < 2:
        return frame
    forms = shapely.to_wkb(
        shapely.normalize(shapely.set_precision(frame.geometry.to_numpy(), 0.001, mode="pointwise"))
    )
    keys = [str(name) for name in (Identified.id, Parcel.number) if name in frame.columns]
    facts = pd.DataFrame(frame.drop(columns=[frame.geometry.name, *keys])).assign(_form=forms)
    again = facts.duplicated()
    for row, shape in zip(frame.index[again], frame.geometry[again], strict=True):
        key = str(frame[keys[0]][row]) if keys else ""
        place.warn(
            "HSQ-G04", "与前面的要素图形和属性（编号除外）完全相同", row=str(row), value=key, action="只保留第一个",
            remedy="删除重复要素", **_where(shape),
        )  # fmt: skip
    return frame[~again]


def check_coverage(
    frame: gpd.GeoDataFrame, place: Place, *, id_column: str, tolerance_m2: float = 1.0
) -> None:
    """Report overlaps between polygons and holes between them, larger than a tolerance.

    Parameters
    ----------
    frame : polygons that should cover ground once and without gaps, metres.
    id_column : column named in messages.
    tolerance_m2 : smallest area reported.
    """
    if not len(frame) or id_column not in frame.columns:
        return
    shapes = frame.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    shared = shapely.intersection(shapes[left], shapes[right])
    areas = shapely.area(shared)
    names = frame[id_column].astype("str").to_numpy()
    for at in np.flatnonzero(areas > tolerance_m2):
        place.warn(
            "HSQ-G05", f"与 {names[right[at]]} 重叠 {areas[at]:.1f} ㎡", row=str(frame.index[left[at]]),
            value=names[left[at]], remedy="在原软件中修正公共边界", **_where(shared[at]),
        )  # fmt: skip
    parts = shapely.get_parts(shapely.union_all(shapes))
    rings, owner = shapely.get_rings(parts, return_index=True)
    inner = np.concatenate([[False], owner[1:] == owner[:-1]])  # the first ring of a part is its shell
    holes = shapely.polygons(rings[inner]) if inner.any() else np.array([], dtype=object)
    for hole in holes[shapely.area(holes) > tolerance_m2] if len(holes) else []:
        touching = frame.index[shapely.distance(shapes, hole) < 0.01]
        place.warn(
            "HSQ-G05", f"图斑之间有 {hole.area:.1f} ㎡ 的缝隙", row=list_rows(touching, most=4),
            remedy="补划图斑或修正公共边界", **_where(hole),
        )  # fmt: skip
