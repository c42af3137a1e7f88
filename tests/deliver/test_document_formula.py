"""Formulas over delivered tables: what they give, how they are written, and that they read back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deliver.document.formula import (
    CELL,
    COUNT,
    LINES,
    LIST,
    SHARE,
    SUM,
    UNIQUE,
    Formula,
    evaluate,
    parse_formula,
    write_answer,
)
from pipeline.deliver.document.grid import Grid

COLUMNS = {
    1: ("甲", "乙", "甲", "丙", None),
    2: (1, 2.5, "/", 4.0, None),
    3: (10, 5, 3, 2, None),
    4: ("强匹配：有", "无匹配：无", "强匹配：可", "", "弱匹配：小"),
}
GRID = Grid({(row, column): v for column, values in COLUMNS.items() for row, v in enumerate(values, 3)})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("B4", Decimal("2.5")),
        ("B6", Decimal(4)),
        ("A7", None),
        ("ROUND(C3/100,2)", Decimal("0.10")),
        ("COUNTA(A3:A7)", Decimal(4)),
        ('COUNTIFS(A3:A7,"甲")', Decimal(2)),
        ('COUNTIFS(A3:A7,"甲",C3:C7,">0")', Decimal(2)),
        ('COUNTIFS(A3:A7,"<>甲")', Decimal(2)),
        ('COUNTIFS(D3:D7,"强匹配*")', Decimal(2)),
        ("COUNTUNIQUE(A3:A7)", Decimal(3)),
        ("SUM(B3:B7)", Decimal("7.5")),
        ('SUMIFS(C3:C7,A3:A7,"甲")', Decimal(13)),
        ('SUMIFS(C3:C7,A3:A7,"丁")', None),
        ("LIST(A3:A7)", "甲、乙、丙"),
        ('LINESIFS(D3:D7,A3:A7,"甲")', "强匹配：有；强匹配：可"),
        ("ROUND(100*SUM(B3:B6)/SUM(C3:C6),1)", Decimal("37.5")),
        ('100*SUMIFS(B3:B7,A3:A7,"丁")/SUMIFS(C3:C7,A3:A7,"丁")', None),
    ],
)
def test_formulas_give_what_excel_would(text: str, answer: object) -> None:
    formula = parse_formula(text)
    assert str(formula) == text
    assert evaluate(formula, GRID) == answer


@pytest.mark.parametrize("text", ["", "甲", "AVERAGE(A1:A2)", "SUM(A1:A2", "100*A1/B1"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no formula"):
        parse_formula(text)


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)
RANGES = st.builds(lambda c, n: f"{c}3:{c}{n}", st.sampled_from("ABXY"), st.integers(4, 400))


@given(
    kind=st.sampled_from((COUNT, SUM, UNIQUE, LIST, LINES, SHARE)),
    where=st.lists(st.tuples(RANGES, WORDS), max_size=3),
    cells=RANGES,
    divisor=st.sampled_from((1, 10_000)),
    decimals=st.sampled_from((None, 0, 2)),
)
def test_every_formula_reads_back(kind, where, cells, divisor, decimals) -> None:
    cells = where[0][0] if where and kind == COUNT else cells
    over = "Z3:Z9" if kind == SHARE else ""
    formula = Formula(kind, cells, tuple(where), over=over, divisor=divisor, decimals=decimals)
    assert parse_formula(str(formula)) == formula


def test_numbers_print_all_their_digits() -> None:
    cells = Grid({(1, 1): 36.0, (1, 2): 0.1 + 0.2, (1, 3): 1e-7, (1, 4): 123456789.12, (1, 5): -0.5})
    texts = [write_answer(evaluate(Formula(CELL, f"{letter}1"), cells)) for letter in "ABCDE"]
    assert texts == ["36", "0.30000000000000004", "0.0000001", "123456789.12", "-0.5"]
    assert write_answer(evaluate(Formula(CELL, "D1", divisor=10_000, decimals=1), cells)) == "12345.7"
