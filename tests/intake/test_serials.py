"""Codes and serials that spreadsheets have eaten at."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from configs.planning import landuse_names
from layers.classification import complete
from layers.serials import clean_codes, match_keys, restore_codes, restore_width

from .conftest import E0, N0, Bench


def column(*cells: object) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


def test_codes_lose_width_blanks_apostrophes_and_points() -> None:
    parsed = clean_codes(
        column("'0701", "０７０１", " 07 01 ", "701.0", 701.0, "08h2", "2E10", "A-01", None, "/")
    )
    assert parsed.values.fillna("").tolist() == [
        "0701", "0701", "0701", "701", "701", "08h2", "2E10", "A-01", "", "",
    ]  # fmt: skip
    assert not parsed.bad.any() and not parsed.changed.any()


def test_powers_of_ten_are_written_out_or_refused() -> None:
    parsed = clean_codes(column("3.60681E+11", "3.60681003001E11", 360681003001.0, "1E+5"))
    assert parsed.values.fillna("").tolist() == ["", "360681003001", "360681003001", ""]
    assert parsed.bad.tolist() == [True, False, False, True]
    assert parsed.reasons is not None and "12 位中只剩前 6 位 360681" in parsed.reasons[0]


def test_a_width_is_proven_by_zeros_that_are_there() -> None:
    parsed = restore_width(column("0001", 2, "0013", "0250", 7.0, None))
    assert parsed.values.fillna("").tolist() == ["0001", "0002", "0013", "0250", "0007", ""]
    assert parsed.changed.tolist() == [False, True, False, False, True, False]


@pytest.mark.parametrize(
    "cells",
    [
        (1, 2, 30, 400),  # no zero anywhere: nothing is proven
        ("001", "01", "7"),  # two widths
        ("001", "7", "1000"),  # one is longer than the zeros prove
        ("A01", "7"),
    ],
)
def test_nothing_is_restored_without_proof(cells: tuple[object, ...]) -> None:
    parsed = restore_width(column(*cells))
    assert parsed.values.tolist() == [str(cell) for cell in cells] and not parsed.changed.any()


def test_a_restored_serial_that_is_taken_is_refused_with_both() -> None:
    parsed = restore_width(column("0007", "0008", "7"))
    assert parsed.bad.tolist() == [False, False, True] and pd.isna(parsed.values[2])
    assert parsed.reasons is not None and "0007" in parsed.reasons[2] and "就是 7" in parsed.reasons[2]


def test_padding_is_left_out_and_zeros_put_back_by_the_list() -> None:
    parsed = restore_codes(column("140100", 701, "070100", 7, "0701"), landuse_names())
    assert parsed.values.tolist() == ["1401", "0701", "0701", "07", "0701"]
    assert parsed.changed.tolist() == [True, True, True, True, False]


def test_two_listed_forms_are_refused_with_both() -> None:
    parsed = restore_codes(column("100"), ["0100", "01"])
    assert parsed.bad[0] and parsed.reasons is not None and parsed.reasons[0] == "可能是 01、0100"


@pytest.mark.parametrize("scheme", ["2023", "2020", "sandiao"])
def test_no_number_stands_for_two_codes_of_one_classification(scheme: str) -> None:
    """What a spreadsheet makes of a code leads back to that code alone."""
    from configs.landuse import schemes

    for code in schemes()[scheme].names:
        if code.isdigit():
            assert complete(str(int(code)), scheme) == code
    for digits in itertools.product("0123456789", repeat=3):
        word = "".join(digits)
        assert complete(word, scheme) in {None, "0" + word, ("0" + word)[:2], word}


def test_keys_are_completed_by_the_other_file() -> None:
    parsed = match_keys(column("12", "0013", "9", "x", None), ["0012", "0013", "009", "09"])
    assert parsed.values.fillna("").tolist() == ["0012", "0013", "9", "x", ""]
    assert parsed.bad.tolist() == [False, False, True, False, False]
    assert parsed.reasons is not None and parsed.reasons[2] == "可能是 009、09"


@given(st.lists(st.integers(1, 9998), min_size=2, unique=True), st.data())
def test_serials_come_back_from_numbers(numbers: list[int], data: st.DataObject) -> None:
    """Some cells as text, some as the numbers a spreadsheet makes of them: the text comes back, or a refusal."""
    kept = data.draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers)))
    cells = [f"{n:04d}" if keep else n for n, keep in zip(numbers, kept, strict=True)]
    parsed = restore_width(column("0000", *cells))
    assert parsed.values.tolist()[1:] == [f"{n:04d}" for n in numbers] and not parsed.bad.any()


def test_parcel_numbers_are_restored_with_a_row_each(bench: Bench) -> None:
    rows = [["编号", "代码"], ["0001", "1401"], [2, 701], ["0010", "1401"]]
    bench.sheet("用地.xlsx", rows)
    bench.vector(
        "图形.gpkg",
        [box(E0 + 50 * i, N0, E0 + 50 * i + 50, N0 + 50) for i in range(3)],
        {"BH": ["0001", "0002", "0010"]},
    )
    bench.add(
        "parcel", "用地.xlsx", columns={"id": "编号", "number": "编号", "landuse_code": "代码"}, key="id",
        geometry={"path": "图形.gpkg", "columns": {"id": "BH"}},
    )  # fmt: skip
    assert bench.load()["parcel"]["number"].tolist() == ["0001", "0002", "0010"]
    assert [(f.row, f.field, f.action) for f in bench.find("HSQ-V12")] == [
        ("3", "id", "已补全为 0002"), ("3", "number", "已补全为 0002"),
    ]  # fmt: skip


def test_keys_without_zeros_find_their_shapes(bench: Bench) -> None:
    bench.sheet("门.xlsx", [["编号", "名称"], [1, "东门"], [12, "西门"]])
    bench.vector("点.gpkg", [Point(E0, N0), Point(E0 + 9, N0)], {"BH": ["0001", "0012"]})
    bench.add(
        "gate", "门.xlsx", columns={"id": "编号", "name": "名称"}, key="id",
        geometry={"path": "点.gpkg", "columns": {"id": "BH"}},
    )  # fmt: skip
    frame = bench.load()["gate"]
    assert frame["name"].tolist() == ["东门", "西门"]
    assert [f.action for f in bench.find("HSQ-V12")] == ["已按几何文件补为 0001", "已按几何文件补为 0012"]


def test_a_code_that_lost_its_digits_stops_the_plan(bench: Bench) -> None:
    (bench.folder / "社区.csv").write_text(f"name,code,x,y\n甲社区,3.69901E+11,{E0},{N0}\n", encoding="utf-8")
    bench.inputs["community_given"] = [{"path": "社区.csv", "x": "x", "y": "y", "crs": "EPSG:4548"}]
    bench.vector("轮廓.gpkg", [box(E0 - 50, N0 - 50, E0 + 50, N0 + 50)], {"name": ["a"]})
    bench.add("outline", "轮廓.gpkg")
    (fault,) = bench.fail()
    assert (fault.code, fault.row, fault.field) == ("HSQ-V12", "2", "code") and "其余已丢失" in fault.problem


def test_ids_that_differ_only_in_case_width_or_blank_are_told(bench: Bench) -> None:
    for name, ids in (("甲.gpkg", ["A1", "A2"]), ("乙.gpkg", ["a1", "A3"])):
        bench.vector(name, [Point(E0, N0 + len(bench.inputs)), Point(E0 + 9, N0 + len(name))], {"id": ids})
        bench.add("gate", name)
    bench.load()
    (fault,) = bench.find("HSQ-V06")
    assert fault.severity == "警告" and fault.value == "A1、a1"
    assert fault.row == "甲.gpkg 1、乙.gpkg 1"


def test_ids_repeated_across_files_name_both(bench: Bench) -> None:
    for name in ("甲.gpkg", "乙.gpkg"):
        bench.vector(name, [Point(E0 + len(bench.inputs), N0)], {"id": ["７"]})
        bench.add("gate", name)
    (fault,) = bench.fail()
    assert (fault.code, fault.value, fault.row) == ("HSQ-V06", "7", "甲.gpkg 1、乙.gpkg 1")
