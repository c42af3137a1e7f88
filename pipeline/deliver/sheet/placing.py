"""Frames brought onto the page once for all sheets of one extent and layout that a process draws."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.deliver.sheet.geometry import Geometries, clip_to_box
from pipeline.deliver.sheet.scale import MapTransform

if TYPE_CHECKING:
    import geopandas as gpd

# Layers of about two sheets: what every sheet shows stays, what one shows goes.
_MOST = 40
_Key = tuple[int, MapTransform, float]
# The frame is kept with its result: while it lives no other frame has its identity.
_placed: OrderedDict[_Key, tuple[gpd.GeoDataFrame, Geometries]] = OrderedDict()


def place_frame(frame: gpd.GeoDataFrame, transform: MapTransform, tolerance: float) -> Geometries:
    """Return a frame's geometries on the page, mm, clipped to the map box; None where outside. Read-only.

    Parameters
    ----------
    frame : features in metres; it must not be changed afterwards.
    transform : map metres to page.
    tolerance : detail finer than this is dropped, mm.
    """
    key = (id(frame), transform, tolerance)
    if key in _placed:
        _placed.move_to_end(key)
        return _placed[key][1]
    geometries = np.asarray(frame.geometry.to_numpy(), dtype=object)
    page = clip_to_box(transform.to_page(shapely.force_2d(geometries)), transform.box, tolerance)
    # Points on the ragged edge of the box would be half a marker.
    points = shapely.get_dimensions(page) == 0
    page[points & ~shapely.intersects(page, shapely.box(*transform.box.bounds))] = None
    page.flags.writeable = False
    _placed[key] = (frame, page)
    while len(_placed) > _MOST:
        _placed.popitem(last=False)
    return page
