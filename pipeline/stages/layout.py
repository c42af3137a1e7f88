"""Stage ``layout``: 更新总体布局, planned land use, 功能业态 (3.5.1, 4.3)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from configs import read_settings
from configs.facilities import facility_classes
from layers.areas import measure_area
from layers.planned import Business, Match, Need, Pair, PlannedParcel, Resource, Site
from layers.reachable import Whereabouts
from layers.source import Building, Facility, Parcel
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.landuse import plan_parcels
from pipeline.stages.placing import clean_text
from pipeline.stages.rows import make_shapes
from pipeline.stages.sites import Use, find_uses, write_kept, write_site


def make_layout(given: Given) -> dict[str, Frame]:
    """Lay out the listed matches, what stays open, and what is kept."""
    buildings, facilities = given.placed(Building), given.placed(Facility)
    needs, matches = given.geo(Need), given.table(Match)
    uses = find_uses(given.geo(Resource), needs, given.table(Pair), matches, buildings, given.log)
    rows = [*map(write_site, uses), *write_kept(buildings, facilities, uses)]
    sites = make_shapes(rows, Site, crs=given.crs).sort_values(Site.id, ignore_index=True)
    sites[Site.area_m2] = measure_area(sites.geometry, rule=given.plan.crs.area_rule).round(2)
    _warn_conflicts(uses, given)
    planned = make_shapes(plan_parcels(given.placed(Parcel), uses), PlannedParcel, crs=given.crs)
    listed = set(matches.loc[matches[Match.listed] == "是", Match.need])
    business = _list_business(facilities, needs[needs[Need.number].isin(listed)], uses)
    return {
        Site.key: sites,
        PlannedParcel.key: planned,
        Business.key: make_shapes(business, Business, crs=given.crs),
    }


def _warn_conflicts(uses: list[Use], given: Given) -> None:
    """Report sites in protection ranges and outside the communities (4.5, D-08)."""
    for use in uses:
        row = use.resource
        if not use.needs:
            continue
        reasons = []
        if "保护范围" in clean_text(row[Resource.condition]):
            reasons.append("涉及历史文化保护范围")
        if not clean_text(row[Resource.community]):
            reasons.append("位于规划范围外")
        for reason in reasons:
            given.log.add(
                "HSQ-A07",
                f"布局{row[Resource.name]}{reason}",
                severity="警告",
                layer=Site.alias,
                row=row[Resource.number],
                remedy="核对保护要求或调整匹配",
            )


def _list_business(
    facilities: gpd.GeoDataFrame, needs: pd.DataFrame, uses: list[Use]
) -> list[dict[str, Any]]:
    """Return functions kept, improved or brought in; only classes 3.5.1 names count as 业态."""
    kinds = read_settings("matching.yaml")["business"]
    better = needs[needs[Need.gap].isin(["少配", "错配"])]
    weak = set(zip(better[Need.community], better[Need.type_key], strict=True))
    inside = facilities[facilities[Facility.type_key].isin(kinds) & facilities[Facility.community].notna()]
    rows = []
    for row in inside.sort_values(Facility.id).to_dict("records"):
        improved = (row[Facility.community], row[Facility.type_key]) in weak
        rows.append(
            {
                Business.id: f"Y-{row[Facility.id]}",
                Business.source: row[Facility.source],
                Business.community: row[Facility.community],
                Business.action: "改善" if improved else "保留",
                Business.kind: kinds[row[Facility.type_key]],
                Business.name: clean_text(row[Facility.name]) or row[Facility.type_name],
                Business.area_m2: row[Facility.floor_area_m2],
                Business.object_id: row[Facility.id],
                "geometry": row["geometry"],
            }
        )
    for use in uses:
        for need, used in zip(use.needs, use.used_m2, strict=True):
            if need[Need.type_key] in kinds:
                rows.append(
                    {
                        Business.id: f"Y-{need[Need.number]}",
                        Business.community: use.resource[Resource.community],
                        Business.action: "植入",
                        Business.kind: kinds[need[Need.type_key]],
                        Business.name: facility_classes()[need[Need.type_key]].name,
                        Business.area_m2: used,
                        Business.object_id: use.resource[Resource.number],
                        "geometry": use.shape.representative_point(),
                    }
                )
    return rows


LAYOUT = Stage(
    name="layout",
    title="总体布局",
    takes=(Need, Pair, Match, Resource, Parcel, Building, Facility, Whereabouts),
    gives=(Site, PlannedParcel, Business),
    run=make_layout,
)
