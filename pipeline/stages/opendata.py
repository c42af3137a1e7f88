"""Canonical layers out of an OpenStreetMap extract: the first draft before any survey arrives.

Called by the ``load`` stage; fills whatever layer the technician has no file for. What the extract does not
map stays unmapped: nothing is closed, padded or guessed.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from layers import classify, codes, osm_facilities, osm_ground, osm_lines
from layers.areas import measure_area
from layers.communities import Rules
from layers.crs import Zone, choose_zone, name_crs
from layers.derive import set_limits
from layers.divisions import join_codes, report_codes
from layers.faults import Fault, FaultLog, PlanFaults
from layers.frame import conform
from layers.model import Layer
from layers.overlap import keep_areas
from layers.read.osm import REF, TAGS, Extract, read_osm
from layers.source import (
    Barrier,
    Building,
    Community,
    Context,
    DataExtent,
    Facility,
    Gate,
    OpenSpace,
    Outline,
    Parcel,
    Road,
    UtilityLine,
    UtilityPoint,
)
from pipeline.plan import Plan
from pipeline.stages.complete import division_rules, open_divisions
from pipeline.stages.osm_pick import pick_communities, pick_outline

# Objects farther from the plan than this are left out of large extracts: five times the longest standard
# walk (1,000 m), so no route of the study area ever runs outside. A city's extract stays whole.
MARGIN_M = 5000.0
# Layers this module gives, in the order a reader would ask for them.
GIVES: tuple[type[Layer], ...] = (
    Outline,
    Community,
    DataExtent,
    Parcel,
    Building,
    Road,
    Gate,
    Barrier,
    Facility,
    UtilityPoint,
    UtilityLine,
    OpenSpace,
    Context,
)


def load_open_data(
    plan: Plan,
    log: FaultLog,
    *,
    crs: CRS | None = None,
    outline: gpd.GeoDataFrame | None = None,
    rules: Rules | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """Read ``plan.open_data`` into canonical layers.

    Parameters
    ----------
    plan : a plan with ``open_data``.
    log : gets relations left out (``HSQ-G07``), overlaps, tags not understood, unsure codes (``HSQ-A06``)
        and, once, the null shift between WGS84 and CGCS2000 (``HSQ-X03``).
    crs : the plan's CRS where other inputs have settled it; else by the place's centre.
    rules : what the plan says about community codes; made here where other inputs have not settled it.
    outline : the ``Outline`` layer where it comes from a file; used when the plan picks none here.

    Returns
    -------
    dict
        A frame for every layer in ``GIVES``, by key, in the plan's CGCS2000 3-degree zone, metres.

    Raises
    ------
    PlanFaults
        If the extract cannot be read, a picked object is absent or incomplete (``HSQ-G07``), or
        communities lack names or a code list lacks the street.
    """
    wanted = plan.open_data
    if wanted is None:
        raise ValueError("the plan has no open_data")
    if rules is None:
        rules = division_rules(plan, open_divisions(plan, log))
    extract = read_osm(plan.resolve(wanted.path), log)
    ring = pick_outline(extract, wanted)
    if ring is None and outline is not None:
        ring = outline.to_crs(extract.nodes.crs)
    found = pick_communities(extract, wanted.communities, ring)
    place = found if ring is None else ring
    if crs is None:
        crs = plan_crs(place.union_all().centroid.x, zone=plan.crs.zone)
    log.add(
        "HSQ-X03",
        "OpenStreetMap 坐标为 WGS84，转入 CGCS2000 时按零平移处理（两框架相差约 0.5–0.9 m，社区规划可以接受）",
        severity="提示",
        file=extract.name,
        action=f"已投影到 {name_crs(crs)}",
    )
    extract = extract.project(crs)
    _report_beyond(place.to_crs(crs), extract, log)
    extract = extract.near(_study_zone(place.to_crs(crs), extract))

    def measure(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
        return measure_area(geometry, rule=plan.crs.area_rule).to_numpy()

    roads, gates = osm_lines.build_roads(extract, log), osm_lines.build_gates(extract)
    frames = {
        Outline.key: _as_outline(ring, extract.name, crs),
        Community.key: _as_communities(found, plan, extract.name, ring, log, rules).to_crs(crs),
        DataExtent.key: _as_extent(extract, log),
        Parcel.key: _within(
            osm_ground.build_parcels(extract, year=plan.plan.data_year, measure=measure, log=log),
            place.to_crs(crs),
            measure,
        ),
        Building.key: osm_ground.build_buildings(extract, measure=measure, log=log),
        Road.key: roads,
        Gate.key: gates,
        Barrier.key: osm_lines.build_barriers(extract),
        Facility.key: set_limits(
            osm_facilities.build_facilities(extract, roads, gates, log), radius_of=plan.walking.class_limit_m
        ),
        UtilityPoint.key: osm_lines.build_utility_points(extract),
        UtilityLine.key: osm_lines.build_utility_lines(extract),
        OpenSpace.key: osm_ground.build_open_spaces(extract, measure=measure, log=log),
        Context.key: osm_lines.build_contexts(extract),
    }
    return {layer.key: frames[layer.key] for layer in GIVES}


def _within(
    parcels: gpd.GeoDataFrame,
    place: gpd.GeoDataFrame,
    measure: Callable[[gpd.GeoSeries], NDArray[np.float64]],
) -> gpd.GeoDataFrame:
    """Cut derived parcels to the plan's area, so that their areas sum to what is mapped of it (G-02)."""
    shapes = keep_areas(parcels.geometry.intersection(place.union_all()))
    kept = parcels.set_geometry(gpd.GeoSeries(shapes, index=parcels.index, crs=parcels.crs))
    kept = kept[~kept.geometry.is_empty].reset_index(drop=True)
    kept[Parcel.area_m2] = measure(kept.geometry)
    return kept


def plan_crs(longitude: float, *, zone: int | None = None) -> CRS:
    """Return the CGCS2000 3-degree zone without prefix (EPSG:4534-4554) of a longitude or a zone number."""
    try:
        chosen = Zone(zone) if zone is not None else choose_zone(longitude)
    except ValueError:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-X02",
                    f"经度 {longitude:.4f}° 不在 CGCS2000 3° 带范围内",
                    value=f"{longitude:.4f}",
                    remedy="检查所选范围是否在我国境内",
                )
            ]
        ) from None
    return CRS.from_epsg(chosen.plain)


def _study_zone(place: gpd.GeoDataFrame, extract: Extract) -> shapely.Geometry:
    """Return the ground whose objects matter; an extract that lies within the margin is kept whole."""
    zone = shapely.buffer(place.union_all(), MARGIN_M)
    if extract.bounds is None or not shapely.contains(zone, extract.bounds):
        return zone
    everything = [part.total_bounds for part in (extract.nodes, extract.ways, extract.areas) if len(part)]
    low, high = np.min(everything, axis=0)[:2], np.max(everything, axis=0)[2:]
    return shapely.box(*low, *high)


def _report_beyond(place: gpd.GeoDataFrame, extract: Extract, log: FaultLog) -> None:
    """Say how much of the plan itself lies where the extract has no data: nothing there is unmapped ground."""
    if extract.bounds is None:
        return
    area = float(shapely.area(shapely.difference(place.union_all(), extract.bounds)))
    if area > 1.0:
        log.add(
            "HSQ-N03",
            f"规划范围有 {area:.0f} ㎡ 在 OSM 数据范围之外",
            severity="警告",
            file=extract.name,
            value=f"{area:.0f}",
            action="该处没有数据，不作任何判断",
            remedy="导出包含整个规划范围及其外 1 km 的数据",
        )


def _as_outline(ring: gpd.GeoDataFrame | None, source: str, crs: CRS) -> gpd.GeoDataFrame:
    if ring is None:
        return conform(pd.DataFrame(), Outline, crs=crs)
    if TAGS not in ring:
        return conform(ring.to_crs(crs), Outline)
    names = [classify.name_of(tags) for tags in ring[TAGS]]
    frame = ring[[REF, "geometry"]].rename(columns={REF: str(Outline.id)})
    frame = frame.assign(**{Outline.source: source, Outline.name: names})
    return conform(frame.to_crs(crs), Outline)


def _as_communities(
    found: gpd.GeoDataFrame,
    plan: Plan,
    source: str,
    ring: gpd.GeoDataFrame | None,
    log: FaultLog,
    rules: Rules,
) -> gpd.GeoDataFrame:
    names = [str(classify.name_of(tags)) for tags in found[TAGS]]
    street = plan.open_data.street if plan.open_data else None
    if street is None and ring is not None and TAGS in ring:
        street = classify.name_of(ring[TAGS].iloc[0])
    joined_codes: list[str | None] = [None] * len(found)
    if rules.listed is not None and street is not None:
        joined = join_codes(names, street, rules.listed, region=rules.region, confirmed=rules.confirmed)
        report_codes(joined, street, log)
        joined_codes = list(joined["code"])
    frame = gpd.GeoDataFrame(
        {
            Community.id: found[REF],
            Community.source: source,
            Community.name: names,
            Community.code: joined_codes,
            Community.street: street,
            # Volunteers draw what they know; only an authority's file is a legal boundary.
            Community.boundary: codes.BOUNDARY.values[1],
        },
        geometry=found.geometry,
    )
    return conform(frame, Community, crs=found.crs)


def _as_extent(extract: Extract, log: FaultLog) -> gpd.GeoDataFrame:
    if extract.bounds is None:
        return conform(pd.DataFrame(), DataExtent, crs=extract.nodes.crs)
    if not extract.declared:
        log.add(
            "HSQ-N03",
            "OSM 文件未声明范围，取全部对象的外包矩形",
            severity="提示",
            file=extract.name,
            action="按此判断研究范围是否截断",
            remedy="从 openstreetmap.org 导出的文件带有范围声明",
        )
    frame = gpd.GeoDataFrame(
        {DataExtent.id: ["bounds"], DataExtent.source: [extract.name]},
        geometry=[extract.bounds],
        crs=extract.nodes.crs,
    )
    return conform(frame, DataExtent)
