"""Rows without room in the column go on on the map, beside the plan and never over it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from pipeline.deliver.sheet import render
from pipeline.deliver.sheet.overflow import draw_overflow, place_overflow
from pipeline.deliver.sheet.sidetable import design_table
from pipeline.deliver.sheet.spec import SideTable
from styles.frame import Box
from tests.sheet.samples import make_facilities

MAP = Box(0, 0, 200, 160)


def make_rows(count: int) -> SideTable:
    rows = tuple((str(n), f"第{n}处设施", "教育") for n in range(count))
    return SideTable(title="设施", columns=("号", "名称", "类"), rows=rows)


def cut_table(count: int, *, room: float = 30.0):
    return design_table(make_rows(count), 40.0, room, size=2.4, minimum=2.2)


@pytest.mark.parametrize(
    ("keep", "corner"),
    [
        (shapely.box(0, 60, 200, 160), (0, 0)),
        (shapely.box(0, 0, 120, 160), (1, 0)),
        (shapely.box(0, 0, 200, 100), (0, 1)),
        (shapely.union(shapely.box(0, 0, 200, 80), shapely.box(0, 0, 110, 160)), (1, 1)),
    ],
)
def test_the_rest_stands_in_the_corner_that_is_free(keep, corner):
    layout = cut_table(30)
    assert layout.left_out > 0
    (item,) = place_overflow([layout], keep, MAP, size=2.2).values()
    assert not shapely.intersects(shapely.box(*item.box.bounds), keep)
    assert shapely.contains(shapely.box(*MAP.bounds), shapely.box(*item.box.bounds))
    middle = np.array([(item.box.left + item.box.right) / 200, (item.box.bottom + item.box.top) / 160]) / 2
    assert tuple((middle > 0.5).astype(int)) == corner
    assert sum(len(panel) - 1 for panel in item.layout.panels) == layout.left_out
    first = item.layout.panels[0][1][1][0]
    assert first == f"第{30 - layout.left_out}处设施"


def test_two_tables_do_not_cover_each_other():
    layouts = [cut_table(30), cut_table(28)]
    found = place_overflow(layouts, shapely.box(0, 70, 200, 160), MAP, size=2.2)
    first, second = (shapely.box(*found[i].box.bounds) for i in (0, 1))
    assert not shapely.intersects(first, second)


@pytest.mark.parametrize("keep", [None, shapely.box(0, 0, 200, 160)])
def test_without_free_ground_the_table_stays_cut(keep):
    assert place_overflow([cut_table(30)], keep, MAP, size=2.2) == {}


def test_a_table_that_fits_is_left_alone():
    assert place_overflow([cut_table(3)], shapely.box(0, 0, 1, 1), MAP, size=2.2) == {}


def test_every_row_is_on_the_sheet_and_no_label_under_the_box(town, monkeypatch):
    boxes = []

    def draw(page, item):
        boxes.append(shapely.box(*item.box.bounds))
        draw_overflow(page, item)

    monkeypatch.setattr(render, "draw_overflow", draw)
    spec = make_facilities(town)
    rows = tuple((str(n), f"第{n}处", "教育") for n in range(400))
    spec = replace(
        spec, side_tables=(SideTable(title="一览表", columns=("编号", "名称", "类别"), rows=rows),)
    )
    _, cut = render.draw_sheet(spec)
    _, whole = render.draw_sheet(replace(spec, keep=spec.focus.centroid.buffer(40)))
    assert cut.table_rows_left_out > 0
    assert whole.table_rows_left_out == 0
    assert {f"第{n}处" for n in range(400)} <= set(whole.texts)
    assert any(text.endswith("续表见图内") for text in whole.texts)
    (box,) = boxes
    under = [label.text for label in whole.labels if shapely.intersects(shapely.Polygon(label.corners), box)]
    assert not under
    assert any(shapely.intersects(shapely.Polygon(label.corners), box) for label in cut.labels)
