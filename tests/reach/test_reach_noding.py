"""Lines are cut where one can step from one to another, and nowhere else."""

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiLineString

from pipeline.reach.graph import build_graph
from pipeline.reach.noding import node_lines


def shape_of(noded):
    return [(int(s), shapely.get_coordinates(g).tolist()) for g, s in zip(
        noded.geometry, noded.source, strict=True)]  # fmt: skip


def test_lines_of_one_level_connect_where_they_cross():
    noded = node_lines([LineString([(0, 0), (10, 0)]), LineString([(4, -3), (4, 3)])])
    assert shape_of(noded) == [
        (0, [[0, 0], [4, 0]]),
        (0, [[4, 0], [10, 0]]),
        (1, [[4, -3], [4, 0]]),
        (1, [[4, 0], [4, 3]]),
    ]


def test_a_bridge_does_not_connect_to_the_street_below():
    lines = [LineString([(0, 0), (10, 0)]), LineString([(4, -3), (4, 3)])]
    noded = node_lines(lines, level=[0, 1])
    assert shapely.equals_exact(noded.geometry, lines).all()
    assert build_graph(noded.geometry).component_m.tolist() == [10, 6]


def test_a_vertex_both_lines_have_connects_whatever_the_level():
    lines = [LineString([(0, 0), (4, 0), (10, 0)]), LineString([(4, -3), (4, 0), (4, 3)])]
    assert node_lines(lines, level=[0, 1]).source.tolist() == [0, 0, 1, 1]


def test_a_middle_vertex_on_a_line_of_another_level_does_not_connect():
    lines = [LineString([(0, 0), (10, 0)]), LineString([(4, -3), (4, 0), (4, 3)])]
    assert node_lines(lines, level=[0, 1]).source.tolist() == [0, 1]
    assert node_lines(lines, level=[1, 1]).source.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("gap", [-0.009, -1e-9, 0.0, 1e-9, 0.009])
@pytest.mark.parametrize("level", [[0, 0], [0, 1]])
def test_an_end_near_a_line_joins_it(gap, level):
    noded = node_lines([LineString([(0, 0), (10, 0)]), LineString([(3, 5), (3, gap)])], level=level)
    assert noded.source.tolist() == [0, 0, 1]
    graph = build_graph(noded.geometry, snap_m=0)
    assert (graph.n_nodes, len(graph.component_m)) == (4, 1)


def test_an_end_two_centimetres_away_does_not_join():
    noded = node_lines([LineString([(0, 0), (10, 0)]), LineString([(3, 5), (3, 0.02)])])
    assert noded.source.tolist() == [0, 1]
    assert len(build_graph(noded.geometry).component_m) == 2


def test_overlaps_are_kept_once_with_the_earlier_line():
    lines = [LineString([(0, 0), (10, 0)]), LineString([(8, 0), (5, 0), (4, 0), (4, 6)])]
    noded = node_lines(lines)
    assert noded.source.tolist() == [0, 0, 1]
    assert shapely.length(noded.geometry).tolist() == [4, 6, 6]
    assert noded.duplicate_m == 4
    assert set(noded.duplicate.tolist()) == {1}


def test_identical_lines_are_kept_once_and_reported():
    line = LineString([(0, 0), (5, 1), (10, 0)])
    noded = node_lines([line, line.reverse(), LineString([(0, 5), (1, 5)]), line])
    assert noded.source.tolist() == [0, 2]
    assert noded.duplicate.tolist() == [1, 3]
    assert noded.duplicate_m == pytest.approx(2 * line.length)


def test_lines_without_length_or_shape_are_counted_not_dropped_silently():
    lines = [
        LineString([(1, 1), (1, 1)]),
        None,
        LineString(),
        LineString([(0, 0), (np.inf, 1)]),
        LineString([(0, 0, 7), (3, 0, 9)]),
    ]
    noded = node_lines(lines)
    assert noded.source.tolist() == [4]
    assert noded.zero_length.tolist() == [0]
    assert noded.unusable.tolist() == [1, 2, 3]
    assert not shapely.has_z(noded.geometry).any()
    assert len(node_lines([]).geometry) == 0


def test_parts_of_a_multiline_keep_their_source():
    multi = MultiLineString([[(0, 0), (4, 0)], [(2, -1), (2, 1)]])
    noded = node_lines([LineString([(0, 9), (1, 9)]), multi])
    assert noded.source.tolist() == [0, 1, 1, 1, 1]


def test_a_line_that_crosses_itself_becomes_a_loop():
    noded = node_lines([LineString([(0, 0), (10, 0), (10, 5), (5, 5), (5, -5)])])
    assert shapely.length(noded.geometry).tolist() == [5, 20, 5]
    graph = build_graph(noded.geometry)
    assert graph.u[1] == graph.v[1]


def test_three_lines_through_one_point_share_one_node():
    angle = np.array([0.1, 1.3, 2.4])
    lines = [LineString([(-np.cos(a) * 7, -np.sin(a) * 7), (np.cos(a) * 9, np.sin(a) * 9)]) for a in angle]
    graph = build_graph(node_lines(lines).geometry, snap_m=0)
    assert (graph.n_nodes, graph.n_edges) == (7, 6)


def test_pieces_shorter_than_the_tolerance_do_not_collapse():
    x = np.arange(0, 5.0005, 0.004)
    lines = shapely.linestrings(np.stack([np.stack([x[:-1], x[1:]], 1), np.zeros((len(x) - 1, 2))], 2))
    noded = node_lines(lines)
    graph = build_graph(noded.geometry)
    assert shapely.length(noded.geometry).sum() == pytest.approx(5.0)
    assert graph.degree.max() == 2
    assert len(graph.component_m) == 1


def test_only_lines_are_accepted():
    with pytest.raises(ValueError, match="LineString"):
        node_lines([shapely.Point(0, 0)])
    with pytest.raises(ValueError, match="level"):
        node_lines([LineString([(0, 0), (1, 0)])], level=[0, 1])


@pytest.mark.parametrize("seed", range(8))
def test_random_lines_agree_with_geos_noding(seed):
    rng = np.random.default_rng(seed)
    lines = shapely.linestrings(rng.uniform(0, 1000, (30, 4, 2)))
    noded = node_lines(lines, tolerance_m=1e-7)  # GEOS knows no tolerance
    truth = shapely.get_parts(shapely.node(shapely.multilinestrings(lines)))
    assert len(noded.geometry) == len(truth)
    assert shapely.length(noded.geometry).sum() == pytest.approx(shapely.length(lines).sum())
    ours, theirs = build_graph(noded.geometry, snap_m=0), build_graph(truth, snap_m=1e-6)
    assert ours.n_nodes == theirs.n_nodes
    off = shapely.distance(shapely.points(ours.x, ours.y), shapely.points(theirs.x, theirs.y))
    assert off.max() < 1e-6
    # The source is the line each piece came from, not merely one nearby.
    middle = shapely.line_interpolate_point(noded.geometry, 0.5, normalized=True)
    assert shapely.distance(middle, lines[noded.source]).max() < 1e-6
    by_line = np.bincount(noded.source, weights=shapely.length(noded.geometry))
    assert np.allclose(by_line, shapely.length(lines))


def test_lines_on_a_lattice_agree_with_geos_union():
    """Overlaps, fold-backs, shared vertices and T-junctions are all frequent on a small lattice."""
    for seed in range(300):
        rng = np.random.default_rng(seed)
        size, lines = rng.integers(2, 7), []
        for _ in range(rng.integers(2, 8)):
            xy = rng.integers(0, size + 1, (rng.integers(2, 5), 2)).astype(float)
            lines.append(LineString(xy))
        noded = node_lines(lines, tolerance_m=1e-6)
        union = shapely.union_all([line for line in lines if line.length > 0])
        truth = shapely.get_parts(union)
        ours = build_graph(noded.geometry, snap_m=0)
        theirs = build_graph(truth[shapely.length(truth) > 1e-6], snap_m=1e-6)
        assert ours.planar_m.sum() == pytest.approx(theirs.planar_m.sum(), abs=1e-6), seed
        assert len(ours.component_m) == len(theirs.component_m), seed
        # Independent cycles: the same however many nodes of degree 2 either keeps.
        assert ours.n_edges - ours.n_nodes == theirs.n_edges - theirs.n_nodes, seed


@pytest.mark.parametrize("seed", range(3))
def test_levels_that_only_cross_are_noded_apart(seed):
    rng = np.random.default_rng(seed)
    lines = shapely.linestrings(rng.uniform(0, 1000, (24, 4, 2)))
    level = rng.integers(-1, 2, 24)
    together = node_lines(lines, level=level, tolerance_m=1e-7)
    for grade in (-1, 0, 1):
        alone = node_lines(lines[level == grade], tolerance_m=1e-7)
        mine = level[together.source] == grade
        assert shapely.equals_exact(together.geometry[mine], alone.geometry).all()


def test_a_line_that_doubles_back_is_walked_once():
    noded = node_lines([LineString([(0, 0), (5, 0), (5, 4), (5, 0), (9, 0)])])
    assert sorted(shapely.length(noded.geometry).tolist()) == [4, 4, 5]
    assert noded.duplicate_m == 4
