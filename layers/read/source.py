"""One file of the plan, read into a frame of its layer: columns, values, place, coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from layers.crs import to_plan
from layers.faults import FaultLog
from layers.model import Layer
from layers.read import sheet, vector
from layers.read.columns import read_columns
from layers.read.locate import locate_rows
from layers.read.raw import Place, Raw, SourceSpec, list_rows
from layers.serials import match_keys
from layers.source import Identified


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
    place = Place(name_source(source), layer.alias, log, classification=source.classification)
    raw = open_raw(source, resolve(source.path), place, shape=layer.shape)
    if raw is None:
        return None
    table = read_columns(source, layer, raw.table, place)
    if source.geometry is not None and source.key is not None:
        own = locate_rows(source, layer, table, raw, place, near=near) if source.x is not None else None
        frame = _join(source, layer, table, place, own, resolve=resolve, log=log, near=near)
    else:
        frame = locate_rows(source, layer, table, raw, place, near=near)
    if frame is None:
        return None
    frame[Identified.source] = place.file
    return Taken(frame, place)


def open_raw(source: SourceSpec, path: Path, place: Place, *, shape: str | None = None) -> Raw | None:
    """Return what the file holds, as read; None when it cannot be used, with the reason in the log.

    ``shape`` is the geometry kind wanted, where the format holds several side by side (DXF).
    """
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
        return vector.read_vector(path, place, layer=source.layer, encoding=source.encoding, shape=shape)
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
    keys = _complete_keys(table[source.key], found.index, source.key, place)
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
    for name in found.columns.difference([*table.columns, "geometry", Identified.source]):
        table[name] = keys.map(found[name])
    if own is not None and own.crs is not None:
        found = found.to_crs(own.crs) if found.crs != own.crs else found
    geometry = gpd.GeoSeries(found.geometry.reindex(keys).to_numpy(), index=table.index, crs=found.crs)
    if own is not None:
        geometry = geometry.where(geometry.notna(), own.geometry.reindex(table.index))
    return gpd.GeoDataFrame(table, geometry=geometry)


def _complete_keys(keys: pd.Series, known: pd.Index, field: str, place: Place) -> pd.Series:
    """Put back the zeros that a spreadsheet took from keys, where the file of the shapes still has them."""
    matched = match_keys(keys, known)
    for row in keys.index[matched.changed]:
        place.warn(
            "HSQ-V12", f"关联键“{keys[row]}”丢失前导零", field=field, row=str(row), value=str(keys[row]),
            action=f"已按几何文件补为 {matched.values[row]}", remedy="在表格中把该列设为文本",
        )  # fmt: skip
    return matched.values


def place_frame(taken: Taken, crs: CRS) -> gpd.GeoDataFrame:
    """Return the rows in the plan's CRS."""
    return to_plan(taken.frame, crs)
