"""Text saved after it was read in the wrong encoding: found, undone as a suggestion, never touched."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from layers.evidence import everyday_characters
from layers.mojibake import find_garbled, judge_text_cell

from .conftest import E0, N0, Bench

EVERYDAY = st.lists(st.sampled_from(sorted(everyday_characters())), min_size=2, max_size=8).map("".join)


def gbk_of(text: str) -> str:
    """What a program shows of UTF-8 text that it takes for GBK."""
    return text.encode().decode("gb18030", errors="replace")


@pytest.mark.parametrize(
    ("garbled", "original"),
    [
        ("鏂板缓", "新建"),
        (gbk_of("云溪街道"), "云溪街道"),
        ("ÐÂ½¨ÉçÇø", "新建社区"),
        ("æ–°å»ºç¤¾åŒº", "新建社区"),
        ("新建社区".encode().decode("latin-1"), "新建社区"),
        (gbk_of("3号楼A座x2"), "3号楼A座x2"),
    ],
)
def test_text_with_a_way_back(garbled: str, original: str) -> None:
    found = judge_text_cell(garbled)
    assert found is not None and found.original == original


@pytest.mark.parametrize(
    ("garbled", "glimpse"),
    [(gbk_of("云溪街道办"), "云溪街道"), (gbk_of("云溪街道办").replace("\ufffd", "?"), "云溪街道"), ("????", ""), ("锟斤拷", ""),
     ("新\ufffd建", ""), ("烫烫烫烫", "")],
)  # fmt: skip
def test_text_that_lost_something_has_none(garbled: str, glimpse: str) -> None:
    found = judge_text_cell(garbled)
    assert found is not None and found.original == "" and found.glimpse == glimpse


@pytest.mark.parametrize(
    "text",
    ["新建", "桂苑社区卫生服务站", "鄱阳湖", "䶮家塘", "café", "25°±2", "m²", "是否？", "Φ300", "100%?", "何处？?", "筲箕山",
     "Straße", "naïve", "②号", "罘罳", "—", "龖龘", "€5", "А-1", "°C"],
)  # fmt: skip
def test_text_in_order_is_left_alone(text: str) -> None:
    assert judge_text_cell(text) is None


@given(EVERYDAY)
def test_what_was_garbled_without_loss_comes_back(text: str) -> None:
    for wrong, right in (("gb18030", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gb18030")):
        data = text.encode(right)
        try:
            seen = data.decode(wrong)
        except UnicodeDecodeError:
            continue
        found = judge_text_cell(seen)
        assert found is not None and found.original == text, (wrong, right, seen)


@given(EVERYDAY)
def testeveryday_characters_text_is_never_suspected(text: str) -> None:
    assert judge_text_cell(text) is None


@given(st.lists(st.one_of(EVERYDAY, EVERYDAY.map(gbk_of), st.text(max_size=8)), max_size=8))
def test_the_quick_look_over_a_column_misses_nothing(texts: list[str]) -> None:
    found = find_garbled(pd.Series(texts, dtype="str"))
    assert found.index.tolist() == [i for i, text in enumerate(texts) if judge_text_cell(text) is not None]


def test_every_garbled_cell_is_a_row_and_stays_as_it_is(bench: Bench) -> None:
    names = [
        gbk_of(name) for name in ("东门小区", "西门小区", "南门小区", "北门小区", "桥头小区", "老街小区")
    ]
    bench.vector("门.gpkg", [Point(E0 + i, N0) for i in range(7)], {"MC": [*names, "好名字"]})
    bench.add("gate", "门.gpkg", columns={"name": "MC"})
    frame = bench.load()["gate"]
    assert set(frame["name"]) == {*names, "好名字"}
    rows = [f for f in bench.find("HSQ-F05") if f.row]
    assert [f.row for f in rows] == ["1", "2", "3", "4", "5", "6"]
    assert "东门小区" in rows[0].remedy and rows[0].action == "照原样保留"
    (whole,) = [f for f in bench.find("HSQ-F05") if not f.row]
    assert whole.severity == "提示" and "6 个值" in whole.problem


def test_garbled_column_names_are_told(bench: Bench) -> None:
    bench.vector("门.gpkg", [Point(E0, N0)], {gbk_of("名称"): ["东门"]})
    bench.add("gate", "门.gpkg")
    bench.load()
    (fault,) = bench.find("HSQ-F05")
    assert "列名" in fault.problem and "“名称”" in fault.remedy
