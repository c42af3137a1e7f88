"""Workbooks read as they are on disk: values, formulas, merged cells, formats and paper of every sheet.

Both the formula and the stored result of a cell are needed at once, which openpyxl gives only by reading twice.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree as ET

from layers.read.archive import DAMAGED
from pipeline.audit.findings import UnreadableError

Value: TypeAlias = str | float | None
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"([A-Z]+)(\d+)")
# Of the formats Excel has built in only these two are shares.
_PERCENT = {9: "0%", 10: "0.00%"}


@dataclass
class Grid:
    """One sheet; rows and columns count from 1.

    Attributes
    ----------
    values : what is shown, stored results for formulas.
    formulas : formula texts.
    formats : number formats other than General.
    merges : first row, first column, last row, last column.
    paper : Excel's number of the paper, 8 is A3, 9 A4; 0 when not stated.
    """

    name: str
    values: dict[tuple[int, int], Value] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    paper: int = 0

    @cached_property
    def bottom(self) -> int:
        """The last row with a value."""
        return max((row for (row, _), value in self.values.items() if value is not None), default=0)

    @cached_property
    def right(self) -> int:
        """The last column with a value."""
        return max((column for (_, column), value in self.values.items() if value is not None), default=0)

    @cached_property
    def _owner(self) -> dict[tuple[int, int], tuple[int, int]]:
        return {
            (row, column): (top, left)
            for top, left, low, right in self.merges
            for row in range(top, low + 1)
            for column in range(left, right + 1)
        }

    def at(self, row: int, column: int) -> Value:
        """Return a cell's value; every cell of a merged range has that of its first."""
        place = (row, column)
        return self.values.get(self._owner.get(place, place))

    def text(self, row: int, column: int) -> str:
        """Return a cell as text, whole numbers without decimals."""
        return show(self.at(row, column))


def show(value: Value) -> str:
    """Return a value as it reads."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return value


def read_book(path: Path, name: str) -> dict[str, Grid]:
    """Return the sheets of a workbook in order.

    Raises
    ------
    UnreadableError
        When the file is no workbook, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            broken = parts.testzip()
            if broken:
                raise UnreadableError(name, f"工作簿已损坏：{broken}")
            texts = _read_strings(parts)
            forms = _read_formats(parts)
            return {title: _read_sheet(title, parts.read(part), texts, forms) for title, part in _list(parts)}
    except OSError as error:
        raise UnreadableError(name, "没有这个文件，或不能读取") from error
    except (*DAMAGED, KeyError, IndexError, ET.ParseError) as error:
        raise UnreadableError(name, "不是可以打开的 xlsx 工作簿，或已损坏") from error


def _list(parts: zipfile.ZipFile) -> list[tuple[str, str]]:
    book = ET.fromstring(parts.read("xl/workbook.xml"))
    rels = ET.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    targets = {item.get("Id"): str(item.get("Target")) for item in rels}
    found = []
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets[sheet.get(_REL)]
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        found.append((str(sheet.get("name")), part))
    return found


def _read_strings(parts: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in parts.namelist():
        return []
    root = ET.fromstring(parts.read("xl/sharedStrings.xml"))
    return [_join(item) for item in root.iter(f"{_MAIN}si")]


def _join(item: ET.Element) -> str:
    """Return the text of a string with or without runs; readings (rPh) are no part of it."""
    phonetic = {id(text) for run in item.iter(f"{_MAIN}rPh") for text in run.iter(f"{_MAIN}t")}
    return "".join(text.text or "" for text in item.iter(f"{_MAIN}t") if id(text) not in phonetic)


def _read_formats(parts: zipfile.ZipFile) -> list[str]:
    if "xl/styles.xml" not in parts.namelist():
        return []
    root = ET.fromstring(parts.read("xl/styles.xml"))
    own = {int(f.get("numFmtId", 0)): str(f.get("formatCode")) for f in root.iter(f"{_MAIN}numFmt")}
    cells = root.find(f"{_MAIN}cellXfs")
    ids = [] if cells is None else [int(item.get("numFmtId", 0)) for item in cells]
    return [own.get(number, _PERCENT.get(number, "")) for number in ids]


def _read_sheet(name: str, content: bytes, texts: list[str], forms: list[str]) -> Grid:
    root = ET.fromstring(content)
    grid = Grid(name)
    for cell in root.iter(f"{_MAIN}c"):
        match = _PLACE.fullmatch(str(cell.get("r")))
        if match is None:
            continue
        place = (int(match[2]), _column(match[1]))
        grid.values[place] = _value(cell, texts)
        formula = cell.find(f"{_MAIN}f")
        if formula is not None:
            grid.formulas[place] = formula.text or ""
        style = int(cell.get("s", 0))
        if style < len(forms) and forms[style]:
            grid.formats[place] = forms[style]
    for item in root.iter(f"{_MAIN}mergeCell"):
        corners = _PLACE.findall(str(item.get("ref")))
        if len(corners) == 2:
            (left, top), (right, low) = corners
            grid.merges.append((int(top), _column(left), int(low), _column(right)))
    setup = root.find(f"{_MAIN}pageSetup")
    if setup is not None:
        grid.paper = int(setup.get("paperSize", 0))
    return grid


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _value(cell: ET.Element, texts: list[str]) -> Value:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _join(cell) or None
    raw = cell.find(f"{_MAIN}v")
    if raw is None or raw.text is None:
        return None
    if kind == "s":
        return texts[int(raw.text)] or None
    return float(raw.text) if kind == "n" else raw.text
