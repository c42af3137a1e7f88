"""Which money, policy and people support a need, by rule; they may be shared by many needs (2.3, 3.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.planned import Inventory, Need
from pipeline.stages.placing import clean_number, clean_text, find_word, write_money

Row = Mapping[str, Any]
NOTHING = "/"
_UNSETTLED = "资金来源待落实"


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
        texts = []
        for row in self.money:
            clause = clean_text(row[Inventory.clause])
            basis = f"（{clause}）" if clause else ""
            texts.append(
                f"{row[Inventory.name]}{basis}{write_money(clean_number(row[Inventory.amount_wan]))}"
            )
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
    mine = [row for row in rows if _in_reach(need, row) and _serves(need, row, building=building)]
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


def is_social(row: Row) -> bool:
    """Return whether a money row is 社会资金; a public fund named after its subject is not."""
    rubric = read_settings("matching.yaml")
    text = clean_text(row[Inventory.name]) + clean_text(row[Inventory.condition])
    return bool(find_word(text, rubric["social_words"])) and not find_word(text, rubric["fiscal_words"])


@cache
def _vocabulary() -> frozenset[str]:
    """Return the words with which a ledger can say exactly what a row is meant for."""
    items = facility_classes().values()
    names = {name for item in items for name in (item.key, item.name, item.group)}
    return frozenset({*codes.WORKS.values, *codes.DIMENSION.values, *names})


def _in_reach(need: Row, row: Row) -> bool:
    home, other = clean_text(need[Need.community]), clean_text(row[Inventory.community])
    return not other or not home or home == other


def _serves(need: Row, row: Row, *, building: bool) -> bool:
    key = clean_text(need[Need.type_key])
    item = facility_classes().get(key)
    tokens = {token.strip() for token in re.split(r"[;；,，、/]", clean_text(row[Inventory.serves]))}
    if tokens & _vocabulary():
        mine = {
            need[Need.works],
            need[Need.dimension],
            key,
            item.name if item else "",
            item.group if item else "",
        }
        return bool(tokens & mine - {""})
    themes = read_settings("support.yaml")["themes"]
    texts = (row[c] for c in (Inventory.name, Inventory.clause, Inventory.support, Inventory.serves))
    word = find_word("；".join(map(clean_text, texts)), themes)
    if not word:
        return False
    theme = themes[word]
    built = need[Need.problem] == "建设类"
    return bool(
        (item is not None and (item.group in theme.get("groups", ()) or key in theme.get("classes", ())))
        or (built and need[Need.works] in theme.get("works", ()))
        or find_word(need[Need.description], theme.get("words", ()))
        or (building and theme.get("building", False))
    )
