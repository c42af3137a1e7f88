"""Side tables of what was found and is proposed: the same rows and ids as the xlsx, in few columns."""

from __future__ import annotations

from configs.facilities import facility_classes
from layers import codes
from layers.planned import Adjustment, Business, Need, Project, Resource, Site
from layers.reachable import Served, Sharing
from pipeline.deliver.atlas.cells import (
    make_table,
    write_area,
    write_count,
    write_text,
)
from pipeline.deliver.atlas.subjects import (
    NUMBER,
    business_numbered,
    heritage_met,
    sharing_numbered,
    sites_numbered,
)
from pipeline.deliver.atlas.town import Town
from pipeline.deliver.sheet.spec import SideTable

MOST_NEEDS = 20


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
        served, sharing, needs, resources_all, resources_matched, business, business_changed, sites, site_sums,
        adjustments, heritage_sites, projects,
    )
}  # fmt: skip
