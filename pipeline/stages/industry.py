"""功能业态 by industrial potential: what idle rooms could become that no public need asks for (3.3(3), 3.5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from configs.planning import landuse_names
from layers.planned import Business, Resource
from layers.reachable import Unit
from layers.source import Heritage, Parcel
from pipeline.stages.placing import clean_number, clean_text, find_word
from pipeline.stages.sites import Use

_DOUBT = "待核"


def propose_industry(
    uses: Sequence[Use], parcels: gpd.GeoDataFrame, heritage: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    """Return ``Business`` rows of 植入, by the first rule of ``industry.yaml`` that holds for rooms.

    Parameters
    ----------
    uses : the layout's; those that meet a need, and those somebody decided otherwise, are left alone.
    parcels : present land use, communities filled in.
    heritage : protection ranges.
    units : communities with their residents.
    """
    settings = read_settings("industry.yaml")
    rooms = sorted(filter(_is_free, uses), key=lambda use: (-_area(use), str(use.resource[Resource.number])))
    signs = {
        key: _find_signs(rule["signs"], rooms, parcels=parcels, heritage=heritage, units=units)
        for key, rule in settings["rules"].items()
    }
    given: dict[tuple[str, str], int] = {}
    rows = []
    for at, use in enumerate(rooms):
        community = clean_text(use.resource[Resource.community])
        key = next((key for key in settings["rules"] if signs[key][at]), "")
        if not key or given.get((community, key), 0) >= settings["most"]:
            continue
        given[community, key] = given.get((community, key), 0) + 1
        rows.append(_write(use, settings["rules"][key], signs[key][at]))
    return rows


def _is_free(use: Use) -> bool:
    settings, row = read_settings("industry.yaml"), use.resource
    return (
        not use.needs
        and not use.overruled
        and row[Resource.category] == "建筑"
        and _area(use) >= settings["least_m2"]
        and not find_word(clean_text(row[Resource.condition]), settings["words_unsafe"])
    )


def _area(use: Use) -> float:
    return float(np.nan_to_num(clean_number(use.resource[Resource.usable_m2])))


def _find_signs(
    signs: Mapping[str, Any],
    rooms: Sequence[Use],
    *,
    parcels: gpd.GeoDataFrame,
    heritage: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
) -> list[str]:
    """Return the evidence of one rule for each of the rooms in words, empty where there is none."""
    told = [""] * len(rooms)
    near = signs.get("near_m", 0.0)
    if "landuse" in signs:
        those = parcels[parcels[Parcel.landuse_code].fillna("").str.startswith(tuple(signs["landuse"]))]
        told = list(_name_nearest(rooms, those, those[Parcel.landuse_name], near))
    elif "heritage" in signs:
        those = heritage[heritage[Heritage.kind].isin(signs["heritage"])]
        told = list(
            _name_nearest(rooms, those, those[Heritage.name] + "（" + those[Heritage.kind] + "）", near)
        )
    elif "former" in signs:
        codes = [clean_text(use.resource[Resource.landuse_code]) for use in rooms]
        told = [
            f"原为{landuse_names().get(code, code)}" if code.startswith(tuple(signs["former"])) else ""
            for code in codes
        ]
    elif "commerce" in signs:
        shares = _measure_commerce(parcels, units)
        own = [shares.get(clean_text(use.resource[Resource.community]), 0.0) for use in rooms]
        told = [
            f"社区人均商业用地{share:.1f}㎡，不低于{signs['commerce']:g}㎡（以此代替居民消费能力，待核）"
            if share >= signs["commerce"]
            else ""
            for share in own
        ]
    return told


def _name_nearest(
    rooms: Sequence[Use], those: gpd.GeoDataFrame, names: pd.Series, near_m: float
) -> Iterator[str]:
    """Yield name and straight distance of the nearest of ``those`` within ``near_m``, metres, for each room."""
    found: dict[int, tuple[float, str]] = {}
    if len(rooms) and len(those):
        shapes = np.array([use.shape for use in rooms], dtype=object)
        pairs, metres = shapely.STRtree(those.geometry.to_numpy()).query_nearest(
            shapes, max_distance=near_m, return_distance=True
        )
        for room, other, far in zip(*pairs, metres, strict=True):
            said = float(far), str(names.iloc[other])
            found[int(room)] = min(found.get(int(room), said), said)
    for room in range(len(rooms)):
        far, name = found.get(room, (0.0, ""))
        yield f"距{name}{far:.0f} m" if name else ""


def _measure_commerce(parcels: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> dict[str, float]:
    """Return commercial ground per resident by community, ㎡; communities without residents are left out."""
    codes = tuple(read_settings("industry.yaml")["commerce_codes"])
    shops = parcels[parcels[Parcel.landuse_code].fillna("").str.startswith(codes)]
    ground = shops.geometry.area.groupby(shops[Parcel.community]).sum()
    people = units.set_index(Unit.name)[Unit.population].astype("float64")
    share = (ground.reindex(people.index).fillna(0.0) / people.where(people > 0)).dropna()
    return {str(name): float(value) for name, value in share.items()}


def _write(use: Use, rule: Mapping[str, Any], sign: str) -> dict[str, Any]:
    row = use.resource
    return {
        Business.id: f"Y-{row[Resource.number]}",
        Business.source: row[Resource.source],
        Business.community: row[Resource.community],
        Business.action: "植入",
        Business.kind: rule["kind"],
        Business.name: rule["name"],
        Business.area_m2: row[Resource.usable_m2],
        Business.object_id: row[Resource.number],
        Business.place: row[Resource.place],
        Business.target: rule["target"],
        Business.operator: rule["operator"],
        Business.rule: f"产业发展潜力：{sign}；利用{row[Resource.name]}（{rule['clause']}），{_DOUBT}",
        "geometry": use.ground.representative_point(),
    }
