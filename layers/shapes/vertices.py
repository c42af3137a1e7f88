"""Vertices that say nothing: repeated ones are left out, arcs broken into chords are noted."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.shapes.corners import Corners, count_arcs, list_corners
from layers.shapes.findings import Findings

_SOLID, _LEAST = 2, 3


def find_repeats(corners: Corners) -> NDArray[np.intp]:
    """Return the corners that stand at the place of the one before, within ``vertex_m``."""
    before, _ = corners.arms()
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(np.hypot(*before.T) <= limits().vertex_m)


def drop_repeats(shapes: NDArray[np.object_], findings: Findings) -> NDArray[np.object_]:
    """Return polygons and lines without repeated vertices, each feature logged at its first one.

    The place of every boundary stays what it was, to the resolution of the formats it is written in.
    """
    corners = list_corners(shapes)
    repeats = find_repeats(corners)
    arcs = count_arcs(corners, step_deg=limits().arc_deg, features=len(shapes))
    _note_arcs(arcs, findings)
    repeats = repeats[~np.isin(corners.feature[repeats], _collapsing(corners, repeats, shapes))]
    if not repeats.size:
        return shapes
    features, starts, counts = np.unique(corners.feature[repeats], return_index=True, return_counts=True)
    result = shapes.copy()
    cleaned = shapely.remove_repeated_points(shapes[features], limits().vertex_m)
    # What is nothing but one place over and over stays, to be refused for having no extent.
    left = ~shapely.is_empty(cleaned)
    result[features[left]] = cleaned[left]
    for at, start, count in zip(features, starts, counts, strict=True):
        findings.tell(
            int(at), "HSQ-G10", f"有 {count} 个重复节点", severity="提示", spot=corners.xy[repeats[start]],
            action="已去掉重复节点，图形不变",
        )  # fmt: skip
    findings.mend(features)
    return result


def _collapsing(corners: Corners, repeats: NDArray[np.intp], shapes: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return polygons one of whose rings is no ring without its repeats: GEOS builds none of two vertices.

    They stay as they are, to be mended or refused for what they are.
    """
    total = int(corners.curve.max()) + 1 if corners.curve.size else 0
    left = np.bincount(corners.curve, minlength=total) - np.bincount(corners.curve[repeats], minlength=total)
    before, _ = corners.arms()
    around = np.bincount(corners.curve, weights=np.nan_to_num(np.hypot(*before.T)), minlength=total)
    solid = (shapely.get_dimensions(shapes) == _SOLID)[corners.feature]
    thin = solid & ((left < _LEAST) | (around <= _LEAST * limits().vertex_m))[corners.curve]
    return np.unique(corners.feature[thin])


def _note_arcs(arcs: NDArray[np.intp], findings: Findings) -> None:
    """Say which features hold curves that were read as chords, one line a file."""
    found = np.flatnonzero(arcs)
    if not found.size:
        return
    shown = "、".join(findings.name(int(at)) for at in found[:10])
    more = f" 等 {found.size} 个" if found.size > 10 else ""
    findings.place(int(found[0])).note(
        "HSQ-G03", f"{found.size} 个要素含圆弧或曲线：{shown}{more}",
        action=f"已按不大于 {limits().arc_deg:g}° 一段化为折线", remedy="成果只用折线；需要时在原软件中加密后导出",
    )  # fmt: skip
