"""Ids that come from what a row is, never from where it stands: adding a row renumbers none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from configs.facilities import facility_classes

# Letters and digits that are not mistaken for one another when read aloud or typed (no I, L, O, U).
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WIDTH = 10  # of every 编号 field in the one-map schema


def hash_text(text: str, length: int) -> str:
    """Return ``length`` letters and digits that depend on ``text`` alone."""
    value = int.from_bytes(hashlib.sha1(text.encode("utf-8"), usedforsecurity=False).digest()[:12])
    letters = []
    for _ in range(length):
        value, digit = divmod(value, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(letters)


def shorten_communities(codes: Mapping[str, str | None]) -> dict[str, str]:
    """Return three characters a community: the last digits of its 12-digit code, else of a hash.

    Parameters
    ----------
    codes : code (or None) by community name.

    Raises
    ------
    ValueError
        If two communities still share theirs; give one of them a code then.
    """
    short = {
        name: code[-3:] if code and len(code) == 12 and code.isdigit() else hash_text(name, 3)
        for name, code in codes.items()
    }
    taken: dict[str, list[str]] = {}
    for name, value in short.items():
        taken.setdefault(value, []).append(name)
    for names in taken.values():
        if len(names) > 1:  # the same last digits in two streets
            short.update({name: hash_text(f"{codes[name]}{name}", 3) for name in names})
    check_unique(short.values(), what="community")
    return short


def number_gap(community: str, key: str) -> str:
    """Return the 需求编号 of a computed gap: ``G001-08``, community and facility class."""
    return f"G{community}-{facility_classes()[key].number}"


def number_given(text: str, letter: str) -> str:
    """Return a row's own number where it fits the ten bytes of 编号, else a hash of it."""
    fits = text.isascii() and 0 < len(text) <= _WIDTH
    return text if fits else letter + hash_text(text, 8)


def check_unique(numbers: Iterable[str], *, what: str) -> None:
    """Refuse numbers that two rows share.

    Raises
    ------
    ValueError
        With the shared ones; it is a defect of the numbering, not of the data.
    """
    seen: set[str] = set()
    twice = {number for number in numbers if number in seen or seen.add(number)}  # type: ignore[func-returns-value]
    if twice:
        raise ValueError(f"{what} numbers are not unique: {sorted(twice)}")
