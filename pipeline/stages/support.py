"""Which money, policy and people support a need, by rule; they may be shared by many needs (2.3, 3.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.planned import Inventory, Need
from pipeline.stages.placing import clean_number, clean_text, find_word, write_money

Row = Mapping[str, Any]
NOTHING = "/"
_UNSETTLED = "资金来源待落实"
_FISCAL, _SOCIAL = codes.FUND.values


@dataclass(frozen=True)
class Support:
    """What stands behind one need besides space.

    Attributes
    ----------
    money : 资金 rows, and 政策 rows with an amount (requirements.md §7.8).
    policy : 政策 rows without an amount.
    people : 人力 rows.
    """

    money: list[Row] = field(default_factory=list)
    policy: list[Row] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All of them, in the order money, policy, people."""
        return [*self.money, *self.policy, *self.people]

    def money_text(self) -> str:
        """Return 资金保障: source and amount (填表说明 2)."""
        texts = [
            f"{name_money(row)}{write_money(clean_number(row[Inventory.amount_wan]))}" for row in self.money
        ]
        return "；".join(texts) or _UNSETTLED

    def people_text(self) -> str:
        """Return 工作力量: who supports, in what; a policy without an amount with its clause; or "/"."""
        texts = []
        for row in self.people:
            who, what = clean_text(row[Inventory.support]), clean_text(row[Inventory.serves])
            said = "，".join(filter(None, (who, what))) or "支持事项待明确"
            texts.append(f"{row[Inventory.name]}：{said}")
        for row in self.policy:
            clause = clean_text(row[Inventory.clause]) or "条款待核"
            texts.append(
                "：".join(
                    filter(None, (f"{row[Inventory.name]}（{clause}）", clean_text(row[Inventory.support])))
                )
            )
        return "；".join(texts) or NOTHING


def find_support(need: Row, rows: list[Row], *, building: bool) -> Support:
    """Return the 资金, 政策 and 人力 rows that support a need.

    Parameters
    ----------
    need : row of ``Need``.
    rows : ``Inventory`` rows without a place, in order of number.
    building : whether the need is met by an idle building.
    """
    mine = [row for row in rows if explain_support(need, row, building=building)]
    funded = [row for row in mine if clean_number(row[Inventory.amount_wan]) > 0]
    return Support(
        money=[
            r
            for r in mine
            if r[Inventory.category] == "资金" or (r[Inventory.category] == "政策" and r in funded)
        ],
        policy=[r for r in mine if r[Inventory.category] == "政策" and r not in funded],
        people=[r for r in mine if r[Inventory.category] == "人力"],
    )


def name_money(row: Row) -> str:
    """Return the name of a money row with where it comes from and its clause."""
    told = (clean_text(row.get(Inventory.fund_source)), clean_text(row[Inventory.clause]))
    return f"{row[Inventory.name]}" + (f"（{'，'.join(filter(None, told))}）" if any(told) else "")


def is_social(row: Row) -> bool:
    """Return whether a money row is 社会资金 (table 2): as the ledger says, else by its words.

    A public fund named after its subject (嵌入式养老机构专项资金) is not.
    """
    return find_fund_kind(row) == _SOCIAL


def find_fund_kind(row: Row) -> str:
    """Return 财政资金 or 社会资金: what the ledger says, else its 资金来源 and 筹措方式, else name and notes."""
    said = clean_text(row.get(Inventory.fund_kind))
    if said:
        return said
    rubric = read_settings("matching.yaml")
    where = (row.get(Inventory.fund_source), row.get(Inventory.funding))
    texts = (
        "".join(map(clean_text, where)),
        clean_text(row[Inventory.name]) + clean_text(row[Inventory.condition]),
    )
    for text in texts:
        if find_word(text, rubric["fiscal_words"]):
            return _FISCAL
        if find_word(text, rubric["social_words"]):
            return _SOCIAL
    return _FISCAL


def name_part(row: Row) -> str:
    """Return the part a supporter plays (3.7: 牵头单位、合作伙伴): by the words of who it is and what it does."""
    texts = (row[c] for c in (Inventory.serves, Inventory.name, Inventory.support))
    parts = read_settings("support.yaml")["parts"]
    for text in map(clean_text, texts):
        word = find_word(text, parts)
        if word:
            return str(parts[word])
    return str(read_settings("support.yaml")["part_default"])


@cache
def _vocabulary() -> frozenset[str]:
    """Return the words with which a ledger can say exactly what a row is meant for."""
    items = facility_classes().values()
    names = {name for item in items for name in (item.key, item.name, item.group)}
    return frozenset({*codes.WORKS.values, *codes.DIMENSION.values, *names})


def _in_reach(need: Row, row: Row) -> bool:
    home, other = clean_text(need[Need.community]), clean_text(row[Inventory.community])
    return not other or not home or home == other


def explain_support(need: Row, row: Row, *, building: bool | None = None) -> str:
    """Return why a row without a place supports a need, in Chinese; empty where it does not (2.3, 3.6.1).

    What the ledger says in its own vocabulary (支持方向) decides; else the theme of its longest word.

    Parameters
    ----------
    need, row : of ``Need`` and of ``Inventory``.
    building : whether the need is met by an idle building; None while that is not decided, so that a row which
        asks for one says so.
    """
    if not _in_reach(need, row):
        return ""
    key = clean_text(need[Need.type_key])
    item = facility_classes().get(key)
    tokens = {token.strip() for token in re.split(r"[;；,，、/]", clean_text(row[Inventory.serves]))}
    if tokens & _vocabulary():
        names = (need[Need.works], need[Need.dimension], key, *((item.name, item.group) if item else ()))
        met = [name for name in names if name in tokens and name]
        return f"台账支持方向“{met[0]}”" if met else ""
    themes = read_settings("support.yaml")["themes"]
    texts = (row[c] for c in (Inventory.name, Inventory.clause, Inventory.support, Inventory.serves))
    word = find_word("；".join(map(clean_text, texts)), themes)
    if not word:
        return ""
    theme = themes[word]
    said = f"台账文字“{word}”"
    if item is not None and (item.group in theme.get("groups", ()) or key in theme.get("classes", ())):
        return f"{said}对应{item.name}"
    if need[Need.problem] == "建设类" and need[Need.works] in theme.get("works", ()):
        return f"{said}对应{need[Need.works]}"
    mine = find_word(need[Need.description], theme.get("words", ()))
    if mine:
        return f"{said}对应需求描述“{mine}”"
    if theme.get("building", False) and (building or (building is None and _may_take_rooms(need, item))):
        return f"{said}，利用存量建筑时适用"
    return ""


def _may_take_rooms(need: Row, item: FacilityClass | None) -> bool:
    """Return whether a need could be met by rooms: a facility to be built that is no open ground."""
    return need[Need.problem] == "建设类" and item is not None and not item.land
