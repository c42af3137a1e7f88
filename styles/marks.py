"""Facts of drawing that no row of the table repeats: outlines of markers, room for their characters, fine widths.

The sheet draws by them and every exporter (QML, SLD, CAD) writes them out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styles.table import Symbol

HATCH_MM, HATCH_INK = 0.16, "#555555"  # the ink where a row has no line colour
MARKED_LINE_MM = 0.7  # a line feature of a class whose symbol is a marker
BROAD_MM = 0.6  # dashed lines from this width on lie on a ground
BROAD_GROUND, BROAD_ALPHA = "#FFFFFF", 0.9
DOT_RIM_MM = 0.15
BADGE_RIM, BADGE_RIM_MM = "#FFFFFF", 0.25
PLAIN_MARKER = "circle"
DOT_MM, BADGE_MM, LINE_MM = 2.0, 4.0, 0.3  # where a row states none
# Em height of a character inside its marker, as a share of the marker, by how many there are.
_ROOM = {1: 0.62, 2: 0.52}
_ROOM_MANY = 0.4
_ROOM_IN_TRIANGLE = 0.86
_LIFT = {"triangle": -0.07, "triangle_down": 0.09}


def glyph_share(marker: str, length: int) -> float:
    """Return the em height of ``length`` characters inside a marker, as a share of its size."""
    return _ROOM.get(length, _ROOM_MANY) * (_ROOM_IN_TRIANGLE if marker in _LIFT else 1.0)


def glyph_lift(marker: str) -> float:
    """Return how far characters sit above the marker's middle, as a share of its size."""
    return _LIFT.get(marker, 0.0)


def line_width(symbol: Symbol) -> float:
    """Return the stroke of a line or outline, mm."""
    return symbol.line_mm or LINE_MM


def is_cased(symbol: Symbol) -> bool:
    """Tell whether a line has a fill between two edges: ``size_mm`` wide in all."""
    return bool(symbol.geometry == "line" and symbol.fill and symbol.size_mm)


def is_marked(symbol: Symbol) -> bool:
    """Tell whether a line feature takes the fill colour, because the class is usually a marker."""
    return bool(symbol.geometry == "point" and symbol.fill)


def has_ground(symbol: Symbol) -> bool:
    """Tell whether a dashed line is broad enough to lie on a ground.

    Boundaries often coincide; a lesser one must not show through the gaps of a greater.
    """
    return bool(symbol.dash and symbol.line_mm >= BROAD_MM)


def marker_outline(name: str) -> NDArray[np.float64]:
    """Return an outline of about unit height round the origin, (n, 2), y upwards, not closed.

    Raises
    ------
    KeyError
        If the style table allows a marker that is not drawn here.
    """
    return _SHAPES[name]


def _regular(corners: int, start: float, radius: float = 0.5) -> NDArray[np.float64]:
    turn = np.deg2rad(start + np.arange(corners) * 360 / corners)
    return np.column_stack([np.cos(turn), np.sin(turn)]) * radius


def _star() -> NDArray[np.float64]:
    # A fat star: a thin one leaves no room for the character inside.
    points = np.empty((10, 2))
    points[0::2], points[1::2] = _regular(5, 90, 0.64), _regular(5, 126, 0.44)
    return points


def _cross() -> NDArray[np.float64]:
    arm, end = 0.32, 0.54
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    first = np.array([[end, -arm], [end, arm], [arm, arm]])
    shape, out = first, []
    for _ in range(4):
        out.append(shape)
        shape = shape @ turn.T
    return np.vstack(out)


_SHAPES: dict[str, NDArray[np.float64]] = {
    "circle": _regular(48, 0),
    "square": np.array([[-0.45, -0.45], [0.45, -0.45], [0.45, 0.45], [-0.45, 0.45]]),
    "triangle": _regular(3, 90, 0.72) + np.array([0.0, -0.06]),
    "triangle_down": _regular(3, 270, 0.72) + np.array([0.0, 0.06]),
    "diamond": _regular(4, 0, 0.64),
    "pentagon": _regular(5, 90, 0.54),
    "hexagon": _regular(6, 0, 0.53),
    "star": _star(),
    "cross": _cross(),
}
