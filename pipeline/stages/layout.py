"""Stage ``layout``: 更新总体布局, planned land use, 功能业态, 详细规划调整建议 (3.5.1, 4.3, 4.5, 5.2.2)."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import shapely

from configs import read_settings
from layers import codes
from layers.areas import measure_area
from layers.ledgers import PlanDemand
from layers.planned import Adjustment, Business, Match, Need, Pair, PlannedParcel, Resource, Site
from layers.reachable import Scope, Unit, Whereabouts
from layers.source import Building, Facility, Heritage, Parcel, Road
from pipeline.stages import conflicts as cf
from pipeline.stages.adjustments import propose_adjustments
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.business import list_business
from pipeline.stages.industry import propose_industry
from pipeline.stages.intensity import read_limits, set_ratios
from pipeline.stages.landuse import plan_parcels
from pipeline.stages.placing import clean_text, describe_places
from pipeline.stages.rows import make_shapes, make_table
from pipeline.stages.sites import Use, find_uses, lay_plots, write_kept, write_site


def make_layout(given: Given) -> dict[str, Frame]:
    """Lay out the listed matches, what stays open, and what is kept; say what stands against it."""
    buildings, facilities, roads = given.placed(Building), given.placed(Facility), given.geo(Road)
    needs, matches = given.geo(Need), given.table(Match)
    found = find_uses(given.geo(Resource), needs, given.table(Pair), matches, buildings, given.log)
    uses = lay_plots(found, shapely.union_all(roads.geometry.to_numpy()))
    rows = [*(row for use in uses for row in write_site(use)), *write_kept(buildings, facilities, uses)]
    sites = make_shapes(rows, Site, crs=given.crs).sort_values(Site.id, ignore_index=True)
    sites[Site.area_m2] = measure_area(sites.geometry, rule=given.plan.crs.area_rule).round(2)
    no_place = sites[Site.place].isna()
    kept = sites[no_place]
    sites.loc[no_place, Site.place] = describe_places(kept.geometry, kept[Site.community], roads)
    sites = given.decisions.overrule(Site, sites, given.log)
    uses = follow_sites(uses, sites)
    planned = make_shapes(plan_parcels(given.placed(Parcel), uses), PlannedParcel, crs=given.crs)
    planned = set_ratios(planned, buildings, uses, read_limits(given.table(PlanDemand)))
    planned = given.decisions.overrule(PlannedParcel, planned, given.log)
    listed = needs[needs[Need.number].isin(set(matches.loc[matches[Match.listed] == "是", Match.need]))]
    housed = {need[Need.number] for use in uses for need in use.needs}
    found_conflicts = [
        *cf.meet_heritage(sites, given.placed(Heritage)),
        *cf.leave_plan(sites, given.geo(Unit)),
        *cf.exceed_ratio(planned),
        *cf.promise_twice(uses),
        *cf.cross_works(sites, listed[~listed[Need.number].isin(housed)]),
        *cf.stand_in_way(uses, _unspoken(buildings, uses)),
    ]
    sites = cf.report_conflicts(found_conflicts, sites, given.log)
    _report_flexible(sites, given)
    brought = [
        *list_business(facilities, listed, uses, roads),
        *propose_industry(uses, given.placed(Parcel), given.placed(Heritage), given.geo(Unit)),
    ]
    business = make_shapes(brought, Business, crs=given.crs)
    return {
        Site.key: sites,
        PlannedParcel.key: planned,
        Business.key: given.decisions.overrule(Business, business, given.log, finished=True),
        Adjustment.key: make_table(
            propose_adjustments(planned, uses, given.table(PlanDemand)), Adjustment
        ).sort_values(Adjustment.number, ignore_index=True),
    }


def follow_sites(uses: list[Use], sites: gpd.GeoDataFrame) -> list[Use]:
    """Return the uses as the site rows now say: what is no longer 新建 has no plots, and one code given there counts.

    Land use, ratios and conflicts are derived from the uses, so that a judgement overruled in the rows carries on.
    """
    said = sites.set_index(Site.id)
    result = []
    for use in uses:
        row = said.loc[f"S-{use.resource[Resource.number]}"]
        plots = use.plots if row[Site.action] == "新建" else ()
        code = clean_text(row[Site.landuse_code])
        if plots and code and "、" not in code:
            plots = tuple(replace(plot, code=code) for plot in plots)
        result.append(replace(use, plots=plots, overruled=_other(use, row[Site.action])))
    return result


def _other(use: Use, action: str) -> str:
    """Return an action that is not the computed one."""
    return "" if action == use.action else action


def _unspoken(buildings: gpd.GeoDataFrame, uses: list[Use]) -> gpd.GeoDataFrame:
    """Return the buildings that are no resource of the layout."""
    known = {clean_text(use.resource[Resource.building]) for use in uses} - {""}
    return buildings[~buildings[Building.id].isin(known)]


def _report_flexible(sites: gpd.GeoDataFrame, given: Given) -> None:
    """Say how much is held open as 弹性空间, which 4.3 wants to be little (D-06)."""
    held = sites[sites[Site.action] == "弹性"]
    if held.empty:
        return
    scope = given.geo(Scope)
    whole = float(scope.loc[scope[Scope.kind] == codes.SCOPE.values[0], Scope.area_m2].sum())
    area = float(held[Site.area_m2].sum())
    share = area / whole if whole else float("nan")
    most = read_settings("layout.yaml")["flexible_share"]
    told = f"，占规划范围{share:.1%}" if whole else ""
    given.log.add(
        "HSQ-A15",
        f"弹性空间{len(held)}处、{area:.0f}㎡{told}（指南4.3：可预留少量功能待定的弹性空间）",
        severity="警告" if share > most else "提示",
        layer=Site.alias,
        remedy=f"超过{most:.0%}（待核），补充需求或明确用途" if share > most else "",
    )


LAYOUT = Stage(
    name="layout",
    title="总体布局",
    takes=(
        Need, Pair, Match, Resource, Parcel, Building, Facility, Whereabouts, Road, Heritage, Unit, Scope, PlanDemand,
    ),
    gives=(Site, PlannedParcel, Business, Adjustment),
    config=("crs.area_rule", "walking"),
    run=make_layout,
)  # fmt: skip
