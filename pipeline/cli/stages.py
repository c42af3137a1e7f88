"""``haoshequ stages``: the declared stages, what they take and what they give."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import typer


def check_step(name: str | None, option: str, steps: Sequence[tuple[str, str]]) -> None:
    """Refuse a step name that does not exist, suggesting the nearest.

    Raises
    ------
    typer.BadParameter
        Naming the option, the value and the nearest step.
    """
    names = [step for step, _ in steps]
    if name is None or name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"，是否想用 {near[0]}？" if near else ""
    raise typer.BadParameter(f"{option} {name}：没有这个阶段{hint} 可用：{'、'.join(names)}")


def stages() -> int:
    """List the stages."""
    from rich.console import Console
    from rich.table import Table

    from pipeline.engine.run import STEPS
    from pipeline.stages import STAGES

    table = Table(title="阶段（按运行次序）")
    for name in ("阶段", "名称", "输入图层", "输出图层"):
        table.add_column(name, overflow="fold")
    for stage in STAGES:
        takes = "、".join(layer.alias for layer in stage.takes) or "方案配置中的文件"
        table.add_row(stage.name, stage.title, takes, "、".join(layer.alias for layer in stage.gives))
    name, title = STEPS[-1]
    table.add_row(name, title, "全部图层", "成果（图件、数据库、表格、质检）")
    Console().print(table)
    return 0
