"""Old-town fabric: a parcel split again and again into lanes, lots and court houses."""

from __future__ import annotations

import numpy as np
import shapely
from gates import nearest_link, pack, ray, reach_out
from shapely import LineString, MultiLineString, Point, Polygon
from shapes import make_court


def build_old(parcel: dict, context: dict, rng: np.random.Generator) -> dict:
    """Old-town fabric: the parcel split again and again, the first cuts being the lanes."""
    lots, chords = [], []

    def divide(area: Polygon, depth: int) -> None:
        if area.area < 640 * rng.uniform(0.75, 1.5) or depth > 9:
            lots.append((area, depth))
            return
        box = np.array(shapely.minimum_rotated_rectangle(area).exterior.coords)
        d = np.diff(box, axis=0)[:2]
        k = int(np.argmax(np.hypot(*d.T)))
        at = box[k] + d[k] * rng.uniform(0.4, 0.6)
        across = d[1 - k] / np.hypot(*d[1 - k])
        a = np.radians(rng.normal(0, 5))
        across = np.array(
            [
                across[0] * np.cos(a) - across[1] * np.sin(a),
                across[0] * np.sin(a) + across[1] * np.cos(a),
            ]
        )
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
    out["paths"] += [{"kind": "步行道", "name": "", "geometry": g, "estate": parcel["name"]} for g in links]
    if not links:
        out["paths"] += [
            {
                "kind": "步行道",
                "name": "",
                "geometry": nearest_link(parcel, chords, context),
                "estate": parcel["name"],
            }
        ]
    return out
