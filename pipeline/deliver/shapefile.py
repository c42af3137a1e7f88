"""Shapefiles with the declared schema to the byte: widths, decimals, .prj, .cpg; how they look beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pandas as pd
import shapely

from layers.crs import GEOGRAPHIC, find_epsg
from layers.faults import FaultLog
from layers.model import Column
from pipeline.deliver.items import Item
from pipeline.deliver.looks import style_layer
from pipeline.deliver.names import name_files
from pipeline.deliver.onemap import Delivered
from pipeline.plan import Plan

FOLDER = "数据库/SHP"
DEGREES_FOLDER = "数据库/SHP_4490"
_GEOMETRY = {"point": "Point", "line": "LineString", "polygon": "Polygon"}
_LIMIT = 254  # bytes of a DBF text field
_UNWRITABLE = "〓"  # what Chinese printing puts where a character is missing; GBK has it


def name_shapefiles(layers: list[Delivered], plan: Plan) -> list[str]:
    """Return the file names of ``layers`` by ``plan.delivery.shp_pattern``, checked (PlanFaults)."""
    rows = [
        {
            "region": plan.plan.region_code,
            "area": plan.plan.area,
            "layer": layer.code,
            "alias": layer.title,
        }
        for layer in layers
    ]
    return name_files(plan.delivery.shp_pattern, rows, key="delivery.shp_pattern")


def write_degrees_copy(layers: list[Delivered], plan: Plan, root: Path, log: FaultLog) -> list[Item]:
    """Write every layer once more in CGCS2000 degrees under ``root/数据库/SHP_4490`` and return the files.

    Areas and lengths stay those measured in the plan's zone. What had to be cut was said of the first set; only
    a projection that reads back wrongly is logged again.
    """
    moved = [replace(layer, frame=layer.frame.to_crs(GEOGRAPHIC)) for layer in layers]
    again = FaultLog()
    items = write_shapefiles(moved, plan, root, again, folder=DEGREES_FOLDER)
    log.faults += [fault for fault in again.faults if fault.code == "HSQ-D06"]
    return [replace(item, title=f"{item.title}（经纬度）") for item in items]


def write_shapefiles(
    layers: list[Delivered], plan: Plan, root: Path, log: FaultLog, *, folder: str = FOLDER
) -> list[Item]:
    """Write every layer under ``root/数据库/SHP`` and return the files.

    Parameters
    ----------
    layers : database layers.
    plan : the plan config: encoding, file names, date.
    root : the hand-in's folder.
    folder : below ``root``.
    log : gets HSQ-D02 a text cut, HSQ-F05 a text the encoding cannot hold, HSQ-V04 a number too wide.
    """
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    items = []
    for name, layer in zip(name_shapefiles(layers, plan), layers, strict=True):
        path = place / f"{name}.shp"
        write_shapefile(layer, plan, path, log)
        _write_styles(layer, path)
        beside = sorted(p for p in place.iterdir() if p.stem == name and p != path)
        items.append(
            Item(
                f"{folder}/{path.name}",
                "数据库",
                layer.title,
                "pipeline.deliver.shapefile",
                number=layer.code,
                companions=tuple(f"{folder}/{p.name}" for p in beside),
                note=f"{len(layer.frame)} 个要素",
            )
        )
    return items


def write_shapefile(layer: Delivered, plan: Plan, path: Path, log: FaultLog) -> None:
    """Write one layer with its schema; what had to change is logged under the row's ``BSM``."""
    encoding = plan.delivery.shp_encoding
    data = {column.spec.onemap: _fit(layer, column, encoding, path.name, log) for column in layer.columns}
    geometry = _single(layer, path.name, log)
    schema = {
        "geometry": _GEOMETRY[layer.kind],
        "properties": {column.spec.onemap: _dbf_type(column) for column in layer.columns},
    }
    with fiona.open(
        path,
        "w",
        driver="ESRI Shapefile",
        schema=schema,
        crs_wkt=layer.frame.crs.to_wkt("WKT1_GDAL"),
        encoding=encoding,
        DBF_DATE_LAST_UPDATE=plan.plan.compiled.isoformat(),
    ) as file:
        file.writerecords(_records(data, geometry))
    _check_projection(path, layer, log)


def _write_styles(layer: Delivered, path: Path) -> None:
    """Write the layer's look beside it: QGIS takes a .qml of the same name by itself, map servers the .sld."""
    style = style_layer(layer)[0]
    for suffix, text in ((".qml", style.qml), (".sld", style.sld)):
        path.with_suffix(suffix).write_text(text, encoding="utf-8", newline="\n")


def _check_projection(path: Path, layer: Delivered, log: FaultLog) -> None:
    """Read the .prj back: other programs must find the very system the plan hands in."""
    written = path.with_suffix(".prj").read_text(encoding="ascii", errors="replace")
    wanted = layer.frame.crs.to_epsg()
    try:
        code = find_epsg(written)
    except ValueError:
        code = None
    if code != wanted:
        log.add(
            "HSQ-D06", f".prj 读回为 {f'EPSG:{code}' if code else '无法识别的坐标系'}，应为 EPSG:{wanted}", file=path.name,
            layer=layer.code, field="crs.deliver", value=written[:60], remedy="删去该成果后重新运行；仍有此提示请反馈",
        )  # fmt: skip


def _dbf_type(column: Column) -> str:
    spec = column.spec
    if spec.kind == "text":
        return f"str:{spec.width}"
    if spec.kind == "int":
        return f"int:{spec.width}"
    return f"float:{spec.width}.{spec.decimals}"


def _records(data: dict[str, list[Any]], geometry: np.ndarray) -> Iterator[dict[str, Any]]:
    names = tuple(data)
    for shape, *values in zip(geometry, *data.values(), strict=True):
        yield {"geometry": shape.__geo_interface__, "properties": dict(zip(names, values, strict=True))}


def _single(layer: Delivered, file: str, log: FaultLog) -> np.ndarray:
    """Return geometries a shapefile of the kind can hold: a point layer takes one point a row."""
    geometry = layer.frame.geometry.to_numpy()
    if layer.kind != "point":
        return geometry
    for row in np.flatnonzero(shapely.get_num_geometries(geometry) > 1):
        log.add(
            "HSQ-G03",
            "一个要素有多个点，shp 点图层只能写一个",
            severity="警告",
            file=file,
            layer=layer.code,
            row=layer.frame["BSM"].iloc[row],
            action="shp 取第一个点，GeoPackage 保留全部",
        )
    return shapely.get_geometry(geometry, 0)


def _fit(layer: Delivered, column: Column, encoding: str, file: str, log: FaultLog) -> list[Any]:
    """Return a column's values as the DBF can hold them; what had to change is logged."""
    values = layer.frame[column.spec.onemap]
    where = {"file": file, "layer": layer.code, "field": column.spec.onemap}
    if column.spec.kind != "text":
        return _fit_numbers(layer, column, values, where, log)
    width = min(column.spec.width, _LIMIT)
    plain = values.str.replace(r"[\x00-\x1f\x7f]+", " ", regex=True)
    if encoding != "UTF-8":
        plain = _encodable(layer, plain, encoding, where, log)
    sizes = _sizes(plain, encoding)
    for row in np.flatnonzero(sizes > width):
        full = str(plain.iloc[row])
        plain.iloc[row] = cut_text(full, width, encoding)
        log.add(
            "HSQ-D02",
            f"{column.spec.alias}共 {sizes[row]} 字节，shp 字段只容 {width} 字节",
            severity="提示",
            row=layer.frame["BSM"].iloc[row],
            value=full[:60],
            action="shp 中按字截断，GeoPackage 和表格保留全文",
            **where,
        )
    return plain.astype(object).where(plain.notna(), None).tolist()


def _encodable(
    layer: Delivered, values: pd.Series, encoding: str, where: dict[str, str], log: FaultLog
) -> pd.Series:
    known = values.map(lambda text: text.encode(encoding, "ignore").decode(encoding), na_action="ignore")
    changed = np.flatnonzero(values.notna() & (known != values))
    result = values.copy()
    for row in changed:
        text = str(values.iloc[row])
        bad = "".join(sorted({c for c in text if not _can_encode(c, encoding)}))
        for char in bad:
            text = text.replace(char, _UNWRITABLE)
        result.iloc[row] = text
        log.add(
            "HSQ-F05",
            f"{encoding} 编码没有字符“{bad}”",
            severity="警告",
            row=layer.frame["BSM"].iloc[row],
            value=str(values.iloc[row])[:60],
            action=f"shp 中写作“{_UNWRITABLE}”，GeoPackage 保留原字",
            remedy="delivery.shp_encoding 改用 UTF-8",
            **where,
        )
    return result


def _sizes(values: pd.Series, encoding: str) -> np.ndarray:
    """Return the bytes each text takes, 0 where missing."""
    encoded = [len(text.encode(encoding)) if isinstance(text, str) else 0 for text in values]
    return np.asarray(encoded, dtype=int)


def _can_encode(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def cut_text(text: str, width: int, encoding: str) -> str:
    """Return the longest start of ``text`` that takes at most ``width`` bytes, cut between characters."""
    return text.encode(encoding)[:width].decode(encoding, "ignore")


def _fit_numbers(
    layer: Delivered, column: Column, values: pd.Series, where: dict[str, str], log: FaultLog
) -> list[Any]:
    spec = column.spec
    numbers = values.astype("float64")
    whole = spec.width - (spec.decimals + 1 if spec.decimals else 0)
    low, high = -(10.0 ** (whole - 1)), 10.0**whole
    wide = ~((numbers > low) & (numbers < high)) & numbers.notna()
    for row in np.flatnonzero(wide):
        log.add(
            "HSQ-V04",
            f"{spec.alias}超出字段宽度 N({spec.width},{spec.decimals})",
            severity="警告",
            row=layer.frame["BSM"].iloc[row],
            value=str(values.iloc[row]),
            action="shp 中留空，GeoPackage 保留原值",
            **where,
        )
    kept = values.astype(object).where(values.notna() & ~wide, None)
    return [None if v is None else (int(v) if spec.kind == "int" else float(v)) for v in kept]
