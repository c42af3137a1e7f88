"""What bytes say about their encoding: which cells can be read as UTF-8, as GB18030, as Chinese at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

# Characters of the first level of GB 2312, by use: what real Chinese attribute text is made of.
_LEVEL_ONE = (range(0xB0, 0xD8), range(0xA1, 0xFF))
SIGNS = frozenset("²³°±×÷·µ√≈≤≥—…‰Φ")


@cache
def everyday_characters() -> frozenset[str]:
    """Return the characters of the first level of GB 2312."""
    leads, trails = _LEVEL_ONE
    pairs = b"".join(
        bytes((lead, trail)) for lead in leads for trail in trails if (lead, trail) < (0xD7, 0xFA)
    )
    return frozenset(pairs.decode("gb2312"))


def common_share(text: str) -> float:
    """Share of a text's Chinese characters that are everyday ones (GB 2312, first level), 0 to 1."""
    han = [char for char in text if char >= "\u3400" and not "\uff00" <= char <= "\uffef"]
    return sum(map(everyday_characters().__contains__, han)) / len(han) if han else 0.0


def try_decode(data: bytes, encoding: str) -> str | None:
    """Return the text, None where the bytes do not fit the encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def is_plausible(text: str) -> bool:
    """Whether a text holds what Chinese tables hold: Chinese, or one of a few signs."""
    return has_han(text) or any(char in SIGNS for char in text)


def has_han(text: str) -> bool:
    """Whether a text holds Chinese characters or signs of their script."""
    return max(text, default="") >= "\u2e80"


class Reading(NamedTuple):
    """A cell read both ways; None where it cannot be. A last character cut in two is left out and marked."""

    utf8: str | None
    gb: str | None
    utf8_cut: bool
    gb_cut: bool

    @property
    def only(self) -> str:
        """``UTF-8`` or ``GB18030`` where the cell can only be that, empty where the bytes do not tell."""
        if self.utf8 is not None and self.utf8.isascii():
            return ""
        if self.utf8 is not None and has_han(self.utf8):
            if self.utf8_cut:
                return ""
            strange = self.gb is None or self.gb_cut or common_share(self.utf8) > common_share(self.gb)
            return "UTF-8" if strange else ""
        if self.gb is None or self.gb_cut:
            return ""
        if self.utf8 is None or not is_plausible(self.utf8):
            return "GB18030"
        # Signs such as ² and · stand in other text; a cell of nothing but signs is Chinese read wrongly (路路).
        return "GB18030" if len(self.gb) > 1 and min(self.gb) >= "\u2e80" else ""


def read_both(cell: bytes) -> Reading:
    """Read a cell as UTF-8 and as GB18030."""
    utf8, gb = try_decode(cell, "utf-8"), try_decode(cell, "gb18030")
    trimmed = try_decode(_trim_utf8(cell), "utf-8") if utf8 is None else None
    shorter = try_decode(cell[:-1], "gb18030") if gb is None else None
    return Reading(
        trimmed if utf8 is None else utf8,
        shorter if gb is None else gb,
        utf8 is None and trimmed is not None,
        gb is None and shorter is not None,
    )


def _trim_utf8(cell: bytes) -> bytes:
    """Leave out an incomplete last character; a cell that is nothing else, or ends otherwise, stays."""
    for back in range(1, min(4, len(cell))):
        byte = cell[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return cell[:-back] if back < needed else cell
        if byte < 0x80:
            return cell
    return cell


@dataclass
class Count:
    """How many cells read which way.

    Attributes
    ----------
    cells : all of them.
    utf8, gb : whole in that encoding; ``_cut``: all but a last character cut in two.
    only_utf8, only_gb : can be nothing else.
    neither : broken in both.
    plausible : whether any cell reads in UTF-8 as what Chinese tables hold.
    """

    cells: int = 0
    utf8: int = 0
    utf8_cut: int = 0
    gb: int = 0
    gb_cut: int = 0
    only_utf8: int = 0
    only_gb: int = 0
    neither: int = 0
    plausible: bool = False


def count_cells(cells: Iterable[bytes]) -> Count:
    """Read every cell both ways and count."""
    count = Count()
    for cell in cells:
        reading = read_both(cell)
        count.cells += 1
        count.utf8 += reading.utf8 is not None and not reading.utf8_cut
        count.utf8_cut += reading.utf8_cut
        count.gb += reading.gb is not None and not reading.gb_cut
        count.gb_cut += reading.gb_cut
        count.neither += reading.utf8 is None and reading.gb is None
        whole = reading.utf8 if not reading.utf8_cut else None
        count.plausible |= whole is not None and is_plausible(whole)
        only = reading.only
        count.only_utf8 += only == "UTF-8"
        count.only_gb += only == "GB18030"
    return count
