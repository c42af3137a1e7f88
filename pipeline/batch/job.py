"""A plan to run, and what became of it: the two records that every way of running many plans shares."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["完成", "跳过", "失败", "中断", "未运行"]
STATES: tuple[State, ...] = ("完成", "跳过", "失败", "中断", "未运行")
DONE, SKIPPED, FAILED, BROKEN_OFF, NOT_RUN = STATES
UNCHANGED = "没有变化"  # why a plan is skipped


@dataclass(frozen=True)
class Job:
    """A plan to run.

    Attributes
    ----------
    path : its config, absolute.
    id, title : as the config has them.
    output : folder of its results, absolute.
    weight : how long it is expected to take, in seconds; only the order and the time left depend on it.
    """

    path: str
    id: str
    title: str
    output: str
    weight: float = 1.0


@dataclass(frozen=True)
class Record:
    """What became of a plan.

    Attributes
    ----------
    path, id, title, output : of the plan; a config that cannot be read has a path only.
    state : one of ``STATES``.
    reason : why it was skipped or failed, or what is to be known of a plan that is done; Chinese.
    codes : fault codes of a failure, each once, in the order found.
    seconds : wall clock time in the worker, the last try.
    peak_mb : highest resident memory of the worker during the plan; None where the system does not tell.
    resident_mb : resident memory of the worker after the plan.
    files : delivered files.
    tries : how often it was begun.
    """

    path: str
    id: str = ""
    title: str = ""
    output: str = ""
    state: State = NOT_RUN
    reason: str = ""
    codes: tuple[str, ...] = ()
    seconds: float | None = None
    peak_mb: float | None = None
    resident_mb: float | None = None
    files: int | None = None
    tries: int = 0

    @classmethod
    def of(cls, job: Job, state: State, **more: Any) -> Record:
        """Return the record of a job."""
        return cls(job.path, job.id, job.title, job.output, state, **more)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)
