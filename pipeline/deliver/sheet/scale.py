"""Map metres to page millimetres, and the choice of a round scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.deliver.sheet.spec import Bounds, SheetError
from styles.frame import Box


def choose_scale(
    bounds: Bounds, box_mm: tuple[float, float], scales: Sequence[int], *, margin: float = 0.0
) -> int:
    """Return the smallest standard denominator at which the bounds fit (guideline 6.2: 整比例).

    Parameters
    ----------
    bounds
        Metres, (minx, miny, maxx, maxy).
    box_mm
        Width and height of the map box.
    scales
        Standard denominators, any order.
    margin
        Clear paper to keep on every side, mm.

    Raises
    ------
    SheetError
        If the bounds are empty or even the smallest scale does not fit.
    """
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    if not (np.isfinite([width, height]).all() and width >= 0 and height >= 0):
        raise SheetError(f"{SheetError.code} 图幅范围为空：{bounds}")
    clear = (box_mm[0] - 2 * margin, box_mm[1] - 2 * margin)
    for scale in sorted(scales):
        # A billionth of slack: 770 m at 1:2000 must fit 385 mm exactly.
        if width * 1000 <= clear[0] * scale * (1 + 1e-9) and height * 1000 <= clear[1] * scale * (1 + 1e-9):
            return scale
    raise SheetError(
        f"{SheetError.code} 范围 {width:.0f}×{height:.0f} 米在 1:{max(scales)} 下仍放不进"
        f" {box_mm[0]:.0f}×{box_mm[1]:.0f} 毫米图框，请分幅"
    )


@dataclass(frozen=True, slots=True)
class MapTransform:
    """Places map metres in a box of the page at an exact scale.

    Attributes
    ----------
    box
        Map box on the page, mm.
    scale
        Denominator.
    centre
        Map point (m) at the middle of the box.
    """

    box: Box
    scale: float
    centre: tuple[float, float]

    @classmethod
    def for_extent(cls, extent: Bounds, scale: float, box: Box) -> MapTransform:
        """Centre an extent in a box."""
        minx, miny, maxx, maxy = map(float, extent)
        return cls(box, scale, ((minx + maxx) / 2, (miny + maxy) / 2))

    @property
    def mm_per_m(self) -> float:
        """Paper millimetres of one metre on the ground."""
        return 1000.0 / self.scale

    @property
    def window(self) -> Bounds:
        """Ground shown, metres (minx, miny, maxx, maxy)."""
        half_w = self.box.width / self.mm_per_m / 2
        half_h = self.box.height / self.mm_per_m / 2
        x, y = self.centre
        return x - half_w, y - half_h, x + half_w, y + half_h

    def to_page(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return the geometries (metres) in page millimetres; Z is dropped."""
        offset = np.array([(self.box.left + self.box.right) / 2, (self.box.bottom + self.box.top) / 2])
        centre = np.array(self.centre)
        return shapely.transform(geometries, lambda xy: (xy - centre) * self.mm_per_m + offset)
