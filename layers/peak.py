"""The shift under which data fit the ground best, looked for on a lattice and climbed to its top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.field import Floats, fit_settings
from layers.fit import Null, Trial, ring_shifts, square

# Peaks of the lattice that are climbed, so that the best and its rivals are compared at their tops.
_TOPS = 5
_FINE_M = 2.0


@dataclass(frozen=True)
class Peak:
    """The shift under which data fit the ground best.

    Attributes
    ----------
    shift : eastings and northings to add, metres.
    strength : of that shift.
    as_is : strength of no shift.
    rival : greatest strength of any shift that is not near it.
    """

    shift: Floats
    strength: float
    as_is: float
    rival: float


def search_offset(trials: Sequence[Trial], *, within_m: float, step_m: float, apart_m: float) -> Peak | None:
    """Find the shift under which data fit the ground best; None where no null can be had.

    Parameters
    ----------
    within_m, step_m : how far and how finely to look, metres.
    apart_m : shifts farther than this from the best one are its rivals.
    """
    null = Null.measure(trials, [np.zeros(2)])
    if null is None:
        return None
    ring_m = float(fit_settings()["ring_m"])
    back = round(ring_m / step_m)
    k = round(within_m / step_m) + back
    axis = np.arange(-k, k + 1, dtype=np.float64) * (ring_m / back)
    shifts = square(axis)
    counts = [trial.count(shifts) for trial in trials]
    strengths, inner = null.rate_lattice(counts, axis, back)
    middle = int(np.argmin(np.hypot(*inner.T)))
    tops = [
        _climb(trials, null, inner[at], within_m=step_m / 2)
        for at in _find_tops(inner, strengths, apart_m=apart_m)
    ]
    shift, strength = max(tops, key=lambda top: top[1])
    far = np.hypot(*(inner - shift).T) > apart_m
    others = [value for other, value in tops if np.hypot(*(other - shift)) > apart_m]
    return Peak(
        shift,
        strength,
        as_is=float(strengths[middle]),
        rival=max(float(strengths[far].max(initial=0.0)), *others, 0.0),
    )


def _find_tops(shifts: Floats, strengths: Floats, *, apart_m: float) -> list[int]:
    """Return the strongest shifts that are not near each other, the strongest first."""
    found: list[int] = []
    left = strengths.copy()
    while len(found) < _TOPS and (not found or left.max() > 0):
        found.append(int(np.argmax(left)))
        left[np.hypot(*(shifts - shifts[found[-1]]).T) <= apart_m] = 0.0
    return found


def _climb(trials: Sequence[Trial], null: Null, shift: Floats, *, within_m: float) -> tuple[Floats, float]:
    """Return the best of the shifts close by, and its strength: a lattice steps over the peak of exact lines."""
    steps = np.arange(-within_m, within_m + _FINE_M / 2, _FINE_M)
    near = shift + square(steps)
    ring = ring_shifts()
    every = (near[:, None, :] + ring[None, :, :]).reshape(-1, 2)
    counts = [trial.count(every).reshape(len(near), len(ring), -1) for trial in trials]
    rated = np.array([null.rate([counted[at] for counted in counts]) for at in range(len(near))])
    best = int(np.argmax(rated))
    return near[best], float(rated[best])
