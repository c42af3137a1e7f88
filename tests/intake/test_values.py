from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.values import fold_text, parse_flags, parse_numbers, restore_codes


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("1,200㎡", "㎡", 1200.0),
        ("0.5公顷", "㎡", 5000.0),
        ("１，２００．５ 平方米", "㎡", 1200.5),
        ("3亩", "㎡", 2000.0),
        ("1.2万㎡", "㎡", 12000.0),
        ("0.02km²", "㎡", 20000.0),
        ("12层", "", 12.0),
        ("6F", "", 6.0),
        ("约１２０人", "", 120.0),
        ("1.2万人", "", 12000.0),
        ("1.5km", "m", 1500.0),
        ("DN300", "mm", 300.0),
        ("0.3m", "mm", 300.0),
        ("300mm", "mm", 300.0),
        ("35万元", "万元", 35.0),
        ("8000元", "万元", 0.8),
        ("1.5亿元", "万元", 15000.0),
        ("-5", "㎡", -5.0),
        ("1e3", "", 1000.0),
        (" 42 ", "", 42.0),
        (7, "", 7.0),
        (7.5, "", 7.5),
    ],
)
def test_numbers_with_units(cell: object, unit: str, value: float) -> None:
    parsed = parse_numbers(pd.Series([cell, "x"], dtype=object), unit=unit)
    assert parsed.values[0] == pytest.approx(value) and not parsed.bad[0]
    assert parsed.bad[1]


@pytest.mark.parametrize("cell", ["", "/", "-", "—", "无", "暂无", "　", None, "N/A", float("nan")])
def test_blanks_are_missing_not_wrong(cell: object) -> None:
    parsed = parse_numbers(pd.Series([cell, "1"], dtype=object))
    assert math.isnan(parsed.values[0]) and not parsed.bad[0]


@pytest.mark.parametrize("cell", ["六层", "6+1", "1,20", "12人", "10-20", "1.2.3", "1e400", "=A1", "㎡"])
def test_text_is_wrong_not_missing(cell: str) -> None:
    assert parse_numbers(pd.Series([cell]), unit="㎡").bad[0]


def test_units_that_only_count_are_kept() -> None:
    parsed = parse_numbers(pd.Series(["24托位", "1.2万人次", "30", "25吨/日"]), unit="*")
    assert parsed.values.tolist() == [24.0, 12000.0, 30.0, 25.0]
    assert parsed.units is not None
    assert parsed.units.fillna("").tolist() == ["托位", "人次", "", "吨/日"]


@given(st.floats(-1e9, 1e9).map(lambda value: round(value, 3)))
def test_written_numbers_come_back(value: float) -> None:
    for text in (f"{value}", f"{value:,.3f}", f"{value:.3f}㎡"):
        assert parse_numbers(pd.Series([text]), unit="㎡").values[0] == pytest.approx(value, abs=1e-6)


def test_flags() -> None:
    parsed = parse_flags(pd.Series(["是", "√", "否", "×", "1", "Ｎ", "/", "也许"]))
    assert parsed.values.tolist()[:6] == [True, True, False, False, True, False]
    assert parsed.values.isna().tolist() == [False] * 6 + [True, True]
    assert parsed.bad.tolist() == [False] * 7 + [True]


def test_lost_zeros_come_back_only_where_that_is_certain() -> None:
    parsed = restore_codes(
        pd.Series([701.0, "0702", "1401", "801", "999", None], dtype=object), ["0701", "0702", "1401", "0801"]
    )
    assert parsed.values.fillna("").tolist() == ["0701", "0702", "1401", "0801", "999", ""]
    assert parsed.changed.tolist() == [True, False, False, True, False, False]
    assert parsed.bad.tolist() == [False, False, False, False, True, False]


def test_text_of_whole_numbers_has_no_point() -> None:
    assert fold_text(pd.Series([360681003001.0, 2.5])).tolist() == ["360681003001", "2.5"]
    assert fold_text(pd.Series(["\u3000清源\u200b ", "/", 12.0, None], dtype=object)).fillna("").tolist() == [
        "清源",
        "",
        "12",
        "",
    ]
