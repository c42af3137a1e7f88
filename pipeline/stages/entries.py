"""The fill-in rules of 表1 (填表说明 1–4, T1-03 to T1-08), checked on every listed need."""

from __future__ import annotations

import re

import pandas as pd

from layers import codes
from layers.faults import FaultLog
from layers.planned import Match, Need
from pipeline.stages.support import NOTHING

_AREA = re.compile(r"\d㎡")
_AMOUNT = re.compile(r"\d(?:\.\d+)?万元")
_DOUBT = "待核"


def find_lacks(row: dict[str, object]) -> list[str]:
    """Return what a listed row of ``Match`` lacks, one sentence a rule."""
    space, money, people = (
        str(row[c] or "") for c in (Match.space_text, Match.money_text, Match.people_text)
    )
    lacks = []
    if "产权人：" in space and (not _AREA.search(space) or f"产权人：{_DOUBT}" in space):
        lacks.append("填表说明1：空间资源的面积或产权人待核")
    if money != NOTHING and not _AMOUNT.search(money):
        lacks.append("填表说明2：资金保障没有明确的来源和金额")
    if people != NOTHING and "：" not in people:
        lacks.append("填表说明3：工作力量没有明确支持单位和支持事项")
    if row[Match.ready] not in codes.YES_NO.values or (row[Match.ready] == "否" and not row[Match.missing]):
        lacks.append("填表说明4：是否具备实施条件没有判别依据")
    return lacks


def report_entries(matches: pd.DataFrame, needs: pd.DataFrame, log: FaultLog) -> None:
    """Report every cell of 表1 that the fill-in rules would send back."""
    text = needs.set_index(Need.number)[Need.description]
    for row in matches[matches[Match.listed] == "是"].to_dict("records"):
        clean = {name: None if pd.isna(value) else value for name, value in row.items()}
        for lack in find_lacks(clean):
            log.add(
                "HSQ-A13",
                f"表1“{text.get(row[Match.need], '')}”{lack}",
                severity="提示",
                layer=Match.alias,
                row=row[Match.need],
                remedy="在资源台账中补充权属、面积、金额或支持事项",
            )
