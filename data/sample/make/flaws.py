"""The flaws planted in the sample's files: which features carry them, and how they are made."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

SPIKED = "东兴新村"  # the parcel whose boundary crosses itself
DOUBLED = "柳荫小区5号楼"  # the building drawn twice
LOOPED = "ZY14"  # the resource polygon with a loop
UNDATED = ("双井坊7号", "上埠坊19号", "江岸小区3号楼")  # buildings without a year


def spike(area: Polygon) -> Polygon:
    """Add an out-and-back spike into the polygon itself: invalid, and mended without any change."""
    c = np.array(area.exterior.coords)
    k = int(np.argmax(np.hypot(*np.diff(c, axis=0).T)))
    inside = shapely.get_coordinates(area.point_on_surface())[0]
    tip = np.round(c[k] + (inside - c[k]) * 0.2, 3)
    return Polygon(np.vstack([c[: k + 1], [tip], c[k:]]), [r.coords for r in area.interiors])


def loop(area: Polygon) -> Polygon:
    """Make the boundary cross itself in a small loop; mending moves less than a square metre."""
    c = np.array(area.exterior.coords)
    k = int(np.argmax(np.hypot(*np.diff(c, axis=0).T)))
    d = c[k + 1] - c[k]
    left = np.array([-d[1], d[0]]) / np.hypot(*d)
    out = left if not area.contains(shapely.Point(c[k] + d / 2 + left * 0.5)) else -left
    side = d / np.hypot(*d) * 0.6
    mid = c[k] + d / 2
    m1, m2, q = mid - side - out * 0.02, mid + side - out * 0.02, mid + out * 0.8
    return Polygon(np.round(np.vstack([c[: k + 1], [m2], [q], [m1], c[k + 1 :]]), 3))
