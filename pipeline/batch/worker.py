"""What runs in a worker process: one plan after another, each with its own record, in bounded memory."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import MutableSequence
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.batch.job import DONE, FAILED, SKIPPED, UNCHANGED, Job, Record
from pipeline.collector import spare_collector

if TYPE_CHECKING:
    from pipeline.engine.outcome import Outcome

# A worker is one of several: libraries with threads of their own would only fight for the same cores.
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
# How often a worker looks at its own memory, seconds.
_LOOK_S = 0.5
# Places of the numbers a worker shares with the process that started it.
PID, TOO_LARGE = 0, 1
# So many files that hold up a hand-in are named.
_NAMED = 3

log = logging.getLogger("haoshequ")


def set_up_process() -> None:
    """Keep numerical libraries to one thread each, spare the collector, and let databases be written at the disk's own pace.

    The first is of use before they are imported. The second spares waiting for the disk after every layer; a
    file that a power failure spoils is known by its hash when the plan is run again.
    """
    spare_collector()
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("OGR_SQLITE_SYNCHRONOUS", "OFF")


def begin_worker(told: MutableSequence[int], limit_mb: float | None) -> None:
    """Set up a worker of the embedded pool.

    Ctrl-C is left to the process that started it, which ends its workers itself; when that process is gone
    the worker ends too.

    Parameters
    ----------
    told : two shared numbers; gets the process id, and 1 when the worker ends because it grew too large.
    limit_mb : resident memory the worker may not grow beyond; None for no limit.
    """
    set_up_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told[PID] = os.getpid()
    threading.Thread(target=_watch, args=(told, limit_mb), daemon=True).start()


def _watch(told: MutableSequence[int], limit_mb: float | None) -> None:
    parent = multiprocessing.parent_process()
    sentinels = [parent.sentinel] if parent is not None else []
    while not wait(sentinels, timeout=_LOOK_S):
        resident = resident_memory_mb() if limit_mb is not None else None
        if resident is not None and limit_mb is not None and resident > limit_mb:
            told[TOO_LARGE] = 1
            os._exit(1)
    os._exit(1)


def run_job(job: Job) -> Record:
    """Run one plan and say what became of it; nothing a plan does ends the worker short of killing it."""
    from layers.faults import PlanFaults
    from pipeline.batch.finding import refuse_plan
    from pipeline.engine.run import run_plan
    from pipeline.plan import load_plan

    begun = time.perf_counter()
    record = Record.of(job, DONE, tries=1)
    try:
        record = _judge(record, run_plan(load_plan(Path(job.path))))
    except PlanFaults as error:
        record = refuse_plan(record, error)
    except MemoryError:
        record = replace(record, state=FAILED, reason="内存不足")
    except Exception as error:
        # The end of the line for one plan: a bug it brings to light is written down, and the others go on.
        log.exception("方案 %s 因程序出错而中止", job.path)
        record = replace(record, state=FAILED, reason=f"程序出错：{type(error).__name__}：{str(error)[:200]}")
    return replace(
        record,
        seconds=round(time.perf_counter() - begun, 2),
        peak_mb=None if record.state == SKIPPED else read_peak_mb(job),
        resident_mb=resident_memory_mb(),
    )


def _judge(record: Record, outcome: Outcome) -> Record:
    """Return the record of a run that came to its end: done, nothing to do, or held up by open files, which it names."""
    if outcome.current:
        return replace(record, state=SKIPPED, reason=UNCHANGED)
    told = []
    if outcome.handin is not None:
        wrong = [fault for fault in outcome.handin.faults if fault.severity == "错误"]
        told += [f"成果核对有 {len(wrong)} 处错误，见质检报告"] if wrong else []
        record = replace(record, files=len(outcome.handin.items))
    if outcome.waiting is not None:  # as one plan alone it would end with an error, too
        held = [path.name for path in outcome.waiting.held]
        more = f" 等 {len(held)} 个文件" if len(held) > _NAMED else ""
        told.insert(
            0,
            f"原成果中的 {'、'.join(held[:_NAMED])}{more} 被其他程序打开，新成果已写在 {outcome.waiting.folder.name}；"
            "关闭后重新运行即换入，不重算",
        )
        record = replace(record, state=FAILED, codes=("HSQ-D05",))
    return replace(record, reason="；".join(told))


def read_peak_mb(job: Job) -> float | None:
    """Return the highest resident memory of the plan's last run, which the run has noted; None where it has not."""
    try:
        peak = json.loads((Path(job.output) / "work/run.json").read_text(encoding="utf-8"))["peak_memory_mb"]
    except (OSError, ValueError, KeyError):  # it failed before its first step
        return None
    return None if peak is None else float(peak)


def resident_memory_mb() -> float | None:
    """Return the resident memory of this process in MB, or None where the system does not tell (not on Linux)."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return None
    pages = int(status.read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
