"""Facilities of an OpenStreetMap extract: points, and areas brought to the point where people enter."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs.facilities import facility_classes
from layers import classify
from layers.faults import FaultLog
from layers.frame import conform
from layers.read.osm import REF, TAGS, Extract
from layers.source import Facility, Road

# Inside a park or campus farther than this from any path, a point in the middle says that nobody gets there.
_REACHED_M = 50.0


def build_facilities(
    extract: Extract, roads: gpd.GeoDataFrame, gates: gpd.GeoDataFrame, log: FaultLog
) -> gpd.GeoDataFrame:
    """Return facilities of the declared classes; an area becomes the point where people enter it.

    Out-of-use and private ones are no facility and are counted (``HSQ-V09``); a point inside an area of the
    same class is the same facility mapped twice (``HSQ-G04``).

    Parameters
    ----------
    extract : projected, metres.
    roads, gates : the canonical layers of the same extract.
    log : gets what was counted out or merged.
    """
    everything = pd.concat([extract.nodes, extract.areas], ignore_index=True)
    classes = pd.Series([classify.facility_of(tags) for tags in everything[TAGS]], dtype=object)
    everything = everything[classes.notna()]
    classes = classes[classes.notna()]
    closed = np.array(
        [classify.first_rule(tags, "facilities", "closed") is not None for tags in everything[TAGS]],
        dtype=bool,
    )
    for key, count in sorted(Counter(classes[closed]).items()):
        log.add(
            "HSQ-V09",
            f"{count} 处{classify.facility_name(key)}标明停用或不对外开放",
            severity="提示",
            file=extract.name,
            layer=Facility.key,
            action="不计入设施",
        )
    everything, classes = everything[~closed], classes[~closed]
    twice = _mapped_twice(everything, classes)
    for ref in everything.loc[twice, REF]:
        log.add(
            "HSQ-G04",
            f"设施点 {ref} 位于同类设施面内",
            severity="提示",
            file=extract.name,
            layer=Facility.key,
            row=ref,
            action="视为同一设施，保留面",
        )
    everything, classes = everything[~twice].reset_index(drop=True), classes[~twice]
    tags = list(everything[TAGS])
    points, entered = _enter(everything, roads, gates)
    ground = [
        None if "building" in t else float(a) or None for t, a in zip(tags, everything.area, strict=True)
    ]
    frame = gpd.GeoDataFrame(
        {
            Facility.id: everything[REF],
            Facility.source: extract.name,
            Facility.type_key: list(classes),
            Facility.type_name: [classify.facility_name(key) for key in classes],
            Facility.tier: [str(facility_classes()[key].minutes) for key in classes],
            Facility.name: [classify.name_of(t) for t in tags],
            Facility.land_area_m2: pd.array(ground, dtype="Float64"),
            Facility.note: [
                classify.said(t, "amenity", "shop", "leisure", "healthcare", "highway", "office", "access")
                + how
                for t, how in zip(tags, entered, strict=True)
            ],
        },
        geometry=gpd.array.from_shapely(points, crs=everything.crs),
    )
    return conform(frame, Facility)


def _enter(
    everything: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, gates: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], list[str]]:
    """Return the point of each facility, and a remark where it is not simply inside.

    The middle of a large park or school lies far from any path, and measuring to it would report a gap that
    is not there. Such an area is entered at its gate (the one nearest a path), else where a path comes
    nearest to it, and the note says so.
    """
    shapes = everything.geometry.to_numpy()
    points = shapely.point_on_surface(shapes)
    remarks = [""] * len(shapes)
    paths = roads.geometry.to_numpy()[roads[Road.walkable].to_numpy()]
    if not len(paths):
        return points, remarks
    tree = shapely.STRtree(paths)
    away = shapely.distance(points, paths[tree.nearest(points)])
    for row in np.flatnonzero((away > _REACHED_M) & (shapely.get_dimensions(shapes) == 2)):
        near = gates.geometry[
            gates.dwithin(shapely.boundary(shapes[row]), classify.settings()["gate_distance_m"])
        ].to_numpy()
        if len(near):
            points[row] = near[np.argmin(shapely.distance(near, paths[tree.nearest(near)]))]
            remarks[row] = "；位置取出入口"
        else:
            line = shapely.shortest_line(shapes[row], paths[tree.nearest(shapes[row])])
            points[row] = shapely.get_point(line, 0)
            remarks[row] = "；出入口未测绘，位置取距道路最近处"
    return points, remarks


def _mapped_twice(frame: gpd.GeoDataFrame, classes: pd.Series) -> NDArray[np.bool_]:
    shapes = frame.geometry.to_numpy()
    inside, around = shapely.STRtree(shapes).query(shapes, predicate="within")
    key = classes.to_numpy()
    point = shapely.get_dimensions(shapes) == 0
    name = np.array([classify.name_of(tags) or "" for tags in frame[TAGS]], dtype=object)
    # Two names are two facilities, except on a school's ground, where one is the everyday form of the other.
    agree = (name[inside] == "") | (name[around] == "") | (name[inside] == name[around])
    school = np.isin(key[inside], [k for k, c in facility_classes().items() if c.group == "教育"])
    same = (key[inside] == key[around]) & point[inside] & ~point[around] & (agree | school)
    found = np.zeros(len(frame), dtype=bool)
    found[inside[same]] = True
    return found
