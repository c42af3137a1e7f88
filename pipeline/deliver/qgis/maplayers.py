"""Layers of the project: where the data are, how they look in each of their styles, what their fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from xml.etree import ElementTree as Tree

from layers.model import Column
from pipeline.deliver.geopackage import PATH
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.qgis.entries import Entry, layer_id
from pipeline.deliver.qgis.nodes import add, add_crs, add_extent, add_map
from pipeline.deliver.relations import KEY, Mapped

DATABASE = f"./{PurePosixPath(PATH).name}"  # the project lies beside it
_SHAPES = {"point": "Point", "line": "Line", "polygon": "Polygon"}
_WKB = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}
# QgsFieldConstraints: not null is a hard rule, unique likewise.
_NOT_NULL, _UNIQUE = 1, 2


def locate_source(entry: Entry) -> str:
    """Return the data source of an entry, relative to the project."""
    subset = f"|subset={entry.subset}" if entry.subset else ""
    return f"{DATABASE}|layername={entry.source.code}{subset}"


def add_maplayer(parent: Tree.Element, entry: Entry, styles: Mapping[str, str], current: str) -> None:
    """Add a layer with all its styles.

    Parameters
    ----------
    parent : ``projectlayers``.
    styles : QML by name, in the order the list of styles shows them.
    current : the one it opens with.
    """
    source = entry.source
    node = add(
        parent, "maplayer", type="vector", geometry=_SHAPES[source.kind], wkbType=_wkb_of(source),
        styleCategories="AllStyleCategories", hasScaleBasedVisibilityFlag=False, minScale="0", maxScale="0",
        simplifyDrawingHints="0", simplifyAlgorithm="0", simplifyDrawingTol="1", simplifyMaxScale="1", simplifyLocal="1",
        symbologyReferenceScale="-1", autoRefreshEnabled=False, autoRefreshTime="0", refreshOnNotifyEnabled=False,
        readOnly=False,
    )  # fmt: skip
    if len(source.frame):
        add_extent(node, "extent", tuple(source.frame.total_bounds))
    add(node, "id", entry.id)
    add(node, "datasource", locate_source(entry))
    add(add(node, "keywordList"), "value", "")
    add(node, "layername", entry.title)
    add_crs(add(node, "srs"), source.frame.crs)
    described = add(node, "resourceMetadata")
    add(described, "identifier", source.code)
    add(described, "type", "dataset")
    add(described, "title", source.title)
    add(described, "abstract", source.layer.alias)
    add(node, "provider", "ogr", encoding="UTF-8")
    for empty in ("vectorjoins", "layerDependencies", "dataDependencies", "expressionfields"):
        add(node, empty)
    manager = add(node, "map-layer-style-manager", current=current)
    for name, qml in styles.items():
        style = add(manager, "map-layer-style", name=name)
        if name != current:
            style.append(_parse(qml))
    shown = _parse(styles[current])
    node.set("labelsEnabled", shown.get("labelsEnabled", "0"))
    for child in shown:
        node.append(child)
    flags = add(node, "flags")
    for name, value in (("Identifiable", "1"), ("Removable", "1"), ("Searchable", "1"), ("Private", "0")):
        add(flags, name, value)
    add(node, "customproperties")
    _add_fields(node, source)


def locate_table(mapped: Mapped) -> str:
    """Return the data source of a mapping table, relative to the project.

    The tables are no layers of the GeoPackage, and readers before GDAL 3.7 find them only by a query.
    """
    return f"{DATABASE}|layername={mapped.base}|subset=SELECT base_id, related_id FROM {mapped.table}"


def add_table(parent: Tree.Element, mapped: Mapped) -> None:
    """Add a mapping table as a layer without places."""
    node = add(
        parent, "maplayer", type="vector", geometry="No geometry", wkbType="NoGeometry", readOnly=False
    )
    add(node, "id", layer_id(mapped.table))
    add(node, "datasource", locate_table(mapped))
    add(node, "layername", mapped.relation.title)
    add(node, "provider", "ogr", encoding="UTF-8")


def _wkb_of(source: Delivered) -> str:
    several = source.kind == "point" and source.frame.geom_type.eq("MultiPoint").any()
    return "MultiPoint" if several else _WKB[source.kind]


def _parse(qml: str) -> Tree.Element:
    """Return the root of a QML without its document type."""
    return Tree.fromstring(qml.partition("\n")[2])


def _add_fields(node: Tree.Element, source: Delivered) -> None:
    """Add how fields are edited, what they are called and what they must hold."""
    configuration = add(node, "fieldConfiguration")
    hidden = add(add(configuration, "field", name=KEY), "editWidget", type="Hidden")
    add(add(hidden, "config"), "Option")
    for column in source.columns:
        field = add(configuration, "field", name=column.spec.onemap)
        _add_widget(field, column)
    aliases = add(node, "aliases")
    constraints, defaults = add(node, "constraints"), add(node, "defaults")
    for index, column in enumerate(source.columns, 1):
        name = column.spec.onemap
        add(aliases, "alias", field=name, name=column.spec.alias, index=index)
        add(defaults, "default", field=name, expression="", applyOnUpdate=False)
        kinds = _NOT_NULL * column.spec.required + _UNIQUE * column.spec.unique
        # Soft rules: a technician is told, and may still save a half-finished row.
        add(
            constraints, "constraint", field=name, constraints=kinds, exp_strength="0",
            notnull_strength="2" if column.spec.required else "0", unique_strength="2" if column.spec.unique else "0",
        )  # fmt: skip


def _add_widget(field: Tree.Element, column: Column) -> None:
    codes = column.spec.codes
    if codes is None:
        add(add(add(field, "editWidget", type=""), "config"), "Option")
        return
    if not codes.closed:
        widget = add(field, "editWidget", type="UniqueValues")
        add_map(add(widget, "config"), {"Editable": True})
        return
    widget = add(field, "editWidget", type="ValueMap")
    values = add(add(add(widget, "config"), "Option", type="Map"), "Option", type="List", name="map")
    for value in codes.values:
        add_map(values, {value: value})
