"""What a project costs and who pays: whole grains of 0.01 万元, so that 财政+社会=总投资 exactly (T2-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from configs.facilities import FacilityClass
from configs.planning import UnitCost, unit_costs
from layers.ledgers import OwnCost
from layers.planned import Resource
from pipeline.stages.placing import clean_number, write_money
from pipeline.stages.support import is_social

_GRAINS = 100  # of 0.01 万元 in 1 万元


@dataclass(frozen=True)
class Cost:
    """A total with the unit cost and scale it comes from; NaN where either is unknown."""

    total_wan: float
    basis: str


@dataclass(frozen=True)
class Funding:
    """The two sources of a project and the words for them."""

    fiscal_wan: float
    social_wan: float
    text: str


@dataclass
class Purse:
    """Money of the ledger, spent once: what one project takes another cannot have."""

    left: dict[str, int] = field(default_factory=dict)  # grains by resource number
    unfunded: int = 0

    @classmethod
    def open(cls, rows: list[dict[str, Any]]) -> Purse:
        """Fill the purse with the amounts of money and policy rows."""
        amounts = {row[Resource.number]: clean_number(row[Resource.amount_wan]) for row in rows}
        return cls({number: round(a * _GRAINS) for number, a in amounts.items() if a > 0})

    def pay(self, total_wan: float, rows: list[dict[str, Any]]) -> Funding:
        """Pay a project from its own supporters: 社会资金 first, the rest is 财政资金.

        The part of the fiscal money that no ledger row covers is said so and counted in ``unfunded``.

        Parameters
        ----------
        total_wan : total, already rounded to 0.01.
        rows : money rows that support the project, in order.
        """
        total = round(total_wan * _GRAINS)
        social = [row for row in rows if is_social(row)]
        fiscal = [row for row in rows if not is_social(row)]
        by_social, social_texts = self._draw(total, social)
        backed, fiscal_texts = self._draw(total - by_social, fiscal)
        open_part = total - by_social - backed
        self.unfunded += open_part
        if open_part:
            fiscal_texts.append(f"来源待落实{write_money(open_part / _GRAINS)}")
        parts = [f"财政资金：{'、'.join(fiscal_texts)}" if fiscal_texts else ""]
        parts.append(f"社会资金：{'、'.join(social_texts)}" if social_texts else "")
        return Funding((total - by_social) / _GRAINS, by_social / _GRAINS, "；".join(filter(None, parts)))

    def _draw(self, wanted: int, rows: list[dict[str, Any]]) -> tuple[int, list[str]]:
        drawn, texts = 0, []
        for row in rows:
            number = row[Resource.number]
            part = min(wanted - drawn, self.left.get(number, 0))
            if part > 0:
                self.left[number] -= part
                drawn += part
                texts.append(f"{row[Resource.name]}{write_money(part / _GRAINS)}")
        return drawn, texts


def read_costs(ledger: pd.DataFrame) -> dict[tuple[str, str, str], UnitCost]:
    """Return unit costs by (subject, action, unit): those of ``configs/costs.csv``, outweighed by the ledger's.

    Parameters
    ----------
    ledger : ``OwnCost`` rows; a range not given is the cost itself, and what somebody vouches for is certain.
    """
    rows = ledger.to_dict("records")
    own = {
        (row[OwnCost.subject], row[OwnCost.action], row[OwnCost.unit]): UnitCost(
            subject=row[OwnCost.subject],
            action=row[OwnCost.action],
            unit=row[OwnCost.unit],
            unit_cost_wan=row[OwnCost.cost_wan],
            low_wan=_or(row[OwnCost.low_wan], row[OwnCost.cost_wan]),
            high_wan=_or(row[OwnCost.high_wan], row[OwnCost.cost_wan]),
            source=f"{row[OwnCost.origin]}，{row[OwnCost.date]}",
            confidence=1.0,
        )
        for row in rows
    }
    return {**unit_costs(), **own}


def _or(value: float, other: float) -> float:
    return other if np.isnan(value) else value


def estimate_cost(
    item: FacilityClass | None,
    action: str,
    *,
    area_m2: float,
    length_m: float,
    costs: Mapping[tuple[str, str, str], UnitCost] | None = None,
) -> Cost:
    """Return the total of a project from unit costs.

    Parameters
    ----------
    item : facility class, None for works in place.
    action : 改造, 新建 or 整治.
    area_m2, length_m : scale; NaN where it has none. A cost by piece counts one.
    costs : by (subject, action, unit), as ``read_costs`` returns them; ``configs/costs.csv`` when None.
    """
    known = unit_costs() if costs is None else costs
    scales = {"㎡": area_m2, "m": length_m, "处": 1.0}
    subjects = [item.key, "*land" if item.land else "*indoor"] if item is not None else ["*works"]
    for subject in subjects:
        for unit, scale in scales.items():
            row = known.get((subject, action, unit))
            if row is not None and not np.isnan(scale):
                return Cost(round(row.unit_cost_wan * scale, 2), _write_basis(row, scale))
    return Cost(float("nan"), "规模未定，造价待测算")


def _write_basis(row: UnitCost, scale: float) -> str:
    low, high = row.low_wan * scale, row.high_wan * scale
    return (
        f"{row.unit_cost_wan:g}万元/{row.unit}×{scale:.2f}{row.unit}"
        f"（区间{low:.2f}–{high:.2f}万元；{row.source}，置信度{row.confidence:g}）"
    )
