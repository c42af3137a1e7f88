"""What the console shows: the fault table and the progress of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from layers.faults import Fault

_STYLE = {"错误": "bold red", "警告": "yellow", "提示": "dim"}
# The console shows this many rows; the report file, where there is one, has all of them.
_SHOWN = 60


def print_faults(
    console: Console,
    faults: Sequence[Fault],
    *,
    severities: Sequence[str] = ("错误", "警告"),
    report: bool = True,
) -> None:
    """Print faults as a table: code, where, what is wrong, how to mend it.

    Parameters
    ----------
    severities : those shown.
    report : whether a quality report holds what the console has no room for.
    """
    chosen = [fault for fault in faults if fault.severity in severities]
    if not chosen:
        return
    table = Table(show_lines=True, expand=True, pad_edge=False)
    table.add_column("级别", no_wrap=True)
    table.add_column("代码", no_wrap=True)
    for name, ratio in (("位置", 14), ("问题", 22), ("修改建议", 16)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for fault in chosen[:_SHOWN]:
        where = " · ".join(
            part
            for part in (
                fault.file,
                fault.layer,
                fault.row,
                fault.field,
                f"值“{fault.value}”" if fault.value else "",
            )
            if part
        )
        cells = (fault.severity, fault.code, where, fault.problem, fault.remedy)
        table.add_row(*(escape(cell) for cell in cells), style=_STYLE[fault.severity])
    console.print(table)
    if len(chosen) > _SHOWN:
        rest = "见质检报告" if report else "改正以上各条后重新运行可见"
        console.print(f"另有 {len(chosen) - _SHOWN} 条，{rest}。")


def print_counts(console: Console, faults: Sequence[Fault]) -> None:
    """Print how many faults there are of each severity."""
    counts = Counter(fault.severity for fault in faults)
    console.print("　".join(f"{name} {counts.get(name, 0)} 条" for name in _STYLE), highlight=False)


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
