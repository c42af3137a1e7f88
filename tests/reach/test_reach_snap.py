"""Where points enter the graph, and what is said of those that do not."""

import numpy as np
import pytest
import shapely
from shapely import LineString

from pipeline.reach.graph import build_graph
from pipeline.reach.search import nearest
from pipeline.reach.snap import Status, place_within, snap_points

LINES = [
    LineString([(0, 0), (100, 0)]),  # the street
    LineString([(20, 10), (40, 10)]),  # a yard path that joins nothing
    LineString([(20, 60), (40, 60)]),  # another, far from the street
    LineString([(100, 0), (100, 30), (160, 30)]),
]


@pytest.fixture
def graph():
    return build_graph(LINES)


def test_status_of_every_kind(graph):
    area = shapely.box(0, -100, 500, 500)
    snap = snap_points(
        [10, 30, 30, 300, -1, np.nan],
        [5, 9, 62, 30, 0, 0],
        graph,
        LINES,
        max_m=25,
        area=area,
    )
    assert snap.status.tolist() == [
        Status.OK,
        Status.OK,
        Status.OTHER_COMPONENT,
        Status.FAR,
        Status.OUTSIDE,
        Status.OUTSIDE,
    ]
    assert snap.edge.tolist() == [0, 0, 2, -1, -1, -1]
    assert snap.offset_m.tolist() == [10, 30, 10, 0, 0, 0]
    assert snap.access_m.tolist() == [5, 9, 2, 140, np.inf, np.inf]
    assert snap.component.tolist() == [0, 0, 2, -1, -1, -1]
    assert snap.passed_island.tolist() == [False, True, False, False, False, False]


def test_another_component_may_be_wanted(graph):
    snap = snap_points([30, 30], [9, 1], graph, LINES, max_m=25, component=1)
    assert snap.edge.tolist() == [1, 1]
    assert snap.status.tolist() == [Status.OK, Status.OK]


def test_the_maximum_is_inclusive(graph):
    assert snap_points([50], [-25], graph, LINES, max_m=25).status.tolist() == [Status.OK]
    assert snap_points([50], [-25.001], graph, LINES, max_m=25).status.tolist() == [Status.FAR]
    assert snap_points([50], [0], graph, LINES, max_m=0).status.tolist() == [Status.OK]


def test_of_edges_equally_near_the_lowest_is_taken(graph):
    snap = snap_points([105], [-3], graph, LINES, max_m=25)
    assert snap.edge.tolist() == [0]
    turned = [LINES[3], *LINES[1:3], LINES[0]]
    assert snap_points([105], [-3], build_graph(turned), turned, max_m=25).edge.tolist() == [0]


def test_edges_may_be_closed_to_entry(graph):
    snap = snap_points([90], [2], graph, LINES, max_m=40, enter=[False, True, True, True])
    assert snap.edge.tolist() == [3]
    assert snap.offset_m.tolist() == [2]


def test_a_point_beside_an_edge_without_length():
    lines = [LineString([(0, 0), (0, 0)]), LineString([(0, 0), (10, 0)])]
    snap = snap_points([-3], [4], build_graph(lines), lines, max_m=10)
    assert (snap.edge.tolist(), snap.offset_m.tolist(), snap.access_m.tolist()) == ([0], [0], [5])


def test_wrong_arguments_are_refused(graph):
    with pytest.raises(ValueError, match="built of"):
        snap_points([0], [0], graph, LINES[:2], max_m=5)
    with pytest.raises(ValueError, match="negative"):
        snap_points([0], [0], graph, LINES, max_m=-1)


def test_everything_outside_is_measured_from_the_network_inside(graph):
    area = shapely.union(shapely.box(20, -5, 60, 5), shapely.box(90, 25, 130, 35))
    ends = place_within(graph, LINES, area)
    assert ends.edge.tolist() == [0, 0, 3, 3]
    assert ends.offset_m.tolist() == [20, 60, 25, 60]
    assert ends.access_m.tolist() == [0, 0, 0, 0]
    doors = snap_points([5, 75, 100, 150, 30], [0, 0, 20, 30, 60], graph, LINES, max_m=5)
    metres, _ = nearest(graph, ends, doors, 1000)
    assert metres.tolist() == [15, 15, 5, 20, np.inf]
    assert len(place_within(graph, LINES, shapely.box(900, 900, 901, 901))) == 0
