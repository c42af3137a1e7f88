"""The style table as CAD data: colours, lineweights, linetypes, hatches, blocks."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
import shapely
from ezdxf.colors import DXF_DEFAULT_COLORS
from ezdxf.lldxf.validator import is_valid_layer_name
from hypothesis import given
from hypothesis import strategies as st

from styles import load_symbols, symbol
from styles.aci import FOREGROUND, nearest_aci, palette
from styles.cad import LINEWEIGHTS, cad_symbols, linetype_of, linetypes, nearest_lineweight

CHANNEL = st.integers(0, 255)


def test_the_palette_is_autocads():
    for index in range(1, 250):
        if index % 10 >= 6 and index > 9:
            continue  # ezdxf's table has 0x58 and 0x7e for 0x26 and 0x4c in some of the darkest
        known = DXF_DEFAULT_COLORS[index]
        assert np.abs(palette()[index - 1] - [known >> 16, known >> 8 & 255, known & 255]).max() <= 1
    assert palette().shape == (255, 3) and palette()[254].tolist() == [255, 255, 255]


@given(CHANNEL, CHANNEL, CHANNEL)
def test_no_index_is_nearer(red, green, blue):
    found = nearest_aci(f"#{red:02X}{green:02X}{blue:02X}")
    distance = [(r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2 for r, g, b in palette().tolist()]
    others = [d for index, d in enumerate(distance, 1) if index != FOREGROUND]
    assert found != FOREGROUND and distance[found - 1] == min(others)


@given(st.integers(1, 255))
def test_a_colour_of_the_palette_is_its_own_nearest(index):
    red, green, blue = palette()[index - 1]
    assert palette()[nearest_aci(f"#{red:02x}{green:02x}{blue:02x}") - 1].tolist() == [red, green, blue]


def test_land_use_agrees_with_what_was_computed_elsewhere():
    rows = list(
        csv.DictReader(files("styles").joinpath("landuse_colors.csv").read_text("utf-8").splitlines())
    )
    # That table knew neither the greys nor that 7 is black on white.
    compared = [row for row in rows if row["aci_nearest"] not in ("7", "9")]
    assert len(compared) > 100
    wrong = [r["code"] for r in compared if nearest_aci(r["hex"]) != int(r["aci_nearest"])]
    assert not [code for code in wrong if nearest_aci(symbol("landuse", code).fill) < 250]


@pytest.mark.parametrize(
    ("width", "weight"), [(0.13, 13), (0.45, 40), (0.46, 50), (1.0, 100), (9.0, 211), (0.001, 5), (0, 0)]
)
def test_lineweights_are_autocads(width, weight):
    assert nearest_lineweight(width) == weight


@given(st.floats(0.01, 3))
def test_no_lineweight_is_nearer(width):
    assert min(abs(w - width * 100) for w in LINEWEIGHTS[1:]) == abs(nearest_lineweight(width) - width * 100)


def test_linetypes_have_the_dashes_of_the_table():
    plan = cad_symbols()["FW-规划范围"]
    assert plan.linetype.pattern == (6.0, -1.6, 1.0, -1.6) and plan.linetype.length == pytest.approx(10.2)
    assert plan.ground and plan.lineweight == 100 and plan.colour.true == 0xE60012
    assert linetype_of(()).pattern == () and linetype_of((1.2, 1.2)).name == "HSQ-1_2-1_2"
    every = linetypes(cad_symbols().values())
    assert {t.pattern for t in every} == {
        linetype_of(s.dash).pattern for s in load_symbols().values() if s.dash
    }
    assert len({t.name for t in every}) == len(every)


def test_hatch_lines_lie_their_spacing_apart():
    for item in load_symbols().values():
        hatch = cad_symbols([item])[item.dxf_layer].hatch
        if not item.hatch:
            assert hatch is None
            continue
        for line, (angle, spacing) in zip(hatch.lines, item.hatch, strict=True):
            along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
            assert line.angle == angle and np.dot(line.step, along) == pytest.approx(0)
            assert np.hypot(*line.step) == pytest.approx(spacing)


def test_every_row_is_a_layer_with_what_it_draws():
    table = cad_symbols()
    assert list(table) == [item.dxf_layer for item in load_symbols().values()]
    for item in load_symbols().values():
        cad = table[item.dxf_layer]
        assert is_valid_layer_name(cad.layer)
        assert cad.lineweight in LINEWEIGHTS and 1 <= cad.colour.aci <= 255
        assert cad.fill is None or f"#{cad.fill.true:06X}" == item.fill.upper()
        assert cad.transparency == pytest.approx(1 - item.alpha)
        if item.geometry == "point":
            outline = shapely.Polygon(cad.block.outline)
            assert outline.is_valid and cad.block.text == item.glyph
            assert outline.contains(shapely.Point(0, cad.block.text_lift))
    assert table["DL-主干路"].casing == 2.8 and table["DL-主干路"].width == pytest.approx(2.54)
