"""What a file is by its first bytes: a name is a claim, and libraries that guess by content follow any disguise."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TypeAlias

from layers.read.raw import Place

Opened: TypeAlias = Path | bytes  # a file on disk, or a member of an archive

_HEAD = 65536
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"fgb\x03fgb", "fgb"),
    (b"\x00\x00\x27\x0a", "shp"),
    (b"AutoCAD Binary DXF", "dxf"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"%PDF", "pdf"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x00\x01\x00\x00Standard Jet", "mdb"),
    (b"\x00\x01\x00\x00Standard ACE", "mdb"),
)
# Chinese name of a content, and what to do with it.
_NAMES: dict[str, tuple[str, str]] = {
    "zip": ("zip 压缩包", "把扩展名改为 .zip，或解压后使用其中的文件"),
    "xlsx": ("xlsx 工作簿", "把扩展名改为 .xlsx"),
    "docx": ("Word 文档", "把表格另存为 .xlsx"),
    "kmz": ("KMZ", "把扩展名改为 .kmz"),
    "ole": ("旧版 Office 文件（.xls 等）", "在 Excel 或 WPS 中打开，另存为 .xlsx"),
    "locked": ("加密的 Office 文件", "在 Excel 或 WPS 中去掉打开密码后另存为 .xlsx"),
    "sqlite": ("SQLite 数据库（GeoPackage 等）", "GeoPackage 请把扩展名改为 .gpkg"),
    "fgb": ("FlatGeobuf", "把扩展名改为 .fgb"),
    "shp": ("shapefile", "把扩展名改为 .shp，并补齐 .shx、.dbf、.prj"),
    "dxf": ("DXF 图形", "把扩展名改为 .dxf"),
    "dwg": ("DWG 图形", "把扩展名改为 .dwg"),
    "tiff": ("TIFF 栅格", "把扩展名改为 .tif；此处需要矢量或表格"),
    "pdf": ("PDF", "向数据提供单位索取原始数据文件"),
    "rar": ("RAR 压缩包", "解压后使用其中的文件"),
    "7z": ("7z 压缩包", "解压后使用其中的文件"),
    "gzip": ("gzip 压缩文件", "解压后使用其中的文件"),
    "bzip2": ("bzip2 压缩文件", "解压后使用其中的文件"),
    "picture": ("图片", "向数据提供单位索取原始数据文件"),
    "mdb": ("Access 数据库（个人地理数据库）", "在 ArcGIS 中导出为文件地理数据库（.gdb）或 shapefile"),
    "html": ("网页", "在浏览器或 Excel 中打开，另存为 .xlsx 或 .csv"),
    "kml": ("KML", "把扩展名改为 .kml"),
    "xml": ("XML", "用生成它的软件另存为 shp、gpkg 或 xlsx"),
    "json": ("JSON", "若为 GeoJSON，把扩展名改为 .geojson"),
}
# What a suffix may hold. Text and unknown bytes are no format of their own: there the file is called damaged.
_EXPECTED: dict[str, frozenset[str]] = {
    ".shp": frozenset({"shp"}),
    ".gpkg": frozenset({"sqlite"}),
    ".fgb": frozenset({"fgb"}),
    ".geojson": frozenset({"json"}),
    ".json": frozenset({"json"}),
    ".kml": frozenset({"kml", "xml"}),
    ".kmz": frozenset({"zip", "kmz"}),
    ".zip": frozenset({"zip", "kmz", "xlsx", "docx"}),
    ".dxf": frozenset({"dxf"}),
    ".dwg": frozenset({"dwg"}),
    ".xlsx": frozenset({"xlsx"}),
    ".xlsm": frozenset({"xlsx"}),
    ".csv": frozenset({"text"}),
    ".txt": frozenset({"text"}),
    ".tif": frozenset({"tiff"}),
    ".tiff": frozenset({"tiff"}),
    ".mbtiles": frozenset({"sqlite"}),
}
# Magic words that plain text might begin with as well.
_PATTERNS = ((re.compile(rb"AC10\d\d\x00"), "dwg"), (re.compile(rb"BZh[1-9]1AY&SY"), "bzip2"))
_UNKNOWN = frozenset({"text", "binary"})
_PLAIN_DXF = re.compile(rb"^(?:\s*999\s*\r?\n.*\r?\n)*\s*0\s*\r?\n\s*SECTION\s*\r?\n", re.ASCII)
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def read_head(opened: Opened, size: int = _HEAD) -> bytes:
    """Return the first bytes of a file or member."""
    if isinstance(opened, bytes):
        return opened[:size]
    with opened.open("rb") as stream:
        return stream.read(size)


def read_all(opened: Opened) -> bytes:
    """Return the whole content."""
    return opened if isinstance(opened, bytes) else opened.read_bytes()


def sniff_kind(head: bytes) -> str:
    """Return what content begins like this: a key such as ``shp`` or ``zip``, ``text`` or ``binary``."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return "locked" if kind == "ole" and _LOCKED in head else kind
    for pattern, kind in _PATTERNS:
        if pattern.match(head):
            return kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[: len(head) // 2 * 2].decode("utf-16", "ignore").encode()
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    low = plain[:4096].lower()
    if low.startswith(b"<"):
        if b"<kml" in low:
            return "kml"
        return "html" if re.search(rb"<(!doctype html|html|table|body)\b", low) else "xml"
    if plain.startswith((b"{", b"[")):
        return "json"
    if _PLAIN_DXF.match(plain):
        return "dxf"
    return "binary" if b"\x00" in head else "text"


def _look_inside(opened: Opened) -> str:
    """Tell office files and KMZ from other archives."""
    if isinstance(opened, bytes):
        return "zip"
    try:
        with zipfile.ZipFile(opened) as archive:
            names = {name.lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "zip"
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "word/document.xml" in names:
        return "docx"
    if len(names) < 1000 and any(name.endswith(".kml") for name in names):
        return "kmz"
    return "zip"


def check_content(opened: Opened, suffix: str, place: Place) -> bool:
    """Refuse a file whose content is not what its name says.

    Parameters
    ----------
    suffix : extension with its dot, lower case; extensions without a rule pass.
    place : gets HSQ-F07 where the content is another known format, HSQ-F02 where it is none.
    """
    expected = _EXPECTED.get(suffix)
    if expected is None:
        return True
    kind = sniff_kind(read_head(opened))
    if kind == "zip" and "zip" not in expected:
        kind = _look_inside(opened)
        if kind == "zip" and "xlsx" in expected:  # a torn workbook shows no parts
            kind = "xlsx"
    if kind in expected:
        return True
    if kind in _UNKNOWN:
        place.error(
            "HSQ-F02",
            f"文件无法打开或已损坏，不是有效的 {suffix} 数据",
            remedy="用 QGIS、CAD 或 Excel 等软件打开检查后重新导出",
        )
        return False
    name, remedy = _NAMES[kind]
    place.error("HSQ-F07", f"扩展名为 {suffix}，内容却是{name}", value=suffix, action="不读取", remedy=remedy)
    return False
