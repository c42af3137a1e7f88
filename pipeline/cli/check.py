"""``haoshequ check``: read and validate everything, write nothing but the report."""

from __future__ import annotations

from pipeline.cli.options import PlanFile


def check(plan_file: PlanFile) -> int:
    """Check a plan's inputs; exit 0 when it can be run, 1 when it has faults."""
    from rich.console import Console

    from layers.faults import Fault, FaultLog, PlanFaults
    from pipeline.cli.show import print_counts, print_faults
    from pipeline.plan import load_plan

    console = Console()
    try:
        plan = load_plan(plan_file)
    except PlanFaults as error:
        print_faults(console, error.faults)
        print_counts(console, error.faults)
        return 1
    from pipeline.deliver.quality import write_quality
    from pipeline.engine.store import quality_frame
    from pipeline.stages import STAGES
    from pipeline.stages.base import Given

    load = STAGES[0]
    given = Given(plan, {}, FaultLog())
    faults: tuple[Fault, ...]
    try:
        load(given)
        faults = tuple(given.log.faults)
    except PlanFaults as error:
        faults = error.faults
    report = plan.output / "检查" / "数据质检.xlsx"
    report.parent.mkdir(parents=True, exist_ok=True)
    write_quality(report, quality_frame({load.title: list(faults)}, crs=None), plan)
    print_faults(console, faults, severities=("错误", "警告", "提示"))
    print_counts(console, faults)
    console.print(f"质检报告：{report}", highlight=False, soft_wrap=True)
    if any(fault.severity == "错误" for fault in faults):
        console.print("方案有错误，修改后再运行。", style="bold red")
        return 1
    console.print("可以运行。", style="bold green")
    return 0
