"""Height rasters in any CRS become a grid of the plan's CRS around the roads."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from shapely import LineString

from layers.grids import Relief
from layers.reachable import Edge
from pipeline.deliver.listing import list_inputs
from pipeline.plan import load_plan
from pipeline.reach.slope import round_trip_factor
from pipeline.stages.base import Given
from pipeline.stages.network import NETWORK
from tests.intake.conftest import E0, N0


def write(folder, values, *, west, north, cell, crs="EPSG:4548", nodata=None):
    with rasterio.open(
        folder / "高程.tif", "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype="float32", crs=crs, transform=rasterio.Affine(cell, 0, west, 0, -cell, north), nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(values.astype("float32"), 1)


def plane(size, cell, west, slope):
    """Heights that rise eastward by ``slope``."""
    x = west + (np.arange(size) + 0.5) * cell
    return np.tile(100 + slope * (x - E0), (size, 1))


def add_road(bench):
    bench.vector("路.gpkg", [LineString([(E0, N0 + 500), (E0 + 1000, N0 + 500)])], {"kind": ["支路"]})
    bench.add("road", "路.gpkg")
    bench.plan["walking"] = {"dem": "高程.tif"}


@pytest.mark.parametrize("cell", [2.0, 10.0, 30.0])
def test_a_slope_comes_through_whatever_the_cell_size(bench, cell):
    size = int(1600 / cell)
    write(bench.folder, plane(size, cell, E0 - 300, 0.1), west=E0 - 300, north=N0 + 1300, cell=cell)
    add_road(bench)
    frames = bench.load()
    relief = frames[Relief.key]
    assert np.diff(np.sort(relief[Relief.x_m].unique())) == pytest.approx(max(cell, 5.0))
    plan = load_plan(bench.folder / "plan.yaml")
    made = NETWORK(Given(plan, frames))
    assert made[Edge.key][Edge.effort_m].tolist() == pytest.approx([1000 * round_trip_factor(0.1)], rel=1e-4)
    assert "坡度" in plan.walking.rule_text()
    assert bench.folder / "高程.tif" in [path for _, path in list_inputs(plan)]


def test_degrees_and_voids_are_brought_in(bench):
    heights = np.full((200, 200), 50.0)
    heights[:, 100:] = -9999
    write(bench.folder, heights, west=116.85, north=28.36, cell=0.0002, crs="EPSG:4326", nodata=-9999)
    add_road(bench)
    relief = bench.load()[Relief.key]
    assert relief[Relief.height_m].to_numpy() == pytest.approx(50)
    # the eastern half is unknown and has no rows: 116.87 E is about 487,250 m east
    assert relief[Relief.x_m].max() < 487_300


def test_ground_beyond_the_raster_is_no_plain_at_zero(bench):
    write(bench.folder, np.full((40, 20), 80.0), west=E0, north=N0 + 700, cell=10)
    add_road(bench)
    frames = bench.load()
    assert frames[Relief.key][Relief.height_m].to_numpy() == pytest.approx(80)
    given = Given(load_plan(bench.folder / "plan.yaml"), frames)
    NETWORK(given)
    assert any("没有高程" in fault.problem for fault in given.log.faults)


@pytest.mark.parametrize(
    ("damage", "code"),
    [("absent", "HSQ-F01"), ("text", "HSQ-F02"), ("nowhere", "HSQ-X02"), ("bare", "HSQ-X01")],
)
def test_an_unusable_raster_is_one_message(bench, damage, code):
    add_road(bench)
    if damage == "text":
        (bench.folder / "高程.tif").write_text("no raster", encoding="utf-8")
    elif damage == "nowhere":
        write(bench.folder, np.ones((9, 9)), west=E0 + 90_000, north=N0, cell=10)
    elif damage == "bare":
        write(bench.folder, np.ones((99, 99)), west=E0, north=N0 + 900, cell=10, crs=None)
    assert [fault.code for fault in bench.fail()] == [code]


def test_without_a_raster_nothing_is_read(bench):
    bench.vector("路.gpkg", [LineString([(E0, N0), (E0 + 9, N0)])], {"kind": ["支路"]})
    bench.add("road", "路.gpkg")
    assert len(bench.load()[Relief.key]) == 0
