"""AutoCAD Color Index: the palette by its rule, and the entry nearest to a colour."""

from __future__ import annotations

from functools import cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

# 1–9 are named; 10–249 are 24 hues in five depths, full and pale; 250–255 are greys.
_NAMED = (
    (255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 255, 255),
    (128, 128, 128), (192, 192, 192),
)  # fmt: skip
_DEPTHS = (255, 165, 127, 76, 38)
_GREYS = (51, 91, 132, 173, 214, 255)
_DEGREES = 15
# 7 is black on a white ground and white on a black one, so it is no colour; 255 is always white.
FOREGROUND = 7


def _hue(degrees: float) -> tuple[float, float, float]:
    """Return red, green, blue (0–1) of a pure hue."""
    turns = degrees / 60
    shares = (abs(turns - 3) - 1, 2 - abs(turns - 2), 2 - abs(turns - 4))
    red, green, blue = (min(max(share, 0.0), 1.0) for share in shares)
    return red, green, blue


@cache
def palette() -> NDArray[np.int64]:
    """Return red, green, blue of ACI 1–255, (255, 3); row 0 is ACI 1."""
    rows = [list(colour) for colour in _NAMED]
    for index in range(10, 250):
        depth, pale = divmod(index % 10, 2)
        shares = [(share + 1) / 2 if pale else share for share in _hue((index // 10 - 1) * _DEGREES)]
        rows.append([ceil(share * _DEPTHS[depth] - 0.5) for share in shares])
    rows += [[grey] * 3 for grey in _GREYS]
    return np.array(rows, dtype=np.int64)


def nearest_aci(hexadecimal: str) -> int:
    """Return the index whose colour is nearest in RGB to ``#RRGGBB``; the lowest of equals, never `FOREGROUND`."""
    colour = np.array([int(hexadecimal[at : at + 2], 16) for at in (1, 3, 5)])
    distance = ((palette() - colour) ** 2).sum(axis=1)
    distance[FOREGROUND - 1] = np.iinfo(np.int64).max
    return int(distance.argmin()) + 1
