"""``haoshequ run``: prepare → run the engine → say what was made."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.options import PlanFile


def run(
    plan_file: PlanFile,
    since: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="从此阶段开始，之前的结果取自 work/")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="STAGE", help="运行到此阶段为止（含）")
    ] = None,
) -> int:
    """Run a plan; exit 0 when done, 1 when the plan has faults."""
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.cli.faultlist import print_counts, print_faults, print_report_path
    from pipeline.cli.rulings import print_verdicts
    from pipeline.cli.show import Bar
    from pipeline.cli.stages import check_step
    from pipeline.plan import load_plan

    console = Console()
    try:
        plan = load_plan(plan_file)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        return 1
    from pipeline.engine.run import STEPS, run_plan

    check_step(since, "--from", STEPS)
    check_step(until, "--until", STEPS)
    names = [name for name, _ in STEPS]
    if since and until and names.index(since) > names.index(until):
        raise typer.BadParameter(f"--from {since} 在 --until {until} 之后")
    try:
        with Bar(console, STEPS) as bar:
            outcome = run_plan(plan, since=since, until=until, progress=bar)
    except PlanFaults as error:
        print_faults(console, error.faults, report=error.report is not None)
        print_counts(console, error.faults)
        print_report_path(console, error.report)
        console.print("方案有错误，没有写出成果；修改后重新运行。", style="bold red")
        return 1
    assert outcome.quality is not None
    counts = outcome.quality["severity"].value_counts()
    console.print(
        "质检：" + "　".join(f"{k} {counts.get(k, 0)} 条" for k in ("错误", "警告", "提示")), highlight=False
    )
    decided = outcome.frames["decision"]["state"].value_counts()
    if len(decided):
        told = "　".join(f"{state} {count} 条" for state, count in decided.items())
        console.print(f"人工决策：{told}", highlight=False)
    if outcome.form is not None:
        console.print(f"可改定的判定：{outcome.form}", highlight=False, soft_wrap=True)
    if outcome.handin is None:
        console.print(f"已运行到 {until}，中间结果在 {plan.output / 'work'}", highlight=False, soft_wrap=True)
        print_report_path(console, outcome.report)
        return 0
    handin = outcome.handin
    console.print(
        f"完成：{len(handin.items)} 项成果，{sum(outcome.seconds.values()):.1f} 秒", highlight=False
    )
    for fault in handin.faults:
        if fault.severity == "错误":
            console.print(f"[{fault.code}] {fault.problem}", style="bold red", markup=False)
    if outcome.audit is not None:
        print_verdicts(console, outcome.audit)
    console.print(f"成果：{handin.swapped.folder}", highlight=False, soft_wrap=True)
    return 0
