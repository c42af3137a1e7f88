"""Every geometry fault is found with its row and place; what is safe is mended, the rest refused."""

from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from layers.faults import FaultLog
from layers.read.raw import Place
from layers.shapes.corners import count_arcs, list_corners, measure_angles
from layers.shapes.rings import build_shapes
from layers.source import Building, Facility, Parcel, Road, Survey

from .conftest import E0, N0, Desk

BOW = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
SQUARE = box(0, 0, 100, 100)
NEEDLE = Polygon([(0, 0), (100, 0), (100, 50), (103, 50.02), (100, 50.04), (100, 100), (0, 100)])


def test_a_bow_tie_is_refused_where_it_crosses(desk: Desk) -> None:
    made = desk.mend(Building, [SQUARE, BOW], id=["A", "B"])
    assert list(made["id"]) == ["A"]
    (fault,) = desk.find("HSQ-G02")
    assert (fault.severity, fault.row, fault.x, fault.y) == ("错误", "2", E0 + 50, N0 + 50)
    assert fault.problem.startswith("“B”图形无效（边界自相交）") and fault.action == "未修复，该要素不采用"
    assert desk.place.account.gone == {"2": "剔除"}


def test_a_small_loop_is_untied_and_its_areas_are_logged(desk: Desk) -> None:
    loop = Polygon(
        [(0, 0), (100, 0), (100, 100), (50.5, 100), (50, 100.5), (50.5, 100.5), (50, 100), (0, 100)]
    )
    assert not loop.is_valid
    (shape,) = desk.local(desk.mend(Building, [loop]))
    assert shape.is_valid
    (fault,) = desk.find("HSQ-G02")
    assert fault.severity == "警告" and f"→ {shape.area:.2f} ㎡" in fault.action
    assert desk.place.account.mended == {"1"}


def test_a_hole_outside_its_shell_takes_nothing_away(desk: Desk) -> None:
    stray = Polygon(SQUARE.exterior, [box(200, 200, 201, 201).exterior])
    wide = Polygon(SQUARE.exterior, [box(200, 200, 260, 260).exterior])
    made = desk.mend(Building, [stray, wide])
    assert desk.local(made)[0].equals(SQUARE)
    one, two = desk.find("HSQ-G02")
    assert one.severity == "警告" and "9999.00 → 10000.00" in one.action
    assert two.severity == "错误" and "洞在外环之外" in two.problem
    assert (two.x - E0, two.y - N0) in [(200, 200), (200, 260), (260, 200), (260, 260)]


def test_nested_parts_are_merged_only_where_that_hardly_matters(desk: Desk) -> None:
    crumb = MultiPolygon([SQUARE, box(10, 10, 11, 11)])
    lump = MultiPolygon([SQUARE, box(10, 10, 60, 60)])
    made = desk.mend(Building, [crumb, lump])
    assert desk.local(made)[0].equals(SQUARE) and len(made) == 1
    assert [fault.severity for fault in desk.find("HSQ-G02")] == ["警告", "错误"]
    assert all("面相互嵌套" in fault.problem for fault in desk.find("HSQ-G02"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308])
@pytest.mark.filterwarnings(
    "ignore:invalid value:RuntimeWarning"
)  # shapely, while the test makes such a shape
def test_coordinates_that_are_no_place_are_refused_and_break_nothing(desk: Desk, value: float) -> None:
    wild = shapely.polygons([(0, 0), (10, 0), (10, 10), (value, 10), (0, 0)])
    made = desk.mend(Building, [wild, box(20, 0, 30, 10)])
    assert len(made) == 1
    (fault,) = desk.log.faults
    assert (fault.code, fault.severity, fault.row, fault.x) == ("HSQ-G11", "错误", "1", E0)


def test_empty_and_absent_shapes_are_refused_but_in_lists(desk: Desk) -> None:
    assert not len(desk.mend(Building, [None, Polygon()]))
    assert desk.said == [("HSQ-G01", "错误", "1"), ("HSQ-G01", "错误", "2")]
    other = Desk()
    assert len(other.mend(Survey, [None, Point(1, 1)], description=["a", "b"])) == 2 and not other.said


def test_heights_go_with_a_note_that_names_rows(desk: Desk) -> None:
    (shape,) = desk.local(desk.mend(Building, [Polygon([(0, 0, 1), (9, 0, 2), (9, 9, 3)])]))
    assert not shape.has_z
    (note,) = desk.log.faults
    assert (note.code, note.severity, note.row) == ("HSQ-G03", "提示", "1")


def test_a_collection_gives_what_the_layer_wants(desk: Desk) -> None:
    mixed = GeometryCollection([SQUARE, LineString([(100, 0), (120, 0)])])
    made = desk.mend(Building, [mixed, GeometryCollection([LineString([(0, 0), (1, 1)])])])
    assert desk.local(made)[0].equals(SQUARE) and len(made) == 1
    assert desk.said == [("HSQ-G03", "警告", "1"), ("HSQ-G03", "错误", "2")]
    assert shapely.from_wkb(desk.log.faults[0].ground).length == 20


def test_repeated_vertices_go_and_nothing_else_changes(desk: Desk) -> None:
    twice = Polygon([(0, 0), (100, 0), (100, 0), (100, 0.00005), (100, 100), (0, 100)])
    made = desk.mend(Building, [twice])
    assert shapely.get_num_coordinates(made.geometry.iloc[0]) == 5
    (note,) = desk.find("HSQ-G10")
    assert "2 个重复节点" in note.problem and (note.row, note.x, note.y) == ("1", E0 + 100, N0)


def test_a_thin_needle_is_taken_off_and_a_broad_one_reported(desk: Desk) -> None:
    broad = Polygon([(200, 0), (300, 0), (300, 40), (340, 42), (300, 44), (300, 100), (200, 100)])
    made = desk.mend(Building, [NEEDLE, broad])
    first, second = desk.local(made)
    assert first.equals(SQUARE) and second.equals(broad)
    off, left = desk.find("HSQ-G08")
    assert off.row == "1" and "已去掉尖刺，面积 10000.06 → 10000.00 ㎡" in off.action and off.x == E0 + 103
    assert left.row == "2" and left.action == "照原样保留" and "5.7°" in left.problem and left.x == E0 + 340


def test_a_needle_of_a_shared_boundary_is_left_to_the_neighbours(desk: Desk) -> None:
    made = desk.mend(Parcel, [NEEDLE], number=["A"])
    assert desk.local(made)[0].equals(NEEDLE)
    (fault,) = desk.find("HSQ-G08")
    assert fault.action == "照原样保留" and fault.problem.startswith("“A”")


def test_slivers_fail_both_tests_and_a_long_road_none(desk: Desk) -> None:
    sliver, road, tiny = box(0, 0, 30, 0.3), box(0, 10, 500, 15), box(0, 30, 0.9, 30.9)
    desk.mend(Parcel, [sliver, road, tiny], number=["S", "R", "T"])
    assert [(f.row, f.problem[:6]) for f in desk.find("HSQ-G09")] == [("1", "“S”狭长图"), ("3", "“T”细碎图")]
    assert shapely.from_wkb(desk.find("HSQ-G09")[0].ground).area == pytest.approx(9)


def test_crumbs_of_many_parts_go_and_small_parts_are_reported(desk: Desk) -> None:
    crumb, small = box(200, 0, 200.05, 0.05), box(300, 0, 300.5, 0.5)
    made = desk.mend(
        Building, [MultiPolygon([SQUARE, crumb]), MultiPolygon([SQUARE, small])], note=["a", "b"]
    )
    assert [shapely.get_num_geometries(shape) for shape in made.geometry] == [1, 2]
    gone, left = desk.find("HSQ-G09")
    assert "已去掉碎小部分，面积 10000.00 → 10000.00 ㎡" in gone.action and gone.row == "1"
    assert "细碎部分 1 个" in left.problem and left.row == "2" and left.x == pytest.approx(E0 + 300.25)


def test_lines_without_length_and_over_themselves(desk: Desk) -> None:
    shapes = [
        LineString([(0, 0), (0, 0)]),
        LineString([(0, 0), (100, 0), (60, 0)]),
        LineString([(0, 9), (9, 9)]),
    ]
    made = desk.mend(Road, shapes, kind=["支路"] * 3)
    assert [shape.length for shape in desk.local(made)] == [100, 9]
    flat, over = desk.find("HSQ-G12")
    assert (flat.row, flat.severity, flat.x) == ("1", "警告", E0)
    assert "40.00 m 与自身重叠" in over.problem and "140.00 → 100.00 m" in over.action
    assert shapely.from_wkb(over.ground).length == 40


def test_a_line_that_only_crosses_itself_is_a_line(desk: Desk) -> None:
    desk.mend(Road, [LineString([(0, 0), (10, 0), (5, 5), (5, -5)])], kind=["匝道"])
    assert not desk.said


def test_a_need_drawn_as_a_line_without_length_is_an_error(desk: Desk) -> None:
    desk.mend(Survey, [LineString([(0, 0), (0, 0)])], description=["x"])
    assert desk.said[0][:2] == ("HSQ-G12", "错误")


def test_twins_are_reported_and_both_kept(desk: Desk) -> None:
    near = [SQUARE, box(0, 0, 100, 100.5), box(300, 0, 400, 100)]
    assert len(desk.mend(Building, near, id=["A", "B", "C"])) == 3
    (fault,) = desk.log.faults
    assert (fault.code, fault.row, fault.value, fault.action) == ("HSQ-G04", "2", "B", "两个都保留")
    points = Desk()
    places = [Point(0, 0), Point(0.3, 0), Point(0, 0.2), Point(50, 0)]
    points.mend(Facility, places, id=list("abcd"), name=["食堂", "食堂", "药店", "食堂"])
    assert [(f.row, f.code) for f in points.log.faults] == [("2", "HSQ-G04")]
    lines = Desk()
    lines.mend(Road, [LineString([(0, 0), (80, 0)]), LineString([(80, 0.2), (0, 0.2)]), LineString([(0, 0), (0, 0.4)])], kind=list("abc"))  # fmt: skip
    assert [(f.row, f.code) for f in lines.log.faults] == [("2", "HSQ-G04")]


def test_repeated_rows_are_merged_in_the_account(desk: Desk) -> None:
    made = desk.mend(Building, [SQUARE] * 3, id=["A", "B", "C"], name=["x", "x", "y"])
    assert list(made["id"]) == ["A", "C"]
    assert desk.place.account.gone == {"2": "合并"}


def test_arcs_broken_into_chords_are_noted(desk: Desk) -> None:
    arc = Point(0, 0).buffer(20, quad_segs=23)
    desk.mend(Building, [arc, Point(90, 0).buffer(20)], id=["圆", "另"])
    (note,) = desk.log.faults
    assert note.code == "HSQ-G03" and "1 个要素含圆弧或曲线：“圆”" in note.problem


def form(kind: int, *runs: list[tuple[float, float]]) -> bytes:
    """WKB of a line (2) or polygon (3), closed or not."""
    head = struct.pack("<BI", 1, kind) + (struct.pack("<I", len(runs)) if kind == 3 else b"")
    body = b"".join(
        struct.pack("<I", len(run)) + struct.pack(f"<{2 * len(run)}d", *np.ravel(run)) for run in runs
    )
    return head + body


@pytest.mark.parametrize(
    ("gap", "scale", "closes"),
    [(0.04, 1.0, True), (3.0, 1.0, False), (3e-7, 1e-3, True), (0.04, 1e-3, False)],
)
def test_a_ring_is_closed_where_its_ends_are_one_place(gap: float, scale: float, closes: bool) -> None:
    log = FaultLog()
    ring = [(0, 0), (1000 * scale, 0), (1000 * scale, 1000 * scale), (gap, 0)]
    if scale == 1.0:
        ring = [(E0 + x, N0 + y) for x, y in ring]
    forms = np.array([form(3, ring), None, shapely.to_wkb(SQUARE)], dtype=object)
    place = Place("a.shp", "a", log)
    shapes = build_shapes(forms, pd.Index([7, 8, 9]), place)
    assert [shape is not None for shape in shapes] == [closes, False, True]
    (fault,) = log.faults
    assert (fault.code, fault.severity, fault.row) == ("HSQ-G07", "警告" if closes else "错误", "7")
    assert place.account.gone == ({} if closes else {"7": "剔除"})


def test_a_line_of_one_vertex_is_refused_with_its_place() -> None:
    log = FaultLog()
    (shape,) = build_shapes(
        np.array([form(2, [(E0, N0)])], dtype=object), pd.Index([4]), Place("a", "a", log)
    )
    (fault,) = log.faults
    assert shape is None and (fault.code, fault.row, fault.value) == ("HSQ-G12", "4", "486000，3137000")


def test_angles_are_those_of_the_drawing() -> None:
    triangle = Polygon([(0, 0), (10, 0), (0, 10)], [[(1, 1), (2, 1), (1, 2)]])
    corners = list_corners([triangle, LineString([(0, 0), (5, 0), (5, 5)]), None])
    angles = measure_angles(corners, least_m=1e-4)
    assert sorted(np.round(angles[corners.feature == 0])) == [45, 45, 45, 45, 90, 90]
    assert np.isnan(angles[corners.feature == 1][[0, 2]]).all() and angles[corners.feature == 1][
        1
    ] == pytest.approx(90)
    assert count_arcs(corners, step_deg=4, features=3).tolist() == [0, 0, 0]
