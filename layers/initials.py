"""Pinyin initials of Chinese words: 社区名称 → SQMC, as field names of shapefiles are made.

GB 2312 lists its 3,755 first-level characters by pinyin, so the place of a character in the standard gives its
initial: the 23 characters below are the first of each letter. A character with several readings stands
under one of them; characters of the second level, ordered by radical, have none.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

_LETTERS = "ABCDEFGHJKLMNOPQRSTWXYZ"
_FIRST = [char.encode("gb2312") for char in "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"]
_LAST = "座".encode("gb2312")


def initial_of(char: str) -> str:
    """Return the capital initial of a first-level character; letters and digits as capitals; else nothing."""
    if char.isascii():
        return char.upper() if char.isalnum() else ""
    try:
        code = char.encode("gb2312")
    except UnicodeEncodeError:
        return ""
    if not _FIRST[0] <= code <= _LAST:
        return ""
    return _LETTERS[bisect_right(_FIRST, code) - 1]


@cache
def initials_of(word: str) -> str:
    """Return the initials of a word; empty where one of its Chinese characters has none."""
    found = [initial_of(char) for char in word]
    if any(not letter and not char.isascii() for char, letter in zip(word, found, strict=True)):
        return ""
    return "".join(found)
