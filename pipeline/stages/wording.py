"""Names, places and contents of projects in the guideline's patterns (4.8, table 2)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from layers.planned import Match, Need, Project, Resource
from pipeline.plan import Plan
from pipeline.stages.drafts import Draft
from pipeline.stages.placing import clean_number, clean_text, write_area

_CORE = 24  # characters of a description that make a name


def _cut_core(text: str) -> str:
    """Return the first clause of a description, short enough to be part of a name."""
    for mark in "，。；：,;:（":
        text = text.split(mark)[0]
    return text[:_CORE]


def write_name(draft: Draft, plan: Plan) -> str:
    """Return 项目名称: ``XX社区养老服务中心建设项目``, ``XX小区选聘物业服务企业工作``."""
    where = clean_text(draft.need[Need.community]) or plan.plan.area
    if draft.need[Need.problem] == "管理类":
        return f"{where}{_cut_core(draft.need[Need.description])}工作"
    if draft.item is None:
        return f"{where}{_cut_core(draft.need[Need.description])}项目"
    kind = {"管理": "共享", "改造": "改造建设", "拆除": "拆除新建"}.get(draft.way, "建设")
    kept = where.removesuffix("社区") if draft.item.name.startswith("社区") else where
    return f"{kept}{draft.item.name}{kind}项目"


def write_place(draft: Draft, plan: Plan) -> str:
    """Return 项目位置: that of the space, else of the need, else the community."""
    rows = [(draft.space, Resource.place), (draft.need, Need.place), (draft.need, Need.community)]
    texts = [clean_text(row[column]) for row, column in rows if row is not None]
    return next(filter(None, texts), plan.plan.area)


def write_content(draft: Draft) -> str:
    """Return 建设内容 with its scale in ㎡ or m; work that builds nothing says what is asked (填表说明 1, 2)."""
    need, item = draft.need, draft.item
    if need[Need.problem] == "管理类":
        return f"工作要求：{need[Need.description]}"
    if item is not None and draft.space is not None:
        scale = "规模待核" if np.isnan(draft.used_m2) else write_area(draft.used_m2)
        names = "、".join(str(space[Resource.name]) for _, space in draft.uses)
        if draft.way == "管理":
            return f"工作要求：{names}错时开放作{item.name}，{scale}，明确开放时段、管理和安全责任"
        if draft.space[Resource.category] == "空间" and draft.way == "改造":
            return f"依托{names}设置{item.name}，{scale}"
        if draft.way == "拆除":
            gone = "" if np.isnan(draft.removal_m2) else f"（建筑面积{write_area(draft.removal_m2)}）"
            return f"拆除{names}{gone}后新建{item.name}，{scale}"
        verb = "新建" if draft.way == "新建" else "改造设置"
        return f"利用{names}{verb}{item.name}，{scale}"
    if item is not None and draft.way == "管理":
        return f"工作要求：{clean_text(draft.match[Match.paths]).split('；')[0]}"
    if item is not None:
        mark = item.mark if clean_text(need[Need.scale_key]) else ""
        return f"选址新建{item.name}，所需规模{write_area(clean_number(need[Need.required_m2]))}{mark}"
    shape = draft.shape
    long = shape is not None and shape.area == 0 and shape.length > 0
    return f"{need[Need.description]}，长约{shape.length:.0f} m" if long else str(need[Need.description])


def tell_apart(rows: list[dict[str, Any]]) -> None:
    """Add the need's number to names that several projects would share."""
    count = Counter(row[Project.name] for row in rows)
    for row in rows:
        if count[row[Project.name]] > 1:
            row[Project.name] = f"{row[Project.name]}（{row[Project.need]}）"
