"""The files of a plan cut from a city: 数据.gpkg, 台账.xlsx, pictures and 方案.yaml, the same bytes for the same rows."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import rasterio
import xlsxwriter
import yaml
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from layers.codes import YES_NO
from layers.ledgers import OwnCost
from layers.model import Layer
from layers.source import Building, Parcel, Road
from pipeline.batch.city.config import SHARED, City
from pipeline.batch.city.cut import Cut
from pipeline.batch.city.groups import Group
from pipeline.deliver.describe import Described, dated, describe_columns
from pipeline.plan.sources import Source

CONFIG, BASE, BOOK = "方案.yaml", "数据.gpkg", "台账.xlsx"
_TIFF = (".tif", ".tiff")
_GEOMETRY = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon", "any": "Unknown"}
_HEAD = """# {title}
# 由 haoshequ batch --from-communities 从全市数据生成，与其他方案配置一样可以单独检查、运行和续改；
# 改过的文件以后不再覆盖。数据为本社区和周边 {margin:.0f} m 以内的要素，已统一坐标系并整理。

"""


def write_base(path: Path, cut: Cut, *, day: date) -> None:
    """Write the layers that have a place into a GeoPackage; columns have their Chinese names, as readers expect.

    Parameters
    ----------
    day : change time inside the file.
    """
    described = []
    with dated(day), _unhurried():
        for layer, frame in _in_order(cut, shaped=True):
            columns = _list_columns(layer, frame)
            pyogrio.write_dataframe(
                _name_columns(frame, columns),
                path,
                layer=layer.alias,
                driver="GPKG",
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
                append=path.exists(),
                geometry_type=_GEOMETRY[str(layer.shape)],
                promote_to_multi=layer.shape in ("line", "polygon"),
                layer_options={"IDENTIFIER": layer.alias},
            )
            described += [
                Described(layer.alias, alias, alias, f"单位 {spec.unit}" if spec.unit else "")
                for alias, spec in ((column.spec.alias, column.spec) for column in columns)
            ]
    describe_columns(path, described)


@contextmanager
def _unhurried() -> Iterator[None]:
    """Let the system write the file when it likes: a half one is made anew anyway."""
    key = "OGR_SQLITE_SYNCHRONOUS"
    before = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: "OFF"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: before})


def write_book(path: Path, cut: Cut, *, day: date) -> None:
    """Write the tables without a place, one sheet a layer."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime.combine(day, time())})
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#E8EEF5"})
        for layer, frame in _in_order(cut, shaped=False):
            page = book.add_worksheet(layer.alias)
            columns = _list_columns(layer, frame)
            for at, (alias, values) in enumerate(_name_columns(frame, columns).items()):
                page.write_string(0, at, str(alias), head)
                page.set_column(at, at, max(10, 2 * len(str(alias)) + 2))
                for row, value in enumerate(values, 1):
                    if pd.notna(value):
                        page.write(row, at, value)
            page.freeze_panes(1, 0)


def _in_order(cut: Cut, *, shaped: bool) -> Iterator[tuple[type[Layer], pd.DataFrame]]:
    """Yield the layers with rows as declared, those with a shape or those without."""
    for layer in Layer.registry.values():
        if layer in cut.frames and (layer.shape is not None) == shaped:
            yield layer, cut.frames[layer]


def _list_columns(layer: type[Layer], frame: pd.DataFrame) -> list[Any]:
    """Return the columns worth writing: what templates ask for and any row fills, or every row must."""
    there = [column for column in layer.asked() if column in frame.columns]
    return [column for column in there if column.spec.required or frame[column].notna().any()]


def _name_columns(frame: pd.DataFrame, columns: list[Any]) -> pd.DataFrame:
    data: dict[str, Any] = {}
    for column in columns:
        values = frame[column]
        if column.spec.kind == "bool":
            yes, no = YES_NO.values
            values = values.map({True: yes, False: no})
        data[column.spec.alias] = values
    if isinstance(frame, gpd.GeoDataFrame):
        return gpd.GeoDataFrame(data, geometry=frame.geometry, crs=frame.crs)
    return pd.DataFrame(data)


def cut_picture(source: Path, target: Path, bounds: tuple[float, ...], crs: Any) -> bool:
    """Copy the part of a GeoTIFF over a piece of ground, cell by cell as it is; whether that could be done.

    Where it cannot (another format, no georeference, elsewhere), the plan refers to the city's own file.

    Parameters
    ----------
    bounds : west, south, east, north in ``crs``.
    """
    if source.suffix.lower() not in _TIFF:
        return False
    try:
        with rasterio.open(source) as whole:
            place = whole.transform
            if whole.crs is None or place.is_identity or place.b or place.d:
                return False
            west, south, east, north = transform_bounds(crs, whole.crs, *bounds)
            left, right = _find_cells((west - place.c) / place.a, (east - place.c) / place.a, whole.width)
            top, bottom = _find_cells((north - place.f) / place.e, (south - place.f) / place.e, whole.height)
            if left >= right or top >= bottom:
                return False
            window = Window(left, top, right - left, bottom - top)
            profile = whole.profile | {
                "driver": "GTiff", "width": right - left, "height": bottom - top, "tiled": False, "interleave": "pixel", "compress": "deflate",
                "transform": rasterio.Affine(place.a, 0, place.c + left * place.a, 0, place.e, place.f + top * place.e),
            }  # fmt: skip
            for key in ("blockxsize", "blockysize", "photometric", "jpeg_quality"):
                profile.pop(key, None)
            with rasterio.open(target, "w", **profile) as part:
                part.write(whole.read(window=window))
                part.colorinterp = whole.colorinterp
    except RasterioError:  # the file is not what it says, or cannot be brought to the ground
        target.unlink(missing_ok=True)
        return False
    return True


def _find_cells(first: float, last: float, count: int) -> tuple[int, int]:
    """Return the range of cells of a row or column that holds two places, cut to what there is."""
    return max(math.floor(first), 0), min(math.ceil(last), count)


def compose_config(
    city: City,
    group: Group,
    cut: Cut,
    folder: Path,
    *,
    block: int,
    pictures: Mapping[str, str],
    margin_m: float,
) -> str:
    """Return the text of a plan's config.

    Parameters
    ----------
    folder : where the config will be.
    block : plan block number.
    pictures : file of each picture that was cut out, by its key in the config.
    """
    plan = dict(city.plan.model_dump(mode="json", exclude_defaults=True))
    plan |= {"province_prefix": city.plan.province_prefix}
    identity = {
        "id": group.fill(city.city.plan_id), "title": group.fill(city.city.plan_title), "area": group.fill(city.city.plan_area),
        **plan, "region_code": group.region[0], "region_name": group.region[1], "plan_block": block,
    }  # fmt: skip
    content: dict[str, Any] = {"plan": identity, "inputs": _compose_inputs(city, cut, folder)}
    for name in SHARED:
        part = getattr(city, name)
        if part is not None and (told := part.model_dump(mode="json", exclude_unset=True)):
            content[name] = told
    _move_paths(content, city, folder, pictures)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
    return _HEAD.format(title=identity["title"], margin=margin_m) + text


def _compose_inputs(city: City, cut: Cut, folder: Path) -> dict[str, list[dict[str, Any]]]:
    made: dict[str, list[dict[str, Any]]] = {}
    for layer, frame in cut.frames.items():
        if not len(frame):
            continue
        source: dict[str, Any] = {"path": BASE if layer.shape else BOOK, "layer": layer.alias}
        if layer.shape:
            source["datum"] = "cgcs2000"  # settled when the city was read
        if layer is Parcel:
            source["classification"] = "2023"
        made[layer.key] = [source]
    costs = [_point_at(source, city, folder) for source in city.inputs.unit_cost]
    return made | ({OwnCost.key: costs} if costs else {})


def _point_at(source: Source, city: City, folder: Path) -> dict[str, Any]:
    """Return a source as a plan's config in another folder names it."""
    told = source.model_dump(mode="json", exclude_unset=True)
    told["path"] = _relate(source.path, city, folder)
    if source.geometry is not None:
        told["geometry"] = _point_at(source.geometry, city, folder)
    return told


def _move_paths(content: dict[str, Any], city: City, folder: Path, pictures: Mapping[str, str]) -> None:
    """Let every path of the shared blocks lead to the same file from the plan's folder, or to its own copy."""
    folders = content.setdefault("delivery", {})
    folders["folder"] = _relate(city.delivery.folder, city, folder)
    if city.divisions is not None and city.divisions.path is not None:
        content["divisions"]["path"] = _relate(city.divisions.path, city, folder)
    for number, path in city.hand.templates.items():
        content["hand"]["templates"][number] = _relate(path, city, folder)
    for key, path in list_pictures(city).items():
        block = content
        *outer, last = key.split(".")
        for name in outer:
            block = block[name]
        block[last] = pictures.get(key) or _relate(path, city, folder)


def list_pictures(city: City) -> dict[str, Path]:
    """Return the rasters of a city by their key in the config."""
    base = city.sheets.base
    found = {
        "walking.dem": city.walking.dem,
        "idle.imagery": city.idle.imagery,
        "sheets.base.path": base.path if base else None,
    }
    return {key: path for key, path in found.items() if path is not None}


def _relate(path: Path, city: City, folder: Path) -> str:
    """Return a path of the city's config as one of the plan's, with forward slashes."""
    if path.is_absolute():
        return path.as_posix()
    try:
        return Path(os.path.relpath(city.resolve(path), folder)).as_posix()
    except ValueError:  # another drive of Windows
        return city.resolve(path).as_posix()


def check_layers(cut: Cut) -> list[str]:
    """Return what a plan lacks: without roads it cannot be made, without buildings it has no homes to count."""
    return [layer.alias for layer in (Road, Building) if layer not in cut.frames]
