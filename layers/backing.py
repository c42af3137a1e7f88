"""Which money, policies and people stand behind which need, by which rule (2.3, 3.6.1, 3.7)."""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.source import Placed


class Backing(Placed, key="backing", alias="资金政策人力支撑表"):
    """A need and a resource without a place that supports it: what it gives, on which clause, and why it fits."""

    need = m.text("需求编号", required=True)
    description = m.text("需求描述", required=True)
    resource = m.text("资源编号", required=True)
    category = m.text("资源类别", codes=codes.RESOURCE, required=True)
    name = m.text("资源名称", required=True)
    kind = m.text("支撑方式", required=True)  # 资金保障 or 工作力量, with the part the supporter plays
    amount_wan = m.number("金额", unit="万元", minimum=0)
    origin = m.text("资金来源")
    fund_kind = m.text("资金性质", codes=codes.FUND)
    clause = m.text("政策条款或文号")
    support = m.text("支持单位及事项")
    rule = m.text("支撑依据", required=True)
    missing = m.text("待补信息")
