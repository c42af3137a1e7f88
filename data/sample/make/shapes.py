"""Footprints of buildings, and the oblique frames of the estates they stand in."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon, affinity


class Frame:
    """Oblique estate frame: ``u`` along the rows, ``v`` across them, in metres from ``origin``."""

    def __init__(self, origin: object, angle_deg: float) -> None:
        self.origin = np.asarray(origin, dtype=float)
        self.angle = angle_deg
        a = np.radians(angle_deg)
        self.ax = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])

    def to_world(self, uv: object) -> np.ndarray:
        return self.origin + np.asarray(uv, dtype=float) @ self.ax

    def to_frame(self, en: object) -> np.ndarray:
        return (np.asarray(en, dtype=float) - self.origin) @ self.ax.T

    def turn_in(self, geometry):
        return shapely.transform(geometry, self.to_frame)

    def turn_out(self, geometry):
        return shapely.transform(geometry, self.to_world)


def find_angle(area: Polygon) -> float:
    """Direction of the area's more east-westerly side, degrees, at most 16 off east."""
    c = np.array(shapely.minimum_rotated_rectangle(area).exterior.coords)
    d = np.diff(c, axis=0)[:2]
    angles = (np.degrees(np.arctan2(d[:, 1], d[:, 0])) + 90) % 180 - 90
    return float(np.clip(angles[np.argmin(np.abs(angles))], -16, 16))


def make_slab(u0: float, u1: float, v0: float, depth: float, rng: np.random.Generator) -> Polygon:
    """A slab of stairwell units, each stepped a little, with stair bays on the north side."""
    units = max(2, round((u1 - u0) / 15.5))
    edges = np.linspace(u0, u1, units + 1)
    step = rng.choice([0.0, 0.0, 0.9, 1.5]) * rng.choice([-1, 1])
    south, north = [], []
    for i in range(units):
        a, b = edges[i], edges[i + 1]
        off = step * i if abs(step) < 1 else step * (i % 2)
        bay = (b - a) / 2
        south += [(a, v0 + off), (b, v0 + off)]
        top = v0 + depth + off
        north += [
            (a, top),
            (a + bay - 1.4, top),
            (a + bay - 1.4, top + 1.2),
            (a + bay + 1.4, top + 1.2),
            (a + bay + 1.4, top),
            (b, top),
        ]
    return Polygon(south + north[::-1]).buffer(0)


def make_tower(u: float, v: float, kind: int, rng: np.random.Generator) -> Polygon:
    """A point block: butterfly, cross or dumb-bell plan."""
    w, d = rng.uniform(26, 31), rng.uniform(17, 20)
    if kind == 0:  # dumb-bell: two flats either side of a recessed core
        parts = [
            shapely.box(-w / 2, -d / 2, -3.2, d / 2),
            shapely.box(3.2, -d / 2, w / 2, d / 2),
            shapely.box(-4, -d / 4, 4, d / 2 + 2.2),
        ]
    elif kind == 1:  # cross
        parts = [shapely.box(-w / 2, -5.4, w / 2, 5.4), shapely.box(-7.5, -d / 2, 7.5, d / 2)]
    else:  # butterfly, wings opened to the south
        wing = shapely.box(-w / 2, -5.6, 1.5, 5.6)
        parts = [
            affinity.rotate(wing, 14, origin=(0, 0)),
            affinity.rotate(affinity.scale(wing, -1, 1, origin=(0, 0)), -14, origin=(0, 0)),
            shapely.box(-4.5, -2, 4.5, 8.5),
        ]
    return affinity.translate(shapely.union_all(parts), u, v)


def make_court(lot: Polygon, rng: np.random.Generator) -> Polygon:
    """An old-town house filling its lot but for a court (天井) open to one side or inside."""
    house = lot.buffer(-rng.uniform(0.5, 1.1), join_style="mitre")
    if house.is_empty or house.geom_type != "Polygon":
        return Polygon()
    if house.area < 105:
        return house
    angle = find_angle(house)
    c = np.array(house.centroid.coords[0])
    frame = Frame(c, angle)
    u0, v0, u1, v1 = frame.turn_in(house).bounds
    w, d = (u1 - u0) * rng.uniform(0.28, 0.42), (v1 - v0) * rng.uniform(0.28, 0.45)
    way = rng.integers(0, 4)
    if way == 0:  # closed court
        hole = shapely.box(-w / 2, -d / 2, w / 2, d / 2)
    elif way == 1:  # U, open to the south
        hole = shapely.box(-w / 2, v0 - 2, w / 2, d / 2)
    elif way == 2:  # L
        hole = shapely.box(u1 - w * 1.5, v0 - 2, u1 + 2, v0 + d * 1.5)
    else:  # L, mirrored
        hole = shapely.box(u0 - 2, v0 - 2, u0 + w * 1.5, v0 + d * 1.5)
    left = house.difference(frame.turn_out(hole))
    parts = shapely.get_parts(left)
    best = parts[np.argmax(shapely.area(parts))]
    return best if best.area > 40 else house


def make_track(centre: object, angle_deg: float, straight_m: float, radius_m: float) -> Polygon:
    """A running track: the outer edge of a stadium oval."""
    line = shapely.LineString([(-straight_m / 2, 0), (straight_m / 2, 0)]).buffer(radius_m, quad_segs=12)
    return Frame(centre, angle_deg).turn_out(line)
