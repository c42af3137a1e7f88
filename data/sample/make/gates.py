"""Ways in: how the paths inside a parcel reach the street, and where the gates stand."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point

GATE_APART_M = 95.0  # a side gate is added only this far from the next


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


def nearest_link(parcel: dict, lines: list, context: dict, *, avoid: list | None = None) -> LineString:
    """The shortest way from the inner paths to a street, run on a little past both ends.

    Where ``avoid`` (a school's field, say) is given, the way keeps clear of it if any way does.
    """
    inner = MultiLineString([g for g in lines if g.geom_type == "LineString"])
    frontage = parcel["geometry"].boundary.intersection(context["land"].buffer(0.05))
    door = shapely.shortest_line(inner, frontage).coords[1] if not frontage.is_empty else inner.coords[0]
    if avoid and not frontage.is_empty:
        tries = shapely.points(shapely.get_coordinates(shapely.segmentize(frontage, 6.0)))
        ways = shapely.shortest_line(tries, inner)
        cost = shapely.length(ways) + 1e6 * shapely.intersects(ways, shapely.union_all(avoid))
        door = tries[int(np.argmin(cost))].coords[0]
    out = shapely.shortest_line(Point(door), context["streets"]).coords[1]
    inn = shapely.shortest_line(Point(door), inner).coords[1]
    keep = [
        p
        for i, p in enumerate((inn, door, out))
        if i == 0 or Point(p).distance(Point((inn, door, out)[i - 1])) > 0.01
    ]
    return reach_out(LineString(keep), 0.5)


def enter(
    parcel: dict,
    spines: list,
    lanes: list,
    context: dict,
    rng: np.random.Generator,
    ring: LineString | None = None,
) -> list[LineString]:
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


def add_gates(
    parcel: dict, houses: list, paths: list, links: list[LineString], context: dict
) -> list[LineString]:
    """Add up to three side gates where the frontage is far from every gate there is.

    Each runs from a street to the nearest inner path, clear of the houses. Without them a home can
    be a long walk from a door across the street only because its estate has one way out.
    """
    frontage = parcel["geometry"].boundary.intersection(context["land"].buffer(0.05))
    frontage = frontage.intersection(parcel["geometry"].exterior)
    inner = MultiLineString([g for g in paths if g.geom_type == "LineString"])
    solid = shapely.union_all(houses).buffer(1.2)
    shapely.prepare(solid)
    spots = shapely.points(shapely.get_coordinates(shapely.segmentize(frontage, 8.0)))
    ways = shapely.shortest_line(spots, inner)
    fits = (shapely.length(ways) > 2.5) & (shapely.length(ways) < 55)
    fits &= ~shapely.intersects(ways, solid)
    spots, ways = spots[fits], ways[fits]
    out: list[LineString] = []
    taken = [g.intersection(parcel["geometry"].exterior) for g in links]
    taken = [g for g in taken if not g.is_empty]
    for _ in range(3):
        if not len(spots):
            break
        far = np.min([shapely.distance(spots, g) for g in taken], axis=0) if taken else np.ones(1)
        pick = int(np.argmax(far))
        if taken and far[pick] < GATE_APART_M:
            break
        door = spots[pick]
        street = shapely.shortest_line(door, context["streets"]).coords[1]
        way = [ways[pick].coords[1], door.coords[0], street]
        if Point(street).distance(door) < 40:
            out.append(reach_out(LineString(way), 0.5))
        taken.append(door)
    return out


def join_ring(link: LineString, ring: LineString) -> LineString:
    """Make a way in start on the ring drive."""
    start = shapely.shortest_line(Point(link.coords[0]), ring).coords[1]
    if Point(start).distance(Point(link.coords[0])) < 0.6:
        return link
    return reach_out(LineString([start, *link.coords]), 0.4)


def pack(
    parcel: dict,
    houses: list,
    paths: list,
    links: list,
    rng: np.random.Generator,
    kind: str = "小区路",
) -> dict:
    """Label what was built. A gate stands where a way in leaves the parcel."""
    edge = parcel["geometry"].exterior
    gates = []
    for i, link in enumerate(links):
        spot = shapely.get_coordinates(link.intersection(edge))
        if len(spot):
            side = ("主出入口", "次出入口", "便门")[min(i, 2)]
            gates.append(
                {
                    "name": parcel["name"] + side,
                    "estate": parcel["name"],
                    "geometry": Point(spot[-1]),
                }
            )
    made = [
        {"kind": kind, "name": "", "geometry": g, "estate": parcel["name"]}
        for g in [*paths, *links]
        if g.length > 3
    ]
    use = "住宅"
    year, floors = parcel["year"], parcel["floors"]
    out = []
    for i, h in enumerate(houses):
        f = floors + int(rng.choice([0, 0, 0, -1, 1] if floors > 3 else [-1, 0, 0, 1]))
        out.append(
            {
                "geometry": h,
                "use": use,
                "floors": max(1, f),
                "name": f"{parcel['name']}{i + 1}号楼" if kind != "步行道" else f"{parcel['name']}{i + 1}号",
                "year": year + int(rng.integers(0, 3)),
                "parcel": parcel,
            }
        )
    return {"buildings": out, "paths": made, "gates": gates}
