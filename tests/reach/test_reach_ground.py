"""Ground with doors: nobody leaves it except by one, by the shortest way inside."""

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from pipeline.reach.cells import build_cells, cell_distance, contour_area
from pipeline.reach.graph import build_graph
from pipeline.reach.ground import enclose_ground, open_ground
from pipeline.reach.snap import Status, snap_points

SQUARE = box(0, 0, 100, 100)
# A street twenty metres south of the square, on both sides of it and beyond.
STREET = [(-500, -20), (500, -20)]


def branch(x, *path):
    """The street in two, and a path that leaves it between the two."""
    return [[(-500, -20), (x, -20)], [(x, -20), (500, -20)], [(x, -20), *path]]


def ground_of(areas, doors, lines, *, area=None, half_m=5.0, max_m=150.0, barriers=()):
    edges = np.array([LineString(line) for line in lines], dtype=object)
    owner = np.zeros(len(doors), dtype=int) if area is None else area
    points = np.array([Point(xy) for xy in doors], dtype=object)
    graph = build_graph(edges)
    return open_ground(areas, owner, points, graph, edges, half_m=half_m, max_m=max_m, barriers=barriers)


def enter(ground, *xy, max_m=150.0):
    return ground.snap(*np.array(xy, dtype=float).T, max_m=max_m)


def test_the_outline_is_open_at_its_doors_and_nowhere_else():
    (outline,) = enclose_ground([SQUARE], [0, 0], [Point(50, 0), Point(104, 50)], half_m=5)
    holes = SQUARE.exterior.difference(outline)
    assert holes.length == pytest.approx(20)
    # a door drawn beside the wall opens it as wide as one in it
    assert holes.intersection(box(99, 0, 101, 100)).equals_exact(LineString([(100, 45), (100, 55)]), 1e-9)
    untouched = enclose_ground([SQUARE], [], [], half_m=5)
    assert untouched[0].equals(SQUARE.exterior)


def test_without_a_path_inside_one_joins_by_the_door():
    ground = ground_of([SQUARE], [(50, 0)], [STREET])
    snap, door = enter(ground, (20, 40), (50, 40), (20, -5), (50, 900))
    # thirty metres across, forty down: fifty to the door, twenty to the street
    assert snap.access_m.tolist() == [70, 60, 15, 920]
    assert snap.offset_m.tolist() == [550, 550, 520, 0]
    assert snap.status.tolist() == [Status.OK, Status.OK, Status.OK, Status.FAR]
    # who stands before the door walks straight through it
    assert door.tolist() == [0, -1, -1, -1]


def test_a_path_inside_is_taken_where_it_is_nearer_than_the_door():
    lines = branch(50, (50, 60))
    ground = ground_of([SQUARE], [(50, 0)], lines)
    snap, door = enter(ground, (20, 40), (80, 5))
    assert (snap.edge.tolist(), snap.access_m.tolist(), door.tolist()) == ([2, 2], [30, 30], [-1, -1])
    two = ground_of([SQUARE], [(50, 0), (2, 0)], lines)
    snap, door = enter(two, (12, 3))
    # 38 m to the path; to the second door and on to the street it is less
    assert (snap.edge.tolist(), door.tolist()) == ([0], [1])
    assert snap.access_m[0] == pytest.approx(np.hypot(10, 3) + 20)


def test_a_path_inside_that_leads_nowhere_is_passed_over_for_the_door():
    ground = ground_of([SQUARE], [(50, 0)], [STREET, [(20, 50), (20, 60)]])
    snap, door = enter(ground, (20, 40))
    assert (snap.status.tolist(), snap.access_m.tolist(), door.tolist()) == ([Status.OK], [70], [0])


def test_ground_has_no_limit_to_the_door_but_the_door_has_one_to_the_street():
    park = box(0, 0, 2000, 2000)
    ground = ground_of([park], [(50, 0)], [STREET])
    snap, door = enter(ground, (50, 1500), (50, 3000))
    assert (snap.access_m[0], snap.status.tolist()) == (1520, [Status.OK, Status.FAR])
    assert door.tolist() == [0, -1]
    closed = ground_of([park], [(50, 0)], [STREET], max_m=19)
    snap, door = enter(closed, (50, 1500), max_m=19)
    assert (snap.status.tolist(), door.tolist()) == ([Status.FAR], [-1])
    assert closed.entry.status.tolist() == [Status.FAR]


def test_the_way_to_the_door_turns_at_the_corner_of_the_outline():
    # An L: the door is at the foot of the right arm, the point in the top of the left one.
    ell = Polygon([(0, 0), (300, 0), (300, 30), (30, 30), (30, 300), (0, 300)])
    ground = ground_of([ell], [(290, 0)], [STREET])
    snap, door = enter(ground, (10, 290))
    exact = np.hypot(20, 260) + np.hypot(260, 30) + 20
    assert door.tolist() == [0]
    assert exact <= snap.access_m[0] <= exact + 0.3
    # the street as such is 310 m off, and the foot of the left arm has no door
    assert snap.offset_m.tolist() == [790]


def test_the_nearer_door_is_the_one_nearer_on_foot():
    ell = Polygon([(0, 0), (300, 0), (300, 30), (30, 30), (30, 300), (0, 300)])
    # As the crow flies the door in the right arm is nearer, but it is round the corner.
    lines = [STREET, [(-20, -500), (-20, 500)], [(200, 50), (250, 50), (250, 400), (-20, 400)]]
    ground = ground_of([ell], [(0, 20), (220, 30)], lines)
    snap, door = enter(ground, (29, 200))
    assert ground.entry.access_m.tolist() == [20, 20]
    assert door.tolist() == [0]
    assert snap.access_m[0] == pytest.approx(np.hypot(29, 180) + 20)


def test_a_door_on_an_island_or_behind_a_wall_leads_nowhere():
    lines = [STREET, [(120, 40), (120, 60)]]
    ground = ground_of([SQUARE], [(50, 0), (100, 50)], lines, max_m=60)
    assert ground.entry.status.tolist() == [Status.OK, Status.OTHER_COMPONENT]
    snap, door = enter(ground, (90, 50), max_m=60)
    assert door.tolist() == [0]
    assert snap.access_m[0] == pytest.approx(np.hypot(40, 50) + 20)
    wall = LineString([(-400, -10), (400, -10)])
    walled = ground_of([SQUARE], [(50, 0)], [STREET], max_m=60, barriers=[wall])
    assert enter(walled, (50, 5), max_m=60)[0].status.tolist() == [Status.BLOCKED]
    assert enter(walled, (50, 50), max_m=60)[0].status.tolist() == [Status.FAR]


def test_a_wall_inside_the_ground_is_walked_round_by_another_door():
    wall = LineString([(-10, 50), (110, 50)])
    lines = [STREET, [(-500, 120), (500, 120)], [(500, 120), (500, -20)]]
    ground = ground_of([SQUARE], [(50, 0), (20, 100)], lines, barriers=[wall])
    snap, door = enter(ground, (60, 60), (60, 40))
    assert door.tolist() == [1, 0]
    assert snap.access_m.tolist() == pytest.approx([np.hypot(40, 40) + 20, np.hypot(10, 40) + 20])


def test_neighbours_with_one_wall_use_each_others_ground_through_a_door_in_it():
    left, right = box(0, 0, 100, 100), box(100, 0, 200, 100)
    lines = branch(150, (150, 60))
    # The left one has a door only in the common wall; the right one one to the street, too.
    ground = ground_of([left, right], [(100, 50), (100, 50), (150, 0)], lines, area=[0, 1, 1])
    snap, door = enter(ground, (40, 10), (190, 90))
    assert (snap.edge.tolist(), door.tolist()) == ([2, 2], [0, -1])
    assert snap.access_m[0] == pytest.approx(np.hypot(60, 40) + 50)


def test_outside_nobody_joins_a_path_behind_the_outline():
    lines = branch(50, (50, 10), (95, 10), (95, 90))
    ground = ground_of([SQUARE], [(50, 0)], lines)
    outside = (105, 60)
    snap, door = enter(ground, outside)
    assert snap_points([105], [60], ground.graph, ground.edges, max_m=150).edge.tolist() == [2]
    assert (snap.edge.tolist(), snap.access_m.tolist(), door.tolist()) == ([1], [80], [-1])


def test_what_stands_by_the_outline_is_found_from_inside_only():
    ground = ground_of([SQUARE], [(50, 0)], [STREET])
    assert ground.find_front([50, 50, 50], [15, 15.1, -1], near_m=15).tolist() == [True, False, False]


def test_no_point_and_no_door_are_no_crash():
    ground = ground_of([SQUARE], [], [STREET])
    snap, door = ground.snap([50.0, np.nan], [50.0, 1.0], max_m=100)
    assert (snap.status.tolist(), door.tolist()) == ([Status.BLOCKED, Status.OUTSIDE], [-1, -1])
    assert len(ground.snap([], [], max_m=100)[0]) == 0


def star(rng, x, y):
    """A ground with bays and spurs round a place."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radius = rng.uniform(15, 90, 9)
    shape = Polygon(np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1))
    return shape if shape.is_valid and shape.contains(Point(x, y)) else star(rng, x, y)


def walk_inside(shape, start, doors):
    """Return metres from a place to each door by ways inside: every corner may be turned at."""
    nodes = [start, *doors, *(Point(xy) for xy in shape.exterior.coords[:-1])]
    room = shape.buffer(1e-7)
    shapely.prepare(room)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(nodes)))
    graph.add_weighted_edges_from(
        (i, j, nodes[i].distance(nodes[j]))
        for i in range(len(nodes))
        for j in range(i)
        if room.covers(LineString([nodes[i], nodes[j]]))
    )
    far = nx.single_source_dijkstra_path_length(graph, 0)
    return np.array([far.get(1 + d, np.inf) for d in range(len(doors))])


@pytest.mark.parametrize("seed", range(6))
def test_every_way_out_of_random_ground_is_the_shortest_and_passes_a_door(seed):
    rng = np.random.default_rng(seed)
    centres = [(x, y) for x in (0, 250, 500) for y in (0, 250)]
    areas = np.array([star(rng, *xy) for xy in centres], dtype=object)
    count = rng.integers(1, 4, len(areas))
    owner = np.repeat(np.arange(len(areas)), count)
    at = rng.uniform(0, 1, len(owner))
    doors = [areas[o].exterior.interpolate(t, normalized=True) for o, t in zip(owner, at, strict=True)]
    streets = [[(-125, y), (625, y)] for y in (-125, 125, 375)] + [[(x, -125), (x, 375)] for x in (-125, 625)]
    nodes = [[(x, y) for x in (-125, 125, 375, 625)] for y in (-125, 125, 375)]
    lines = [pair for row in nodes for pair in itertools.pairwise(row)] + streets[3:]
    lines += [
        [(cx - 20, cy), (cx + 20, cy + 5)] for cx, cy in centres[::2]
    ]  # paths inside, joined to nothing
    ground = ground_of(areas, [(p.x, p.y) for p in doors], lines, area=owner, half_m=2.0, max_m=200.0)
    xy = rng.uniform((-125, -125), (625, 375), (900, 2))
    snap, door = ground.snap(*xy.T, max_m=200.0)
    points = shapely.points(xy)
    inside = shapely.STRtree(areas).query(points, predicate="within")
    home = dict(zip(*inside, strict=True))
    outlines = shapely.union_all([a.exterior for a in areas])
    openings = shapely.union_all(doors).buffer(2.01)
    joined = snap.status == Status.OK
    # Whoever joins straight crosses no outline but in an opening.
    foot = shapely.line_interpolate_point(ground.edges[snap.edge], snap.offset_m)
    ways = shapely.linestrings(np.stack([xy, shapely.get_coordinates(foot)], axis=1))
    straight = np.flatnonzero(joined & (door < 0))
    crossed = shapely.intersection(ways[straight], outlines)
    assert (~shapely.is_empty(crossed)).any()
    assert shapely.is_empty(shapely.difference(crossed, openings)).all()
    assert snap.access_m[straight] == pytest.approx(shapely.length(ways[straight]), abs=1e-6)
    # Whoever joins by a door goes the shortest way there is inside to any door.
    usable = ground.entry.status == Status.OK
    assert (door >= 0).sum() > 30
    for i in home:
        mine = np.flatnonzero((owner == home[i]) & usable)
        exact = walk_inside(areas[home[i]], points[i], [doors[d] for d in mine]) + ground.entry.access_m[mine]
        best = exact.min() if len(mine) else np.inf
        if door[i] >= 0:
            assert owner[door[i]] == home[i]
            assert best - 1e-6 <= snap.access_m[i] <= best + 0.2
        elif joined[i]:
            assert snap.access_m[i] <= best + 1e-6
        else:
            assert np.isinf(best)


def test_results_do_not_hang_on_how_far_one_looked_at_once():
    rng = np.random.default_rng(5)
    edges = shapely.linestrings(rng.uniform(0, 300, (40, 2, 2)))
    walls = shapely.linestrings(rng.uniform(0, 300, (25, 2, 2)))
    graph = build_graph(edges, snap_m=0)
    ground = open_ground([], [], [], graph, edges, half_m=5, max_m=60, barriers=walls)
    x, y = rng.uniform(0, 300, (2, 300))
    whole = snap_points(x, y, graph, edges, max_m=60, fence=ground.fence)
    parts, _ = ground.snap(x, y, max_m=60)
    for name in ("edge", "offset_m", "access_m", "status", "component"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()


def test_drawn_ground_behind_a_door_counts_the_way_to_it():
    park = box(0, 0, 400, 400)
    ground = ground_of([park], [(50, 0)], [STREET])
    cells = build_cells(
        (-60, -60, 460, 460), ground.graph, ground.edges, max_access_m=40, cell_m=10, ground=ground
    )
    source = snap_points([50], [-20], ground.graph, ground.edges, max_m=40)
    area = contour_area(cells, cell_distance(cells, ground.graph, source, 220), [220])[0]
    # 200 m round the door, and the strip along the street outside
    disc = Point(50, 0).buffer(200, quad_segs=64).intersection(park)
    inside = area.intersection(park.buffer(-12))
    assert inside.symmetric_difference(disc.intersection(park.buffer(-12))).area < 0.04 * disc.area
    assert not area.intersects(box(300, 100, 400, 400))
