"""Distances drawn on a grid: against distances measured, shape by shape."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon, box

from layers.field import Field, draw_field

CLIP = (0.0, 0.0, 600.0, 500.0)
HOLED = Polygon([(50, 50), (350, 60), (340, 300), (60, 310)], [[(120, 120), (260, 130), (250, 240)]])
SHAPES = {
    "a line": [LineString([(10, 20), (400, 250), (420, 480)])],
    "a house": [box(200, 200, 212, 209)],
    "with a hole": [HOLED],
    "with a hole, the other way": [HOLED.reverse()],
    "parts and lines": [MultiPolygon([HOLED, box(400, 100, 520, 300)]), LineString([(0, 490), (600, 480)])],
    "one upon another": [HOLED, box(100, 100, 200, 200).reverse(), box(300, 200, 450, 420)],
    "beyond the clip": [box(-900, 100, 300, 900)],
}


def measure(shapes: list[shapely.Geometry], field: Field) -> np.ndarray:
    """Return the distance of the middle of each cell from the shapes, at most 150 m."""
    rows, columns = field.metres.shape
    x = field.west + (np.arange(columns) + 0.5) * field.cell_m
    y = field.south + (np.arange(rows) + 0.5) * field.cell_m
    spots = shapely.points(*np.meshgrid(x, y))
    return np.minimum(shapely.distance(shapely.union_all(shapes), spots), 150)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("filled", [True, False])
def test_cells_hold_their_distance(name: str, *, filled: bool) -> None:
    shapes = SHAPES[name]
    field = draw_field(np.array(shapes, dtype=object), clip=CLIP, filled=filled)
    assert field is not None
    if not filled:
        shapes = [shapely.boundary(s) if shapely.get_dimensions(s) == 2 else s for s in shapes]
    inner = np.s_[1:-1, 1:-1]
    if name == "beyond the clip":  # of what lies beyond, only the ground inside the grid is drawn
        shapes = [shapely.intersection(shape, box(-160, -160, 760, 660)) for shape in shapes]
    apart = np.abs(field.metres[inner].astype(float) - measure(shapes, field)[inner])
    # To the middle of the cell a border runs through, and to a whole metre.
    assert apart.max() <= field.cell_m * 2**0.5 / 2 + 0.5
    assert (field.metres == 0).any()


def test_nothing_in_the_clip_is_no_field() -> None:
    assert draw_field(np.array([box(900, 900, 950, 950)], dtype=object), clip=CLIP) is None


def test_of_the_points_of_a_feature_the_nearest_counts() -> None:
    field = draw_field(np.array([LineString([(100, 0), (100, 500)])], dtype=object), clip=CLIP)
    assert field is not None
    x, y = np.array([110.0, 160.0, 140.0, 120.0]), np.array([250.0, 250.0, 250.0, 250.0])
    shifts = np.array([[0.0, 0.0], [20.0, 0.0], [-10.0, 30.0]])
    counts = field.count(x, y, shifts, per=2)
    near = [np.repeat(np.arange(counts.shape[1]), row).tolist() for row in counts]
    for found, told in zip(near, ([10, 20], [30, 40], [0, 10]), strict=True):
        assert np.abs(np.array(found) - told).max() <= field.cell_m + 0.5
