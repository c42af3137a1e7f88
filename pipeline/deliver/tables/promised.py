"""资金保障 of 表1 as the projects share the money out, so that no fund stands there whole twice (填表说明 2, T1-04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from layers.finance import Fund
from layers.planned import Match, Project, Resource
from pipeline.stages.placing import clean_number, clean_text, write_money
from pipeline.stages.support import name_money

_CENT = 0.005
_MONEY = ("资金", "政策")


def tell_promised(
    matches: pd.DataFrame, projects: pd.DataFrame, funds: pd.DataFrame, resources: pd.DataFrame
) -> pd.DataFrame:
    """Return the matches with what each need's project draws of every fund, the amounts of 资金筹措表.

    Needs without a project, and projects without works, keep what the match says.

    Parameters
    ----------
    matches, projects, funds, resources : stage results.
    """
    rows = {row[Resource.number]: row for row in resources.to_dict("records") if _has_amount(row)}
    used = funds.groupby(Fund.resource)[Fund.amount_wan].sum().to_dict()
    parts: dict[str, list[dict[Any, Any]]] = {}
    for part in funds.to_dict("records"):
        parts.setdefault(part[Fund.project], []).append(part)
    by_need = {row[Project.need]: row for row in projects.to_dict("records")}
    result = matches.copy()
    texts = []
    for match in matches.to_dict("records"):
        project = by_need.get(match[Match.need])
        mine = [rows[number] for number in clean_text(match[Match.resources]).split("、") if number in rows]
        said = "" if project is None else _write(project, mine, parts.get(project[Project.number], []), used)
        texts.append(said or match[Match.money_text])
    result[Match.money_text] = pd.Series(texts, index=result.index, dtype="str")
    return result


def _has_amount(row: Mapping[Any, Any]) -> bool:
    return row[Resource.category] in _MONEY and clean_number(row[Resource.amount_wan]) > 0


def _write(
    project: Mapping[Any, Any],
    money: list[dict[Any, Any]],
    parts: list[dict[Any, Any]],
    used: Mapping[str, float],
) -> str:
    """Return the cell of one project; nothing where it costs nothing."""
    total = clean_number(project[Project.total_wan])
    if not parts:
        if total == total or not money or clean_text(project[Project.problem]) != "建设类":
            return ""
        return "；".join(f"{name_money(row)}（总额{_amount(row)}，本项投资待测算后安排）" for row in money)
    drawn = {part[Fund.resource]: part[Fund.amount_wan] for part in parts if clean_text(part[Fund.resource])}
    texts = [
        f"{name_money(row)}安排{write_money(drawn[row[Resource.number]])}（总额{_amount(row)}）"
        for row in money
        if row[Resource.number] in drawn
    ]
    texts += [
        f"待落实{write_money(part[Fund.amount_wan])}（拟由{part[Fund.method]}解决）"
        for part in parts
        if not clean_text(part[Fund.resource])
    ]
    texts += [
        f"{name_money(row)}总额{_amount(row)}，{_tell_use(row, used)}"
        for row in money
        if row[Resource.number] not in drawn
    ]
    return "；".join(texts)


def _tell_use(row: Mapping[Any, Any], used: Mapping[str, float]) -> str:
    """Return why a fund that supports a project gives it nothing: other projects have it, or it is not needed."""
    whole, spent = clean_number(row[Resource.amount_wan]), used.get(row[Resource.number], 0.0)
    if spent >= whole - _CENT:
        return "已统筹用于其他项目"
    return f"已统筹用于其他项目{write_money(spent)}，本项未用" if spent else "本项未用"


def _amount(row: Mapping[Any, Any]) -> str:
    return write_money(clean_number(row[Resource.amount_wan]))
