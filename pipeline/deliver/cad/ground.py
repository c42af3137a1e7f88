"""Model space: the layers of a sheet in metres with their real coordinates, whole and unsimplified."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import shapely
from ezdxf.document import Drawing
from numpy.typing import NDArray

from pipeline.deliver.cad.document import add_symbol_layers
from pipeline.deliver.cad.marker import add_badge, add_dot
from pipeline.deliver.cad.pen import DECIMALS, Pen
from pipeline.deliver.sheet.badges import Badge
from pipeline.deliver.sheet.geometry import explode, line_arrays
from pipeline.deliver.sheet.labels import Placement
from pipeline.deliver.sheet.paint import Painted
from pipeline.deliver.sheet.places import LINE_FEED
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.trace import Laid
from styles import Symbol, symbol
from styles.cad import cad_symbol, cad_symbols, hatch_of, linetype_of
from styles.marks import (
    BROAD_ALPHA,
    BROAD_GROUND,
    MARKED_LINE_MM,
    glyph_lift,
    glyph_share,
    has_ground,
    is_cased,
    is_marked,
    line_width,
)
from styles.table import text_colour_on

# Casings and grounds under lines: on a layer beside, so that each road is once on its own.
UNDER = "-衬底"
_LEADER, _LEADER_MM = "#444444", 0.15
_MOVED_MM = 0.4
_VEIL = ("context", "蒙版")


def draw_ground(doc: Drawing, laid: Laid) -> None:
    """Draw every feature with something in the sheet's window, its markers and labels."""
    unit = laid.transform.scale / 1000
    chosen = _symbols(laid)
    add_symbol_layers(doc, cad_symbols(chosen).values(), unit=unit)
    ground = _Ground(doc, laid, unit)
    for layer in laid.painting.layers:
        ground.collect(layer)
    ground.veil()
    ground.draw()
    for badge in laid.painting.badges:
        ground.badge(badge)
    for label in laid.labels:
        ground.label(label)
    if len(ground.bounds):
        low, high = np.min(ground.bounds, axis=0)[:2], np.max(ground.bounds, axis=0)[2:]
        doc.modelspace().reset_extents((*low.tolist(), 0.0), (*high.tolist(), 0.0))
    doc.modelspace().reset_limits(laid.transform.window[:2], laid.transform.window[2:])


def _symbols(laid: Laid) -> list[Symbol]:
    """Return the classes drawn, by drawing order, and the kinds of their labels."""
    found = {
        (layer.drawn.theme, str(value))
        for layer in laid.painting.layers
        if layer.drawn.fade
        for value in pd.unique(layer.classes[layer.visible])
    }
    found |= {("text", label.request.kind.value) for label in laid.labels}
    if laid.spec.focus is not None:
        found.add(_VEIL)
    return sorted((symbol(*key) for key in found), key=lambda item: (item.z, item.dxf_layer))


class _Ground:
    """Gathers strokes, then draws them lowest first, as the sheet does."""

    def __init__(self, doc: Drawing, laid: Laid, unit: float) -> None:
        self.pen = Pen(doc, doc.modelspace(), unit)
        self.bounds: list[NDArray[np.float64]] = []
        self._doc, self._laid, self._unit = doc, laid, unit
        window = laid.transform.window
        self._origin = (float(round(window[0])), float(round(window[1])))
        self._strokes: list[tuple[float, Callable[[], None]]] = []

    def draw(self) -> None:
        """Draw what was gathered."""
        for _, stroke in sorted(self._strokes, key=lambda pair: pair[0]):
            stroke()

    def _add(self, z: float, stroke: Callable[[], None]) -> None:
        self._strokes.append((z, stroke))

    def collect(self, layer: Painted) -> None:
        """Gather one layer class by class."""
        if not layer.drawn.fade:
            return  # only carries labels
        shown = layer.visible
        geometries = shapely.force_2d(layer.drawn.frame.geometry.to_numpy())
        present = [symbol(layer.drawn.theme, value) for value in pd.unique(layer.classes[shown])]
        floor = min((item.z for item in present), default=0)
        for item in present:
            chosen = geometries[shown & (layer.classes == item.value)]
            self.bounds.append(shapely.total_bounds(chosen))
            self._areas(item, explode(chosen, "fill")[0], layer.drawn.fade)
            self._lines(item, explode(chosen, "line")[0], layer.drawn.fade, floor)
            self._points(item, explode(chosen, "point")[0], layer)

    def _areas(self, item: Symbol, areas: NDArray[np.object_], fade: float) -> None:
        if not len(areas):
            return
        name = item.dxf_layer
        if item.fill:
            look: dict[str, Any] = {"layer": name, "colour": item.fill, "alpha": item.alpha * fade}
            self._add(item.z, partial(self.pen.fill, areas, **look))
        hatch = hatch_of(item)
        if hatch is not None:
            self._add(
                item.z + 0.1,
                partial(self.pen.hatch, areas, hatch, layer=name, alpha=fade, origin=self._origin),
            )
        if item.line and item.line_mm:
            self._stroke(item, partial(self.pen.outline, areas), fade, item.z + 0.2)

    def _lines(self, item: Symbol, lines: NDArray[np.object_], fade: float, floor: int) -> None:
        if not len(lines):
            return
        arrays = line_arrays(lines)
        draw = partial(self.pen.lines, arrays)
        if is_cased(item):
            look: dict[str, Any] = {"alpha": fade, "carried": True}
            self._add(floor - 0.5, partial(
                draw, layer=self._under(item), colour=item.line, width_mm=item.size_mm, **look
            ))  # fmt: skip
            self._add(item.z, partial(
                draw, layer=item.dxf_layer, colour=item.fill,
                width_mm=item.size_mm - 2 * item.line_mm, **look,
            ))  # fmt: skip
        elif is_marked(item):
            self._add(item.z, partial(
                draw, layer=item.dxf_layer, colour=item.fill, width_mm=MARKED_LINE_MM, alpha=fade
            ))  # fmt: skip
        else:
            self._stroke(item, draw, fade, item.z)

    def _stroke(self, item: Symbol, draw: Callable[..., None], fade: float, z: float) -> None:
        width = line_width(item)
        if has_ground(item):
            self._add(z - 0.01, partial(
                draw, layer=self._under(item), colour=BROAD_GROUND, width_mm=width, alpha=BROAD_ALPHA * fade
            ))  # fmt: skip
        self._add(z, partial(
            draw, layer=item.dxf_layer, colour=item.line or item.fill, width_mm=width,
            linetype=linetype_of(item.dash).name, alpha=fade,
        ))  # fmt: skip

    def _under(self, item: Symbol) -> str:
        """Return the layer of what lies under a line, made when first asked for."""
        name = item.dxf_layer + UNDER
        if name not in self._doc.layers:
            made = cad_symbol(item)
            layer = self._doc.layers.add(name, color=made.colour.aci, true_color=made.colour.true)
            layer.description = f"{item.name}衬底"
        return name

    def _points(self, item: Symbol, points: NDArray[np.object_], layer: Painted) -> None:
        """Gather points: a POINT where a badge may stand aside, the symbol itself where it never does."""
        if not len(points):
            return
        xy = shapely.get_coordinates(points).tolist()
        if item.glyph or layer.drawn.label_place == "badge":
            self._add(item.z, partial(self._draw_points, xy, item.dxf_layer))
            return
        self._add(item.z, partial(self._draw_dots, xy, item, layer.drawn.fade))

    def _draw_points(self, xy: list[list[float]], layer: str) -> None:
        for x, y in xy:
            place = (round(x, DECIMALS), round(y, DECIMALS))
            self._doc.modelspace().add_point(place, dxfattribs={"layer": layer})

    def _draw_dots(self, xy: list[list[float]], item: Symbol, fade: float) -> None:
        name = add_dot(self._doc, item)
        for x, y in xy:
            self.pen.insert(name, x, y, layer=item.dxf_layer, alpha=fade)

    def veil(self) -> None:
        """Gather the veil over what is outside the focus."""
        focus = self._laid.spec.focus
        if focus is None:
            return
        item = symbol(*_VEIL)
        outside = shapely.difference(shapely.box(*self._laid.transform.window), shapely.force_2d(focus))
        parts = explode(np.array([outside], dtype=object), "fill")[0]
        self._add(item.z, partial(
            self.pen.fill, parts, layer=item.dxf_layer, colour=item.fill, alpha=item.alpha
        ))  # fmt: skip

    def badge(self, badge: Badge) -> None:
        """Draw one marker where the sheet has it, with a hairline to its feature where it stands aside."""
        item = badge.symbol
        numbered = badge.text != item.glyph
        x, y = to_ground(self._laid.transform, badge.x, badge.y)
        if badge.moved_mm > _MOVED_MM:
            foot = to_ground(self._laid.transform, badge.true_x, badge.true_y)
            self.pen.lines([np.array([foot, (x, y)])], layer=item.dxf_layer, colour=_LEADER,
                           width_mm=_LEADER_MM)  # fmt: skip
        self.pen.insert(
            add_badge(self._doc, item, numbered=numbered), x, y, layer=item.dxf_layer, alpha=badge.fade
        )
        if numbered and badge.text:
            size = badge.size * glyph_share(item.marker, len(badge.text))
            lift = glyph_lift(item.marker) * badge.size * self._unit
            self.pen.text(x, y + lift, badge.text, layer=item.dxf_layer, size_mm=size,
                          colour=text_colour_on(item.fill or item.line))  # fmt: skip

    def label(self, label: Placement) -> None:
        """Write one label where the sheet has it, with its leader line."""
        kind, transform = label.request.kind, self._laid.transform
        if label.leader is not None:
            ends = np.array([to_ground(transform, *end) for end in label.leader.tolist()])
            self.pen.lines([ends], layer=kind.dxf_layer, colour=_LEADER, width_mm=_LEADER_MM)
        x, y = to_ground(transform, label.x, label.y)
        look: dict[str, Any] = {
            "layer": kind.dxf_layer, "colour": label.request.colour, "size_mm": kind.size_mm,
        }  # fmt: skip
        if len(label.lines) == 1:
            self.pen.text(x, y, label.lines[0], angle=label.angle, **look)
        else:
            self.pen.paragraph(x, y, label.lines, angle=label.angle, feed=LINE_FEED, **look)


def to_ground(transform: MapTransform, x: float, y: float) -> tuple[float, float]:
    """Return page millimetres as map metres."""
    box = transform.box
    middle = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    return (
        transform.centre[0] + (x - middle[0]) / transform.mm_per_m,
        transform.centre[1] + (y - middle[1]) / transform.mm_per_m,
    )
