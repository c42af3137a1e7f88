"""Relations between layers: through the mapping tables of the database, which come along as tables, and by its fields."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from configs import read_settings
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.qgis.entries import column_names, layer_id
from pipeline.deliver.qgis.nodes import add
from pipeline.deliver.relations import KEY, Mapped

_ENDS = ("base_id", "related_id")


def add_relations(parent: Tree.Element, layers: Sequence[Delivered], mapped: Sequence[Mapped]) -> None:
    """Add both ends of every mapping table, and every declared relation of which one row finds its parent."""
    holder = add(parent, "relations")
    titles = {layer.code: layer.title for layer in layers}
    for item in mapped:
        for end, code in zip(_ENDS, (item.base, item.related), strict=True):
            name = f"{item.relation.title}（{titles[item.base]}、{titles[item.related]}）：{titles[code]}"
            _add(holder, f"{item.table}_{end}", name, (item.table, end), (code, KEY))
    by_layer: dict[str, list[Delivered]] = {}
    for layer in layers:
        by_layer.setdefault(layer.layer.key, []).append(layer)
    for declared in read_settings("qgis.yaml")["relations"]:
        for child in by_layer.get(declared["child"], ()):
            field = column_names(child)[declared["column"]]
            for owner in by_layer.get(declared["parent"], ()):
                key = column_names(owner)[declared["key"]]
                if child.frame[field].dropna().isin(owner.frame[key]).any():
                    name = f"{child.code}_{field}_{owner.code}"
                    _add(holder, name, declared["name"], (child.code, field), (owner.code, key))


def _add(holder: Tree.Element, key: str, name: str, child: tuple[str, str], owner: tuple[str, str]) -> None:
    relation = add(
        holder, "relation", id=key, name=name, strength="Association",
        referencingLayer=layer_id(child[0]), referencedLayer=layer_id(owner[0]),
    )  # fmt: skip
    add(relation, "fieldRef", referencingField=child[1], referencedField=owner[1])
