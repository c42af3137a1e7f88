"""The assignment against brute force: every feasible choice of small cases, compared as vectors."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.stages.assignment import Candidates, assign


def make(rows):
    """Columns from (need, {resource: share} or resource, level, share, urgent, people)."""
    need, _, level, _, urgent, people = (list(col) for col in zip(*rows, strict=True))
    uses = [r if isinstance(r, dict) else {r: s} for _, r, _, s, _, _ in rows]
    cells = [(row, place, share) for row, use in enumerate(uses) for place, share in use.items()]
    at, places, shares = zip(*cells, strict=True)
    rank = [need[:i].count(need[i]) for i in range(len(rows))]
    shape = (len(rows), max(places) + 1)
    return Candidates(
        np.array(need), np.array(level), csr_array((shares, (at, places)), shape=shape, dtype=float),
        np.array(urgent, dtype=bool), np.array(people, dtype=float), np.array(rank),
    )  # fmt: skip


def choose(rows):
    return assign(make(rows)).chosen.tolist()


def feasible(rows, chosen):
    """The rules once more, written without the product's arrays."""
    mine = [row for row, taken in zip(rows, chosen, strict=True) if taken]
    room = {}
    for _, use, _, share, _, _ in mine:
        for place, part in (use if isinstance(use, dict) else {use: share}).items():
            room[place] = room.get(place, 0) + part
    return len({row[0] for row in mine}) == len(mine) and all(used <= 1 + 1e-9 for used in room.values())


def worth(rows, chosen):
    """What the issue orders: 紧迫 at 3, 紧迫 at 2, all at 3, all at 2, people, then weak ones, order, number."""
    ranks, seen = [], {}
    for row in rows:
        ranks.append(seen.setdefault(row[0], 0))
        seen[row[0]] += 1
    last = max(row[0] for row in rows)
    mine = [(row, rank) for row, rank, taken in zip(rows, ranks, chosen, strict=True) if taken]
    return (
        sum(r[4] and r[2] == 3 for r, _ in mine), sum(r[4] and r[2] == 2 for r, _ in mine),
        sum(r[2] == 3 for r, _ in mine), sum(r[2] == 2 for r, _ in mine), sum(r[5] for r, _ in mine),
        sum(r[2] == 1 for r, _ in mine), -sum(k * r[2] for r, k in mine), -sum(k * (last - r[0]) for r, k in mine),
    )  # fmt: skip


def test_one_resource_is_not_promised_twice_and_the_urgent_need_gets_it():
    assert choose([(0, 0, 3, 1.0, 0, 900), (1, 0, 3, 1.0, 1, 1)]) == [False, True]


def test_one_building_hosts_two_needs_if_its_floors_suffice():
    assert all(choose([(0, 0, 3, 0.6, 1, 0), (1, 0, 3, 0.4, 1, 0)]))
    assert choose([(0, 0, 3, 0.6, 1, 0), (1, 0, 3, 0.5, 1, 0)]) == [True, False]


def test_a_strong_urgent_pair_beats_two_weaker_ones():
    # Taking the strong pair blocks the room of both others.
    pairs = [(0, 0, 3, 1.0, 1, 0), (1, 0, 2, 0.5, 1, 0), (2, 0, 2, 0.5, 1, 0)]
    assert choose(pairs) == [True, False, False]


def test_equal_worth_goes_to_the_better_ranked():
    assert choose([(0, 0, 2, 1.0, 0, 5), (0, 1, 2, 1.0, 0, 5)]) == [True, False]


def test_of_two_alike_the_lower_number_gets_the_better_place():
    assert choose([(0, 0, 2, 1.0, 0, 5), (0, 1, 2, 1.0, 0, 5), (1, 0, 2, 1.0, 0, 5), (1, 1, 2, 1.0, 0, 5)]) == [
        True, False, False, True,
    ]  # fmt: skip


def test_several_resources_serve_one_need_and_nobody_else_then_has_them():
    both = {0: 1.0, 1: 0.5}
    assert choose([(0, both, 3, 0, 1, 0), (0, 0, 2, 1.0, 1, 0), (1, 1, 3, 0.5, 1, 0)]) == [True, False, True]
    assert choose([(0, both, 3, 0, 1, 0), (0, 0, 2, 1.0, 1, 0), (1, 1, 3, 0.6, 1, 0)]).count(True) == 2


def test_people_served_come_before_a_weak_match():
    # One room: a medium match of many persons, or another's of few; the weak one is taken beside neither.
    rows = [(0, 0, 2, 0.6, 0, 10), (1, 0, 2, 0.6, 0, 900), (2, 0, 1, 0.4, 0, 0)]
    assert choose(rows) == [False, True, True]


def test_nothing_to_choose():
    empty = np.zeros(0, dtype=int)
    found = assign(
        Candidates(empty, empty, csr_array((0, 0)), empty.astype(bool), empty.astype(float), empty)
    )
    assert found.chosen.tolist() == [] and found.gap == 0


@st.composite
def cases(draw):
    needs = draw(st.integers(1, 5))
    urgent = [draw(st.booleans()) for _ in range(needs)]
    people = [draw(st.integers(0, 40)) for _ in range(needs)]
    shares = st.sampled_from([0.2, 0.25, 1 / 3, 0.34, 0.5, 0.6, 1.0])
    uses = st.dictionaries(st.integers(0, 3), shares, min_size=1, max_size=2)
    links = draw(st.lists(st.tuples(st.integers(0, needs - 1), uses), min_size=1, max_size=10))
    links.sort(key=lambda link: link[0])
    return [(n, use, draw(st.integers(1, 3)), 0, urgent[n], people[n]) for n, use in links]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_no_feasible_choice_is_better(rows):
    found = assign(make(rows))
    assert feasible(rows, found.chosen) and found.gap == 0
    choices = [bits for bits in product([0, 1], repeat=len(rows)) if feasible(rows, bits)]
    best = max(worth(rows, bits) for bits in choices)
    assert worth(rows, found.chosen) == best == found.values
