"""Legend of a layout: the classes in the legend of the sheet, under its headings, drawn in the styles of its theme."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.deliver.qgis.maplayers import locate_source
from pipeline.deliver.qgis.nodes import add, add_map, describe_font
from pipeline.deliver.qgis.paper import LEGEND, Paper, add_text_style
from pipeline.deliver.qgis.views import Showing, Shown
from pipeline.deliver.sheet.legend import SWATCH, LegendLayout
from pipeline.deliver.sheet.spec import ClassKey, Finished
from styles.frame import Box
from styles.table import symbol_order

_COLUMN_GAP = 1.5
_HEAD, _HIDDEN = "subgroup", "hidden"
# An area whose ring is one stroke: the sample of a line.
_STROKE = '<patch preserveAspect="0" wkt="Polygon ((0 0, 10 0))" type="2"/>'


@dataclass
class _Block:
    """Classes of one line of the tree under one heading: places in the style's list of classes."""

    shown: Shown
    places: list[tuple[int, int]] = field(default_factory=list)

    @property
    def strokes(self) -> list[int]:
        """Places of classes that are lines though their features are areas."""
        if self.shown.line.source.kind != "polygon":
            return []
        entries = [entry for part in self.shown.parts for entry in part.drawn]
        return [place for _, place in self.places if entries[place].symbol.geometry == "line"]


def add_legend(
    paper: Paper, box: Box, layout: LegendLayout, sheet: Finished, showing: Showing, *, linked: str
) -> None:
    """Add the legend; a class that several layers draw is listed once, as on the sheet."""
    ink = paper.frame.colours["ink"]
    found = _order(sheet, showing)
    sizes = [len(block.places) for blocks in found.values() for block in blocks]
    node = paper.item(
        LEGEND, box, "图例", map_uuid=linked, title="", titleAlignment="1", wrapChar="", columnCount=layout.columns,
        columnSpace=_COLUMN_GAP, splitLayer=2 * max(sizes, default=0) > sum(sizes), equalColumnWidth=True, boxSpace="0", lineSpacing="0.6",
        symbolWidth=SWATCH[0], symbolHeight=min(SWATCH[1], layout.row * 0.8), symbolAlignment="1", minSymbolSize="0",
        maxSymbolSize=SWATCH[1] + 0.6, wmsLegendWidth="50", wmsLegendHeight="25", rasterBorder=True, rasterBorderWidth="0",
        rasterBorderColor="0,0,0,255", resizeToContents=True, legendFilterByMap=False, legendFilterByAtlas=False,
        fontColor=ink,
    )  # fmt: skip
    styles = add(node, "styles")
    gap = max(0.4, layout.row - min(SWATCH[1], layout.row * 0.8))
    for name, size, bold, margins in (
        ("title", layout.size, True, {"marginBottom": 0.0}),
        ("group", layout.size, True, {"marginTop": 0.0}),
        ("subgroup", layout.size, True, {"marginTop": gap}),
        ("symbol", layout.size, False, {"marginTop": gap}),
        ("symbolLabel", layout.size, False, {"marginTop": gap, "marginLeft": 1.8}),
    ):
        style = add(styles, "style", name=name, alignment="1", indent="0", **margins)
        add(style, "styleFont", description=describe_font(size, bold=bold), style="")
        add_text_style(style, size, ink, bold=bold)
    tree = add(node, "layer-tree-group")
    add(add(tree, "customproperties"), "Option")
    for heading, blocks in found.items():
        for number, block in enumerate(blocks):
            line = block.shown.line
            leaf = add(
                tree, "layer-tree-layer", id=line.id, name=line.title, source=locate_source(line), providerKey="ogr",
                checked="Qt::Checked", expanded=True, legend_exp="", legend_split_behavior="0", patch_size="-1,-1",
            )  # fmt: skip
            flat = {f"legend/patch-shape-{place}": _STROKE for place in block.strokes}
            options = {
                "cached_name": line.title,
                "legend/title-label": heading,
                "legend/title-style": _HIDDEN if number else _HEAD,
                "legend/node-order": ",".join(str(place) for _, place in block.places),
            }
            add_map(add(leaf, "customproperties"), options | flat)


def _order(sheet: Finished, showing: Showing) -> dict[str, list[_Block]]:
    """Return the blocks by heading, in the order in which the sheet draws them, classes in that of the style table."""
    rank = symbol_order()
    listed: set[tuple[str, ClassKey]] = set()
    found: dict[str, list[_Block]] = {}
    firsts: dict[str, int] = {}
    for place, drawn in enumerate(sheet.spec.layers):
        if drawn.in_legend:
            firsts.setdefault(drawn.legend_group or "图例", place)
    for shown in showing.lines.values():
        start = 0
        blocks: dict[str, _Block] = {}
        for part, heading, keys in zip(shown.parts, shown.headings, shown.keys, strict=True):
            for number, key in enumerate(keys, start):
                if heading and key in sheet.report.legend_classes and (heading, key) not in listed:
                    listed.add((heading, key))
                    blocks.setdefault(heading, _Block(shown)).places.append((rank[key], number))
            start += len(part.drawn)
        for heading, block in blocks.items():
            block.places.sort()
            found.setdefault(heading, []).append(block)
    ordered = sorted(found, key=lambda heading: firsts.get(heading, len(firsts)))
    return {heading: sorted(found[heading], key=lambda block: block.places[0]) for heading in ordered}
