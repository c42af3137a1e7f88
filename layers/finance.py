"""Result layers of money: who pays, in which year, and what a project earns and costs to run (3.5.2, 4.6, 4.7)."""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.source import Identified


class Fund(Identified, key="fund", alias="项目资金来源"):
    """What one source pays of one project; a project's rows sum to its 项目总投资 exactly (D-09)."""

    project = m.text("项目编号", required=True)
    kind = m.text("资金性质", codes=codes.FUND, required=True)
    method = m.text("资金筹措方式", codes=codes.FUNDING, required=True)
    method_rule = m.text("筹措方式依据", required=True)
    origin = m.text("资金来源", required=True)
    resource = m.text("资源编号")
    state = m.text("落实情况", codes=codes.FUND_STATE, required=True)
    amount_wan = m.number("金额", unit="万元", minimum=0, required=True)


class FundTotal(Identified, key="fund_total", alias="资金筹措"):
    """A source over all projects, with its share; amounts sum to the total, shares to 100 % (D-09)."""

    kind = m.text("资金性质", codes=codes.FUND, required=True)
    method = m.text("资金筹措方式", codes=codes.FUNDING, required=True)
    method_rule = m.text("筹措方式依据", required=True)
    origin = m.text("资金来源", required=True)
    resource = m.text("资源编号")
    state = m.text("落实情况", codes=codes.FUND_STATE, required=True)
    amount_wan = m.number("金额", unit="万元", minimum=0, required=True)
    share = m.number("占比", unit="%", minimum=0, required=True)
    ledger_wan = m.number("台账金额", unit="万元", minimum=0)  # what the ledger holds, spent or not
    projects = m.text("使用项目", required=True)


# Columns of years in the yearly plan; 3 phases and works of two years fit.
YEARS = 6


class YearPlan(Identified, key="year_plan", alias="年度投资计划"):
    """A project's investment by year: shares sum to 100 %, amounts to its total (requirements.md §7.15)."""

    project = m.text("项目编号", required=True)
    share_1 = m.number("第1年比例", unit="%", minimum=0)
    share_2 = m.number("第2年比例", unit="%", minimum=0)
    share_3 = m.number("第3年比例", unit="%", minimum=0)
    share_4 = m.number("第4年比例", unit="%", minimum=0)
    share_5 = m.number("第5年比例", unit="%", minimum=0)
    share_6 = m.number("第6年比例", unit="%", minimum=0)
    amount_1 = m.number("第1年投资", unit="万元", minimum=0)
    amount_2 = m.number("第2年投资", unit="万元", minimum=0)
    amount_3 = m.number("第3年投资", unit="万元", minimum=0)
    amount_4 = m.number("第4年投资", unit="万元", minimum=0)
    amount_5 = m.number("第5年投资", unit="万元", minimum=0)
    amount_6 = m.number("第6年投资", unit="万元", minimum=0)
    share_sum = m.number("比例合计", unit="%", required=True)

    @classmethod
    def shares(cls) -> tuple[m.Column, ...]:
        """Columns of percentages, first year first."""
        return tuple(c for c in cls.columns() if c.startswith("share_") and c != cls.share_sum)

    @classmethod
    def amounts(cls) -> tuple[m.Column, ...]:
        """Columns of 万元, first year first."""
        return tuple(c for c in cls.columns() if c.startswith("amount_"))


class Revenue(Identified, key="revenue", alias="经营收益与资金平衡"):
    """A year of a finished project: what it earns, what it costs to run, when it has paid back (B-10, D-10)."""

    project = m.text("项目编号", required=True)
    earns = m.text("收益类型", required=True)  # 经营性, 准公益性, 公益性
    rent_wan = m.number("商业租金", unit="万元/年", minimum=0)
    parking_wan = m.number("停车费", unit="万元/年", minimum=0)
    service_wan = m.number("服务收费", unit="万元/年", minimum=0)
    subsidy_wan = m.number("政府运营补贴", unit="万元/年", minimum=0)
    income_wan = m.number("年收益合计", unit="万元/年", minimum=0, required=True)
    cost_wan = m.number("年运营费", unit="万元/年", minimum=0, required=True)
    net_wan = m.number("年净收益", unit="万元/年", required=True)
    payback_years = m.number("静态回收期", unit="年", minimum=0)
    balance = m.text("资金平衡", required=True)
    benefit = m.text("社会效益")
    body = m.text("运营主体", required=True)
    mode = m.text("运营模式", codes=codes.OPERATION, required=True)
    asset = m.text("资产归属与管理")
    sharing = m.text("收益分配")
    oversight = m.text("运营监管")
    basis = m.text("测算依据", required=True)


FINANCE = (Fund, FundTotal, YearPlan, Revenue)
