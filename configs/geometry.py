"""Typed access to the thresholds of the geometry checks (``geometry.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from configs import read_settings

_ASSUMED = "低"


@dataclass(frozen=True)
class Limits:
    """What counts as a geometry fault and how far a repair may go; metres, m², degrees.

    Attributes
    ----------
    xy_m : coordinates nearer than this are one place to every program that reads the results.
    vertex_m : neighbouring vertices nearer than this are one vertex.
    repair_m : no repair of a shared boundary moves it farther; a plan may say otherwise.
    spike_deg : angle between two arms of a boundary below which the corner is a spike.
    sliver_width_m, sliver_compactness : 2A/P and 4πA/P²; below both, a polygon is a sliver.
    small_m2 : smaller polygons and parts are reported.
    part_m2 : smaller parts are left out.
    change_share, change_m2 : a mended polygon may differ this much from the drawn one.
    twin_share, twin_m : what counts as the same polygon, line or point drawn twice.
    arc_deg : step at which GDAL breaks curves into chords.
    coordinate_m : no coordinate of a plan is larger.
    outside_few : so many features outside the plan are listed one by one.
    """

    xy_m: float
    vertex_m: float
    repair_m: float
    spike_deg: float
    sliver_width_m: float
    sliver_compactness: float
    small_m2: float
    part_m2: float
    change_share: float
    change_m2: float
    twin_share: float
    twin_m: float
    arc_deg: float
    coordinate_m: float
    outside_few: float


@dataclass(frozen=True)
class Rule:
    """A threshold as the quality report lists it."""

    name: str
    value: float
    unit: str
    source: str
    confidence: str

    @property
    def mark(self) -> str:
        """``待核`` where the value is this product's own assumption, else nothing."""
        return "待核" if self.confidence == _ASSUMED else ""


@cache
def rules() -> dict[str, Rule]:
    """Return every threshold by its key."""
    return {key: Rule(**item) for key, item in read_settings("geometry.yaml").items()}


@cache
def limits() -> Limits:
    """Return the thresholds as numbers."""
    return Limits(**{key: float(rule.value) for key, rule in rules().items()})
