"""``haoshequ access``: accessibility measures from a plain OD table with supply and demand."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options

if TYPE_CHECKING:
    from pipeline.reach.access import Decay

HELP = """可达性度量：OD 表 + 供给 + 需求 → 每个起点（需求点）的可达度

cumulative 累积机会（Wachs & Kumagai 1973）；gravity 引力/潜能（Hansen 1959）；
2sfca 两步移动搜索（Luo & Wang 2003）；e2sfca 带距离衰减的两步移动搜索（Luo & Qi 2009、Dai 2010）。
OD 表不必写不可达的对；距离为空的行按不可达处理。没有供给表时每个终点计 1。

例：haoshequ access 可达表.csv --measure e2sfca --limit 1000 --decay gaussian --supply 设施.xlsx --supply-value 床位 \
--demand 住宅.xlsx --demand-value 老年人 --output 可达性.xlsx
"""


class Measure(StrEnum):
    """What is measured."""

    CUMULATIVE = "cumulative"
    GRAVITY = "gravity"
    TWO_STEP = "2sfca"
    ENHANCED = "e2sfca"


class DecayKind(StrEnum):
    """How a distance weighs."""

    LINEAR = "linear"
    POWER = "power"
    EXPONENTIAL = "exponential"
    GAUSSIAN = "gaussian"
    ZONES = "zones"


_PLAIN = (Measure.CUMULATIVE, Measure.TWO_STEP)


def access(
    od: options.OdFile,
    measure: Annotated[Measure, typer.Option(help="度量方法")],
    output: options.TableOutput,
    limit: Annotated[
        float | None, typer.Option(min=0, metavar="METRES", help="距离上限（米，含）；分区衰减取最外一区")
    ] = None,
    decay: Annotated[
        DecayKind | None, typer.Option(help="距离衰减函数（gravity、e2sfca），缺省 gaussian")
    ] = None,
    parameter: Annotated[
        float | None,
        typer.Option(
            help="衰减参数：power 为指数（缺省 1），exponential、gaussian 为米数", show_default=False
        ),
    ] = None,
    zones: Annotated[
        str | None, typer.Option(metavar="M:W,…", help="分区权重，如 300:1,600:0.68,1000:0.22")
    ] = None,
    supply: Annotated[Path | None, typer.Option(metavar="FILE", help="供给表（终点）")] = None,
    supply_id: Annotated[str, typer.Option(metavar="COLUMN", help="供给表的编号列")] = "编号",
    supply_value: Annotated[str, typer.Option(metavar="COLUMN", help="供给表的数量列")] = "供给",
    demand: Annotated[Path | None, typer.Option(metavar="FILE", help="需求表（起点）")] = None,
    demand_id: options.DemandId = "编号",
    demand_value: options.DemandValue = "需求",
    origin: options.OdOrigin = "起点编号",
    destination: options.OdDestination = "终点编号",
    distance: options.OdDistance = "距离_m",
) -> int:
    """Write the measure of every origin; exit 0 when done, 1 when a file has faults."""
    if measure not in (Measure.CUMULATIVE, Measure.GRAVITY) and demand is None:
        raise typer.BadParameter(f"--measure {measure.value} 须给出 --demand 需求表")
    options.check_output_apart(output, [od, supply, demand], tables=["说明"])
    function = _choose_decay(measure, limit, decay, parameter, zones)
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from pipeline.cli import distances as tables
    from pipeline.cli.output import check_output
    from pipeline.cli.show import print_faults

    console, log = Console(), FaultLog()
    try:
        check_output(output, tables.OUTPUTS, log)
        pairs = tables.read_pairs(od, origin, destination, distance, log)
        offered = (
            tables.read_values(supply, supply_id, [supply_value], log, alias="供给表") if supply else None
        )
        people = (
            tables.read_values(demand, demand_id, [demand_value], log, alias="需求表") if demand else None
        )
        if pairs is not None and not (supply and offered is None) and not (demand and people is None):
            starts = tables.match_ids(pairs, tables.ORIGIN, people, log, alias="需求表")
            goals = tables.match_ids(pairs, tables.DESTINATION, offered, log, alias="供给表")
        log.raise_errors()
        assert pairs is not None
        import numpy as np
        import pandas as pd

        from pipeline.reach.access import measure_e2sfca, sum_opportunities

        table = tables.build_od(pairs, starts, goals)
        given = np.ones(len(goals)) if offered is None else offered[supply_value].to_numpy()
        wanted = np.ones(len(starts)) if people is None else people[demand_value].to_numpy()
        shared = measure in (Measure.TWO_STEP, Measure.ENHANCED)
        values = (
            measure_e2sfca(table, given, wanted, function)
            if shared
            else sum_opportunities(table, given, function)
        )
        inside = table.within(function.limit_m)
        nearest = np.full(len(starts), np.inf)
        np.minimum.at(nearest, table.origin, table.distance_m)
        result = pd.DataFrame(
            {
                tables.ORIGIN: starts,
                **({"需求": wanted} if people is not None else {}),
                "可达度": values,
                "上限内终点数": np.bincount(inside.origin, minlength=len(starts)),
                "最近距离_m": np.where(np.isfinite(nearest), nearest, np.nan),
            }
        )
        text = _describe(measure, function)
        notes = pd.DataFrame({"项目": ["度量方法", "OD 表对数"], "内容": [text, str(len(table))]})
        written = tables.write_results({"可达性": result, "说明": notes}, output)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        return 1
    print_faults(console, log.faults, report=False)
    console.print(text, highlight=False)
    console.print(
        f"起点 {len(starts)} 个，其中上限内没有终点 {int((result['上限内终点数'] == 0).sum())} 个",
        highlight=False,
    )
    if shared:
        console.print(
            f"Σ 需求×可达度 = {float(wanted @ values):.6g}（供给合计 {given.sum():.6g}）", highlight=False
        )
    else:
        console.print(f"可达度平均 {values.mean():.6g}，最大 {values.max():.6g}", highlight=False)
    console.print("已写出：" + "、".join(str(path) for path in written), highlight=False, soft_wrap=True)
    return 0


def _choose_decay(
    measure: Measure, limit: float | None, kind: DecayKind | None, parameter: float | None, zones: str | None
) -> Decay:
    """Return the decay of the options; what does not fit together is a usage error."""
    from pipeline.reach.access import Decay, make_zones

    if measure in _PLAIN:
        if kind or parameter is not None or zones:
            raise typer.BadParameter(
                f"--measure {measure.value} 不用距离衰减（--decay、--parameter、--zones）"
            )
    elif zones or kind == DecayKind.ZONES:
        if not zones or kind not in (None, DecayKind.ZONES) or limit is not None or parameter is not None:
            raise typer.BadParameter(
                "分区衰减须写 --zones 300:1,600:0.68 …，且不与 --limit、--parameter 或其他衰减并用"
            )
        try:
            ends = [tuple(float(part) for part in zone.split(":")) for zone in zones.split(",")]
            return make_zones(*((end, weight) for end, weight in ends))
        except ValueError:
            raise typer.BadParameter(f"--zones {zones}：应为 距离:权重，距离递增，权重不为负") from None
    if not limit or limit == float("inf"):
        raise typer.BadParameter("须给出大于 0 的 --limit 距离上限")
    if parameter is not None and (not 0 < parameter < float("inf") or kind == DecayKind.LINEAR):
        raise typer.BadParameter("--parameter 须大于 0，且只用于 power、exponential、gaussian")
    if measure in _PLAIN:
        return Decay("step", limit)
    return Decay((kind or DecayKind.GAUSSIAN).value, limit, parameter)


def _describe(measure: Measure, decay: Decay) -> str:
    names = {
        Measure.CUMULATIVE: "累积机会",
        Measure.GRAVITY: "引力（潜能）模型",
        Measure.TWO_STEP: "两步移动搜索法 2SFCA",
        Measure.ENHANCED: "改进两步移动搜索法 E2SFCA",
    }
    words = {"step": "无衰减", "linear": "线性", "power": "幂函数", "exponential": "指数", "gaussian": "高斯"}
    if decay.kind == "zones":
        weights = "、".join(f"≤{end:g} m 权重 {weight:g}" for end, weight in decay.zones)
        return f"{names[measure]}，分区：{weights}"
    parameter = "" if decay.parameter is None else f"，参数 {decay.parameter:g}"
    return f"{names[measure]}，上限 {decay.limit_m:g} m，{words[decay.kind]}{parameter}"
