"""Who pays: ledger money spent once, in whole grains of 0.01 万元, so that 财政+社会=总投资 exactly (T2-09, D-09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from configs import read_settings
from configs.operating import Method, find_method
from layers import codes
from layers.areas import share_total
from layers.faults import FaultLog
from layers.finance import Fund, FundTotal
from layers.planned import Resource
from layers.source import Ledger
from pipeline.stages.naming import number_given
from pipeline.stages.placing import clean_number, clean_text, write_money
from pipeline.stages.support import is_social

GRAINS = 100  # of 0.01 万元 in 1 万元
OPEN = "来源待落实"
_FISCAL, _SOCIAL = codes.FUND.values
_BACKED, _WANTED = codes.FUND_STATE.values
_METHOD = "raised"  # key under which a money row carries its Method; `method` is 来源方式
Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """What one source gives one project, in grains; without a row of the ledger it still has to be found."""

    origin: str
    resource: str
    method: Method
    grains: int


@dataclass(frozen=True)
class Funding:
    """The sources of a project and the words for them; ``open_wan`` is the part of ``fiscal_wan`` nobody backs."""

    fiscal_wan: float
    social_wan: float
    text: str
    open_wan: float = 0.0
    parts: tuple[Part, ...] = ()


@dataclass
class Purse:
    """Money of the ledger, spent once: what one project takes another cannot have."""

    left: dict[str, int] = field(default_factory=dict)  # grains by resource number
    unfunded: int = 0

    @classmethod
    def open(cls, rows: Sequence[Mapping[str, Any]]) -> Purse:
        """Fill the purse with the amounts of money and policy rows."""
        amounts = {row[Resource.number]: clean_number(row[Resource.amount_wan]) for row in rows}
        return cls({number: round(a * GRAINS) for number, a in amounts.items() if a > 0})

    def copy(self) -> Purse:
        """Return the same money once more, to see what would be paid."""
        return Purse(dict(self.left), self.unfunded)

    def pay(
        self,
        total_wan: float,
        rows: Sequence[Mapping[str, Any]],
        *,
        earning: bool = False,
        social_wan: float | None = None,
    ) -> Funding:
        """Pay a project from its own supporters: 社会资金 first, the rest is 财政资金.

        The part of the money that no ledger row covers is said so and counted in ``unfunded``.

        Parameters
        ----------
        total_wan : total, already rounded to 0.01.
        rows : money rows that support the project, in order.
        earning : whether it earns more than it costs to run, which decides how open money is to be raised.
        social_wan : the 社会资金 where somebody decided it, at most the total; None for what the ledger holds.
        """
        total = round(total_wan * GRAINS)
        known = [(row, row.get(_METHOD) or judge_method(row)) for row in rows]
        most = total if social_wan is None else round(social_wan * GRAINS)
        social = self._draw(most, [(row, how) for row, how in known if how.kind == _SOCIAL])
        by_social = sum(part.grains for part in social)
        if social_wan is not None and by_social < most:
            entry = read_settings("funding.yaml")["default"][_SOCIAL]
            social.append(
                Part(OPEN, "", Method(entry["method"], _SOCIAL, "人工决定的社会资金"), most - by_social)
            )
            self.unfunded += most - by_social
            by_social = most
        fiscal = self._draw(total - by_social, [(row, how) for row, how in known if how.kind != _SOCIAL])
        lacking = total - by_social - sum(part.grains for part in fiscal)
        self.unfunded += lacking
        if lacking:
            proposal = read_settings("funding.yaml")["open"]["earning" if earning else "default"]
            how = Method(proposal["method"], _FISCAL, proposal["text"])
            fiscal.append(Part(OPEN, "", how, lacking))
        texts = [
            f"{kind}：{'、'.join(f'{part.origin}{write_money(part.grains / GRAINS)}' for part in parts)}"
            for kind, parts in ((_FISCAL, fiscal), (_SOCIAL, social))
            if parts
        ]
        return Funding(
            (total - by_social) / GRAINS,
            by_social / GRAINS,
            "；".join(texts),
            sum(part.grains for part in (*fiscal, *social) if not part.resource) / GRAINS,
            (*fiscal, *social),
        )

    def _draw(self, wanted: int, rows: Sequence[tuple[Mapping[str, Any], Method]]) -> list[Part]:
        parts: list[Part] = []
        for row, how in rows:
            number = row[Resource.number]
            part = min(wanted - sum(p.grains for p in parts), self.left.get(number, 0))
            if part > 0:
                self.left[number] -= part
                parts.append(Part(str(row[Resource.name]), number, how, part))
        return parts


def judge_method(row: Mapping[str, Any], ledger: Mapping[str, Any] | None = None) -> Method:
    """Return how a money row is raised and which column of table 2 it belongs to.

    Parameters
    ----------
    row : ``Resource`` row of 资金 or 政策.
    ledger : the ``Ledger`` row it comes from; its own 资金性质 and 资金筹措方式 decide where they are filled in.
    """
    said = ledger or {}
    given, kind, origin = (
        clean_text(said.get(name)) for name in (Ledger.funding, Ledger.fund_kind, Ledger.fund_source)
    )
    kind = kind or (
        _SOCIAL if is_social({**row, Resource.name: f"{origin}{row[Resource.name]}"}) else _FISCAL
    )
    if given:
        return Method(given, kind, "资源台账填写")
    return find_method(
        "；".join([origin, str(row[Resource.name]), clean_text(row[Resource.condition])]), kind=kind
    )


def read_money(resources: Sequence[Row], ledger: pd.DataFrame, log: FaultLog) -> list[Row]:
    """Return the rows of 资金 and 政策, each with how it is raised; contradictions are told.

    Parameters
    ----------
    resources : ``Resource`` rows in order of number.
    ledger : the ``Ledger`` rows.
    """
    given = {number_given(row[Ledger.id], "R"): row for row in ledger.to_dict("records")}
    kinds = {entry["method"]: entry["kind"] for entry in read_settings("funding.yaml")["methods"]}
    kinds |= {entry["method"]: kind for kind, entry in read_settings("funding.yaml")["default"].items()}
    rows = []
    for row in resources:
        if row[Resource.category] not in ("资金", "政策"):
            continue
        how = judge_method(row, given.get(row[Resource.number]))
        if kinds.get(how.method, how.kind) != how.kind:
            log.add(
                "HSQ-A04", f"资源{row[Resource.number]}（{row[Resource.name]}）的资金性质为{how.kind}，与筹措方式“{how.method}”不符",
                severity="警告", layer=Ledger.alias, row=row[Resource.number], field=Ledger.fund_kind, value=how.method,
                action=f"按{how.kind}计", remedy="核对资源台账的资金性质和资金筹措方式",
            )  # fmt: skip
        rows.append({**row, _METHOD: how})
    return rows


def write_funds(project: str, parts: Sequence[Part]) -> list[Row]:
    """Return the ``Fund`` rows of a project."""
    return [
        {
            # Open money of both kinds stays apart.
            Fund.id: f"{project}|{part.resource or OPEN}{'' if part.resource or part.method.kind == _FISCAL else _SOCIAL}",
            Fund.project: project,
            Fund.kind: part.method.kind,
            Fund.method: part.method.method,
            Fund.method_rule: part.method.rule,
            Fund.origin: part.origin,
            Fund.resource: part.resource or None,
            Fund.state: _BACKED if part.resource else _WANTED,
            Fund.amount_wan: part.grains / GRAINS,
        }
        for part in parts
    ]


def total_funds(funds: pd.DataFrame, money: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return ``FundTotal`` rows: sources over all projects, the ledger's first; shares by largest remainder.

    Parameters
    ----------
    funds : ``Fund`` rows.
    money : ledger rows, for the amount each source holds.
    """
    held = {row[Resource.number]: clean_number(row[Resource.amount_wan]) for row in money}
    same = [Fund.kind, Fund.method, Fund.method_rule, Fund.origin, Fund.resource, Fund.state]
    rows: list[Row] = []
    grains: list[int] = []
    for key, mine in funds.groupby([str(c) for c in same], dropna=False, sort=True):
        kind, method, rule, origin, resource, state = key
        number = clean_text(resource)
        grains.append(int((mine[Fund.amount_wan] * GRAINS).round().astype("int64").sum()))
        rows.append(
            {
                FundTotal.id: number or f"{OPEN}|{method}",
                FundTotal.kind: kind,
                FundTotal.method: method,
                FundTotal.method_rule: rule,
                FundTotal.origin: origin,
                FundTotal.resource: number or None,
                FundTotal.state: state,
                FundTotal.amount_wan: grains[-1] / GRAINS,
                FundTotal.ledger_wan: held.get(number, float("nan")),
                FundTotal.projects: "、".join(sorted(mine[Fund.project])),
            }
        )
    if rows:
        shares = share_total(np.array(grains), 100.0)
        rows = [{**row, FundTotal.share: share} for row, share in zip(rows, shares, strict=True)]
    return sorted(
        rows, key=lambda r: (r[FundTotal.state] == _WANTED, r[FundTotal.kind] != _FISCAL, r[FundTotal.id])
    )
