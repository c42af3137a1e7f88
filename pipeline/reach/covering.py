"""Covering everybody by so few sites: is there such a set, and which is the first in candidate order?

Exact: bounds decide most questions, a search (:mod:`pipeline.reach.branching`) nearly all others, and HiGHS
what the search cannot end.
"""

from __future__ import annotations

import numpy as np

from pipeline.reach.branching import ROUNDING, Mask, price_demand, search_cover
from pipeline.reach.formulate import cover_rows
from pipeline.reach.od import Index, OdTable
from pipeline.reach.programme import TimedOut, solve

# Dominated demand is looked for up to so many different rows: the table compared has their square.
_MOST_COMPARED = 4000


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
    rows: Mask, most: int, allowed: Mask, *, time_limit_s: float | None = None
) -> list[int] | None:
    """Return at most so many of the allowed sites that cover every row; None where there are none.

    Parameters
    ----------
    rows : (r, n) which site covers which demand.
    most : number of sites.
    allowed : (n,) sites that may be used.

    Raises
    ------
    TimedOut
        If the time limit leaves it undecided.
    """
    greedy = cover_greedily(rows, allowed)
    if greedy is None or len(greedy) <= most:
        return greedy
    columns = np.flatnonzero(allowed)
    here = rows[:, columns]
    own = price_demand(here)
    if own is None or own.bound > most + ROUNDING:
        return None
    found, ended = search_cover(here, most, own)
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
    count = low = int(np.ceil(prices.bound - ROUNDING))
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


def _ask_highs(rows: Mask, most: int, allowed: Mask, time_limit_s: float | None) -> list[int] | None:
    origin, destination = np.nonzero(rows & allowed)
    od = OdTable(origin, destination, np.zeros(len(origin)), *rows.shape)
    nobody = np.zeros(rows.shape[1], dtype=bool)
    solved = solve(cover_rows(od, nobody, count=None, must=True), time_limit_s=time_limit_s)
    if solved is None:
        return None
    if solved.value <= most:
        return [int(j) for j in np.flatnonzero(solved.x[: rows.shape[1]] > 0.5)]
    if solved.bound > most + ROUNDING:
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
            if prices is None or 1.0 - prices.worth @ covered <= spare - prices.worth @ left + ROUNDING:
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
