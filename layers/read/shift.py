"""Rows whose coordinates are shifted: declared or found by the ground, taken out once or refused."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from layers.crs import GEOGRAPHIC, datum_of, name_crs
from layers.datum import shift_to_wgs84
from layers.ground import Ground
from layers.offset_evidence import NAMES, Offset, tell_direction
from layers.offsets import judge_offset
from layers.read.raw import Place, SourceSpec

WEB_DATUMS = frozenset({"gcj02", "bd09"})
_REFERENCE = "只作参考，不作边界"


def settle_shift(
    frame: gpd.GeoDataFrame, source: SourceSpec, crs: CRS, ground: Ground | None, place: Place
) -> gpd.GeoDataFrame | None:
    """Take a web map's offset out of rows where the config declares it or the ground proves it.

    What the ground contradicts is refused with the config line that settles it; a declared ``wgs84`` or
    ``cgcs2000`` is obeyed and doubted aloud.

    Parameters
    ----------
    frame : rows with geometry in ``crs``.

    Returns
    -------
    GeoDataFrame or None
        In ``crs``, or in CGCS2000 degrees where an offset was taken out; None when refused.
    """
    offset = judge_offset(frame.geometry, crs, ground)
    if source.datum in WEB_DATUMS:
        return _settle_declared(frame, source, crs, offset, place)
    if source.datum is not None:
        _doubt_declared(source.datum, offset, place)
        return frame
    if offset.state == "shifted" and offset.reading in WEB_DATUMS:
        place.warn(
            "HSQ-X05", f"没有写明基准，而坐标为 {NAMES[offset.reading]}：{offset.evidence}", field="datum",
            action=f"已还原到 WGS84 并视同 CGCS2000；点位精度约 5–10 m，{_REFERENCE}",
            remedy=f"核对后在配置中写 datum: {offset.reading}；若坐标本无偏移，写 datum: cgcs2000",
        )  # fmt: skip
        return _take_out(frame, crs, offset.reading)
    if offset.state in {"shifted", "suspect", "ground", "displaced"}:
        return _refuse(frame, source, crs, offset, place)
    if crs.is_geographic and offset.state in {"as_is", "unclear"}:
        found = "与参照吻合，没有网络地图偏移" if offset.state == "as_is" else "有无网络地图偏移无法判断"
        place.note("HSQ-X05", f"{found}：{offset.evidence}", field="datum", action="按原坐标采用")
    return frame


def confirm_degrees(shapes: gpd.GeoSeries, ground: Ground | None) -> Offset:
    """Judge degrees of which the file says nothing; what the ground confirms may be read without a claim."""
    return judge_offset(shapes, CRS.from_epsg(GEOGRAPHIC), ground)


def _settle_declared(
    frame: gpd.GeoDataFrame, source: SourceSpec, crs: CRS, offset: Offset, place: Place
) -> gpd.GeoDataFrame | None:
    """Take out the declared offset, unless the ground proves that it is not there or is another."""
    name = NAMES[str(source.datum)]
    if offset.state == "as_is":
        place.error(
            "HSQ-X05", f"配置写 datum: {source.datum}，而坐标没有偏移：{offset.evidence}", field="datum",
            value=str(source.datum), action="不再还原，以免重复还原",
            remedy="改为 datum: cgcs2000；若参照的道路或边界本身是偏移坐标，在其文件的配置中写 datum",
        )  # fmt: skip
        return None
    if offset.state == "shifted" and offset.reading in WEB_DATUMS - {source.datum}:
        place.error(
            "HSQ-X05", f"配置写 datum: {source.datum}，而坐标为 {NAMES[offset.reading]}：{offset.evidence}",
            field="datum", value=str(source.datum), remedy=f"改为 datum: {offset.reading}",
        )  # fmt: skip
        return None
    if offset.state == "displaced" or (offset.state == "suspect" and offset.reading != source.datum):
        seen = f"疑为 {NAMES[offset.reading]}" if offset.state == "suspect" else "还原后仍与参照不合"
        place.warn(
            "HSQ-X05", f"配置写 datum: {source.datum}，而坐标{seen}：{offset.evidence}", field="datum", value=str(source.datum),
            action="按配置还原", remedy="核对位置和数据来源；基准写错的，改正 datum",
        )  # fmt: skip
    proof = f"；还原后与参照吻合（{offset.evidence}）" if offset.state == "shifted" else ""
    place.note(
        "HSQ-X05", f"坐标为 {name}，共 {len(frame)} 行{proof}",
        action=f"已按公开公式还原到 WGS84 并视同 CGCS2000；点位精度约 5–10 m，{_REFERENCE}",
    )  # fmt: skip
    return _take_out(frame, crs, str(source.datum))


def _doubt_declared(datum: str, offset: Offset, place: Place) -> None:
    """Say that the ground speaks against a datum the config declares."""
    if offset.state not in {"shifted", "suspect", "ground", "displaced"}:
        return
    seen = f"坐标疑为 {NAMES[offset.reading]}" if offset.state in {"shifted", "suspect"} else "坐标与参照不合"
    line = f"datum: {offset.reading}" if offset.reading in WEB_DATUMS else "crs"
    place.warn(
        "HSQ-X05", f"配置写 datum: {datum}，而{seen}：{offset.evidence}", field="datum", value=datum,
        action="按配置采用，不作还原", remedy=f"核对位置；确有偏移时改写 {line}",
    )  # fmt: skip


def _refuse(
    frame: gpd.GeoDataFrame, source: SourceSpec, crs: CRS, offset: Offset, place: Place
) -> gpd.GeoDataFrame | None:
    """Refuse coordinates that fit the ground only after a shift nobody may assume."""
    if offset.state == "ground":
        place.error(
            "HSQ-X05", f"本文件与参照（道路、社区边界）相差一个网络地图偏移，参照疑为 {NAMES[offset.reading]}：{offset.evidence}",
            field="datum", remedy=f"在道路（或社区边界）文件的配置中写 datum: {offset.reading}；若参照无误，在本文件写 datum: cgcs2000",
        )  # fmt: skip
    elif offset.reading in {"utm", "gk"}:
        place.error(
            "HSQ-X02", f"声明为 {name_crs(crs)}，而坐标疑为 {NAMES[offset.reading]}：{offset.evidence}", field="crs",
            value=name_crs(crs), remedy=projection_line(offset.reading, crs) + "；若声明无误，写 datum: cgcs2000",
        )  # fmt: skip
    elif offset.state == "displaced":
        return _judge_displaced(frame, source, crs, offset, place)
    else:
        place.error(
            "HSQ-X05", f"没有写明基准，坐标疑为 {NAMES[offset.reading]}，但把握不足：{offset.evidence}", field="datum",
            remedy=f"核实后在配置中写 datum: {offset.reading}；若坐标本无偏移，写 datum: cgcs2000",
        )  # fmt: skip
    return None


def _judge_displaced(
    frame: gpd.GeoDataFrame, source: SourceSpec, crs: CRS, offset: Offset, place: Place
) -> gpd.GeoDataFrame | None:
    """Refuse rows that lie off as a whole by tens of metres, unless the config names their system."""
    where = f"数据整体偏{tell_direction(offset.east_m, offset.north_m)}（{offset.offset_m:.0f} m）：{offset.evidence}"
    old = datum_of(crs) in {"xian80", "beijing54"}
    if source.crs is not None or old:
        place.warn(
            "HSQ-X02", f"按 {name_crs(crs)} 读取，{where}", field="crs", value=name_crs(crs), action="按配置采用，不作平移",
            remedy="请测绘部门转换为 CGCS2000 后提供",
        )  # fmt: skip
        return frame
    place.error(
        "HSQ-X02", f"声明为 {name_crs(crs)}，而{where}；量级与 1980西安、1954北京坐标系误标为 CGCS2000 相符", field="crs",
        value=name_crs(crs),
        remedy="请数据提供单位核实坐标系并转换为 CGCS2000；若确认无误，在配置中写 datum: cgcs2000",
    )  # fmt: skip
    return None


def projection_line(reading: str, crs: CRS) -> str:
    """Return the config line of the projection with the same meridian."""
    operation = crs.coordinate_operation
    params = operation.params if operation else []
    meridian = next((float(p.value) for p in params if p.name == "Longitude of natural origin"), 117.0)
    if reading == "utm":
        return f"核实后在配置中写 crs: EPSG:{32600 + int((meridian + 183) // 6)}"
    return f"核实后在配置中写 crs: EPSG:{4534 + round(meridian / 3) - 25}"


def _take_out(frame: gpd.GeoDataFrame, crs: CRS, datum: str) -> gpd.GeoDataFrame:
    """Return the rows in WGS84 degrees, handled as CGCS2000."""
    degrees = frame if crs.is_geographic else frame.to_crs(crs.geodetic_crs)

    def shift(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(shift_to_wgs84(xy[:, 0], xy[:, 1], datum=datum))  # type: ignore[arg-type]

    moved = shapely.transform(shapely.force_2d(degrees.geometry.to_numpy()), shift)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=GEOGRAPHIC))
