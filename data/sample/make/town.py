"""Put the invented town together: streets, parcels, estates, walks, one shared network."""

from __future__ import annotations

from dataclasses import dataclass, field

import estates
import numpy as np
import public
import shapely
import streets as st
import surroundings as sr
import walks
from frame import place
from shapely import LineString, Point, Polygon
from shapely.strtree import STRtree

HOUSING = ("slab", "mid", "tower", "old")


@dataclass
class Town:
    """Everything drawn, in EPSG:4548, before any people, ledger or flaw is added."""

    communities: dict[str, Polygon]
    parcels: list[dict]
    buildings: list[dict]
    network: list[dict]
    gates: list[dict]
    streets: list[dict]
    spaces: list[dict]
    stream: LineString
    water: list[Polygon]
    land: Polygon
    outside: list[dict] = field(default_factory=list)
    lake: Polygon | None = None


def make_town() -> Town:
    """Draw the town. Pure; the same every time."""
    import parcels as pc

    raw = st.make_streets()
    stream, surface, river = st.make_water()
    areas = st.make_communities(raw, stream)
    merged = st.merge_streets(st.node_network(raw))
    land = st.make_road_land(merged)
    blocks = pc.clip_blocks(areas, [land, surface, river])
    surfaces = pc.make_surfaces(blocks, merged, stream, land, [surface, river])
    parcels, areas = pc.make_parcels(surfaces, areas)
    clear = LineString(place([(466, 720), (470, 640), (474, 566), (478, 490)])).buffer(4)
    context = {
        "streets": shapely.union_all([r["geometry"] for r in merged]),
        "land": land,
        "clear": clear,
    }
    made: dict[str, list] = {"buildings": [], "paths": [], "gates": [], "spaces": []}
    for p in parcels:
        if p["geometry"].area < 700 or p["kind"] in (
            "road",
            "water",
            "vacant",
            "reserve",
            "parking",
        ):
            continue
        build = estates.build_estate if p["kind"] in HOUSING else public.build_public
        for key, rows in build(p, context).items():
            made[key] += rows
    by_name = {r["name"]: r["geometry"] for r in merged}
    paths = [{"grade": 0, "bridge": "否"} | p for p in made["paths"]]
    paths += walks.make_walks(by_name, paths)
    region, lake = shapely.union_all(list(areas.values())), sr.make_lake()
    around = sr.make_surroundings(raw, region, [surface, river, lake])
    paths += [{"grade": 0, "bridge": "否"} | p for p in around.paths]
    network = st.node_network(raw + around.streets + paths)
    network = keep_connected(network)
    mark_bridges(network, stream)
    for r in network:
        if r["grade"] == 0 and r["geometry"].intersection(river).length > 0.9 * st.RIVER_M:
            r["bridge"] = "是"
    order = sorted(range(len(made["buildings"])), key=lambda i: made["buildings"][i]["parcel"]["tbbh"])
    buildings = [made["buildings"][i] for i in order]
    for b in buildings:
        b["geometry"] = shapely.set_precision(b["geometry"].simplify(0.05), st.GRID_M)
        b["community"] = b["parcel"]["community"]
    spaces = made["spaces"]
    return Town(
        areas,
        parcels,
        buildings,
        network,
        made["gates"] + around.gates,
        st.node_network(raw),
        spaces,
        stream,
        [surface, river],
        land,
        around.buildings,
        lake,
    )


def keep_connected(network: list[dict]) -> list[dict]:
    """Keep the largest component; a path that ended up joining nothing is not drawn."""
    ends = np.array([[r["geometry"].coords[0], r["geometry"].coords[-1]] for r in network])
    xy = ends.reshape(-1, 2).round(3)
    _, ids = np.unique(xy, axis=0, return_inverse=True)
    ids = ids.reshape(-1, 2)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = ids.max() + 1
    graph = coo_matrix((np.ones(len(ids)), (ids[:, 0], ids[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    weight = np.bincount(label[ids[:, 0]], [r["geometry"].length for r in network])
    return [r for r, i in zip(network, ids[:, 0], strict=True) if label[i] == weight.argmax()]


def mark_bridges(network: list[dict], stream: LineString) -> None:
    """A street piece that crosses the stream stands on a bridge; it still joins at grade."""
    hit = STRtree([r["geometry"] for r in network]).query(stream, predicate="crosses")
    for r in network:
        r.setdefault("bridge", "否")
    for i in hit:
        network[i]["bridge"] = "是"


def find_parcel(town: Town, name: str) -> dict:
    """The largest parcel of that name."""
    mine = [p for p in town.parcels if p["name"] == name]
    return max(mine, key=lambda p: p["geometry"].area)


def find_building(town: Town, name: str) -> dict:
    found = [b for b in town.buildings if b["name"] == name]
    if not found:
        raise KeyError(f"no building {name}")
    return found[0]


def find_community(town: Town, point: Point) -> str:
    return next((n for n, a in town.communities.items() if a.covers(point)), "")
