"""SQLite files looked at before GDAL opens them: whole, a GeoPackage, and reaching for nothing outside."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from layers.read.raw import Place
from layers.read.sniff import Opened, read_head

_MODULE = re.compile(r"\bUSING\s+[\"'`\[]?(\w+)", re.IGNORECASE)
_JOURNALS = ("-wal", "-journal")


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


def open_sqlite(opened: Opened, place: Place) -> Opened | None:
    """Return a GeoPackage that is safe to hand to GDAL, pending changes and all; None with the reason in the log."""
    if not check_sqlite(opened, place):
        return None
    ready = _keep_untouched(opened, place)
    # What is pending in a journal was not looked at yet.
    return ready if ready is opened or check_sqlite(ready, place) else None


def _keep_untouched(opened: Opened, place: Place) -> Opened:
    """Return what can be read without SQLite touching the file or leaving anything beside it.

    A database in write-ahead mode makes files even for a reader, and whoever opens one with pending changes
    merges them: both happen to a copy. Bytes 18 and 19 of the header switch the copy to the plain mode.
    """
    if isinstance(opened, bytes):
        return opened
    journals = [opened.with_name(opened.name + suffix) for suffix in _JOURNALS]
    pending = [path for path in journals if path.exists() and path.stat().st_size]
    if not pending and read_head(opened, 20)[18:20] != b"\x02\x02":
        return opened
    content = bytearray(_merge_copy(opened, pending) if pending else opened.read_bytes())
    if pending:
        told = "、".join(path.name[len(opened.name) :] for path in pending)
        place.warn(
            "HSQ-F06", f"数据库还有未合并的修改（{told} 文件）", action="连同这些修改一起读取，原文件不动",
            remedy="关闭正在使用它的 QGIS 等软件，并把 -wal、-journal 文件一并复制",
        )  # fmt: skip
    content[18:20] = b"\x01\x01"
    return bytes(content)


def _merge_copy(path: Path, pending: list[Path]) -> bytes:
    """Return a database with its pending changes, merged in a place of its own."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.gpkg"
        shutil.copyfile(path, copy)
        for journal in pending:
            shutil.copyfile(journal, copy.with_name(copy.name + journal.name[len(path.name) :]))
        with closing(sqlite3.connect(copy)) as base, suppress(sqlite3.Error):
            base.execute("SELECT count(*) FROM sqlite_master").fetchall()  # rolls a broken change back
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return copy.read_bytes()
