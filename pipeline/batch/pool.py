"""The embedded pool: a process a slot, so that a killed worker costs the one plan it was at."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.batch.job import BROKEN_OFF, FAILED, NOT_RUN, Job, Record
from pipeline.batch.worker import PID, TOO_LARGE, begin_worker, run_job

if TYPE_CHECKING:
    from pipeline.batch.report import Report

Run = Callable[[Job], Record]
# A worker is renewed when it still holds more than its share after a plan, and ended when a plan takes this many times it.
_MOST_SHARES = 2.0
# How long a worker that is to be ended may take to come up first, seconds.
_START_S = 10.0
# A wait without an end would not hear Ctrl-C on Windows.
_POLL_S = 0.5


@dataclass(frozen=True)
class Setting:
    """How the pool works.

    Attributes
    ----------
    workers : processes at a time.
    memory_mb : resident memory a worker may keep from plan to plan; it is ended at twice as much within one.
    most_plans : after so many a worker is renewed where the system does not tell its memory (not on Linux).
    tries : how often a plan may be begun whose worker is killed.
    run : what a worker does with a job.
    """

    workers: int
    memory_mb: float = 1500.0
    most_plans: int = 20
    tries: int = 3
    run: Run = run_job


class Tell(Protocol):
    """Who is told what happens."""

    def begin(self, job: Job) -> None:
        """A worker takes a plan."""

    def finish(self, record: Record) -> None:
        """A plan has ended, or is not to be tried again."""

    def retry(self, job: Job, reason: str) -> None:
        """The worker of a plan is gone; the plan will be tried again."""


class Interrupted(KeyboardInterrupt):
    """Raised after Ctrl-C when the workers have ended and no folder holds half a hand-in.

    Attributes
    ----------
    records : of every plan that the engine was given.
    report : of the whole batch, once it is written.
    """

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.report: Report | None = None
        super().__init__()


@dataclass
class _Slot:
    """One worker and the plan it is at."""

    setting: Setting
    pool: ProcessPoolExecutor | None = None
    told: list[int] = field(default_factory=list)
    job: Job | None = None
    count: int = 0

    def submit(self, job: Job) -> Future[Record]:
        """Give the worker a plan, starting one where there is none; one that died idle is replaced."""
        self.job = job
        for _ in range(2):
            if self.pool is None:
                self._start()
            assert self.pool is not None
            try:
                return self.pool.submit(self.setting.run, job)
            except BrokenProcessPool:
                self.drop()
        raise RuntimeError("the system lets no worker live")

    def _start(self) -> None:
        context = get_context(
            "spawn"
        )  # the same on every system; a forked worker would copy what threads hold
        self.told = context.Array("q", 2)  # type: ignore[assignment]
        self.pool = ProcessPoolExecutor(
            1,
            mp_context=context,
            initializer=begin_worker,
            initargs=(self.told, self.setting.memory_mb * _MOST_SHARES),
        )
        self.count = 0

    def renew(self, record: Record) -> None:
        """Let the worker go where it holds too much after a plan, or may, as nobody can tell."""
        self.count += 1
        unknown = record.resident_mb is None and self.count >= self.setting.most_plans
        if unknown or (record.resident_mb or 0.0) > self.setting.memory_mb:
            self.drop()

    def drop(self) -> None:
        """Let the worker go; the next plan gets a fresh one."""
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)
        self.pool = None

    def kill(self) -> None:
        """End the worker now and wait until it has ended."""
        if self.pool is None:
            return
        late = time.monotonic() + _START_S
        while not self.told[PID] and time.monotonic() < late:  # it is just starting
            time.sleep(0.05)
        if self.told[PID]:
            with suppress(ProcessLookupError):
                os.kill(self.told[PID], signal.SIGTERM)
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.pool = None

    @property
    def why(self) -> str:
        """Why the worker is gone."""
        if self.told[TOO_LARGE]:
            return f"占用内存超过 {self.setting.memory_mb * _MOST_SHARES:.0f} MB"
        return "工作进程被系统或他人结束（常见于内存不足）"


def run_pool(jobs: Sequence[Job], setting: Setting, tell: Tell) -> list[Record]:
    """Run the jobs, in the order given, and return a record each, in that order.

    Parameters
    ----------
    jobs : longest first, so that none is left alone at the end.

    Raises
    ------
    Interrupted
        On Ctrl-C.
    """
    waiting = deque(jobs)
    tries = dict.fromkeys(jobs, 0)
    records: dict[Job, Record] = {}
    slots = [_Slot(setting) for _ in range(min(setting.workers, len(jobs)))]
    busy: dict[Future[Record], _Slot] = {}
    free = list(slots)
    try:
        while waiting or busy:
            while waiting and free:
                slot, job = free.pop(), waiting.popleft()
                tries[job] += 1
                busy[slot.submit(job)] = slot
                tell.begin(job)
            done, _ = wait(busy, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in done:
                slot = busy.pop(future)
                assert slot.job is not None
                job, slot.job = slot.job, None
                free.append(slot)
                if isinstance(future.exception(), BrokenProcessPool):
                    reason = slot.why
                    slot.drop()
                    if tries[job] < setting.tries:
                        waiting.append(job)  # behind all others, whom it may have starved
                        tell.retry(job, reason)
                        continue
                    settle_output(job)
                    record = Record.of(
                        job, FAILED, reason=f"{reason}，已试 {tries[job]} 次", tries=tries[job]
                    )
                elif (
                    error := future.exception()
                ) is not None:  # not of the plan, which the worker tells in a record
                    reason = f"{type(error).__name__}：{str(error)[:200]}"
                    record = Record.of(job, FAILED, reason=f"程序出错：{reason}", tries=tries[job])
                else:
                    record = replace(future.result(), tries=tries[job])
                    slot.renew(record)
                records[job] = record
                tell.finish(record)
    except KeyboardInterrupt:
        raise Interrupted(_break_off(jobs, slots, records, tries)) from None
    finally:
        for slot in slots:
            slot.drop()
    return [records[job] for job in jobs]


def _break_off(
    jobs: Sequence[Job], slots: Sequence[_Slot], records: dict[Job, Record], tries: dict[Job, int]
) -> list[Record]:
    """End all workers, bring the folders they wrote in to rest, and record what was not finished."""
    for slot in slots:
        slot.kill()
    for slot in slots:
        if slot.job is not None:
            settle_output(slot.job)
    for job in jobs:
        state = BROKEN_OFF if tries[job] else NOT_RUN
        records.setdefault(job, Record.of(job, state, reason="运行被中断", tries=tries[job]))
    return [records[job] for job in jobs]


def settle_output(job: Job) -> None:
    """Bring the folder of a plan whose worker was killed to rest: no half hand-in stays beside the whole one."""
    from layers.faults import PlanFaults
    from pipeline.deliver.tree import heal

    if Path(job.output).is_dir():
        with suppress(
            PlanFaults, OSError
        ):  # the disk refuses just now; the next run of the plan begins with the same
            heal(Path(job.output))
