"""Labels of QGIS: field, size, colour and halo of a row of theme ``text``, where the sheet labels a layer."""

from __future__ import annotations

from xml.etree import ElementTree as Tree

from styles.fonts import FAMILY_NAMES
from styles.look import Label, Look
from styles.qml_strokes import colour, quote_field, quote_text, write_defined
from styles.table import text_colour_on

# QgsPalLayerSettings.Placement by kind of layer: ordered round the point, along the line, horizontal in the area.
_PLACEMENT = {"point": "6", "line": "2", "polygon": "4"}
_ORDER = "R,TR,BR,L,TL,BL,T,B"  # right of the point first, as on the sheet
_ON_LINE = "9"  # on the line, whichever way it runs
_INSIDE, _EITHER = "2", "3"  # in the area only, or beside it too


def write_labels(root: Tree.Element, look: Look) -> None:
    """Add the labelling of a look to its document; nothing where it has none."""
    root.set("labelsEnabled", "1" if look.label else "0")
    if look.label is None:
        return
    write_settings(Tree.SubElement(root, "labeling", type="simple"), look, look.label)


def write_settings(parent: Tree.Element, look: Look, label: Label, *, shown: bool = True) -> None:
    """Add how one label of a look is written and placed; one not shown still keeps others off its markers."""
    kind = label.kind
    settings = Tree.SubElement(parent, "settings", calloutType="simple")
    style = Tree.SubElement(
        settings, "text-style",
        fieldName=_expression(label), isExpression="1", fontFamily=FAMILY_NAMES["sans"], namedStyle="Regular",
        fontSize=f"{kind.size_mm:g}", fontSizeUnit="MM", textColor=colour(kind.fill), textOpacity="1",
        fontWeight="50", multilineHeight="1",
    )  # fmt: skip
    halo = bool(kind.line and kind.line_mm)
    Tree.SubElement(
        style, "text-buffer",
        bufferDraw=str(int(halo)), bufferSize=f"{kind.line_mm:g}", bufferSizeUnits="MM",
        bufferColor=colour(kind.line or "#FFFFFF"), bufferOpacity="1", bufferJoinStyle="128", bufferNoFill="1",
    )  # fmt: skip
    street = look.kind == "line"
    Tree.SubElement(
        settings, "text-format",
        wrapChar="",
    )  # fmt: skip
    clearance = max(entry.symbol.size_mm for entry in look.entries) / 2 if look.kind == "point" else 0.0
    Tree.SubElement(
        settings, "placement",
        placement=_PLACEMENT[look.kind], placementFlags=_ON_LINE, predefinedPositionOrder=_ORDER,
        dist=f"{clearance:g}", distUnits="MM", fitInPolygonOnly=str(int(label.inside)),
        polygonPlacementFlags=_INSIDE if label.inside else _EITHER,
        centroidInside="1", centroidWhole="0", priority=str(label.priority),
    )  # fmt: skip
    Tree.SubElement(
        settings, "rendering",
        drawLabels=str(int(shown)), displayAll="0", obstacle=str(int(look.kind == "point")), mergeLines=str(int(street)), fontMinPixelSize="3",
        limitNumLabels="0",
    )  # fmt: skip
    light = _light_grounds(look, label)
    if light:
        write_defined(settings, {"Color": light}, "dd_properties")


def _expression(label: Label) -> str:
    field = label.text or quote_field(label.field)
    if label.unless is None:
        return field
    column, value = label.unless
    return f"CASE WHEN {quote_field(column)} <> {quote_text(value)} THEN {field} END"


def _light_grounds(look: Look, label: Label) -> str:
    """Return the colour that reads on each fill, for a text without halo inside its area."""
    if not label.inside or label.kind.line or len(look.fields) != 1:
        return ""
    plain = text_colour_on("#FFFFFF")
    light = [
        quote_text(value)
        for entry in look.entries
        for (value,) in entry.values
        if entry.symbol.fill and text_colour_on(entry.symbol.fill) != plain
    ]
    dark = quote_text(plain)
    if not light:
        return dark
    return f"CASE WHEN {quote_field(look.fields[0])} IN ({', '.join(light)}) THEN '#FFFFFF' ELSE {dark} END"
