"""Stage ``scope``: communities as areas, 规划范围, 研究范围, and which community everything lies in."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from layers import codes
from layers.areas import measure_area
from layers.faults import Fault, FaultLog, PlanFaults
from layers.reachable import (
    Edge,
    Home,
    Link,
    NetworkMark,
    Obstacle,
    Precinct,
    Scope,
    ScopeCut,
    Unit,
    Whereabouts,
)
from layers.source import (
    Building,
    Community,
    DataExtent,
    Facility,
    Gate,
    Heritage,
    Ledger,
    OpenSpace,
    Outline,
    Parcel,
    Road,
    Survey,
    UtilityLine,
    UtilityPoint,
)
from pipeline.plan import Plan
from pipeline.reach.cells import cell_distance, contour_area
from pipeline.reach.snap import place_within
from pipeline.reach.voronoi import network_voronoi
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.tiling import settle_units
from pipeline.stages.walknet import WalkNet, open_walknet

_LEGAL, _INDICATIVE = codes.BOUNDARY.values
_PLANNED, _STUDIED = codes.SCOPE.values
# Less than this share of 规划范围 without a parcel is the width of digitised lines.
_SLIVER_SHARE = 1e-4
_LOCATED = (
    Parcel, Building, Road, Gate, Facility, UtilityPoint, UtilityLine, OpenSpace, Heritage, Survey, Ledger, Home,
    Link, NetworkMark,
)  # fmt: skip


def _units_from_points(given: Given, net: WalkNet) -> gpd.GeoDataFrame:
    """Communities as points become areas by walking distance inside the outline (1.4, 示意边界)."""
    seeds, outline = given.geo(Community), given.geo(Outline)
    area = outline.geometry.union_all()
    _check_seeds(seeds, area)
    cells = net.cells(area, given.plan)
    snap = net.snap(seeds.geometry)
    parts = network_voronoi(net.graph, cells, snap, area).polygon
    given.log.add(
        "HSQ-A06",
        f"{len(seeds)} 个社区只有点位，边界按步行路网距离就近划分，标注为示意边界，不作为法定边界使用",
        severity="警告",
        layer=Unit.alias,
        action="成果中边界性质写“示意边界”",
        remedy="取得法定社区边界后作为 inputs.community_given 提供",
    )
    return gpd.GeoDataFrame(
        seeds.drop(columns="geometry").assign(**{Unit.boundary: _INDICATIVE}),
        geometry=parts,
        crs=seeds.crs,
    )


def _check_seeds(seeds: gpd.GeoDataFrame, area: shapely.Geometry) -> None:
    """Refuse community points that cannot have an area of their own.

    Raises
    ------
    PlanFaults
        One fault a point outside the outline or at the place of another.
    """
    outside = ~seeds.geometry.within(area)
    again = seeds.geometry.to_wkb().duplicated()
    faults = [
        Fault(
            "HSQ-X04" if lies_outside else "HSQ-G04",
            f"社区点“{name}”{'不在规划外轮廓之内' if lies_outside else '与另一社区点位置相同'}，无法划分示意边界",
            layer=Community.alias,
            row=str(name),
            remedy="改正该点坐标，或从社区图层中去掉",
            x=float(point.x),
            y=float(point.y),
        )
        for name, point, lies_outside, repeated in zip(
            seeds[Community.name], seeds.geometry, outside, again, strict=True
        )
        if lies_outside or repeated
    ]
    if faults:
        raise PlanFaults(faults)


def _build_units(given: Given, net: WalkNet) -> gpd.GeoDataFrame:
    communities = given.geo(Community)
    is_area = communities.geom_type.isin(["Polygon", "MultiPolygon"])
    if is_area.any():
        units = communities[is_area].copy()
        units[Unit.boundary] = units[Community.boundary].fillna(_LEGAL)
    else:
        units = _units_from_points(given, net)
    return units.sort_values([Unit.code, Unit.name], ignore_index=True)


def _study_area(
    net: WalkNet, plan: Plan, planned: shapely.Geometry, extent: shapely.Geometry | None, log: FaultLog
) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Return 研究范围 and the line where the data end before the walk does (empty when they do not)."""
    limit = plan.walking.limit_m(15)
    ground = shapely.box(*planned.buffer(limit + plan.walking.max_access_m).bounds)
    cells = net.cells(ground, plan)
    sources = place_within(net.graph, net.lines, planned)
    reached = contour_area(cells, cell_distance(cells, net.graph, sources, limit), [limit])[0]
    study = shapely.union_all([reached, planned])
    cut: shapely.Geometry = shapely.LineString()
    if extent is not None:
        edge = extent.boundary
        beyond = shapely.intersection(edge, study)
        study = shapely.union_all([shapely.intersection(study, extent), planned])
        cut = shapely.line_merge(beyond) if beyond.geom_type == "MultiLineString" else beyond
    if cut.length > 0:
        log.add(
            "HSQ-N03",
            f"十五分钟步行范围在 {cut.length:.0f} m 的边线上到达数据边缘，研究范围在该处截断，并非步行不可达",
            severity="警告",
            layer=Scope.alias,
            action="图上绘出截断线",
            remedy="取得更大范围的道路数据后重新运行",
            x=float(cut.centroid.x),
            y=float(cut.centroid.y),
        )
    return study, cut


def _locate(given: Given, homes: Frame, units: gpd.GeoDataFrame, study: shapely.Geometry) -> pd.DataFrame:
    """Find the community of every object by a point on it; ties go to the first community by code."""
    tables = []
    for layer in _LOCATED:
        frame = homes if layer is Home else given.geo(layer)
        frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
        if not len(frame):
            continue
        points = frame.representative_point()
        index, which = units.sindex.query(points.to_numpy(), predicate="intersects")
        first = pd.Series(which, index=index).groupby(level=0).min()
        names = pd.Series([None] * len(frame), dtype="object")
        names.loc[first.index] = units[Unit.name].to_numpy()[first.to_numpy()]
        tables.append(
            pd.DataFrame(
                {
                    Whereabouts.id: layer.key + ":" + frame["id"].to_numpy(dtype=object),
                    Whereabouts.layer: layer.key,
                    Whereabouts.object_id: frame["id"].to_numpy(),
                    Whereabouts.community: names.to_numpy(),
                    Whereabouts.in_study: points.intersects(study).to_numpy(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _check_landuse(parcels: gpd.GeoDataFrame, planned: shapely.Geometry, log: FaultLog) -> None:
    """Report land use that leaves part of 规划范围 without a parcel; nothing is padded."""
    if not len(parcels):  # the load stage has said already that the layer is absent
        return
    without = shapely.difference(planned, shapely.union_all(parcels.geometry.to_numpy()))
    if without.area > _SLIVER_SHARE * planned.area:
        log.add(
            "HSQ-A01",
            f"现状用地未覆盖规划范围：缺 {without.area / 1e4:.2f} 公顷（{without.area / planned.area:.1%}），不符合",
            severity="警告",
            layer=Parcel.alias,
            action="缺口不补，标为无用地数据",
            remedy="补充现状用地图斑，使其铺满规划范围",
            x=float(without.representative_point().x),
            y=float(without.representative_point().y),
        )


def run(given: Given) -> dict[str, Frame]:
    """Build communities, both ranges, and the table of who lies where (1.4, S-01…S-04)."""
    plan = given.plan
    net = open_walknet(given.geo(Edge), plan, given.geo(Obstacle), given.geo(Precinct))
    units = _build_units(given, net)
    planned = units.geometry.union_all()
    units[Unit.area_m2], planned_m2 = settle_units(units, planned, rule=plan.crs.area_rule)
    extents = given.geo(DataExtent)
    extent = extents.geometry.union_all() if len(extents) else None
    study, cut = _study_area(net, plan, planned, extent, given.log)
    _check_landuse(given.geo(Parcel), planned, given.log)
    scope = gpd.GeoDataFrame(
        {
            Scope.id: ["scope-plan", "scope-study"],
            Scope.community: plan.plan.area,
            Scope.kind: [_PLANNED, _STUDIED],
            Scope.truncated: [False, cut.length > 0],
            Scope.note: [
                "社区边界之和" + ("（示意边界）" if (units[Unit.boundary] == _INDICATIVE).any() else ""),
                plan.walking.rule_text() + ("；在数据边缘截断" if cut.length > 0 else ""),
            ],
        },
        geometry=[planned, study],
        crs=units.crs,
    )
    studied_m2 = float(measure_area(scope.geometry.iloc[1:], rule=plan.crs.area_rule).iloc[0])
    scope[Scope.area_m2] = [planned_m2, round(studied_m2, 2)]
    lines = [part for part in shapely.get_parts(cut) if part.length > 0]
    cuts = gpd.GeoDataFrame(
        {
            ScopeCut.id: [f"cut-{i + 1}" for i in range(len(lines))],
            ScopeCut.length_m: [line.length for line in lines],
            ScopeCut.note: "数据边缘，研究范围截断",
        },
        geometry=lines,
        crs=units.crs,
    )
    where = _locate(given, given.geo(Home), units, study)
    return {Unit.key: units, Scope.key: scope, ScopeCut.key: cuts, Whereabouts.key: where}


SCOPE = Stage(
    "scope",
    "范围划定",
    takes=(Community, Outline, DataExtent, Edge, Obstacle, Precinct, *_LOCATED),
    gives=(Unit, Scope, ScopeCut, Whereabouts),
    config=("crs.area_rule", "plan.area", "walking"),
    run=run,
)
