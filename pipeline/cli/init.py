"""``haoshequ init``: a folder with a working config and empty templates, mapped from the technician's files."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

HELP = """新建方案文件夹：带注释的配置和各图层、台账的空模板；--from 识别已有数据并填好配置

写出 方案.yaml、数据/台账.xlsx（带下拉列表）和 数据/空间数据.gpkg（空图层），已有的文件不覆盖。
--from 逐个查看文件夹里的文件：属于哪个图层、各列是什么字段、什么坐标系和分类，拿不准的在配置中以“？”标出。

例：haoshequ init 方案 --from 资料
    haoshequ check 方案/方案.yaml
    haoshequ run 方案/方案.yaml
"""


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="方案文件夹，不存在时新建", show_default=False)
    ],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="DATA_DIR", help="已有数据所在的文件夹（含下级文件夹和压缩包）"),
    ] = None,
    compiled: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], metavar="DATE", help="编制日期，如 2026-11-23；缺省为今天"
        ),
    ] = None,
) -> int:
    """Begin a plan; exit 0 when it was written, 1 when something is in the way."""
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.begin.start import begin_plan
    from pipeline.cli.show import print_faults

    console = Console()
    try:
        begun = begin_plan(folder, day=compiled.date() if compiled else date.today(), source=source)
    except PlanFaults as error:
        print_faults(console, error.faults)
        return 1
    if source is not None:
        _print_findings(console, begun.findings, source.resolve())
    for path in begun.files:
        console.print(f"已写出：{path}", highlight=False, soft_wrap=True)
    found = bool(begun.findings.entries) or begun.findings.open_path is not None
    if source is not None and not found:
        console.print(f"{source} 中没有可用的数据，配置指向空模板", highlight=False, soft_wrap=True)
    doubts = "和带“？”的行" if found else "，填写模板"
    console.print(f"下一步：核对 {begun.config.name} 的 plan 一节{doubts}，然后", highlight=False)
    for command in ("check", "run"):
        console.print(f"  haoshequ {command} {begun.config}", highlight=False, soft_wrap=True)
    return 0


def _print_findings(console: Any, findings: Any, source: Path) -> None:
    """Print what was mapped, what is in doubt, and what was left out with the reason."""
    from rich.markup import escape
    from rich.table import Table

    from pipeline.begin.config import list_doubts

    def show(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        if rows:
            table = Table(
                title=f"{title}（{len(rows)}）", title_justify="left", show_lines=False, expand=True
            )
            for head in heads:
                table.add_column(head, overflow="fold")
            for row in rows:
                table.add_row(*map(escape, row))
            console.print(table)

    show(
        "已对应",
        ("文件", "图层", "把握", "字段", "依据"),
        [
            (e.label, e.layer.alias, e.trust, str(len(e.source.get("columns", {}))), e.why)
            for e in findings.entries
        ],
    )
    show("拿不准，请核对", ("文件", "问题"), list(list_doubts(findings)))
    show("没有采用", ("文件", "原因"), [(_name(left, source), left.reason) for left in findings.left])
    if findings.open_path is not None:
        console.print(f"OpenStreetMap 数据：{findings.open_path.name}", highlight=False)


def _name(left: Any, source: Path) -> str:
    """Return a file by its place below the folder looked through."""
    inner = left.path.relative_to(source).as_posix() if left.path != source else left.path.name
    return inner + (f"｜{left.layer}" if left.layer else "")
