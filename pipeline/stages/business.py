"""功能业态: what is kept, improved or brought in, of the kinds 3.5.1 names (B-09)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from configs import read_settings
from configs.facilities import facility_classes
from configs.planning import find_operator
from layers.planned import Business, Need, Resource
from layers.source import Facility
from pipeline.stages.coverage import TARGET_NAME
from pipeline.stages.placing import clean_text, describe_places
from pipeline.stages.sites import Use


def list_business(
    facilities: gpd.GeoDataFrame, needs: pd.DataFrame, uses: list[Use], roads: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    """Return the ``Business`` rows.

    Parameters
    ----------
    facilities : present ones, communities filled in; those outside the plan are no part of it.
    needs : the listed ones. A function whose class is 少配 or 错配 in its community is improved.
    uses : what the layout builds or alters; each need it meets brings a function in.
    roads : named ones tell where a function is.
    """
    kinds = read_settings("layout.yaml")["business"]
    weak = _find_weak(needs)
    inside = facilities[facilities[Facility.type_key].isin(kinds) & facilities[Facility.community].notna()]
    inside = inside.sort_values(Facility.id, ignore_index=True)
    places = describe_places(inside.geometry, inside[Facility.community], roads)
    rows = []
    for row, place in zip(inside.to_dict("records"), places, strict=True):
        key = row[Facility.type_key]
        numbers = weak.get((row[Facility.community], key), [])
        rows.append(
            {
                Business.id: f"Y-{row[Facility.id]}",
                Business.source: row[Facility.source],
                Business.community: row[Facility.community],
                Business.action: "改善" if numbers else "保留",
                Business.name: clean_text(row[Facility.name]) or row[Facility.type_name],
                Business.area_m2: row[Facility.floor_area_m2],
                Business.object_id: row[Facility.id],
                Business.place: place,
                Business.need: "、".join(numbers),
                Business.rule: f"本类设施有少配、错配需求{'、'.join(numbers)}，提升现有设施（指南3.5.1）"
                if numbers
                else "现有设施，没有少配、错配需求（指南3.5.1）",
                "geometry": row["geometry"],
                **_describe(key),
            }
        )
    for use in uses:
        for need, used in zip(use.needs, use.used_m2, strict=True):
            if need[Need.type_key] not in kinds:
                continue
            rows.append(
                {
                    Business.id: f"Y-{need[Need.number]}",
                    Business.community: use.resource[Resource.community],
                    Business.action: "植入",
                    Business.name: facility_classes()[need[Need.type_key]].name,
                    Business.area_m2: used,
                    Business.object_id: use.resource[Resource.number],
                    Business.place: use.resource[Resource.place],
                    Business.need: need[Need.number],
                    Business.rule: f"需求{need[Need.number]}“{need[Need.description].split('：')[0]}”，"
                    f"利用{use.resource[Resource.name]}（指南3.5.1、3.7）",
                    "geometry": use.ground.representative_point(),
                    **_describe(need[Need.type_key]),
                }
            )
    return rows


def _describe(key: str) -> dict[str, Any]:
    """Return what the class alone says: kind, people it serves, who runs such places (4.7)."""
    item = facility_classes()[key]
    return {
        Business.kind: read_settings("layout.yaml")["business"][key],
        Business.target: TARGET_NAME[item.target],
        Business.operator: find_operator(item.group),
    }


def _find_weak(needs: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return numbers of 少配 and 错配 needs by community and class."""
    better = needs[needs[Need.gap].isin(["少配", "错配"]) & needs[Need.type_key].notna()]
    found: dict[tuple[str, str], list[str]] = {}
    for row in better.sort_values(Need.number).to_dict("records"):
        found.setdefault((row[Need.community], row[Need.type_key]), []).append(row[Need.number])
    return found
