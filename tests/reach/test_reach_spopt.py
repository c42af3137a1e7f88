"""The same optima as spopt (PySAL) on inputs of its own tutorials: clients and facilities on a street lattice."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pipeline.reach.allocate import cover_all, cover_most, make_task, minimise_walk, minimise_worst
from pipeline.reach.od import table_from_matrix

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its many dependencies say while loading is not ours to mend
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
pytestmark = pytest.mark.filterwarnings("ignore:.*PuLP 4:DeprecationWarning")  # spopt's own use of PuLP

CLIENTS, SITES = 60, 14


def lattice(seed):
    """Walks along the streets of a 10 x 10 lattice (a block is 100 m), weights, existing sites."""
    draw = np.random.default_rng(seed)
    clients, sites = draw.integers(0, 1000, (CLIENTS, 2)), draw.integers(0, 1000, (SITES, 2))
    metres = np.abs(clients[:, None] - sites[None]).sum(axis=2).astype(float)
    fixed = np.zeros(SITES, dtype=int)
    fixed[draw.choice(SITES, 2, replace=False)] = 1
    return metres, draw.integers(1, 40, CLIENTS).astype(float), fixed


def solved(model):
    return model.solve(pulp.PULP_CBC_CMD(msg=False))


@pytest.mark.parametrize("with_fixed", [False, True])
@pytest.mark.parametrize("seed", [5, 8])
def test_same_optimum_as_spopt(seed, with_fixed):
    metres, weight, fixed = lattice(seed)
    more = {"predefined_facilities_arr": fixed} if with_fixed else {}
    task = make_task(table_from_matrix(metres), weight, fixed=fixed * with_fixed)
    radius = float(metres.min(axis=1).max())

    peer = solved(locate.LSCP.from_cost_matrix(metres, radius, **more))
    assert cover_all(task, radius).value == peer.problem.objective.value()

    peer = solved(locate.MCLP.from_cost_matrix(metres, weight, radius / 2, 4, **more))
    assert cover_most(task, 4, radius / 2).value == pytest.approx(peer.problem.objective.value())

    peer = solved(locate.PMedian.from_cost_matrix(metres, weight, 4, **more))
    got = minimise_walk(task, 4)
    assert got.value == pytest.approx(peer.problem.objective.value())
    assert got.value / weight.sum() == pytest.approx(float((got.distance_m * weight).sum() / weight.sum()))

    peer = solved(locate.PCenter.from_cost_matrix(metres, 4, **more))
    assert minimise_worst(task, 4).value == pytest.approx(peer.problem.objective.value())


def test_same_capacitated_median_as_spopt():
    metres, weight, _ = lattice(3)
    metres, weight = metres[:25, :8], weight[:25]
    capacity = np.full(8, np.ceil(weight.sum() / 3.4))
    model = locate.PMedian.from_cost_matrix(metres, weight, 4, facility_capacities=capacity)
    got = minimise_walk(make_task(table_from_matrix(metres), weight, capacity=capacity), 4)
    assert got.value == pytest.approx(solved(model).problem.objective.value())
    free = minimise_walk(make_task(table_from_matrix(metres), weight), 4)
    assert got.value > free.value  # the capacities bind
