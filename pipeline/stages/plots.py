"""Plots: the ground each new building takes out of a resource, and the ground that stays open (4.3).

The matcher promises a need so much ground of a resource; a plan that turned the whole resource over to it would
promise the rest away. The cut is a proposal: exact in area, compact, at the end nearest to a street.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers.planned import Need, Resource
from layers.shapes.spikes import drop_needles
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.shape import keep_areas

_STEPS = 60  # halvings: a kilometre down to less than a nanometre


@dataclass(frozen=True)
class Plot:
    """Ground of one planned land use.

    Attributes
    ----------
    code : planned land-use code; empty where the standards name none.
    needs : rows of ``Need`` it meets.
    floor_m2 : floor area of the new buildings; 0 for open grounds, NaN where a scale is unknown.
    shape : planar metres.
    """

    code: str
    needs: tuple[dict[str, Any], ...]
    floor_m2: float
    shape: shapely.Geometry

    @property
    def items(self) -> tuple[FacilityClass, ...]:
        """Facility classes of the needs."""
        return tuple(facility_classes()[need[Need.type_key]] for need in self.needs)


def find_code(item: FacilityClass, code_now: str) -> str:
    """Return the land use a facility makes of its ground.

    Ground whose code already names it (070102 is 0701) keeps its code, and so does ground whose use the rubric of
    3.6.1 calls compatible: no pair is strong for needing no change of use and then changed. A facility counted
    with the houses gets the community's own code anywhere else.
    """
    settings = read_settings("layout.yaml")
    code = item.landuse_code
    suits = tuple(read_settings("rubric.yaml")["landuse"]["compatible"]["land" if item.land else "indoor"])
    unset = code_now.startswith(tuple(settings["unset_codes"]))
    if code and not unset and code_now.startswith((code, *suits)):
        return code_now
    return str(settings["instead"].get(code, code))


def cut_plots(
    resource: dict[str, Any],
    needs: list[dict[str, Any]],
    used_m2: list[float],
    ground: shapely.Geometry,
    street: shapely.Geometry | None,
) -> tuple[list[Plot], shapely.Geometry]:
    """Return the plots of a resource that is built on, and the ground left over (maybe empty).

    Parameters
    ----------
    resource : its row; the present land use decides which codes are a change.
    needs, used_m2 : rows and the ground promised to each, same order; NaN is unknown and takes everything.
    ground : what belongs to this resource alone, planar metres.
    street : lines; the cut starts at the end of the ground that lies nearer.
    """
    rules = read_settings("layout.yaml")["ground"]
    code_now = clean_text(resource[Resource.landuse_code])
    groups: dict[str, list[int]] = {}
    for n, need in enumerate(needs):
        groups.setdefault(find_code(facility_classes()[need[Need.type_key]], code_now), []).append(n)
    weights = [sum(used_m2[n] for n in group) for group in groups.values()]
    known = bool(np.isfinite(weights).all()) and sum(weights) > 0
    if not known:
        weights = [float(len(group)) for group in groups.values()]
    wanted = sum(weights) if known else ground.area
    left = ground.area - wanted
    whole = wanted >= rules["whole_share"] * ground.area or left < rules["least_rest_m2"]
    site = ground if whole else cut_compact(ground, wanted, street)
    rest = keep_areas(shapely.difference(ground, site), least_m2=read_settings("layout.yaml")["least_m2"])
    # The site's corners lie on the ground's boundary as nearly as numbers can: needles of no width are left.
    (rest,) = drop_needles(np.array([rest], dtype=object))
    pieces = split_ground(site, weights)
    plots = []
    for (code, group), piece in zip(groups.items(), pieces, strict=True):
        mine = tuple(needs[n] for n in group)
        rooms = [
            clean_number(need[Need.required_m2])
            for need in mine
            if not facility_classes()[need[Need.type_key]].land
        ]
        plots.append(Plot(code, mine, float(sum(rooms)), piece))
    return plots, rest


def split_ground(ground: shapely.Geometry, weights: list[float]) -> list[shapely.Geometry]:
    """Split a ground along its long axis into pieces whose areas are as the weights."""
    pieces = []
    rest, total = ground, sum(weights)
    for weight in weights[:-1]:
        along, _ = _find_axes(ground, None)
        piece = _cut_band(rest, along, ground.area * weight / total)
        pieces.append(piece)
        rest = keep_areas(shapely.difference(rest, piece))
    return [*pieces, rest]


def cut_compact(
    ground: shapely.Geometry, area_m2: float, street: shapely.Geometry | None
) -> shapely.Geometry:
    """Return a part of ``ground`` of exactly ``area_m2``, as nearly square as the ground allows.

    It starts at the end of the long axis that lies nearer to ``street``, the first by coordinates on a tie.
    """
    along, across = _find_axes(ground, street)
    depth = max(np.sqrt(area_m2), _find_depth(ground, along, area_m2))
    band = _take_band(ground, along, depth)
    return _cut_band(band, across, area_m2)


@dataclass(frozen=True)
class _Axis:
    """A direction to cut along: unit vector and the least and greatest coordinate of the ground on it."""

    vector: np.ndarray
    start: float
    end: float


def _find_axes(ground: shapely.Geometry, street: shapely.Geometry | None) -> tuple[_Axis, _Axis]:
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground))[:4]
    sides = np.diff(np.vstack([corners, corners[:1]]), axis=0)[:2]
    lengths = np.hypot(*sides.T)
    long = int(lengths[1] > lengths[0] + 1e-9)
    vectors = [sides[n] / lengths[n] for n in (long, 1 - long)]
    centre = corners.mean(axis=0)
    half = lengths[long] / 2
    ends = [centre - half * vectors[0], centre + half * vectors[0]]
    if street is not None and not street.is_empty:
        away = np.round([shapely.distance(shapely.Point(end), street) for end in ends], 3).tolist()
    else:
        away = [0.0, 0.0]
    ranked = sorted(zip(away, [tuple(np.round(end, 3)) for end in ends], (1.0, -1.0), strict=True))
    points = shapely.get_coordinates(ground)
    sign = ranked[0][2]
    first = vectors[0] * sign
    second = vectors[1] if tuple(vectors[1]) > tuple(-vectors[1]) else -vectors[1]
    return _measure(first, points), _measure(second, points)


def _measure(vector: np.ndarray, points: np.ndarray) -> _Axis:
    along = points @ vector
    return _Axis(vector, float(along.min()), float(along.max()))


def _take_band(ground: shapely.Geometry, axis: _Axis, depth: float) -> shapely.Geometry:
    """Return the part of ``ground`` up to ``depth`` along an axis."""
    reach = np.hypot(*np.ptp(shapely.get_coordinates(ground), axis=0)) + 1.0
    side = np.array([-axis.vector[1], axis.vector[0]])
    middle = float(shapely.get_coordinates(ground.centroid)[0] @ side)
    low, high = axis.start - 1.0, axis.start + depth
    corners = [
        a * axis.vector + (middle + b) * side
        for a, b in ((low, -reach), (high, -reach), (high, reach), (low, reach))
    ]
    return keep_areas(shapely.intersection(ground, shapely.Polygon(corners)))


def _find_depth(ground: shapely.Geometry, axis: _Axis, area_m2: float) -> float:
    return _bisect(lambda d: _take_band(ground, axis, d).area, area_m2, axis.end - axis.start)


def _cut_band(ground: shapely.Geometry, axis: _Axis, area_m2: float) -> shapely.Geometry:
    # The axis may be of a larger ground: cut from where this one begins.
    axis = _measure(axis.vector, shapely.get_coordinates(ground))
    return _take_band(ground, axis, _find_depth(ground, axis, area_m2))


def _bisect(measure: Callable[[float], float], wanted: float, most: float) -> float:
    """Return the depth at which a growing measure reaches ``wanted``."""
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if measure(middle) < wanted else (low, middle)
    return high
