"""The numbers of 方案文本 and the cells they come from, as a reader of the delivered file finds them.

In the text a number is a link to its row of 附录“数字来源”. That table is what counts: it survives saving in
Word, WPS and LibreOffice, and whoever reads the text can follow it too.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree as ET

from layers.read.archive import DAMAGED
from pipeline.deliver.document.formula import evaluate, parse_formula, write_answer
from pipeline.deliver.document.grid import Grid, read_grid

PREFIX = "src_"  # of the bookmarks in 数字来源 that numbers link to
SETTING = "配置："  # begins the source of what is decided in a config, not computed
# Columns of 数字来源.
HEADS = ("编号", "含义", "数值", "来源表", "单元格或算式", "使用处")

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ENDS = re.compile(r"(?<=[。；])")
_BOOK = re.compile(r"^表格/([^/_]+)_[^/]*\.xlsx$")  # in 附表目录
_CELLS = re.compile(r"[A-Z]{1,3}\d+(?::[A-Z]{1,3}\d+)?")


@dataclass(frozen=True)
class Number:
    """A number, or a text taken from a table, as it stands in a sentence.

    Attributes
    ----------
    text : as printed in the sentence.
    key : its row in 数字来源, such as ``S012``.
    meaning : what it counts.
    file : workbook relative to 成果, such as ``表格/附表3-3_….xlsx``; empty where a config decides it.
    sheet : number of the table, which names its sheet unless it is written in the user's own form.
    cell : address or first range it is taken from, such as ``C4`` or ``C4:C40``.
    formula : how it follows, such as ``COUNTIFS(C4:C40,"韧性安全")``; the address itself of a single cell.
    sentence : the sentence it stands in.
    stated : its value as 数字来源 prints it.
    """

    text: str
    key: str
    meaning: str
    file: str
    sheet: str
    cell: str
    formula: str
    sentence: str
    stated: str


def read_numbers(path: Path) -> list[Number]:
    """Return every number of a 方案文本 in the order of the text.

    Parameters
    ----------
    path : the docx, as delivered or edited since.

    Raises
    ------
    ValueError
        If the file is no docx, a number links to no row of 数字来源, or its table is not in 附表目录.
    """
    try:
        with zipfile.ZipFile(path) as package:
            root = ET.fromstring(package.read("word/document.xml"))
    except (*DAMAGED, KeyError, ET.ParseError) as error:
        raise ValueError(f"{path.name} is no docx: {error}") from error
    rows = _read_sources(root)
    books = {name[1]: name[0] for cell in root.iter(f"{_W}tc") if (name := _BOOK.match(_read_text(cell)))}
    found = []
    for paragraph in root.iter(f"{_W}p"):
        for key, text, sentence in _read_links(paragraph):
            if key not in rows:
                raise ValueError(f"{path.name}: no source {key} for {text!r}")
            meaning, stated, book, formula = rows[key]
            setting = book.startswith(SETTING)
            if not setting and book not in books:
                raise ValueError(f"{path.name}: no file of {book}")
            cells = None if setting else _CELLS.search(formula)
            found.append(
                Number(
                    text=text,
                    key=key,
                    meaning=meaning,
                    file="" if setting else books[book],
                    sheet="" if setting else book,
                    cell=cells[0] if cells else "",
                    formula=formula,
                    sentence=sentence,
                    stated=stated,
                )
            )
    return found


def compute_number(number: Number, handin: Path, *, grids: dict[str, Grid] | None = None) -> str | None:
    """Return what the number should read by the workbook as it is now; None where a config decides it.

    Parameters
    ----------
    number : from ``read_numbers``.
    handin : the folder 成果.
    grids : workbooks read so far by ``Number.file``; filled, so that each is opened once.

    Raises
    ------
    OSError, ValueError
        If the workbook is not there, or the formula cannot be understood.
    """
    if not number.file:
        return None
    known = {} if grids is None else grids
    if number.file not in known:
        known[number.file] = read_grid(handin / number.file)
    return write_answer(evaluate(parse_formula(number.formula), known[number.file]))


def is_same(text: str, computed: str) -> bool:
    """Whether two printed values say the same: 12.50 is 12.5, and texts are the same letter for letter."""
    try:
        return Decimal(text) == Decimal(computed)
    except InvalidOperation:
        return text == computed


def _read_sources(root: ET.Element) -> dict[str, tuple[str, str, str, str]]:
    rows = {}
    for row in root.iter(f"{_W}tr"):
        marks = [mark.get(f"{_W}name", "") for mark in row.iter(f"{_W}bookmarkStart")]
        keys = [mark.removeprefix(PREFIX) for mark in marks if mark.startswith(PREFIX)]
        cells = [_read_text(cell) for cell in row.iter(f"{_W}tc")]
        if keys and len(cells) >= len(HEADS) - 1:
            rows[keys[0]] = (cells[1], cells[2], cells[3], cells[4])
    return rows


def _read_links(paragraph: ET.Element) -> Iterator[tuple[str, str, str]]:
    """Yield key, printed text and sentence of each number of a paragraph."""
    whole, links = "", []
    for child in paragraph.iter():
        if child.tag == f"{_W}hyperlink":
            anchor = child.get(f"{_W}anchor", "")
            if anchor.startswith(PREFIX):
                links.append((len(whole), anchor.removeprefix(PREFIX), _read_text(child)))
        elif child.tag == f"{_W}t":
            whole += child.text or ""
    starts, at = [], 0
    for sentence in _ENDS.split(whole):
        starts.append((at, sentence))
        at += len(sentence)
    for place, key, text in links:
        yield key, text, next(sentence for start, sentence in reversed(starts) if start <= place)


def _read_text(element: ET.Element) -> str:
    return "".join(piece.text or "" for piece in element.iter(f"{_W}t"))
