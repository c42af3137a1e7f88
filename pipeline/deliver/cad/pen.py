"""Entities of one layout: hatches with holes, polylines and texts, in the colours of the style table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians, sin
from typing import Any

import numpy as np
import shapely
from ezdxf.colors import float2transparency
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.layouts import BaseLayout
from numpy.typing import NDArray

from pipeline.deliver.cad.document import STYLE
from styles.cad import CONTINUOUS, Hatch, cad_colour, nearest_lineweight
from styles.fonts import cap_em

# Tenths of a millimetre on the ground: finer than any survey, and half the bytes of full doubles.
DECIMALS = 4
_BROADEST_MM = 2.11  # the broadest lineweight; broader lines carry their width themselves
_EXTERNAL, _HOLE, _ODD_PARITY = 1, 0, 0
_MIDDLE_CENTRE = 5
_ALIGNED = {
    ("left", True): TextEntityAlignment.MIDDLE_LEFT,
    ("centre", True): TextEntityAlignment.MIDDLE_CENTER,
    ("right", True): TextEntityAlignment.MIDDLE_RIGHT,
    ("left", False): TextEntityAlignment.LEFT,
    ("centre", False): TextEntityAlignment.CENTER,
    ("right", False): TextEntityAlignment.RIGHT,
}
# What MTEXT would read as a command.
_MTEXT = str.maketrans({"\\": "\\\\", "{": "\\{", "}": "\\}"})


class Pen:
    """Draws on one layout.

    Parameters
    ----------
    doc : the drawing.
    layout : model space, paper space or a block.
    unit : drawing units of one millimetre on paper: 1 in paper space, n / 1000 in model space at 1 : n.
    """

    def __init__(self, doc: Drawing, layout: BaseLayout, unit: float) -> None:
        self.layout, self.unit = layout, unit
        self._doc = doc

    def _look(self, layer: str, colour: str, alpha: float = 1.0) -> dict[str, Any]:
        """Return layer and colour; a colour that is the layer's own is left to it."""
        look: dict[str, Any] = {"layer": layer}
        if colour:
            ink = cad_colour(colour)
            if self._doc.layers.get(layer).dxf.get("true_color") != ink.true:
                look |= {"color": ink.aci, "true_color": ink.true}
        if alpha < 1:
            look["transparency"] = float2transparency(1 - alpha)
        return look

    def fill(self, polygons: NDArray[np.object_], *, layer: str, colour: str, alpha: float = 1.0) -> None:
        """Add one solid hatch a polygon."""
        self._hatch(polygons, self._look(layer, colour, alpha) | {"solid_fill": 1}, None)

    def hatch(
        self, polygons: NDArray[np.object_], hatch: Hatch, *, layer: str, alpha: float = 1.0,
        origin: tuple[float, float] = (0.0, 0.0),
    ) -> None:  # fmt: skip
        """Add one pattern hatch a polygon; its lines hang on ``origin``, near by, for CAD's arithmetic."""
        look = self._look(layer, f"#{hatch.colour.true:06X}", alpha) | {"lineweight": hatch.lineweight}
        lines = [
            [line.angle, origin, (line.step[0] * self.unit, line.step[1] * self.unit), []]
            for line in hatch.lines
        ]
        self._hatch(polygons, look, (hatch.name, lines))

    def _hatch(
        self, polygons: NDArray[np.object_], look: dict[str, Any], pattern: tuple[str, list[Any]] | None
    ) -> None:
        colour = look.pop("color", 256)
        for rings in rings_of(polygons):
            entity = self.layout.add_hatch(color=colour, dxfattribs={**look, "hatch_style": _ODD_PARITY})
            if pattern is not None:
                entity.set_pattern_fill(pattern[0], color=colour, style=_ODD_PARITY, definition=pattern[1])
            for index, ring in enumerate(rings):
                entity.paths.add_polyline_path(ring, is_closed=True, flags=_HOLE if index else _EXTERNAL)

    def outline(self, polygons: NDArray[np.object_], **look: Any) -> None:
        """Add one closed polyline a ring; see `lines` for the look."""
        self._polylines((ring for rings in rings_of(polygons) for ring in rings), closed=True, **look)

    def lines(self, lines: Iterable[NDArray[np.float64]], **look: Any) -> None:
        """Add one polyline a line.

        Parameters
        ----------
        lines : (n, 2) arrays in drawing units.
        layer, colour, alpha, width_mm, linetype : look; the width in mm on paper. ``carried`` lines have the
            width as their own, so that it grows with the map; broad ones always do.
        """
        self._polylines((np.round(line, DECIMALS).tolist() for line in lines), closed=False, **look)

    def _polylines(
        self, lines: Iterable[Sequence[Any]], *, closed: bool, layer: str, colour: str, width_mm: float,
        alpha: float = 1.0, linetype: str = CONTINUOUS, carried: bool = False,
    ) -> None:  # fmt: skip
        attributes = self._look(layer, colour, alpha)
        of_layer = self._doc.layers.get(layer).dxf
        weight = nearest_lineweight(width_mm)
        if weight != of_layer.get("lineweight"):
            attributes["lineweight"] = weight
        if linetype != of_layer.get("linetype", CONTINUOUS):
            attributes["linetype"] = linetype
        if carried or width_mm > _BROADEST_MM:
            attributes["const_width"] = round(width_mm * self.unit, DECIMALS)
        for line in lines:
            self.layout.add_lwpolyline(line, format="xy", close=closed, dxfattribs=attributes)

    def text(
        self, x: float, y: float, text: str, *, layer: str, colour: str, size_mm: float,
        align: str = "centre", middle: bool = True, angle: float = 0.0,
    ) -> None:  # fmt: skip
        """Add one line of text; `size_mm` is the em height, CAD's height that of a capital letter."""
        entity = self.layout.add_text(
            text, height=size_mm * cap_em() * self.unit, rotation=round(angle, 3),
            dxfattribs={**self._look(layer, colour), "style": STYLE},
        )  # fmt: skip
        entity.set_placement((round(x, DECIMALS), round(y, DECIMALS)), align=_ALIGNED[align, middle])

    def paragraph(
        self, x: float, y: float, lines: Sequence[str], *, layer: str, colour: str, size_mm: float,
        angle: float, feed: float,
    ) -> None:  # fmt: skip
        """Add several lines about a middle; `feed` is from line to line, in em."""
        height = size_mm * cap_em() * self.unit
        turn = radians(angle)
        self.layout.add_mtext(
            "\\P".join(line.translate(_MTEXT) for line in lines),
            dxfattribs={
                **self._look(layer, colour), "style": STYLE, "char_height": height,
                "insert": (round(x, DECIMALS), round(y, DECIMALS)), "attachment_point": _MIDDLE_CENTRE,
                # A line of MTEXT is 5/3 of its height at factor 1.
                "line_spacing_factor": round(feed / cap_em() * 3 / 5, 3), "line_spacing_style": 2,
                "text_direction": (round(cos(turn), 9), round(sin(turn), 9)), "width": 0.0,
            },
        )  # fmt: skip

    def insert(self, block: str, x: float, y: float, *, layer: str, alpha: float = 1.0) -> None:
        """Insert a block drawn in mm."""
        scale = {"xscale": self.unit, "yscale": self.unit, "zscale": self.unit}
        look = self._look(layer, "", alpha) | scale
        self.layout.add_blockref(block, (round(x, DECIMALS), round(y, DECIMALS)), dxfattribs=look)


def rings_of(polygons: NDArray[np.object_]) -> list[list[list[Any]]]:
    """Return for each polygon its rings, the shell first, as rounded (x, y) without the closing point."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    coords, index = shapely.get_coordinates(rings, return_index=True)
    ends = np.flatnonzero(np.diff(index, append=-1))
    kept = np.delete(np.round(coords, DECIMALS), ends, axis=0).tolist()
    stops = (np.cumsum(np.bincount(index)) - np.arange(1, len(rings) + 1)).tolist() if len(rings) else []
    found: list[list[list[Any]]] = [[] for _ in range(len(polygons))]
    start = 0
    for polygon, stop in zip(owner.tolist(), stops, strict=True):
        found[polygon].append(kept[start:stop])
        start = stop
    return found
