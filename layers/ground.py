"""The ground a plan stands on: what is known of its place, to judge the coordinates of other files by.

It grows while files are read: first the plan's outline or communities, then the roads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from layers.crs import ELLIPSOID, choose_zone, from_degrees, place_of, to_degrees, to_plan
from layers.datum import Pair
from layers.field import Field, draw_field, fit_settings
from layers.shapes.curves import list_edges

# Farther away than this a zone's plane is no measure any more; the ellipsoid is.
_PLANE_M = 100_000.0
_LINE, _AREA = 1, 2
_BORDER_STEP_M = 20.0
# What is worked out from the areas alone, where there are some.
_OF_AREAS = ("outline", "_rim", "clip", "area_field", "border_points")


def _nothing() -> NDArray[np.object_]:
    return np.empty(0, dtype=object)


@dataclass(frozen=True)
class Ground:
    """What is known of a plan's place.

    Attributes
    ----------
    middle : longitude and latitude of the middle of the plan, degrees.
    areas : polygons of the outline or the communities, metres in ``crs``; empty while only points are known.
    roads : lines of the roads, metres in ``crs``; empty before they are read.
    buildings : polygons of the buildings, metres in ``crs``; empty before they are read.
    """

    middle: tuple[float, float]
    areas: NDArray[np.object_] = field(default_factory=_nothing)
    roads: NDArray[np.object_] = field(default_factory=_nothing)
    buildings: NDArray[np.object_] = field(default_factory=_nothing)

    @cached_property
    def crs(self) -> CRS:
        """CGCS2000 3-degree zone of the middle, without prefix: the plane the ground is drawn in."""
        # The box of China is a little wider than its zones.
        return CRS.from_epsg(choose_zone(float(np.clip(self.middle[0], 73.5, 136.4))).plain)

    @cached_property
    def outline(self) -> shapely.Geometry | None:
        """The areas as one, prepared; None where there is none."""
        if not len(self.areas):
            return None
        whole = shapely.union_all(shapely.make_valid(self.areas))
        shapely.prepare(whole)
        return whole

    @cached_property
    def _rim(self) -> shapely.STRtree:
        """The edges of the outline, each by itself: the nearest one is found without looking at all others."""
        return shapely.STRtree(list_edges(self.outline))

    def with_areas(self, frames: Iterable[gpd.GeoDataFrame]) -> Ground:
        """Return the ground with the polygons of frames as its areas; unchanged where they have none."""
        areas = self._gather(frames, _AREA)
        return self._hand_on(replace(self, areas=areas), {"crs"}) if len(areas) else self

    def with_roads(self, frames: Iterable[gpd.GeoDataFrame]) -> Ground:
        """Return the ground with the lines of frames as its roads; unchanged where they have none."""
        roads = self._gather(frames, _LINE)
        if not len(roads):
            return self
        kept = {"crs", *_OF_AREAS} if len(self.areas) else {"crs"}
        return self._hand_on(replace(self, roads=roads), kept)

    def with_buildings(self, frames: Iterable[gpd.GeoDataFrame]) -> Ground:
        """Return the ground with the polygons of frames as its buildings; unchanged where they have none."""
        buildings = self._gather(frames, _AREA)
        if not len(buildings):
            return self
        return self._hand_on(replace(self, buildings=buildings), {"crs", "road_field", *_OF_AREAS})

    def _hand_on(self, grown: Ground, true: set[str]) -> Ground:
        """Give a ground of which more is known what was worked out already and stays true."""
        grown.__dict__.update({name: self.__dict__[name] for name in self.__dict__.keys() & true})
        return grown

    @cached_property
    def clip(self) -> tuple[float, float, float, float]:
        """Return the box round the plan in which data and ground are compared, metres in ``crs``."""
        keep = float(fit_settings()["keep_m"])
        known = self.areas if len(self.areas) else self.roads
        x, y = self.project(np.array([self.middle[0]]), np.array([self.middle[1]]))
        west, south, east, north = (x[0], y[0], x[0], y[0])
        if len(known):
            west, south, east, north = shapely.total_bounds(known)
        # A province's roads are not all compared, only those round the middle.
        most = 4 * keep
        return (
            max(west, x[0] - most) - keep,
            max(south, y[0] - most) - keep,
            min(east, x[0] + most) + keep,
            min(north, y[0] + most) + keep,
        )

    @cached_property
    def road_field(self) -> Field | None:
        """Distances to the roads; None before they are known."""
        return draw_field(self.roads, clip=self.clip)

    @cached_property
    def building_field(self) -> Field | None:
        """Distances to the buildings, 0 inside them; None before they are known."""
        return draw_field(self.buildings, clip=self.clip)

    @cached_property
    def area_field(self) -> Field | None:
        """Distances to the outline or the communities, 0 inside them; None where there are none."""
        return draw_field(self.areas, clip=self.clip)

    @cached_property
    def border_points(self) -> NDArray[np.float64]:
        """Points along the borders of the areas, every 20 m, metres in ``crs``, shape (n, 2)."""
        return walk_lines(shapely.boundary(self.areas), _BORDER_STEP_M)

    def _gather(self, frames: Iterable[gpd.GeoDataFrame], dimension: int) -> NDArray[np.object_]:
        found = [_nothing()]
        for frame in frames:
            if frame.crs is None or not len(frame):
                continue
            shapes = shapely.force_2d(to_plan(frame[["geometry"]], self.crs).geometry.to_numpy())
            shapes = shapely.get_parts(shapes[~shapely.is_missing(shapes)])
            bounds = shapely.bounds(shapes)
            fits = (shapely.get_dimensions(shapes) == dimension) & np.isfinite(bounds).all(axis=1)
            found.append(shapes[fits])
        return np.concatenate(found)

    def project(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Pair:
        """Return eastings and northings in ``crs`` of CGCS2000 degrees."""
        return from_degrees(lon, lat, self.crs)

    def unproject(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Pair:
        """Return CGCS2000 degrees of eastings and northings in ``crs``."""
        return to_degrees(x, y, self.crs)

    def measure_distance(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return metres from the outline (0 inside it), or from the middle where there is no outline.

        Parameters
        ----------
        lon, lat : degrees, shape (n,); what is not finite is infinitely far.
        """
        result = np.full(len(lon), np.inf)
        there = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
        n = int(there.sum())
        result[there] = ELLIPSOID.inv(
            lon[there], lat[there], np.full(n, self.middle[0]), np.full(n, self.middle[1])
        )[2]
        near = result < _PLANE_M
        if self.outline is not None and near.any():
            x, y = self.project(lon[near], lat[near])
            away = np.zeros(len(x))
            # Whether a point lies within is quick to tell of a prepared outline, how far away it is not.
            out = ~shapely.intersects_xy(self.outline, x, y)
            spots = shapely.points(x[out], y[out])
            away[out] = self._rim.query_nearest(spots, return_distance=True, all_matches=False)[1]
            result[near] = away
        return result


def walk_lines(lines: NDArray[np.object_], step: float) -> NDArray[np.float64]:
    """Return points along lines, one a step and at least one a line, shape (n, 2)."""
    lines = shapely.get_parts(lines)
    lines = lines[shapely.length(lines) > 0]
    counts = np.maximum(1, np.ceil(shapely.length(lines) / step)).astype(np.int64)
    which = np.repeat(np.arange(len(lines)), counts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (place + 0.5) / counts[which]
    return shapely.get_coordinates(shapely.line_interpolate_point(lines[which], share, normalized=True))


def find_ground(frames: Iterable[gpd.GeoDataFrame]) -> Ground | None:
    """Return the ground that communities or outlines stand on; None when they hold no place."""
    frames = list(frames)
    spots = [spot for frame in frames if (spot := place_of(frame)) is not None]
    if not spots:
        return None
    lon, lat = np.mean(spots, axis=0)
    return Ground((float(lon), float(lat))).with_areas(frames)
