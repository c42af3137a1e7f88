"""The rows of a city's layers that a plan needs: its own ground, and the walk round it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.ledgers import Population
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
    OpenSpace,
    Parcel,
    Placed,
    Road,
    UtilityLine,
    UtilityPoint,
)
from pipeline.batch.city.belong import Belonging
from pipeline.batch.city.config import City
from pipeline.batch.city.groups import Group

# What a plan sees beyond its border: 研究范围 is walked, and facilities there are shared.
ROUND: tuple[type[Layer], ...] = (
    Parcel, Building, Road, Gate, Barrier, Facility, UtilityPoint, UtilityLine, OpenSpace, Heritage,
)  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """What of the city a plan gets.

    Attributes
    ----------
    frames : rows by layer, of layers that have any.
    """

    frames: dict[type[Layer], pd.DataFrame]


def measure_margin(city: City) -> float:
    """Return how far beyond a community its plan's data reach, metres: as far as anybody is counted to walk."""
    if city.city.margin_m is not None:
        return city.city.margin_m
    walking = city.walking
    farthest = max([walking.limit_m(15), *walking.radii_m.values()])
    return farthest + walking.max_access_m


def cut_city(
    frames: Mapping[str, pd.DataFrame],
    groups: list[Group],
    belongings: Mapping[type[Layer], Belonging],
    *,
    margin_m: float,
) -> Iterator[Cut]:
    """Yield what each group gets of the city's layers, one at a time: margins overlap, all at once are many cities.

    Features are kept whole where they meet the group's ground and the margin round it; nothing is clipped.

    Parameters
    ----------
    frames : of the load stage, all in one projected CRS.
    groups : in the order wanted.
    belongings : whose the rows are that only one plan gets.
    """
    for group in groups:
        yield _cut_one(frames, group, belongings, near=shapely.buffer(group.ground, margin_m))


def _meet(frame: pd.DataFrame, area: shapely.Geometry) -> NDArray[np.intp]:
    """Return the rows that meet an area, in order; the frame keeps its index for the next."""
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        return np.zeros(0, dtype=np.intp)
    return np.sort(frame.sindex.query(area, predicate="intersects"))


def _cut_one(
    frames: Mapping[str, pd.DataFrame],
    group: Group,
    belongings: Mapping[type[Layer], Belonging],
    *,
    near: shapely.Geometry,
) -> Cut:
    names = set(group.communities)
    communities = frames[Community.key]
    around = communities.iloc[_meet(communities, near)]
    mine = around[Community.name].isin(names)
    made: dict[type[Layer], pd.DataFrame] = {Community: around[mine], Adjoining: around[~mine]}
    for layer in ROUND:
        made[layer] = frames[layer.key].iloc[_meet(frames[layer.key], near)]
    for layer, found in belongings.items():
        made[layer] = frames[layer.key][found.community.isin(names).to_numpy() | found.citywide]
    made[Population] = _pick_people(frames[Population.key], made[Building], names)
    return Cut({layer: _keep_names(frame, layer, names) for layer, frame in made.items() if len(frame)})


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
