"""Door-to-door metres: exact where one can draw the graph, equal to networkx where not."""

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from reach_oracle import split_distances
from shapely import LineString

from pipeline.reach import kernels
from pipeline.reach.graph import build_graph, round_length
from pipeline.reach.search import index_targets, nearest, reach, reach_nodes, reach_nodes_each
from pipeline.reach.snap import Snap, Status, snap_points


def put(graph, edge, offset, access=0.0):
    """Points placed by edge and offset."""
    edge = np.asarray(edge, dtype=np.int32)
    n = len(edge)
    zero = np.zeros(n)
    return Snap(
        x=zero,
        y=zero,
        edge=edge,
        offset_m=round_length(offset) + zero,
        access_m=round_length(access) + zero,
        component=np.where(edge >= 0, graph.edge_component[edge], -1).astype(np.int32),
        status=np.where(edge >= 0, Status.OK, Status.FAR).astype(np.int8),
        passed_island=np.zeros(n, bool),
    )


def metres(graph, a, b, limit=np.inf):
    return nearest(graph, a, b, limit)[0].tolist()


# 0 --100-- 1 --50-- 2
@pytest.fixture
def street():
    return build_graph([LineString([(0, 0), (100, 0)]), LineString([(100, 0), (150, 0)])])


def test_two_doors_on_one_edge_walk_straight_along_it(street):
    assert metres(street, put(street, [0], [30], 4), put(street, [0], [80], 3)) == [57]


def test_a_door_is_left_by_both_ends(street):
    start = put(street, [0], [30], 1)
    assert metres(street, start, put(street, [1, 0], [20, 0], 2)) == [93, 33]
    assert reach_nodes(street, start, np.inf)[0].tolist() == [31, 71, 121]


def test_the_shared_edge_is_not_the_shortest_way_when_a_short_cut_joins_its_ends():
    detour = LineString([(0, 0), (0, 300), (10, 300), (10, 0)])
    graph = build_graph([detour, LineString([(0, 0), (10, 0)])])
    assert metres(graph, put(graph, [0], [5]), put(graph, [0], [600])) == [5 + 10 + 10]


def test_parallel_edges_are_told_apart():
    bow = LineString([(0, 0), (0, 20), (60, 20), (60, 0)])
    graph = build_graph([LineString([(0, 0), (60, 0)]), bow])
    assert metres(graph, put(graph, [1], [30]), put(graph, [0, 1], [30, 90])) == [60, 60]


def test_a_loop_is_walked_the_shorter_way_round():
    loop = LineString([(0, 0), (40, 0), (40, 40), (0, 40), (0, 0)])
    graph = build_graph([loop, LineString([(0, 0), (-10, 0)])])
    assert graph.u[0] == graph.v[0]
    start = put(graph, [0], [10])
    assert metres(graph, start, put(graph, [0, 0, 1], [150, 60, 10])) == [20, 50, 20]


def test_zero_length_edges_cost_nothing():
    point = LineString([(10, 0), (10, 0)])
    graph = build_graph([LineString([(0, 0), (10, 0)]), point, LineString([(10, 0), (15, 0)])])
    assert metres(graph, put(graph, [1], [0]), put(graph, [0, 1, 2], [0, 0, 5])) == [10, 0, 5]


def test_what_no_way_leads_to_is_infinitely_far():
    graph = build_graph([LineString([(0, 0), (9, 0)]), LineString([(0, 5), (5, 5)])])
    distance, source = nearest(graph, put(graph, [0], [0]), put(graph, [1, -1], [0, 0]), np.inf)
    assert distance.tolist() == [np.inf, np.inf]
    assert source.tolist() == [-1, -1]
    assert metres(graph, put(graph, [-1], [0]), put(graph, [0], [0])) == [np.inf]


def test_the_limit_is_inclusive_whatever_the_order_of_adding_up(street):
    start, end = put(street, [0], [99.9], 0.1), put(street, [1], [0.2], 0.3)
    assert metres(street, start, end, 0.7) == pytest.approx([0.7], abs=2e-9)
    assert metres(street, end, start, 0.7) == metres(street, start, end, 0.7)
    assert metres(street, start, end, 0.699999) == [np.inf]
    start, end = put(street, [0], [90], 1), put(street, [1], [20], 2)
    assert metres(street, start, end, 33) == [33]
    assert metres(street, start, end, 33 - 1e-8) == [np.inf]
    assert reach(street, start, end, 33).distance_m.tolist() == [33]
    assert reach_nodes(street, start, 61)[0].tolist() == [np.inf, 11, 61]


def test_ties_go_to_the_lowest_source(street):
    middle = put(street, [0], [50])
    both = put(street, [0, 0, 1], [70, 30, 0], [0, 0, 0])
    assert nearest(street, both, middle, 100)[1].tolist() == [0]
    assert nearest(street, both.take([1, 0, 2]), middle, 100)[1].tolist() == [0]
    # Also where the lower source arrives at a crossing after the higher one has.
    arms = [
        LineString([(0, 0), (3, 0)]),
        LineString([(0, 0), (0, 6)]),
        LineString([(0, 0), (-5, 0)]),
    ]
    star = build_graph(arms)
    late_and_early = put(star, [0, 1], [3, 6], [7, 4])
    assert nearest(star, late_and_early, put(star, [2], [5]), 99)[1].tolist() == [0]


def test_rows_come_in_the_order_of_the_origins_however_they_are_visited():
    # The search goes from neighbour to neighbour; whoever asked in another order gets that order back.
    graph = build_graph([LineString([(10 * i, 0), (10 * i + 10, 0)]) for i in range(8)])
    origins = put(graph, [6, -1, 0, 6, 3, -1, 0], [5, 0, 1, 4, 9, 0, 2])
    row, node, distance, settled = reach_nodes_each(graph, origins, 14)
    alone = [reach_nodes_each(graph, origins.take([i]), 14) for i in range(len(origins))]
    assert np.diff(row).tolist() == [len(one[1]) for one in alone] == [2, 0, 2, 3, 3, 0, 2]
    assert node.tolist() == np.concatenate([one[1] for one in alone]).tolist()
    assert distance.tolist() == np.concatenate([one[2] for one in alone]).tolist()
    assert settled == sum(one[3] for one in alone) == len(node)


def test_empty_tables(street):
    none = put(street, [], [])
    table = reach(street, none, put(street, [0], [1]), 100)
    assert (table.indptr.tolist(), table.target.size) == ([0], 0)
    assert reach(street, put(street, [0], [1]), none, 100).indptr.tolist() == [0, 0]
    assert nearest(street, none, put(street, [0], [1]), 100)[1].tolist() == [-1]
    bare = build_graph([])
    lost = snap_points([1, 2], [1, 2], bare, [], max_m=50)
    assert lost.status.tolist() == [Status.FAR] * 2
    assert reach(bare, lost, lost, 100).target.size == 0


@st.composite
def towns(draw):
    """A random multigraph on few places, so that loops, parallels and islands are common.

    Streets run along the axes in whole metres or, half of the time, anywhere: the former make
    ties and distances exactly at the limit common, the latter make sums that must be rounded.
    """
    n = draw(st.integers(1, 9))
    m = draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    whole = draw(st.booleans())
    size = draw(st.sampled_from([3, 12, 60]))
    xy = rng.integers(0, size, (n, 2)).astype(float)
    lines = []
    for a, b in rng.integers(0, n, (m, 2)):
        bend = rng.integers(0, size, (rng.integers(0, 3), 2)).astype(float)
        if whole:
            bend = np.array([[xy[a, 0], xy[b, 1]]])
        lines.append(LineString([xy[a], *bend, xy[b]]))
    graph = build_graph(lines, snap_m=0)

    def doors(k):
        edge = rng.integers(-1, m, k)
        share = rng.choice([0, 1, 0.5], k)
        share = np.where(share == 0.5, rng.uniform(size=k), share)
        offset = share * graph.length_m[edge]
        return put(graph, edge, np.floor(offset) if whole else offset, rng.integers(0, 9, k))

    limit = draw(st.sampled_from([np.inf, 0.0, 9.0, 25.0, 60.0]))
    return graph, doors(draw(st.integers(0, 7))), doors(draw(st.integers(0, 9))), limit


@settings(max_examples=150, deadline=None)
@given(towns())
def test_search_equals_networkx_on_split_edges(town):
    graph, origins, targets, limit = town
    truth = split_distances(graph, origins, targets)
    within = np.where(truth <= limit, truth, np.inf)

    table = reach(graph, origins, targets, limit)
    dense = np.full(truth.shape, np.inf)
    dense[table.origin, table.target] = table.distance_m
    assert np.array_equal(dense, within)
    assert np.all(np.diff(table.origin.astype(np.int64) * max(len(targets), 1) + table.target) > 0)

    mirrored = reach(graph, targets, origins, limit)
    back = np.full(truth.T.shape, np.inf)
    back[mirrored.origin, mirrored.target] = mirrored.distance_m
    assert np.array_equal(back.T, dense)

    for i in range(len(origins)):
        row, node, metres, _ = reach_nodes_each(graph, origins.take([i]), limit)
        alone = np.full(graph.n_nodes, np.inf)
        alone[node] = metres
        assert len(node) == row[1]
        assert np.array_equal(alone, reach_nodes(graph, origins.take([i]), limit)[0])

    if len(origins):
        distance, source = nearest(graph, origins, index_targets(targets, graph), limit)
        assert np.array_equal(distance, within.min(axis=0, initial=np.inf))
        first = np.where(np.isfinite(distance), within.argmin(axis=0), -1)
        assert np.array_equal(source, first)


def test_cost_replaces_length_and_scales_the_way_along_an_edge():
    lines = [LineString([(0, 0), (100, 0)]), LineString([(100, 0), (200, 0)])]
    graph = build_graph(lines, cost_m=[200, 100])
    doors = snap_points([50, 150], [0, 0], graph, lines, max_m=5)
    assert doors.offset_m.tolist() == [100, 50]
    assert metres(graph, doors.take([0]), doors.take([1])) == [150]


def test_graph_rejects_what_it_cannot_hold():
    with pytest.raises(ValueError, match="LineString"):
        build_graph([shapely.Point(0, 0)])
    with pytest.raises(ValueError, match="finite"):
        build_graph([LineString([(0, 0), (1, 0)])], cost_m=[-1])


def test_ends_a_hair_apart_meet_and_components_are_ordered_by_length():
    graph = build_graph(
        [
            LineString([(0, 50), (7, 50)]),
            LineString([(0, 0), (10, 0)]),
            LineString([(10.004, 0.004), (20, 0)]),
            LineString([(10, -0.003), (10, -5)]),
        ]
    )
    assert graph.edge_component.tolist() == [1, 0, 0, 0]
    assert graph.degree.tolist().count(3) == 1
    assert graph.component_m == pytest.approx([24.993, 7], abs=0.01)


def test_kernels_run_where_nothing_can_be_cached(monkeypatch):
    def refuse(function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr("numba.core.dispatcher.FunctionCache", refuse)
    with pytest.raises(RuntimeError):
        numba.njit(cache=True)(abs_of)
    assert kernels.compile_kernel(abs_of)(-2) == 2


def abs_of(number):
    return abs(number)
