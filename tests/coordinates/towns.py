"""Random towns: a street network, points beside its streets, buildings in its blocks, in EPSG:4548."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi

from layers.datum import shift_from_wgs84
from layers.ground import Ground

E0, N0 = 486_000.0, 3_137_000.0
CRS = "EPSG:4548"
MIDDLE = (116.87, 28.35)


@dataclass(frozen=True)
class Town:
    """A network and points 5-40 m from it, metres."""

    lines: NDArray
    points: NDArray

    @property
    def ground(self) -> Ground:
        """What a plan knows of it: the roads."""
        return Ground(MIDDLE).with_roads([frame_of(self.lines)])


def frame_of(shapes: NDArray) -> gpd.GeoDataFrame:
    """Return shapes as a frame in the town's CRS."""
    return gpd.GeoDataFrame(geometry=shapes, crs=CRS)


def build_town(seed: int, count: int, *, size: float = 2000.0, core: float = 1300.0) -> Town:
    """Build a town: blocks of 90-250 m, as a shaken grid or as cells of chance; points in its core."""
    rng = np.random.default_rng(seed)
    lines = _cells(rng, size) if seed % 2 else _grid(rng, size)
    lines = shapely.transform(lines, lambda xy: xy + (E0, N0))
    low = (size - core) / 2
    middle = shapely.box(E0 + low, N0 + low, E0 + low + core, N0 + low + core)
    streets = shapely.get_parts(shapely.intersection(lines, middle))
    streets = streets[shapely.length(streets) > 5]
    chosen = streets[
        rng.choice(len(streets), count, p=shapely.length(streets) / shapely.length(streets).sum())
    ]
    spots = shapely.get_coordinates(
        shapely.line_interpolate_point(chosen, rng.random(count), normalized=True)
    )
    ends = shapely.get_coordinates(shapely.get_point(chosen, -1)) - shapely.get_coordinates(
        shapely.get_point(chosen, 0)
    )
    ends /= np.hypot(*ends.T)[:, None]
    aside = rng.uniform(5, 40, count) * rng.choice([-1, 1], count)
    return Town(lines, shapely.points(spots + np.column_stack([-ends[:, 1], ends[:, 0]]) * aside[:, None]))


def _grid(rng: np.random.Generator, size: float) -> NDArray:
    step = rng.uniform(90, 250)
    axis = np.arange(0, size + step, step)
    nodes = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    nodes = nodes + rng.normal(0, 0.12 * step, nodes.shape)
    edges = np.concatenate(
        [
            np.stack([nodes[:-1], nodes[1:]], axis=2).reshape(-1, 2, 2),
            np.stack([nodes[:, :-1], nodes[:, 1:]], axis=2).reshape(-1, 2, 2),
        ]
    )
    return shapely.linestrings(edges[rng.random(len(edges)) > 0.15])


def _cells(rng: np.random.Generator, size: float) -> NDArray:
    count = int((1.4 * size) ** 2 * rng.uniform(20, 120) / 1e6)
    diagram = Voronoi(rng.random((count, 2)) * 1.4 * size - 0.2 * size)
    edges = np.array([diagram.vertices[edge] for edge in diagram.ridge_vertices if -1 not in edge])
    cut = shapely.intersection(shapely.linestrings(edges), shapely.box(0, 0, size, size))
    return shapely.get_parts(cut[~shapely.is_empty(cut)])


def build_houses(town: Town, seed: int, count: int) -> NDArray:
    """Place houses of 12 by 30 m that stand 6 m or more from any street."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(town.lines)
    corners = np.column_stack([rng.uniform(west, east, 30 * count), rng.uniform(south, north, 30 * count)])
    houses = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + 30, corners[:, 1] + 12)
    tree = shapely.STRtree(town.lines)
    near = np.unique(tree.query(houses, predicate="dwithin", distance=6.0)[0])
    free = np.delete(houses, near)
    kept: list[shapely.Geometry] = []
    for house in free:
        if len(kept) == count:
            break
        if not len(kept) or shapely.distance(house, kept).min() > 4:
            kept.append(house)
    return np.array(kept, dtype=object)


def shift(shapes: NDArray, datum: str | None) -> gpd.GeoSeries:
    """Return shapes of the town in degrees, shifted as a web map does."""
    degrees = gpd.GeoSeries(shapes, crs=CRS).to_crs(4490)
    if datum is None:
        return degrees
    moved = shapely.transform(
        degrees.to_numpy(), lambda xy: np.column_stack(shift_from_wgs84(xy[:, 0], xy[:, 1], datum=datum))
    )
    return gpd.GeoSeries(moved, crs=4490)


def build_grid(seed: int, *, apart: float | None = None) -> tuple[NDArray, NDArray]:
    """Build streets in a grid and the parcels between them, set back by half a street of 6-20 m.

    Parameters
    ----------
    apart : between streets, the same everywhere; None for 90-250 m.
    """
    rng = np.random.default_rng(seed)
    half = rng.uniform(6, 20)
    east, north = (np.cumsum([0.0, *([apart] * 13 if apart else rng.uniform(90, 250, 12))]) for _ in "xy")
    lines = [shapely.LineString([(x, 0), (x, north[-1])]) for x in east]
    lines += [shapely.LineString([(0, y), (east[-1], y)]) for y in north]
    parcels = []
    for west, right in zip(east[:-1] + half, east[1:] - half, strict=True):
        for south, top in zip(north[:-1] + half, north[1:] - half, strict=True):
            across, up = (
                np.linspace(low, high, rng.integers(2, 6)) for low, high in ((west, right), (south, top))
            )
            parcels += [
                shapely.box(*p, *q)
                for p, q in zip(_corners(across[:-1], up[:-1]), _corners(across[1:], up[1:]), strict=True)
            ]
    return tuple(shapely.transform(np.array(shapes), lambda xy: xy + (E0, N0)) for shapes in (lines, parcels))  # type: ignore[return-value]


def _corners(x: NDArray, y: NDArray) -> NDArray:
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
