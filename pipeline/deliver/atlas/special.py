"""其他专项设计图 (4.4): what layout and projects do to buildings, facilities, grounds, traffic and underground."""

from __future__ import annotations

import geopandas as gpd

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.planned import Project, Site
from pipeline.deliver.atlas.cells import make_table, write_area, write_text
from pipeline.deliver.atlas.subjects import NUMBER, sites_numbered
from pipeline.deliver.atlas.town import Town
from pipeline.deliver.sheet.spec import Drawn, SideTable

_GROUND, _BUILDING = codes.SITE_KIND.values


def special_numbered(town: Town, subject: str) -> gpd.GeoDataFrame:
    """Projects that belong to a subject by ``configs/special.yaml``, those without a place too."""
    rule = read_settings("special.yaml")[subject]
    frame = town.table(Project)
    groups = frame[Project.type_key].map(lambda key: facility_classes()[key].group, na_action="ignore")
    said = frame[Project.name].fillna("") + " " + frame[Project.content].fillna("")
    by_word = said.str.contains("|".join(rule["words"]), regex=True) & groups.isna()
    return frame[groups.isin(rule["groups"]) | by_word].sort_values(Project.number, ignore_index=True)


def special_projects(town: Town, *, subject: str) -> list[Drawn]:
    """Projects of a subject with their ids."""
    frame = special_numbered(town, subject)
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    return [
        Drawn(
            frame=frame, theme="engineering", class_column=Project.works, label_column=Project.number,
            label_place="badge", label_priority=80, legend_group="专项项目", legend_counts=True,
        )
    ]  # fmt: skip


def building_sites_numbered(town: Town) -> gpd.GeoDataFrame:
    """Existing buildings that change or stay open, with the numbers of the layout sheet."""
    frame = sites_numbered(town)
    return frame[frame[Site.kind] == _BUILDING]


def building_sites(town: Town) -> list[Drawn]:
    """The same by what becomes of them (4.3, 4.4)."""
    frame = building_sites_numbered(town)
    open_ = frame[Site.action] == codes.ACTION.values[-1]
    return [
        Drawn(
            frame=frame.assign(label=(frame[NUMBER] + " " + frame[Site.name]).where(~open_, frame[Site.name])),
            theme="update", class_column=Site.action, label_column="label", label_kind="项目名",
            label_priority=70, label_required=True, legend_group="更新方式", legend_counts=True,
        )
    ]  # fmt: skip


def building_site_rows(town: Town) -> SideTable | None:
    """Existing buildings that change: what is done to them, function, floor area, tenure (4.3)."""
    rows = [
        (
            str(row[NUMBER]),
            str(row[Site.action]),
            str(row[Site.name]),
            write_text(row[Site.function]),
            write_text(row[Site.measure]),
            write_area(row[Site.floor_area_m2]),
        )
        for row in building_sites_numbered(town).to_dict("records")
        if row[Site.action] != codes.ACTION.values[-1]
    ]
    heads = ("序号", "方式", "名称", "规划功能", "改造措施", "建筑㎡")
    return make_table("既有建筑利用", heads, rows, (5,))


def special_rows(town: Town, *, subject: str) -> SideTable | None:
    """Projects of a subject: id, name, what is built."""
    rows = [
        (str(row[Project.number]), str(row[Project.name]), str(row[Project.content]))
        for row in special_numbered(town, subject).to_dict("records")
    ]
    return make_table(f"{subject}项目", ("编号", "项目名称", "建设内容"), rows)


VIEWS = {view.__name__: view for view in (special_projects, building_sites)}
TABLES = {table.__name__: table for table in (special_rows, building_site_rows)}
