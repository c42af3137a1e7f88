"""Sites of the layout: what is rebuilt, newly built, removed, kept, or held open as 弹性空间 (4.3, D-05)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import shapely

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.faults import FaultLog
from layers.planned import Match, Need, Pair, Resource, Site
from layers.source import Building, Facility
from pipeline.stages.factors import needs_no_works
from pipeline.stages.placing import clean_number, clean_text, find_word, write_area
from pipeline.stages.plots import Plot, cut_plots
from pipeline.stages.shape import keep_areas

_LEAST_M2 = 1.0


@dataclass
class Use:
    """A resource and the needs it will meet.

    Attributes
    ----------
    resource : row of ``Resource``, with ``geometry`` an area of its own that no other use takes.
    needs : rows of ``Need``, 紧迫 first, then by number.
    used_m2 : area each need takes, in the same order.
    level : the best level of its pairs; 0 where no need takes it.
    shape : ground of its own, planar metres.
    plots : what is built on which part of it; only of new building.
    rest : what is left of the ground beside the plots; None where nothing is.
    overruled : 更新方式 somebody decided instead of the judged one; empty where nobody did.
    """

    resource: dict[str, Any]
    needs: list[dict[str, Any]]
    used_m2: list[float]
    level: int
    shape: shapely.Geometry
    plots: tuple[Plot, ...] = ()
    rest: shapely.Geometry | None = None
    overruled: str = ""

    @property
    def ground(self) -> shapely.Geometry:
        """What its site takes: the plots, or all of it."""
        return shapely.union_all([plot.shape for plot in self.plots]) if self.plots else self.shape

    @property
    def items(self) -> list[FacilityClass]:
        """Facility classes of the needs."""
        return [facility_classes()[need[Need.type_key]] for need in self.needs]

    @property
    def judged(self) -> tuple[str, str]:
        """更新方式 with the rule that gave it: rooms and open space in use are altered, idle ground is built on.

        A school ground that is opened by turns stays as it is.
        """
        row = self.resource
        condition, category = clean_text(row[Resource.condition]), row[Resource.category]
        word = find_word(condition, read_settings("idle.yaml")["demolish_words"])
        if word:
            return "拆除", f"现状条件写明“{word}”（指南4.3）"
        if not self.needs:
            return "弹性", "已确认的资源，没有列入资源清单的需求使用，功能待定（指南4.3“弹性空间”）"
        named = f"匹配度{self.level}，列入资源清单的需求{'、'.join(n[Need.number] for n in self.needs)}"
        if all(needs_no_works(row, item) for item in self.items):
            return "保留", f"错时开放使用，无需建设，{named}（指南3.2、3.6.1）"
        if category == "建筑":
            return "改造", f"利用存量建筑，{named}（指南4.3、3.7）"
        if row[Resource.use_status] == "在用" and category == "空间":
            return "改造", f"在用的开放空间，增设或提升功能，{named}（指南4.3、3.7）"
        return (
            "新建",
            f"在{clean_text(row[Resource.use_status]) or '可用'}{category}上建设，{named}（指南4.3、3.7）",
        )

    @property
    def action(self) -> str:
        """更新方式 as decided, else as judged."""
        return self.overruled or self.judged[0]


def find_uses(
    resources: gpd.GeoDataFrame,
    needs: gpd.GeoDataFrame,
    pairs: Any,
    matches: Any,
    buildings: gpd.GeoDataFrame,
    log: FaultLog,
) -> list[Use]:
    """Return every confirmed spatial resource with its listed needs, on ground of its own.

    Buildings come first, so that a plot keeps the ground between them; equal ones by number.
    """
    listed = set(matches.loc[matches[Match.listed] == "是", Match.need])
    need_rows = {row[Need.number]: row for row in needs.to_dict("records")}
    chosen = pairs[pairs[Pair.chosen] & pairs[Pair.need].isin(listed)]
    houses = buildings.set_index(Building.id).geometry
    spatial = resources[
        resources[Resource.category].isin(codes.SPATIAL_RESOURCE) & (resources[Resource.certainty] == "确认")
    ]
    built_first = spatial.assign(_land=spatial[Resource.category] != "建筑").sort_values(
        ["_land", Resource.number]
    )
    taken: list[shapely.Geometry] = []
    uses = []
    for row in built_first.to_dict("records"):
        shape = row["geometry"]
        if (shape is None or shape.area == 0) and clean_text(row[Resource.building]) in houses.index:
            shape = houses[row[Resource.building]]
        if shape is None or shape.area == 0:
            continue
        ground = keep_areas(shapely.difference(shape, shapely.union_all(taken)), least_m2=_LEAST_M2)
        if ground.is_empty:
            log.add(
                "HSQ-A07",
                f"资源{row[Resource.number]}的范围已全部属于其他资源，未单独布局",
                severity="警告",
                layer=Resource.alias,
                row=row[Resource.number],
                remedy="核对资源台账中重复或重叠的条目",
            )
            continue
        taken.append(ground)
        mine = chosen[chosen[Pair.resource] == row[Resource.number]]
        order = sorted(
            mine.to_dict("records"),
            key=lambda p: (need_rows[p[Pair.need]][Need.urgency] != "紧迫", p[Pair.need]),
        )
        uses.append(
            Use(
                row,
                [need_rows[pair[Pair.need]] for pair in order],
                [clean_number(pair[Pair.used_m2]) for pair in order],
                max((int(pair[Pair.level]) for pair in order), default=0),
                ground,
            )
        )
    return uses


def lay_plots(uses: list[Use], street: shapely.Geometry | None) -> list[Use]:
    """Return the uses with the plots of those that are built on (4.3: 具体范围)."""
    return [
        replace(use, plots=tuple(plots), rest=None if rest.is_empty else rest)
        for use in uses
        for plots, rest in [
            cut_plots(use.resource, use.needs, use.used_m2, use.shape, street)
            if use.action == "新建"
            else ([], shapely.Polygon())
        ]
    ]


def write_site(use: Use) -> list[dict[str, Any]]:
    """Return the ``Site`` rows of a use, the second for ground held open; they are measured with all others."""
    row, (action, rule) = use.resource, use.judged
    measures = read_settings("layout.yaml")["measures"]
    if action == "弹性":
        measure, function = None, "弹性空间（功能待定）"
    else:
        measure = measures.get(action, measures.get(use.level))
        function = "、".join(dict.fromkeys(item.name for item in use.items)) or "待定"
    code_now = clean_text(row[Resource.landuse_code])
    codes_then = list(dict.fromkeys(plot.code for plot in use.plots if plot.code))
    changes = any(code != code_now for code in codes_then)
    numbers = "、".join(need[Need.number] for need in use.needs)
    site = {
        Site.id: f"S-{row[Resource.number]}",
        Site.source: row[Resource.source],
        Site.community: row[Resource.community],
        Site.action: action,
        Site.name: row[Resource.name],
        Site.function: function,
        Site.floor_area_m2: _floor_area(use),
        Site.measure: measure,
        Site.tenure_change: find_tenure(row, action, changes=changes),
        Site.need: use.needs[0][Need.number] if use.needs else None,
        Site.resource: row[Resource.number],
        Site.note: f"满足需求{numbers}" if use.needs else None,
        Site.kind: "建筑" if row[Resource.category] == "建筑" else "用地",
        Site.place: row[Resource.place],
        Site.base_code: code_now,
        Site.landuse_code: "、".join(codes_then),
        Site.origin: row[Resource.number],
        Site.needs: numbers,
        Site.rule: rule,
        "geometry": use.ground,
    }
    if use.rest is None:
        return [site]
    held = site | {
        Site.id: f"S-{row[Resource.number]}-T",
        Site.action: "弹性",
        Site.name: f"{row[Resource.name]}预留",
        Site.function: "弹性空间（功能待定）",
        Site.floor_area_m2: None,
        Site.measure: None,
        Site.tenure_change: find_tenure(row, "弹性", changes=False),
        # A project looks its site up by the resource: the ground held open is not it.
        Site.resource: None,
        Site.need: None,
        Site.note: f"资源{row[Resource.number]}除拟建用地外的部分",
        Site.landuse_code: None,
        Site.needs: None,
        Site.rule: f"需求共需{write_area(use.ground.area)}，其余预留（指南4.3“弹性空间”）",
        "geometry": use.rest,
    }
    return [site, held]


def find_tenure(resource: dict[str, Any], action: str, *, changes: bool) -> str:
    """Return 产权变更情况 by the first row of ``layout.yaml`` whose conditions hold (4.3)."""
    known = {
        "unclear": not resource[Resource.tenure_clear],
        "action": action,
        "changes": changes,
    }
    tenure = clean_text(resource[Resource.tenure])
    for rule in read_settings("layout.yaml")["tenure"]:
        wanted = {key: value for key, value in rule.items() if key not in ("text", "tenure")}
        if rule.get("tenure", "") in tenure and all(known[key] == value for key, value in wanted.items()):
            return str(rule["text"])
    raise ValueError("layout.yaml: tenure has no last row without conditions")


def write_kept(
    buildings: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, uses: list[Use]
) -> list[dict[str, Any]]:
    """Return 保留 sites: buildings of the plan that hold a public facility and are not part of any use.

    ``buildings`` have their communities filled in; those outside the plan have none.
    """
    buildings = buildings[buildings[Building.community].notna()]
    groups = read_settings("layout.yaml")["public_groups"]
    public = {key for key, item in facility_classes().items() if item.group in groups}
    spots = facilities[facilities[Facility.type_key].isin(public)].sort_values(Facility.id)
    house, spot = spots.sindex.query(buildings.geometry, predicate="intersects")
    held: dict[int, list[int]] = {}
    for n, which in sorted(zip(house, spot, strict=True)):
        held.setdefault(int(n), []).append(int(which))
    busy = shapely.union_all([use.shape for use in uses])
    rows = []
    for n, inside in held.items():
        building = buildings.iloc[n]
        shape = building.geometry
        if shapely.area(shapely.intersection(shape, busy)) >= _LEAST_M2:
            continue
        names = [facility_classes()[spots[Facility.type_key].iloc[i]].name for i in inside]
        label = (
            clean_text(building[Building.name])
            or clean_text(spots[Facility.name].iloc[inside[0]])
            or names[0]
        )
        rows.append(
            {
                Site.id: f"S-{building[Building.id]}",
                Site.source: building[Building.source],
                Site.community: building[Building.community],
                Site.action: "保留",
                Site.name: label,
                Site.function: "、".join(dict.fromkeys(names)),
                Site.floor_area_m2: building[Building.floor_area_m2],
                Site.tenure_change: "不变",
                Site.kind: "建筑",
                Site.rule: f"建筑内有{'、'.join(dict.fromkeys(names))}，不属更新资源（指南4.3）",
                "geometry": shape,
            }
        )
    return rows


def _floor_area(use: Use) -> float | None:
    """Return floor area: rooms taken, or those a new building needs; open grounds have none."""
    if use.resource[Resource.category] == "建筑":
        used = sum(use.used_m2)
        return used if use.needs and used == used else clean_number(use.resource[Resource.floor_area_m2])
    rooms = [
        clean_number(n[Need.required_m2]) for n, i in zip(use.needs, use.items, strict=True) if not i.land
    ]
    return sum(rooms) if rooms else None
