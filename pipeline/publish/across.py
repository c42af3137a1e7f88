"""Plans of a district checked against each other: ground claimed twice, gaps, codes and objects that stand in two plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs import read_settings
from configs.geometry import limits
from layers.codes import SCOPE
from layers.faults import Fault
from layers.onemap import OUTSIDE, Prefix
from layers.overlap import keep_areas
from layers.planned import Project, Resource
from layers.reachable import Scope, Unit
from layers.seams import find_gaps, find_overlaps, is_narrow
from layers.source import Facility
from pipeline.publish.gather import Gathered, choose_common, choose_metric, merge_layers
from pipeline.publish.tables import PLAN_ID

_BSM = Prefix.bsm.spec.onemap
_SQMC = Prefix.sqmc.spec.onemap
_AGREE = "两个方案的编制单位商定"


def check_plans(plans: Sequence[Gathered], *, tolerance_m: float | None = None) -> list[Fault]:
    """Return what is wrong between plans, in order of code; places are in the CRS of ``choose_metric``.

    Parameters
    ----------
    plans : at least one.
    tolerance_m : overlaps and gaps no wider than this are drawing accuracy; ``repair_m`` of
        ``configs/geometry.yaml`` by default.
    """
    tolerance = limits().repair_m if tolerance_m is None else tolerance_m
    epsg = choose_metric(plans)
    units = _mend(merge_layers(plans, Unit.onemap["polygon"], epsg))
    scopes = _unite_scopes(plans, units, epsg)
    found = [
        *_check_grounds(units, scopes, tolerance),
        *_check_gaps(scopes, tolerance),
        *_check_codes(plans),
        *_check_projects(plans, epsg),
        *_check_resources(plans, epsg),
        *_check_facilities(plans, epsg),
        *_tell_systems(plans),
    ]
    return sorted(found, key=lambda fault: fault.code)


def _mend(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows with valid areas: a database may have been edited since, and bad rings stop every check."""
    return frame.set_geometry(
        gpd.GeoSeries(keep_areas(shapely.make_valid(frame.geometry.to_numpy())), crs=frame.crs)
    )


def _unite_scopes(plans: Sequence[Gathered], units: gpd.GeoDataFrame, epsg: int) -> gpd.GeoDataFrame:
    """Return one area a plan: its 更新范围, its communities where it has none; plans with neither are left out."""
    scopes = _mend(merge_layers(plans, Scope.onemap["polygon"], epsg))
    if len(scopes):
        scopes = scopes[scopes[Scope.kind.spec.onemap] == SCOPE.values[0]]
    parts = []
    for plan in plans:
        own = scopes[scopes[PLAN_ID] == plan.facts.id]
        own = own if len(own) else units[units[PLAN_ID] == plan.facts.id]
        if len(own):
            parts.append((plan.facts.id, shapely.union_all(own.geometry.to_numpy())))
    return gpd.GeoDataFrame(
        {PLAN_ID: [key for key, _ in parts]}, geometry=[shape for _, shape in parts], crs=epsg
    )


def _tell(code: str, severity: str, problem: str, remedy: str, **more: Any) -> Fault:
    ground = more.pop("ground", None)
    if ground is not None:
        spot = shapely.point_on_surface(ground)
        more |= {"x": spot.x, "y": spot.y}
        if shapely.get_dimensions(ground) > 0:
            more["ground"] = shapely.to_wkb(ground, hex=True)
    return Fault(code, problem, severity=severity, remedy=remedy, **more)


def _pair(frame: pd.DataFrame, one: int, two: int, name: str = "") -> str:
    """Return both rows of a finding by plan and name."""
    words = [
        f"{row[PLAN_ID]}{f' {row[name]}' if name and pd.notna(row[name]) else ''}"
        for row in (frame.iloc[one], frame.iloc[two])
    ]
    return " ／ ".join(words)


def _check_grounds(units: gpd.GeoDataFrame, scopes: gpd.GeoDataFrame, tolerance: float) -> Iterator[Fault]:
    """Yield communities in two plans, overlaps of communities, then what else of the scopes overlaps."""
    share = read_settings("district.yaml")["same_share"]
    told: list[Any] = []
    if len(units):
        shapes, owner = units.geometry.to_numpy(), units[PLAN_ID].to_numpy()
        one, two, ground = _overlap(shapes, owner, tolerance)
        code, name = units[Unit.code.spec.onemap].to_numpy(), units[_SQMC].to_numpy()
        common, first, second = _sum_pairs(one, two, ground)
        part = common / np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
        known = (code[first] == code[second]) & pd.notna(code[first]) | (name[first] == name[second])
        same = {(a, b) for a, b, twice in zip(first, second, known & (part > share), strict=True) if twice}
        for a, b in sorted(same):
            yield _tell(
                "HSQ-P09", "错误", "同一社区列入两个方案", f"{_AGREE}由哪一个方案编制，另一个去掉该社区后重新运行",
                layer=Unit.onemap["polygon"], row=_pair(units, a, b, _SQMC),
                ground=shapely.union_all(ground[(one == a) & (two == b)]),
            )  # fmt: skip
        for a, b, shape in zip(one, two, ground, strict=True):
            told.append(shape)
            if (a, b) not in same:
                yield _tell_overlap(Unit.onemap["polygon"], _pair(units, a, b, _SQMC), shape, "社区边界")
        yield from _check_unit_codes(units, same)
    one, two, ground = _overlap(scopes.geometry.to_numpy(), scopes[PLAN_ID].to_numpy(), tolerance)
    rest = keep_areas(shapely.difference(ground, shapely.union_all(told))) if told else ground
    for a, b, shape in zip(one, two, rest, strict=True):
        if not shape.is_empty and not is_narrow(np.array([shape]), tolerance)[0]:
            yield _tell_overlap(Scope.onemap["polygon"], _pair(scopes, a, b), shape, "更新范围")


def _overlap(
    shapes: NDArray[np.object_], owner: NDArray[np.object_], tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.object_]]:
    """Return the ground that shapes of different owners share: the earlier, the later, one piece an entry."""
    if not len(shapes):
        none = np.array([], dtype=np.intp)
        return none, none, np.array([], dtype=object)
    found = find_overlaps(shapes, rank=np.arange(len(shapes)), least_m=tolerance)
    found = found.pick(owner[found.winner] != owner[found.loser])
    return found.winner, found.loser, found.ground


def _sum_pairs(
    one: NDArray[np.intp], two: NDArray[np.intp], ground: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Return the shared area of each pair, and the pair."""
    pairs, which = np.unique(np.column_stack([one, two]), axis=0, return_inverse=True)
    area = np.bincount(which.ravel(), weights=shapely.area(ground), minlength=len(pairs)).astype(np.float64)
    return area, pairs[:, 0], pairs[:, 1]


def _tell_overlap(layer: str, pair: str, shape: Any, what: str) -> Fault:
    return _tell(
        "HSQ-P06", "错误", f"两个方案的{what}重叠 {shape.area:.2f} ㎡", f"{_AGREE}边界，改正后各自重新运行",
        layer=layer, row=pair, value=f"{shape.area:.2f}", ground=shape,
    )  # fmt: skip


def _check_unit_codes(units: gpd.GeoDataFrame, same: set[tuple[int, int]]) -> Iterator[Fault]:
    code = Unit.code.spec.onemap
    rows = units.assign(place=np.arange(len(units)))[units[code].notna().to_numpy()]
    for value, group in rows.groupby(code, sort=True):
        places = group["place"].tolist()
        a, b = places[0], places[-1]
        if len(set(group[PLAN_ID])) > 1 and (a, b) not in same:
            yield _tell(
                "HSQ-P09", "错误", "两个方案的社区代码相同", "核对社区代码，改正后重新运行",
                layer=Unit.onemap["polygon"], row=_pair(units, a, b, _SQMC), field=code, value=str(value),
                ground=units.geometry.iloc[a],
            )  # fmt: skip


def _check_gaps(scopes: gpd.GeoDataFrame, tolerance: float) -> Iterator[Fault]:
    if len(scopes) < 2:
        return
    shapes = scopes.geometry.to_numpy()
    found = find_gaps(shapes, width_m=read_settings("district.yaml")["gap_m"], least_m=tolerance)
    for a, b, ground in zip(found.taker, found.other, found.ground, strict=True):
        one, two = sorted((int(a), int(b)))
        width = 2 * ground.area / ground.length
        yield _tell(
            "HSQ-P07", "警告", f"两个方案之间有宽约 {width:.2f} m、面积 {ground.area:.2f} ㎡ 的缝隙",
            f"{_AGREE}公共边；确属界外用地的不必改",
            layer=Scope.onemap["polygon"], row=_pair(scopes, one, two), value=f"{width:.2f}", ground=ground,
        )  # fmt: skip


def _check_codes(plans: Sequence[Gathered]) -> Iterator[Fault]:
    """Yield pairs of plans whose identity codes clash, each with how many and the first."""
    rows = pd.DataFrame(
        [(code, plan.facts.id) for plan in plans for layer in plan.layers for code in layer.frame[_BSM]],
        columns=[_BSM, PLAN_ID],
    )
    twice = rows[rows.duplicated(_BSM, keep=False)]
    owners = twice.groupby(_BSM)[PLAN_ID].agg(lambda ids: " ／ ".join(sorted(set(ids))))
    for pair, codes in owners.groupby(owners, sort=True):
        among = "之间" if " ／ " in str(pair) else "之内"
        yield _tell(
            "HSQ-P08", "错误", f"方案{among}有 {len(codes)} 个标识码用了不止一次",
            "同一县区的各方案取不同的 plan.plan_block，改正后重新运行", row=str(pair), field=_BSM, value=str(codes.index.min()),
        )  # fmt: skip


def _fold(values: pd.Series) -> NDArray[np.object_]:
    """Return names without what two typists write differently: width and blanks."""
    folded = values.fillna("").str.normalize("NFKC").str.replace(r"\s+", "", regex=True)
    return np.asarray(folded.to_numpy(dtype=object))


def _near(frame: gpd.GeoDataFrame, distance: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of rows of different plans no farther apart than ``distance``, the earlier first."""
    shapes, owner = frame.geometry.to_numpy(), frame[PLAN_ID].to_numpy()
    one, two = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=distance)
    keep = (one < two) & (owner[one] != owner[two])
    order = np.lexsort((two[keep], one[keep]))
    return one[keep][order], two[keep][order]


def _check_projects(plans: Sequence[Gathered], epsg: int) -> Iterator[Fault]:
    """Yield projects of one name near each other in two plans, whatever geometry each is drawn with."""
    parts = [merge_layers(plans, code, epsg).assign(code=code) for code in sorted(Project.onemap.values())]
    parts = [part for part in parts if len(part)]
    if not parts:
        return
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=epsg)
    name = Project.name.spec.onemap
    folded = _fold(frame[name])
    one, two = _near(frame, read_settings("district.yaml")["project_m"])
    for a, b in zip(one, two, strict=True):
        if folded[a] and folded[a] == folded[b]:
            yield _tell(
                "HSQ-P09", "警告", "同一项目列入两个方案", f"{_AGREE}由哪一个方案列项，避免重复投资",
                layer=frame["code"].iloc[a], row=_pair(frame, a, b, Project.number.spec.onemap),
                field=name, value=str(frame[name].iloc[a])[:60], ground=frame.geometry.iloc[a],
            )  # fmt: skip


def _check_resources(plans: Sequence[Gathered], epsg: int) -> Iterator[Fault]:
    frame = _mend(merge_layers(plans, Resource.onemap["polygon"], epsg))
    if not len(frame):
        return
    shapes = frame.geometry.to_numpy()
    one, two = _near(frame, 0.0)
    common = keep_areas(shapely.intersection(shapes[one], shapes[two]))
    least = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[two]))
    share = read_settings("district.yaml")["same_share"]
    for a, b, ground in zip(one, two, common, strict=True):
        if ground.area > share * least[(one == a) & (two == b)][0]:
            yield _tell(
                "HSQ-P09", "警告", f"同一资源列入两个方案（重合 {ground.area:.0f} ㎡）", f"{_AGREE}由哪一个方案使用",
                layer=Resource.onemap["polygon"], row=_pair(frame, a, b, Resource.number.spec.onemap),
                value=f"{ground.area:.2f}", ground=ground,
            )  # fmt: skip


def _check_facilities(plans: Sequence[Gathered], epsg: int) -> Iterator[Fault]:
    """Yield facilities that two plans both count as their own; how many stand in both as neighbours' is one remark.

    The study area of a plan reaches into its neighbours, so that their facilities are in both, in one of them as
    outside its communities.
    """
    frame = merge_layers(plans, Facility.onemap["point"], epsg)
    if not len(frame):
        return
    name, kind = _fold(frame[Facility.name.spec.onemap]), frame[Facility.type_key.spec.onemap].to_numpy()
    one, two = _near(frame, read_settings("district.yaml")["facility_m"])
    shapes = frame.geometry.to_numpy()
    close = shapely.distance(shapes[one], shapes[two]) <= limits().twin_m
    same = (kind[one] == kind[two]) & (close | ((name[one] == name[two]) & (name[one] != "")))
    one, two = one[same], two[same]
    outside = (frame[_SQMC] == OUTSIDE).to_numpy()
    beside = outside[one] | outside[two]
    for a, b in zip(one[~beside], two[~beside], strict=True):
        yield _tell(
            "HSQ-P09", "警告", "同一设施被两个方案都计为本社区的", f"{_AGREE}设施归属，避免服务能力重复计算",
            layer=Facility.onemap["point"], row=_pair(frame, a, b, _SQMC), field=Facility.name.spec.onemap,
            value=str(frame[Facility.name.spec.onemap].iloc[a] or ""), ground=shapes[a],
        )  # fmt: skip
    owner = frame[PLAN_ID].to_numpy()
    pairs = pd.Series(
        [" ／ ".join(sorted((owner[a], owner[b]))) for a, b in zip(one[beside], two[beside], strict=True)]
    )
    for pair, count in pairs.value_counts().sort_index().items():
        yield _tell(
            "HSQ-P09", "提示", f"{count} 处设施两个方案都有，其中一方列为{OUTSIDE}（研究范围相接，属正常）",
            "汇总设施数时只计一次", layer=Facility.onemap["point"], row=str(pair),
        )  # fmt: skip


def _tell_systems(plans: Sequence[Gathered]) -> Iterator[Fault]:
    codes: dict[int, list[str]] = {}
    for plan in plans:
        codes.setdefault(plan.facts.epsg, []).append(plan.facts.id)
    if len(codes) > 1:
        told = "；".join(f"EPSG:{code}：{'、'.join(codes[code])}" for code in sorted(codes))
        yield Fault(
            "HSQ-P10", f"各方案坐标系不同：{told}", severity="提示", action=f"已统一为 EPSG:{choose_common(plans)}",
        )  # fmt: skip
