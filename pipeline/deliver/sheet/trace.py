"""What was drawn on a page, kept as data, so that another format can draw the same without placing anything anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.deliver.sheet.geometry import Geometries, explode, line_arrays
from styles.frame import Box

if TYPE_CHECKING:
    from pipeline.deliver.sheet.labels import Placement
    from pipeline.deliver.sheet.paint import MapPainting
    from pipeline.deliver.sheet.scale import MapTransform
    from pipeline.deliver.sheet.spec import SheetSpec


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Area:
    """Polygons with one look; mm."""

    part: str
    z: float
    polygons: Geometries
    face: str
    edge: str
    width_mm: float
    alpha: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Stroke:
    """Polylines with one look; mm."""

    part: str
    z: float
    lines: tuple[NDArray[np.float64], ...]
    colour: str
    width_mm: float
    dash: tuple[float, ...]
    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of text: anchor (mm), em height, ``left``, ``centre`` or ``right``, degrees anticlockwise."""

    part: str
    z: float
    x: float
    y: float
    text: str
    size_mm: float
    colour: str
    align: str
    middle: bool
    angle: float


Mark: TypeAlias = Area | Stroke | Words


@dataclass(slots=True)
class Trace:
    """Collects what a page draws while it is on.

    Attributes
    ----------
    marks : in the order drawn; ``z`` says what lies on what.
    part : piece of furniture being drawn, such as 图签.
    """

    marks: list[Mark] = field(default_factory=list)
    part: str = "图廓"
    on: bool = False

    @contextmanager
    def named(self, part: str) -> Iterator[None]:
        """Name what is drawn inside the ``with`` block."""
        before, self.part = self.part, part
        try:
            yield
        finally:
            self.part = before

    def add_area(
        self, polygons: Geometries, *, face: str, edge: str, width_mm: float, alpha: float, z: float,
        clip: Box | None,
    ) -> None:  # fmt: skip
        """Keep polygons, cut at the clip box."""
        if not self.on:
            return
        shown = polygons if clip is None else shapely.clip_by_rect(polygons, *clip.bounds)
        parts = explode(np.asarray(shown, dtype=object), "fill")[0]
        if len(parts):
            self.marks.append(
                Area(
                    part=self.part, z=z, polygons=parts, face=face, edge=edge, width_mm=width_mm, alpha=alpha
                )
            )

    def add_stroke(
        self, lines: Sequence[NDArray[np.float64]], *, colour: str, width_mm: float,
        dash: Sequence[float], alpha: float, z: float, clip: Box | None,
    ) -> None:  # fmt: skip
        """Keep polylines, cut at the clip box."""
        if not self.on:
            return
        if clip is not None:
            whole = np.array([shapely.LineString(line) for line in lines], dtype=object)
            lines = line_arrays(explode(shapely.clip_by_rect(whole, *clip.bounds), "line")[0])
        if len(lines):
            self.marks.append(
                Stroke(part=self.part, z=z, lines=tuple(lines), colour=colour, width_mm=width_mm,
                       dash=tuple(dash), alpha=alpha)
            )  # fmt: skip

    def add_words(
        self, x: float, y: float, text: str, *, size_mm: float, colour: str, align: str, middle: bool,
        angle: float, z: float,
    ) -> None:  # fmt: skip
        """Keep one line of text."""
        if self.on:
            self.marks.append(
                Words(part=self.part, z=z, x=float(x), y=float(y), text=text, size_mm=size_mm,
                      colour=colour, align=align, middle=middle, angle=angle)
            )  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Laid:
    """A sheet as it was laid out.

    Attributes
    ----------
    spec, transform : the instruction, and how its metres came onto the page.
    painting : layers in the window, and markers where they were put.
    labels : as placed on the map.
    marks : everything beside and over the map: frame, title, column with 图签.
    """

    spec: SheetSpec
    transform: MapTransform
    painting: MapPainting
    labels: tuple[Placement, ...]
    marks: tuple[Mark, ...]
