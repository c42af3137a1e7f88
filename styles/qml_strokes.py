"""Symbol layers of QGIS: one entry of a look as the fills, lines and markers that make up its symbol."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Tree

from styles.fonts import FAMILY_NAMES, MIDDLE_EM, line_ascent_em
from styles.look import FILL, HATCH, MARK, OUTLINE, Look, casing_level, levels, marker_of
from styles.marks import (
    BADGE_MM,
    BROAD_ALPHA,
    BROAD_GROUND,
    HATCH_INK,
    HATCH_MM,
    MARKED_LINE_MM,
    PLAIN_MARKER,
    glyph_lift,
    glyph_share,
    has_ground,
    is_cased,
    is_marked,
    line_width,
    marker_outline,
)
from styles.table import Symbol, text_colour_on

_TYPES = {"point": "marker", "line": "line", "polygon": "fill"}
# QGIS's own markers that are the sheet's but for size (share), turn (degrees clockwise) and a shift down (share).
_OWN = {
    "circle": ("circle", 1.0, 0, 0.0),
    "square": ("square", 0.9, 0, 0.0),
    "triangle": ("equilateral_triangle", 1.44, 0, 0.06),
    "triangle_down": ("equilateral_triangle", 1.44, 180, 0.06),
    "diamond": ("diamond", 1.28, 0, 0.0),
    "pentagon": ("pentagon", 1.08, 0, 0.0),
    "hexagon": ("hexagon", 1.06, 30, 0.0),
}
# The rest are carried as pictures in a square of this side.
_BOX = 1.4
_LENGTHS = (1, 2)  # texts up to here have their own size in a marker; longer ones share one


class SymbolWriter:
    """Writes the symbols of one look, with QGIS's passes for the sheet's drawing order."""

    def __init__(
        self, look: Look, *, passes: Sequence[float] = (), text: str = "", fade: float = 1.0,
        shifts: Sequence[tuple[str, float, float]] = (),
    ) -> None:  # fmt: skip
        """Prepare to write the classes of a look.

        Parameters
        ----------
        passes : drawing levels where they are shared with other looks of the layer; its own otherwise.
        text : expression of the text in the marker instead of the field ``look.badge``.
        fade : multiplies the opacity of everything.
        shifts : how far markers are moved aside, mm to the right and upwards, by the text in them.
        """
        self.nudge = 0.0
        self.look = look
        self._levels = tuple(passes) or levels(look)
        self._text = text or quote_field(look.badge)
        self._fade = fade
        moved = [[(word, by[axis]) for word, *by in shifts] for axis in (0, 1)] if shifts else []
        self._shift = tuple(_by_text(self._text, pairs) for pairs in moved)

    def write(self, parent: Tree.Element, name: str, symbol: Symbol) -> None:
        """Add ``<symbol>`` of one class."""
        holder = _symbol(parent, name, _TYPES[self.look.kind], alpha=self._fade)
        if self.look.kind == "point":
            self._add_marker(holder, name, symbol)
        elif self.look.kind == "line":
            self._add_lines(holder, name, symbol)
        else:
            self._add_areas(holder, name, symbol)

    def _layer(
        self, holder: Tree.Element, kind: str, options: Mapping[str, str], level: float
    ) -> Tree.Element:
        layer = Tree.SubElement(holder, "layer", {"class": kind}, enabled="1", locked="0")
        layer.set("pass", str(self.pass_of(level)))
        write_options(layer, options)
        return layer

    def _moved(self, drop: str) -> str:
        """Return the offset of a marker, mm to the right and downwards, that is moved aside and has a drop."""
        if not self._shift:
            return f"'0,' || ({drop})"
        across, up = self._shift
        return f"{across} || ',' || (({drop}) - {up})"

    def pass_of(self, level: float) -> int:
        """Return QGIS's drawing pass of a level; ``nudge`` tells classes of one level apart."""
        return self._levels.index(level + self.nudge)

    def _add_areas(self, holder: Tree.Element, name: str, symbol: Symbol) -> None:
        alpha = self.look.alpha(symbol)
        count = 0
        if symbol.fill and symbol.geometry != "line":
            self._layer(
                holder, "SimpleFill",
                {"color": colour(symbol.fill, alpha), "style": "solid", "outline_style": "no"},
                symbol.z + FILL,
            )  # fmt: skip
            count += 1
        for angle, spacing in symbol.hatch:
            ink = symbol.line or HATCH_INK
            layer = self._layer(
                holder, "LinePatternFill",
                {
                    "angle": f"{angle:g}", "distance": f"{spacing:g}", "distance_unit": "MM",
                    "line_width": f"{HATCH_MM:g}", "line_width_unit": "MM", "color": colour(ink),
                },
                symbol.z + HATCH,
            )  # fmt: skip
            inner = _symbol(layer, f"@{name}@{count}", "line")
            self._layer(inner, "SimpleLine", _stroke(ink, HATCH_MM), symbol.z + HATCH)
            count += 1
        if symbol.line and symbol.line_mm:
            self._add_stroke(holder, symbol, symbol.z + OUTLINE)
            count += 1 + has_ground(symbol)
        if self.look.badge:
            options = {"point_on_surface": "1", "point_on_all_parts": "0", "clip_points": "0"}
            layer = self._layer(holder, "CentroidFill", options, symbol.z + MARK)
            self._add_marker(_symbol(layer, f"@{name}@{count}", "marker"), f"@{name}@{count}", symbol)

    def _add_lines(self, holder: Tree.Element, name: str, symbol: Symbol) -> None:
        level = symbol.z + FILL
        if is_cased(symbol):
            inner = symbol.size_mm - 2 * symbol.line_mm
            casing = _stroke(symbol.line, symbol.size_mm)
            self._layer(holder, "SimpleLine", casing, casing_level(self.look))
            self._layer(holder, "SimpleLine", _stroke(symbol.fill, inner), level)
        elif is_marked(symbol):
            self._layer(holder, "SimpleLine", _stroke(symbol.fill, MARKED_LINE_MM), level)
        else:
            self._add_stroke(holder, symbol, level)
        if self.look.badge:
            at = f"@{name}@{len(holder)}"
            options = {"placement": "centralpoint", "placements": "CentralPoint", "rotate": "0"}
            layer = self._layer(holder, "MarkerLine", options, symbol.z + MARK)
            self._add_marker(_symbol(layer, at, "marker"), at, symbol)

    def _add_stroke(self, holder: Tree.Element, symbol: Symbol, level: float) -> None:
        width = line_width(symbol)
        alpha = 1.0 if self.look.kind == "polygon" else symbol.alpha
        if has_ground(symbol):
            self._layer(holder, "SimpleLine", _stroke(BROAD_GROUND, width, alpha=BROAD_ALPHA), level)
        ink = symbol.line or symbol.fill
        self._layer(holder, "SimpleLine", _stroke(ink, width, dash=symbol.dash, alpha=alpha), level)

    def _add_marker(self, holder: Tree.Element, name: str, symbol: Symbol) -> None:
        text = bool(symbol.glyph or self.look.badge)
        marker = marker_of(symbol, texted=text)
        ground = symbol.fill or symbol.line
        level = symbol.z + MARK
        shape = symbol.marker or PLAIN_MARKER
        rim = {
            "outline_color": colour(marker.rim) if marker.rim else colour(ground),
            "outline_width": f"{marker.rim_mm:g}",
            "outline_width_unit": "MM",
        }
        if shape in _OWN:
            own, share, turn, drop = _OWN[shape]
            options = {
                "name": own, "color": colour(ground), "size": f"{marker.size_mm * share:g}", "size_unit": "MM",
                "angle": str(turn), "offset": f"0,{marker.size_mm * drop:g}", "offset_unit": "MM",
                "joinstyle": "round", "outline_style": "solid" if marker.rim_mm else "no", **rim,
            }  # fmt: skip
            shape_layer = self._layer(holder, "SimpleMarker", options, level)
            drop_mm = marker.size_mm * drop
        else:
            options = {
                "name": picture_of(shape), "color": colour(ground), "size": f"{marker.size_mm * _BOX:g}",
                "size_unit": "MM", "fixedAspectRatio": "0", **rim,
            }  # fmt: skip
            shape_layer = self._layer(holder, "SvgMarker", options, level)
            drop_mm = 0.0
        if self._shift:
            write_defined(shape_layer, {"offset": self._moved(f"{drop_mm:.4g}")})
        if text:
            self._add_text(holder, symbol, level)

    def _add_text(self, holder: Tree.Element, symbol: Symbol, level: float) -> None:
        """Add the character of the class, or the feature's own text, in the middle of its marker."""
        marker = symbol.marker or PLAIN_MARKER
        size = symbol.size_mm or BADGE_MM
        lengths = (*_LENGTHS, _LENGTHS[-1] + 1)
        share = glyph_share(marker, lengths[-1] if self.look.badge else len(symbol.glyph))
        options = {
            "font": FAMILY_NAMES["sans"], "chr": symbol.glyph or " ", "size": f"{size * share:g}",
            "size_unit": "MM", "color": colour(text_colour_on(symbol.fill or symbol.line)),
            "horizontal_anchor_point": "1", "vertical_anchor_point": "1", "offset_unit": "MM",
            "offset": f"0,{_text_drop(share, marker) * size:.4g}", "outline_width": "0",
        }  # fmt: skip
        layer = self._layer(holder, "FontMarker", options, level)
        if not self.look.badge:
            return
        field = self._text
        shares = [glyph_share(marker, length) for length in lengths]
        write_defined(
            layer,
            {
                "char": f"coalesce({field}, '')",
                "size": _by_length(field, [f"{size * s:g}" for s in shares]),
                "offset": self._moved(
                    _by_length(field, [f"{_text_drop(s, marker) * size:.4g}" for s in shares])
                ),
            },
        )


def _by_text(text: str, values: Sequence[tuple[str, float]]) -> str:
    pairs = ", ".join(f"{quote_text(word)}, {value:.3f}" for word, value in values)
    return f"coalesce(map_get(map({pairs}), {text}), 0)"


def _text_drop(share: float, marker: str) -> float:
    """Return how far a text of a font marker is shifted down, as a share of the marker.

    QGIS sets the baseline half an ascent under the middle; the sheet sets the visual middle there.
    """
    return (MIDDLE_EM - line_ascent_em() / 2) * share - glyph_lift(marker)


def _by_length(field: str, choices: Sequence[str]) -> str:
    known = zip(_LENGTHS, choices, strict=False)
    cases = "".join(f" WHEN length({field}) = {length} THEN {text}" for length, text in known)
    return f"CASE{cases} ELSE {choices[-1]} END"


def _stroke(ink: str, width: float, *, dash: Sequence[float] = (), alpha: float = 1.0) -> dict[str, str]:
    options = {
        "line_color": colour(ink, alpha), "line_style": "solid", "line_width": f"{width:g}",
        "line_width_unit": "MM", "joinstyle": "round", "capstyle": "flat" if dash else "round",
    }  # fmt: skip
    if dash:
        pattern = ";".join(f"{part:g}" for part in dash)
        options |= {"use_custom_dash": "1", "customdash": pattern, "customdash_unit": "MM"}
    return options


def _symbol(parent: Tree.Element, name: str, kind: str, *, alpha: float = 1.0) -> Tree.Element:
    return Tree.SubElement(
        parent, "symbol", name=name, type=kind, alpha=f"{alpha:g}", clip_to_extent="1", force_rhr="0"
    )  # fmt: skip


def picture_of(marker: str) -> str:
    """Return a marker as QGIS embeds an SVG, its colours left open."""
    half = _BOX / 2
    points = " ".join(f"{x:.4f},{-y:.4f}" for x, y in marker_outline(marker))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" '
        f'viewBox="{-half} {-half} {_BOX} {_BOX}"><polygon points="{points}" fill="param(fill)" '
        'stroke="param(outline)" stroke-width="param(outline-width)" stroke-linejoin="round"/></svg>'
    )
    return "base64:" + base64.b64encode(svg.encode()).decode("ascii")


def write_options(parent: Tree.Element, options: Mapping[str, str]) -> None:
    """Add a map of text options."""
    holder = Tree.SubElement(parent, "Option", type="Map")
    for key, value in options.items():
        Tree.SubElement(holder, "Option", name=key, type="QString", value=value)


def write_defined(
    parent: Tree.Element, expressions: Mapping[str, str], tag: str = "data_defined_properties"
) -> None:
    """Add properties that follow an expression."""
    holder = Tree.SubElement(Tree.SubElement(parent, tag), "Option", type="Map")
    Tree.SubElement(holder, "Option", name="name", type="QString", value="")
    inner = Tree.SubElement(holder, "Option", name="properties", type="Map")
    for key, expression in expressions.items():
        item = Tree.SubElement(inner, "Option", name=key, type="Map")
        Tree.SubElement(item, "Option", name="active", type="bool", value="true")
        Tree.SubElement(item, "Option", name="expression", type="QString", value=expression)
        Tree.SubElement(item, "Option", name="type", type="int", value="3")
    Tree.SubElement(holder, "Option", name="type", type="QString", value="collection")


def colour(hexadecimal: str, alpha: float = 1.0) -> str:
    """Return ``r,g,b,a`` of ``#RRGGBB``."""
    red, green, blue = (int(hexadecimal[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(alpha * 255)}"


def quote_field(name: str) -> str:
    """Return a field as expressions name it."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(value: str) -> str:
    """Return a text as expressions write it."""
    return "'" + value.replace("'", "''") + "'"
