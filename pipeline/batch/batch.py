"""Run many plans: find them, leave out what has not changed, run the rest side by side, report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.batch.finding import Found
from pipeline.batch.job import Job, Record
from pipeline.batch.pool import Interrupted, Setting, Tell, run_pool
from pipeline.batch.report import Report, choose_folder, sort_records, write_report

# Runs jobs and returns a record each: the embedded pool, or a cluster.
Engine = Callable[[Sequence[Job], Tell], list[Record]]


def count_cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def embedded(setting: Setting) -> Engine:
    """Return the embedded pool as an engine."""
    return lambda jobs, tell: run_pool(jobs, setting, tell)


def run_batch(
    found: Found, engine: Engine, tell: Tell, *, workers: int, folder: Path | None = None
) -> Report:
    """Run the plans that were found and write the report.

    Parameters
    ----------
    found : from ``find_plans``.
    engine : runs the plans that have something to do.
    workers : how many the engine runs at a time, for the report.
    folder : where the report goes; None chooses the folder all results lie under.

    Raises
    ------
    Interrupted
        On Ctrl-C, after the report was written; it carries the report.
    PlanFaults
        When the engine cannot begin.
    """
    begun = time.perf_counter()
    records = [*found.failed, *found.unchanged]
    for record in records:
        tell.finish(record)
    stop: Interrupted | None = None
    try:
        records += engine(found.jobs, tell) if found.jobs else []
    except Interrupted as error:
        records += error.records
        stop = error
    used = min(workers, len(found.jobs))
    report = Report(sort_records(records), time.perf_counter() - begun, used)
    report = write_report(report, folder or choose_folder(records))
    if stop is not None:
        stop.report = report
        raise stop
    return report
