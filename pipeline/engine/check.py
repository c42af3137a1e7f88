"""Check a plan: read and mend everything, compute nothing, write the report and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from layers.account import Account, make_accounts
from layers.faults import Fault, FaultLog, PlanFaults, refuse_write
from layers.read.decisions import read_decisions
from pipeline.deliver.quality import PATH as REPORT
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.report import place_report
from pipeline.deliver.tables.templates import check_templates
from pipeline.plan import Plan
from pipeline.stages import STAGES
from pipeline.stages.base import Given


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    faults : everything said, in the order it was found.
    accounts : ``FileAccount`` rows.
    report : the quality report; None where the disk refused it, which is a fault as well.
    """

    faults: tuple[Fault, ...]
    accounts: pd.DataFrame
    report: Path | None

    @property
    def sound(self) -> bool:
        """Whether the plan can be run."""
        return not any(fault.severity == "错误" for fault in self.faults)


def check_plan(plan: Plan) -> Checked:
    """Read every input of a plan and write what is wrong into ``output/<plan>/质检``."""
    load = STAGES[0]
    given = Given(plan, {}, FaultLog())
    read_decisions(plan.decisions, plan.decisions.name, given.log)
    check_templates(plan, given.log)
    decided = tuple(given.log.faults)
    given.log.faults.clear()
    try:
        load(given)
        faults = (*given.log.faults, *decided)
    except PlanFaults as error:
        faults = (*join_faults(given.log, error), *decided)
    accounts = finished_accounts(given.log.accounts)
    rows = quality_rows(faults, stage=load.title, crs=given.log.crs)
    try:
        return Checked(faults, accounts, place_report(rows, plan, accounts=accounts))
    except OSError as error:
        # The error names the place where the report is made before it is moved; nobody knows that one.
        refused = replace(
            refuse_write(error, plan.output, action="没有写出质检报告"), file=str(plan.output / REPORT)
        )
        return Checked((*faults, refused), accounts, None)


def join_faults(log: FaultLog, error: PlanFaults) -> tuple[Fault, ...]:
    """Return what a log holds and what was raised beside it, each once."""
    known = set(log.faults)
    return (*log.faults, *(fault for fault in error.faults if fault not in known))


def finished_accounts(accounts: Iterable[Account]) -> pd.DataFrame:
    """Return ``FileAccount`` rows of the files whose rows are all accounted for; reading may have stopped half-way."""
    return make_accounts(account for account in accounts if not account.missing())
