"""财政资金 and 社会资金 of a project as a planner splits them: their sum stays the total (填表说明 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers.planned import Project
from pipeline.stages.funds import GRAINS, Funding
from pipeline.stages.hand import Hand, Refused
from pipeline.stages.placing import write_money

SPLIT = (Project.fiscal_wan, Project.social_wan)


@dataclass(frozen=True)
class Split:
    """Reads the decisions about one project's money.

    Attributes
    ----------
    hand : the decisions.
    refused : gets why one cannot hold.
    """

    hand: Hand
    refused: dict[Refused, str]

    def read(self, row: Mapping[str, Any], total_wan: float, alone: Funding) -> float | None:
        """Return the 社会资金 decided, 万元; None where nothing is, or it cannot be.

        One of the two is enough: the other is what the total leaves.

        Parameters
        ----------
        total_wan : the total as it holds.
        alone : what the ledger's money would give; kept beside the decision.
        """
        computed = dict(zip(SPLIT, (alone.fiscal_wan, alone.social_wan), strict=True))
        given = {
            column: value
            for column in SPLIT
            if (value := self.hand.peek(Project, row, column, None)) is not None
        }
        if not given:
            return None
        total = round(total_wan * GRAINS)
        fiscal, social = (round(given[c] * GRAINS) if c in given else None for c in SPLIT)
        if social is None:
            assert fiscal is not None
            social = total - fiscal
        elif fiscal is not None and fiscal + social != total:
            said = f"财政资金与社会资金之和{write_money((fiscal + social) / GRAINS)}不等于总投资{write_money(total_wan)}"
            self.refuse(row, said)
            return None
        if not 0 <= social <= total:
            self.refuse(row, f"超过总投资{write_money(total_wan)}（须同时决定“项目总投资”）")
            return None
        for column in given:
            self.hand.decide(Project, row, column, computed[column])
        return social / GRAINS

    def refuse(self, row: Mapping[str, Any], why: str) -> None:
        """Take note of why no split of this project can hold."""
        self.refused.update({(str(row[Project.id]), column.spec.alias): why for column in SPLIT})
