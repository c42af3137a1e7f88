"""A year of a finished project: earnings, running costs, pay-back, who runs it (3.5.2, 4.6, 4.7; B-10, D-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs import read_settings
from configs.facilities import facility_classes
from configs.operating import Rate, find_terms, operating_rates
from layers import codes
from layers.finance import Revenue
from layers.planned import Project
from pipeline.stages.placing import clean_number, clean_text, write_money

_GRAINS = 100
_COST = "运营费"
_COLUMNS = dict(
    zip(
        codes.EARNING.values,
        (Revenue.rent_wan, Revenue.parking_wan, Revenue.service_wan, Revenue.subsidy_wan),
        strict=True,
    )
)


@dataclass(frozen=True)
class Year:
    """What a project earns and costs in a year, in grains of 0.01 万元.

    Attributes
    ----------
    earnings : by 收益来源; empty for what serves everybody for nothing.
    cost : running cost.
    rates : what was applied, in order.
    """

    earnings: Mapping[str, int]
    cost: int
    rates: tuple[tuple[Rate, float], ...]

    @property
    def income(self) -> int:
        """All earnings."""
        return sum(self.earnings.values())

    @property
    def net(self) -> int:
        """Earnings less running cost."""
        return self.income - self.cost

    @property
    def kind(self) -> str:
        """经营性 earns more than it costs without help; 准公益性 earns something; 公益性 nothing."""
        if not self.income:
            return "公益性"
        own = self.income - self.earnings.get("政府运营补贴", 0)
        return "经营性" if own > self.cost else "准公益性"

    def pay_back(self, total_wan: float) -> float:
        """Return the simple pay-back in years, NaN where it never pays back or the total is unknown."""
        if self.net <= 0 or np.isnan(total_wan):
            return float("nan")
        return round(total_wan * _GRAINS / self.net, 1)


def measure_year(type_key: str, scale: float, unit: str) -> Year | None:
    """Return a year of a project by the rates of ``configs/operations.csv``.

    Parameters
    ----------
    type_key : facility class; empty for works in place.
    scale, unit : as priced: ㎡, m or 处.

    Returns
    -------
    Year or None
        None where no rate or no scale is known.
    """
    if np.isnan(scale) or not unit:
        return None
    item = facility_classes().get(type_key)
    group = "*works" if item is None else "*land" if item.land else "*indoor"
    known = operating_rates()
    cost = next((r for s in (type_key, group) if (r := known.get((s, _COST, unit))) is not None), None)
    if cost is None:
        return None
    rates = [rate for name in codes.EARNING.values if (rate := known.get((type_key, name, unit))) is not None]
    earnings = {rate.item: round(rate.rate_wan * scale * _GRAINS) for rate in rates}
    return Year(earnings, round(cost.rate_wan * scale * _GRAINS), tuple((r, scale) for r in (*rates, cost)))


def write_revenue(row: Mapping[str, Any], year: Year, *, people: float, target: str) -> dict[str, Any]:
    """Return the ``Revenue`` row of a project.

    Parameters
    ----------
    row : ``Project`` row.
    people, target : whom it serves, for the social benefit (3.5.2: 公益性、准公益性业态应重点分析其社会效益).
    """
    total = clean_number(row[Project.total_wan])
    back = year.pay_back(total)
    terms = find_terms(clean_text(row[Project.operator]))
    return {
        Revenue.id: row[Project.number],
        Revenue.project: row[Project.number],
        Revenue.earns: year.kind,
        **{str(column): year.earnings.get(name, 0) / _GRAINS for name, column in _COLUMNS.items()},
        Revenue.income_wan: year.income / _GRAINS,
        Revenue.cost_wan: year.cost / _GRAINS,
        Revenue.net_wan: year.net / _GRAINS,
        Revenue.payback_years: back,
        Revenue.balance: _write_balance(year, back),
        Revenue.benefit: _write_benefit(year, people, target),
        Revenue.body: row[Project.operator_body],
        Revenue.mode: row[Project.operator],
        Revenue.asset: terms.get("asset"),
        Revenue.sharing: terms.get("sharing"),
        Revenue.oversight: terms.get("oversight"),
        Revenue.basis: "；".join(_write_rate(rate, scale) for rate, scale in year.rates),
    }


def _write_balance(year: Year, back: float) -> str:
    if year.net < 0:
        lack = write_money(-year.net / _GRAINS)
        if not year.income:
            return f"无经营收益，年运营费{lack}由财政或社区经费保障"
        return f"年缺口{lack}，以政府补贴或其他项目收益统筹（肥瘦搭配）"
    if year.net == 0:
        return "收支相抵，建设投资不能由运营收回"
    if np.isnan(back):
        return "运营收支平衡有余，总投资待测算"
    limit = read_settings("operation.yaml")["payback_limit_years"]
    if back > limit:
        return f"运营有余，静态回收期{back:g}年，长于{limit}年，建设投资须由财政或其他资金承担"
    return f"运营有余，静态回收期{back:g}年，可吸引社会资本"


def _write_benefit(year: Year, people: float, target: str) -> str | None:
    if year.kind == "经营性":
        return None
    return f"服务{target or '居民'}{people:,.0f}人" if people > 0 else "服务人数待核"


def _write_rate(rate: Rate, scale: float) -> str:
    return (
        f"{rate.item}{rate.rate_wan:g}万元/{rate.unit}·年×{scale:.2f}{rate.unit}"
        f"（区间{rate.low_wan * scale:.2f}–{rate.high_wan * scale:.2f}；{rate.source}，置信度{rate.confidence:g}）"
    )
