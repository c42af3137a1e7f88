"""Edges that two polygons share: what is passed over without a look must be what GEOS finds sound."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely import Polygon, box

from layers.planar import find_faulty
from layers.shapes.matching import find_loose


def test_only_the_rim_of_a_grid_is_loose_whichever_way_its_rings_run() -> None:
    cells = [box(x, y, x + 1, y + 1, ccw=(x + y) % 2 == 0) for x in range(3) for y in range(3)]
    assert np.flatnonzero(~find_loose(np.array(cells, dtype=object))).tolist() == [4]


def test_an_island_and_the_hole_it_fills_are_matched() -> None:
    lake = Polygon([(2, 2), (4, 2), (4, 4), (2, 4)])
    land = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [lake.exterior.coords])
    assert find_loose(np.array([land, lake], dtype=object)).tolist() == [True, False]


def test_two_on_the_same_side_of_an_edge_are_loose() -> None:
    assert find_loose(np.array([box(0, 0, 1, 1), box(0, 0, 1, 1)], dtype=object)).all()


def test_nothing_has_no_loose_edges() -> None:
    assert find_loose(np.array([], dtype=object)).tolist() == []


def spoil(rng: np.random.Generator) -> NDArray[np.object_]:
    """Return a small coverage with faults of several kinds: doubles, islands, holes, moved and merged cells."""
    n = rng.integers(2, 6)
    grid = np.stack(np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0)), -1) * 10
    grid += rng.normal(0, 1, grid.shape)
    cells = [
        Polygon([grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j]])
        for i in range(n)
        for j in range(n)
    ]
    cells = [cell.reverse() if rng.random() < 0.3 else cell for cell in cells]
    if rng.random() < 0.5:
        cells.append(cells[0].buffer(rng.choice([-4, -1, 0.01, 1]), join_style="mitre"))
    if rng.random() < 0.3:
        cells.append(Polygon(cells[0]))
    if rng.random() < 0.3:
        cells.append(shapely.union(cells.pop(), cells.pop()))
    if rng.random() < 0.3:
        hole = cells[1].buffer(-2)
        cells[1] = shapely.difference(cells[1], hole)
        cells.append(hole if rng.random() < 0.7 else hole.buffer(0.02))
    if rng.random() < 0.3:
        cells[2] = shapely.transform(cells[2], lambda xy: xy + rng.normal(0, 0.02, 2))
    return np.array([cell for cell in cells if cell.is_valid and not cell.is_empty], dtype=object)


@pytest.mark.parametrize("gap_m", [0.0, 0.05, 1.5])
def test_faulty_polygons_are_those_of_a_look_at_all(gap_m: float) -> None:
    rng = np.random.default_rng(5)
    faulty = 0
    for _ in range(300):
        shapes = spoil(rng)
        every = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes, gap_width=gap_m))
        assert find_faulty(shapes, gap_m).tolist() == every.tolist()
        faulty += int(every.sum())
    assert faulty > 300
