"""``haoshequ run``: look whether anything has changed → run what has → say what was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import PlanFile

if TYPE_CHECKING:
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.cli.events import Events
    from pipeline.deliver.tree import Swapped
    from pipeline.engine.outcome import Outcome
    from pipeline.plan import Plan

_NEVER_RAN = "HSQ-R01"


def run(
    plan_file: PlanFile,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STAGE", help="从此阶段起全部重算，没有改动的也算；之前的只重算有改动的"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="STAGE", help="运行到此阶段为止（含）")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="不显示进度和结果，只显示错误")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每行输出一个 JSON 事件，供其他程序读取")] = False,
) -> int:
    """Run a plan; exit 0 when done, 1 when the plan has faults or the new hand-in cannot be put in its place."""
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.cli.events import Events
    from pipeline.engine.last import find_current
    from pipeline.plan import load_plan

    console, events = Console(quiet=quiet), Events() if as_json else None
    try:
        plan = load_plan(plan_file)
    except PlanFaults as error:
        return _refuse(error, events)
    if since is None and until is None:
        made = find_current(plan)
        if made is not None:
            _tell_current(plan, made.summary, console, events)
            return 0
    from pipeline.cli.stages import check_step
    from pipeline.engine.run import STEPS

    check_step(since, "--from", STEPS)
    check_step(until, "--until", STEPS)
    names = [name for name, _ in STEPS]
    if since and until and names.index(since) > names.index(until):
        raise typer.BadParameter(f"--from {since} 在 --until {until} 之后")
    try:
        outcome = _run(plan, since, until, console, events)
    except PlanFaults as error:
        return _refuse(error, events, ran=error.faults[0].code != _NEVER_RAN)
    if events is not None:
        _tell_done(events, plan, outcome)
    else:
        _say_outcome(plan, outcome, until, console)
    return 0 if outcome.waiting is None else _tell_waiting(plan, outcome.waiting, events)


def _run(
    plan: Plan, since: str | None, until: str | None, console: Console, events: Events | None
) -> Outcome:
    from pipeline.cli.show import Bar
    from pipeline.engine.run import STEPS, run_plan

    if events is not None:
        return run_plan(plan, since=since, until=until, progress=events)
    with Bar(console, STEPS) as bar:
        return run_plan(plan, since=since, until=until, progress=bar)


def _refuse(error: PlanFaults, events: Events | None, *, ran: bool = False) -> int:
    """Say what keeps the plan from being run, and what became of the run if there was one."""
    from rich.console import Console

    from pipeline.cli.faultlist import print_counts, print_faults, print_report_path

    if events is not None:
        report = str(error.report) if error.report else None
        events.say("failed", faults=[fault.as_dict() for fault in error.faults], report=report)
        return 1
    console = Console()
    print_faults(console, error.faults, report=error.report is not None)
    if ran:
        print_counts(console, error.faults)
        print_report_path(console, error.report)
        console.print("方案有错误，没有写出成果；修改后重新运行。", style="bold red")
    return 1


def _tell_current(plan: Plan, summary: dict[str, int], console: Console, events: Events | None) -> None:
    folder = plan.output / "成果"
    if events is not None:
        events.say("done", state="current", folder=str(folder), summary=summary)
        return
    console.print("没有改动，成果已是最新，未作任何重算。", style="bold green")
    _say_summary(summary, console)
    console.print(f"成果：{folder}", highlight=False, soft_wrap=True)


def _tell_waiting(plan: Plan, waiting: Swapped, events: Events | None) -> int:
    """Say, quiet or not, which open files keep the new hand-in from its place."""
    from rich.console import Console

    from layers.faults import Fault
    from pipeline.cli.faultlist import print_faults

    if events is None:
        faults = [
            Fault("HSQ-D05", f"新成果已完整写出，但原成果中有文件正被其他程序打开，新成果暂放在 {waiting.folder.name}", file=str(path),
                  action=f"{plan.output / '成果'} 仍是原来的成果", remedy="关闭该文件后再运行一次，几秒即可换入，不重算")
            for path in waiting.held
        ]  # fmt: skip
        print_faults(Console(stderr=True), faults, report=False)
    return 1


def _tell_done(events: Events, plan: Plan, outcome: Outcome) -> None:
    waiting = outcome.waiting
    place = waiting.folder if waiting else plan.output / "成果"
    state = "current" if outcome.current else "made" if outcome.handin else "part"
    drawn, taken = outcome.sheets
    events.say(
        "done", state="held" if waiting else state, folder=str(place),
        held=[str(path) for path in waiting.held] if waiting else [],
        summary=outcome.summary, seconds=outcome.seconds, kept=outcome.kept, sheets_drawn=list(drawn),
        sheets_kept=list(taken), report=str(outcome.report) if outcome.report else None,
    )  # fmt: skip


def _say_summary(summary: dict[str, int], console: Console) -> None:
    counts = "　".join(f"{word} {summary.get(word, 0)} 条" for word in ("错误", "警告", "提示"))
    console.print(f"质检：{counts}", highlight=False)


def _say_outcome(plan: Plan, outcome: Outcome, until: str | None, console: Console) -> None:
    from pipeline.cli.faultlist import print_report_path

    _say_summary(outcome.summary, console)
    decided = outcome.frames["decision"]["state"].value_counts() if "decision" in outcome.frames else {}
    if len(decided):
        told = "　".join(f"{state} {count} 条" for state, count in decided.items())
        console.print(f"人工决策：{told}", highlight=False)
    if outcome.form is not None:
        console.print(f"可改定的判定：{outcome.form}", highlight=False, soft_wrap=True)
    if outcome.kept:
        console.print(f"重算 {len(outcome.seconds)} 个阶段，沿用 {len(outcome.kept)} 个阶段", highlight=False)
    if outcome.handin is None and outcome.waiting is not None:
        return
    if outcome.handin is None and not outcome.current:
        console.print(f"已运行到 {until}，中间结果在 {plan.output / 'work'}", highlight=False, soft_wrap=True)
        print_report_path(console, outcome.report)
        return
    if outcome.handin is None:
        console.print("成果没有变化，保持原样。", highlight=False)
        console.print(f"成果：{plan.output / '成果'}", highlight=False, soft_wrap=True)
        return
    handin, (drawn, taken) = outcome.handin, outcome.sheets
    if taken:
        console.print(f"图纸：重绘 {len(drawn)} 张，沿用 {len(taken)} 张", highlight=False)
    console.print(
        f"完成：{len(handin.items)} 项成果，{sum(outcome.seconds.values()):.1f} 秒", highlight=False
    )
    for fault in handin.faults:
        if fault.severity == "错误":
            console.print(f"[{fault.code}] {fault.problem}", style="bold red", markup=False)
    if outcome.audit is not None:
        from pipeline.cli.rulings import print_verdicts

        print_verdicts(console, outcome.audit)
    console.print(f"成果：{handin.swapped.folder}", highlight=False, soft_wrap=True)
