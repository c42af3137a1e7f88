"""How one layer is drawn: which symbol each value takes, what is written beside it. Said once, exported many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from styles.errors import StyleError
from styles.marks import BADGE_MM, BADGE_RIM, BADGE_RIM_MM, DOT_MM, DOT_RIM_MM, is_cased
from styles.table import Symbol

KINDS = ("point", "line", "polygon")
# Order of the strokes of one class, as the sheet has it: fill, hatch, outline, markers.
FILL, HATCH, OUTLINE, MARK = 0.0, 0.1, 0.2, 0.3


@dataclass(frozen=True, slots=True)
class Entry:
    """One class of a layer.

    Attributes
    ----------
    symbol : how it is drawn.
    values : values that take it, each a value a field of ``Look.fields``.
    between : closed range of the one numeric field, instead of values; an open end is None.
    rest : takes everything no other entry takes.
    when : expression of the features that take it, for programs that know expressions; instead of the others.
    name : legend text; the symbol's own where empty.
    """

    symbol: Symbol
    values: tuple[tuple[str, ...], ...] = ()
    between: tuple[float | None, float | None] | None = None
    rest: bool = False
    name: str = ""
    when: str = ""

    def __post_init__(self) -> None:
        if bool(self.values) + (self.between is not None) + self.rest + bool(self.when) != 1:
            raise StyleError(f"{StyleError.code} 类别“{self.text}”须给出取值、区间或其余之一")

    @property
    def text(self) -> str:
        """Legend text."""
        return self.name or self.symbol.legend_text


@dataclass(frozen=True, slots=True)
class Label:
    """Text beside the features of a layer.

    Attributes
    ----------
    field : where it is.
    kind : row of theme ``text``: size, colours, halo.
    inside : only where it fits into its area.
    unless : field and value of features left without.
    text : expression instead of the field, for programs that know expressions.
    priority : 0 to 10, higher is placed first.
    """

    field: str
    kind: Symbol
    inside: bool = False
    unless: tuple[str, str] | None = None
    text: str = ""
    priority: int = 5


@dataclass(frozen=True, slots=True)
class Look:
    """How one layer is drawn.

    Attributes
    ----------
    kind : ``point``, ``line`` or ``polygon``.
    entries : classes in the order of the legend; one that is the rest and nothing else draws all alike.
    fields : fields whose values decide; empty where all is drawn alike.
    label : text beside the features.
    badge : field whose text stands in the marker in place of its character; areas and lines get a marker too.
    groups : field, and values of it that are switched on and off by themselves; the first is on.
    flat : whether opacity is the layer's, so that areas lying over one another do not stack.
    """

    kind: str
    entries: tuple[Entry, ...]
    fields: tuple[str, ...] = ()
    label: Label | None = None
    badge: str = ""
    groups: tuple[str, tuple[str, ...]] | None = None
    flat: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise StyleError(f"{StyleError.code} 没有几何类型“{self.kind}”；可用：{'、'.join(KINDS)}")
        if not self.entries:
            raise StyleError(f"{StyleError.code} 图层样式没有类别")

    @property
    def plain(self) -> bool:
        """Whether everything is drawn alike."""
        return not self.fields

    @property
    def ranged(self) -> bool:
        """Whether classes are ranges of a number."""
        return any(entry.between is not None for entry in self.entries)

    @property
    def opacity(self) -> float:
        """Opacity of the whole layer."""
        return min(entry.symbol.alpha for entry in self.entries) if self.flat else 1.0

    def alpha(self, symbol: Symbol) -> float:
        """Opacity of a symbol's fill inside the layer."""
        return 1.0 if self.flat else symbol.alpha


def look_at(symbols: Sequence[Symbol], *, field: str, kind: str) -> Look:
    """Return the look of a layer whose field holds the values of the style table themselves."""
    return Look(kind, tuple(Entry(s, ((s.value,),)) for s in symbols), (field,))


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker as it is drawn: height, rim, whether a text stands in it."""

    size_mm: float
    rim: str
    rim_mm: float


def marker_of(symbol: Symbol, *, texted: bool) -> Marker:
    """Return the marker of a class; one with a text has a rim of its own."""
    if texted:
        return Marker(symbol.size_mm or BADGE_MM, BADGE_RIM, BADGE_RIM_MM)
    return Marker(
        symbol.size_mm or DOT_MM, symbol.line, DOT_RIM_MM if symbol.line and symbol.line_mm else 0.0
    )


def levels(look: Look) -> tuple[float, ...]:
    """Return every drawing level of a layer, lowest first; a stroke's level is its index here."""
    found = {entry.symbol.z + step for entry in look.entries for step in (FILL, HATCH, OUTLINE, MARK)}
    found |= {casing_level(look)} if any(is_cased(e.symbol) for e in look.entries) else set()
    return tuple(sorted(found))


def casing_level(look: Look) -> float:
    """Return the level of casings: under every line of the layer, so that crossings stay open."""
    return min(entry.symbol.z for entry in look.entries) - 0.5
