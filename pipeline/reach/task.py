"""A location task: demand, candidate sites, what exists, what a site holds; its answer, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.reach.graph import Floats
from pipeline.reach.od import Index, OdTable

Mask = NDArray[np.bool_]


class Unreachable(ValueError):
    """Raised when demand lies out of reach of every candidate.

    Attributes
    ----------
    origins : (k,) int
        Positions of that demand.
    """

    def __init__(self, origins: Index) -> None:
        self.origins = origins
        super().__init__(f"{len(origins)} demand points reach no candidate: {origins[:10].tolist()}")


def require_reached(od: OdTable) -> None:
    """Raise ``Unreachable`` if an origin has no pair."""
    missing = od.unreached()
    if len(missing):
        raise Unreachable(missing)


class NoSolution(ValueError):
    """Raised when the sites asked for, or their capacities, cannot serve all demand together.

    Attributes
    ----------
    least_sites : int or None
        Fewest sites that can, where that is known.
    """

    def __init__(self, least_sites: int | None = None) -> None:
        self.least_sites = least_sites
        super().__init__(
            "the demand cannot be served" + (f" by fewer than {least_sites} sites" if least_sites else "")
        )


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be served from where.

    Attributes
    ----------
    od : OdTable
        Origins are demand, destinations are candidate sites; only pairs in the table may be used.
    demand : (n_origins,) float
        Weight of each origin, e.g. persons.
    fixed : (n_destinations,) bool
        Existing sites, open whatever else is chosen; none when left out.
    capacity : (n_destinations,) float or None
        Most that a site can take; an origin goes to one site whole. Unlimited when None.
    load : (n_origins,) float or None
        What each origin takes of a capacity; its demand when None.
    time_limit_s : float or None
        Limit of each solver call; the result then states its gap, and ties may be left as they fell.
    """

    od: OdTable
    demand: Floats
    fixed: Mask
    capacity: Floats | None = None
    time_limit_s: float | None = None
    load: Floats | None = None

    def __post_init__(self) -> None:
        if self.demand.shape != (self.od.n_origins,) or self.fixed.shape != (self.od.n_destinations,):
            raise ValueError("demand or fixed does not fit the table")
        if not (np.isfinite(self.demand) & (self.demand >= 0)).all():
            raise ValueError("demand must be finite and not negative")
        if self.load is not None and not (
            self.load.shape == self.demand.shape and (np.isfinite(self.load) & (self.load >= 0)).all()
        ):
            raise ValueError("loads must fit the origins, be finite and not negative")
        if self.capacity is not None and (
            self.capacity.shape != self.fixed.shape or not (self.capacity >= 0).all()
        ):
            raise ValueError("capacities must fit the candidates and not be negative")

    def check_count(self, sites: int) -> None:
        """Refuse a number of sites that the existing ones or the candidates do not allow."""
        existing, n = int(self.fixed.sum()), self.od.n_destinations
        if not max(existing, 1) <= sites <= n:
            raise ValueError(f"{sites} sites, but {existing} exist and {n} candidates are given")


def make_task(
    od: OdTable,
    demand: ArrayLike,
    *,
    fixed: ArrayLike | None = None,
    capacity: ArrayLike | None = None,
    load: ArrayLike | None = None,
    time_limit_s: float | None = None,
) -> Task:
    """Return a task from anything array-like; see :class:`Task`."""
    held = None if capacity is None else np.asarray(capacity, dtype=np.float64)
    existing = np.zeros(od.n_destinations, bool) if fixed is None else np.asarray(fixed, dtype=bool)
    taken = None if load is None else np.asarray(load, dtype=np.float64)
    return Task(od.sort(), np.asarray(demand, dtype=np.float64), existing, held, time_limit_s, taken)


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


def send_to_nearest(task: Task, sites: Index, limit_m: float, *, value: float, gap: float) -> Allocation:
    """Return the allocation of everybody within the limit to the nearest of the sites, the lowest of equals."""
    od = task.od
    is_open = np.zeros(od.n_destinations, dtype=bool)
    is_open[sites] = True
    # The table is sorted, so that the first pair of an origin is its nearest.
    rows = np.flatnonzero(is_open[od.destination] & (od.distance_m <= limit_m))
    origin, first = np.unique(od.origin[rows], return_index=True)
    rows = rows[first]
    assigned = np.full(od.n_origins, -1, dtype=np.int64)
    distance = np.full(od.n_origins, np.nan)
    assigned[origin], distance[origin] = od.destination[rows], od.distance_m[rows]
    return Allocation(np.flatnonzero(is_open), assigned, distance, value, gap)
