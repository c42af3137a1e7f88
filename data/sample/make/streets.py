"""Streets, stream and river of the invented place, and the network noding they share."""

from __future__ import annotations

import numpy as np
import shapely
from frame import place, smooth
from shapely import LineString, Polygon, unary_union
from shapely.ops import polygonize
from streetplan import BANK, RIVER_MID, SEEDS, STREAM, STREETS

GRID_M = 0.001
WIDTH = {"主干路": 38.0, "次干路": 24.0, "支路": 14.0, "小区路": 5.0, "步行道": 2.5, "台阶": 2.0}
STREAM_HALF_M = 8.0
RIVER_M = 205.0


def draw(points: object) -> LineString:
    """Draw a smooth world line through local control points, snapped to the grid."""
    return shapely.set_precision(LineString(place(smooth(points))), GRID_M)


def make_water() -> tuple[LineString, Polygon, Polygon]:
    """Return stream centre line, stream surface and river surface (within the map frame)."""
    stream = draw(STREAM)
    bank = draw(BANK)
    far = bank.offset_curve(-RIVER_M)
    river = Polygon([*bank.coords, *reversed(far.coords)]).buffer(0)
    river = shapely.set_precision(river, GRID_M)
    width = STREAM_HALF_M
    return stream, stream.buffer(width, cap_style="flat").difference(river), river


def make_streets() -> list[dict]:
    """Draw all streets as unnoded records ``name, kind, geometry``."""
    return [{"name": n, "kind": k, "width": WIDTH[k], "grade": 0, "geometry": draw(p)} for n, k, p in STREETS]


def node_network(records: list[dict], *, stub_m: float = 40.0) -> list[dict]:
    """Cut records of grade 0 at every shared point and drop the overshooting stubs.

    Records of another grade (bridges over a street) keep their own ends and join nothing between.
    """
    flat = [r for r in records if r["grade"] == 0]
    lines = [r["geometry"] for r in flat]
    merged = shapely.get_parts(shapely.unary_union(lines, grid_size=GRID_M))
    ends = shapely.get_point(merged, 0), shapely.get_point(merged, -1)
    xy = np.vstack([shapely.get_coordinates(e) for e in ends]).round(4)
    _, inverse, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    degree = count[inverse].reshape(2, -1)
    mid = shapely.line_interpolate_point(merged, 0.5, normalized=True)
    tree = shapely.STRtree(lines)
    owner = tree.query_nearest(mid, all_matches=False)[1]
    parts: dict[int, list] = {}
    for seg, own, d0, d1 in zip(merged, owner, *degree, strict=True):
        stub = flat[own].get("stub", stub_m if flat[own]["kind"] in ("主干路", "次干路", "支路") else 1.5)
        if min(d0, d1) == 1 and seg.length < stub and not flat[own].get("keep"):
            continue
        parts.setdefault(int(own), []).append(seg)
    # Junction points of what is left decide where segments stay cut.
    rest = [s for p in parts.values() for s in p]
    xy = np.vstack([np.array([s.coords[0], s.coords[-1]]) for s in rest]).round(4)
    uniq, count = np.unique(xy, axis=0, return_counts=True)
    joints = {tuple(u) for u, c in zip(uniq, count, strict=True) if c >= 3}
    out = []
    for own in sorted(parts):
        out += [{**flat[own], "geometry": line} for line in chain(parts[own], joints)]
    return out + [r for r in records if r["grade"] != 0]


def chain(segments: list[LineString], joints: set[tuple[float, float]]) -> list[LineString]:
    """Join consecutive segments of one street across points that are no junction."""
    out: list[list] = []
    for seg in segments:
        c = [tuple(p) for p in seg.coords]
        key = tuple(np.round(c[0], 4))
        if out and key == tuple(np.round(out[-1][-1], 4)) and key not in joints:
            out[-1].extend(c[1:])
        else:
            out.append(c)
    return [LineString(c) for c in out]


def make_communities(streets: list[dict], stream: LineString) -> dict[str, Polygon]:
    """Communities bounded by centre lines of streets, the stream and the middle of the river."""
    by = {r["name"]: r["geometry"] for r in streets}
    # Two streets end at the embankment; from there the boundary runs straight into the river.
    south = [LineString([by[n].coords[-1], place([x, -200])]) for n, x in (("西园路", 4), ("桂苑路", 585))]
    lines = [
        by["西园路"],
        by["北环路"],
        by["东兴路"],
        by["云溪大道"],
        by["桂苑路"],
        stream,
        draw(RIVER_MID),
        *south,
    ]
    faces = list(polygonize(shapely.get_parts(unary_union(lines, grid_size=GRID_M))))
    found = {}
    for name, seed in SEEDS.items():
        spot = shapely.Point(place(seed))
        found[name] = [f for f in faces if f.covers(spot)]
    taken = {n: f[0] for n, f in found.items()}
    # The stream cuts 望江 in two below the avenue; it is one community on both banks.
    other = [f for f in faces if f.covers(shapely.Point(place((740, 300))))]
    taken["望江社区"] = unary_union([taken["望江社区"], *other], grid_size=GRID_M)
    return taken


def merge_streets(network: list[dict]) -> list[dict]:
    """Join the noded pieces of every street again, stubs gone, for widening."""
    out = []
    for name in dict.fromkeys(r["name"] for r in network):
        mine = [r for r in network if r["name"] == name]
        line = shapely.line_merge(shapely.union_all([r["geometry"] for r in mine]))
        out.append({**mine[0], "geometry": line})
    return out


def make_road_land(streets: list[dict]) -> Polygon:
    """Road land: every street widened to its red line, corners rounded."""
    bands = [r["geometry"].buffer(r["width"] / 2, cap_style="flat") for r in streets]
    land = unary_union(bands, grid_size=GRID_M)
    return land.buffer(9).buffer(-9).union(land, grid_size=GRID_M)
