"""``haoshequ site``: location-allocation from a plain OD table, with existing sites and capacities."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from layers.faults import Fault
    from pipeline.reach.allocate import Allocation, NoSolution, Task, Unreachable

HELP = """选址与分配：OD 表（需求点→候选点）+ 需求 + 候选点 → 选中的站点、各需求点的归属、目标值

cover-all 覆盖全部需求所需最少站点（集合覆盖）；cover-most 给定站点数覆盖最多需求（最大覆盖）；
median 需求加权总距离最小（p-中位）；center 最远距离最小（p-中心）。前三者可带容量（每个需求点整体归一个站点）。
均为精确解（HiGHS 与自带搜索）；目标值相等时取候选点次序在前者。--sites 的行序即候选次序，没有该表时按编号排序。

例：haoshequ site 可达表.csv --model median --count 4 --demand 住宅.xlsx --demand-value 老年人 \
--sites 候选.xlsx --existing 既有 --output 选址.xlsx
"""


class Model(StrEnum):
    """The question asked."""

    COVER_ALL = "cover-all"
    COVER_MOST = "cover-most"
    MEDIAN = "median"
    CENTER = "center"


_SHOWN = 20
_GOALS = {
    Model.COVER_ALL: ("集合覆盖", "站点数", "个"),
    Model.COVER_MOST: ("最大覆盖", "覆盖需求", ""),
    Model.MEDIAN: ("p-中位", "Σ 需求×距离", "·m"),
    Model.CENTER: ("p-中心", "最远距离", " m"),
}


def site(
    od: options.OdFile,
    model: Annotated[Model, typer.Option(help="选址模型")],
    output: options.TableOutput,
    count: Annotated[int | None, typer.Option(min=1, help="站点总数，含既有站点")] = None,
    limit: Annotated[
        float | None, typer.Option(min=0, metavar="METRES", help="服务距离上限（米，含）")
    ] = None,
    demand: Annotated[Path | None, typer.Option(metavar="FILE", help="需求表；缺省每个起点计 1")] = None,
    demand_id: options.DemandId = "编号",
    demand_value: options.DemandValue = "需求",
    sites: Annotated[
        Path | None, typer.Option(metavar="FILE", help="候选点表；缺省为 OD 表的全部终点")
    ] = None,
    site_id: Annotated[str, typer.Option(metavar="COLUMN", help="候选点表的编号列")] = "编号",
    existing: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="候选点表中标明既有站点的列（是/否），既有者必选")
    ] = None,
    capacity: Annotated[str | None, typer.Option(metavar="COLUMN", help="候选点表的容量列；缺省不限")] = None,
    time_limit: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="求解限时（秒）；未证最优时给出差距")
    ] = None,
    origin: options.OdOrigin = "起点编号",
    destination: options.OdDestination = "终点编号",
    distance: options.OdDistance = "距离_m",
) -> int:
    """Write the chosen sites and the assignment; exit 0 when done, 1 for faults or no solution."""
    options.check_output_apart(output, [od, demand, sites], tables=["分配", "概要"])
    _check_usage(model, count, limit, sites, existing, capacity)
    from rich.console import Console

    from layers.faults import Fault, FaultLog, PlanFaults
    from pipeline.cli import distances as tables
    from pipeline.cli.output import check_output
    from pipeline.cli.show import print_faults

    console, log = Console(), FaultLog()
    try:
        check_output(output, tables.OUTPUTS, log)
        pairs = tables.read_pairs(od, origin, destination, distance, log)
        people = (
            tables.read_values(demand, demand_id, [demand_value], log, alias="需求表") if demand else None
        )
        numbers, flags = [capacity] if capacity else [], [existing] if existing else []
        places = (
            tables.read_values(sites, site_id, numbers, log, alias="候选点表", flags=flags) if sites else None
        )
        if pairs is not None and not (demand and people is None) and not (sites and places is None):
            starts = tables.match_ids(pairs, tables.ORIGIN, people, log, alias="需求表")
            goals = tables.match_ids(pairs, tables.DESTINATION, places, log, alias="候选点表")
        log.raise_errors()
        assert pairs is not None
        import pandas as pd

        from pipeline.reach.allocate import NoSolution, Unreachable, make_task
        from pipeline.reach.programme import TimedOut

        task = make_task(
            tables.build_od(pairs, starts, goals),
            [1.0] * len(starts) if people is None else people[demand_value],
            fixed=None if places is None or not existing else places[existing],
            capacity=None if places is None or not capacity else places[capacity],
            time_limit_s=time_limit,
        )
        try:
            found = _answer(model, task, count, limit)
        except (Unreachable, NoSolution) as error:
            raise PlanFaults(_explain(error, task, starts, limit)) from None
        except TimedOut:
            problem = f"{time_limit:g} 秒内没有找到任何可行的选址"
            raise PlanFaults([Fault("HSQ-A08", problem, remedy="加大 --time-limit")]) from None
        chosen, assigned = _tabulate(task, found, starts, goals)
        summary = _summarise(model, found, task)
        notes = pd.DataFrame(summary, columns=["项目", "内容"])
        written = tables.write_results({"站点": chosen, "分配": assigned, "概要": notes}, output)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        return 1
    print_faults(console, log.faults, report=False)
    for name, text in summary:
        console.print(f"{name}：{text}", highlight=False)
    console.print("站点：" + "、".join(chosen["站点编号"]), highlight=False, soft_wrap=True)
    console.print("已写出：" + "、".join(str(path) for path in written), highlight=False, soft_wrap=True)
    return 0


def _check_usage(
    model: Model,
    count: int | None,
    limit: float | None,
    sites: Path | None,
    existing: str | None,
    capacity: str | None,
) -> None:
    """Refuse options that do not fit the model."""
    if (model != Model.COVER_ALL) != (count is not None):
        raise typer.BadParameter(
            "--model cover-all 自行求出最少站点数，不用 --count"
            if count
            else f"--model {model.value} 须给出 --count"
        )
    if (model in (Model.COVER_ALL, Model.COVER_MOST)) != (limit is not None):
        raise typer.BadParameter(
            f"--model {model.value} 须给出 --limit"
            if limit is None
            else f"--model {model.value} 不用 --limit"
        )
    if (existing or capacity) and sites is None:
        raise typer.BadParameter("--existing、--capacity 是候选点表的列，须同时给出 --sites")
    if capacity and model == Model.CENTER:
        raise typer.BadParameter("--model center 不计容量，不用 --capacity")


def _answer(model: Model, task: Task, count: int | None, limit: float | None) -> Allocation:
    from layers.faults import Fault, PlanFaults
    from pipeline.reach import allocate

    fixed, n = int(task.fixed.sum()), task.od.n_destinations
    if count is not None and not max(fixed, 1) <= count <= n:
        problem = f"--count {count}：既有站点 {fixed} 个，候选点共 {n} 个"
        raise PlanFaults([Fault("HSQ-V04", problem, field="--count", remedy=f"取 {max(fixed, 1)} 至 {n}")])
    if limit is not None:
        if count is None:
            return allocate.cover_all(task, limit)
        return allocate.cover_most(task, count, limit)
    assert count is not None
    return (
        allocate.minimise_walk(task, count) if model == Model.MEDIAN else allocate.minimise_worst(task, count)
    )


def _explain(
    error: Unreachable | NoSolution, task: Task, starts: pd.Index, limit: float | None
) -> list[Fault]:
    """Return why there is no answer: who is out of reach, who fits nowhere, or how much is short."""
    from layers.faults import Fault
    from pipeline.reach.allocate import Unreachable

    within = f"{limit:g} m 内" if limit is not None else " OD 表中"
    if isinstance(error, Unreachable):
        return [
            Fault(
                "HSQ-A08", f"需求点在{within}没有任何候选点：{_name(starts[error.origins])}", layer="OD 表",
                remedy="增加候选点、加大距离，或从需求表和 OD 表中去掉这些点",
            )
        ]  # fmt: skip
    if error.least_sites is not None:
        held = "（带容量）" if task.capacity is not None else ""
        return [
            Fault(
                "HSQ-A08", f"站点太少，无法服务全部需求：至少需要 {error.least_sites} 个{held}", field="--count",
                remedy=f"把 --count 改为 {error.least_sites} 或更多",
            )
        ]  # fmt: skip
    return _explain_capacity(task, starts, limit, within)


def _explain_capacity(task: Task, starts: pd.Index, limit: float | None, within: str) -> list[Fault]:
    """Return what even all candidates together cannot hold: single demand points, the sum, or the pattern."""
    import numpy as np

    from layers.faults import Fault

    assert task.capacity is not None
    near = task.od if limit is None else task.od.within(limit)
    most = np.zeros(len(starts))
    np.maximum.at(most, near.origin, task.capacity[near.destination])
    large = np.flatnonzero(task.demand > most)
    if len(large):
        shown = [f"{starts[i]}（需求 {task.demand[i]:g}，容量至多 {most[i]:g}）" for i in large]
        problem = f"需求点在{within}放不进任何一个候选点（每个需求点整体归一个站点）：{_name(shown)}"
        remedy = "把这些需求点拆成几行，或加大附近候选点的容量"
        return [Fault("HSQ-A08", problem, field="--capacity", remedy=remedy)]
    total, held = float(task.demand.sum()), float(task.capacity[np.unique(near.destination)].sum())
    if total > held:
        problem = f"需求合计 {total:g}，全部候选点的容量合计只有 {held:g}"
        return [Fault("HSQ-A08", problem, field="--capacity", remedy="增加候选点或容量，或用 cover-most")]
    return [
        Fault(
            "HSQ-A08", f"容量合计 {held:g} 不小于需求合计 {total:g}，但按距离和整体归属分不下全部需求",
            field="--capacity", remedy="增加需求集中处的候选点或容量，或用 cover-most",
        )
    ]  # fmt: skip


def _name(ids: Sequence[object] | pd.Index) -> str:
    """Return up to twenty names, and how many there are in all."""
    more = f" 等 {len(ids)} 个" if len(ids) > _SHOWN else ""
    return "、".join(str(name) for name in ids[:_SHOWN]) + more


def _tabulate(
    task: Task, found: Allocation, starts: pd.Index, goals: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sites with what they serve, and the assignment."""
    import numpy as np
    import pandas as pd

    served = found.assigned >= 0
    assigned = pd.DataFrame(
        {
            "需求点编号": starts,
            "需求": task.demand,
            "站点编号": np.where(served, goals.to_numpy(dtype=object)[found.assigned], None),
            "距离_m": found.distance_m,
        }
    )
    rows = pd.DataFrame(
        {
            "at": found.assigned,
            "people": task.demand,
            "far": found.distance_m,
            "sum": task.demand * found.distance_m,
        }
    )[served]
    sums = rows.groupby("at").agg(
        n=("at", "size"), people=("people", "sum"), far=("far", "max"), total=("sum", "sum")
    )
    sums = sums.reindex(found.sites)
    chosen = pd.DataFrame(
        {
            "站点编号": goals[found.sites],
            "既有": np.where(task.fixed[found.sites], "是", "否"),
            "服务需求点数": sums["n"].fillna(0).astype(int).to_numpy(),
            "服务需求": sums["people"].fillna(0.0).to_numpy(),
            "平均距离_m": (sums["total"] / sums["people"].where(sums["people"] > 0)).round(2).to_numpy(),
            "最远距离_m": sums["far"].to_numpy(),
        }
    )
    if task.capacity is not None:
        chosen["容量"] = task.capacity[found.sites]
        chosen["富余"] = chosen["容量"] - chosen["服务需求"]
    return chosen, assigned


def _summarise(model: Model, found: Allocation, task: Task) -> list[tuple[str, str]]:
    name, goal, unit = _GOALS[model]
    proof = "已证最优" if found.gap == 0 else f"未证最优，与最优值相差不超过 {found.gap:.4%}"
    lost = found.assigned < 0
    return [
        ("模型", name + ("（带容量）" if task.capacity is not None else "")),
        ("目标值", f"{goal} = {found.value:.10g}{unit}（{proof}）"),
        ("站点", f"{len(found.sites)} 个，其中既有 {int(task.fixed.sum())} 个"),
        (
            "需求",
            f"{len(task.demand)} 处，合计 {task.demand.sum():.10g}；未服务 {int(lost.sum())} 处，合计 {task.demand[lost].sum():.10g}",
        ),
    ]
