"""What ``haoshequ inspect`` shows: facts, verdict, ranked readings with their numbers, faults; or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layers.faults import Fault
from layers.read.inspection import Inspection, Suggestion
from pipeline.cli.lookup import Finding
from pipeline.cli.reference import Reference, describe_ground
from pipeline.cli.show import print_faults

_STYLE = {"good": "bold green", "mended": "bold yellow", "refused": "bold red"}
_SHOWN = 5
_ALL = ("错误", "警告", "提示")


def print_findings(
    console: Console, findings: Sequence[Finding], reference: Reference, faults: Sequence[Fault]
) -> None:
    """Print one block a file or layer.

    Parameters
    ----------
    faults : those of what the files are compared with.
    """
    bad = sum(fault.severity == "错误" for fault in faults)
    if bad and reference.plan is not None:
        console.print(
            f"方案的参照文件有 {bad} 处错误，比对可能不全；先用 haoshequ check 改正", style="yellow"
        )
    for item in findings:
        console.rule(escape(item.name), align="left", characters="─")
        console.print(describe_ground(item.ground), highlight=False, style="dim")
        if item.inspection is None:
            console.print("读不了这个文件：原因见下表", style=_STYLE["refused"])
        else:
            _print_inspection(console, item.kind, item.inspection)
        # What the verdict has said already is not said again.
        told = [
            fault for fault in item.faults if fault.severity != "提示" or not fault.code.startswith("HSQ-X05")
        ]
        print_faults(console, told, severities=_ALL, report=False)


def _print_inspection(console: Console, kind: str, found: Inspection) -> None:
    kinds = "、".join(f"{name} {count}" for name, count in found.kinds.items()) or "没有图形"
    facts = [f"格式 {kind}，{found.rows} 行，有坐标的 {found.placed} 行（{kinds}）"]
    if found.bounds is not None:
        west, south, east, north = (f"{value:.8g}" for value in found.bounds)
        facts.append(f"数值 x {west} 至 {east}，y {south} 至 {north}：{found.look}")
        facts.append(f"文件声明 {found.claim or '没有坐标系声明（缺 .prj 或 crs）'}")
    if found.declared:
        facts.append(f"已指定 {found.declared}")
    for line in facts:
        console.print(line, highlight=False, markup=False)
    console.print(found.verdict, style=_STYLE[found.state], highlight=False, markup=False)
    if found.evidence and found.evidence not in found.verdict:
        console.print(f"依据：{found.evidence}", highlight=False, markup=False)
    if found.suggestions:
        console.print(_tabulate(found.suggestions))


def _tabulate(suggestions: Sequence[Suggestion]) -> Table:
    table = Table(title="读法，按可能性排列", title_justify="left", pad_edge=False)
    for name in ("", "读法", "依据", "配置中写"):
        table.add_column(name, overflow="fold")
    for rank, item in enumerate(suggestions[:_SHOWN], start=1):
        cells = (str(rank), item.label, describe_numbers(item) or "—", item.line)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def describe_numbers(item: Suggestion) -> str:
    """Return the numbers behind a suggestion, Chinese."""
    parts = []
    if item.inside is not None:
        parts.append(f"{item.inside:.0%} 在边界内")
    if item.distance_m is not None:
        parts.append(f"最近处距参照 {item.distance_m:.0f} m")
    if item.offset_m:
        parts.append(f"偏移 {item.offset_m:.0f} m（{item.direction}）")
    if item.strength is not None:
        gain = (
            "" if item.gain is None else f"（比原样{'高' if item.gain >= 0 else '低'} {abs(item.gain):.2f}）"
        )
        parts.append(f"吻合度 {item.strength:.2f}{gain}")
    return "，".join(parts)


def to_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON: one object a file or layer."""
    return json.dumps(
        [
            {
                "file": item.name,
                "format": item.kind,
                "reference": describe_ground(item.ground),
                "usable": item.usable,
                "coordinates": None if item.inspection is None else asdict(item.inspection),
                "faults": [fault.as_dict() for fault in item.faults],
            }
            for item in findings
        ],
        ensure_ascii=False,
        indent=2,
    )
