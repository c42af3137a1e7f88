"""GeoTIFFs of every kind a bureau hands out, written by rasterio; heights and pictures over a piece of ground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pyproj import CRS, Transformer
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import NotGeoreferencedWarning
from scipy.ndimage import minimum_filter

from layers.faults import FaultLog
from layers.read.raster import Raster, read_raster
from layers.read.raw import Place
from layers.read.tiff import RasterFacts, describe_raster

from .conftest import E0, N0, snapshot

PLAN = CRS.from_epsg(4548)
BOUNDS = (E0, N0, E0 + 1000, N0 + 1000)


def write(
    path: Path,
    values: np.ndarray,
    *,
    cell: float = 10.0,
    west: float = E0 - 100,
    north: float = N0 + 1100,
    **more: Any,
) -> None:
    bands = values if values.ndim == 3 else values[None]
    options = {"crs": "EPSG:4548", "transform": rasterio.Affine(cell, 0, west, 0, -cell, north), **more}
    with rasterio.open(
        path, "w", driver="GTiff", count=len(bands), height=bands.shape[1], width=bands.shape[2],
        dtype=bands.dtype, **{key: value for key, value in options.items() if value is not None},
    ) as file:  # fmt: skip
        file.write(bands)


def plane(cell: float = 10.0, size: float = 1200.0, west: float = E0 - 100) -> np.ndarray:
    """Heights that rise eastward by a tenth."""
    n = int(size / cell)
    x = west + (np.arange(n) + 0.5) * cell
    return np.tile(100 + 0.1 * (x - E0), (n, 1)).astype("float32")


def read(path: Path, **more: Any) -> tuple[Raster | None, FaultLog]:
    log = FaultLog()
    return read_raster(path, BOUNDS, PLAN, Place(path.name, "栅格", log), **more), log


def heights_at(raster: Raster) -> tuple[np.ndarray, np.ndarray]:
    x = raster.west + (np.arange(raster.values.shape[2]) + 0.5) * raster.step
    return np.broadcast_to(100 + 0.1 * (x - E0), raster.values[0].shape), raster.values[0]


@pytest.mark.parametrize("cell", [0.5, 5.0, 30.0])
@pytest.mark.parametrize("big", ["YES", "NO"])
def test_heights_come_through_at_any_cell_size_and_as_bigtiff(tmp_path: Path, cell: float, big: str) -> None:
    path = tmp_path / "高程.tif"
    write(path, plane(cell), cell=cell, BIGTIFF=big, tiled=True, blockxsize=256, blockysize=256)
    raster, log = read(path, step_m=5.0)
    assert not log.errors and raster.step == max(cell, 5.0) and raster.native_m == pytest.approx(cell)
    true, found = heights_at(raster)
    known = np.isfinite(found)
    assert known.mean() > 0.9 and found[known] == pytest.approx(true[known], abs=0.05 * cell + 0.01)


def test_another_crs_is_brought_in(tmp_path: Path) -> None:
    # A degree raster whose value is its own easting in the plan's zone.
    n = 300
    lon = 116.84 + (np.arange(n) + 0.5) * 1e-4
    lat = 28.37 - (np.arange(n) + 0.5) * 1e-4
    x, _ = Transformer.from_crs(4490, 4548, always_xy=True).transform(*np.meshgrid(lon, lat))
    path = tmp_path / "高程.tif"
    write(path, x, cell=1e-4, west=116.84, north=28.37, crs="EPSG:4326")
    raster, log = read(path, step_m=10.0)
    centre = raster.west + (np.arange(raster.values.shape[2]) + 0.5) * raster.step
    found = raster.values[0]
    known = np.isfinite(found)
    assert known.any() and np.abs(found - centre)[known].max() < 0.5 and not log.errors


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("float32", -9999.0), ("int16", None), ("float32", np.nan), ("uint16", 65535)]
)
def test_voids_do_not_bleed_into_their_neighbours(tmp_path: Path, dtype: str, nodata: float | None) -> None:
    values = np.full((120, 120), 50).astype(dtype)
    values[:, 60:] = -32768 if nodata is None else nodata
    path = tmp_path / "高程.tif"
    write(path, values, nodata=nodata)
    raster, _ = read(path)
    found = raster.values[0]
    assert np.unique(found[np.isfinite(found)]).tolist() == [50.0]
    assert np.isnan(found[:, -1]).all() and np.isfinite(found[10:-10, 5]).all()


def test_a_picture_keeps_its_colours_and_its_edge(tmp_path: Path) -> None:
    picture = np.zeros((3, 120, 120), dtype=np.uint8)
    picture[0], picture[1, :, 60:], picture[2] = 200, 100, 7
    path = tmp_path / "影像.tif"
    write(path, picture, photometric="RGB")
    raster, log = read(path)
    assert raster.values.dtype == np.uint8 and raster.values.shape[0] == 4 and not log.errors
    inside = raster.values[:, 20:80, 10:40]
    assert np.unique(inside.reshape(4, -1), axis=1).tolist() == [[200], [0], [7], [255]]
    whole = read_raster(path, (E0 - 500, N0, E0 + 500, N0 + 500), PLAN, Place("x", "", FaultLog()))
    assert (whole.values[3][:, :10] == 0).all()  # beyond the picture there is nothing, not black


def test_palettes_and_deep_pictures_become_bytes(tmp_path: Path) -> None:
    index = np.zeros((120, 120), dtype=np.uint8)
    index[:, 60:] = 3
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", count=1, height=120, width=120, dtype="uint8", crs="EPSG:4548",
                       transform=rasterio.Affine(10, 0, E0 - 100, 0, -10, N0 + 1100), photometric="palette") as file:  # fmt: skip
        file.write(index, 1)
        file.write_colormap(1, {0: (10, 20, 30, 255), 3: (200, 0, 0, 255)})
    raster, _ = read(path)
    assert raster.values[:, 50, 5].tolist() == [10, 20, 30, 255] and raster.values[:, 50, 90].tolist() == [
        200,
        0,
        0,
        255,
    ]
    deep = np.full((3, 120, 120), 1000, dtype=np.uint16)
    deep[0] = 4000
    write(tmp_path / "b.tif", deep, photometric="RGB")
    raster, _ = read(tmp_path / "b.tif")
    assert raster.values[:, 50, 50].tolist() == [255, 63, 63, 255]


def test_a_cover_band_stays_what_it_is(tmp_path: Path) -> None:
    picture = np.full((4, 120, 120), 90, dtype=np.uint8)
    picture[3] = 255
    picture[3, :, :60] = 0
    path = tmp_path / "影像.tif"
    with rasterio.open(path, "w", driver="GTiff", count=4, height=120, width=120, dtype="uint8", crs="EPSG:4548",
                       transform=rasterio.Affine(10, 0, E0 - 100, 0, -10, N0 + 1100), photometric="RGB") as file:  # fmt: skip
        file.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
        file.write(picture)
    raster, _ = read(path)
    assert raster.values.shape[0] == 4 and raster.values[3, 50, 5] == 0 and raster.values[3, 50, 90] == 255


def test_a_world_file_places_a_bare_raster_with_a_declared_crs(tmp_path: Path) -> None:
    path = tmp_path / "高程.tif"
    with pytest.warns(NotGeoreferencedWarning):
        write(path, plane(), crs=None, transform=None)
    assert [fault.code for fault in read(path)[1].errors] == ["HSQ-X01"]
    path.with_suffix(".tfw").write_text(f"10\n0\n0\n-10\n{E0 - 95}\n{N0 + 1095}\n", encoding="ascii")
    raster, log = read(path)
    assert raster is None and [fault.code for fault in log.errors] == ["HSQ-X01"]  # placed, but in what?
    raster, log = read(path, source_crs="EPSG:4548")
    true, found = heights_at(raster)
    assert found[5:-5, 5:-5] == pytest.approx(true[5:-5, 5:-5], abs=0.01) and not log.errors


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"crs": "EPSG:4326"}, "HSQ-X02"),  # metres called degrees
        ({"crs": "EPSG:4527"}, "HSQ-X02"),  # no prefix where one is claimed
        ({"west": E0 + 50_000}, "HSQ-X02"),  # elsewhere
        ({"crs": None}, "HSQ-X01"),
    ],
)
def test_a_raster_that_is_not_where_it_says(tmp_path: Path, more: dict[str, Any], code: str) -> None:
    path = tmp_path / "高程.tif"
    write(path, plane(), **more)
    raster, log = read(path)
    assert raster is None
    (fault,) = log.errors
    assert fault.code == code and fault.remedy


def test_a_huge_raster_is_read_by_window_and_overview(tmp_path: Path) -> None:
    path = tmp_path / "影像.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=400_000, width=400_000, dtype="float32", crs="EPSG:4548", nodata=-1,
        transform=rasterio.Affine(0.5, 0, E0 - 100_000, 0, -0.5, N0 + 100_000), tiled=True, blockxsize=512, blockysize=512,
        SPARSE_OK=True, BIGTIFF="YES", compress="deflate",
    ) as file:  # fmt: skip
        window = rasterio.windows.Window(199_000, 197_000, 4_000, 4_000)
        file.write(np.full((4_000, 4_000), 42, dtype="float32"), 1, window=window)
    raster, log = read(path, step_m=5.0)
    assert not log.errors and raster.step == 5.0
    assert np.unique(raster.values[np.isfinite(raster.values)]).tolist() == [42.0]
    wide = read_raster(
        path, (E0 - 90_000, N0 - 90_000, E0 + 90_000, N0 + 90_000), PLAN, Place("x", "", log), step_m=100.0
    )
    assert wide is None and [fault.code for fault in log.errors] == ["HSQ-F08"]
    facts = describe_raster(path, Place("x", "", log))
    assert (facts.width, facts.bands, facts.nodata, facts.overviews) == (400_000, 1, -1, ())


def test_overviews_inside_the_file_are_used(tmp_path: Path) -> None:
    path = tmp_path / "高程.tif"
    write(path, plane(1.0), cell=1.0)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], Resampling.average)
    assert describe_raster(path, Place("x", "", FaultLog())).overviews == (2, 4, 8)
    raster, _ = read(path, step_m=10.0)
    true, found = heights_at(raster)
    assert found[5:-5, 5:-5] == pytest.approx(true[5:-5, 5:-5], abs=0.11)


@pytest.mark.parametrize("name", ["高程.tif.aux.xml", "高程.tif.ovr", "高程.tif.msk"])
def test_files_beside_a_raster_lead_nowhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / "高程.tif"
    write(path, plane())
    other = tmp_path / "other.tif"
    write(other, np.full((120, 120), 999, dtype="float32"))
    text = {
        "aux.xml": f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{other}</MDI></Metadata></PAMDataset>',
        "ovr": f'<VRTDataset rasterXSize="60" rasterYSize="60"><VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
               f"<SourceFilename>{other}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
        "msk": f'<VRTDataset rasterXSize="120" rasterYSize="120"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
               f"<SourceFilename>{other}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
    }  # fmt: skip
    (tmp_path / name).write_text(text[name.split(".", 2)[2]], encoding="utf-8")
    before = snapshot(tmp_path)
    raster, _ = read(path, step_m=50.0)
    assert np.nanmax(raster.values) < 300
    assert describe_raster(path, Place("x", "", FaultLog())).overviews == ()
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.tif", b"", "HSQ-F02"),
        ("a.tif", b"no raster", "HSQ-F02"),
        ("a.tif", b'<VRTDataset rasterXSize="1" rasterYSize="1"/>', "HSQ-F07"),
        ("a.tif", b"\x89PNG\r\n\x1a\n", "HSQ-F07"),
        ("a.tif", b"II*\x00\x08\x00\x00\x00", "HSQ-F02"),
        ("a.img", b"x", "HSQ-F04"),
        ("b.tif", None, "HSQ-F01"),
    ],
)
def test_what_is_no_geotiff(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    raster, log = read(tmp_path / name)
    assert raster is None and [fault.code for fault in log.errors] == [code]


@pytest.mark.parametrize("left", [0.9, 0.5, 0.01])
def test_a_raster_that_broke_off(tmp_path: Path, left: float) -> None:
    path = tmp_path / "a.tif"
    write(
        path,
        np.random.default_rng(1).random((120, 120)).astype("float32"),
        tiled=True,
        blockxsize=16,
        blockysize=16,
    )
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
    raster, log = read(path)
    assert raster is None and [fault.code for fault in log.errors] == ["HSQ-F02"]


def test_metadata_that_swells_is_text_and_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write(path, plane())
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><GDALMetadata><Item name="x">&b;</Item></GDALMetadata>'
    with rasterio.open(path, "r+") as file:
        file.update_tags(ns="xml:XMP", **{"xml:XMP": laughs})
    raster, log = read(path)
    assert raster is not None and not log.errors


def test_complex_cells_are_no_heights(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write(path, plane().astype("complex64"))
    assert [fault.code for fault in read(path)[1].errors] == ["HSQ-F04"]


def test_rotated_and_south_up_rasters(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    c, s = 10 * np.cos(np.pi / 6), 10 * np.sin(np.pi / 6)
    turn = rasterio.Affine(c, s, E0 - 200, s, -c, N0 + 500)
    rows, columns = np.mgrid[0:200, 0:200]
    x = turn.c + turn.a * (columns + 0.5) + turn.b * (rows + 0.5)
    write(path, (100 + 0.1 * (x - E0)).astype("float32"), transform=turn)
    raster, log = read(path)
    true, found = heights_at(raster)
    assert raster.step == pytest.approx(10.0) and not log.errors
    # Cells whose whole neighbourhood is known: at the edge a mean leans inward.
    known = np.isfinite(found)
    whole = minimum_filter(known, size=5, mode="constant")
    assert whole.mean() > 0.4 and found[whole] == pytest.approx(true[whole], abs=0.2)
    write(path, plane(), transform=rasterio.Affine(10, 0, E0 - 100, 0, 10, N0 - 100))
    raster, log = read(path)
    true, found = heights_at(raster)
    assert found[5:-5, 5:-5] == pytest.approx(true[5:-5, 5:-5], abs=0.01)


def test_facts_of_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "影像.tif"
    write(path, np.zeros((3, 60, 120), dtype=np.uint8), photometric="RGB")
    facts = describe_raster(path, Place("x", "", FaultLog()))
    assert isinstance(facts, RasterFacts) and facts.colours and facts.bands == 3
    assert facts.cell == (10.0, 10.0) and facts.bounds == (E0 - 100, N0 + 500, E0 + 1100, N0 + 1100)
    assert facts.crs.to_epsg() == 4548
