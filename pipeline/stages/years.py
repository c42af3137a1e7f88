"""Investment by year: shares follow the months, sum to 100 %, and their amounts to the total (requirements.md §7.15)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.areas import share_total
from layers.finance import YEARS, YearPlan


def count_months(start: str, end: str, *, first_year: int) -> NDArray[np.int64]:
    """Return the months of a project by year of the plan, both ends included.

    Parameters
    ----------
    start, end : ``2026-03``.
    first_year : the year of the first column. Months before it count in the first column, months after the last
        column in the last.

    Raises
    ------
    ValueError
        If the end lies before the start.
    """
    first, last = (int(text[:4]) * 12 + int(text[5:7]) - 1 for text in (start, end))
    if last < first:
        raise ValueError(f"a project ends ({end}) before it starts ({start})")
    years = np.arange(first, last + 1) // 12 - first_year
    return np.bincount(np.clip(years, 0, YEARS - 1), minlength=YEARS)


def write_years(project: str, *, start: str, end: str, total_wan: float, first_year: int) -> dict[str, Any]:
    """Return the ``YearPlan`` row of a project; without a total it has shares only.

    Amounts are the printed shares of the total, so that a reader who multiplies finds them again.
    """
    shares = share_total(count_months(start, end, first_year=first_year), 100.0)
    row: dict[str, Any] = {YearPlan.id: project, YearPlan.project: project}
    row |= dict(zip(map(str, YearPlan.shares()), shares, strict=True))
    if not np.isnan(total_wan):
        amounts = share_total(shares, total_wan)
        row |= dict(zip(map(str, YearPlan.amounts()), amounts, strict=True))
    row[YearPlan.share_sum] = round(float(shares.sum()), 2)
    return row
