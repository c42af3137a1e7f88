"""The style table, the fonts and the furniture."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from styles import GlyphError, StyleError, load_symbols, symbol, theme_symbols
from styles.fonts import check_glyphs, find_missing, font_path, measure_em
from styles.frame import load_frame
from styles.table import relative_luminance, text_colour_on

THEMES = [
    "landuse",
    "facility",
    "update",
    "urgency",
    "match",
    "boundary",
    "engineering",
    "dimension",
    "road",
    "building",
    "building_floors",
    "building_decade",
    "building_quality",
    "building_status",
    "building_use",
    "surface",
    "utility_line",
    "utility_point",
    "resource",
    "coverage",
    "home",
    "sharing",
    "business",
    "heritage",
    "phase",
    "context",
    "text",
]


@pytest.mark.parametrize("theme", THEMES)
def test_theme_exists_and_can_be_drawn(theme):
    for item in theme_symbols(theme):
        assert item.name
        assert item.fill or item.line
        assert item.source
        assert 0 < item.confidence <= 1
        assert item.dxf_layer


def test_land_use_colours_are_the_national_ones():
    text = files("styles").joinpath("landuse_colors.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert {s.value for s in theme_symbols("landuse")} == {r["code"] for r in rows}
    for row in rows:
        rgb = tuple(int(symbol("landuse", row["code"]).fill[i : i + 2], 16) for i in (1, 3, 5))
        assert rgb == (int(row["r"]), int(row["g"]), int(row["b"]))


def test_every_glyph_of_the_table_can_be_drawn():
    assert find_missing(s.name + s.glyph + s.legend_text for s in load_symbols().values()) == {}


def test_cad_layer_names_are_unique_and_legal():
    names = [s.dxf_layer for s in load_symbols().values()]
    assert len(set(names)) == len(names)
    assert not [n for n in names if set(n) & set('<>/\\":;?*|=`,')]


def test_unknown_class_and_theme_are_named_with_what_exists():
    with pytest.raises(StyleError, match=r"没有类别“游泳”.*教育"):
        symbol("facility", "游泳")
    with pytest.raises(StyleError, match="没有主题“颜色”"):
        symbol("颜色", "红")
    with pytest.raises(StyleError, match="版式"):
        load_frame("poster")


def test_missing_glyphs_are_all_listed_with_their_text():
    check_glyphs(["好社区（2026）15分钟 ㎡ ① ℃ ‰ 贵溪"])
    with pytest.raises(GlyphError) as caught:
        check_glyphs(["甲🚌", "乙🚌丙🌳"])
    assert caught.value.missing == {"🚌": ["甲🚌", "乙🚌丙🌳"], "🌳": ["乙🚌丙🌳"]}


@pytest.mark.parametrize("family", ["sans", "serif"])
def test_fonts_come_from_the_package(family):
    assert "pylopdf_fonts_zh_cn" in str(font_path(family))
    assert measure_em("社区", family) == pytest.approx(2.0)
    assert 0.4 < measure_em("1", family) < 0.7


def test_text_colour_reads_on_its_ground():
    for ground in ("#FFFF2D", "#FF0000", "#006380", "#FFFFFF", "#FF85C9", "#000000"):
        text = text_colour_on(ground)
        light, dark = sorted((relative_luminance(ground), relative_luminance(text)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.0


def test_furniture_keeps_the_binding_edge_and_does_not_overlap():
    for layout in ("standard", "wide"):
        frame = load_frame(layout)
        assert frame.frame.bounds == (25, 5, 415, 292)
        assert frame.map.right < frame.column.left
        assert frame.map.top < frame.title.bottom
        assert frame.column.right < frame.frame.right
        assert frame.lines["frame"] == 1.0
        assert frame.type["title"] >= 7.0
        assert frame.type["minimum"] >= 2.2
