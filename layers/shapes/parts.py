"""Parts that should not be there: crumbs of multi-part polygons, slivers, lines inside collections."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.overlap import keep_areas
from layers.shapes.curves import list_parts
from layers.shapes.findings import Findings

_COLLECTION = 7
_DIMENSION = {"point": 0, "line": 1, "polygon": 2}


def open_collections(
    shapes: NDArray[np.object_], findings: Findings, *, wanted: str | None
) -> NDArray[np.object_]:
    """Return collections as the geometry their layer wants, where they hold some; the rest of each is logged.

    Programs write a collection where a cut left a line or a point beside the polygons; those have no area and
    nothing is lost. A collection without the geometry wanted stays, to be refused for its kind.
    """
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == _COLLECTION)
    if wanted not in _DIMENSION or not mixed.size:
        return shapes
    shapes = shapes.copy()
    for at in mixed:
        parts = shapely.get_parts(shapely.get_parts(shapes[at]))  # a collection may hold multi-part shapes
        fits = shapely.get_dimensions(parts) == _DIMENSION[wanted]
        if not fits.any():
            continue
        rest = int((~fits).sum())
        if rest:
            findings.tell(
                int(at), "HSQ-G03", f"几何集合中混有 {rest} 个其他类型的部分", severity="警告",
                shape=parts[~fits][0], action="只采用本图层类型的部分", remedy="在原软件中拆开该要素",
            )  # fmt: skip
            findings.mend([int(at)])
        kept = parts[fits]
        shapes[at] = kept[0] if len(kept) == 1 else _gather(kept, wanted)
    return shapes


def _gather(parts: NDArray[np.object_], kind: str) -> shapely.Geometry:
    if kind == "polygon":
        return shapely.multipolygons(parts)
    return shapely.multilinestrings(parts) if kind == "line" else shapely.multipoints(parts)


def drop_crumbs(shapes: NDArray[np.object_], findings: Findings) -> NDArray[np.object_]:
    """Return multi-part polygons without parts smaller than ``part_m2``, below what any result can show.

    Safe: the area changes by less than the last delivered decimal for each part, and is logged.

    Parameters
    ----------
    shapes : (n,) valid geometries, metres.
    """
    parts, owner = list_parts(shapes)
    several = np.bincount(owner, minlength=len(shapes)) > 1
    crumb = several[owner] & (shapely.get_dimensions(parts) == 2) & (shapely.area(parts) < limits().part_m2)
    # A shape that is nothing but crumbs is small, not crumbly.
    whole = np.bincount(owner, weights=~crumb, minlength=len(shapes)) > 0
    crumb &= whole[owner]
    features, starts, counts = np.unique(owner[crumb], return_index=True, return_counts=True)
    if not features.size:
        return shapes
    result = shapes.copy()
    kept = ~crumb & np.isin(owner, features)
    group = np.unique(owner[kept], return_inverse=True)[1]
    result[features] = keep_areas(shapely.multipolygons(parts[kept], indices=group))
    small = parts[crumb]
    for at, start, count in zip(features, starts, counts, strict=True):
        was, now = shapely.area(shapes[at]), shapely.area(result[at])
        findings.tell(
            int(at), "HSQ-G09", f"有 {count} 个不足 {limits().part_m2:g} ㎡ 的碎小部分", severity="警告",
            shape=small[start], value=f"面积 {was:.2f} ㎡",
            action=f"已去掉碎小部分，面积 {was:.2f} → {now:.2f} ㎡", remedy="请核对该图形",
        )  # fmt: skip
    findings.mend(features)
    return result


def report_slivers(shapes: NDArray[np.object_], findings: Findings) -> None:
    """Report slivers and tiny polygons, one row a feature: its worst part.

    A sliver fails two tests: equivalent width 2A/P and compactness 4πA/P² (onemap_schema.md A5 asks for scale
    and shape together, so that a long road is none).

    Parameters
    ----------
    shapes : (n,) valid geometries, metres.
    """
    parts, owner = list_parts(shapes)
    solid = shapely.get_dimensions(parts) == 2
    parts, owner = parts[solid], owner[solid]
    area, around = shapely.area(parts), shapely.length(parts)
    width, compactness = 2 * area / around, 4 * np.pi * area / around**2
    thin = (width < limits().sliver_width_m) & (compactness < limits().sliver_compactness)
    tiny = area < limits().small_m2
    found = np.flatnonzero(thin | tiny)
    order = found[np.lexsort((area[found], owner[found]))]
    features, starts, counts = np.unique(owner[order], return_index=True, return_counts=True)
    total = np.bincount(owner, minlength=len(shapes))
    for at, part, count in zip(features, order[starts], counts, strict=True):
        what = "狭长" if thin[part] else "细碎"
        which = "图斑" if total[at] == 1 else f"部分 {count} 个，最小的"
        findings.tell(
            int(at), "HSQ-G09",
            f"{what}{which}面积 {area[part]:.2f} ㎡、等效宽度 {width[part]:.2f} m、紧凑度 {compactness[part]:.3f}",
            severity="警告", shape=parts[part], value=f"{area[part]:.2f} ㎡", action="照原样保留",
            remedy="核对是否为压线误差留下的碎片，是则并入相邻图斑",
        )  # fmt: skip
