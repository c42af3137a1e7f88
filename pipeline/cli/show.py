"""What the console shows: the progress of a run, and its faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipeline.cli.faultlist import print_counts, print_faults

__all__ = ["Bar", "print_counts", "print_faults"]


class Bar:
    """Progress of a run: one bar over all steps, the current step named, time left from steps done.

    The time left is an estimate: each step has a share of the whole measured on the sample.
    """

    # Share of the whole run by step, measured on the sample plan; only the estimate depends on it.
    _SHARE: ClassVar = {"load": 8, "network": 6, "scope": 5, "coverage": 6, "deliver": 60}

    def __init__(self, console: Console, steps: Sequence[tuple[str, str]]) -> None:
        self._weights = {name: self._SHARE.get(name, 2) for name, _ in steps}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=False,
        )
        self._task: TaskID | None = None
        self._done = 0.0
        self._current = ""

    def __enter__(self) -> Bar:
        self._progress.start()
        self._task = self._progress.add_task("准备", total=sum(self._weights.values()), left="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _update(self, part: float, what: str = "") -> None:
        assert self._task is not None
        completed = self._done + part
        task = self._progress.tasks[0]
        left = ""
        if task.elapsed and completed > 0:
            seconds = task.elapsed * (sum(self._weights.values()) - completed) / completed
            left = f"约剩 {seconds:.0f} 秒" if seconds >= 1 else ""
        self._progress.update(
            self._task, completed=completed, left=left, description=what or str(task.description)
        )

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """Name the step that begins."""
        self._current = title
        self._done = float(sum(list(self._weights.values())[:index]))
        self._update(0.0, f"[{index + 1}/{count}] {title}")

    def advance(self, done: int, total: int, what: str) -> None:
        """Move within the current step."""
        weight = self._weights["deliver"]
        self._update(weight * done / max(total, 1), f"{self._current}：{escape(what)}")

    def finish(self, step: str, seconds: float) -> None:
        """Close the step."""
        self._update(self._weights[step])
