"""One A3 layout a sheet: map at the sheet's scale and extent, and the furniture where the sheet has it."""

from __future__ import annotations

from xml.etree import ElementTree as Tree

from pipeline.deliver.qgis.furniture import (
    HEADING_MM,
    add_block,
    add_heading,
    add_remarks,
    add_rule,
    add_scale,
    add_strip,
    add_table,
)
from pipeline.deliver.qgis.legends import add_legend
from pipeline.deliver.qgis.nodes import add, identify
from pipeline.deliver.qgis.paper import MAP, Paper
from pipeline.deliver.qgis.views import Showing
from pipeline.deliver.sheet.inset import place_inset
from pipeline.deliver.sheet.spec import Bounds, Finished
from styles import symbol
from styles.frame import Box, load_frame
from styles.qml_strokes import colour, write_options


def name_layout(sheet: Finished) -> str:
    """Return what the layout and the map theme of a sheet are called."""
    return f"{sheet.spec.number} {sheet.spec.title}"


def add_layout(parent: Tree.Element, sheet: Finished, showing: Showing, *, theme: str, inset: str) -> None:
    """Add the layout of a sheet.

    Parameters
    ----------
    sheet : as it was drawn.
    showing : what of it the database shows; what it does not is told among the remarks.
    theme, inset : map themes of the map and of the location inset; the latter empty for none.
    """
    spec, report = sheet.spec, sheet.report
    places = report.furniture
    assert places is not None
    frame = load_frame(spec.layout)
    paper = Paper(parent, name_layout(sheet), frame)
    ink = frame.colours["ink"]
    main = _add_map(paper, frame.map, report.window, theme, "主图", framed=frame.lines["inner"])
    paper.rectangle(
        frame.column, face=frame.colours["box"], edge=ink, width_mm=frame.lines["inner"], what="栏"
    )
    add_strip(paper, sheet)
    add_scale(paper, sheet, places, main)
    if places.inset is not None and inset:
        if places.scale.bottom > places.inset.top:
            add_rule(paper, places.scale.bottom)
        add_heading(paper, places.inset, spec.inset_title)
        window = place_inset(spec.inset, places.inset, report.window).window
        node = _locate(paper, places.inset, window, inset, "区位图", framed=frame.lines["rule"])
        _add_overview(node, main)
    if places.legend is not None:
        add_rule(paper, places.legend.top + HEADING_MM)
        add_heading(paper, places.legend, "图  例")
        add_legend(paper, places.legend, places.legend_set, sheet, showing, linked=main)
    for layout, box in places.tables:
        if box.left >= frame.column.left:
            add_rule(paper, box.top + frame.column_parts["padding"] * 0.5)
        else:
            # What the column cannot hold goes on upon the map, on a ground of its own.
            ground = box.shrink(-1.0)
            paper.rectangle(
                ground,
                face=frame.colours["box"],
                edge=frame.colours["rule"],
                width_mm=frame.lines["rule"],
                what="续表底",
            )
        add_table(paper, layout, box)
    add_remarks(paper, places, showing.absent)
    add_block(paper, sheet, places.block)
    paper.rectangle(frame.frame, edge=ink, width_mm=frame.lines["frame"], what="图框")
    paper.finish()


def _add_map(paper: Paper, box: Box, window: Bounds, theme: str, what: str, *, framed: float) -> str:
    return str(_locate(paper, box, window, theme, what, framed=framed).get("uuid"))


def _locate(paper: Paper, box: Box, window: Bounds, theme: str, what: str, *, framed: float) -> Tree.Element:
    node = paper.item(
        MAP, box, what, background=True, framed=framed, followPreset="true", followPresetName=theme,
        mapRotation="0", keepLayerSet="false", drawCanvasItems="true", mapFlags="0", labelMargin="0,mm", isTemporal=False,
    )  # fmt: skip
    minx, miny, maxx, maxy = window
    add(node, "Extent", xmin=f"{minx:.6f}", ymin=f"{miny:.6f}", xmax=f"{maxx:.6f}", ymax=f"{maxy:.6f}")
    add(node, "LayerSet")
    return node


def _add_overview(node: Tree.Element, main: str) -> None:
    mark = symbol("context", "图幅")
    overview = add(
        node, "ComposerMapOverview", name="主图范围", uuid=identify(str(node.get("uuid")), "主图范围"), frameMap=main,
        show=True, blendMode="0", centered=False, inverted=False, position="3",
    )  # fmt: skip
    holder = add(overview, "symbol", name="", type="fill", alpha="1", clip_to_extent=True, force_rhr=False)
    layer = Tree.SubElement(
        holder, "layer", {"class": "SimpleFill", "pass": "0", "enabled": "1", "locked": "0"}
    )  # fmt: skip
    write_options(
        layer,
        {
            "style": "no", "outline_color": colour(mark.line), "outline_style": "solid",
            "outline_width": f"{mark.line_mm:g}", "outline_width_unit": "MM", "joinstyle": "miter",
        },
    )  # fmt: skip
