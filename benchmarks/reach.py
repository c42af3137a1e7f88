"""``python -m benchmarks.reach``: the reach engine against its peers on one seeded city, in one run."""

from __future__ import annotations

import argparse
import gc
import os
import platform
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.city import City, build_city, stand_at
from benchmarks.peers import PEERS, Timing, clock
from pipeline.reach.cells import build_cells, contour_each
from pipeline.reach.graph import build_graph
from pipeline.reach.search import index_targets, nearest, reach, reach_nodes_each, reach_rows
from pipeline.reach.snap import Snap

LIMIT_M, SIDE, REPEATS = 1200.0, 292, 7
SIZES = (146, 292, 584)


def median_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median of several calls, the first of which is not counted (compiling, caches)."""
    times = [clock(work)[0] for _ in range(repeats + 1)]
    return float(np.median(times[1:]))


def measure_peak(side: int) -> str:
    """Return by how many MB a search raises the memory of a fresh process at its peak (Linux; else a dash)."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not reset.exists():
        return "-"

    def read(name: str) -> int:
        return next(int(row.split()[1]) for row in status.read_text().splitlines() if row.startswith(name))

    city = build_city(side)
    homes = index_targets(city.homes, city.graph)
    reach_rows(city.graph, city.facilities.take([0]), homes, LIMIT_M)
    gc.collect()
    reset.write_text("5")  # forgets the highest mark, see proc(5)
    before = read("VmRSS")
    reach_rows(city.graph, city.facilities, homes, LIMIT_M)
    return f"{(read('VmHWM') - before) / 1024:.0f}"


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
        pairs = len(reach_rows(city.graph, origins, homes, LIMIT_M)[1])
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            memory = fresh.submit(measure_peak, side).result()
        search = median_seconds(lambda: reach_rows(city.graph, origins, none, LIMIT_M)) / len(origins)  # noqa: B023
        whole = median_seconds(lambda: reach_rows(city.graph, origins, homes, LIMIT_M)) / len(origins)  # noqa: B023
        per_node.append(search / settled * 1e9)
        table.add_row(
            f"{city.graph.n_nodes:,}", f"{settled:.0f}", f"{search * 1e3:.4f}", f"{per_node[-1]:.0f}",
            f"{whole * 1e3:.4f}", f"{pairs / len(origins):.0f}", memory, f"{pairs * 12 / 2**20:.0f}",
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


def compare(city: City, console: Console, only: list[str] | None) -> None:
    """Print every engine's time, ratio and agreement for the nodes within the limit of an origin."""
    graph = city.graph
    rng = np.random.default_rng(1)
    nodes = rng.choice(graph.n_nodes, 3000, replace=False)
    origins = stand_at(graph, nodes)
    build_s = median_seconds(lambda: build_graph(city.lines), 3)
    indptr, target, metres, _ = reach_nodes_each(graph, origins, LIMIT_M)

    def own_ms(repeats: int) -> float:
        return median_seconds(lambda: reach_nodes_each(graph, origins, LIMIT_M), repeats) / len(nodes) * 1e3

    cores = os.cpu_count() or 1
    near = np.argsort(nodes)  # nodes are numbered along a curve: each thread gets a part of the city
    parts = [origins.take(part) for part in np.array_split(near, cores)]

    def search_part(part: Snap) -> object:
        return reach_nodes_each(graph, part, LIMIT_M)

    with ThreadPoolExecutor(cores) as pool:
        threads_ms = median_seconds(lambda: list(pool.map(search_part, parts)), 5) / len(nodes) * 1e3
    first_ms = own_ms(5)
    total = build_s + first_ms * len(nodes) / 1e3
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
        "this engine", f"{len(nodes)}", f"{first_ms:.4f}", "1", f"{build_s:.2f}", f"{total:.2f}", "1", ""
    )
    table.add_row(
        f"this engine, {cores} threads", f"{len(nodes)}", f"{threads_ms:.4f}", f"{threads_ms / first_ms:.2f}", "", "", "", ""
    )  # fmt: skip
    notes = []
    for name, sample, run in PEERS:
        if only and name not in only:
            continue
        before = own_ms(3)
        try:
            timings = run(city, nodes, LIMIT_M, sample)
        except ImportError as error:
            notes.append(f"skipped: {name} ({error})")
            continue
        # The machine may be shared: the ratio is to this engine's own time just before and after the peer.
        beside = (before + own_ms(3)) / 2
        for timing in timings:
            whole = timing.build_s + timing.origin_ms * len(nodes) / 1e3
            table.add_row(
                timing.name, f"{timing.sample}", f"{timing.origin_ms:.3f}", f"{timing.origin_ms / beside:.1f}",
                f"{timing.build_s:.2f}", f"{whole:.1f}", f"{whole / (build_s + beside * len(nodes) / 1e3):.1f}", agreement(timing, indptr, target, metres),
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
    parser.add_argument("--peers", nargs="+", choices=[name for name, _, _ in PEERS], help="only these peers")
    chosen = parser.parse_args()
    console = Console(width=140, highlight=False)
    console.print(f"{platform.machine()}, Python {platform.python_version()}, one thread, medians of one run")
    city = build_city(SIDE)
    if not chosen.peers:
        measure_sizes(console)
        measure_city(city, console)
    if not chosen.no_peers:
        compare(city, console, chosen.peers)


if __name__ == "__main__":
    main()
