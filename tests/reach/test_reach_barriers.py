"""Barriers sever what crosses them, open at gates, and turn accesses to the next street."""

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiLineString, Point

from pipeline.reach.barriers import sever_lines
from pipeline.reach.cells import build_cells
from pipeline.reach.fence import Fence, open_barriers
from pipeline.reach.graph import build_graph
from pipeline.reach.noding import node_lines
from pipeline.reach.snap import Status, snap_points

WALL = LineString([(0, 0), (100, 0)])


def lines(*coordinates):
    return np.array([LineString(c) for c in coordinates], dtype=object)


def components(severed):
    return build_graph(node_lines(severed.geometry, tolerance_m=0.05).geometry).component_m.tolist()


def test_a_line_across_a_wall_is_cut_and_the_place_told():
    severed = sever_lines(lines([(50, -10), (50, 20)]), [WALL], retreat_m=0.2)
    assert [g.length for g in severed.geometry] == pytest.approx([9.8, 19.8])
    assert (severed.x.tolist(), severed.y.tolist()) == ([50], [0])
    assert (severed.line.tolist(), severed.barrier.tolist(), severed.source.tolist()) == ([0], [0], [0, 0])
    assert components(severed) == pytest.approx([19.8, 9.8])


def test_a_bridge_over_the_wall_stays_whole():
    severed = sever_lines(lines([(50, -10), (50, 20)]), [WALL], level=[1], barrier_level=[0])
    assert severed.geometry[0].equals(LineString([(50, -10), (50, 20)]))
    assert len(severed.x) == 0
    # and a railway on a viaduct bars nothing beneath it
    assert len(sever_lines(lines([(50, -10), (50, 20)]), [WALL], barrier_level=[1]).x) == 0


@pytest.mark.parametrize(("off", "parts"), [(4.9, 1), (5.1, 2)])
def test_a_gate_opens_the_wall_within_its_tolerance(off, parts):
    opened = open_barriers([WALL], [Point(50 + off, 0)], tolerance_m=5)
    assert opened[0].length == pytest.approx(90)
    assert len(sever_lines(lines([(50, -10), (50, 20)]), opened).geometry) == parts


def test_a_gate_away_from_the_wall_opens_nothing():
    assert open_barriers([WALL], [Point(50, 6)], tolerance_m=5)[0].equals(WALL)
    assert open_barriers([WALL], [], tolerance_m=5)[0].equals(WALL)


def test_two_lines_that_meet_on_the_wall_from_either_side_are_parted():
    severed = sever_lines(lines([(50, -10), (50, 0)], [(50, 0), (50, 20)]), [WALL])
    assert components(severed) == pytest.approx([19.8, 9.8])
    assert (severed.x.tolist(), severed.line.tolist()) == ([50], [0])


def test_what_meets_the_wall_on_one_side_stays_together():
    paths = lines([(40, 10), (50, 0)], [(50, 0), (60, 10)])
    severed = sever_lines(paths, [WALL])
    assert [g.equals(p) for g, p in zip(severed.geometry, paths, strict=True)] == [True, True]
    assert len(severed.x) == 0
    # also where a third path comes from beyond: the two on this side still meet
    severed = sever_lines(np.append(paths, lines([(50, 0), (50, -30)])), [WALL])
    assert len(severed.x) == 1
    assert len(components(severed)) == 2


def test_the_free_end_of_a_wall_parts_nothing():
    severed = sever_lines(lines([(0, -10), (0, 10)]), [WALL])
    assert len(severed.x) == 0
    assert severed.geometry[0].length == 20


def test_walls_that_meet_part_each_side_from_the_others():
    cross = [WALL, LineString([(50, -40), (50, 40)])]
    spokes = lines(*([(50, 0), (50 + 10 * dx, 10 * dy)] for dx in (-1, 1) for dy in (-1, 1)))
    severed = sever_lines(spokes, cross)
    assert (severed.x.tolist(), severed.y.tolist()) == ([50], [0])
    assert len(components(severed)) == 4
    # drawn twice, the walls are the same walls
    assert len(components(sever_lines(spokes, cross * 2))) == 4


def test_a_closed_wall_is_a_wall_where_its_ring_starts():
    ring = shapely.box(0, 0, 10, 10).exterior
    corner = ring.coords[0]
    severed = sever_lines(lines([(corner[0] + 5, corner[1] - 4), corner, (5, 5)]), [LineString(ring)])
    assert severed.x.tolist() == [corner[0]]
    # a path along the corner outside only touches it
    path = lines([(corner[0] + 1, corner[1] - 5), corner, (corner[0] + 5, corner[1] - 1)])
    assert len(sever_lines(path, [LineString(ring)]).x) == 0


def test_a_ring_path_is_cut_where_it_starts_on_the_wall():
    ring = LineString([(50, 0), (60, 10), (50, 20), (40, 10), (50, 0)])
    assert len(sever_lines([ring], [WALL]).x) == 0  # it touches from one side only
    ring = LineString([(50, 0), (60, 10), (60, -10), (50, 0)])
    severed = sever_lines([ring], [WALL])
    assert sorted(severed.x.tolist()) == [50, 60]
    assert len(components(severed)) == 2


def test_a_line_on_the_wall_belongs_to_neither_side():
    severed = sever_lines(lines([(20, 10), (20, 0), (60, 0), (60, -10)]), [WALL])
    assert len(components(severed)) == 3


def test_a_junction_just_before_the_wall_is_kept():
    street = [(45, 0.1), (50, 0.1), (55, 0.1)]
    severed = sever_lines(lines([(50, -10), (50, 0.1), (50, 20)], street), [WALL], retreat_m=0.2)
    assert len(severed.x) == 1
    assert components(severed) == pytest.approx([19.9 + 0.1 + 10, 9.8], abs=0.21)
    assert len(components(severed)) == 2


def test_several_cuts_and_parts_keep_their_sources():
    walls = [WALL, MultiLineString([[(0, 5), (100, 5)], [(0, 9), (40, 9)]])]
    two = np.array([MultiLineString([[(1, 20), (2, 20)], [(50, -1), (50, 8)]]), LineString([(9, 1), (9, 4)])])
    severed = sever_lines(two, walls, retreat_m=0.25)
    assert severed.source.tolist() == [0, 0, 0, 0, 1]
    assert [g.length for g in severed.geometry] == pytest.approx([1, 0.75, 4.5, 2.75, 3])
    assert severed.barrier.tolist() == [0, 1]


def test_no_barriers_and_empty_ones_change_nothing():
    paths = lines([(0, 0), (9, 0)])
    for none in ([], [LineString()], [None]):
        assert sever_lines(paths, none).geometry[0].equals(paths[0])
    assert len(sever_lines([], [WALL]).geometry) == 0


def test_random_walls_part_as_the_ground_does():
    """Two points are connected only if the ground itself, walls taken out, connects them."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        walls = shapely.linestrings(rng.uniform(0, 100, (6, 3, 2)))
        paths = shapely.linestrings(rng.uniform(0, 100, (12, 3, 2)))
        severed = sever_lines(paths, walls, retreat_m=3e-4)
        noded = node_lines(severed.geometry, tolerance_m=1e-6).geometry
        graph = build_graph(noded, snap_m=0)
        assert not shapely.intersects(shapely.union_all(noded), shapely.union_all(walls))
        ground = shapely.difference(shapely.box(-1, -1, 101, 101), shapely.union_all(walls).buffer(1e-4))
        region = shapely.STRtree(shapely.get_parts(ground)).query(
            shapely.line_interpolate_point(noded, 0.5, normalized=True), predicate="intersects"
        )
        of = dict(zip(*region, strict=True))
        for name in np.unique(graph.edge_component):
            assert len({of[i] for i in np.flatnonzero(graph.edge_component == name) if i in of}) <= 1
        # nothing on open ground is lost: paths less walls have as many connected pieces
        free = shapely.difference(shapely.union_all(paths), shapely.union_all(walls).buffer(4e-4))
        pieces = shapely.line_merge(free)
        assert graph.component_m.sum() == pytest.approx(pieces.length, rel=0.02)


def street():
    edges = lines([(0, 10), (100, 10)], [(0, -30), (100, -30)], [(100, 10), (100, -30)])
    return build_graph(edges), edges


def test_access_goes_to_the_nearest_street_no_wall_bars():
    graph, edges = street()
    fence = Fence([LineString([(0, 5), (100, 5)])])
    snap = snap_points([50, 50], [0, 7], graph, edges, max_m=60, fence=fence)
    assert snap.edge.tolist() == [1, 0]
    assert snap.access_m.tolist() == [30, 3]
    assert snap.offset_m.tolist() == [50, 50]
    assert snap.status.tolist() == [Status.OK, Status.OK]


def test_a_door_walled_in_is_blocked_and_one_too_far_is_far():
    graph, edges = street()
    cage = LineString(shapely.box(40, -5, 60, 5).exterior)
    snap = snap_points([50, 50], [0, 90], graph, edges, max_m=60, fence=Fence([cage]))
    assert snap.status.tolist() == [Status.BLOCKED, Status.FAR]
    assert snap.access_m.tolist() == [10, 80]
    assert snap.edge.tolist() == [-1, -1]
    opened = open_barriers([cage], [Point(50, -5)], tolerance_m=2)
    assert snap_points([50], [0], graph, edges, max_m=60, fence=Fence(opened)).access_m.tolist() == [30]


def test_a_gate_in_its_wall_and_a_path_along_one_are_not_barred():
    graph, edges = street()
    fence = Fence([LineString([(0, 4), (100, 4)]), LineString(edges[0])])
    snap = snap_points([50, 20], [4, 10], graph, edges, max_m=60, fence=fence)
    assert snap.edge.tolist() == [0, 0]
    assert snap.access_m.tolist() == [6, 0]


def test_the_limit_is_inclusive_behind_a_wall_too():
    graph, edges = street()
    fence = Fence([LineString([(0, 5), (100, 5)])])
    assert snap_points([50], [0], graph, edges, max_m=30, fence=fence).status.tolist() == [Status.OK]
    assert snap_points([50], [0], graph, edges, max_m=29.9, fence=fence).status.tolist() == [Status.BLOCKED]


def test_drawn_ground_behind_a_wall_is_not_within_reach():
    edges = lines([(0, 0), (200, 0)])
    graph = build_graph(edges)
    fence = Fence([LineString([(0, 12), (200, 12)])])
    cells = build_cells((0, -40, 200, 40), graph, edges, max_access_m=35, cell_m=10, fence=fence)
    status = cells.snap.status.reshape(cells.shape)
    centre = cells.centre_y[:, None] + np.zeros(cells.shape)
    assert (status[centre > 12] != Status.OK).all()
    assert (status[np.abs(centre + 17) < 20] == Status.OK).all()


def test_passing_over_agrees_with_brute_force():
    rng = np.random.default_rng(3)
    edges = shapely.linestrings(rng.uniform(0, 300, (40, 2, 2)))
    walls = shapely.linestrings(rng.uniform(0, 300, (25, 2, 2)))
    x, y = rng.uniform(0, 300, (2, 200))
    graph = build_graph(edges, snap_m=0)
    snap = snap_points(x, y, graph, edges, max_m=60, component=-1, fence=Fence(walls))
    points = shapely.points(x, y)
    ways = shapely.shortest_line(points[:, None], edges[None, :])
    barred = shapely.intersects(ways[:, :, None], walls).any(axis=2)
    distance = np.where(barred | (shapely.length(ways) > 60), np.inf, shapely.length(ways))
    best = np.where(np.isinf(distance.min(axis=1)), -1, distance.argmin(axis=1))
    assert snap.edge.tolist() == best.tolist()
    assert set(snap.status) >= {Status.OTHER_COMPONENT, Status.BLOCKED}
