"""Numbers as they are written: read, or refused with what they may mean; never cut to their first digits."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.numbers import hanzi_value, parse_numbers


def read(cell: object, unit: str = "") -> tuple[float, bool, str]:
    parsed = parse_numbers(pd.Series([cell, "1"], dtype=object), unit=unit)
    assert parsed.reasons is not None
    assert parsed.values[1] == 1.0 and not parsed.bad[1]
    assert bool(parsed.bad[0]) == (parsed.reasons[0] != "")
    return float(parsed.values[0]), bool(parsed.changed[0]), str(parsed.reasons[0])


@pytest.mark.parametrize(
    ("cell", "unit", "value", "changed"),
    [
        ("约300平方米", "㎡", 300.0, True),
        ("300余平米", "㎡", 300.0, True),
        ("300㎡左右", "㎡", 300.0, True),
        ("1.2万余人", "", 12_000.0, True),
        ("1.2万元", "万元", 1.2, False),
        ("￥300", "万元", 0.03, True),
        ("两万元", "万元", 2.0, True),
        ("两万", "万元", 2.0, True),
        ("三万", "", 30_000.0, True),
        ("十二层", "", 12.0, True),
        ("两百平方米", "㎡", 200.0, True),
        ("1 200", "㎡", 1200.0, False),
        ("12\u3000345.5㎡", "㎡", 12_345.5, False),
        ("２００", "", 200.0, False),
        ("1.2e3", "㎡", 1200.0, False),
        ("120(㎡)", "㎡", 120.0, False),
        ("35%", "%", 35.0, False),
        ("−5", "㎡", -5.0, False),
        ("0.5㏊", "㎡", 5000.0, True),
        (True, "", math.nan, False),
    ],
)
def test_what_can_be_read(cell: object, unit: str, value: float, changed: bool) -> None:
    found, moved, _ = read(cell, unit)
    assert found == pytest.approx(value, nan_ok=True) and moved == changed


@pytest.mark.parametrize(
    ("cell", "unit", "words"),
    [
        ("3-5层", "", "下限 3，上限 5"),
        ("300㎡-500㎡", "㎡", "下限 300，上限 500"),
        ("10～20", "", "下限 10，上限 20"),
        ("3至5处", "", "下限 3，上限 5"),
        ("≥300", "㎡", "界限 300"),
        ("300以上", "", "界限 300"),
        ("不足50户", "", "界限 50"),
        ("6（含阁楼）", "", "可能是 6"),
        ("6+1", "", "算式"),
        ("1/3", "", "算式"),
        ("120+80㎡", "㎡", "算式"),
        ("12、13", "", "几个数"),
        ("1 2", "", "几个数"),
        ("1,20", "", "1.20 或 120"),
        ("1.2.3", "", "小数点"),
        ("12人", "㎡", "应为面积（㎡）"),
        ("5%", "㎡", "应为面积（㎡）"),
        ("六七层", "", "可能是范围"),
        ("#REF!", "", "错误值"),
        ("=A1*2", "", "公式"),
        ("10²", "", "单位"),
        ("②", "", "没有可读的数"),
        ("百", "", "没有可读的数"),
        ("1e400", "", "超出"),
    ],
)
def test_what_cannot_is_refused_with_its_meaning(cell: str, unit: str, words: str) -> None:
    value, _, reason = read(cell, unit)
    assert math.isnan(value) and words in reason


@pytest.mark.parametrize("cell", ["-", "/", "无", "—", "", "　", "／", "NULL"])
def test_blanks_are_no_faults(cell: str) -> None:
    assert math.isnan(read(cell)[0]) and read(cell)[2] == ""


_HANZI = "零一二三四五六七八九"


def spell(value: int) -> str:
    """Write 1 to 9999 in Chinese numerals, as a clerk does."""
    text, gap = "", False
    for step, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, step)
        if digit:
            text += ("零" if gap and text else "") + _HANZI[digit] + word
            gap = False
        else:
            gap = True
    return text.removeprefix("一") if text.startswith("一十") else text


@given(st.integers(1, 9999))
def test_chinese_numerals_come_back(value: int) -> None:
    assert hanzi_value(spell(value)) == value


FULL = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
UNITS = {"㎡": [("㎡", 1.0), ("平方米", 1.0), ("公顷", 1e4), ("亩", 2000 / 3), ("万㎡", 1e4), ("m²", 1.0), ("", 1.0)],
         "万元": [("万元", 1.0), ("元", 1e-4), ("亿元", 1e4), ("", 1.0)],
         "m": [("米", 1.0), ("km", 1e3), ("", 1.0)]}  # fmt: skip


@given(
    st.decimals(min_value=-(10**7), max_value=10**7, places=2),
    st.sampled_from([(unit, *pair) for unit, pairs in UNITS.items() for pair in pairs]),
    st.booleans(),
    st.booleans(),
)
def test_a_written_quantity_comes_back(number, unit, wide: bool, grouped: bool) -> None:
    wanted, word, factor = unit
    text = f"{number:,.2f}" if grouped else f"{number:.2f}"
    value, _, reason = read(f" {text.translate(FULL) if wide else text} {word}", wanted)
    assert reason == "" and value == pytest.approx(float(number) * factor, rel=1e-12, abs=1e-12)


@given(st.text(max_size=12))
def test_any_text_is_a_number_a_blank_or_a_fault(text: str) -> None:
    parsed = parse_numbers(pd.Series([text], dtype=object), unit="㎡")
    assert parsed.bad[0] == (parsed.reasons[0] != "")
    assert not (parsed.bad[0] and not math.isnan(parsed.values[0]))


def test_index_with_repeats_and_gaps_is_kept() -> None:
    cells = pd.Series(["3㎡", None, "x", "3㎡"], index=[7, 7, 9, 2], dtype=object)
    parsed = parse_numbers(cells, unit="㎡")
    assert parsed.values.index.tolist() == [7, 7, 9, 2]
    assert parsed.values.fillna(-1).tolist() == [3, -1, -1, 3] and parsed.bad.tolist() == [
        False,
        False,
        True,
        False,
    ]
