"""``haoshequ explain``: where a need, resource, match, site, project, phase or amount of the last run comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.options import PlanFile

HELP = "追溯一个编号：需求、资源、匹配、布局、项目、分期或资金从何而来"
_WIDEST = 100


def explain(
    plan_file: PlanFile,
    number: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="编号，如项目 A01、需求 XQ01、资源 ZY01、匹配 'XQ01|ZY01'、分期 一期、资金 'A01|ZY16'",
            show_default=False,
        ),
    ],
) -> int:
    """Trace one id back to its factors; exit 0 when told, 1 when there is no such id or no run."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from layers.faults import PlanFaults
    from pipeline.cli.faultlist import print_faults
    from pipeline.plan import load_plan

    console = Console()
    width = min(console.width, _WIDEST)
    try:
        plan = load_plan(plan_file)
        from pipeline.explain import account, open_records

        records = open_records(plan)
        sections = account(records, number)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        return 1
    if records.old:
        console.print("注意：配置、输入文件或程序在上次运行后有改动，以下是上次运行的结果。", style="yellow")
    for index, section in enumerate(sections):
        if index:
            console.print()
        console.print(Text(section.title, style="bold"), width=width)
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(justify="left", style="cyan", max_width=22, overflow="fold")
        grid.add_column(overflow="fold")
        for label, text in section.lines:
            grid.add_row(Text(f"  {label}"), Text(text))
        console.print(grid, width=width)
    return 0
