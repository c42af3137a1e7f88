"""``haoshequ area``: walking service areas and bands, per origin or per class of origins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import options

HELP = """服务范围：道路（或 OSM）+ 起点 + 距离档 → 每个起点（或每类）每档一个面，带米数、分钟、面积

范围由共用格网按路网距离绘出；某处是否可达以 haoshequ reach 的门到门距离为准。
未接入的起点也各占一行（无图形，看接入状态），并在屏幕上计数；不与主网相连的路段组上的起点，只绘该组内的范围。

例：haoshequ area --roads 道路.shp --origins 设施.gpkg --class 设施类型 --limits 300,500,1000 --output 服务范围.gpkg
"""

# No walk is longer; a slip of the keyboard is.
_LONGEST_M = 1_000_000


def area(
    roads: options.Roads,
    origins: options.Origins,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="结果：.gpkg、.geojson 或 .shp")
    ],
    limits: Annotated[str, typer.Option(metavar="M,M,…", help="距离档（米，含），逗号分隔")] = "300,500,1000",
    group: Annotated[
        str | None,
        typer.Option("--class", metavar="COLUMN", help="类别列：同类起点合为一个范围；缺省每个起点一个"),
    ] = None,
    bands: Annotated[bool, typer.Option("--bands", help="各档减去内档，成为互不重叠的圈层")] = False,
    cell: Annotated[float, typer.Option(min=1, max=50, help="格网边长（米）")] = 10.0,
    speed: Annotated[
        float | None,
        typer.Option(
            min=1, help="步速（米/分钟），用于换算分钟；缺省按标准 300/500/1000 m = 5/10/15 分钟，其余 60"
        ),
    ] = None,
    max_access: options.MaxAccess = options.MAX_ACCESS_M,
    tolerance: options.Tolerance = options.TOLERANCE_M,
    roads_layer: options.RoadsLayer = None,
    roads_crs: options.RoadsCrs = None,
    level: options.Level = None,
    origins_layer: options.OriginsLayer = None,
    origins_crs: options.OriginsCrs = None,
    origins_x: options.OriginsX = None,
    origins_y: options.OriginsY = None,
    origins_id: options.OriginsId = None,
) -> int:
    """Write the service areas; exit 0 when done, 1 when a file has faults."""
    options.check_pair(origins_x, origins_y, "--origins-x", "--origins-y")
    options.check_output_apart(output, [roads, origins])
    steps = read_limits(limits)
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from layers.plain import Origin, RoadLine, ServiceArea, Spot
    from pipeline.cli.ground import describe_areas, draw_areas
    from pipeline.cli.net import build_net
    from pipeline.cli.output import check_output, write_frame
    from pipeline.cli.plain import PlainFile, read_inputs, reword_fault
    from pipeline.cli.show import print_faults

    console, log = Console(), FaultLog()
    road_file = PlainFile(roads, roads_layer, roads_crs, columns=((RoadLine.level, level),))
    start = PlainFile(
        origins, origins_layer, origins_crs, origins_x, origins_y,
        columns=((Spot.id, origins_id), (Spot.group, group)),
    )  # fmt: skip
    check_output(output, (".gpkg", ".geojson", ".shp"), log)
    try:
        lines, (places,) = read_inputs(road_file, [(start, Origin)], log)
        net = build_net(lines, tolerance_m=tolerance, max_access_m=max_access, log=log)
        table = draw_areas(
            net, places, limits_m=steps, cell_m=cell, by_class=group is not None, bands=bands, speed=speed
        )
        write_frame(table, ServiceArea, output)
    except PlanFaults as error:
        print_faults(console, [reword_fault(fault) for fault in error.faults], report=False)
        return 1
    print_faults(console, log.faults, report=False)
    for line in describe_areas(table):
        console.print(line, highlight=False)
    console.print(f"已写出：{output}", highlight=False, soft_wrap=True)
    return 0


def read_limits(text: str) -> list[float]:
    """Return the limits of ``300,500,1000``, rising.

    Raises
    ------
    typer.BadParameter
        If a part is no positive number, or longer than any walk.
    """
    try:
        values = sorted({float(part) for part in text.replace("，", ",").replace("、", ",").split(",")})
    except ValueError:
        raise typer.BadParameter(f"--limits {text} 应为逗号分隔的米数，如 300,500,1000") from None
    if not 0 < values[0] <= values[-1] <= _LONGEST_M:
        raise typer.BadParameter(f"--limits {text} 应为正数，不大于 {_LONGEST_M}")
    return values
