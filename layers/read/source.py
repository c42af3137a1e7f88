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
from layers.ground import Ground
from layers.model import Layer
from layers.read.columns import read_columns
from layers.read.locate import locate_rows
from layers.read.opening import open_raw
from layers.read.raw import Place, SourceSpec, list_rows
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
    ground: Ground | None = None,
) -> Taken | None:
    """Read one file as rows of a layer; every fault goes to the log.

    Parameters
    ----------
    source : the file and what its columns mean.
    layer : declaration of the rows.
    resolve : turns a path of the config into one that can be opened.
    ground : the plan's place, to test coordinates against; None for the layers that decide it.

    Returns
    -------
    Taken or None
        None when the file cannot be used at all.
    """
    place = Place(name_source(source), layer.alias, log, classification=source.classification)
    log.accounts.append(place.account)
    raw = open_raw(source, resolve(source.path), place, shape=layer.shape)
    if raw is None:
        return None
    place.account.take(raw.table.index)
    table = read_columns(source, layer, raw.table, place)
    if source.geometry is not None and source.key is not None:
        own = locate_rows(source, layer, table, raw, place, ground=ground) if source.x is not None else None
        frame = _join(source, layer, table, place, own, resolve=resolve, log=log, ground=ground)
    else:
        frame = locate_rows(source, layer, table, raw, place, ground=ground)
    if frame is None:
        return None
    frame[Identified.source] = place.file
    return Taken(frame, place)


def _join(
    source: SourceSpec,
    layer: type[Layer],
    table: pd.DataFrame,
    place: Place,
    own: gpd.GeoDataFrame | None,
    *,
    resolve: Callable[[Path], Path],
    log: FaultLog,
    ground: Ground | None,
) -> gpd.GeoDataFrame | None:
    """Give the rows of a table the geometry another file has under the same key.

    Where the table has coordinates of its own as well (``own``), they stand for rows without a shape.
    """
    if source.geometry is None or source.key is None:
        raise ValueError("a joined source needs key and geometry")
    shapes = read_source(source.geometry, layer, resolve=resolve, log=log, ground=ground)
    if source.key not in table.columns:
        if shapes is not None:
            shapes.place.drop(shapes.frame.index)
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
    once = found.drop_duplicates(source.key).set_index(source.key)
    keys = _complete_keys(table[source.key], once.index, source.key, place)
    used = found[source.key].isin(keys)
    shapes.place.account.keep(found.index[used])
    unused, found = found[~used], once
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
        place.drop(lost)
        table, keys = table.drop(index=lost), keys.drop(index=lost)
    if len(unused):
        shapes.place.warn(
            "HSQ-V10", f"{len(unused)} 个图形在 {place.file} 中没有对应的行", field=source.key,
            row=list_rows(unused.index), value=list_rows(pd.Index(unused[source.key])), action="不采用",
            remedy="补填台账或删除图形",
        )  # fmt: skip
        shapes.place.drop(unused.index)
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
