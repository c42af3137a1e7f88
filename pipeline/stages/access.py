"""Accessibility by community and class, own facilities only against shared ones (guideline 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers.reachable import Access, Home, Link, Unit
from layers.source import Facility
from pipeline.reach.access import Decay, measure_e2sfca
from pipeline.reach.od import OdTable
from pipeline.reach.search import reach
from pipeline.stages.base import Given
from pipeline.stages.coverage import TARGET_NAME
from pipeline.stages.walknet import WalkNet, recall_snap

_PER = 1000.0  # the figure is per thousand of the target group
_REFUSED = "不可"
_FORMULA = "2SFCA（Luo & Wang 2003）；E2SFCA 高斯衰减（Luo & Qi 2009、Dai 2010）；距离上限 {limit:g} m"


@dataclass(frozen=True)
class _Catchment:
    """One class: who walks where, and the two floating catchments before and after sharing."""

    item: FacilityClass
    limit_m: float
    od: OdTable  # origins are homes, destinations facilities with places
    own: NDArray[np.bool_]  # (pairs,) home and facility of one community
    open_: NDArray[np.bool_]  # (pairs,) own, or a facility that does not refuse

    def measure(self, places: NDArray, people: NDArray) -> dict[str, NDArray]:
        """Return the accessibility of each home by field, per thousand."""
        found = {}
        for suffix, decay in (("", Decay("step", self.limit_m)), ("_decay", Decay("gaussian", self.limit_m))):
            for name, mask in (("own", self.own), ("shared", self.open_)):
                pairs = self.od.take(np.flatnonzero(mask))
                found[name + suffix] = _PER * measure_e2sfca(pairs, places, people, decay)
        return found


def count_places(facilities: pd.DataFrame) -> pd.Series:
    """Return each facility's capacity where it is counted in places for one person, else NaN."""
    units = read_settings("sharing.yaml")["place_units"]
    return facilities[Facility.capacity].where(facilities[Facility.capacity_unit].isin(units))


def measure_access(given: Given, net: WalkNet) -> pd.DataFrame:
    """Return the ``Access`` rows: every community and class with places and counted residents.

    Sharing opens all facilities but those that refuse (可共享性 不可) to all homes within the class's
    limit. People from outside the plan, who share as well, are not in the data.
    """
    homes = given.placed(Home)
    homes = homes[homes[Home.community].notna()].sort_values(Home.id, ignore_index=True)
    facilities = given.placed(Facility).sort_values(Facility.id, ignore_index=True)
    places = count_places(facilities)
    link = given.geo(Link)
    names = given.table(Unit)[Unit.name].tolist()
    parts = []
    for key, item in facility_classes().items():
        of_class = facilities[Facility.type_key] == key
        counted = np.flatnonzero(of_class & (places > 0))
        if not len(counted) or homes[item.target].isna().all() or not homes[item.target].sum() > 0:
            continue
        here = facilities.loc[counted].reset_index(drop=True)
        catchment = _catch(item, homes, here, link, net, given.plan.walking.class_limit_m(item.key))
        parts.append(
            _summarise(
                catchment, homes, here, places.to_numpy()[counted], names, int(of_class.sum()) - len(counted)
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(Access.columns()))


def _catch(
    item: FacilityClass,
    homes: gpd.GeoDataFrame,
    here: gpd.GeoDataFrame,
    link: gpd.GeoDataFrame,
    net: WalkNet,
    limit_m: float,
) -> _Catchment:
    table = reach(
        net.graph, recall_snap(link, here, Facility.key), recall_snap(link, homes, Home.key), limit_m
    )
    od = OdTable(table.target, table.origin, table.distance_m, len(homes), len(here))
    own = (
        homes[Home.community].to_numpy(dtype=object)[od.origin]
        == here[Facility.community].to_numpy(dtype=object)[od.destination]
    )
    refuses = (here[Facility.sharing] == _REFUSED).to_numpy(dtype=bool)[od.destination]
    return _Catchment(item, limit_m, od, own, own | ~refuses)


def _summarise(
    catchment: _Catchment,
    homes: gpd.GeoDataFrame,
    here: gpd.GeoDataFrame,
    places: NDArray,
    names: list[str],
    left_out: int,
) -> pd.DataFrame:
    """Return one row a community: means weighted by the target group."""
    item = catchment.item
    people = homes[item.target].fillna(0.0).to_numpy()
    found = catchment.measure(places, people)
    by_home = pd.DataFrame({name: values * people for name, values in found.items()})
    by_home["people"] = people
    sums = by_home.groupby(homes[Home.community].to_numpy()).sum().reindex(names)
    means = sums[list(found)].div(sums["people"].where(sums["people"] > 0), axis=0)
    own = (
        pd.DataFrame({"n": 1, "places": places})
        .groupby(here[Facility.community].to_numpy())
        .sum()
        .reindex(names)
    )
    rows = pd.DataFrame(
        {
            Access.id: [f"{name}|{item.key}" for name in names],
            Access.community: names,
            Access.type_key: item.key,
            Access.type_name: item.name,
            Access.target: TARGET_NAME[item.target],
            Access.target_people: sums["people"].to_numpy(),
            Access.limit_m: catchment.limit_m,
            Access.facilities: own["n"].fillna(0).astype(int).to_numpy(),
            Access.places: own["places"].fillna(0.0).to_numpy(),
            Access.own: means["own"].to_numpy(),
            Access.shared: means["shared"].to_numpy(),
            Access.change: (means["shared"] - means["own"]).to_numpy(),
            Access.own_decay: means["own_decay"].to_numpy(),
            Access.shared_decay: means["shared_decay"].to_numpy(),
            Access.change_decay: (means["shared_decay"] - means["own_decay"]).to_numpy(),
            Access.formula: _FORMULA.format(limit=catchment.limit_m),
            Access.note: f"该类设施 {left_out} 处没有以人、座、床等计的能力，未计入" if left_out else None,
        }
    )
    return rows[rows[Access.target_people] > 0]
