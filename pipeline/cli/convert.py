"""``haoshequ convert``: one file of any format, mended, in another format and coordinate system."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options

if TYPE_CHECKING:
    from layers.faults import FaultLog
    from pipeline.cli.anyfile import AnyFile

HELP = """转换一个文件：读懂编码和坐标，修复图形，写成 .gpkg、.shp、.geojson、.csv 或 .xlsx

能读：shp（可在 zip 内）、gpkg、gdb、geojson、fgb、kml、kmz、dxf、dwg、csv、xlsx、OSM（.osm、.osm.pbf）。
坐标缺省转到数据所在的 CGCS2000 3° 带，高德、百度坐标用 --source-datum 声明后还原。
原始文件不改动；发现错误时不写出，改正后重来，或加 --skip 略过有错误的行。

例：haoshequ convert 地块.zip 地块.gpkg
    haoshequ convert 地图POI.csv POI.shp --x 经度 --y 纬度 --source-datum gcj02
    haoshequ convert 总图.dxf 用地.gpkg --layer 地类图斑 --shape polygon --source-crs EPSG:4548
"""


class Datum(StrEnum):
    """Datum of degrees."""

    GCJ02 = "gcj02"
    BD09 = "bd09"
    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"


class Kind(StrEnum):
    """Kind of geometry."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


def convert(
    given: Annotated[Path, typer.Argument(metavar="IN", help="要转换的文件", show_default=False)],
    output: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="结果：.gpkg、.shp、.geojson、.csv 或 .xlsx", show_default=False),
    ],
    source_crs: Annotated[
        str | None, typer.Option(metavar="CRS", help="输入的坐标系，如 EPSG:4548；缺省取文件自带的声明")
    ] = None,
    source_datum: Annotated[
        Datum | None,
        typer.Option(
            metavar="DATUM", help="输入经纬度的基准：gcj02（高德、腾讯）、bd09（百度）、wgs84、cgcs2000"
        ),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            metavar="EPSG", help="结果的坐标系，如 EPSG:4548、EPSG:4490；缺省为数据所在的 CGCS2000 3° 带"
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="图层、工作表、CAD 图层、KML 文件夹或压缩包内的文件名")
    ] = None,
    shape: Annotated[
        Kind | None,
        typer.Option(
            metavar="KIND", help="只取一种图形：point 点、line 线、polygon 面（用于 dxf、kml、OSM 等）"
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="输入的文字编码，如 gbk；缺省按证据判断")
    ] = None,
    x: Annotated[str | None, typer.Option(metavar="COLUMN", help="表格的东坐标（或经度）列")] = None,
    y: Annotated[str | None, typer.Option(metavar="COLUMN", help="表格的北坐标（或纬度）列")] = None,
    wkt: Annotated[str | None, typer.Option(metavar="COLUMN", help="表格中几何文本（WKT）的列")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="略过有错误的行，写出其余各行")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="结果文件已存在时覆盖")] = False,
) -> int:
    """Write the mended file; exit 0 when every row is in it, 1 when there are faults."""
    options.check_pair(x, y, "--x", "--y")
    if wkt is not None and x is not None:
        raise typer.BadParameter("--wkt 与 --x、--y 只能给一种")
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from pipeline.cli.anyfile import AnyFile, reword_fault
    from pipeline.cli.anyout import check_place
    from pipeline.cli.show import print_counts, print_faults

    console, log = Console(), FaultLog()
    file = AnyFile(
        given, layer, shape.value if shape else None, source_crs, source_datum.value if source_datum else None,
        encoding, x, y, wkt,
    )  # fmt: skip
    check_place(output, given, log, overwrite=overwrite)
    said: str | None = None
    try:
        said = _convert(file, output, crs, log, skip=skip)
    except PlanFaults as error:
        log.faults.extend(fault for fault in error.faults if fault not in log.faults)
    faults = [reword_fault(fault) for fault in log.faults]
    print_faults(console, faults, severities=("错误", "警告", "提示"), report=False)
    print_counts(console, faults)
    if said is None:
        console.print("没有写出：请按上表改正后重试。", style="bold red")
        return 1
    console.print(f"已写出：{output}（{said}）", highlight=False, soft_wrap=True)
    if log.errors:
        console.print("有错误的行没有写出，见上表。", style="bold red")
        return 1
    return 0


def _convert(file: AnyFile, output: Path, crs: str | None, log: FaultLog, *, skip: bool) -> str | None:
    """Read, mend and write; return what was written, None where nothing was."""
    from layers.crs import name_crs
    from pipeline.cli.anyfile import mend_any, place_any, read_any, settle_target
    from pipeline.cli.anyout import TABLES, write_any

    target = settle_target(crs, output.suffix.lower(), log)
    if log.errors:  # what speaks against the options is said at once, before a long reading
        return None
    frame = read_any(file, log, shapes=output.suffix.lower() not in TABLES)
    if frame is None:
        return None
    frame = mend_any(frame, file, log)
    if (log.errors and not skip) or not len(frame):
        return None
    if target is not None:
        frame = place_any(frame, target, file, log)
    kind = write_any(frame, output, log)
    if not kind:
        return f"{len(frame)} 行"
    system = "EPSG:4326 经纬度" if output.suffix.lower() == ".geojson" else name_crs(frame.crs)
    return f"{len(frame)} 个要素，{kind}，{system}"
