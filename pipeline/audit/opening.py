"""Find the hand-in in what a user names: its folder, a run's output, or a zip of it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layers.read.archive import DAMAGED

# Any of these tells a hand-in.
_SIGNS = ("成果目录.xlsx", "manifest.json", "数据库", "图件", "表格")
_ENOUGH = 2
_UTF8 = 0x800
# Some thirty times the largest hand-in seen; a zip that claims more is none, or is meant to fill the disk.
_MOST_BYTES = 20 * 1024**3
_MOST_FILES = 100_000


class NotHandInError(Exception):
    """What was named is no hand-in, or cannot be opened."""


@contextmanager
def open_handin(path: Path) -> Iterator[Path]:
    """Yield the folder of a hand-in; a zip is unpacked for as long.

    Raises
    ------
    NotHandInError
        When there is none.
    """
    if path.is_dir():
        yield _find_root(path, path)
    elif path.is_file() and zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="haoshequ-") as place:
            _unpack(path, Path(place))
            yield _find_root(Path(place), path)
    elif path.is_file() and path.suffix.lower() == ".zip":
        raise NotHandInError(f"{path} 不能解压：压缩包不完整或已损坏，请重新复制或下载")
    elif path.exists():
        raise NotHandInError(f"{path} 不是文件夹，也不是 zip")
    else:
        raise NotHandInError(f"文件夹或文件不存在：{path}")


def _find_root(folder: Path, named: Path) -> Path:
    """Return the folder that holds the hand-in: itself, its 成果, or the only one that does."""
    below = [folder / "成果", *sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "成果")]
    for one in (folder, *below):
        if sum((one / sign).exists() for sign in _SIGNS) >= _ENOUGH:
            return one
    raise NotHandInError(f"{named} 不是成果：其中没有 {'、'.join(_SIGNS)}")


def _unpack(path: Path, target: Path) -> None:
    """Unpack a zip; names that do not say UTF-8 are GBK, as Chinese Windows writes them."""
    try:
        with zipfile.ZipFile(path) as parts:
            _refuse_size(path, parts.infolist(), shutil.disk_usage(target).free)
            # zipfile hands out no more bytes than the directory declares, so that what was counted is the most.
            for entry in parts.infolist():
                if not entry.flag_bits & _UTF8:
                    entry.filename = _read_name(entry.filename)
                parts.extract(entry, target)
    except DAMAGED as error:
        raise NotHandInError(f"{path} 不能解压：压缩包不完整、已损坏或有密码") from error


def _refuse_size(path: Path, entries: list[zipfile.ZipInfo], free: int) -> None:
    size = sum(entry.file_size for entry in entries)
    if len(entries) > _MOST_FILES or size > _MOST_BYTES:
        raise NotHandInError(
            f"{path} 不能解压：解压后有 {len(entries)} 个文件、{size / 1024**3:.1f} GB，不像一套成果"
        )
    if size > free:
        raise NotHandInError(
            f"{path} 不能解压：解压后需 {size / 1024**2:.0f} MB，临时目录只剩 {free / 1024**2:.0f} MB；请先自行解压，再检查文件夹"
        )


def _read_name(name: str) -> str:
    raw = name.encode("cp437")
    for encoding in ("utf-8", "gbk"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name
