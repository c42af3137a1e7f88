"""XML from strangers: a document type is refused before anything is expanded, encodings are made UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Literal, TypeAlias
from xml.etree import ElementTree
from xml.parsers import expat

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9_\-.]+)["']""")
_CHUNK = 65536
Events: TypeAlias = tuple[Literal["start", "end"], ...]
_NATIVE = frozenset({"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "iso-8859-1"})


class UnsafeXml(ValueError):
    """Raised when XML declares a document type, by which entities could grow without bound or name files."""


class _Begun(Exception):
    pass


def check_prolog(stream: IO[bytes]) -> None:
    """Read up to the root element and leave the stream at its beginning.

    Raises
    ------
    UnsafeXml
        If there is a document type.
    expat.ExpatError
        If it is no XML.
    """

    def refuse(*_: object) -> None:
        raise UnsafeXml("document type")

    def stop(*_: object) -> None:
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)
    except _Begun:
        pass
    finally:
        stream.seek(0)


def read_elements(
    stream: IO[bytes], *, events: Events = ("end",)
) -> Iterator[tuple[str, ElementTree.Element]]:
    """Yield events of XML elements whose prolog is safe.

    Raises
    ------
    UnsafeXml
        If there is a document type.
    expat.ExpatError, ElementTree.ParseError
        If it is no well-formed XML.
    """
    check_prolog(stream)
    yield from ElementTree.iterparse(stream, events=events)


def recode(content: bytes) -> bytes:
    """Return XML in an encoding the parser knows: GBK and its kin become UTF-8."""
    declared = _DECLARED.match(content.removeprefix(b"\xef\xbb\xbf"))
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name in _NATIVE:
        return content
    codec = "gb18030" if name.startswith(("gb", "cp936", "936")) else name
    text = content.decode(codec, errors="replace")
    return re.sub(r"^\s*<\?xml.*?\?>", "", text, count=1, flags=re.DOTALL).encode("utf-8")


def local_name(element: ElementTree.Element) -> str:
    """Return the tag without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
