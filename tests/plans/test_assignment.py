"""The assignment against brute force: every feasible choice of small cases, compared as vectors."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.assignment import Candidates, assign


def make(rows):
    need, resource, level, share, urgent, people = (np.array(col) for col in zip(*rows, strict=True))
    rank = np.array([int((need[:i] == need[i]).sum()) for i in range(len(rows))])
    return Candidates(need, resource, level, share.astype(float), urgent.astype(bool), people.astype(float), rank)


def feasible(pairs, chosen):
    once = np.bincount(pairs.need, weights=chosen).max() <= 1
    room = np.bincount(pairs.resource, weights=chosen * pairs.share).max() <= 1 + 1e-9
    return once and room


def value(pairs, chosen):
    return tuple(pairs.objectives() @ chosen)


def test_one_resource_is_not_promised_twice_and_the_urgent_need_gets_it():
    pairs = make([(0, 0, 3, 1.0, 0, 900), (1, 0, 3, 1.0, 1, 1)])
    assert assign(pairs).tolist() == [False, True]


def test_one_building_hosts_two_needs_if_its_floors_suffice():
    assert assign(make([(0, 0, 3, 0.6, 1, 0), (1, 0, 3, 0.4, 1, 0)])).all()
    assert assign(make([(0, 0, 3, 0.6, 1, 0), (1, 0, 3, 0.5, 1, 0)])).sum() == 1


def test_a_strong_urgent_pair_beats_two_weaker_ones():
    # Taking the strong pair blocks the room of both others.
    pairs = make([(0, 0, 3, 1.0, 1, 0), (1, 0, 2, 0.5, 1, 0), (2, 0, 2, 0.5, 1, 0)])
    assert assign(pairs).tolist() == [True, False, False]


def test_equal_worth_goes_to_the_better_ranked():
    assert assign(make([(0, 0, 2, 1.0, 0, 5), (0, 1, 2, 1.0, 0, 5)])).tolist() == [True, False]


def test_nothing_to_choose():
    empty = np.zeros(0)
    assert assign(Candidates(empty, empty, empty, empty, empty, empty, empty)).tolist() == []


@st.composite
def cases(draw):
    needs = draw(st.integers(1, 5))
    urgent = [draw(st.booleans()) for _ in range(needs)]
    people = [draw(st.integers(0, 40)) for _ in range(needs)]
    links = draw(st.lists(st.tuples(st.integers(0, needs - 1), st.integers(0, 3)), min_size=1, max_size=10, unique=True))
    return [
        (n, r, draw(st.integers(1, 3)), draw(st.sampled_from([0.2, 0.25, 0.5, 0.6, 1.0])), urgent[n], people[n])
        for n, r in sorted(links)
    ]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_no_feasible_choice_is_better(rows):
    pairs = make(rows)
    chosen = assign(pairs)
    assert feasible(pairs, chosen)
    choices = (np.array(bits) for bits in product([0, 1], repeat=len(rows)))
    best = max(value(pairs, bits) for bits in choices if feasible(pairs, bits))
    assert value(pairs, chosen) == best
