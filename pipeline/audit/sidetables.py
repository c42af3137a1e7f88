"""Tables beside the map, taken from a DXF's paper: cells of a column share the place they hang from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.audit.paperspace import Drawing, Text

LAYER = "TK-附表"
_NEAR_MM = 0.06
_NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")


@dataclass
class SideTable:
    """A table as it is drawn: title, header, cells by row."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)


def list_tables(drawing: Drawing) -> list[SideTable]:
    """Return the tables beside the map in the order they are drawn."""
    words = [text for text in drawing.texts if text.layer == LAYER]
    tables: list[SideTable] = []
    places: list[float] = []
    at, last = 0, -1
    while at < len(words):
        word = words[at]
        column = _find(places, word.x)
        if tables and column is not None:
            if column < last or last < 0:
                tables[-1].rows.append([""] * len(places))
            cell = tables[-1].rows[-1][column] if tables[-1].rows else ""
            if tables[-1].rows:
                tables[-1].rows[-1][column] = cell + word.text
            last = column
            at += 1
            continue
        again = bool(tables) and word.text == (tables[-1].columns or [""])[0]
        start = at if again else at + 1
        head = _same_height(words, start)
        if len(head) > 1:
            if not again:
                tables.append(SideTable(word.text, [text.text for text in head]))
            places, last = [text.x for text in head], -1
            at = start + len(head)
        else:
            at += 1
    return tables


def _find(places: list[float], x: float) -> int | None:
    return next((index for index, place in enumerate(places) if abs(place - x) < _NEAR_MM), None)


def _same_height(words: list[Text], start: int) -> list[Text]:
    """Return the words from one on that stand on one line, to the right of each other."""
    found = words[start : start + 1]
    for word in words[start + 1 :]:
        if abs(word.y - found[0].y) > _NEAR_MM or word.x <= found[-1].x:
            break
        found.append(word)
    return found


def same_number(shown: str, value: float) -> bool:
    """Whether a printed number is a value rounded to the decimals printed."""
    if _NUMBER.fullmatch(shown) is None:
        return False
    decimals = len(shown.partition(".")[2])
    return abs(float(shown.replace(",", "")) - value) <= 0.5 * 10.0**-decimals + 1e-6
