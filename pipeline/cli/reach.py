"""``haoshequ reach``: an OD table from plain files of roads, origins and destinations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import options

HELP = """步行可达表：道路（或 OSM）+ 起点 + 终点 + 距离上限 → 起点、终点、米数、接入状态

距离为门到门：接入距离 + 路网距离 + 接入距离，含上限。面和线按其上一点进入。
不可达的起点、终点也各占一行（距离为空，看接入状态），并在屏幕上计数；--reached-only 只写可达的行。
状态为“不同连通分量”的点在不与主网相连的路段组上，只与同组的点可达。

例：haoshequ reach --roads 道路.shp --origins 住宅.csv --origins-x X --origins-y Y --origins-crs EPSG:4548 \
--destinations 设施.gpkg --destinations-id 设施编号 --limit 1000 --output 可达表.csv
"""


def reach(
    roads: options.Roads,
    origins: options.Origins,
    destinations: options.Destinations,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="结果：.csv 或 .gpkg")],
    limit: Annotated[float, typer.Option(min=0, help="距离上限（米，含）")] = 1000.0,
    nearest: Annotated[
        bool, typer.Option("--nearest", help="每个起点只留最近的终点（并列取靠前者）")
    ] = False,
    reached_only: Annotated[bool, typer.Option("--reached-only", help="不写不可达的行（仍计数）")] = False,
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
    destinations_layer: options.DestinationsLayer = None,
    destinations_crs: options.DestinationsCrs = None,
    destinations_x: options.DestinationsX = None,
    destinations_y: options.DestinationsY = None,
    destinations_id: options.DestinationsId = None,
) -> int:
    """Write the OD table; exit 0 when done, 1 when a file has faults."""
    options.check_pair(origins_x, origins_y, "--origins-x", "--origins-y")
    options.check_pair(destinations_x, destinations_y, "--destinations-x", "--destinations-y")
    options.check_output_apart(output, [roads, origins, destinations])
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from layers.plain import Destination, Origin, RoadLine, Spot, Walk
    from pipeline.cli.net import build_net
    from pipeline.cli.output import check_output, write_frame
    from pipeline.cli.plain import PlainFile, read_inputs, reword_fault
    from pipeline.cli.show import print_faults
    from pipeline.cli.walks import describe_walks, tabulate_walks

    console, log = Console(), FaultLog()
    road_file = PlainFile(roads, roads_layer, roads_crs, columns=((RoadLine.level, level),))
    start = PlainFile(
        origins, origins_layer, origins_crs, origins_x, origins_y, columns=((Spot.id, origins_id),)
    )
    goal = PlainFile(
        destinations, destinations_layer, destinations_crs, destinations_x, destinations_y,
        columns=((Spot.id, destinations_id),),
    )  # fmt: skip
    check_output(output, (".csv", ".gpkg"), log)
    try:
        lines, (left, right) = read_inputs(road_file, [(start, Origin), (goal, Destination)], log)
        net = build_net(lines, tolerance_m=tolerance, max_access_m=max_access, log=log)
        table = tabulate_walks(net, left, right, limit_m=limit, nearest=nearest)
        written = table[table[Walk.metres].notna()] if reached_only else table
        write_frame(written, Walk, output)
    except PlanFaults as error:
        print_faults(console, [reword_fault(fault) for fault in error.faults], report=False)
        return 1
    print_faults(console, log.faults, report=False)
    for line in describe_walks(table, len(left), len(right), limit_m=limit):
        console.print(line, highlight=False)
    console.print(f"已写出：{output}", highlight=False, soft_wrap=True)
    return 0
