"""Stage ``backing``: money, policies and people matched to needs by rule, one row a pair (2.3, 3.6.1, 3.7)."""

from __future__ import annotations

from typing import Any

from layers import codes
from layers.backing import Backing
from layers.planned import Inventory, Need
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.rows import make_table
from pipeline.stages.support import NOTHING, explain_support, find_fund_kind, name_part

_MONEY, _POWER = "资金保障", "工作力量"


def make_backing(given: Given) -> dict[str, Frame]:
    """List every need with the 资金, 政策 and 人力 rows that support it, and what is still to be told of them.

    Here is what the ledger offers, not what a project gets: money is shared out by the project list, and a
    policy on converting buildings counts only where one is used, which its row says.
    """
    rows = [
        row
        for row in given.geo(Inventory).sort_values(Inventory.number).to_dict("records")
        if row[Inventory.category] not in codes.SPATIAL_RESOURCE
    ]
    found = [
        _write_row(need, row, rule)
        for need in given.geo(Need).sort_values(Need.number).to_dict("records")
        for row in rows
        if (rule := explain_support(need, row))
    ]
    return {Backing.key: make_table(found, Backing)}


def _write_row(need: dict[str, Any], row: dict[str, Any], rule: str) -> dict[str, Any]:
    amount = clean_number(row[Inventory.amount_wan])
    money = row[Inventory.category] == "资金" or (row[Inventory.category] == "政策" and amount > 0)
    part = _MONEY if money else f"{_POWER}（{name_part(row)}）"
    return {
        Backing.id: f"{need[Need.number]}|{row[Inventory.number]}",
        Backing.source: row[Inventory.source],
        Backing.community: need[Need.community],
        Backing.need: need[Need.number],
        Backing.description: need[Need.description],
        Backing.resource: row[Inventory.number],
        Backing.category: row[Inventory.category],
        Backing.name: row[Inventory.name],
        Backing.kind: part,
        Backing.amount_wan: amount,
        Backing.origin: row[Inventory.fund_source],
        Backing.fund_kind: find_fund_kind(row) if money else None,
        Backing.clause: row[Inventory.clause],
        Backing.support: "，".join(
            filter(None, (clean_text(row[Inventory.support]), clean_text(row[Inventory.serves])))
        ),
        Backing.rule: rule,
        Backing.missing: _find_missing(row, amount, money=money) or NOTHING,
    }


def _find_missing(row: dict[str, Any], amount: float, *, money: bool) -> str:
    """Return what 填表说明 2 and 3 still ask for: amount and source of money, clause of a policy, who does what."""
    asked = {
        "金额": money and not amount > 0,
        "资金来源": money and not clean_text(row[Inventory.fund_source]),
        "政策条款或文号": row[Inventory.category] == "政策" and not clean_text(row[Inventory.clause]),
        "支持单位": not money and not clean_text(row[Inventory.support]),
        "支持事项": not money and not clean_text(row[Inventory.serves]),
    }
    return "、".join(word for word, lacks in asked.items() if lacks)


BACKING = Stage(
    name="backing",
    title="资金政策人力支撑",
    takes=(Need, Inventory),
    gives=(Backing,),
    config=("walking",),
    run=make_backing,
)
