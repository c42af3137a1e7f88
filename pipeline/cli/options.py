"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN.yaml", help="方案配置文件", show_default=False)]

# The one-off commands over plain files.
Roads = Annotated[
    Path,
    typer.Option(metavar="FILE", help="道路：shp、gpkg、geojson、dxf，或 OSM（.osm、.osm.bz2、.osm.pbf）"),
]
RoadsLayer = Annotated[str | None, typer.Option(metavar="NAME", help="道路的图层；dxf 为 CAD 图层名")]
RoadsCrs = Annotated[
    str | None,
    typer.Option(metavar="CRS", help="道路的坐标系，如 EPSG:4548；缺省取文件自带的声明"),
]
Level = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="道路的层级列：0 地面、1 桥、-1 隧道；不同层级交叉不相通"),
]
Origins = Annotated[Path, typer.Option(metavar="FILE", help="起点：shp、gpkg、geojson、csv、xlsx 等")]
OriginsLayer = Annotated[str | None, typer.Option(metavar="NAME", help="起点的图层或工作表")]
OriginsCrs = Annotated[
    str | None,
    typer.Option(metavar="CRS", help="起点的坐标系，如 EPSG:4548；gcj02、bd09、wgs84 指经纬度的基准"),
]
OriginsX = Annotated[str | None, typer.Option(metavar="COLUMN", help="起点的东向坐标列（或经度）")]
OriginsY = Annotated[str | None, typer.Option(metavar="COLUMN", help="起点的北向坐标列（或纬度）")]
OriginsId = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="起点的编号列；缺省取“编号”列，没有则用行号")
]
Destinations = Annotated[Path, typer.Option(metavar="FILE", help="终点，格式同起点")]
DestinationsLayer = Annotated[str | None, typer.Option(metavar="NAME", help="终点的图层或工作表")]
DestinationsCrs = Annotated[str | None, typer.Option(metavar="CRS", help="终点的坐标系，写法同起点")]
DestinationsX = Annotated[str | None, typer.Option(metavar="COLUMN", help="终点的东向坐标列")]
DestinationsY = Annotated[str | None, typer.Option(metavar="COLUMN", help="终点的北向坐标列")]
DestinationsId = Annotated[str | None, typer.Option(metavar="COLUMN", help="终点的编号列")]
MaxAccess = Annotated[float, typer.Option(min=0, max=10_000, help="点到路网的最大接入距离（米）")]
Tolerance = Annotated[float, typer.Option(min=0, max=2, help="路口捕捉容差（米）")]

# What a plan takes where it says nothing (walking.max_access_m, walking.node_tolerance_m).
MAX_ACCESS_M, TOLERANCE_M = 150.0, 0.05

# The one-off commands over OD tables.
OdFile = Annotated[Path, typer.Argument(metavar="OD", help="OD 表：.csv 或 .xlsx", show_default=False)]
OdOrigin = Annotated[str, typer.Option(metavar="COLUMN", help="OD 表的起点（需求点）列")]
OdDestination = Annotated[str, typer.Option(metavar="COLUMN", help="OD 表的终点（供给点、候选点）列")]
OdDistance = Annotated[str, typer.Option(metavar="COLUMN", help="OD 表的距离列")]
DemandId = Annotated[str, typer.Option(metavar="COLUMN", help="需求表的编号列")]
DemandValue = Annotated[str, typer.Option(metavar="COLUMN", help="需求表的数量列")]
TableOutput = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="结果：.csv 或 .xlsx")]


def check_output_apart(output: Path, inputs: Iterable[Path | None], *, tables: Sequence[str] = ()) -> None:
    """Refuse to write a result over a file that is read; ``tables`` are written beside a csv."""
    beside = tables if output.suffix.lower() == ".csv" else ()
    written = [output, *(output.with_name(f"{output.stem}_{name}.csv") for name in beside)]
    for source in inputs:
        for path in written:
            if source is not None and source.exists() and path.exists() and source.samefile(path):
                raise typer.BadParameter(f"--output {output} 会覆盖输入文件 {source}，请换一个文件名")


def check_pair(first: str | None, second: str | None, first_name: str, second_name: str) -> None:
    """Refuse one coordinate column without the other."""
    if (first is None) != (second is None):
        raise typer.BadParameter(f"{first_name} 与 {second_name} 必须同时给出")
