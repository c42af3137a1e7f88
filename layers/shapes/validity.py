"""Polygons that cross themselves, nest or fall apart: mended where that hardly changes them, else refused."""

from __future__ import annotations

import re

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.overlap import keep_areas
from layers.shapes.findings import Findings, find_spots

_WORDS = {
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
_STRAY = "Hole lies outside shell"


def is_safe_change(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which repairs change an area little enough to be made without asking.

    Both limits of ``geometry.yaml`` hold: a share of the larger area, and square metres. Beyond them nobody
    knows which ground was meant.
    """
    change = np.abs(after - before)
    most = np.minimum(limits().change_share * np.maximum(before, after), limits().change_m2)
    return (after > 0) & (change <= most)


def mend_invalid(
    shapes: NDArray[np.object_], findings: Findings
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the shapes valid, and which of them can be used.

    Safe is a repair after which the polygon covers what its outlines enclose (holes outside their shell taken
    away, loops and overlapping parts merged) and its area differs by no more than ``is_safe_change`` allows.
    It is logged with the area before and after; any other polygon is refused with the place of the fault.

    Parameters
    ----------
    shapes : (n,) geometries without missing ones, finite coordinates, metres.
    """
    keep = np.ones(len(shapes), dtype=bool)
    broken = np.flatnonzero(~shapely.is_valid(shapes))
    if not broken.size:
        return shapes, keep
    shapes = shapes.copy()
    faulty = shapes[broken]
    reasons = [str(reason) for reason in shapely.is_valid_reason(faulty)]
    whole = np.array([_drop_stray_holes(s) if r.startswith(_STRAY) else s for s, r in zip(faulty, reasons, strict=True)], dtype=object)  # fmt: skip
    # Lines that are invalid have no extent; making polygons of them leaves nothing, and they are refused.
    mended = keep_areas(shapely.make_valid(whole, method="structure", keep_collapsed=False))
    before, after = shapely.area(faulty), shapely.area(mended)
    safe = is_safe_change(before, after)
    # What covers no ground, drawn or mended, is refused for that.
    flat = (shapely.get_dimensions(faulty) == 2) & (np.maximum(before, after) <= limits().xy_m ** 2)
    spots = find_spots(faulty)
    for nth, at in enumerate(broken.tolist()):
        if flat[nth]:
            continue
        word, named = _translate(reasons[nth]), _spot_of(reasons[nth])
        spot = spots[nth] if named is None else named
        if safe[nth]:
            shapes[at] = mended[nth]
            findings.tell(
                at, "HSQ-G02", f"图形无效（{word}）", severity="警告", spot=spot, value=f"面积 {before[nth]:.2f} ㎡",
                action=f"已自动修复，面积 {before[nth]:.2f} → {after[nth]:.2f} ㎡", remedy="请核对该图形",
            )  # fmt: skip
            continue
        keep[at] = False
        findings.tell(
            at, "HSQ-G02", f"图形无效（{word}），修复会使面积由 {before[nth]:.2f} ㎡ 变为 {after[nth]:.2f} ㎡",
            severity="错误", spot=spot, value="" if named is None else f"{named[0]:.2f}，{named[1]:.2f}",
            action="未修复，该要素不采用", remedy="在原软件中重画该图形，使边界不相交",
        )  # fmt: skip
    findings.mend(broken[safe & ~flat])
    findings.drop(np.flatnonzero(~keep))
    return shapes, keep


def _drop_stray_holes(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a polygon without the holes that lie outside their shell: they take nothing away."""
    parts = []
    for part in shapely.get_parts(shape):
        shell = shapely.polygons(part.exterior)
        holes = [ring for ring in part.interiors if shapely.intersects(shell, ring)]
        parts.append(shapely.Polygon(part.exterior, holes))
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _spot_of(reason: str) -> tuple[float, float] | None:
    """Return the place GEOS names."""
    found = re.search(r"\[(\S+) (\S+)\]", reason)
    return (float(found[1]), float(found[2])) if found else None


def _translate(reason: str) -> str:
    for word in sorted(_WORDS, key=len, reverse=True):
        if reason.startswith(word):
            return _WORDS[word]
    return "几何有误"
