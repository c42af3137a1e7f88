"""Search for a cover by so few sites: from the demand with the fewest sites left, cut off by prices.

What a set of sites must at least cost is told by prices of the demand, the dual of the linear relaxation:
where no site is worth more than 1, the prices of all that is still uncovered are a lower bound of the sites
still needed. A set that covers much twice wastes more than there is to waste, so that the search ends soon [1]_.

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

from pipeline.reach.graph import Floats

Mask = NDArray[np.bool_]
ROUNDING = 1e-9
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


def search_cover(rows: Mask, most: int, prices: Prices) -> tuple[list[int] | None, bool]:
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
    if most <= 0 or spare < -ROUNDING:
        return np.zeros(0, dtype=np.intp)
    gain = worth @ counted
    # A site worth less than 1 wastes the difference, and further down it can only be worth less.
    free &= 1.0 - gain <= spare + ROUNDING
    options = np.where(left, counted @ free, np.inf)
    row = int(options.argmin())
    sites = np.flatnonzero(rows[row] & free)
    news = left.astype(np.float64) @ counted[:, sites]
    return sites[np.lexsort((sites, -news, -gain[sites].round(9)))]
