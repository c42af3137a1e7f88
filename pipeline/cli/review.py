"""``haoshequ review``: two project lists, the triggers of 4.9.2, and the records they require."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.review.lists import ProjectList
    from pipeline.review.triggers import Review

HELP = """比较两版项目清单，判定是否触发弹性优化程序（指南 4.9.2）

OLD 是已审定的一版，NEW 是调整后的一版：haoshequ run 的输出文件夹、其中的“成果”，或 数据库/项目库 中的 xlsx。
三个条件有其一即触发：
① 项目总投资或关键分项投资估算偏差超过 20%（恰为 20% 不触发）；
② 核心项目（必建类）因不可抗力无法按原计划实施（用 --blocked 标记）；
③ 超过三分之二已登记居民代表联名（恰为三分之二不触发）。
触发后列出须补充的记录：居民议事会、公示、审批。
重新运行会覆盖成果，比较前请先把审定的“成果”另存一份。

退出码：0 没有触发；3 触发了弹性优化程序；1 文件有错误；2 用法有误。

例：haoshequ review 审定成果 output/sample -o 评估.xlsx
例：haoshequ review 审定成果 output/sample --blocked A01=洪水冲毁 --registered 40 --signed 27 --since 2027-06-01
"""
NOTHING, FAULTS, FIRED = 0, 1, 3
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_SHOWN = 20


def review(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="原来（已审定）的一版", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="调整后的一版", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="评估结果 .xlsx；不写则只在屏幕显示")
    ] = None,
    blocked: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID[=REASON]",
            help="受不可抗力影响的项目，可多次给出；编号以 OLD 为准，也可写项目标识或名称",
        ),
    ] = None,
    registered: Annotated[
        int | None, typer.Option(min=1, help="已登记居民代表人数；缺省取 NEW 的居民代表台账")
    ] = None,
    signed: Annotated[int | None, typer.Option(min=0, help="联名的已登记代表人数；缺省同上")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="触发日期 2027-06-01；过程记录中此后的步骤算已补记录")
    ] = None,
) -> int:
    """Compare two lists; exit 0 without and 3 with a trigger, 1 when a file has faults."""
    if (registered is None) != (signed is None):
        raise typer.BadParameter("--registered 与 --signed 必须同时给出")
    if registered is not None and signed is not None and signed > registered:
        raise typer.BadParameter(f"--signed {signed} 多于 --registered {registered}")
    if since is not None and not _DATE.fullmatch(since):
        raise typer.BadParameter(f"--since {since} 不是日期，应写成 2027-06-01")
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from pipeline.cli.options import check_output_apart
    from pipeline.cli.output import check_output
    from pipeline.cli.show import print_faults
    from pipeline.review.lists import find_library, read_pair
    from pipeline.review.sheets import make_sheets, write_review
    from pipeline.review.triggers import review_lists

    console, log = Console(), FaultLog()
    try:
        if output is not None:
            check_output(output, (".xlsx",), log)
            log.raise_errors()
        paths = [find_library(old), find_library(new)]
        if output is not None:
            check_output_apart(output, paths)
        before, after = read_pair(*paths)
        reasons = _find_blocked(blocked or (), before, after)
        found = review_lists(
            before, after, blocked=reasons, registered=registered, signed=signed, since=since or ""
        )
        if output is not None:
            write_review(make_sheets(found, before, after), output)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        return FAULTS
    _print_review(console, found, before, after)
    if output is not None:
        console.print(f"已写出：{output}", highlight=False, soft_wrap=True, markup=False)
    return FIRED if found.fired else NOTHING


def _find_blocked(given: Sequence[str], old: ProjectList, new: ProjectList) -> dict[str, str]:
    """Return reasons by project id; a word that names no project, or several, is a usage error."""
    from pipeline.deliver.library import Entry

    found = {}
    for word in given:
        name, _, reason = (part.strip() for part in word.partition("="))
        keys: list[str] = []
        for some in (old, new):
            keys = keys or [
                key
                for key, project in some.projects.items()
                if name in (key, project.tell(Entry.number), project.tell(Entry.name))
            ]
        if len(keys) != 1:
            numbers = "、".join(sorted(p.tell(Entry.number) for p in old.projects.values())[:_SHOWN])
            raise typer.BadParameter(
                f"--blocked {name}：{'没有这个项目' if not keys else '有多个项目叫这个名称'}；可用编号 {numbers}"
            )
        found[keys[0]] = reason
    return found


def _print_review(console: Console, found: Review, old: ProjectList, new: ProjectList) -> None:
    from configs import read_settings
    from pipeline.review.sheets import tell_deviation
    from pipeline.review.triggers import WHOLE

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    say(f"原：{old.path}（{len(old.projects)} 个项目）")
    say(f"新：{new.path}（{len(new.projects)} 个项目）")
    for item in found.deviations:
        if item.over or item.kind == WHOLE:
            aside = "" if item.fires or not item.over else "（超过限值，但不是关键分项，不触发）"
            say(f"{item.kind}　{tell_deviation(item)}{aside}", "bold red" if item.fires else None)
    kinds = [change.kind for change in found.changes]
    say("项目变化：" + "、".join(f"{kind} {kinds.count(kind)} 个" for kind in ("新增", "删除", "变更")))
    for change in found.changes[:_SHOWN]:
        say(f"  {change.kind} {change.number} {change.name}：{change.what}")
    if len(found.changes) > _SHOWN:
        say(f"  另有 {len(found.changes) - _SHOWN} 个，用 -o 写出 xlsx 查看")
    for trigger in found.triggers:
        mark = "触发" if trigger.fired else "未触发"
        say(f"条件 {trigger.number}　{mark}：{trigger.text}", "bold red" if trigger.fired else "green")
        say(f"    {trigger.found}")
    if not found.fired:
        say(
            "没有触发弹性优化程序。其余变化按 4.9.2 征求居民意见并报备。"
            if found.changes
            else "没有触发弹性优化程序。"
        )
        return
    say(f"可由{read_settings('review.yaml')['proposer']}提请启动弹性优化程序，须补充以下记录：", "bold")
    for number, record in enumerate(found.records, 1):
        say(f"  {number}. {record.record}（{record.by}）——{record.state}")
