"""One file's coordinates looked at: what the numbers look like, what is claimed, which readings would fit.

What is refused and what is mended is decided by ``layers.read.locate``, as in a plan; here its evidence is
put in order, with the config line of every reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from layers.claims import judge_claim
from layers.crs import datum_of, name_crs, point_coordinates, read_crs
from layers.faults import FaultLog
from layers.ground import Ground
from layers.offset_evidence import NAMES, Offset
from layers.offsets import judge_offset
from layers.plain import Spot
from layers.read.locate import OWN_CRS, locate_rows, make_points, name_line
from layers.read.raw import Place, Raw, SourceSpec
from layers.read.readings import Suggestion, follow_guesses, rank_readings
from layers.read.shift import WEB_DATUMS

State = Literal["good", "mended", "refused", "plain"]
_KINDS = {0: "点", 1: "线", 2: "线", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}


@dataclass(frozen=True)
class Inspection:
    """What one file's coordinates are.

    Attributes
    ----------
    rows, placed : rows, and those with coordinates.
    kinds : rows by kind of geometry, Chinese.
    bounds : west, south, east, north as stored; None without coordinates.
    look : what the numbers look like, Chinese.
    claim : CRS the file states; empty where it states none.
    declared : what the config or an option says; empty where nothing.
    state : ``good`` taken as they are, ``mended`` an offset is taken out, ``refused``; ``plain`` a table
        that needs no coordinates.
    verdict : one sentence, Chinese.
    evidence : numbers of the comparison with the ground, Chinese.
    sample, threshold : features compared, and the strength a reading needs; 0 where nothing was compared.
    suggestions : readings, most likely first.
    frame : rows with their geometry, as a plan would take them; as stored and without a CRS where it would not.
    """

    rows: int = 0
    placed: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, float, float, float] | None = None
    look: str = ""
    claim: str = ""
    declared: str = ""
    state: State = "refused"
    verdict: str = ""
    evidence: str = ""
    sample: int = 0
    threshold: float = 0.0
    suggestions: tuple[Suggestion, ...] = ()
    frame: gpd.GeoDataFrame | None = field(default=None, repr=False, compare=False)


def inspect_raw(raw: Raw, source: SourceSpec, place: Place, *, ground: Ground | None) -> Inspection:
    """Look at the coordinates of a file as read.

    Parameters
    ----------
    raw : the file.
    source : what is said of it: coordinate columns, ``crs``, ``datum``.
    place : gets every fault, the very ones a plan would get; its log is this file's alone.
    ground : what to compare with; None where nothing is at hand.
    """
    shapes = _find_shapes(raw, source, place)
    if shapes is None:
        return Inspection(rows=len(raw.table), verdict="没有坐标可以判断")
    xy = point_coordinates(shapes)
    there = np.isfinite(xy).all(axis=1)
    known = _describe(shapes, xy[there], raw, source)
    if not there.any():
        place.error("HSQ-G01", "没有一行有坐标", remedy="检查是否选错文件、图层或坐标列，或导出时丢失了图形")
        return replace(known, verdict="没有坐标可以判断")
    taken = locate_rows(source, Spot, pd.DataFrame(index=raw.table.index), raw, place, ground=ground)
    known = replace(known, frame=gpd.GeoDataFrame(geometry=shapes) if taken is None else taken)
    crs = _settled(source, raw.crs)
    verdict = judge_claim(xy, crs, ground=ground, declared=bool(known.declared))
    if crs is None or verdict.problem:
        known = replace(known, suggestions=follow_guesses(verdict.guesses, shapes, source, ground))
        if taken is not None:
            said = "可以采用：没有坐标系声明，与参照比对为经纬度；仍应写明，见建议第 1 条"
            return _close(replace(known, state="good", verdict=said), place)
        return replace(known, verdict=_refusal(place))
    offset = judge_offset(shapes.set_crs(crs, allow_override=True), crs, ground)
    known = replace(
        known, evidence=offset.evidence, sample=offset.sample, threshold=round(offset.threshold, 2),
        suggestions=rank_readings(offset, crs),
    )  # fmt: skip
    if taken is None:
        if datum_of(crs) in {"xian80", "beijing54", "other"} and source.crs is None:
            near = Suggestion(f"只要近似位置时，按 {name_crs(crs)} 采用", f"crs: {name_line(crs)}")
            known = replace(known, suggestions=(near,))
        return replace(known, verdict=_refusal(place, known.evidence))
    mended = source.datum in WEB_DATUMS or (source.datum is None and offset.state == "shifted")
    said = _conclude(offset, source, crs)
    return _close(replace(known, state="mended" if mended else "good", verdict=said), place)


def _refusal(place: Place, evidence: str = "") -> str:
    fault = place.log.errors[-1]
    return f"不能采用（{fault.code}）：{fault.problem.removesuffix(evidence).removesuffix('：')}"


def _close(found: Inspection, place: Place) -> Inspection:
    """Refuse a file of which single rows are refused: a plan would stop at them."""
    errors = place.log.errors
    if not errors:
        return found
    return replace(
        found, state="refused", verdict=f"{found.verdict}；但有 {len(errors)} 处错误须先改正，见下表"
    )


def _find_shapes(raw: Raw, source: SourceSpec, place: Place) -> gpd.GeoSeries | None:
    if source.x is not None and source.y is not None:
        quiet = replace(place, log=FaultLog())  # cells that are no numbers are told once, by locate_rows
        made = make_points(source.x, source.y, raw.table, quiet)
        if made is None:
            place.log.faults.extend(quiet.log.faults)
            return None
        return gpd.GeoSeries(made.to_numpy(), index=raw.table.index)
    if raw.geometry is None:
        _tell_no_shapes(raw.table, place)
        return None
    return gpd.GeoSeries(raw.geometry.to_numpy(), index=raw.table.index)


def _tell_no_shapes(table: pd.DataFrame, place: Place) -> None:
    names = "、".join(str(name) for name in table.columns[:30]) or "无"
    if not len(table):
        place.error(
            "HSQ-F02",
            f"文件没有任何数据行，只有表头：{names}",
            remedy="检查文件和工作表是否选对，是否导出完整",
        )
    else:
        place.error(
            "HSQ-G01", "这是没有图形的表格，还没有指明坐标列",
            remedy=f"用 --x 东坐标（或经度）列 --y 北坐标（或纬度）列 指明；文件中的列：{names}",
        )  # fmt: skip


def _describe(shapes: gpd.GeoSeries, xy: NDArray[np.float64], raw: Raw, source: SourceSpec) -> Inspection:
    types = shapely.get_type_id(shapes.to_numpy())
    found, counts = np.unique(types[types >= 0], return_counts=True)
    kinds = {_KINDS[int(kind)]: int(count) for kind, count in zip(found, counts, strict=True)}
    edges = shapely.bounds(shapes.to_numpy())
    edges = edges[np.isfinite(edges).all(axis=1)]
    (west, south), (east, north) = (
        (edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)) if len(edges) else (np.zeros(2), np.zeros(2))
    )
    said = [f"{key}: {value}" for key, value in (("crs", source.crs), ("datum", source.datum)) if value]
    return Inspection(
        rows=len(shapes),
        placed=len(xy),
        kinds=kinds,
        bounds=(float(west), float(south), float(east), float(north)) if len(xy) else None,
        look=describe_numbers(*np.median(xy, axis=0)) if len(xy) else "",
        claim=name_crs(raw.crs) if raw.crs is not None else "",
        declared="，".join(said),
    )


def describe_numbers(x: float, y: float) -> str:
    """Return what a typical coordinate pair looks like by its size alone, Chinese."""
    if abs(x) <= 180 and abs(y) <= 180:
        if 73 <= x <= 136 and 3 <= y <= 54:
            return "经纬度（度）"
        if 73 <= y <= 136 and 3 <= x <= 54:
            return "经纬度（度），但经度、纬度对调"
        return "很小的数，可能是以公里或厘米计、相对坐标或缺位"
    for east, north, turned in ((x, y, ""), (y, x, "，但东、北坐标对调")):
        if 1.3e7 <= east <= 4.6e7 and 3e5 <= north <= 6e6:
            return f"投影坐标（米），东坐标 8 位、带号 {int(east // 1e6)}{turned}"
        if 1e5 <= east <= 9e5 and 2e6 <= north <= 6e6:
            return f"投影坐标（米），东坐标 6 位、不带带号{turned}"
        if 8e6 <= east <= 1.52e7 and 3e5 <= north <= 7.3e6:
            return f"Web 墨卡托（米）{turned}"
    return "投影坐标（米），但位数与国家坐标系不同，可能是城市独立坐标系或缺位"


def _settled(source: SourceSpec, claim: CRS | None) -> CRS | None:
    """Return the CRS coordinates are read in, as ``locate_rows`` settles it."""
    own = source.crs is not None and source.crs.strip().lower() == OWN_CRS
    try:
        declared = claim if own else read_crs(source.crs)
    except ValueError:
        return None
    if declared is None and source.datum is not None and (claim is None or claim.is_geographic):
        declared = CRS.from_epsg(4326 if source.datum in {*WEB_DATUMS, "wgs84"} else 4490)
    return declared or claim


def _conclude(offset: Offset, source: SourceSpec, crs: CRS) -> str:
    """Return the verdict on coordinates that lie where they are claimed to and are taken."""
    if source.datum in WEB_DATUMS:
        sure = "，还原后与参照吻合" if offset.state == "shifted" else ""
        return f"可以采用：按声明的 {NAMES[str(source.datum)]} 还原一次{sure}"
    if offset.state == "shifted" and source.datum is None:
        return (
            f"坐标是 {NAMES[offset.reading]}，自动还原（偏移 {offset.offset_m:.0f} m）；请写明，见建议第 1 条"
        )
    if offset.state in {"shifted", "suspect", "ground", "displaced"}:
        return "可以采用：按声明原样采用；但与参照不合，见下表的警告"
    where = f"落在 {name_crs(crs)} 应在的位置"
    if offset.state == "as_is":
        return f"可以采用：{where}，与参照吻合，没有偏移"
    return f"可以采用：{where}；有无网络地图偏移无法判断（{offset.evidence}）"
