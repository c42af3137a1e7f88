"""What a plan cannot do without is said when files are read, not stages later; so are texts no sheet prints."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from shapely import LineString, MultiPolygon, Point, Polygon, box

from .conftest import E0, N0, Bench


def test_no_roads_is_an_error_of_reading(bench: Bench) -> None:
    bench.has_street = False
    (fault,) = bench.fail()
    assert fault.code == "HSQ-A05"
    assert "道路" in fault.problem and "inputs.road" in fault.remedy


def test_an_empty_file_is_not_the_same_as_none(empty_bench: Callable[[], Bench]) -> None:
    made = empty_bench()
    made.vector("社区.gpkg", [], {"name": []}, geometry_type="Polygon")
    made.add("community_given", "社区.gpkg")
    (fault,) = made.fail()
    assert (fault.code, fault.file) == ("HSQ-A05", "社区.gpkg")
    assert "没有任何要素" in fault.problem


@pytest.mark.parametrize(
    ("shape", "code", "words"),
    [
        (Point(E0 + 500, N0 + 500), "HSQ-A05", "没有规划外轮廓"),
        (LineString([(E0, N0), (E0 + 900, N0), (E0, N0 + 900), (E0, N0)]), "HSQ-G03", "实际为线"),
    ],
)
def test_communities_that_give_no_area_are_refused(
    empty_bench: Callable[[], Bench], shape: object, code: str, words: str
) -> None:
    made = empty_bench()
    made.vector("社区.gpkg", [shape], {"name": ["甲社区"]})
    made.add("community_given", "社区.gpkg")
    (fault,) = made.fail()
    assert fault.code == code and words in fault.problem


def test_a_community_in_two_parts_is_one_community(empty_bench: Callable[[], Bench]) -> None:
    made = empty_bench()
    parts = MultiPolygon([box(E0, N0, E0 + 300, N0 + 300), box(E0 + 400, N0, E0 + 700, N0 + 300)])
    made.vector("社区.gpkg", [parts], {"name": ["甲社区"]})
    made.add("community_given", "社区.gpkg")
    assert made.load()["community_given"].geometry.area.sum() == pytest.approx(180_000)


def test_a_plan_across_two_zones_is_pointed_out(empty_bench: Callable[[], Bench]) -> None:
    made = empty_bench()
    made.vector("社区.gpkg", [box(115.49, 28.34, 115.51, 28.35)], {"name": ["甲社区"]}, crs="EPSG:4490")
    made.add("community_given", "社区.gpkg")
    street = LineString([(115.49, 28.345), (115.51, 28.345)])
    made.vector("街.gpkg", [street], {"name": ["街"], "kind": ["支路"]}, crs="EPSG:4490")
    made.add("road", "街.gpkg")
    made.load()
    assert any("跨两个 3° 带" in fault.problem for fault in made.find("HSQ-X03"))


def test_texts_without_a_glyph_are_found_with_their_row(bench: Bench) -> None:
    bench.vector("门.gpkg", [Point(E0, N0), Point(E0 + 9, N0)], {"name": ["东门", "西门😀\x02"]})
    bench.add("gate", "门.gpkg")
    bench.load()
    (fault,) = bench.find("HSQ-D03")
    assert (fault.file, fault.row, fault.field, fault.severity) == ("门.gpkg", "2", "name", "警告")
    assert "U+1F600" in fault.problem and "U+0002" in fault.problem


def test_a_file_given_to_the_wrong_layer_is_one_message(bench: Bench) -> None:
    bench.vector("点.gpkg", [Point(E0 + i, N0) for i in range(30)], {"name": [f"门{i}" for i in range(30)]})
    bench.add("building", "点.gpkg")
    kinds = [fault for fault in bench.fail() if fault.code == "HSQ-G03"]
    assert len(kinds) == 1
    assert "30 个要素" in kinds[0].problem


def test_rows_that_agree_in_everything_and_have_no_place_do_not_break_reading(bench: Bench) -> None:
    bench.sheet("台账.xlsx", [["类别", "名称", "金额"], *[["资金", "补助", 5]] * 2, ["资金", "补助", 6]])
    bench.add("ledger", "台账.xlsx", columns={"category": "类别", "name": "名称", "amount_wan": "金额"})
    ledger = bench.load()["ledger"]
    assert len(ledger) >= 2 and ledger["id"].is_unique


def test_a_broken_ring_is_placed_without_the_library_s_english(bench: Bench) -> None:
    bow_tie = Polygon([(E0, N0), (E0 + 100, N0 + 100), (E0 + 100, N0), (E0, N0 + 100)])
    bench.vector("楼.gpkg", [bow_tie], {"name": ["一栋"]})
    bench.add("building", "楼.gpkg")
    fault = next(f for f in bench.fail() if f.code == "HSQ-G02")
    assert fault.value == f"{E0 + 50:.2f}，{N0 + 50:.2f}"


@pytest.mark.parametrize("name", ["坏.gpkg", "坏.geojson", "坏.xlsx", "坏.zip"])
def test_damaged_files_are_said_in_chinese(bench: Bench, name: str) -> None:
    (bench.folder / name).write_text("hello", encoding="utf-8")
    bench.add("gate", name)
    fault = next(f for f in bench.fail() if f.code == "HSQ-F02")
    assert "not" not in fault.problem and str(bench.folder) not in fault.problem


def test_a_missing_folder_of_division_codes_is_said_even_when_nothing_reads_it(bench: Bench) -> None:
    bench.plan["divisions"] = {"path": "没有"}
    (fault,) = bench.fail()
    assert (fault.code, fault.field) == ("HSQ-F01", "divisions.path")
