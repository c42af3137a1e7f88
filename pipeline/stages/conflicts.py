"""What stands against a layout: protection ranges, the plan's edge, ratios, promises made twice, houses in the way.

Nothing is moved or struck out: each conflict is written beside its site and into the quality report, with what
to do about it (4.3, 4.5, 5.2.2; D-05, D-08).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from configs import read_settings
from layers.faults import FaultLog
from layers.planned import Need, PlannedParcel, Resource, Site
from layers.source import Building, Heritage
from pipeline.stages.placing import clean_number, clean_text, write_area
from pipeline.stages.sites import Use

_CHANGING = ("新建", "改造", "拆除")


@dataclass(frozen=True)
class Conflict:
    """One finding about a site.

    Attributes
    ----------
    site : its id.
    text : what is wrong, with how much.
    remedy : what to do.
    spot : where, as a point.
    strict : whether the site cannot stay as it is; else it needs care only.
    heritage : what is protected there; empty for other findings.
    """

    site: str
    text: str
    remedy: str
    spot: shapely.Point
    strict: bool = True
    heritage: str = ""


def meet_heritage(sites: gpd.GeoDataFrame, heritage: gpd.GeoDataFrame) -> Iterator[Conflict]:
    """Yield every site that changes something inside a protection range (4.5, D-08)."""
    rules = read_settings("layout.yaml")["heritage"]
    active = sites[sites[Site.action].isin(_CHANGING)]
    at, which, common = _overlap(active, heritage)
    for n, m, shape in zip(at, which, common, strict=True):
        site, range_ = active.iloc[n], heritage.iloc[m]
        rule = rules[range_[Heritage.kind]]
        named = f"{range_[Heritage.kind]}“{range_[Heritage.name]}”{write_area(shape.area)}"
        text = f"{site[Site.action]}范围涉及{named}"
        strict = site[Site.action] in rule["strict"]
        remedy = f"{rule['remedy']}（指南4.5）"
        yield Conflict(site[Site.id], text, remedy, shapely.point_on_surface(shape), strict, named)


def leave_plan(sites: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> Iterator[Conflict]:
    """Yield every site of which a part lies outside the communities (1.4)."""
    plan = communities.union_all()
    active = sites[sites[Site.action].isin(_CHANGING)]
    outside = shapely.difference(active.geometry.to_numpy(), plan)
    for site, shape in zip(active.to_dict("records"), outside, strict=True):
        # Sites are drawn by other hands than the boundary: a strip of a metre's width is no project outside.
        if shape.area <= max(_least(), 0.01 * site["geometry"].area):
            continue
        text = f"有{write_area(shape.area)}（{shape.area / site['geometry'].area:.0%}）位于规划范围外"
        remedy = "调整用地范围，或核对社区边界（指南1.4）"
        yield Conflict(site[Site.id], text, remedy, shapely.point_on_surface(shape))


def exceed_ratio(planned: gpd.GeoDataFrame) -> Iterator[Conflict]:
    """Yield every parcel built on more densely than another plan allows (3.1.1, 5.2.2)."""
    over = planned[planned[PlannedParcel.floor_area_ratio] > planned[PlannedParcel.far_limit]]
    for row in over.to_dict("records"):
        text = (
            f"图斑{row[PlannedParcel.number]}容积率{row[PlannedParcel.floor_area_ratio]:.2f}"
            f"超过上限{row[PlannedParcel.far_limit]:g}（{row[PlannedParcel.far_basis]}）"
        )
        site = clean_text(row[PlannedParcel.resource])
        remedy = "减小建设规模，或列入详细规划调整建议并依法报批（指南5.2.2）"
        yield Conflict(f"S-{site}" if site else "", text, remedy, row["geometry"].representative_point())


def promise_twice(uses: list[Use]) -> Iterator[Conflict]:
    """Yield sites whose needs ask for more than is there, and resources drawn over one another (4.3)."""
    for use in uses:
        if len(use.needs) < 2:
            continue
        row, built = use.resource, use.resource[Resource.category] == "建筑"
        # A building holds as much as its floors; where nobody knows, its usable area, then its ground.
        rooms = [clean_number(row[Resource.usable_m2]), clean_number(row[Resource.floor_area_m2])]
        known = [room for room in rooms if not np.isnan(room)]
        there = known[0] if built and known else use.shape.area
        wanted = float(np.nansum(use.used_m2))
        if wanted > there + _least():
            names = "、".join(need[Need.number] for need in use.needs)
            yield Conflict(
                _id(use),
                f"{len(use.needs)}个项目（需求{names}）共需{write_area(wanted)}，仅有{write_area(there)}",
                "调整匹配，或减小规模（指南4.3）",
                use.shape.representative_point(),
            )
    busy = [use for use in uses if use.needs and use.resource["geometry"] is not None]
    shapes = np.array([use.resource["geometry"] for use in busy], dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for n, m in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        one, two = busy[n], busy[m]
        same = (one.resource[Resource.category] == "建筑") == (two.resource[Resource.category] == "建筑")
        common = shapely.intersection(shapes[n], shapes[m])
        if n >= m or not same or common.area <= _least():
            continue
        yield Conflict(
            _id(two),
            f"与项目用地{one.resource[Resource.name]}（{one.resource[Resource.number]}）重叠{write_area(common.area)}",
            "同一用地安排了两个项目，核对资源范围，二者取一或分期（指南4.3）",
            shapely.point_on_surface(common),
        )


def cross_works(sites: gpd.GeoDataFrame, works: gpd.GeoDataFrame) -> Iterator[Conflict]:
    """Yield works in place (pipes, lanes, estates) that run through the ground of a site.

    Parameters
    ----------
    works : listed needs met by no space, with the lines or areas they are drawn as.
    """
    active = sites[sites[Site.action].isin(_CHANGING)].reset_index(drop=True)
    there = works[works.geometry.notna()].reset_index(drop=True)
    at, which = there.sindex.query(active.geometry, predicate="intersects")
    for n, m in sorted(zip(at.tolist(), which.tolist(), strict=True)):
        common = shapely.intersection(active.geometry.iloc[n], there.geometry.iloc[m])
        if common.area <= _least() and common.length <= 1.0:
            continue
        much = write_area(common.area) if common.area > 0 else f"{common.length:.0f} m"
        need = there.iloc[m]
        yield Conflict(
            active.iloc[n][Site.id],
            f"与整治项目（需求{need[Need.number]}{need[Need.description]}）同一用地，重叠{much}",
            "两个项目统筹设计和施工（指南4.3）",
            shapely.point_on_surface(common),
            strict=False,
        )


def stand_in_way(uses: list[Use], buildings: gpd.GeoDataFrame) -> Iterator[Conflict]:
    """Yield ground for new building on which houses stand that the layout does not speak of (4.3)."""
    foot = buildings.geometry.to_numpy()
    tree = shapely.STRtree(foot)
    for use in uses:
        if not use.plots:
            continue
        near = tree.query(use.ground, predicate="intersects")
        common = shapely.area(shapely.intersection(foot[near], use.ground))
        hit = near[common > _least()]
        if not len(hit):
            continue
        floor = float(buildings[Building.floor_area_m2].iloc[hit].sum())
        told = f"、建筑面积{write_area(floor)}" if floor > 0 else ""
        yield Conflict(
            _id(use),
            f"拟建用地内有现状建筑{len(hit)}栋{told}（{'、'.join(sorted(buildings[Building.id].iloc[hit])[:5])}）",
            "明确现状建筑保留或拆除，避让后再定用地范围（指南4.3）",
            shapely.point_on_surface(shapely.intersection(foot[hit[0]], use.ground)),
        )


def report_conflicts(conflicts: list[Conflict], sites: gpd.GeoDataFrame, log: FaultLog) -> gpd.GeoDataFrame:
    """Return the sites with their conflicts written beside them; each also becomes a remark."""
    names = sites.set_index(Site.id)[Site.name]
    told: dict[str, list[str]] = defaultdict(list)
    for item in sorted(conflicts, key=lambda c: (c.site, not c.strict, c.text)):
        told[item.site].append(item.text)
        log.add(
            "HSQ-A07",
            f"布局{names.get(item.site, '')}{item.text}",
            severity="警告" if item.strict else "提示",
            layer=Site.alias,
            row=item.site,
            action="照原样列入布局",
            remedy=item.remedy,
            x=round(float(item.spot.x), 2),
            y=round(float(item.spot.y), 2),
        )
    met: dict[str, list[str]] = defaultdict(list)
    for item in conflicts:
        if item.heritage:
            met[item.site].append(item.heritage)
    keys = sites[Site.id]
    return sites.assign(
        **{
            Site.conflict: keys.map(lambda key: "；".join(told.get(key, [])) or None),
            Site.heritage: keys.map(lambda key: "、".join(met.get(key, [])) or None),
        }
    )


def _overlap(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame
) -> tuple[list[int], list[int], list[shapely.Geometry]]:
    """Return positions of pairs that share more than the least area, and what they share."""
    ours, theirs = left.geometry.to_numpy(), right.geometry.to_numpy()
    at, which = shapely.STRtree(theirs).query(ours, predicate="intersects")
    common = shapely.intersection(ours[at], theirs[which])
    real = shapely.area(common) > _least()
    order = np.lexsort((which[real], at[real]))
    return at[real][order].tolist(), which[real][order].tolist(), list(common[real][order])


def _id(use: Use) -> str:
    return f"S-{use.resource[Resource.number]}"


def _least() -> float:
    return float(read_settings("layout.yaml")["least_m2"])
