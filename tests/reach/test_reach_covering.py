"""Covering everybody: the search against brute force and against HiGHS, however it is led to the answer."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from pipeline.reach import branching, covering, everybody
from pipeline.reach.allocate import cover_all, make_task, minimise_worst
from pipeline.reach.branching import price_demand
from pipeline.reach.covering import find_cover, first_cover, least_cover, tabulate_near
from pipeline.reach.od import table_from_matrix
from pipeline.reach.programme import TimedOut


@st.composite
def tables(draw):
    """Which site covers which demand, and sites that may be used."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 8))
    rows = np.array([[draw(st.integers(0, 3)) == 0 for _ in range(shape[1])] for _ in range(shape[0])])
    return rows, np.array([draw(st.integers(0, 4)) > 0 for _ in range(shape[1])])


def all_covers(rows, allowed, count):
    """Every set of so many allowed sites that covers all rows, in candidate order."""
    for sites in itertools.combinations(np.flatnonzero(allowed), count):
        if rows[:, list(sites)].any(axis=1).all():
            yield list(sites)


def fewest(rows, allowed):
    sizes = range(int(allowed.sum()) + 1)
    return next((k for k in sizes if any(True for _ in all_covers(rows, allowed, k))), None)


def lead(monkeypatch, way):
    """Make the search go without greedy luck: by one price, by new prices at every branch, or by HiGHS."""

    def none_but_hopeless(rows, allowed):
        return [] if not len(rows) else list(range(999)) if (rows & allowed).any(axis=1).all() else None

    monkeypatch.setattr(covering, "cover_greedily", none_but_hopeless)
    if way == "prices":
        monkeypatch.setattr(branching, "_WORTH_PRICING", 0)
    if way == "highs":
        monkeypatch.setattr(branching, "_WORK", 0)
        monkeypatch.setattr(branching, "_LEAST_NODES", 1)


@pytest.mark.parametrize("way", ["search", "prices", "highs"])
@settings(max_examples=60, deadline=None)
@given(table=tables(), most=st.integers(0, 5))
def test_a_cover_is_found_where_there_is_one(way, table, most):
    rows, allowed = table
    least = fewest(rows, allowed)
    with pytest.MonkeyPatch.context() as patch:
        lead(patch, way)
        found = find_cover(rows, most, allowed)
    if least is None or least > most:
        assert found is None
    else:
        assert found is not None
        assert len(set(found)) == len(found) <= most
        assert allowed[found].all() and rows[:, found].any(axis=1).all()


@settings(max_examples=80, deadline=None)
@given(table=tables(), more=st.integers(0, 3))
def test_the_first_cover_is_the_first_of_all(table, more):
    rows, allowed = table
    fixed = ~allowed
    left = rows[~rows[:, fixed].any(axis=1)]
    found = least_cover(left, allowed)
    least = fewest(left, allowed)
    if least is None:
        assert found is None
        return
    assert found is not None and found[1] == len(found[0]) == least
    count = min(least + more, int(allowed.sum())) + int(fixed.sum())
    wanted = min(
        sorted([*cover, *np.flatnonzero(fixed)]) for cover in all_covers(left, allowed, count - fixed.sum())
    )
    assert first_cover(left, count, fixed, found[0]).tolist() == wanted


@settings(max_examples=60, deadline=None)
@given(tables())
def test_prices_never_say_more_than_is_needed(table):
    rows, _ = table
    prices = price_demand(rows)
    least = fewest(rows, np.ones(rows.shape[1], dtype=bool))
    assert (prices is None) == (least is None)
    if prices is not None:
        assert prices.bound <= least + 1e-9 and (prices.worth @ rows <= 1 + 1e-12).all()


@pytest.mark.parametrize(("seed", "beyond_m"), [(1, 60), (2, 0), (4, 20), (5, 0)])
def test_same_fewest_sites_as_highs_where_the_relaxation_is_off(seed, beyond_m):
    draw = np.random.default_rng(seed)
    places = draw.uniform(0, 1000, (150, 2)), draw.uniform(0, 1000, (70, 2))
    metres = np.abs(places[0][:, None] - places[1][None]).sum(axis=2)
    limit = float(metres.min(axis=1).max() + beyond_m)
    task = make_task(table_from_matrix(metres), np.ones(150))
    near = (metres <= limit).astype(float)
    told = milp(
        np.ones(70),
        integrality=np.ones(70),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(near, 1, np.inf),
    )
    assert cover_all(task, limit).value == round(told.fun)
    # The relaxation alone does not tell: the search has to.
    prices = price_demand(tabulate_near(task.od, limit))
    assert prices is not None and prices.bound < told.fun - 0.4


def test_demand_that_follows_from_other_demand_is_left_out():
    # the second home is covered wherever the first is, the third is the first again
    metres = np.array([[1.0, 9, 9], [1, 1, 9], [1, 9, 9], [9, 9, 1]])
    rows = tabulate_near(table_from_matrix(metres), 5)
    assert sorted(rows.astype(int).tolist()) == [[0, 0, 1], [1, 0, 0]]


def test_a_search_cut_off_states_how_far_it_may_be_from_the_best(monkeypatch):
    draw = np.random.default_rng(3)
    metres = draw.integers(1, 1000, (40, 15)).astype(float)
    task = make_task(table_from_matrix(metres), np.ones(40))
    best = minimise_worst(task, 4)

    def no_time(*_, **__):
        raise TimedOut

    monkeypatch.setattr(everybody, "find_cover", no_time)
    monkeypatch.setattr(covering, "find_cover", no_time)
    got = minimise_worst(task, 4)
    assert got.gap > 0 == best.gap and len(got.sites) == 4
    assert got.value * (1 - got.gap) <= best.value <= got.value == np.nanmax(got.distance_m)
    all_ = cover_all(task, 300)
    assert all_.value * (1 - all_.gap) <= cover_count(metres, 300) <= all_.value


def cover_count(metres, limit):
    near = metres <= limit
    return fewest(near, np.ones(near.shape[1], dtype=bool))
