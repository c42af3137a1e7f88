"""What a city's communities amount to beside each other: gaps, and what sharing brings; made of many plans.

As it belongs to no one plan, the declaration has no key and stays out of the registry and the data dictionary.
"""

from __future__ import annotations

from typing import ClassVar

from layers import model as m
from layers.model import Layer, Shape


class Ranked(Layer):
    """A community of a plan that has results; counts are of the classes a community must have (2.2, 3.2)."""

    key: ClassVar[str] = "city_rank"
    alias: ClassVar[str] = "社区更新排名"
    shape: ClassVar[Shape | None] = "polygon"
    id = m.text("编号", required=True, unique=True)
    community = m.text("社区名称", required=True)
    plan = m.text("方案标识", required=True)
    code = m.text("社区代码")
    street = m.text("街道名称")
    population = m.integer("常住人口", unit="人", minimum=0)
    homes = m.integer("住户点数", required=True)
    classes = m.integer("应配设施类型", required=True)
    gaps_before = m.integer("共享前缺口", required=True)  # 漏配, 少配 and 错配
    gaps_after = m.integer("共享后缺口", required=True)
    missing = m.integer("共享后漏配", required=True)
    partly = m.integer("共享后部分可达", required=True)  # reached by part of the homes: reported, no gap
    solved = m.integer("共享可解", required=True)
    gap_share = m.number("共享后缺口率", unit="%", decimals=1)  # of the classes it must have
    reached_before = m.number("共享前平均覆盖率", unit="%", decimals=1)  # of home and class pairs
    reached_after = m.number("共享后平均覆盖率", unit="%", decimals=1)
    gain = m.number("共享增益", unit="个百分点", decimals=1)
    people_gained = m.number("共享新增覆盖人次", unit="人次", decimals=0)  # summed over classes
    needs = m.integer("需求数", required=True)
    projects = m.integer("项目数", required=True)
    rank_gap = m.integer("缺口排名", required=True)
    rank_gain = m.integer("共享增益排名", required=True)
    state = m.text("成果状态", required=True)
