"""What a run tells while it works, and what it measures of itself: durations, remarks, peak memory by step."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from layers.faults import Fault
from pipeline.engine.files import replace_text
from pipeline.plan import Plan

_RUN = "work/run.json"
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Progress(Protocol):
    """What a run tells while it works; the command line draws it, tests ignore it."""

    def expect(self, seconds: dict[str, float]) -> None:
        """Say before the first step how long each took when it last ran; nothing of those that never did."""

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """Begin a step."""

    def advance(self, done: int, total: int, what: str) -> None:
        """Part of the current step is done."""

    def finish(self, step: str, seconds: float) -> None:
        """End a step."""

    def keep(self, step: str, title: str, index: int, count: int) -> None:
        """Pass over a step whose earlier result stands."""

    def tell(self, text: str) -> None:
        """Say something worth knowing: why a step runs again, a file changed by hand."""

    def remark(self, faults: Sequence[Fault]) -> None:
        """Hand on what a step had to remark."""


class Silence:
    """Progress that tells nothing."""

    def expect(self, seconds: dict[str, float]) -> None:
        """Ignore."""

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """Ignore."""

    def advance(self, done: int, total: int, what: str) -> None:
        """Ignore."""

    def finish(self, step: str, seconds: float) -> None:
        """Ignore."""

    def keep(self, step: str, title: str, index: int, count: int) -> None:
        """Ignore."""

    def tell(self, text: str) -> None:
        """Ignore."""

    def remark(self, faults: Sequence[Fault]) -> None:
        """Ignore."""


@dataclass
class Meter:
    """Durations, remarks and peak memory of a run by step.

    Attributes
    ----------
    seconds : of the steps that ran, in their order.
    peak_mb : highest resident memory of this process in each; empty where the system does not say.
    warnings : errors and warnings of each step, kept ones among them.
    kept : steps whose earlier result stands.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    _begun: float = 0.0

    def start(self) -> None:
        """Begin to measure a step."""
        with suppress(OSError):  # Linux only: lets the peak be told step by step instead of since the start
            _RESET.write_text("5", encoding="ascii")
        self._begun = time.perf_counter()

    def finish(self, step: str) -> float:
        """End the step and return its seconds."""
        self.seconds[step] = round(time.perf_counter() - self._begun, 3)
        peak = peak_memory_mb()
        if peak is not None:
            self.peak_mb[step] = peak
        return self.seconds[step]

    def count(self, step: str, faults: Sequence[Fault]) -> None:
        """Note how many errors and warnings a step had."""
        self.warnings[step] = sum(fault.severity != "提示" for fault in faults)

    def write(self, plan: Plan) -> None:
        """Write ``work/run.json``; durations of steps that did not run this time are kept for the next estimate."""
        usual = {**read_durations(plan), **self.seconds}
        content = {
            "seconds": self.seconds,
            "kept": self.kept,
            "warnings": self.warnings,
            "peak_memory_mb": max(self.peak_mb.values(), default=peak_memory_mb()),
            "peak_memory_mb_by_step": self.peak_mb,
            "usual_seconds": usual,
        }
        replace_text(plan.output / _RUN, json.dumps(content, ensure_ascii=False, indent=1))


def read_durations(plan: Plan) -> dict[str, float]:
    """Return how long each step took when it last ran, of those that ever did."""
    try:
        content: Any = json.loads((plan.output / _RUN).read_text(encoding="utf-8"))
        return {str(step): float(seconds) for step, seconds in content["usual_seconds"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process in MB, or None where it cannot be told."""
    if _STATUS.exists():
        # Linux counts the parent's memory into ru_maxrss of a process started from it; VmHWM is our own.
        high = next(
            line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM")
        )
        return round(int(high.split()[1]) / 1024, 1)
    try:
        import resource  # POSIX only; on Windows the figure is left out rather than guessed
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
