"""Accessibility: tables worked by hand, every decay at known points, and nothing lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reach.access import (
    Decay,
    make_zones,
    measure_2sfca,
    measure_e2sfca,
    sum_opportunities,
)
from pipeline.reach.od import OdTable, table_from_matrix

# Three homes with 100, 200, 50 people, two clinics with 10 and 6 beds; home 2 reaches neither in 1,000 m.
OD = table_from_matrix(np.array([[200.0, 900.0], [1000.0, 300.0], [np.inf, 1500.0]]))
PEOPLE, BEDS = [100, 200, 50], [10, 6]


def test_2sfca_by_hand():
    # R0 = 10/300, R1 = 6/300; both homes reach both clinics (the limit is inclusive)
    assert measure_2sfca(OD, BEDS, PEOPLE, 1000) == pytest.approx([16 / 300, 16 / 300, 0])
    # at 500 m each home has its own clinic
    assert measure_2sfca(OD, BEDS, PEOPLE, 500) == pytest.approx([10 / 100, 6 / 200, 0])


def test_e2sfca_by_hand_with_the_zones_of_luo_and_qi():
    zones = make_zones((300, 1.0), (900, 0.68), (1500, 0.22))
    r0 = 10 / (100 * 1 + 200 * 0.22)
    r1 = 6 / (100 * 0.68 + 200 * 1 + 50 * 0.22)
    expected = [r0 + 0.68 * r1, 0.22 * r0 + r1, 0.22 * r1]
    assert measure_e2sfca(OD, BEDS, PEOPLE, zones) == pytest.approx(expected)


def test_opportunities_and_gravity_by_hand():
    assert sum_opportunities(OD, BEDS, Decay("step", 900)).tolist() == [16, 6, 0]
    linear = sum_opportunities(OD, BEDS, Decay("linear", 1000))
    assert linear == pytest.approx([10 * 0.8 + 6 * 0.1, 6 * 0.7, 0])
    power = sum_opportunities(OD, BEDS, Decay("power", 2000, parameter=2))
    assert power == pytest.approx([10 / 200**2 + 6 / 900**2, 10 / 1000**2 + 6 / 300**2, 6 / 1500**2])


@pytest.mark.parametrize(
    ("decay", "at", "weight"),
    [
        (Decay("step", 300), [0, 300, 300.1], [1, 1, 0]),
        (Decay("linear", 400), [0, 100, 400, 401], [1, 0.75, 0, 0]),
        (Decay("power", 1000, parameter=1), [0, 1, 4, 1001], [1, 1, 0.25, 0]),
        (Decay("exponential", 900), [0, 300, 901], [1, np.exp(-1), 0]),
        (Decay("exponential", 900, parameter=100), [100], [np.exp(-1)]),
        (Decay("gaussian", 1000), [0, 1000], [1, 0]),
        (Decay("gaussian", 1000, parameter=500), [0, 500, 1000], [1, np.exp(-0.5), np.exp(-2)]),
        (make_zones((300, 1), (600, 0.5)), [0, 300, 300.5, 600, 601], [1, 1, 0.5, 0.5, 0]),
    ],
)
def test_decay_at_known_points(decay, at, weight):
    assert decay.weigh(at) == pytest.approx(weight)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Decay("cubic", 300),  # type: ignore[arg-type]
        lambda: Decay("step", 0),
        lambda: Decay("linear", np.inf),
        lambda: Decay("power", 300, parameter=-1),
        lambda: make_zones((300, 1), (300, 0.5)),
        lambda: make_zones((300, -1)),
        lambda: OdTable([0, 0], [1, 1], [1.0, 2.0], 1, 2),
        lambda: OdTable([0], [2], [1.0], 1, 2),
        lambda: OdTable([0], [1], [np.nan], 1, 2),
        lambda: measure_2sfca(OD, [1, -1], PEOPLE, 500),
        lambda: measure_2sfca(OD, BEDS, [1, 2], 500),
    ],
)
def test_what_makes_no_sense_is_refused(build):
    with pytest.raises(ValueError):
        build()


DECAYS = [
    Decay("step", 600), Decay("linear", 700), Decay("power", 800, parameter=1.5), Decay("exponential", 500),
    Decay("gaussian", 900), make_zones((300, 1), (600, 0.68), (900, 0.22)),
]  # fmt: skip


@given(
    st.integers(1, 8).flatmap(
        lambda n: st.lists(
            st.lists(st.one_of(st.integers(0, 1200).map(float), st.just(np.inf)), min_size=n, max_size=n),
            min_size=1,
            max_size=8,
        )
    ),
    st.sampled_from(DECAYS),
    st.randoms(use_true_random=False),
)
def test_floating_catchments_give_back_what_is_offered(rows, decay, random):
    od = table_from_matrix(np.array(rows))
    people = np.array([random.randint(0, 50) for _ in range(od.n_origins)], dtype=float)
    supply = np.array([random.randint(0, 20) for _ in range(od.n_destinations)], dtype=float)
    access = measure_e2sfca(od, supply, people, decay)
    used = (decay.weigh(od.distance_m) > 0) & (people[od.origin] > 0)
    reached = np.unique(od.destination[used])
    assert people @ access == pytest.approx(supply[reached].sum())
    # more supply never harms anybody
    assert (measure_e2sfca(od, supply + 1, people, decay) >= access - 1e-12).all()
