"""The style table: every colour, line and marker of the product, read from two CSV files.

Sheets, legends, DXF layers, QML/SLD and ``layer_styles`` are all derived from these rows; sizes are
millimetres on paper, colours are ``#RRGGBB``.  Colours of the 2023 land-use classification stay in
their own file because they are derived from the standard, not chosen here.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from styles.errors import StyleError

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_GEOMETRIES = frozenset({"fill", "line", "point", "text"})
_MARKERS = frozenset(
    {"", "circle", "square", "triangle", "triangle_down", "diamond", "pentagon", "hexagon", "star",
     "cross"}
)  # fmt: skip
# Classes whose national fill cannot be told apart at community scale get a hatch (not a colour).
_LANDUSE_HATCH = {"0702": "45:1.6", "0704": "45:1.6", "16": "45:2.0"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """One row of the style table.

    Attributes
    ----------
    theme, value
        Key of the row.
    name
        Chinese name printed in legends.
    geometry
        ``fill``, ``line``, ``point`` or ``text``: what the class usually is.
    fill, line
        Interior and stroke colour, ``#RRGGBB`` or empty for none.  A line symbol with both is a
        cased line: ``size_mm`` is its full width and ``line_mm`` the width of each casing edge.
    alpha
        Opacity of the fill, 0–1.
    line_mm
        Stroke width.
    dash
        On/off lengths in mm; empty is solid.
    hatch
        ``((angle in degrees, spacing in mm), …)`` drawn in the line colour.
    marker, glyph, size_mm
        Marker shape, the one character inside it, and its height (for ``text``: the em height).
    z
        Drawing order, lowest first.
    dxf_layer
        Layer name in CAD files.
    source, confidence
        Where the row comes from and how sure that is.
    """

    theme: str
    value: str
    name: str
    geometry: str
    fill: str
    alpha: float
    line: str
    line_mm: float
    dash: tuple[float, ...]
    hatch: tuple[tuple[float, float], ...]
    marker: str
    glyph: str
    size_mm: float
    z: int
    dxf_layer: str
    source: str
    confidence: float

    def __post_init__(self) -> None:
        problems = []
        if self.geometry not in _GEOMETRIES:
            problems.append(f"geometry={self.geometry!r}")
        if self.marker not in _MARKERS:
            problems.append(f"marker={self.marker!r}")
        problems += [f"colour={c!r}" for c in (self.fill, self.line) if c and not _HEX.fullmatch(c)]
        if not 0 <= self.alpha <= 1:
            problems.append(f"alpha={self.alpha}")
        if len(self.dash) % 2:
            problems.append(f"dash={self.dash}")
        if problems:
            raise StyleError(f"样式表 {self.theme}/{self.value} 有误：{'，'.join(problems)}")

    @property
    def legend_text(self) -> str:
        """Text printed in legends; land use carries its code, since many classes share a colour."""
        return f"{self.value} {self.name}" if self.theme == "landuse" else self.name


def _number(text: str) -> float:
    return float(text) if text.strip() else 0.0


def _hatch(text: str) -> tuple[tuple[float, float], ...]:
    if not text:
        return ()
    angles, spacing = text.split(":")
    return tuple((float(angle), float(spacing)) for angle in angles.split("+"))


def _read_rows(name: str) -> list[dict[str, str]]:
    text = files("styles").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _symbol_from_row(row: dict[str, str]) -> Symbol:
    return Symbol(
        theme=row["theme"], value=row["value"], name=row["name_zh"], geometry=row["geometry"],
        fill=row["fill"], alpha=_number(row["alpha"]), line=row["line"],
        line_mm=_number(row["line_mm"]), dash=tuple(float(x) for x in row["dash"].split()),
        hatch=_hatch(row["hatch"]), marker=row["marker"], glyph=row["glyph"],
        size_mm=_number(row["size_mm"]), z=int(row["z"]), dxf_layer=row["dxf_layer"],
        source=row["source"], confidence=_number(row["confidence"]),
    )  # fmt: skip


def _landuse_from_row(row: dict[str, str]) -> Symbol:
    code = row["code"]
    return Symbol(
        theme="landuse", value=code, name=row["name_zh"], geometry="fill", fill=row["hex"],
        alpha=1.0, line="#6E6E6E", line_mm=0.13, dash=(), marker="",
        hatch=_hatch(_LANDUSE_HATCH.get(code, "")), glyph="", size_mm=0.0, z=10,
        dxf_layer=f"YD-{code}-{row['name_zh']}", source=row["source"],
        confidence=_number(row["confidence"]),
    )  # fmt: skip


@cache
def load_symbols() -> dict[tuple[str, str], Symbol]:
    """Read the whole style table once.

    Returns
    -------
    dict
        ``(theme, value)`` → symbol, in table order (which is also legend order).

    Raises
    ------
    StyleError
        If a row is malformed or a key occurs twice.
    """
    symbols: dict[tuple[str, str], Symbol] = {}
    rows = [_landuse_from_row(row) for row in _read_rows("landuse_colors.csv")]
    rows += [_symbol_from_row(row) for row in _read_rows("symbols.csv")]
    for item in rows:
        key = (item.theme, item.value)
        if key in symbols:
            raise StyleError(f"样式表中 {item.theme}/{item.value} 重复")
        symbols[key] = item
    return symbols


@cache
def symbol_order() -> dict[tuple[str, str], int]:
    """Return the position of every key in the table, used to order legends."""
    return {key: index for index, key in enumerate(load_symbols())}


def has_symbol(theme: str, value: str) -> bool:
    """Tell whether the table has the row."""
    return (theme, str(value)) in load_symbols()


def symbol(theme: str, value: str) -> Symbol:
    """Return one symbol.

    Raises
    ------
    StyleError
        If the theme or the class is absent; the message lists what exists.
    """
    try:
        return load_symbols()[theme, str(value)]
    except KeyError:
        known = [v for t, v in load_symbols() if t == theme]
        if not known:
            themes = "、".join(dict.fromkeys(t for t, _ in load_symbols()))
            raise StyleError(f"{StyleError.code} 样式表没有主题“{theme}”；现有：{themes}") from None
        shown = "、".join(known[:40])
        raise StyleError(f"{StyleError.code} 样式表主题“{theme}”没有类别“{value}”；现有：{shown}") from None


def theme_symbols(theme: str) -> tuple[Symbol, ...]:
    """Return every symbol of a theme in table order; StyleError if there is none."""
    found = tuple(s for (t, _), s in load_symbols().items() if t == theme)
    if not found:
        symbol(theme, "")
    return found


def relative_luminance(colour: str) -> float:
    """WCAG 2 relative luminance of ``#RRGGBB``, 0 black to 1 white."""
    channels = [int(colour[i : i + 2], 16) / 255 for i, _ in pairwise(range(1, 9, 2))]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_ratio(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 (equal) to 21 (black on white)."""
    dark, light = sorted((relative_luminance(one), relative_luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_colour_on(ground: str) -> str:
    """Return white or near-black, whichever reads better on the ground (white from 3:1 up)."""
    return "#FFFFFF" if contrast_ratio("#FFFFFF", ground) >= 3.0 else "#222222"
