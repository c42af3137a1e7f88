"""Entries of the project's tree: every delivered layer, and the few that show the same data on another level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from configs import read_settings
from layers.onemap import Prefix
from layers.source import Identified
from pipeline.deliver.onemap import Delivered
from styles.qml_strokes import quote_field, quote_text


@dataclass(frozen=True)
class Entry:
    """One line of the tree.

    Attributes
    ----------
    key : its one-map code, and of an extra entry that of the declaration.
    title : as the tree shows it.
    source : the delivered layer.
    subset : expression that narrows the data; empty for all.
    cover : theme and value of the class that covers everything outside the layer, of a cover only.
    """

    key: str
    title: str
    source: Delivered
    subset: str = ""
    cover: Mapping[str, str] | None = None

    @property
    def id(self) -> str:
        """Id of the layer in the project."""
        return layer_id(self.key)


def layer_id(key: str) -> str:
    """Return the id of an entry; QGIS gives a layer whose id is no longer than ten characters another one."""
    return f"onemap_layer_{key}"


@dataclass(frozen=True)
class Group:
    """Lines of the tree under one name."""

    name: str
    entries: tuple[Entry, ...]


def group_entries(layers: Sequence[Delivered]) -> list[Group]:
    """Return the tree from top to bottom, which is the drawing order too; groups without a layer are left out.

    Raises
    ------
    ValueError
        If a delivered layer is in no group.
    """
    declared = read_settings("qgis.yaml")
    by_layer: dict[str, list[Delivered]] = {}
    for layer in layers:
        by_layer.setdefault(layer.layer.key, []).append(layer)
    rank = {"point": 0, "line": 1, "polygon": 2}
    groups = []
    for item in declared["groups"]:
        found = [
            Entry(layer.code, layer.title, layer)
            for key in item["layers"]
            for layer in sorted(by_layer.get(key, ()), key=lambda layer: rank[layer.kind])
        ]
        found += [
            made for key in item.get("extra", ()) for made in _extra(key, declared["extra"][key], by_layer)
        ]
        if found:
            groups.append(Group(item["name"], tuple(found)))
    lost = {layer.code for layer in layers} - {entry.key for group in groups for entry in group.entries}
    if lost:
        raise ValueError(f"qgis.yaml has no group for {sorted(lost)}")
    return groups


def _extra(key: str, item: Mapping[str, Any], by_layer: Mapping[str, list[Delivered]]) -> list[Entry]:
    made = []
    for source in by_layer.get(item["layer"], ()):
        names = column_names(source)
        only = [f"{quote_field(names[c])} = {quote_text(v)}" for c, v in item.get("only", {}).items()]
        made.append(Entry(key, item["title"], source, " AND ".join(only), item.get("cover")))
    return made


def column_names(layer: Delivered) -> dict[str, str]:
    """Return the one-map name of each delivered column."""
    return {str(column): column.spec.onemap for column in layer.columns}


class Register:
    """The delivered layers by what the stages call their rows.

    ``plain`` and ``extra`` are the entries of the tree: by code, and by the declaration's key.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        entries = [entry for group in groups for entry in group.entries]
        self.extra = {entry.key: entry for entry in entries if entry.key != entry.source.code}
        self.plain: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.key == entry.source.code:
                self.plain.setdefault(entry.source.layer.key, []).append(entry)
        self._numbers: dict[str, pd.Series] = {}

    def find(self, layer: str, extra: str = "") -> list[Entry]:
        """Return the entries that show a layer, one a kind of geometry; or its extra entry."""
        if extra:
            return [self.extra[extra]] if extra in self.extra else []
        return self.plain.get(layer, [])

    def number(self, entry: Entry, ids: pd.Series) -> pd.Series:
        """Return 标识码 of rows by their ids, missing where the entry's layer has no such row."""
        source = entry.source
        if source.code not in self._numbers:
            numbers = source.frame[Prefix.bsm.spec.onemap].to_numpy()
            self._numbers[source.code] = pd.Series(numbers, index=source.rows[Identified.id].astype("str"))
        known = self._numbers[source.code]
        known = known[~known.index.duplicated()]
        return ids.astype("str").map(known)
