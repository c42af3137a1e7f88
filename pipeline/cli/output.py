"""Results of the one-off commands: whether their file can be written, and rows written to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from layers.faults import Fault, FaultLog, PlanFaults
from layers.model import Column, Layer

if TYPE_CHECKING:
    import geopandas as gpd


def write_frame(frame: gpd.GeoDataFrame, layer: type[Layer], path: Path) -> None:
    """Write rows of a declaration by the file's suffix: csv, gpkg, geojson or shp.

    A csv carries no geometry and opens in Excel (UTF-8 with mark). GeoJSON is in degrees, as its standard
    (RFC 7946) wants, with the null shift between CGCS2000 and WGS84.

    Raises
    ------
    PlanFaults
        If the file cannot be written (``HSQ-D05``).
    """
    suffix = path.suffix.lower()
    short = suffix == ".shp"
    names = {str(column): _title(column, short=short) for column in layer.columns()}
    out = frame[[*names, "geometry"]].rename(columns=names)
    for column in layer.columns():
        if column.spec.kind == "float":
            out[names[str(column)]] = out[names[str(column)]].round(column.spec.decimals)
    try:
        if suffix == ".csv":
            out.drop(columns="geometry").to_csv(path, index=False, encoding="utf-8-sig")
        elif suffix == ".geojson":
            degrees = out.to_crs(4490).set_crs(4326, allow_override=True)
            degrees.to_file(path, driver="GeoJSON", engine="pyogrio")
        elif short:
            out.to_file(path, engine="pyogrio", encoding="UTF-8")
        else:
            path.unlink(missing_ok=True)
            out.to_file(path, layer=layer.alias, driver="GPKG", engine="pyogrio")
    except OSError as error:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-D05", f"无法写出：{error.strerror or error}", file=str(path),
                    remedy="关闭正在使用该文件的程序，或换一个文件夹",
                )
            ]
        ) from None  # fmt: skip


def check_output(path: Path, suffixes: Sequence[str], log: FaultLog, *, option: str = "--output") -> None:
    """Record that the output's format or folder cannot be used, before any work is done."""
    if path.suffix.lower() not in suffixes:
        log.add(
            "HSQ-F04", f"不支持写出 {path.suffix or '（无扩展名）'}", file=str(path), field=option,
            remedy=f"输出文件名应以 {'、'.join(suffixes)} 结尾",
        )  # fmt: skip
    if not path.absolute().parent.is_dir():
        log.add("HSQ-F01", "输出文件夹不存在", file=str(path.parent), field=option, remedy="先建好文件夹")


def _title(column: Column, *, short: bool) -> str:
    return column.spec.onemap if short else column.spec.alias
