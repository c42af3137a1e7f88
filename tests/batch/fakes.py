"""What stands for a plan where only the running of many is tested: small functions that workers can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from pipeline.batch.job import DONE, FAILED, Job, Record


def make_jobs(folder: Path, *names: str) -> list[Job]:
    """Return a job a name; its output is a folder of that name."""
    return [Job(str(folder / f"{name}.yaml"), name, name, str(folder / name)) for name in names]


def note(job: Job) -> int:
    """Write down that a job is begun, in order; return how often it has been."""
    path = Path(job.output).with_suffix(".begun")
    with path.open("a") as file:
        file.write(f"{os.getpid()}\n")
    with Path(job.output).with_name("order.txt").open("a") as file:
        file.write(f"{job.id}\n")
    return len(path.read_text().split())


def run_fake(job: Job) -> Record:
    """Do what the job's name says; by default nothing, well."""
    times = note(job)
    kind = job.id.partition("-")[0]
    if kind == "kill" or (kind == "once" and times == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "raise":
        raise ValueError("a bug")
    if kind == "faulty":
        return Record.of(job, FAILED, reason="不行", codes=("HSQ-C01",))
    if kind == "grow":
        held = bytearray(400 * 2**20)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(20)
    if kind == "slow":
        time.sleep(30)
    resident = {"fat": 900.0, "untold": None}.get(kind, 100.0)
    return Record.of(job, DONE, seconds=0.0, resident_mb=resident, peak_mb=resident)


class Heard:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[Record] = []
        self.again: list[tuple[str, str]] = []

    def begin(self, job: Job) -> None:
        self.begun.append(job.id)

    def finish(self, record: Record) -> None:
        self.ended.append(record)

    def retry(self, job: Job, reason: str) -> None:
        self.again.append((job.id, reason))
