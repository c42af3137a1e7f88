"""Tables whose rows have their shapes in another file, found by keys that occur in both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from layers.read.contents import Part
from layers.read.names import fold_name, is_ignored
from layers.values import fold_text

# This share of the keys of the shapes has to be in the table.
_LEAST_SHARED = 0.8


@dataclass(frozen=True)
class Join:
    """Shapes for a table.

    Attributes
    ----------
    shapes : the part with the geometry.
    column : its key column.
    key : key column of the table.
    shared : share of the shapes' keys that the table has.
    """

    shapes: Part
    column: str
    key: str
    shared: float


def find_join(table: pd.DataFrame, keys: Sequence[str], parts: Iterable[Part]) -> Join | None:
    """Return the shapes whose keys fit a table best, None where no file's do.

    Parameters
    ----------
    table : rows without shapes, or with some of their own.
    keys : columns of the table that tell its rows apart, best first.
    parts : files with geometry that may belong to it.
    """
    found = []
    for part in parts:
        for key in keys:
            mine = fold_text(table[key])
            known = frozenset(mine.dropna())
            for column in part.table.columns:
                shared = _share(part.table[column], known, same_name=fold_name(str(column)) == fold_name(key))
                if shared >= _LEAST_SHARED and not is_ignored(str(column)):
                    found.append(Join(part, str(column), key, shared))
    return max(found, key=lambda join: (join.shared, len(join.shapes.table)), default=None)


def list_keys(table: pd.DataFrame) -> list[str]:
    """Return the columns whose values are all there and all different, those that look like codes first."""
    found = []
    for name in table.columns:
        words = fold_text(table[name])
        if len(words) and words.notna().all() and words.is_unique and not is_ignored(str(name)):
            coded = words.str.fullmatch(r"[A-Za-z0-9\-_]+").mean() > 0.9
            found.append((not coded, str(name)))
    return [name for _, name in sorted(found, key=lambda item: item[0])]


def _share(cells: pd.Series, known: frozenset[str], *, same_name: bool) -> float:
    """Share of a key column's values that are known; 0 where it is no key or agrees by chance.

    Small whole numbers occur in every file, so they count only under the same name.
    """
    words = fold_text(cells)
    if not len(words) or words.isna().any() or not words.is_unique:
        return 0.0
    if not same_name and (words.str.fullmatch(r"\d{1,5}").all() or (words.str.len() < 3).all()):
        return 0.0
    return float(words.isin(known).mean())
