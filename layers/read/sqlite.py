"""SQLite files looked at before GDAL opens them: whole, a GeoPackage, and reaching for nothing outside."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from layers.read.raw import Place
from layers.read.sniff import Opened, read_head

_MODULE = re.compile(r"\bUSING\s+[\"'`\[]?(\w+)", re.IGNORECASE)


def check_sqlite(opened: Opened, place: Place) -> bool:
    """Refuse a GeoPackage that broke off, is no GeoPackage, or whose tables reach for other files."""
    head = read_head(opened, 100)
    page = int.from_bytes(head[16:18], "big")
    stated = (65536 if page == 1 else page) * int.from_bytes(head[28:32], "big")
    size = len(opened) if isinstance(opened, bytes) else opened.stat().st_size
    counted = head[24:28] == head[92:96]  # the page count is valid only where both change counters agree
    if len(head) < 100 or (counted and size < stated):
        place.error(
            "HSQ-F02",
            f"文件不完整：应有 {stated:,} 字节，实有 {size:,} 字节",
            remedy="文件在复制或下载时被截断，重新复制",
        )
        return False
    try:
        tables = dict(_list_tables(opened))
    except sqlite3.Error:
        place.error("HSQ-F02", "数据库已损坏，无法读取", remedy="用 QGIS 打开检查后另存为新的 GeoPackage")
        return False
    if "gpkg_contents" not in tables:
        place.error("HSQ-F02", "SQLite 数据库不是 GeoPackage", remedy="用 QGIS 另存为 GeoPackage")
        return False
    for name, sql in sorted(tables.items()):
        module = _MODULE.search(sql) if sql.upper().lstrip().startswith("CREATE VIRTUAL") else None
        if module and module[1].lower() not in {"rtree", "fts3", "fts4", "fts5"}:
            place.error(
                "HSQ-F08", f"数据库中的表“{name}”引用外部数据（{module[1]}）", value=name, action="不打开",
                remedy="核实来源；用 QGIS 只把需要的图层另存为新的 GeoPackage",
            )  # fmt: skip
            return False
    return True


def _list_tables(opened: Opened) -> list[tuple[str, str]]:
    """Return names and definitions of tables and views; nothing of them is executed."""
    address = ":memory:" if isinstance(opened, bytes) else f"{opened.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as base:
        if isinstance(opened, bytes):
            base.deserialize(opened)
        return base.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()


def keep_untouched(opened: Opened, place: Place) -> Opened:
    """Return what can be read without SQLite leaving journal files beside it.

    A database in write-ahead mode makes such files even for a reader; unless changes are pending, a copy
    in memory is switched to the plain mode (bytes 18 and 19 of the header).
    """
    if isinstance(opened, bytes) or read_head(opened, 20)[18:20] != b"\x02\x02":
        return opened
    journal = opened.with_name(opened.name + "-wal")
    if journal.exists() and journal.stat().st_size:
        place.warn(
            "HSQ-F06", "数据库还有未合并的修改（-wal 文件）", action="连同这些修改一起读取",
            remedy="关闭正在使用它的 QGIS 等软件，并把 -wal 文件一并复制",
        )  # fmt: skip
        return opened
    content = bytearray(opened.read_bytes())
    content[18:20] = b"\x01\x01"
    return bytes(content)
