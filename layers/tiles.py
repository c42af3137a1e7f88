"""Land use cut to the boundary it must fill: every parcel in one community or outside all of them.

The hand-in's land use covers the plan exactly (requirements.md §7.17), while a bureau's parcels go on beyond it
and follow its line to some centimetres only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.overlap import keep_areas
from layers.seams import choose_takers, fill_ground, is_narrow, move_within
from layers.shapes.curves import list_edges

OUTSIDE = -1


@dataclass(frozen=True)
class Tiles:
    """Pieces of parcels, each in one area or outside all.

    Attributes
    ----------
    shape : (k,) polygons.
    parcel : (k,) position of the parcel each is a piece of.
    area : (k,) position of the area it lies in, ``OUTSIDE`` for none.
    """

    shape: NDArray[np.object_]
    parcel: NDArray[np.intp]
    area: NDArray[np.intp]


def cut_tiles(shapes: NDArray[np.object_], areas: NDArray[np.object_], *, tolerance_m: float) -> Tiles:
    """Cut parcels along areas and bring edges within a tolerance of an area's edge onto it.

    What lies across an edge and is no wider than the tolerance is a difference of two surveys, not a piece:
    the parcel gives it up, and ground of an area that is left over so goes to the piece with the longest
    border on it. Edges nearer than ``xy_m`` are one edge already and stay untouched.

    Parameters
    ----------
    shapes : (n,) parcels that share no ground, metres.
    areas : (m,) communities or the outline, sharing no ground.
    """
    home = _find_homes(shapes, areas)
    crossing = np.flatnonzero(home == _CROSSING)
    pieces, parcel, area = [], [], []
    rest = shapes[crossing]
    for nth, ground in enumerate(areas):
        shapely.prepare(ground)
        met = np.flatnonzero(shapely.intersects(ground, shapes[crossing]))
        pieces.append(keep_areas(shapely.intersection(shapes[crossing][met], ground)))
        parcel.append(crossing[met])
        area.append(np.full(len(met), nth))
        rest[met] = keep_areas(shapely.difference(rest[met], ground))
    pieces.append(rest)
    parcel.append(crossing)
    area.append(np.full(len(crossing), OUTSIDE))
    cut = Tiles(
        np.concatenate(pieces), np.concatenate(parcel).astype(np.intp), np.concatenate(area).astype(np.intp)
    )
    cut = _keep_wide(cut, tolerance_m)
    whole = np.flatnonzero(home != _CROSSING)
    found = Tiles(
        np.concatenate([shapes[whole], cut.shape]),
        np.concatenate([whole, cut.parcel]),
        np.concatenate([home[whole], cut.area]),
    )
    order = np.lexsort((-shapely.area(found.shape), found.parcel))
    found = Tiles(found.shape[order], found.parcel[order], found.area[order])
    return Tiles(_fill_rims(found, areas, tolerance_m), found.parcel, found.area)


_CROSSING = -2


def _find_homes(shapes: NDArray[np.object_], areas: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return the area each parcel lies in within ``xy_m``, ``OUTSIDE``, or that it crosses an edge."""
    home = np.full(len(shapes), OUTSIDE, dtype=np.intp)
    for nth, ground in enumerate(areas):
        inner = shapely.buffer(ground, -limits().xy_m, join_style="mitre")
        outer = shapely.buffer(ground, limits().xy_m, join_style="mitre")
        for prepared in (inner, outer):
            shapely.prepare(prepared)
        touched = np.flatnonzero(shapely.intersects(inner, shapes))
        within = shapely.covers(outer, shapes[touched])
        home[touched[within]] = nth
        home[touched[~within]] = _CROSSING
    return home


def _keep_wide(cut: Tiles, tolerance_m: float) -> Tiles:
    """Leave out pieces no wider than the tolerance; of a parcel that has no other, the largest stays whole."""
    wide = ~is_narrow(cut.shape, tolerance_m) & ~shapely.is_empty(cut.shape)
    size = shapely.area(cut.shape)
    order = np.lexsort((-size, cut.parcel))
    largest = order[np.unique(cut.parcel[order], return_index=True)[1]]
    lone = largest[~np.isin(cut.parcel[largest], cut.parcel[wide])]
    wide[lone] = True
    return Tiles(cut.shape[wide], cut.parcel[wide], cut.area[wide])


def _fill_rims(tiles: Tiles, areas: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    """Return the pieces with the narrow ground along their area's edge that no piece covers."""
    result = tiles.shape.copy()
    tree = shapely.STRtree(tiles.shape)
    for nth, ground in enumerate(areas):
        edge = shapely.boundary(ground)
        # Edge by edge: the box of a whole boundary holds every piece there is.
        near = np.unique(tree.query(list_edges(ground), predicate="dwithin", distance=2 * tolerance_m)[1])
        near = near[tiles.area[near] == nth]
        if not near.size:
            continue
        # Ground without a parcel that reaches farther in than the tolerance is not along the edge only.
        strip = shapely.intersection(shapely.buffer(edge, 2 * tolerance_m), ground)
        bare = shapely.difference(strip, shapely.union_all(tiles.shape[near]))
        bare = shapely.get_parts(keep_areas(np.array([bare], dtype=object))[0])
        bare = bare[~is_narrow(bare, limits().xy_m) & is_narrow(bare, tolerance_m)]
        if not bare.size:
            continue
        gaps = choose_takers(bare, tiles.shape[near], slack_m=limits().xy_m)
        filled = fill_ground(tiles.shape[near], gaps)
        fits = move_within(tiles.shape[near], filled, 2 * tolerance_m) & shapely.is_valid(filled)
        result[near] = np.where(fits, filled, tiles.shape[near])
    return result
