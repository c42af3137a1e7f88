"""Shared boundaries: mended within the tolerance, refused beyond it, ground never lost or counted twice."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from layers.faults import Fault, FaultLog
from layers.planar import mend_planar, rank_shapes, report_gaps
from layers.read.raw import Place
from layers.seams import find_gaps, is_narrow
from layers.shapes.findings import Findings
from layers.tiles import OUTSIDE, cut_tiles
from pipeline.stages.tiling import tile_frames

TOLERANCE = 0.05


def mend(*shapes: Polygon, names: str = "ABCDEFGHIJKLMNOP") -> tuple[list[Polygon], list[Fault]]:
    log = FaultLog()
    frame = gpd.GeoDataFrame({"number": list(names[: len(shapes)])}, geometry=list(shapes), crs="EPSG:4548")
    (made,) = tile_frames([frame], [Place("用地.shp", "用地", log)], tolerance_m=TOLERANCE)
    return list(made.geometry), log.faults


def overlap_of(shapes: list[Polygon]) -> float:
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < two
    made = np.array(shapes, dtype=object)
    return float(shapely.area(shapely.intersection(made[one[pairs]], made[two[pairs]])).sum())


def test_a_valid_tiling_comes_back_as_it_was() -> None:
    shapes = [box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 10, 20), box(10, 10, 20, 20)]
    made, faults = mend(*shapes)
    assert all(one is two or one.equals_exact(two) for one, two in zip(made, shapes, strict=True))
    assert not faults


def test_a_narrow_overlap_goes_to_the_smaller_one_with_areas_before_and_after() -> None:
    made, (fault, *rest) = mend(box(0, 0, 100.03, 50), box(100, 0, 150, 50))
    assert [shape.area for shape in made] == pytest.approx([5000, 2500])
    assert (fault.code, fault.severity, fault.row) == ("HSQ-G05", "警告", "0")
    assert "“A”与“B”重叠 1.50 ㎡（平均宽 0.030 m）" in fault.problem
    assert "划归“B”" in fault.action and "5001.50 → 5000.00 ㎡" in fault.action
    assert shapely.from_wkb(fault.ground).area == pytest.approx(1.5)
    assert all(other.severity == "提示" for other in rest)


@pytest.mark.parametrize(("slit", "fills"), [(0.02, True), (0.049, True), (0.3, False)])
def test_a_slit_with_open_ends_is_closed_where_it_is_narrow(slit: float, fills: bool) -> None:
    left, right = box(0, 0, 100, 50), box(100 + slit, 0, 180, 50)
    made, faults = mend(left, right)
    assert shapely.coverage_is_valid(made)
    filled = sum(shape.area for shape in made) - left.area - right.area
    assert filled == pytest.approx(slit * 50 if fills else 0)
    assert [fault.severity for fault in faults if "缝隙" in fault.problem] == (["警告"] if fills else [])


def test_a_gap_that_is_closed_in_is_filled_or_named_by_its_width() -> None:
    frame = [box(0, 0, 30, 10), box(0, 10, 10, 20), box(20, 10, 30, 20), box(0, 20, 30, 30)]
    made, faults = mend(*frame)
    assert sum(shape.area for shape in made) == 800
    (fault,) = (fault for fault in faults if fault.severity == "警告")
    assert (
        fault.severity == "警告"
        and "有 100.00 ㎡ 的缝隙" in fault.problem
        and fault.action.startswith("未填补")
    )
    assert "“A”" in fault.problem and all(f"“{name}”" in fault.problem for name in "BCD")
    assert (fault.x, fault.y) == (15, 15) and shapely.from_wkb(fault.ground).area == 100


def test_ground_narrower_than_coordinates_are_exact_is_no_gap() -> None:
    shapes = [box(0, 0, 30, 10), box(0, 10, 10, 20), box(10.0005, 10, 30, 20), box(0, 20, 30, 30)]
    assert shapely.get_num_interior_rings(shapely.union_all(shapes)) == 1
    log = FaultLog()
    keys = np.array(list("ABCD"), dtype=object)
    findings = Findings(keys, keys, [Place("用地.shp", "用地", log)])
    report_gaps(np.array(shapes, dtype=object), findings, tolerance_m=TOLERANCE, valid=False)
    assert not log.faults


def test_an_angle_that_opens_is_no_gap() -> None:
    made, faults = mend(box(0, 0, 10, 10), Polygon([(10, 0), (20, 0), (20, 10), (10.5, 10)]))
    assert made[0].area == 100 and not faults


def test_a_wide_overlap_is_refused_with_both_names_and_nothing_is_changed() -> None:
    shapes = [box(0, 0, 100, 50), box(99, 0, 150, 50), box(150, 0, 200, 50)]
    made, (fault,) = mend(*shapes)
    assert made == shapes
    assert fault.severity == "错误" and fault.problem.startswith("“A”与“B”重叠 50.00 ㎡")
    assert 99 < fault.x < 100 and shapely.from_wkb(fault.ground).area == pytest.approx(50)


def test_a_needle_into_the_neighbour_is_refused_because_its_tip_would_move() -> None:
    needle = Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10, 5.02), (5, 5.01), (10, 5)])
    shapes = [needle, box(0, 0, 10, 10)]
    made, faults = mend(*shapes)
    assert made == shapes and [fault.severity for fault in faults] == ["错误"]


def test_the_same_parcel_twice_is_refused() -> None:
    _, (fault,) = mend(box(0, 0, 10, 10), box(0, 0, 10, 10))
    assert fault.severity == "错误" and "重叠 100.00 ㎡" in fault.problem


def test_vertices_that_only_one_side_has_are_given_to_the_other() -> None:
    made, (note,) = mend(box(0, 0, 10, 20), box(10, 0, 20, 10), box(10, 10, 20, 20))
    assert shapely.coverage_is_valid(made) and sum(shape.area for shape in made) == 400
    assert note.severity == "提示" and "公共边节点不一致：“A”" in note.problem


def test_a_file_named_first_keeps_contested_ground() -> None:
    log = FaultLog()
    frames = [
        gpd.GeoDataFrame({"number": [name]}, geometry=[shape], crs="EPSG:4548")
        for name, shape in (("大", box(0, 0, 100.02, 50)), ("小", box(100, 0, 110, 50)))
    ]
    made = tile_frames(frames, [Place("一.shp", "x", log), Place("二.shp", "x", log)], tolerance_m=TOLERANCE)
    assert made[0].area.iloc[0] == pytest.approx(5001) and made[1].area.iloc[0] == pytest.approx(499)
    fault = next(fault for fault in log.faults if fault.severity == "警告")
    assert fault.file == "二.shp" and "“大”（一.shp）" in fault.problem


def test_points_among_communities_are_left_alone() -> None:
    log = FaultLog()
    frame = gpd.GeoDataFrame({"name": ["点"]}, geometry=[shapely.Point(3, 3)], crs="EPSG:4548")
    (made,) = tile_frames([frame], [Place("a", "b", log)], tolerance_m=TOLERANCE)
    assert made.equals(frame) and not log.faults


@settings(max_examples=60, deadline=None)
@given(
    columns=st.integers(2, 4),
    rows=st.integers(2, 4),
    seed=st.integers(0, 10_000),
    jitter=st.floats(0.002, 0.02),
)
@example(columns=4, rows=4, seed=4, jitter=0.002)
@example(columns=2, rows=3, seed=9769, jitter=0.002)
def test_a_tiling_shaken_within_the_tolerance_becomes_one_again(
    columns: int, rows: int, seed: int, jitter: float
) -> None:
    """Every polygon is drawn anew by a hand that shakes: no vertex moves farther than allowed, no ground is lost."""
    rng = np.random.default_rng(seed)
    true = [box(x * 20, y * 15, x * 20 + 20, y * 15 + 15) for x in range(columns) for y in range(rows)]
    drawn = [
        shapely.transform(shape, lambda xy: np.vstack([(moved := xy[:-1] + rng.uniform(-jitter, jitter, (len(xy) - 1, 2))), moved[:1]]))
        for shape in true
    ]  # fmt: skip
    made, faults = mend(*drawn)
    assert not [fault for fault in faults if fault.severity == "错误"]
    assert overlap_of(made) < 1e-6
    for before, after in zip(drawn, made, strict=True):
        assert shapely.hausdorff_distance(before.boundary, after.boundary) <= TOLERANCE + 0.001 + 1e-9
        assert after.is_valid
    covered = shapely.union_all(drawn)
    # Snapping to a millimetre may draw the outermost edge in by as much.
    assert shapely.difference(covered, shapely.union_all(made)).area <= 0.001 * covered.length
    holes = np.array([shapely.polygons(ring) for part in shapely.get_parts(shapely.union_all(made)) for ring in part.interiors])  # fmt: skip
    assert (~is_narrow(holes, 0.001)).sum() == sum(
        "缝隙" in fault.problem and fault.action.startswith("未") for fault in faults
    )


def test_the_outcome_does_not_depend_on_the_order_of_rows() -> None:
    shapes = np.array([box(0, 0, 100.03, 50), box(100, 0, 150, 50), box(0, 50.02, 150, 90)], dtype=object)
    keys = np.array(list("ABC"), dtype=object)
    found = []
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        findings = Findings(keys[order], keys[order], [Place("a", "b", FaultLog())])
        rank = rank_shapes(shapes[order], np.zeros(3, dtype=int), keys[order])
        made = mend_planar(shapes[order], findings, rank=rank, tolerance_m=TOLERANCE)
        found.append(
            {key: shapely.normalize(shape).wkt for key, shape in zip(keys[order], made, strict=True)}
        )
    assert found[0] == found[1] == found[2]


def test_a_polygon_thinner_than_the_tolerance_is_no_gap() -> None:
    thin = box(10, 0, 10.03, 10)
    made, faults = mend(box(0, 0, 10, 10), thin, box(10.03, 0, 20, 10), box(0, -5, 20, 0.02))
    assert made[1].area > 0 and overlap_of(made) < 1e-9
    gaps = find_gaps(np.array(made, dtype=object), width_m=TOLERANCE, least_m=0.001)
    assert not len(gaps.ground) and not [fault for fault in faults if fault.severity == "错误"]


def test_parcels_are_cut_along_the_plan_and_drawn_onto_its_line() -> None:
    areas = np.array([box(0, 0, 100, 100), box(100, 0, 200, 100)], dtype=object)
    shapes = np.array(
        [box(0.02, 0, 50, 100), box(50, 0, 100.03, 100), box(100.03, 0, 150, 100), box(150, 0, 230, 100), box(300, 0, 310, 10)],
        dtype=object,
    )  # fmt: skip
    tiles = cut_tiles(shapes, areas, tolerance_m=TOLERANCE)
    assert tiles.parcel.tolist() == [0, 1, 2, 3, 3, 4] and tiles.area.tolist() == [
        0,
        0,
        1,
        1,
        OUTSIDE,
        OUTSIDE,
    ]
    assert shapely.area(tiles.shape) == pytest.approx([5000, 5000, 5000, 5000, 3000, 100])
    assert shapely.union_all(tiles.shape[tiles.area == 0]).equals(areas[0])


def test_parcels_that_agree_with_the_plan_to_the_millimetre_are_not_touched() -> None:
    areas = np.array([box(0, 0, 100, 100)], dtype=object)
    shapes = np.array([box(-0.0004, 0, 50, 100), box(50, 0, 99.9996, 100)], dtype=object)
    tiles = cut_tiles(shapes, areas, tolerance_m=TOLERANCE)
    assert all(one is two for one, two in zip(tiles.shape, shapes, strict=True))
