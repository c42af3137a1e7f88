"""Readings of a file's coordinates that would make sense, ranked, each with its numbers and its config line."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from layers.claims import Guess
from layers.crs import datum_of
from layers.ground import Ground
from layers.offset_evidence import AS_IS, NAMES, Offset, tell_direction
from layers.offsets import judge_offset
from layers.read.raw import SourceSpec
from layers.read.shift import WEB_DATUMS, projection_line

# Guesses of another system that are themselves compared with the ground.
_WEIGHED = 3


@dataclass(frozen=True)
class Suggestion:
    """A reading of the coordinates, with its numbers.

    Attributes
    ----------
    label : what it is, Chinese.
    line : what to write in the config, or what to do.
    distance_m : from the plan or the reference to the nearest feature; None where it was not measured.
    inside : share of the features within the outline.
    offset_m : how far the coordinates would lie off under it, metres.
    direction : of that offset, Chinese.
    strength : fit with the ground, 1 being what one in a hundred meaningless shifts reaches.
    gain : improvement of the strength over the coordinates as they are.
    """

    label: str
    line: str
    distance_m: float | None = None
    inside: float | None = None
    offset_m: float | None = None
    direction: str = ""
    strength: float | None = None
    gain: float | None = None


def follow_guesses(
    guesses: tuple[Guess, ...], shapes: gpd.GeoSeries, source: SourceSpec, ground: Ground | None
) -> tuple[Suggestion, ...]:
    """Return guesses of the system with their numbers; the likeliest are compared with the ground too."""
    found = []
    for rank, guess in enumerate(guesses):
        line = f"crs: EPSG:{guess.epsg}"
        if guess.swapped:
            columns = f"，x: {source.y}、y: {source.x}" if source.x else ""
            line += columns or "，并在原软件中对调东、北坐标"
        offset = Offset("no_ground")
        if rank < _WEIGHED and ground is not None:
            crs = CRS.from_epsg(guess.epsg)
            turned = _swap(shapes) if guess.swapped else shapes
            offset = judge_offset(turned.set_crs(crs, allow_override=True), crs, ground)
        label = guess.label
        if offset.state in {"shifted", "suspect"} and offset.reading in WEB_DATUMS:
            label += f"，且为 {NAMES[offset.reading]}"
            line += f"，datum: {offset.reading}"
        best = offset.reading or AS_IS
        found.append(
            Suggestion(
                label,
                line,
                guess.distance_m if ground else None,
                guess.inside,
                offset_m=round(offset.offset_m, 1) if offset.reading else None,
                direction=tell_direction(offset.east_m, offset.north_m) if offset.reading else "",
                strength=_rounded(offset.strength.get(best)),
                gain=_gain(offset, best),
            )
        )
    return tuple(found)


def _swap(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    turned = shapely.transform(shapely.force_2d(shapes.to_numpy()), lambda xy: xy[:, ::-1])
    return gpd.GeoSeries(turned, index=shapes.index)


def rank_readings(offset: Offset, crs: CRS) -> tuple[Suggestion, ...]:
    """Return the readings of coordinates that lie where they are claimed to: shifted or not, and how."""
    winner = {"ground": f"ground_{offset.reading}", "displaced": "displaced"}.get(
        offset.state, offset.reading
    )
    # That the ground itself is shifted, or the projection another, is worth a line only where it is the verdict.
    shown = [name for name in offset.strength if name in {AS_IS, winner, *WEB_DATUMS}]
    order = sorted(shown, key=lambda name: (name != (winner or AS_IS), -offset.strength[name]))
    found = []
    for name in order:
        east, north = offset.gaps.get(name, (0.0, 0.0))
        if name == "displaced":
            east, north = offset.east_m, offset.north_m
        if name.startswith("ground_"):
            east, north = -east, -north
        label, line = _name_reading(name, crs)
        found.append(
            Suggestion(
                label,
                line,
                offset_m=round(float(np.hypot(east, north)), 1),
                direction=tell_direction(east, north) if name != AS_IS else "",
                strength=_rounded(offset.strength[name]),
                gain=_gain(offset, name),
            )
        )
    return tuple(found)


def _name_reading(name: str, crs: CRS) -> tuple[str, str]:
    if name == AS_IS:
        return "原样，没有偏移", f"datum: {'wgs84' if datum_of(crs) == 'wgs84' else 'cgcs2000'}"
    if name == "displaced":
        return "整体平移（疑为 1980西安、1954北京误标）", "请测绘部门转换为 CGCS2000 后提供"
    if name.startswith("ground_"):
        datum = name.removeprefix("ground_")
        return f"本文件无偏移，参照为 {NAMES[datum]}", f"在参照文件的配置中写 datum: {datum}"
    if name in WEB_DATUMS:
        return NAMES[name], f"datum: {name}"
    return NAMES[name], projection_line(name, crs).removeprefix("核实后在配置中写 ")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _gain(offset: Offset, name: str) -> float | None:
    if name == AS_IS or name not in offset.strength:
        return None
    return round(offset.strength[name] - offset.strength[AS_IS], 2)
