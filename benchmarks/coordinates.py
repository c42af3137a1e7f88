"""How often coordinates are judged right and wrong, by sample size, and how long 100,000 features take.

``python -m benchmarks.coordinates [--towns 50] [--real FOLDER]`` prints Markdown tables.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import typer
from numpy.typing import NDArray
from pyproj import CRS

from layers.faults import FaultLog
from layers.ground import Ground
from layers.offsets import judge_offset
from layers.plain import Spot
from layers.read.locate import locate_rows
from layers.read.osm import TAGS, read_osm
from layers.read.raw import Place, Raw
from pipeline.plan.sources import Source
from tests.coordinates.towns import E0, N0, build_houses, build_town, frame_of, shift

DEGREES = CRS.from_epsg(4490)
TRUTHS = ("as_is", "gcj02", "bd09", "anywhere")
SIZES = (20, 50, 200, 1000)
HOUSES = (20, 50, 200, 500)  # more do not fit into a town of four square kilometres
Case = tuple[str, int, str, gpd.GeoSeries, Ground]


def town_cases(seed: int) -> Iterator[Case]:
    """Yield data on one random town: shops beside streets or in houses, houses, each true or shifted."""
    rng = np.random.default_rng(seed)
    for size in sorted({*SIZES, *HOUSES}):
        town = build_town(seed, size)
        roads = town.ground
        houses = build_houses(town, seed, min(max(size, 300), 500))
        both = roads.with_buildings([frame_of(houses)])
        inside = shapely.centroid(houses[rng.integers(0, len(houses), size)])
        anywhere = shapely.points(rng.random((size, 2)) * 2000 + (E0, N0))
        kinds: list[tuple[str, Ground, NDArray, NDArray | None]] = []
        if size in SIZES:
            kinds.append(("shops, roads", roads, town.points, anywhere))
            kinds.append(("shops in houses, roads and buildings", both, inside, anywhere))
        if size in HOUSES:
            kinds.append(("houses, roads", roads, houses[:size], None))
        for name, ground, shapes, chance in kinds:
            for truth in TRUTHS[:3]:
                yield name, size, truth, shift(shapes, None if truth == "as_is" else truth), ground
            if chance is not None:
                yield name, size, "anywhere", shift(chance, None), ground
            else:
                angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(40, 150)
                moved = gpd.GeoSeries(shapes[:size], crs=4548).translate(
                    length * np.cos(angle), length * np.sin(angle)
                )
                stored = shift(moved.to_numpy(), None)
                stored.attrs["moved_m"] = length
                yield name, size, "moved 40-150 m", stored, ground


def real_cases(folder: Path, seed: int) -> Iterator[Case]:
    """Yield random samples of open data, true or shifted."""
    names = {"tsinghua": "beijing_tsinghua_2017.osm.bz2", "guixi": "guixi_20241118.osm.bz2"}
    for place, name in names.items():
        extract = read_osm(folder / place / name, FaultLog())

        def pick(frame: gpd.GeoDataFrame, *keys: str) -> gpd.GeoDataFrame:
            return frame[[any(key in tags for key in keys) for tags in frame[TAGS]]]

        roads = pick(extract.ways, "highway")
        west, south, east, north = roads.total_bounds
        ground = Ground(((west + east) / 2, (south + north) / 2)).with_roads([roads])
        buildings = pick(extract.areas, "building")
        both = ground.with_buildings([buildings])
        spots = pick(extract.nodes, "amenity", "shop", "tourism", "office", "leisure")
        rng = np.random.default_rng(seed)
        for _ in range(10):
            for kind, frame, against in (
                (f"{place}: buildings, roads", buildings, ground),
                (f"{place}: places, roads", spots, ground),
                (f"{place}: places, roads and buildings", spots, both),
            ):
                for size in SIZES:
                    if size > len(frame):
                        continue
                    rows = rng.choice(len(frame), size, replace=False)
                    shapes = frame.geometry.iloc[rows].to_crs(4548).to_numpy()
                    for truth in TRUTHS[:3]:
                        yield kind, size, truth, shift(shapes, None if truth == "as_is" else truth), against


def tabulate(cases: Iterator[Case]) -> pd.DataFrame:
    """Return counts of verdicts by kind of data, size and truth."""
    found: dict[tuple[str, int, str], Counter[str]] = {}
    for kind, size, truth, shapes, ground in cases:
        offset = judge_offset(shapes, DEGREES, ground)
        right = offset.reading == truth
        if offset.state == "as_is":
            word = "confirmed" if truth in {"as_is", "anywhere"} else "not noticed"
        elif offset.state == "shifted":
            word = "applied" if right else "WRONG"
        elif offset.state == "suspect":
            word = "refused with the right line" if right else "refused with a WRONG line"
        elif offset.state == "displaced" and abs(offset.offset_m - shapes.attrs.get("moved_m", -99)) < 15:
            word = "refused with the right line"
        elif offset.state in {"displaced", "ground"}:
            word = "refused with a WRONG line"
        else:
            word = "left open"
        found.setdefault((kind, size, truth), Counter())[word] += 1
    words = (
        "confirmed",
        "applied",
        "refused with the right line",
        "left open",
        "refused with a WRONG line",
        "not noticed",
        "WRONG",
    )
    rows = [
        (*key, sum(count.values()), *(count[word] for word in words)) for key, count in sorted(found.items())
    ]
    return pd.DataFrame(rows, columns=["data, compared with", "features", "truth", "samples", *words])


def time_judgement(name: str, make: Callable[[], NDArray], ground: Ground) -> str:
    """Return how long 100,000 features take through the whole judgement, without and with a shift."""
    shapes = make()
    times = []
    for datum in (None, "gcj02"):
        stored = shift(shapes, datum)
        raw = Raw(pd.DataFrame(index=range(len(shapes))), pd.Series(stored.to_numpy()), DEGREES)
        fresh = Ground(ground.middle, roads=ground.roads)
        log = FaultLog()
        start = time.perf_counter()
        source = Source.model_validate({"path": "x"})
        taken = locate_rows(
            source, Spot, pd.DataFrame(index=raw.table.index), raw, Place("x", "", log), ground=fresh
        )
        times.append(time.perf_counter() - start)
        assert taken is not None
        assert taken.geometry.geom_equals(stored, align=False).all() == (datum is None)
    return f"| {name} | {len(shapes):,} | {times[0]:.2f} | {times[1]:.2f} |"


def to_markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown; a count of nothing is left blank."""
    lines = ["| " + " | ".join(table.columns) + " |", "| --- | --: | --- |" + " --: |" * (table.shape[1] - 3)]
    lines += ["| " + " | ".join(str(v) if v != 0 else "" for v in row) + " |" for row in table.to_numpy()]
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--towns", type=int, default=50)
    parser.add_argument("--real", type=Path)
    asked = parser.parse_args()
    say = typer.echo
    say(to_markdown(tabulate(case for seed in range(asked.towns) for case in town_cases(seed))))
    if asked.real:
        say("")
        say(to_markdown(tabulate(real_cases(asked.real, 7))))
    town = build_town(12, 1000, size=6000, core=5000)
    rng = np.random.default_rng(0)

    def points() -> NDArray:
        many = rng.choice(town.points, 100_000)
        return shapely.transform(many, lambda xy: xy + rng.normal(0, 2, xy.shape))

    def parcels() -> NDArray:
        houses = build_houses(build_town(12, 30, size=6000, core=5000), 12, 1500)
        many = houses[rng.integers(0, len(houses), 100_000)]
        xy, index = shapely.get_coordinates(many, return_index=True)
        moved = xy + rng.normal(0, 1, (len(many), 2))[index]
        return shapely.set_coordinates(many.copy(), moved)

    say("\n| 100,000 through the judgement | features | s as they are | s with a shift taken out |")
    say("| --- | --: | --: | --: |")
    for name, make in (("points", points), ("parcels", parcels)):
        say(time_judgement(name, make, town.ground))


if __name__ == "__main__":
    main()
