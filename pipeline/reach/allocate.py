"""Location-allocation from a table of distances: which sites to open, and who goes where.

Five questions: all demand within a distance by the fewest sites [1]_, the most demand within a distance
[2]_, the least walking in sum [3]_, the shortest longest walk [4]_, and the capacitated kin of the first
three. Each is answered exactly, by HiGHS (:mod:`pipeline.reach.programme`) or by a search of its own
(:mod:`pipeline.reach.covering`), with ties decided: of equal site sets the first in candidate order. Existing
sites stay open and count among the sites asked for.

References
----------
.. [1] Toregas, C., Swain, R., ReVelle, C., & Bergman, L. (1971). The location of emergency service
   facilities. Operations Research 19(6), 1363-1373.
.. [2] Church, R., & ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
   Science Association 32(1), 101-118.
.. [3] Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians
   of a graph. Operations Research 12(3), 450-459.
.. [4] Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139. (:mod:`pipeline.reach.everybody`)
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.reach.everybody import count_needed, cover_by_fewest, minimise_worst
from pipeline.reach.formulate import cover_rows, median_rows, serve_rows
from pipeline.reach.od import OdTable
from pipeline.reach.programme import LOOSE, Programme, Solved, TimedOut, relax, solve, take_first
from pipeline.reach.task import (
    Allocation,
    NoSolution,
    Task,
    Unreachable,
    make_task,
    require_reached,
    send_to_nearest,
)

__all__ = [
    "Allocation", "NoSolution", "Task", "Unreachable", "cover_all", "cover_most", "make_task",
    "minimise_walk", "minimise_worst", "send_to_nearest",
]  # fmt: skip

Mask = NDArray[np.bool_]


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
    require_reached(near)
    if task.capacity is None:
        return cover_by_fewest(task, limit_m)
    programme = serve_rows(
        near, task.demand, task.fixed, task.capacity, count=None, aim="sites", load=task.load
    )
    solved = solve(programme, time_limit_s=task.time_limit_s)
    if solved is None:
        raise NoSolution
    return _finish(task, near, programme, solved, solved.value)


def cover_most(task: Task, sites: int, limit_m: float) -> Allocation:
    """Cover the most demand within the limit by a number of sites (maximal covering) [2]_.

    Demand out of reach of the chosen sites stays unserved; it is no error.

    Raises
    ------
    ValueError
        If ``sites`` is less than the existing ones or more than the candidates.
    """
    task.check_count(sites)
    near = task.od.within(limit_m)
    if task.capacity is None:
        programme = cover_rows(near, task.fixed, count=sites, must=False, demand=task.demand)
    else:
        programme = serve_rows(
            near, task.demand, task.fixed, task.capacity, count=sites, aim="covered", load=task.load
        )
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
    task.check_count(sites)
    require_reached(task.od)
    if task.capacity is None:
        programme, _ = relax(median_rows(task.od, task.demand, task.fixed, count=sites))
    else:
        programme = serve_rows(
            task.od, task.demand, task.fixed, task.capacity, count=sites, aim="walk", load=task.load
        )
    solved = _solve(programme, task)
    return _finish(task, task.od, programme, solved, solved.value)


def _solve(programme: Programme, task: Task) -> Solved:
    solved = solve(programme, time_limit_s=task.time_limit_s)
    if solved is None:
        raise NoSolution(count_needed(task) if task.capacity is None else _count_to_hold(task))
    return solved


def _count_to_hold(task: Task) -> int | None:
    """Return how many sites hold everybody; None where all do not, or the time limit leaves it unknown."""
    assert task.capacity is not None
    programme = serve_rows(
        task.od, task.demand, task.fixed, task.capacity, count=None, aim="sites", load=task.load
    )
    with suppress(TimedOut):
        solved = solve(programme, time_limit_s=task.time_limit_s)
        return int(solved.value) if solved is not None and solved.proven else None
    return None


def _finish(task: Task, od: OdTable, programme: Programme, solved: Solved, value: float) -> Allocation:
    """Decide ties, assign everybody, and state what was reached."""
    if solved.proven:
        solved = take_first(programme, solved, time_limit_s=task.time_limit_s)
    sites = np.flatnonzero(solved.x[: task.od.n_destinations] > 0.5)
    if task.capacity is None:
        limit_m = float(od.distance_m.max(initial=0.0))
        return send_to_nearest(task, sites, limit_m, value=value, gap=solved.gap)
    taken = od.take(np.flatnonzero(_walk_least(task, od, programme, solved)))
    assigned = np.full(od.n_origins, -1, dtype=np.int64)
    distance = np.full(od.n_origins, np.nan)
    assigned[taken.origin], distance[taken.origin] = taken.destination, taken.distance_m
    return Allocation(sites, assigned, distance, value, solved.gap)


def _walk_least(task: Task, od: OdTable, programme: Programme, solved: Solved) -> Mask:
    """Return the pairs used: with the sites and the value settled, those of the least demand × distance.

    Where the time limit leaves that undecided, those that came with the value.
    """
    n = task.od.n_destinations
    is_open = solved.x[:n] > 0.5
    settled = programme.set_sites(opened=is_open, closed=~is_open)
    settled = settled.add_row(programme.cost, -np.inf, solved.value + LOOSE)
    walk = np.concatenate([np.zeros(n), task.demand[od.origin] * od.distance_m])
    better = None
    with suppress(TimedOut):
        better = solve(replace(settled, cost=walk), time_limit_s=task.time_limit_s)
    same = better is not None and programme.value_of(better.x) <= solved.value
    return (better.x if better is not None and same else solved.x)[n:] > 0.5
