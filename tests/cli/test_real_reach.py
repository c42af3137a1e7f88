"""``haoshequ reach`` on a real extract equals networkx on lines noded by another program (shapely's union)."""

from __future__ import annotations

import os
from pathlib import Path

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

_NAMED = os.environ.get("HAOSHEQU_REAL", "")
_REAL = Path(__file__).parents[2] / _NAMED

pytestmark = pytest.mark.skipif(
    not _NAMED or not _REAL.is_dir(),
    reason=f"SKIPPED: HAOSHEQU_REAL={_NAMED!r} names no folder; real extracts were not tested",
)


def split_at_vertices(roads):
    """Return the street graph of OpenStreetMap: ways meet at common vertices, and nowhere else."""
    graph = nx.Graph()
    for shape in roads.geometry:
        xy = np.round(shapely.get_coordinates(shape), 3)
        for a, b in zip(map(tuple, xy[:-1]), map(tuple, xy[1:]), strict=True):
            metres = float(np.hypot(a[0] - b[0], a[1] - b[1]))
            if not graph.has_edge(a, b) or graph[a][b]["weight"] > metres:
                graph.add_edge(a, b, weight=metres)
    return graph


def test_guixi_table_equals_networkx(call, tmp_path):
    extract_file = _REAL / "guixi" / "guixi_20241118.osm.bz2"
    extract = read_osm(extract_file, FaultLog()).project(plan_crs(117.2))
    roads = build_roads(extract, FaultLog())
    walkable = roads[roads[Road.walkable] & (roads[Road.level] == 0)]
    # Grades kept out of both sides: what is compared is the search and the snapping, on real streets.
    walkable.geometry.to_frame("geometry").to_file(tmp_path / "roads.gpkg")
    truth = split_at_vertices(walkable)
    truth = truth.subgraph(max(nx.connected_components(truth), key=len))
    spots = sorted(truth.nodes)
    rng = np.random.default_rng(20241118)
    chosen = [spots[k] for k in rng.choice(len(spots), 60, replace=False)]
    for name, part in (("o", chosen[:20]), ("d", chosen[20:])):
        frame = gpd.GeoDataFrame(
            {"编号": [f"{name}{i}" for i in range(len(part))]}, geometry=shapely.points(part), crs=roads.crs
        )
        frame.to_file(tmp_path / f"{name}.gpkg")
    code, _ = call(
        "reach", "--roads", tmp_path / "roads.gpkg", "--origins", tmp_path / "o.gpkg",
        "--destinations", tmp_path / "d.gpkg", "--limit", 1500, "--reached-only", "--output", tmp_path / "od.csv",
    )  # fmt: skip
    assert code == 0
    table = pd.read_csv(tmp_path / "od.csv", encoding="utf-8-sig")
    found = {(a, b): m for a, b, m in table.iloc[:, :3].itertuples(index=False)}
    expected = {}
    for i, start in enumerate(chosen[:20]):
        metres = nx.single_source_dijkstra_path_length(truth, start, cutoff=1500, weight="weight")
        expected |= {(f"o{i}", f"d{k}"): metres[goal] for k, goal in enumerate(chosen[20:]) if goal in metres}
    assert len(expected) > 100
    assert found == pytest.approx(expected, abs=0.05)
