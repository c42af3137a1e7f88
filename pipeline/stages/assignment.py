"""Optimal assignment of resources to needs: no area is promised twice (3.6.1, 3.7).

A mixed-integer programme solved by HiGHS, once per objective, each later one under the values already
reached: a lexicographic optimum. A column is one way to meet a need: a resource, or several together.

Columns that count for none of the objectives so far only take room, so an objective is solved on those that
count; needs and resources that touch no common column there are solved apart, and each part keeps its own
value afterwards. That changes nothing (the sum of a set of parts is greatest where each part's is) and
keeps the programmes small and the rows that hold a value short.

References
----------
.. [1] Isermann, H. (1982). Linear lexicographic optimization. OR Spektrum 4, 223-228.
.. [2] Huangfu, Q., & Hall, J. A. J. (2018). Parallelizing the dual revised simplex method. Mathematical
   Programming Computation 10(1), 119-142. (HiGHS)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

# Columns of an earlier part, their coefficients and the value they keep.
Held: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64], float]
_SLACK = 0.01  # every objective is a whole number; the solver holds rows to 1e-6
_ROOM = 1e-9  # shares are sums of floats
_ROUNDINGS, _BELOW = 6, 1e-6
# Measured on parts of 10,000 and 20,000 columns: presolving and the finer roundings take three times as long
# as solving does without them, and prove no more.
_LARGE_ROUNDINGS = 2
# A part of more columns than this (a town whose communities all share, not a community) is solved to the
# relative gap below, which is reported, and its order among equals is left as it falls: on two cores the
# proof takes minutes.
EXACT_COLUMNS, LARGE_GAP = 4_000, 0.005


@dataclass(frozen=True, eq=False)
class Candidates:
    """Columns that may be chosen, arrays of one length, in order of need and rank.

    Attributes
    ----------
    need : (n,) int, position of the need; lower ones have the lower numbers.
    level : (n,) int, 3, 2 or 1.
    share : (n, m) sparse float, part of each resource's usable area the column takes.
    urgent : (n,) bool.
    people : (n,) float, persons served; zero where unknown.
    rank : (n,) int, place among the need's columns, 0 the best.
    """

    need: NDArray[np.int64]
    level: NDArray[np.int64]
    share: csr_array
    urgent: NDArray[np.bool_]
    people: NDArray[np.float64]
    rank: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.need)


@dataclass(frozen=True, eq=False)
class Assignment:
    """The columns chosen.

    Attributes
    ----------
    chosen : (n,) bool.
    values : what each of ``AIMS`` reached.
    gap : the largest relative distance from what was proven to be the most; 0 where all is proven.
    """

    chosen: NDArray[np.bool_]
    values: tuple[float, ...]
    gap: float


AIMS = ("紧迫且强匹配", "紧迫且中匹配", "强匹配", "中匹配", "服务人数", "弱匹配", "候选次序", "编号次序")
# Persons and weak matches are at their most where every need is met; from the sixth on only equals are ordered.
_COUNTS, _ORDER = 4, 6


def list_aims(pairs: Candidates) -> NDArray[np.float64]:
    """Return what to maximise, most important first, as (8, n) whole coefficients.

    Needs at 紧迫 and 3, at 紧迫 and 2, all at 3, all at 2, and persons served. Then, where nothing of this
    is at stake, a weak resource in hand before none, the better of equal candidates, those of a strong match
    first, and of two needs that want the same the lower numbered one.
    """
    lv, last = pairs.level, int(pairs.need.max(initial=0))
    rows = [
        pairs.urgent & (lv == 3),
        pairs.urgent & (lv == 2),
        lv == 3,
        lv == 2,
        np.rint(pairs.people),
        lv == 1,
        -pairs.rank * lv,
        -pairs.rank * (last - pairs.need),
    ]
    return np.array(rows, dtype=float).reshape(len(AIMS), len(pairs))


def assign(pairs: Candidates) -> Assignment:
    """Choose columns: at most one a need, at most all of each resource's area.

    Raises
    ------
    RuntimeError
        If the solver gives up; it never does on a feasible bounded programme.
    """
    aims = list_aims(pairs)
    chosen, gap = np.zeros(len(pairs), dtype=bool), 0.0
    counts = np.zeros(len(pairs), dtype=bool)
    held: list[Held] = []
    for at, aim in enumerate(aims):
        if not aim.any():
            continue
        # The order among equals chooses nothing new: a column without worth so far stays out.
        counts |= aim > 0
        fresh = []
        parts = _split(pairs, np.flatnonzero(counts))
        part_of = np.full(len(pairs), -1)
        for number, rows in enumerate(parts):
            part_of[rows] = number
        kept: dict[int, list[Held]] = {}
        for row in held:
            kept.setdefault(int(part_of[row[0][0]]), []).append(row)
        for number, rows in enumerate(parts):
            if not aim[rows].any():
                continue
            exact = len(rows) <= EXACT_COLUMNS
            if not exact and at >= _ORDER:
                chosen[rows] = _move_up(pairs, rows, chosen[rows])
                continue
            # Where every need has the most it could have by itself, there is nothing to solve.
            everybody = _COUNTS <= at < _ORDER and chosen[rows].sum() == len(np.unique(pairs.need[rows]))
            if not everybody and aim[rows] @ chosen[rows] < _sum_best(pairs.need[rows], aim[rows]):
                picked, left = _solve(pairs, rows, aim[rows], kept.get(number, []), exact=exact)
                chosen[rows] = picked
                gap = max(gap, left)
            mine = rows[aim[rows] != 0]
            fresh.append((mine, aim[mine], float(aim[mine] @ chosen[mine])))
        held += fresh
    return Assignment(chosen, tuple(float(aim @ chosen) for aim in aims), gap)


def _split(pairs: Candidates, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the columns in parts that share neither need nor resource."""
    if not len(rows):
        return []
    share = pairs.share[rows].tocoo()
    n, m = int(pairs.need.max()) + 1, pairs.share.shape[1]
    ends = (pairs.need[rows][share.row], n + share.col)
    graph = coo_array((np.ones(share.nnz), ends), shape=(n + m, n + m))
    _, label = connected_components(graph, directed=False)
    group = label[pairs.need[rows]]
    order = np.argsort(group, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(group[order])) + 1)


def _sum_best(need: NDArray[np.int64], aim: NDArray[np.float64]) -> float:
    """Return the sum over needs of the most a single column of theirs is worth; zero where that is negative."""
    best = np.zeros(int(need.max()) + 1)
    np.maximum.at(best, need, aim)
    return float(best.sum())


def _move_up(pairs: Candidates, rows: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a choice of the same worth in which no need can move to a better ranked column by itself."""
    share, need, rank = pairs.share[rows], pairs.need[rows], pairs.rank[rows]
    left = 1 + _ROOM - share.T @ chosen
    order = np.lexsort((rank, need))
    starts = np.searchsorted(need[order], need)
    chosen, moved = chosen.copy(), True
    while moved:
        moved = False
        for column in order[chosen[order]]:
            freed = left + share[[column]].toarray()[0]
            for other in order[starts[column] : starts[column] + rank[column]]:
                takes = share[[other]].toarray()[0]
                if pairs.level[rows[other]] == pairs.level[rows[column]] and (takes <= freed).all():
                    chosen[column], chosen[other], left, moved = False, True, freed - takes, True
                    break
    return chosen


def _solve(
    pairs: Candidates,
    rows: NDArray[np.int64],
    aim: NDArray[np.float64],
    held: list[Held],
    *,
    exact: bool,
) -> tuple[NDArray[np.bool_], float]:
    """Return the columns to choose of one part, and the relative gap left."""
    n = len(rows)
    needs, at_need = np.unique(pairs.need[rows], return_inverse=True)
    once = csr_array((np.ones(n), (at_need, np.arange(n))), shape=(len(needs), n))
    room = csr_array(pairs.share[rows].T)
    room = room[np.diff(room.indptr) > 0]
    cuts = _round_room(room, _ROUNDINGS if exact else _LARGE_ROUNDINGS)
    place = np.full(len(pairs), -1)
    place[rows] = np.arange(n)
    at = [np.full(len(columns), i) for i, (columns, _, _) in enumerate(held)]
    keep = csr_array(
        (
            np.concatenate([row[1] for row in held]) if held else np.zeros(0),
            (
                np.concatenate(at) if held else np.zeros(0, dtype=int),
                np.concatenate([place[row[0]] for row in held]) if held else np.zeros(0, dtype=int),
            ),
        ),
        shape=(len(held), n),
    )
    least = np.array([row[2] for row in held]) - _SLACK
    most = np.concatenate(
        [np.ones(once.shape[0]), np.full(room.shape[0], 1 + _ROOM), *(limit for _, limit in cuts)]
    )
    found = milp(
        -aim,
        integrality=np.ones(n),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            vstack([once, room, *(cut for cut, _ in cuts), keep]),
            np.concatenate([np.full(len(most), -np.inf), least]),
            np.concatenate([most, np.full(len(held), np.inf)]),
        ),
        options={"mip_rel_gap": 0.0 if exact else LARGE_GAP, "presolve": exact},
    )
    if found.x is None:
        raise RuntimeError(f"assignment failed: {found.message}")
    picked = found.x > 0.5
    reached = float(aim @ picked)
    left = -float(found.mip_dual_bound) - reached if found.mip_dual_bound is not None else 0.0
    return picked, left / abs(reached) if left > 1 - _SLACK and reached else 0.0


def _round_room(room: csr_array, most: int) -> list[tuple[csr_array, NDArray[np.float64]]]:
    """Return rows that every choice obeys and fractions do not, with their limits.

    Of shares above a half one fits, of those above a third two (one above two thirds counts double), and so
    on, ``most`` times: Chvátal-Gomory roundings of the rows of room, without which the relaxation splits needs
    freely.
    """
    cuts = []
    for parts in range(2, most + 2):
        rounded = room.copy()
        # Just below the whole number, so that a share of exactly one part does not count as more than one.
        rounded.data = np.floor(room.data * (parts - _BELOW))
        rounded.eliminate_zeros()
        several = rounded.sum(axis=1) > parts - 1
        cuts.append((rounded[several], np.full(int(several.sum()), parts - 1.0)))
    return cuts
