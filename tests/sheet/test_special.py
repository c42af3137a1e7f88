"""专项设计图: which project belongs to which subject, and what of the layout is an existing building."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import Point, box

from configs import read_settings
from configs.facilities import facility_classes
from layers.frame import empty_frame
from layers.planned import Project, Site
from layers.source import Building
from pipeline.deliver.atlas.ground import building_quality, quality_class
from pipeline.deliver.atlas.special import (
    building_site_rows,
    building_sites,
    special_numbered,
    special_projects,
    special_rows,
)
from pipeline.deliver.atlas.town import Town
from styles import has_symbol
from tests.builders import CRS, make_plan

SUBJECTS = tuple(read_settings("special.yaml"))


def project(number: str, name: str, content: str, key: str | None = None, place=None) -> dict[str, object]:
    return {
        Project.number: number, Project.name: name, Project.content: content, Project.type_key: key,
        Project.works: "设施提升工程", "geometry": place,
    }  # fmt: skip


@pytest.fixture(scope="module")
def town() -> Town:
    rows = [
        project("C02", "甲社区食堂改造", "利用闲置商铺改造", "canteen", Point(5, 5)),
        project("C01", "甲社区停车场", "新建", "car_parking", Point(6, 5)),
        project("D01", "甲社区公园", "改造", "community_park", Point(7, 5)),
        project("B01", "老旧房屋加固", "外墙与屋面", None, Point(8, 5)),
        project("B02", "打通消防通道并增设消火栓", "全长 200 m", None, Point(9, 5)),
        project("E01", "智慧平台", "平台建设", None),
        # The word is in the name, but the facility class decides.
        project("C03", "公园旁托儿所", "新建", "nursery", Point(4, 5)),
        project("D02", "雨污分流", "管网改造", None),
    ]
    sites = [
        {Site.id: "S1", Site.action: "改造", Site.name: "旧楼", Site.kind: "建筑", Site.function: "社区食堂",
         Site.measure: "装修", Site.floor_area_m2: 200.0, "geometry": box(0, 0, 1, 1)},
        {Site.id: "S2", Site.action: "弹性", Site.name: "旧库", Site.kind: "建筑", "geometry": box(2, 0, 3, 1)},
        {Site.id: "S3", Site.action: "新建", Site.name: "空地", Site.kind: "用地", "geometry": box(4, 0, 5, 1)},
        {Site.id: "S4", Site.action: "保留", Site.name: "住宅", Site.kind: "建筑", "geometry": box(6, 0, 7, 1)},
    ]  # fmt: skip
    frames = {
        Project.key: gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS),
        Site.key: gpd.GeoDataFrame(sites, geometry="geometry", crs=CRS),
    }
    return Town(make_plan(), frames)


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("既有建筑", ["B01"]),
        ("设施配套", ["B02", "C02", "C03", "D02"]),
        ("场地环境", ["D01"]),
        ("交通系统", ["B02", "C01"]),
        ("地下空间利用", []),
    ],
)
def test_class_first_then_words(town, subject, numbers):
    assert list(special_numbered(town, subject)[Project.number]) == numbers


def test_every_subject_of_the_guideline_but_heritage_has_a_rule():
    """4.4: 既有建筑、设施配套、场地环境、交通系统、地下空间利用、历史文化保护."""
    assert SUBJECTS == ("既有建筑", "设施配套", "场地环境", "交通系统", "地下空间利用")
    known = {item.group for item in facility_classes().values()}
    assert {group for rule in read_settings("special.yaml").values() for group in rule["groups"]} <= known
    titles = {sheet["title"] for sheet in read_settings("catalogue.yaml")["sheets"]}
    assert {f"{subject}专项设计图" for subject in (*SUBJECTS, "历史文化保护")} <= titles


def test_what_has_no_place_is_listed_and_not_drawn(town):
    (drawn,) = special_projects(town, subject="设施配套")
    assert "D02" not in set(drawn.frame[Project.number])
    assert [row[0] for row in special_rows(town, subject="设施配套").rows] == ["B02", "C02", "C03", "D02"]
    assert special_rows(town, subject="地下空间利用") is None


def test_a_plan_without_projects_has_no_special_sheet():
    nobody = Town(make_plan(), {layer.key: empty_frame(layer, crs=CRS) for layer in (Project, Site)})
    for subject in SUBJECTS:
        (drawn,) = special_projects(nobody, subject=subject)
        assert not len(drawn.frame) and special_rows(nobody, subject=subject) is None
    assert not len(building_sites(nobody)[0].frame) and building_site_rows(nobody) is None


def test_existing_buildings_that_change_with_the_numbers_of_the_layout(town):
    (drawn,) = building_sites(town)
    assert list(drawn.frame["label"]) == ["2 旧楼", "旧库"]
    assert building_site_rows(town).rows == (("2", "改造", "旧楼", "社区食堂", "装修", "200"),)


def test_quality_takes_both_scales_and_calls_other_words_unknown():
    frame = gpd.GeoDataFrame({Building.quality: ["好", "差", "严重损坏", None, "尚可"]}, geometry=[None] * 5)
    classes = list(quality_class(frame[Building.quality]))
    assert classes == ["好", "差", "严重损坏", "未知", "未知"]
    assert all(has_symbol("building_quality", value) for value in classes)


def test_no_quality_sheet_where_none_is_known(monkeypatch):
    frame = gpd.GeoDataFrame({Building.quality: [None]}, geometry=[Point(0, 0)], crs=CRS)
    monkeypatch.setattr(Town, "inside", lambda *_: frame)
    assert building_quality(Town(make_plan(), {})) == []
