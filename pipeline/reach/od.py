"""A table of origins, destinations and the distance between them, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.reach.graph import Floats

Index = NDArray[np.int64]
# Positions are widened on the way in; callers need not.
Positions = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class OdTable:
    """Pairs within reach of each other; a pair that is not in the table is out of reach.

    Attributes
    ----------
    origin, destination : (k,) int
        Positions, ``0 … n_origins - 1`` and ``0 … n_destinations - 1``. No pair twice.
    distance_m : (k,) float
        Distance or any other cost of the pair, finite and not negative.
    n_origins, n_destinations : int
        How many there are, those without a pair included.
    """

    origin: Positions
    destination: Positions
    distance_m: Floats
    n_origins: int
    n_destinations: int

    def __post_init__(self) -> None:
        for name, kind in (("origin", np.int64), ("destination", np.int64), ("distance_m", np.float64)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))
        if not len(self.origin) == len(self.destination) == len(self.distance_m):
            raise ValueError("origin, destination and distance_m differ in length")
        for values, n in ((self.origin, self.n_origins), (self.destination, self.n_destinations)):
            if len(values) and (values.min() < 0 or values.max() >= n):
                raise ValueError("a position lies outside the table")
        if not (np.isfinite(self.distance_m) & (self.distance_m >= 0)).all():
            raise ValueError("distances must be finite and not negative")
        if len(np.unique(self.origin * self.n_destinations + self.destination)) < len(self.origin):
            raise ValueError("a pair of origin and destination occurs twice")

    def __len__(self) -> int:
        return len(self.origin)

    def take(self, rows: NDArray) -> OdTable:
        """Return the pairs at ``rows``, positions unchanged."""
        return OdTable(
            self.origin[rows],
            self.destination[rows],
            self.distance_m[rows],
            self.n_origins,
            self.n_destinations,
        )

    def within(self, limit_m: float) -> OdTable:
        """Return the pairs not farther than the limit, inclusive."""
        return self.take(np.flatnonzero(self.distance_m <= limit_m))

    def sort(self) -> OdTable:
        """Return the pairs by origin, then distance, then destination: the first of an origin is its nearest."""
        return self.take(np.lexsort((self.destination, self.distance_m, self.origin)))

    def unreached(self) -> Index:
        """Return the origins without any pair."""
        return np.setdiff1d(np.arange(self.n_origins), self.origin)


def table_from_matrix(distance_m: NDArray) -> OdTable:
    """Return the pairs of an (origins, destinations) matrix; inf and NaN are out of reach."""
    origin, destination = np.nonzero(np.isfinite(distance_m))
    return OdTable(origin, destination, distance_m[origin, destination], *distance_m.shape)
