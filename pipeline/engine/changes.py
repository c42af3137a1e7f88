"""Rows of a layer that are new, gone or changed since it was last read, by file and id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Layer
from layers.source import Identified
from pipeline.stages.base import Frame

SHAPE = "图形"
_NAME = "name"  # the field that tells rows apart whose id follows from where they are


@dataclass(frozen=True)
class Change:
    """What has changed of a layer in one file.

    Attributes
    ----------
    file : as ``Identified.source`` has it; empty where the layer's rows name none.
    layer : Chinese name.
    added, removed, changed : names of the rows where they have any, else ids; sorted.
    fields : Chinese names of the fields that differ in the changed rows, as declared.
    """

    file: str
    layer: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many rows differ."""
        return len(self.added) + len(self.removed) + len(self.changed)


def compare_layer(layer: type[Layer], old: Frame, new: Frame) -> list[Change]:
    """Return what differs between two readings of a layer, by file.

    A row that has moved or was renamed is a changed one where its id is its own; where the id follows from the
    place, rows of one name are taken for the same as long as the name is the only one.

    Parameters
    ----------
    layer : the declaration; one without ids has nothing to compare by.
    old, new : conformed frames.
    """
    if not issubclass(layer, Identified):
        return []
    before, now = _as_texts(old, layer), _as_texts(new, layer)
    now = now.rename(index=_pair_by_name(before, now))
    shared = before.index.intersection(now.index)
    columns = [column for column in before.columns if column not in (Identified.id, Identified.source)]
    differs = before.loc[shared, columns].to_numpy() != now.loc[shared, columns].to_numpy()
    touched = shared[differs.any(axis=1)]
    groups = {
        "added": now.loc[now.index.difference(before.index)],
        "removed": before.loc[before.index.difference(now.index)],
        "changed": now.loc[touched],
    }
    return list(_by_file(layer, groups, pd.DataFrame(differs, index=shared, columns=columns)))


def _by_file(layer: type[Layer], groups: dict[str, pd.DataFrame], differs: pd.DataFrame) -> Iterator[Change]:
    files = sorted({file for rows in groups.values() for file in rows[Identified.source]})
    names = {str(column): column.spec.alias for column in layer.columns()} | {"geometry": SHAPE}
    for file in files:
        own = {word: rows[rows[Identified.source] == file] for word, rows in groups.items()}
        fields = differs.loc[own["changed"].index].any(axis=0)
        ids = {word: tuple(sorted(_call(rows))) for word, rows in own.items()}
        yield Change(
            file, layer.alias, **ids,
            fields=tuple(names[str(column)] for column in fields.index[fields.to_numpy(dtype=bool)]),
        )  # fmt: skip


def _call(rows: pd.DataFrame) -> pd.Series:
    """Return what a person calls each row."""
    if _NAME not in rows:
        return rows[Identified.id]
    return rows[_NAME].where(rows[_NAME] != "", rows[Identified.id])


def _as_texts(frame: Frame, layer: type[Layer]) -> pd.DataFrame:
    """Return a frame as texts, geometry as WKB, indexed by file and id."""
    plain = pd.DataFrame({str(c): frame[c].astype("str").fillna("") for c in layer.columns()})
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        plain["geometry"] = [text or "" for text in shapely.to_wkb(shapes, hex=True)]
    return plain.set_index(plain[Identified.source] + "\n" + plain[Identified.id])


def _pair_by_name(before: pd.DataFrame, now: pd.DataFrame) -> dict[str, str]:
    """Return the old index by the new one of rows that go by the same name, the only one of theirs."""
    if _NAME not in before:
        return {}
    gone, fresh = before.drop(now.index, errors="ignore"), now.drop(before.index, errors="ignore")
    keys = [frame[Identified.source] + "\n" + frame[_NAME] for frame in (gone, fresh)]
    known, found = (
        key[(frame[_NAME] != "") & ~key.duplicated(keep=False)]
        for key, frame in zip(keys, (gone, fresh), strict=True)
    )
    old_index = dict(zip(known, known.index, strict=True))
    return {index: old_index[key] for index, key in found.items() if key in old_index}
