"""``haoshequ reach`` on real extracts equals networkx on lines noded and doors joined by other programs."""

from __future__ import annotations

from collections import defaultdict

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.faults import FaultLog
from layers.osm_lines import build_roads
from layers.read.osm import read_osm
from layers.source import Road
from pipeline.stages.opendata import plan_crs
from tests.real import NAMED, REAL, is_there

ACCESS_M, LIMIT_M = 120.0, 1500.0

pytestmark = pytest.mark.skipif(
    not is_there(),
    reason=f"SKIPPED: HAOSHEQU_REAL={NAMED!r} names no folder; real extracts were not tested",
)


def node_by_geos(lines):
    """Return the streets cut where they meet, by GEOS, and their graph; nodes are places to the millimetre."""
    pieces = shapely.get_parts(shapely.union_all(lines))
    ends = [[tuple(np.round(xy, 3)) for xy in (p.coords[0], p.coords[-1])] for p in pieces]
    graph = nx.MultiGraph()
    for key, (a, b) in enumerate(ends):
        graph.add_edge(a, b, key=key, weight=pieces[key].length)
    return pieces, ends, graph


def join_doors(doors, pieces, main):
    """Return edge, offset and access of each door: the nearest edge of the main network in reach, else of any."""
    every = shapely.STRtree(pieces)
    first = np.flatnonzero(main)
    tree = shapely.STRtree(pieces[first])
    found = []
    for door in doors:
        edge = int(first[tree.nearest(door)])
        if pieces[edge].distance(door) > ACCESS_M:
            edge = int(every.nearest(door))
        far = pieces[edge].distance(door)
        found.append((edge, pieces[edge].project(door), far) if far <= ACCESS_M else None)
    return found


def walk_by_networkx(pieces, ends, origins, goals):
    """Return metres door to door of every pair within the limit, on edges split at the doors."""
    stops = defaultdict(list)
    for name, joined in (*origins.items(), *goals.items()):
        if joined is not None:
            stops[joined[0]].append((joined[1], name, joined[2]))
    graph = nx.MultiGraph()
    for key, piece in enumerate(pieces):
        at, here = 0.0, ends[key][0]
        for offset, name, access in sorted(stops[key]):
            graph.add_edge(here, ("foot", name), weight=offset - at)
            graph.add_edge(("foot", name), name, weight=access)
            at, here = offset, ("foot", name)
        graph.add_edge(here, ends[key][1], weight=piece.length - at)
    table = {}
    for start in (name for name, joined in origins.items() if joined is not None):
        metres = nx.single_source_dijkstra_path_length(graph, start, cutoff=LIMIT_M)
        table |= {(start, goal): metres[goal] for goal in goals if goal in metres}
    return table


@pytest.mark.parametrize(
    ("extract_file", "longitude", "box"),
    [
        ("guixi/guixi_20241118.osm.bz2", 117.2, None),
        ("tsinghua/beijing_tsinghua_2017.osm.bz2", 116.3, (116.310, 39.992, 116.331, 40.011)),
    ],
)
def test_table_equals_networkx(call, tmp_path, extract_file, longitude, box):
    extract = read_osm(REAL / extract_file, FaultLog()).project(plan_crs(longitude))
    roads = build_roads(extract, FaultLog())
    # Grades kept out of both sides: GEOS nodes whatever crosses.
    walkable = roads[roads[Road.walkable] & (roads[Road.level] == 0)]
    walkable.geometry.to_frame("geometry").to_file(tmp_path / "roads.gpkg")
    pieces, ends, graph = node_by_geos(walkable.geometry.to_numpy())
    length = {frozenset(part): graph.subgraph(part).size("weight") for part in nx.connected_components(graph)}
    largest = max(length, key=lambda part: length[part])
    main = np.array([a in largest for a, _ in ends])

    rng = np.random.default_rng(20241118)
    around = shapely.line_interpolate_point(rng.choice(pieces, 160), rng.uniform(size=160), normalized=True)
    if box is not None:
        west, south, east, north = (
            gpd.GeoSeries(shapely.points([box[:2], box[2:]]), crs=4490).to_crs(roads.crs).total_bounds
        )
        around = shapely.points(rng.uniform((west, south), (east, north), (160, 2)))
    doors = shapely.points(shapely.get_coordinates(around) + rng.uniform(-60, 60, (160, 2)))
    names = {"o": [f"o{i}" for i in range(60)], "d": [f"d{i}" for i in range(100)]}
    parts = {"o": doors[:60], "d": doors[60:]}
    for side, part in parts.items():
        frame = gpd.GeoDataFrame({"编号": names[side]}, geometry=part, crs=roads.crs)
        frame.to_file(tmp_path / f"{side}.gpkg")
    code, _ = call(
        "reach", "--roads", tmp_path / "roads.gpkg", "--origins", tmp_path / "o.gpkg",
        "--destinations", tmp_path / "d.gpkg", "--limit", LIMIT_M, "--max-access", ACCESS_M,
        "--reached-only", "--output", tmp_path / "od.csv",
    )  # fmt: skip
    assert code == 0
    table = pd.read_csv(tmp_path / "od.csv", encoding="utf-8-sig")
    found = {(a, b): m for a, b, m in table.iloc[:, :3].itertuples(index=False)}
    joined = {
        side: dict(zip(names[side], join_doors(part, pieces, main), strict=True))
        for side, part in parts.items()
    }
    expected = walk_by_networkx(pieces, ends, joined["o"], joined["d"])
    assert len(expected) > 100
    assert found == pytest.approx(expected, abs=0.1)
