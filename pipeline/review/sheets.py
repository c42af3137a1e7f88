"""A review as tables: the triggers, every amount before and after, every change, and the records to bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs import read_settings
from pipeline.review.lists import ProjectList
from pipeline.review.triggers import Deviation, Review, write_wan

if TYPE_CHECKING:
    import pandas as pd

CLAUSE = "指南 4.9.2"


def make_sheets(review: Review, old: ProjectList, new: ProjectList) -> dict[str, pd.DataFrame]:
    """Return the sheets of the workbook by name."""
    import pandas as pd

    triggers = pd.DataFrame(
        [[t.number, t.text, t.found, "是" if t.fired else "否", CLAUSE] for t in review.triggers],
        columns=["条件", "内容", "判定依据", "是否触发", "条款"],
    )
    amounts = pd.DataFrame(
        [
            [
                d.kind,
                d.name,
                _wan(d.old),
                _wan(d.new),
                d.said,
                "是" if d.over else "否",
                "是" if d.counts else "否",
            ]
            for d in review.deviations
        ],
        columns=["类别", "名称", "原投资（万元）", "新投资（万元）", "偏差", "超过限值", "作为触发条件"],
    )
    changes = pd.DataFrame(
        [[c.kind, c.number, c.name, c.priority, c.what] for c in review.changes],
        columns=["变化", "项目编号", "项目名称", "项目类别", "内容"],
    )
    records = pd.DataFrame(
        [[n, r.record, r.by, r.state, None, None, None] for n, r in enumerate(review.records, 1)],
        columns=["序号", "须补充的记录", "责任单位", "状态", "日期", "组织单位", "文件"],
    )
    return {
        "触发判定": triggers,
        "投资对比": amounts,
        "项目变化": changes,
        "须补充的记录": records,
        "说明": pd.DataFrame(_explain(old, new), columns=["项目", "内容"]),
    }


def _wan(grains: int | None) -> float | None:
    return None if grains is None else grains / 100


def _explain(old: ProjectList, new: ProjectList) -> list[list[str]]:
    settings = read_settings("review.yaml")
    return [
        ["原项目库", old.path.name],
        ["新项目库", new.path.name],
        ["触发条件", f"三者有其一即可由{settings['proposer']}提请启动弹性优化程序（{CLAUSE}）"],
        ["偏差", f"（新−原）÷原，按 0.01 万元的整数比较；恰为 {settings['deviation_percent']}% 不触发"],
        ["作为触发条件的投资", "、".join(settings["items"]) + "（configs/review.yaml 可改）"],
        ["新增和删除的项目", "没有可比的估算，不单独计偏差，计入所属工程和全部项目的合计"],
        ["项目的对应", "按项目标识，不按项目编号；项目编号随清单增减可能改变"],
    ]


def tell_deviation(item: Deviation) -> str:
    """Return one line of the console."""
    return f"{item.name}：{write_wan(item.old)} → {write_wan(item.new)}，{item.said}"
