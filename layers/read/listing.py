"""The layers, sheets and data sets of one file, under the names a plan config knows them by."""

from __future__ import annotations

from pathlib import Path

from layers.faults import FaultLog
from layers.read import book, gdal
from layers.read.archive import DAMAGED, list_parts, open_archive, pack_plain
from layers.read.opening import PACKED, SINGLE
from layers.read.raw import Place
from layers.read.sniff import Opened

# Formats with layers that are read by name; drawings and KML are read whole and parted afterwards.
_LAYERED = frozenset({".gpkg", ".gdb"})


def list_names(path: Path) -> tuple[str, ...]:
    """Return what a file holds side by side; nothing where it holds one thing without a name, or is broken.

    What is wrong with a file is not told here: the reader says it, asked for the first layer.
    """
    suffix = path.suffix.lower()
    if not path.exists() or path.is_dir() != (suffix == ".gdb"):
        return ()
    place = Place(path.name, "", FaultLog())
    return _list_packed(path, place) if suffix in PACKED else _list_one(path, suffix, place)


def list_hidden(path: Path) -> tuple[str, ...]:
    """Return the hidden sheets of a workbook, which nobody sees who opens it."""
    if path.suffix.lower() not in book.SUFFIXES or not path.is_file():
        return ()
    return tuple(book.list_sheets(path, Place(path.name, "", FaultLog()), hidden=True))


def _list_one(opened: Opened, suffix: str, place: Place) -> tuple[str, ...]:
    if suffix in book.SUFFIXES:
        return tuple(book.list_sheets(opened, place))
    return gdal.list_names(opened, place, suffix=suffix) if suffix in _LAYERED else ()


def _list_packed(path: Path, place: Place) -> tuple[str, ...]:
    """List the data sets of an archive, or what is in the only one."""
    archive = open_archive(path, place)
    if archive is None:
        return ()
    parts = list_parts(archive, SINGLE)
    if len(parts) > 1:
        names = [part.name for part in parts]
        return tuple(names if len(set(names)) == len(names) else [part.path for part in parts])
    if not parts or parts[0].suffix == ".shp":
        return ()
    (part,) = parts
    try:
        packed = part.suffix == ".gdb"
        content = pack_plain(archive, part.files) if packed else archive.read(part.files[part.suffix])
    except DAMAGED:
        return ()
    return _list_one(content, part.suffix, place)
