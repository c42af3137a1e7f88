"""The town round the plan: streets that run on, local lanes, neighbouring estates, open water.

The 15-minute study area reaches 1,000 m of walking past the communities, so the street pattern goes
on for 1.2 to 1.3 km to the north, west and east; to the south the river ends it. Land use is known
inside the communities only, and buildings are surveyed a block or two beyond them, as in real files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import estates
import numpy as np
import public
import shapely
import streets as st
from frame import make_rng, place, smooth
from outskirts import ESTATES, LAKE, OUTER
from shapely import LineString, Polygon
from shapely.ops import polygonize, split

BUILT_WITHIN_M = 130.0  # subblocks nearer to the communities than this are surveyed
LANE_HALF_M = 3.5
HOUSING = ("slab", "mid", "tower", "old")


@dataclass
class Surroundings:
    """What lies outside the communities, in EPSG:4548."""

    streets: list[dict] = field(default_factory=list)
    paths: list[dict] = field(default_factory=list)
    buildings: list[dict] = field(default_factory=list)
    gates: list[dict] = field(default_factory=list)


def make_outer_streets() -> list[dict]:
    """Draw the streets of the surroundings as unnoded records."""
    return [
        {"name": n, "kind": k, "width": st.WIDTH[k], "grade": 0, "geometry": st.draw(p)} for n, k, p in OUTER
    ]


def make_lake() -> Polygon:
    """The lake on the east bank, a smooth closed shore."""
    shore = smooth([*LAKE, LAKE[0]])
    return shapely.set_precision(Polygon(place(shore)).buffer(0), st.GRID_M)


def divide(area: Polygon, limit_m2: float, rng: np.random.Generator) -> list[LineString]:
    """Split a block across its longer side again and again; return the cuts, the local lanes."""
    if area.area < limit_m2 * rng.uniform(0.8, 1.3):
        return []
    box = np.array(shapely.minimum_rotated_rectangle(area).exterior.coords)
    d = np.diff(box, axis=0)[:2]
    k = int(np.argmax(np.hypot(*d.T)))
    at = box[k] + d[k] * rng.uniform(0.42, 0.58)
    inward = d[1] if k == 0 else -d[0]
    across = inward / np.hypot(*inward)
    side = np.array([-across[1], across[0]])
    skew = np.tan(np.radians(rng.normal(0, 4))) * side
    middle = at + inward / 2 + side * rng.normal(0, 5)  # a slight bend, as lanes have
    cut = LineString([at - (across + skew) * 90, middle, at + inward + (across + skew) * 90])
    chord = cut.intersection(area)
    if chord.geom_type != "LineString" or chord.length < 40:
        return []
    parts = shapely.get_parts(split(area, cut))
    if len(parts) < 2:
        return []
    out = [chord]
    for part in parts:
        out += divide(part, limit_m2, rng)
    return out


def find_blocks(streets: list[dict], region: Polygon, water: Polygon) -> list[Polygon]:
    """Faces between street centre lines outside the communities, dry ground only, sorted."""
    lines = [r["geometry"] for r in streets] + [region.boundary]
    faces = list(polygonize(shapely.get_parts(shapely.unary_union(lines, grid_size=st.GRID_M))))
    dry = [f.difference(water, grid_size=st.GRID_M) for f in faces]
    parts = shapely.get_parts(np.array(dry))
    parts = parts[(shapely.area(parts) > 6000)]
    spots = shapely.point_on_surface(parts)
    parts = parts[~shapely.contains(region, spots)]
    xy = shapely.get_coordinates(shapely.centroid(parts)).round(1)
    return [parts[i] for i in np.lexsort((xy[:, 1], xy[:, 0]))]


def make_surroundings(raw: list[dict], region: Polygon, water: list[Polygon]) -> Surroundings:
    """Draw the surroundings of the communities.

    Parameters
    ----------
    raw : unnoded streets of the communities, running on past them.
    region : union of the communities.
    water : surfaces of stream, river and lake, which no lane or house enters.
    """
    out = Surroundings(streets=make_outer_streets())
    streets = raw + out.streets
    wet = shapely.unary_union([w.buffer(14) for w in water], grid_size=st.GRID_M)
    rng = make_rng("surroundings")
    lanes, plots = [], []
    for block in find_blocks(streets, region, wet):
        near = block.distance(region) < BUILT_WITHIN_M
        cuts = divide(block, 30_000 if near else 21_000, rng)
        lanes += [estates.stretch_lane(c) for c in cuts]
        if near:
            plots += cut_plots(block, cuts)
    centre = shapely.union_all([r["geometry"] for r in streets] + lanes)
    bands = [r["geometry"].buffer(r["width"] / 2, cap_style="flat") for r in streets]
    land = shapely.unary_union(bands + [g.buffer(LANE_HALF_M) for g in lanes], grid_size=st.GRID_M)
    context = {"streets": centre, "land": land, "clear": Polygon()}
    out.paths = [{"kind": "小区路", "name": "", "geometry": g, "estate": ""} for g in lanes if g.length > 3]
    free = land.union(region.buffer(2)).union(wet)
    plots = [p.difference(free, grid_size=st.GRID_M) for p in plots]
    plots = [max(shapely.get_parts(p), key=lambda g: g.area) for p in plots if p.area > 4500]
    plots = [p for p in plots if p.distance(region) < BUILT_WITHIN_M and p.area > 4500]
    if len(plots) != len(ESTATES):
        raise ValueError(f"{len(plots)} plots drawn, {len(ESTATES)} estates listed")
    for i, plot in enumerate(plots):
        build_plot(plot, i, context, out)
    return out


def cut_plots(block: Polygon, cuts: list[LineString]) -> list[Polygon]:
    """Return the faces between the cuts of one block."""
    lines = [block.boundary, *[estates.stretch_lane(c) for c in cuts]]
    noded = shapely.unary_union(lines, grid_size=st.GRID_M)
    faces = [f for f in polygonize(shapely.get_parts(noded)) if block.contains(f.point_on_surface())]
    return sorted(faces, key=lambda f: f.centroid.coords[0])


def build_plot(plot: Polygon, number: int, context: dict, out: Surroundings) -> None:
    """Build one neighbouring estate, shop row or school by the list of estates."""
    home, name, kind, year, floors = ESTATES[number]
    parcel = {
        "geometry": plot,
        "kind": kind,
        "name": name,
        "year": year,
        "floors": floors,
        "tbbh": f"W{number + 1:03d}",
        "community": home,
    }
    build = estates.build_estate if kind in HOUSING else public.build_public
    made = build(parcel, context)
    out.paths += made["paths"]
    out.gates += made["gates"]
    for b in made["buildings"]:
        b["geometry"] = shapely.set_precision(b["geometry"].simplify(0.05), st.GRID_M)
        b["community"] = ""
        out.buildings.append(b)
