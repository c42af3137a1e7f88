"""Text that was read in the wrong encoding once and saved so: recognised, and undone where nothing was lost.

The bytes are gone from the file, so only the text itself can tell. A way back is offered where it leads, through
the same characters and back, to everyday Chinese; it is a suggestion and never applied.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd

from layers.evidence import common_share

# Marks that decoders leave where bytes made no character, and what becomes of such marks in GBK.
_LOST = ("\ufffd", "锟斤拷", "锟斤", "烫烫烫", "屯屯屯")
_EVERYDAY = 0.7
_DOUBTFUL = re.compile("[?\ufffd]|" + "|".join(_LOST[1:]))
# GBK bytes that happen to be, to the last one, UTF-8 with Chinese characters in it.
_UTF8 = re.compile(rb"^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf])*(?:[\xe2-\xef][\x80-\xbf]{2}[\x00-\x7f]*)+$")


class Garbled(NamedTuple):
    """What is wrong with a text.

    Attributes
    ----------
    way : how it came about, in Chinese.
    original : the text before, where it can be had without loss; empty otherwise.
    glimpse : what can still be read of a text that has lost characters.
    """

    way: str
    original: str = ""
    glimpse: str = ""


# (encoding it was read in by mistake, encoding it was in)
_WAYS = (
    ("gb18030", "utf-8", "UTF-8 文字曾被当作 GBK 读取"),
    ("latin-1", "utf-8", "UTF-8 文字曾被当作西文读取"),
    ("cp1252", "utf-8", "UTF-8 文字曾被当作西文读取"),
    ("latin-1", "gb18030", "GBK 文字曾被当作西文读取"),
    ("cp1252", "gb18030", "GBK 文字曾被当作西文读取"),
)


def judge_text_cell(text: str) -> Garbled | None:
    """Say whether a text is garbled; None for text in order."""
    if text.isascii():
        bare = text.replace(" ", "")
        return Garbled("汉字已变成问号，无法还原") if len(bare) > 1 and set(bare) == {"?"} else None
    for wrong, right, way in _WAYS:
        original = _undo(text, wrong, right)
        if original is not None and _reads_better(original, text):
            return Garbled(way, original)
    if any(mark in text for mark in _LOST):
        return Garbled("含有已丢失的字符，无法还原", glimpse=_glimpse(text))
    glimpse = _glimpse(text)
    if glimpse and "?" in text:
        return Garbled("UTF-8 文字曾被当作 GBK 读取，部分字节已丢失", glimpse=glimpse)
    return None


def find_garbled(cells: pd.Series) -> pd.Series:
    """Return ``Garbled`` of the cells that are, on their index.

    Parameters
    ----------
    cells : text, missing allowed.
    """
    distinct = [text for text in cells.dropna().unique() if not text.isascii() or "?" in text]
    found = {text: garbled for text in _suspects(distinct) if (garbled := judge_text_cell(text)) is not None}
    hit = cells[cells.isin(list(found))] if found else cells[:0]
    return pd.Series([found[text] for text in hit], index=hit.index, dtype="object")


def _suspects(texts: list[str]) -> list[str]:
    """Leave out texts that are surely in order, by what is quick to see: nearly all of a table."""
    if not texts:
        return []
    data = (
        "\n".join(text.replace("\n", " ") for text in texts).encode("gb18030", errors="replace").split(b"\n")
    )
    return [
        text
        for text, raw in zip(texts, data, strict=True)
        if _UTF8.match(raw) or _DOUBTFUL.search(text) or max(text) < "\u2e80"
    ]


def _undo(text: str, wrong: str, right: str) -> str | None:
    """Return what the bytes say in the right encoding; None where there is no way back, or it loses something."""
    try:
        data = text.encode(wrong)
        original = data.decode(right)
        same = data.decode(wrong) == text and original.encode(right) == data
    except UnicodeError:
        return None
    return original if same else None


def _reads_better(original: str, text: str) -> bool:
    """Whether a reading is everyday Chinese and the text as it stands is less so."""
    han = sum("\u4e00" <= char <= "\u9fff" for char in original)
    strange = sum("\x80" <= char < "\u2e80" and char not in "·—–‘’“”…×²³°㎡℃Φ" for char in original)
    return han >= 2 and not strange and common_share(original) >= max(_EVERYDAY, common_share(text) + 0.01)


def _glimpse(text: str) -> str:
    """Return what a text that lost bytes still shows when its GBK characters are read as UTF-8."""
    bare = "".join(char for char in text if char not in "?\ufffd")
    try:
        seen = bare.encode("gb18030").decode("utf-8", errors="ignore")
    except UnicodeError:
        return ""
    han = sum("\u4e00" <= char <= "\u9fff" for char in seen)
    # Two characters of text are three bytes of each; less than that is chance.
    enough = han >= 2 and han * 3 >= len(bare.encode("gb18030")) * 0.5
    return seen if enough and _reads_better(seen, bare) else ""
