"""What the console shows: the progress of a run, and its faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipeline.cli.faultlist import print_counts, print_faults

if TYPE_CHECKING:
    from layers.faults import Fault

__all__ = ["Bar", "print_counts", "print_faults"]


class Bar:
    """Progress of a run: one bar over all steps, the current step named, and the time left.

    The time left goes by how long each step took when the plan was last run; before that by shares measured on
    the sample.
    """

    # Share of the whole run by step, measured on the sample plan; only the first estimate depends on it.
    _SHARE: ClassVar = {"load": 8, "network": 6, "scope": 5, "coverage": 6, "deliver": 60}

    def __init__(self, console: Console, steps: Sequence[tuple[str, str]]) -> None:
        self._weights: dict[str, float] = {name: float(self._SHARE.get(name, 2)) for name, _ in steps}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=False,
            disable=console.quiet,
        )
        self._task: TaskID | None = None
        self._done = 0.0
        self._kept = 0.0
        self._step = self._current = ""

    def __enter__(self) -> Bar:
        self._progress.start()
        self._task = self._progress.add_task("准备", total=sum(self._weights.values()), left="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _update(self, part: float, what: str = "") -> None:
        assert self._task is not None
        task = self._progress.tasks[0]
        total = sum(self._weights.values())
        worked, rest = self._done - self._kept + part, total - self._done - part
        left = ""
        if task.elapsed and worked > 0:
            seconds = task.elapsed * rest / worked
            left = f"约剩 {seconds:.0f} 秒" if seconds >= 1 else ""
        self._progress.update(
            self._task, completed=self._done + part, total=total, left=left,
            description=what or str(task.description),
        )  # fmt: skip

    def expect(self, seconds: dict[str, float]) -> None:
        """Take the weights of steps from how long they took the last time, once all are known."""
        if seconds.keys() >= self._weights.keys():
            self._weights = {name: max(seconds[name], 0.01) for name in self._weights}

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """Name the step that begins."""
        self._step, self._current = step, title
        self._done = sum(list(self._weights.values())[:index])
        self._update(0.0, f"[{index + 1}/{count}] {title}")

    def advance(self, done: int, total: int, what: str) -> None:
        """Move within the current step."""
        part = self._weights[self._step] * done / max(total, 1)
        self._update(part, f"{self._current}：{escape(what)}")

    def finish(self, step: str, seconds: float) -> None:
        """Close the step."""
        self._update(self._weights[step])

    def keep(self, step: str, title: str, index: int, count: int) -> None:
        """Move over a step whose earlier result stands; it tells nothing of how fast the others are."""
        self._done = sum(list(self._weights.values())[: index + 1])
        self._kept += self._weights[step]
        self._update(0.0, f"[{index + 1}/{count}] {title}：沿用")

    def tell(self, text: str) -> None:
        """Print above the bar why a step runs again."""
        if not self._progress.disable:
            self._progress.console.print(escape(text), style="dim", highlight=False, soft_wrap=True)

    def remark(self, faults: Sequence[Fault]) -> None:
        """Leave remarks to the end of the run."""
