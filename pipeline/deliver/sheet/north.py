"""True north from the sheet's CRS, and its arrow."""

from __future__ import annotations

import math

from pyproj import CRS, Transformer

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.spec import SheetError


def measure_true_north(crs: CRS, centre: tuple[float, float]) -> float:
    """Clockwise angle in degrees from grid north (up) to true north at a map point.

    Follows a meridian a short way with pyproj instead of trusting a sign convention for the
    convergence; in a 3° zone at 28.5°N it stays within ±0.72°.

    Raises
    ------
    SheetError
        If the CRS is not projected.
    """
    if not crs.is_projected:
        raise SheetError(f"{SheetError.code} 图幅坐标系须为投影坐标系，现为 {crs.name}")
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = to_degrees.transform(*centre)
    (x0, x1), (y0, y1) = to_degrees.transform([lon, lon], [lat - 5e-4, lat + 5e-4], direction="INVERSE")
    return math.degrees(math.atan2(x1 - x0, y1 - y0))


def draw_north(page: Page, x: float, y: float, height: float, angle: float) -> None:
    """Draw the arrow with its middle at (x, y); `angle` clockwise from up, degrees.

    No wind rose: without local climate data it would be invented.
    """
    ink = page.frame.colours["ink"]
    turn = math.radians(-angle)

    def place(dx: float, dy: float) -> tuple[float, float]:
        return (
            x + dx * math.cos(turn) - dy * math.sin(turn),
            y + dx * math.sin(turn) + dy * math.cos(turn),
        )

    half, tail, notch = height * 0.2, -height * 0.5, -height * 0.33
    tip = (0.0, height * 0.5)
    page.polygon([place(*tip), place(-half, tail), place(0, notch)], face=ink, edge=ink, width_mm=0.2, z=111)
    page.polygon(
        [place(*tip), place(half, tail), place(0, notch)],
        face="#FFFFFF", edge=ink, width_mm=0.2, z=111,
    )  # fmt: skip
    top = place(0, height * 0.5 + 2.0)
    page.text(*top, "北", size_mm=page.frame.type["heading"], align="centre", middle=True, bold=True)
