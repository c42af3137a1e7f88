"""Fill residential parcels with rows of slabs or with towers in a ring drive."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from frame import make_rng
from gates import add_gates, enter, pack, reach_out
from oldtown import build_old
from shapely import LineString, MultiLineString, Polygon
from shapes import Frame, find_angle, make_slab, make_tower


def build_estate(parcel: dict, context: dict) -> dict:
    """Build one estate. Returns ``buildings`` and ``paths``/``gates`` as lists of dicts."""
    rng = make_rng("estate " + parcel["tbbh"] + parcel["name"])
    maker = {"slab": build_rows, "mid": build_rows, "tower": build_towers, "old": build_old}
    return maker[parcel["kind"]](parcel, context, rng)


def pieces(area: Polygon, v0: float, v1: float) -> list[tuple[float, float]]:
    """Intervals of u in which the whole strip v0..v1 lies inside ``area`` (frame coordinates)."""
    bands = [shapely.intersection(area, LineString([(-900, v), (900, v)])) for v in np.linspace(v0, v1, 4)]
    spans = [[(p.bounds[0], p.bounds[2]) for p in shapely.get_parts(b) if p.length > 1] for b in bands]
    out = spans[0]
    for more in spans[1:]:
        out = [(max(a, c), min(b, d)) for a, b in out for c, d in more if min(b, d) - max(a, c) > 20]
    return out


def build_rows(parcel: dict, context: dict, rng: np.random.Generator) -> dict:
    """Rows of slabs facing roughly south; a spine from the gate and a lane north of each row."""
    area = parcel["geometry"]
    frame = Frame(area.centroid.coords[0], find_angle(area) + rng.normal(0, 1.5))
    inner = frame.turn_in(area)
    usable, walk = inner.buffer(-6.5), inner.buffer(-3.0)
    u0, v0, u1, v1 = usable.bounds
    high = parcel["kind"] == "mid"
    depth = rng.uniform(13.5, 15.0) if high else rng.uniform(10.8, 12.4)
    gap = 24 + parcel["floors"] * 0.5 if high else parcel["floors"] * 3.0 * rng.uniform(0.92, 1.12) + 2
    longest, side = (48, 15) if high else (rng.uniform(47, 66), 7.5)
    width = u1 - u0
    spines = (
        [0.5 * (u0 + u1) + rng.normal(0, width * 0.06)]
        if width < 260
        else [u0 + width * 0.3, u0 + width * 0.72]
    )
    # The first row starts where the rows together find most room, as a site plan would have it.
    starts = v0 + np.arange(0.0, depth + gap, 3.0)
    room = [
        sum(
            b - a
            for v in np.arange(s, v1 - depth, depth + gap)
            for a, b in pieces(usable, v - 1.5, v + depth + 3)
        )
        for s in starts
    ]
    rows = np.arange(starts[int(np.argmax(room))], v1 - depth, depth + gap)
    green = int(rng.integers(1, max(2, len(rows) - 1))) if len(rows) > 3 and width > 140 else -1
    if "open_share" in parcel:  # planted: the north of the estate was never built on
        keep = v1 - parcel["open_share"] * (v1 - v0)
        rows = rows[rows + depth + 6 < keep]
        slack = inner.buffer(-3).intersection(shapely.box(-900, rows[-1] + depth + 9, 900, 900))
        parcel["open_land"] = frame.turn_out(max(shapely.get_parts(slack), key=lambda g: g.area))
    houses, lanes = [], []
    for k, v in enumerate(rows):
        tilt = rng.normal(0, 0.6)
        for a, b in pieces(usable, v - 1.5, v + depth + 3):
            cuts = [a, *[s for s in spines if a < s < b], b]
            for left, right in pairwise(cuts):
                left, right = left + 4.5 * (left in spines), right - 4.5 * (right in spines)
                n = max(1, int(np.ceil((right - left + side) / (longest + side))))
                size = (right - left + side) / n - side
                for i in range(n):
                    x0 = left + i * (size + side)
                    if size < 17 or (k == green and abs(x0 + size / 2 - spines[0]) < 34 and size < 70):
                        continue
                    x1 = x0 + size * rng.uniform(0.86, 1.0)
                    house = make_slab(x0, x1, v + tilt, depth, rng)
                    for trim in (1.0, 3.5, 6.0):
                        if not usable.contains(house) and x1 - x0 - 2 * trim > 15:
                            house = shapely.box(x0 + trim, v + 0.5, x1 - trim, v + depth)
                    if usable.contains(house):
                        houses.append(house)
        lane_v = v + depth + 4.2
        lanes += [LineString([(a, lane_v), (b, lane_v)]) for a, b in pieces(walk, lane_v, lane_v + 0.1)]
    lo, hi = walk.bounds[1], walk.bounds[3] if "open_share" not in parcel else rows[-1] + depth + 5
    spine_lines = [
        LineString([(s + rng.normal(0, 1), lo), (s + rng.normal(0, 2), (lo + hi) / 2), (s, hi)])
        for s in spines
    ]
    inside = [g for s in spine_lines for g in shapely.get_parts(s.intersection(walk)) if g.length > 15]
    paths = [frame.turn_out(g) for g in inside + lanes]
    links = enter(
        parcel,
        [frame.turn_out(g) for g in inside],
        [frame.turn_out(g) for g in lanes],
        context,
        rng,
    )
    houses = [frame.turn_out(h) for h in houses]
    links += add_gates(parcel, houses, paths, links, context)
    return pack(parcel, houses, paths, links, rng)


def stretch_lane(lane: LineString) -> LineString:
    """Run a lane a little past both ends so that noding finds the street it meets."""
    return reach_out(lane, 0.6)


def build_towers(parcel: dict, context: dict, rng: np.random.Generator) -> dict:
    """Point blocks in staggered rows inside a ring drive, with a path to every door."""
    area = parcel["geometry"]
    frame = Frame(area.centroid.coords[0], find_angle(area))
    inner = frame.turn_in(area)
    ring_area = inner.buffer(-8).simplify(4).buffer(-14).buffer(14)
    ring = LineString(shapely.get_parts(ring_area)[0].exterior.coords)
    usable = inner.buffer(-11.5)
    _, v0, _, v1 = usable.bounds
    plan = int(rng.integers(0, 3))
    # Rows start where most towers fit; each row is centred on the ground it finds.
    starts = np.arange(v0 + 9, v0 + 9 + 42, 3.0)
    room = [
        sum(b - a for v in np.arange(s, v1 - 9, 42) for a, b in pieces(usable, v - 10, v + 10))
        for s in starts
    ]
    rows = np.arange(starts[int(np.argmax(room))], v1 - 9, 42)
    towers = []
    for v in rows:
        for a, b in pieces(usable, v - 10, v + 10):
            n = int((b - a + 12) // 46)
            for i in range(n):
                u = a + (b - a) * (i + 0.5) / n
                tower = make_tower(u, v + rng.normal(0, 1.5), plan, rng)
                if usable.contains(tower):
                    towers.append(tower)
    between = (rows[:-1] + rows[1:]) / 2
    middle = between[np.argmin(np.abs(between - (v0 + v1) / 2))] if len(rows) > 1 else v1
    axis = LineString([(ring.bounds[0] - 5, middle - 0.5), (ring.bounds[2] + 5, middle + 0.5)])
    paths = [ring, *shapely.get_parts(axis.intersection(ring_area.buffer(0.3)))]
    net = MultiLineString(paths)
    for tower in towers:
        path = shapely.shortest_line(tower, net)
        blocked = sum(other.intersects(path) for other in towers) > 1
        if path.length > 2 and not blocked:
            end = np.array(path.coords[1]) + (np.array(path.coords[1]) - path.coords[0]) / path.length * 0.4
            paths.append(LineString([path.coords[0], end]))
    links = enter(parcel, [], [frame.turn_out(g) for g in (axis,)], context, rng, ring=frame.turn_out(ring))
    houses, paths = [frame.turn_out(t) for t in towers], [frame.turn_out(p) for p in paths]
    links += add_gates(parcel, houses, paths, links, context)
    return pack(parcel, houses, paths, links, rng)
