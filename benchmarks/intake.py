"""``python -m benchmarks.intake``: the whole check of 100,000 parcels and 100,000 places, wrong rows among them."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.town import SIDE, Town, build_town
from layers.faults import Fault
from pipeline.engine import check as engine
from pipeline.plan import load_plan

# What is timed under which name, where it is called from. A function called inside another one counts for itself.
PHASES = {
    "read": ("layers.read.source.open_raw",),
    "encoding": ("layers.read.shapefile.judge_table", "layers.read.shapefile.decode_frame", "layers.read.delimited.read_text"),
    "values": ("layers.read.source.read_columns",),
    "coordinates": ("layers.read.source.locate_rows", "pipeline.stages.finish.place_frame", "pipeline.stages.intake.Intake.learn_ground"),
    "geometry": ("pipeline.stages.finish.mend_shapes", "pipeline.stages.finish.report_corners"),
    "tiling": ("pipeline.stages.finish.tile_frames", "pipeline.stages.finish.fit_parcels", "pipeline.stages.finish.settle_parcels"),
    "meaning": ("pipeline.stages.finish.derive_fields", "pipeline.stages.finish.drop_twins"),
    "rules": ("pipeline.stages.finish.check_rows", "pipeline.stages.finish.check_texts", "pipeline.stages.finish.check_unique", "pipeline.stages.load.report_outside"),
    "report": ("pipeline.engine.check.quality_rows", "pipeline.engine.check.place_report"),
    "the rest": ("pipeline.engine.check.check_plan",),
}  # fmt: skip


class Clock:
    """Wall and processor seconds by phase; what a phase calls in another one counts there."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._open: list[str] = []
        self._last = (0.0, 0.0)

    def _tick(self) -> None:
        now = (time.perf_counter(), time.process_time())
        if self._open:
            for nth in (0, 1):
                self.spent[self._open[-1]][nth] += now[nth] - self._last[nth]
        self._last = now

    def attend(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        @wraps(function)
        def timed(*args: Any, **more: Any) -> Any:
            self._tick()
            self._open.append(phase)
            try:
                return function(*args, **more)
            finally:
                self._tick()
                self._open.pop()

        return timed

    def attend_phases(self) -> None:
        """Put the timed functions in the place of their own."""
        for phase, names in PHASES.items():
            for name in names:
                owner, _, function = name.rpartition(".")
                holder = find_holder(owner)
                setattr(holder, function, self.attend(phase, getattr(holder, function)))


def find_holder(name: str) -> Any:
    """Return a module or a class in one."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, own = name.rpartition(".")
        return getattr(importlib.import_module(module), own)


def count_found(town: Town, faults: Sequence[Fault]) -> Table:
    """Return how many planted rows of each kind have a fault of its code that names them."""
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    total: dict[tuple[str, str], int] = defaultdict(int)
    for fault in faults:
        own = named[fault.file, fault.code]
        own.update(re.findall("“([^”]+)”", fault.problem), fault.row.split("、"), [fault.value])
        total[fault.file, fault.code] += 1
    table = Table(title=f"{len(faults):,} rows in the report")
    for name in ("planted", "file", "code", "rows", "told", "faults of the code"):
        table.add_column(name, justify="left" if name in ("planted", "file", "code") else "right")
    for name, file, code, keys in town.planted:
        told = sum(key in named[file, code] or row_of(file, key) in named[file, code] for key in keys)
        table.add_row(name, file, code, f"{len(keys):,}", f"{told:,}", f"{total[file, code]:,}")
    return table


def row_of(file: str, key: str) -> str:
    """Return the row number a technician sees: lines of a text from 2 on, FIDs elsewhere (from 1 in a GeoPackage)."""
    return str(int(key[1:]) + {".csv": 2, ".gpkg": 1}.get(file[file.rindex(".") :], 0))


def main() -> None:
    """Print seconds by phase, and planted rows against told ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--keep", type=Path, help="folder to build in and leave; a temporary one by default")
    asked = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as made:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        town = build_town(folder, side=asked.side, share=asked.share)
        plan = load_plan(town.plan)
        clock = Clock()
        clock.attend_phases()
        load = os.getloadavg()[0]
        found = engine.check_plan(plan)
    table = Table(
        title=f"{sum(town.counts.values()):,} rows, {asked.share:.0%} wrong; load before {load:.1f}"
    )
    for name in ("phase", "wall s", "processor s", "µs a row"):
        table.add_column(name, justify="left" if name == "phase" else "right")
    rows = sum(town.counts.values())
    spent = [(phase, *clock.spent[phase]) for phase in PHASES]
    for phase, wall, own in [*spent, ("all", sum(s[1] for s in spent), sum(s[2] for s in spent))]:
        table.add_row(phase, f"{wall:.2f}", f"{own:.2f}", f"{wall / rows * 1e6:.0f}")
    console.print(table)
    console.print(count_found(town, found.faults))


if __name__ == "__main__":
    main()
