"""The level of one need with one resource or with several together, and the sentence for it (3.6.1).

The lowest factor's level is the pair's; the sentence is made of the factors at that level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.planned import Inventory, Need
from pipeline.stages.factors import Case, Factor, compare_area, iter_factors, rule
from pipeline.stages.placing import clean_number

_AREA = "area_ratio"


@dataclass(frozen=True)
class Judgement:
    """The level of a pair, or of a need with several resources together.

    Attributes
    ----------
    level : 3, 2 or 1; a pair that would be 0 is no candidate.
    cases : the need with each resource.
    factors : everything that was looked at.
    """

    level: int
    cases: tuple[Case, ...]
    factors: tuple[Factor, ...]

    @property
    def reason(self) -> str:
        """Chinese sentence of the deciding factors."""
        rows = [case.resource for case in self.cases]
        named = "、".join(f"{row[Inventory.category]}（{row[Inventory.name]}）" for row in rows)
        deciding = "、".join(f.text for f in self.factors if f.text and f.level == self.level)
        return f"有{named}，{deciding}" if self.level == 3 else f"有{named}，但{deciding}"

    @property
    def area_ratio(self) -> float:
        """Usable over required area; NaN where one is unknown."""
        required = clean_number(self.cases[0].need[Need.required_m2])
        usable = sum(clean_number(case.resource[Inventory.usable_m2]) for case in self.cases)
        return usable / required if required else np.nan

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is still missing before work can start."""
        return tuple(dict.fromkeys(f.condition for f in self.factors if f.condition))

    @property
    def obstacles(self) -> int:
        """How many factors keep the pair from 强匹配."""
        return sum(factor.level < 3 for factor in self.factors)

    @property
    def protocol(self) -> str:
        """All factors with their levels, for whoever wants to follow the judgement."""
        return "；".join(
            f"{rule(f.key)['name']}{f.level}" + (f"（{f.text}）" if f.text else "") for f in self.factors
        )


def judge_pair(case: Case) -> Judgement | None:
    """Judge whether a spatial resource can meet a need; None where it cannot at all."""
    factors = []
    for factor in iter_factors(case):
        if factor.level == 0:
            return None
        factors.append(factor)
    return Judgement(min(f.level for f in factors), (case,), tuple(factors))


def judge_together(cases: Sequence[Case]) -> Judgement | None:
    """Judge several resources that meet one need together; None where their area does not suffice.

    Every factor but area holds for each resource by itself; of the area it is the sum that counts.
    """
    usable = sum(clean_number(case.resource[Inventory.usable_m2]) for case in cases)
    area = compare_area(cases[0].need, cases[0].item, usable, word="合计可用面积")
    if area.level < 3:
        return None
    factors = [area]
    for case in cases:
        factors += [factor for factor in iter_factors(case) if factor.key != _AREA]
    level = min(factor.level for factor in factors)
    return Judgement(level, tuple(cases), tuple(dict.fromkeys(factors))) if level else None
