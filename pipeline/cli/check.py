"""``haoshequ check``: read and validate everything, write nothing but the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import PlanFile

if TYPE_CHECKING:
    from layers.faults import Fault


def check(
    plan_file: PlanFile,
    every: Annotated[bool, typer.Option("--all", help="列出全部问题，不只每类的前几条")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出问题、数据账和报告位置")] = False,
) -> int:
    """Check a plan's inputs; exit 0 when it can be run, 1 when it has faults."""
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.cli.faultlist import print_counts, print_faults, print_report_path
    from pipeline.plan import load_plan

    console = Console()
    try:
        plan = load_plan(plan_file)
    except PlanFaults as error:
        if as_json:
            _print_json(error.faults)
            return 1
        print_faults(console, error.faults, every=every, report=False)
        print_counts(console, error.faults)
        return 1
    from pipeline.engine.check import check_plan

    found = check_plan(plan)
    if as_json:
        accounts: list[dict[str, object]] = found.accounts.to_dict("records")
        _print_json(found.faults, accounts=accounts, report=str(found.report) if found.report else None)
        return 0 if found.sound else 1
    severities, written = ("错误", "警告", "提示"), found.report is not None
    print_faults(console, found.faults, severities=severities, every=every, report=written)
    print_counts(console, found.faults)
    print_report_path(console, found.report)
    if not found.sound:
        console.print("方案有错误，修改后再运行。", style="bold red")
        return 1
    console.print("可以运行。", style="bold green")
    return 0


def _print_json(
    faults: Sequence[Fault], *, accounts: Sequence[dict[str, object]] = (), report: str | None = None
) -> None:
    import json

    content = {
        "sound": not any(fault.severity == "错误" for fault in faults),
        "report": report,
        "faults": [fault.as_dict() for fault in faults],
        "files": list(accounts),
    }
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
