"""The last step of a run: the hand-in is opened again from disk before it is swapped in."""

from __future__ import annotations

from pathlib import Path

from pipeline.audit.audit import Audit, audit_handin
from pipeline.audit.folder import REPORTS
from pipeline.audit.page import write_page
from pipeline.audit.workbook import write_workbook
from pipeline.deliver.items import Item
from pipeline.plan import Plan

_MAKER = "pipeline.audit"


class SelfInspection:
    """Checks the hand-in of a plan and writes its two reports into it; what it finds keeps nothing back.

    Attributes
    ----------
    items : the reports, for 成果目录, which is written before them.
    audit : what was found; None until the hand-in was checked.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        workbook, page = REPORTS
        self.items = (
            Item(workbook, "质检", "成果自检", _MAKER),
            Item(page, "质检", "成果自检（网页）", _MAKER),
        )
        self.audit: Audit | None = None

    def __call__(self, root: Path) -> None:
        """Check the files under ``root``, complete but for manifest and reports, and write the reports."""
        self.audit = audit_handin(root, parameters=self._plan.model_dump(mode="json"))
        write_reports(self.audit, root / REPORTS[0], root / REPORTS[1])


def write_reports(audit: Audit, workbook: Path, page: Path) -> None:
    """Write both reports."""
    write_workbook(audit, workbook)
    write_page(audit, page)
