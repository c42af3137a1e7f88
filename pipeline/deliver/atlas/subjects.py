"""Views of what the plan found and proposes: facilities, reach, needs, resources, layout, projects."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from configs.facilities import facility_classes
from layers import codes
from layers.planned import Business, Need, Project, Resource, Site
from layers.reachable import Block, Coverage, CoverArea, Home, Sharing
from layers.source import Building, Facility
from pipeline.deliver.atlas.town import STUDIED, Town
from pipeline.deliver.sheet.spec import Drawn

_CONFIRMED, _SUSPECTED = codes.CERTAINTY.values
_ALONG_STREETS = codes.HOME_BASIS.values[1]
_INDICATIVE_HOMES = {name: f"{name}示意住户点" for name in ("已覆盖", "共享后覆盖", "未覆盖")}
_GROUP = "class"
NUMBER = "map_number"
# More facilities than this are shown by their symbols and counted by type: a list would not fit the sheet.
MOST_LISTED = 28
MOST_AT_ONE_PLACE = 4


def number_rows(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows with numbers from 1 as texts, also where there is none."""
    return frame.assign(**{NUMBER: pd.Series(range(1, len(frame) + 1), index=frame.index).astype("str")})


def facilities_numbered(town: Town, groups: Sequence[str]) -> gpd.GeoDataFrame:
    """Facilities of symbol groups inside 规划范围, numbered as the side table lists them."""
    frame = town.inside(Facility)
    frame = frame.assign(**{_GROUP: frame[Facility.type_key].map(lambda key: facility_classes()[key].group)})
    order = {key: index for index, key in enumerate(facility_classes())}
    frame = frame[frame[_GROUP].isin(groups)]
    rank = frame[Facility.type_key].map(order)
    frame = frame.assign(rank=rank).sort_values(["rank", Facility.id], ignore_index=True)
    return number_rows(frame)


def facilities(town: Town, *, groups: Sequence[str]) -> list[Drawn]:
    """Facilities by group with the numbers of the side table (G-03)."""
    frame = facilities_numbered(town, groups)
    return [
        Drawn(
            frame=frame, theme="facility", class_column=_GROUP, label_place="badge", label_priority=60,
            label_column=NUMBER if len(frame) <= MOST_LISTED else None, legend_group="设施",
            legend_counts=True,
        )
    ]  # fmt: skip


def bands(town: Town, *, type: str) -> list[Drawn]:
    """Bands of 5, 10 and 15 minutes of one class; rings, so that colours do not stack."""
    areas = town.geo(CoverArea)
    areas = areas[areas[CoverArea.type_key] == type].sort_values(CoverArea.minutes)
    shapes = areas.geometry.to_numpy()
    rings = [shape if i == 0 else shape.difference(shapes[i - 1]) for i, shape in enumerate(shapes)]
    frame = gpd.GeoDataFrame(
        {
            _GROUP: areas[CoverArea.minutes].astype("int64").astype("str").to_numpy(),
            CoverArea.type_key: type,
            CoverArea.minutes: areas[CoverArea.minutes].to_numpy(),
        },
        geometry=rings,
        crs=areas.crs,
    )
    frame = frame[~frame.geometry.is_empty]
    return [Drawn(frame=frame, theme="coverage", class_column=_GROUP, legend_group="步行可达（示意）")]


def homes(town: Town, *, type: str) -> list[Drawn]:
    """Homes by whether a class covers them: own facilities, only by sharing, not at all."""
    cover = town.table(Coverage)
    cover = cover[cover[Coverage.type_key] == type].set_index(Coverage.home)
    frame = town.placed(Home)
    frame = frame[frame[Home.id].isin(cover.index)]
    own = cover[Coverage.own].reindex(frame[Home.id]).to_numpy(dtype=bool)
    shared = cover[Coverage.shared].reindex(frame[Home.id]).to_numpy(dtype=bool)
    classes = np.select([own, shared], ["已覆盖", "共享后覆盖"], "未覆盖")
    # A home point that stands for a building is shown as the building.
    shapes = town.geo(Building).set_index(Building.id).geometry.reindex(frame[Home.building])
    drawn = np.where(shapes.notna(), shapes.to_numpy(), frame.geometry.to_numpy())
    frame = frame.set_geometry(gpd.GeoSeries(drawn, index=frame.index, crs=frame.crs))
    return [
        Drawn(
            frame=frame.assign(**{_GROUP: classes}), theme="home", class_column=_GROUP,
            legend_group=f"住户点（{facility_classes()[type].name}）", legend_counts=True, obstacle=False,
            legend_names=_INDICATIVE_HOMES if (frame[Home.basis] == _ALONG_STREETS).all() else {},
        )
    ]  # fmt: skip


def class_facilities(town: Town, *, type: str) -> list[Drawn]:
    """Facilities of one class in 研究范围, named; those farther off nobody of the plan reaches."""
    frame = town.placed(Facility)
    frame = frame[frame[Facility.type_key] == type]
    frame = frame[frame.intersects(town.scope(STUDIED).union_all())]
    item = facility_classes()[type]
    return [
        Drawn(
            frame=frame, theme="facility", value=item.group, label_column=Facility.name, label_priority=70,
            label_required=True,
            legend_group="设施", legend_names={item.group: item.name}, legend_counts=True,
        )
    ]  # fmt: skip


def sharing_lines(town: Town) -> list[Drawn]:
    """Links from a facility to the community it can serve across a border."""
    return [Drawn(frame=town.geo(Sharing), theme="sharing", value="联系", legend_group="共建共享")]


def sharing_facilities(town: Town) -> list[Drawn]:
    """The facilities that can be shared, numbered as the side table lists them."""
    frame = sharing_numbered(town)
    frame = frame.drop_duplicates(subset=[Sharing.facility])
    points = town.geo(Facility).set_index(Facility.id).loc[frame[Sharing.facility]]
    shown = gpd.GeoDataFrame(
        {
            Facility.id: points.index,
            _GROUP: [facility_classes()[key].group for key in points[Facility.type_key]],
            NUMBER: frame[NUMBER].to_numpy(),
        },
        geometry=points.geometry.to_numpy(),
        crs=points.crs,
    )
    return [
        Drawn(
            frame=shown, theme="facility", class_column=_GROUP, label_column=NUMBER, label_place="badge",
            label_priority=70, legend_group="可共享设施", legend_counts=True,
        )
    ]  # fmt: skip


def sharing_numbered(town: Town) -> pd.DataFrame:
    """The sharing table with one number a facility, most homes gained first."""
    frame = town.geo(Sharing)
    gained = frame.groupby(Sharing.facility)[Sharing.homes_gained].transform("sum")
    frame = frame.assign(total=gained).sort_values(
        ["total", Sharing.facility, Sharing.homes_gained], ascending=[False, True, False], ignore_index=True
    )
    codes_, _ = pd.factorize(frame[Sharing.facility])
    return frame.assign(**{NUMBER: (codes_ + 1).astype("str")})


def needs(town: Town, *, dimension: str) -> list[Drawn]:
    """Needs of one dimension by urgency, labelled with their ids; many at one place by their number (G-04)."""
    frame = town.geo(Need)
    frame = frame[frame[Need.dimension] == dimension].sort_values([Need.urgency, Need.number])
    place = frame.geometry.to_wkb()
    count = frame.groupby(place)[Need.number].transform("size")
    label = frame[Need.number].where(count <= MOST_AT_ONE_PLACE, count.astype("str") + "项需求")
    # Only the first of many at one place carries the label; its neighbours would only repeat it.
    label = label.where((count <= MOST_AT_ONE_PLACE) | ~place.duplicated())
    return [
        Drawn(
            frame=frame.assign(label=label), theme="urgency", class_column=Need.urgency,
            label_column="label", label_priority=70, legend_group="需求紧迫程度", legend_counts=True,
            label_required=True,
        )
    ]  # fmt: skip


def resources_all(town: Town) -> list[Drawn]:
    """Spatial resources, confirmed apart from suspected ones, labelled with id and area (G-05)."""
    frame = town.geo(Resource)
    classes = frame[Resource.certainty].map({_CONFIRMED: "已确认", _SUSPECTED: "疑似"})
    return [
        Drawn(
            frame=frame.assign(**{_GROUP: classes}), theme="resource", class_column=_GROUP,
            label_column=Resource.number, label_priority=70, legend_group="空间资源", legend_counts=True,
            label_required=True,
        )
    ]  # fmt: skip


def unmapped(town: Town) -> list[Drawn]:
    """Blocks that nobody mapped: never called idle."""
    frame = town.geo(Block)
    frame = frame[frame[Block.status] == "未测绘"]
    return [Drawn(frame=frame, theme="resource", value="未测绘", legend_group="空间资源")]


def resources_matched(town: Town) -> list[Drawn]:
    """Resources that answer a need, by level (G-06)."""
    frame = town.geo(Resource)
    frame = frame[frame[Resource.matched].notna()]
    classes = frame[Resource.level].astype("int64").astype("str")
    return [
        Drawn(
            frame=frame.assign(**{_GROUP: classes}), theme="match", class_column=_GROUP,
            label_column=Resource.number, label_priority=70, legend_group="匹配度", legend_counts=True,
            label_required=True,
        )
    ]  # fmt: skip


def business_numbered(town: Town) -> gpd.GeoDataFrame:
    """Functions improved or brought in, numbered as the side table lists them."""
    frame = town.geo(Business)
    frame = frame[frame[Business.action] != codes.BUSINESS.values[0]]
    order = [Business.action, Business.kind, Business.community, Business.id]
    frame = frame.sort_values(order, ignore_index=True)
    return number_rows(frame)


def business(town: Town) -> list[Drawn]:
    """Functions kept, improved, brought in; what changes has its kind and the table's number (G-07)."""
    frame, changed = town.geo(Business), business_numbered(town)
    kept = frame[Business.action] == codes.BUSINESS.values[0]
    labels = changed[NUMBER] + " " + changed[Business.kind]
    return [
        Drawn(
            frame=changed.assign(label=labels), theme="business", class_column=Business.action,
            label_column="label", label_priority=60, legend_group="功能业态", legend_counts=True,
            label_required=True,
        ),
        Drawn(
            frame=frame[kept], theme="business", class_column=Business.action, legend_group="功能业态",
            legend_counts=True, obstacle=False,
        ),
    ]  # fmt: skip


def sites_numbered(town: Town) -> gpd.GeoDataFrame:
    """Sites that change or stay open, numbered as the side table lists them: 新建 first, 弹性 last."""
    frame = town.geo(Site)
    order = {action: n for n, action in enumerate(("新建", "改造", "拆除", "弹性"))}
    frame = frame[frame[Site.action].isin(order)]
    frame = frame.assign(rank=frame[Site.action].map(order)).sort_values(["rank", Site.id], ignore_index=True)
    return number_rows(frame)


def sites(town: Town) -> list[Drawn]:
    """What is kept, rebuilt, removed, newly built or left flexible, with the table's numbers (G-08)."""
    frame, changed = town.geo(Site), sites_numbered(town)
    kept = frame[Site.action] == codes.ACTION.values[0]
    open_ = changed[Site.action] == "弹性"
    return [
        Drawn(
            frame=changed[~open_].assign(label=changed[NUMBER] + " " + changed[Site.name]), theme="update",
            class_column=Site.action, label_column="label", label_kind="项目名", label_priority=70, label_required=True,
            legend_group="更新方式", legend_counts=True,
        ),
        Drawn(
            frame=changed[open_], theme="update", class_column=Site.action, label_column=Site.name,
            label_kind="项目名", label_priority=30, label_required=True, legend_group="更新方式", legend_counts=True,
        ),
        Drawn(
            frame=frame[kept], theme="update", class_column=Site.action, legend_group="更新方式",
            legend_counts=True,
        ),
    ]  # fmt: skip


def heritage_met(town: Town) -> gpd.GeoDataFrame:
    """Sites that change something inside a protection range, as the layout found them (4.5)."""
    frame = town.geo(Site)
    return frame[frame[Site.heritage].notna()]


def heritage_sites(town: Town) -> list[Drawn]:
    """The same, drawn beside the ranges they meet."""
    return [
        Drawn(
            frame=heritage_met(town), theme="update", class_column=Site.action, label_column=Site.name,
            label_kind="项目名", label_priority=50, legend_group="涉及保护范围的布局", legend_counts=True,
        )
    ]  # fmt: skip


def projects(town: Town, *, works: str | None = None) -> list[Drawn]:
    """Projects with their ids, by works (G-10)."""
    frame = town.geo(Project)
    frame = frame[frame[Project.works] == works] if works else frame
    has_map = frame[Project.works] != codes.WORKS.values[0]
    return [
        Drawn(
            frame=frame[has_map], theme="engineering", class_column=Project.works, label_column=Project.number,
            label_place="badge", label_priority=80, legend_group="更新项目", legend_counts=True,
        )
    ]  # fmt: skip


VIEWS = {
    view.__name__: view
    for view in (
        facilities, bands, homes, class_facilities, sharing_lines, sharing_facilities, needs, resources_all,
        unmapped, resources_matched, business, sites, heritage_sites, projects,
    )
}  # fmt: skip
