"""Fill residential parcels: rows of slabs, towers in a ring, old-town courts; their paths and gates."""

from __future__ import annotations

import numpy as np
import shapely
from frame import make_rng
from shapely import LineString, MultiLineString, Point, Polygon
from shapes import Frame, find_angle, make_court, make_slab, make_tower


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
    spines = [0.5 * (u0 + u1) + rng.normal(0, width * 0.06)] if width < 260 else \
        [u0 + width * 0.3, u0 + width * 0.72]
    rows = np.arange(v0 + rng.uniform(0, 3), v1 - depth, depth + gap)
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
            for left, right in zip(cuts[:-1], cuts[1:], strict=True):
                left, right = left + 4.5 * (left in spines), right - 4.5 * (right in spines)
                n = max(1, int(np.ceil((right - left + side) / (longest + side))))
                size = (right - left + side) / n - side
                for i in range(n):
                    x0 = left + i * (size + side)
                    if size < 17 or (k == green and abs(x0 + size / 2 - spines[0]) < 55 and size < 70):
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
    spine_lines = [LineString([(s + rng.normal(0, 1), lo), (s + rng.normal(0, 2), (lo + hi) / 2), (s, hi)])
                   for s in spines]
    inside = [g for s in spine_lines for g in shapely.get_parts(s.intersection(walk)) if g.length > 15]
    paths = [frame.turn_out(g) for g in inside + lanes]
    links = enter(parcel, [frame.turn_out(g) for g in inside], [frame.turn_out(g) for g in lanes],
                  context, rng)
    return pack(parcel, [frame.turn_out(h) for h in houses], paths, links, rng)


def build_towers(parcel: dict, context: dict, rng: np.random.Generator) -> dict:
    """Point blocks in staggered rows inside a ring drive, with a path to every door."""
    area = parcel["geometry"]
    frame = Frame(area.centroid.coords[0], find_angle(area))
    inner = frame.turn_in(area)
    ring_area = inner.buffer(-8).simplify(4).buffer(-14).buffer(14)
    ring = LineString(shapely.get_parts(ring_area)[0].exterior.coords)
    usable = inner.buffer(-11.5)
    u0, v0, u1, v1 = usable.bounds
    plan = int(rng.integers(0, 3))
    towers, doors = [], []
    for k, v in enumerate(np.arange(v0 + 11, v1 - 9, 44)):
        shift = 24.0 * (k % 2)
        for u in np.arange(u0 + 17 + shift, u1 - 10, 48):
            tower = make_tower(u + rng.normal(0, 2), v + rng.normal(0, 2), plan, rng)
            if usable.contains(tower):
                towers.append(tower)
                doors.append(Point(tower.centroid.x, tower.bounds[3]))
    axis = LineString([(ring.bounds[0] + 2, (v0 + v1) / 2 + 1), (ring.bounds[2] - 2, (v0 + v1) / 2 + 6)])
    paths = [ring, *shapely.get_parts(axis.intersection(ring_area.buffer(0.3)))]
    net = MultiLineString(paths)
    for door in doors:
        path = shapely.shortest_line(door, net)
        if path.length > 2:
            end = np.array(path.coords[1]) + (np.array(path.coords[1]) - path.coords[0]) / path.length * 0.4
            paths.append(LineString([path.coords[0], end]))
    links = enter(parcel, [], [frame.turn_out(g) for g in (axis,)], context, rng, ring=frame.turn_out(ring))
    return pack(parcel, [frame.turn_out(t) for t in towers], [frame.turn_out(p) for p in paths], links, rng)


def build_old(parcel: dict, context: dict, rng: np.random.Generator) -> dict:
    """Old-town fabric: the parcel split again and again, the first cuts being the lanes."""
    lots, chords = [], []

    def divide(area: Polygon, depth: int) -> None:
        if area.area < 540 * rng.uniform(0.75, 1.5) or depth > 9:
            lots.append((area, depth))
            return
        box = np.array(shapely.minimum_rotated_rectangle(area).exterior.coords)
        d = np.diff(box, axis=0)[:2]
        k = int(np.argmax(np.hypot(*d.T)))
        at = box[k] + d[k] * rng.uniform(0.4, 0.6)
        across = d[1 - k] / np.hypot(*d[1 - k])
        a = np.radians(rng.normal(0, 5))
        across = np.array([across[0] * np.cos(a) - across[1] * np.sin(a),
                           across[0] * np.sin(a) + across[1] * np.cos(a)])
        mid = at + np.array([-across[1], across[0]]) * rng.normal(0, 1.5)
        line = LineString([at - across * 400, mid, at + across * 400])
        chord = line.intersection(area)
        if chord.geom_type != "LineString":
            lots.append((area, depth))
            return
        if depth < 5:
            chords.append(chord)
        for part in shapely.get_parts(shapely.ops.split(area, line)):
            divide(part, depth + 1)

    divide(parcel["geometry"], 0)
    lanes = MultiLineString(chords).buffer(1.7) if chords else Polygon()
    houses = []
    for lot, _ in lots:
        free = lot.difference(lanes).intersection(parcel["geometry"].buffer(-1.5))
        parts = [p for p in shapely.get_parts(free) if p.area > 60]
        if not parts or rng.random() < 0.06:
            continue
        if rng.random() < 0.05:
            continue  # a gap in the fabric: a house fell down long ago
        house = make_court(max(parts, key=lambda p: p.area), rng)
        if house.area > 40:
            houses.append(house)
    paths = [reach_out(c, 0.6) for c in chords]
    links = []
    for i, c in enumerate(chords):
        for end in (0, -1):
            tip = Point(c.coords[end])
            if parcel["geometry"].exterior.distance(tip) < 0.5:
                link = ray(c, end, context, parcel)
                if link is not None and i < 8:
                    links.append(link)
    out = pack(parcel, houses, paths, [], rng, kind="步行道")
    out["paths"] += [dict(kind="步行道", name="", geometry=g, estate=parcel["name"]) for g in links]
    if not links:
        out["paths"] += [dict(kind="步行道", name="", geometry=nearest_link(parcel, chords, context),
                              estate=parcel["name"])]
    return out


def reach_out(line: LineString, by: float) -> LineString:
    """Lengthen a line a little at both ends so that it crosses what it meets."""
    c = np.array(line.coords)
    a, b = c[0] - c[1], c[-1] - c[-2]
    return LineString([c[0] + a / np.hypot(*a) * by, *c[1:-1], c[-1] + b / np.hypot(*b) * by])


def ray(line: LineString, end: int, context: dict, parcel: dict) -> LineString | None:
    """Run a line on beyond its end to a street's centre, if only road land lies between."""
    c = np.array(line.coords)
    tip, back = (c[0], c[1]) if end == 0 else (c[-1], c[-2])
    way = (tip - back) / np.hypot(*(tip - back))
    probe = LineString([tip, tip + way * 60])
    hits = shapely.get_coordinates(probe.intersection(context["streets"]))
    if not len(hits):
        return None
    hit = hits[np.argmin(np.hypot(*(hits - tip).T))]
    link = LineString([tip, hit + way * 0.5])
    off = link.difference(context["land"].union(parcel["geometry"])).length
    return link if off < 0.8 else None


def nearest_link(parcel: dict, lines: list, context: dict) -> LineString:
    """The shortest way from the inner paths to a street, run on a little past both ends."""
    inner = MultiLineString([g for g in lines if g.geom_type == "LineString"])
    frontage = parcel["geometry"].boundary.intersection(context["land"].buffer(0.05))
    door = shapely.shortest_line(inner, frontage).coords[1] if not frontage.is_empty else inner.coords[0]
    out = shapely.shortest_line(Point(door), context["streets"]).coords[1]
    inn = shapely.shortest_line(Point(door), inner).coords[1]
    keep = [p for i, p in enumerate((inn, door, out)) if i == 0 or Point(p).distance(Point((inn, door, out)[i - 1])) > 0.01]
    return reach_out(LineString(keep), 0.5)


def enter(parcel: dict, spines: list, lanes: list, context: dict, rng: np.random.Generator,
          ring: LineString | None = None) -> list[LineString]:
    """Choose one to three ways in, where a spine or lane run on meets a street over road land."""
    found = []
    for g in [*spines, *lanes]:
        for end in (0, -1):
            run = LineString([g.coords[end], g.coords[end]]) if g.length == 0 else g
            link = ray(run, end, context, parcel)
            if link is not None:
                found.append((0 if g in spines else 1, link))
    first = [g for rank, g in found if rank == 0]
    second = [g for rank, g in found if rank == 1]
    pick = first[:3]
    if second and (not pick or rng.random() < 0.75):
        pick.append(second[int(rng.integers(0, len(second)))])
    if not pick:
        pick = [nearest_link(parcel, [ring] if ring is not None else spines or lanes, context)]
    if ring is not None:
        pick = [join_ring(p, ring) for p in pick]
    return pick


def join_ring(link: LineString, ring: LineString) -> LineString:
    """Make a way in start on the ring drive."""
    start = shapely.shortest_line(Point(link.coords[0]), ring).coords[1]
    if Point(start).distance(Point(link.coords[0])) < 0.6:
        return link
    return reach_out(LineString([start, *link.coords]), 0.4)


def pack(parcel: dict, houses: list, paths: list, links: list, rng: np.random.Generator,
         kind: str = "小区路") -> dict:
    """Label what was built. A gate stands where a way in leaves the parcel."""
    edge = parcel["geometry"].exterior
    gates = []
    for i, link in enumerate(links):
        spot = shapely.get_coordinates(link.intersection(edge))
        if len(spot):
            side = ("主出入口", "次出入口", "便门")[min(i, 2)]
            gates.append(dict(name=parcel["name"] + side, estate=parcel["name"], geometry=Point(spot[-1])))
    made = [dict(kind=kind, name="", geometry=g, estate=parcel["name"]) for g in [*paths, *links]
            if g.length > 3]
    use = "住宅"
    year, floors = parcel["year"], parcel["floors"]
    out = []
    for i, h in enumerate(houses):
        f = floors + int(rng.choice([0, 0, 0, -1, 1] if floors > 3 else [-1, 0, 0, 1]))
        out.append(dict(geometry=h, use=use, floors=max(1, f), name=f"{parcel['name']}{i + 1}号楼" if kind != "步行道"
                        else f"{parcel['name']}{i + 1}号", year=year + int(rng.integers(0, 3)), parcel=parcel))
    return dict(buildings=out, paths=made, gates=gates)
