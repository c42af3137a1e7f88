"""Mixed-integer programmes whose first variables say which sites open: solved by HiGHS, ties decided.

Among site sets of equal value the first in candidate order is taken: the set whose sorted candidate
positions come first as a sequence. It is found by further programmes that keep the value and demand an
earlier candidate; the value of every set they offer is computed anew from the data, so that a solver's
tolerance can neither change the optimum nor pass a worse set as a tie.

References
----------
.. [1] Huangfu, Q., & Hall, J. A. J. (2018). Parallelizing the dual revised simplex method. Mathematical
   Programming Computation 10(1), 119-142. (HiGHS)
.. [2] Benders, J. F. (1962). Partitioning procedures for solving mixed-variables programming problems.
   Numerische Mathematik 4, 238-252.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import csr_array, vstack

from pipeline.reach.graph import Floats

Mask = NDArray[np.bool_]
# Two values are equal when they differ by less than sums of the same floats in another order may.
_EQUAL = 1e-9
# The row that keeps the value is looser than that by more than the solver's own tolerance (1e-6).
LOOSE, _LOOSE_PART = 1e-5, 1e-8
_TIMED_OUT, _INFEASIBLE = 1, 2


@dataclass(frozen=True, eq=False)
class Programme:
    """Minimise ``cost @ x + shift`` over ``low ≤ matrix @ x ≤ high`` and ``least ≤ x ≤ most``.

    Attributes
    ----------
    cost, least, most : (m,) float
        Objective and bounds.
    matrix, low, high : (r, m), (r,), (r,)
        Rows.
    whole : (m,) bool
        Variables that must be whole numbers.
    n_sites : int
        The first variables, 0 or 1: whether a candidate is open.
    value_of : callable
        Exact value of a solution, from the data and not from the solver's arithmetic.
    shift : float
        Constant of the objective.
    find_cuts : callable or None
        Where the rows are too many to write down: those a given solution violates, as (matrix, low), None
        when it violates none. They are added as they are met [2]_.
    """

    cost: Floats
    matrix: csr_array
    low: Floats
    high: Floats
    least: Floats
    most: Floats
    whole: Mask
    n_sites: int
    value_of: Callable[[Floats], float]
    shift: float = 0.0
    find_cuts: Callable[[Floats], tuple[csr_array, Floats] | None] | None = None

    def add_rows(self, matrix: csr_array, low: Floats, high: Floats) -> Programme:
        """Return the programme with more rows."""
        return replace(
            self,
            matrix=csr_array(vstack([self.matrix, matrix])),
            low=np.append(self.low, low),
            high=np.append(self.high, high),
        )

    def add_row(self, coefficients: Floats, low: float, high: float) -> Programme:
        """Return the programme with one more row."""
        return self.add_rows(csr_array(coefficients.reshape(1, -1)), np.array([low]), np.array([high]))

    def set_sites(self, *, opened: Mask, closed: Mask) -> Programme:
        """Return the programme with some sites settled."""
        least, most = self.least.copy(), self.most.copy()
        least[: self.n_sites][opened] = 1.0
        most[: self.n_sites][closed] = 0.0
        return replace(self, least=least, most=most)


@dataclass(frozen=True, eq=False)
class Solved:
    """A solution.

    Attributes
    ----------
    x : (m,) float
        Variables; whole ones rounded.
    value : float
        Exact value of ``x``.
    bound : float
        Nothing better than this exists; equal to ``value`` where the optimum is proven.
    proven : bool
        Whether the search was finished, not cut off by the clock.
    """

    x: Floats
    value: float
    bound: float
    proven: bool

    @property
    def gap(self) -> float:
        """Distance of the value from the proven bound, relative to the value."""
        return 0.0 if self.proven else abs(self.value - self.bound) / max(abs(self.value), 1e-12)


class TimedOut(RuntimeError):
    """Raised when the clock stops a search before any solution is found."""


def solve(programme: Programme, *, time_limit_s: float | None = None) -> Solved | None:
    """Solve to proven optimality, or as far as the time allows; None where there is no solution.

    Raises
    ------
    TimedOut
        If time ran out before any solution was found.
    """
    end = np.inf if time_limit_s is None else time.monotonic() + time_limit_s
    best: Solved | None = None
    while True:
        found = _call_highs(programme, end - time.monotonic())
        if found.status == _INFEASIBLE:
            return None
        if found.x is None:
            if best is not None:
                return best
            if found.status == _TIMED_OUT:
                raise TimedOut(f"no solution within {time_limit_s} s")
            raise RuntimeError(f"HiGHS gave up: {found.message}")
        x = np.where(programme.whole, np.rint(found.x), found.x)
        value = programme.value_of(x)
        cuts = programme.find_cuts(x) if programme.find_cuts is not None else None
        # Where the same sites come back although their cuts are in, only the solver's tolerance is left.
        again = best is not None and np.array_equal(best.x[: programme.n_sites], x[: programme.n_sites])
        proven = found.status == 0 and (cuts is None or again)
        bound = value if proven else min(float(found.mip_dual_bound) + programme.shift, value)
        best = Solved(x, value, bound, proven)
        if proven or cuts is None or time.monotonic() >= end:
            return best
        programme = programme.add_rows(cuts[0], cuts[1], np.full(len(cuts[1]), np.inf))


def _call_highs(programme: Programme, seconds: float) -> OptimizeResult:
    options: dict[str, float] = {"mip_rel_gap": 0.0}
    if seconds < np.inf:
        options["time_limit"] = max(seconds, 0.0)
    return milp(
        programme.cost,
        integrality=programme.whole.astype(int),
        bounds=Bounds(programme.least, programme.most),
        constraints=LinearConstraint(programme.matrix, programme.low, programme.high),
        options=options,
    )


def take_first(programme: Programme, best: Solved, *, time_limit_s: float | None = None) -> Solved:
    """Return the optimum whose sites come first in candidate order; ``best`` must be a proven one.

    A question that the time limit leaves undecided leaves the tie as it fell.

    The optimum decides, site by site: with all earlier sites settled, is there an equal one with a
    candidate before the next site? Sites that no optimum can open or close, by their reduced cost in the
    linear relaxation, are settled beforehand; this leaves few questions.
    """
    slack = LOOSE + _LOOSE_PART * abs(best.value)
    programme, relaxed = relax(programme)
    frame = settle(programme, best.value + slack, relaxed)
    if frame.cost.any():
        frame = frame.add_row(frame.cost, -np.inf, best.value + slack - frame.shift)
    n = frame.n_sites
    order = np.arange(n)
    at = 0
    while True:
        sites = np.flatnonzero(best.x[:n] > 0.5)
        if at == len(sites):
            return best
        start = sites[at - 1] + 1 if at else 0
        between = (order >= start) & (order < sites[at]) & (frame.most[:n] > 0.5)
        other = None
        if between.any():
            with suppress(TimedOut):
                other = _find_equal(programme, frame, best, sites[:at], between, time_limit_s)
        if other is None:
            at += 1
        else:
            best = other


def _find_equal(
    programme: Programme,
    frame: Programme,
    best: Solved,
    before: NDArray[np.int64],
    between: Mask,
    time_limit_s: float | None,
) -> Solved | None:
    """Return an optimum with the sites ``before``, one of ``between`` and none other ahead of these."""
    n = frame.n_sites
    order = np.arange(n)
    opened = np.isin(order, before)
    wanted = np.zeros(len(frame.cost))
    wanted[:n] = between
    asked = frame.set_sites(opened=opened, closed=~opened & (order < order[between][0]))
    asked = asked.add_row(wanted, 1.0, np.inf)
    # Any equal set will do; earlier candidates are asked for first, so that few rounds are needed.
    first = np.zeros(len(frame.cost))
    first[:n] = np.where(between, order - n, 0)
    asked = replace(asked, cost=first)
    while (found := solve(asked, time_limit_s=time_limit_s)) is not None:
        is_open = found.x[:n] > 0.5
        if programme.whole[n:].any():  # who goes where was decided for the sake of the order alone
            settled = programme.set_sites(opened=is_open, closed=~is_open)
            found = solve(settled, time_limit_s=time_limit_s) or found
        if found.value <= best.value + _EQUAL * max(1.0, abs(best.value)):
            return found
        # Within the slack of the row, yet not equal: this set is out.
        out = np.zeros(len(frame.cost))
        out[:n] = is_open
        asked = asked.add_row(out, -np.inf, out.sum() - 1)
    return None


def relax(programme: Programme) -> tuple[Programme, OptimizeResult]:
    """Solve without whole numbers; return the programme with the cuts met on the way, and the solution."""
    while True:
        found = _call_simplex(programme)
        if found.status != 0 or programme.find_cuts is None:
            return programme, found
        cuts = programme.find_cuts(found.x)
        if cuts is None:
            return programme, found
        programme = programme.add_rows(cuts[0], cuts[1], np.full(len(cuts[1]), np.inf))


def _call_simplex(programme: Programme) -> OptimizeResult:
    equal = programme.low == programme.high
    upper, lower = np.isfinite(programme.high) & ~equal, np.isfinite(programme.low) & ~equal
    return linprog(
        programme.cost,
        A_ub=vstack([programme.matrix[upper], -programme.matrix[lower]]) if (upper | lower).any() else None,
        b_ub=np.concatenate([programme.high[upper], -programme.low[lower]])
        if (upper | lower).any()
        else None,
        A_eq=programme.matrix[equal] if equal.any() else None,
        b_eq=programme.low[equal] if equal.any() else None,
        bounds=np.stack([programme.least, programme.most], axis=1),
        method="highs-ds",
    )


def settle(programme: Programme, at_most: float, relaxed: OptimizeResult) -> Programme:
    """Fix the sites that every solution of value ``at_most`` or less opens, or none does.

    A site at its bound in the linear relaxation costs at least its reduced cost to move off it.
    """
    if relaxed.status != 0:
        return programme
    n = programme.n_sites
    room = at_most - programme.shift - relaxed.fun
    # A site already settled rests on the bound it may not leave; its reduced cost says nothing.
    closed = (relaxed.lower.marginals[:n] > room) & (programme.least[:n] < 0.5)
    opened = (-relaxed.upper.marginals[:n] > room) & (programme.most[:n] > 0.5)
    return programme.set_sites(opened=opened, closed=closed)
