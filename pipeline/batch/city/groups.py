"""Which communities make a plan, and what the plan is called; ids and block numbers that do not move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.faults import Fault, PlanFaults
from layers.source import Community
from pipeline.batch.city.config import City

_MOST_BLOCKS = 999


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


def make_groups(communities: gpd.GeoDataFrame, city: City) -> list[Group]:
    """Return the plans that the communities of a city make, sorted by code and name.

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
    _check_ids(groups, city)
    return groups


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


def number_blocks(groups: list[Group], city: City, known: Mapping[str, Any]) -> dict[str, int]:
    """Return the block number of each plan by id: one it has had stays, new ones take what is free in their county.

    Parameters
    ----------
    known : plans of the record by id, with ``block`` and ``region``; those that have vanished keep theirs.

    Raises
    ------
    PlanFaults
        If a county has more plans than there are numbers.
    """
    taken: dict[str, set[int]] = {}
    for plan in known.values():
        taken.setdefault(plan["region"], set()).add(plan["block"])
    blocks = {}
    for group in groups:
        name, region = group.fill(city.city.plan_id), group.region[0]
        before = known.get(name)
        if before is not None and before["region"] == region:
            blocks[name] = before["block"]
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
