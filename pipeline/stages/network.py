"""Stage ``network``: roads to a walk graph; homes, facilities and the rest snapped to its edges."""

from __future__ import annotations

import geopandas as gpd
import shapely

from layers.grids import Relief
from layers.reachable import Edge, Home, Link, NetworkFigure, NetworkMark, Obstacle, Precinct
from layers.source import (
    Barrier,
    Building,
    Community,
    Facility,
    Gate,
    Ledger,
    OpenSpace,
    Outline,
    Parcel,
    Road,
    Survey,
)
from pipeline.plan.sources import OpenData
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.edges import build_network
from pipeline.stages.homes import place_homes
from pipeline.stages.links import link_layer, report_links, write_links
from pipeline.stages.netreport import report_network
from pipeline.stages.precincts import find_precincts
from pipeline.stages.ways_in import count_ways_in, open_precincts, report_gates, report_rule


def plan_area(communities: gpd.GeoDataFrame, outline: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the area of the plan: the communities where they are areas, else the outline (1.4)."""
    areas = communities.geometry[communities.geom_type.isin(["Polygon", "MultiPolygon"])]
    return (areas if len(areas) else outline.geometry).union_all()


def run(given: Given) -> dict[str, Frame]:
    """Build the walk network and join everything that walks or is walked to (3.2)."""
    plan, log = given.plan, given.log
    roads, communities, gates = given.geo(Road), given.geo(Community), given.geo(Gate)
    network = build_network(given)
    edges = network.edges
    found = find_precincts(given.geo(Parcel), given.geo(OpenSpace), gates)
    net, precincts = open_precincts(edges, network.obstacles, found.rows, plan, log)
    report_rule(
        plan,
        found,
        precincts,
        barriers=len(network.obstacles) and len(given.geo(Barrier)),
        gates=len(gates),
        log=log,
    )
    stated = plan.open_data
    spacing = stated.home_spacing_m if stated else OpenData.model_fields["home_spacing_m"].default
    area = plan_area(communities, given.geo(Outline))
    homes = place_homes(given.geo(Building), roads, area, spacing_m=spacing, log=log)
    extent = shapely.box(*edges.total_bounds).buffer(plan.walking.max_access_m)
    every = [(Home, homes), *((layer, given.geo(layer)) for layer in (Facility, Gate, Survey, Ledger))]
    linked = {layer: link_layer(net, layer, frame, extent) for layer, frame in every}
    for item in linked.values():
        report_links(item, log)
    more = count_ways_in(found, precincts, net, linked[Home], linked[Gate])
    report_gates(linked[Gate], found, len(given.geo(Parcel)), log)
    marks, figures = report_network(net, network, roads, communities, area, plan=plan, more=more, log=log)
    return {
        Edge.key: edges,
        Obstacle.key: network.obstacles,
        Precinct.key: precincts,
        Home.key: homes,
        Link.key: write_links(list(linked.values()), precincts, gates),
        NetworkMark.key: marks,
        NetworkFigure.key: figures,
    }


NETWORK = Stage(
    "network",
    "步行网络",
    takes=(
        Road, Barrier, Relief, Building, Parcel, OpenSpace, Community, Outline, Facility, Gate, Survey, Ledger,
    ),
    gives=(Edge, Obstacle, Precinct, Home, Link, NetworkMark, NetworkFigure),
    config=("crs.area_rule", "open_data", "walking"),
    run=run,
)  # fmt: skip
