"""What the steps of a run had to say, together: the quality report, in a hand-in or of a run that failed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from layers.account import FileAccount
from layers.faults import Fault, PlanFaults
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.report import place_report
from pipeline.engine.check import finished_accounts
from pipeline.engine.store import Frames
from pipeline.plan import Plan

log = logging.getLogger("haoshequ")


def refuse_changed(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raise PlanFaults where an input was changed while it was read: nobody could say which bytes were taken.

    Parameters
    ----------
    before, after : hashes by name.
    """
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if changed:
        raise PlanFaults(
            [
                Fault("HSQ-F02", "文件在读取期间被改动", file=name, action="没有采用读到的内容",
                      remedy="等文件保存完毕、同步完成后重新运行")
                for name in changed
            ]
        )  # fmt: skip


def join_remarks(remarks: dict[str, list[Fault]], *, crs: object) -> pd.DataFrame:
    """Return the remarks of all stages, in stage order, as the ``Quality`` layer."""
    parts = [quality_rows(faults, stage=title, crs=crs) for title, faults in remarks.items()]
    return pd.concat(parts, ignore_index=True)


def report_failure(
    plan: Plan, error: PlanFaults, remarks: dict[str, list[Fault]], frames: Frames
) -> Path | None:
    """Write the quality report of a run that failed; None where the disk refuses that too."""
    told = {fault for faults in remarks.values() for fault in faults}
    rest = [fault for fault in error.faults if fault not in told]
    stages = remarks | ({"": rest} if rest else {})
    placed = (frame.crs for frame in frames.values() if isinstance(frame, gpd.GeoDataFrame))
    crs = next(placed, error.log.crs if error.log else None)
    accounts = frames.get(FileAccount.key)
    if accounts is None and error.log is not None:
        accounts = finished_accounts(error.log.accounts)
    try:
        return place_report(join_remarks(stages, crs=crs), plan, accounts=accounts)
    except OSError as refused:
        log.info("没有写出质检报告：%s", refused)
        return None
