"""Areas of an OpenStreetMap extract as canonical layers: land use, buildings, open space."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs.planning import landuse_names
from layers import classify
from layers.faults import FaultLog
from layers.frame import conform
from layers.overlap import cut_overlaps, keep_areas
from layers.read.osm import REF, TAGS, Extract, where_tags
from layers.source import Building, OpenSpace, Parcel

Measure = Callable[[gpd.GeoSeries], NDArray[np.float64]]

# What cutting overlapping outlines leaves below this is a trace of digitising, not a parcel.
SLIVER_M2 = 1.0


def build_parcels(extract: Extract, *, year: int, measure: Measure, log: FaultLog) -> gpd.GeoDataFrame:
    """Return land-use parcels that share no ground; ground without a tag stays without a parcel.

    Parameters
    ----------
    extract : projected, metres.
    year : data year of the plan.
    measure : area of each geometry by the plan's rule, m².
    log : gets overlaps decided (``HSQ-G05``), slivers left out and tags that name no land use.
    """
    areas = _mended(where_tags(extract.areas, lambda tags: not _is_building(tags)), extract, log)
    found = classify.first_rules(areas[TAGS], "parcels")
    _report_unknown(areas, found, extract.name, log)
    known = np.array([rule is not None for rule in found], dtype=bool)
    areas = areas[known].reset_index(drop=True)
    kept = [rule for rule in found if rule is not None]
    size = areas.area.to_numpy()
    order = np.empty(len(areas), dtype=np.intp)
    rank = np.array([rule.rank for rule in kept], dtype=np.intp)
    order[np.lexsort((size, rank))] = np.arange(len(areas))  # stable: equal ones stay in the order of ref
    pieces = cut_overlaps(areas.geometry.to_numpy(), order=order)
    left = shapely.area(pieces)
    _report_overlaps(size, left, extract.name, log)
    idle = [classify.idle_evidence(tags, "ground") for tags in areas[TAGS]]
    names = landuse_names()
    frame = gpd.GeoDataFrame(
        {
            Parcel.id: areas[REF],
            Parcel.source: extract.name,
            Parcel.landuse_code: [rule.gives["code"] for rule in kept],
            Parcel.landuse_name: [names[rule.gives["code"]] for rule in kept],
            Parcel.year: year,
            Parcel.use_status: [status for status, _ in idle],
            Parcel.note: [
                _note(tags, rule.evidence(tags), proof)
                for tags, rule, (_, proof) in zip(areas[TAGS], kept, idle, strict=True)
            ],
        },
        geometry=gpd.array.from_shapely(pieces, crs=areas.crs),
    )
    frame = frame[left >= SLIVER_M2].sort_values([Parcel.landuse_code, Parcel.id], kind="stable")
    # From what the parcel is, not from its position: another object in the next extract renumbers none.
    frame[Parcel.number] = [hashlib.sha256(ref.encode()).hexdigest()[:8].upper() for ref in frame[Parcel.id]]
    frame[Parcel.area_m2] = measure(frame.geometry).round(2)
    return conform(frame, Parcel)


def build_buildings(extract: Extract, *, measure: Measure, log: FaultLog) -> gpd.GeoDataFrame:
    """Return buildings with use, floors and what their tags say about idleness.

    Floors and use stay missing where no tag gives them; nothing is guessed from height or size. Floor area is
    footprint times floors where floors are known. A closed shop mapped as a point marks the building it
    stands in as partly idle.
    """
    areas = _mended(where_tags(extract.areas, _is_building), extract, log)
    areas = _without_twins(areas, extract.name, log)
    use = classify.first_rules(areas[TAGS], "buildings", "uses")
    idle = [classify.idle_evidence(tags, "building") for tags in areas[TAGS]]
    inside = _closed_premises(extract, areas)
    status = [own or ("部分闲置" if row in inside else None) for row, (own, _) in enumerate(idle)]
    proof = ["；".join(filter(None, [own, inside.get(row)])) for row, (_, own) in enumerate(idle)]
    floors = pd.array([classify.floors_of(tags) for tags in areas[TAGS]], dtype="Int64")
    frame = gpd.GeoDataFrame(
        {
            Building.id: areas[REF],
            Building.source: extract.name,
            Building.name: [classify.name_of(tags) for tags in areas[TAGS]],
            Building.use: [rule.gives["use"] if rule else None for rule in use],
            Building.floors: floors,
            Building.floor_area_m2: (pd.array(measure(areas.geometry)) * floors).round(2),
            Building.built: [tags.get("start_date") for tags in areas[TAGS]],
            Building.use_status: status,
            # Homes above a closed shop are lived in: partly idle is a status, not disuse.
            Building.disused: [value in ("闲置", "废弃") for value in status],
            Building.note: [
                _note(tags, f"building={tags['building']}" if "building" in tags else "", text)
                for tags, text in zip(areas[TAGS], proof, strict=True)
            ],
        },
        geometry=areas.geometry.array,
    )
    return conform(frame, Building, crs=areas.crs)


def build_open_spaces(extract: Extract, *, measure: Measure, log: FaultLog) -> gpd.GeoDataFrame:
    """Return parks, squares, grounds and water. They may overlap: a pond in a park is both."""
    areas = _mended(where_tags(extract.areas, lambda tags: not _is_building(tags)), extract, log)
    found = classify.first_rules(areas[TAGS], "open_spaces")
    # A closed footway is a loop; only area=yes or a relation makes it a square.
    loop = [
        "highway" in tags and tags.get("area") != "yes" and ref.startswith("w")
        for ref, tags in zip(areas[REF], areas[TAGS], strict=True)
    ]
    known = np.array([rule is not None for rule in found], dtype=bool) & ~np.array(loop, dtype=bool)
    areas, kept = areas[known], [rule for rule, here in zip(found, known, strict=True) if rule and here]
    frame = gpd.GeoDataFrame(
        {
            OpenSpace.id: areas[REF],
            OpenSpace.source: extract.name,
            OpenSpace.kind: [rule.gives["kind"] for rule in kept],
            OpenSpace.name: [classify.name_of(tags) for tags in areas[TAGS]],
            OpenSpace.area_m2: measure(areas.geometry).round(2),
            OpenSpace.note: [
                f"OSM {rule.evidence(tags)}" for rule, tags in zip(kept, areas[TAGS], strict=True)
            ],
        },
        geometry=areas.geometry,
    )
    return conform(frame, OpenSpace, crs=areas.crs)


def _is_building(tags: classify.Tags) -> bool:
    kind = tags.get("building", tags.get("disused:building", tags.get("abandoned:building")))
    return kind is not None and kind not in classify.settings()["buildings"]["not_buildings"]


def _note(tags: classify.Tags, said: str, proof: str) -> str:
    name = classify.name_of(tags)
    parts = [name, f"OSM {said}" if said else None, f"闲置依据：{proof}" if proof else None]
    return "；".join(part for part in parts if part)


def _mended(areas: gpd.GeoDataFrame, extract: Extract, log: FaultLog) -> gpd.GeoDataFrame:
    """Return the areas valid; libosmium's rings are, but rounding by projection may make two touch."""
    areas = areas.reset_index(drop=True)
    bad = ~areas.geometry.is_valid.to_numpy()
    if not bad.any():
        return areas
    areas.geometry = np.where(
        bad, keep_areas(shapely.make_valid(areas.geometry.to_numpy())), areas.geometry.to_numpy()
    )
    for ref in areas.loc[bad, REF]:
        log.add(
            "HSQ-G02",
            f"面 {ref} 几何无效",
            severity="提示",
            file=extract.name,
            row=ref,
            action="已按有效部分修复",
        )
    return areas


def _without_twins(areas: gpd.GeoDataFrame, name: str, log: FaultLog) -> gpd.GeoDataFrame:
    """Drop buildings drawn twice: nearly the same outline, typically a relation and its outer way."""
    shapes = areas.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = left < right  # sorted by kind and number: the relation ("r") comes before the way ("w")
    left, right = left[pair], right[pair]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    twin = common > 0.95 * (shapely.area(shapes[left]) + shapely.area(shapes[right]) - common)
    drop = np.unique(right[twin])
    for row in drop:
        ref = areas[REF].iloc[row]
        log.add(
            "HSQ-G04",
            f"建筑 {ref} 与另一建筑轮廓重复",
            severity="提示",
            file=name,
            row=ref,
            action="只保留一个",
        )
    return areas.drop(index=areas.index[drop]).reset_index(drop=True)


def _closed_premises(extract: Extract, buildings: gpd.GeoDataFrame) -> dict[int, str]:
    """Return the evidence of closed premises by row of the building they stand in."""
    proofs = [classify.idle_evidence(tags, "point")[1] for tags in extract.nodes[TAGS]]
    rows = np.array([i for i, proof in enumerate(proofs) if proof], dtype=np.intp)
    points = extract.nodes.geometry.to_numpy()[rows]
    hit, building = shapely.STRtree(buildings.geometry.to_numpy()).query(points, predicate="within")
    found: dict[int, list[str]] = {}
    for node, row in zip(rows[hit], building, strict=True):
        found.setdefault(int(row), []).append(f"{proofs[node]}（{extract.nodes[REF].iloc[node]}）")
    return {row: "；".join(sorted(texts)) for row, texts in found.items()}


def _report_unknown(
    areas: gpd.GeoDataFrame, found: list[classify.Rule | None], name: str, log: FaultLog
) -> None:
    keys = classify.settings()["ground_keys"]
    silent = Counter(
        f"{key}={tags[key]}"
        for tags, rule in zip(areas[TAGS], found, strict=True)
        if rule is None
        for key in keys
        if key in tags
    )
    for tag, count in sorted(silent.items()):
        log.add(
            "HSQ-V09",
            f"{count} 个标签为 {tag} 的面没有对应的用地代码",
            severity="提示",
            file=name,
            layer=Parcel.key,
            value=tag,
            action="不作为用地图斑，该处仍为未测绘",
        )


def _report_overlaps(
    before: NDArray[np.float64], after: NDArray[np.float64], name: str, log: FaultLog
) -> None:
    cut = before - after > SLIVER_M2
    gone = (after < SLIVER_M2) & (before > 0)
    if cut.any():
        log.add(
            "HSQ-G05",
            f"{int(cut.sum())} 个用地面与其他用地面重叠，共 {float((before - after)[cut].sum()):.0f} ㎡",
            severity="提示",
            file=name,
            layer=Parcel.key,
            action=f"按声明的优先次序裁切；{int(gone.sum())} 个被完全覆盖的面不再单列",
        )
