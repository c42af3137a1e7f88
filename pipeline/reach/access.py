"""Accessibility of supply to demand from a table of distances: opportunities, gravity, floating catchments.

A measure is one number an origin. The first two count supply alone; the floating catchments share each
supply among all who can reach it, so that their sum over people gives back what is offered.

References
----------
.. [1] Hansen, W. G. (1959). How accessibility shapes land use. Journal of the American Institute of
   Planners 25(2), 73-76.
.. [2] Wachs, M., & Kumagai, T. G. (1973). Physical accessibility as a social indicator. Socio-Economic
   Planning Sciences 7(5), 437-456.
.. [3] Kwan, M.-P. (1998). Space-time and integral measures of individual accessibility. Geographical
   Analysis 30(3), 191-216.
.. [4] Luo, W., & Wang, F. (2003). Measures of spatial accessibility to health care in a GIS environment.
   Environment and Planning B 30(6), 865-884.
.. [5] Luo, W., & Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for measuring
   spatial accessibility to primary care physicians. Health & Place 15(4), 1100-1107.
.. [6] Dai, D. (2010). Black residential segregation, disparities in spatial access to health care
   facilities, and late-stage breast cancer diagnosis in metropolitan Detroit. Health & Place 16(5), 1038-1052.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pipeline.reach.graph import Floats
from pipeline.reach.od import OdTable

Kind = Literal["step", "linear", "power", "exponential", "gaussian", "zones"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_NOTHING = 1e-100


@dataclass(frozen=True)
class Decay:
    """How much a supply at a distance counts; nothing beyond the limit, which is inclusive.

    ============== ============================================== =========================
    kind           weight at distance d                           parameter
    ============== ============================================== =========================
    ``step``       1 [2]_                                         none
    ``linear``     1 - d / limit                                  none
    ``power``      max(d, 1) ** -parameter [1]_ [3]_              exponent; 1 by default
    ``exponential`` exp(-d / parameter) [3]_                      metres; limit / 3 by default
    ``gaussian``   (exp(-(d / limit)² / 2) - exp(-1/2)) /         none: 1 at 0, 0 at the
                   (1 - exp(-1/2)) [6]_                           limit
    ``gaussian``   exp(-(d / parameter)² / 2)                     metres, where one is given
    ``zones``      weight of the first zone d does not exceed     ``zones`` [5]_
    ============== ============================================== =========================

    Attributes
    ----------
    kind : name of the function.
    limit_m : largest distance that counts, metres; the last zone's end where there are zones.
    parameter : see the table; None for the default.
    zones : (end in metres, weight) of each zone, ends increasing.

    Raises
    ------
    ValueError
        If the kind is unknown, or a limit, parameter or zone makes no sense.
    """

    kind: Kind
    limit_m: float
    parameter: float | None = None
    zones: tuple[tuple[float, float], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown decay {self.kind!r}")
        if not self.limit_m > 0:
            raise ValueError("the limit must be positive")
        if self.parameter is not None and not (0 < self.parameter < np.inf):
            raise ValueError("the parameter must be positive")
        if self.kind in ("linear", "exponential", "gaussian") and self._scale == np.inf:
            raise ValueError(f"decay {self.kind!r} needs a finite limit or a parameter")
        ends = [end for end, _ in self.zones]
        if (self.kind == "zones") != bool(self.zones) or ends != sorted(set(ends)):
            raise ValueError("zones belong to decay 'zones' and must increase")
        if any(end < 0 or not 0 <= weight < np.inf for end, weight in self.zones):
            raise ValueError("ends and weights of zones must not be negative")

    @property
    def _scale(self) -> float:
        return self.limit_m if self.kind == "linear" or self.parameter is None else self.parameter

    def weigh(self, distance_m: ArrayLike) -> Floats:
        """Return the weight of each distance (any shape), metres."""
        d = np.asarray(distance_m, dtype=np.float64)
        inside = d <= self.limit_m
        match self.kind:
            case "step":
                weight = np.ones_like(d)
            case "linear":
                weight = 1 - d / self.limit_m
            case "power":
                # The power is infinite at zero; the first metre counts like one metre.
                weight = np.maximum(d, 1.0) ** -(1.0 if self.parameter is None else self.parameter)
            case "exponential":
                weight = np.exp(-d / (self.limit_m / 3 if self.parameter is None else self.parameter))
            case "gaussian":
                weight = np.exp(-0.5 * (d / self._scale) ** 2)
                if self.parameter is None:
                    weight = np.clip((weight - np.exp(-0.5)) / (1 - np.exp(-0.5)), 0, 1)
            case "zones":
                ends, weights = (np.array(part) for part in zip(*self.zones, strict=True))
                weight = np.append(weights, 0.0)[np.searchsorted(ends, d, side="left")]
        # What is left of a weight far out in a tail would overflow as a divisor and says nothing.
        return np.where(inside & (weight > _NOTHING), weight, 0.0)


def make_zones(*zones: tuple[float, float]) -> Decay:
    """Return stepped zones (end in metres, weight), e.g. Luo and Qi's 1, 0.68, 0.22 [5]_."""
    return Decay("zones", limit_m=max((end for end, _ in zones), default=0.0), zones=tuple(zones))


def sum_opportunities(od: OdTable, supply: ArrayLike, decay: Decay) -> Floats:
    """Sum the supply in reach of each origin, weighted by distance.

    A_i = Σ_j S_j f(d_ij): cumulative opportunities with the step [2]_, the gravity or potential measure with
    any other decay [1]_ [3]_. Demand plays no part: those who share a supply do not lessen it.

    Parameters
    ----------
    od : pairs.
    supply : (n_destinations,) what each destination offers.
    decay : weight of a distance.

    Returns
    -------
    (n_origins,) in units of supply.
    """
    given = _check(supply, od.n_destinations, "supply")
    weight = decay.weigh(od.distance_m)
    return _add_up(od, weight * given[od.destination])


def measure_2sfca(od: OdTable, supply: ArrayLike, demand: ArrayLike, limit_m: float) -> Floats:
    """Two-step floating catchment area (Luo & Wang 2003) [4]_.

    Step 1: R_j = S_j / Σ_{i: d_ij ≤ limit} P_i. Step 2: A_i = Σ_{j: d_ij ≤ limit} R_j.
    See ``measure_e2sfca`` for arguments and result.
    """
    return measure_e2sfca(od, supply, demand, Decay("step", limit_m))


def measure_e2sfca(od: OdTable, supply: ArrayLike, demand: ArrayLike, decay: Decay) -> Floats:
    """Two-step floating catchment area with distance decay (Luo & Qi 2009; Dai 2010) [5]_ [6]_.

    Step 1: R_j = S_j / Σ_i P_i f(d_ij). Step 2: A_i = Σ_j R_j f(d_ij). With zones as decay it is Luo and
    Qi's enhanced method; with a continuous one Dai's Gaussian and its kin. Nothing is lost on the way:
    Σ_i P_i A_i = Σ_j S_j over the destinations that anybody reaches.

    Parameters
    ----------
    od : pairs.
    supply : (n_destinations,) what each destination offers, e.g. places or beds.
    demand : (n_origins,) people of the group served.
    decay : weight of a distance.

    Returns
    -------
    (n_origins,) supply per person. Zero where nothing is in reach; a destination nobody reaches offers
    nothing to anybody. An origin without people gets the figure people there would have.
    """
    offered = _check(supply, od.n_destinations, "supply")
    people = _check(demand, od.n_origins, "demand")
    weight = decay.weigh(od.distance_m)
    pull = np.bincount(od.destination, weight * people[od.origin], minlength=od.n_destinations)
    ratio = np.divide(offered, pull, out=np.zeros_like(offered), where=pull > 0)
    return _add_up(od, weight * ratio[od.destination])


def _add_up(od: OdTable, values: Floats) -> Floats:
    return np.bincount(od.origin, values, minlength=od.n_origins).astype(np.float64)


def _check(values: ArrayLike, n: int, what: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n,):
        raise ValueError(f"{what} has shape {array.shape}, expected ({n},)")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(f"{what} must be finite and not negative")
    return array
