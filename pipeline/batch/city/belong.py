"""Whose rows are whose: needs, resources and past works of a city belong to one community each, or to all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.ledgers import Delegate, PastWork, PlanDemand, Population, Target
from layers.model import Layer
from layers.source import Building, Community, Identified, Ledger, Placed, Survey

# What belongs to the community it lies in: a neighbour's needs and resources are the neighbour's.
OWN: tuple[type[Layer], ...] = (Survey, Ledger, PastWork)
TABLES: tuple[type[Layer], ...] = (PlanDemand, Target, Delegate)
_IDS_SHOWN = 6


@dataclass(frozen=True)
class Belonging:
    """Where the rows of a layer belong.

    Attributes
    ----------
    community : name of the community of each row, on the frame's index; missing where it is none's.
    citywide : rows that name no community and have no place: every plan gets them.
    nearest : rows in no community that name none, given to the nearest.
    lost : rows that no community can be told of.
    """

    community: pd.Series
    citywide: NDArray[np.bool_]
    nearest: NDArray[np.bool_]
    lost: NDArray[np.bool_]


def find_belongings(frames: Mapping[str, pd.DataFrame], *, margin_m: float) -> dict[type[Layer], Belonging]:
    """Return where the rows of every layer of ``OWN`` and ``TABLES`` belong, among all communities of the city.

    Parameters
    ----------
    frames : of the load stage, all in one projected CRS.
    margin_m : how far from every community a row that names none may lie.
    """
    communities = frames[Community.key]
    return {layer: _find_one(frames[layer.key], communities, margin_m=margin_m) for layer in (*OWN, *TABLES)}


def _find_one(frame: pd.DataFrame, communities: gpd.GeoDataFrame, *, margin_m: float) -> Belonging:
    """Return where rows belong: by the ground they lie in, else by the name they give, else to the nearest."""
    names = communities[Community.name].to_numpy(dtype=object)
    given = frame[Placed.community]
    home = given.where(given.isin(names)).to_numpy(dtype=object, na_value=None, copy=True)
    placed, nearest = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    if isinstance(frame, gpd.GeoDataFrame):
        placed = ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
        rows = np.flatnonzero(placed)
        points = shapely.point_on_surface(frame.geometry.to_numpy()[rows])
        at, ground = communities.sindex.query(points, predicate="intersects")
        # On a shared border a row is of the community it names, else of the first of them: never of two plans.
        order = np.lexsort((ground, names[ground] != home[rows[at]], at))
        first = order[np.unique(at[order], return_index=True)[1]]
        home[rows[at[first]]] = names[ground[first]]
        stray = np.flatnonzero(pd.isna(home[rows]))
        at, ground = communities.sindex.nearest(points[stray], max_distance=margin_m)
        first = np.unique(at, return_index=True)[1]
        home[rows[stray[at[first]]]] = names[ground[first]]
        nearest[rows[stray[at[first]]]] = True
    nameless = given.isna().to_numpy() & ~placed
    return Belonging(pd.Series(home, frame.index, dtype=object), nameless, nearest, pd.isna(home) & ~nameless)


def tell_belongings(
    frames: Mapping[str, pd.DataFrame], belongings: Mapping[type[Layer], Belonging], *, margin_m: float
) -> list[str]:
    """Say which rows every plan has, which went to the nearest community, and which are in no plan at all."""
    told = []
    for layer, found in belongings.items():
        frame = frames[layer.key]
        if found.lost.any():
            told.append(
                f"{layer.alias}有 {found.lost.sum()} 行没有列入任何方案：位于各社区 {margin_m:.0f} m 以外，"
                f"或所写社区不在社区边界中；核对位置和社区名称：{_list_ids(frame[found.lost])}"
            )
        if found.nearest.any():
            told.append(
                f"{layer.alias}有 {found.nearest.sum()} 行在各社区边界之外且没有写明社区，列入最近的社区："
                f"{_list_ids(frame[found.nearest])}"
            )
        if found.citywide.any():
            # Money among them would be counted often.
            money = "；其中有金额的不拆分，汇总各方案时会重复计算" if layer is Ledger else ""
            told.append(f"{layer.alias}有 {found.citywide.sum()} 行没有社区和位置，列入每个方案{money}")
    return told + _tell_people(frames)


def _tell_people(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say which counts of people no plan has."""
    people = frames[Population.key]
    building, community = people[Population.building], people[Population.community]
    silent = building.isna() & community.isna()
    unknown = building.notna() & ~building.isin(frames[Building.key][Building.id])
    unknown |= building.isna() & community.notna() & ~community.isin(frames[Community.key][Community.name])
    told = [f"人口台账有 {silent.sum()} 行没有建筑和社区，没有列入任何方案"] if silent.any() else []
    if unknown.any():
        told.append(
            f"人口台账有 {unknown.sum()} 行的建筑或社区不在图层中，没有列入任何方案：{_list_ids(people[unknown])}"
        )
    return told


def _list_ids(rows: pd.DataFrame) -> str:
    ids = sorted(rows[Identified.id].astype("str"))
    return "、".join(ids[:_IDS_SHOWN]) + ("……" if len(ids) > _IDS_SHOWN else "")
