"""Topology of the delivered database: inside each layer and across layers, by the rules of ``configs/audit.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from configs import read_settings
from configs.geometry import limits
from layers.overlap import keep_areas
from layers.seams import find_overlaps, is_narrow
from layers.shapes.corners import list_corners, measure_angles
from layers.shapes.curves import list_parts
from pipeline.audit.checks.database import CODES, every_shape
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import SHAPES, HandIn
from pipeline.audit.geodata import ShapeFile, is_flat

_MOST = 5
_SCOPE = "HSQ_GXFW"


def _rules() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_settings("audit.yaml")["topology"]
    return found


@check("geometry", "图形有效", group="拓扑")
def check_geometry(handin: HandIn, out: Checked) -> None:
    """Every feature has a valid, finite shape without heights; none is there twice."""
    count = 0
    for code, shape in every_shape(handin, out):
        shapes = shape.frame.geometry.to_numpy()
        count += len(shapes)
        blank = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        for row in np.flatnonzero(blank)[:_MOST]:
            out.fault("没有图形", file=shape.name, sheet=code, row=_bsm(shape.frame, row))
        bad = ~blank & ~shapely.is_valid(shapes)
        for row in np.flatnonzero(bad)[:_MOST]:
            out.fault("图形无效", file=shape.name, sheet=code, row=_bsm(shape.frame, row),
                      value=shapely.is_valid_reason(shapes[row]))  # fmt: skip
        if not is_flat(shapes):
            out.fault("图形带高程（成果不得含高程点、等高线信息）", file=shape.name, sheet=code)
    if count:
        out.see(f"{count} 个图形均有效、单一平面坐标", file=SHAPES)


def _bsm(frame: gpd.GeoDataFrame, row: int) -> str:
    return str(frame["BSM"].iloc[row]) if "BSM" in frame else str(row + 1)


def _polygons(shape: ShapeFile) -> tuple[gpd.GeoDataFrame, NDArray[np.object_]]:
    """Return the rows with valid polygons, and those; others are told by the check of geometry."""
    frame = shape.metric
    shapes = frame.geometry.to_numpy()
    fit = ~shapely.is_missing(shapes) & shapely.is_valid(shapes) & (shapely.get_dimensions(shapes) == 2)
    return frame[fit], shapes[fit]


def _ruled(handin: HandIn, out: Checked, rule: str) -> list[tuple[str, ShapeFile, str]]:
    """Return the layers a rule holds for, with what breaking it is: 不符合 or 需人工."""
    found = []
    for code, shape in every_shape(handin, out):
        for item in _rules()["layers"].get(code, ()):
            name, weight = (item, "fault") if isinstance(item, str) else next(iter(item.items()))
            if name == rule and len(shape.frame):
                found.append((code, shape, weight))
    return found


def _tell(out: Checked, weight: str, said: str, **place: object) -> None:
    (out.doubt if weight == "person" else out.fault)(said, **place)


@check("overlap", "面不重叠", group="拓扑")
def check_overlap(handin: HandIn, out: Checked, *, layers: Sequence[str] = ()) -> None:
    """Polygons of one layer share no ground wider than the tolerance (lovfp KJGHYD 5.0.2)."""
    for code, shape, weight in _ruled(handin, out, "overlap"):
        if layers and code not in layers:
            continue
        frame, shapes = _polygons(shape)
        found = find_overlaps(shapes, rank=np.arange(len(shapes)), least_m=limits().xy_m)
        for loser, winner, ground in list(zip(found.loser, found.winner, found.ground, strict=True))[:_MOST]:
            _tell(out, weight, f"与 {_bsm(frame, winner)} 重叠 {ground.area:.2f} ㎡", file=shape.name, sheet=code,
                  row=_bsm(frame, loser), value=_place(ground))  # fmt: skip
        out.see(f"{len(shapes)} 个面，重叠 {len(found.ground)} 处", file=shape.name, sheet=code)


def _place(shape: shapely.Geometry) -> str:
    spot = shape.representative_point()
    return f"东 {spot.x:.2f}，北 {spot.y:.2f}"


@check("gap", "面之间无缝隙", group="拓扑")
def check_gap(handin: HandIn, out: Checked) -> None:
    """Polygons that tile the ground enclose none that is not theirs, but for holes of the boundary itself."""
    border = _boundary(handin)
    for code, shape, weight in _ruled(handin, out, "gap"):
        _, shapes = _polygons(shape)
        whole = shapely.union_all(shapes)
        parts = shapely.get_parts(whole)
        filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
        holes = shapely.difference(filled, whole)
        if border is not None:
            holes = shapely.intersection(holes, border)
        pieces = _wide(holes, limits().xy_m)
        for ground in pieces[:_MOST]:
            _tell(
                out, weight, f"缝隙 {ground.area:.2f} ㎡", file=shape.name, sheet=code, value=_place(ground)
            )
        out.see(f"{len(shapes)} 个面，缝隙 {len(pieces)} 处", file=shape.name, sheet=code)


def _wide(ground: shapely.Geometry, least_m: float) -> NDArray[np.object_]:
    """Return pieces of ground wider than the tolerance, the largest first."""
    pieces = shapely.get_parts(keep_areas(np.array([ground], dtype=object)))
    pieces = pieces[~shapely.is_empty(pieces)]
    pieces = pieces[~is_narrow(pieces, least_m)] if len(pieces) else pieces
    return pieces[np.argsort(-shapely.area(pieces), kind="stable")]


def _boundary(handin: HandIn) -> shapely.Geometry | None:
    """Return the communities' ground; None without the layer."""
    towns = handin.shape("HSQ_SQBJ")
    if towns is None or not len(towns.frame):
        return None
    _, shapes = _polygons(towns)
    return shapely.union_all(shapes)


@check("cover", "用地铺满规划范围", group="拓扑")
def check_cover(handin: HandIn, out: Checked, *, layers: Sequence[str] = ()) -> None:
    """Land use covers the communities exactly: nothing left bare, nothing beyond (requirements §7.17)."""
    border = _boundary(handin)
    if border is None:
        out.fault("没有社区边界图层，无法核对", file=SHAPES, sheet="HSQ_SQBJ")
        return
    for code, shape, weight in _ruled(handin, out, "cover"):
        if layers and code not in layers:
            continue
        _, shapes = _polygons(shape)
        whole = shapely.union_all(shapes)
        bare = _wide(shapely.difference(border, whole), limits().xy_m)
        beyond = _wide(shapely.difference(whole, border), limits().xy_m)
        for ground in bare[:_MOST]:
            _tell(
                out,
                weight,
                f"规划范围内有 {ground.area:.2f} ㎡ 没有图斑",
                file=shape.name,
                sheet=code,
                value=_place(ground),
            )
        for ground in beyond[:_MOST]:
            _tell(
                out,
                weight,
                f"超出规划范围 {ground.area:.2f} ㎡",
                file=shape.name,
                sheet=code,
                value=_place(ground),
            )
        out.see(
            f"图斑合计 {shapely.area(whole):.2f} ㎡，规划范围 {shapely.area(border):.2f} ㎡",
            file=shape.name,
            sheet=code,
        )


@check("sliver", "无狭长、细碎图斑", group="拓扑")
def check_sliver(handin: HandIn, out: Checked) -> None:
    """No polygon is thin by width and by shape, or tinier than a square metre (onemap_schema A5)."""
    limit = limits()
    for code, shape, weight in _ruled(handin, out, "sliver"):
        frame, shapes = _polygons(shape)
        parts, owner = list_parts(shapes)
        area, around = shapely.area(parts), np.maximum(shapely.length(parts), 1e-9)
        thin = (2 * area / around < limit.sliver_width_m) & (
            4 * np.pi * area / around**2 < limit.sliver_compactness
        )
        found = np.flatnonzero(thin | (area < limit.small_m2))
        for part in found[:_MOST]:
            what = "狭长" if thin[part] else "细碎"
            _tell(out, weight, f"{what}图斑 {area[part]:.2f} ㎡，等效宽度 {2 * area[part] / around[part]:.2f} m",
                  file=shape.name, sheet=code, row=_bsm(frame, owner[part]), value=_place(parts[part]))  # fmt: skip
        out.see(f"{len(parts)} 个面，狭长细碎 {len(found)} 个", file=shape.name, sheet=code)


@check("acute", "无尖锐角", group="拓扑")
def check_acute(handin: HandIn, out: Checked) -> None:
    """No corner is sharper than the limit (GHBOX FindAngle)."""
    least = limits().spike_deg
    for code, shape, weight in _ruled(handin, out, "acute"):
        frame, shapes = _polygons(shape)
        corners = list_corners(shapes)
        angles = measure_angles(corners, least_m=limits().vertex_m)
        found = np.flatnonzero(angles < least)
        for corner in found[np.argsort(angles[found], kind="stable")][:_MOST]:
            x, y = corners.xy[corner]
            _tell(out, weight, f"夹角 {angles[corner]:.1f}°，小于 {least:g}°", file=shape.name, sheet=code,
                  row=_bsm(frame, corners.feature[corner]), value=f"东 {x:.2f}，北 {y:.2f}")  # fmt: skip
        out.see(f"{len(shapes)} 个面，尖锐角 {len(found)} 处", file=shape.name, sheet=code)


@check("scope_union", "更新范围等于社区边界之和", group="拓扑")
def check_scope(handin: HandIn, out: Checked) -> None:
    """规划范围 is the union of the communities (S-02)."""
    scope, border = _scope(handin, "更新范围"), _boundary(handin)
    place = _place_of_scopes(handin)
    if scope is None or border is None:
        out.fault("没有更新范围或社区边界", **place)
        return
    for ground in _wide(shapely.symmetric_difference(scope, border), limits().xy_m)[:_MOST]:
        out.fault(f"更新范围与社区边界之和相差 {ground.area:.2f} ㎡", **place, value=_place(ground))
    out.see(f"更新范围 {scope.area:.2f} ㎡，社区边界合计 {border.area:.2f} ㎡", **place, value="更新范围")


@check("study_contains", "研究范围包含更新范围", group="拓扑")
def check_study(handin: HandIn, out: Checked) -> None:
    """研究范围 contains 规划范围 (S-03)."""
    scope, study = _scope(handin, "更新范围"), _scope(handin, "研究范围")
    place = _place_of_scopes(handin)
    if scope is None or study is None:
        out.fault("没有更新范围或研究范围", **place)
        return
    for ground in _wide(shapely.difference(scope, study), limits().xy_m)[:_MOST]:
        out.fault(f"更新范围有 {ground.area:.2f} ㎡ 在研究范围之外", **place, value=_place(ground))
    if study.area <= scope.area:
        out.fault("研究范围没有扩展到更新范围之外", **place, value=f"{study.area:.2f} ㎡")
    said = f"研究范围 {study.area / 1e4:.2f} 公顷包含更新范围 {scope.area / 1e4:.2f} 公顷"
    out.see(said, **place, value="研究范围")


def _place_of_scopes(handin: HandIn) -> dict[str, str]:
    return {"file": handin.shape_files.get(_SCOPE, SHAPES), "sheet": _SCOPE}


def _scope(handin: HandIn, kind: str) -> shapely.Geometry | None:
    shape = handin.shape(_SCOPE)
    if shape is None:
        return None
    frame = shape.metric
    rows = frame[shape.column("FWLX") == kind]
    shapes = rows.geometry.to_numpy()
    shapes = shapes[~shapely.is_missing(shapes)]
    return shapely.union_all(shapely.make_valid(shapes)) if len(shapes) else None


@check("inside", "图层在范围之内", group="拓扑")
def check_inside(handin: HandIn, out: Checked) -> None:
    """Layers that belong to the plan lie within its scope (rules ``inside`` of configs/audit.yaml)."""
    for kind, codes in _rules()["inside"].items():
        ground = _scope(handin, kind)
        if ground is None:
            out.fault(f"没有{kind}", **_place_of_scopes(handin))
            continue
        # What touches the boundary is inside; lines drawn along it are surveyed no better than this.
        wide = shapely.buffer(ground, float(_rules()["inside_m"]))
        shapely.prepare(wide)
        for code in codes:
            if code not in CODES or code not in handin.shape_files:
                continue
            shape = handin.open_shape(handin.shape_files[code])
            shapes = shape.metric.geometry.to_numpy()
            outside = ~shapely.is_missing(shapes) & ~shapely.covers(wide, shapes)
            for row in np.flatnonzero(outside)[:_MOST]:
                out.fault(
                    f"超出{kind}",
                    file=shape.name,
                    sheet=code,
                    row=_bsm(shape.frame, row),
                    value=_place(shapes[row]),
                )
            out.see(f"{len(shapes)} 个要素在{kind}内", file=shape.name, sheet=code, value=kind)
