"""Ledgers: dates out of order, people who do not add up, papers that are missing, prices upside down."""

from __future__ import annotations

from shapely import box

from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import Desk


def write(desk: Desk, layer: str, name: str, *rows: str) -> None:
    """Write a ledger as csv under the names of the fields and name it."""
    desk.put(name, "\n".join(rows) + "\n")
    desk.add(layer, name)


@case(warning("HSQ-A10", "过程.csv", "审查", field="date", says="晚于", mended="照原样保留"), notes="HSQ-A10")
def steps_out_of_order(desk: Desk) -> None:
    """Reviewed before it was published."""
    write(
        desk,
        "step",
        "过程.csv",
        "step,date",
        "征求意见,2026-01-05",
        "公示,2026-05-05",
        "专家论证,2026-02-20",
        "审查,2026-03-01",
    )


@case(error("HSQ-V11", "过程.csv", "2", field="date", value="2026-03", says="要写到日"))
def step_without_a_day(desk: Desk) -> None:
    """A step whose date is a month: its order cannot be checked."""
    write(desk, "step", "过程.csv", "step,date", "征求意见,2026-03")


@case(error("HSQ-V04", "过程.csv", "2", field="date", says="大于“结束日期”"), notes="HSQ-A10")
def step_that_ends_before_it_begins(desk: Desk) -> None:
    """A publication that ends before it begins."""
    write(desk, "step", "过程.csv", "step,date,end", "征求意见,2026-03-20,2026-03-01")


@case(error("HSQ-F01", "附件.csv", "会议纪要", field="file", value="纪要.docx"))
def paper_that_is_not_there(desk: Desk) -> None:
    """A paper the ledger names and nobody copied."""
    write(desk, "paper", "附件.csv", "kind,title,file", "协商情况,会议纪要,纪要.docx")


@case(error("HSQ-A10", "附件.csv", "程序", field="file", says="不接收 .exe"))
def paper_that_is_a_program(desk: Desk) -> None:
    """A program among the papers."""
    desk.put("安装.exe", b"MZ")
    write(desk, "paper", "附件.csv", "kind,title,file", "其他,程序,安装.exe")


@case(error("HSQ-A10", "附件.csv", "纪要二", says="同名"))
def papers_of_one_name(desk: Desk) -> None:
    """Two papers that would lie on each other."""
    for folder in ("甲", "乙"):
        desk.put(f"{folder}/纪要.pdf", b"%PDF-1.7")
    write(
        desk,
        "paper",
        "附件.csv",
        "kind,title,file",
        "协商情况,纪要一,甲/纪要.pdf",
        "协商情况,纪要二,乙/纪要.pdf",
    )


@case(error("HSQ-V04", "代表.csv", "2", field="signed", value="9 > 8"), notes="HSQ-A10")
def more_signatures_than_delegates(desk: Desk) -> None:
    """Nine signed of eight registered."""
    write(desk, "delegate", "代表.csv", "group,count,registered,signed", "第1小组,12,8,9", "第2小组,12,10,1")


@case(error("HSQ-V02", "代表.csv", "2", field="count", says="都没有填"))
def delegates_of_nobody(desk: Desk) -> None:
    """A row without name and number."""
    write(desk, "delegate", "代表.csv", "group,name,count", "第1小组,,")


@case(warning("HSQ-A10", "", says="超过三分之二", advice="公示并审批"))
def delegates_who_reopen_the_plan(desk: Desk) -> None:
    """Three quarters have signed: the plan has to be reopened."""
    write(desk, "delegate", "代表.csv", "group,count,registered,signed", "第1小组,12,12,9")


@case(error("HSQ-V06", "人口.csv", field="building", value="J1", says="多行"), notes="HSQ-V02")
def people_of_one_building_twice(desk: Desk) -> None:
    """A building with two rows of people."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9))
    write(desk, "population", "人口.csv", "building,population", "J1,30", "J1,31")


@case(
    warning("HSQ-V10", "人口.csv", field="building", value="J9", says="没有", mended="不采用"),
    notes="HSQ-V02",
)
def people_of_no_building(desk: Desk) -> None:
    """People of a building that is not drawn."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9))
    write(desk, "population", "人口.csv", "building,population", "J9,30")


@case(error("HSQ-V04", "人口.csv", "2", field="population", says="各年龄段人口之和大于"), notes="HSQ-V02")
def more_old_people_than_people(desk: Desk) -> None:
    """Forty elders among thirty."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9))
    write(desk, "population", "人口.csv", "building,population,elders", "J1,30,40")


@case(
    warning("HSQ-V04", "", "J1", field="population", says="不一致，如“J1”为 20，台账为 30", mended="为准"),
    notes="HSQ-V02",
)
def people_counted_twice(desk: Desk) -> None:
    """The drawing says twenty, the ledger thirty."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9), population=[20, 10])
    write(desk, "population", "人口.csv", "building,population", "J1,30")


COST = "subject,action,unit,cost_wan,low_wan,high_wan,origin,date"


@case(error("HSQ-V08", "造价.csv", "2", field="subject", value="云中漫步廊"))
def price_of_nothing_known(desk: Desk) -> None:
    """A price of something that is no class."""
    write(desk, "unit_cost", "造价.csv", COST, "云中漫步廊,新建,㎡,0.2,0.1,0.3,住建局,2026-03")


@case(error("HSQ-V06", "造价.csv", "3", field="subject", says="两个单价"))
def two_prices_of_one_thing(desk: Desk) -> None:
    """Two prices of the same work."""
    rows = ["社区食堂,新建,㎡,0.2,0.1,0.3,住建局,2026-03", "社区食堂,新建,㎡,0.25,0.1,0.3,住建局,2026-03"]
    write(desk, "unit_cost", "造价.csv", COST, *rows)


@case(error("HSQ-V04", "造价.csv", "2", field="low_wan", value="0.4 > 0.2"))
def price_below_its_least(desk: Desk) -> None:
    """A least price above the price."""
    write(desk, "unit_cost", "造价.csv", COST, "社区食堂,新建,㎡,0.2,0.4,0.5,住建局,2026-03")


@case(warning("HSQ-V04", "目标.csv", "2", field="goal", value="0.95", mended="照原样保留"))
def percentage_of_a_percentage(desk: Desk) -> None:
    """95 % that a cell format keeps as 0.95."""
    write(
        desk, "target", "目标.csv", "dimension,indicator,now,goal,unit", "舒适宜居,养老服务覆盖率,52,0.95,%"
    )


@case(warning("HSQ-G04", "目标.csv", "3", says="完全相同", mended="只保留第一行"))
def row_written_twice(desk: Desk) -> None:
    """The same target twice."""
    write(
        desk,
        "target",
        "目标.csv",
        "dimension,indicator,goal",
        "舒适宜居,养老服务覆盖率,90%",
        "舒适宜居,养老服务覆盖率,90%",
    )


@case(remark("HSQ-V02", "资源.csv", "2", field="fund_kind", mended="按资金来源的文字判定"))
def money_of_no_kind(desk: Desk) -> None:
    """Money whose kind follows from its source."""
    write(
        desk, "ledger", "资源.csv", "category,name,amount_wan,fund_source", "资金,专项补助,120,上级财政专项"
    )


@case(error("HSQ-V04", "工程.csv", "2", field="start", value="2024-05 > 2023-01"))
def works_that_end_before_they_begin(desk: Desk) -> None:
    """Works that ended before they began."""
    write(desk, "past_work", "工程.csv", "name,state,start,end", "甲小区改造,已实施,2024-05,2023-01")
