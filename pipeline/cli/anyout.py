"""Rows with any columns written as a plain file: GeoPackage, shapefile, GeoJSON, csv or xlsx.

What a format cannot hold is cut between characters or refused, always with a message; a file is written
beside its place and moved there whole.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from layers.faults import Fault, FaultLog, PlanFaults, refuse_write
from pipeline.cli.anycells import check_cells, fit_dbf, make_table, plain_columns
from pipeline.cli.anyfile import KINDS
from pipeline.cli.distances import write_results

SPATIAL = (".gpkg", ".shp", ".geojson")
TABLES = (".csv", ".xlsx")
OUTPUTS = (*SPATIAL, *TABLES)
_SHP_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SHP_STALE = (".sbn", ".sbx", ".qix", ".shp.xml")  # indexes and notes of the file that was there
_EPOCH = "2000-01-01"  # the same input gives the same bytes on any day
_MULTI = {0: (4, shapely.multipoints), 1: (5, shapely.multilinestrings), 3: (6, shapely.multipolygons)}
_RING = 2


def check_place(path: Path, given: Path, log: FaultLog, *, overwrite: bool) -> None:
    """Record what speaks against writing ``path``: its format, folder, being the input, being there already."""
    suffix = path.suffix.lower()
    if suffix not in OUTPUTS:
        log.add(
            "HSQ-F04", f"不支持写出 {path.suffix or '（无扩展名）'}", file=str(path), field="OUT",
            remedy=f"输出文件名应以 {'、'.join(OUTPUTS)} 结尾",
        )  # fmt: skip
        return
    if path.is_dir():
        log.add(
            "HSQ-D05",
            "输出是一个文件夹",
            file=str(path),
            field="OUT",
            remedy="写出文件名，如 文件夹/结果.gpkg",
        )
        return
    if not path.absolute().parent.is_dir():
        log.add("HSQ-F01", "输出文件夹不存在", file=str(path.parent), field="OUT", remedy="先建好文件夹")
        return
    if given.exists() and _is_input(path, given):
        log.add(
            "HSQ-D05", "输出就是输入文件本身，不会覆盖原始数据", file=str(path), field="OUT", action="没有写出",
            remedy=f"换一个文件名，如 {path.stem}_修正{path.suffix}",
        )  # fmt: skip
        return
    there = [part.name for part in _parts(path) if part.exists()]
    if there and not overwrite:
        log.add(
            "HSQ-D05", f"输出文件已存在：{'、'.join(there)}", file=str(path), field="OUT", action="没有写出",
            remedy="换一个文件名，或加 --overwrite 覆盖",
        )  # fmt: skip
    open_now = [
        name for name in (f"{path.name}-wal", f"{path.name}-journal") if path.with_name(name).exists()
    ]
    if suffix == ".gpkg" and open_now:
        log.add(
            "HSQ-D05",
            "输出文件正被其他程序使用",
            file=str(path),
            value=open_now[0],
            remedy="在 QGIS 等程序中关闭它",
        )


def _is_input(path: Path, given: Path) -> bool:
    """Tell whether writing would touch the input: itself under any name, a part of it, a file in its folder."""
    if given.is_dir():
        return given.resolve() in path.resolve().parents
    return any(part.exists() and part.samefile(given) for part in _parts(path))


def _parts(path: Path) -> list[Path]:
    return [path.with_suffix(part) for part in _SHP_PARTS] if path.suffix.lower() == ".shp" else [path]


def write_any(frame: gpd.GeoDataFrame, path: Path, log: FaultLog) -> str:
    """Write rows by the file's suffix and return what kind they are, ``面``, empty for a table.

    Raises
    ------
    PlanFaults
        If the format cannot hold the rows (``HSQ-G01``, ``HSQ-G03``, ``HSQ-D02``) or the file cannot be written
        (``HSQ-D05``).
    """
    suffix = path.suffix.lower()
    frame = plain_columns(frame, path, log, keep_dates=suffix == ".gpkg").reset_index(drop=True)
    kinds = _kinds_of(frame)
    if suffix in TABLES:
        table = make_table(frame)
        check_cells(table, path)
    else:
        frame = _even_parts(frame)
        _check_kinds(kinds, path, suffix)
    if suffix == ".shp":
        frame = fit_dbf(frame, path, log)
    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".haoshequ-") as folder:
            made = Path(folder) / path.name
            if suffix in TABLES:
                write_results({"数据": table}, made)
            else:
                _write_spatial(frame, made, suffix)
            _move(Path(folder), path)
    except OSError as error:
        fault = replace(
            refuse_write(error, path, action="没有写出，原有文件保持不变"), file=str(path), field="OUT"
        )
        raise PlanFaults([fault]) from None
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError) as error:
        raise PlanFaults(
            [Fault("HSQ-D05", "结果无法写入", file=str(path), field="OUT", value=str(error).splitlines()[0][:100],
                   action="没有写出，原有文件保持不变", remedy="换一种格式或文件夹重试")]
        ) from None  # fmt: skip
    return "、".join(KINDS[kind][0] for kind in KINDS if kind in kinds)


def _move(folder: Path, path: Path) -> None:
    """Move what was written to its place; the file that programs open comes last."""
    if path.suffix.lower() == ".shp":
        for suffix in _SHP_STALE:
            path.with_suffix(suffix).unlink(missing_ok=True)
    for part in sorted(folder.iterdir(), key=lambda item: (item.suffix == path.suffix, item.name)):
        part.replace(path.with_name(part.name))


@contextmanager
def _dated() -> Any:
    key = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{_EPOCH}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: before})


def _write_spatial(frame: gpd.GeoDataFrame, path: Path, suffix: str) -> None:
    if suffix == ".geojson":  # in degrees of WGS84, as its standard wants; the shift to CGCS2000 is null
        degrees = frame.to_crs(4490) if not frame.crs.is_geographic else frame
        degrees = degrees.set_crs(4326, allow_override=True)
        degrees.to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="YES", COORDINATE_PRECISION=9)
    elif suffix == ".shp":
        frame.to_file(path, engine="pyogrio", encoding="UTF-8", DBF_DATE_LAST_UPDATE=_EPOCH)
    else:
        with _dated():
            frame.to_file(path, layer=path.stem, driver="GPKG", engine="pyogrio")


def _kinds_of(frame: gpd.GeoDataFrame) -> set[str]:
    found = set(shapely.get_type_id(frame.geometry.to_numpy()).tolist()) - {-1}
    known = {kind for kind, (_, types) in KINDS.items() if found & set(types)}
    return {str(kind) for kind in known} | ({"mixed"} if 7 in found else set())


def _check_kinds(kinds: set[str], path: Path, suffix: str) -> None:
    if not kinds:
        raise PlanFaults(
            [Fault("HSQ-G01", "表格没有图形，也没有指定坐标列", file=str(path), field="--x",
                   remedy="用 --x 与 --y 指定坐标列，或用 --wkt 指定几何文本列；只要表格请写出为 .csv 或 .xlsx")]
        )  # fmt: skip
    if suffix == ".shp" and (len(kinds) > 1 or "mixed" in kinds):
        told = "、".join(KINDS[kind][0] for kind in KINDS if kind in kinds) or "几何集合"
        raise PlanFaults(
            [Fault("HSQ-G03", f"文件同时有{told}，shp 只能存一种", file=str(path), field="--shape",
                   remedy="加 --shape point（点）、line（线）或 polygon（面），或写出为 .gpkg")]
        )  # fmt: skip


def _even_parts(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make every shape multi-part where one of its kind is: programs expect one type a layer."""
    shapes = frame.geometry.to_numpy().copy()
    rings = np.flatnonzero(shapely.get_type_id(shapes) == _RING)
    if len(rings):
        xy, owner = shapely.get_coordinates(shapes[rings], return_index=True)
        shapes[rings] = shapely.linestrings(xy, indices=owner)
    types = shapely.get_type_id(shapes)
    for single, (several, build) in _MULTI.items():
        at = np.flatnonzero(types == single)
        if len(at) and (types == several).any():
            shapes[at] = build(shapes[at], indices=np.arange(len(at)))
    return frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
