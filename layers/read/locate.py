"""Rows get their place: geometry or coordinate columns, in a coordinate system that the values confirm."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from configs.geometry import limits
from layers.claims import Verdict, find_strangers, judge_claim
from layers.crs import (
    GEOGRAPHIC,
    datum_of,
    describe_local,
    has_transformation,
    name_crs,
    point_coordinates,
    prefix_zone,
    read_crs,
    sits_in_china,
    to_degrees,
)
from layers.ground import Ground
from layers.model import Layer
from layers.read.columns import report_column
from layers.read.points import split_pairs
from layers.read.raw import Place, Raw, SourceSpec, list_rows
from layers.read.shift import WEB_DATUMS, confirm_degrees, settle_shift
from layers.values import fold_text, parse_numbers

# What the config writes to take a file's own .prj at its word.
OWN_CRS = "prj"


def locate_rows(
    source: SourceSpec,
    layer: type[Layer],
    table: pd.DataFrame,
    raw: Raw,
    place: Place,
    *,
    ground: Ground | None,
) -> gpd.GeoDataFrame | None:
    """Give rows their geometry in verified coordinates.

    Parameters
    ----------
    table : typed columns of the layer, on the index of ``raw``.
    ground : the plan's place as far as it is known.

    Returns
    -------
    GeoDataFrame or None
        In the file's own CRS, web-map offsets taken out; None when the coordinates cannot be used.
    """
    shapes = raw.geometry
    if source.x is not None and source.y is not None:
        shapes = make_points(source.x, source.y, raw.table, place)
        if shapes is None:
            return None
    if shapes is None:
        if layer.shape not in (None, "any"):
            place.error(
                "HSQ-G01",
                "文件没有几何，也没有指定坐标列",
                remedy="在配置中写 x、y 坐标列，或用 key 与 geometry 关联几何文件",
            )
            return None
        return gpd.GeoDataFrame(
            table, geometry=gpd.GeoSeries([None] * len(table), index=table.index, crs=GEOGRAPHIC)
        )
    series = gpd.GeoSeries(shapes.to_numpy(), index=table.index)
    crs = _settle_crs(source, series, raw.crs, place, ground=ground)
    if crs is None:
        return None
    frame = gpd.GeoDataFrame(table, geometry=series.set_crs(crs, allow_override=True))
    if ground is not None:
        # Before single wild rows: an easting with a zone number is nowhere in China without it.
        frame = _keep_alike(frame, crs, place, ground)
    frame = _keep_placed(frame, crs, place)
    return settle_shift(frame, source, crs, ground, place)


def make_points(x: str, y: str, table: pd.DataFrame, place: Place) -> pd.Series | None:
    """Return points of two columns, missing where a row has none; None where a column is absent.

    One column named twice holds both, as in ``116.86,28.34``.
    """
    missing = [name for name in dict.fromkeys((x, y)) if name not in table.columns]
    for name in missing:
        report_column(name, table, place, field="x" if name == x else "y")
    if missing:
        return None
    if x == y:
        return _split_points(x, table, place)
    east, north = parse_numbers(table[x], unit="m"), parse_numbers(table[y], unit="m")
    for name, parsed in ((x, east), (y, north)):
        for row, cell in table[name][parsed.bad].items():
            place.error(
                "HSQ-V03",
                f"坐标“{cell}”不是数字",
                field=name,
                row=str(row),
                value=str(cell)[:60],
                remedy="改为数字；经纬度写成十进制度，如 116.8600（度分秒须先换算）",
            )
    ready = east.values.notna() & north.values.notna()
    points = pd.Series(None, index=table.index, dtype=object)
    points[ready] = shapely.points(east.values[ready].to_numpy(), north.values[ready].to_numpy())
    return points


def _split_points(column: str, table: pd.DataFrame, place: Place) -> pd.Series:
    lon, lat = split_pairs(table[column])
    ready = lon.notna().to_numpy()
    for row, cell in table[column][~ready & fold_text(table[column]).notna().to_numpy()].items():
        place.error(
            "HSQ-V03", f"坐标“{cell}”不是“经度,纬度”", field=column, row=str(row), value=str(cell)[:60],
            remedy="写成 116.8600,28.3400",
        )  # fmt: skip
    points = pd.Series(None, index=table.index, dtype=object)
    points[ready] = shapely.points(lon[ready].to_numpy(), lat[ready].to_numpy())
    return points


def _settle_crs(
    source: SourceSpec,
    shapes: gpd.GeoSeries,
    claim: CRS | None,
    place: Place,
    *,
    ground: Ground | None,
) -> CRS | None:
    """Return the CRS to read coordinates in: the config's word, else the file's, if the values agree."""
    own = source.crs is not None and source.crs.strip().lower() == OWN_CRS
    try:
        declared = claim if own else read_crs(source.crs)
    except ValueError:
        place.error(
            "HSQ-X01", f"不认识的坐标系“{source.crs}”", field="crs", value=source.crs or "",
            remedy="写成 EPSG:4548（CM 117E）、EPSG:4547（CM 114E）、EPSG:4527、EPSG:4526 或 EPSG:4490",
        )  # fmt: skip
        return None
    if declared is None and source.datum is not None and (claim is None or claim.is_geographic):
        # A projected file keeps its projection: its degrees were of the declared datum.
        declared = CRS.from_epsg(4326 if source.datum in {*WEB_DATUMS, "wgs84"} else GEOGRAPHIC)
    if declared is not None and claim is not None and declared != claim:
        place.note(
            "HSQ-X01",
            f"文件声明 {name_crs(claim)}",
            action=f"按配置以 {name_crs(declared)} 读取",
            value=name_crs(claim),
        )
    crs = declared or claim
    xy = point_coordinates(shapes)
    verdict = judge_claim(xy, crs, ground=ground, declared=declared is not None)
    if crs is None and verdict.problem:
        crs = _read_unclaimed(shapes, verdict, place, ground)
        if crs is None:
            return None
    elif verdict.problem:
        place.error(
            "HSQ-X02", verdict.problem, field="crs", value=name_crs(crs) if crs else "", remedy=_add_own(verdict, crs)
        )  # fmt: skip
        return None
    if crs is None:  # nothing has a place, so nothing has to be transformed
        return CRS.from_epsg(GEOGRAPHIC)
    if not _check_datum(source, crs, place):
        return None
    if zone := prefix_zone(crs):
        place.note("HSQ-X03", f"东坐标带带号 {zone}（{name_crs(crs)}）", action="去掉带号，转入规划坐标系")
    return crs


def _add_own(verdict: Verdict, crs: CRS | None) -> str:
    """Return the remedy; where a city's own system is written out in full it may be taken at its word."""
    if crs is not None and crs.is_projected and describe_local(crs):
        own = f"若 .prj 的参数确为该市公布的 CGCS2000 投影参数，配置写 crs: {OWN_CRS} 即按其采用"
        return f"请向测绘部门取得 CGCS2000 数据；{own}" + (f"；{verdict.remedy}" if verdict.guesses else "")
    return verdict.remedy


def _read_unclaimed(
    shapes: gpd.GeoSeries, verdict: Verdict, place: Place, ground: Ground | None
) -> CRS | None:
    """Return CGCS2000 degrees for a file that claims nothing, where the ground proves it; else refuse."""
    first = verdict.guesses[0] if verdict.guesses else None
    if first is not None and ground is not None and first.epsg == GEOGRAPHIC and not first.swapped:
        offset = confirm_degrees(shapes, ground)
        if offset.state == "as_is" or (offset.state == "shifted" and offset.reading in WEB_DATUMS):
            place.warn(
                "HSQ-X01", f"{verdict.problem}；与参照比对为经纬度（{first.evidence}）", field="crs",
                action="按经纬度读取", remedy="核对后在配置中写 crs: EPSG:4490，或以 datum 写明基准",
            )  # fmt: skip
            return CRS.from_epsg(GEOGRAPHIC)
        lines = "经纬度须写明基准：datum: cgcs2000（或 wgs84、gcj02、bd09）"
        place.error(
            "HSQ-X01", f"{verdict.problem}；基准未写明，比对结果：{offset.evidence}", field="crs",
            remedy=f"{verdict.remedy}。{lines}",
        )  # fmt: skip
        return None
    place.error("HSQ-X01", verdict.problem, field="crs", remedy=verdict.remedy)
    return None


def _check_datum(source: SourceSpec, crs: CRS, place: Place) -> bool:
    datum = datum_of(crs)
    if datum == "wgs84" and source.datum not in WEB_DATUMS:
        if not source.wgs84_shift:
            place.error(
                "HSQ-X03", "数据为 WGS84，而配置关闭了零平移（wgs84_shift: false）",
                remedy="请测绘部门转换为 CGCS2000 后提供，或去掉 wgs84_shift: false",
            )  # fmt: skip
            return False
        place.note(
            "HSQ-X03", f"数据为 WGS84（{name_crs(crs)}）", action="按零平移视同 CGCS2000，精度约 0.5–0.9 m"
        )
    elif datum in {"xian80", "beijing54", "other"}:
        word = {"xian80": "1980 西安坐标系", "beijing54": "1954 北京坐标系"}.get(datum, crs.name)
        known = has_transformation(crs)
        how = "PROJ 有公开的转换参数" if known else "PROJ 没有可用的转换参数"
        if source.crs is None:
            place.error(
                "HSQ-X03", f"数据为{word}（{name_crs(crs)}），与 CGCS2000 相差可达百米；转换参数属保密资料，{how}",
                field="crs", value=name_crs(crs),
                remedy=f"请测绘部门转换为 CGCS2000；若可接受近似位置，在配置中写 crs: {name_line(crs)}",
            )  # fmt: skip
            return False
        action = (
            "按 PROJ 公开参数近似转换，精度数米至百米"
            if known
            else "未作基准转换，经纬度原样视同 CGCS2000，位置可偏数十至百余米"
        )
        place.warn("HSQ-X03", f"数据为{word}（{name_crs(crs)}），{how}", action=action, remedy="请核对位置")
    return True


def name_line(crs: CRS) -> str:
    """Return what to write after ``crs:`` for a system the file names itself."""
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else OWN_CRS


def _keep_placed(frame: gpd.GeoDataFrame, crs: CRS, place: Place) -> gpd.GeoDataFrame:
    """Refuse single rows whose coordinates are no place in China."""
    xy = point_coordinates(frame.geometry)
    bounds = frame.geometry.bounds.to_numpy()
    there = np.isfinite(xy).all(axis=1)
    wild = ~np.isnan(xy).all(axis=1) & ~there
    shown = xy.copy()
    sides = np.where(np.isfinite(bounds), bounds, 0.0)
    for x, y in ((sides[:, 0], sides[:, 1]), (sides[:, 2], sides[:, 3])):
        lon, lat = to_degrees(x, y, crs)
        away = there & ~sits_in_china(lon, lat)
        # The corner that is out of the way, not the sound one it hangs on.
        shown[away & ~wild] = np.column_stack([x, y])[away & ~wild]
        wild |= away
    sizes: NDArray[np.float64] = np.abs(np.where(np.isnan(bounds), 0.0, bounds))
    number = np.all(sizes <= limits().coordinate_m, axis=1)
    farthest = np.where(sizes[:, :2] > sizes[:, 2:], bounds[:, :2], bounds[:, 2:])
    shown[~number] = farthest[~number]
    for row, (x, y), sane in zip(frame.index[wild], shown[wild], number[wild], strict=True):
        if sane:
            place.error(
                "HSQ-X02", "坐标不在中国境内", field="geometry", row=str(row), value=f"({x:.9g}, {y:.9g})",
                remedy="核对该行坐标（是否缺位、对调或为 0）",
            )  # fmt: skip
        else:
            place.error(
                "HSQ-G11", "有节点的坐标不是有效数值", field="geometry", row=str(row), value=f"({x:.9g}, {y:.9g})",
                action="不采用", remedy="在原软件中重画该图形，或删除这些节点",
            )  # fmt: skip
    place.drop(frame.index[wild])
    return frame[~wild]


def _keep_alike(frame: gpd.GeoDataFrame, crs: CRS, place: Place, ground: Ground) -> gpd.GeoDataFrame:
    """Refuse the rows that are in another system than the rest of the file, and name them."""
    kept = np.ones(len(frame), dtype=bool)
    for guess, rows in find_strangers(point_coordinates(frame.geometry), crs, ground):
        place.error(
            "HSQ-X02", f"文件内混有不同坐标系：{int(rows.sum())} 行按 {name_crs(crs)} 远离规划范围，按{guess.label}才在附近",
            field="geometry", row=list_rows(frame.index[rows]), value=f"EPSG:{guess.epsg}",
            remedy=f"把这些行另存为一个文件，{guess.line}；或在原软件中统一坐标系",
        )  # fmt: skip
        place.drop(frame.index[rows])
        kept &= ~rows
    return frame[kept]
