"""Which communities make a plan, and what the plan is called; ids and block numbers that do not move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import TypeAdapter, ValidationError

from layers.faults import Fault, PlanFaults
from layers.source import Community
from pipeline.batch.city.config import City
from pipeline.batch.city.record import PlanNote
from pipeline.plan.kinds import SafeName

_MOST_BLOCKS = 999
_SAFE: TypeAdapter[str] = TypeAdapter(SafeName)
# What a plan's config asks to be the name of a file, by the pattern it is made with.
_NAMES = ("plan_id", "plan_title", "plan_area")


@dataclass(frozen=True, eq=False)
class Group:
    """Communities that make one plan.

    Attributes
    ----------
    name : of the community, or of the group.
    communities : names of its communities, sorted by code.
    code, street : of the first of them; may be empty.
    ground : all of them, in the city's CRS, metres.
    region : county code and name.
    """

    name: str
    communities: tuple[str, ...]
    code: str
    street: str
    ground: shapely.Geometry
    region: tuple[str, str]

    def fill(self, pattern: str) -> str:
        """Return a name by its pattern."""
        return pattern.format(name=self.name, code=self.code, street=self.street).strip()


def make_groups(communities: gpd.GeoDataFrame, city: City) -> tuple[list[Group], list[str]]:
    """Return the plans that the communities of a city make, sorted by code and name, and which cannot be named.

    A community whose name makes no file name is left out with a remark, Chinese, as one without roads is: it is one
    plan's fault and stops no other.

    Raises
    ------
    PlanFaults
        If communities are no areas, a group names one that is not there, or two plans would have one id.
    """
    _check_areas(communities)
    ordered = communities.sort_values([Community.code, Community.name], ignore_index=True)
    names = list(ordered[Community.name])
    teams = _teams(ordered, city)
    group_of = np.array([teams.get(name, name) for name in names], dtype=object)
    groups = [_make_group(str(name), rows, city) for name, rows in ordered.groupby(group_of, sort=False)]
    _check_listed(city, set(names), {group.name for group in groups})
    if city.city.only:
        groups = [group for group in groups if group.name in city.city.only]
    refused = {group.name: _check_names(group, city) for group in groups}
    groups = [group for group in groups if not refused[group.name]]
    _check_ids(groups, city)
    return groups, [remark for remark in refused.values() if remark]


def _teams(communities: pd.DataFrame, city: City) -> dict[str, str]:
    """Return the group of each community that has one."""
    if city.city.by_street:
        known = communities[communities[Community.street].notna()]
        return dict(zip(known[Community.name], known[Community.street], strict=True))
    return {name: group for group, names in city.city.groups.items() for name in names}


def _make_group(name: str, rows: gpd.GeoDataFrame, city: City) -> Group:
    first = rows.iloc[0]
    code = "" if pd.isna(first[Community.code]) else str(first[Community.code])
    street = "" if pd.isna(first[Community.street]) else str(first[Community.street])
    regions = city.city.regions
    region = code[:6] if code[:6] in regions else city.plan.region_code
    return Group(
        name, tuple(rows[Community.name]), code, street, shapely.union_all(rows.geometry.to_numpy()),
        (region, regions.get(region, city.plan.region_name)),
    )  # fmt: skip


def _check_areas(communities: gpd.GeoDataFrame) -> None:
    points = communities[~communities.geom_type.isin(["Polygon", "MultiPolygon"])]
    if len(points):
        raise PlanFaults(
            [
                Fault(
                    "HSQ-G03", f"{len(points)} 个社区不是面，无法分出各社区的数据", layer=Community.alias,
                    row="、".join(points[Community.name].astype("str").head(6)), remedy="提供社区边界面；只有点位的先作单个方案",
                )
            ]
        )  # fmt: skip


def _check_listed(city: City, communities: set[str], groups: set[str]) -> None:
    listed = {name for names in city.city.groups.values() for name in names}
    faults = [
        Fault(
            "HSQ-C03", f"配置项 city.{key}：社区边界中没有“{name}”", field=f"city.{key}", value=name,
            remedy="名称须与社区边界图层一致",
        )
        for key, wanted, there in (("groups", listed, communities), ("only", set(city.city.only), groups))
        for name in sorted(wanted - there)
    ]  # fmt: skip
    if faults:
        raise PlanFaults(faults)


def _check_names(group: Group, city: City) -> str:
    """Return why a plan's files cannot have the names its patterns make, and how to mend it; empty where they can."""
    patterns = {f"city.{key}": getattr(city.city, key) for key in _NAMES}
    wrong: dict[str, str] = {}
    for key, pattern in patterns.items():
        try:
            _SAFE.validate_python(group.fill(pattern))
        except ValidationError as error:
            wrong[key] = str(error.errors()[0]["ctx"]["error"])
    if not wrong:
        return ""
    by_code = "、".join(key for key in wrong if "{code}" not in patterns[key]) if group.code else ""
    ways = [f"在 {by_code} 中用 {{code}} 代替 {{name}}"] if by_code else []
    street = city.city.by_street
    ways.append("改正社区边界中的街道名称" if street else "在 city.groups 中给它另起组名（组名: [社区名称]）")
    rule = next(iter(wrong.values()))
    return (
        f"{group.name}：没有生成方案，由 {'、'.join(wrong)} 得出的名称要作文件名，{rule}；{'，或'.join(ways)}"
    )


def _check_ids(groups: list[Group], city: City) -> None:
    users: dict[str, list[str]] = {}
    for group in groups:
        users.setdefault(group.fill(city.city.plan_id).casefold(), []).append(group.name)
    faults = [
        Fault(
            "HSQ-C03", f"这些方案的标识相同（{name}）：{'、'.join(same)}", field="city.plan_id", value=name,
            remedy="在 city.plan_id 中加入 {code}",
        )
        for name, same in sorted(users.items())
        if len(same) > 1 or name == city.city.id.casefold()
    ]  # fmt: skip
    if faults:
        raise PlanFaults(faults)


def number_blocks(groups: list[Group], city: City, known: Mapping[str, PlanNote]) -> dict[str, int]:
    """Return the block number of each plan by id: one it has had stays, new ones take what is free in their county.

    Parameters
    ----------
    known : plans of the record by id; those that have vanished keep their numbers.

    Raises
    ------
    PlanFaults
        If a county has more plans than there are numbers.
    """
    taken: dict[str, set[int]] = {}
    for plan in known.values():
        taken.setdefault(plan.region, set()).add(plan.block)
    blocks = {}
    for group in groups:
        name, region = group.fill(city.city.plan_id), group.region[0]
        before = known.get(name)
        if before is not None and before.region == region:
            blocks[name] = before.block
            continue
        used = taken.setdefault(region, set())
        free = next((n for n in range(city.city.first_block, _MOST_BLOCKS + 1) if n not in used), None)
        if free is None:
            raise PlanFaults(
                [
                    Fault(
                        "HSQ-C03", f"行政区 {region} 的方案块号 {city.city.first_block}–{_MOST_BLOCKS} 已用完", field="city.first_block",
                        remedy="用 city.regions 分开各县（市、区），或用 groups、by_street 合并社区",
                    )
                ]
            )  # fmt: skip
        used.add(free)
        blocks[name] = free
    return blocks
