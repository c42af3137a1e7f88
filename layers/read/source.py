"""One file of the plan, read into a frame of its layer: columns, values, place, coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from layers.crs import (
    GEOGRAPHIC,
    datum_of,
    judge_claim,
    name_crs,
    point_coordinates,
    read_crs,
    sits_in_china,
    to_degrees,
    to_plan,
)
from layers.datum import shift_to_wgs84
from layers.faults import FaultLog
from layers.model import Layer
from layers.read import sheet, vector
from layers.read.columns import read_columns, report_column
from layers.read.raw import Place, Raw, SourceSpec, list_rows
from layers.values import parse_numbers

_DATUM_NAMES = {"gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）"}


@dataclass(frozen=True)
class Taken:
    """A file's rows in its own verified coordinates.

    Attributes
    ----------
    frame : typed columns of the layer; the index is the row number or FID; geometry in the file's CRS
        with web-map offsets taken out, or all missing for a table without places.
    place : where its messages go.
    """

    frame: gpd.GeoDataFrame
    place: Place


def name_source(source: SourceSpec) -> str:
    """Return the file as messages name it, with sheet or layer."""
    return source.path.as_posix() + (f"｜{source.layer}" if source.layer else "")


def read_source(
    source: SourceSpec,
    layer: type[Layer],
    *,
    resolve: Callable[[Path], Path],
    log: FaultLog,
    near: tuple[float, float] | None = None,
) -> Taken | None:
    """Read one file as rows of a layer; every fault goes to the log.

    Parameters
    ----------
    source : the file and what its columns mean.
    layer : declaration of the rows.
    resolve : turns a path of the config into one that can be opened.
    near : longitude, latitude of the plan, to test coordinates against; None for the layers that decide it.

    Returns
    -------
    Taken or None
        None when the file cannot be used at all.
    """
    place = Place(name_source(source), layer.alias, log)
    raw = _open(source, resolve(source.path), place)
    if raw is None:
        return None
    table = read_columns(source, layer, raw.table, place)
    if source.geometry is not None and source.key is not None:
        own = _locate(source, layer, table, raw, place, near=near) if source.x is not None else None
        frame = _join(source, layer, table, place, own, resolve=resolve, log=log, near=near)
    else:
        frame = _locate(source, layer, table, raw, place, near=near)
    if frame is None:
        return None
    frame["source"] = place.file
    return Taken(frame, place)


def _open(source: SourceSpec, path: Path, place: Place) -> Raw | None:
    suffix = path.suffix.lower()
    if not path.exists():
        near = [item.name for item in path.parent.glob(f"*{path.suffix}")][:5] if path.parent.is_dir() else []
        hint = f"该文件夹中有：{'、'.join(sorted(near))}" if near else "检查路径是否写对（相对于配置文件）"
        place.error("HSQ-F01", f"文件不存在：{source.path.as_posix()}", remedy=hint)
        return None
    if path.is_file() and path.stat().st_size == 0:
        place.error("HSQ-F02", "文件是空的（0 字节）", remedy="重新复制或导出该文件")
        return None
    if suffix in vector.SUFFIXES:
        return vector.read_vector(path, place, layer=source.layer, encoding=source.encoding)
    if suffix in sheet.SUFFIXES and path.is_file():
        return sheet.read_sheet(
            path, place, sheet=source.layer, encoding=source.encoding,
            header_rows=source.header_rows, skip_rows=source.skip_rows,
        )  # fmt: skip
    supported = "、".join(sorted(vector.SUFFIXES | sheet.SUFFIXES))
    place.error(
        "HSQ-F04",
        f"不支持的文件格式 {suffix or '（无扩展名）'}",
        remedy=f"支持：{supported}；.xls 请另存为 .xlsx",
    )
    return None


def _locate(
    source: SourceSpec,
    layer: type[Layer],
    table: pd.DataFrame,
    raw: Raw,
    place: Place,
    *,
    near: tuple[float, float] | None,
) -> gpd.GeoDataFrame | None:
    """Give rows their geometry in verified coordinates."""
    shapes = raw.geometry
    if source.x is not None and source.y is not None:
        shapes = _make_points(source.x, source.y, raw.table, place)
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
    crs = _settle_crs(source, series, raw.crs, place, near=near)
    if crs is None:
        return None
    frame = gpd.GeoDataFrame(table, geometry=series.set_crs(crs, allow_override=True))
    frame = _keep_placed(frame, crs, place)
    return _unshift(frame, source, crs, place)


def _make_points(x: str, y: str, table: pd.DataFrame, place: Place) -> pd.Series | None:
    missing = [name for name in (x, y) if name not in table.columns]
    for name in missing:
        report_column(name, table, place, field="x" if name == x else "y")
    if missing:
        return None
    east, north = parse_numbers(table[x], unit="m"), parse_numbers(table[y], unit="m")
    for name, parsed in ((x, east), (y, north)):
        for row, cell in table[name][parsed.bad].items():
            place.error(
                "HSQ-V03",
                f"坐标“{cell}”不是数字",
                field=name,
                row=str(row),
                value=str(cell)[:60],
                remedy="改为数字",
            )
    ready = east.values.notna() & north.values.notna()
    points = pd.Series(None, index=table.index, dtype=object)
    points[ready] = shapely.points(east.values[ready].to_numpy(), north.values[ready].to_numpy())
    return points


def _settle_crs(
    source: SourceSpec,
    shapes: gpd.GeoSeries,
    claim: CRS | None,
    place: Place,
    *,
    near: tuple[float, float] | None,
) -> CRS | None:
    """Return the CRS to read coordinates in: the config's word, else the file's, if the values agree."""
    try:
        declared = read_crs(source.crs)
    except ValueError:
        place.error(
            "HSQ-X01", f"不认识的坐标系“{source.crs}”", field="crs", value=source.crs or "",
            remedy="写成 EPSG:4548（CM 117E）、EPSG:4547（CM 114E）、EPSG:4527、EPSG:4526 或 EPSG:4490",
        )  # fmt: skip
        return None
    shifted = source.datum in _DATUM_NAMES
    if declared is None and source.datum is not None:
        declared = CRS.from_epsg(4326 if shifted or source.datum == "wgs84" else GEOGRAPHIC)
    if declared is not None and claim is not None and declared != claim:
        place.note(
            "HSQ-X01",
            f"文件声明 {name_crs(claim)}",
            action=f"按配置以 {name_crs(declared)} 读取",
            value=name_crs(claim),
        )
    crs = declared or claim
    xy = point_coordinates(shapes)
    verdict = judge_claim(xy, crs, near=near)
    if verdict.problem:
        place.error(
            "HSQ-X01" if crs is None else "HSQ-X02", verdict.problem, field="crs", value=name_crs(crs) if crs else "",
            remedy=verdict.remedy,
        )  # fmt: skip
        return None
    if crs is None:  # nothing has a place, so nothing has to be transformed
        return CRS.from_epsg(GEOGRAPHIC)
    return crs if _check_datum(source, crs, place) else None


def _check_datum(source: SourceSpec, crs: CRS, place: Place) -> bool:
    datum = datum_of(crs)
    if datum == "wgs84" and source.datum not in _DATUM_NAMES:
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
        if source.crs is None:
            place.error(
                "HSQ-X03", f"数据为{word}（{name_crs(crs)}），与 CGCS2000 相差可达百米，转换参数属保密资料",
                remedy="请测绘部门转换为 CGCS2000；若可接受近似转换，在配置中写明 crs",
            )  # fmt: skip
            return False
        place.warn(
            "HSQ-X03",
            f"数据为{word}（{name_crs(crs)}）",
            action="按 PROJ 公开参数近似转换，精度数米至百米",
            remedy="请核对位置",
        )
    return True


def _keep_placed(frame: gpd.GeoDataFrame, crs: CRS, place: Place) -> gpd.GeoDataFrame:
    """Refuse single rows whose coordinates are no place in China."""
    xy = point_coordinates(frame.geometry)
    bounds = frame.geometry.bounds.to_numpy()
    there = np.isfinite(xy).all(axis=1)
    wild = ~np.isnan(xy).all(axis=1) & ~there
    sides = np.where(np.isfinite(bounds), bounds, 0.0)
    for x, y in ((sides[:, 0], sides[:, 1]), (sides[:, 2], sides[:, 3])):
        lon, lat = to_degrees(x, y, crs)
        wild |= there & ~sits_in_china(lon, lat)
    for row, (x, y) in zip(frame.index[wild], xy[wild], strict=True):
        place.error(
            "HSQ-X02", "坐标不在中国境内", field="geometry", row=str(row), value=f"({x:g}, {y:g})",
            remedy="核对该行坐标（是否缺位、对调或为 0）",
        )  # fmt: skip
    return frame[~wild]


def _unshift(frame: gpd.GeoDataFrame, source: SourceSpec, crs: CRS, place: Place) -> gpd.GeoDataFrame:
    """Take the web-map offset out; the result is WGS84, handled as CGCS2000."""
    if source.datum not in _DATUM_NAMES:
        return frame
    degrees = frame if crs.is_geographic else frame.to_crs(crs.geodetic_crs)

    def shift(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(shift_to_wgs84(xy[:, 0], xy[:, 1], datum=source.datum))  # type: ignore[arg-type]

    moved = shapely.transform(shapely.force_2d(degrees.geometry.to_numpy()), shift)
    place.note(
        "HSQ-X05", f"坐标为 {_DATUM_NAMES[source.datum]}，共 {len(frame)} 行",
        action="已按公开公式还原到 WGS84 并视同 CGCS2000；点位精度约 5–10 m，只作参考，不作边界",
    )  # fmt: skip
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=GEOGRAPHIC))


def _join(
    source: SourceSpec,
    layer: type[Layer],
    table: pd.DataFrame,
    place: Place,
    own: gpd.GeoDataFrame | None,
    *,
    resolve: Callable[[Path], Path],
    log: FaultLog,
    near: tuple[float, float] | None,
) -> gpd.GeoDataFrame | None:
    """Give the rows of a table the geometry another file has under the same key.

    Where the table has coordinates of its own as well (``own``), they stand for rows without a shape.
    """
    if source.geometry is None or source.key is None:
        raise ValueError("a joined source needs key and geometry")
    shapes = read_source(source.geometry, layer, resolve=resolve, log=log, near=near)
    if source.key not in table.columns:
        place.error(
            "HSQ-V10",
            f"表中没有关联键“{source.key}”",
            field=source.key,
            remedy="在 columns 中写明该键对应的列",
        )
        return None
    if shapes is None:
        return None
    if source.key not in shapes.frame.columns:
        shapes.place.error(
            "HSQ-V10", f"几何文件中没有关联键“{source.key}”", field=source.key,
            remedy="在 geometry 的 columns 中写明该键对应的列",
        )  # fmt: skip
        return None
    found = shapes.frame[shapes.frame[source.key].notna()]
    for value in sorted(found[source.key][found[source.key].duplicated()].unique()):
        rows = found.index[found[source.key] == value]
        shapes.place.error(
            "HSQ-V10", f"关联键“{value}”对应多个图形", field=source.key, row=list_rows(rows), value=str(value),
            remedy="合并这些图形或改正键值",
        )  # fmt: skip
    found = found.drop_duplicates(source.key).set_index(source.key)
    keys = table[source.key]
    lost = table.index[~keys.isin(found.index)]
    if layer.shape == "any":
        if len(lost) and own is None:
            place.note(
                "HSQ-V10", f"{len(lost)} 行在 {shapes.place.file} 中没有对应图形", field=source.key, row=list_rows(lost),
                action="保留这些行，暂无位置",
            )  # fmt: skip
    else:
        for row in lost:
            place.error(
                "HSQ-V10", f"关联键“{keys[row]}”在 {shapes.place.file} 中没有对应图形", field=source.key, row=str(row),
                value=str(keys[row]), remedy="核对键值是否一致",
            )  # fmt: skip
        table, keys = table.drop(index=lost), keys.drop(index=lost)
    unused = found.index[~found.index.isin(keys)]
    if len(unused):
        shapes.place.warn(
            "HSQ-V10", f"{len(unused)} 个图形在 {place.file} 中没有对应的行", field=source.key, value=list_rows(unused),
            action="不采用", remedy="补填台账或删除图形",
        )  # fmt: skip
    for name in found.columns.difference([*table.columns, "geometry", "source"]):
        table[name] = keys.map(found[name])
    if own is not None and own.crs is not None:
        found = found.to_crs(own.crs) if found.crs != own.crs else found
    geometry = gpd.GeoSeries(found.geometry.reindex(keys).to_numpy(), index=table.index, crs=found.crs)
    if own is not None:
        geometry = geometry.where(geometry.notna(), own.geometry.reindex(table.index))
    return gpd.GeoDataFrame(table, geometry=geometry)


def place_frame(taken: Taken, crs: CRS) -> gpd.GeoDataFrame:
    """Return the rows in the plan's CRS."""
    return to_plan(taken.frame, crs)
