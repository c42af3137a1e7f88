"""Location-allocation against brute force over all site sets, ties included; errors name the demand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import OptimizeResult

from pipeline.reach import programme
from pipeline.reach.allocate import (
    NoSolution,
    Unreachable,
    cover_all,
    cover_most,
    make_task,
    minimise_walk,
    minimise_worst,
)
from pipeline.reach.od import table_from_matrix

INF = np.inf


@st.composite
def towns(draw):
    """Few distances and weights, so that ties abound: (matrix, demand, fixed, capacity)."""
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    cell = st.one_of(st.integers(0, 5).map(float), st.just(INF))
    matrix = np.array([[draw(cell) for _ in range(columns)] for _ in range(rows)])
    demand = np.array([draw(st.integers(0, 4)) for _ in range(rows)], dtype=float)
    fixed = np.array([draw(st.integers(0, 3)) == 0 for _ in range(columns)])
    capacity = np.array([draw(st.sampled_from([0, 2, 4, 7, INF])) for _ in range(columns)])
    return matrix, demand, fixed, capacity


def site_sets(fixed, count):
    """All site sets of a size with the existing sites in, in candidate order."""
    must = set(np.flatnonzero(fixed))
    for sites in itertools.combinations(range(len(fixed)), count):
        if must <= set(sites):
            yield list(sites)


def best_of(values):
    """The first of the sets with the least value: (value, sites), None where no value is finite."""
    found = [(value, sites) for value, sites in values if value < INF]
    return min(found, key=lambda item: item[0]) if found else None


def assignments(matrix, sites, demand, capacity, *, may_stay=False):
    """All ways of sending every origin to one open site in reach that holds them."""
    choices = [
        [j for j in sites if matrix[i, j] < INF] + ([-1] if may_stay else []) for i in range(len(matrix))
    ]
    for way in itertools.product(*choices):
        load = np.zeros(matrix.shape[1])
        for i, j in enumerate(way):
            if j >= 0:
                load[j] += demand[i]
        if (load <= capacity).all():
            yield way


def counts(fixed):
    return range(max(1, int(fixed.sum())), len(fixed) + 1)


def outcome(call):
    try:
        return call()
    except (Unreachable, NoSolution):
        return None


def same(got, wanted):
    if wanted is None:
        assert got is None
    else:
        assert got is not None
        assert (got.value, got.sites.tolist(), got.gap) == (pytest.approx(wanted[0]), wanted[1], 0.0)


@settings(max_examples=60, deadline=None)
@given(towns(), st.integers(0, 5))
def test_sites_are_those_of_brute_force_ties_included(town, limit):
    matrix, demand, fixed, _ = town
    task = make_task(table_from_matrix(matrix), demand, fixed=fixed)
    near = np.where(matrix <= limit, matrix, INF)

    def all_covered():
        for count in range(int(fixed.sum()), len(fixed) + 1):
            for sites in site_sets(fixed, count):
                if (near[:, sites].min(axis=1, initial=INF) < INF).all():
                    return float(count), sites
        return None

    same(outcome(lambda: cover_all(task, limit)), all_covered())
    for count in counts(fixed):
        sets = list(site_sets(fixed, count))
        covered = [(-demand[near[:, s].min(axis=1) < INF].sum(), s) for s in sets]
        value, sites = best_of(covered)
        same(cover_most(task, count, limit), (-value, sites))
        walks = [(matrix[:, s].min(axis=1), s) for s in sets]
        wanted = best_of((float(d @ demand) if (d < INF).all() else INF, s) for d, s in walks)
        same(outcome(lambda n=count: minimise_walk(task, n)), wanted)
        wanted = best_of((float(d.max()), s) for d, s in walks)
        same(outcome(lambda n=count: minimise_worst(task, n)), wanted)


@settings(max_examples=40, deadline=None)
@given(towns(), st.integers(1, 5))
def test_capacitated_sites_are_those_of_brute_force(town, limit):
    matrix, demand, fixed, capacity = town
    matrix, demand, fixed, capacity = matrix[:4, :4], demand[:4], fixed[:4], capacity[:4]
    task = make_task(table_from_matrix(matrix), demand, fixed=fixed, capacity=capacity)
    near = np.where(matrix <= limit, matrix, INF)
    rows = np.arange(len(matrix))

    def all_served():
        for count in range(int(fixed.sum()), len(fixed) + 1):
            for sites in site_sets(fixed, count):
                if any(True for _ in assignments(near, sites, demand, capacity)):
                    return float(count), sites
        return None

    same(outcome(lambda: cover_all(task, limit)), all_served())
    for count in counts(fixed):
        sets = list(site_sets(fixed, count))

        def walk(sites):
            ways = assignments(matrix, sites, demand, capacity)
            return min((float(demand @ matrix[rows, list(w)]) for w in ways), default=INF)

        got = outcome(lambda n=count: minimise_walk(task, n))
        same(got, best_of((walk(s), s) for s in sets))
        if got is not None:
            load = np.bincount(got.assigned, demand, minlength=len(fixed))
            assert (load <= capacity + 1e-9).all() and demand @ got.distance_m == pytest.approx(got.value)

        def covered(sites):
            ways = assignments(near, sites, demand, capacity, may_stay=True)
            return -max(sum(demand[i] for i, j in enumerate(w) if j >= 0) for w in ways)

        value, sites = best_of((covered(s), s) for s in sets)
        got = cover_most(task, count, limit)
        same(got, (-value, sites))
        assert demand[got.assigned >= 0].sum() == -value


def test_everybody_goes_to_the_nearest_and_the_lowest_of_equals():
    # 0 m and 200 m from the ends of a 200 m street; the one in the middle is a tie
    matrix = np.array([[0.0, 200.0], [100.0, 100.0], [200.0, 0.0]])
    got = minimise_walk(make_task(table_from_matrix(matrix), [1, 1, 1]), 2)
    assert got.assigned.tolist() == [0, 0, 1] and got.distance_m.tolist() == [0, 100, 0]
    assert (got.value, got.gap) == (100.0, 0.0)


def test_ties_are_decided_where_values_are_large_and_sums_are_not_exact():
    # candidates 2 and 3 mirror 0 and 1, in other order of summation; weights make ninths and sevenths
    half = np.array([[100 / 3, 900.7], [812.1, 200 / 7], [455.5, 300 / 9]])
    matrix = np.vstack([np.hstack([half, half + 5e3]), np.hstack([half + 5e3, half])])
    demand = np.tile([1e5 / 3, 1e5 / 7, 1e5 / 9], 2)
    shuffled = [3, 0, 2, 1]
    got = minimise_walk(make_task(table_from_matrix(matrix[:, shuffled]), demand), 3)
    values = {
        sites: float((matrix[:, shuffled][:, sites].min(axis=1) * demand).sum())
        for sites in itertools.combinations(range(4), 3)
    }
    least = min(values.values())
    ties = [sites for sites, value in values.items() if value == pytest.approx(least, rel=1e-12)]
    assert len(ties) == 2 and got.sites.tolist() == list(ties[0])


def test_a_set_worse_by_little_is_no_tie():
    # one millionth of a metre in a value of a hundred million: less than any slack given to the solver
    matrix = np.array([[1.0 + 1e-6, 1.0]])
    got = minimise_walk(make_task(table_from_matrix(matrix), [1e8]), 1)
    assert got.sites.tolist() == [1]


def test_demand_out_of_reach_is_named():
    matrix = np.array([[1.0, INF], [INF, INF], [INF, 2.0], [INF, 9.0]])
    task = make_task(table_from_matrix(matrix), [1, 1, 1, 1])
    with pytest.raises(Unreachable) as found:
        minimise_walk(task, 1)
    assert found.value.origins.tolist() == [1]
    with pytest.raises(Unreachable) as found:
        cover_all(task, 5)
    assert found.value.origins.tolist() == [1, 3]


def test_too_few_sites_say_how_many_are_needed():
    matrix = np.where(np.eye(3, dtype=bool), 1.0, INF)
    task = make_task(table_from_matrix(matrix), [1, 1, 1])
    for question in (minimise_walk, minimise_worst):
        with pytest.raises(NoSolution) as found:
            question(task, 2)
        assert found.value.least_sites == 3
    with pytest.raises(NoSolution):
        cover_all(make_task(table_from_matrix(np.ones((3, 2))), [2, 2, 2], capacity=[3, 3]), 5)


def test_a_number_of_sites_that_cannot_be_is_refused():
    task = make_task(table_from_matrix(np.ones((2, 3))), [1, 1], fixed=[True, True, False])
    for sites in (0, 1, 4):
        with pytest.raises(ValueError, match="sites"):
            minimise_walk(task, sites)


def test_a_search_cut_off_states_how_far_it_may_be_from_the_best(monkeypatch):
    draw = np.random.default_rng(2)
    matrix = draw.integers(1, 1000, (40, 15)).astype(float)
    demand, capacity = draw.integers(1, 40, 40).astype(float), np.full(15, 230.0)
    task = make_task(table_from_matrix(matrix), demand, capacity=capacity)
    best = minimise_walk(task, 4)
    full = programme.milp

    def cut_off(*given, options, **more):
        return full(*given, options={**options, "node_limit": 1}, **more)

    monkeypatch.setattr(programme, "milp", cut_off)
    got = minimise_walk(task, 4)
    assert (np.bincount(got.assigned, demand, minlength=15) <= capacity).all() and len(got.sites) == 4
    assert got.gap > 0 == best.gap
    assert got.value * (1 - got.gap) <= best.value <= got.value


def test_time_running_out_after_the_optimum_keeps_it(monkeypatch):
    # Everything asked after the first answer, ties and who walks least, is left undecided.
    draw = np.random.default_rng(4)
    matrix = draw.integers(1, 9, (12, 6)).astype(float)
    demand, capacity = draw.integers(1, 5, 12).astype(float), np.full(6, 14.0)
    task = make_task(table_from_matrix(matrix), demand, capacity=capacity)
    best = minimise_walk(task, 3)
    full, asked = programme._call_highs, []

    def once(*given):
        asked.append(given)
        if len(asked) > 1:
            return OptimizeResult(status=1, x=None)
        return full(*given)

    monkeypatch.setattr(programme, "_call_highs", once)
    got = minimise_walk(task, 3)
    assert len(asked) > 1
    assert (got.value, len(got.sites)) == (best.value, 3)
    load = np.bincount(got.assigned, demand, minlength=6)
    assert (load <= capacity).all() and demand @ got.distance_m == got.value


def test_what_an_origin_weighs_and_what_it_takes_may_differ():
    # The heavy origin takes no room: it goes with one of the others; two would not fit.
    matrix = np.ones((3, 1))
    task = make_task(table_from_matrix(matrix), [9, 2, 3], capacity=[4], load=[0, 2, 3])
    got = cover_most(task, 1, 5)
    assert (got.value, got.assigned.tolist()) == (12.0, [0, -1, 0])
    with pytest.raises(ValueError, match="loads"):
        make_task(table_from_matrix(matrix), [9, 2, 3], capacity=[4], load=[0, 2])
