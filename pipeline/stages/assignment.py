"""Optimal assignment of resources to needs: no area is promised twice (3.6.1, 3.7).

A mixed-integer programme solved by HiGHS, once per objective, each later one under the values already
reached: a lexicographic optimum. Needs and resources that touch no common pair are solved apart, which
changes nothing (the order of vectors agrees with their sums) and keeps each programme small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

_SLACK = 0.5  # every objective is a whole number


@dataclass(frozen=True)
class Candidates:
    """Pairs that may be chosen, all arrays of one length.

    Attributes
    ----------
    need, resource : (n,) int, positions of the pair's two sides.
    level : (n,) int, 3, 2 or 1.
    share : (n,) float in (0, 1], part of the resource's usable area the need takes.
    urgent : (n,) bool.
    people : (n,) float, persons served; zero where unknown.
    rank : (n,) int, place of the resource among the need's candidates, 0 the best.
    """

    need: NDArray[np.int64]
    resource: NDArray[np.int64]
    level: NDArray[np.int64]
    share: NDArray[np.float64]
    urgent: NDArray[np.bool_]
    people: NDArray[np.float64]
    rank: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.need)

    def take(self, rows: NDArray[np.int64]) -> Candidates:
        """Return the pairs at ``rows``."""
        return Candidates(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def objectives(self) -> NDArray[np.float64]:
        """Return what to maximise, most important first, as (7, n) coefficients.

        紧迫 at 3, 紧迫 at 2, all at 3, all at 2, all at 1, people served, and last the candidates' order,
        which stands for nearer and lower numbered. Level 1 comes before people: a weak resource in hand
        is worth listing even where nobody counted persons.
        """
        lv = self.level
        rows = [
            self.urgent & (lv == 3),
            self.urgent & (lv == 2),
            lv == 3,
            lv == 2,
            lv == 1,
            np.rint(self.people),
            -self.rank,
        ]
        return np.array(rows, dtype=float).reshape(7, len(self))


def assign(pairs: Candidates) -> NDArray[np.bool_]:
    """Choose pairs: at most one resource a need, at most all of a resource's area.

    Returns
    -------
    (n,) bool, chosen.

    Raises
    ------
    RuntimeError
        If the solver gives up; it never does on a feasible bounded programme.
    """
    chosen = np.zeros(len(pairs), dtype=bool)
    if not len(pairs):
        return chosen
    n_needs, n_resources = int(pairs.need.max()) + 1, int(pairs.resource.max()) + 1
    size = n_needs + n_resources
    graph = csr_array((np.ones(len(pairs)), (pairs.need, n_needs + pairs.resource)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    group = label[pairs.need]
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        chosen[rows] = _solve(pairs.take(rows))
    return chosen


def _solve(pairs: Candidates) -> NDArray[np.bool_]:
    n = len(pairs)
    column = np.arange(n)
    needs, at_need = np.unique(pairs.need, return_inverse=True)
    places, at_place = np.unique(pairs.resource, return_inverse=True)
    once = csr_array((np.ones(n), (at_need, column)), shape=(len(needs), n))
    room = csr_array((pairs.share, (at_place, column)), shape=(len(places), n))
    rows, low, high = (
        [once, room],
        [np.full(len(needs) + len(places), -np.inf)],
        [np.ones(len(needs) + len(places))],
    )
    result = np.zeros(n, dtype=bool)
    for aim in pairs.objectives():
        if not aim.any():
            continue
        found = milp(
            -aim,
            integrality=np.ones(n),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(vstack(rows), np.concatenate(low), np.concatenate(high)),
            options={"mip_rel_gap": 0.0},
        )
        if found.x is None:
            raise RuntimeError(f"assignment failed: {found.message}")
        result = found.x > 0.5
        rows.append(csr_array(aim.reshape(1, -1)))
        low.append(np.array([aim @ result - _SLACK]))
        high.append(np.array([np.inf]))
    return result
