"""The planner's hand: what he decides holds, what the machine said stays beside it, what no longer fits is told."""

from __future__ import annotations

import openpyxl
import pytest

from layers.decisions import CLEAR, Decision, read_before
from layers.faults import FaultLog
from layers.judgements import find_subject, subjects
from layers.planned import Match, Need, Pair, Project, Resource, Site
from layers.read.decisions import read_decisions
from pipeline.stages.base import Given
from pipeline.stages.hand import Hand
from pipeline.stages.projects import PROJECTS
from tests.builders import make_frame, make_plan
from tests.plans.test_layout import chosen, listed
from tests.plans.test_matching import MONEY, need_row, resource_row
from tests.plans.test_projects import SITE, run_projects

HEADER = ("对象", "编号", "判定内容", "程序判定", "人工决定", "理由", "名称", "位置")


def decision(number="P-XQ01", field="项目名称", value="暖心食堂", **more):
    row = {
        "table": "项目",
        "number": number,
        "field": field,
        "value": value,
        "reason": "居民投票",
        "sheet": "项目",
        "row": 2,
    }
    return {**row, **more}


def hand(*rows, **frames):
    return Hand(make_frame(Decision, list(rows)), frames)


def run_with(*decisions):
    """Return the one project of a plan with a matched need, under these decisions, and what was said."""
    given = give_project(*decisions)
    return PROJECTS(given)[Project.key].iloc[0], given.log.faults


def give_project(*decisions):
    """Return what the project list is made of for one matched need under these decisions."""
    rows = {Need: [need_row()], Match: [{**listed("XQ01"), "resources": "ZY01、ZY16"}], Resource: [resource_row(), MONEY],
            Pair: [chosen("XQ01", "ZY01", 200)], Site: [SITE]}  # fmt: skip
    frames = {layer.key: make_frame(layer, some) for layer, some in rows.items()}
    for layer in PROJECTS.takes:
        frames.setdefault(layer.key, make_frame(layer, []))
    frames[Decision.key] = make_frame(Decision, list(decisions))
    return Given(make_plan(), frames)


def test_what_is_decided_holds_and_the_computed_value_stays_beside_it():
    row, faults = run_with(decision(name=need_row()["description"], place="甲社区"))
    assert row[Project.name] == "暖心食堂" and row[Project.judged_by] == "人工"
    assert read_before(row[Project.judged_before]) == {"项目名称": "甲社区食堂改造建设项目"}
    assert row[Project.judged_why] == "项目名称：居民投票"
    assert faults == []


def test_without_decisions_every_row_is_automatic():
    rows, _ = run_projects([need_row()], [listed("XQ01")])
    assert list(rows[Project.judged_by]) == ["自动"] and rows[Project.judged_before].isna().all()


def test_what_follows_from_a_decision_follows():
    row, _ = run_with(decision(field="项目总投资", value="40.5", name=need_row()["description"]))
    assert row[Project.total_wan] == 40.5 and row[Project.fiscal_wan] + row[Project.social_wan] == 40.5
    assert read_before(row[Project.judged_before]) == {"项目总投资": "36"}


@pytest.mark.parametrize(("word", "where"), [("P-XQ01", "id"), ("XQ01", "need"), ("C01", "number")])
def test_a_project_may_be_named_by_its_id_its_need_or_the_printed_number(word, where):
    row, _ = run_with(decision(word, name=need_row()["description"]))
    assert row[Project.name] == "暖心食堂", where


def test_a_decision_about_something_else_by_now_is_not_applied_and_told():
    row, faults = run_with(decision(name="增设托育点", place="甲社区"))
    assert row[Project.name] == "甲社区食堂改造建设项目" and row[Project.judged_by] == "自动"
    (fault,) = faults
    assert (fault.code, fault.severity, fault.row) == ("HSQ-A16", "警告", "项目 第 2 行")
    assert "已失效" in fault.problem and "“增设托育点”" in fault.problem and fault.remedy


def test_a_number_that_is_not_there_is_told_with_the_nearest_ones():
    row, faults = run_with(decision("P-XQ011"))
    assert row[Project.judged_by] == "自动"
    assert "没有编号为 P-XQ011 的项目" in faults[0].problem and "P-XQ01" in faults[0].remedy


def test_a_decision_nothing_protects_is_applied_and_said_so():
    row, (fault,) = run_with(decision())
    assert (
        row[Project.name] == "暖心食堂" and fault.severity == "提示" and "没有写名称和位置" in fault.problem
    )


def test_a_machine_that_changed_its_mind_is_reported():
    row, (fault,) = run_with(decision(computed="甲社区食堂项目", name=need_row()["description"]))
    assert row[Project.name] == "暖心食堂"
    assert fault.severity == "提示" and "由“甲社区食堂项目”变为“甲社区食堂改造建设项目”" in fault.problem


def test_a_judgement_others_follow_from_is_not_painted_over_afterwards():
    pairs = make_frame(Pair, [chosen("XQ01", "ZY01", 200)])
    log = FaultLog()
    rows = [decision("XQ01|ZY01", "匹配度", "1", table="匹配")]
    late = hand(*rows).overrule(Pair, pairs, log, finished=True)
    assert list(late[Pair.level]) == [3] and "没有生效" in log.faults[0].problem
    early = hand(*rows)
    row = {Pair.id: "XQ01|ZY01", Pair.need: "XQ01", Pair.resource: "ZY01"}
    assert early.decide(Pair, row, Pair.level, 3) == 1
    assert early.decide(Pair, {**row, Pair.id: "XQ01|ZY02"}, Pair.level, 3) == 3
    marked = early.overrule(Pair, pairs.assign(**{Pair.level: 1}), FaultLog(), finished=True)
    marked = early.overrule(Pair, marked, FaultLog())  # a second call changes nothing
    assert list(marked[Pair.judged_before]) == ["匹配度：3"] and list(marked[Pair.judged_by]) == ["人工"]


def test_a_pair_goes_by_the_names_of_both_sides():
    frames = {
        "need": make_frame(Need, [need_row()]),
        "inventory": make_frame(find_subject_layer("资源"), [resource_row()]),
    }
    name = f"{need_row()['description']} ↔ A栋一层"
    row = {Pair.id: "XQ01|ZY01", Pair.need: "XQ01", Pair.resource: "ZY01"}
    rows = [decision("XQ01|ZY01", "匹配度", "1", table="匹配", name=name)]
    assert hand(*rows, **frames).decide(Pair, row, Pair.level, 3) == 1
    frames["inventory"]["name"] = "B栋一层"
    assert hand(*rows, **frames).decide(Pair, row, Pair.level, 3) == 3


def find_subject_layer(title):
    return next(subject.layer for subject in subjects() if subject.title == title)


def test_the_frame_handed_in_is_not_touched():
    before = make_frame(Project, [{"id": "P-XQ01", "need": "XQ01", "name": "旧名"}])
    after = hand(decision()).overrule(Project, before, FaultLog())
    assert list(before["name"]) == ["旧名"] and list(after["name"]) == ["暖心食堂"]


def test_every_judged_field_is_declared_once_and_reads_what_it_offers():
    for subject in subjects():
        columns = [str(item.column) for item in subject.fields]
        assert len(set(columns)) == len(columns)
        assert {"judged_by", "judged_before", "judged_why"} <= {str(c) for c in subject.layer.columns()}
        for item in subject.fields:
            for choice in item.choices:
                assert item.read(choice) is not None


@pytest.mark.parametrize(
    ("layer", "field", "text", "value"),
    [(Project, "项目总投资", "1,200.5万元", 1200.5), (Project, "阶段序号", "2", 2), (Need, "底线安全类", "是", True),
     (Need, "紧迫程度", "一般", "一般"), (Project, "运营模式", CLEAR, None)],
)  # fmt: skip
def test_values_are_read_as_people_write_them(layer, field, text, value):
    assert find_subject(layer).find_field(field).read(text) == value


def write_workbook(path, *rows, sheet="项目", header=HEADER):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    page.append(["人工决策"])
    page.append(header)
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def test_only_rows_that_decide_are_read_with_their_place_in_the_file(tmp_path):
    path = write_workbook(
        tmp_path / "d.xlsx",
        ("项目", "P-1", "项目名称", "旧名", None, None, "增设食堂", "甲社区"),
        (None, "P-2", "total_wan", 30, 40.0, "概算批复", "增设托育", "乙社区"),
    )
    log = FaultLog()
    rows = read_decisions(path, "d.xlsx", log)
    assert log.faults == []
    (row,) = rows.to_dict("records")
    assert (row["table"], row["number"], row["field"], row["value"]) == ("项目", "P-2", "项目总投资", "40")
    assert (row["sheet"], row["row"], row["computed"], row["place"]) == ("项目", 4, "30", "乙社区")


def test_everything_wrong_with_a_workbook_is_said_at_once_with_row_and_remedy(tmp_path):
    path = write_workbook(
        tmp_path / "d.xlsx",
        ("项木", "P-1", "项目名称", None, "新名", "理由"),
        ("项目", "P-1", "项目名", None, "新名", "理由"),
        ("匹配", "X|Y", "匹配度", None, 4, "理由"),
        ("项目", "P-1", "项目总投资", None, "三五成群", "理由"),
        ("项目", "P-1", "责任部门", None, "住建局", None),
        ("项目", "P-1", "运营模式", None, None, "写了理由"),
        ("项目", "P-1", "建设内容", None, "甲", "理由"),
        ("项目", "P-1", "content", None, "乙", "理由"),
        ("项目", "P-1", "项目名称", None, CLEAR, "理由"),
    )
    log = FaultLog()
    rows = read_decisions(path, "d.xlsx", log)
    said = {fault.row.split()[2]: fault for fault in log.faults}
    assert all(fault.code == "HSQ-A16" and fault.severity == "错误" and fault.remedy for fault in log.faults)
    assert sorted(said, key=int) == ["3", "4", "5", "6", "7", "8", "10", "11"]
    assert "项目" in said["3"].remedy and "项目名称" in said["4"].remedy and "3、2、1" in said["5"].remedy
    assert "万元" in said["6"].remedy and "理由" in said["7"].problem and "人工决定" in said["8"].problem
    assert "第 9 行" in said["10"].remedy and "不能清空" in said["11"].remedy
    assert len(rows) == 2


def test_a_workbook_without_the_header_and_a_file_that_is_no_workbook_are_faults(tmp_path):
    log = FaultLog()
    read_decisions(write_workbook(tmp_path / "a.xlsx", header=("a", "b")), "a.xlsx", log)
    assert "表头" in log.faults[0].problem and "判定内容" in log.faults[0].remedy
    torn = tmp_path / "b.xlsx"
    torn.write_text("编号,判定内容", encoding="utf-8")
    log = FaultLog()
    assert read_decisions(torn, "b.xlsx", log).empty and log.errors


def test_no_file_is_no_decision(tmp_path):
    log = FaultLog()
    assert read_decisions(tmp_path / "none.xlsx", "none.xlsx", log).empty and not log.faults
