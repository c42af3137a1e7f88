"""Street blocks and how completely each is mapped: bare paper is 未测绘, never idle (DESIGN §4)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from configs import read_settings
from layers.reachable import Block
from layers.source import Road
from pipeline.stages.naming import hash_text
from pipeline.stages.shape import keep_areas

# Slivers between a road and a boundary drawn beside it are no blocks.
_LEAST_M2 = 50.0


def cut_blocks(area: shapely.Geometry, roads: gpd.GeoDataFrame) -> NDArray:
    """Return the blocks that the main roads cut ``area`` into, as an array of polygons.

    Parameters
    ----------
    area : the plan's area (规划范围), planar metres.
    roads : the ``Road`` layer; kinds that bound a block are named in ``configs/idle.yaml``.
    """
    kinds = read_settings("idle.yaml")["block_roads"]
    lines = roads.geometry[roads[Road.kind].isin(kinds)].to_numpy()
    lines = np.append(lines, area.boundary)
    # Lines are noded by the union first, or crossings would not close a ring.
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))
    inside = faces[shapely.intersects(area, shapely.point_on_surface(faces))]
    return inside[shapely.area(inside) >= _LEAST_M2]


def measure_blocks(
    area: shapely.Geometry, roads: gpd.GeoDataFrame, mapped: NDArray, *, complete: float
) -> gpd.GeoDataFrame:
    """Return the ``Block`` rows without their areas: share of ground covered by mapped objects, status.

    Parameters
    ----------
    area : the plan's area.
    roads : the ``Road`` layer.
    mapped : (n,) polygons of buildings, parcels and open space together.
    complete : share from which a block counts as 完整 (``idle.min_completeness``).
    """
    faces = cut_blocks(area, roads)
    ground = shapely.area(faces)
    covered = np.zeros(len(faces))
    mapped = mapped[~shapely.is_missing(mapped)]
    face, thing = shapely.STRtree(mapped).query(faces, predicate="intersects")
    for number in np.unique(face):
        union = shapely.union_all(mapped[thing[face == number]])
        covered[number] = shapely.area(shapely.intersection(faces[number], union))
    share = np.round(np.divide(covered, ground, out=np.zeros_like(covered), where=ground > 0), 4)
    low = read_settings("idle.yaml")["unmapped_share"]
    status = np.select([share < low, share >= complete], ["未测绘", "完整"], "部分")
    spots = shapely.get_coordinates(shapely.point_on_surface(faces))
    frame = gpd.GeoDataFrame(
        {
            str(Block.id): ["JQ" + hash_text(f"{x:.0f},{y:.0f}", 6) for x, y in spots],
            str(Block.completeness): share,
            str(Block.status): status,
        },
        geometry=faces,
        crs=roads.crs,
    )
    return frame.sort_values(Block.id, ignore_index=True)


def find_leftover(blocks: gpd.GeoDataFrame, taken: NDArray, *, complete: float, least_m2: float) -> NDArray:
    """Return open ground of the completely mapped blocks that nothing takes.

    Parameters
    ----------
    blocks : the ``Block`` layer.
    taken : (n,) polygons of everything that uses ground: buildings and roads with their margins, used
        parcels, open space.
    complete : least completeness.
    least_m2 : least area of a piece.

    Returns
    -------
    (k,) array of polygons.
    """
    taken = taken[~shapely.is_missing(taken)]
    faces = blocks.geometry[blocks[Block.completeness] >= complete].to_numpy()
    tree = shapely.STRtree(taken)
    pieces: list[shapely.Geometry] = []
    for face in faces:
        near = taken[tree.query(face, predicate="intersects")]
        # Opening by half a metre drops the hair-thin remains between two drawings of one line.
        rest = shapely.buffer(shapely.difference(face, shapely.union_all(near)), -0.5).buffer(0.5)
        pieces += list(shapely.get_parts(keep_areas(rest, least_m2=least_m2)))
    return np.array(pieces, dtype=object)


def widen_roads(roads: gpd.GeoDataFrame) -> NDArray:
    """Return each road as the ground it takes: its width, or the kind's assumed half width."""
    settings = read_settings("idle.yaml")
    half = roads[Road.width_m] / 2
    assumed = (
        roads[Road.kind]
        .map(settings["road_half_m"])
        .astype("float64")
        .fillna(settings["road_half_default_m"])
    )
    return shapely.buffer(roads.geometry.to_numpy(), half.fillna(assumed).to_numpy(), cap_style="flat")
