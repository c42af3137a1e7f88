"""Everybody within a distance: by the fewest sites, or, by a number of sites, within the least distance.

The second, the p-centre, is the first asked at the distances of the table [1]_: at each of them, do so many
sites cover everybody? Cheap bounds leave few distances to ask at.

References
----------
.. [1] Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139.
"""

from __future__ import annotations

import numpy as np

from pipeline.reach.branching import ROUNDING, Mask, price_demand
from pipeline.reach.covering import cover_greedily, find_cover, first_cover, least_cover, tabulate_near
from pipeline.reach.graph import Floats
from pipeline.reach.programme import TimedOut
from pipeline.reach.task import Allocation, NoSolution, Task, require_reached, send_to_nearest


def cover_by_fewest(task: Task, limit_m: float) -> Allocation:
    """Return the fewest sites that cover everybody within the limit; all are within reach of some."""
    rows, existing = _left_by_existing(task, limit_m), int(task.fixed.sum())
    found = least_cover(rows, ~task.fixed, time_limit_s=task.time_limit_s)
    assert found is not None
    cover, proven = found
    count = len(cover) + existing
    sites = first_cover(rows, count, task.fixed, cover, time_limit_s=task.time_limit_s)
    gap = (len(cover) - proven) / count if count else 0.0
    return send_to_nearest(task, sites, limit_m, value=float(count), gap=gap)


def count_needed(task: Task) -> int | None:
    """Return how many sites it takes to reach everybody at all; None where that is not known."""
    found = least_cover(_left_by_existing(task, np.inf), ~task.fixed, time_limit_s=task.time_limit_s)
    if found is None or found[1] < len(found[0]):
        return None
    return len(found[0]) + int(task.fixed.sum())


def minimise_worst(task: Task, sites: int) -> Allocation:
    """Minimise the longest distance of any origin to its site (p-centre) [1]_.

    The answer is one of the distances of the table. Demand weighs nothing here; capacities are not
    observed.

    Raises
    ------
    Unreachable
        If an origin has no candidate at all.
    NoSolution
        If so few sites cannot reach everybody.
    ValueError
        If ``sites`` is less than the existing ones or more than the candidates, or capacities are given.
    """
    task.check_count(sites)
    require_reached(task.od)
    if task.capacity is not None:
        raise ValueError("the p-centre observes no capacities")
    steps = np.unique(task.od.distance_m)
    more = sites - int(task.fixed.sum())
    high, best = _bound_above(task, steps, more)
    low = proven_below = _bound_below(task, steps, more, high)
    stride = 1
    while low < high:
        # Steps widen from the proven lower end: the answer is rarely far from it.
        middle = min(low + stride - 1, (low + high) // 2)
        stride *= 2
        try:
            found = _cover_within(task, steps[middle], more)
        except TimedOut:
            low = middle + 1  # undecided: what lies below is no longer proven out
            continue
        if found is not None:
            high, best = middle, found
        else:
            low = proven_below = middle + 1
    if best is None:
        raise NoSolution(count_needed(task))
    value, bound = float(steps[high]), float(steps[min(proven_below, high)])
    rows = _left_by_existing(task, value)
    chosen = first_cover(rows, sites, task.fixed, best, time_limit_s=task.time_limit_s)
    gap = (value - bound) / value if value > 0 else 0.0
    return send_to_nearest(task, chosen, value, value=value, gap=gap)


def _left_by_existing(task: Task, limit_m: float) -> Mask:
    """Return which candidate covers which demand, where no existing site does."""
    rows = tabulate_near(task.od, limit_m)
    return rows[~rows[:, task.fixed].any(axis=1)]


def _cover_within(task: Task, limit_m: float, more: int) -> list[int] | None:
    return find_cover(_left_by_existing(task, limit_m), more, ~task.fixed, time_limit_s=task.time_limit_s)


def _bound_above(task: Task, steps: Floats, more: int) -> tuple[int, list[int] | None]:
    """Return a distance at which a greedy choice covers everybody; one beyond the last where none does."""
    low, high, best = 0, len(steps), None
    while low < high:
        middle = (low + high) // 2
        found = cover_greedily(_left_by_existing(task, steps[middle]), ~task.fixed)
        if found is not None and len(found) <= more:
            high, best = middle, found
        else:
            low = middle + 1
    return high, best


def _bound_below(task: Task, steps: Floats, more: int, high: int) -> int:
    """Return the first distance at which fractions of sites, at least, would cover everybody."""
    # Nobody can do better than the nearest candidate of all.
    first = np.unique(task.od.origin, return_index=True)[1]
    low = int(np.searchsorted(steps, task.od.distance_m[first].max(initial=0.0)))
    while low < high:
        middle = (low + high) // 2
        prices = price_demand(_left_by_existing(task, steps[middle])[:, ~task.fixed])
        if prices is None or np.ceil(prices.bound - ROUNDING) > more:
            low = middle + 1
        else:
            high = middle
    return low
