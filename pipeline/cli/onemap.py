"""``haoshequ onemap export``: a district's many plans as one GeoPackage, checked against each other."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

HELP = """把一个区县的多个方案合成一个 GeoPackage，并核查方案之间的关系

FOLDER 是各方案的“成果”文件夹，或含有它的输出文件夹；也可以用 --from 取自 publish 发布到的数据库。
每个图层加“方案标识”“方案名称”两列，别名、代码表、样式同“一张图”；另有方案一览表和核查结果图层。
核查：更新范围、社区在方案之间重叠；相邻方案之间的缝隙；标识码重复；
同一社区、项目、设施列入两个方案；各方案坐标系不同（同一个带的保持原坐标，跨带的统一为 EPSG:4490）。

退出码：0 完成，没有错误一级的核查结果；3 完成，有错误一级的核查结果；1 没有写出；2 用法有误。

例：haoshequ onemap export output/甲方案 output/乙方案 --out 一张图.gpkg
例：haoshequ onemap export --from postgresql://gis@192.168.1.10/yitu --out 一张图.gpkg
"""
DONE, FAULTS, FOUND = 0, 1, 3


class Action(StrEnum):
    """What is done with the one map."""

    export = "export"


def onemap(
    action: Annotated[Action, typer.Argument(metavar="export", help="合成并核查", show_default=False)],
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER…", help="各方案的成果文件夹", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="结果 .gpkg")] = ...,  # type: ignore[assignment]
    source: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="取自数据库：postgresql://用户@主机/数据库")
    ] = None,
    schema: Annotated[str, typer.Option(metavar="NAME", help="数据库中的模式")] = "haoshequ",
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=10, help="重叠、缝隙窄于此不计（米）；缺省取 configs/geometry.yaml 的 repair_m"
        ),
    ] = None,
) -> int:
    """Export many plans as one file; exit 0 or 3 when written, 1 when not."""
    assert action is Action.export
    if bool(folders) == (source is not None):
        raise typer.BadParameter("FOLDER 与 --from 给出一种")
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from pipeline.cli.faultlist import print_faults
    from pipeline.cli.output import check_output

    console = Console()

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    try:
        log = FaultLog()
        check_output(out, (".gpkg",), log, option="--out")
        log.raise_errors()
        from pipeline.publish.across import check_plans
        from pipeline.publish.district import write_district
        from pipeline.publish.gather import read_folders, read_server

        plans = read_folders(folders or []) if source is None else read_server(source, schema)
        found = check_plans(plans, tolerance_m=tolerance)
        written = write_district(plans, found, out)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        say("没有写出。", "bold red")
        return FAULTS
    for plan in plans:
        count = sum(len(layer.frame) for layer in plan.layers)
        say(
            f"{plan.facts.id}　{plan.facts.title}（编制日期 {plan.facts.compiled}）：{count} 个要素，EPSG:{plan.facts.epsg}"
        )
    print_faults(console, found, severities=("错误", "警告", "提示"), rest_in="结果中的核查一览")
    counts = [f"{name} {sum(f.severity == name for f in found)} 条" for name in ("错误", "警告", "提示")]
    say(f"核查：{'　'.join(counts)}")
    say(
        f"已写出：{out}（{len(plans)} 个方案、{written.layers} 个图层、{written.features} 个要素，EPSG:{written.epsg}）",
        "bold green",
    )
    return FOUND if any(fault.severity == "错误" for fault in found) else DONE
