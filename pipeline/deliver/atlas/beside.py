"""Side tables of the sheets: the same rows and ids as the xlsx, in few columns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from configs.facilities import facility_classes
from configs.planning import landuse_names
from layers import codes
from layers.planned import Adjustment, Business, Need, PlannedParcel, Project, Resource, Site
from layers.reachable import Scope, Served, Sharing, Unit
from layers.source import Building, Facility, Heritage, OpenSpace, Parcel, Road, UtilityLine, UtilityPoint
from pipeline.deliver.atlas import ground
from pipeline.deliver.atlas.cells import (
    Rows,
    make_table,
    share_hectares,
    write_area,
    write_count,
    write_hectares,
    write_text,
)
from pipeline.deliver.atlas.subjects import (
    MOST_LISTED,
    NUMBER,
    business_numbered,
    facilities_numbered,
    heritage_met,
    sharing_numbered,
    sites_numbered,
)
from pipeline.deliver.atlas.town import PLANNED, Town
from pipeline.deliver.sheet.spec import SideTable

# Ground without land-use data is named from this area on; below it is rounding in the boundary.
_UNMAPPED_M2 = 100.0
MOST_NEEDS = 20


def scope(town: Town) -> SideTable | None:
    """Area of both ranges."""
    frame = town.geo(Scope)
    rows = [(str(k), write_hectares(a)) for k, a in zip(frame[Scope.kind], frame[Scope.area_m2], strict=True)]
    return make_table("范围面积", ("范围", "面积（公顷）"), rows, (1,))


def communities(town: Town) -> SideTable | None:
    """Communities with code, area and people."""
    frame = town.geo(Unit)
    rows = [
        (str(row[Unit.name]), write_text(row[Unit.code]), area, write_count(row[Unit.population]))
        for row, area in zip(frame.to_dict("records"), share_hectares(frame[Unit.area_m2]), strict=True)
    ]
    return make_table("社区一览", ("社区", "代码", "公顷", "常住人口"), rows, (2, 3))


def landuse_balance(town: Town) -> SideTable | None:
    """Present and planned area by first-level class; the xlsx has every class."""
    names = landuse_names()
    now, planned = town.inside(Parcel), town.geo(PlannedParcel)
    planned = planned[planned[PlannedParcel.community].notna()]
    before = now.groupby(now[Parcel.landuse_code].str[:2])[Parcel.area_m2].sum()
    after = planned.groupby(planned[PlannedParcel.landuse_code].str[:2])[PlannedParcel.area_m2].sum()
    table = pd.DataFrame({"before": before, "after": after}).fillna(0.0).sort_index()
    shown = zip(table.index, share_hectares(table["before"]), share_hectares(table["after"]), strict=True)
    rows = [(f"{code} {names.get(str(code), '')}", now, then) for code, now, then in shown]
    if rows:
        rows.append(("合计", write_hectares(table["before"].sum()), write_hectares(table["after"].sum())))
        without = float(town.scope(PLANNED)[Scope.area_m2].iloc[0]) - float(table["before"].sum())
        if without >= _UNMAPPED_M2:
            rows.append(("无用地数据", write_hectares(without), ""))
    return make_table("用地平衡（公顷）", ("一级类", "现状", "规划"), rows, (1, 2))


def _building_classes(town: Town, theme: str, title: str, classes: pd.Series) -> SideTable | None:
    from styles import theme_symbols

    frame = town.inside(Building)
    rows = []
    for item in theme_symbols(theme):
        of_class = frame[(classes == item.value).to_numpy()]
        if len(of_class):
            rows.append(
                (item.name, str(len(of_class)), write_hectares(of_class[Building.floor_area_m2].sum()))
            )
    return make_table(title, ("类别", "栋数", "建筑面积（公顷）"), rows, (1, 2))


def building_floors(town: Town) -> SideTable | None:
    """Buildings and floor area by storeys."""
    classes = ground.floor_class(town.inside(Building)[Building.floors])
    return _building_classes(town, "building_floors", "建筑层数统计", classes)


def building_decades(town: Town) -> SideTable | None:
    """Buildings and floor area by decade."""
    classes = ground.decade_class(town.inside(Building)[Building.built])
    return _building_classes(town, "building_decade", "建筑年代统计", classes)


def facilities(town: Town, *, groups: Sequence[str]) -> SideTable | None:
    """Numbered facilities with type and scale, or their number and scale by type when they are many (G-03)."""
    frame = facilities_numbered(town, groups)
    size = frame[Facility.floor_area_m2].fillna(frame[Facility.land_area_m2])
    rows: Rows
    if len(frame) <= MOST_LISTED:
        rows = [
            (str(row[NUMBER]), write_text(row[Facility.name]), str(row[Facility.type_name]), write_area(m2))
            for row, m2 in zip(frame.to_dict("records"), size, strict=True)
        ]
        return make_table("设施一览", ("号", "名称", "类型", "面积㎡"), rows, (3,))
    by_type = frame.assign(size=size).groupby(Facility.type_name, sort=False)["size"]
    rows = [
        (str(name), str(count), write_area(total))
        for (name, count), total in zip(by_type.size().items(), by_type.sum(min_count=1), strict=True)
    ]
    return make_table("设施数量与面积", ("类型", "处", "面积㎡（有记录的）"), rows, (1, 2))


def utilities(town: Town) -> SideTable | None:
    """Utility points and lines by kind, and numbered waste, parking and shelter facilities."""
    points, lines = town.inside(UtilityPoint), town.geo(UtilityLine)
    rows = [(str(k), f"{n} 处") for k, n in points[UtilityPoint.kind].value_counts().sort_index().items()]
    lengths = lines.groupby(UtilityLine.kind)[UtilityLine.length_m].sum()
    rows += [(f"{kind}管线", f"{length / 1000:.2f} km") for kind, length in lengths.items()]
    named = facilities_numbered(town, ["环卫市政", "停车充电", "应急"])
    rows += [
        (f"{row[NUMBER]} {write_text(row[Facility.name])}", str(row[Facility.type_name]))
        for row in named.to_dict("records")
    ]
    return make_table("市政设施统计", ("设施", "数量或类型"), rows)


def roads(town: Town) -> SideTable | None:
    """Road length by class inside 规划范围."""
    area = town.scope(PLANNED).geometry.union_all()
    frame = town.geo(Road)
    inside = frame.geometry.intersection(area).length.groupby(frame[Road.kind]).sum()
    rows = [(str(kind), f"{length / 1000:.2f}") for kind, length in inside.items() if length > 0]
    if rows:
        rows.append(("合计", f"{inside.sum() / 1000:.2f}"))
    return make_table("规划范围内道路", ("等级", "长度（km）"), rows, (1,))


def open_spaces(town: Town) -> SideTable | None:
    """Open spaces with kind and area."""
    frame = town.inside(OpenSpace).sort_values(OpenSpace.area_m2, ascending=False)
    rows = [
        (write_text(row[OpenSpace.name]), str(row[OpenSpace.kind]), write_area(row[OpenSpace.area_m2]))
        for row in frame.to_dict("records")
    ]
    return make_table("公共活动空间", ("名称", "类型", "面积㎡"), rows, (2,))


def served(town: Town, *, type: str) -> SideTable | None:
    """Homes covered by own facilities and with sharing, by community (3.2)."""
    frame = town.table(Served)
    item = facility_classes()[type]
    rows = [
        (
            str(row[Served.community]),
            write_count(row[Served.homes]),
            write_count(row[Served.homes_own]),
            write_count(row[Served.homes_shared]),
        )
        for row in frame[frame[Served.type_key] == type].to_dict("records")
    ]
    title = f"{item.name}{item.mark}：覆盖住户点（处）"
    return make_table(title, ("社区", "总数", "本社区设施", "共享后"), rows, (1, 2, 3))


def sharing(town: Town) -> SideTable | None:
    """Facilities that can be shared, with the communities that gain and the homes gained."""
    frame = sharing_numbered(town)
    rows = [
        (
            str(number),
            write_text(group[Sharing.facility_name].iloc[0]),
            "、".join(str(name).removesuffix("社区") for name in group[Sharing.community]),
            write_count(group[Sharing.distance_m].min()),
            write_count(group[Sharing.homes_gained].sum()),
        )
        for number, group in frame.groupby(NUMBER, sort=False)
    ]
    return make_table("共享关系", ("号", "设施", "受益社区", "最近m", "新增户点"), rows, (3, 4))


def needs(town: Town, *, dimension: str) -> SideTable | None:
    """Needs of a dimension, those without a place too, marked as such."""
    frame = town.table(Need)
    frame = frame[frame[Need.dimension] == dimension].sort_values(Need.number)
    no_place = frame.geometry.isna() | frame.geometry.is_empty
    if len(frame) > MOST_NEEDS:
        groups = frame.groupby([Need.community, Need.urgency], dropna=False)[[Need.type_name, Need.number]]
        many = [
            (
                write_text(community),
                "、".join(group[Need.type_name].fillna(group[Need.number])),
                f"{urgency} {len(group)}",
            )
            for (community, urgency), group in groups
        ]
        return make_table("需求汇总（清单见附表）", ("社区", "需求内容", "程度"), many)
    rows = [
        (
            str(row[Need.number]),
            str(row[Need.description]) + ("（无具体位置）" if blank else ""),
            str(row[Need.urgency]),
        )
        for row, blank in zip(frame.to_dict("records"), no_place, strict=True)
    ]
    return make_table("需求清单", ("编号", "需求内容", "程度"), rows)


def _resources(town: Town, *, matched: bool) -> SideTable | None:
    frame = town.geo(Resource)
    frame = frame[frame[Resource.matched].notna()] if matched else frame
    last = Resource.matched if matched else Resource.certainty
    # What is confirmed comes first: where the sheet has no room for all, it is the candidates that are cut.
    frame = frame.assign(open=frame[Resource.certainty] != codes.CERTAINTY.values[0])
    rows = [
        (
            str(row[Resource.number]),
            # Names of candidates end in their number, which stands beside them.
            str(row[Resource.name]).removesuffix(str(row[Resource.number])),
            write_area(row[Resource.area_m2]),
            write_text(row[last]),
        )
        for row in frame.sort_values(["open", Resource.number]).to_dict("records")
    ]
    title = "匹配资源" if matched else "空间资源"
    return make_table(title, ("编号", "名称", "面积㎡", "匹配需求" if matched else "确定性"), rows, (2,))


def resources_all(town: Town) -> SideTable | None:
    """Spatial resources with area and certainty (G-05)."""
    return _resources(town, matched=False)


def resources_matched(town: Town) -> SideTable | None:
    """Matched resources with the needs they answer (G-06)."""
    return _resources(town, matched=True)


def business(town: Town) -> SideTable | None:
    """Functions by action and kind."""
    frame = town.geo(Business)
    counts = frame.groupby([Business.action, Business.kind]).size()
    rows = [(str(action), str(kind), str(n)) for (action, kind), n in counts.items()]
    return make_table("功能业态", ("动作", "业态", "处"), rows, (2,))


def business_changed(town: Town) -> SideTable | None:
    """What is improved or brought in: numbers as on the map, name, place, area (3.5.1)."""
    rows = [
        (str(row[NUMBER]), str(row[Business.action]), str(row[Business.name]), write_text(row[Business.place]),
         write_area(row[Business.area_m2]))
        for row in business_numbered(town).to_dict("records")
    ]  # fmt: skip
    return make_table("改善和植入的业态", ("序号", "动作", "名称", "位置", "建筑㎡"), rows, (4,))


def sites(town: Town) -> SideTable | None:
    """Sites that change: number as on the map, action, name, planned code and areas (D-05)."""
    rows = [
        (
            str(row[NUMBER]),
            str(row[Site.action]),
            str(row[Site.name]),
            write_text(row[Site.function]),
            write_area(row[Site.area_m2]),
            write_area(row[Site.floor_area_m2]),
        )
        for row in sites_numbered(town).to_dict("records")
        if row[Site.action] != "弹性"
    ]
    return make_table("更新布局", ("序号", "方式", "名称", "规划功能", "用地㎡", "建筑㎡"), rows, (4, 5))


def site_sums(town: Town) -> SideTable | None:
    """Number, ground and floor area by 更新方式 (D-05)."""
    frame = town.geo(Site)
    rows = []
    for action in codes.ACTION.values:
        some = frame[frame[Site.action] == action]
        if len(some):
            area, floor = some[Site.area_m2].sum(), some[Site.floor_area_m2].sum()
            rows.append((action, str(len(some)), write_area(area), write_area(floor)))
    return make_table("更新方式汇总", ("方式", "处", "用地㎡", "建筑㎡"), rows, (1, 2, 3))


def adjustments(town: Town) -> SideTable | None:
    """Parcels proposed for another use or intensity (5.2.2)."""
    rows = [
        (
            str(row[Adjustment.number]),
            f"{row[Adjustment.name_now]}→{row[Adjustment.name_then]}",
            write_area(row[Adjustment.area_m2]),
        )
        for row in town.table(Adjustment).sort_values(Adjustment.number).to_dict("records")
    ]
    return make_table("详细规划调整建议", ("图斑", "用地性质", "面积㎡"), rows, (2,))


def heritage(town: Town) -> SideTable | None:
    """Protection ranges."""
    frame = town.placed(Heritage)
    rows = [
        (str(row[Heritage.name]), str(row[Heritage.kind]), write_area(row[Heritage.area_m2]))
        for row in frame.sort_values(Heritage.id).to_dict("records")
    ]
    return make_table("保护范围", ("名称", "类型", "面积㎡"), rows, (2,))


def heritage_sites(town: Town) -> SideTable | None:
    """Sites that change something inside a protection range, and how much of it (4.5, D-08)."""
    frame = heritage_met(town)
    rows = [
        (str(row[Site.name]), str(row[Site.action]), write_text(row[Site.heritage]))
        for row in frame.sort_values(Site.id).to_dict("records")
    ]
    return make_table("涉及保护范围的布局", ("名称", "方式", "涉及"), rows)


def projects(town: Town, *, works: str | None = None) -> SideTable | None:
    """Projects with ids, names and time (G-10); the summary also lists 机制改革工程."""
    frame = town.table(Project)
    frame = frame[frame[Project.works] == works] if works else frame
    rows = [
        (str(row[Project.number]), str(row[Project.name]), str(row[Project.schedule]))
        for row in frame.sort_values(Project.number).to_dict("records")
    ]
    return make_table("更新项目", ("编号", "项目名称", "建设时序"), rows)


TABLES = {
    table.__name__: table
    for table in (
        scope, communities, landuse_balance, building_floors, building_decades, facilities, utilities, roads,
        open_spaces, served, sharing, needs, resources_all, resources_matched, business, business_changed,
        sites, site_sums, adjustments, heritage, heritage_sites, projects,
    )
}  # fmt: skip
