"""Land use after renewal: present parcels, cut where a new site changes their use (4.3, G-08)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from configs.planning import landuse_names
from layers.areas import share_total
from layers.planned import Need, PlannedParcel, Resource
from layers.seams import choose_takers, fill_ground, is_narrow, match_edges
from layers.source import Parcel
from pipeline.stages.naming import hash_text
from pipeline.stages.plots import Plot
from pipeline.stages.shape import keep_areas
from pipeline.stages.sites import Use

# A sliver along a shared boundary that two surveys draw differently is no change of use.
_LEAST_M2 = 1.0
_WIDTH = 8  # of 图斑编号


def plan_parcels(parcels: gpd.GeoDataFrame, uses: list[Use]) -> list[dict[str, Any]]:
    """Return the ``PlannedParcel`` rows.

    Only new building on ground changes land use, and only on the plots it takes; rooms reused inside a parcel
    are a compatible use of it. The pieces of a parcel carry its own declared area between them, to the last
    0.01 m², so that the balance before and after sums alike.

    Parameters
    ----------
    parcels : the ``Parcel`` layer with its communities.
    uses : disjoint uses of the layout, with their plots.
    """
    built = [(use, plot) for use in uses for plot in use.plots if plot.code]
    grounds = np.array([plot.shape for _, plot in built], dtype=object)
    parcel_at, use_at = shapely.STRtree(grounds).query(parcels.geometry.to_numpy(), predicate="intersects")
    cuts: dict[int, list[tuple[Use, Plot]]] = {}
    for n, which in sorted(zip(parcel_at.tolist(), use_at.tolist(), strict=True)):
        cuts.setdefault(n, []).append(built[which])
    taken = set(parcels[Parcel.number])
    rows: list[dict[str, Any]] = []
    fresh: list[bool] = []
    for n, row in enumerate(parcels.to_dict("records")):
        pieces = _cut_parcel(row, cuts.get(n, []), taken)
        rows += pieces
        fresh += [n in cuts] * len(pieces)
    shapes = np.array([row["geometry"] for row in rows], dtype=object)
    for row, shape in zip(rows, match_cuts(shapes, np.array(fresh, dtype=bool)), strict=True):
        row["geometry"] = shape
    return rows


def _cut_parcel(row: dict[str, Any], plots: list[tuple[Use, Plot]], taken: set[str]) -> list[dict[str, Any]]:
    shape = row["geometry"]
    pieces: list[tuple[tuple[Use, Plot] | None, shapely.Geometry]] = []
    for use, plot in plots:
        common = _keep_pieces(shape.intersection(plot.shape))
        # 070102 is 0701 already; a code the parcel has at another level is no change of use.
        if not row[Parcel.landuse_code].startswith(plot.code) and not common.is_empty:
            pieces.append(((use, plot), common))
    rest = keep_areas(shape.difference(shapely.union_all([piece for _, piece in pieces])))
    kept = _keep_pieces(rest) if pieces else rest
    if not kept.is_empty:
        pieces.insert(0, (None, kept))
    # What is too small or too thin to be a parcel goes to the piece it lies along: no ground is lost.
    crumbs = shapely.get_parts(keep_areas(rest.difference(kept)))
    shapes = np.array([piece for _, piece in pieces], dtype=object)
    if len(crumbs):
        shapes = fill_ground(shapes, choose_takers(crumbs, shapes, slack_m=limits().xy_m))
    pieces = [(made, piece) for (made, _), piece in zip(pieces, shapes, strict=True)]
    weights = [piece.area for _, piece in pieces]
    total = float(row[Parcel.area_m2])
    areas = share_total(weights, total) if len(pieces) > 1 else [round(total, 2)]
    return [
        _write_piece(row, made, piece, area, taken) for (made, piece), area in zip(pieces, areas, strict=True)
    ]


def _keep_pieces(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the parts of a cut that can be parcels: of some area, and wider than two surveys differ."""
    parts = shapely.get_parts(keep_areas(shape, least_m2=_LEAST_M2))
    parts = parts[~is_narrow(parts, limits().repair_m)]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def match_cuts(shapes: NDArray[np.object_], fresh: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return parcels with the same vertices on both sides of every edge that a cut has touched.

    Parameters
    ----------
    shapes : (n,) parcels that share no ground, metres.
    fresh : (n,) those that a cut has made; their neighbours get its vertices.
    """
    if not fresh.any():
        return shapes
    near = shapely.STRtree(shapes).query(shapes[fresh], predicate="dwithin", distance=limits().xy_m)[1]
    group = np.unique(near)
    result = shapes.copy()
    snap_m, gap_m = limits().vertex_m, limits().xy_m
    result[group] = match_edges(shapes[group], rank=group, snap_m=snap_m, gap_m=gap_m)
    return result


def _write_piece(
    row: dict[str, Any],
    made: tuple[Use, Plot] | None,
    shape: shapely.Geometry,
    area_m2: float,
    taken: set[str],
) -> dict[str, Any]:
    number, code, name = row[Parcel.number], row[Parcel.landuse_code], row[Parcel.landuse_name]
    piece = {
        PlannedParcel.id: row[Parcel.id],
        PlannedParcel.source: row[Parcel.source],
        PlannedParcel.community: row[Parcel.community],
        PlannedParcel.number: number,
        PlannedParcel.landuse_code: code,
        PlannedParcel.landuse_name: name,
        PlannedParcel.area_m2: area_m2,
        PlannedParcel.base_code: code,
        PlannedParcel.note: row[Parcel.note],
        PlannedParcel.changed: made is not None,
        PlannedParcel.parcel: number,
        "geometry": shape,
    }
    if made is None:
        return piece
    use, plot = made
    resource = use.resource[Resource.number]
    key = f"{resource}/{plot.code}" if len(use.plots) > 1 else resource
    short = f"{number[: _WIDTH - 3]}-{hash_text(number + key, 2)}"
    if short in taken or not number.isascii():
        short = hash_text(number + key, _WIDTH)
    taken.add(short)
    name_then = landuse_names()[plot.code]
    served = "、".join(dict.fromkeys(item.name for item in plot.items))
    return piece | {
        PlannedParcel.id: f"{row[Parcel.id]}/{key}",
        PlannedParcel.number: short,
        PlannedParcel.landuse_code: plot.code,
        PlannedParcel.landuse_name: name_then,
        PlannedParcel.note: f"{name}调整为{name_then}，用于{served}（资源{resource}）",
        PlannedParcel.resource: resource,
        PlannedParcel.needs: "、".join(need[Need.number] for need in plot.needs),
        PlannedParcel.place: use.resource[Resource.place],
    }
