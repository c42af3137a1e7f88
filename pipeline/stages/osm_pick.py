"""Find the plan's outline and communities among the objects of an OpenStreetMap extract."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers import classify
from layers.faults import Fault, PlanFaults
from layers.read.osm import REF, TAGS, Extract
from layers.source import Community
from pipeline.plan.sources import OpenData, OsmPick


def pick_outline(extract: Extract, wanted: OpenData) -> gpd.GeoDataFrame | None:
    """Return the areas the plan picks as its outline, one row, or None when it picks none.

    Raises
    ------
    PlanFaults
        ``HSQ-G07`` if the picked relation is incomplete in the extract or absent from it.
    """
    if wanted.outline is None:
        return None
    chosen = _choose(extract.areas, wanted.outline)
    if chosen.empty:
        raise PlanFaults([_no_area(extract, wanted.outline, "open_data.outline")])
    if len(chosen) > 1:
        names = "、".join(
            f"{classify.name_of(t) or '未命名'}（{r}）"
            for r, t in zip(chosen[REF], chosen[TAGS], strict=True)
        )
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C03",
                    f"配置项 open_data.outline 选中了 {len(chosen)} 个面：{names[:200]}",
                    field="open_data.outline",
                    remedy="改用 relation 或 way 编号指定其中一个",
                )
            ]
        )
    return chosen


def pick_communities(extract: Extract, pick: OsmPick, outline: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the picked communities: areas where any matches, else points inside the outline.

    Raises
    ------
    PlanFaults
        If nothing matches, points come without an outline, or a community has no name.
    """
    areas = _choose(extract.areas, pick)
    by_id = pick.relation is not None or pick.way is not None
    nodes = extract.nodes.iloc[:0] if by_id else _choose(extract.nodes, pick)
    chosen = areas if len(areas) else nodes
    if chosen.empty:
        raise PlanFaults([_no_area(extract, pick, "open_data.communities")])
    if outline is None and chosen is nodes:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C03",
                    "配置项 open_data.communities 选中的是点，需要 open_data.outline 给出外轮廓",
                    field="open_data.outline",
                    remedy="给出街道边界的 relation 编号，或改选面状的社区、小区",
                )
            ]
        )
    if outline is not None:
        inside = shapely.within(chosen.representative_point().to_numpy(), outline.union_all())
        if not inside.any():
            raise PlanFaults(
                [
                    Fault(
                        "HSQ-G07",
                        f"外轮廓内没有符合 open_data.communities 的社区（轮廓外有 {len(chosen)} 个）",
                        file=extract.name,
                        field="open_data.communities",
                        remedy="核对外轮廓与社区的选择条件",
                    )
                ]
            )
        chosen = chosen[inside]
    chosen = chosen.reset_index(drop=True)
    nameless = [
        ref for ref, tags in zip(chosen[REF], chosen[TAGS], strict=True) if not classify.name_of(tags)
    ]
    if nameless:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-V02",
                    f"选中的社区 {ref} 没有名称",
                    file=extract.name,
                    layer=Community.alias,
                    row=ref,
                    field=Community.name,
                    remedy="在选择条件中加上 name: '*'，或改选有名称的对象",
                )
                for ref in nameless
            ]
        )
    return chosen


def _choose(frame: gpd.GeoDataFrame, pick: OsmPick) -> gpd.GeoDataFrame:
    refs = {f"{kind}{n}" for kind, n in (("r", pick.relation), ("w", pick.way)) if n is not None}
    fits = [
        (not refs or ref in refs)
        and all(key in tags and value in ("*", tags[key]) for key, value in pick.tags.items())
        for ref, tags in zip(frame[REF], frame[TAGS], strict=True)
    ]
    return frame[np.array(fits, dtype=bool)].reset_index(drop=True)


def _no_area(extract: Extract, pick: OsmPick, where: str) -> Fault:
    broken = extract.broken[extract.broken[REF] == f"r{pick.relation}"]
    whole = [
        f"{classify.name_of(tags)}（relation {ref[1:]}）"
        for ref, tags in zip(extract.areas[REF], extract.areas[TAGS], strict=True)
        if tags.get("boundary") == "administrative" and ref.startswith("r")
    ]
    hint = f"；文件中完整的行政边界有：{'、'.join(whole)}" if whole else ""
    if len(broken):
        row = broken.iloc[0]
        name = classify.name_of(row[TAGS]) or "未命名"
        problem = f"所选边界“{name}”在文件中不完整：{row['members']} 个成员缺 {row['missing']} 个"
        remedy = f"导出包含整个边界的更大区域{hint}"
    else:
        said = "，".join(f"{k}={v}" for k, v in pick.model_dump(exclude_none=True).items() if v)
        problem, remedy = f"文件中没有配置项 {where} 选择的对象（{said}）", f"核对编号或标签{hint}"
    return Fault(
        "HSQ-G07", problem, file=extract.name, field=where, value=str(pick.relation or ""), remedy=remedy
    )
