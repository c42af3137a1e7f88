"""Side tables of what is there: ranges, communities, land use, buildings, facilities, pipes, roads, open space."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from configs.planning import landuse_names
from layers.planned import PlannedParcel
from layers.reachable import Scope, Unit
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
from pipeline.deliver.atlas.subjects import MOST_LISTED, NUMBER, facilities_numbered
from pipeline.deliver.atlas.town import PLANNED, Town
from pipeline.deliver.sheet.spec import SideTable
from styles import theme_symbols

# Ground without land-use data is named from this area on; below it is rounding in the boundary.
_UNMAPPED_M2 = 100.0


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


def building_quality(town: Town) -> SideTable | None:
    """Buildings and floor area by condition."""
    classes = ground.quality_class(town.inside(Building)[Building.quality])
    return _building_classes(town, "building_quality", "建筑质量统计", classes)


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


def heritage(town: Town) -> SideTable | None:
    """Protection ranges."""
    frame = town.placed(Heritage)
    rows = [
        (str(row[Heritage.name]), str(row[Heritage.kind]), write_area(row[Heritage.area_m2]))
        for row in frame.sort_values(Heritage.id).to_dict("records")
    ]
    return make_table("保护范围", ("名称", "类型", "面积㎡"), rows, (2,))


TABLES = {
    table.__name__: table
    for table in (
        scope, communities, landuse_balance, building_floors, building_decades, building_quality, facilities,
        utilities, roads, open_spaces, heritage,
    )
}  # fmt: skip
