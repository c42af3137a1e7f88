"""Small pieces of QGIS's project XML: identifiers that never change, coordinate systems, maps of options, fonts."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as Tree

from pyproj import CRS

from styles.fonts import FAMILY_NAMES
from styles.frame import MM_PER_INCH

_POINTS_PER_INCH = 72
_TYPES = {bool: "bool", int: "int", float: "double", str: "QString"}


def identify(*parts: str) -> str:
    """Return the identifier of what the parts name, the same in every run."""
    return "{" + str(uuid5(NAMESPACE_URL, "haoshequ:qgz:" + "/".join(parts))) + "}"


def add(parent: Tree.Element, tag: str, text: str | None = None, /, **attributes: object) -> Tree.Element:
    """Add an element; attributes are written as QGIS writes them."""
    node = Tree.SubElement(parent, tag, {key: write_value(value) for key, value in attributes.items()})
    node.text = text
    return node


def write_value(value: object) -> str:
    """Return a value as text: 0 and 1 for no and yes, numbers without needless digits."""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def add_crs(parent: Tree.Element, crs: CRS) -> None:
    """Add a coordinate system by its EPSG code, with its definition for programs without that list."""
    epsg = crs.to_epsg()
    system = add(parent, "spatialrefsys", nativeFormat="Wkt")
    add(system, "wkt", crs.to_wkt("WKT2_2019"))
    add(system, "srid", str(epsg))
    add(system, "authid", f"EPSG:{epsg}")
    add(system, "description", crs.name)
    add(system, "geographicflag", "true" if crs.is_geographic else "false")


def add_map(parent: Tree.Element, values: Mapping[str, object]) -> Tree.Element:
    """Add a map of options of any plain type; a mapping inside becomes a map inside."""
    holder = add(parent, "Option", type="Map")
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = add_map(holder, value)
            inner.set("name", key)
            continue
        text = str(value).lower() if isinstance(value, bool) else write_value(value)
        add(holder, "Option", name=key, type=_TYPES[type(value)], value=text)
    return holder


def add_extent(parent: Tree.Element, tag: str, bounds: tuple[float, float, float, float]) -> None:
    """Add a rectangle as child elements."""
    box = add(parent, tag)
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        add(box, name, f"{value:.6f}")


def points(size_mm: float) -> float:
    """Return an em height in typographic points, as fonts of layouts are measured."""
    return size_mm * _POINTS_PER_INCH / MM_PER_INCH


def describe_font(size_mm: float, *, bold: bool = False) -> str:
    """Return a font of the sheets as Qt writes one."""
    return f"{FAMILY_NAMES['sans']},{points(size_mm):.4g},-1,5,{75 if bold else 50},0,0,0,0,0"


def rgba(colour: str) -> dict[str, str]:
    """Return ``#RRGGBB`` as the attributes of a colour element."""
    red, green, blue = (str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return {"red": red, "green": green, "blue": blue, "alpha": "255"}
