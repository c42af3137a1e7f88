"""The style table as CAD has it: layers, colours, lineweights, linetypes, hatches and blocks, as plain data.

Lengths are millimetres on paper; a writer that draws in metres at 1 : n multiplies patterns by n / 1000.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sin

from styles.aci import nearest_aci
from styles.marks import (
    BADGE_MM,
    DOT_MM,
    HATCH_INK,
    HATCH_MM,
    PLAIN_MARKER,
    glyph_lift,
    glyph_share,
    has_ground,
    is_cased,
    is_marked,
    line_width,
    marker_outline,
)
from styles.table import Symbol, load_symbols, text_colour_on

# Every lineweight AutoCAD has, hundredths of a millimetre.
LINEWEIGHTS = (
    0, 5, 9, 13, 15, 18, 20, 25, 30, 35, 40, 50, 53, 60, 70, 80, 90, 100, 106, 120, 140, 158, 200, 211,
)  # fmt: skip
CONTINUOUS = "Continuous"
_PREFIX = "HSQ"


@dataclass(frozen=True, slots=True)
class CadColour:
    """One colour as CAD holds it: ``true`` is 0xRRGGBB, ``aci`` the nearest index."""

    true: int
    aci: int


@dataclass(frozen=True, slots=True)
class Linetype:
    """A linetype: ``pattern`` is dashes positive and gaps negative, in turn; empty is continuous."""

    name: str
    pattern: tuple[float, ...]

    @property
    def length(self) -> float:
        """Length of one period."""
        return sum(abs(part) for part in self.pattern)


@dataclass(frozen=True, slots=True)
class HatchLine:
    """One family of parallel lines: angle in degrees, a point of it, and the step from a line to the next."""

    angle: float
    base: tuple[float, float]
    step: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hatch:
    """A hatch pattern with its own colour and lineweight."""

    name: str
    lines: tuple[HatchLine, ...]
    colour: CadColour
    lineweight: int


@dataclass(frozen=True, slots=True)
class Block:
    """A point symbol: outline round its insertion point, and the character in it.

    Attributes
    ----------
    name : of the block.
    outline : closed outline, mm, y upwards; the first point is not repeated.
    text, text_size, text_lift : character, its em height, and how far its middle is above the insertion point.
    text_colour : colour of the character.
    """

    name: str
    outline: tuple[tuple[float, float], ...]
    text: str
    text_size: float
    text_lift: float
    text_colour: CadColour


@dataclass(frozen=True, slots=True)
class CadSymbol:
    """One row of the style table in CAD.

    Attributes
    ----------
    layer : layer name.
    name : Chinese name, for the layer's description.
    colour : colour of the layer: its fill, or its line where it has none.
    line, fill : colours of outline and interior, None where there is none.
    transparency : of the fill, 0 opaque to 1 clear.
    lineweight : of the outline or line, hundredths of a millimetre, one of `LINEWEIGHTS`.
    linetype : of the outline or line.
    casing : whole width of a cased line, mm; 0 where there is none.
    width : width of a line as drawn, mm, for polylines that carry their own.
    ground : whether a broad dashed line lies on a white one.
    hatch, block : pattern over the fill, and point symbol; None where there is none.
    z : drawing order, lowest first.
    """

    layer: str
    name: str
    colour: CadColour
    line: CadColour | None
    fill: CadColour | None
    transparency: float
    lineweight: int
    linetype: Linetype
    casing: float
    width: float
    ground: bool
    hatch: Hatch | None
    block: Block | None
    z: int


def cad_colour(hexadecimal: str) -> CadColour:
    """Return ``#RRGGBB`` as true colour and nearest index."""
    return CadColour(int(hexadecimal[1:], 16), nearest_aci(hexadecimal))


def nearest_lineweight(millimetres: float) -> int:
    """Return the lineweight nearest to a width; the finer of two equally near, never 0 for a line that is drawn."""
    wanted = millimetres * 100
    known = LINEWEIGHTS[1:] if millimetres > 0 else LINEWEIGHTS
    return min(known, key=lambda weight: (abs(weight - wanted), weight))


def linetype_of(dash: tuple[float, ...]) -> Linetype:
    """Return the linetype of on/off lengths in mm; its name says the lengths, so equal ones share it."""
    if not dash:
        return Linetype(CONTINUOUS, ())
    name = "-".join([_PREFIX, *(f"{part:g}".replace(".", "_") for part in dash)])
    return Linetype(name, tuple(part if i % 2 == 0 else -part for i, part in enumerate(dash)))


def hatch_of(symbol: Symbol) -> Hatch | None:
    """Return the hatch of a class, or None."""
    if not symbol.hatch:
        return None
    lines = tuple(
        HatchLine(angle, (0.0, 0.0), (-sin(radians(angle)) * space, cos(radians(angle)) * space))
        for angle, space in symbol.hatch
    )
    said = "_".join(f"{angle:g}-{space:g}".replace(".", "_") for angle, space in symbol.hatch)
    colour = cad_colour(symbol.line or HATCH_INK)
    return Hatch(f"{_PREFIX}-{said}", lines, colour, nearest_lineweight(HATCH_MM))


def block_of(symbol: Symbol) -> Block | None:
    """Return the point symbol of a class, or None where it is never a point."""
    if symbol.geometry != "point" and not symbol.marker:
        return None
    marker = symbol.marker or PLAIN_MARKER
    size = symbol.size_mm or (BADGE_MM if symbol.glyph else DOT_MM)
    outline = tuple((float(x), float(y)) for x, y in marker_outline(marker) * size)
    return Block(
        name=symbol.dxf_layer,
        outline=outline,
        text=symbol.glyph,
        text_size=glyph_share(marker, max(len(symbol.glyph), 1)) * size,
        text_lift=glyph_lift(marker) * size,
        text_colour=cad_colour(text_colour_on(symbol.fill or symbol.line)),
    )


def cad_symbol(symbol: Symbol) -> CadSymbol:
    """Return one row of the style table as CAD has it."""
    # As the sheet: the line colour of a marker is its rim, so its lines take the fill.
    ink = symbol.fill if is_marked(symbol) else symbol.line or symbol.fill
    cased = is_cased(symbol)
    width = symbol.size_mm - 2 * symbol.line_mm if cased else line_width(symbol)
    return CadSymbol(
        layer=symbol.dxf_layer,
        name=symbol.name,
        colour=cad_colour(symbol.fill or symbol.line),
        line=cad_colour(ink) if symbol.line_mm or symbol.geometry in ("line", "point") else None,
        fill=cad_colour(symbol.fill) if symbol.fill else None,
        transparency=round(1 - symbol.alpha, 2),
        lineweight=nearest_lineweight(symbol.line_mm),
        linetype=linetype_of(symbol.dash),
        casing=symbol.size_mm if cased else 0.0,
        width=width,
        ground=has_ground(symbol),
        hatch=hatch_of(symbol),
        block=block_of(symbol),
        z=symbol.z,
    )


def cad_symbols(symbols: Iterable[Symbol] | None = None) -> dict[str, CadSymbol]:
    """Return layer name → symbol, for the whole style table or some of its rows, in table order."""
    chosen = load_symbols().values() if symbols is None else symbols
    return {symbol.dxf_layer: cad_symbol(symbol) for symbol in chosen}


def linetypes(symbols: Iterable[CadSymbol]) -> tuple[Linetype, ...]:
    """Return every linetype but the continuous one, once each, sorted by name."""
    found = {symbol.linetype.name: symbol.linetype for symbol in symbols if symbol.linetype.pattern}
    return tuple(found[name] for name in sorted(found))
