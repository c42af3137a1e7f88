"""Which layer a table feeds and which column is which field: ranked guesses with their evidence.

Pure: a table, its kind of geometry and its names go in. ``haoshequ init`` writes a mapping from the guesses
and says which are unsure; ``haoshequ inspect`` prints them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from layers.ledgers import PastWork
from layers.model import Column, Layer, Shape
from layers.read.evidence import Evidence, Sample, proves_alone, weigh_values
from layers.read.names import Likeness, is_ignored, like_field, like_layer
from layers.source import Community, Identified, Ledger, Survey

SURE = 0.7  # at or above it a guess is written without a question
LEAST = 0.5  # below it nothing is written
# A rival this near makes a guess unsure, whatever its own score.
_NEAR = 0.08
_LAYER_LEAST = 0.35
_EMPTY = 0.85
_A_KEY = 0.85
_OWN_NAME = 0.95  # a name this like a field's is that field's, whatever other values it could pass for
# Rows of these may have no place at all; every other layer of any shape must have one.
_PLACELESS = (Survey, Ledger, PastWork)


@dataclass(frozen=True)
class FieldGuess:
    """A column that is a field.

    Attributes
    ----------
    field, column : the field of the layer and the column of the file.
    score : 0 to 1.
    evidence : why, Chinese.
    rivals : other columns that may be the field, and other fields the column may be, most likely first.
    values : values of the file that stand for one of the code list, by its word.
    strange : values of the file that are not in the code list and stand for none of it.
    """

    field: Column
    column: str
    score: float
    evidence: str
    rivals: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    strange: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether it can be used unasked."""
        return self.score >= SURE and not self.rivals


@dataclass(frozen=True)
class LayerGuess:
    """A layer a table may feed.

    Attributes
    ----------
    layer : its declaration.
    score : 0 to 1, to rank guesses for one table.
    evidence : why, Chinese.
    fields : columns found, in the order of the declaration.
    left : columns that are no field of the layer, in the order of the file.
    missing : required fields no column was found for, that the program does not fill in either.
    """

    layer: type[Layer]
    score: float
    evidence: str
    fields: tuple[FieldGuess, ...]
    left: tuple[str, ...]
    missing: tuple[Column, ...]


def fits_shape(layer: type[Layer], shape: Shape | None) -> bool:
    """Return whether a layer can take features of a kind: ``any`` is mixed, None a table without places."""
    if shape is None:
        return layer.shape is None or layer in _PLACELESS
    return layer.shape in ("any", shape)


def guess_fields(
    table: pd.DataFrame,
    layer: type[Layer],
    *,
    communities: Collection[str] = (),
    skip: Collection[str] = (),
) -> tuple[FieldGuess, ...]:
    """Assign columns to the fields of a layer, each once, as well as they fit together.

    Parameters
    ----------
    table : columns under the file's own names.
    communities : names of the plan's communities, where known.
    skip : columns spoken for, such as coordinates.
    """
    fields = list(layer.asked())
    columns = [str(name) for name in table.columns if str(name) not in skip and not is_ignored(str(name))]
    if not columns:
        return ()
    known = frozenset(communities)
    samples = {name: Sample.take(table[name]) for name in columns}
    named = {
        c: max((like_field(c, f, layer).score for f in fields), default=0.0) >= _OWN_NAME for c in columns
    }
    pairs = [
        [_judge(f, c, samples[c], layer, communities=known, named=named[c]) for c in columns] for f in fields
    ]
    scores = np.array([[pair.score for pair in row] for row in pairs])
    # The key is chosen last, since it may be a number that is a field of its own as well; what is a key and
    # hardly anything else is kept for it.
    is_key = np.array([f == Identified.id for f in fields])[:, None]
    keyless = np.where(is_key, 0.0, scores)
    key = np.where(is_key, scores, 0.0).max(axis=0)
    keyless = np.where((key >= _A_KEY) & (key > keyless.max(axis=0)), 0.0, keyless)
    chosen = linear_sum_assignment(np.where(keyless >= LEAST, keyless, 0.0), maximize=True)
    taken = {int(at): int(which) for at, which in zip(*chosen, strict=True) if keyless[at, which] >= LEAST}
    _choose_key(taken, scores, fields)
    return tuple(
        FieldGuess(
            fields[at], columns[which], round(pairs[at][which].score, 2), pairs[at][which].evidence,
            _list_rivals(scores, at, which, fields, columns, taken=taken), pairs[at][which].values, pairs[at][which].strange,
        )
        for at, which in sorted(taken.items())
    )  # fmt: skip


def _choose_key(taken: dict[int, int], scores: np.ndarray, fields: Sequence[Column]) -> None:
    """Let the key be the best column nobody took, else one a text field took: a number of its own is a key."""
    at = next((at for at, field in enumerate(fields) if field == Identified.id), None)
    if at is None:
        return
    used = set(taken.values())
    texts = {which for other, which in taken.items() if fields[other].spec.kind == "text"}
    free = [n for n in range(scores.shape[1]) if n not in used and scores[at, n] >= LEAST]
    shared = [n for n in texts if scores[at, n] >= SURE]
    best = max(free or shared, key=lambda n: (scores[at, n], -n), default=None)
    if free and shared and scores[at, best] < SURE:
        best = max(shared, key=lambda n: (scores[at, n], -n))
    if best is not None:
        taken[at] = best


@dataclass(frozen=True)
class _Pair:
    score: float
    evidence: str
    values: tuple[tuple[str, str], ...] = ()
    strange: tuple[str, ...] = ()


def _judge(
    wanted: Column,
    column: str,
    sample: Sample,
    layer: type[Layer],
    *,
    communities: frozenset[str],
    named: bool,
) -> _Pair:
    """Put the name's likeness and the values' evidence together; ``named`` columns bear some field's own name."""
    name: Likeness = like_field(column, wanted, layer)
    if not name.score and not proves_alone(wanted, layer):
        return _Pair(0.0, "")
    if not len(sample.words):  # an empty column may be filled in later; a filled one goes first
        return _Pair(name.score * _EMPTY, _join(name.evidence, "这一列还是空的"))
    said: Evidence = weigh_values(sample, wanted, layer, communities=communities)
    if said.score <= -1:
        return _Pair(0.0, said.text)
    if said.score < 0:
        return _Pair(
            name.score * (1 + said.score), _join(name.evidence, said.text), said.values, said.strange
        )
    # Values alone prove a field only where they are of a kind of their own.
    alone = said.score if said.score >= 0.5 else said.score * bool(name.score)
    if named and not name.score:
        alone *= 0.5
    score = name.score + (1 - name.score) * 0.7 * alone
    return _Pair(score, _join(name.evidence, said.text), said.values, said.strange)


def _join(*texts: str) -> str:
    return "，".join(text for text in texts if text)


def _list_rivals(
    scores: np.ndarray,
    at: int,
    which: int,
    fields: Sequence[Column],
    columns: Sequence[str],
    *,
    taken: dict[int, int],
) -> tuple[str, ...]:
    """Columns nobody took that fit the field nearly as well, and fields without a column that fit this one."""
    own = scores[at, which]
    used, served = set(taken.values()), set(taken)
    other = [(scores[at, n], f"列“{columns[n]}”") for n in range(len(columns)) if n not in used]
    other += [
        (scores[m, which], f"字段“{fields[m].spec.alias}”") for m in range(len(fields)) if m not in served
    ]
    return tuple(text for score, text in sorted(other, reverse=True) if score >= max(LEAST, own - _NEAR))[:3]


def guess_layers(
    table: pd.DataFrame,
    layers: Iterable[type[Layer]],
    *,
    shape: Shape | None,
    names: Sequence[str] = (),
    communities: Collection[str] = (),
    skip: Collection[str] = (),
    any_shape: bool = False,
) -> tuple[LayerGuess, ...]:
    """Rank the layers a table may feed, most likely first.

    Parameters
    ----------
    table : columns under the file's own names.
    layers : declarations to choose from.
    shape : kind of its geometry; points where it has coordinate columns; None without places.
    names : what the data are called, most telling first: layer or sheet, then file, then folder.
    communities : names of the plan's communities, where known.
    skip : columns spoken for, such as coordinates.
    any_shape : whether layers are ranked by columns and names alone; the shapes may be in another file.
    """
    candidates = tuple(layers)
    rank = {layer: at for at, layer in enumerate(candidates)}
    shared = _count_fields(candidates)
    found = []
    for layer in candidates:
        fits = fits_shape(layer, shape) and not (layer is Community and shape in (None, "line"))
        if not (fits or any_shape):
            continue
        fields = guess_fields(table, layer, communities=communities, skip=skip)
        guess = _weigh_layer(table, layer, fields, names=names, shared=shared, skip=skip)
        if guess.score >= _LAYER_LEAST:
            found.append(guess)
    return tuple(sorted(found, key=lambda guess: (-guess.score, rank[guess.layer])))


@cache
def _count_fields(layers: tuple[type[Layer], ...]) -> dict[str, int]:
    """How many layers have a field of the name: the rarer, the more it tells."""
    counts: dict[str, int] = {}
    for layer in layers:
        for column in layer.asked():
            counts[str(column)] = counts.get(str(column), 0) + 1
    return counts


def _weigh_layer(
    table: pd.DataFrame,
    layer: type[Layer],
    fields: tuple[FieldGuess, ...],
    *,
    names: Sequence[str],
    shared: dict[str, int],
    skip: Collection[str],
) -> LayerGuess:
    """Score a layer by its name and by how much of the table it explains."""
    told = [(like_layer(name, layer), 0.75**at) for at, name in enumerate(names) if name]
    name, trust = max(told, key=lambda item: item[0].score * item[1], default=(Likeness(0.0), 0.0))
    proof = sum(
        guess.score / shared[str(guess.field)] ** 0.5 * (1.5 if guess.field.spec.required else 1.0)
        for guess in fields
    )
    used = {guess.column for guess in fields}
    left = tuple(
        str(column)
        for column in table.columns
        if str(column) not in used and str(column) not in skip and not is_ignored(str(column))
    )
    explained = len(used) / max(len(used) + len(left), 1)
    by_columns = (1 - math.exp(-proof / 1.5)) * (0.4 + 0.6 * explained)
    score = 1 - (1 - 0.55 * name.score * trust) * (1 - 0.85 * by_columns)
    have = {guess.field for guess in fields}
    missing = tuple(
        column
        for column in layer.asked()
        if column.spec.required and column not in have and not column.spec.filled
    )
    why = _join(
        name.evidence, f"{len(used)}/{len(used) + len(left)} 列对应其字段" if used else "没有对应的列"
    )
    return LayerGuess(layer, round(score, 3), why, fields, left, missing)
