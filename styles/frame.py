"""Sheet furniture in millimetres, from ``frame.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from styles.errors import StyleError

MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page, mm from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Width, mm."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height, mm."""
        return self.top - self.bottom

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(left, bottom, right, top)``, the order shapely uses."""
        return self.left, self.bottom, self.right, self.top

    def shrink(self, by: float) -> Box:
        """Return the box moved inwards on every side."""
        return Box(self.left + by, self.bottom + by, self.right - by, self.top - by)


@dataclass(frozen=True, slots=True)
class Frame:
    """One page layout: where every piece of furniture goes.

    Attributes
    ----------
    page, frame, title, map, column
        Boxes in mm.
    dpi, pixels
        Resolution and exact raster size (width, height).
    lines, type, colours, column_parts
        Line weights (mm), em heights (mm), hex colours and the parts of the right-hand column (mm).
    scales
        Standard scale denominators, ascending.
    """

    page: Box
    frame: Box
    title: Box
    map: Box
    column: Box
    dpi: int
    pixels: tuple[int, int]
    lines: dict[str, float]
    type: dict[str, float]
    colours: dict[str, str]
    column_parts: dict[str, float]
    scales: tuple[int, ...]
    simplify: float
    quality: int


@cache
def _load_yaml() -> dict[str, Any]:
    # libyaml, where PyYAML has it, reads the same ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(files("styles").joinpath("frame.yaml").read_text(encoding="utf-8"), Loader=loader)


@cache
def load_frame(layout: str = "standard") -> Frame:
    """Return the furniture of a named layout.

    Raises
    ------
    StyleError
        If ``frame.yaml`` has no such layout.
    """
    raw = _load_yaml()
    if layout not in raw["layouts"]:
        raise StyleError(f"没有图幅版式“{layout}”；可用：{'、'.join(raw['layouts'])}")
    page_mm, margin, gap = raw["page"], raw["margin"], raw["gap"]
    page = Box(0, 0, page_mm["width"], page_mm["height"])
    frame = Box(margin["left"], margin["bottom"], page.right - margin["right"], page.top - margin["top"])
    inner = frame.shrink(gap)
    title = Box(inner.left, inner.top - raw["title_height"], inner.right, inner.top)
    split = inner.right - raw["layouts"][layout]["column"]
    body_top = title.bottom - gap / 2
    dpi = page_mm["dpi"]
    return Frame(
        page=page,
        frame=frame,
        title=title,
        map=Box(inner.left, inner.bottom, split - gap / 2, body_top),
        column=Box(split + gap / 2, inner.bottom, inner.right, body_top),
        dpi=dpi,
        pixels=(round(page.width / MM_PER_INCH * dpi), round(page.height / MM_PER_INCH * dpi)),
        lines=raw["lines"],
        type=raw["type"],
        colours=raw["colours"],
        column_parts=raw["column"],
        scales=tuple(raw["scales"]),
        simplify=raw["simplify"],
        quality=raw["jpg"]["quality"],
    )
