"""Paper space: the A3 sheet with frame, title, 图签, legend and tables, and the map in a viewport at its scale."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from ezdxf.document import Drawing

from pipeline.deliver.cad.document import PAPER, add_linetype
from pipeline.deliver.cad.pen import Pen
from pipeline.deliver.sheet.trace import Area, Laid, Mark, Words
from styles.cad import cad_colour, linetype_of
from styles.frame import Frame, load_frame

PREFIX = "TK"
VIEWPORT_LAYER = f"{PREFIX}-视口"
BLOCK = "图签"
_PLAIN = "#1F1F1F"


def draw_paper(doc: Drawing, laid: Laid) -> None:
    """Draw the sheet's paper space.

    The lines of the 图签 are a block; its texts stand beside the block, because the attributes of an
    insert do not survive the way to DWG.
    """
    frame = load_frame(laid.spec.layout)
    paper = doc.paperspace(PAPER)
    width, height = frame.page.width, frame.page.height
    paper.page_setup(size=(width, height), margins=(0, 0, 0, 0), units="mm", name="A3")
    # As in the header: this layout does not scale patterns of lines by its viewports.
    paper.dxf.layout_flags = 0
    paper.reset_extents((0.0, 0.0, 0.0), (width, height, 0.0))
    paper.reset_limits((0.0, 0.0), (width, height))
    for part in sorted({mark.part for mark in laid.marks}):
        ink = cad_colour(_PLAIN)
        doc.layers.add(f"{PREFIX}-{part}", color=ink.aci, true_color=ink.true)
    _add_viewport(doc, laid, frame)
    grid = doc.blocks.new(BLOCK)
    pens = {True: Pen(doc, grid, 1.0), False: Pen(doc, paper, 1.0)}
    inserted = False
    for mark in sorted(laid.marks, key=lambda mark: mark.z):
        in_block = mark.part == BLOCK and not isinstance(mark, Words)
        if mark.part == BLOCK and not inserted:
            pens[False].insert(BLOCK, 0.0, 0.0, layer=f"{PREFIX}-{BLOCK}")
            inserted = True
        _draw_mark(doc, pens[in_block], mark)


def _draw_mark(doc: Drawing, pen: Pen, mark: Mark) -> None:
    layer = f"{PREFIX}-{mark.part}"
    if isinstance(mark, Words):
        pen.text(mark.x, mark.y, mark.text, layer=layer, colour=mark.colour, size_mm=mark.size_mm,
                 align=mark.align, middle=mark.middle, angle=mark.angle)  # fmt: skip
        return
    if isinstance(mark, Area):
        if mark.face != "none":
            pen.fill(mark.polygons, layer=layer, colour=mark.face, alpha=mark.alpha)
        if mark.edge != "none" and mark.width_mm:
            pen.outline(mark.polygons, layer=layer, colour=mark.edge, width_mm=mark.width_mm)
        return
    # Named apart from the map's linetypes, which are in metres at its scale.
    dash = add_paper_linetype(doc, mark.dash)
    pen.lines(mark.lines, layer=layer, colour=mark.colour, width_mm=mark.width_mm, alpha=mark.alpha,
              linetype=dash)  # fmt: skip


def add_paper_linetype(doc: Drawing, dash: Iterable[float]) -> str:
    """Add a linetype in mm on paper and return its name."""
    made = linetype_of(tuple(float(np.round(part, 3)) for part in dash))
    if not made.pattern:
        return made.name
    return add_linetype(doc, type(made)(f"{made.name}-{PREFIX}", made.pattern), unit=1.0)


def _add_viewport(doc: Drawing, laid: Laid, frame: Frame) -> None:
    """Add the one viewport: the map box of the sheet on the window it shows, at exactly 1 : n."""
    box, transform = frame.map, laid.transform
    doc.layers.add(VIEWPORT_LAYER, color=8).dxf.plot = 0
    window = transform.window
    doc.paperspace(PAPER).add_viewport(
        center=((box.left + box.right) / 2, (box.bottom + box.top) / 2), size=(box.width, box.height),
        view_center_point=transform.centre, view_height=window[3] - window[1],
        dxfattribs={"layer": VIEWPORT_LAYER},
    )  # fmt: skip
