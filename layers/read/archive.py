"""Archives opened with suspicion: nothing is unpacked to disk, and what a member claims is tested first."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from layers.encoding import judge_cells
from layers.read.raw import Place
from layers.read.sniff import Opened

# What zipfile and zlib raise on damaged, encrypted or exotic archives.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
_MOST_BYTES = 2_000_000_000
_MOST_MEMBERS = 10_000
# Blank-padded attribute tables shrink 200 times and more, so a ratio alone proves nothing.
_RATIO, _RATIO_FROM_BYTES = 150, 200_000_000
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_JUNK = re.compile(r"(^|/)(__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$", re.IGNORECASE)
_PACKED = frozenset({".zip", ".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz"})


@dataclass(frozen=True)
class Archive:
    """A zip whose directory was found sound.

    Attributes
    ----------
    opened : where it is.
    members : files by their decoded path, folders and system litter left out, in the archive's order.
    """

    opened: Opened
    members: dict[str, zipfile.ZipInfo]

    def read(self, name: str) -> bytes:
        """Return a member's content; ``DAMAGED`` errors where it is torn or encrypted."""
        return self.read_many([name])[name]

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the content of several members.

        zipfile hands out no more bytes than the directory declared and checks their sum.
        """
        with zipfile.ZipFile(_source(self.opened)) as archive:
            return {name: archive.read(self.members[name]) for name in names}

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of a member."""
        with zipfile.ZipFile(_source(self.opened)) as archive, archive.open(self.members[name]) as stream:
            return stream.read(size)


def _source(opened: Opened) -> io.BytesIO | str:
    return io.BytesIO(opened) if isinstance(opened, bytes) else str(opened)


def open_archive(
    opened: Opened,
    place: Place,
    *,
    most_bytes: int = _MOST_BYTES,
    damaged: tuple[str, str] = ("压缩包无法打开或已损坏", "重新压缩或解压后使用"),
) -> Archive | None:
    """Return the archive if its directory is sound; None with the reason in the log.

    Parameters
    ----------
    most_bytes : unpacked size from which it is refused.
    damaged : what to say of one that cannot be opened, and the remedy; workbooks are archives to us only.
    place : gets HSQ-F02 damaged or encrypted, HSQ-F08 a member that leads out of the archive, is a link,
        or unpacks to an absurd size; HSQ-F05 a note where names are not in UTF-8.
    """
    try:
        with zipfile.ZipFile(_source(opened)) as archive:
            entries = archive.infolist()
    except DAMAGED:
        place.error("HSQ-F02", damaged[0], remedy=damaged[1])
        return None
    if not _check_sizes(entries, place, most_bytes):
        return None
    names = _decode_names(entries, place)
    if not _check_paths(entries, names, place):
        return None
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        place.error("HSQ-F02", "压缩包有密码，无法读取", remedy="解压后使用其中的文件")
        return None
    pairs = zip(names, entries, strict=True)
    members = {name: entry for name, entry in pairs if not entry.is_dir() and not _JUNK.search(name)}
    return Archive(opened, members)


def _check_sizes(entries: list[zipfile.ZipInfo], place: Place, most_bytes: int) -> bool:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > _MOST_MEMBERS:
        problem = f"压缩包内有 {len(entries)} 个文件，超过 {_MOST_MEMBERS} 个"
    elif total > most_bytes:
        problem = f"压缩包解压后为 {total / 1e9:.1f} GB，超过 {most_bytes / 1e9:g} GB"
    elif total > _RATIO_FROM_BYTES and total > _RATIO * max(packed, 1):
        problem = f"压缩包只有 {packed / 1e6:.1f} MB，解压后却有 {total / 1e6:.0f} MB，疑为压缩炸弹"
    else:
        return True
    place.error(
        "HSQ-F08", problem, action="不解压、不读取", remedy="核实来源；确属正常数据时先解压，只保留需要的文件"
    )
    return False


def _check_paths(entries: list[zipfile.ZipInfo], names: list[str], place: Place) -> bool:
    """Refuse members that would land outside the archive's own folder, or point there."""
    for entry, name in zip(entries, names, strict=True):
        parts = PurePosixPath(name).parts
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if ".." in parts or name.startswith("/") or re.match(r"[A-Za-z]:", name) or "\x00" in name:
            problem = "压缩包内有指向外部的路径"
        elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            problem = "压缩包内有符号链接或特殊文件"
        else:
            continue
        place.error(
            "HSQ-F08", problem, value=name.replace("\x00", "")[:100], action="不读取整个压缩包",
            remedy="核实来源；重新压缩，只放数据文件本身，不带上级目录和链接",
        )  # fmt: skip
        return False
    return True


def _decode_names(entries: list[zipfile.ZipInfo], place: Place) -> list[str]:
    """Return member paths as text: names without the UTF-8 mark are judged by their bytes, mostly GBK."""
    # zipfile reads unmarked names as code page 437, which keeps every byte.
    raw = [
        None if entry.flag_bits & _UTF8_FLAG else entry.orig_filename.encode("cp437", "replace")
        for entry in entries
    ]
    unmarked = [name for name in raw if name is not None and not name.isascii()]
    codec = judge_cells(unmarked).encoding
    if unmarked and codec != "UTF-8":
        place.note("HSQ-F05", "压缩包内的文件名没有编码标记", action=f"按 {codec} 读取文件名")
    names = [
        entry.orig_filename if name is None else name.decode(codec, "replace")
        for entry, name in zip(entries, raw, strict=True)
    ]
    return [name.replace("\\", "/") for name in names]


@dataclass(frozen=True)
class Part:
    """One data set inside an archive.

    Attributes
    ----------
    path : its path without suffix (shapefile), its file, or its folder (FileGDB).
    suffix : what it is: ``.shp``, ``.gdb``, ``.gpkg`` and so on.
    files : its members by suffix (shapefile), by file name (FileGDB), or under ``suffix`` alone.
    """

    path: str
    suffix: str
    files: dict[str, str]

    @property
    def name(self) -> str:
        """Last part of the path, without suffix."""
        return PurePosixPath(self.path).stem if self.suffix != ".shp" else PurePosixPath(self.path).name


def list_parts(archive: Archive, single: frozenset[str]) -> list[Part]:
    """Return the data sets of an archive: shapefiles with their companions, FileGDBs, single files.

    Parameters
    ----------
    single : suffixes of formats that are one file.
    """
    found: dict[str, Part] = {}
    for name in archive.members:
        path = PurePosixPath(name)
        suffix = path.suffix.lower()
        if suffix == ".shp":
            found[name] = Part(str(path.with_suffix("")), ".shp", {})
        elif suffix == ".gdbtable":
            folder = str(path.parent)
            found.setdefault(folder, Part(folder, ".gdb", {}))
        elif suffix in single:
            found[name] = Part(name, suffix, {suffix: name})
    for name in archive.members:
        path = PurePosixPath(name)
        if (database := found.get(str(path.parent))) is not None and database.suffix == ".gdb":
            database.files[path.name] = name
    for part in found.values():
        if part.suffix == ".shp":
            stem = part.path.lower()
            part.files.update(
                {name[len(part.path) :].lower(): name for name in archive.members if _stem(name) == stem}
            )
    return sorted(found.values(), key=lambda part: part.path)


def _stem(name: str) -> str:
    """Path without the last suffix, lower case: 道路.SHP and 道路.shp.xml do not share one."""
    return str(PurePosixPath(name).with_suffix("")).lower()


def pick_part(
    parts: list[Part], layer: str | None, place: Place, *, fitting: list[Part]
) -> tuple[Part, str | None] | None:
    """Choose a data set by the layer's name; a name that no data set has is a layer inside the only one.

    Parameters
    ----------
    fitting : those with the geometry wanted, from which the first is taken where no name is given.

    Returns
    -------
    part, layer : the data set and the layer inside it; None with the reason in the log.
    """
    listing = "、".join(part.path for part in parts[:30])
    if layer is not None:
        wanted = layer.removesuffix(".shp").strip("/")
        exact = [part for part in parts if part.path == wanted or part.path == layer]
        named = exact or [part for part in parts if part.name == wanted]
        if len(named) == 1:
            return named[0], None
        if named:
            place.error(
                "HSQ-F03", f"压缩包内有 {len(named)} 个“{layer}”", value=layer,
                remedy=f"写出文件夹，如 layer: {named[0].path}；共有：{listing}",
            )  # fmt: skip
            return None
        if len(parts) == 1 and parts[0].suffix != ".shp":
            return parts[0], layer
        place.error(
            "HSQ-F03", f"压缩包内没有名为“{layer}”的数据", value=layer, remedy=f"压缩包内有：{listing}"
        )
        return None
    chosen = (fitting or parts)[0]
    if len(parts) > 1:
        # One of the wanted kind among others is no guess.
        tell = place.note if len(fitting) == 1 else place.warn
        tell(
            "HSQ-F03", f"压缩包内有 {len(parts)} 份数据，没有指定用哪一份", value=listing[:200],
            action=f"读取 {chosen.path}", remedy="在配置的 layer 中写明名称",
        )  # fmt: skip
    return chosen, None


def pack_plain(archive: Archive, files: dict[str, str]) -> bytes:
    """Return chosen members as an uncompressed archive under plain names, all in memory.

    GDAL is handed this and never the archive itself: no path, name or link of it reaches GDAL.

    Parameters
    ----------
    files : new name to member.
    """
    content = archive.read_many(files.values())
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as plain:
        for name in sorted(files):
            plain.writestr(zipfile.ZipInfo(name), content[files[name]])
    return made.getvalue()


def report_nothing(archive: Archive, place: Place, *, supported: Iterable[str]) -> None:
    """Say that an archive holds no data set, and what it does hold."""
    packed = [name for name in archive.members if PurePosixPath(name).suffix.lower() in _PACKED]
    shown = "、".join(list(archive.members)[:10]) or "（空）"
    if packed:
        place.error("HSQ-F02", "压缩包里还是压缩包", value=shown, remedy="逐层解压后使用其中的数据文件")
        return
    place.error(
        "HSQ-F02", "压缩包内没有可读取的数据", value=shown, remedy=f"应包含：{'、'.join(sorted(supported))}"
    )
