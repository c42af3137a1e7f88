"""Stage ``sharing``: which facility can serve which other community, and how to run it (3.2, B-03)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.frame import empty_frame
from layers.reachable import (
    Access,
    Coverage,
    Edge,
    FacilityLoad,
    Home,
    Link,
    Neighbour,
    Reach,
    Sharing,
    Unit,
    Whereabouts,
)
from layers.source import Facility, Gate
from pipeline.stages.access import measure_access
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.coverage import REFUSED
from pipeline.stages.neighbours import list_neighbours, name_gates
from pipeline.stages.walknet import WalkNet, open_walknet

OUTSIDE = "规划范围外"
_BY_TIME = codes.SHARING.values[1]


def _reach_pairs(given: Given) -> pd.DataFrame:
    """Return every facility and home within the class limit, with both communities and the metres."""
    homes, facilities = given.placed(Home), given.placed(Facility)
    rules = read_settings("sharing.yaml")
    shareable = (facilities[Facility.sharing] != REFUSED) & ~facilities[Facility.type_key].isin(
        rules["never"]
    )
    reach = given.table(Reach)
    reach = reach[reach[Reach.facility].isin(facilities.loc[shareable, Facility.id])]
    of = facilities.set_index(Facility.id).loc[reach[Reach.facility]]
    at = homes.set_index(Home.id).loc[reach[Reach.home]]
    return pd.DataFrame(
        {
            "facility": reach[Reach.facility].to_numpy(),
            "owner": of[Facility.community].fillna(OUTSIDE).to_numpy(),
            "key": of[Facility.type_key].to_numpy(),
            "home": reach[Reach.home].to_numpy(),
            "user": at[Home.community].to_numpy(),
            "people": at[Home.population].to_numpy(),
            "metres": reach[Reach.metres].to_numpy(),
        }
    )


def _leave_out_open(pairs: pd.DataFrame, *, served: set[tuple[str, str]]) -> pd.DataFrame:
    """Leave out what is open to everybody anyway, unless it is all a community has (requirements §7.16).

    Parameters
    ----------
    pairs : from ``_reach_pairs``.
    served : community and class with at least one home covered by an own facility.
    """
    groups = read_settings("sharing.yaml")["open_groups"]
    always_open = {key for key, item in facility_classes().items() if item.group in groups}
    required = {key for key, item in facility_classes().items() if item.required}
    only_there = [
        key in required and (user, key) not in served
        for user, key in zip(pairs["user"], pairs["key"], strict=True)
    ]
    return pairs[~pairs["key"].isin(always_open) | np.asarray(only_there, dtype=bool)].copy()


def _mode(item: FacilityClass, stated: object) -> str:
    modes = read_settings("sharing.yaml")["modes"]
    return "错时共享" if stated == _BY_TIME else str(modes[item.group])


def run(given: Given) -> dict[str, Frame]:
    """Measure what sharing is worth, and list what can be shared with whom."""
    net = open_walknet(given.geo(Edge), given.plan)
    return {
        Sharing.key: _list_sharing(given, net),
        Access.key: measure_access(given, net),
        Neighbour.key: list_neighbours(given, net),
    }


def _list_sharing(given: Given, net: WalkNet) -> gpd.GeoDataFrame | pd.DataFrame:
    """List every facility that serves homes of a community it does not stand in."""
    pairs = _reach_pairs(given)
    pairs = pairs[pairs["owner"] != pairs["user"]]
    coverage = given.table(Coverage)
    own = coverage[coverage[Coverage.own]]
    served = set(zip(own[Coverage.community], own[Coverage.type_key], strict=True))
    pairs = _leave_out_open(pairs, served=served)
    if pairs.empty:
        return empty_frame(Sharing, crs=given.crs)
    covered = set(zip(own[Coverage.home], own[Coverage.type_key], strict=True))
    pairs["gained"] = [pair not in covered for pair in zip(pairs["home"], pairs["key"], strict=True)]
    pairs["people_gained"] = pairs["people"].where(pairs["gained"])
    # The distance stated is that of the link drawn: to the nearest home that gains.
    pairs["metres_gained"] = pairs["metres"].where(pairs["gained"])
    grouped = pairs.groupby(["key", "facility", "owner", "user"], sort=True)
    rows = grouped.agg(
        metres=("metres_gained", "min"),
        served=("home", "size"),
        gained=("gained", "sum"),
        people=("people_gained", lambda values: values.sum(min_count=1)),
    ).reset_index()
    rows = rows[rows["gained"] > 0].reset_index(drop=True)
    if rows.empty:
        return empty_frame(Sharing, crs=given.crs)
    facilities = given.geo(Facility).set_index(Facility.id).loc[rows["facility"]]
    spare = given.table(FacilityLoad).set_index(FacilityLoad.facility)[FacilityLoad.spare]
    homes = given.geo(Home).set_index(Home.id)
    nearest_home = (
        pairs[pairs["gained"]].sort_values(["metres", "home"]).groupby(["facility", "user"])["home"].first()
    )
    ends = homes.geometry.loc[
        [nearest_home[pair] for pair in zip(rows["facility"], rows["user"], strict=True)]
    ]
    starts = facilities.geometry
    classes = [facility_classes()[key] for key in rows["key"]]
    names = facilities[Facility.name].fillna(facilities[Facility.type_name]).to_numpy()
    modes = [_mode(item, stated) for item, stated in zip(classes, facilities[Facility.sharing], strict=True)]
    texts = read_settings("sharing.yaml")["texts"]
    said = [
        {
            part: text.format(
                owner=row.owner, user=row.user, facility=name, type=item.name,
                keeper="设施产权单位" if row.owner == OUTSIDE else row.owner,
                distance=f"{row.metres:.0f}", gained=row.gained,
            )
            for part, text in texts[mode].items()
        }
        for row, name, item, mode in zip(rows.itertuples(), names, classes, modes, strict=True)
    ]  # fmt: skip
    xy = np.stack([starts.x, starts.y, ends.x, ends.y], axis=1).reshape(-1, 2, 2)
    return gpd.GeoDataFrame(
        {
            Sharing.id: rows["facility"] + "→" + rows["user"],
            Sharing.facility: rows["facility"],
            Sharing.facility_name: names,
            Sharing.type_key: rows["key"],
            Sharing.type_name: [item.name for item in classes],
            Sharing.owner_community: rows["owner"],
            Sharing.community: rows["user"],
            Sharing.distance_m: rows["metres"],
            Sharing.gate: name_gates(given, net, facilities.reset_index()),
            Sharing.homes_served: rows["served"],
            Sharing.homes_gained: rows["gained"].astype("int64"),
            Sharing.people_gained: rows["people"],
            Sharing.spare: spare.reindex(rows["facility"]).to_numpy(),
            Sharing.mode: modes,
            Sharing.suggestion: [item["suggestion"] for item in said],
            Sharing.duties: [item["duties"] for item in said],
            Sharing.cost_split: [item["cost"] for item in said],
        },
        geometry=shapely.linestrings(xy),
        crs=homes.crs,
    )


SHARING = Stage(
    "sharing",
    "共建共享",
    takes=(Edge, Home, Link, Facility, Gate, Unit, Coverage, FacilityLoad, Reach, Whereabouts),
    gives=(Sharing, Access, Neighbour),
    config=("crs.area_rule", "walking"),
    run=run,
)
