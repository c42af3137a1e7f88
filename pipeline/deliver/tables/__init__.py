"""Statutory and supporting tables as xlsx (guideline 6.3, 3.6.1, 4.9.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from layers.faults import FaultLog
from layers.finance import Fund
from layers.model import Layer
from layers.planned import Match, PlannedParcel, Project, Resource, Site
from layers.reachable import Unit
from layers.source import Building, Parcel
from pipeline.deliver.items import Absent, Item, Made
from pipeline.deliver.names import check_names
from pipeline.deliver.tables.actions import ActionSum, sum_actions
from pipeline.deliver.tables.basics import Basics, sum_basics
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, fill_table
from pipeline.deliver.tables.derived import Balance, Phase, balance_landuse, list_phases
from pipeline.deliver.tables.notes import check_notes
from pipeline.deliver.tables.own import write_own
from pipeline.deliver.tables.promised import tell_promised
from pipeline.deliver.tables.spec import Table, table_specs
from pipeline.plan import Plan

__all__ = ["Content", "deliver_tables", "fill_tables", "write_tables"]


FOLDER = "表格"
# The statutory ones are handed in even when empty; the others only with rows.
_ALWAYS = frozenset({"resource_list", "project_list", "matching", "phasing"})


Reduce = Callable[[Table], Table | None]


def fill_tables(
    frames: Mapping[str, pd.DataFrame], plan: Plan, log: FaultLog, *, reduce: Reduce | None = None
) -> list[tuple[Table, Content]]:
    """Return every table that can be filled, in order.

    Parameters
    ----------
    frames : stage results by layer key, communities filled in.
    reduce : takes columns off a table before it is filled, or the whole table (None).
    """
    known = _by_name(frames)
    if {Parcel.__name__, PlannedParcel.__name__} <= known.keys():
        known[Balance.__name__] = balance_landuse(known[Parcel.__name__], known[PlannedParcel.__name__])
        _check_balance(known[Balance.__name__], log)
    if {Site.__name__, Building.__name__} <= known.keys():
        known[ActionSum.__name__] = sum_actions(known[Site.__name__], known[Building.__name__])
    if Unit.__name__ in known:
        known[Basics.__name__] = sum_basics(known)
    money = [known.get(layer.__name__) for layer in (Match, Project, Fund, Resource)]
    if all(frame is not None for frame in money):
        known[Match.__name__] = tell_promised(*money)
    known[Phase.__name__] = list_phases(known.get(Project.__name__), plan)
    return [
        (table, fill_table(table, known, plan, log))
        for table in (reduce(spec) if reduce else spec for spec in table_specs())
        if table is not None and {table.rows, *(join.layer for join in table.join)} <= known.keys()
    ]


def write_tables(frames: Mapping[str, pd.DataFrame], plan: Plan, root: Path, log: FaultLog) -> Made:
    """Write one workbook a table under ``root/表格``; tables without rows are named with the reason."""
    return deliver_tables(frames, plan, root, log)[0]


def deliver_tables(
    frames: Mapping[str, pd.DataFrame], plan: Plan, root: Path, log: FaultLog
) -> tuple[Made, list[tuple[Table, Content]]]:
    """Write the tables; return the files, and the tables that were written, in order, for the text to quote."""
    check_notes(_by_name(frames), log)
    filled = {table.key: content for table, content in fill_tables(frames, plan, log)}
    check_names([content.file for content in filled.values()], key="plan.area")
    made: list[Item | Absent] = []
    written: list[tuple[Table, Content]] = []
    for table in table_specs():
        content = filled.get(table.key)
        title = table.title.format(area=plan.plan.area)
        if content is None or not (content.rows or table.key in _ALWAYS):
            made.append(Absent("表格", title, "没有数据", table.number))
            continue
        written.append((table, content))
        path = f"{FOLDER}/{content.file}.xlsx"
        own = plan.hand.templates.get(table.number)
        if own is None or not write_own(plan.resolve(own), root / path, content, plan, log):
            write_book(root / path, [(content.number, content)], plan)
        made.append(
            Item(
                path,
                "表格",
                content.title,
                "pipeline.deliver.tables",
                table.number,
                note=f"{len(content.rows)} 行",
            )
        )
    return made, written


def _by_name(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {layer.__name__: frames[layer.key] for layer in Layer.registry.values() if layer.key in frames}


def _check_balance(table: pd.DataFrame, log: FaultLog) -> None:
    now, after = table[Balance.now_m2].sum(), table[Balance.planned_m2].sum()
    if abs(now - after) >= 0.01:
        log.add(
            "HSQ-D06",
            f"用地平衡表更新前后总面积不等：现状 {now:.2f} ㎡，规划 {after:.2f} ㎡",
            severity="警告",
            layer=PlannedParcel.alias,
            remedy="检查规划用地图斑是否完整覆盖现状用地",
        )
