"""Ledgers of offices that no shape comes with: people, plans, past works, targets, records, papers, costs.

需求清单 and 资源台账 of the check-up, 设施台账 and 保护范围 are layers of ``layers.source``. Clauses are of
《江西省“好社区”更新实施方案编制指南（试行）》, ids such as A-01 of ``configs/standards/requirements.csv``.
"""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.source import Identified, Placed


class Population(Placed, key="population", alias="人口台账"):
    """People by building or by community, in the age groups the standards count (3.2, 提纲 1.1, B-04)."""

    building = m.text("建筑编号", hint="与现状建筑的编号一致；按社区统计的行留空")
    households = m.integer("户数", unit="户", minimum=0)
    population = m.integer("常住人口", unit="人", minimum=0, required=True)
    elders = m.integer("60岁及以上人口", unit="人", minimum=0, hint="养老设施按此人数核算", example="21")
    infants = m.integer("0-3岁人口", unit="人", minimum=0, hint="托育设施按此人数核算", example="3")
    children = m.integer("3-6岁人口", unit="人", minimum=0, hint="幼儿园按此人数核算", example="4")
    year = m.integer("数据年份", minimum=1990, example="2025")
    note = m.text("备注")


class PlanDemand(Placed, key="plan_demand", alias="相关规划要求"):
    """What other plans ask of the community: source, clause, content, how far it binds (3.1.1, A-01)."""

    plan = m.text(
        "来源规划", required=True, hint="规划全称及批复年份", example="甲区国土空间总体规划（2021—2035年）"
    )
    kind = m.text("规划类型", codes=codes.PLAN_KIND)
    clause = m.text("条款", hint="章节、条文或图号", example="第四十一条")
    subject = m.text("涉及方面", codes=codes.PLAN_SUBJECT)
    content = m.text("要求内容", required=True, example="十五分钟生活圈内养老设施覆盖率不低于90%")
    force = m.text("要求类型", codes=codes.FORCE, required=True)
    response = m.text("落实情况", hint="本方案如何落实", example="以需求清单中的漏配项落实")
    note = m.text("备注")


class PastWork(Placed, key="past_work", alias="已实施和在实施工程", shape="any"):
    """Works done or under way, with their place, so that nothing is built twice (3.1.2, A-02)."""

    name = m.text("工程名称", required=True, example="甲小区老旧小区改造")
    kind = m.text("工作类型", codes=codes.PAST_WORK)
    state = m.text("实施状态", codes=codes.PAST_STATE, required=True)
    content = m.text("实施内容", example="屋面防水、外墙和楼道照明")
    start = m.text("开工年月", form="date", hint="如 2023-05", example="2022-03")
    end = m.text("完工年月", form="date", hint="在实施的写计划完工年月", example="2022-11")
    cost_wan = m.number("总投资", unit="万元", minimum=0)
    owner = m.text("实施主体", example="甲区住建局")
    place = m.text("位置描述", example="甲小区")
    note = m.text("备注")


class Target(Placed, key="target", alias="更新目标"):
    """Targets of the renewal by dimension, numbers or words (4.1: 定性定量结合、分区分策; D-01)."""

    dimension = m.text("维度", codes=codes.DIMENSION, required=True)
    works = m.text("所属工程", codes=codes.WORKS)
    indicator = m.text("指标", required=True, example="老年人日间照料覆盖率")
    now = m.text("现状值", example="52")
    goal = m.text(
        "目标值", required=True, hint="数值，或定性表述；百分数写 95%，不要用百分比格式的 0.95", example="90"
    )
    unit = m.text("单位", example="%")
    basis = m.text("依据", hint="标准、政策条款或相关规划", example="GB 50180")
    note = m.text("备注")


class Step(Identified, key="step", alias="过程记录"):
    """Steps of making and approving the plan, with date and paper (1.5(3)-(5), 5.2.1; P-03, P-04, P-06)."""

    step = m.text("阶段", codes=codes.STEP, required=True)
    date = m.text(
        "日期",
        form="date",
        required=True,
        hint="如 2026-03-05；公示等有起止的写开始日期",
        example="2026-03-02",
    )
    end = m.text("结束日期", form="date", hint="如公示结束日期；当天完成的留空", example="2026-03-16")
    days = m.integer("天数", unit="天", minimum=1, derived=True)
    unit = m.text("组织单位", example="甲街道办事处")
    result = m.text(
        "内容与结论", hint="参加人数、意见数量、采纳情况、文号等", example="座谈会4场，收到意见63条，采纳41条"
    )
    file = m.text(
        "文件",
        hint="证明材料的文件路径，相对于本台账所在文件夹；随成果复制到 附件/过程记录",
        example="附件/协商会议纪要.docx",
    )
    note = m.text("备注")


class Paper(Identified, key="paper", alias="附件"):
    """Papers handed in as they are: check-up report, consultations, expert opinions (6.1(3), O-04, O-07)."""

    kind = m.text("附件类别", codes=codes.PAPER, required=True)
    title = m.text("附件名称", required=True, example="“好社区”专项体检报告")
    file = m.text(
        "文件",
        required=True,
        hint="文件路径，相对于本台账所在文件夹；不得指向该文件夹和配置文件夹之外",
        example="附件/专项体检报告.pdf",
    )
    date = m.text("日期", form="date", example="2025-11")
    unit = m.text("出具单位", example="甲规划设计院")
    note = m.text("备注")


class Delegate(Placed, key="delegate", alias="居民代表"):
    """Residents' delegates, registered or not: two thirds of the registered reopen the plan (4.9.2, F-11)."""

    group = m.text("楼栋或小组", example="第1小组")
    name = m.text("姓名", private=True, hint="只用于清点，不进入任何成果；可只填人数")
    count = m.integer("代表人数", unit="人", minimum=0, hint="填了姓名的行可留空，按 1 人计", example="12")
    registered = m.integer("已登记人数", unit="人", minimum=0, example="10")
    signed = m.integer(
        "联名人数", unit="人", minimum=0, hint="对重大修改建议联名的已登记代表人数", example="3"
    )
    note = m.text("备注")


class OwnCost(Identified, key="unit_cost", alias="造价"):
    """Unit costs of the place that outweigh ``configs/costs.csv``, with source and date (3.5.2, 4.6, D-09)."""

    subject = m.text(
        "造价对象",
        required=True,
        hint="设施类型名称或代码；或：室内设施、场地设施、整治工程、拆除工程",
        example="社区食堂",
    )
    action = m.text("工程类型", codes=codes.COST_ACTION, required=True)
    unit = m.text("计价单位", codes=codes.COST_UNIT, required=True)
    cost_wan = m.number("单价", unit="万元", minimum=0, required=True, example="0.21")
    low_wan = m.number("单价下限", unit="万元", minimum=0, example="0.15")
    high_wan = m.number("单价上限", unit="万元", minimum=0, example="0.28")
    origin = m.text(
        "造价来源", required=True, hint="如 2026 年区住建局结算均价", example="甲区住建局2025年结算均价"
    )
    date = m.text("价格日期", form="date", required=True, hint="如 2026-03", example="2025-12")
    note = m.text("备注")


LEDGERS = (Population, PlanDemand, PastWork, Target, Step, Paper, Delegate, OwnCost)
