"""What a DWG says of itself: its release, and the page map of R2004 and later, which tells a file that breaks off.

After the Open Design Specification for .dwg files, section 4.1 (R2004 file header): 0x6C bytes at 0x80, each XORed
with a fixed sequence, hold the file id, the end of the last page and the place of a second copy of the header.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.audit.findings import UnreadableError

_AT, _SIZE = 0x80, 0x6C
_ID = b"AcFssFcAJMB\0"
RELEASES = {
    "AC1015": "2000",
    "AC1018": "2004",
    "AC1021": "2007",
    "AC1024": "2010",
    "AC1027": "2013",
    "AC1032": "2018",
}


@dataclass(frozen=True)
class DwgHead:
    """Release such as AC1024, and the bytes the file must have at least."""

    release: str
    least: int


def _mask() -> bytes:
    seed, found = 1, bytearray()
    for _ in range(_SIZE):
        seed = (seed * 0x343FD + 0x269EC3) & 0xFFFFFFFF
        found.append(seed >> 16 & 0xFF)
    return bytes(found)


def read_head(path: Path, name: str) -> DwgHead:
    """Read the header of a DWG.

    Raises
    ------
    UnreadableError
        When it is none, its header is damaged, or the file is shorter than its own pages.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableError(name, "没有这个文件，或不能读取") from error
    release = content[:6].decode("ascii", "replace")
    if release not in RELEASES:
        raise UnreadableError(name, f"不是 DWG 文件（文件头为 {release!r}）")
    if release == "AC1015" or release == "AC1021":
        # Their headers are built otherwise; that they are DWG is all that is told here.
        return DwgHead(release, len(content))
    head = bytes(a ^ b for a, b in zip(content[_AT : _AT + _SIZE], _mask(), strict=False))
    if len(head) < _SIZE or not head.startswith(_ID):
        raise UnreadableError(name, "DWG 文件头已损坏")
    (check,) = struct.unpack_from("<I", head, 0x68)
    if check not in (_crc(head), 0):
        raise UnreadableError(name, "DWG 文件头校验值不符，文件已损坏")
    last, second = struct.unpack_from("<QQ", head, 0x2C)
    least = max(last, second + _SIZE)
    if len(content) < least:
        raise UnreadableError(name, f"DWG 不完整：应至少 {least} 字节，只有 {len(content)} 字节")
    return DwgHead(release, least)


def _crc(head: bytes) -> int:
    """Return the check value, reckoned with its own four bytes as zeros."""
    return zlib.crc32(head[:0x68] + b"\0\0\0\0")
