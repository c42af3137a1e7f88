"""What a project costs: unit costs times scale, with a low and a high end (3.5.2, 4.6, D-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from configs.facilities import FacilityClass
from configs.planning import UnitCost, unit_costs
from layers.ledgers import OwnCost

_REMOVAL = ("*removal", "拆除", "㎡")


@dataclass(frozen=True)
class Cost:
    """A total with its range, and the unit costs and scales it comes from; NaN where either is unknown.

    Attributes
    ----------
    scale, unit : how large the project is in the unit that was priced; taking down is not counted.
    """

    total_wan: float
    basis: str
    low_wan: float = float("nan")
    high_wan: float = float("nan")
    scale: float = float("nan")
    unit: str = ""


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
    removal_m2: float = 0.0,
    costs: Mapping[tuple[str, str, str], UnitCost] | None = None,
) -> Cost:
    """Return the total of a project from unit costs, rounded to 0.01 万元 line by line.

    Parameters
    ----------
    item : facility class, None for works in place.
    action : 改造, 新建, 整治 or 拆除; the last takes down ``removal_m2`` and builds anew.
    area_m2, length_m : scale; NaN where it has none. A cost by piece counts one.
    removal_m2 : floor area taken down; where it is NaN the total stays open rather than too low.
    costs : by (subject, action, unit), as ``read_costs`` returns them; ``configs/costs.csv`` when None.
    """
    known = unit_costs() if costs is None else costs
    # Rounded as printed, so that a reader who multiplies finds the total again.
    scales = {"㎡": round(area_m2, 2), "m": round(length_m, 2), "处": 1.0}
    removal_m2 = round(removal_m2, 2)
    subjects = [item.key, "*land" if item.land else "*indoor"] if item is not None else ["*works"]
    built = "新建" if action == "拆除" else action
    priced = next(
        (
            (row, scale)
            for subject in subjects
            for unit, scale in scales.items()
            if (row := known.get((subject, built, unit))) is not None and not np.isnan(scale)
        ),
        None,
    )
    if priced is None:
        return Cost(float("nan"), "规模未定，造价待测算")
    lines = [priced]
    if action == "拆除":
        if np.isnan(removal_m2):
            return Cost(float("nan"), "拆除建筑面积未定，造价待测算", scale=priced[1], unit=priced[0].unit)
        lines.append((known[_REMOVAL], removal_m2))
    low, high, total = (
        round(sum(round(getattr(row, name) * scale, 2) for row, scale in lines), 2)
        for name in ("low_wan", "high_wan", "unit_cost_wan")
    )
    basis = "；另拆除".join(_write_basis(row, scale) for row, scale in lines)
    return Cost(total, basis, low, high, priced[1], priced[0].unit)


def _write_basis(row: UnitCost, scale: float) -> str:
    low, high = row.low_wan * scale, row.high_wan * scale
    return (
        f"{row.unit_cost_wan:g}万元/{row.unit}×{scale:.2f}{row.unit}"
        f"（区间{low:.2f}–{high:.2f}万元；{row.source}，置信度{row.confidence:g}）"
    )
