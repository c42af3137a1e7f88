"""Tables of the layout: sums by 更新方式 exact, rows of the layout as they are, headers as declared."""

from __future__ import annotations

import geopandas as gpd
import openpyxl
import pytest
from shapely import box

from layers.faults import FaultLog
from layers.planned import Adjustment, Business, Site, Strategy
from layers.source import Building
from pipeline.deliver.items import Absent, Item
from pipeline.deliver.tables import write_tables
from pipeline.deliver.tables.actions import ActionSum, sum_actions
from tests.builders import make_frame, make_plan


def site(number, action, kind, shape, floor=None, **more):
    return {"id": number, "action": action, "kind": kind, "name": number, "rule": "x", "area_m2": shape.area,
            "floor_area_m2": floor, "geometry": shape, **more}  # fmt: skip


SITES = [
    site("S-1", "新建", "用地", box(0, 0, 10, 10), 50, conflict="有冲突", landuse_code="0702", needs="XQ01"),
    site("S-2", "新建", "用地", box(10, 0, 20, 10)),
    site("S-3", "改造", "建筑", box(30, 0, 40, 10), 200),
    site("S-4", "保留", "建筑", box(50, 0, 60, 10), 300),
]
HOUSES = [
    {"id": "b3", "community": "甲社区", "floor_area_m2": 400, "geometry": box(30, 0, 40, 10)},
    {"id": "b4", "community": "甲社区", "floor_area_m2": 300, "geometry": box(50, 0, 60, 10)},
    {"id": "b5", "community": "甲社区", "floor_area_m2": 600, "geometry": box(70, 0, 80, 10)},
    {"id": "b6", "floor_area_m2": 600, "geometry": box(90, 0, 100, 10)},
]


def test_actions_are_summed_in_order_and_shares_make_a_hundred():
    table = sum_actions(make_frame(Site, SITES), make_frame(Building, HOUSES))
    columns = [ActionSum.action, ActionSum.kind, ActionSum.count, ActionSum.area_m2, ActionSum.floor_area_m2]
    rows = table[columns].fillna(0).values.tolist()
    # The house outside every community is no part of the plan; one no site holds stays as it is.
    assert rows == [
        ["保留", "建筑", 1, 100, 300],
        ["保留", "建筑", 1, 100, 600],
        ["改造", "建筑", 1, 100, 200],
        ["新建", "用地", 2, 200, 50],
    ]
    assert table[ActionSum.share].tolist() == [20, 20, 20, 40]
    thirds = [SITES[0], SITES[2], SITES[3]]
    table = sum_actions(make_frame(Site, thirds), make_frame(Building, HOUSES[:2]))
    assert sorted(table[ActionSum.share]) == [33.33, 33.33, 33.34]


@pytest.fixture
def sheets(tmp_path):
    """First sheets of the layout's tables by number."""
    frames = {
        Site.key: make_frame(Site, SITES),
        Building.key: make_frame(Building, HOUSES),
        Adjustment.key: make_frame(Adjustment, [
            {"id": "T-1", "number": "YX-1", "parcel": "YX0001", "kind": "用地性质", "area_m2": 900.5, "code_now": "070102",
             "name_now": "二类城镇住宅用地", "code_then": "0702", "name_then": "城镇社区服务设施用地", "far_then": 0.22,
             "reason": "=1+1"}]),
        Business.key: make_frame(Business, [
            {"id": "Y-1", "action": "植入", "kind": "社区食堂", "name": "社区食堂", "area_m2": 200, "rule": "需求XQ01"}]),
        Strategy.key: make_frame(Strategy, [
            {"id": "2-0", "dimension": "舒适宜居", "kind": "更新策略", "range": "测试社区", "indicator": "优化服务设施配置策略",
             "text": "补齐短板", "basis": "指南3.4第2项", "origin": "测算"}]),
    }  # fmt: skip
    assert isinstance(frames[Site.key], gpd.GeoDataFrame)
    made = write_tables(frames, make_plan(), tmp_path, FaultLog())
    assert all(isinstance(item, Item | Absent) for item in made)
    return {
        item.number: openpyxl.load_workbook(tmp_path / item.path).worksheets[0]
        for item in made
        if isinstance(item, Item)
    }


def test_the_layouts_tables_are_written_with_their_titles(sheets):
    titles = {
        number: sheets[number]["A1"].value
        for number in ("附表3-15", "附表3-16", "附表3-17", "附表3-24", "附表3-25")
    }
    assert titles == {
        "附表3-15": "测试社区详细规划调整建议表",
        "附表3-16": "测试社区功能业态策划表",
        "附表3-17": "测试社区更新策略与更新目标表",
        "附表3-24": "测试社区更新总体布局一览表",
        "附表3-25": "测试社区更新方式汇总表",
    }


def test_totals_equal_their_columns_and_texts_stay_texts(sheets):
    sheet = sheets["附表3-24"]
    body = [row for row in sheet.iter_rows(min_row=4, values_only=True) if isinstance(row[0], int)]
    assert sum(row[7] for row in body) == 400 and sum(row[8] or 0 for row in body) == 550
    new = next(row for row in body if row[3] == "S-1")
    assert new[9] == "0702" and new[13] == "有冲突" and new[15] == "XQ01"
    assert next(row for row in body if row[3] == "S-3")[9] == "不变"
    cells = [cell for row in sheets["附表3-15"].iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]
    assert [c.value for c in sheets["附表3-15"][4]][5:12] == [
        900.5,
        "用地性质",
        "070102",
        "二类城镇住宅用地",
        "0702",
        "城镇社区服务设施用地",
        "/",
    ]
