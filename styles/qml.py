"""QGIS styles (QML) of the same symbols: one symbol a value of a field."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from styles.table import Symbol

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_TYPES = {"point": "marker", "line": "line", "polygon": "fill"}
# A line that marks a place is drawn this much wider than the outline of an area.
_LINE_FACTOR = 2.0


def write_qml(symbols: Sequence[Symbol], *, field: str, kind: str) -> str:
    """Return the QML of a layer whose symbol follows the value of a field.

    Parameters
    ----------
    symbols : one a value, in the order of the legend.
    field : column of the layer.
    kind : ``point``, ``line`` or ``polygon``.
    """
    root = Tree.Element("qgis", version="3.28.0", styleCategories="Symbology")
    renderer = Tree.SubElement(
        root,
        "renderer-v2",
        type="categorizedSymbol",
        attr=field,
        enableorderby="0",
        forceraster="0",
        symbollevels="0",
    )
    categories = Tree.SubElement(renderer, "categories")
    shapes = Tree.SubElement(renderer, "symbols")
    for number, symbol in enumerate(symbols):
        Tree.SubElement(
            categories, "category", value=symbol.value, label=symbol.name, symbol=str(number), render="true"
        )
        shape = Tree.SubElement(
            shapes,
            "symbol",
            name=str(number),
            type=_TYPES[kind],
            alpha="1",
            clip_to_extent="1",
            force_rhr="0",
        )
        _add_layer(shape, symbol, kind)
    return _HEAD + Tree.tostring(root, encoding="unicode")


def _add_layer(shape: Tree.Element, symbol: Symbol, kind: str) -> None:
    fill, line = _colour(symbol.fill or symbol.line, symbol.alpha), _colour(symbol.line or symbol.fill, 1.0)
    if kind == "point":
        name = "SimpleMarker"
        options = {
            "name": symbol.marker or "circle", "color": fill, "outline_color": line, "outline_style": "solid",
            "outline_width": f"{symbol.line_mm:g}", "outline_width_unit": "MM", "size": f"{symbol.size_mm:g}",
            "size_unit": "MM",
        }  # fmt: skip
    elif kind == "line":
        name = "SimpleLine"
        options = {
            "line_color": line, "line_style": "solid", "line_width": f"{symbol.line_mm * _LINE_FACTOR:g}",
            "line_width_unit": "MM",
        }  # fmt: skip
    else:
        name = "SimpleFill"
        options = {
            "color": fill, "style": "solid", "outline_color": line, "outline_style": "solid",
            "outline_width": f"{symbol.line_mm:g}", "outline_width_unit": "MM",
        }  # fmt: skip
    layer = Tree.SubElement(shape, "layer", {"class": name}, enabled="1", locked="0")
    layer.set("pass", "0")
    holder = Tree.SubElement(layer, "Option", type="Map")
    for key, value in options.items():
        Tree.SubElement(holder, "Option", name=key, type="QString", value=value)


def _colour(hexadecimal: str, alpha: float) -> str:
    """Return ``r,g,b,a`` of ``#RRGGBB``."""
    red, green, blue = (int(hexadecimal[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(alpha * 255)}"
