"""``python -m benchmarks.batch``: a seeded city of small communities run as a batch: pace, growth, memory, re-runs, Dask."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.batch.job import Job, Record

_TARGETS = {"efficiency": 0.85, "growth": 1.15, "peak_mb": 1500.0, "again_s": 0.1}


@dataclass
class Clock:
    """Told of a batch; remembers when each plan ended."""

    ended: dict[str, float] = field(default_factory=dict)

    def begin(self, job: Job) -> None:
        """Ignore."""

    def finish(self, record: Record) -> None:
        """Remember the time."""
        self.ended[record.id] = time.perf_counter()

    def retry(self, job: Job, reason: str) -> None:
        """Ignore."""


@dataclass(frozen=True)
class Timed:
    """A batch that was timed.

    Attributes
    ----------
    seconds : from when every worker had done one plan, so that starting up is apart.
    start_s : until then.
    records : of the plans timed.
    """

    seconds: float
    start_s: float
    records: list[Record]

    @property
    def peak_mb(self) -> float:
        """Highest resident memory of a worker."""
        return max(record.peak_mb or 0.0 for record in self.records)


def time_pool(jobs: Sequence[Job], warm: Sequence[Job], workers: int) -> Timed:
    """Run the jobs afresh in the embedded pool; ``warm`` has a plan a worker, run before the clock."""
    from pipeline.batch.pool import Setting, run_pool

    clear([*jobs, *warm])
    clock, begun = Clock(), time.perf_counter()
    records = run_pool([*warm, *jobs], Setting(workers), clock)
    check(records)
    ready = max(clock.ended[job.id] for job in warm)
    return Timed(max(clock.ended.values()) - ready, ready - begun, records[len(warm) :])


def clear(jobs: Sequence[Job]) -> None:
    """Remove all results of the jobs."""
    for job in jobs:
        shutil.rmtree(job.output, ignore_errors=True)


def check(records: Sequence[Record]) -> None:
    """Stop the benchmark where a plan was not done.

    Raises
    ------
    RuntimeError
        Naming the first of them.
    """
    lost = [record for record in records if record.state not in ("完成", "跳过")]
    if lost:
        raise RuntimeError(f"{len(lost)} plans were not done, the first: {lost[0].id}: {lost[0].reason}")


def hash_handins(jobs: Sequence[Job]) -> dict[str, str]:
    """Return one hash a plan over every delivered file and its name."""
    found = {}
    for job in jobs:
        folder, digest = Path(job.output) / "成果", hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
        found[job.id] = digest.hexdigest()
    return found


def run_dask(jobs: Sequence[Job], workers: int, *, kill: bool) -> tuple[float, list[Record], int]:
    """Run the jobs on a local Dask cluster; kill one worker half-way. Return seconds, records, the killed one's id."""
    from distributed import Client, LocalCluster

    from pipeline.batch.cluster import Cluster, on_cluster

    clear(jobs)
    killed: list[int] = []
    half = threading.Event()

    class Half(Clock):
        def finish(self, record: Record) -> None:
            super().finish(record)
            if len(self.ended) * 2 >= len(jobs):
                half.set()

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit="3GB"
    ) as local:

        def strike() -> None:
            half.wait()
            with Client(local.scheduler_address) as client:
                pids = client.run(os.getpid)
            victim = next(iter(pids.values()))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

        thread = threading.Thread(target=strike, daemon=True)
        if kill:
            thread.start()
        begun = time.perf_counter()
        records = on_cluster(Cluster(local.scheduler_address))(jobs, Half())
        seconds = time.perf_counter() - begun
        if kill:
            thread.join(30)
    check(records)
    return seconds, records, killed[0] if killed else 0


def time_again(configs: Sequence[str], repeats: int) -> float:
    """Return the median seconds of a batch in which nothing has changed, as a new process each time, start included."""
    from subprocess import run

    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        folder = str(Path(configs[0]).parents[1])
        code = "from pipeline.cli import main; main()"
        done = run([sys.executable, "-c", code, "batch", folder, "--quiet"], capture_output=True, text=True)
        times.append(time.perf_counter() - begun)
        if done.returncode or "完成" in done.stdout:
            raise RuntimeError(done.stdout + done.stderr)
    return median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=100, help="communities of the city")
    parser.add_argument("--small", type=int, default=None, help="plans of the small batch (default a tenth)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-dask", action="store_true")
    parser.add_argument("--keep", type=Path, help="leave city, plans and results in this folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        folder = given.keep or Path(fresh)
        begun = time.perf_counter()
        measure(folder, given, say=lambda text: sys.stdout.write(text + "\n") and sys.stdout.flush())
        sys.stdout.write(f"whole benchmark: {(time.perf_counter() - begun) / 60:.1f} min\n")


def measure(folder: Path, given: argparse.Namespace, *, say: Callable[[str], object]) -> None:
    """Run every measurement and say each figure as soon as it is there."""
    from benchmarks.batchcity import write_city
    from pipeline.batch.city.config import load_city
    from pipeline.batch.city.split import split_city
    from pipeline.batch.finding import find_plans

    workers, repeats = given.workers, given.repeats
    small = given.small or max(given.plans // 10, 2)
    # One community a worker is run before the clock, so that imports and compiled code are apart from the pace.
    config = write_city(folder, given.plans + workers)
    begun = time.perf_counter()
    split = split_city(load_city(config))
    seconds = time.perf_counter() - begun
    say(
        f"city: {len(split.configs)} communities; read, cut and written in {seconds:.1f} s, {1000 * seconds / len(split.configs):.0f} ms a plan"
    )
    configs = [str(path) for path in split.configs]
    jobs = sorted(find_plans(configs).jobs, key=lambda job: job.id)
    warm, jobs = jobs[:workers], jobs[workers:]
    few = jobs[:: max(len(jobs) // small, 1)][:small]
    time_pool([], warm, workers)  # fills caches of compiled code that a first run ever would pay for

    ones = [time_pool(few, warm[:1], 1) for _ in range(repeats)]
    twos = [time_pool(few, warm, workers) for _ in range(repeats)]
    one, two = (median(run.seconds for run in runs) for runs in (ones, twos))
    pace = [60 * len(few) / seconds for seconds in (one, two)]
    efficiency = median(a.seconds / (workers * b.seconds) for a, b in zip(ones, twos, strict=True))
    say(f"start of workers with their first plan: {median(run.start_s for run in twos):.1f} s")
    say(
        f"plans a minute, {len(few)} plans, medians of {repeats}: 1 worker {pace[0]:.1f}, {workers} workers {pace[1]:.1f}"
    )
    say(f"efficiency of {workers} workers: {efficiency:.2f} (wanted: at least {_TARGETS['efficiency']})")

    larges = [time_pool(jobs, warm, workers) for _ in range(repeats)]
    per = [median(run.seconds for run in runs) / len(which) for runs, which in ((twos, few), (larges, jobs))]
    say(
        f"seconds a plan with {workers} workers: {per[0]:.2f} in a batch of {len(few)}, {per[1]:.2f} in one of {len(jobs)}"
    )
    say(
        f"growth from {len(few)} to {len(jobs)} plans: {per[1] / per[0]:.2f} × linear (wanted: at most {_TARGETS['growth']})"
    )
    peak = max(run.peak_mb for run in (*ones, *twos, *larges))
    say(f"peak memory of a worker: {peak:.0f} MB (wanted: at most {_TARGETS['peak_mb']:.0f})")

    every = [*warm, *jobs]
    again = time_again([job.path for job in every], repeats)
    say(
        f"nothing changed: {again:.2f} s for {len(every)} plans, {again / len(every):.3f} s a plan, program start included"
        f" (wanted: at most {_TARGETS['again_s']})"
    )
    if given.no_dask:
        return
    pool = hash_handins(jobs)
    seconds, records, killed = run_dask(jobs, workers, kill=True)
    differ = [name for name, digest in hash_handins(jobs).items() if digest != pool[name]]
    say(
        f"local Dask cluster, worker {killed} killed half-way: {len(records)} of {len(jobs)} plans done in {seconds:.0f} s; "
    )
    say(f"hand-ins that differ from the pool's: {len(differ)} {differ[:5] if differ else ''}")


if __name__ == "__main__":
    main()
