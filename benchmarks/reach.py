"""``python -m benchmarks.reach``: the reach engine against its peers on one seeded city, in one run."""

from __future__ import annotations

import argparse
import platform
import sys

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.city import City, build_city, stand_at
from benchmarks.peers import PEERS, Timing, clock
from pipeline.reach.cells import build_cells, contour_each
from pipeline.reach.graph import build_graph
from pipeline.reach.search import index_targets, nearest, reach, reach_rows

LIMIT_M, SIDE, REPEATS = 1200.0, 292, 7
SIZES = (146, 292, 584)


def median_seconds(work: object, repeats: int = REPEATS) -> float:
    """Return the median of several calls, the first of which is not counted (compiling, caches)."""
    times = [clock(work)[0] for _ in range(repeats + 1)]  # type: ignore[arg-type]
    return float(np.median(times[1:]))


def peak_mb() -> float:
    """Return the highest memory of this process so far, MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale)


def measure_sizes(console: Console) -> None:
    """Print time per origin and settled node, and memory, for three cities of one density."""
    table = Table(title=f"This engine, {LIMIT_M:g} m, three city sizes")
    for name in ("nodes", "settled", "search ms", "ns/node", "to homes ms", "pairs", "peak +MB", "table MB"):
        table.add_column(name, justify="right")
    per_node = []
    for side in SIZES:
        city = build_city(side)
        none = index_targets(city.homes.take(np.zeros(0, dtype=np.intp)), city.graph)
        homes = index_targets(city.homes, city.graph)
        origins = city.facilities
        settled = reach_rows(city.graph, origins, none, LIMIT_M)[3] / len(origins)
        before = peak_mb()
        pairs = len(reach_rows(city.graph, origins, homes, LIMIT_M)[1])
        memory = peak_mb() - before
        search = median_seconds(lambda: reach_rows(city.graph, origins, none, LIMIT_M)) / len(origins)  # noqa: B023
        whole = median_seconds(lambda: reach_rows(city.graph, origins, homes, LIMIT_M)) / len(origins)  # noqa: B023
        per_node.append(search / settled * 1e9)
        table.add_row(
            f"{city.graph.n_nodes:,}", f"{settled:.0f}", f"{search * 1e3:.4f}", f"{per_node[-1]:.0f}",
            f"{whole * 1e3:.4f}", f"{pairs / len(origins):.0f}", f"{memory:.0f}", f"{pairs * 12 / 2**20:.0f}",
        )  # fmt: skip
    console.print(table)
    console.print(f"time per settled node, largest city over smallest: {per_node[-1] / per_node[0]:.2f} x")


def measure_city(city: City, console: Console) -> None:
    """Print what a plan asks of the city: classes to homes, the table, areas."""
    homes = index_targets(city.homes, city.graph)
    groups = [city.facilities.take(city.classes == number) for number in range(20)]
    seconds = median_seconds(lambda: [nearest(city.graph, part, homes, LIMIT_M) for part in groups], 3)
    console.print(f"20 classes to every home: {seconds:.2f} s")
    console.print(
        f"3,000 facilities x 30,000 homes, sorted table: "
        f"{median_seconds(lambda: reach(city.graph, city.facilities, homes, LIMIT_M), 3):.2f} s"
    )
    middle = float(np.median(city.graph.x)), float(np.median(city.graph.y))
    box = (middle[0] - 2500, middle[1] - 2500, middle[0] + 2500, middle[1] + 2500)
    build_s, cells = clock(lambda: build_cells(box, city.graph, city.lines, max_access_m=60))
    inside = np.hypot(city.facilities.x - middle[0], city.facilities.y - middle[1]) < 1300
    origins = city.facilities.take(np.flatnonzero(inside)[:60])
    for limits in ([1200.0], [300.0, 500.0, 1000.0]):
        each = median_seconds(lambda: list(contour_each(cells, city.graph, origins, limits)), 3)  # noqa: B023
        console.print(
            f"area {'/'.join(f'{m:g}' for m in limits)} m from the shared 10 m table: {each / len(origins) * 1e3:.2f} ms an "
            f"origin ({len(origins)} origins; {cells.snap.x.size:,} cells built once in {build_s:.1f} s)"
        )


def compare(city: City, console: Console) -> None:
    """Print every engine's time, ratio and agreement for the nodes within the limit of an origin."""
    graph = city.graph
    rng = np.random.default_rng(1)
    nodes = rng.choice(graph.n_nodes, 3000, replace=False)
    everybody = index_targets(stand_at(graph, np.arange(graph.n_nodes)), graph)
    origins = stand_at(graph, nodes)
    build_s = median_seconds(lambda: build_graph(city.lines), 3)
    own_ms = median_seconds(lambda: reach_rows(graph, origins, everybody, LIMIT_M), 5) / len(nodes) * 1e3
    indptr, target, metres, _ = reach_rows(graph, origins, everybody, LIMIT_M)
    total = build_s + own_ms * len(nodes) / 1e3
    table = Table(title=f"Nodes within {LIMIT_M:g} m of {len(nodes):,} origins, {graph.n_nodes:,} nodes")
    for name in (
        "engine",
        "origins run",
        "ms/origin",
        "ratio",
        "build s",
        "with build s",
        "ratio",
        "largest difference",
    ):
        table.add_column(name, justify="left" if name == "engine" else "right")
    table.add_row(
        "this engine", f"{len(nodes)}", f"{own_ms:.4f}", "1", f"{build_s:.2f}", f"{total:.2f}", "1", ""
    )
    notes = []
    for name, sample, run in PEERS:
        try:
            timings = run(city, nodes, LIMIT_M, sample)
        except ImportError as error:
            notes.append(f"skipped: {name} is not installed ({error})")
            continue
        for timing in timings:
            whole = timing.build_s + timing.origin_ms * len(nodes) / 1e3
            table.add_row(
                timing.name, f"{timing.sample}", f"{timing.origin_ms:.3f}", f"{timing.origin_ms / own_ms:.1f}",
                f"{timing.build_s:.2f}", f"{whole:.1f}", f"{whole / total:.1f}", agreement(timing, indptr, target, metres),
            )  # fmt: skip
            if timing.note:
                notes.append(f"{timing.name}: {timing.note}")
    console.print(table)
    console.print("An engine run on fewer origins is extrapolated to all from its median per origin.")
    for note in notes:
        console.print(note)
    dist = np.full(graph.n_nodes, np.inf)
    dist[target[: indptr[1]]] = metres[: indptr[1]]
    left = np.maximum(LIMIT_M - dist, 0)
    console.print(
        f"street within the limit of the first origin: "
        f"{np.minimum(left[graph.u] + left[graph.v], graph.length_m).sum():.0f} m"
    )


def agreement(timing: Timing, indptr: NDArray, target: NDArray, metres: NDArray) -> str:
    """Return the largest difference in metres, and how many nodes only one of the two found."""
    if timing.rows is None:
        return "lines only"
    worst, lonely = 0.0, 0
    for at, (nodes, distance) in enumerate(timing.rows):
        mine = dict(
            zip(
                target[indptr[at] : indptr[at + 1]].tolist(), metres[indptr[at] : indptr[at + 1]], strict=True
            )
        )
        lonely += len(mine.keys() ^ set(nodes.tolist()))
        if distance is not None:
            pairs = zip(nodes.tolist(), distance.tolist(), strict=True)
            worst = max([worst, *(abs(mine[node] - m) for node, m in pairs if node in mine)])
    return (
        f"{worst:.1g} m" * bool(timing.rows[0][1] is not None) + f" {lonely} nodes apart" * bool(lonely)
        or "same nodes"
    )


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-peers", action="store_true", help="only this engine")
    chosen = parser.parse_args()
    console = Console(width=140, highlight=False)
    console.print(f"{platform.machine()}, Python {platform.python_version()}, one thread, medians of one run")
    measure_sizes(console)
    city = build_city(SIDE)
    measure_city(city, console)
    if not chosen.no_peers:
        compare(city, console)


if __name__ == "__main__":
    main()
