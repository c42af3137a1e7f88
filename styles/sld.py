"""OGC Symbology Encoding (SLD 1.1) of the style table, for GeoServer and other map servers.

What the encoding cannot say degrades plainly: characters inside markers are left out, a pentagon and a hexagon become
circles, groups of values are not switchable.  Sizes are pixels of 0.28 mm, the standard's own (OGC 05-077r4, 6.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import sqrt
from xml.etree import ElementTree as Tree

import numpy as np

from styles.fonts import FAMILY_NAMES
from styles.look import Entry, Label, Look, marker_of
from styles.marks import (
    BROAD_ALPHA,
    BROAD_GROUND,
    HATCH_INK,
    HATCH_MM,
    MARKED_LINE_MM,
    PLAIN_MARKER,
    has_ground,
    is_cased,
    is_marked,
    line_width,
    marker_outline,
)
from styles.table import Symbol

PIXEL_MM = 0.28
_SLD, _SE, _OGC, _XLINK = (
    "http://www.opengis.net/sld",
    "http://www.opengis.net/se",
    "http://www.opengis.net/ogc",
    "http://www.w3.org/1999/xlink",
)
# Well-known mark and its turn, degrees clockwise; what the standard has no mark for is a circle.
_MARKS = {
    "circle": ("circle", 0), "square": ("square", 0), "triangle": ("triangle", 0), "triangle_down": ("triangle", 180),
    "diamond": ("square", 45), "star": ("star", 0), "cross": ("cross", 0), "pentagon": ("circle", 0),
    "hexagon": ("circle", 0),
}  # fmt: skip
# GeoServer's hatch marks by angle, with the side of the tile for a spacing of 1.
_HATCHES = {
    0.0: ("shape://horline", 1.0), 90.0: ("shape://vertline", 1.0), 45.0: ("shape://slash", sqrt(2)),
    135.0: ("shape://backslash", sqrt(2)),
}  # fmt: skip
Parts = list[Tree.Element]


@lru_cache(maxsize=512)  # several files of a hand-in show one layer alike
def write_sld(look: Look, *, layer: str, title: str) -> str:
    """Return the SLD of a layer.

    Parameters
    ----------
    look : how it is drawn.
    layer, title : name in the database, and in Chinese.
    """
    root = Tree.Element("StyledLayerDescriptor", version="1.1.0", xmlns=_SLD)
    for prefix, place in (("se", _SE), ("ogc", _OGC), ("xlink", _XLINK)):
        root.set(f"xmlns:{prefix}", place)
    named = Tree.SubElement(root, "NamedLayer")
    _text(named, "se:Name", layer)
    style = Tree.SubElement(named, "UserStyle")
    _text(style, "se:Name", title)
    if any(is_cased(entry.symbol) for entry in look.entries) and look.kind == "line":
        # Casings in a style of their own lie under every line, so that crossings stay open.
        _add_rules(style, look, [(entry, _casing(entry.symbol)) for entry in look.entries], named=False)
    _add_rules(style, look, [(entry, _symbolizers(look, entry.symbol)) for entry in look.entries])
    if look.label is not None:
        _add_labels(style, look, look.label)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(root, encoding="unicode")


def _add_rules(
    style: Tree.Element, look: Look, made: Sequence[tuple[Entry, Parts]], *, named: bool = True
) -> None:
    holder = Tree.SubElement(style, "se:FeatureTypeStyle")
    for entry, symbolizers in made:
        if not symbolizers:
            continue
        rule = Tree.SubElement(holder, "se:Rule")
        if named:
            _text(rule, "se:Name", entry.text)
            _text(Tree.SubElement(rule, "se:Description"), "se:Title", entry.text)
        if not look.plain:
            condition = _remainder(look) if entry.rest else _condition(entry, look)
            Tree.SubElement(rule, "ogc:Filter").append(condition)
        rule.extend(symbolizers)


def _remainder(look: Look) -> Tree.Element:
    """Return the condition of the rest, in full: QGIS draws a rule with ``ElseFilter`` over every feature."""
    others = [_condition(entry, look) for entry in look.entries if not entry.rest]
    missing = []
    for field in look.fields:
        item = Tree.Element("ogc:PropertyIsNull")
        _text(item, "ogc:PropertyName", field)
        missing.append(item)
    if not others:
        return _join("Or", missing)
    none = Tree.Element("ogc:Not")
    none.append(_join("Or", others))
    return _join("Or", [*missing, none])


def _condition(entry: Entry, look: Look) -> Tree.Element:
    if entry.between is not None:
        low, high = entry.between
        ends = [("GreaterThanOrEqualTo", low), ("LessThanOrEqualTo", high)]
        parts = [_compare(look.fields[0], f"{end:g}", name) for name, end in ends if end is not None]
        return _join("And", parts)
    wholes = [
        _join("And", [_compare(f, v, "EqualTo") for f, v in zip(look.fields, value, strict=True)])
        for value in entry.values
    ]
    return _join("Or", wholes)


def _compare(field: str, value: str, how: str) -> Tree.Element:
    item = Tree.Element(f"ogc:PropertyIs{how}")
    _text(item, "ogc:PropertyName", field)
    _text(item, "ogc:Literal", value)
    return item


def _join(how: str, parts: Parts) -> Tree.Element:
    if len(parts) == 1:
        return parts[0]
    item = Tree.Element(f"ogc:{how}")
    item.extend(parts)
    return item


def _symbolizers(look: Look, symbol: Symbol) -> Parts:
    if look.kind == "point":
        return [_point(look, symbol)]
    made = list(_lines(symbol) if look.kind == "line" else _areas(symbol))
    return [*made, _point(look, symbol)] if look.badge else made


def _areas(symbol: Symbol) -> Iterator[Tree.Element]:
    if symbol.fill and symbol.geometry != "line":
        area = Tree.Element("se:PolygonSymbolizer")
        # Opacity of a whole layer is not known here; each area has it.
        _fill(area, symbol.fill, symbol.alpha)
        yield area
    for angle, spacing in symbol.hatch:
        area = Tree.Element("se:PolygonSymbolizer")
        name, share = _HATCHES[angle]
        graphic = Tree.SubElement(
            Tree.SubElement(Tree.SubElement(area, "se:Fill"), "se:GraphicFill"), "se:Graphic"
        )
        mark = Tree.SubElement(graphic, "se:Mark")
        _text(mark, "se:WellKnownName", name)
        _stroke(mark, symbol.line or HATCH_INK, HATCH_MM)
        _text(graphic, "se:Size", pixels(spacing * share))
        yield area
    if symbol.line and symbol.line_mm:
        yield from _stroked(symbol, 1.0)


def _lines(symbol: Symbol) -> Iterator[Tree.Element]:
    if is_cased(symbol):
        yield _line(symbol.fill, symbol.size_mm - 2 * symbol.line_mm)
    elif is_marked(symbol):
        yield _line(symbol.fill, MARKED_LINE_MM)
    else:
        yield from _stroked(symbol, symbol.alpha)


def _casing(symbol: Symbol) -> Parts:
    return [_line(symbol.line, symbol.size_mm)] if is_cased(symbol) else []


def _stroked(symbol: Symbol, alpha: float) -> Iterator[Tree.Element]:
    width = line_width(symbol)
    if has_ground(symbol):
        yield _line(BROAD_GROUND, width, alpha=BROAD_ALPHA)
    yield _line(symbol.line or symbol.fill, width, alpha=alpha, dash=symbol.dash)


def _line(ink: str, width: float, *, alpha: float = 1.0, dash: Sequence[float] = ()) -> Tree.Element:
    item = Tree.Element("se:LineSymbolizer")
    _stroke(item, ink, width, alpha=alpha, dash=dash)
    return item


def _point(look: Look, symbol: Symbol) -> Tree.Element:
    item = Tree.Element("se:PointSymbolizer")
    marker = marker_of(symbol, texted=bool(symbol.glyph or look.badge))
    shape = symbol.marker or PLAIN_MARKER
    name, turn = _MARKS[shape]
    graphic = Tree.SubElement(item, "se:Graphic")
    mark = Tree.SubElement(graphic, "se:Mark")
    _text(mark, "se:WellKnownName", name)
    _fill(mark, symbol.fill or symbol.line, 1.0)
    if marker.rim and marker.rim_mm:
        _stroke(mark, marker.rim, marker.rim_mm)
    height = float(np.ptp(marker_outline(shape)[:, 1]))
    side = height / sqrt(2) if turn == 45 else height
    _text(graphic, "se:Size", pixels(marker.size_mm * side))
    if turn:
        _text(graphic, "se:Rotation", str(turn))
    return item


def _add_labels(style: Tree.Element, look: Look, label: Label) -> None:
    rule = Tree.SubElement(Tree.SubElement(style, "se:FeatureTypeStyle"), "se:Rule")
    if label.unless is not None:
        Tree.SubElement(rule, "ogc:Filter").append(_compare(*label.unless, "NotEqualTo"))
    item = Tree.SubElement(rule, "se:TextSymbolizer")
    _text(Tree.SubElement(item, "se:Label"), "ogc:PropertyName", label.field)
    font = Tree.SubElement(item, "se:Font")
    _parameter(font, "font-family", FAMILY_NAMES["sans"])
    _parameter(font, "font-size", pixels(label.kind.size_mm))
    place = Tree.SubElement(item, "se:LabelPlacement")
    if look.kind == "line":
        Tree.SubElement(place, "se:LinePlacement")
    else:
        point = Tree.SubElement(place, "se:PointPlacement")
        anchor = Tree.SubElement(point, "se:AnchorPoint")
        away = look.kind == "point"
        _text(anchor, "se:AnchorPointX", "0" if away else "0.5")
        _text(anchor, "se:AnchorPointY", "0.5")
        if away:
            shift = Tree.SubElement(point, "se:Displacement")
            clearance = max(entry.symbol.size_mm for entry in look.entries) / 2
            _text(shift, "se:DisplacementX", pixels(clearance))
            _text(shift, "se:DisplacementY", "0")
    if label.kind.line and label.kind.line_mm:
        halo = Tree.SubElement(item, "se:Halo")
        _text(halo, "se:Radius", pixels(label.kind.line_mm))
        _fill(halo, label.kind.line, 1.0)
    _fill(item, label.kind.fill, 1.0)


def _fill(parent: Tree.Element, ink: str, alpha: float) -> None:
    item = Tree.SubElement(parent, "se:Fill")
    _parameter(item, "fill", ink)
    if alpha < 1:
        _parameter(item, "fill-opacity", f"{alpha:g}")


def _stroke(
    parent: Tree.Element, ink: str, width: float, *, alpha: float = 1.0, dash: Sequence[float] = ()
) -> None:
    item = Tree.SubElement(parent, "se:Stroke")
    _parameter(item, "stroke", ink)
    if alpha < 1:
        _parameter(item, "stroke-opacity", f"{alpha:g}")
    _parameter(item, "stroke-width", pixels(width))
    _parameter(item, "stroke-linejoin", "round")
    _parameter(item, "stroke-linecap", "butt" if dash else "round")
    if dash:
        _parameter(item, "stroke-dasharray", " ".join(pixels(part) for part in dash))


def _parameter(parent: Tree.Element, name: str, value: str) -> None:
    Tree.SubElement(parent, "se:SvgParameter", name=name).text = value


def _text(parent: Tree.Element, tag: str, text: str) -> None:
    Tree.SubElement(parent, tag).text = text


def pixels(millimetres: float) -> str:
    """Return a length in pixels of 0.28 mm."""
    return f"{millimetres / PIXEL_MM:.3g}"
