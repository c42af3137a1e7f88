"""Areas that add up: property tests of the one rounding rule, and the rule where it is used."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from layers.areas import round_shares, settle_areas
from layers.faults import FaultLog
from layers.source import Parcel
from pipeline.deliver.tables.derived import share_hundred
from pipeline.stages.tiling import settle_parcels, settle_units

CUTS = st.lists(st.floats(0.01, 0.99), min_size=0, max_size=30)


def cents(values: object) -> int:
    """The sum in hundredths, as a table's reader adds them up."""
    return int(sum(Decimal(f"{value:.2f}") for value in np.asarray(values, dtype=float)) * 100)


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.floats(1.0, 1e6), min_size=1, max_size=6), cuts=st.lists(CUTS, min_size=6, max_size=6)
)
def test_tiles_add_up_to_grounds_and_grounds_to_the_whole(
    sizes: list[float], cuts: list[list[float]]
) -> None:
    tiles, ground_of = [], []
    for nth, (size, inner) in enumerate(zip(sizes, cuts, strict=False)):
        edges = np.unique([0.0, *inner, 1.0])
        tiles += list(np.diff(edges) * size)
        ground_of += [nth] * (len(edges) - 1)
    exact, index = np.array(tiles), np.array(ground_of)
    made = settle_areas(exact, index, sizes, total=sum(sizes))
    assert made.filled.all()
    assert cents(made.grounds) == round(sum(sizes) * 100)
    for nth in range(len(sizes)):
        assert cents(made.tiles[index == nth]) == cents([made.grounds[nth]])
    # A ground may be a hundredth off its own rounding, and what it gets is spread over its tiles.
    assert np.abs(made.tiles - exact).max() < 0.02
    assert (made.tiles >= 0).all()


def test_ground_that_is_not_covered_is_not_stretched_over() -> None:
    made = settle_areas([60.004, 20.004, 5.006], [0, 0, -1], [100.0, 50.0], total=150.0)
    assert made.tiles.tolist() == [60.01, 20.0, 5.01] and cents(made.tiles[:2]) == 8001
    assert made.filled.tolist() == [False, False] and made.grounds.tolist() == [100.0, 50.0]


def test_grounds_that_do_not_make_the_whole_stand_for_themselves() -> None:
    assert settle_areas([], [], [100.004, 50.004], total=120.0).grounds.tolist() == [100.0, 50.0]


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=40))
def test_rounded_shares_add_up_to_the_rounded_sum(areas: list[float]) -> None:
    assert cents(round_shares(areas)) == (round(sum(areas) * 100) if sum(areas) > 0 else 0)
    if sum(areas) > 0:
        assert cents(share_hundred(np.array(areas))) == 10_000


def tiling(seed: int, *, count: int = 12) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Two communities cut into parcels along odd lines; coordinates to the millimetre, as files have them."""
    rng = np.random.default_rng(seed)
    xs = np.unique(np.round(rng.uniform(0, 500, count), 3))
    edges = 486_000.0 + np.concatenate([[0.0], xs, [500.0]])
    middle, south, north = edges[len(edges) // 2], 3_137_000.0, 3_137_333.337
    parcels = [box(west, south, east, north) for west, east in pairwise(edges)]
    grounds = [box(west, south, east, north) for west, east in pairwise([edges[0], middle, edges[-1]])]
    frame = gpd.GeoDataFrame({Parcel.area_m2: [1.0] * len(parcels)}, geometry=parcels, crs="EPSG:4548")
    return frame, gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=grounds, crs="EPSG:4548")


@pytest.mark.parametrize("rule", ["planar", "ellipsoidal"])
@pytest.mark.parametrize("seed", range(5))
def test_land_use_adds_up_to_communities_and_plan_under_both_rules(rule: str, seed: int) -> None:
    parcels, grounds = tiling(seed)
    log = FaultLog()
    made = settle_parcels(parcels, grounds, log, rule=rule)
    units, total = settle_units(grounds, grounds.union_all(), rule=rule)
    assert cents(units) == round(total * 100) == cents(made[Parcel.area_m2])
    inside = made.representative_point().within(grounds.geometry.iloc[0]).to_numpy()
    assert [cents(made[Parcel.area_m2][inside]), cents(made[Parcel.area_m2][~inside])] == [
        cents([a]) for a in units
    ]
    planar = shapely.area(parcels.geometry.to_numpy()).sum()
    # Planar ground at this place is 1 + 2.3e-6 of the ellipsoid's (14 km from the central meridian).
    assert total == pytest.approx(planar * (1 if rule == "planar" else 1 - 4.5e-6), rel=1e-6)
    (note,) = log.faults
    assert (note.code, note.severity) == ("HSQ-G13", "提示") and "合计等于规划范围面积" in note.action


def test_a_stated_area_below_nothing_stays_a_fault_of_its_own() -> None:
    parcels, grounds = tiling(1)
    parcels.loc[0, Parcel.area_m2] = -5.0
    assert settle_parcels(parcels, grounds, FaultLog(), rule="planar")[Parcel.area_m2].iloc[0] == -5.0
