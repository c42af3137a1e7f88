"""A plan and frames small enough to check by eye: two communities side by side."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, box

from layers.faults import FaultLog
from layers.frame import conform, empty_frame
from layers.planned import Match, Need, PlannedParcel, Project, Resource
from layers.reachable import (
    Access,
    Blind,
    NetworkFigure,
    Scope,
    Served,
    Sharing,
    Unit,
    Whereabouts,
)
from layers.sites import NetworkSite
from layers.source import Facility, Parcel
from pipeline.deliver.handin import place_frames
from pipeline.deliver.onemap import collect_layers
from pipeline.plan import Plan

CRS = "EPSG:4548"
X, Y = 400_000.0, 3_100_000.0


def at(x: float, y: float) -> Point:
    """A point in metres from the corner of the plan."""
    return Point(X + x, Y + y)


def area(x0: float, y0: float, x1: float, y1: float) -> Any:
    """A rectangle in metres from the corner of the plan."""
    return box(X + x0, Y + y0, X + x1, Y + y1)


def frame(layer: Any, rows: list[dict[str, Any]], geometry: list[Any] | None = None) -> Any:
    """A frame of ``layer`` with ``rows`` keyed by field."""
    table = pd.DataFrame(rows)
    if layer.shape is None:
        return conform(table, layer)
    return conform(gpd.GeoDataFrame(table, geometry=geometry, crs=CRS), layer, crs=CRS)


@pytest.fixture
def plan() -> Plan:
    """The plan config of the tests."""
    return Plan.model_validate(
        {
            "plan": {
                "id": "tiny",
                "title": "云溪街道好社区更新实施方案",
                "area": "云溪街道二社区",
                "compiler": "某某规划院",
                "compiled": date(2026, 3, 5),
                "data_year": 2025,
                "first_year": 2026,
                "region_code": "369981",
                "region_name": "云溪市",
                "plan_block": 7,
            },
            "inputs": {"community_given": [{"path": "a.shp"}]},
        }
    )


@pytest.fixture
def frames() -> dict[str, Any]:
    """Stage results of the tests, by layer key."""
    made = [
        (
            Unit,
            frame(
                Unit,
                [
                    {"id": "u2", "name": "东社区", "boundary": "法定边界", "area_m2": 10_000.0},
                    {"id": "u1", "name": "西社区", "boundary": "法定边界", "area_m2": 10_000.0},
                ],
                [area(100, 0, 200, 100), area(0, 0, 100, 100)],
            ),
        ),
        (
            Scope,
            frame(Scope, [{"id": "s1", "kind": "研究范围", "area_m2": 20_000.0}], [area(0, 0, 200, 100)]),
        ),
        (
            Parcel,
            frame(
                Parcel,
                [
                    {
                        "id": "p1",
                        "number": "1",
                        "landuse_code": "070102",
                        "landuse_name": "二类城镇住宅用地",
                        "area_m2": 9999.996,
                        "year": 2025,
                        "note": "长" * 100,
                    },
                    {
                        "id": "p2",
                        "number": "2",
                        "landuse_code": "1403",
                        "landuse_name": "广场用地",
                        "area_m2": 10_000.0,
                        "year": 2025,
                    },
                ],
                [area(0, 0, 100, 100), area(100, 0, 200, 100)],
            ),
        ),
        (
            PlannedParcel,
            frame(
                PlannedParcel,
                [
                    {
                        "id": "q1",
                        "number": "1",
                        "landuse_code": "070102",
                        "community": "西社区",
                        "landuse_name": "二类城镇住宅用地",
                        "area_m2": 9999.996,
                        "base_code": "070102",
                    },
                    {
                        "id": "q2",
                        "number": "2",
                        "landuse_code": "0702",
                        "community": "东社区",
                        "landuse_name": "城镇社区服务设施用地",
                        "area_m2": 3333.33,
                        "base_code": "1403",
                    },
                    {
                        "id": "q3",
                        "number": "3",
                        "landuse_code": "1403",
                        "community": "东社区",
                        "landuse_name": "广场用地",
                        "area_m2": 6666.67,
                        "base_code": "1403",
                    },
                ],
                [area(0, 0, 100, 100), area(100, 0, 133.3333, 100), area(133.3333, 0, 200, 100)],
            ),
        ),
        (
            Facility,
            frame(
                Facility,
                [
                    {"id": "f1", "type_key": "canteen", "type_name": "社区食堂", "name": "好味道"},
                    {"id": "f2", "type_key": "nursery", "type_name": "托儿所", "capacity": 40},
                ],
                [at(10, 10), at(500, 10)],
            ),
        ),
        (
            Need,
            frame(
                Need,
                [
                    {
                        "id": "n1",
                        "number": "X001",
                        "dimension": "舒适宜居",
                        "works": "设施提升工程",
                        "block": "补齐便民设施短板",
                        "description": "=增设社区食堂",
                        "origin": "问卷",
                        "urgency": "紧迫",
                        "method": "调查",
                        "problem": "建设类",
                        "type_key": "canteen",
                        "required_m2": 200.0,
                        "community": "西社区",
                        "gap": "漏配",
                        "target": "60岁及以上老年人",
                        "target_people": 120,
                    },
                    {
                        "id": "n2",
                        "number": "X002",
                        "dimension": "治理高效",
                        "works": "治理强基工程",
                        "block": "促进物业服务提质",
                        "description": "选聘物业服务企业",
                        "origin": "问卷",
                        "urgency": "一般",
                        "method": "调查",
                        "problem": "管理类",
                        "community": "东社区",
                    },
                    {
                        "id": "n3",
                        "number": "X003",
                        "dimension": "韧性安全",
                        "works": "韧性增强工程",
                        "block": "排水",
                        "description": "排水管网修复",
                        "origin": "问卷",
                        "urgency": "紧迫",
                        "method": "调查",
                        "problem": "建设类",
                        "community": "东社区",
                    },
                ],
                [at(20, 20), None, LineString([at(110, 5), at(190, 5)])],
            ),
        ),
        (
            Resource,
            frame(
                Resource,
                [
                    {
                        "id": "r1",
                        "number": "Z001",
                        "category": "建筑",
                        "name": "配套用房A栋",
                        "place": "西社区A栋一层",
                        "area_m2": 300.0,
                        "owner": "某某公司",
                        "level": 3,
                        "matched": "X001",
                        "community": "西社区",
                        "evidence": "台账",
                        "certainty": "确认",
                        "method": "调查",
                    },
                    {
                        "id": "r2",
                        "number": "Z002",
                        "category": "资金",
                        "name": "以奖代补",
                        "place": "/",
                        "amount_wan": 50.0,
                        "evidence": "台账",
                        "certainty": "确认",
                        "method": "调查",
                    },
                ],
                [area(20, 20, 40, 35), None],
            ),
        ),
        (
            Match,
            frame(
                Match,
                [
                    {
                        "id": "m1",
                        "need": "X001",
                        "level": 3,
                        "level_name": "强匹配",
                        "reason": "有空间、有潜在运营方",
                        "statement": "强匹配：有空间、有潜在运营方",
                        "resources": "Z001",
                        "resource_text": "建筑（配套用房A栋）",
                        "gap": "否",
                        "listed": "是",
                        "space_text": "西社区A栋一层，300㎡，产权人：某某公司",
                        "money_text": "以奖代补50万元",
                        "people_text": "街道协调",
                        "ready": "是",
                    },
                    {
                        "id": "m2",
                        "need": "X002",
                        "level": 0,
                        "level_name": "无匹配",
                        "reason": "需创造空间资源",
                        "statement": "无匹配：需创造空间资源",
                        "paths": "空间资源创造：利用屋顶空间",
                        "path_clear": "否",
                        "resource_text": "无直接对应空间资源",
                        "gap": "是",
                        "listed": "否",
                        "ready": "否",
                    },
                ],
            ),
        ),
        (Project, _projects()),
        (
            Served,
            frame(
                Served,
                [
                    {
                        "id": f"{name}-{key}",
                        "community": name,
                        "type_key": key,
                        "type_name": title,
                        "tier": "5分钟",
                        "limit_m": 300.0,
                        "target": "60岁及以上老年人",
                        "facilities": 1,
                        "homes": 10,
                        "homes_own": 6,
                        "homes_shared": 8,
                        "homes_gained": 2,
                        "people": 1000.0,
                        "people_own": 600.0,
                        "people_shared": 800.0,
                        "required": True,
                    }
                    for name in ("东社区", "西社区")
                    for key, title in (("canteen", "社区食堂"), ("nursery", "托儿所"))
                ],
            ),
        ),
        (
            NetworkFigure,
            frame(
                NetworkFigure,
                [
                    {"id": "01", "item": "节点", "value": 1234.0, "unit": "个"},
                    {
                        "id": "02",
                        "item": "路网密度",
                        "value": 8.125,
                        "unit": "km/km²",
                        "requirement": "≥8",
                        "verdict": "符合",
                    },
                ],
            ),
        ),
        (
            Sharing,
            frame(
                Sharing,
                [
                    {
                        "id": "g1",
                        "facility": "f1",
                        "facility_name": "好味道",
                        "type_key": "canteen",
                        "type_name": "社区食堂",
                        "owner_community": "西社区",
                        "community": "东社区",
                        "distance_m": 120.5,
                        "homes_served": 4,
                        "homes_gained": 2,
                        "mode": "错时共享",
                    }
                ],
                [LineString([at(10, 10), at(150, 50)])],
            ),
        ),
        (
            Access,
            frame(
                Access,
                [
                    {
                        "id": "东社区|canteen",
                        "community": "东社区",
                        "type_key": "canteen",
                        "type_name": "社区食堂",
                        "target": "60岁及以上老年人",
                        "target_people": 100,
                        "limit_m": 300,
                        "facilities": 1,
                        "places": 20,
                        "own": 200,
                        "shared": 150,
                        "change": -50,
                        "own_decay": 200,
                        "shared_decay": 160,
                        "change_decay": -40,
                        "formula": "2SFCA",
                    }
                ],
            ),
        ),
        (
            NetworkSite,
            frame(
                NetworkSite,
                [
                    {
                        "id": "养老|f1",
                        "community": "西社区",
                        "network": "养老服务",
                        "role": "站点",
                        "origin": "现有设施",
                        "object_id": "f1",
                        "limit_m": 300,
                        "homes": 4,
                        "people": 80,
                        "basis": "设施建筑面积",
                        "model": "现状保留，不选址",
                        "method": "现有站点，保留",
                    }
                ],
                [at(10, 10)],
            ),
        ),
        (Blind, empty_frame(Blind, crs=CRS)),
        (
            Whereabouts,
            frame(
                Whereabouts,
                [
                    {"id": "parcel/p1", "layer": "parcel", "object_id": "p1", "community": "西社区"},
                    {"id": "parcel/p2", "layer": "parcel", "object_id": "p2", "community": "东社区"},
                    {"id": "facility/f1", "layer": "facility", "object_id": "f1", "community": "西社区"},
                    {"id": "facility/f2", "layer": "facility", "object_id": "f2", "community": None},
                ],
            ),
        ),
    ]
    return {layer.key: made_frame for layer, made_frame in made}


def _projects() -> Any:
    common = {
        "works": "设施提升工程", "block": "完善公共服务配套", "urgency": "紧迫", "content": "改造用房",
        "schedule": "2026年03月-2026年12月", "start": "2026-03", "end": "2026-12", "phase": "2026年",
        "department": "住建部门", "problem": "建设类", "phase_index": 1, "phase_rule": "规则",
        "principle": "安全底线优先+资源供给充足",
    }  # fmt: skip
    rows = [
        {
            "id": "j2", "number": "A02", "name": "排水管网修复", "description": "排水管网修复",
            "place": "东社区", "need": "X003", "total_wan": 0.2, "fiscal_wan": 0.2, "social_wan": 0.0,
            "year_share": 100.0, "community": "东社区",
        },
        {
            "id": "j1", "number": "A01", "name": "社区食堂", "description": "=增设社区食堂",
            "place": "西社区A栋", "need": "X001", "total_wan": 80.1, "fiscal_wan": 50.05,
            "social_wan": 30.05, "year_share": 60.0, "community": "西社区", "area_m2": 300.0,
            "action": "改造", "priority": "必建类", "level": 3,
        },
        {
            "id": "j3", "number": "C01", "name": "选聘物业", "description": "选聘物业服务企业",
            "place": "东社区", "need": "X002", "problem": "管理类", "content": "工作要求：选聘物业", "phase_index": 3, "phase": "2028年",
            "principle": "复杂产权/长周期优化", "community": "东社区",
        },
    ]  # fmt: skip
    return frame(
        Project,
        [common | row for row in rows],
        [LineString([at(110, 5), at(190, 5)]), area(20, 20, 40, 35), at(150, 50)],
    )


@pytest.fixture
def make_frame() -> Any:
    """The function that makes a frame of a layer from rows and geometries."""
    return frame


@pytest.fixture
def delivered(frames: dict[str, Any], plan: Plan) -> list[Any]:
    """Database layers of the test frames."""
    return collect_layers(place_frames(frames, plan), plan, FaultLog())
