"""Cut blocks into parcels and lay every surface into one gap-free, edge-matched coverage."""

from __future__ import annotations

import numpy as np
import shapely
from frame import local, make_rng, place
from landuse import BLOCKS, IDLE, KINDS
from shapely import LineString, Point, Polygon, unary_union
from shapely.ops import polygonize, split
from streets import GRID_M

RIGHTS = {"slab": "30", "old": "30"}  # 权属性质 30 = 集体/个人混合 in this ledger, else 10 国有


def cut_block(block: Polygon, node: object, rng: np.random.Generator) -> list[tuple[dict, Polygon]]:
    """Cut a block (world coordinates) by its programme, shares by area."""
    if isinstance(node, dict):
        return [(node, block)]
    way, items = node
    out, rest, left = [], block, 1.0
    for share, child in items[:-1]:
        piece, rest = cut_off(rest, way, share / left, rng.normal(0, 2.2))
        left -= share
        out += cut_block(piece, child, rng)
    return out + cut_block(rest, items[-1][1], rng)


def cut_off(area: Polygon, way: str, share: float, skew_deg: float) -> tuple[Polygon, Polygon]:
    """Take ``share`` of the area from its left ("v") or bottom ("h") by one straight cut."""
    axis = 0 if way == "v" else 1
    c = local(shapely.get_coordinates(area))
    mid = c.mean(axis=0)
    lo, hi = c[:, axis].min(), c[:, axis].max()
    slope = np.tan(np.radians(skew_deg))
    for _ in range(40):
        at = (lo + hi) / 2
        ends = (
            np.array([[at - slope * 900, mid[1] - 900], [at + slope * 900, mid[1] + 900]])
            if axis == 0
            else np.array([[mid[0] - 900, at - slope * 900], [mid[0] + 900, at + slope * 900]])
        )
        parts = [g for g in split(area, LineString(place(ends))).geoms if g.area > 0]
        below = [p for p in parts if is_below(p, ends, axis)]
        got = sum(p.area for p in below) / area.area
        if got < share:
            lo = at
        else:
            hi = at
    above = [p for p in parts if not is_below(p, ends, axis)]
    return unary_union(below), unary_union(above)


def is_below(part: Polygon, ends: np.ndarray, axis: int) -> bool:
    x, y = local(shapely.get_coordinates(part.representative_point())[0])
    (x0, y0), (x1, y1) = ends
    side = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
    return side > 0 if axis == 0 else side < 0


def make_surfaces(
    blocks: list[Polygon],
    streets: list[dict],
    stream: LineString,
    land: Polygon,
    water: list[Polygon],
) -> list[tuple[dict, Polygon]]:
    """Return labelled surfaces, the first that covers a face wins it."""
    rng = make_rng("parcels")
    bands = []
    for kind in ("主干路", "次干路", "支路"):
        bands += [
            (
                {"kind": "road", "name": r["name"], "year": 0, "floors": 0},
                r["geometry"].buffer(r["width"] / 2, cap_style="flat"),
            )
            for r in streets
            if r["kind"] == kind
        ]
    names = {"kind": "water", "year": 0, "floors": 0}
    out = bands + [(names | {"name": n}, w) for n, w in zip(("清溪", "云江"), water, strict=True)]
    strip = stream.buffer(24, cap_style="flat").intersection(unary_union(blocks))
    out.append(({"kind": "park", "name": "清溪绿道", "year": 0, "floors": 0}, strip))
    for spot, programme in BLOCKS:
        block = next(b for b in blocks if b.covers(Point(place(spot))))
        out += cut_block(block, programme, rng)
    out.append(({"kind": "road", "name": "路口", "year": 0, "floors": 0}, land))
    return out


def make_parcels(surfaces: list[tuple[dict, Polygon]], communities: dict[str, Polygon]):
    """Overlay surfaces and communities into faces, and dissolve the faces to parcels.

    Returns
    -------
    parcels : list of dict
        Sorted by community and place, each with ``geometry`` on the common grid.
    communities : dict
        The communities rebuilt from the same faces, so that every shared edge matches.
    """
    lines = [g.boundary for _, g in surfaces] + [c.boundary for c in communities.values()]
    noded = unary_union(lines, grid_size=GRID_M)
    faces = np.array(list(polygonize(shapely.get_parts(noded))))
    spots = shapely.point_on_surface(faces)
    owner = np.full(len(faces), "", dtype=object)
    for name, area in communities.items():
        owner[shapely.contains(area, spots)] = name
    inside = owner != ""
    faces, spots, owner = faces[inside], spots[inside], owner[inside]
    label = np.full(len(faces), -1)
    for i in range(len(surfaces) - 1, -1, -1):
        label[shapely.contains(surfaces[i][1], spots)] = i
    # Crumbs (corner fillets, cut ends) join the largest surface they touch.
    tree = shapely.STRtree(faces)
    last = len(surfaces) - 1
    crumb = np.flatnonzero((label < 0) | (label == last) | (shapely.area(faces) < 60))
    for i in sorted(crumb, key=lambda j: -faces[j].area):
        near = [
            j
            for j in tree.query(faces[i])
            if j != i
            and label[j] >= 0
            and label[j] != last
            and owner[j] == owner[i]
            and faces[i].intersection(faces[j]).length > 0
        ]
        roads = [j for j in near if surfaces[label[j]][0]["kind"] == "road"]
        pick = (roads if label[i] == last else near) or near
        if pick:
            label[i] = label[max(pick, key=lambda j: faces[i].intersection(faces[j]).length)]
    out = []
    for key in sorted({(o, int(k)) for o, k in zip(owner, label, strict=True)}):
        mine = faces[(owner == key[0]) & (label == key[1])]
        for part in shapely.get_parts(shapely.union_all(mine)):
            tag = dict(surfaces[key[1]][0])
            out.append(tag | {"community": key[0], "geometry": part})
    solid = {n: shapely.union_all(faces[owner == n]) for n in communities}
    return finish(out), solid


def finish(parcels: list[dict]) -> list[dict]:
    """Give parcels their code, status and number, from north-west to south-east per community."""
    for p in parcels:
        x, y = local(shapely.get_coordinates(p["geometry"].centroid)[0])
        p["order"] = (p["community"], round(-y / 120), round(x, 1))
    parcels.sort(key=lambda p: p["order"])
    for i, p in enumerate(parcels):
        code, title = KINDS[p["kind"]]
        p.update(
            tbbh=f"YX{i + 1:04d}",
            code=code,
            title=title,
            rights=RIGHTS.get(p["kind"], "10"),
            status="闲置" if p["kind"] in IDLE else "在用",
        )
    return parcels


def clip_blocks(communities: dict[str, Polygon], taken: list[Polygon]) -> list[Polygon]:
    """The region less road land and water: the blocks."""
    region = unary_union(list(communities.values()), grid_size=GRID_M)
    rest = region.difference(unary_union(taken, grid_size=GRID_M), grid_size=GRID_M)
    return [b for b in shapely.get_parts(rest) if b.area > 100]
