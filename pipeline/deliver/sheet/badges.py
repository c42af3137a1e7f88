"""Markers with a character or number, kept apart so that every one can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from styles import Symbol
from styles.frame import Box

# Two markers may touch by a tenth of their size before one is pushed aside.
_TOUCH = 0.98
_ROUNDS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """One marker on the page; mm.

    Attributes
    ----------
    x, y, true_x, true_y
        Where it is drawn and where its feature is.
    text
        Character or number inside.
    size
        Height.
    obstacle
        Whether labels keep off it.
    """

    symbol: Symbol
    x: float
    y: float
    true_x: float
    true_y: float
    text: str
    size: float
    fade: float = 1.0
    obstacle: bool = True

    @property
    def moved_mm(self) -> float:
        """How far it was pushed aside."""
        return float(np.hypot(self.x - self.true_x, self.y - self.true_y))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Square around it."""
        half = self.size / 2
        return self.x - half, self.y - half, self.x + half, self.y + half


def spread_badges(badges: Sequence[Badge], box: Box) -> list[Badge]:
    """Push overlapping markers apart, evenly and deterministically, inside the map box.

    Each round moves every too close pair half its overlap each; identical places are separated
    along a direction given by their order, so equal inputs give equal sheets.
    """
    if not badges:
        return []
    xy = np.array([[b.x, b.y] for b in badges])
    radius = np.array([b.size / 2 for b in badges])
    reach = 2 * radius.max() * _TOUCH
    for _ in range(_ROUNDS):
        pairs = cKDTree(xy).query_pairs(reach, output_type="ndarray")
        if not len(pairs):
            break
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        first, second = pairs.T
        delta = xy[second] - xy[first]
        gap = np.hypot(*delta.T)
        need = (radius[first] + radius[second]) * _TOUCH - gap
        close = need > 0.01
        if not close.any():
            break
        first, second, delta, gap, need = (part[close] for part in (first, second, delta, gap, need))
        turn = 2.399963 * (first + 1)  # golden angle: no two clusters line up
        away = np.where(
            gap[:, None] > 1e-6,
            delta / np.maximum(gap, 1e-6)[:, None],
            np.column_stack([np.cos(turn), np.sin(turn)]),
        )
        push = away * (need / 2 * 0.9)[:, None]
        np.add.at(xy, first, -push)
        np.add.at(xy, second, push)
        half = radius[:, None]
        xy = np.clip(xy, [box.left, box.bottom] + half + 0.3, [box.right, box.top] - half - 0.3)
    return [
        replace(badge, x=round(float(x), 3), y=round(float(y), 3))
        for badge, (x, y) in zip(badges, xy, strict=True)
    ]
