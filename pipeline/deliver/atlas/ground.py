"""Views of the ground as it is: boundaries, roads, buildings, land use, utilities, open space."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers import codes
from layers.planned import PlannedParcel
from layers.reachable import ScopeCut, Unit
from layers.source import (
    Adjoining,
    Building,
    Context,
    Gate,
    Heritage,
    OpenSpace,
    Parcel,
    Road,
    UtilityLine,
    UtilityPoint,
)
from pipeline.deliver.atlas.town import PLANNED, STUDIED, Town
from pipeline.deliver.sheet.spec import Drawn
from styles import has_symbol

_LEGAL = codes.BOUNDARY.values[0]
_LINES = "规划界线"
_BASE = "基础地理"
_PATHS = codes.ROAD.values[4:]  # estate roads, footpaths and steps
_TOUCH_M = 5.0  # boundaries of neighbours overlap those of the plan by the width of drawn lines
_WATER_CODE = "17"  # 陆地水域 of the 2023 classification


def context_lines(town: Town) -> list[Drawn]:
    """Railways and watercourses that help to recognise the place."""
    frame = town.geo(Context)
    rails = frame[frame[Context.kind] == "铁路"]
    water = frame[frame[Context.kind] == "水系"]
    return [
        Drawn(frame=rails, theme="road", value="铁路", legend_group=_BASE),
        Drawn(frame=water, theme="surface", value="河渠", legend_group=_BASE),
    ]


def context_roads(town: Town) -> list[Drawn]:
    """Roads as pale background."""
    return [Drawn(frame=town.geo(Road), theme="context", value="周边道路", in_legend=False)]


def context_buildings(town: Town) -> list[Drawn]:
    """Buildings as pale background."""
    return [Drawn(frame=town.geo(Building), theme="context", value="周边建筑", in_legend=False)]


def surfaces(town: Town) -> list[Drawn]:
    """Water and green as background, named."""
    frame = town.classed(town.geo(OpenSpace), OpenSpace.kind, "surface", fallback="绿地")
    water = frame[frame["class"] == "水面"]
    green = frame[frame["class"] != "水面"]
    parcels = town.geo(Parcel)
    river = parcels[parcels[Parcel.landuse_code].str.startswith(_WATER_CODE)]
    return [
        Drawn(frame=river, theme="surface", value="水面", legend_group=_BASE),
        Drawn(
            frame=water, theme="surface", value="水面", label_column=OpenSpace.name, label_kind="水系名",
            label_priority=40, legend_group=_BASE,
        ),
        Drawn(frame=green, theme="surface", class_column="class", legend_group=_BASE, fade=0.8),
    ]  # fmt: skip


def adjoining(town: Town) -> list[Drawn]:
    """Communities round the plan with their names, in grey; points carry the name only."""
    frame = town.geo(Adjoining)
    frame = frame[~frame.intersects(town.scope(PLANNED).union_all().buffer(-_TOUCH_M))]
    areas = frame.geom_type.isin(("Polygon", "MultiPolygon"))
    return [
        Drawn(
            frame=frame[part], theme="context", value="相邻社区", label_column=Adjoining.name,
            label_kind="周边名", label_priority=20, in_legend=False, obstacle=False, fade=fade,
        )
        for part, fade in ((areas, 1.0), (~areas, 0.0))
    ]  # fmt: skip


def community_lines(town: Town) -> list[Drawn]:
    """Community boundaries with names; indicative ones look different and say so."""
    units = town.geo(Unit)
    return [
        Drawn(
            frame=units[(units[Unit.boundary] == _LEGAL) == legal], theme="boundary", value=value,
            label_column=Unit.name, label_kind="社区名", label_priority=90, legend_group=_LINES,
        )
        for legal, value in ((True, "社区边界"), (False, "示意边界"))
    ]  # fmt: skip


def community_fill(town: Town) -> list[Drawn]:
    """The plan's communities as an area."""
    return [Drawn(frame=town.geo(Unit), theme="context", value="本社区", legend_group="范围", fade=0.55)]


def plan_line(town: Town) -> list[Drawn]:
    """Outline of 更新范围."""
    return [Drawn(frame=town.scope(PLANNED), theme="boundary", value="更新范围", legend_group=_LINES)]


def study_line(town: Town) -> list[Drawn]:
    """Outline of 研究范围."""
    return [Drawn(frame=town.scope(STUDIED), theme="boundary", value="研究范围", legend_group=_LINES)]


def cut_line(town: Town) -> list[Drawn]:
    """Where 研究范围 ends because the data do."""
    return [Drawn(frame=town.geo(ScopeCut), theme="boundary", value="截断", legend_group=_LINES)]


def roads(town: Town) -> list[Drawn]:
    """Roads by class, named."""
    frame = town.classed(town.geo(Road), Road.kind, "road", fallback="支路")
    return [
        Drawn(
            frame=frame, theme="road", class_column="class", label_column=Road.name, label_kind="道路名",
            label_priority=30, legend_group="道路",
        )
    ]  # fmt: skip


def roads_thin(town: Town) -> list[Drawn]:
    """Centre lines and names of streets over land use, where road land may not be mapped."""
    frame = town.geo(Road)
    return [
        Drawn(
            frame=frame[~frame[Road.kind].isin(_PATHS)], theme="context", value="道路中线",
            label_column=Road.name, label_kind="道路名", label_priority=30, in_legend=False,
        )
    ]  # fmt: skip


def buildings(town: Town) -> list[Drawn]:
    """Buildings, one class."""
    return [Drawn(frame=town.geo(Building), theme="building", value="建筑", legend_group=_BASE)]


def floor_class(floors: pd.Series) -> pd.Series:
    """Return the class of ``building_floors`` for storey counts; 未知 where missing."""
    edges, names = [0, 3, 6, 9, 18, np.inf], ["1-3", "4-6", "7-9", "10-18", "19+"]
    return pd.cut(floors.astype("float64"), edges, labels=names).astype("object").fillna("未知")


def decade_class(built: pd.Series) -> pd.Series:
    """Return the class of ``building_decade`` for years written as text; 未知 where there is none."""
    year = pd.to_numeric(built.str.extract(r"((?:19|20)\d{2})")[0])
    decade = (year // 10 * 10).clip(upper=2020).astype("Int64").astype("str")
    return decade.where(year >= 1980, "1980前").where(year.notna(), "未知")


def building_floors(town: Town) -> list[Drawn]:
    """Buildings by storeys, 规划范围 only; nothing when no storey is known."""
    frame = town.inside(Building)
    if not frame[Building.floors].notna().any():
        return []
    frame = frame.assign(**{"class": floor_class(frame[Building.floors])})
    return [
        Drawn(
            frame=frame, theme="building_floors", class_column="class", legend_group="建筑层数",
            legend_counts=True,
        )
    ]  # fmt: skip


def building_decades(town: Town) -> list[Drawn]:
    """Buildings by decade, 规划范围 only; nothing when no year is known."""
    frame = town.inside(Building)
    if not frame[Building.built].notna().any():
        return []
    frame = frame.assign(**{"class": decade_class(frame[Building.built])})
    return [
        Drawn(
            frame=frame, theme="building_decade", class_column="class", legend_group="建成年代",
            legend_counts=True,
        )
    ]  # fmt: skip


def quality_class(quality: pd.Series) -> pd.Series:
    """Return the class of ``building_quality``; 未知 where nothing or another word is stated."""
    return quality.where(quality.map(lambda word: has_symbol("building_quality", str(word))), "未知")


def building_quality(town: Town) -> list[Drawn]:
    """Buildings by condition, 规划范围 only; nothing when none is known."""
    frame = town.inside(Building)
    if not frame[Building.quality].notna().any():
        return []
    frame = frame.assign(**{"class": quality_class(frame[Building.quality])})
    return [
        Drawn(
            frame=frame, theme="building_quality", class_column="class", legend_group="建筑质量",
            legend_counts=True,
        )
    ]  # fmt: skip


def _landuse(town: Town, layer: type[Parcel] | type[PlannedParcel], group: str) -> list[Drawn]:
    frame = town.inside(layer) if layer is Parcel else town.geo(layer)
    frame = frame[frame[layer.community].notna()]
    frame = town.classed(frame, layer.landuse_code, "landuse")
    return [
        Drawn(
            frame=frame, theme="landuse", class_column="class", label_column="class", label_kind="代码",
            label_place="inside", label_priority=5, legend_group=group,
        )
    ]  # fmt: skip


def landuse_now(town: Town) -> list[Drawn]:
    """Present land use with its codes (G-02)."""
    return _landuse(town, Parcel, "现状用地")


def landuse_planned(town: Town) -> list[Drawn]:
    """Planned land use with its codes (G-08)."""
    return _landuse(town, PlannedParcel, "规划用地")


def utility_lines(town: Town) -> list[Drawn]:
    """Pipes and cables by kind."""
    frame = town.classed(town.geo(UtilityLine), UtilityLine.kind, "utility_line", fallback="管线")
    return [Drawn(frame=frame, theme="utility_line", class_column="class", legend_group="市政管线")]


def utility_points(town: Town) -> list[Drawn]:
    """Lamps, waste points, substations."""
    frame = town.classed(town.inside(UtilityPoint), UtilityPoint.kind, "utility_point", fallback="其他")
    return [
        Drawn(
            frame=frame, theme="utility_point", class_column="class", legend_group="市政设施",
            legend_counts=True, obstacle=False,
        )
    ]  # fmt: skip


def open_spaces(town: Town) -> list[Drawn]:
    """Parks, squares and activity grounds as the subject; a green way in many pieces is named once."""
    frame = town.classed(town.geo(OpenSpace), OpenSpace.kind, "surface", fallback="绿地")
    largest = frame.area.sort_values(ascending=False, kind="stable").index
    repeated = frame.loc[largest, OpenSpace.name].duplicated().reindex(frame.index)
    frame = frame.assign(label=frame[OpenSpace.name].mask(repeated))
    return [
        Drawn(
            frame=frame, theme="surface", class_column="class", label_column="label",
            label_priority=50, label_required=True, legend_group="公共活动空间",
        )
    ]  # fmt: skip


def gates(town: Town) -> list[Drawn]:
    """Gates of estates."""
    return [Drawn(frame=town.inside(Gate), theme="gate", value="出入口", legend_group="道路", obstacle=False)]


def heritage(town: Town) -> list[Drawn]:
    """Protection ranges, named (4.5)."""
    return [
        Drawn(
            frame=town.placed(Heritage), theme="heritage", value="保护范围", label_column=Heritage.name,
            label_priority=60, legend_group="历史文化保护", label_required=True,
        )
    ]  # fmt: skip


VIEWS = {
    view.__name__: view
    for view in (
        context_lines, context_roads, context_buildings, surfaces, adjoining, community_lines, community_fill, plan_line, study_line,
        cut_line, roads, roads_thin, buildings, building_floors, building_decades, building_quality, landuse_now,
        landuse_planned, utility_lines, utility_points, open_spaces, gates, heritage,
    )
}  # fmt: skip
