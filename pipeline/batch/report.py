"""The report of a batch: what was done, skipped and failed, why, how long and in how much memory; xlsx and JSON."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from layers.faults import Fault, refuse_write
from pipeline.batch.job import DONE, FAILED, NOT_RUN, STATES, Record

NAME = "批量运行"
# What stands before the ending of a file that is written beside one another program holds open.
_BESIDE = ".新"
# What the rows are read by first: what needs a hand.
_ORDER = {state: rank for rank, state in enumerate((FAILED, "中断", NOT_RUN, DONE, "跳过"))}
_HEADS = (
    ("方案标识", 30), ("项目名称", 44), ("状态", 8), ("原因", 70), ("错误代码", 18), ("用时（秒）", 11),
    ("内存峰值（MB）", 14), ("成果文件数", 11), ("运行次数", 9), ("配置文件", 60), ("结果文件夹", 60),
)  # fmt: skip
_COLOURS = {FAILED: "#F8CBAD", "中断": "#FFE699", NOT_RUN: "#EDEDED"}


@dataclass(frozen=True)
class Report:
    """What became of all plans of a batch.

    Attributes
    ----------
    records : of every plan, those that need a hand first.
    seconds : wall clock time of the batch.
    workers : how many worked at a time; 0 where nothing had to run.
    files : where the report is; those of it that could not be written are not among them.
    remarks : a fault for each file that is not where it should be; none stops anything.
    """

    records: list[Record]
    seconds: float
    workers: int
    files: tuple[Path, ...] = ()
    remarks: tuple[Fault, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many plans are in each state, all states named."""
        found = Counter(record.state for record in self.records)
        return {state: found.get(state, 0) for state in STATES}

    @property
    def sound(self) -> bool:
        """Whether every plan is done or had nothing to do."""
        return not any(self.counts[state] for state in STATES if state not in (DONE, "跳过"))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        done = [record for record in self.records if record.state == DONE]
        times = [record.seconds for record in done if record.seconds is not None]
        peaks = [record.peak_mb for record in self.records if record.peak_mb is not None]
        return {
            "counts": self.counts,
            "seconds": round(self.seconds, 2),
            "workers": self.workers,
            "plans_per_minute": round(60 * len(done) / self.seconds, 2) if done and self.seconds else None,
            "median_plan_seconds": round(median(times), 2) if times else None,
            "peak_memory_mb": max(peaks, default=None),
            "plans": [record.as_dict() for record in self.records],
        }


def sort_records(records: Sequence[Record]) -> list[Record]:
    """Return the records, those that need a hand first, then by config."""
    return sorted(records, key=lambda record: (_ORDER[record.state], record.path))


def choose_folder(records: Sequence[Record]) -> Path:
    """Return where the report goes: the folder that all results lie under, or the working one."""
    outputs = [str(Path(record.output).parent) for record in records if record.output]
    try:
        return Path(os.path.commonpath(outputs)) if outputs else Path()
    except ValueError:  # on several drives of Windows
        return Path()


def write_report(report: Report, folder: Path) -> Report:
    """Write the report as xlsx and JSON, each replacing the earlier one whole; return it with what came of that.

    The plans are done by then, so nothing is raised: a file that another program holds open is written beside
    it under another name, and what cannot be written at all is left out. Both are told in ``remarks``.
    """
    files: list[Path] = []
    remarks: list[Fault] = []
    for name, write in ((f"{NAME}.json", _write_json), (f"{NAME}.xlsx", _write_book)):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files.append(_write_whole(report, path, write))
        except OSError as error:
            remarks.append(_remark(error, path, "没有写出这一报告；各方案的成果不受影响"))
            continue
        if files[-1] != path:
            held = PermissionError(errno.EACCES, "", str(path))
            remarks.append(_remark(held, path, f"这次的报告另存为 {files[-1].name}；各方案的成果不受影响"))
    return replace(report, files=tuple(files), remarks=tuple(remarks))


def _write_whole(report: Report, path: Path, write: Callable[[Report, Path], None]) -> Path:
    """Write one file of the report and return its place: beside the earlier one where that cannot be replaced.

    Raises
    ------
    OSError
        When the disk refuses either.
    """
    fresh, beside = path.with_name(path.name + ".part"), path.with_stem(path.stem + _BESIDE)
    try:
        write(report, fresh)
        try:
            fresh.replace(path)
        except PermissionError:
            fresh.replace(beside)
            return beside
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    # Of an earlier batch: two reports side by side would not tell which is the last.
    with suppress(OSError):
        beside.unlink(missing_ok=True)
    return path


def _remark(error: OSError, path: Path, action: str) -> Fault:
    remedy = "关闭正打开它的程序，检查磁盘空间和写入权限，或用 --report 换一个文件夹"
    fault = refuse_write(error, path, action=action)
    return replace(fault, severity="警告", file=str(path), field="", remedy=remedy)


def _write_json(report: Report, path: Path) -> None:
    path.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_book(report: Report, path: Path) -> None:
    import xlsxwriter

    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with path.open("wb") as file, xlsxwriter.Workbook(file, options) as book:
        base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "border": 1}
        head = book.add_format(base | {"bold": True, "align": "center", "bg_color": "#EDEDED"})
        title = book.add_format({"font_name": "黑体", "font_size": 16})
        page = book.add_worksheet(NAME)
        told = "　".join(f"{state} {count}" for state, count in report.counts.items() if count)
        page.write_string(
            0, 0, f"批量运行：{told}，用时 {report.seconds:.0f} 秒，{report.workers} 个进程", title
        )
        page.set_row(0, 32)
        for column, (text, width) in enumerate(_HEADS):
            page.set_column(column, column, width)
            page.write_string(1, column, text, head)
        for row, record in enumerate(report.records, 2):
            look = base | ({"bg_color": _COLOURS[record.state]} if record.state in _COLOURS else {})
            form, wrapped = book.add_format(look), book.add_format(look | {"text_wrap": True})
            cells = (
                record.id, record.title, record.state, record.reason, "、".join(record.codes), record.seconds,
                record.peak_mb, record.files, record.tries, record.path, record.output,
            )  # fmt: skip
            for column, cell in enumerate(cells):
                page.write(row, column, cell, wrapped if column == 3 else form)
        page.autofilter(1, 0, 1 + len(report.records), len(_HEADS) - 1)
        page.freeze_panes(2, 1)
        page.set_landscape()
        page.set_paper(8)
        page.fit_to_pages(1, 0)
        page.repeat_rows(1)
