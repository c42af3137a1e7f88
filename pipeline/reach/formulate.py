"""Location problems as rows of a mixed-integer programme.

Variables: y_j, 1 where candidate j is open; then u_i, 1 where origin i is not covered (covering), z_ik, 1
where origin i has no open site within its k-th distance (median), or x_ij, 1 where i is served by j
(capacities). Only y and x need be whole: with y settled the others are at their smallest value, which is.

References
----------
.. [1] Elloumi, S. (2010). A tighter formulation of the p-median problem. Journal of Combinatorial
   Optimization 19(1), 69-83.
.. [2] Sankaran, J. K., & Raghavan, N. R. S. (1997). Locating and sizing plants for bottling propane in
   south India. Interfaces 27(6), 1-15. (single sourcing under capacities)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from pipeline.reach.graph import Floats
from pipeline.reach.od import OdTable
from pipeline.reach.programme import Programme

Mask = NDArray[np.bool_]
Rows = tuple[csr_array, Floats, Floats]


def cover_rows(
    od: OdTable, fixed: Mask, *, count: int | None, must: bool, demand: Floats | None = None
) -> Programme:
    """Return the programme of covering by the pairs of ``od``.

    Parameters
    ----------
    od : pairs near enough to count.
    fixed : (n_destinations,) sites that are open.
    count : number of sites; None for as few as it takes.
    must : whether everybody has to be covered; else the demand covered is to be the most.
    demand : (n_origins,) weights, needed unless ``must``.
    """
    n, rows = od.n_destinations, od.n_origins
    left = 0 if must else rows
    weight = np.zeros(rows) if demand is None else demand
    pairs = _matrix(od.origin, od.destination, rows, n + left)
    if not must:
        pairs = csr_array(pairs + _matrix(np.arange(rows), n + np.arange(rows), rows, n + left))
    parts = [(pairs, np.ones(rows), np.full(rows, np.inf)), *_count_row(n, n + left, count)]
    cost = np.zeros(n + left)
    if not must:
        cost[n:] = weight
    elif count is None:
        cost[:n] = 1.0

    def value_of(x: Floats) -> float:
        is_open = x[:n] > 0.5
        if must:
            return float(is_open.sum()) if count is None else 0.0
        covered = np.unique(od.origin[is_open[od.destination]])
        return -float(weight[covered].sum())

    # Covering the most is written as leaving the least; the constant between them is no matter of choice.
    shift = 0.0 if must else -float(weight.sum())
    return _programme(cost, parts, fixed, whole=np.arange(n + left) < n, value_of=value_of, shift=shift)


def median_rows(od: OdTable, demand: Floats, fixed: Mask, *, count: int) -> Programme:
    """Return the p-median by radii [1]_: z_ik tells that nothing is open within the k-th distance of i.

    ``od`` must be sorted by origin and distance.
    """
    n = od.n_destinations
    new_level = np.ones(len(od), dtype=bool)
    new_level[1:] = (np.diff(od.origin) != 0) | (np.diff(od.distance_m) != 0)
    level = np.cumsum(new_level) - 1
    owner, metres = od.origin[new_level], od.distance_m[new_level]
    size = len(owner)
    last = np.append(owner[1:] != owner[:-1], True)
    first = np.insert(last[:-1], 0, True)
    # Row k of an origin: z_k + Σ y_j at distance k ≥ z_(k-1), with z_0 = 1 and no z after the last distance.
    z = n + np.cumsum(~last) - 1
    rows = np.arange(size)
    matrix = _matrix(level, od.destination, size, n + int((~last).sum()))
    matrix += _matrix(rows[~last], z[~last], *matrix.shape)
    follows = rows[~first]
    matrix -= _matrix(follows, z[follows - 1], *matrix.shape)
    parts = [
        (csr_array(matrix), first.astype(float), np.full(size, np.inf)),
        *_count_row(n, matrix.shape[1], count),
    ]
    step = np.append(np.diff(metres), 0.0)[~last]
    cost = np.concatenate([np.zeros(n), demand[owner[~last]] * step])

    def value_of(x: Floats) -> float:
        taken = np.flatnonzero((x[:n] > 0.5)[od.destination])
        found, at = np.unique(od.origin[taken], return_index=True)
        if len(found) < od.n_origins:
            return np.inf
        return float((demand[found] * od.distance_m[taken[at]]).sum())

    shift = float((demand[owner[first]] * metres[first]).sum())
    return _programme(cost, parts, fixed, whole=np.arange(len(cost)) < n, value_of=value_of, shift=shift)


def serve_rows(
    od: OdTable,
    demand: Floats,
    fixed: Mask,
    capacity: Floats,
    *,
    count: int | None,
    aim: Literal["sites", "covered", "walk"],
) -> Programme:
    """Return the programme in which every origin goes whole to one site that can hold it [2]_.

    Parameters
    ----------
    od : pairs that may be used.
    capacity : (n_destinations,) most demand a site takes; may be inf.
    count : number of sites; None for as few as it takes.
    aim : fewest sites, most demand covered, or least demand × distance.
    """
    n, k = od.n_destinations, len(od)
    x = n + np.arange(k)
    pair = np.arange(k)
    once = _matrix(od.origin, x, od.n_origins, n + k)
    linked = _matrix(pair, x, k, n + k) - _matrix(pair, od.destination, k, n + k)
    finite = np.flatnonzero(np.isfinite(capacity))
    held = _matrix(od.destination, x, n, n + k, demand[od.origin])
    held -= _matrix(finite, finite, n, n + k, capacity[finite])
    parts = [
        (once, np.full(od.n_origins, -np.inf if aim == "covered" else 1.0), np.ones(od.n_origins)),
        (csr_array(linked), np.full(k, -np.inf), np.zeros(k)),
        (csr_array(held)[finite], np.full(len(finite), -np.inf), np.zeros(len(finite))),
        *_count_row(n, n + k, count),
    ]
    weights = {"sites": np.zeros(k), "covered": -demand[od.origin], "walk": demand[od.origin] * od.distance_m}
    cost = np.concatenate([np.full(n, float(aim == "sites")), weights[aim]])

    def value_of(found: Floats) -> float:
        return float((cost * np.rint(found)).sum())

    return _programme(cost, parts, fixed, whole=np.ones(n + k, dtype=bool), value_of=value_of)


def _matrix(
    row: NDArray, column: NDArray, n_rows: int, n_columns: int, values: NDArray | None = None
) -> csr_array:
    data = np.ones(len(row)) if values is None else values
    return csr_array((data, (row, column)), shape=(n_rows, n_columns))


def _count_row(n: int, width: int, count: int | None) -> list[Rows]:
    if count is None:
        return []
    row = _matrix(np.zeros(n, dtype=int), np.arange(n), 1, width)
    return [(row, np.array([float(count)]), np.array([float(count)]))]


def _programme(
    cost: Floats,
    parts: list[Rows],
    fixed: Mask,
    *,
    whole: Mask,
    value_of: Callable[[Floats], float],
    shift: float = 0.0,
) -> Programme:
    least = np.zeros(len(cost))
    least[: len(fixed)] = fixed
    return Programme(
        cost=cost,
        matrix=csr_array(vstack([matrix for matrix, _, _ in parts])),
        low=np.concatenate([low for _, low, _ in parts]),
        high=np.concatenate([high for _, _, high in parts]),
        least=least,
        most=np.ones(len(cost)),
        whole=whole,
        n_sites=len(fixed),
        value_of=value_of,
        shift=shift,
    )
