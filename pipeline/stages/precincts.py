"""Estates and parks that are entered by their gates: told from land use and the gates on its outline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs import read_settings
from layers.frame import conform, empty_frame
from layers.reachable import Precinct
from layers.source import Gate, OpenSpace, Parcel

Index = NDArray[np.intp]
# A gate this much nearer to one outline than to another stands on the line between the two.
_SHARED_M = 0.5
# Ground that lies in another one by this share is part of it: a garden amid an estate.
_AMID = 0.95
# Open space drawn once more over a parcel of the same ground.
_AGAIN = 0.5

# Where a gate stands.
ON_OUTLINE, ELSEWHERE, WITHIN, NOWHERE = "轮廓上", "其他用地", "内部", "用地之外"


@dataclass(frozen=True)
class Precincts:
    """What is entered by its gates, and what is not.

    Attributes
    ----------
    rows : the ``Precinct`` layer: one row a gate of what is entered by gates.
    kinds : kind of every estate and park, with a gate or without.
    place : where each gate stands that has a place, in the order of the ``Gate`` layer.
    """

    rows: gpd.GeoDataFrame
    kinds: list[str]
    place: NDArray


@dataclass(frozen=True)
class _Claim:
    """Whose each gate is: pairs of a gate and an outline.

    Attributes
    ----------
    gate, outline : pairs at most the stated distance apart of which none is clearly nearer.
    single : (k,) bool by gate, one outline and no other land claim it.
    """

    gate: Index
    outline: Index
    single: NDArray[np.bool_]


def find_precincts(parcels: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame, gates: gpd.GeoDataFrame) -> Precincts:
    """Find the estates and parks that have a gate of their own on their outline.

    A gate on a line that two of them share opens both; it is its own of the one it names.

    Parameters
    ----------
    parcels, spaces, gates : the ``Parcel``, ``OpenSpace`` and ``Gate`` layers, planar metres.
    """
    if not len(gates):
        return Precincts(empty_frame(Precinct, crs=gates.crs), [], np.zeros(0, dtype=object))
    rule = read_settings("network.yaml")
    standing = ~(gates.geometry.isna() | gates.geometry.is_empty).to_numpy()
    points = gates.geometry.to_numpy()[standing]
    estate = gates[Gate.estate].fillna("").str.strip().to_numpy(dtype=object)[standing]
    parts = _list_parts(parcels, spaces, rule["precincts"])
    kind, code = parts["kind"].to_numpy(dtype=object), parts["code"].to_numpy(dtype=object)
    fenced = _rings(parcels.geometry.to_numpy()[_starts(parcels[Parcel.landuse_code], rule["fenced_codes"])])
    shapes = parts.geometry.to_numpy()
    named = _name(_claim(points, _rings(shapes), fenced, rule["outline_m"]), estate, len(shapes))
    label = _unite(shapes, kind, code, named, rule)
    areas, area_kind = _merge(shapes, kind, label, rule["join_gap_m"])
    rings = _rings(areas)
    claim = _claim(points, rings, fenced, rule["outline_m"])
    named = _name(claim, estate, len(areas))
    own = claim.single[claim.gate]
    own |= np.array(
        [estate[g] in named[a] for g, a in zip(claim.gate, claim.outline, strict=True)], dtype=bool
    )
    gated = np.zeros(len(areas), dtype=bool)
    gated[claim.outline[own]] = True
    doors = np.stack([claim.outline, claim.gate])[:, gated[claim.outline]]
    rows = _write_rows(areas, area_kind, doors, gates[standing].reset_index(drop=True), named)
    place = _place_gates(points, areas, claim, parcels, rule["outline_m"])
    return Precincts(rows, area_kind.tolist(), place)


def _starts(codes: pd.Series, starts: list[str]) -> NDArray[np.bool_]:
    return codes.fillna("").str.startswith(tuple(starts)).to_numpy(dtype=bool)


def _rings(shapes: NDArray) -> NDArray:
    return shapely.get_exterior_ring(shapely.get_parts(shapes))


def _list_parts(
    parcels: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame, kinds: dict[str, Any]
) -> gpd.GeoDataFrame:
    """Return the polygons that may be an estate or a park, with kind and code; holes belong to them."""
    found = []
    for kind, rule in kinds.items():
        mine = _starts(parcels[Parcel.landuse_code], rule["codes"])
        if rule["except"]:
            mine = mine & ~_starts(parcels[Parcel.landuse_code], rule["except"])
        found.append((kind, parcels[mine], parcels.loc[mine, Parcel.landuse_code]))
    drawn = shapely.union_all([shape for _, frame, _ in found for shape in frame.geometry])
    for kind, rule in kinds.items():
        mine = spaces[spaces[OpenSpace.kind].isin(rule["spaces"])]
        again = shapely.area(shapely.intersection(mine.geometry.to_numpy(), drawn))
        mine = mine[again < _AGAIN * mine.area.to_numpy()]
        found.append((kind, mine, mine[OpenSpace.kind]))
    parts = [shapely.get_parts(frame.geometry.to_numpy(), return_index=True) for _, frame, _ in found]
    codes = [code.to_numpy(dtype=object)[row] for (_, row), (_, _, code) in zip(parts, found, strict=True)]
    shapes = shapely.polygons(shapely.get_exterior_ring(np.concatenate([part for part, _ in parts])))
    # By place: the order of the files decides nothing.
    order = np.lexsort(shapely.bounds(shapes).T)
    return gpd.GeoDataFrame(
        {
            "kind": np.repeat([kind for kind, _, _ in found], [len(part) for part, _ in parts])[order],
            "code": np.concatenate(codes)[order],
        },
        geometry=shapes[order],
        crs=parcels.crs,
    )


def _claim(points: NDArray, rings: NDArray, fenced: NDArray, within_m: float) -> _Claim:
    """Give each gate to the nearest outlines; other fenced land claims gates, too."""
    outline, gate = shapely.STRtree(points).query(rings, predicate="dwithin", distance=within_m)
    far = shapely.distance(points[gate], rings[outline])
    other = np.full(len(points), np.inf)
    if len(fenced) and len(points):
        at, metres = shapely.STRtree(fenced).query_nearest(
            points, max_distance=within_m + _SHARED_M, return_distance=True, all_matches=False
        )
        other[at[0]] = metres
    nearest = other.copy()
    np.minimum.at(nearest, gate, far)
    mine = far <= nearest[gate] + _SHARED_M
    gate, outline = gate[mine], outline[mine]
    single = (np.bincount(gate, minlength=len(points)) == 1) & (other > nearest + _SHARED_M)
    return _Claim(gate, outline, single)


def _name(claim: _Claim, estate: NDArray, n: int) -> list[set[str]]:
    """Return the names that gates of its own give to each outline."""
    named: list[set[str]] = [set() for _ in range(n)]
    for gate, outline in zip(claim.gate, claim.outline, strict=True):
        if claim.single[gate] and estate[gate]:
            named[outline].add(estate[gate])
    return named


def _unite(
    shapes: NDArray, kind: NDArray, code: NDArray, named: list[set[str]], rule: dict[str, Any]
) -> list[int]:
    """Return the estate each part belongs to, by the number of one of its parts.

    Adjoining parts of one code are one estate unless the gates of each name another; adjoining parts
    whose gates name the same are one whatever their codes. The longest common edges decide first.
    """
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=rule["join_gap_m"])
    a, b = a[(a < b) & (kind[a] == kind[b])], b[(a < b) & (kind[a] == kind[b])]
    edge = shapely.length(
        shapely.intersection(shapely.boundary(shapes[a]), shapely.buffer(shapes[b], rule["join_gap_m"]))
    )
    a, b, edge = (values[edge >= rule["join_edge_m"]] for values in (a, b, edge))
    same = np.array([bool(named[i] & named[j]) for i, j in zip(a, b, strict=True)], dtype=bool)
    head = list(range(len(shapes)))
    names = [set(found) for found in named]

    def find(part: int) -> int:
        while head[part] != part:
            head[part] = head[head[part]]
            part = head[part]
        return part

    # What two parts may do depends on whom they have joined before: one pair after the other.
    for pair in np.lexsort((b, a, -edge, ~same)):
        first, second = find(int(a[pair])), find(int(b[pair]))
        apart = names[first] and names[second] and not names[first] & names[second]
        if first != second and not apart and (same[pair] or code[a[pair]] == code[b[pair]]):
            head[second] = first
            names[first] |= names[second]
    return [find(part) for part in range(len(shapes))]


def _merge(shapes: NDArray, kind: NDArray, label: list[int], gap_m: float) -> tuple[NDArray, NDArray]:
    """Return each estate as one polygon and its kind; gaps between its parts and holes are closed."""
    _, first, group, count = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    areas, area_kind = shapes[first], kind[first]
    several = np.flatnonzero(count > 1)
    if several.size:
        rows = np.flatnonzero(np.isin(group, several))
        rows = rows[np.argsort(group[rows], kind="stable")]
        heaps = shapely.geometrycollections(
            shapes[rows], indices=np.unique(group[rows], return_inverse=True)[1]
        )
        # Half the gap and a little: sides just that far apart must meet.
        half = 0.55 * gap_m
        grown = shapely.buffer(heaps, half, join_style="mitre")
        areas[several] = shapely.buffer(grown, -half, join_style="mitre")
    areas, owner = shapely.get_parts(areas, return_index=True)
    areas, area_kind = shapely.polygons(shapely.get_exterior_ring(areas)), area_kind[owner]
    inner, outer = shapely.STRtree(areas).query(areas, predicate="intersects")
    size = shapely.area(areas)
    smaller = (size[inner] < size[outer]) | ((size[inner] == size[outer]) & (inner > outer))
    inner, outer = inner[smaller], outer[smaller]
    amid = shapely.area(shapely.intersection(areas[inner], areas[outer])) >= _AMID * size[inner]
    kept = np.setdiff1d(np.arange(len(areas)), inner[amid])
    return areas[kept], area_kind[kept]


def _write_rows(
    areas: NDArray, kind: NDArray, doors: NDArray, gates: gpd.GeoDataFrame, named: list[set[str]]
) -> gpd.GeoDataFrame:
    area, gate = doors
    spot = shapely.point_on_surface(areas)
    ids = [
        f"{k}@{x:.2f},{y:.2f}" for k, x, y in zip(kind, shapely.get_x(spot), shapely.get_y(spot), strict=True)
    ]
    rows = gates.iloc[gate].reset_index(drop=True)
    said = Counter(zip(area.tolist(), rows[Gate.estate].fillna(""), strict=True))
    ranked = [sorted((-said[a, word], word) for word in names) for a, names in enumerate(named)]
    name = np.array([words[0][1] if words else None for words in ranked], dtype=object)
    whose = np.array(ids, dtype=object)[area]
    frame = gpd.GeoDataFrame(
        {
            Precinct.id: whose + "|" + rows[Gate.id].to_numpy(dtype=object),
            Precinct.source: rows[Gate.source].to_numpy(),
            Precinct.precinct: whose,
            Precinct.kind: kind[area],
            Precinct.name: name[area],
            Precinct.gate: rows[Gate.id].to_numpy(),
            Precinct.gate_x_m: rows.geometry.x.to_numpy(),
            Precinct.gate_y_m: rows.geometry.y.to_numpy(),
        },
        geometry=areas[area],
        crs=gates.crs,
    )
    return conform(frame.sort_values(Precinct.id, ignore_index=True), Precinct)


def _place_gates(
    points: NDArray, areas: NDArray, claim: _Claim, parcels: gpd.GeoDataFrame, within_m: float
) -> NDArray:
    """Return where each gate stands: on an outline, inside, on other land, or where no land use is known."""
    place = np.full(len(points), NOWHERE, dtype=object)
    tree, lots = shapely.STRtree(points), parcels.geometry.to_numpy()
    place[tree.query(lots, predicate="dwithin", distance=within_m)[1]] = ELSEWHERE
    place[tree.query(areas, predicate="intersects")[1]] = WITHIN
    place[tree.query(shapely.boundary(lots), predicate="dwithin", distance=within_m)[1]] = ELSEWHERE
    place[claim.gate] = ON_OUTLINE
    return place
