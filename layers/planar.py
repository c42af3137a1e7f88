"""Layers that tile the ground: no overlap, no gap, the same vertices on both sides of every shared edge.

Required of communities, present and planned land use (requirements.md §7.17, lovfp KJGHYD 5.0.2). What two
surveys of one boundary may differ by is mended; more is refused, with both features and the place.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.seams import (
    Gaps,
    Overlaps,
    cut_ground,
    fill_ground,
    find_gaps,
    find_overlaps,
    is_narrow,
    match_edges,
    move_within,
)
from layers.shapes.findings import Findings, find_spots
from layers.shapes.matching import find_loose

RULE = "重叠部分归先列文件、面积较小的图形"
# Matching edges here may open a seam of a millimetre there; it never took more than two rounds.
_ROUNDS = 3
_MOST_NAMED = 4


def rank_shapes(
    shapes: NDArray[np.object_], files: NDArray[np.intp], keys: NDArray[np.object_]
) -> NDArray[np.intp]:
    """Return the order in which polygons keep contested ground: file as listed, smaller area, key, place.

    The smaller of two is as a rule the finer survey. Rows may be shuffled without another outcome.
    """
    bounds = shapely.bounds(shapes)
    order = np.lexsort(
        (bounds[:, 1], bounds[:, 0], keys.astype(str), np.round(shapely.area(shapes), 2), files)
    )
    rank = np.empty(len(shapes), dtype=np.intp)
    rank[order] = np.arange(len(shapes))
    return rank


def mend_planar(
    shapes: NDArray[np.object_], findings: Findings, *, rank: NDArray[np.intp], tolerance_m: float
) -> NDArray[np.object_]:
    """Return polygons that overlap and gape no more within a tolerance; everything else is told.

    No vertex of a boundary ends up farther than ``tolerance_m`` from where the boundary was. Ground that two
    claim goes to the smaller rank, ground that none claims to the longest border; areas before and after are
    in the log. An overlap that is wider, or whose mending would move a boundary farther, is an error; a wider
    gap may be ground without data and is a warning.

    Parameters
    ----------
    shapes : (n,) valid polygons or multipolygons, metres.
    rank : (n,) distinct numbers, see ``rank_shapes``.
    """
    if not len(shapes):
        return shapes
    result, refused = shapes, np.zeros(len(shapes), dtype=bool)
    matched: set[int] = set()
    valid, looked = False, np.arange(len(shapes))
    for nth in range(_ROUNDS + 1):
        # The first look is told the gap's width, so that a slit with open ends is seen as well.
        # Later ones look at what was mended and at what touches it; the rest is as valid as before.
        faulty = np.zeros(len(shapes), dtype=bool)
        faulty[looked] = find_faulty(result[looked], tolerance_m if nth == 0 else 0.0)
        valid = not (faulty.any() or refused.any())
        faulty &= ~refused
        if not faulty.any() or nth == _ROUNDS:
            break
        group = _reach_out(result, faulty, tolerance_m)
        if nth == 0:
            result, refused = _mend_seams(result, group, faulty, findings, rank, tolerance_m)
            group = group[~refused[group]]
        snap_m, gap_m = limits().vertex_m, limits().xy_m
        edges = match_edges(result[group], rank=rank[group], snap_m=snap_m, gap_m=gap_m)
        near = move_within(shapes[group], edges, tolerance_m + limits().xy_m)
        edges = np.where(near, edges, result[group])
        matched.update(group[edges != result[group]].tolist())
        result = result.copy()
        result[group] = edges
        faulty[group] = True
        looked = _reach_out(result, faulty, tolerance_m)
    _note_matched(sorted(matched), findings)
    if not valid:
        _refuse_rest(result, ~refused, findings, rank, tolerance_m)
    report_gaps(result, findings, tolerance_m=tolerance_m, valid=valid)
    return result


def _refuse_rest(
    shapes: NDArray[np.object_],
    asked: NDArray[np.bool_],
    findings: Findings,
    rank: NDArray[np.intp],
    tolerance_m: float,
) -> None:
    """Refuse overlaps that are still there after all: mendings that together went too far."""
    faulty = asked & find_faulty(shapes, 0.0)
    group = _reach_out(shapes, faulty, tolerance_m)
    left = find_overlaps(shapes[group], rank=rank[group], least_m=limits().xy_m, asked=faulty[group])
    _refuse_overlaps(left, group, findings, tolerance_m)


def find_faulty(shapes: NDArray[np.object_], gap_m: float) -> NDArray[np.bool_]:
    """Tell which polygons overlap a neighbour, have other vertices along an edge, or gape up to ``gap_m`` wide.

    To GEOS a polygon whose edges are all matched is valid whatever else there is, so only the others are asked
    about, with all that lies next to them.
    """
    loose = find_loose(shapes)
    asked = _reach_out(shapes, loose, gap_m) if loose.any() else np.flatnonzero(loose)
    faulty = np.zeros(len(shapes), dtype=bool)
    faulty[asked] = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes[asked], gap_width=gap_m))
    return faulty & loose


def _reach_out(
    shapes: NDArray[np.object_], faulty: NDArray[np.bool_], tolerance_m: float
) -> NDArray[np.intp]:
    """Return the positions of faulty polygons, their neighbours, and whatever thin polygons lie next to those.

    A polygon thinner than the tolerance must not be taken for a gap between its neighbours.
    """
    thin = 2 * shapely.area(shapes) / shapely.length(shapes) <= tolerance_m
    tree = shapely.STRtree(shapes)
    chosen = faulty.copy()
    fresh = np.flatnonzero(faulty)
    first = True
    while fresh.size:
        west, south, east, north = shapely.bounds(shapes[fresh]).T
        rims = shapely.box(west - tolerance_m, south - tolerance_m, east + tolerance_m, north + tolerance_m)
        near = np.unique(tree.query(rims)[1])
        added = near[~chosen[near]] if first else near[~chosen[near] & thin[near]]
        chosen[added] = True
        fresh, first = added, False
    return np.flatnonzero(chosen)


def _mend_seams(
    shapes: NDArray[np.object_],
    group: NDArray[np.intp],
    faulty: NDArray[np.bool_],
    findings: Findings,
    rank: NDArray[np.intp],
    tolerance_m: float,
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Cut narrow overlaps and fill narrow gaps among a group; return all shapes and which were refused.

    Of two that overlap one is ``faulty`` at least: a polygon inside another one is, the other is not.
    """
    mine = shapes[group]
    overlaps = find_overlaps(mine, rank=rank[group], least_m=limits().xy_m, asked=faulty[group])
    narrow = is_narrow(overlaps.ground, tolerance_m)
    alone = Overlaps(np.arange(len(narrow)), np.arange(len(narrow)), overlaps.ground)
    losers = mine[overlaps.loser]
    narrow &= move_within(losers, cut_ground(losers, alone), tolerance_m)
    _refuse_overlaps(overlaps.pick(~narrow), group, findings, tolerance_m)
    refused = np.zeros(len(shapes), dtype=bool)
    refused[group[overlaps.loser[~narrow]]] = refused[group[overlaps.winner[~narrow]]] = True
    overlaps = overlaps.pick(narrow)
    cut = cut_ground(mine, overlaps)
    gaps = find_gaps(cut, width_m=tolerance_m, least_m=limits().xy_m)
    alone_gaps = Gaps(np.arange(len(gaps.taker)), gaps.other, gaps.ground)
    takers = cut[gaps.taker]
    gaps = gaps.pick(move_within(takers, fill_ground(takers, alone_gaps), tolerance_m))
    filled = fill_ground(cut, gaps)
    # Several mendings of one polygon may add up to more than each of them.
    near = move_within(mine, filled, tolerance_m) & shapely.is_valid(filled)
    filled = np.where(near, filled, mine)
    _tell_overlaps(overlaps, mine, filled, group, findings)
    _tell_gaps(gaps, mine, filled, group, findings)
    result = shapes.copy()
    result[group] = filled
    return result, refused


def _refuse_overlaps(
    overlaps: Overlaps, group: NDArray[np.intp], findings: Findings, tolerance_m: float
) -> None:
    spots = find_spots(overlaps.ground)
    for loser, winner, ground, spot in zip(
        overlaps.loser, overlaps.winner, overlaps.ground, spots, strict=True
    ):
        at, other = int(group[loser]), int(group[winner])
        findings.tell(
            at, "HSQ-G05",
            f"与{findings.name(other, beside=at)}重叠 {ground.area:.2f} ㎡（{_measure(ground)}），修正会使边界移动超过 {tolerance_m:g} m",
            severity="错误", spot=spot, shape=ground, value=f"{ground.area:.2f} ㎡", action="未修正",
            remedy="在原软件中修正公共边界；重叠范围见数据质检.gpkg",
        )  # fmt: skip


def _tell_overlaps(
    overlaps: Overlaps,
    before: NDArray[np.object_],
    after: NDArray[np.object_],
    group: NDArray[np.intp],
    findings: Findings,
) -> None:
    spots = find_spots(overlaps.ground)
    for loser, winner, ground, spot in zip(
        overlaps.loser, overlaps.winner, overlaps.ground, spots, strict=True
    ):
        at, other = int(group[loser]), int(group[winner])
        name = findings.name(other, beside=at)
        was, now = before[loser].area, after[loser].area
        findings.tell(
            at, "HSQ-G05", f"与{name}重叠 {ground.area:.2f} ㎡（{_measure(ground)}）", severity="警告", spot=spot,
            shape=ground, value=f"面积 {was:.2f} ㎡", action=f"已划归{name}（{RULE}），面积 {was:.2f} → {now:.2f} ㎡",
            remedy="请核对公共边界",
        )  # fmt: skip
    findings.mend(group[np.unique(overlaps.loser)])


def _tell_gaps(
    gaps: Gaps,
    before: NDArray[np.object_],
    after: NDArray[np.object_],
    group: NDArray[np.intp],
    findings: Findings,
) -> None:
    spots = find_spots(gaps.ground)
    for taker, other, ground, spot in zip(gaps.taker, gaps.other, gaps.ground, spots, strict=True):
        at = int(group[taker])
        was, now = before[taker].area, after[taker].area
        findings.tell(
            at, "HSQ-G05",
            f"与{findings.name(int(group[other]), beside=at)}之间有 {ground.area:.2f} ㎡ 的缝隙（{_measure(ground)}）",
            severity="警告", spot=spot, shape=ground, value=f"面积 {was:.2f} ㎡",
            action=f"已并入公共边最长的图形，面积 {was:.2f} → {now:.2f} ㎡", remedy="请核对公共边界",
        )  # fmt: skip
    findings.mend(group[np.unique(gaps.taker)])


def _note_matched(matched: list[int], findings: Findings) -> None:
    """Say how many polygons of each file got vertices of their neighbours; their ground stays."""
    by_file: dict[str, list[int]] = {}
    for at in matched:
        by_file.setdefault(findings.place(at).file, []).append(at)
    for positions in by_file.values():
        named = "、".join(findings.name(at) for at in positions[:_MOST_NAMED])
        more = f" 等 {len(positions)} 个" if len(positions) > _MOST_NAMED else ""
        findings.place(positions[0]).note(
            "HSQ-G05", f"{len(positions)} 个图形的公共边节点不一致：{named}{more}",
            action=f"已使公共边两侧节点一致，移动不超过 {limits().xy_m:g} m",
        )  # fmt: skip


def report_gaps(shapes: NDArray[np.object_], findings: Findings, *, tolerance_m: float, valid: bool) -> None:
    """Report ground that polygons enclose and none covers, with the features around it.

    ``valid`` tells that the polygons are a valid coverage, which can be united fast.
    """
    whole = shapely.coverage_union_all(shapes) if valid else shapely.union_all(shapes)
    parts = shapely.get_parts(whole)
    if not shapely.get_num_interior_rings(parts).any():
        return
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
    holes = shapely.get_parts(shapely.difference(filled, whole))
    holes = holes[~is_narrow(holes, limits().xy_m)]
    if not holes.size:
        return
    hole, near = shapely.STRtree(shapes).query(holes, predicate="dwithin", distance=limits().xy_m)
    order = np.lexsort((near, hole))
    around = np.split(near[order], np.flatnonzero(np.diff(hole[order])) + 1)
    thin = is_narrow(holes, tolerance_m)
    spots = find_spots(holes)
    for ground, features, narrow, spot in zip(holes, around, thin, spots, strict=True):
        at = int(features[0])
        named = "、".join(findings.name(int(other), beside=at) for other in features[1 : _MOST_NAMED + 1])
        more = f" 等 {len(features) - 1} 个图形" if len(features) > _MOST_NAMED + 1 else ""
        beside = f"与{named}{more}之间" if named else "内部"
        findings.tell(
            at, "HSQ-G05", f"{beside}有 {ground.area:.2f} ㎡ 的缝隙（{_measure(ground)}）",
            severity="警告", spot=spot, shape=ground, value=f"{ground.area:.2f} ㎡",
            action="未修正：会使边界移动超过容差" if narrow else f"未填补：宽于容差 {tolerance_m:g} m，可能是没有数据的地块",
            remedy="补划图斑或修正公共边界；缝隙范围见数据质检.gpkg",
        )  # fmt: skip


def _measure(ground: shapely.Geometry) -> str:
    """Return how wide a piece of ground is on average, twice its area by its perimeter."""
    return f"平均宽 {2 * ground.area / ground.length:.3f} m"
