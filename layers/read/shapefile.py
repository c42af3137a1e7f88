"""Shapefiles, plain or in an archive: companions, lengths, and text that is decoded by evidence."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pandas as pd

from layers.encoding import Verdict, decode_cell, judge_dbf, normalise_name
from layers.read.archive import DAMAGED, Archive, Part, pack_plain
from layers.read.gdal import make_raw, read_layer
from layers.read.raw import Place, Raw
from layers.read.sniff import Opened, read_all, read_head

# Every byte is a character in it, so text comes through untouched and is decoded here, cell by cell.
_BYTES = "ISO-8859-1"
_NEEDED = (".shp", ".shx", ".dbf", ".prj")
# Kind of geometry by the header's shape type: points, lines and areas, plain, with Z and with M.
_SHAPES = {1: "point", 8: "point", 3: "line", 5: "polygon"}


def read_plain(path: Path, place: Place, *, layer: str | None, encoding: str | None) -> Raw | None:
    """Read a shapefile from its folder."""
    files: dict[str, Opened] = {
        item.suffix.lower(): item for item in path.parent.iterdir() if item.stem == path.stem
    }
    if not check_parts(files, place):
        return None
    return _read(path, files, place, layer=layer, encoding=encoding)


def read_packed(archive: Archive, part: Part, place: Place, *, encoding: str | None) -> Raw | None:
    """Read a shapefile out of an archive, through memory."""
    if not check_parts(part.files, place):
        return None
    wanted = {suffix: part.files[suffix] for suffix in (*_NEEDED, ".cpg") if suffix in part.files}
    try:
        content: Mapping[str, Opened] = {s: archive.read(name) for s, name in wanted.items()}
        packed = pack_plain(archive, {f"data{s}": name for s, name in wanted.items() if s != ".cpg"})
    except DAMAGED:
        place.error(
            "HSQ-F02", "压缩包内的文件已损坏，无法解压", value=part.path, remedy="重新压缩或解压后使用"
        )
        return None
    return _read(packed, content, place, layer=None, encoding=encoding)


def shape_of(head: bytes) -> str | None:
    """Return ``point``, ``line`` or ``polygon`` by the first 36 bytes of a .shp."""
    return _SHAPES.get(int.from_bytes(head[32:36], "little") % 10) if len(head) >= 36 else None


def check_parts(files: Mapping[str, object], place: Place) -> bool:
    """Report companions of a shapefile that are missing; without .dbf or .shx it is refused."""
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in files]
    for suffix in missing:
        place.error("HSQ-F06", f"缺少配套文件 {suffix}", remedy="连同 .shp 一起复制 .shx、.dbf、.prj")
    return not missing


def _read(
    opened: Opened,
    files: Mapping[str, Opened],
    place: Place,
    *,
    layer: str | None,
    encoding: str | None,
) -> Raw | None:
    if not _check_lengths(files, place):
        return None
    codec = _choose_encoding(files, place, encoding)
    if codec is None:
        return None
    frame = read_layer(opened, place, layer=layer, shape=None, suffix=".shp", encoding=_BYTES)
    return make_raw(decode_frame(frame, codec)) if frame is not None else None


def _size(opened: Opened) -> int:
    return len(opened) if isinstance(opened, bytes) else opened.stat().st_size


def _check_lengths(files: Mapping[str, Opened], place: Place) -> bool:
    """Compare the lengths the headers state with the files: a copy that broke off reads as empty shapes."""
    counts = {}
    for suffix in (".shp", ".shx", ".dbf"):
        head, size = read_head(files[suffix], 100), _size(files[suffix])
        if suffix == ".dbf":
            if len(head) < 32:
                place.error("HSQ-F02", "属性表 .dbf 不完整或为空", remedy="重新复制或导出 shapefile")
                return False
            counts[suffix], header, record = struct.unpack("<IHH", head[4:12])
            stated = header + counts[suffix] * record
        else:
            if len(head) < 100:
                place.error("HSQ-F02", f"{suffix} 不完整或为空", remedy="重新复制或导出 shapefile")
                return False
            stated = 2 * int.from_bytes(head[24:28], "big")
            counts[suffix] = (stated - 100) // 8
        if size < stated:
            place.error(
                "HSQ-F02", f"{suffix} 不完整：应有 {stated:,} 字节，实有 {size:,} 字节",
                remedy="文件在复制或下载时被截断，重新复制或导出",
            )  # fmt: skip
            return False
    if counts[".shx"] != counts[".dbf"]:
        place.error(
            "HSQ-F02", f"图形 {counts['.shx']} 个，属性 {counts['.dbf']} 行，数目不符",
            remedy=".shp、.shx、.dbf 不是同一次导出的，重新导出整套文件",
        )  # fmt: skip
        return False
    return True


def _choose_encoding(files: Mapping[str, Opened], place: Place, declared: str | None) -> str | None:
    """Return the codec of a shapefile's attributes and report the verdict where it matters."""
    if declared:
        codec = normalise_name(declared)
        if codec is None:
            place.error("HSQ-F05", f"不认识的编码“{declared}”", value=declared, remedy="常用：utf-8、gbk")
        return codec
    cpg = read_all(files[".cpg"]) if ".cpg" in files else None
    try:
        with _open(files[".dbf"]) as dbf:
            verdict = judge_dbf(dbf, cpg=cpg)
    except ValueError as error:
        place.error("HSQ-F02", f"属性表无法读取：{error}", remedy="重新导出 shapefile")
        return None
    _report_encoding(verdict, place)
    return verdict.encoding


def _open(opened: Opened) -> IO[bytes]:
    return io.BytesIO(opened) if isinstance(opened, bytes) else opened.open("rb")


def _report_encoding(verdict: Verdict, place: Place) -> None:
    if verdict.conflict:
        place.warn(
            "HSQ-F05", f"声明的编码为 {verdict.claim}，实际为 {verdict.encoding}：{verdict.evidence}",
            action=f"按 {verdict.encoding} 读取", remedy="补上正确的 .cpg 文件",
        )  # fmt: skip
    elif not verdict.sure:
        place.warn(
            "HSQ-F05", f"编码无法确定：{verdict.evidence}", action=f"按 {verdict.encoding} 读取",
            remedy="在配置中写 encoding: gbk 或 utf-8",
        )  # fmt: skip
    elif not verdict.claim and verdict.encoding != "UTF-8":
        place.note("HSQ-F05", f"没有 .cpg 编码声明；{verdict.evidence}", action=f"按 {verdict.encoding} 读取")
    if verdict.cut:
        place.warn(
            "HSQ-F05", f"{verdict.cut} 种文字被字段宽度截断，末尾汉字只剩一半", action="去掉残缺的末字",
            remedy="加宽字段后重新导出",
        )  # fmt: skip


def decode_frame(frame: pd.DataFrame, codec: str) -> pd.DataFrame:
    """Decode names and text cells; distinct values only, since attributes repeat."""
    names = {
        name: decode_cell(name.encode(_BYTES), codec) if name != "geometry" else name
        for name in frame.columns
    }
    frame = frame.rename(columns=names)
    for name in frame.columns:
        if name == "geometry" or not (
            pd.api.types.is_object_dtype(frame[name]) or pd.api.types.is_string_dtype(frame[name])
        ):
            continue
        cells = frame[name].dropna()
        known = {
            cell: decode_cell(cell.encode(_BYTES), codec) for cell in cells.unique() if isinstance(cell, str)
        }
        frame[name] = frame[name].map(known)
    return frame
