"""``python -m benchmarks.geometry``: 100,000 seeded parcels mended, tiled, cut to the plan and measured."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from layers.faults import FaultLog
from layers.read.raw import Place
from layers.repair import mend_shapes, report_corners
from layers.shapes.findings import Findings
from layers.source import Parcel
from pipeline.stages.tiling import fit_parcels, settle_parcels, tile_frames

SIDE, CELL_M, BETWEEN = 316, 20.0, 4
E0, N0 = 486_000.0, 3_137_000.0
TOLERANCE_M = 0.05


def build_parcels(
    side: int, *, seed: int = 0, lines: Sequence[NDArray[np.float64]] | None = None
) -> NDArray[np.object_]:
    """Return ``side``² parcels that tile the ground, 20 bent edges each, coordinates to the millimetre.

    ``lines`` are the eastings and the northings the parcels lie between, metres; by default all cells are alike.
    """
    rng = np.random.default_rng(seed)
    lines = lines or [np.arange(side + 1) * CELL_M] * 2
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), -1) + (E0, N0)
    nodes = np.round(grid + rng.uniform(-5, 5, grid.shape), 3)
    share = np.linspace(0, 1, BETWEEN + 2)[1:-1, None]

    def bend(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
        line = one[:, :, None] + (two - one)[:, :, None] * share
        return np.round(line + rng.uniform(-0.3, 0.3, line.shape), 3)

    east, north = bend(nodes[:-1], nodes[1:]), bend(nodes[:, :-1], nodes[:, 1:])
    i, j = (index.ravel() for index in np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
    rings = [
        nodes[i, j, None], east[i, j], nodes[i + 1, j, None], north[i + 1, j], nodes[i + 1, j + 1, None],
        east[i, j + 1, ::-1], nodes[i, j + 1, None], north[i, j, ::-1], nodes[i, j, None],
    ]  # fmt: skip
    return shapely.polygons(np.concatenate(rings, axis=1))


def shake(parcels: NDArray[np.object_], share: float, *, seed: int = 1) -> NDArray[np.object_]:
    """Return the parcels, some of them with a vertex 36 mm off: an overlap or a gap with the neighbour."""
    rng = np.random.default_rng(seed)
    shaken = parcels.copy()
    for at in rng.choice(len(parcels), round(len(parcels) * share), replace=False):
        xy = shapely.get_coordinates(parcels[at])
        xy[3] += rng.choice([-1, 1]) * np.array([0.02, 0.03])
        shaken[at] = shapely.polygons(xy)
    return shaken


def clock_steps(shapes: NDArray[np.object_]) -> tuple[list[tuple[str, float, float]], FaultLog]:
    """Return wall and processor seconds of each step on one file of parcels, and what was found."""
    numbers = [f"P{at}" for at in range(len(shapes))]
    columns = {Parcel.number: numbers, Parcel.id: numbers, Parcel.landuse_code: "0701", Parcel.area_m2: 0.0}
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4548")
    west, south, east, north = frame.total_bounds
    grounds = gpd.GeoDataFrame(
        {"name": ["甲"]}, geometry=[shapely.box(west - 9, south - 9, east + 9, north + 9)], crs=frame.crs
    )
    log = FaultLog()
    place = Place("a.shp", Parcel.alias, log)
    times: list[tuple[str, float, float]] = []

    def clock(name: str, work: Callable[[], Any]) -> Any:
        wall, own = time.perf_counter(), time.process_time()
        made = work()
        times.append((name, time.perf_counter() - wall, time.process_time() - own))
        return made

    frame = clock("mend each", lambda: mend_shapes(frame, Parcel, place))
    (frame,) = clock("seams", lambda: tile_frames([frame], [place], tolerance_m=TOLERANCE_M))
    clock("corners, slivers", lambda: report_corners(frame, place))
    findings = Findings.over(frame, place)
    owner = np.arange(len(frame))
    frame, _ = clock(
        "cut to plan", lambda: fit_parcels(frame, owner, findings, grounds, tolerance_m=TOLERANCE_M)
    )
    clock("areas", lambda: settle_parcels(frame, grounds, log, rule="planar"))
    return times, log


def main() -> None:
    """Print the time of every step without faults and with one parcel in a hundred wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=SIDE)
    side = parser.parse_args().side
    console = Console()
    parcels = build_parcels(side)
    for share in (0.0, 0.01):
        times, log = clock_steps(shake(parcels, share))
        vertices = int(shapely.get_num_coordinates(parcels).sum())
        table = Table(
            title=f"{len(parcels):,} parcels, {vertices:,} vertices, {share:.0%} wrong: {len(log.faults)} rows"
        )
        for name in ("step", "wall s", "processor s"):
            table.add_column(name, justify="left" if name == "step" else "right")
        for name, wall, own in times:
            table.add_row(name, f"{wall:.2f}", f"{own:.2f}")
        table.add_row("all", f"{sum(t[1] for t in times):.2f}", f"{sum(t[2] for t in times):.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
