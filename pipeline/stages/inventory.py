"""One list of resources out of the ledger and of what was detected, nothing in it twice (2.3, 3.3)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from configs import read_settings
from layers import codes
from layers.faults import FaultLog
from layers.planned import Inventory
from layers.source import Ledger
from pipeline.stages.idle import Rows
from pipeline.stages.naming import number_given
from pipeline.stages.placing import clean_text
from pipeline.stages.shape import keep_areas

_BUILT = "建筑"
_BY_LEDGER = codes.FOUND_BY.values[0]
_SURE = codes.CERTAINTY.values[0]
_HIGH = codes.SURENESS.values[0]


def read_ledger(ledger: gpd.GeoDataFrame) -> Rows:
    """Return the ledger's rows as inventory rows, by id; what somebody wrote down is 确认."""
    ordered = ledger.sort_values(Ledger.id)
    same = (
        Ledger.id, Ledger.source, Ledger.community, Ledger.category, Ledger.name, Ledger.place, Ledger.area_m2,
        Ledger.floor_area_m2, Ledger.tenure, Ledger.owner, Ledger.use_status, Ledger.amount_wan, Ledger.clause,
        Ledger.support, Ledger.serves, Ledger.note, Ledger.fund_source, Ledger.funding, Ledger.fund_kind,
    )  # fmt: skip
    rows = []
    for record, shape in zip(ordered.to_dict("records"), ordered.geometry, strict=True):
        row = {str(name): record[name] for name in same}
        condition = "；".join(filter(None, map(clean_text, (record[Ledger.condition], record[Ledger.note]))))
        row |= {
            Inventory.number: number_given(record[Ledger.id], "R"),
            Inventory.condition: condition,
            Inventory.usable_m2: record[Ledger.floor_area_m2] if record[Ledger.category] == _BUILT else None,
            Inventory.evidence: "资源台账",
            Inventory.found_by: _BY_LEDGER,
            Inventory.sureness: _HIGH,
            Inventory.certainty: _SURE,
            Inventory.method: "调查",
            "geometry": None if shape is None or shape.is_empty else shape,
        }
        rows.append(row)
    return rows


def merge_rows(ledger: Rows, detected: Rows) -> Rows:
    """Return both lists without telling the same thing twice.

    A detected object that shares more than half of its ground with a ledger row of its kind (or holds
    the ledger's point) is that row: the ledger's words stand, both evidences are kept and cells the
    ledger leaves empty are filled. Of any other detected land the part a ledger row covers is left out.
    """
    share = read_settings("idle.yaml")["same_share"]
    kept = list(detected)
    for row in ledger:
        shape = row["geometry"]
        if shape is None or row[Inventory.category] not in codes.SPATIAL_RESOURCE:
            continue
        built = row[Inventory.category] == _BUILT
        rest = []
        for other in kept:
            if (other[Inventory.category] == _BUILT) != built or not shape.intersects(other["geometry"]):
                rest.append(other)
                continue
            common = shape.intersection(other["geometry"]).area
            if shape.area == 0 or common > share * other["geometry"].area:
                fill_row(row, other)
            elif built or common < 1.0:
                rest.append(other)
            else:
                ground = keep_areas(other["geometry"].difference(shape), least_m2=1.0)
                rest.append({**other, "geometry": ground, Inventory.area_m2: None})
        kept = rest
    return [*ledger, *kept]


def fill_row(row: dict[str, Any], other: dict[str, Any]) -> None:
    """Add to a ledger row what was detected about the same thing; the ledger's words stand."""
    for name, value in other.items():
        mine = row.get(name)
        if name != "geometry" and (mine is None or pd.isna(mine) or mine == ""):
            row[name] = value
    if row["geometry"] is None or row["geometry"].area == 0:
        row["geometry"] = other["geometry"]
    row[Inventory.evidence] = f"{row[Inventory.evidence]}；{other[Inventory.evidence]}"
    row[Inventory.method] = "调查+测算"


def confirm_rows(ledger: Rows, suspects: Rows, log: FaultLog) -> Rows:
    """Return the suspects nobody confirmed; the others become the ledger rows that bear their number.

    A candidate is confirmed by a ledger row with the candidate's number: whoever went to look adds it, with or
    without a drawing. A row that is drawn needs no number: the ground it covers is listed, and no candidate.
    """
    by_number = {row[Inventory.number]: row for row in suspects}
    for row in ledger:
        other = by_number.get(row[Inventory.number])
        if other is None or row[Inventory.category] not in codes.SPATIAL_RESOURCE:
            continue
        del by_number[row[Inventory.number]]
        fill_row(row, other)
        log.add(
            "HSQ-A12",
            f"疑似空间{row[Inventory.number]}由资源台账确认",
            severity="提示",
            layer=Ledger.alias,
            row=row[Inventory.number],
            action="按确认的资源参与匹配",
        )
    return list(by_number.values())


def join_suspects(first: Rows, more: Rows) -> Rows:
    """Return two lists of suspected ground as one: where two ways agree the piece is surer, and says so.

    A piece of ``more`` that shares more than half of the smaller with one of ``first`` is the same piece: the
    first keeps number and shape. Of the others the part the first covers is left out.
    """
    share = read_settings("idle.yaml")["same_share"]
    result = [dict(row) for row in first]
    tree = shapely.STRtree([row["geometry"] for row in first])
    for row in more:
        shape = row["geometry"]
        for n in sorted(tree.query(shape, predicate="intersects")):
            mine = result[n]
            common = row["geometry"].intersection(mine["geometry"]).area
            if common > share * min(row["geometry"].area, mine["geometry"].area):
                mine[Inventory.sureness] = _HIGH
                mine[Inventory.evidence] = f"{mine[Inventory.evidence]}；{row[Inventory.evidence]}"
                shape = None
                break
            shape = keep_areas(shape.difference(mine["geometry"]))
        if shape is not None and shape.area > 0:
            result.append({**row, "geometry": shape})
    return result


def list_ground(rows: Rows) -> list[shapely.Geometry]:
    """Return the shapes rows have."""
    return [row["geometry"] for row in rows if row["geometry"] is not None]
