"""``haoshequ inspect``: what files hold, by themselves or against a plan or other files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import options

HELP = """看文件里有什么：格式、图形及其问题、文字编码、坐标系、各列的含义，一个文件一段

只看不改，不需要方案。坐标按可能性排列各种读法和应写的配置行；没有参照时只能核对“数值与声明是否一致、
是否落在江西一带”，要判断高德、百度偏移和几十米的错位，用 --plan 给出方案（取其中的社区边界、道路、建筑），
或用 --against 给出可靠的边界、道路、建筑文件（可重复）。

例：haoshequ inspect 资料/*.shp 台账.xlsx
    haoshequ inspect 地图POI.csv --against 道路.shp --against 社区边界.shp
"""


def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="要看的文件，或装着文件的文件夹", show_default=False)
    ],
    plan_file: Annotated[
        Path | None,
        typer.Option(
            "--plan", metavar="PLAN.yaml", help="方案：以其边界、道路、建筑为参照，按其写法读取文件"
        ),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="参照文件：坐标可靠的边界（面）、道路（线或 OSM）、建筑；可重复"),
    ] = None,
    layer: Annotated[str | None, typer.Option(metavar="NAME", help="图层或工作表；缺省逐个图层看")] = None,
    crs: Annotated[
        str | None,
        typer.Option(metavar="CRS", help="假定的坐标系，如 EPSG:4548；gcj02、bd09、wgs84、cgcs2000 指基准"),
    ] = None,
    x: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="表格的东坐标（或经度）列；缺省自动识别")
    ] = None,
    y: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="表格的北坐标（或纬度）列；缺省自动识别")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，供其他程序使用")] = False,
) -> int:
    """Say what files hold; exit 0 when all can be used, 1 when one cannot."""
    options.check_pair(x, y, "--x", "--y")
    if plan_file is not None and against:
        raise typer.BadParameter("--plan 与 --against 只能给一个")
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from pipeline.cli.facts import to_json
    from pipeline.cli.lookup import Wanted, list_inside, look_into
    from pipeline.cli.reference import Reference
    from pipeline.cli.show import print_faults
    from pipeline.cli.verdict import print_findings

    console, log = Console(), FaultLog()
    try:
        reference = Reference.open(plan_file, against or [], log)
    except PlanFaults as error:
        print_faults(Console(stderr=True) if as_json else console, error.faults, report=False)
        return 1
    paths = [path for given in files for path in list_inside(given)]
    findings = [item for path in paths for item in look_into(Wanted(path, layer, crs, x, y), reference, log)]
    if as_json:
        typer.echo(to_json(findings))
    else:
        print_findings(console, findings, reference, log.faults)
    return 0 if all(item.usable for item in findings) else 1
