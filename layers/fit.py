"""How well data fit the ground under a reading of their coordinates, and how special that fit is.

A point lies near some road by chance, so closeness alone proves nothing. Here the shares of points nearer
than some distances are compared with the same shares after small shifts all round (a contrast), and the
contrast of a reading with the contrasts of many shifts that mean nothing, by Mahalanobis distance: a random
shift test, as spatial statistics uses where the points of a pattern are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from layers.field import Field, Floats, fit_settings

Relation = Literal["beside", "along", "apart", "clear", "at", "within"]


@dataclass(frozen=True)
class Trial:
    """Points of one thing and distances to another.

    Attributes
    ----------
    field : distances to the thing that stays.
    x, y : points of the thing that is moved, metres, under the reading ``as is``.
    relation : how the two lie where both are right: ``beside`` (points beside roads), ``along`` (lines on
        or along lines), ``apart`` (buildings that no road crosses, or parcels that begin at roads), ``clear``
        (lines and borders that cross no building), ``at`` (points in buildings or at their walls),
        ``within`` (points inside the outline).
    per : points that stand for one feature.
    turned : whether the points are the ground's and the field the data's, so that shifts turn round.
    """

    field: Field
    x: Floats
    y: Floats
    relation: Relation
    per: int = 1
    turned: bool = False

    @property
    def features(self) -> int:
        """Number of features moved."""
        return len(self.x) // self.per

    def count(self, shifts: Floats) -> NDArray[np.int64]:
        """Count features by distance after each shift of the data, shape (k, cap + 1)."""
        return self.field.count(self.x, self.y, -shifts if self.turned else shifts, per=self.per)


@dataclass(frozen=True)
class Fit:
    """How special the fit of each reading is.

    Attributes
    ----------
    strength : by reading: Mahalanobis distance of its contrast over the 99th percentile of the null's;
        0 where the relation is the wrong way round or too few points meet the ground.
    trials : number of meaningless shifts that made the null.
    """

    strength: Mapping[str, float]
    trials: int


def weigh_readings(trials: Sequence[Trial], readings: Mapping[str, Sequence[Trial]]) -> Fit | None:
    """Weigh readings of the same data against each other and against chance.

    Parameters
    ----------
    trials : the data as they are.
    readings : the same trials with their points under each reading.

    Returns
    -------
    Fit or None
        None where too few shifts keep the data on the ground.
    """
    null = Null.measure(trials, [_displacement(trials, moved) for moved in readings.values()])
    if null is None:
        return None
    ring = ring_shifts()
    strength = {}
    for name, moved in readings.items():
        counts = [trial.count(ring) for trial in moved]
        strength[name] = null.rate(counts)
    return Fit(strength, null.count)


def _displacement(before: Sequence[Trial], after: Sequence[Trial]) -> Floats:
    sign = -1.0 if before[0].turned else 1.0
    return sign * np.array([np.mean(after[0].x - before[0].x), np.mean(after[0].y - before[0].y)])


def square(axis: Floats) -> Floats:
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def ring_shifts() -> Floats:
    """No shift, then the eight shifts round it."""
    ring_m = float(fit_settings()["ring_m"])
    around = square(np.array([-ring_m, 0.0, ring_m]))
    return np.vstack([[0.0, 0.0], around[np.abs(around).any(axis=1)]])


def _describe(counts: NDArray[np.int64], relation: Relation) -> tuple[Floats, Floats]:
    """Return features (…, f) and how many points stand behind them (…), from counts by distance."""
    if relation == "within":
        total = counts.sum(axis=-1)
        return (counts[..., :2].sum(axis=-1) / total)[..., None], total.astype(float)
    metres = np.arange(counts.shape[-1])
    steps = np.array(fit_settings()["steps_m"], dtype=float)
    # Steps are soft, a fifth of their distance wide: distances have the errors of the grid.
    soft = 1.0 / (1.0 + np.exp(np.clip((metres[:, None] - steps) / (0.2 * steps), -60, 60)))
    soft[-1] = 0.0
    met = counts[..., :-1].sum(axis=-1)
    return (counts.astype(np.float64) @ soft) / np.maximum(met, 1)[..., None], met.astype(np.float64)


@dataclass(frozen=True)
class Null:
    """Contrasts of shifts that mean nothing."""

    trials: Sequence[Trial]
    middle: Floats
    spread: Floats
    inverse: Floats
    scale: float
    count: int

    @classmethod
    def measure(cls, trials: Sequence[Trial], readings: Sequence[Floats]) -> Null | None:
        """Measure the null on a lattice of shifts, away from every reading."""
        settings = fit_settings()
        step, reach = float(settings["lattice_m"]), float(settings["reach_m"])
        back = round(float(settings["ring_m"]) / step)
        axis = np.arange(-round(reach / step), round(reach / step) + 1, dtype=np.float64) * step
        shifts = square(axis)
        counts = [trial.count(shifts) for trial in trials]
        contrasts, known, inner = _contrast_lattice(trials, counts, axis, back)
        for shift in readings:
            known &= np.hypot(*(inner - shift).T) > float(settings["clear_m"])
        null = contrasts[known]
        if len(null) < settings["least_trials"]:
            return None
        spread = null.std(axis=0)
        # What no shift changes, such as lying within a very large outline, says nothing.
        spread = np.where(spread > 1e-6, spread, np.inf)
        middle = null.mean(axis=0)
        scaled = _scale(null, trials, middle, spread)
        inverse = np.linalg.pinv(np.atleast_2d(np.cov(scaled.T)))
        lengths = np.sqrt(np.einsum("ni,ij,nj->n", scaled, inverse, scaled))
        return cls(trials, middle, spread, inverse, float(np.quantile(lengths, 0.99)), len(null))

    def rate(self, counts: Sequence[NDArray[np.int64]]) -> float:
        """Return the strength of one reading from its counts without and with the ring's shifts."""
        parts = []
        for trial, counted in zip(self.trials, counts, strict=True):
            features, met = _describe(counted, trial.relation)
            if met.min() < fit_settings()["least_cover"] * trial.features:
                return 0.0
            parts.append((features[0] - features[1:].mean(axis=0)) * np.sqrt(met[0]))
        return float(self._weigh(np.concatenate(parts)[None, :])[0])

    def rate_lattice(
        self, counts: Sequence[NDArray[np.int64]], axis: Floats, back: int
    ) -> tuple[Floats, Floats]:
        """Return the strength of every shift of a lattice that has a ring, and those shifts."""
        contrasts, known, inner = _contrast_lattice(self.trials, counts, axis, back)
        return np.where(known, self._weigh(contrasts), 0.0), inner

    def _weigh(self, contrasts: Floats) -> Floats:
        z = _scale(contrasts, self.trials, self.middle, self.spread)
        lengths = np.sqrt(np.einsum("ni,ij,nj->n", z, self.inverse, z))
        return np.where(self._right_way(z), lengths / self.scale, 0.0)

    def _right_way(self, z: Floats) -> NDArray[np.bool_]:
        """Whether data lie as they should, and not merely unlike chance: nearer roads, not farther.

        Relations are weighed against each other: shops stand in houses, and houses back from the road.
        """
        net = np.zeros(len(z))
        at = 0
        for trial in self.trials:
            if trial.relation == "within":
                sign = z[:, at]
                at += 1
            else:
                near, mid, far = z[:, at], z[:, at + 1], z[:, at + 2]
                at += 3
                sign = {
                    "beside": far,
                    "along": np.maximum(mid, far),
                    "apart": np.maximum(-near, mid),
                    "clear": -near,
                    "at": near,
                }[trial.relation]
            net += sign * np.abs(sign)
        return net > 1.0


def _scale(contrasts: Floats, trials: Sequence[Trial], middle: Floats, spread: Floats) -> Floats:
    """Return contrasts in spreads of the null; data that overlap the outline's border say nothing against it."""
    z = (contrasts - middle) / spread
    at = 0
    for trial in trials:
        if trial.relation == "within":
            z[:, at] = np.maximum(z[:, at], 0.0)
            at += 1
        else:
            at += 3
    return z


def _contrast_lattice(
    trials: Sequence[Trial], counts: Sequence[NDArray[np.int64]], axis: Floats, back: int
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Return contrasts of the inner shifts of a lattice, whether enough points are met, and those shifts."""
    n = len(axis)
    inner = slice(back, n - back)
    steps = [(a, b) for a in (-back, 0, back) for b in (-back, 0, back)]
    parts, known = [], np.ones((n - 2 * back) ** 2, dtype=bool)
    for trial, counted in zip(trials, counts, strict=True):
        features, met = _describe(counted, trial.relation)
        features, met = features.reshape(n, n, -1), met.reshape(n, n)
        moved = [features[back + a : n - back + a, back + b : n - back + b] for a, b in steps]
        least = np.min([met[back + a : n - back + a, back + b : n - back + b] for a, b in steps], axis=0)
        here = moved.pop(4)
        contrast = (here - np.mean(moved, axis=0)) * np.sqrt(met[inner, inner])[..., None]
        parts.append(contrast.reshape(-1, features.shape[-1]))
        known &= (least >= fit_settings()["least_cover"] * trial.features).ravel()
    shifts = square(axis).reshape(n, n, 2)[inner, inner].reshape(-1, 2)
    return np.concatenate(parts, axis=1), known, shifts
