"""Location problems as rows of a mixed-integer programme.

Variables: y_j, 1 where candidate j is open; then u_i, 1 where origin i is not covered (covering), t_i, the
walk of origin i times its demand (median), or x_ij, 1 where i is served by j (capacities). Only y and x need
be whole: with y settled the others are at their smallest value.

References
----------
.. [1] Duran-Mateluna, C., Ales, Z., & Elloumi, S. (2023). An efficient Benders decomposition for the
   p-median problem. European Journal of Operational Research 308(1), 84-96.
.. [2] Sankaran, J. K., & Raghavan, N. R. S. (1997). Locating and sizing plants for bottling propane in
   south India. Interfaces 27(6), 1-15. (single sourcing under capacities)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from pipeline.reach.graph import Floats
from pipeline.reach.od import OdTable
from pipeline.reach.programme import Programme

Mask = NDArray[np.bool_]
Rows = tuple[csr_array, Floats, Floats]
# A sum of fractional sites reaches one, and a walk falls short of its row, beyond a doubt of rounding.
_ROUNDING, _VIOLATED = 1e-9, 1e-8


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
    """Return the p-median with walks t_i instead of assignments; rows are added as they are met [1]_.

    For every distance D: t_i + Σ_{j: d_ij < D} (D - d_ij) y_j ≥ D, times the demand of i. Of these the one
    that binds has the first D within which the open sites add up to one.
    ``od`` must be sorted by origin and distance.
    """
    n, rows = od.n_destinations, od.n_origins
    start = np.searchsorted(od.origin, np.arange(rows + 1))
    counted = np.flatnonzero(demand > 0)
    width = n + len(counted)
    reached = (_matrix(od.origin, od.destination, rows, width), np.ones(rows), np.full(rows, np.inf))

    def find_cuts(x: Floats) -> tuple[csr_array, Floats] | None:
        passed = np.concatenate([[0.0], np.cumsum(np.clip(x[:n], 0, 1)[od.destination])])
        walked = np.concatenate([[0.0], np.cumsum(np.clip(x[:n], 0, 1)[od.destination] * od.distance_m)])
        begin, end = start[counted], start[counted + 1]
        # The pair at which the open sites add up to one; the last one where they only nearly do.
        at = np.searchsorted(passed[1:], passed[begin] + 1 - _ROUNDING)
        at = np.minimum(at, end - 1)
        far = od.distance_m[at]
        needed = demand[counted] * (far * (1 - passed[at] + passed[begin]) + walked[at] - walked[begin])
        short = np.flatnonzero(needed - x[n:] > _VIOLATED * (1 + needed))
        if not len(short):
            return None
        size = at[short] - begin[short]
        row = np.repeat(np.arange(len(short)), size)
        pair = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + np.repeat(begin[short], size)
        weight = demand[counted[short]]
        gain = weight[row] * (far[short][row] - od.distance_m[pair])
        cuts = _matrix(row, od.destination[pair], len(short), width, gain)
        cuts += _matrix(np.arange(len(short)), n + short, len(short), width)
        return cuts, weight * far[short]

    def value_of(x: Floats) -> float:
        taken = np.flatnonzero((x[:n] > 0.5)[od.destination])
        found, first = np.unique(od.origin[taken], return_index=True)
        if len(found) < rows:
            return np.inf
        return float((demand[found] * od.distance_m[taken[first]]).sum())

    cost = np.concatenate([np.zeros(n), np.ones(len(counted))])
    programme = _programme(
        cost,
        [reached, *_count_row(n, width, count)],
        fixed,
        whole=np.arange(width) < n,
        value_of=value_of,
    )
    programme.most[n:] = np.inf
    return replace(programme, find_cuts=find_cuts)


def serve_rows(
    od: OdTable,
    demand: Floats,
    fixed: Mask,
    capacity: Floats,
    *,
    count: int | None,
    aim: Literal["sites", "covered", "walk"],
    load: Floats | None = None,
) -> Programme:
    """Return the programme in which every origin goes whole to one site that can hold it [2]_.

    Parameters
    ----------
    od : pairs that may be used.
    capacity : (n_destinations,) most a site takes; may be inf.
    count : number of sites; None for as few as it takes.
    aim : fewest sites, most demand covered, or least demand × distance.
    load : (n_origins,) what an origin takes of a capacity; its demand when None.
    """
    n, k = od.n_destinations, len(od)
    x = n + np.arange(k)
    pair = np.arange(k)
    once = _matrix(od.origin, x, od.n_origins, n + k)
    linked = _matrix(pair, x, k, n + k) - _matrix(pair, od.destination, k, n + k)
    finite = np.flatnonzero(np.isfinite(capacity))
    held = _matrix(od.destination, x, n, n + k, (demand if load is None else load)[od.origin])
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
