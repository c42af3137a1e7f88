"""``haoshequ plan``: what a run would do and why; writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import PlanFile

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.engine.changes import Change
    from pipeline.engine.forecast import Forecast

HELP = "预告：如果现在运行，哪些阶段要重算、为什么；不写任何文件"
_SHOWN = 5
_STYLE = {"沿用": "dim", "重算": "bold yellow", "视上游": "cyan"}


def plan(
    plan_file: PlanFile,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> int:
    """Say what a run would do; exit 0, or 1 when the inputs could not be used."""
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.cli.faultlist import print_counts, print_faults
    from pipeline.engine.last import find_current
    from pipeline.plan import load_plan

    console = Console()
    try:
        given = load_plan(plan_file)
        if find_current(given) is not None and not as_json:
            console.print("没有改动，成果已是最新：现在运行不会重算任何内容。", style="bold green")
            return 0
        from pipeline.engine.forecast import forecast_plan

        found = forecast_plan(given)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        print_counts(console, error.faults)
        console.print("输入有错误，现在运行不会写出成果；修改后再运行。", style="bold red")
        return 1
    if as_json:
        _print_json(found)
        return 0
    _print_forecast(found, console)
    return 0


def _print_forecast(found: Forecast, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    if found.running:
        console.print("注意：这个方案正由另一个进程运行，以下情况随时会变。", style="yellow")
    if found.changes or found.same:
        console.print("输入的改动", style="bold")
        for change in found.changes:
            console.print(f"  {_tell_change(change)}", highlight=False, soft_wrap=True, markup=False)
        for name in found.same:
            console.print(f"  {name}：文件有改动，读出的内容没有变化", highlight=False, markup=False)
    table = Table(pad_edge=False)
    table.add_column("阶段", no_wrap=True)
    table.add_column("如果现在运行", no_wrap=True)
    table.add_column("原因", overflow="fold")
    for step in found.steps:
        table.add_row(step.title, Text(step.state, style=_STYLE[step.state]), Text("；".join(step.why)))
    console.print(table)
    due = sum(step.state == "重算" for step in found.steps)
    maybe = sum(step.state == "视上游" for step in found.steps)
    kept = len(found.steps) - due - maybe
    told = f"重算 {due} 个阶段，视上游结果而定 {maybe} 个，沿用 {kept} 个"
    if found.seconds is not None:
        told += f"；按上次用时，最多约 {found.seconds:.0f} 秒"
    console.print(f"{told}。没有写任何文件。", highlight=False)


def _tell_change(change: Change) -> str:
    """Return the rows of a file that differ, as ``设施台账.xlsx：设施 改 3 行（…）``."""
    parts = [
        f"{word} {len(ids)} 行（{'、'.join(ids[:_SHOWN])}{'……' if len(ids) > _SHOWN else ''}）"
        for word, ids in (("改", change.changed), ("增", change.added), ("删", change.removed))
        if ids
    ]
    fields = f"；改动的字段：{'、'.join(change.fields)}" if change.fields else ""
    return f"{change.file or change.layer}：{change.layer} {'，'.join(parts)}{fields}"


def _print_json(found: Forecast) -> None:
    import json
    from dataclasses import asdict

    content = asdict(found)
    content["faults"] = [fault.as_dict() for fault in found.faults]
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
