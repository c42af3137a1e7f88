"""Points and lines of an OpenStreetMap extract as canonical layers: roads, gates, utilities."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers import classify
from layers.faults import FaultLog
from layers.frame import conform
from layers.read.osm import REF, TAGS, Extract, where_tags
from layers.source import Barrier, Context, Gate, Road, UtilityLine, UtilityPoint

# A node of a way lies on it; projection and rounding move neither by more.
_ON_M = 0.05


def build_roads(extract: Extract, log: FaultLog) -> gpd.GeoDataFrame:
    """Return existing roads and paths with their level and whether anybody may walk there.

    Roads are kept whole. Noding joins them where they share a vertex, which is how OpenStreetMap says that
    a bridge ends on a street, and not where different levels merely cross.
    """
    known = classify.settings()["roads"]
    left_out = Counter(filter(None, map(classify.why_not_built, extract.ways[TAGS])))
    for value, count in sorted(left_out.items()):
        log.add(
            "HSQ-V09",
            f"{count} 条 {value} 的路径尚未建成或已不存在",
            severity="提示",
            file=extract.name,
            layer=Road.key,
            value=value,
            action="不作为现状道路",
        )
    ways = where_tags(extract.ways, classify.is_road)
    strange = Counter(t["highway"] for t in ways[TAGS] if t["highway"] not in known["kinds"])
    for value, count in sorted(strange.items()):
        log.add(
            "HSQ-V05",
            f"{count} 条道路的 highway={value} 没有声明的道路等级",
            severity="提示",
            file=extract.name,
            layer=Road.key,
            value=value,
            action=f"按 {known['default_kind']} 处理",
        )
    tags = list(ways[TAGS])
    frame = gpd.GeoDataFrame(
        {
            Road.id: ways[REF],
            Road.source: extract.name,
            Road.name: [classify.name_of(t) for t in tags],
            Road.kind: [known["kinds"].get(t["highway"], known["default_kind"]) for t in tags],
            Road.width_m: [_metres(t.get("width", "")) for t in tags],
            Road.length_m: ways.length,
            Road.note: [
                classify.said(t, "highway", "service", "access", "foot", "bridge", "tunnel") for t in tags
            ],
            Road.level: [classify.level_of(t) for t in tags],
            Road.walkable: [classify.is_walkable(t) for t in tags],
        },
        geometry=ways.geometry,
    )
    return conform(frame, Road, crs=ways.crs)


def build_gates(extract: Extract) -> gpd.GeoDataFrame:
    """Return gates; one standing on the outline of a named estate, park or campus belongs to it."""
    nodes = _picked(extract.nodes, "gates")
    estates = where_tags(extract.areas, _is_estate)
    estate: list[str | None] = [None] * len(nodes)
    if len(estates) and len(nodes):
        # Smaller estates first: of two equally near the enclosed one owns the gate.
        estates = estates.iloc[np.argsort(estates.area.to_numpy(), kind="stable")]
        tree = shapely.STRtree(shapely.boundary(estates.geometry.to_numpy()))
        gate, near = tree.query_nearest(
            nodes.geometry.to_numpy(), max_distance=classify.settings()["gate_distance_m"], all_matches=True
        )
        names = [classify.name_of(tags) for tags in estates[TAGS]]
        for row, other in sorted(zip(gate, near, strict=True), reverse=True):
            estate[row] = names[other]
    frame = gpd.GeoDataFrame(
        {
            Gate.id: nodes[REF],
            Gate.source: extract.name,
            Gate.name: [classify.name_of(tags) for tags in nodes[TAGS]],
            Gate.estate: estate,
            Gate.note: [classify.said(tags, "barrier", "entrance", "access", "foot") for tags in nodes[TAGS]],
        },
        geometry=nodes.geometry,
    )
    return conform(frame, Gate, crs=nodes.crs)


def build_barriers(extract: Extract) -> gpd.GeoDataFrame:
    """Return walls, fences, rivers and railways, open where a crossing for walkers is mapped on them.

    Gates are no openings here: they are the ``Gate`` layer, whose word counts for surveyed barriers, too.
    """
    found = _picked(extract.ways, "barriers")
    nodes = _picked(extract.nodes, "barrier_openings")
    shapes = found.geometry.to_numpy()
    way, node = shapely.STRtree(nodes.geometry.to_numpy()).query(shapes, predicate="dwithin", distance=_ON_M)
    if len(way):
        order = np.lexsort((node, way))
        at, which = np.unique(way[order], return_inverse=True)
        spots = shapely.multipoints(nodes.geometry.to_numpy()[node[order]], indices=which)
        holes = shapely.buffer(spots, classify.settings()["barrier_opening_m"])
        shapes = shapes.copy()
        shapes[at] = shapely.difference(shapes[at], holes)
    frame = gpd.GeoDataFrame(
        {
            Barrier.id: found[REF],
            Barrier.source: extract.name,
            Barrier.kind: _kinds(found, "barriers"),
            Barrier.name: [classify.name_of(tags) for tags in found[TAGS]],
            Barrier.cuts: [
                rule.gives["cuts"] for rule in classify.first_rules(found[TAGS], "barriers") if rule
            ],
            Barrier.level: [classify.level_of(tags) for tags in found[TAGS]],
        },
        geometry=gpd.array.from_shapely(shapes, crs=found.crs),
    )
    return conform(frame[~frame.geometry.is_empty], Barrier, crs=found.crs)


def build_utility_points(extract: Extract) -> gpd.GeoDataFrame:
    """Return lamps, substations, masts and the like; areas become a point inside themselves."""
    found = pd.concat(
        [_picked(extract.nodes, "utility_points"), _picked(extract.areas, "utility_points")],
        ignore_index=True,
    )
    frame = gpd.GeoDataFrame(
        {
            UtilityPoint.id: found[REF],
            UtilityPoint.source: extract.name,
            UtilityPoint.kind: _kinds(found, "utility_points"),
            UtilityPoint.name: [classify.name_of(tags) for tags in found[TAGS]],
            UtilityPoint.note: [
                classify.said(tags, "power", "man_made", "voltage", "ref") for tags in found[TAGS]
            ],
        },
        geometry=found.representative_point(),
    )
    return conform(frame, UtilityPoint, crs=found.crs)


def build_utility_lines(extract: Extract) -> gpd.GeoDataFrame:
    """Return power lines and pipelines."""
    found = _picked(extract.ways, "utility_lines")
    frame = gpd.GeoDataFrame(
        {
            UtilityLine.id: found[REF],
            UtilityLine.source: extract.name,
            UtilityLine.kind: _kinds(found, "utility_lines"),
            UtilityLine.length_m: found.length,
            UtilityLine.note: [
                classify.said(tags, "power", "voltage", "name", "substance") for tags in found[TAGS]
            ],
        },
        geometry=found.geometry,
    )
    return conform(frame, UtilityLine, crs=found.crs)


def build_contexts(extract: Extract) -> gpd.GeoDataFrame:
    """Return railways and watercourses for the base of the sheets."""
    found = _picked(extract.ways, "contexts")
    frame = gpd.GeoDataFrame(
        {
            Context.id: found[REF],
            Context.source: extract.name,
            Context.kind: _kinds(found, "contexts"),
            Context.name: [classify.name_of(tags) for tags in found[TAGS]],
            Context.level: [classify.level_of(tags) for tags in found[TAGS]],
        },
        geometry=found.geometry,
    )
    return conform(frame, Context, crs=found.crs)


def _picked(frame: gpd.GeoDataFrame, block: str) -> gpd.GeoDataFrame:
    return where_tags(frame, lambda tags: classify.first_rule(tags, block) is not None)


def _kinds(frame: gpd.GeoDataFrame, block: str) -> list[str]:
    return [rule.gives["kind"] for rule in classify.first_rules(frame[TAGS], block) if rule]


def _is_estate(tags: classify.Tags) -> bool:
    wanted = classify.settings()["gate_estates"]
    return classify.name_of(tags) is not None and any(tags.get(key) in wanted[key] for key in wanted)


def _metres(value: str) -> float | None:
    number = value.removesuffix("m").strip()
    return float(number) if number.replace(".", "", 1).isdigit() else None
