"""One file of any format, opened: which reader it goes to, and what is refused before a reader sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from layers.read import drawing, gdal, kml, shapefile, sheet
from layers.read.archive import (
    DAMAGED,
    Archive,
    Part,
    list_parts,
    open_archive,
    pack_plain,
    pick_part,
    report_nothing,
)
from layers.read.raw import Place, Raw, SourceSpec
from layers.read.sniff import Opened, check_content

PACKED = frozenset({".zip"})
SUFFIXES = frozenset({".shp"}) | gdal.SUFFIXES | kml.SUFFIXES | drawing.SUFFIXES | sheet.SUFFIXES | PACKED
# Inside an archive a text file is a read-me.
SINGLE = SUFFIXES - PACKED - {".shp", ".gdb", ".txt"}
ADVICE = {
    ".xls": "在 Excel 或 WPS 中打开，另存为 .xlsx",
    ".et": "在 WPS 中另存为 .xlsx",
    ".ods": "另存为 .xlsx",
    ".doc": "把表格复制到 Excel，另存为 .xlsx",
    ".docx": "把表格复制到 Excel，另存为 .xlsx",
    ".pdf": "向数据提供单位索取原始数据文件",
    ".rar": "解压后使用其中的文件",
    ".7z": "解压后使用其中的文件",
    ".mdb": "在 ArcGIS 中导出为文件地理数据库（.gdb）或 shapefile",
    ".tab": "在 MapInfo 或 QGIS 中导出为 shapefile 或 GeoPackage",
    ".mif": "在 MapInfo 或 QGIS 中导出为 shapefile 或 GeoPackage",
    ".gml": "在 QGIS 中导出为 GeoPackage",
    ".gpx": "在 QGIS 中导出为 GeoPackage",
    ".vrt": "给出它引用的原始数据文件",
    ".dgn": "在 CAD 中另存为 DXF",
    ".dbf": "给出同名的 .shp；只有属性时另存为 .xlsx",
    ".prj": "给出同名的 .shp",
    ".tif": "栅格不能作为图层；高程栅格写在 walking.dem",
}


def open_raw(source: SourceSpec, path: Path, place: Place, *, shape: str | None = None) -> Raw | None:
    """Return what the file holds, as read; None when it cannot be used, with the reason in the log.

    Parameters
    ----------
    shape : geometry kind wanted, where a format holds several side by side (DXF, KML, GeoPackage).
    """
    suffix = path.suffix.lower()
    if not _check_file(source, path, suffix, place):
        return None
    if suffix in PACKED:
        raw = _open_packed(source, path, place, shape)
    elif suffix == ".shp":
        raw = shapefile.read_plain(path, place, layer=source.layer, encoding=source.encoding)
    else:
        raw = _open_one(source, path, suffix, place, shape, layer=source.layer)
    if raw is not None and source.wkt is not None:
        return _read_wkt(raw, source.wkt, place)
    return raw


def _check_file(source: SourceSpec, path: Path, suffix: str, place: Place) -> bool:
    """Refuse what is absent, empty, of no supported format, or not what its name says."""
    if not path.exists():
        near = [item.name for item in path.parent.glob(f"*{path.suffix}")][:5] if path.parent.is_dir() else []
        hint = f"该文件夹中有：{'、'.join(sorted(near))}" if near else "检查路径是否写对（相对于配置文件）"
        place.error("HSQ-F01", f"文件不存在：{source.path.as_posix()}", remedy=hint)
        return False
    if path.is_dir() != (suffix == ".gdb"):
        what = "是文件夹，不是文件" if path.is_dir() else "不是文件夹（个人地理数据库不支持）"
        place.error(
            "HSQ-F04", f"{path.name} {what}", remedy="指明文件夹里的具体文件；文件地理数据库为 .gdb 文件夹"
        )
        return False
    if suffix not in SUFFIXES:
        supported = f"支持：{'、'.join(sorted(SUFFIXES))}"
        place.error(
            "HSQ-F04", f"不支持的文件格式 {suffix or '（无扩展名）'}",
            remedy=f"{ADVICE[suffix]}。{supported}" if suffix in ADVICE else supported,
        )  # fmt: skip
        return False
    if path.is_dir():
        return True
    if path.stat().st_size == 0:
        place.error("HSQ-F02", "文件是空的（0 字节）", remedy="重新复制或导出该文件")
        return False
    if suffix == ".shp":
        # Companions come first: without them a shapefile is no use, whatever its bytes.
        files = {item.suffix.lower(): item for item in path.parent.iterdir() if item.stem == path.stem}
        return shapefile.check_parts(files, place) and check_content(path, suffix, place)
    return check_content(path, suffix, place)


def _open_one(
    source: SourceSpec, opened: Opened, suffix: str, place: Place, shape: str | None, *, layer: str | None
) -> Raw | None:
    if suffix in sheet.SUFFIXES:
        return sheet.read_sheet(
            opened, place, suffix=suffix, sheet=layer, encoding=source.encoding,
            header_rows=source.header_rows, skip_rows=source.skip_rows,
        )  # fmt: skip
    if suffix in kml.SUFFIXES:
        return kml.read_kml(opened, place, layer=layer, shape=shape)
    if suffix in drawing.SUFFIXES:
        return drawing.read_drawing(
            opened,
            place,
            suffix=suffix,
            layer=layer,
            encoding=source.encoding,
            shape=shape,
            labels=source.labels,
        )
    return gdal.read_database(
        opened, place, suffix=suffix, layer=layer, encoding=source.encoding, shape=shape
    )


def _open_packed(source: SourceSpec, path: Path, place: Place, shape: str | None) -> Raw | None:
    """Read one data set out of an archive, through memory."""
    archive = open_archive(path, place)
    if archive is None:
        return None
    parts = list_parts(archive, SINGLE)
    if not parts:
        report_nothing(archive, place, supported=SINGLE | {".shp", ".gdb"})
        return None
    fitting = [part for part in parts if _fits(archive, part, shape)]
    chosen = pick_part(parts, source.layer, place, fitting=fitting)
    if chosen is None:
        return None
    part, layer = chosen
    if part.suffix == ".shp":
        return shapefile.read_packed(archive, part, place, encoding=source.encoding)
    try:
        content = (
            pack_plain(archive, part.files)
            if part.suffix == ".gdb"
            else archive.read(part.files[part.suffix])
        )
    except DAMAGED:
        place.error(
            "HSQ-F02", "压缩包内的文件已损坏，无法解压", value=part.path, remedy="重新压缩或解压后使用"
        )
        return None
    if part.suffix != ".gdb" and not check_content(content, part.suffix, place):
        return None
    return _open_one(source, content, part.suffix, place, shape, layer=layer)


def _fits(archive: Archive, part: Part, shape: str | None) -> bool:
    """Tell a shapefile of the wanted geometry by its header."""
    if part.suffix != ".shp" or shape in (None, "any"):
        return False
    try:
        return shapefile.shape_of(archive.head(part.files[".shp"], 36)) == shape
    except DAMAGED:
        return False


def _read_wkt(raw: Raw, column: str, place: Place) -> Raw | None:
    """Return the rows with the geometry that a column of text holds."""
    if column not in raw.table.columns:
        place.error(
            "HSQ-V01", f"没有列“{column}”", field="wkt", value=column,
            remedy=f"文件中的列：{'、'.join(str(name) for name in raw.table.columns[:30])}",
        )  # fmt: skip
        return None
    cells = raw.table[column]
    texts = np.array([_plain_wkt(cell) for cell in cells], dtype=object)
    shapes = pd.Series(shapely.from_wkt(texts, on_invalid="ignore"), index=raw.table.index, dtype=object)
    torn = pd.Series(texts, index=raw.table.index).notna() & shapes.isna()
    for row in cells.index[torn]:
        place.error(
            "HSQ-G07", "WKT 文本不完整，无法构成图形", field=column, row=str(row), value=str(cells[row])[:60],
            remedy="重新导出；Excel 单元格最多 32,767 个字符，长图形会被截断",
        )  # fmt: skip
    return Raw(raw.table[~torn].drop(columns=column), shapes[~torn], raw.crs)


def _plain_wkt(cell: object) -> str | None:
    """Return the WKT of a cell; EWKT carries a code before it: SRID=4490;POINT (…)."""
    if not isinstance(cell, str) or not cell.strip():
        return None
    text = cell.strip()
    return text.partition(";")[2] if text.upper().startswith("SRID=") else text
