"""What a finished sheet must be, read back from its bytes and its report."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image, JpegImagePlugin
from pyproj import CRS, Proj

from layers.faults import FaultLog, PlanFaults
from pipeline.deliver.atlas.compose import Entry
from pipeline.deliver.atlas.draw import draw_sheets
from pipeline.deliver.sheet.north import measure_true_north
from pipeline.deliver.sheet.render import draw_sheet, render_sheet
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import Drawn, SheetError, SheetSpec, SideTable, TitleBlock
from styles import GlyphError, symbol, theme_symbols
from styles.frame import MM_PER_INCH, load_frame
from tests.builders import make_plan
from tests.sheet.samples import SHEETS
from tests.sheet.town import CRS_117

NAMES = tuple(SHEETS)
PX = 300 / MM_PER_INCH


def read_pixels(jpg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpg)).convert("RGB")).astype(int)


def cut(pixels: np.ndarray, left: float, bottom: float, right: float, top: float) -> np.ndarray:
    """Part of a page by millimetres from its lower left corner."""
    height = pixels.shape[0]
    return pixels[
        round(height - top * PX) : round(height - bottom * PX), round(left * PX) : round(right * PX)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_jpg_is_a3_at_300_dpi_with_full_chroma(drawn, name):
    image = Image.open(io.BytesIO(drawn[name][1]))
    assert image.format == "JPEG"
    assert image.size == (4961, 3508) == drawn[name][2].pixels
    assert image.mode == "RGB"
    assert image.info["dpi"] == (300, 300)
    assert JpegImagePlugin.get_sampling(image) == 0  # 4:4:4
    # Quality 92 and above keeps the first luminance step at 3 or less.
    assert max(image.quantization[0][:4]) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_legend_holds_exactly_the_classes_drawn(drawn, name):
    report = drawn[name][2]
    assert report.legend_classes == report.drawn_classes - report.background_classes
    assert report.legend_classes
    assert all(report.feature_counts[key] > 0 for key in report.drawn_classes)


def test_class_outside_the_window_is_not_in_the_legend(drawn, town):
    report = drawn["landuse"][2]
    window = shapely.box(*report.window)
    for code in town["parcels"]["code"].unique():
        inside = town["parcels"].query("code == @code").intersects(window).sum()
        assert report.feature_counts.get(("landuse", code), 0) == inside
        assert (("landuse", code) in report.legend_classes) == bool(inside)


@pytest.mark.parametrize("name", NAMES)
def test_labels_overlap_neither_each_other_nor_the_map_edge(drawn, name):
    spec, _, report = drawn[name]
    boxes = np.array([shapely.Polygon(label.corners) for label in report.labels])
    assert len(boxes) > 5
    left, right = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    assert [
        (report.labels[a].text, report.labels[b].text) for a, b in zip(left, right, strict=True) if a < b
    ] == []
    map_box = shapely.box(*load_frame(spec.layout).map.bounds)
    assert shapely.within(boxes, map_box).all()
    assert report.labels_outside == 0


@pytest.mark.parametrize("name", NAMES)
def test_labels_keep_off_the_markers(drawn, name):
    spec, _, report = drawn[name]
    boxes = np.array([shapely.Polygon(label.corners) for label in report.labels])
    transform = MapTransform.for_extent(spec.extent, spec.scale, load_frame(spec.layout).map)
    for layer in spec.layers:
        if layer.theme != "facility":
            continue
        points = transform.to_page(layer.frame.geometry.to_numpy())
        half = symbol("facility", "教育").size_mm / 2
        moved = 1.0  # a crowded marker may have been pushed this far
        core = shapely.buffer(points, half - moved)
        assert not len(shapely.STRtree(boxes).query(core, predicate="intersects")[0])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_drawn_outside_the_frame(drawn, name):
    spec, jpg, _ = drawn[name]
    pixels, frame = read_pixels(jpg), load_frame(spec.layout)
    box, reach = frame.frame, 1.0  # half the frame line and the blocks of the compression
    page = frame.page
    for part in (
        cut(pixels, 0, 0, box.left - reach, page.top),
        cut(pixels, box.right + reach, 0, page.right, page.top),
        cut(pixels, 0, 0, page.right, box.bottom - reach),
        cut(pixels, 0, box.top + reach, page.right, page.top),
    ):
        assert part.size
        assert part.min() > 250


@pytest.mark.parametrize("name", NAMES)
def test_frame_line_is_one_millimetre(drawn, name):
    pixels, frame = read_pixels(drawn[name][1]), load_frame()
    row = cut(pixels, frame.frame.left - 3, 20, frame.frame.left + 1.5, 20.2).mean(axis=(0, 2))
    assert (row < 128).sum() / PX == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("name", NAMES)
def test_scale_bar_on_the_raster_is_as_long_as_computed(drawn, name):
    spec, jpg, report = drawn[name]
    assert report.scale_bar_px == pytest.approx(report.scale_bar_m * 1000 / spec.scale * PX, rel=1e-9)
    frame = load_frame(spec.layout)
    column = cut(read_pixels(jpg), *frame.column.shrink(2.5).bounds)
    # The bar's lower edge is the longest unbroken dark run in the top of the column that is not a
    # rule (rules are lighter) nor the inset's frame (lighter too).
    dark = (column[: round(26 * PX)].max(axis=2) < 110).astype(int)
    longest = 0
    for line in dark:
        edges = np.flatnonzero(np.diff(np.r_[0, line, 0]))
        if len(edges):
            longest = max(longest, int((edges[1::2] - edges[::2]).max()))
    assert longest == pytest.approx(report.scale_bar_px, abs=4)


def test_a_square_on_the_ground_has_the_right_pixels(town):
    """An independent check of scale and place: a 100 m red square measured on the raster."""
    spec = SHEETS["landuse"](town)
    x, y = (spec.extent[0] + spec.extent[2]) / 2, (spec.extent[1] + spec.extent[3]) / 2
    square = gpd.GeoDataFrame(geometry=[shapely.box(x - 50, y - 50, x + 50, y + 50)], crs=CRS_117)
    layer = Drawn(frame=square, theme="landuse", value="0901")
    jpg, _ = draw_sheet(replace(spec, layers=(layer,), focus=None, side_tables=(), inset=(), scale=3000))
    frame = load_frame()
    part = cut(read_pixels(jpg), *frame.map.bounds)
    red = (part[:, :, 0] > 200) & (part[:, :, 1] < 60) & (part[:, :, 2] < 60)
    rows, cols = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    side = 100 * 1000 / 3000 * PX
    assert len(rows) == pytest.approx(side, abs=3)
    assert len(cols) == pytest.approx(side, abs=3)
    assert (cols[0] + cols[-1]) / 2 == pytest.approx(part.shape[1] / 2, abs=2)
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(part.shape[0] / 2, abs=2)


def test_holes_stay_open(town):
    spec = SHEETS["landuse"](town)
    x, y = (spec.extent[0] + spec.extent[2]) / 2, (spec.extent[1] + spec.extent[3]) / 2
    ring = shapely.box(x - 90, y - 90, x + 90, y + 90).difference(shapely.box(x - 40, y - 40, x + 40, y + 40))
    layer = Drawn(frame=gpd.GeoDataFrame(geometry=[ring], crs=CRS_117), theme="landuse", value="1401")
    jpg, _ = draw_sheet(replace(spec, layers=(layer,), focus=None, side_tables=(), inset=()))
    box = load_frame().map
    cx, cy = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    pixels = read_pixels(jpg)
    assert cut(pixels, cx - 5, cy - 5, cx + 5, cy + 5).min() > 250
    side = cut(pixels, cx + 18, cy - 2, cx + 24, cy + 2).mean(axis=(0, 1))
    assert side == pytest.approx([0, 255, 0], abs=4)


def test_lesser_boundary_does_not_show_through_the_gaps_of_a_greater(town):
    spec = SHEETS["landuse"](town)
    layers = tuple(Drawn(frame=town["plan"], theme="boundary", value=v) for v in ("社区边界", "更新范围"))
    jpg, _ = draw_sheet(replace(spec, layers=layers, focus=None, side_tables=(), inset=()))
    pixels = cut(read_pixels(jpg), *load_frame().map.shrink(2).bounds)
    red, green, blue = pixels[:, :, 0], pixels[:, :, 1], pixels[:, :, 2]
    assert ((red > 200) & (green < 60)).sum() > 5000
    purple = (blue > red + 12) & (blue > green + 40)  # 社区边界 is #7A4B8C
    assert purple.sum() < 50


def test_equal_instructions_give_equal_bytes(drawn, town):
    assert draw_sheet(SHEETS["facilities"](town))[0] == drawn["facilities"][1]


def test_file_holds_the_bytes_drawn(drawn, town, tmp_path):
    target = tmp_path / "图.jpg"
    report = render_sheet(SHEETS["coverage"](town), target)
    assert target.read_bytes() == drawn["coverage"][1]
    assert report == drawn["coverage"][2]


def test_numbered_list_and_numbers_on_the_map_agree(drawn, town):
    report = drawn["facilities"][2]
    window = shapely.box(*report.window)
    inside = town["facilities"][town["facilities"].within(window)]
    printed = [label.text for label in report.labels if label.kind == "编号"]
    missing = [text for text in report.labels_unplaced if text in set(inside["number"])]
    assert sorted(printed + missing) == sorted(inside["number"])
    assert not missing
    assert set(town["facilities"]["name"]) <= set(report.texts)


def test_glyph_the_font_lacks_stops_the_sheet_and_is_named(town):
    spec = SHEETS["landuse"](town)
    with pytest.raises(GlyphError) as caught:
        draw_sheet(replace(spec, notes=("公园🌳三处", "另见𡃁注")))
    assert "🌳" in caught.value.missing
    assert "U+1F333" in str(caught.value)


def test_such_a_glyph_stops_the_hand_in_and_names_character_sheet_and_text(town, tmp_path):
    good = SHEETS["landuse"](town)
    bad = replace(good, number="03", title="用地🌳现状图")
    entries = [Entry(spec.number, spec.title, spec.group, spec) for spec in (bad, good)]
    with pytest.raises(PlanFaults) as caught:
        draw_sheets(entries, tmp_path, make_plan(), FaultLog(), advance=lambda *_: None)
    (fault,) = caught.value.faults
    assert fault.code == "HSQ-D03" and "🌳" in fault.problem and fault.layer == "03"
    assert "用地🌳现状图" in fault.value


def test_layer_in_another_crs_is_refused(town):
    spec = SHEETS["coverage"](town)
    stray = replace(spec.layers[0], frame=spec.layers[0].frame.to_crs(4549))
    with pytest.raises(SheetError, match="坐标系"):
        draw_sheet(replace(spec, layers=(stray, *spec.layers[1:])))


def test_scale_too_large_for_the_extent_is_refused(town):
    with pytest.raises(SheetError, match="放不进"):
        draw_sheet(replace(SHEETS["coverage"](town), scale=1000))


def test_sheet_with_nothing_to_show_is_refused(town):
    spec = SHEETS["facilities"](town)
    empty = Drawn(frame=town["facilities"].iloc[:0], theme="facility", class_column="group")
    background = tuple(layer for layer in spec.layers if not layer.in_legend)
    with pytest.raises(SheetError, match="没有可表达"):
        draw_sheet(replace(spec, layers=(*background, empty)))


def test_rows_without_room_are_counted_and_said(town):
    rows = tuple((str(i), "某项更新改造工程", "设施提升工程") for i in range(200))
    table = SideTable(title="长表", columns=("编号", "名称", "类别"), rows=rows)
    _, report = draw_sheet(replace(SHEETS["projects"](town), side_tables=(table,)))
    assert 0 < report.table_rows_left_out < 200
    assert f"另有 {report.table_rows_left_out} 行，见表格与数据库成果" in report.texts
    shown = sum(text.isdigit() and int(text) < 200 for text in set(report.texts))
    assert shown >= 200 - report.table_rows_left_out


@pytest.mark.parametrize(
    ("epsg", "lon", "lat"), [(4548, 117.6, 28.3), (4547, 112.9, 28.7), (4548, 117.0, 27.0)]
)
def test_true_north_agrees_with_the_convergence(epsg, lon, lat):
    crs = CRS.from_epsg(epsg)
    centre = Proj(crs)(lon, lat)
    expected = -Proj(crs).get_factors(lon, lat).meridian_convergence
    assert measure_true_north(crs, centre) == pytest.approx(expected, abs=1e-4)
    # First-order formula of the Gauss-Krüger convergence, by hand.
    central = 117.0 if epsg == 4548 else 114.0
    assert expected == pytest.approx(-(lon - central) * math.sin(math.radians(lat)), abs=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_no_small_print(drawn, name):
    spec, _, report = drawn[name]
    assert report.smallest_text_mm >= load_frame(spec.layout).type["minimum"]


def test_crowded_legend_stays_above_the_title_block(town):
    """A hundred classes cannot fit: the legend is squeezed, never laid over the 图签."""
    spec = SHEETS["coverage"](town)
    x, y = spec.extent[0], spec.extent[1]
    spot = gpd.GeoDataFrame(geometry=[shapely.box(x, y, x + 50, y + 50)], crs=CRS_117)
    classes = [s.value for s in theme_symbols("landuse")][:100]
    layers = tuple(Drawn(frame=spot, theme="landuse", value=v) for v in classes)
    jpg, report = draw_sheet(replace(spec, layers=layers, side_tables=(), notes=()))
    assert len(report.legend_classes) == 100
    assert report.smallest_text_mm < 2.2  # and the report says that it had to be
    frame = load_frame()
    foot = frame.column.bottom + frame.column_parts["title_block_height"]
    gap = cut(read_pixels(jpg), frame.column.left + 2, foot + 1, frame.column.right - 2, foot + 2)
    assert gap.min() > 200


def test_a_line_of_a_class_shown_as_a_marker_is_drawn_in_its_colour():
    """A need that is a pipe: the marker's rim is white, and a white line says nothing on white paper."""
    pipe = gpd.GeoDataFrame(
        {"kind": ["紧迫"]}, geometry=[shapely.LineString([(0, 450), (900, 450)])], crs="EPSG:4548"
    )
    spec = SheetSpec(
        number="2-01", title="需求", group="需求", crs=pipe.crs, extent=(0, 0, 900, 900), scale=5000,
        block=TitleBlock(project="方案"), layers=(Drawn(frame=pipe, theme="urgency", class_column="kind"),),
    )  # fmt: skip
    jpg, _ = draw_sheet(spec)
    with Image.open(io.BytesIO(jpg)) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    red = (pixels[..., 0] > 190) & (pixels[..., 1] < 60) & (pixels[..., 2] < 70)
    height, width = red.shape
    assert red[:, : width // 2].any(axis=0).sum() > 0.25 * width
    assert height == 3508
