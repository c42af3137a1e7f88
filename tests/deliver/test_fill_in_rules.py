"""Fill-in rules of tables 1 and 2, and what holds for every table of a whole run when openpyxl opens it."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from layers.faults import FaultLog
from layers.planned import Match, Need, Project
from pipeline.deliver.tables.notes import check_notes

NEED = {"number": "X1", "problem": "建设类"}
LISTED = {"need": "X1", "listed": "是", "ready": "是", "missing": None, "people_text": "/",
          "space_text": "小样街A栋一层，200㎡，产权人：小样街道", "money_text": "专项资金120万元"}  # fmt: skip
PAID = {"number": "C01", "problem": "建设类", "content": "利用A栋改造设置食堂，200㎡", "total_wan": 10.0, "fiscal_wan": 7.5,
        "social_wan": 2.5}  # fmt: skip


def told(*, match=None, need=None, project=None):
    frames = {
        Match.__name__: pd.DataFrame([LISTED | (match or {})]),
        Need.__name__: pd.DataFrame([NEED | (need or {})]),
        Project.__name__: pd.DataFrame([PAID | (project or {})]),
    }
    log = FaultLog()
    check_notes(frames, log)
    assert all(fault.code == "HSQ-D06" and fault.remedy for fault in log.faults)
    return [re.match(r"(表\d填表说明\d)：([A-Z0-9]+)", fault.problem).groups() for fault in log.faults]


def test_rows_that_keep_the_rules_are_not_mentioned():
    assert told() == []
    for text in ("/", "无直接对应空间资源", "小样路原址实施，不占用新空间"):
        assert told(match={"space_text": text}) == []
    assert told(need={"problem": "管理类"}, match={"money_text": "/"}) == []
    managed = {
        "problem": "管理类",
        "content": "工作要求：选聘物业",
        "total_wan": None,
        "fiscal_wan": None,
        "social_wan": None,
    }
    assert told(project=managed) == []
    assert told(match={"listed": "否", "space_text": "某处", "money_text": "/"}) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"match": {"space_text": "小样街A栋一层，产权人：小样街道"}}, "表1填表说明1"),
        ({"match": {"space_text": "小样街A栋一层，200㎡，产权人：待核"}}, "表1填表说明1"),
        ({"match": {"money_text": "专项资金"}}, "表1填表说明2"),
        ({"match": {"people_text": None}}, "表1填表说明3"),
        ({"match": {"missing": "权属待厘清"}}, "表1填表说明4"),
        ({"project": {"problem": "管理类"}}, "表2填表说明1"),
        ({"project": {"content": "设置食堂，200平方米"}}, "表2填表说明2"),
        ({"project": {"social_wan": 2.51}}, "表2填表说明3"),
    ],
)
def test_each_rule_is_told_with_its_row(change, rule):
    number = "C01" if rule.startswith("表2") else "X1"
    assert told(**change) == [(rule, number)]
