"""How each delivered layer is drawn when it is opened: ``configs/database_styles.yaml`` for one layer with its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes
from pipeline.deliver.onemap import Delivered
from styles import Symbol, symbol, theme_symbols
from styles.look import Entry, Label, Look
from styles.qml import write_qml
from styles.sld import write_sld

EVERY_CLASS = "全部类别"
_PAIR = "|"
_RANGE = re.compile(r"(\d+)(?:-(\d+)|\+)")


@dataclass(frozen=True)
class Style:
    """One style of a delivered layer.

    Attributes
    ----------
    name : as QGIS lists it; the first of a layer is its default.
    look : how it is drawn.
    qml, sld : the same, written out.
    """

    name: str
    look: Look
    qml: str
    sld: str


def style_layer(layer: Delivered) -> list[Style]:
    """Return the styles of a layer, its default first; one without a declaration is drawn plainly."""
    declared = read_settings("database_styles.yaml")["layers"].get(layer.layer.key)
    if declared is None:
        return [_style(layer, layer.title, Look(layer.kind, (_rest(layer, {}),)))]
    made = []
    for item in declared:
        made.append(_style(layer, item["name"], _look(layer, item)))
        if item.get("shown"):
            made.append(_style(layer, item["name"] + EVERY_CLASS, _look(layer, {**item, "shown": False})))
    return made


def _style(layer: Delivered, name: str, look: Look) -> Style:
    return Style(name, look, write_qml(look), write_sld(look, layer=layer.code, title=name))


def _look(layer: Delivered, item: Mapping[str, Any]) -> Look:
    names = {str(column): column.spec.onemap for column in layer.columns}
    by = item.get("by", [])
    fields = tuple(names[column] for column in ([by] if isinstance(by, str) else by))
    if not fields:
        entries: tuple[Entry, ...] = (Entry(symbol(item["theme"], item["value"]), rest=True),)
    else:
        entries = (*_entries(layer, item, fields), _rest(layer, item))
    groups = None
    if "groups" in item:
        field = names[item["groups"]]
        found = dict.fromkeys([item["first"], *layer.frame[field].dropna()])
        groups = (field, tuple(str(value) for value in found))
    return Look(
        layer.kind,
        entries,
        fields,
        label=_label(item["label"], names) if "label" in item else None,
        badge=names[item["badge"]] if "badge" in item else "",
        groups=groups,
        flat=item.get("flat", False),
    )


def _label(item: Mapping[str, Any], names: Mapping[str, str]) -> Label:
    unless = next(((names[column], value) for column, value in item.get("unless", {}).items()), None)
    return Label(names[item["column"]], symbol("text", item["kind"]), item.get("inside", False), unless)


def _rest(layer: Delivered, item: Mapping[str, Any]) -> Entry:
    rest = item.get("rest") or read_settings("database_styles.yaml")["kinds"][layer.kind]
    return Entry(symbol(rest["theme"], rest["value"]), rest=True, name=rest.get("name", ""))


def _entries(layer: Delivered, item: Mapping[str, Any], fields: tuple[str, ...]) -> list[Entry]:
    """Return the classes of a theme with the values that take them, in the order of the style table."""
    rest = item.get("rest", {})
    taken = class_values(item["theme"], item.get("classes", {}))
    entries = []
    for found in theme_symbols(item["theme"]):
        same = (rest.get("theme"), rest.get("value")) == (found.theme, found.value) and "name" not in rest
        if same or found.value not in item.get("only", [found.value]):
            continue
        if item.get("ranges"):
            entries.append(Entry(found, between=read_range(found)))
        else:
            values = tuple(tuple(v.split(_PAIR)) for v in taken.get(found.value, [found.value]))
            entries.append(Entry(found, values))
    if not item.get("shown"):
        return entries
    here = set(layer.frame[fields[0]].dropna().astype("str"))
    present = [entry for entry in entries if here & {value for (value,) in entry.values}]
    return present or entries


def class_values(theme: str, own: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the values of each class of a theme that takes others than its own name."""
    found: dict[str, list[str]] = {}
    for value, name in read_settings("catalogue.yaml")["classes"].get(theme, {}).items():
        found.setdefault(name, [name])
        if value != name:
            found[name].append(value)
    if theme == "facility":
        for key, item in facility_classes().items():
            found.setdefault(item.group, []).append(key)
    for value, name in own.items():
        found.setdefault(name, []).append(value)
    return found


def read_range(item: Symbol) -> tuple[float | None, float | None]:
    """Return the range a class says by its value: ``4-6`` both ends, ``19+`` the lower one.

    Raises
    ------
    ValueError
        If the value is no range.
    """
    found = _RANGE.fullmatch(item.value)
    if found is None:
        raise ValueError(f"class {item.theme}/{item.value} is no range")
    low, high = found.groups()
    return float(low), float(high) if high else None
