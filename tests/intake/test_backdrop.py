"""``sheets.base`` at check: pictures of every kind are used or refused by one message each."""

from __future__ import annotations

import sqlite3
from io import BytesIO

import mercantile
import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import CRS, Transformer

from layers.faults import FaultLog
from layers.read.backdrop import read_backdrop
from layers.read.raw import Place
from pipeline.deliver.listing import list_inputs
from pipeline.plan import load_plan
from tests.intake.conftest import E0, N0

PLAN = CRS.from_epsg(4548)
BOUNDS = (E0, N0, E0 + 1000, N0 + 1000)


def write(path, values, *, west=E0 - 200, north=N0 + 1200, cell=10.0, crs="EPSG:4548", **more):
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[2], height=values.shape[1], count=values.shape[0],
        dtype=values.dtype, crs=crs, transform=rasterio.Affine(cell, 0, west, 0, -cell, north), **more,
    ) as raster:  # fmt: skip
        raster.write(values)


def colours(bands=3, size=140, dtype="uint8", top=200):
    x = np.linspace(0, top, size)
    return np.stack([np.tile(x, (size, 1)) * (band + 1) / bands for band in range(bands)]).astype(dtype)


def write_mbtiles(path, *, zoom=15, broken=False):
    """Tiles over the square kilometre, each of one colour by its place."""
    west, south, east, north = Transformer.from_crs(PLAN, 4326, always_xy=True).transform_bounds(*BOUNDS)
    with sqlite3.connect(path) as base:
        base.execute("create table metadata (name text, value text)")
        base.execute("create table tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
        base.executemany("insert into metadata values (?, ?)", [
            ("name", "t"), ("format", "png"), ("minzoom", str(zoom)), ("maxzoom", str(zoom)), ("type", "baselayer"),
            ("version", "1.3"), ("bounds", f"{west},{south},{east},{north}"),
        ])  # fmt: skip
        for tile in mercantile.tiles(west, south, east, north, [zoom]):
            buffer = BytesIO()
            Image.new("RGB", (256, 256), (60, 120, 180)).save(buffer, "PNG")
            content = b"no picture" if broken else buffer.getvalue()
            base.execute("insert into tiles values (?,?,?,?)", (zoom, tile.x, 2**zoom - 1 - tile.y, content))
    base.close()


def set_base(bench, name):
    bench.plan["sheets"] = {"base": {"path": name, "attribution": "测试影像，2025年"}}


def say(bench):
    """What is said of the picture: codes, severities and texts."""
    return [
        (fault.code, fault.severity, fault.problem) for fault in bench.log.faults if fault.layer == "底图"
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: write(path, colours(), photometric="RGB"), None),
        (lambda path: write(path, colours(1)), "按灰度绘制"),
        (lambda path: write(path, colours(4), photometric="MINISBLACK"), "取前三个波段"),
        (lambda path: write(path, colours(4), photometric="RGB"), None),
        (lambda path: write(path, colours(3, dtype="uint16", top=4000)), "16 位像元拉伸"),
        (lambda path: write(path, colours(3, dtype="uint16", top=4000), photometric="RGB"), "16 位像元拉伸"),
        (lambda path: write(path, colours(1, dtype="uint16", top=4000)), "16 位像元拉伸"),
        (lambda path: write(path, colours(size=300), west=116.83, north=28.37, cell=0.0002, crs="EPSG:4326", photometric="RGB"), None),
    ],
    ids=["rgb", "grey", "four", "rgba", "deep", "deep rgb", "deep grey", "degrees"],
)  # fmt: skip
def test_a_picture_is_used_and_what_is_done_with_it_said(bench, make, words):
    make(bench.folder / "影像.tif")
    set_base(bench, "影像.tif")
    bench.load()
    said = say(bench)
    assert said[-1][:2] == ("HSQ-X03", "提示") and "底图像元约" in said[-1][2]
    assert [severity for _, severity, _ in said] == ["提示"] * len(said)
    assert len(said) == (1 if words is None else 2)
    assert words is None or words in said[0][2]
    assert bench.folder / "影像.tif" in [
        path for _, path in list_inputs(load_plan(bench.folder / "plan.yaml"))
    ]


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("无.tif", lambda path: None, "HSQ-F01"),
        ("坏.tif", lambda path: path.write_bytes(b"II*\x00" + b"\x00" * 300), "HSQ-F02"),
        ("字.tif", lambda path: path.write_text("不是影像"), "HSQ-F02"),
        ("裸.tif", lambda path: write(path, colours(), crs=None, photometric="RGB"), "HSQ-X01"),
        ("远.tif", lambda path: write(path, colours(), west=E0 + 90_000, photometric="RGB"), "HSQ-X02"),
        ("高程.tif", lambda path: write(path, colours(1, dtype="float32")), "HSQ-F04"),
        ("图.png", lambda path: Image.new("RGB", (9, 9)).save(path), "HSQ-F04"),
        ("空.mbtiles", lambda path: path.write_bytes(b""), "HSQ-F02"),
        ("坏.mbtiles", lambda path: write_mbtiles(path, broken=True), "HSQ-X02"),
        ("假.mbtiles", lambda path: write(path, colours(), photometric="RGB"), "HSQ-F07"),
    ],
)  # fmt: skip
def test_a_picture_that_cannot_be_used_is_one_error(bench, name, make, code):
    make(bench.folder / name)
    set_base(bench, name)
    errors = bench.fail()
    assert [(fault.code, fault.layer) for fault in errors] == [(code, "底图")]
    assert errors[0].remedy and errors[0].file == name


def test_tiles_in_a_package_lie_in_the_plans_own_system(tmp_path):
    write_mbtiles(tmp_path / "t.mbtiles")
    log = FaultLog()
    raster = read_backdrop(tmp_path / "t.mbtiles", BOUNDS, PLAN, Place("t.mbtiles", "底图", log), step_m=5.0)
    assert raster is not None and not log.faults
    assert raster.values[:, 100, 100].tolist() == [60, 120, 180, 255]
    assert raster.crs == PLAN


def test_depth_is_spread_over_the_range_and_voids_stay_open(tmp_path):
    values = colours(1, dtype="uint16", top=4000)
    values[:, :, :70] = 0
    write(tmp_path / "d.tif", values, nodata=0)
    raster = read_backdrop(tmp_path / "d.tif", BOUNDS, PLAN, Place("d.tif", "底图", FaultLog()), step_m=10.0)
    assert raster is not None
    assert (raster.values[3, :, :48] == 0).all() and (raster.values[3, :, 52:] == 255).all()
    shown = raster.values[0][raster.values[3] > 0]
    assert shown.min() == 0 and shown.max() == 255
