"""Faults on the console: how many of which kind, then the first of each with place and remedy; any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from layers.faults import CODES, Fault

STYLE = {"错误": "bold red", "警告": "yellow", "提示": "dim"}
# The console shows this many of a code; --all shows every one, and the report always has them.
_SHOWN = {"错误": 10, "警告": 5, "提示": 2}
# Of what no report will hold.
_SHOWN_ALONE = 60
# So few need no counting before they are listed.
_FEW = 6


def print_faults(
    console: Console,
    faults: Sequence[Fault],
    *,
    severities: Sequence[str] = ("错误", "警告"),
    every: bool = False,
    report: bool = True,
    rest_in: str = "质检报告",
) -> None:
    """Print faults grouped by severity and code, worst first.

    Parameters
    ----------
    every : list all of them, not only the first of each code.
    report : whether a quality report holds what the console leaves out.
    rest_in : what that report is.
    """
    groups = _group(faults, severities)
    count = sum(len(group) for group in groups.values())
    if not count:
        return
    if count > _FEW:
        console.print(_count_groups(groups))
    for (severity, code), group in groups.items():
        console.print(
            f"{severity} {code} {CODES.get(code, '')}（{len(group)} 条）",
            style=STYLE[severity],
            highlight=False,
            markup=False,
        )
        most = _SHOWN[severity] if report else _SHOWN_ALONE
        shown = group if every else group[:most]
        # What all of a kind have in common is said once.
        action = shown[0].action if len({fault.action for fault in shown}) == 1 else None
        remedy = shown[0].remedy if len({fault.remedy for fault in shown}) == 1 else None
        for fault in shown:
            _print_one(console, fault, action=action is None, remedy=remedy is None)
        _print_lines(console, ("处理：", action or ""), ("修改：", remedy or ""), indent=2)
        if len(group) > len(shown):
            rest = f"见{rest_in}" if report else "改正以上各条后重新运行可见"
            console.print(
                f"  另有 {len(group) - len(shown)} 条，{rest}", style=STYLE[severity], highlight=False
            )


def _group(faults: Sequence[Fault], severities: Sequence[str]) -> dict[tuple[str, str], list[Fault]]:
    """Return faults by severity and code: severities worst first, codes in order, faults as they were found."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    rank = {severity: index for index, severity in enumerate(STYLE)}
    for fault in sorted(faults, key=lambda fault: (rank[fault.severity], fault.code)):
        if fault.severity in severities:
            groups.setdefault((fault.severity, fault.code), []).append(fault)
    return groups


def _count_groups(groups: dict[tuple[str, str], list[Fault]]) -> Table:
    table = Table(pad_edge=False)
    for name in ("级别", "代码", "说明"):
        table.add_column(name, no_wrap=name != "说明", overflow="fold")
    table.add_column("条数", justify="right", no_wrap=True)
    table.add_column("文件数", justify="right", no_wrap=True)
    for (severity, code), group in groups.items():
        files = {fault.file for fault in group if fault.file}
        cells = (severity, code, CODES.get(code, ""), str(len(group)), str(len(files) or ""))
        table.add_row(*(escape(cell) for cell in cells), style=STYLE[severity])
    return table


def _print_one(console: Console, fault: Fault, *, action: bool, remedy: bool) -> None:
    row = f"第 {fault.row} 行" if fault.row.isdigit() else fault.row
    where = " · ".join(
        part
        for part in (fault.file, fault.layer, row, fault.field, f"值“{fault.value}”" if fault.value else "")
        if part
    )
    _print_lines(console, ("", where), indent=2)
    said = ("处理：", fault.action if action else ""), ("修改：", fault.remedy if remedy else "")
    _print_lines(console, ("", fault.problem), *said, indent=4)


def _print_lines(console: Console, *lines: tuple[str, str], indent: int) -> None:
    for mark, text in lines:
        if text:
            console.print(Padding(escape(mark + text), (0, 0, 0, indent), expand=False), highlight=False)


def print_counts(console: Console, faults: Sequence[Fault]) -> None:
    """Print how many faults there are of each severity."""
    counts = Counter(fault.severity for fault in faults)
    console.print("　".join(f"{name} {counts.get(name, 0)} 条" for name in STYLE), highlight=False)


def print_report_path(console: Console, report: Path | None) -> None:
    """Say where the full report is, and the map of its places beside it."""
    if report is None:
        return
    console.print(f"质检报告：{report}", highlight=False, soft_wrap=True, markup=False)
    places = report.with_suffix(".gpkg")
    if places.is_file():
        console.print(f"问题位置（QGIS 可直接打开）：{places}", highlight=False, soft_wrap=True, markup=False)
