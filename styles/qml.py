"""QGIS styles (QML) of the style table: the whole symbol of every class, and the labels beside it.

Values that decide by themselves become a categorised renderer, which a technician can edit as a table; ranges and
groups become rules.  Symbol levels are on, because the sheet draws by level and not feature by feature.
"""

from __future__ import annotations

from functools import lru_cache
from xml.etree import ElementTree as Tree

from styles.look import Entry, Look
from styles.qml_labels import write_labels
from styles.qml_strokes import SymbolWriter, quote_field, quote_text

HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_JOIN = "|"
_EVERYTHING_ELSE = ""  # the value of QGIS's category for all others
# QgsWkbTypes.GeometryType.
GEOMETRY = {"point": "0", "line": "1", "polygon": "2"}


@lru_cache(maxsize=512)  # several files of a hand-in show one layer alike
def write_qml(look: Look) -> str:
    """Return the QML of a layer: symbols, labels and opacity; nothing else of an open layer is touched."""
    root = Tree.Element(
        "qgis", version="3.22.0", styleCategories="Symbology|Labeling"
    )  # fmt: skip
    if look.groups is not None or look.ranged:
        _write_rules(root, look)
    elif look.plain:
        renderer = _renderer(root, "singleSymbol")
        _write_symbols(renderer, look)
    else:
        _write_categories(root, look)
    write_labels(root, look)
    Tree.SubElement(root, "blendMode").text = "0"
    Tree.SubElement(root, "featureBlendMode").text = "0"
    Tree.SubElement(root, "layerOpacity").text = f"{look.opacity:g}"
    Tree.SubElement(root, "layerGeometryType").text = GEOMETRY[look.kind]
    return HEAD + Tree.tostring(root, encoding="unicode")


def _renderer(root: Tree.Element, kind: str) -> Tree.Element:
    return Tree.SubElement(
        root, "renderer-v2", type=kind, symbollevels="1", enableorderby="0", forceraster="0"
    )  # fmt: skip


def _write_symbols(renderer: Tree.Element, look: Look) -> None:
    holder = Tree.SubElement(renderer, "symbols")
    writer = SymbolWriter(look)
    for number, entry in enumerate(look.entries):
        writer.write(holder, str(number), entry.symbol)


def _write_categories(root: Tree.Element, look: Look) -> None:
    renderer = _renderer(root, "categorizedSymbol")
    fields = [quote_field(field) for field in look.fields]
    plain = len(fields) == 1
    renderer.set("attr", look.fields[0] if plain else f" || '{_JOIN}' || ".join(fields))
    categories = Tree.SubElement(renderer, "categories")
    for number, entry in enumerate(look.entries):
        values = [_JOIN.join(value) for value in entry.values] or [_EVERYTHING_ELSE]
        item = Tree.SubElement(categories, "category", label=entry.text, symbol=str(number), render="true")
        if len(values) == 1:
            item.set("value", values[0])
            item.set("type", "string")
            continue
        # Several values are one class and one line of the legend; QGIS reads them only where there is no ``value``.
        item.set("type", "List")
        for value in values:
            Tree.SubElement(item, "val", value=value, type="string")
    _write_symbols(renderer, look)


def _write_rules(root: Tree.Element, look: Look) -> None:
    renderer = _renderer(root, "RuleRenderer")
    rules = Tree.SubElement(renderer, "rules", key="root")
    if look.groups is None:
        _add_rules(rules, look, "")
    else:
        field, values = look.groups
        for place, value in enumerate(values):
            group = Tree.SubElement(
                rules,
                "rule",
                key=f"group{place}",
                label=value,
                filter=f"{quote_field(field)} = {quote_text(value)}",
            )
            if place:
                group.set("checkstate", "0")
            _add_rules(group, look, f"group{place}-")
    _write_symbols(renderer, look)


def _add_rules(parent: Tree.Element, look: Look, prefix: str) -> None:
    for number, entry in enumerate(look.entries):
        Tree.SubElement(
            parent, "rule", key=f"{prefix}{number}", symbol=str(number), label=entry.text,
            filter="ELSE" if entry.rest else condition_of(entry, look),
        )  # fmt: skip


def condition_of(entry: Entry, look: Look) -> str:
    """Return the expression of the features of a class that is not the rest."""
    if entry.when:
        return entry.when
    if entry.between is not None:
        field, (low, high) = quote_field(look.fields[0]), entry.between
        ends = [
            f"{field} >= {low:g}" if low is not None else "",
            f"{field} <= {high:g}" if high is not None else "",
        ]
        return " AND ".join(end for end in ends if end)
    fields = [quote_field(field) for field in look.fields]
    if len(fields) == 1:
        return f"{fields[0]} IN ({', '.join(quote_text(value) for (value,) in entry.values)})"
    whole = [
        " AND ".join(f"{f} = {quote_text(v)}" for f, v in zip(fields, value, strict=True))
        for value in entry.values
    ]
    return " OR ".join(f"({part})" for part in whole)
