"""The part of a city's raster that a plan gets: the same cells at the same place, or the city's own file."""

from __future__ import annotations

import numpy as np
import rasterio
from affine import Affine

from pipeline.batch.city.write import cut_picture

CRS = "EPSG:4548"
WEST, NORTH, STEP = 452_000.0, 3_136_000.0, 10.0


def write(path, *, crs=CRS, dtype="float32"):
    values = (np.arange(100 * 80).reshape(1, 80, 100) % 250).astype(dtype)
    profile = {"driver": "GTiff", "width": 100, "height": 80, "count": 1, "dtype": dtype, "nodata": 0}
    with rasterio.open(
        path, "w", crs=crs, transform=Affine(STEP, 0, WEST, 0, -STEP, NORTH), **profile
    ) as file:
        file.write(values)
    return values[0]


def test_cells_and_places_are_those_of_the_whole(tmp_path):
    values = write(tmp_path / "whole.tif")
    bounds = (WEST + 123.0, NORTH - 456.0, WEST + 345.0, NORTH - 234.0)
    assert cut_picture(tmp_path / "whole.tif", tmp_path / "part.tif", bounds, CRS)
    with rasterio.open(tmp_path / "part.tif") as part:
        assert part.crs == rasterio.CRS.from_user_input(CRS) and part.nodata == 0
        row, column = round((NORTH - part.bounds.top) / STEP), round((part.bounds.left - WEST) / STEP)
        assert part.bounds.left <= bounds[0] and part.bounds.right >= bounds[2]
        assert part.bounds.bottom <= bounds[1] and part.bounds.top >= bounds[3]
        assert part.width <= 25 and part.height <= 25, "little more than asked for"
        assert (part.read(1) == values[row : row + part.height, column : column + part.width]).all()
    first = (tmp_path / "part.tif").read_bytes()
    assert cut_picture(tmp_path / "whole.tif", tmp_path / "again.tif", bounds, CRS)
    assert (tmp_path / "again.tif").read_bytes() == first


def test_bounds_beyond_the_file_give_what_there_is(tmp_path):
    write(tmp_path / "whole.tif", dtype="uint8")
    assert cut_picture(
        tmp_path / "whole.tif", tmp_path / "part.tif", (WEST - 500, NORTH - 200, WEST + 50, NORTH + 500), CRS
    )
    with rasterio.open(tmp_path / "part.tif") as part:
        assert (part.bounds.left, part.bounds.top) == (WEST, NORTH) and part.dtypes == ("uint8",)


def test_what_cannot_be_cut_is_left_to_the_city_s_file(tmp_path):
    write(tmp_path / "whole.tif")
    elsewhere = (WEST + 90_000, NORTH, WEST + 91_000, NORTH + 500)
    assert not cut_picture(tmp_path / "whole.tif", tmp_path / "part.tif", elsewhere, CRS)
    write(tmp_path / "bare.tif", crs=None)
    here = (WEST, NORTH - 100, WEST + 100, NORTH)
    assert not cut_picture(tmp_path / "bare.tif", tmp_path / "part.tif", here, CRS)
    (tmp_path / "tiles.mbtiles").write_bytes(b"no picture")
    (tmp_path / "broken.tif").write_bytes(b"no picture")
    for name in ("tiles.mbtiles", "broken.tif"):
        assert not cut_picture(tmp_path / name, tmp_path / "part.tif", here, CRS)
    assert not (tmp_path / "part.tif").exists()
