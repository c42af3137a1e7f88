"""Other engines on the same city and the same question: every node within the limit and its distance."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.city import City
from pipeline.reach.graph import Graph

Rows = Sequence[tuple[NDArray, NDArray | None]]
T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """What one engine took.

    Attributes
    ----------
    name : engine and call.
    build_s : from arrays of nodes and edges to what it searches.
    origin_ms : one origin, median of the repeats.
    sample : origins actually run; fewer than asked means that the rest is extrapolated.
    rows : nodes and metres by origin, for as many origins as were run; None where it gives lines only.
    note : anything else worth saying.
    """

    name: str
    build_s: float
    origin_ms: float
    sample: int
    rows: Rows | None
    note: str = ""


def clock(work: Callable[[], T]) -> tuple[float, T]:
    """Return seconds and result of a call."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def time_networkx(city: City, origins: NDArray, limit_m: float, sample: int) -> list[Timing]:
    """OSMnx's graph with ``networkx.ego_graph``, and networkx's bounded single-source search on it."""
    import networkx as nx
    import osmnx as ox

    graph = city.graph
    nodes = gpd.GeoDataFrame(
        {"x": graph.x, "y": graph.y}, geometry=gpd.points_from_xy(graph.x, graph.y), crs="EPSG:4548"
    )
    both = np.concatenate([graph.u, graph.v]), np.concatenate([graph.v, graph.u])
    index = pd.MultiIndex.from_arrays(
        [*both, np.zeros(2 * graph.n_edges, dtype=int)], names=["u", "v", "key"]
    )
    edges = gpd.GeoDataFrame(
        {"length": np.tile(graph.length_m, 2)},
        geometry=np.concatenate([city.lines, shapely.reverse(city.lines)]), index=index, crs="EPSG:4548",
    )  # fmt: skip
    build_s, street = clock(lambda: ox.graph_from_gdfs(nodes, edges))
    found = []
    times: list[float] = []
    for node in origins[:sample]:
        seconds, part = clock(lambda node=node: nx.ego_graph(street, node, radius=limit_m, distance="length"))
        times.append(seconds)
        found.append((np.array(sorted(part.nodes)), None))
    ego = Timing(
        "OSMnx graph, networkx ego_graph", build_s, _ms(times), sample, found, "nodes only, no distances"
    )
    times, rows = [], []
    for node in origins[: 2 * sample]:
        seconds, metres = clock(
            lambda node=node: nx.single_source_dijkstra_path_length(
                street, node, cutoff=limit_m, weight="length"
            )
        )
        times.append(seconds)
        rows.append((np.array(list(metres)), np.array(list(metres.values()))))
    single = Timing("networkx single source, cutoff", build_s, _ms(times), 2 * sample, rows)
    return [ego, single]


def time_scipy(city: City, origins: NDArray, limit_m: float, sample: int) -> list[Timing]:
    """scipy csgraph with ``limit``, in batches of 100 origins."""
    graph = city.graph
    build_s, matrix = clock(lambda: _matrix(graph))
    times, rows = [], []
    for first in range(0, sample, 100):
        batch = origins[first : min(first + 100, sample)]
        seconds, dense = clock(lambda batch=batch: dijkstra(matrix, indices=batch, limit=limit_m))
        times.append(seconds / len(batch))
        for row in dense[: 20 if first == 0 else 0]:
            hit = np.flatnonzero(np.isfinite(row))
            rows.append((hit, row[hit]))
    return [Timing("scipy csgraph.dijkstra, limit", build_s, _ms(times), sample, rows)]


def time_pandana(city: City, origins: NDArray, limit_m: float, sample: int) -> list[Timing]:
    """pandana's ``nodes_in_range`` after its contraction hierarchy."""
    pandana = importlib.import_module("pandana")
    graph = city.graph
    build_s, net = clock(
        lambda: pandana.Network(
            pd.Series(graph.x), pd.Series(graph.y), pd.Series(graph.u), pd.Series(graph.v),
            pd.DataFrame({"length": graph.length_m}), twoway=True,
        )
    )  # fmt: skip
    times = [
        clock(lambda part=part: net.nodes_in_range(part, limit_m))[0] / len(part)
        for part in np.array_split(origins[:sample], 5)
    ]
    table = net.nodes_in_range(origins[:20], limit_m)
    groups = dict(list(table.groupby("source")))
    weight = "weight" if "weight" in table else table.columns[-1]
    rows = [
        (groups[node]["destination"].to_numpy(), groups[node][weight].to_numpy()) for node in origins[:20]
    ]
    net.precompute(limit_m)
    classes, _ = clock(lambda: [_nearest_pandana(net, city, number, limit_m) for number in range(20)])
    note = f"20 classes to every node in {classes:.2f} s after precompute"
    return [Timing("pandana nodes_in_range", build_s, _ms(times), sample, rows, note)]


def _nearest_pandana(net: object, city: City, number: int, limit_m: float) -> None:
    mine = city.classes == number
    x, y = pd.Series(city.facilities.x[mine]), pd.Series(city.facilities.y[mine])
    net.set_pois(str(number), limit_m, 1, x, y)  # type: ignore[attr-defined]
    net.nearest_pois(limit_m, str(number), num_pois=1)  # type: ignore[attr-defined]


def time_igraph(city: City, origins: NDArray, limit_m: float, sample: int) -> list[Timing]:
    """igraph's ``distances``, which knows no limit and searches the whole city."""
    igraph = importlib.import_module("igraph")
    graph = city.graph
    pairs = np.stack([graph.u, graph.v], 1)
    build_s, net = clock(
        lambda: igraph.Graph(
            n=graph.n_nodes, edges=pairs.tolist(), edge_attrs={"length": graph.length_m.tolist()}
        )
    )
    times, rows = [], []
    for part in np.array_split(origins[:sample], 3):
        seconds, metres = clock(
            lambda part=part: net.distances(source=part.tolist(), weights="length", algorithm="dijkstra")
        )
        times.append(seconds / len(part))
        for row in map(np.array, metres):
            hit = np.flatnonzero(row <= limit_m)
            rows.append((hit, row[hit]))
    return [Timing("igraph distances", build_s, _ms(times), sample, rows, "no cut-off")]


def time_qgis(city: City, origins: NDArray, limit_m: float, sample: int) -> list[Timing]:
    """QGIS ``native:serviceareafromlayer`` by ``qgis_process``; what grows with the origins is the search.

    Raises
    ------
    ImportError
        If ``qgis_process`` is not on the path.
    """
    program = shutil.which("qgis_process")
    if program is None:
        raise ImportError("qgis_process")
    seconds, metres = {}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        gpd.GeoDataFrame(geometry=city.lines, crs="EPSG:4548").to_file(home / "lines.gpkg")
        for count in (1, 1, 1 + sample):  # the first call warms the disk
            nodes = origins[:count]
            points = gpd.points_from_xy(city.graph.x[nodes], city.graph.y[nodes])
            (home / f"{count}.gpkg").unlink(missing_ok=True)
            gpd.GeoDataFrame({"n": nodes}, geometry=points, crs="EPSG:4548").to_file(home / f"{count}.gpkg")
            out = home / f"out{count}.gpkg"
            out.unlink(missing_ok=True)
            order = {
                "INPUT": str(home / "lines.gpkg"), "STRATEGY": 0, "TRAVEL_COST2": limit_m,
                "START_POINTS": str(home / f"{count}.gpkg"), "OUTPUT_LINES": str(out),
            }  # fmt: skip
            words = [f"{key}={value}" for key, value in order.items()]
            project = home / "empty.qgs"
            project.write_text('<qgis projectname="" version="3.22.0"/>', encoding="utf-8")
            call = [program, "run", "native:serviceareafromlayer", f"--PROJECT_PATH={project}", "--", *words]
            seconds[count], done = clock(
                lambda call=call: subprocess.run(call, capture_output=True, text=True)
            )
            if not out.exists():
                raise ImportError("qgis_process failed: " + json.dumps(done.stderr[-200:]))
            # It draws a street once in either direction.
            metres = float(shapely.union_all(gpd.read_file(out).geometry.iloc[:1].to_numpy()).length)
    each = (seconds[1 + sample] - seconds[1]) / sample
    note = f"{metres:.0f} m of street within the limit of the first origin; build holds program start and reading"
    return [Timing("QGIS service area", seconds[1] - each, each * 1000, sample, None, note)]


def _matrix(graph: Graph) -> csr_array:
    return csr_array((graph.weights, graph.indices, graph.indptr), shape=(graph.n_nodes, graph.n_nodes))


def _ms(seconds: list[float]) -> float:
    return float(np.median(seconds)) * 1000


# Name, how many origins it is asked for, call. Slow engines get a sample.
PEERS: tuple[tuple[str, int, Callable[[City, NDArray, float, int], list[Timing]]], ...] = (
    ("networkx", 20, time_networkx),
    ("scipy", 500, time_scipy),
    ("pandana", 500, time_pandana),
    ("igraph", 30, time_igraph),
    ("QGIS", 200, time_qgis),
)
