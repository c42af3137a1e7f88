"""How like the name of a column is to a field of a layer: aliases, synonyms, pinyin initials, parts of words."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes, recognise_text
from layers.initials import initials_of
from layers.model import Column, Layer
from layers.source import Facility, UtilityPoint

SYNONYMS = "synonyms.yaml"
_UNIT = re.compile(r"[(\[【].*?[)\]】]$")
_CLOSE = 0.75  # two words this alike (difflib's ratio) may be one word spelt twice


@dataclass(frozen=True)
class Likeness:
    """How like a name is to a field.

    Attributes
    ----------
    score : 0 to 1; 1 where the file uses the field's own name.
    evidence : why, Chinese; empty for no likeness.
    """

    score: float
    evidence: str = ""


_NONE = Likeness(0.0)


@dataclass(frozen=True)
class _Forms:
    """Every way to write a field: folded words and initials, with the likeness each of them proves."""

    words: dict[str, Likeness] = field(default_factory=dict)
    initials: dict[str, Likeness] = field(default_factory=dict)


def fold_name(name: str) -> str:
    """Return a name without width, case, blanks, underscores and the unit in brackets at its end."""
    plain = unicodedata.normalize("NFKC", name).lower()
    plain = re.sub(r"[\s_]+", "", plain)
    return _UNIT.sub("", plain) or plain


def is_ignored(column: str) -> bool:
    """Return whether a column only counts rows or repeats the geometry (序号, OBJECTID)."""
    words = {fold_name(word) for word in read_settings(SYNONYMS)["ignored"]}
    return fold_name(column) in words


def layer_words(layer: type[Layer]) -> tuple[str, ...]:
    """Return the words files use for a layer, longest first."""
    words = [layer.alias, *read_settings(SYNONYMS)["layers"].get(layer.key, ()), *layer.onemap.values()]
    return tuple(sorted(dict.fromkeys(words), key=lambda word: (-len(word), word)))


def like_layer(name: str, layer: type[Layer]) -> Likeness:
    """Return how like the name of a file, sheet or layer is to a layer."""
    plain = fold_name(name)
    for word in layer_words(layer):
        folded = fold_name(word)
        if folded == plain:
            return Likeness(1.0, f"名称即“{word}”")
        short = len(folded) < 3 and folded.isascii()
        if not short and folded in plain:
            return Likeness(min(0.9, 0.5 + 0.4 * len(folded) / len(plain)), f"名称含“{word}”")
        if plain.isascii() and len(plain) >= 3 and plain.upper() == initials_of(word):
            return Likeness(0.8, f"名称为“{word}”的拼音首字母")
    return _like_content(name, layer)


def _like_content(name: str, layer: type[Layer]) -> Likeness:
    """Compare with what a layer holds: 路灯.shp is utility points, 公交站.shp facilities."""
    if layer is Facility and (key := recognise_text(name)):
        return Likeness(0.75, f"名称是设施类型“{facility_classes()[key].name}”")
    kinds = [
        c.spec.codes.values for c in layer.columns() if c == UtilityPoint.kind and c.spec.codes is not None
    ]
    word = next((word for values in kinds for word in values if len(word) > 1 and word in name), None)
    return Likeness(0.75, f"名称含“{word}”") if word else _NONE


def like_field(column: str, wanted: Column, layer: type[Layer]) -> Likeness:
    """Return how like a column's name is to a field.

    Parameters
    ----------
    column : as the file has it; stacked headers joined as ``上级/下级``.
    wanted : a field of ``layer``.
    """
    declared: Any = layer
    return _find_likeness(column, str(wanted), declared)


@cache
def _find_likeness(column: str, wanted: str, layer: Any) -> Likeness:
    forms = _forms(layer)[wanted]
    parts = column.split("/")
    names = dict.fromkeys([fold_name(column), fold_name(parts[-1]), fold_name("".join(parts[-2:]))])
    return max(
        (_compare(name, forms) for name in names if name), key=lambda found: found.score, default=_NONE
    )


def _compare(name: str, forms: _Forms) -> Likeness:
    if name in forms.words:
        return forms.words[name]
    if name.isascii():
        letters = name.upper()
        if letters in forms.initials:
            return forms.initials[letters]
        return max(_near_initials(letters, forms), key=lambda found: found.score, default=_NONE)
    return max(_near_words(name, forms), key=lambda found: found.score, default=_NONE)


def _near_words(name: str, forms: _Forms) -> Iterator[Likeness]:
    """Yield likeness of Chinese words that share a part with a form."""
    for word, own in forms.words.items():
        if word.isascii() or len(word) < 2 or len(name) < 2:
            continue
        trust = own.score
        if name.endswith(word) or name.startswith(word):
            yield Likeness(trust * (0.5 + 0.3 * len(word) / len(name)), f"列名含“{word}”")
        elif word.endswith(name) or word.startswith(name):
            yield Likeness(trust * (0.5 + 0.3 * len(name) / len(word)), f"与“{word}”相近")
        elif word in name:
            yield Likeness(trust * (0.4 + 0.3 * len(word) / len(name)), f"列名含“{word}”")
        elif difflib.SequenceMatcher(None, name, word).ratio() >= _CLOSE:
            yield Likeness(trust * 0.55, f"与“{word}”相近")


def _near_initials(letters: str, forms: _Forms) -> Iterator[Likeness]:
    """Yield likeness of initials that differ in a letter or two from a form's."""
    if len(letters) < 3 or not letters.isalpha():
        return
    for known, own in forms.initials.items():
        if len(known) >= 3 and difflib.SequenceMatcher(None, letters, known).ratio() >= _CLOSE:
            yield Likeness(own.score * 0.6, f"与拼音首字母 {known} 相近")


@cache
def _forms(layer: Any) -> dict[str, _Forms]:
    return {str(column): _forms_of(column, layer) for column in layer.columns()}


def _forms_of(column: Column, layer: type[Layer]) -> _Forms:
    fields: dict[str, Any] = read_settings(SYNONYMS)["fields"]
    forms = _Forms()
    for name, what in (
        (column.spec.alias, "别名"),
        (str(column), "字段名"),
        (column.spec.onemap, "一张图字段名"),
    ):
        _add(forms, name, 1.0, f"列名即{what}")
    _add(forms, str(column).removesuffix("_m2").removesuffix("_wan"), 0.9, "列名即字段名")
    own = fields.get(layer.key, {}).get(column, ())
    words = [word for word in layer_words(layer) if not word.isascii()]
    shared = fields["*"].get(column, ())
    for pattern in (pattern for pattern in shared if "{layer}" in pattern):
        for word in words:
            _add(forms, pattern.format(layer=word), 0.95, "列名为图层名加字段名")
    for word in words:
        _add(forms, word + column.spec.alias, 0.9, "列名为图层名加字段别名")
    for word in own:
        _add(forms, word, 0.95, f"同义词“{word}”")
    for word in shared:
        if "{layer}" not in word:
            _add(forms, word, 0.9, f"同义词“{word}”")
    return forms


def _add(forms: _Forms, word: str, score: float, why: str) -> None:
    """Add a word and its initials; what is known already is at least as good."""
    if not word:
        return
    forms.words.setdefault(fold_name(word), Likeness(score, why))
    letters = initials_of(word) if not word.isascii() else word.upper() if word.isupper() else ""
    if len(letters) >= 2 and not word.isascii():
        least = 0.9 if len(letters) > 2 else 0.8
        forms.initials.setdefault(letters, Likeness(score * least, f"“{word}”的拼音首字母"))
