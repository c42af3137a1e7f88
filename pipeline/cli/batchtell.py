"""What ``haoshequ batch`` tells: progress with time left or one JSON line an event, and the report at the end."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.batch.job import DONE, FAILED, STATES, Job, Record

if TYPE_CHECKING:
    from pipeline.batch.city.split import Split
    from pipeline.batch.finding import Found
    from pipeline.batch.report import Report
    from pipeline.batch.summary.summary import Summary

_STYLE = {FAILED: "bold red", "中断": "yellow", "未运行": "yellow", DONE: "green", "跳过": "dim"}
# So many of a kind are listed on the console; the report has all.
_SHOWN = 20


class Teller(AbstractContextManager["Teller"]):
    """Tells nothing; knows how far the batch is.

    Attributes
    ----------
    left : expected seconds until the end at the pace so far; None before the first plan is done.
    """

    def __init__(self, jobs: list[Job]) -> None:
        self._weights = {job.path: job.weight for job in jobs}
        self._total = sum(self._weights.values())
        self._passed = 0.0
        self._begun = time.perf_counter()
        self.ended = 0

    def __exit__(self, *_: object) -> None:
        return None

    @property
    def seconds(self) -> float:
        """Time since the batch began."""
        return time.perf_counter() - self._begun

    @property
    def left(self) -> float | None:
        """Expected seconds until the end: what is left of the weight at the pace of what has passed."""
        if not self._passed:
            return None
        return self.seconds * (self._total - self._passed) / self._passed

    def begin(self, job: Job) -> None:
        """Ignore."""

    def finish(self, record: Record) -> None:
        """Count the plan."""
        self.ended += record.path in self._weights
        self._passed += self._weights.get(record.path, 0.0)

    def retry(self, job: Job, reason: str) -> None:
        """Ignore."""


class Lines(Teller):
    """One JSON line an event on the output stream."""

    def begin(self, job: Job) -> None:
        """Say that a plan begins."""
        print_event("begin", path=job.path, id=job.id, title=job.title)

    def finish(self, record: Record) -> None:
        """Say what became of a plan."""
        super().finish(record)
        left = None if self.left is None else round(self.left, 1)
        print_event("finish", **record.as_dict(), ended=self.ended, total=len(self._weights), left_s=left)

    def retry(self, job: Job, reason: str) -> None:
        """Say that a plan will be tried again."""
        print_event("retry", path=job.path, id=job.id, reason=reason)


class Line(Teller):
    """One line that moves: how many are done, which are being worked at, how long it will take."""

    def __init__(self, console: Console, jobs: list[Job]) -> None:
        super().__init__(jobs)
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._console = console
        self._busy: dict[str, str] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.completed}/{task.total} 个方案"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        self._task = self._progress.add_task("", total=len(jobs))

    def __enter__(self) -> Line:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, job: Job) -> None:
        """Name the plan among those being worked at."""
        self._busy[job.path] = job.id
        self._show()

    def finish(self, record: Record) -> None:
        """Move the bar; a failure gets a line of its own at once."""
        super().finish(record)
        self._busy.pop(record.path, None)
        if record.state == FAILED:
            name = record.id or record.path
            self._console.print(f"失败：{name}：{record.reason}", style=_STYLE[FAILED], markup=False)
        self._show()

    def retry(self, job: Job, reason: str) -> None:
        """Say why a plan is begun again."""
        self._busy.pop(job.path, None)
        self._console.print(f"{job.id}：{reason}，稍后重试", style="yellow", markup=False)
        self._show()

    def _show(self) -> None:
        left = "" if self.left is None or self.left < 1 else f"约剩 {_say_time(self.left)}　"
        busy = "、".join(list(self._busy.values())[:3]) + ("……" if len(self._busy) > 3 else "")
        self._progress.update(self._task, completed=self.ended, description=escape(left + busy))


def choose_teller(console: Console, found: Found, *, quiet: bool, as_json: bool) -> Teller:
    """Return what tells the progress of a batch."""
    if as_json:
        print_event(
            "start", total=len(found.jobs) + len(found.failed) + len(found.unchanged), to_run=len(found.jobs)
        )
        return Lines(found.jobs)
    return Teller(found.jobs) if quiet or not found.jobs else Line(console, found.jobs)


def print_event(event: str, *, file: TextIO | None = None, **more: Any) -> None:
    """Print one event as a JSON line, at once."""
    typer.echo(json.dumps({"event": event, **more}, ensure_ascii=False), file=file)


def print_found(console: Console, found: Found) -> None:
    """Say how many plans there are, and what of the folders is none."""
    from pipeline.cli.faultlist import print_faults

    total = len(found.jobs) + len(found.failed) + len(found.unchanged)
    parts = [f"方案 {total} 个"]
    parts += [f"需要运行 {len(found.jobs)} 个"] if found.jobs else []
    parts += [f"没有变化 {len(found.unchanged)} 个"] if found.unchanged else []
    parts += [f"配置有误 {len(found.failed)} 个"] if found.failed else []
    console.print("，".join(parts), highlight=False)
    if found.left:
        names = "、".join(path.name for path in found.left[:_SHOWN])
        console.print(
            f"不是方案配置，略过 {len(found.left)} 个：{names}", style="dim", highlight=False, markup=False
        )
    print_faults(console, found.remarks, report=False)


def print_report(console: Console, report: Report) -> None:
    """Print what became of the plans: counts, then one line a plan that needs a hand."""
    wrong = [record for record in report.records if record.state == FAILED]
    remarked = [record for record in report.records if record.state == DONE and record.reason]
    if wrong or remarked:
        table = Table(title="需要处理的方案", title_justify="left", pad_edge=False)
        for name in ("方案", "状态", "代码", "原因"):
            table.add_column(name, overflow="fold")
        for record in [*wrong, *remarked][:_SHOWN]:
            cells = (record.id or record.path, record.state, "、".join(record.codes), record.reason)
            table.add_row(*map(escape, cells), style=_STYLE[record.state])
        console.print(table)
        if len(wrong) + len(remarked) > _SHOWN:
            console.print(f"另有 {len(wrong) + len(remarked) - _SHOWN} 个，见报告", highlight=False)
    counts = "　".join(f"{state} {report.counts[state]}" for state in STATES if report.counts[state])
    console.print(f"{counts or '没有方案'}，用时 {_say_time(report.seconds)}", highlight=False, style="bold")
    for path in report.files:
        console.print(f"报告：{path}", highlight=False, soft_wrap=True, markup=False)


def print_split(console: Console, split: Split) -> None:
    """Say what was made of a city's layers, and what of it needs a look."""
    console.print(
        f"社区方案 {len(split.configs)} 个：新写 {split.written} 个，没有变化 {split.same} 个，文件夹 {split.folder}",
        highlight=False,
        soft_wrap=True,
    )  # fmt: skip
    for remark in split.remarks[:_SHOWN]:
        console.print(remark, style="yellow", highlight=False, soft_wrap=True, markup=False)
    if len(split.remarks) > _SHOWN:
        console.print(f"另有 {len(split.remarks) - _SHOWN} 条，见 {split.record}", highlight=False)


def print_summary(console: Console, summary: Summary) -> None:
    """Say where the summary of the city is and which plans it lacks."""
    for path in summary.files:
        console.print(f"汇总：{path}", highlight=False, soft_wrap=True, markup=False)
    if summary.missing:
        names = "、".join(summary.missing[:_SHOWN]) + ("……" if len(summary.missing) > _SHOWN else "")
        console.print(
            f"没有成果、未计入汇总的方案 {len(summary.missing)} 个：{names}", style="yellow", markup=False
        )


def _say_time(seconds: float) -> str:
    """Return a time as people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} 秒"
    if whole < 3600:
        return f"{whole // 60} 分 {whole % 60:02d} 秒"
    return f"{whole // 3600} 小时 {whole % 3600 // 60:02d} 分"
