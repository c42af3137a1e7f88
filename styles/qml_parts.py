"""QGIS style of a layer that a sheet draws in parts: each part its features, classes, labels; the parts share one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as Tree

from styles.look import FILL, Entry, Label, Look, levels
from styles.qml import GEOMETRY, HEAD, condition_of
from styles.qml_labels import write_settings
from styles.qml_strokes import SymbolWriter, colour, write_defined, write_options
from styles.table import symbol

_NUDGE = 1e-4  # of a level; far below the steps of the style table
_SAMPLE_MM = 7.0


@dataclass(frozen=True, slots=True)
class Part:
    """Some features of a layer and how they are drawn.

    Attributes
    ----------
    look : classes and label; its groups are not used.
    narrow : expression of the features it is about; empty for all.
    badge : expression of the text in the marker instead of the field ``look.badge``.
    fade : multiplies the opacity; with 0 there are labels only.
    join : expression of a line drawn in place of the feature's own shape; empty draws the shape.
    order : values of classes in the order in which classes of one level are drawn; that of the look otherwise.
    blocks : whether labels of other layers keep off its markers.
    shifts : how far markers are moved aside, mm to the right and upwards, by the text in them.
    """

    look: Look
    narrow: str = ""
    badge: str = ""
    fade: float = 1.0
    join: str = ""
    order: tuple[str, ...] = ()
    shifts: tuple[tuple[str, float, float], ...] = ()
    blocks: bool = False

    def nudge(self, entry: Entry) -> float:
        """Return by how little a class is drawn after others of its level."""
        values = self.order or tuple(e.symbol.value for e in self.look.entries)
        return _NUDGE * values.index(entry.symbol.value) if entry.symbol.value in values else 0.0

    @property
    def drawn(self) -> tuple[Entry, ...]:
        """Classes that leave marks on paper, in the order of the rules."""
        return self.look.entries if self.fade else ()


def write_parts(parts: Sequence[Part]) -> str:
    """Return the QML of a layer drawn in parts; symbol levels run through all of them."""
    root = Tree.Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling")
    renderer = Tree.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="1", enableorderby="0", forceraster="0"
    )
    rules = Tree.SubElement(renderer, "rules", key="root")
    symbols = Tree.SubElement(renderer, "symbols")
    passes = sorted(
        {level + part.nudge(e) for part in parts for e in part.drawn for level in levels(_stroked(part))}
    )
    number = 0
    for part in parts:
        writer = SymbolWriter(
            _stroked(part), passes=passes, text=part.badge, fade=part.fade, shifts=part.shifts
        )
        for entry in part.drawn:
            key = str(number)
            rule = Tree.SubElement(rules, "rule", key=f"r{key}", symbol=key, label=entry.text)
            writer.nudge = part.nudge(entry)
            condition = join_conditions(part.narrow, "" if entry.rest else condition_of(entry, part.look))
            if condition:
                rule.set("filter", condition)
            if part.join:
                _write_join(symbols, key, part, entry, writer)
            else:
                writer.write(symbols, key, entry.symbol)
            number += 1
    _write_labels(root, parts)
    Tree.SubElement(root, "blendMode").text = "0"
    Tree.SubElement(root, "featureBlendMode").text = "0"
    Tree.SubElement(root, "layerOpacity").text = f"{min(part.look.opacity for part in parts):g}"
    Tree.SubElement(root, "layerGeometryType").text = GEOMETRY[parts[0].look.kind]
    return HEAD + Tree.tostring(root, encoding="unicode")


def write_cover(look: Look) -> str:
    """Return the QML of a polygon layer that covers everything outside its areas, by the look's one class."""
    root = Tree.Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling", labelsEnabled="0")
    outer = Tree.SubElement(
        root, "renderer-v2", type="invertedPolygonRenderer", preprocessing="0",
        symbollevels="0", enableorderby="0", forceraster="0",
    )  # fmt: skip
    inner = Tree.SubElement(
        outer, "renderer-v2", type="singleSymbol", symbollevels="0", enableorderby="0", forceraster="0"
    )
    SymbolWriter(look).write(Tree.SubElement(inner, "symbols"), "0", look.entries[0].symbol)
    Tree.SubElement(root, "blendMode").text = "0"
    Tree.SubElement(root, "featureBlendMode").text = "0"
    Tree.SubElement(root, "layerOpacity").text = "1"
    Tree.SubElement(root, "layerGeometryType").text = GEOMETRY["polygon"]
    return HEAD + Tree.tostring(root, encoding="unicode")


def join_conditions(*conditions: str) -> str:
    """Return the expression that all of the given ones hold; empty ones say nothing."""
    said = [condition for condition in conditions if condition]
    return said[0] if len(said) < 2 and said else " AND ".join(f"({condition})" for condition in said)


def _stroked(part: Part) -> Look:
    """Return the look its marks are made by: of lines where lines are drawn in place of the shape."""
    return replace(part.look, kind="line") if part.join else part.look


def _write_join(symbols: Tree.Element, key: str, part: Part, entry: Entry, writer: SymbolWriter) -> None:
    kind = {"point": "marker", "line": "line", "polygon": "fill"}[part.look.kind]
    holder = Tree.SubElement(
        symbols, "symbol", name=key, type=kind, alpha="1", clip_to_extent="0", force_rhr="0"
    )  # fmt: skip
    place = str(writer.pass_of(entry.symbol.z + FILL))
    layer = Tree.SubElement(
        holder, "layer", {"class": "GeometryGenerator", "pass": place}, enabled="1", locked="0"
    )  # fmt: skip
    write_options(layer, {"SymbolType": "Line", "geometryModifier": part.join, "units": "MapUnit"})
    writer.write(layer, f"@{key}@0", entry.symbol)
    # A line made out of a point has no sample of its own in a legend, where there is no feature.
    sample = Tree.SubElement(
        holder, "layer", {"class": "SimpleMarker", "pass": place}, enabled="1", locked="0"
    )
    ink = colour(entry.symbol.line or entry.symbol.fill, entry.symbol.alpha)
    write_options(
        sample,
        {
            "name": "line", "angle": "90", "size": f"{_SAMPLE_MM:g}", "size_unit": "MM", "outline_color": ink,
            "outline_width": f"{entry.symbol.line_mm:g}", "outline_width_unit": "MM",
            "outline_style": "dash" if entry.symbol.dash else "solid",
        },
    )  # fmt: skip
    write_defined(sample, {"enabled": "$id IS NULL"})


def _write_labels(root: Tree.Element, parts: Sequence[Part]) -> None:
    labelled = [part for part in parts if part.look.label is not None or part.blocks]
    root.set("labelsEnabled", str(int(bool(labelled))))
    if not labelled:
        return
    holder = Tree.SubElement(Tree.SubElement(root, "labeling", type="rule-based"), "rules", key="labels")
    for number, part in enumerate(labelled):
        label = part.look.label or Label("", symbol("text", "标注"), text="''")
        rule = Tree.SubElement(holder, "rule", key=f"l{number}", description=label.kind.name)
        if part.narrow:
            rule.set("filter", part.narrow)
        write_settings(rule, part.look, label, shown=part.look.label is not None)
