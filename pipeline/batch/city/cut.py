"""The rows of a city's layers that a plan needs: its own ground, and the walk round it."""

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
from layers.source import (
    Adjoining,
    Barrier,
    Building,
    Community,
    Facility,
    Gate,
    Heritage,
    Identified,
    Ledger,
    OpenSpace,
    Parcel,
    Placed,
    Road,
    Survey,
    UtilityLine,
    UtilityPoint,
)
from pipeline.batch.city.config import City
from pipeline.batch.city.groups import Group

# What a plan sees beyond its border: 研究范围 is walked, and facilities there are shared.
ROUND: tuple[type[Layer], ...] = (
    Parcel, Building, Road, Gate, Barrier, Facility, UtilityPoint, UtilityLine, OpenSpace, Heritage,
)  # fmt: skip
# What belongs to the community it lies in: a neighbour's needs and resources are the neighbour's.
OWN: tuple[type[Layer], ...] = (Survey, Ledger, PastWork)
TABLES: tuple[type[Layer], ...] = (PlanDemand, Target, Delegate)


@dataclass(frozen=True)
class Cut:
    """What of the city a plan gets.

    Attributes
    ----------
    frames : rows by layer, of layers that have any.
    citywide : tables whose rows name no community and no place, which every plan gets, with their number.
    """

    frames: dict[type[Layer], pd.DataFrame]
    citywide: dict[type[Layer], int]


def measure_margin(city: City) -> float:
    """Return how far beyond a community its plan's data reach, metres: as far as anybody is counted to walk."""
    if city.city.margin_m is not None:
        return city.city.margin_m
    walking = city.walking
    farthest = max([walking.limit_m(15), *walking.radii_m.values()])
    return farthest + walking.max_access_m


def cut_city(frames: Mapping[str, pd.DataFrame], groups: list[Group], *, margin_m: float) -> list[Cut]:
    """Return what each group gets of the city's layers.

    Features are kept whole where they meet the group's ground and the margin round it; nothing is clipped.

    Parameters
    ----------
    frames : of the load stage, all in one projected CRS.
    groups : in the order wanted.
    """
    grounds = np.array([group.ground for group in groups], dtype=object)
    near = shapely.buffer(grounds, margin_m)
    shapely.prepare(near)
    shapely.prepare(grounds)
    looked: tuple[type[Layer], ...] = (*ROUND, Community)
    within = {layer: _meet(frames[layer.key], near) for layer in looked}
    inside = {layer: _lie_in(frames[layer.key], grounds) for layer in OWN}
    return [_cut_one(frames, group, at, within, inside) for at, group in enumerate(groups)]


def _meet(frame: pd.DataFrame, areas: NDArray) -> list[NDArray[np.intp]]:
    """Return for each area the rows that meet it, in order."""
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        return [np.zeros(0, dtype=np.intp)] * len(areas)
    area, row = frame.sindex.query(areas, predicate="intersects")
    return _split(area, row, len(areas))


def _lie_in(frame: pd.DataFrame, areas: NDArray) -> list[NDArray[np.intp]]:
    """Return for each area the rows whose representative point lies in it."""
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        return [np.zeros(0, dtype=np.intp)] * len(areas)
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    area, row = shapely.STRtree(points).query(areas, predicate="intersects")
    return _split(area, row, len(areas))


def _split(area: NDArray, row: NDArray, count: int) -> list[NDArray[np.intp]]:
    order = np.lexsort((row, area))
    return np.split(row[order], np.searchsorted(area[order], np.arange(1, count)))


def _cut_one(
    frames: Mapping[str, pd.DataFrame],
    group: Group,
    at: int,
    within: Mapping[type[Layer], list[NDArray[np.intp]]],
    inside: Mapping[type[Layer], list[NDArray[np.intp]]],
) -> Cut:
    names = set(group.communities)
    made: dict[type[Layer], pd.DataFrame] = {}
    citywide: dict[type[Layer], int] = {}
    around = frames[Community.key].iloc[within[Community][at]]
    mine = around[Community.name].isin(names)
    made[Community], made[Adjoining] = around[mine], around[~mine]
    for layer in ROUND:
        made[layer] = frames[layer.key].iloc[within[layer][at]]
    for layer in OWN:
        frame = frames[layer.key]
        placed = np.zeros(len(frame), dtype=bool)
        placed[inside[layer][at]] = True
        nowhere = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
        made[layer], citywide[layer] = _by_name(frame, names, also=placed, asked=nowhere)
    for layer in TABLES:
        frame = frames[layer.key]
        none, every = np.zeros(len(frame), dtype=bool), np.ones(len(frame), dtype=bool)
        made[layer], citywide[layer] = _by_name(frame, names, also=none, asked=every)
    made[Population] = _pick_people(frames[Population.key], made[Building], names)
    frames_made = {layer: _keep_names(frame, layer, names) for layer, frame in made.items() if len(frame)}
    return Cut(frames_made, {layer: n for layer, n in citywide.items() if n})


def _by_name(
    frame: pd.DataFrame, names: set[str], *, also: NDArray[np.bool_], asked: NDArray[np.bool_]
) -> tuple[pd.DataFrame, int]:
    """Return rows of the communities named and those that name none; ``also`` is taken whatever it says.

    Parameters
    ----------
    asked : rows that are told by their name, having no place.
    """
    community = frame[Placed.community]
    everywhere = community.isna().to_numpy() & asked
    kept = frame[also | (community.isin(names).to_numpy() & asked) | everywhere]
    return kept, int(everywhere.sum())


def _pick_people(people: pd.DataFrame, buildings: pd.DataFrame, names: set[str]) -> pd.DataFrame:
    """Return counts of people of the buildings that are there, and of the communities as a whole."""
    by_building = people[Population.building].isin(buildings[Building.id])
    as_whole = people[Population.building].isna() & people[Population.community].isin(names)
    return people[by_building | as_whole]


def _keep_names(frame: pd.DataFrame, layer: type[Layer], names: set[str]) -> pd.DataFrame:
    """Take off names of communities that the plan does not know: outside its ground position says nothing more."""
    if not issubclass(layer, Placed):
        return frame.sort_values(Identified.id, ignore_index=True)
    known = frame[Placed.community].where(frame[Placed.community].isin(names))
    return frame.assign(**{Placed.community: known}).sort_values(Identified.id, ignore_index=True)
