"""Under-used car parks: bays that nobody asks for, by what a note says or by the households around."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from layers.planned import Inventory
from layers.reachable import Coverage, Home
from layers.source import Facility, Parcel
from pipeline.stages.coverage import REFUSED
from pipeline.stages.idle import Rows, iter_rows, mark_found, start_row
from pipeline.stages.placing import clean_number, clean_text, find_word


def detect_carparks(
    facilities: gpd.GeoDataFrame, coverage: pd.DataFrame, homes: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame
) -> Rows:
    """Return a 疑似 row for every open car park with bays to spare, on its parcel where it has one.

    Parameters
    ----------
    facilities, coverage, homes, parcels : the layers, communities filled in. Car parks that refuse others, or
        whose capacity is not in bays, are left out: nothing is known that could be shared.
    """
    rule = read_settings("idle.yaml")["parking"]
    unit = facilities[Facility.capacity_unit].fillna("")
    parks = facilities[
        facilities[Facility.type_key].isin(rule["classes"])
        & (facilities[Facility.sharing] != REFUSED)
        & unit.isin(rule["units"])
        & (facilities[Facility.capacity] > 0)
    ]
    asked = count_households(parks, coverage, homes)
    lots = parcels[parcels[Parcel.landuse_code].str.startswith(tuple(rule["parcel_codes"]), na=False)]
    rows = []
    for row, shape in iter_rows(parks):
        bays = float(row[Facility.capacity])
        spare, said, sure = _find_spare(row, bays, asked.get(row[Facility.id], float("nan")))
        if not spare >= rule["least_bays"]:
            continue
        held = lots[shapely.covers(lots.geometry.to_numpy(), shape)]
        ground = held.geometry.iloc[0] if len(held) else shape
        usable = spare * rule["bay_m2"]
        rows.append(
            {
                **start_row(row, "T", ground),
                **mark_found("富余停车", sureness=sure),
                Inventory.category: "空间",
                Inventory.name: f"{clean_text(row[Facility.name]) or '停车场'}富余泊位约{spare:.0f}个",
                Inventory.usable_m2: min(usable, ground.area) if ground.area > 0 else usable,
                Inventory.use_status: "部分闲置",
                Inventory.evidence: f"{said}，每泊位按{rule['bay_m2']:g}㎡计（待核），须现场核实",
            }
        )
    return rows


def count_households(
    parks: gpd.GeoDataFrame, coverage: pd.DataFrame, homes: gpd.GeoDataFrame
) -> dict[str, float]:
    """Return the households that count on each car park: of the covered homes whose nearest one it is.

    A car park no home is nearest to has none; where nobody was counted there is no number.
    """
    rule = read_settings("idle.yaml")["parking"]
    used = coverage[coverage[Coverage.type_key].isin(rule["classes"]) & coverage[Coverage.shared]]
    people = homes.set_index(Home.id)[Home.population]
    if people.isna().all():
        return {}
    persons = people.reindex(used[Coverage.home]).set_axis(used.index)
    total = persons.groupby(used[Coverage.any_facility]).sum()
    return {
        str(key): float(total.get(key, 0.0)) / rule["persons_per_household"] for key in parks[Facility.id]
    }


def _find_spare(row: dict, bays: float, households: float) -> tuple[float, str, str | None]:
    """Return bays to spare, why, and how sure that is (None: as the method is)."""
    rule = read_settings("idle.yaml")["parking"]
    note = clean_text(row[Facility.note])
    word = find_word(note, rule["rate_words"])
    rate = re.search(rf"{word}\D{{0,4}}(\d+(?:\.\d+)?)\s*[%％]", note) if word else None
    if rate:
        used = float(rate[1]) / 100
        spare = bays * (1 - used) if used <= rule["most_rate"] else 0.0
        return np.floor(spare), f"设施台账备注“{note}”，共{bays:.0f}个泊位", "高"
    spare = np.floor(bays - clean_number(households) * rule["bays_per_household"])
    if not spare >= rule["spare_share"] * bays:
        return 0.0, "", None
    said = f"{bays:.0f}个泊位，以此为最近停车场的约{households:.0f}户（每户{rule['bays_per_household']:g}个，待核）"
    return spare, said, None
