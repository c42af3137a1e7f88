"""Points that stand for a file's features where they are compared with the ground."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from layers.crs import first_vertices, to_degrees
from layers.field import Floats, fit_settings
from layers.ground import Ground, walk_lines

_SEED = 20_000_101


def sample_features(values: NDArray[np.object_], crs: CRS, ground: Ground) -> tuple[int, Floats, int]:
    """Return the commonest dimension, points that stand for features near the plan, and their number."""
    dimension = shapely.get_dimensions(values)
    kind = int(np.bincount(np.maximum(dimension, 0), minlength=3)[:3].argmax())
    values = values[dimension == kind]
    first = first_vertices(values)
    x, y = ground.project(*to_degrees(first[:, 0], first[:, 1], crs))
    west, south, east, north = ground.clip
    values = values[(x >= west) & (x <= east) & (y >= south) & (y <= north)]
    settings = fit_settings()
    rng = np.random.default_rng(_SEED)
    most = int(settings["most_polygons"] if kind == 2 else settings["most_points"])
    if len(values) > most:
        values = values[np.sort(rng.choice(len(values), most, replace=False))]
    count = len(values)
    if kind == 0:
        return kind, shapely.get_coordinates(shapely.get_geometry(values, 0)), count
    lines = _lines(values)
    if kind == 2:
        per = int(settings["points_per_polygon"])
        share = (np.arange(per) + 0.5) / per
        spots = shapely.line_interpolate_point(lines[:, None], share[None, :], normalized=True)
        return kind, shapely.get_coordinates(spots), count
    step = float(settings["line_step_m"]) / (1.0 if crs.is_projected else 111_000.0)
    xy = walk_lines(lines, step)
    if len(xy) > settings["most_points"]:
        xy = xy[np.sort(rng.choice(len(xy), int(settings["most_points"]), replace=False))]
    return kind, xy, count


def _lines(values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return one LineString a feature: the line itself or a polygon's outer ring, the first of several."""
    part = shapely.get_geometry(values, 0)
    return np.where(shapely.get_type_id(part) == 3, shapely.get_exterior_ring(part), part)
