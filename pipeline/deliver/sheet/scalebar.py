"""Scale bar computed from the transform that draws the map."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.scale import MapTransform
from styles.frame import Box

_STEPS = (1.0, 2.0, 2.5, 3.0, 4.0, 5.0)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of four equal parts.

    Attributes
    ----------
    part_m
        Ground length of a part.
    part_mm
        Paper length of a part.
    """

    part_m: int
    part_mm: float

    @property
    def length_m(self) -> int:
        """Ground length of the whole bar."""
        return 4 * self.part_m

    @property
    def length_mm(self) -> float:
        """Paper length of the whole bar."""
        return 4 * self.part_mm


def design_bar(transform: MapTransform, longest_mm: float) -> ScaleBar:
    """Return the longest bar of four round parts (5, 10, 20, 25, 30, 40, 50 m …) that fits."""
    parts = [step * 10**power for power in range(5) for step in _STEPS]
    parts = [int(part) for part in parts if part == int(part)]
    fitting = [m for m in parts if 4 * m * transform.mm_per_m <= longest_mm]
    part = fitting[-1] if fitting else 1
    return ScaleBar(part, part * transform.mm_per_m)


def draw_bar(page: Page, bar: ScaleBar, left: float, y: float) -> Box:
    """Draw the bar with its left end at `left`, its lower edge at `y`; return its box."""
    ink, size, height = page.frame.colours["ink"], page.frame.type["small"], 1.3
    for index in range(4):
        box = Box(left + index * bar.part_mm, y, left + (index + 1) * bar.part_mm, y + height)
        page.rectangle(box, face=ink if index % 2 == 0 else "#FFFFFF", edge=ink, width_mm=0.18, z=111)
    for index in (0, 1, 2, 4):
        page.text(
            left + index * bar.part_mm, y + height + 0.8 + size * 0.12,
            str(index * bar.part_m), size_mm=size, align="centre",
        )  # fmt: skip
    page.text(left + bar.length_mm + 1.6 + size * 0.9, y + height + 0.8 + size * 0.12, "米", size_mm=size)
    return Box(left, y, left + bar.length_mm, y + height)
