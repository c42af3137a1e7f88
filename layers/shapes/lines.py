"""Lines that lead nowhere or run over themselves."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.shapes.corners import list_corners
from layers.shapes.findings import Findings

_NOTHING_M = 1e-6


def find_points(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which lines have no length."""
    return (shapely.get_dimensions(shapes) == 1) & ~(shapely.length(shapes) > _NOTHING_M)


def keep_lengths(shapes: NDArray[np.object_], findings: Findings, *, plain: bool) -> NDArray[np.bool_]:
    """Return which shapes can be used: all but lines without a length.

    Parameters
    ----------
    plain : the layer is lines and nothing else; leaving out one that leads nowhere changes nothing and is a
        warning. In a list whose rows mean more than their line it is an error.
    """
    keep = ~find_points(shapes)
    for at in np.flatnonzero(~keep):
        spot = shapely.get_coordinates(shapes[at])[:1]
        findings.tell(
            int(at), "HSQ-G12", "线的长度为零", severity="警告" if plain else "错误",
            spot=spot[0] if len(spot) else None, action="不采用", remedy="删除或重画该图形",
        )  # fmt: skip
    findings.drop(np.flatnonzero(~keep))
    return keep


def mend_overlaps(shapes: NDArray[np.object_], findings: Findings) -> NDArray[np.object_]:
    """Return lines that run over every stretch once; the length before and after is logged.

    Safe: the line covers the same ground, only no stretch counts twice. Lines that merely cross themselves, as
    a ramp does, are left alone.

    Parameters
    ----------
    shapes : (n,) geometries with finite coordinates, metres; others than lines are left alone.
    """
    lines = np.flatnonzero(shapely.get_dimensions(shapes) == 1)
    lines = lines[~shapely.is_simple(shapes[lines])]
    if not lines.size:
        return shapes
    once = shapely.line_merge(shapely.node(shapes[lines]))
    before, after = shapely.length(shapes[lines]), shapely.length(once)
    twice = before - after > limits().xy_m
    result = shapes.copy()
    result[lines[twice]] = once[twice]
    for at, was, now, line in zip(lines[twice], before[twice], after[twice], once[twice], strict=True):
        findings.tell(
            int(at), "HSQ-G12", f"线有 {was - now:.2f} m 与自身重叠", severity="警告",
            shape=_find_doubled(shapes[at], line), value=f"长度 {was:.2f} m",
            action=f"重叠部分只留一次，长度 {was:.2f} → {now:.2f} m", remedy="在原软件中删去重叠的线段",
        )  # fmt: skip
    findings.mend(lines[twice])
    return result


def _find_doubled(line: shapely.Geometry, once: shapely.Geometry) -> shapely.Geometry:
    """Return the stretches of a line that more than one of its segments runs over."""
    segments, pieces = _cut_segments(line), _cut_segments(once)
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    near = shapely.STRtree(segments).query(middle, predicate="dwithin", distance=limits().xy_m)[0]
    doubled = pieces[np.bincount(near, minlength=len(pieces)) > 1]
    return shapely.line_merge(shapely.multilinestrings(doubled if len(doubled) else pieces))


def _cut_segments(line: shapely.Geometry) -> NDArray[np.object_]:
    corners = list_corners([line])
    there = corners.ahead >= 0
    return shapely.linestrings(np.stack([corners.xy[there], corners.xy[corners.ahead[there]]], axis=1))
