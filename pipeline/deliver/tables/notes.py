"""The fill-in rules under tables 1 and 2 (填表说明, T1-05 to T1-08, T2-07 to T2-09) checked on every row."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from layers.codes import PROBLEM, YES_NO
from layers.faults import FaultLog
from layers.planned import Match, Need, Project

_BUILT, _MANAGED = PROBLEM.values
_YES = YES_NO.values[0]
# What stands where a need takes no space of its own, or no people (T1-07: “/” is allowed).
_NO_SPACE = r"^/$|无直接对应空间资源|不占用新空间"
_SPACE = r"\d[\d,.]*\s*㎡.*产权人：(?!待核)"
_AMOUNT = r"\d[\d,.]*\s*万元"
_WRONG_UNIT = re.compile(r"平方米|平米|㎡²|公顷|亩|亿元|千元")
_CENT = 0.005
_MOST = 10


def check_notes(frames: Mapping[str, pd.DataFrame], log: FaultLog) -> None:
    """Report the rows of tables 1 and 2 that break a fill-in rule, one HSQ-D06 a rule.

    Parameters
    ----------
    frames : rows by layer class name, as the tables take them.
    """
    if {Match.__name__, Need.__name__} <= frames.keys():
        _check_resources(frames[Match.__name__], frames[Need.__name__], log)
    if Project.__name__ in frames:
        _check_projects(frames[Project.__name__], log)


def _check_resources(matches: pd.DataFrame, needs: pd.DataFrame, log: FaultLog) -> None:
    rows = matches[matches[Match.listed] == _YES]
    problem = rows[Match.need].map(needs.set_index(Need.number)[Need.problem])
    space, money = rows[Match.space_text].fillna(""), rows[Match.money_text].fillna("")
    vague = ~space.str.contains(_SPACE, regex=True) & ~space.str.contains(_NO_SPACE, regex=True)
    _say(log, "表1", 1, "没有写明空间资源的位置、面积、产权人", rows.loc[vague, Match.need],
         "在资源台账中补充面积、权利人")  # fmt: skip
    unpaid = (problem == _BUILT) & ~money.str.contains(_AMOUNT, regex=True)
    _say(log, "表1", 2, "没有写明资金来源和金额", rows.loc[unpaid, Match.need],
         "在资源台账的资金、政策类中补充来源和金额，或在决策表中改定“列入资源清单”")  # fmt: skip
    _say(log, "表1", 3, "工作力量为空", rows.loc[rows[Match.people_text].isna(), Match.need],
         "在资源台账的人力类中补充支持单位及事项，没有的写“/”")  # fmt: skip
    torn = ((rows[Match.ready] == _YES) & rows[Match.missing].notna()) | ~rows[Match.ready].isin(
        YES_NO.values
    )
    _say(log, "表1", 4, "“是否具备实施条件”与尚缺的条件不一致", rows.loc[torn, Match.need], "核对尚缺条件")


def _check_projects(rows: pd.DataFrame, log: FaultLog) -> None:
    managed = rows[Project.problem] == _MANAGED
    content = rows[Project.content].fillna("")
    paid = rows[[Project.total_wan, Project.fiscal_wan, Project.social_wan]].notna().any(axis=1)
    _say(log, "表2", 1, "为非施工项目，却列有投资或没有工作要求",
         rows.loc[managed & (paid | ~content.str.contains("工作要求")), Project.number], "核对问题类别和建设内容")  # fmt: skip
    _say(log, "表2", 2, "建设内容的单位不是㎡、万元", rows.loc[content.str.contains(_WRONG_UNIT), Project.number],
         "把单位换算为㎡、万元")  # fmt: skip
    parts = rows[Project.fiscal_wan].fillna(0.0) + rows[Project.social_wan].fillna(0.0)
    apart = rows[Project.total_wan].notna() & (np.abs(parts - rows[Project.total_wan]) > _CENT)
    _say(log, "表2", 3, "财政资金与社会资金之和不等于项目总投资", rows.loc[apart, Project.number],
         "改正财政资金或社会资金")  # fmt: skip


def _say(log: FaultLog, table: str, rule: int, what: str, numbers: pd.Series, remedy: str) -> None:
    if numbers.empty:
        return
    listed = "、".join(numbers.astype("str").sort_values().head(_MOST))
    more = f" 等 {len(numbers)} 行" if len(numbers) > _MOST else ""
    log.add(
        "HSQ-D06", f"{table}填表说明{rule}：{listed}{more}{what}", severity="警告", layer=table, row=listed,
        action="照列，待补充", remedy=remedy,
    )  # fmt: skip
