"""Tobler's function by its own numbers, and edges on grounds whose slope is known."""

import numpy as np
import pytest
from shapely import LineString

from pipeline.reach.slope import HeightGrid, measure_effort, round_trip_factor, tobler_speed


def ground(height, step=10.0, size=21):
    """A grid over 0..200 m with the height a function of x and y."""
    x, y = np.meshgrid(np.arange(size) * step, np.arange(size) * step)
    return HeightGrid(0.0, 0.0, step, np.asarray(height(x, y), dtype=float) + 0 * x)


def test_speeds_are_the_published_ones():
    # 5 km/h on the level, 6 km/h at most, on a gentle fall (Tobler 1993)
    assert tobler_speed(0) == pytest.approx(5.0367, abs=1e-4)
    assert tobler_speed(-0.05) == pytest.approx(6.0)
    assert tobler_speed(0.2) == pytest.approx(6 * np.exp(-0.875))


def test_there_and_back_is_never_quicker_than_on_the_level():
    slopes = np.linspace(-0.6, 0.6, 121)
    factor = round_trip_factor(slopes)
    assert factor[60] == 1.0
    assert (np.diff(factor[60:]) > 0).all()
    assert factor == pytest.approx(factor[::-1])
    # up to 5 % the two exponentials make a hyperbolic cosine
    assert round_trip_factor(0.04) == pytest.approx(np.cosh(0.14))


def test_a_plane_gives_the_factor_of_its_slope_either_way():
    grid = ground(lambda x, y: 0.1 * x)
    line = LineString([(10, 50), (150, 50)])
    effort = measure_effort([line, line.reverse(), LineString([(50, 10), (50, 150)])], grid)
    steep = 140 * round_trip_factor(0.1)
    assert effort.metres == pytest.approx([steep, steep, 140])
    assert effort.climb_m == pytest.approx([14, 14, 0])
    assert effort.unknown_m.tolist() == [0, 0, 0]


def test_a_hill_between_level_ends_counts_and_a_bridge_over_a_dip_does_not():
    grid = ground(lambda x, y: 10 - np.abs(x - 100) / 10)
    line = LineString([(0, 50), (200, 50)])
    over, bridge = measure_effort([line, line], grid, straight=[False, True]).metres
    assert over == pytest.approx(200 * round_trip_factor(0.1))
    assert bridge == pytest.approx(200)


def test_ground_without_heights_is_level_and_told():
    def height(x, y):
        return np.where(x > 100, np.nan, 0.1 * x)

    line = LineString([(60, 50), (140, 50)])
    effort = measure_effort([line, LineString([(500, 0), (530, 0)])], ground(height), step_m=20)
    assert effort.metres == pytest.approx([40 * round_trip_factor(0.1) + 40, 30])
    assert effort.unknown_m == pytest.approx([40, 30])


def test_parts_are_no_longer_than_the_step():
    # One tooth of 20 m: seen with 20 m parts that end on its tips, unseen with 40 m parts.
    grid = ground(lambda x, y: np.where(np.round(x / 20) % 2 == 1, 4.0, 0.0), step=20.0, size=11)
    line = LineString([(0, 40), (160, 40)])
    assert measure_effort([line], grid, step_m=20).climb_m[0] == pytest.approx(32)
    assert measure_effort([line], grid, step_m=40).climb_m[0] == pytest.approx(0)


def test_an_edge_without_length_and_no_edges_are_no_problem():
    grid = ground(lambda x, y: 0.1 * x)
    assert measure_effort([LineString([(5, 5), (5, 5)])], grid).metres.tolist() == [0]
    assert len(measure_effort([], grid).metres) == 0
