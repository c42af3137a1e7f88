"""Codes and numbers of parcels and places, as spreadsheets leave them: zeros and digits lost, widths mixed.

A zero is put back only where it is proven; where two readings remain the cell is refused with both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from layers.cells import Parsed, fold_text, fold_width, no_rows, read_distinct

_ODD = r"[^\w\-]|[^\x00-\x7F]|\.0+$|^\d(?:\.\d+)?[eE]\+?\d+$"
_SCIENTIFIC = re.compile(r"^(\d)(?:\.(\d+))?[eE](\+?)(\d+)$")


def clean_codes(cells: pd.Series) -> Parsed:
    """Read codes as text: half width, no blanks, no apostrophe of a spreadsheet, no ``.0``, no power of ten.

    ``3.6068E+11`` has lost its last digits and is bad; where all digits are there the code is written out.
    """
    words = fold_text(cells)
    odd = words.str.contains(_ODD, regex=True).fillna(False).astype(bool)
    if not odd.any():
        return Parsed(words, no_rows(cells), no_rows(cells))
    at, found = read_distinct(words[odd], _clean)
    values = words.copy()
    values[odd] = [found[i][0] for i in at]
    reasons = pd.Series("", index=cells.index, dtype="object")
    reasons[odd] = [found[i][1] for i in at]
    changed = no_rows(cells)
    changed[odd] = [found[i][2] for i in at]
    bad = reasons != ""
    return Parsed(values.mask(bad), bad, changed, reasons=reasons)


def _clean(word: str) -> tuple[str, str, bool]:
    """Return the code, why it cannot be read, and whether digits were written out."""
    plain = re.sub(r"\s+", "", fold_width(word)).lstrip("'`’‘")
    plain = re.sub(r"^(\d+)\.0+$", r"\1", plain)
    power = _SCIENTIFIC.match(plain)
    if power is None or not (power[2] or power[3]):  # 2E10 may be a number of a house
        return plain, "", False
    digits, places = power[1] + (power[2] or ""), int(power[4])
    if len(digits) - 1 >= places:
        return digits, "", True
    return "", f"是科学计数法，{places + 1} 位中只剩前 {len(digits)} 位 {digits}，其余已丢失", False


def restore_width(cells: pd.Series) -> Parsed:
    """Read numbers of one file that should all have the same width: beside ``0012`` a ``7`` was ``0007``.

    Only leading zeros that are there prove a width, and only where no number is longer. A short number whose
    full form stands in another row already is refused: it may be that one, or another.
    """
    parsed = clean_codes(cells)
    words = parsed.values
    digits = words.notna() & words.str.fullmatch(r"\d+").fillna(False).astype(bool)
    length = words.str.len().where(digits)
    proof = length[digits & words.str.startswith("0").fillna(False).astype(bool)]
    width = int(length.max()) if len(proof) else 0
    short = (digits & (length < width)).fillna(False).astype(bool)
    if not width or not short.any() or (proof != width).any() or (length > width).any():
        return parsed
    full = words.where(~short, words.str.zfill(width))
    taken = short & full.isin(set(words[digits & ~short]))
    reasons = (
        parsed.reasons if parsed.reasons is not None else pd.Series("", index=cells.index, dtype="object")
    )
    both = "可能是 " + full[taken] + "（已有该编号），也可能就是 " + words[taken]
    reasons = reasons.where(~taken, both.reindex(cells.index).astype("object"))
    return Parsed(
        full.mask(taken), parsed.bad | taken, parsed.changed | (short & ~taken), parsed.units, reasons
    )


def restore_codes(cells: pd.Series, known: Iterable[str]) -> Parsed:
    """Read codes that a spreadsheet may have turned into numbers: ``701`` is ``0701``.

    A zero is put back only where the code as written is unknown and ``0`` before it makes a known one; zeros
    that pad a code to six digits (``140100``) are left out where only the shorter one is known.

    Parameters
    ----------
    cells : codes as text or numbers.
    known : every valid code.
    """
    listed = frozenset(known)
    parsed = clean_codes(cells)
    words = parsed.values
    strange = words[words.notna() & ~words.isin(listed)]
    at, found = read_distinct(strange, lambda word: _candidates(word, listed))
    values, changed = words.copy(), parsed.changed.copy()
    reasons = (
        parsed.reasons if parsed.reasons is not None else pd.Series("", index=cells.index, dtype="object")
    )
    reasons = reasons.copy()
    one = [len(found[i]) == 1 for i in at]
    several = [len(found[i]) > 1 for i in at]
    values[strange.index[one]] = [found[i][0] for i in at if len(found[i]) == 1]
    changed[strange.index[one]] = True
    reasons[strange.index[several]] = [f"可能是 {'、'.join(found[i])}" for i in at if len(found[i]) > 1]
    return Parsed(values, parsed.bad | (values.notna() & ~values.isin(listed)), changed, reasons=reasons)


def _candidates(word: str, listed: frozenset[str]) -> list[str]:
    """Known codes that a spreadsheet or a fixed width may have turned into this one."""
    forms = {"0" + word}
    for form in (word, "0" + word):
        short = form
        while len(form) <= 6 and len(short) > 2 and len(short) % 2 == 0 and short.endswith("00"):
            short = short[:-2]
            forms.add(short)
    return sorted(forms & listed)


def match_keys(keys: pd.Series, known: Iterable[str]) -> Parsed:
    """Read keys that point to rows of another file whose keys are ``known``: ``12`` may mean its ``0012``.

    A key that is there as written stays; one that is there only with zeros before it is completed; one that
    could mean several is bad.
    """
    listed = frozenset(known)
    strange = keys.notna() & ~keys.isin(listed)
    if not strange.any():
        return Parsed(keys, no_rows(keys), no_rows(keys))
    bare: dict[str, list[str]] = {}
    for key in sorted(listed):
        bare.setdefault(key.lstrip("0"), []).append(key)
    words = keys[strange].astype("str")
    at, found = read_distinct(words, lambda key: bare.get(key.lstrip("0"), []) if key.isdigit() else [])
    values, changed = keys.astype("str"), no_rows(keys)
    reasons = pd.Series("", index=keys.index, dtype="object")
    values[strange] = [found[i][0] if len(found[i]) == 1 else word for i, word in zip(at, words, strict=True)]
    changed[strange] = [len(found[i]) == 1 for i in at]
    reasons[strange] = [f"可能是 {'、'.join(found[i])}" if len(found[i]) > 1 else "" for i in at]
    return Parsed(values, reasons != "", changed, reasons=reasons)
