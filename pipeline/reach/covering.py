"""Covering everybody by so few sites: is there such a set, and which is the first in candidate order?

Exact. What a set of sites must at least cost is told by prices of the demand, the dual of the linear
relaxation: where no site is worth more than 1, the prices of all that is still uncovered are a lower bound of
the sites still needed. A set that covers much twice wastes more than there is to waste, so that a search
from the demand with the fewest sites left ends soon [1]_. Where it does not, HiGHS decides.

References
----------
.. [1] Balas, E., & Ho, A. (1980). Set covering algorithms using cutting planes, heuristics, and subgradient
   optimization: a computational study. Mathematical Programming Study 12, 37-60.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from pipeline.reach.formulate import cover_rows
from pipeline.reach.graph import Floats
from pipeline.reach.od import Index, OdTable
from pipeline.reach.programme import TimedOut, solve

Mask = NDArray[np.bool_]
_ROUNDING = 1e-9
# Dominated demand is looked for up to so many different rows: the table compared has their square.
_MOST_COMPARED = 4000
# The search is given up after about so many multiplications (1 to 2 s), but not before some nodes.
_WORK, _LEAST_NODES = 2_000_000_000, 20
# Prices are found anew beside a branch that took more nodes than finding them is worth.
_WORTH_PRICING = 300


@dataclass(frozen=True, eq=False)
class Prices:
    """What each demand is worth, so that no site is worth more than 1.

    Attributes
    ----------
    worth : (r,) float
    bound : their sum, a lower bound of the number of sites.
    """

    worth: Floats
    bound: float


def tabulate_near(od: OdTable, limit_m: float) -> Mask:
    """Return which candidate covers which demand within the limit, without demand that follows from other.

    Returns
    -------
    (r, n_destinations) bool
        Demand with the same sites once; demand whose sites include all those of another not at all. A row
        without any site means that somebody is out of reach.
    """
    near = od.distance_m <= limit_m
    rows = np.zeros((od.n_origins, od.n_destinations), dtype=bool)
    rows[od.origin[near], od.destination[near]] = True
    _, first = np.unique(np.packbits(rows, axis=1), axis=0, return_index=True)
    rows = rows[np.sort(first)]
    if len(rows) > _MOST_COMPARED:
        return rows
    counted = rows.astype(np.float32)
    within = counted @ counted.T == counted.sum(axis=1)[:, None]
    np.fill_diagonal(within, False)
    return rows[~within.any(axis=0)]


def price_demand(rows: Mask) -> Prices | None:
    """Return prices of the largest sum; None where a row has no site."""
    n, width = rows.shape
    if not n:
        return Prices(np.zeros(0), 0.0)
    if not rows.any(axis=1).all():
        return None
    found = linprog(
        np.ones(width),
        A_ub=-csr_array(rows.astype(np.float64)),
        b_ub=-np.ones(n),
        bounds=(0, None),
        method="highs-ds",
    )
    worth = np.maximum(-found.ineqlin.marginals, 0.0)
    # Never beyond 1 a site, whatever the solver's tolerance: the bound must hold.
    worth /= max(1.0, float((worth @ rows).max(initial=0.0)))
    return Prices(worth, float(worth.sum()))


def cover_greedily(rows: Mask, allowed: Mask) -> list[int] | None:
    """Return sites each of which covers most of what is left; None where somebody stays uncovered."""
    left, found = np.ones(len(rows), dtype=bool), []
    counted = rows & allowed
    while left.any():
        gain = np.count_nonzero(counted[left], axis=0)
        best = int(gain.argmax())
        if not gain[best]:
            return None
        found.append(best)
        left &= ~rows[:, best]
    return found


def find_cover(
    rows: Mask, most: int, allowed: Mask, *, prices: Prices | None = None, time_limit_s: float | None = None
) -> list[int] | None:
    """Return at most so many of the allowed sites that cover every row; None where there are none.

    Parameters
    ----------
    rows : (r, n) which site covers which demand.
    most : number of sites.
    allowed : (n,) sites that may be used.
    prices : known to hold for these rows; better ones are found where they do not decide.

    Raises
    ------
    TimedOut
        If the time limit leaves it undecided.
    """
    if prices is not None and prices.bound > most + _ROUNDING:
        return None
    greedy = cover_greedily(rows, allowed)
    if greedy is None or len(greedy) <= most:
        return greedy
    columns = np.flatnonzero(allowed)
    here = rows[:, columns]
    own = price_demand(here)
    if own is None or own.bound > most + _ROUNDING:
        return None
    found, ended = _search(here, most, own)
    if ended:
        return None if found is None else [int(columns[j]) for j in found]
    return _ask_highs(rows, most, allowed, time_limit_s)


def least_cover(
    rows: Mask, allowed: Mask, *, time_limit_s: float | None = None
) -> tuple[list[int], int] | None:
    """Return the fewest allowed sites that cover every row, and a number below which none are enough.

    The two agree unless the time limit left a number undecided. None where a row has no allowed site.
    """
    found, prices = cover_greedily(rows, allowed), price_demand(rows[:, allowed])
    if found is None or prices is None:
        return None
    count = low = int(np.ceil(prices.bound - _ROUNDING))
    while count < len(found):
        try:
            better = find_cover(rows, count, allowed, time_limit_s=time_limit_s)
        except TimedOut:
            count += 1
            continue
        if better is not None:
            return better, min(low, len(better))
        count = low = count + 1
    return found, min(low, len(found))


@dataclass(eq=False)
class _Level:
    """A state of the search: some sites chosen, some ruled out.

    Attributes
    ----------
    left : (r,) demand still uncovered.
    free : (n,) sites not ruled out.
    worth : (r,) prices that hold for what is left.
    branches : sites to try for the demand that has the fewest.
    tried : how many of them were.
    begun : nodes counted when the last of these was begun.
    """

    left: Mask
    free: Mask
    worth: Floats
    branches: NDArray[np.intp]
    tried: int = 0
    begun: int = 0


def _search(rows: Mask, most: int, prices: Prices) -> tuple[list[int] | None, bool]:
    """Return a cover or None, and whether the search came to an end."""
    counted = rows.astype(np.float64)
    least, nodes = max(_WORK // max(rows.size, 1), _LEAST_NODES), 0
    levels: list[_Level] = []
    chosen: list[int] = []
    left, free, worth = np.ones(len(rows), dtype=bool), np.ones(rows.shape[1], dtype=bool), prices.worth
    while left.any():
        nodes += 1
        branches = _list_branches(rows, counted, worth * left, left, free, most - len(chosen))
        levels.append(_Level(left, free, worth, branches))
        while levels and levels[-1].tried == len(levels[-1].branches):
            levels.pop()
            if chosen:
                chosen.pop()
        if not levels:
            return None, True
        if nodes >= least:
            return None, False
        at = levels[-1]
        site = int(at.branches[at.tried])
        # What has been tried for this demand need not be tried again further down.
        at.free[site] = False
        chosen.append(site)
        left, free, worth = at.left & ~rows[:, site], at.free.copy(), at.worth
        if at.tried and nodes - at.begun > _WORTH_PRICING:
            worth = _price_again(rows, left, free)
        at.tried, at.begun = at.tried + 1, nodes
    return chosen, True


def _price_again(rows: Mask, left: Mask, free: Mask) -> Floats:
    """Return prices of what is left for the sites that are; infinite where they cannot cover it."""
    worth = np.zeros(len(rows))
    prices = price_demand(rows[np.ix_(left, free)])
    worth[left] = np.inf if prices is None else prices.worth
    return worth


def _list_branches(
    rows: Mask, counted: Floats, worth: Floats, left: Mask, free: Mask, most: int
) -> NDArray[np.intp]:
    """Return the sites to try next, most worth first, and rule out for good those that waste too much."""
    spare = most - worth.sum()
    if most <= 0 or spare < -_ROUNDING:
        return np.zeros(0, dtype=np.intp)
    gain = worth @ counted
    # A site worth less than 1 wastes the difference, and further down it can only be worth less.
    free &= 1.0 - gain <= spare + _ROUNDING
    options = np.where(left, counted @ free, np.inf)
    row = int(options.argmin())
    sites = np.flatnonzero(rows[row] & free)
    news = left.astype(np.float64) @ counted[:, sites]
    return sites[np.lexsort((sites, -news, -gain[sites].round(9)))]


def _ask_highs(rows: Mask, most: int, allowed: Mask, time_limit_s: float | None) -> list[int] | None:
    origin, destination = np.nonzero(rows & allowed)
    od = OdTable(origin, destination, np.zeros(len(origin)), *rows.shape)
    nobody = np.zeros(rows.shape[1], dtype=bool)
    solved = solve(cover_rows(od, nobody, count=None, must=True), time_limit_s=time_limit_s)
    if solved is None:
        return None
    if solved.value <= most:
        return [int(j) for j in np.flatnonzero(solved.x[: rows.shape[1]] > 0.5)]
    if solved.bound > most + _ROUNDING:
        return None
    raise TimedOut(f"no cover by {most} sites within {time_limit_s} s")


def first_cover(
    rows: Mask, count: int, fixed: Mask, known: list[int], *, time_limit_s: float | None = None
) -> Index:
    """Return the cover by exactly so many sites that comes first in candidate order.

    A site belongs to it if, with all decided before, a cover with it still exists; so it is asked once.

    Parameters
    ----------
    rows : (r, n) which site covers which demand, whatever the existing sites cover left out.
    count : number of sites, existing ones included.
    fixed : (n,) existing sites.
    known : a cover of ``rows`` by at most ``count`` less the existing ones, none of them existing.
    """
    n = rows.shape[1]
    spare = count - int(fixed.sum())
    chosen, rest = fixed.copy(), set(known)
    left = np.ones(len(rows), dtype=bool)
    allowed = ~fixed
    prices = price_demand(rows[:, allowed])
    for site in np.flatnonzero(~fixed):
        if not spare:
            break
        allowed[site] = False
        covered = left & rows[:, site]
        if site in rest or len(rest) < spare:
            rest.discard(int(site))
        else:
            other = None
            if prices is None or 1.0 - prices.worth @ covered <= spare - prices.worth @ left + _ROUNDING:
                other = _complete(rows, left & ~covered, spare - 1, allowed, time_limit_s)
            if other is None:
                continue
            rest = set(other)
        chosen[site], spare, left = True, spare - 1, left & ~covered
    assert chosen.sum() == min(count, n)
    return np.flatnonzero(chosen)


def _complete(
    rows: Mask, left: Mask, most: int, allowed: Mask, time_limit_s: float | None
) -> list[int] | None:
    """Return a cover of what is left; none is found where the time limit leaves it undecided."""
    try:
        return find_cover(rows[left], most, allowed, time_limit_s=time_limit_s)
    except TimedOut:
        return None
