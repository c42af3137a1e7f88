"""数据库/一张图.qgz: layers in a tree, every style, relations, a map theme and an A3 layout a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as Tree
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pyproj import CRS

from configs import read_settings
from pipeline.deliver.items import Item
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.qgis.entries import Group, Register, group_entries, layer_id
from pipeline.deliver.qgis.layouts import add_layout, name_layout
from pipeline.deliver.qgis.maplayers import add_maplayer, add_table, locate_source, locate_table
from pipeline.deliver.qgis.nodes import add, add_crs, add_extent
from pipeline.deliver.qgis.relations import add_relations
from pipeline.deliver.qgis.themes import Theme, Wardrobe, add_themes, dress_theme
from pipeline.deliver.qgis.views import Showing, show_inset, show_sheet
from pipeline.deliver.relations import Mapped, map_relations
from pipeline.deliver.sheet.spec import Bounds, Finished
from pipeline.plan import Plan

PATH = "数据库/一张图.qgz"
# The oldest long-term release that reads all of it.
VERSION = "3.22"
_INSIDE = "一张图.qgs"
_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_COVER = "veil"


def write_project(layers: Sequence[Delivered], sheets: Sequence[Finished], plan: Plan, root: Path) -> Item:
    """Write the project beside the database under ``root`` and return the file.

    Parameters
    ----------
    layers : of the database, which lies in the same folder as 一张图.gpkg.
    sheets : of the catalogue, as they were drawn.
    plan : the plan config; its 编制日期 is the only time in the file.
    """
    path = root / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    write_archive(path, compose_project(layers, sheets, plan), plan.plan.compiled)
    note = f"QGIS {VERSION} 及以上；{len(layers)} 个图层，{len(sheets)} 个 A3 布局"
    return Item(PATH, "数据库", "“一张图”QGIS 工程", "pipeline.deliver.qgis", note=note)


def write_archive(path: Path, content: bytes, day: date) -> None:
    """Write the project file as an archive dated ``day``."""
    entry = ZipInfo(_INSIDE, (day.year, day.month, day.day, 0, 0, 0))
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = 0  # the same bytes whatever system writes it
    entry.external_attr = 0
    with ZipFile(path, "w") as archive:
        archive.writestr(entry, content)


def compose_project(layers: Sequence[Delivered], sheets: Sequence[Finished], plan: Plan) -> bytes:
    """Return the project file."""
    groups, mapped = group_entries(layers), list(map_relations(layers))
    register = Register(groups)
    wardrobe = Wardrobe([entry for group in groups for entry in group.entries])
    showings = [show_sheet(sheet, register) for sheet in sheets]
    insets = [show_inset(sheet.spec, register) for sheet in sheets]
    themes = [
        dress_theme(
            name_layout(sheet),
            sheet.spec.number,
            showing,
            wardrobe,
            cover=_COVER if sheet.spec.focus is not None else "",
        )
        for sheet, showing in zip(sheets, showings, strict=True)
    ]
    inset_themes, inset_names = _dress_insets(sheets, insets, wardrobe)
    groups = _drop_bare(groups, wardrobe)
    crs = sheets[0].spec.crs if sheets else layers[0].frame.crs
    window = sheets[0].report.window if sheets else _bounds(layers)
    root = Tree.Element(
        "qgis",
        {
            "projectname": plan.plan.title,
            "version": f"{VERSION}.0-Białowieża",
            "saveUser": "",
            "saveUserFull": "",
        },
    )
    add(root, "homePath", path="")
    add(root, "title", plan.plan.title)
    add(root, "autotransaction", active=False)
    add(root, "evaluateDefaultValues", active=False)
    add(root, "trust", active=False)
    add_crs(add(root, "projectCrs"), crs)
    _add_tree(root, groups, themes[0] if themes else None, mapped)
    add_relations(root, layers, mapped)
    _add_canvas(root, crs, window)
    holder = add(root, "projectlayers")
    entries = [entry for group in groups for entry in group.entries]
    for entry in entries:
        add_maplayer(holder, entry, wardrobe.styles[entry.key], wardrobe.current(entry.key))
    for item in mapped:
        add_table(holder, item)
    order = add(root, "layerorder")
    for entry in entries:
        add(order, "layer", id=entry.id)
    _add_properties(root)
    add_themes(root, [*themes, *inset_themes], groups)
    add(root, "transformContext")
    _add_metadata(root, crs, plan)
    holder = add(root, "Layouts")
    for sheet, showing, theme, inset in zip(sheets, showings, themes, inset_names, strict=True):
        add_layout(holder, sheet, showing, theme=theme.name, inset=inset)
    add(root, "Bookmarks")
    scales = sorted({sheet.report.scale for sheet in sheets})
    view = add(root, "ProjectViewSettings", rotation="0", UseProjectScales=bool(scales))
    held = add(view, "Scales")
    for scale in scales:
        add(held, "Scale", Value=scale)
    if sheets:
        extent = add(view, "DefaultViewExtent")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), window, strict=True):
            extent.set(name, f"{value:.6f}")
        add_crs(extent, crs)
    return (_HEAD + Tree.tostring(root, encoding="unicode") + "\n").encode()


def _dress_insets(
    sheets: Sequence[Finished], insets: Sequence[Showing], wardrobe: Wardrobe
) -> tuple[list[Theme], list[str]]:
    """Return the themes of the location insets, each look once, and the name of each sheet's."""
    title = read_settings("qgis.yaml")["inset"]["title"]
    themes: list[Theme] = []
    names = []
    for sheet, showing in zip(sheets, insets, strict=True):
        if not showing.lines:
            names.append("")
            continue
        found = dress_theme(title, sheet.spec.number, showing, wardrobe)
        same = next((theme for theme in themes if theme.styles == found.styles), None)
        if same is None:
            name = title if not themes else f"{title}（{sheet.spec.number}）"
            same = Theme(name, found.styles)
            themes.append(same)
        names.append(same.name)
    return themes, names


def _drop_bare(groups: Sequence[Group], wardrobe: Wardrobe) -> list[Group]:
    """Return the tree without extra lines that no sheet shows."""
    kept = [
        Group(group.name, tuple(entry for entry in group.entries if wardrobe.styles[entry.key]))
        for group in groups
    ]
    return [group for group in kept if group.entries]


def _bounds(layers: Sequence[Delivered]) -> Bounds:
    found = [layer.frame.total_bounds for layer in layers if len(layer.frame)]
    low = [min(float(bounds[n]) for bounds in found) for n in (0, 1)]
    high = [max(float(bounds[n]) for bounds in found) for n in (2, 3)]
    return low[0], low[1], high[0], high[1]


def _add_tree(
    root: Tree.Element, groups: Sequence[Group], theme: Theme | None, mapped: Sequence[Mapped]
) -> None:
    """Add the tree; what the first sheet shows is on when the project opens."""
    tree = add(root, "layer-tree-group")
    add(add(tree, "customproperties"), "Option")
    for group in groups:
        on = theme is None or any(entry.key in theme.styles for entry in group.entries)
        node = add(
            tree, "layer-tree-group", name=group.name, checked=_checked(on), expanded=True, groupLayer=""
        )
        add(add(node, "customproperties"), "Option")
        for entry in group.entries:
            on = entry.cover is None if theme is None else entry.key in theme.styles
            leaf = add(
                node, "layer-tree-layer", id=entry.id, name=entry.title, source=locate_source(entry), providerKey="ogr",
                checked=_checked(on), expanded=False, legend_exp="", legend_split_behavior="0", patch_size="-1,-1",
            )  # fmt: skip
            add(add(leaf, "customproperties"), "Option")
    if mapped:
        name = read_settings("qgis.yaml")["tables"]
        node = add(tree, "layer-tree-group", name=name, checked=_checked(True), expanded=False, groupLayer="")
        for item in mapped:
            add(
                node, "layer-tree-layer", id=layer_id(item.table), name=item.relation.title, source=locate_table(item),
                providerKey="ogr", checked=_checked(True), expanded=False, legend_exp="", legend_split_behavior="0",
                patch_size="-1,-1",
            )  # fmt: skip
    add(tree, "custom-order", enabled=False)


def _checked(on: bool) -> str:
    return "Qt::Checked" if on else "Qt::Unchecked"


def _add_canvas(root: Tree.Element, crs: CRS, window: Bounds) -> None:
    canvas = add(root, "mapcanvas", name="theMapCanvas", annotationsVisible=True)
    add(canvas, "units", "degrees" if crs.is_geographic else "meters")
    add_extent(canvas, "extent", window)
    add(canvas, "rotation", "0")
    add_crs(add(canvas, "destinationsrs"), crs)
    add(canvas, "rendermaptile", "0")


def _add_properties(root: Tree.Element) -> None:
    properties = add(root, "properties")
    add(add(properties, "Paths"), "Absolute", "false", type="bool")
    measured = add(properties, "Measurement")
    add(measured, "DistanceUnits", "meters", type="QString")
    add(measured, "AreaUnits", "m2", type="QString")
    add(add(properties, "Measure"), "Ellipsoid", "NONE", type="QString")
    add(add(properties, "SpatialRefSys"), "ProjectionsEnabled", "1", type="int")
    labels = add(properties, "PAL")
    add(labels, "PlacementEngineVersion", "1", type="int")
    add(labels, "ShowingPartialsLabels", "false", type="bool")


def _add_metadata(root: Tree.Element, crs: CRS, plan: Plan) -> None:
    identity = plan.plan
    node = add(root, "projectMetadata")
    add(node, "identifier", f"{identity.region_code}{identity.compiled.year:04d}{identity.plan_block:03d}")
    add(node, "language", "zho")
    add(node, "type", "dataset")
    add(node, "title", identity.title)
    add(
        node,
        "abstract",
        f"{identity.region_name}{identity.area}更新实施方案的空间数据与图件布局；元数据见 元数据.xml",
    )
    contact = add(node, "contact")
    add(contact, "organization", identity.compiler)
    add(contact, "role", "author")
    add_crs(add(node, "crs"), crs)
    add(node, "author", identity.compiler)
    add(node, "creation", f"{identity.compiled.isoformat()}T00:00:00")
