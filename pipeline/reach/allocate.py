"""Location-allocation from a table of distances: which sites to open, and who goes where.

Five questions: all demand within a distance by the fewest sites [1]_, the most demand within a distance
[2]_, the least walking in sum [3]_, the shortest longest walk [4]_, and the capacitated kin of the first
three. Each is answered exactly by HiGHS, with ties decided (:mod:`pipeline.reach.programme`). Existing
sites stay open and count among the sites asked for.

References
----------
.. [1] Toregas, C., Swain, R., ReVelle, C., & Bergman, L. (1971). The location of emergency service
   facilities. Operations Research 19(6), 1363-1373.
.. [2] Church, R., & ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
   Science Association 32(1), 101-118.
.. [3] Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians
   of a graph. Operations Research 12(3), 450-459.
.. [4] Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.reach.formulate import cover_rows, median_rows, serve_rows
from pipeline.reach.graph import Floats
from pipeline.reach.od import Index, OdTable
from pipeline.reach.programme import LOOSE, Programme, Solved, TimedOut, relax, solve, take_first
from pipeline.reach.task import NoSolution, Task, Unreachable, make_task

__all__ = [
    "Allocation", "NoSolution", "Task", "Unreachable", "cover_all", "cover_most", "make_task",
    "minimise_walk", "minimise_worst",
]  # fmt: skip

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Allocation:
    """Sites and who goes to them.

    Attributes
    ----------
    sites : (k,) int
        Open candidates in ascending order, existing ones included.
    assigned : (n_origins,) int
        Site of each origin, its nearest (lowest position of equals) unless capacities bind; -1 unserved.
    distance_m : (n_origins,) float
        Distance to it; NaN where unserved.
    value : float
        Number of sites, demand covered, demand × distance, or longest distance.
    gap : float
        How far at most the value is from the optimum, relative to it; 0 where the optimum is proven.
    """

    sites: Index
    assigned: Index
    distance_m: Floats
    value: float
    gap: float


def cover_all(task: Task, limit_m: float) -> Allocation:
    """Serve all demand within the limit by the fewest sites (location set covering) [1]_.

    Raises
    ------
    Unreachable
        If an origin has no candidate within the limit.
    NoSolution
        If the capacities are too small together.
    """
    near = task.od.within(limit_m)
    _require_all(near)
    if task.capacity is None:
        programme = cover_rows(near, task.fixed, count=None, must=True)
    else:
        programme = serve_rows(near, task.demand, task.fixed, task.capacity, count=None, aim="sites")
    solved = _solve(programme, task)
    return _finish(task, near, programme, solved, solved.value)


def cover_most(task: Task, sites: int, limit_m: float) -> Allocation:
    """Cover the most demand within the limit by a number of sites (maximal covering) [2]_.

    Demand out of reach of the chosen sites stays unserved; it is no error.

    Raises
    ------
    ValueError
        If ``sites`` is less than the existing ones or more than the candidates.
    """
    _check_count(task, sites)
    near = task.od.within(limit_m)
    if task.capacity is None:
        programme = cover_rows(near, task.fixed, count=sites, must=False, demand=task.demand)
    else:
        programme = serve_rows(near, task.demand, task.fixed, task.capacity, count=sites, aim="covered")
    solved = _solve(programme, task)
    return _finish(task, near, programme, solved, -solved.value)


def minimise_walk(task: Task, sites: int) -> Allocation:
    """Minimise the sum of demand × distance over a number of sites (p-median) [3]_.

    Raises
    ------
    Unreachable
        If an origin has no candidate at all.
    NoSolution
        If so few sites cannot reach, or their capacities cannot hold, all demand.
    ValueError
        If ``sites`` is less than the existing ones or more than the candidates.
    """
    _check_count(task, sites)
    _require_all(task.od)
    if task.capacity is None:
        programme, _ = relax(median_rows(task.od, task.demand, task.fixed, count=sites))
    else:
        programme = serve_rows(task.od, task.demand, task.fixed, task.capacity, count=sites, aim="walk")
    solved = _solve(programme, task)
    return _finish(task, task.od, programme, solved, solved.value)


def minimise_worst(task: Task, sites: int) -> Allocation:
    """Minimise the longest distance of any origin to its site (p-centre) [4]_.

    The answer is one of the distances of the table, so it is found by bisection, each step asking
    whether so many sites cover everybody within that distance. Demand weighs nothing here; capacities
    are not observed.

    Raises
    ------
    Unreachable, NoSolution, ValueError
        As ``minimise_walk``.
    """
    _check_count(task, sites)
    _require_all(task.od)
    if task.capacity is not None:
        raise ValueError("the p-centre observes no capacities")
    steps = np.unique(task.od.distance_m)
    # Nobody can do better than the nearest candidate of all, so the search starts at the worst of these.
    first = np.unique(task.od.origin, return_index=True)[1]
    low = int(np.searchsorted(steps, task.od.distance_m[first].max(initial=0.0)))
    low = _skip_hopeless(task, sites, steps, low)
    high, best, proven_below, stride = len(steps), None, low, 1
    while low < high:
        # Steps widen from the proven lower end: the answer is rarely far from it.
        middle = min(low + stride - 1, (low + high) // 2)
        stride *= 2
        try:
            found = _cover_within(task, sites, steps[middle])
        except TimedOut:
            low = middle + 1  # undecided: what lies below is no longer proven out
            continue
        if found is not None:
            high, best = middle, found
        else:
            low = proven_below = middle + 1
    if best is None:
        raise NoSolution(_count_needed(task))
    programme, solved = best
    value = float(steps[high])
    bound = float(steps[min(proven_below, high)])
    if bound < value:
        solved = Solved(solved.x, value, bound, proven=False)
    return _finish(task, task.od.within(value), programme, solved, value)


def _skip_hopeless(task: Task, sites: int, steps: Floats, low: int) -> int:
    """Return the first distance at which fractions of sites, at least, would cover everybody."""
    high = len(steps)
    while low < high:
        middle = (low + high) // 2
        near = task.od.within(steps[middle])
        _, found = relax(cover_rows(near, task.fixed, count=sites, must=True))
        if found.status == 0:
            high = middle
        else:
            low = middle + 1
    return low


def _cover_within(task: Task, sites: int, limit_m: float) -> tuple[Programme, Solved] | None:
    near = task.od.within(limit_m)
    if len(near.unreached()):
        return None
    programme = cover_rows(near, task.fixed, count=sites, must=True)
    solved = solve(programme, time_limit_s=task.time_limit_s)
    return None if solved is None else (programme, solved)


def _solve(programme: Programme, task: Task) -> Solved:
    solved = solve(programme, time_limit_s=task.time_limit_s)
    if solved is None:
        raise NoSolution(_count_needed(task) if task.capacity is None else None)
    return solved


def _count_needed(task: Task) -> int | None:
    """Return how many sites it takes to reach everybody at all."""
    solved = solve(cover_rows(task.od, task.fixed, count=None, must=True), time_limit_s=task.time_limit_s)
    return int(solved.value) if solved is not None and solved.proven else None


def _finish(task: Task, od: OdTable, programme: Programme, solved: Solved, value: float) -> Allocation:
    """Decide ties, assign everybody, and state what was reached."""
    if solved.proven:
        solved = take_first(programme, solved)
    n = task.od.n_destinations
    is_open = solved.x[:n] > 0.5
    if task.capacity is None:
        taken = od.take(np.flatnonzero(is_open[od.destination])).sort()
        _, first = np.unique(taken.origin, return_index=True)
        taken = taken.take(first)
    else:
        taken = od.take(np.flatnonzero(_walk_least(task, od, programme, solved)))
    assigned = np.full(od.n_origins, -1, dtype=np.int64)
    distance = np.full(od.n_origins, np.nan)
    assigned[taken.origin], distance[taken.origin] = taken.destination, taken.distance_m
    return Allocation(np.flatnonzero(is_open), assigned, distance, value, solved.gap)


def _walk_least(task: Task, od: OdTable, programme: Programme, solved: Solved) -> Mask:
    """Return the pairs used: with the sites and the value settled, those of the least demand × distance."""
    n = task.od.n_destinations
    is_open = solved.x[:n] > 0.5
    settled = programme.set_sites(opened=is_open, closed=~is_open)
    settled = settled.add_row(programme.cost, -np.inf, solved.value + LOOSE)
    walk = np.concatenate([np.zeros(n), task.demand[od.origin] * od.distance_m])
    better = solve(replace(settled, cost=walk), time_limit_s=task.time_limit_s)
    same = better is not None and programme.value_of(better.x) <= solved.value
    return (better.x if better is not None and same else solved.x)[n:] > 0.5


def _check_count(task: Task, sites: int) -> None:
    existing, n = int(task.fixed.sum()), task.od.n_destinations
    if not max(existing, 1) <= sites <= n:
        raise ValueError(f"{sites} sites, but {existing} exist and {n} candidates are given")


def _require_all(od: OdTable) -> None:
    missing = od.unreached()
    if len(missing):
        raise Unreachable(missing)
