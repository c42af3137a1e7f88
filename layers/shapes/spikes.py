"""Needle-sharp corners: taken off where the needle is thinner than a survey can tell, else reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.shapes.corners import Corners, drop_corners, list_corners, measure_angles, measure_widths
from layers.shapes.findings import Findings
from layers.shapes.validity import is_safe_change

# A needle whose tip is taken off may show another one beneath it.
_ROUNDS = 3


def mend_spikes(shapes: NDArray[np.object_], findings: Findings) -> NDArray[np.object_]:
    """Return polygons without their safe spikes; each is logged with the area before and after.

    A spike is a corner of less than ``spike_deg`` (GHBOX FindAngle, 10°). Leaving it out is safe where the
    boundary moves sideways by no more than ``repair_m``, the polygon stays valid and its area hardly changes.
    Not for layers whose polygons share boundaries: there the neighbour would have to follow.

    Parameters
    ----------
    shapes : (n,) valid geometries, metres; others than polygons are left alone.
    """
    result = shapes
    first: dict[int, tuple[float, NDArray[np.float64]]] = {}
    for taken in _take_off(shapes):
        features, worst, _ = _sharpest(taken.corners, taken.angles, taken.sharp)
        for at, corner in zip(features.tolist(), worst.tolist(), strict=True):
            if taken.changed[at]:
                first.setdefault(at, (float(taken.angles[corner]), taken.corners.xy[corner]))
        result = taken.result
    for at, (angle, spot) in sorted(first.items()):
        was, now = shapely.area(shapes[at]), shapely.area(result[at])
        findings.tell(
            at, "HSQ-G08", f"有尖刺（夹角 {angle:.2f}°，宽不足 {limits().repair_m:g} m）", severity="警告", spot=spot,
            value=f"面积 {was:.2f} ㎡", action=f"已去掉尖刺，面积 {was:.2f} → {now:.2f} ㎡", remedy="请核对该图形",
        )  # fmt: skip
    findings.mend(first)
    return result


def drop_needles(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return areas of our own making without the needles that cutting one boundary by another leaves.

    Parameters
    ----------
    shapes : (n,) valid geometries, metres; others than polygons are left alone.
    """
    result = shapes
    for taken in _take_off(shapes):
        result = taken.result
    return result


class _Taken(NamedTuple):
    """One round: the corners looked at, which are spikes, which polygons lost some, and all polygons after it."""

    corners: Corners
    angles: NDArray[np.float64]
    sharp: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    result: NDArray[np.object_]


def _take_off(shapes: NDArray[np.object_]) -> Iterator[_Taken]:
    """Yield the rounds that take safe spikes off, until there is none."""
    result = shapes
    for _ in range(_ROUNDS):
        corners = list_corners(_polygons_only(result))
        angles = measure_angles(corners, least_m=limits().vertex_m)
        sharp = (angles < limits().spike_deg) & (measure_widths(corners) <= limits().repair_m)
        trial = drop_corners(result, corners, sharp)
        ok = shapely.is_valid(trial) & is_safe_change(shapely.area(shapes), shapely.area(trial))
        changed = ok & (shapely.get_num_coordinates(trial) != shapely.get_num_coordinates(result))
        if not changed.any():
            return
        result = np.where(changed, trial, result)
        yield _Taken(corners, angles, sharp, changed, result)


def report_spikes(shapes: NDArray[np.object_], findings: Findings) -> None:
    """Report polygons with corners of less than ``spike_deg``: one row a polygon, at its sharpest corner."""
    corners = list_corners(_polygons_only(shapes))
    angles = measure_angles(corners, least_m=limits().vertex_m)
    features, worst, counts = _sharpest(corners, angles, angles < limits().spike_deg)
    for at, corner, count in zip(features, worst, counts, strict=True):
        several = f" {count} 处" if count > 1 else ""
        findings.tell(
            int(at), "HSQ-G08", f"边界有{several}尖锐角，最小 {angles[corner]:.1f}°（小于 {limits().spike_deg:g}°）",
            severity="警告", spot=corners.xy[corner], value=f"{angles[corner]:.1f}°", action="照原样保留",
            remedy="核对是否为多余的尖刺或压线误差，是则删去该节点",
        )  # fmt: skip


def _sharpest(
    corners: Corners, angles: NDArray[np.float64], sharp: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the features with sharp corners, the sharpest corner of each, and how many each has."""
    found = np.flatnonzero(sharp)
    order = found[np.lexsort((angles[found], corners.feature[found]))]
    features, starts, counts = np.unique(corners.feature[order], return_index=True, return_counts=True)
    return features, order[starts], counts


def _polygons_only(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    result = shapes.copy()
    result[shapely.get_dimensions(shapes) != 2] = None
    return result
