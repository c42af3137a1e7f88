"""Chinese fonts from a Python package, never from the operating system.

``pylopdf_fonts_zh_cn`` carries Noto Sans SC and Noto Serif SC (OFL), Regular only; a bold title is
the same outline with a stroke of its own colour.  A missing glyph is an error, not a box.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pylopdf_fonts_zh_cn as zh_fonts

from styles.errors import GlyphError, StyleError

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

# Height above the baseline, in em, of the visual middle of Chinese text and digits.
MIDDLE_EM = 0.375
# Ink extent used for label boxes: Chinese glyphs reach from -0.12 to 0.88 em.
ASCENT_EM = 0.88
DESCENT_EM = 0.12
# Family names by which other programs know the same fonts.
FAMILY_NAMES = {"sans": "Noto Sans SC", "serif": "Noto Serif SC"}


@cache
def font_path(family: str = "sans") -> Path:
    """Return the file of a family, ``sans`` (黑体) or ``serif`` (宋体)."""
    if family == "sans":
        return Path(zh_fonts.sans_path())
    if family == "serif":
        return Path(zh_fonts.serif_path())
    raise StyleError(f"没有字体“{family}”；可用：sans、serif")


@cache
def font_properties(family: str = "sans") -> FontProperties:
    """Register the file with matplotlib by path and return its properties."""
    from matplotlib import font_manager

    path = font_path(family)
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path)


@cache
def _metrics(family: str) -> tuple[dict[int, float], float]:
    """Return ``codepoint → advance in em`` and the default advance."""
    from fontTools.ttLib import TTFont

    with TTFont(font_path(family), lazy=True) as font:
        em = font["head"].unitsPerEm
        advances = font["hmtx"].metrics
        table = {code: advances[name][0] / em for code, name in font.getBestCmap().items()}
    return table, 1.0


@cache
def line_ascent_em(family: str = "sans") -> float:
    """Return the ascent of a line of text in em, as the font states it to programs that set type."""
    from fontTools.ttLib import TTFont

    with TTFont(font_path(family), lazy=True) as font:
        return float(font["hhea"].ascent / font["head"].unitsPerEm)


@lru_cache(maxsize=16384)
def measure_em(text: str, family: str = "sans") -> float:
    """Width of one line of text in em."""
    table, default = _metrics(family)
    return sum(table.get(ord(char), default) for char in text)


def find_missing(texts: Iterable[str], family: str = "sans") -> dict[str, list[str]]:
    """Return the characters the font lacks, each with the texts that use it."""
    table, _ = _metrics(family)
    missing: dict[str, list[str]] = {}
    texts = list(texts)
    lost = {char for char in set().union(*texts) if ord(char) not in table}
    for text in dict.fromkeys(text for text in texts if not lost.isdisjoint(text)) if lost else ():
        for char in dict.fromkeys(text):
            if char in lost:
                missing.setdefault(char, []).append(text)
    return missing


def check_glyphs(texts: Iterable[str], family: str = "sans") -> None:
    """Raise GlyphError listing every character that the font cannot draw."""
    missing = find_missing(texts, family)
    if missing:
        raise GlyphError(missing)
