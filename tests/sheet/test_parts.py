"""The small pieces a sheet is made of, with answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deliver.sheet.badges import Badge, spread_badges
from pipeline.deliver.sheet.geometry import clip_to_box, hatch_lines, polygon_paths
from pipeline.deliver.sheet.labels import place_labels
from pipeline.deliver.sheet.places import LabelRequest
from pipeline.deliver.sheet.scale import MapTransform, choose_scale
from pipeline.deliver.sheet.scalebar import design_bar
from pipeline.deliver.sheet.sidetable import design_table
from pipeline.deliver.sheet.spec import SheetError, SideTable
from pipeline.deliver.sheet.typeset import NO_END, NO_START, balance_lines, wrap_text
from styles import symbol
from styles.fonts import measure_em
from styles.frame import Box, load_frame
from styles.marks import marker_outline

SCALES = load_frame().scales


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (770, 500, 2000),  # standards/drawing.md: 1:2000 → 770 × 500 m in 385 × 250 mm, exactly
        (770.01, 500, 2500),
        (770, 500.01, 2500),
        (192.5, 125, 500),
        (0, 0, 500),
        (1925, 1250, 5000),
        (3850, 2500, 10000),
        (7700, 5000, 20000),
    ],
)
def test_scale_is_the_smallest_standard_denominator_that_fits(width, height, expected):
    assert choose_scale((10, 20, 10 + width, 20 + height), (385, 250), SCALES) == expected


def test_scale_keeps_the_margin_and_refuses_what_cannot_fit():
    assert choose_scale((0, 0, 770, 500), (385, 250), SCALES, margin=1) == 2500
    with pytest.raises(SheetError, match="请分幅"):
        choose_scale((0, 0, 7701, 10), (385, 250), SCALES)
    with pytest.raises(SheetError, match="为空"):
        choose_scale((np.nan, 0, 1, 1), (385, 250), SCALES)


def test_transform_places_the_extent_in_the_middle_at_scale():
    transform = MapTransform.for_extent((0, 0, 200, 100), 2000, Box(30, 10, 230, 110))
    page = transform.to_page(np.array([shapely.Point(100, 50), shapely.Point(120, 50)]))
    assert page[0].coords[0] == pytest.approx((130, 60))
    assert page[1].x - page[0].x == pytest.approx(10)  # 20 m at 1:2000 is 10 mm
    assert transform.window == pytest.approx((-100, -50, 300, 150))


@pytest.mark.parametrize(("scale", "metres"), [(500, 20), (2000, 80), (3000, 120), (5000, 200)])
def test_scale_bar_has_four_round_parts_that_fit(scale, metres):
    bar = design_bar(MapTransform(Box(0, 0, 300, 260), scale, (0, 0)), 47.0)
    assert bar.length_m % 4 == 0
    assert bar.length_mm <= 47.0
    assert bar.length_mm == pytest.approx(bar.length_m * 1000 / scale)
    assert bar.length_m >= metres


def test_wrap_never_starts_with_a_closing_or_ends_with_an_opening_mark():
    text = "用地分类按《国土空间调查、规划、用途管制用地用海分类指南》（2023年），面积12,345.67㎡。"
    for width in np.arange(12.0, 60.0, 1.0):
        lines = wrap_text(text, width, 2.5)
        assert "".join(lines) == text
        assert all(line[0] not in NO_START and line[-1] not in NO_END for line in lines)
        # The number is 13.6 mm wide: whole wherever a line can hold it.
        assert any("12,345.67㎡" in line for line in lines) == (width >= 14)


@given(st.text(alphabet="好社区，。（）《》12.5mA 、", min_size=1, max_size=60), st.floats(8, 50))
@settings(max_examples=150, deadline=None)
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrap_text(text, width, 2.5)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    # A run of marks that may not be broken can overhang; nothing else can.
    for line in lines:
        solid = line.strip("，。（）《》、. ")
        assert measure_em(solid) * 2.5 <= width + 1e-6


def test_labels_are_broken_into_even_lines():
    lines = balance_lines("东门街道建设路社区居民委员会", 9.0)
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) <= 2


def test_hatch_has_the_spacing_asked_for_and_stays_inside():
    area = shapely.box(0, 0, 20, 10).difference(shapely.box(8, 3, 12, 7))
    lines = hatch_lines(np.array([area]), 0.0, 2.0)
    heights = sorted({round(float(line[0, 1]), 6) for line in lines})
    assert heights == [0, 2, 4, 6, 8, 10]
    made = shapely.multilinestrings([shapely.linestrings(line) for line in lines])
    assert shapely.covers(area.buffer(1e-9), made)
    assert made.length == pytest.approx(6 * 20 - 2 * 4)  # the two lines through the hole lose 4 mm


def test_polygon_paths_wind_holes_the_other_way():
    area = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    (path,) = polygon_paths(np.array([area, None, shapely.Point(0, 0)], dtype=object))
    ends = np.flatnonzero(path.codes == path.CLOSEPOLY)
    rings = np.split(path.vertices, ends[:-1] + 1)
    turns = [np.sign((r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]).sum()) for r in rings]
    assert sorted(turns) == [-1, 1]


def test_clip_drops_what_is_outside_and_keeps_order():
    parts = np.array([shapely.Point(5, 5), shapely.Point(50, 5), shapely.box(8, 8, 30, 30)])
    clipped = clip_to_box(parts, Box(0, 0, 10, 10), 0.1)
    assert clipped[0].equals(parts[0])
    assert clipped[1] is None
    assert clipped[2].bounds == pytest.approx((8, 8, 13, 13))


@pytest.mark.parametrize(
    "name",
    ["circle", "square", "triangle", "triangle_down", "diamond", "pentagon", "hexagon", "star",
     "cross"],
)  # fmt: skip
def test_markers_are_simple_shapes_of_about_unit_height(name):
    shape = shapely.Polygon(marker_outline(name))
    assert shape.is_valid
    assert 0.85 <= shape.bounds[3] - shape.bounds[1] <= 1.3
    assert shape.contains(shapely.Point(0, 0))


def make_badges(xy):
    item = symbol("facility", "教育")
    return [Badge(symbol=item, x=x, y=y, true_x=x, true_y=y, text="教", size=4.0) for x, y in xy]


def test_crowded_markers_are_spread_and_lone_ones_stay():
    badges = spread_badges(make_badges([(20, 20), (20, 20), (21, 20), (80, 80)]), Box(0, 0, 100, 100))
    xy = np.array([[b.x, b.y] for b in badges])
    gaps = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))[np.triu_indices(4, 1)]
    assert gaps.min() > 3.7
    assert badges[3].moved_mm == 0
    assert max(b.moved_mm for b in badges[:3]) < 4.5


def request(text, geometry, **more):
    values = {"priority": 0, "clearance": 0.0, "inside_only": False, "required": False}
    return LabelRequest(
        text=text, lines=(text,), kind=symbol("text", "标注"), geometry=geometry,
        colour="#222222", **{**values, **more},
    )  # fmt: skip


def test_label_takes_the_right_side_first_and_the_left_when_blocked():
    box, spot = Box(0, 0, 100, 60), shapely.Point(50, 30)
    (free,), _ = place_labels([request("社区", spot, clearance=2)], box, [])
    assert free.x > 50
    assert free.y == 30
    (blocked,), _ = place_labels([request("社区", spot, clearance=2)], box, [(53, 20, 60, 40)])
    assert blocked.x < 50


def test_label_avoids_a_line_when_it_can_and_crosses_it_when_it_must():
    box, spot = Box(0, 0, 100, 60), shapely.Point(50, 30)
    fence = np.array([shapely.LineString([(54, 0), (54, 60)])])
    (aside,), _ = place_labels([request("社区", spot, clearance=2)], box, [], fence)
    assert aside.corners[:, 0].max() < 54
    around = np.array([shapely.LineString([(x, 0), (x, 60)]) for x in range(0, 100, 2)])
    placed, lost = place_labels([request("社区", spot, clearance=2)], box, [], around)
    assert len(placed) == 1
    assert lost == []


def test_higher_priority_wins_and_the_loser_is_named():
    # The box holds one name to the right of the point and none elsewhere.
    box, spot = Box(0, 0, 20, 6), shapely.Point(3, 3)
    placed, lost = place_labels([request("低位名称", spot), request("高位名称", spot, priority=5)], box, [])
    assert [p.request.text for p in placed] == ["高位名称"]
    assert lost == ["低位名称"]


def test_required_label_gets_a_leader_line():
    box, spot = Box(0, 0, 100, 60), shapely.Point(50, 30)
    near = [(40, 24, 60, 36)]
    assert place_labels([request("社区", spot)], box, near)[1] == ["社区"]
    (moved,), lost = place_labels([request("社区", spot, required=True)], box, near)
    assert lost == []
    assert moved.leader is not None
    assert tuple(moved.leader[0]) == (50, 30)


def test_code_is_printed_only_where_it_fits():
    big, small = shapely.box(0, 0, 20, 10), shapely.box(30, 0, 34, 2)
    placed, lost = place_labels(
        [request("0701", big, inside_only=True), request("0702", small, inside_only=True)],
        Box(-5, -5, 60, 30), [],
    )  # fmt: skip
    assert [p.request.text for p in placed] == ["0701"]
    assert lost == ["0702"]
    assert big.contains(shapely.Polygon(placed[0].corners))


def test_name_on_a_steep_street_stands_upright():
    street = shapely.LineString([(20, 5), (22, 60)])
    (name,), _ = place_labels([request("解放路", street)], Box(0, 0, 100, 80), [])
    assert name.lines == ("解", "放", "路")
    assert abs(name.angle) < 10
    level = shapely.LineString([(10, 20), (70, 24)])
    (name,), _ = place_labels([request("解放路", level)], Box(0, 0, 100, 80), [])
    assert name.lines == ("解放路",)
    assert name.angle == pytest.approx(np.degrees(np.arctan2(4, 60)), abs=0.1)


def test_long_table_folds_into_panels_before_rows_are_lost():
    rows = tuple((str(i), "名称", "类别") for i in range(40))
    table = SideTable(title="表", columns=("编号", "名称", "类别"), rows=rows)
    tall = design_table(table, 106, 300, size=2.6, minimum=2.2)
    assert (len(tall.panels), tall.left_out) == (1, 0)
    folded = design_table(table, 106, 90, size=2.6, minimum=2.2)
    assert len(folded.panels) == 2
    assert folded.left_out == 0
    assert folded.height <= 90
    assert sum(len(panel) - 1 for panel in folded.panels) == 40


def test_a_small_ground_is_named_beside_itself_and_a_large_one_inside():
    box, small, large = Box(0, 0, 100, 60), shapely.box(49, 29, 51, 31), shapely.box(20, 10, 80, 50)
    (beside,), _ = place_labels([request("供销社宿舍", small)], box, [])
    assert not shapely.Polygon(beside.corners).intersects(small)
    (inside,), _ = place_labels([request("供销社宿舍", large)], box, [])
    assert large.contains(shapely.Polygon(inside.corners))
