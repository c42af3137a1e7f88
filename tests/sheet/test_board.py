"""Every symbol of the style table looks as it did: one picture, compared cell by cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from styles.table import load_symbols
from tests.sheet.board import BASELINE, cut_cell, draw_board, list_drawn

# Mean difference of a cell, of 255: rasters of other machines differ at edges.
TOLERANCE = 1.5


@pytest.fixture(scope="module")
def board():
    return draw_board()


def measure_cells(board, transform) -> dict[tuple[str, str], float]:
    """Mean difference to the baseline by class; colours that shift alike count in full."""
    known = np.asarray(Image.open(BASELINE).convert("RGB"))
    assert known.shape == board.shape
    return {
        (item.theme, item.value): float(
            np.abs(cut_cell(board, transform, n).astype(int) - cut_cell(known, transform, n)).mean()
        )
        for n, item in enumerate(list_drawn())
    }


def test_every_symbol_looks_as_it_did(board):
    changed = {key: round(value, 1) for key, value in measure_cells(*board).items() if value > TOLERANCE}
    assert not changed, "meant? then python -m tests.sheet.board"


def test_no_cell_of_the_baseline_is_empty():
    known = np.asarray(Image.open(BASELINE).convert("RGB"))
    _, transform = draw_board()
    flat = [i.value for n, i in enumerate(list_drawn()) if cut_cell(known, transform, n).std() < 0.5]
    # Grounds that are there to be pale, not to be seen.
    assert set(flat) <= {"底色", "蒙版"}


@pytest.mark.parametrize("key", [("update", "改造"), ("facility", "养老"), ("boundary", "研究范围")])
def test_a_changed_colour_is_noticed(key):
    known = load_symbols()
    before = known[key]
    known[key] = replace(before, fill="#00FFFF" if before.fill else "", line="#00FFFF")
    try:
        cells = measure_cells(*draw_board())
    finally:
        known[key] = before
    assert [k for k, value in cells.items() if value > TOLERANCE] == [key]
