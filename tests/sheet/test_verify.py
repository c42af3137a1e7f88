"""The self-check of a sheet finds what is wrong with it, and nothing where all is well."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

from pipeline.deliver.items import Check, Item
from pipeline.deliver.quality import PATH, quality_rows, write_quality
from pipeline.deliver.sheet.contrast import measure_contrast
from pipeline.deliver.sheet.labels import Placement
from pipeline.deliver.sheet.places import LabelRequest
from pipeline.deliver.sheet.render import draw_sheet
from pipeline.deliver.sheet.spec import Drawn
from pipeline.deliver.sheet.verify import verify_sheet
from styles import symbol
from styles.table import contrast_ratio, load_symbols
from tests.builders import make_plan
from tests.sheet.samples import SHEETS, make_facilities


def find_wrong(report, spec) -> dict[str, str]:
    return {check.rule: check.wrong for check in verify_sheet(report, spec) if check.wrong}


@pytest.mark.parametrize("name", tuple(SHEETS))
def test_a_good_sheet_passes_every_rule(drawn, name):
    spec, _, report = drawn[name]
    assert find_wrong(report, spec) == {}
    assert len(report.label_contrast) == len(report.labels)


def _widen(report, _):
    minx, miny, maxx, maxy = report.window
    return replace(report, window=(minx, miny, maxx + 1, maxy))


def _overlap(report, _):
    return replace(
        report, labels=(*report.labels, report.labels[0]), label_contrast=(*report.label_contrast, 9.0)
    )


SPOILT = {
    "map wider than its scale": (_widen, "比例尺", "横向"),
    "bar too long": (lambda r, _: replace(r, scale_bar_px=r.scale_bar_px * 1.01), "比例尺", "比例尺条"),
    "no standard scale": (lambda r, _: replace(r, scale=7777), "比例尺", "标准比例尺"),
    "class lacking in legend": (
        lambda r, _: replace(r, legend_classes=frozenset(list(r.legend_classes)[1:])), "图例与图面", "图例缺",
    ),
    "class not drawn": (
        lambda r, _: replace(r, legend_classes=r.legend_classes | {("landuse", "0703")}), "图例与图面", "图例多",
    ),
    "count of the layer": (
        lambda r, _: replace(r, feature_counts={**r.feature_counts, ("facility", "教育"): 99}), "要素数", "图面 99",
    ),
    "nothing drawn": (lambda r, _: replace(r, feature_counts={}), "要素数", "没有要素"),
    "labels overlap": (_overlap, "标注", "相压"),
    "label out of the map": (lambda r, _: replace(r, labels_outside=2), "标注", "2 个标注超出图框"),
    "faint label": (
        lambda r, _: replace(r, label_contrast=(1.7, *r.label_contrast[1:])), "文字对比度", "1.7",
    ),
    "small print": (lambda r, _: replace(r, smallest_text_mm=1.9), "最小字高", "小于 2.2 mm"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_each_fault_is_found_by_its_rule(drawn, name):
    spoil, rule, said = SPOILT[name]
    spec, _, report = drawn["facilities"]
    wrong = find_wrong(spoil(report, spec), spec)
    assert list(wrong) == [rule]
    assert said in wrong[rule]


def test_a_feature_out_of_the_map_makes_the_legend_count_wrong(town):
    spec = make_facilities(town)
    (points,) = [layer for layer in spec.layers if layer.theme == "facility"]
    far = points.frame.copy()
    far.loc[far.index[0], far.geometry.name] = shapely.Point(0, 0)
    moved = replace(spec, layers=tuple(replace(d, frame=far) if d is points else d for d in spec.layers))
    name = symbol("facility", far.iloc[0]["group"]).name
    assert name in find_wrong(draw_sheet(moved)[1], moved)["要素数"]


def test_a_layer_that_only_carries_names_is_not_counted(town):
    spec = make_facilities(town)
    (points,) = [layer for layer in spec.layers if layer.theme == "facility"]
    names = replace(points, label_column="name", in_legend=False, fade=0.0, legend_counts=False)
    report = draw_sheet(replace(spec, layers=(*spec.layers, names)))[1]
    assert report.feature_counts == draw_sheet(spec)[1].feature_counts


def place(colour: str, angle: float = 0.0) -> Placement:
    request = LabelRequest(
        text="社区", lines=("社区",), kind=symbol("text", "标注"), priority=0, geometry=shapely.Point(10, 10),
        clearance=0.0, inside_only=False, required=False, colour=colour,
    )  # fmt: skip
    return Placement(request, 10.0, 10.0, angle, ("社区",), None)


@pytest.mark.parametrize("angle", [0.0, 33.0])
@pytest.mark.parametrize(
    ("ink", "ground"), [("#000000", "#FFFFFF"), ("#CCCCCC", "#FFFFFF"), ("#FFFFFF", "#E60012")]
)
def test_contrast_is_that_of_ink_and_ground(ink, ground, angle):
    """A block of ground with stripes of ink a third as wide, as letters are."""
    pixels = np.empty((240, 240, 3), dtype=np.uint8)
    pixels[:] = [int(ground[i : i + 2], 16) for i in (1, 3, 5)]
    pixels[:, ::3] = [int(ink[i : i + 2], 16) for i in (1, 3, 5)]
    (found,) = measure_contrast(pixels, [place(ink, angle)], dpi=254)
    assert found == pytest.approx(contrast_ratio(ink, ground), rel=0.02)


def test_ink_on_its_own_colour_cannot_be_read():
    pixels = np.full((240, 240, 3), 200, dtype=np.uint8)
    assert measure_contrast(pixels, [place("#C8C8C8")], dpi=254) == (1.0,)


def test_contrast_by_the_standard():
    """WCAG 2.2: black on white is 21, #767676 on white is 4.54, the lightest grey that passes AA."""
    assert contrast_ratio("#000000", "#FFFFFF") == pytest.approx(21)
    assert (
        contrast_ratio("#767676", "#FFFFFF")
        == contrast_ratio("#FFFFFF", "#767676")
        == pytest.approx(4.54, abs=0.01)
    )


def test_a_pale_label_is_faint_on_the_finished_sheet(town):
    spec = make_facilities(town)
    pale = gpd.GeoDataFrame(
        {"name": ["不可读"]}, geometry=[shapely.Point(*np.add(spec.extent[:2], 90))], crs=spec.crs
    )
    layer = Drawn(
        frame=pale, theme="facility", value="其他", label_column="name", label_kind="白字", label_priority=99
    )
    white = replace(symbol("text", "标注"), value="白字", fill="#F4F4F4", line="", line_mm=0.0)
    known = load_symbols()
    known["text", "白字"] = white
    try:
        wrong = find_wrong(draw_sheet(replace(spec, layers=(*spec.layers, layer)))[1], spec)
    finally:
        del known["text", "白字"]
    assert "不可读" in wrong["文字对比度"]


def test_the_report_lists_every_drawing_with_its_rules(tmp_path, drawn):
    spec, _, report = drawn["facilities"]
    good = Item("图件/JPG/a.jpg", "图件", "甲图", "m", number="1-01", checks=verify_sheet(report, spec))
    bad = replace(good, title="乙图", number="1-02", checks=(Check("比例尺", "1:500", "横向 1:501"),))
    rows = quality_rows([], stage="成果输出", crs="EPSG:4548")
    write_quality(rows, make_plan(), tmp_path, made=[good, bad])
    sheet = openpyxl.load_workbook(tmp_path / PATH)["图面自检"]
    lines = {line[1]: line for line in sheet.iter_rows(values_only=True)}
    assert lines["甲图"][2] == "符合"
    assert lines["乙图"][2] == "不符：比例尺"
    assert lines["甲图"][3] == f"1:{spec.scale}"
