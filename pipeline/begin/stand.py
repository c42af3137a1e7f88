"""What a folder's own files say of the plan's place: each file is judged by the others, never by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import geopandas as gpd

from layers.ground import Ground, find_ground
from layers.read.contents import Part
from layers.source import Building, Community, Outline, Road
from pipeline.begin.coords import Near
from pipeline.begin.review import Reviewed

Role = Literal["area", "road", "building"]
_ROLES: tuple[tuple[Role, tuple[type, ...]], ...] = (
    ("area", (Community, Outline)), ("road", (Road,)), ("building", (Building,)),
)  # fmt: skip


@dataclass
class Stand:
    """Files that know the ground, in the order they were believed: areas, then roads, then buildings.

    Attributes
    ----------
    frames : file, what it is for the ground, and its shapes where they lie.
    near : longitude and latitude of the plan, where no area tells them.
    """

    frames: list[tuple[Part, Role, gpd.GeoDataFrame]] = field(default_factory=list)
    near: Near | None = None
    _known: dict[tuple[int, ...], Ground | None] = field(default_factory=dict)

    def without(self, part: Part | None = None) -> Ground | None:
        """Return the ground that all files but one give; only a position where none of them has shapes."""
        used = [(role, frame) for other, role, frame in self.frames if other is not part]
        key = tuple(id(frame) for _, frame in used)
        if key not in self._known:
            self._known[key] = self._put_together(used)
        return self._known[key]

    def _put_together(self, used: Sequence[tuple[Role, gpd.GeoDataFrame]]) -> Ground | None:
        areas, roads, houses = (
            [frame for role, frame in used if role == wanted] for wanted in ("area", "road", "building")
        )
        ground = find_ground(areas)
        if ground is None and self.near is not None:
            ground = Ground(self.near)
        if ground is None:
            ground = find_ground(roads)
        return None if ground is None else ground.with_roads(roads).with_buildings(houses)


def find_stand(items: Sequence[Reviewed], *, near: Near | None) -> Stand:
    """Return what communities, roads and buildings among the files say of the place.

    Parameters
    ----------
    near : longitude and latitude of the plan as far as a single file told them.
    """
    stand = Stand(near=near)
    for role, layers in _ROLES:
        ground = None if role == "area" else stand.without()
        found = []
        for item in items:
            if item.part.geometry is None or not any(item.is_a(layer) for layer in layers):
                continue
            reading = item.locate(ground=ground)
            if reading is not None and reading.frame is not None:
                found.append((item.part, role, reading.frame))
        stand.frames += found
    return stand
