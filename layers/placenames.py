"""Names of communities, villages and streets without the words that only tell their type; likeness of names."""

from __future__ import annotations

import re

_COMMUNITY = re.compile(r"(社区)?(居民委员会|居委会)$|社区$")
_VILLAGE = re.compile(r"(村民委员会|村委会|村)$")
_STREET = re.compile(r"(街道办事处|街道办|办事处|街道|街办|民族乡|镇|乡)$")
# Characters that tell neighbours apart on purpose; one of them for another is no slip of the pen.
_TELLING = frozenset("东西南北中上下前后左右内外新老大小高低一二三四五六七八九十甲乙丙丁0123456789")


def stem_of(name: str) -> str:
    """Return a name without the words that only tell its type; the name itself where nothing is left."""
    name = name.strip()
    return _VILLAGE.sub("", _COMMUNITY.sub("", name)) or name


def is_village(name: str) -> bool:
    return bool(_VILLAGE.search(name.strip()))


def street_stem(name: str) -> str:
    """Return a street's name without 街道, 镇, 乡 or 办事处."""
    name = name.strip()
    return _STREET.sub("", name) or name


def is_alike(a: str, b: str) -> bool:
    """Whether two stems of at least two characters differ by one slip: a character wrong, lost, added or swapped.

    Characters that tell neighbours apart (城北 and 城南, 一村 and 二村) are never a slip.
    """
    if a == b or min(len(a), len(b)) < 2 or abs(len(a) - len(b)) > 1:
        return False
    head = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        if a[head + 1 :] == b[head + 1 :]:
            return not (a[head] in _TELLING and b[head] in _TELLING)
        return a[head : head + 2] == b[head : head + 2][::-1] and a[head + 2 :] == b[head + 2 :]
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    # Of two characters one is half of the name.
    return len(shorter) >= 3 and longer[head] not in _TELLING and longer[head + 1 :] == shorter[head:]
