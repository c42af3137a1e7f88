"""Which needs the ledger's money still pays for when those before them have taken theirs (3.7, 4.9.1).

The order is that of the projects: phase, then 4.9.1's criteria. Money is promised once, as in the projects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs.facilities import facility_classes
from layers import codes
from layers.planned import Inventory, Need
from pipeline.stages.factors import Costs, price_conversion
from pipeline.stages.funds import Purse
from pipeline.stages.money import Cost, estimate_cost
from pipeline.stages.phases import Standing, find_phase
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.ranking import Merit
from pipeline.stages.revenue import measure_year

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Wish:
    """A listed need that costs something.

    Attributes
    ----------
    need : row of ``Need``.
    level : 3 to 0.
    spaces : the resources taken, the largest part first; empty where none is.
    money : ledger rows of money that support it, in order.
    """

    need: Row
    level: int
    spaces: Sequence[Row]
    money: Sequence[Row]

    def find_turn(self, cost: Cost) -> tuple[object, ...]:
        """Return when its turn to draw comes."""
        clear = all(bool(row[Inventory.tenure_clear]) for row in self.spaces)
        safety, urgency = bool(self.need[Need.safety]), self.need[Need.urgency]
        year = measure_year(clean_text(self.need[Need.type_key]), cost.scale, cost.unit)
        merit = Merit(
            safety=safety,
            urgent=urgency == codes.URGENCY.values[0],
            level=self.level,
            backed=any(clean_number(row[Inventory.amount_wan]) > 0 for row in self.money),
            payback_years=year.pay_back(cost.total_wan) if year is not None else float("nan"),
            clear=clear,
            origin=clean_text(self.need[Need.origin]),
            number=str(self.need[Need.number]),
        )
        return find_phase(Standing(urgency, self.level, clear, safety)).index, *merit.key

    def estimate(self, costs: Costs) -> Cost:
        """Return what it costs; NaN where the scale is unknown."""
        item = facility_classes().get(clean_text(self.need[Need.type_key]))
        if item is not None:
            whole = [price_conversion(self.need, row, item, costs) for row in self.spaces[:1]]
            return whole[0] if whole else Cost(float("nan"), "")
        shape = self.need.get("geometry")
        area = shape.area if shape is not None and shape.area > 0 else float("nan")
        long = shape.length if shape is not None and shape.area == 0 and shape.length > 0 else float("nan")
        return estimate_cost(None, "整治", area_m2=area, length_m=long, costs=costs)


def find_unpaid(wishes: Sequence[Wish], money: Sequence[Row], costs: Costs) -> dict[str, str]:
    """Return what is missing of the money, in words, by need; needs that are paid for are not in it.

    Parameters
    ----------
    wishes : in any order.
    money : all ledger rows with an amount.
    costs : unit costs.
    """
    purse = Purse.open([dict(row) for row in money])
    missing = {}
    priced = [(wish, wish.estimate(costs)) for wish in wishes]
    for wish, price in sorted(priced, key=lambda pair: pair[0].find_turn(pair[1])):
        number, cost = str(wish.need[Need.number]), price.total_wan
        funded = [row for row in wish.money if clean_number(row[Inventory.amount_wan]) > 0]
        if cost == 0:
            continue
        if not funded:
            missing[number] = "资金来源未落实"
            continue
        if np.isnan(cost):
            if not any(purse.left.get(row[Inventory.number], 0) > 0 for row in funded):
                missing[number] = "台账资金已安排给更优先的需求"
            continue
        before = purse.unfunded
        purse.pay(cost, [dict(row) for row in funded])
        short = purse.unfunded - before
        if short:
            some = short < round(cost * 100)
            missing[number] = "台账资金不足，仅够部分投入" if some else "台账资金已安排给更优先的需求"
    return missing
