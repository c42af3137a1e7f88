"""Word documents as they are on disk: paragraphs with their styles, tables, page and margins."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from layers.read.archive import DAMAGED
from pipeline.audit.findings import UnreadableError

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TWIP_MM = 25.4 / 1440
_HEADING = re.compile(r"(?i)^(?:heading|标题)\s*(\d)$")


@dataclass
class Document:
    """A docx.

    Attributes
    ----------
    headings : level and text, in order.
    text : all text, a paragraph a line, cells of tables included.
    tables : cells by row and column.
    pages : width and height in mm of each section.
    mirrored : whether margins are mirrored, as for printing on both sides.
    pictures : drawings in it.
    """

    headings: list[tuple[int, str]] = field(default_factory=list)
    text: str = ""
    tables: list[list[list[str]]] = field(default_factory=list)
    pages: list[tuple[float, float]] = field(default_factory=list)
    mirrored: bool = False
    pictures: int = 0


def read_document(path: Path, name: str) -> Document:
    """Read a docx.

    Raises
    ------
    UnreadableError
        When it is none or damaged.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            body = ET.fromstring(parts.read("word/document.xml"))
            there = set(parts.namelist())
            styles = ET.fromstring(parts.read("word/styles.xml")) if "word/styles.xml" in there else None
            settings = (
                ET.fromstring(parts.read("word/settings.xml")) if "word/settings.xml" in there else None
            )
    except OSError as error:
        raise UnreadableError(name, "没有这个文件，或不能读取") from error
    except (*DAMAGED, KeyError, ET.ParseError) as error:
        raise UnreadableError(name, "不是可以打开的 docx，或已损坏") from error
    levels = _read_levels(styles)
    found = Document(mirrored=settings is not None and settings.find(f"{_W}mirrorMargins") is not None)
    lines = []
    for paragraph in body.iter(f"{_W}p"):
        text = _text(paragraph)
        lines.append(text)
        level = _level(paragraph, levels)
        if level and text.strip():
            found.headings.append((level, text.strip()))
    found.text = "\n".join(lines)
    found.tables = [
        [[_text(cell) for cell in row.findall(f"{_W}tc")] for row in table.findall(f"{_W}tr")]
        for table in body.iter(f"{_W}tbl")
    ]
    for size in body.iter(f"{_W}pgSz"):
        found.pages.append((_millimetres(size.get(f"{_W}w")), _millimetres(size.get(f"{_W}h"))))
    found.pictures = sum(1 for _ in body.iter(f"{_W}drawing"))
    return found


def _millimetres(twips: str | None) -> float:
    """Return a length in mm; 0 where the file states none that can be read."""
    try:
        return float(twips or 0) * _TWIP_MM
    except ValueError:
        return 0.0


def _text(element: ET.Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{_W}t"))


def _read_levels(styles: ET.Element | None) -> dict[str, int]:
    """Return heading levels by style id."""
    found: dict[str, int] = {}
    for style in () if styles is None else styles.iter(f"{_W}style"):
        key = str(style.get(f"{_W}styleId"))
        name = style.find(f"{_W}name")
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        match = _HEADING.match(str(name.get(f"{_W}val"))) if name is not None else None
        if match:
            found[key] = int(match[1])
        elif _outline(outline):
            found[key] = _outline(outline)
    return found


def _outline(element: ET.Element | None) -> int:
    """Return a heading level from an outline level, which counts from 0; 0 where it tells none."""
    told = "" if element is None else str(element.get(f"{_W}val", ""))
    return int(told) + 1 if told.isdecimal() and int(told) < 9 else 0


def _level(paragraph: ET.Element, levels: dict[str, int]) -> int:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    own = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
    if _outline(own):
        return _outline(own)
    return levels.get(str(style.get(f"{_W}val")), 0) if style is not None else 0
