"""Stage ``resources``: ledger rows and detected idle space become one 资源台账 (2.3, 3.3, L-04)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from layers import codes
from layers.areas import AreaRule, measure_area
from layers.frame import conform
from layers.grids import Photo
from layers.planned import Inventory
from layers.reachable import Block, Coverage, Edge, Home, Link, Obstacle, Precinct, Scope, Unit, Whereabouts
from layers.source import (
    Building,
    DataExtent,
    Facility,
    Gate,
    Heritage,
    Ledger,
    OpenSpace,
    Parcel,
    Road,
)
from pipeline.stages.bare import detect_bare
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.blocks import measure_blocks
from pipeline.stages.carparks import detect_carparks
from pipeline.stages.idle import Rows, detect_buildings, detect_leftover, detect_parcels
from pipeline.stages.inventory import confirm_rows, join_suspects, list_ground, merge_rows, read_ledger
from pipeline.stages.naming import check_unique
from pipeline.stages.placing import clean_number, clean_text, describe_places, find_word
from pipeline.stages.roofs import detect_roofs
from pipeline.stages.rows import make_shapes
from pipeline.stages.setbacks import detect_setbacks, gather_solid
from pipeline.stages.shape import measure_compactness, measure_width
from pipeline.stages.surrounds import add_surrounds
from pipeline.stages.walks import pick_points

_LAND = ("用地", "空间")
_BUILT = "建筑"
# What lies on a building and takes no ground.
_ON_ROOF = "可用屋顶"


def make_resources(given: Given) -> dict[str, Frame]:
    """Join the ledger with what is detected; measure every spatial resource the same way."""
    parcels, buildings = given.placed(Parcel), given.placed(Building)
    roads, spaces = given.geo(Road), given.geo(OpenSpace)
    idle = given.plan.idle
    scope = given.geo(Scope)
    area = scope.geometry[scope[Scope.kind] == codes.SCOPE.values[0]].union_all()
    mapped = np.concatenate([f.geometry.to_numpy() for f in (buildings, parcels, spaces)])
    blocks = measure_blocks(area, roads, mapped, complete=idle.min_completeness)
    blocks[Block.area_m2] = measure_area(blocks.geometry, rule=given.plan.crs.area_rule).round(2)

    _report_blocks(blocks, given)
    ledger = read_ledger(given.placed(Ledger))
    sure = _inside([*detect_parcels(parcels), *detect_buildings(buildings)], area)
    rows = merge_rows(ledger, sure)
    suspects = find_suspects(given, blocks, area, np.array(list_ground(rows), dtype=object))
    rows += confirm_rows(ledger, suspects, given.log)
    frame = make_shapes(rows, Inventory, crs=given.crs)
    frame = _measure(frame, buildings, parcels, given.geo(Heritage), rule=given.plan.crs.area_rule)
    frame = _drop_small(frame, given)
    _place(frame, given.geo(Unit), roads)
    frame = add_surrounds(frame, given)
    for row in frame[frame.geometry.isna() & frame[Inventory.category].isin(codes.SPATIAL_RESOURCE)].to_dict(
        "records"
    ):
        given.log.add(
            "HSQ-A03",
            f"资源{row[Inventory.number]}（{row[Inventory.name]}）没有图形，不参与空间匹配",
            severity="警告",
            layer=Ledger.alias,
            row=row[Inventory.number],
            remedy="按资源编号补充图形文件",
        )
    check_unique(frame[Inventory.number], what="resource")
    frame = given.decisions.overrule(Inventory, frame, given.log)
    frame = frame.sort_values(Inventory.number, ignore_index=True)
    return {Inventory.key: conform(frame, Inventory), Block.key: conform(blocks, Block)}


def find_suspects(given: Given, blocks: gpd.GeoDataFrame, area: shapely.Geometry, listed: np.ndarray) -> Rows:
    """Return what could be a resource once somebody confirmed it, by the ways the plan asks for.

    Leftover, setbacks and the picture look at the same ground, so each leaves out or bears out what the one
    before it found; roofs and car parks are on ground that is taken. All are 疑似.
    """
    parcels, buildings = given.placed(Parcel), given.placed(Building)
    roads, spaces = given.geo(Road), given.geo(OpenSpace)
    idle, surveyed = given.plan.idle, given.geo(DataExtent).empty
    houses = buildings.geometry.to_numpy()
    solid = gather_solid(houses, roads, spaces.geometry.to_numpy(), listed)
    found: Rows = []
    if "剩余空地" in idle.methods:
        found = detect_leftover(
            blocks, buildings, parcels, roads, spaces, listed, idle=idle, surveyed=surveyed
        )
    if "退让空地" in idle.methods and surveyed:
        more = detect_setbacks(parcels, houses, roads, solid, least_m2=idle.min_area_m2)
        found = join_suspects(found, _inside(more, area))
    if "影像裸地" in idle.methods:
        more = detect_bare(given.table(Photo), area, parcels, solid, least_m2=idle.min_area_m2)
        found = join_suspects(found, more)
    on_top: Rows = []
    if "可用屋顶" in idle.methods:
        on_top += detect_roofs(buildings, given.geo(Heritage))
    if "富余停车" in idle.methods:
        on_top += detect_carparks(given.placed(Facility), given.table(Coverage), given.placed(Home), parcels)
    return [*found, *_inside(on_top, area)]


def _inside(rows: Rows, area: shapely.Geometry) -> Rows:
    return [row for row in rows if shapely.intersects(area, row["geometry"])]


def _report_blocks(blocks: gpd.GeoDataFrame, given: Given) -> None:
    """Say how completely the street blocks are mapped: what nobody mapped is 未测绘, never idle (DESIGN §4)."""
    by_status = blocks.groupby(Block.status)[Block.area_m2].agg(["size", "sum"])
    told = "、".join(
        f"{status} {row['size']:.0f} 个（{row['sum'] / 1e4:.2f} 公顷）"
        for status, row in by_status.iterrows()
    )
    whole = (blocks[Block.completeness] >= given.plan.idle.min_completeness).all()
    given.log.add(
        "HSQ-N04",
        f"街区 {len(blocks)} 个：{told or '道路没有围成街区'}",
        severity="提示" if whole else "警告",
        layer=Block.alias,
        action="未测绘的地块不认定为闲置；逐个街区的完整度见数据库图层" + f"“{Block.alias}”",
        remedy="" if whole else "补充建筑与用地数据后重新运行",
    )


def _measure(
    frame: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    heritage: gpd.GeoDataFrame,
    *,
    rule: AreaRule,
) -> gpd.GeoDataFrame:
    """Fill usable area, width, compactness, land-use code, building, heritage and tenure."""
    frame = frame.copy()
    spatial = frame[Inventory.category].isin(codes.SPATIAL_RESOURCE)
    frame[Inventory.spatial] = spatial.map(dict(zip((True, False), codes.YES_NO.values, strict=True)))
    solid = spatial & frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    land = solid & frame[Inventory.category].isin(_LAND) & (frame[Inventory.found_by] != _ON_ROOF)
    free = frame.geometry.copy()
    if land.any():
        footprints = buildings.geometry.union_all()
        free[land] = frame.geometry[land].difference(footprints)
    frame[Inventory.width_m] = np.round(measure_width(free), 2)
    frame[Inventory.compactness] = np.round(measure_compactness(frame.geometry), 4)
    drawn = measure_area(frame.geometry, rule=rule).where(solid)
    frame[Inventory.area_m2] = frame[Inventory.area_m2].fillna(drawn).round(2)
    open_m2 = measure_area(free, rule=rule).where(land)
    # Without a drawing of the ground, what the ledger says is all there is.
    said = frame[Inventory.area_m2].where(frame[Inventory.category].isin(_LAND))
    frame[Inventory.usable_m2] = frame[Inventory.usable_m2].fillna(open_m2).fillna(said).round(2)

    where = np.flatnonzero(spatial & frame.geometry.notna())
    spots = pick_points(frame.geometry.iloc[where])
    code = _find_holder(spots, parcels, Parcel.landuse_code)
    house = _find_holder(spots, buildings, Building.id)
    rows = frame.index[where]
    frame[Inventory.landuse_code] = frame[Inventory.landuse_code].fillna(
        pd.Series(code, index=rows, dtype="str")
    )
    rooms = pd.Series(house, index=rows, dtype="str").where(frame.loc[rows, Inventory.category] == _BUILT)
    frame[Inventory.building] = frame[Inventory.building].fillna(rooms)
    notes = {row: [clean_text(text)] for row, text in frame[Inventory.condition].items()}
    for n, which in zip(
        *heritage.sindex.query(frame.geometry.iloc[where], predicate="intersects"), strict=True
    ):
        notes[rows[n]].append(f"涉及{heritage[Heritage.name].iloc[which]}保护范围")
    frame[Inventory.condition] = pd.Series(
        {row: "；".join(filter(None, parts)) for row, parts in notes.items()}, index=frame.index, dtype="str"
    )
    frame[Inventory.tenure_clear] = [_is_clear(row) for row in frame.to_dict("records")]
    return frame


def _find_holder(spots: np.ndarray, holders: gpd.GeoDataFrame, column: str) -> list[str | None]:
    """Return the column of the polygon each point lies in, the first by position of several."""
    found: list[str | None] = [None] * len(spots)
    spot, holder = holders.sindex.query(spots, predicate="intersects")
    for n, which in sorted(zip(spot, holder, strict=True), reverse=True):
        found[n] = holders[column].iloc[which]
    return found


def _is_clear(row: dict[str, Any]) -> bool:
    """Return whether tenure and owner are both stated and neither is in doubt; money has no tenure."""
    if row[Inventory.category] not in codes.SPATIAL_RESOURCE:
        return True
    tenure, owner = clean_text(row[Inventory.tenure]), clean_text(row[Inventory.owner])
    doubt = find_word(tenure + owner, read_settings("idle.yaml")["unclear_words"])
    return bool(tenure and owner and not doubt)


def _drop_small(frame: gpd.GeoDataFrame, given: Given) -> gpd.GeoDataFrame:
    """Leave out detected land below the plan's least area or width, and say so; ledger rows all stay."""
    idle = given.plan.idle
    found = (frame[Inventory.method] == "测算") & frame[Inventory.category].isin(_LAND)
    # A car park known as a point has no width.
    narrow = frame[Inventory.width_m] < idle.min_width_m
    small = found & ~((frame[Inventory.usable_m2] >= idle.min_area_m2) & ~narrow)
    for row in frame[small].to_dict("records"):
        given.log.add(
            "HSQ-V09",
            f"{row[Inventory.name]}可用面积{clean_number(row[Inventory.usable_m2]):.0f}㎡、最大内接宽度"
            f"{clean_number(row[Inventory.width_m]):.1f} m，小于闲置空间下限，未列入资源台账",
            severity="提示",
            layer=Inventory.alias,
            row=row[Inventory.number],
            action="略去",
            remedy="如需列入，调整 idle.min_area_m2 或 idle.min_width_m",
        )
    return frame[~small].reset_index(drop=True)


def _place(frame: gpd.GeoDataFrame, units: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> None:
    """Fill community and place where the source is silent, by position."""
    here = np.flatnonzero(frame.geometry.notna() & frame[Inventory.community].isna())
    names = _find_holder(pick_points(frame.geometry.iloc[here]), units, Unit.name)
    by_place = pd.Series(names, index=frame.index[here], dtype="str")
    frame[Inventory.community] = frame[Inventory.community].fillna(by_place)
    found = describe_places(frame.geometry, frame[Inventory.community], roads)
    frame[Inventory.place] = [
        clean_text(own) or text or "规划范围内"
        for own, text in zip(frame[Inventory.place], found, strict=True)
    ]


RESOURCES = Stage(
    name="resources",
    title="资源台账",
    takes=(
        Ledger, Parcel, Building, Road, OpenSpace, Heritage, DataExtent, Photo, Facility, Gate, Scope, Unit,
        Whereabouts, Home, Coverage, Edge, Obstacle, Precinct, Link,
    ),
    gives=(Inventory, Block),
    config=("crs.area_rule", "idle", "walking"),
    run=make_resources,
)  # fmt: skip
