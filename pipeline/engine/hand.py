"""The planner's decisions in a run: read before the first stage, offered again after the last."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from layers.decisions import Decision
from layers.faults import Fault, FaultLog
from layers.read.decisions import read_decisions
from pipeline.deliver.form import find_unread, write_form
from pipeline.engine.store import Frames
from pipeline.plan import Plan

log = logging.getLogger("haoshequ")


def take_decisions(plan: Plan, remarks: dict[str, list[Fault]]) -> pd.DataFrame:
    """Read the planner's decisions; what is wrong with them goes into ``remarks``.

    Raises
    ------
    PlanFaults
        If a row cannot be used: it is mended or removed before anything is computed.
    """
    own = FaultLog()
    decisions = read_decisions(plan.decisions, plan.decisions.name, own)
    unread = find_unread(plan, decisions)
    if unread is not None:
        own.faults.append(unread)
    if own.faults:
        remarks[Decision.alias] = own.faults
    own.raise_errors()
    return decisions


def offer_decisions(plan: Plan, frames: Frames) -> Path | None:
    """Write the form of all judgements; None where there is none yet, or the file may or can not be replaced."""
    try:
        return write_form(frames, plan)
    except OSError as refused:  # open in another program: the run itself is done all the same
        log.info("没有更新人工决策样表：%s", refused)
        return None
