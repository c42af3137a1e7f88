"""Dates and years of Chinese offices: read, or refused with every reading they allow."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.dates import parse_dates, parse_years


def read(parse, cell: object) -> tuple[str, bool, str]:
    parsed = parse(pd.Series([cell, None], dtype=object))
    assert pd.isna(parsed.values[1]) and not parsed.bad[1]
    assert bool(parsed.bad[0]) == (parsed.reasons[0] != "")
    return parsed.values.fillna("")[0], bool(parsed.changed[0]), parsed.reasons[0]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("二〇二五年三月", "2025-03"),
        ("二零二五年十二月三十一日", "2025-12-31"),
        ("二O二五年三月廿五日", "2025-03-25"),
        ("2025年3月5日", "2025-03-05"),
        ("2025 年 3 月 5 号", "2025-03-05"),
        ("２０２５年３月", "2025-03"),
        ("2025.3", "2025-03"),
        (2025.3, "2025-03"),
        ("2025.10", "2025-10"),
        ("2025/3/5", "2025-03-05"),
        ("2025-03-05 12:30:00", "2025-03-05"),
        ("2025-03-05T00:00:00Z", "2025-03-05"),
        (datetime(2025, 3, 5), "2025-03-05"),
        (datetime(2025, 3, 5, 12, 30), "2025-03-05"),
        (date(2025, 3, 5), "2025-03-05"),
        ("20250305", "2025-03-05"),
        (20250305.0, "2025-03-05"),
        ("202503", "2025-03"),
        (2025, "2025"),
        ("2025年度", "2025"),
        ("5-Mar-2025", "2025-03-05"),
        ("Mar 5, 2025", "2025-03-05"),
        ("/", ""),
        ("不详", ""),
    ],
)
def test_dates_that_say_one_thing(cell: object, text: str) -> None:
    assert read(parse_dates, cell) == (text, False, "")


@pytest.mark.parametrize(
    ("cell", "text"),
    [(45721, "2025-03-05"), ("45721.5", "2025-03-05"), ("98年5月", "1998-05"), ("25/3/2025", "2025-03-25"),
     ("98/05/06", "1998-05-06"), ("2025年3月底", "2025-03"), ("5/5/2025", "2025-05-05")],
)  # fmt: skip
def test_dates_that_need_a_remark(cell: object, text: str) -> None:
    assert read(parse_dates, cell) == (text, True, "")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("25/03/05", "2025-03-05 或 2005-03-25"),
        ("250305", "2025-03-05 或 2005-03-25"),
        ("3/5/2025", "2025-05-03 或 2025-03-05"),
        (2025.1, "2025-01 或 2025-10"),
        ("Mar-25", "可能是 2025-03"),
        ("5-Mar", "没有年份"),
        ("3月5日", "没有年份"),
        ("民国114年", "公元 2025 年"),
        ("民国元年", "公元 1912 年"),
        ("2025-02-30", "没有这一天"),
        ("2025年13月", "没有 13 月"),
        ("2025.3-2025.6", "2025-03 至 2025-06"),
        ("2019年至今", "2019 至今"),
        ("2025年3-5月", "时段"),
        ("2025年一季度", "季度"),
        ("1200年", "1800–2100"),
        ("近期", "不是可读的日期"),
    ],
)
def test_dates_that_do_not(cell: object, words: str) -> None:
    text, _, reason = read(parse_dates, cell)
    assert text == "" and words in reason


@pytest.mark.parametrize(
    ("cell", "text", "changed"),
    [
        ("1998", "1998", False),
        (1998.0, "1998", False),
        ("1998年5月", "1998", False),
        ("1990年代", "1990年代", False),
        ("1980s", "1980年代", False),
        ("80年代", "1980年代", True),
        ("八十年代末", "1980年代", True),
        ("上世纪九十年代", "1990年代", True),
        ("二十世纪八十年代", "1980年代", True),
        ("00年代", "2000年代", True),
        ("98年", "1998", True),
        ("05年", "2005", True),
        (98, "1998", True),
        ("约1995年", "1995", True),
        ("1998年左右", "1998", True),
        ("建于1998年", "1998", True),
        ("二〇〇五年建成", "2005", True),
    ],
)
def test_years_of_building(cell: object, text: str, changed: bool) -> None:
    assert read(parse_years, cell) == (text, changed, "")


@pytest.mark.parametrize(
    ("cell", "words"),
    [("20年代", "1920 年代或 2020 年代"), ("1998-2003", "1998 至 2003"), ("2000年以前", "界限 2000"),
     ("民国23年", "公元 1934 年"), ("清代", "朝代"), ("60-70年代", "时段"), ("85年代", "整十年")],
)  # fmt: skip
def test_years_that_are_none(cell: object, words: str) -> None:
    text, _, reason = read(parse_years, cell)
    assert text == "" and words in reason


DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))
DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def count(value: int) -> str:
    """Write 1 to 31 in Chinese numerals."""
    tens, ones = divmod(value, 10)
    return ("" if not tens else "十" if tens == 1 else "〇一二三"[tens] + "十") + (
        "" if not ones else "〇一二三四五六七八九"[ones]
    )


@given(DAYS)
def test_a_day_comes_back_however_it_is_written(day: date) -> None:
    ways = [
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day:%Y%m%d}",
        f"{str(day.year).translate(DIGITS)}年{count(day.month)}月{count(day.day)}日",
        (day - date(1899, 12, 30)).days,
        datetime(day.year, day.month, day.day),
    ]
    for way in ways:
        assert read(parse_dates, way)[0] == day.isoformat(), way


@given(DAYS)
def test_two_digit_years_give_the_day_or_both_readings(day: date) -> None:
    text, _, reason = read(parse_dates, f"{day:%y/%m/%d}")
    expected = day if 1950 <= day.year < 2050 else None
    if expected is not None:
        assert day.isoformat() in (text or reason)
    assert bool(text) != bool(reason)


@given(st.text(max_size=12))
def test_any_text_is_a_date_a_blank_or_a_fault(text: str) -> None:
    found, _, reason = read(parse_dates, text)
    assert not (found and reason)
    if len(found) == 10:
        assert date.fromisoformat(found) + timedelta(0) == date.fromisoformat(found)
