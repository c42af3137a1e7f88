"""What sharing needs to know of the neighbourhood: who lies within whose walk, and by which gate one enters."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.reachable import Home, Link, Neighbour, Unit
from layers.source import Facility, Gate
from pipeline.reach.search import nearest
from pipeline.reach.snap import place_within
from pipeline.stages.base import Given
from pipeline.stages.walknet import WalkNet, recall_snap

# A gate farther on foot than this is another estate's.
_GATE_M = 100.0


def list_neighbours(given: Given, net: WalkNet) -> pd.DataFrame:
    """List for every community which others fall in its own 15-minute walk, and how much of them (1.4, S-04).

    The walk starts from every network point inside the community; the others are told by their homes.
    """
    limit = given.plan.walking.limit_m(15)
    homes = given.placed(Home)
    homes = homes[homes[Home.community].notna()].sort_values(Home.id, ignore_index=True)
    snap = recall_snap(given.geo(Link), homes, Home.key)
    rows = []
    for name, area in given.geo(Unit).set_index(Unit.name).geometry.items():
        metres, _ = nearest(net.graph, place_within(net.graph, net.lines, area), snap, limit)
        others = homes.assign(metres=metres)
        for other, group in others[others[Home.community] != name].groupby(Home.community):
            within = np.isfinite(group["metres"])
            if within.any():
                rows.append(
                    {
                        Neighbour.id: f"{name}→{other}",
                        Neighbour.community: name,
                        Neighbour.neighbour: other,
                        Neighbour.homes: len(group),
                        Neighbour.homes_within: int(within.sum()),
                        Neighbour.nearest_m: group["metres"].min(),
                    }
                )
    return pd.DataFrame(rows, columns=list(Neighbour.columns()))


def name_gates(given: Given, net: WalkNet, facilities: gpd.GeoDataFrame) -> list[str | None]:
    """Return the gate nearest on foot to each facility, None where there is none about.

    Parameters
    ----------
    facilities : rows of ``Facility``, in the order wanted.
    """
    gates = given.geo(Gate)
    if not len(gates):
        return [None] * len(facilities)
    link = given.geo(Link)
    metres, which = nearest(
        net.graph,
        recall_snap(link, gates, Gate.key),
        recall_snap(link, facilities, Facility.key),
        _GATE_M,
    )
    names = gates[Gate.name].fillna(gates[Gate.estate])
    return [
        None if not np.isfinite(far) or pd.isna(names.iloc[index]) else str(names.iloc[index])
        for far, index in zip(metres, which, strict=True)
    ]
