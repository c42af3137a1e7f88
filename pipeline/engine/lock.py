"""One run of a plan at a time: a lock of the operating system, which goes with the process however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from layers.faults import Fault, PlanFaults, refuse_write

NAME = ".run.lock"


@contextmanager
def hold(output: Path) -> Iterator[None]:
    """Keep other runs away from ``output`` while the body works.

    Raises
    ------
    PlanFaults
        HSQ-R01 when another process works there; HSQ-D05 when the folder cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output / NAME)
        lock.acquire(timeout=0)
    except Timeout:
        fault = Fault(
            "HSQ-R01", "这个方案正由另一个进程运行", file=str(output), action="本次没有运行，也没有改动任何文件",
            remedy="等那一次运行结束，或先结束它，再运行",
        )  # fmt: skip
        raise PlanFaults([fault]) from None
    except OSError as error:
        raise PlanFaults([refuse_write(error, output)]) from error
    try:
        yield
    finally:
        lock.release()


def is_held(output: Path) -> bool:
    """Whether a run is at work in ``output``; nothing is made or left there."""
    if not (output / NAME).is_file():
        return False
    lock = FileLock(output / NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder one may only read: nobody is known to work there
        return False
    lock.release()
    return False
