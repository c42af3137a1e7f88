"""Walks that belong to no parcel: stream paths, the river promenade, steps and the footbridge."""

from __future__ import annotations

import numpy as np
import shapely
from frame import local, place, smooth
from shapely import LineString, Point
from streetplan import BANK, STREAM


def offset(points: list[tuple[float, float]], by_m: float, y0: float, y1: float) -> LineString:
    """A smooth line beside local control points (left positive), clipped to local y0..y1."""
    line = LineString(smooth(points)).offset_curve(by_m)
    part = line.intersection(shapely.box(-60, y0, 1700, y1))
    part = max(shapely.get_parts(part), key=lambda g: g.length)
    return LineString(place(shapely.get_coordinates(part.simplify(0.3))))


def make_walks(streets: dict, paths: list[dict]) -> list[dict]:
    """Return walk records of grade 0, and the footbridge of grade 1.

    Parameters
    ----------
    streets : dict
        Street name to merged centre line.
    paths : list of dict
        Estate paths already made; the footbridge ends on them.
    """
    out = []

    def add(kind: str, name: str, geometry: LineString, grade: int = 0, bridge: str = "否") -> None:
        out.append(
            {
                "kind": kind,
                "name": name,
                "geometry": geometry,
                "grade": grade,
                "bridge": bridge,
                "estate": "",
            }
        )

    for side, by in (("西", -16.0), ("东", 16.0)):
        add("步行道", f"清溪{side}岸步道", offset(STREAM, by, 55, 1109))
    promenade = offset(BANK, 34.0, -60, 655)
    waterside = offset(BANK, 9.0, -90, 560)
    add("步行道", "滨江步道", promenade)
    add("步行道", "亲水步道", waterside)
    spots = [
        (8, 47),
        (207, 66),
        (415, 82),
        (600, 58),
        (790, 56),
        (905, 72),
        (1062, 112),
        (1188, 165),
        (1320, 282),
        (1400, 450),
        (1416, 585),
    ]
    for i, xy in enumerate(spots):
        start = shapely.shortest_line(Point(place(xy)), streets["滨江路"]).coords[1]
        down = shapely.shortest_line(Point(start), promenade)
        if down.length > 3:
            add("步行道", "", stretch(down))
        if i % 2:
            foot = shapely.shortest_line(Point(down.coords[1]), waterside)
            add("台阶", "亲水台阶", stretch(foot))
    mall = LineString(place([(470, 640), (474, 566)]))
    add("步行道", "云溪天桥", mall, grade=1, bridge="是")
    inner = shapely.union_all([p["geometry"] for p in paths])
    for end in mall.coords:
        side = 1 if local(end)[1] > 604 else -1
        target = inner.intersection(shapely.Point(end).buffer(140))
        beyond = [
            g
            for g in shapely.get_parts(target)
            if (local(shapely.get_coordinates(g.centroid)[0])[1] - local(end)[1]) * side > 0
        ]
        link = shapely.shortest_line(Point(end), shapely.union_all(beyond))
        add("台阶", "天桥梯道", stretch(link, only_end=True))
    return out


def stretch(line: LineString, *, only_end: bool = False) -> LineString:
    """Run a two-point link 0.4 m past its ends so that noding finds a crossing."""
    a, b = (np.array(c) for c in line.coords)
    way = (b - a) / np.hypot(*(b - a)) * 0.4
    return LineString([a if only_end else a - way, b + way])
