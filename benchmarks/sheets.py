"""``python -m benchmarks.sheets``: the sheets of the sample and one of a whole town, beside QGIS's layouts in one run."""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from rich.console import Console
from rich.table import Table

from benchmarks.qgis_styles import ask_qgis, find_qgis
from layers.faults import FaultLog
from pipeline.deliver.atlas.compose import Entry, compose_sheets
from pipeline.deliver.atlas.draw import draw_sheets
from pipeline.deliver.atlas.town import Town
from pipeline.deliver.cad.sheet import CadJob, write_cad
from pipeline.deliver.handin import place_frames
from pipeline.deliver.sheet.paint import project_layer
from pipeline.deliver.sheet.render import print_sheet
from pipeline.deliver.sheet.scale import MapTransform, choose_scale
from pipeline.deliver.sheet.spec import Drawn, SheetSpec, TitleBlock
from pipeline.deliver.sheet.trace import Laid
from pipeline.engine.run import Silence, run_stages
from pipeline.plan import Plan, load_plan
from pipeline.stages import STAGES
from styles import symbol
from styles.fonts import font_path
from styles.frame import load_frame

_WORKER = Path(__file__).with_name("qgis_layout.py")
_REPEATS = 3
_WIDE_M, _HIGH_M = 2800.0, 2000.0
_CODES = ("0701", "0702", "0901", "1207", "1401", "0804", "1001", "1301")
_FLOORS = ("1-3", "4-6", "7-9", "10-18", "19+")


def build_town(buildings: int, parcels: int, *, seed: int = 1) -> SheetSpec:
    """Return a sheet of a seeded town: L-shaped houses of six corners turned every way, parcels that tile the ground.

    Parcels have a vertex every ten metres and their codes as labels; 2.8 × 2 km at the scale that fits.
    """
    rng = np.random.default_rng(seed)
    crs, corner = CRS.from_epsg(4548), np.array([500_000.0, 3_150_000.0])
    across = int(np.ceil(np.sqrt(buildings * _WIDE_M / _HIGH_M)))
    down = -(-buildings // across)
    index = np.arange(buildings)
    middle = np.column_stack(
        [(index % across + 0.5) * _WIDE_M / across, (index // across + 0.5) * _HIGH_M / down]
    )
    shape = np.array([[-1, -1], [1, -1], [1, 0], [0.3, 0], [0.3, 1], [-1, 1]])
    size = shape[None] * rng.uniform([4, 4], [8, 7], (buildings, 2))[:, None]
    turn = rng.uniform(0, np.pi, buildings)[:, None]
    x = size[..., 0] * np.cos(turn) - size[..., 1] * np.sin(turn) + middle[:, :1]
    y = size[..., 0] * np.sin(turn) + size[..., 1] * np.cos(turn) + middle[:, 1:]
    houses = shapely.polygons(np.stack([x, y], axis=2) + corner)
    ground = shapely.box(*corner, *(corner + [_WIDE_M, _HIGH_M]))
    seeds = shapely.multipoints(rng.uniform([0, 0], [_WIDE_M, _HIGH_M], (parcels, 2)) + corner)
    tiles = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=ground))
    tiles = shapely.segmentize(shapely.intersection(tiles, ground), 10.0)
    land = gpd.GeoDataFrame({"class": rng.choice(_CODES, len(tiles))}, geometry=tiles, crs=crs)
    stock = gpd.GeoDataFrame({"class": rng.choice(_FLOORS, buildings)}, geometry=houses, crs=crs)
    layers = (
        Drawn(frame=land, theme="landuse", class_column="class", label_column="class", label_kind="代码",
              label_place="inside", label_priority=5, legend_group="用地"),
        Drawn(frame=stock, theme="building_floors", class_column="class", legend_group="层数", legend_counts=True),
    )  # fmt: skip
    frame = load_frame()
    extent = tuple(map(float, ground.bounds))
    scale = choose_scale(extent, (frame.map.width, frame.map.height), frame.scales, margin=6)
    return SheetSpec(
        number="town", title="全镇用地与建筑", group="试验", crs=crs, extent=extent, scale=scale, layers=layers,
        block=TitleBlock(project="试验"),
    )  # fmt: skip


def compose_sample() -> tuple[Plan, list[Entry]]:
    """Run the stages of the sample and return its sheets, composed but not drawn."""
    plan = load_plan(Path("configs/sample.yaml"))
    # JPG and PDF are what is clocked; CAD files of the same sheets have their own figures.
    plan = plan.model_copy(update={"delivery": plan.delivery.model_copy(update={"cad": False})})
    frames: dict[str, Any] = {}
    run_stages(plan, STAGES, frames=frames, remarks={}, step=Silence())
    return plan, compose_sheets(Town(plan, place_frames(frames, plan), FaultLog()))


@contextmanager
def watch_workers(every_s: float = 0.05) -> Iterator[dict[str, float]]:
    """Follow the memory of this process's workers: highest share (PSS) of one, MB; Linux only."""
    peak: dict[str, float] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(every_s):
            for child in active_children():
                try:
                    text = Path(f"/proc/{child.pid}/smaps_rollup").read_text()
                except OSError:  # it has just ended
                    continue
                found = [int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:")]
                peak[str(child.pid)] = max(peak.get(str(child.pid), 0.0), *(kb / 1024 for kb in found))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def draw_set(plan: Plan, entries: list[Entry], root: Path) -> dict[str, float]:
    """Draw every sheet as JPG and PDF with two processes; return seconds and memory a worker."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    pages = root / "pages"
    pages.mkdir()
    with watch_workers() as peak:
        sheets = draw_sheets(entries, root, plan, FaultLog(), advance=lambda *_: None, pages=pages)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    count = sum(sheet.path is not None for sheet in sheets)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "sheets": count,
        "wall": wall / count,
        "cpu": cpu / count,
        "pss": max(peak.values(), default=float("nan")),
    }


def time_sheet(spec: SheetSpec) -> dict[str, float]:
    """Return the least processor seconds of some drawings of a sheet, as JPG and as JPG and PDF together.

    Frames are new each time, so that nothing is taken from the drawing before.
    """
    least = {"jpg": np.inf, "both": np.inf}
    for name, vectors in [("jpg", False), ("both", True)] * _REPEATS:
        fresh = replace(spec, layers=tuple(replace(layer, frame=layer.frame.copy()) for layer in spec.layers))
        begun = time.process_time()
        print_sheet(fresh, vectors=vectors)
        least[name] = min(least[name], time.process_time() - begun)
    return least


def time_cad(spec: SheetSpec, folder: Path) -> tuple[float, float, int, int]:
    """Return the least seconds by the clock and processor seconds of a sheet's DXF and DWG, and their sizes in bytes."""
    kept: list[Laid] = []
    print_sheet(spec, vectors=False, keep=kept.append)
    job = CadJob(folder / "sheet.dxf", date(2026, 1, 1))
    wall = cpu = np.inf
    for _ in range(_REPEATS):
        begun, worked = time.perf_counter(), time.process_time()
        if write_cad(kept[0], job):
            raise RuntimeError("no DWG was written")
        wall, cpu = min(wall, time.perf_counter() - begun), min(cpu, time.process_time() - worked)
    return wall, cpu, job.path.stat().st_size, job.dwg.stat().st_size


def hand_over(spec: SheetSpec, folder: Path) -> dict[str, Any]:
    """Write the layers of a sheet's map for QGIS, in drawing order, with the looks of their classes."""
    frame = load_frame(spec.layout)
    transform = MapTransform.for_extent(spec.extent, spec.scale, frame.map)
    layers = []
    for number, drawn in enumerate(spec.layers):
        painted = project_layer(drawn, transform, frame.simplify)
        values = sorted(set(painted.classes[painted.visible]))
        if not values or not drawn.fade:
            continue
        looks = {value: symbol(drawn.theme, value) for value in values}
        given = drawn.frame[[]].assign(**{"class": painted.classes})
        given["label"] = drawn.frame[drawn.label_column].astype(str) if drawn.label_column else ""
        given = gpd.GeoDataFrame(given, geometry=drawn.frame.geometry.to_numpy(), crs=spec.crs)
        for kind, part in given.groupby(given.geom_type.str.replace("Multi", "", regex=False)):
            name = f"s{number}_{kind}"
            path = folder / f"{spec.number}.gpkg"
            part.to_file(path, layer=name, driver="GPKG")
            layers.append({
                "path": str(path), "name": name, "z": min(look.z for look in looks.values()),
                "label": bool(drawn.label_column), "label_mm": symbol("text", drawn.label_kind).size_mm,
                "classes": {v: {"fill": k.fill, "line": k.line, "line_mm": k.line_mm, "size_mm": k.size_mm}
                            for v, k in looks.items()},
            })  # fmt: skip
    box = frame.map
    return {
        "number": spec.number, "title": spec.title, "window": transform.window,
        "box": [box.left, frame.page.height - box.top, box.width, box.height],
        "layers": sorted(layers, key=lambda layer: layer["z"]),
    }  # fmt: skip


def compare(specs: list[SheetSpec], console: Console) -> None:
    """Print this renderer's processor seconds of some sheets beside those of QGIS, both warm."""
    python = find_qgis()
    mine = {spec.number: time_sheet(spec) for spec in specs}
    theirs: dict[str, Any] = {}
    if python is None:
        console.print("SKIPPED: no Python here imports qgis.core; set QGIS_PYTHON or install python3-qgis")
    else:
        with tempfile.TemporaryDirectory() as folder:
            sheets = [hand_over(spec, Path(folder)) for spec in specs]
            # The first sheet once more in front: QGIS warms up too.
            first = {**sheets[0], "number": "warm"}
            wish = {"font": str(font_path()), "folder": folder, "sheets": [first, *sheets]}
            told = ask_qgis(python, wish, worker=_WORKER)
        theirs = told["seconds"]
        console.print(f"QGIS peak {told['peak_mb']:.0f} MB")
    table = Table(title="Processor seconds of one sheet, A3 at 300 dpi")
    for name in ("sheet", "features", "JPG", "JPG + PDF", "QGIS JPG", "QGIS JPG + PDF", "ratio"):
        table.add_column(name, justify="right")
    for spec in specs:
        own, other = mine[spec.number], theirs.get(spec.number)
        both = other["jpg"] + other["pdf"] if other else float("nan")
        features = sum(len(layer.frame) for layer in spec.layers)
        row = (own["jpg"], own["both"], other["jpg"] if other else float("nan"), both, both / own["both"])
        table.add_row(spec.number, f"{features:,}", *(f"{value:.2f}" for value in row))
    console.print(table)


def main() -> None:
    """Measure the set, the sheet of a town, memory, and QGIS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compare", nargs="*", default=["1-02", "1-07", "3-01"], help="sheets of the sample")
    parser.add_argument("--only-town", action="store_true", help="leave the sample out")
    options = parser.parse_args()
    console = Console()
    specs = [build_town(20_000, 5_000)]
    print_sheet(build_town(50, 20), vectors=True)  # fonts, styles
    if not options.only_town:
        plan, entries = compose_sample()
        with tempfile.TemporaryDirectory() as folder:
            found = draw_set(plan, entries, Path(folder))
        console.print(
            f"set: {found['sheets']} sheets, JPG and PDF, two processes: {found['wall']:.2f} s a sheet by the clock, "
            f"{found['cpu']:.2f} processor s a sheet with start-up; highest worker {found['pss']:.0f} MB PSS"
        )
        specs += [entry.spec for entry in entries if entry.number in options.compare and entry.spec]
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu, dxf, dwg = time_cad(specs[0], Path(folder))
    console.print(
        f"CAD of the town: DXF ({dxf / 1e6:.1f} MB) and DWG ({dwg / 1e6:.1f} MB) in {wall:.1f} s by the clock, "
        f"{cpu:.1f} processor s"
    )
    compare(specs, console)


if __name__ == "__main__":
    main()
