"""Point symbols as blocks, in millimetres on paper round their insertion point."""

from __future__ import annotations

import numpy as np
import shapely
from ezdxf.document import Drawing

from pipeline.deliver.cad.pen import Pen
from styles import Symbol
from styles.marks import (
    BADGE_MM,
    BADGE_RIM,
    BADGE_RIM_MM,
    DOT_MM,
    DOT_RIM_MM,
    PLAIN_MARKER,
    glyph_lift,
    glyph_share,
    marker_outline,
)
from styles.table import text_colour_on

NUMBERED = "-编号"
_LAYER = "0"  # what lies on it in a block takes the layer of the insert


def add_dot(doc: Drawing, item: Symbol) -> str:
    """Add the block of a marker without a character unless it is there; return its name."""
    name = item.dxf_layer
    if name not in doc.blocks:
        rim = DOT_RIM_MM if item.line and item.line_mm else 0.0
        _draw(doc, name, item, item.size_mm or DOT_MM, rim=item.line if rim else "", rim_mm=rim)
    return name


def add_badge(doc: Drawing, item: Symbol, *, numbered: bool) -> str:
    """Add the block of a marker with its character, or empty for a number; return its name."""
    name = item.dxf_layer + (NUMBERED if numbered else "")
    if name not in doc.blocks:
        size = item.size_mm or BADGE_MM
        pen = _draw(doc, name, item, size, rim=BADGE_RIM, rim_mm=BADGE_RIM_MM)
        if item.glyph and not numbered:
            colour = text_colour_on(item.fill or item.line)
            pen.text(0.0, glyph_lift(item.marker) * size, item.glyph, layer=_LAYER, colour=colour,
                     size_mm=glyph_share(item.marker, len(item.glyph)) * size)  # fmt: skip
    return name


def _draw(doc: Drawing, name: str, item: Symbol, size: float, *, rim: str, rim_mm: float) -> Pen:
    block = doc.blocks.new(name)
    pen = Pen(doc, block, 1.0)
    shape = np.array([shapely.Polygon(marker_outline(item.marker or PLAIN_MARKER) * size)], dtype=object)
    pen.fill(shape, layer=_LAYER, colour=item.fill or item.line)
    if rim:
        pen.outline(shape, layer=_LAYER, colour=rim, width_mm=rim_mm)
    return pen
