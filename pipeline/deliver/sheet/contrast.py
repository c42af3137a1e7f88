"""Whether labels can be read on what lies under them, measured on the finished raster."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.deliver.sheet.labels import Placement
from styles.frame import MM_PER_INCH
from styles.table import contrast_ratio

# A pixel whose channels differ from the ink's by more than this in sum is ground, not the soft edge of a letter.
_NOT_INK = 120
_LEAST_GROUND = 0.3  # of a label's box; letters cover at most half of it


def measure_contrast(
    pixels: NDArray[np.uint8], placed: Sequence[Placement], *, dpi: int
) -> tuple[float, ...]:
    """Return the contrast of each label to its ground, from 1 (none) to 21 (black on white; WCAG 2.2, 1.4.3).

    Ground is what the raster shows between the letters: halo, fill or picture, in the middle of its colours.

    Parameters
    ----------
    pixels : (height, width, 3 or 4), row 0 at the top of the page.
    placed : labels as drawn, mm on the page.
    dpi : of the raster.
    """
    return tuple(_measure_one(pixels, item, dpi / MM_PER_INCH) for item in placed)


def _measure_one(pixels: NDArray[np.uint8], item: Placement, per_mm: float) -> float:
    height = len(pixels)
    corners = item.corners * per_mm
    left, top = int(corners[:, 0].min()), int(height - corners[:, 1].max())
    right, bottom = int(np.ceil(corners[:, 0].max())), int(np.ceil(height - corners[:, 1].min()))
    part = pixels[max(top, 0) : bottom, max(left, 0) : right, :3].astype(np.int64)
    rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]]
    inside = shapely.contains_xy(
        shapely.Polygon(corners),
        columns.ravel() + max(left, 0) + 0.5,
        height - (rows.ravel() + max(top, 0) + 0.5),
    )
    colours = part.reshape(-1, 3)[inside]
    ink = np.array([int(item.request.colour[i : i + 2], 16) for i in (1, 3, 5)])
    ground = colours[np.abs(colours - ink).sum(axis=1) > _NOT_INK]
    if len(ground) <= _LEAST_GROUND * len(colours):
        return 1.0
    red, green, blue = np.median(ground, axis=0).astype(int)
    return contrast_ratio(item.request.colour, f"#{red:02X}{green:02X}{blue:02X}")
