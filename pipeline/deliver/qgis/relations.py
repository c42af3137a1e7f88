"""Relations between layers: what serves which need, which resource a change takes, which centre a station belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from configs import read_settings
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.qgis.entries import column_names, layer_id
from pipeline.deliver.qgis.nodes import add


def add_relations(parent: Tree.Element, layers: Sequence[Delivered]) -> None:
    """Add every declared relation of which at least one row of the child finds its parent."""
    holder = add(parent, "relations")
    by_layer: dict[str, list[Delivered]] = {}
    for layer in layers:
        by_layer.setdefault(layer.layer.key, []).append(layer)
    for item in read_settings("qgis.yaml")["relations"]:
        for child in by_layer.get(item["child"], ()):
            field = column_names(child)[item["column"]]
            for owner in by_layer.get(item["parent"], ()):
                key = column_names(owner)[item["key"]]
                if not child.frame[field].dropna().isin(owner.frame[key]).any():
                    continue
                name = (
                    item["name"] if len(by_layer[item["parent"]]) == 1 else f"{item['name']}（{owner.title}）"
                )
                relation = add(
                    holder, "relation", id=f"{child.code}_{field}_{owner.code}", name=name, strength="Association",
                    referencingLayer=layer_id(child.code), referencedLayer=layer_id(owner.code),
                )  # fmt: skip
                add(relation, "fieldRef", referencingField=field, referencedField=key)
