"""Shapefiles, plain or in an archive: companions, lengths, and text that is decoded by evidence."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from layers.encoding import Verdict
from layers.read.archive import DAMAGED, Archive, Part, pack_plain
from layers.read.gdal import make_raw, read_layer
from layers.read.raw import Place, Raw
from layers.read.sniff import Opened, read_all, read_head
from layers.read.text import BYTES, decode_frame, judge_table

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
    verdict = _judge_parts(files, place, encoding)
    if verdict is None:
        return None
    frame = read_layer(opened, place, layer=layer, shape=None, suffix=".shp", encoding=BYTES)
    return make_raw(decode_frame(frame, verdict, place)) if frame is not None else None


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


def _judge_parts(files: Mapping[str, Opened], place: Place, declared: str | None) -> Verdict | None:
    """Return the encoding of a shapefile's attributes; None where they cannot be read."""
    cpg = read_all(files[".cpg"]) if ".cpg" in files else None
    with _open(files[".dbf"]) as dbf:
        return judge_table(dbf, place, cpg=cpg, declared=declared)


def _open(opened: Opened) -> IO[bytes]:
    return io.BytesIO(opened) if isinstance(opened, bytes) else opened.open("rb")
