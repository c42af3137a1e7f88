"""Control values of the life-circle standards (``standards/lifecircle_controls.csv``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from configs import read_rows
from configs.facilities import VERIFIED


@dataclass(frozen=True)
class Control:
    """One control value.

    Attributes
    ----------
    text : as the standard's table has it, several rules parted by ``;``.
    clause : standard and clause.
    verified : whether the source was seen, rather than remembered.
    """

    text: str
    clause: str
    verified: bool

    @property
    def minimum(self) -> float:
        """The number after the first ``≥`` (ValueError where there is none)."""
        found = re.search(r"≥\s*(\d+(?:\.\d+)?)", self.text)
        if found is None:
            raise ValueError(f"no minimum in {self.text!r}")
        return float(found[1])

    @property
    def mark(self) -> str:
        """``（待核）`` when the source is unverified, else nothing."""
        return "" if self.verified else "（待核）"


def find_control(item: str) -> Control:
    """Return the first control value of an item (KeyError when there is none)."""
    for row in read_rows("standards/lifecircle_controls.csv"):
        if row["item"] == item:
            verified = float(row["confidence"] or 0) >= VERIFIED and "unverified" not in row["evidence"]
            return Control(row["value"], row["source_clause"], verified)
    raise KeyError(item)
