"""``haoshequ check``: read and validate everything, write nothing but the report."""

from __future__ import annotations

from pipeline.cli.options import PlanFile


def check(plan_file: PlanFile) -> int:
    """Check a plan's inputs; exit 0 when it can be run, 1 when it has faults."""
    from rich.console import Console

    from layers.faults import Fault, FaultLog, PlanFaults, refuse_write
    from pipeline.cli.show import print_counts, print_faults
    from pipeline.plan import load_plan

    console = Console()
    try:
        plan = load_plan(plan_file)
    except PlanFaults as error:
        print_faults(console, error.faults)
        print_counts(console, error.faults)
        return 1
    from pipeline.deliver.quality import quality_rows, write_quality
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
    root = plan.output / "检查"
    try:
        item = write_quality(quality_rows(faults, stage=load.title, crs=None), plan, root)
    except OSError as error:
        faults = (*faults, refuse_write(error, root, action="没有写出质检报告"))
        item = None
    print_faults(console, faults, severities=("错误", "警告", "提示"))
    print_counts(console, faults)
    if item is not None:
        console.print(f"质检报告：{root / item.path}", highlight=False, soft_wrap=True)
    if any(fault.severity == "错误" for fault in faults):
        console.print("方案有错误，修改后再运行。", style="bold red")
        return 1
    console.print("可以运行。", style="bold green")
    return 0
