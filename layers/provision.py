"""What every required class of facility amounts to in every community, before and after sharing (2.2, 3.2)."""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.source import Identified, Placed


class Provision(Placed, key="provision", alias="设施配置判定表"):
    """A community and a required class: 漏配, 共享可解, 少配, 错配, 部分可达 or 满足, as requirements.md §7.16 decides."""

    type_key = m.text("设施类型代码", required=True)
    type_name = m.text("设施类型名称", required=True)
    limit_m = m.number("标准距离", unit="m", required=True)
    before = m.text("共享前判定", codes=codes.PROVISION, required=True)
    after = m.text("共享后判定", codes=codes.PROVISION, required=True)
    homes = m.integer("住户点数", required=True)
    homes_before = m.integer("共享前可达住户点", required=True)
    homes_after = m.integer("共享后可达住户点", required=True)
    target = m.text("服务人群")
    target_people = m.number("服务人群人数", unit="人")
    target_before = m.number("共享前可达服务人群", unit="人")
    target_after = m.number("共享后可达服务人群", unit="人")
    lack_before = m.number("共享前能力缺口", unit="人")
    lack_after = m.number("共享后能力缺口", unit="人")
    rule = m.text("判定依据", required=True)
    need = m.text("需求编号")


class ProvisionCount(Identified, key="provision_count", alias="缺配类型统计表"):
    """How many required classes of a community fall under each judgement, before and after sharing."""

    community = m.text("社区名称", required=True)
    classes = m.integer("应配设施类型", required=True)
    missing_before = m.integer("共享前漏配", required=True)
    short_before = m.integer("共享前少配", required=True)
    wrong_before = m.integer("共享前错配", required=True)
    partly_before = m.integer("共享前部分可达", required=True)
    met_before = m.integer("共享前满足", required=True)
    missing_after = m.integer("共享后漏配", required=True)
    solved_after = m.integer("共享可解", required=True)
    short_after = m.integer("共享后少配", required=True)
    wrong_after = m.integer("共享后错配", required=True)
    partly_after = m.integer("共享后部分可达", required=True)
    met_after = m.integer("共享后满足", required=True)
