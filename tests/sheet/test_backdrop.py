"""The picture under a map: where it lies, how pale it is, what it weighs; in the raster and in the PDF."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from pypdf import PdfReader, PdfWriter

from pipeline.deliver.sheet.picture import Shelf
from pipeline.deliver.sheet.render import draw_sheet, print_sheet
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import Backdrop, Drawn, SheetError, SheetSpec
from styles.frame import MM_PER_INCH, load_frame
from tests.sheet.samples import BLOCK
from tests.sheet.town import CRS_117

FRAME = load_frame()
EXTENT = (500_000.0, 3_100_000.0, 500_600.0, 3_100_400.0)

SPOT_M = (60.0, 80.0)


@pytest.fixture
def spec() -> SheetSpec:
    """A sheet with one small house in the north-west: nearly all of it is picture."""
    house = shapely.box(EXTENT[0], EXTENT[3] - 10, EXTENT[0] + 10, EXTENT[3])
    layer = Drawn(frame=gpd.GeoDataFrame(geometry=[house], crs=CRS_117), theme="building", value="建筑")
    return SheetSpec(
        number="01", title="底图试验", group="试验", crs=CRS_117, extent=EXTENT, scale=2000, layers=(layer,), block=BLOCK,
    )  # fmt: skip


def lay(spec, path: Path, *, cell: float = 1.0, west: float | None = None, **how):
    """Write a picture of blue ground with a red square of 20 m, north-east of the middle, and lay it under."""
    window = MapTransform.for_extent(spec.extent, spec.scale, FRAME.map).window
    middle = (window[0] + window[2]) / 2 + SPOT_M[0], (window[1] + window[3]) / 2 + SPOT_M[1]
    left, top = window[0] - 50 if west is None else west, window[3] + 50
    columns, rows = int((window[2] - window[0] + 100) / cell), int((window[3] - window[1] + 100) / cell)
    x, y = left + (np.arange(columns) + 0.5) * cell, top - (np.arange(rows) + 0.5) * cell
    red = (np.abs(x - middle[0])[None] <= 10) & (np.abs(y - middle[1])[:, None] <= 10)
    values = np.where(red, [[[200]], [[0]], [[0]]], [[[0]], [[0]], [[200]]]).astype(np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=3, dtype="uint8", crs=spec.crs.to_wkt(),
        transform=rasterio.Affine(cell, 0, left, 0, -cell, top), photometric="RGB",
    ) as file:  # fmt: skip
        file.write(values)
    return replace(spec, backdrop=Backdrop(path=path, **how))


def open_jpg(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_a_picture_lies_where_its_coordinates_say(spec, tmp_path):
    sheet = lay(spec, tmp_path / "p.tif", fade=0.0, grey=False)
    jpg, _ = draw_sheet(sheet)
    pixels = open_jpg(jpg)
    red = (pixels[:, :, 0] > 130) & (pixels[:, :, 2] < 90)
    per_mm = FRAME.dpi / MM_PER_INCH
    box = FRAME.map
    part = np.zeros_like(red)
    middle_x = ((box.left + box.right) / 2 + SPOT_M[0] * 1000 / sheet.scale) * per_mm
    middle_y = len(pixels) - ((box.bottom + box.top) / 2 + SPOT_M[1] * 1000 / sheet.scale) * per_mm
    half = 10_000 / sheet.scale * per_mm
    reach = int(half * 2)
    part[int(middle_y) - reach : int(middle_y) + reach, int(middle_x) - reach : int(middle_x) + reach] = True
    rows, columns = np.nonzero(red & part)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((middle_x, middle_y), abs=1.0)
    assert np.ptp(columns) == pytest.approx(2 * half, abs=6) and np.ptp(rows) == pytest.approx(
        2 * half, abs=6
    )


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"fade": 0.0, "grey": False}, (0, 0, 200)),
        ({"fade": 0.5, "grey": False}, (128, 128, 228)),
        ({"fade": 0.5, "grey": True}, (139, 139, 139)),  # luma of the blue: 22.8
        ({"fade": 1.0, "grey": True}, (255, 255, 255)),
    ],
)
def test_a_picture_is_as_pale_and_grey_as_declared(spec, tmp_path, how, wanted):
    jpg, _ = draw_sheet(lay(spec, tmp_path / "p.tif", **how))
    box, per_mm = FRAME.map, FRAME.dpi / MM_PER_INCH
    corner = open_jpg(jpg)[-int((box.bottom + 6) * per_mm), int((box.right - 6) * per_mm)]
    assert corner.tolist() == pytest.approx(wanted, abs=4)


def test_paper_stays_white_where_the_picture_ends(spec, tmp_path):
    window = MapTransform.for_extent(spec.extent, spec.scale, FRAME.map).window
    middle = (window[0] + window[2]) / 2
    jpg, _ = draw_sheet(lay(spec, tmp_path / "p.tif", west=middle, fade=0.0, grey=False))
    pixels, box, per_mm = open_jpg(jpg), FRAME.map, FRAME.dpi / MM_PER_INCH
    row = -int((box.bottom + 6) * per_mm)
    assert pixels[row, int((box.left + 6) * per_mm)].tolist() == [255, 255, 255]
    assert pixels[row, int((box.right - 6) * per_mm)].tolist() == pytest.approx([0, 0, 200], abs=4)
    # nothing of it reaches beyond the map
    assert pixels[row, int((box.right + 1.0) * per_mm)].min() > 240


def test_a_picture_no_finer_than_allowed(spec, tmp_path):
    """The square of 20 m is a smudge at 40 m a cell: what is finer is really gone, not only smoothed."""
    sheet = lay(spec, tmp_path / "p.tif", fade=0.0, grey=False, finest_m=80.0)
    pixels = open_jpg(draw_sheet(sheet)[0])
    box, per_mm = FRAME.map, FRAME.dpi / MM_PER_INCH
    x = int(((box.left + box.right) / 2 + SPOT_M[0] / 2) * per_mm)
    y = len(pixels) - int(((box.bottom + box.top) / 2 + SPOT_M[1] / 2) * per_mm)
    assert pixels[y - 20 : y + 20, x - 20 : x + 20, 0].max() < 60


def test_the_pdf_holds_the_picture_once_as_jpeg(spec, tmp_path):
    rng = np.random.default_rng(7)
    sheet = lay(spec, tmp_path / "p.tif", fade=0.3)
    with rasterio.open(tmp_path / "p.tif", "r+") as file:  # noise is the worst there is to pack
        file.write(rng.integers(0, 255, (3, file.height, file.width), dtype=np.uint8))
    _, pdf, report = print_sheet(sheet, vectors=True)
    page = PdfReader(io.BytesIO(pdf)).pages[0]
    assert [image.image.size for image in page.images] == [
        (
            int(np.ceil(FRAME.map.right * 300 / 25.4)) - int(np.floor(FRAME.map.left * 300 / 25.4)),
            int(np.ceil(FRAME.map.top * 300 / 25.4)) - int(np.floor(FRAME.map.bottom * 300 / 25.4)),
        )
    ]
    assert len(pdf) < 9_000_000 and report.title in page.extract_text()
    writer = PdfWriter()
    shelf = Shelf(writer)
    for _ in range(3):
        shelf.append(PdfReader(io.BytesIO(pdf)))
    book = io.BytesIO()
    writer.write(book)
    drawing = len(pdf) - len(next(iter(page.images)).data)
    assert len(book.getvalue()) < len(pdf) + 3 * drawing
    assert [len(page.images) for page in PdfReader(book).pages] == [1, 1, 1]


def test_the_pdf_shows_what_the_jpg_shows(spec, tmp_path):
    """Placed by the transform of the page: the image's corners are those of the raster's whole pixels."""
    _, pdf, _ = print_sheet(lay(spec, tmp_path / "p.tif"), vectors=True)
    content = PdfReader(io.BytesIO(pdf)).pages[0].get_contents().get_data().decode("latin-1")
    found = re.findall(r"([-\d. ]+) cm", content[: content.index("/I1 Do")])[-2:]
    numbers = [[float(part) for part in text.split()] for text in found]
    (_, _, _, _, x, y), (width, _, _, height, _, _) = numbers
    edges = np.array([x, y, x + width, y + height]) * FRAME.dpi / 72
    box = np.array(FRAME.map.bounds) * FRAME.dpi / MM_PER_INCH
    assert np.abs(edges - np.round(edges)).max() < 0.01
    assert (np.abs(edges - box) < 1.0).all()


def test_the_picture_in_the_pdf_stands_upright(spec, tmp_path):
    _, pdf, _ = print_sheet(lay(spec, tmp_path / "p.tif", fade=0.0, grey=False), vectors=True)
    (image,) = PdfReader(io.BytesIO(pdf)).pages[0].images
    pixels = np.asarray(image.image)
    red = np.argwhere((pixels[:, :, 0] > 130) & (pixels[:, :, 2] < 90)).mean(axis=0)
    middle = np.array(pixels.shape[:2]) / 2
    per_m = FRAME.dpi / MM_PER_INCH * 1000 / spec.scale
    assert red == pytest.approx(middle + np.array([-SPOT_M[1], SPOT_M[0]]) * per_m, abs=1.5)


def test_a_broken_picture_stops_its_sheet_and_says_why(spec, tmp_path):
    sheet = lay(spec, tmp_path / "p.tif")
    (tmp_path / "p.tif").write_bytes(b"II*\x00" + b"\x00" * 400)
    with pytest.raises(SheetError, match="底图"):
        draw_sheet(sheet)


def test_equal_pictures_make_equal_bytes(spec, tmp_path):
    sheet = lay(spec, tmp_path / "p.tif")
    assert print_sheet(sheet, vectors=True)[:2] == print_sheet(sheet, vectors=True)[:2]
