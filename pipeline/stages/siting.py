"""Stage ``siting``: a centre and stations for every service, from what stands and what is free (3.2)."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import read_settings
from configs.services import Service, services
from layers.frame import empty_frame
from layers.planned import Inventory, Need
from layers.reachable import (
    Edge,
    Home,
    Link,
    Obstacle,
    Precinct,
    Unit,
    Whereabouts,
)
from layers.sites import NetworkSite, SiteReach
from layers.source import Building, Facility
from pipeline.reach.allocate import (
    Allocation,
    Task,
    cover_most,
    make_task,
    minimise_walk,
    send_to_nearest,
)
from pipeline.reach.od import OdTable
from pipeline.reach.programme import TimedOut
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.prospects import FREE, Prospects, find_prospects, hold_area
from pipeline.stages.sitetable import Network, list_reached, list_sites, report_network
from pipeline.stages.walknet import open_walknet


def make_sites(given: Given) -> dict[str, Frame]:
    """Propose the sites of every network of ``configs/siting.yaml``.

    What stands, stays. Where no centre stands, it is the 1-median of the target group among places large
    enough. New stations: one in each community without any, and as many more as newly reach enough people
    (maximal covering, under capacities where these are known). What one service takes of a resource the
    next one finds taken.
    """
    spaces = given.table(Inventory)
    room_m2 = dict(zip(spaces[Inventory.number], spaces[Inventory.usable_m2], strict=True))
    net = open_walknet(given.geo(Edge), given.plan, given.geo(Obstacle), given.geo(Precinct))
    sites, reached = [], []
    for service in services().values():
        prospects = find_prospects(given, net, service, room_m2)
        network = None if prospects is None else plan_network(given, service, prospects)
        if network is None:
            continue
        report_network(given, service, network)
        sites.append(list_sites(given, service, network))
        reached.append(list_reached(service, network))
        chosen = network.prospects.places.iloc[network.stations]
        chosen = chosen[chosen["origin"] == FREE]
        for number, taken in zip(chosen["id"], chosen["taken_m2"], strict=True):
            room_m2[number] -= taken
    if not sites:
        return {
            NetworkSite.key: empty_frame(NetworkSite, crs=given.crs),
            SiteReach.key: empty_frame(SiteReach),
        }
    return {
        NetworkSite.key: gpd.GeoDataFrame(pd.concat(sites, ignore_index=True), crs=given.crs),
        SiteReach.key: pd.concat(reached, ignore_index=True),
    }


def plan_network(given: Given, service: Service, prospects: Prospects) -> Network | None:
    """Choose the centre, then the stations; None where not a single site comes of it."""
    limit_m = given.plan.walking.class_limit_m(service.scale.key)
    centres, to_centre = _choose_centre(given, service, prospects)
    places = prospects.places.copy()
    new = centres[(places["origin"].iloc[centres] == FREE).to_numpy()]
    if len(new):
        least = np.full(len(new), service.centre.least.value)
        held, basis = hold_area(least, service, "中心规模下限")
        for column, values in (("taken_m2", least), ("capacity", held), ("basis", basis)):
            places.loc[new, column] = values
    prospects = replace(prospects, places=places)
    served, limited = _choose_stations(given, service, prospects, limit_m, centres)
    # What stands outside the plan's communities belongs to the network where it serves somebody of them.
    inside = places["community"].notna().to_numpy()
    centres = centres[inside[centres] | np.isin(centres, to_centre.assigned)]
    serves = np.isin(served.sites, served.assigned[: len(prospects.homes)])
    stations = served.sites[serves | inside[served.sites] | np.isin(served.sites, centres)]
    return (
        Network(prospects, centres, stations, to_centre, served, limited, limit_m) if len(stations) else None
    )


def _choose_centre(given: Given, service: Service, town: Prospects) -> tuple[NDArray[np.int64], Allocation]:
    """Return the centres that stand, or else the place of the least walking in sum; and who walks how far."""
    everybody = make_task(town.od, town.weight)
    stands = np.flatnonzero(town.places["is_centre"])
    able = np.flatnonzero(town.places["may_centre"])
    if not len(stands) and not len(able):
        given.log.add(
            "HSQ-A09",
            f"{service.name}：没有现状中心，也没有达到中心规模（{service.centre.least.value:g} ㎡，"
            f"{service.centre.least.said}）的设施或资源，只布站点",
            severity="提示", layer=NetworkSite.alias, remedy="补充资源台账，或在 configs/siting.yaml 中调整规模",
        )  # fmt: skip
    chosen = stands
    if not len(stands) and len(able):
        pairs = np.flatnonzero(np.isin(town.od.destination, able))
        at = np.searchsorted(able, town.od.destination[pairs])
        od = OdTable(town.od.origin[pairs], at, town.od.distance_m[pairs], len(town.homes), len(able))
        # All are on the main network and refuse nobody, so that every place is within reach of every home.
        chosen = able[minimise_walk(make_task(od, town.weight), 1).sites]
    return chosen, send_to_nearest(everybody, chosen, np.inf, value=float(len(chosen)), gap=0.0)


def _choose_stations(
    given: Given, service: Service, town: Prospects, limit_m: float, centres: NDArray[np.int64]
) -> tuple[Allocation, bool]:
    """Return the sites and who goes to them: what stands, the centre, new ones as far as they are worth it.

    A community without a station asks for one through an origin of its own that outweighs everybody else
    and takes no room. Also returned: whether a capacity could bind.
    """
    fixed = town.places["is_station"].to_numpy(dtype=bool).copy()
    fixed[centres] = True
    may_open = fixed | town.places["may_station"].to_numpy(dtype=bool)
    community = town.places["community"].to_numpy(dtype=object)
    lacking = sorted(set(given.table(Unit)[Unit.name]) - set(community[fixed]))
    hopeless = [name for name in lacking if not (may_open & (community == name)).any()]
    lacking = [name for name in lacking if name not in hopeless]
    if hopeless:
        given.log.add(
            "HSQ-A09", f"{service.name}：{'、'.join(hopeless)}没有站点，也没有可作站点的确认资源", severity="提示",
            layer=NetworkSite.alias, remedy="补充资源台账，或由邻近社区站点服务",
        )  # fmt: skip
    wish = [
        (row, at) for row, name in enumerate(lacking) for at in np.flatnonzero(may_open & (community == name))
    ]
    near = town.od.within(limit_m)
    near = near.take(np.flatnonzero(may_open[near.destination]))
    rows, at = np.array(wish, dtype=np.int64).reshape(-1, 2).T
    od = OdTable(
        np.concatenate([near.origin, len(town.homes) + rows]),
        np.concatenate([near.destination, at]),
        np.concatenate([near.distance_m, np.zeros(len(rows))]),
        len(town.homes) + len(lacking),
        len(town.places),
    )
    everybody = town.weight.sum()
    capacity = _limit_sites(town, near)
    task = make_task(
        od,
        np.append(town.weight, np.full(len(lacking), everybody + 1)),
        fixed=fixed,
        capacity=capacity,
        load=np.append(town.weight, np.zeros(len(lacking))),
        time_limit_s=read_settings("siting.yaml")["solver_s"],
    )
    count = max(int(fixed.sum()) + len(lacking), 1)
    most = min(count + service.new_stations, int(may_open.sum()))
    try:
        return _add_stations(task, limit_m, count, most, service.least_gain * everybody), capacity is not None
    except TimedOut:
        given.log.add(
            "HSQ-A09", f"{service.name}：求解超时，站点按不限能力布置", severity="警告", layer=NetworkSite.alias,
            remedy="在 configs/siting.yaml 中加大 solver_s",
        )  # fmt: skip
        task = replace(task, capacity=None, time_limit_s=None)
        return _add_stations(task, limit_m, count, most, service.least_gain * everybody), False


def _add_stations(task: Task, limit_m: float, count: int, most: int, least_gain: float) -> Allocation:
    """Return the best ``count`` sites, or more of them as long as each newly serves enough people."""
    found = cover_most(task, count, limit_m)
    while count < most:
        more = cover_most(task, count + 1, limit_m)
        gain = more.value - found.value
        if gain <= 0 or gain < least_gain:
            break
        found, count = more, count + 1
    return found


def _limit_sites(town: Prospects, near: OdTable) -> NDArray[np.float64] | None:
    """Return how many of the target group each place can serve; None where no capacity could ever bind."""
    if np.isnan(town.asked):
        return None
    people = town.places["capacity"].to_numpy(dtype=np.float64) / town.asked
    people = np.where(np.isnan(people), np.inf, people)
    ever = np.bincount(near.destination, town.weight[near.origin], minlength=len(people))
    people = np.where(ever <= people, np.inf, people)
    return None if np.isinf(people).all() else people


SITING = Stage(
    name="siting",
    title="中心站点布局",
    takes=(Edge, Obstacle, Precinct, Home, Link, Facility, Building, Unit, Whereabouts, Need, Inventory),
    gives=(NetworkSite, SiteReach),
    config=("crs.area_rule", "walking"),
    run=make_sites,
)
