"""Drawn areas say what the distances say; the partition by network leaves no gap."""

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon

from pipeline.reach.cells import build_cells, cell_distance, contour_area
from pipeline.reach.graph import build_graph
from pipeline.reach.noding import node_lines
from pipeline.reach.search import nearest
from pipeline.reach.snap import Status, snap_points
from pipeline.reach.voronoi import adopt_orphans, network_voronoi


def draw_streets(seed, side_m=1600, n=170):
    """Streets of a grown town: a jittered Delaunay net with a third of its links taken out."""
    rng = np.random.default_rng(seed)
    town = shapely.multipoints(rng.uniform(0, side_m, (n, 2)))
    links = shapely.get_parts(shapely.delaunay_triangles(town, only_edges=True))
    links = links[rng.uniform(size=len(links)) > 0.35]
    return node_lines(links[shapely.length(links) < side_m / 4]).geometry


@pytest.fixture(scope="module")
def town():
    edges = draw_streets(7)
    return build_graph(edges), edges


def test_cells_are_aligned_and_snapped_at_their_centres():
    edges = [LineString([(0, 0), (100, 0)])]
    graph = build_graph(edges)
    cells = build_cells((3.0, -12.0, 41.0, 5.0), graph, edges, max_access_m=12)
    assert (cells.x0, cells.y0, cells.shape) == (0, -20, (3, 5))
    assert cells.snap.access_m.reshape(cells.shape)[1:].tolist() == [[5.0] * 5] * 2
    assert set(cells.snap.status.reshape(cells.shape)[0].tolist()) == {Status.FAR}
    door = snap_points([15], [0], graph, edges, max_m=5)
    distance = cell_distance(cells, graph, door, 100)
    assert distance[1].tolist() == [15, 5, 15, 25, 35]
    # Cells 15 m off are out of reach, but keep a distance: the border is drawn through them.
    assert distance[0].tolist() == [25, 15, 25, 35, 45]
    (area,) = contour_area(cells, distance, 100)
    assert area.bounds[1] == pytest.approx(-12)


def test_cells_of_a_polygon_stop_one_cell_beyond_it():
    edges = [LineString([(0, 0), (400, 0)])]
    graph = build_graph(edges)
    corner = Polygon([(0, 0), (100, 0), (0, 100)])
    cells = build_cells(corner, graph, edges, max_access_m=500)
    assert cells.shape == (12, 12)
    x, y = (a.ravel() for a in np.meshgrid(cells.centre_x, cells.centre_y))
    held = shapely.distance(corner, shapely.points(x, y)) <= 10
    assert (cells.snap.status == np.where(held, Status.OK, Status.OUTSIDE)).all()
    assert 0 < held.sum() < held.size


def test_a_straight_street_is_drawn_to_the_metre():
    edges = [LineString([(0, 0), (1000, 0)])]
    graph = build_graph(edges)
    cells = build_cells((0.0, -100.0, 1000.0, 100.0), graph, edges, max_access_m=40)
    door = snap_points([500], [0], graph, edges, max_m=5)
    near, far = contour_area(cells, cell_distance(cells, graph, door, 300), [100, 300])
    # On the axis itself, between two rows of centres 5 m off, the border is 5 m short of the limit.
    assert near.bounds == pytest.approx((405, -40, 595, 40), abs=0.01)
    assert far.bounds[0] == pytest.approx(205, abs=0.01)
    assert far.covers(near)


def test_holes_are_kept_and_nothing_is_drawn_of_nothing():
    ring = LineString([(0, 0), (600, 0), (600, 600), (0, 600), (0, 0)])
    graph = build_graph([ring])
    cells = build_cells((-50.0, -50.0, 650.0, 650.0), graph, [ring], max_access_m=40)
    door = snap_points([300], [0], graph, [ring], max_m=5)
    area, none = contour_area(cells, cell_distance(cells, graph, door, 2000), [2000, -1])
    assert isinstance(area, MultiPolygon)
    assert area.is_valid
    assert [len(p.interiors) for p in area.geoms] == [1]
    assert not area.covers(shapely.Point(300, 300))
    assert none.is_empty
    assert isinstance(none, MultiPolygon)


def test_the_drawing_agrees_with_doors(town):
    graph, edges = town
    rng = np.random.default_rng(1)
    cells = build_cells((-50.0, -50.0, 1650.0, 1650.0), graph, edges, max_access_m=40)
    doors = snap_points(*rng.uniform(0, 1600, (2, 6000)), graph, edges, max_m=40)
    doors = doors.take(doors.status == Status.OK)
    origins = snap_points(*rng.uniform(300, 1300, (2, 12)), graph, edges, max_m=300)
    assert len(doors) > 1500
    limits = [300, 600, 900]
    drawn, reached = [], []
    for i in range(len(origins)):
        origin = origins.take([i])
        areas = contour_area(cells, cell_distance(cells, graph, origin, 900), limits)
        assert shapely.is_valid(areas).all()
        metres, _ = nearest(graph, origin, doors, 900)
        drawn += [shapely.intersects_xy(area, doors.x, doors.y) for area in areas]
        reached += [metres <= limit for limit in limits]
    drawn, reached = np.array(drawn), np.array(reached)
    assert np.sum(drawn & ~reached) <= 0.01 * drawn.sum()
    assert np.sum(reached & ~drawn) <= 0.01 * reached.sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("simplify", [None, 0.0])
def test_voronoi_is_a_partition_with_each_seed_at_home(town, seed, simplify):
    graph, edges = town
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 14))
    radius = rng.uniform(350, 760, 14)
    outline = Polygon(
        np.stack([800 + radius * np.cos(angle), 800 + radius * np.sin(angle)], axis=1),
        holes=[[(790, 790), (850, 800), (810, 850)]],
    )
    x, y = rng.uniform(100, 1500, (2, 400))
    inside = np.flatnonzero(shapely.contains_xy(outline, x, y))[:9]
    seeds = snap_points(x[inside], y[inside], graph, edges, max_m=300)
    cells = build_cells(outline, graph, edges, max_access_m=60)
    result = network_voronoi(graph, cells, seeds, outline, simplify_m=simplify)

    assert shapely.area(result.polygon).sum() == pytest.approx(outline.area, rel=1e-9)
    assert all(isinstance(p, Polygon) for p in result.polygon)
    assert shapely.is_valid(result.polygon).all()
    assert shapely.coverage_is_valid(result.polygon)
    assert shapely.covers(result.polygon, shapely.points(seeds.x, seeds.y)).all()
    assert shapely.symmetric_difference(shapely.union_all(result.polygon), outline).area < 1e-3
    assert result.by_network.any()
    assert not result.by_network.all()

    # Ground is nearest to its own seed, but for the smoothing and the pieces moved.
    doors = snap_points(*rng.uniform(100, 1500, (2, 3000)), graph, edges, max_m=30)
    held = shapely.contains_xy(outline, doors.x, doors.y) & (doors.status == Status.OK)
    doors = doors.take(held)
    entry = snap_points(*locate_entry(seeds, edges), graph, edges, max_m=1)
    _, truth = nearest(graph, entry, doors, np.inf)
    at = shapely.intersects_xy(result.polygon[truth], doors.x, doors.y)
    allowed = 0.04 + result.moved_m2.sum() / outline.area
    assert np.mean(~at) <= allowed


def locate_entry(seeds, edges):
    foot = shapely.line_interpolate_point(edges[seeds.edge], seeds.offset_m)
    return shapely.get_x(foot), shapely.get_y(foot)


def test_two_seeds_on_a_street_meet_half_way():
    edges = [LineString([(0, 0), (400, 0)])]
    graph = build_graph(edges)
    outline = shapely.box(0, -50, 400, 50)
    seeds = snap_points([100, 300], [1, -1], graph, edges, max_m=50)
    cells = build_cells(outline, graph, edges, max_access_m=100)
    result = network_voronoi(graph, cells, seeds, outline)
    assert shapely.equals(result.polygon[0], shapely.box(0, -50, 200, 50))
    assert result.moved_m2.tolist() == [0, 0]


def test_a_seed_without_a_street_still_gets_ground():
    edges = [LineString([(0, 0), (400, 0)])]
    graph = build_graph(edges)
    outline = shapely.box(0, -50, 400, 400)
    seeds = snap_points([100, 200], [1, 350], graph, edges, max_m=50)
    cells = build_cells(outline, graph, edges, max_access_m=60)
    result = network_voronoi(graph, cells, seeds, outline)
    assert seeds.status.tolist() == [Status.OK, Status.FAR]
    assert result.polygon[1].area > 40_000
    assert shapely.area(result.polygon).sum() == pytest.approx(outline.area)


def test_voronoi_refuses_what_it_cannot_keep(town):
    graph, edges = town
    outline = shapely.box(400, 400, 900, 900)
    cells = build_cells(outline, graph, edges, max_access_m=60)
    for x, y, message in (
        ([500, 503], [504, 506], "share a cell"),
        ([500, 100], [500, 100], "outside the outline"),
        ([], [], "no seed"),
    ):
        seeds = snap_points(x, y, graph, edges, max_m=300)
        with pytest.raises(ValueError, match=message):
            network_voronoi(graph, cells, seeds, outline)
    seeds = snap_points([500], [500], graph, edges, max_m=300)
    with pytest.raises(ValueError, match="does not cover"):
        network_voronoi(graph, cells, seeds, outline.buffer(300))


def test_ground_cut_off_from_its_seed_goes_to_the_neighbour():
    """A tunnel leads from the west street under the middle one to the east street."""
    west, tunnel, east = (LineString([(a, 0), (b, 0)]) for a, b in ((0, 100), (100, 300), (300, 400)))
    edges = [west, tunnel, east, LineString([(200, -50), (200, 50)])]
    enter = [True, False, True, True]
    graph = build_graph(edges)
    outline = shapely.box(0, -50, 400, 50)
    seeds = snap_points([50, 200], [0, 10], graph, edges, max_m=50, enter=enter)
    cells = build_cells(outline, graph, edges, max_access_m=60, enter=enter)
    result = network_voronoi(graph, cells, seeds, outline)
    assert result.label[:, 37].tolist() == [0] * cells.shape[0]
    assert result.polygon[1].covers(shapely.box(251, -50, 400, 50))
    assert [p.geom_type for p in result.polygon] == ["Polygon", "Polygon"]
    assert result.moved_m2[0] == 0
    assert result.moved_m2[1] == pytest.approx(150 * 100, rel=0.05)


def test_orphans_go_to_the_longest_border_in_waves():
    # 0 and 1 are seeds' pieces; 2 has 3 m with piece 0 and 6 m with piece 1; 3 touches only 2.
    pieces = np.array(
        [
            shapely.box(0, 0, 3, 5),
            shapely.box(3, 0, 9, 5),
            Polygon([(0, 5), (3, 5), (9, 5), (9, 7), (0, 7)]),
            Polygon([(0, 7), (9, 7), (9, 9), (0, 9)]),
            shapely.box(50, 50, 60, 60),
        ],
        dtype=object,
    )
    given = adopt_orphans(pieces, np.array([0, 1, -1, -1, -1]))
    assert given.tolist() == [0, 1, 1, 1, -1]
