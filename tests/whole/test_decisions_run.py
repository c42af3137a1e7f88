"""Decisions over whole runs: the form is filled in, put in its place, applied, and survives what comes after."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from layers.decisions import Decision
from layers.faults import PlanFaults
from layers.planned import Inventory, Need, Pair, Project, Site
from pipeline.engine.run import Outcome, run_plan
from pipeline.plan import Plan, load_plan
from tests.whole.conftest import place_plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    config = place_plan(tmp_path_factory.mktemp("hand"), "tiny", inputs=("tiny",))
    run_plan(load_plan(config), until="projects")
    return load_plan(config)


@pytest.fixture(autouse=True)
def undecided(plan: Plan):
    yield
    plan.decisions.unlink(missing_ok=True)
    form(plan).unlink(missing_ok=True)


def form(plan: Plan) -> Path:
    return plan.output / "decisions.xlsx"


def fill(path: Path, sheet: str, field: str, value: str, reason: str, *, save: Path, number: str = "") -> str:
    """Decide one thing in a form as a planner would; return the number of the row."""
    book = openpyxl.load_workbook(path)
    for row in book[sheet].iter_rows(min_row=2):
        if row[2].value == field and number in ("", row[1].value):
            row[4].value, row[5].value = value, reason
            book.save(save)
            return str(row[1].value)
    raise AssertionError(f"no {field} in {sheet}")


def run(plan: Plan, since: str = "projects") -> Outcome:
    return run_plan(plan, since=since, until="projects")


def test_a_form_filled_in_and_put_in_place_decides_and_comes_back_with_its_state(plan: Plan) -> None:
    run(plan)
    number = fill(form(plan), "项目", "项目名称", "小样社区暖心工程", "居民议事会定名", save=plan.decisions)
    outcome = run(plan)
    projects = outcome.frames[Project.key].set_index(Project.id)
    assert projects.loc[number, Project.name] == "小样社区暖心工程"
    assert (projects[Project.judged_by] == "人工").sum() == 1
    assert list(outcome.frames[Decision.key][Decision.state]) == ["采用"]
    again = pd.read_excel(form(plan), sheet_name="项目", dtype=str).set_index(["编号", "判定内容"])
    told = again.loc[number, "项目名称"]
    assert (told["人工决定"], told["理由"], told["状态"]) == ("小样社区暖心工程", "居民议事会定名", "采用")
    assert told["程序判定"] not in ("", "小样社区暖心工程")


def test_from_goes_back_to_the_stage_a_decision_touches_and_not_further(plan: Plan) -> None:
    run(plan, since="load")
    fill(form(plan), "项目", "责任部门", "街道办事处", "分工", save=plan.decisions)
    assert list(run(plan, since="projects").seconds) == ["projects"]
    fill(form(plan), "匹配", "匹配度", "1", "现场踏勘", save=plan.decisions)
    assert next(iter(run(plan, since="projects").seconds)) == "matching"
    plan.decisions.unlink()
    assert next(iter(run(plan, since="projects").seconds)) == "matching"  # taken back: undone as well
    assert list(run(plan, since="projects").seconds) == ["projects"]


def test_a_form_filled_in_where_it_was_written_is_kept_and_told(plan: Plan) -> None:
    run(plan)
    fill(form(plan), "项目", "项目名称", "新名", "理由", save=form(plan))
    before = form(plan).read_bytes()
    outcome = run(plan)
    assert form(plan).read_bytes() == before and outcome.form is None
    assert outcome.quality is not None
    told = outcome.quality[outcome.quality["code"] == "HSQ-A16"]
    assert list(told["severity"]) == ["警告"] and plan.decisions.name in told["remedy"].iloc[0]
    form(plan).rename(plan.decisions)  # as the remedy says
    assert list(run(plan).frames[Decision.key][Decision.state]) == ["采用"] and form(plan).exists()


def test_a_decision_that_went_stale_stays_stale_in_the_form(plan: Plan) -> None:
    run(plan)
    number = fill(form(plan), "项目", "项目名称", "新名", "理由", save=plan.decisions)
    book = openpyxl.load_workbook(plan.decisions)
    row = next(r for r in book["项目"].iter_rows(min_row=2) if r[1].value == number and r[4].value)
    row[6].value = "别的需求"
    book["项目"].append(["项目", "P-没有", "项目名称", None, "甲", "乙"])
    book.save(plan.decisions)
    for _ in range(2):
        outcome = run(plan)
        assert sorted(outcome.frames[Decision.key][Decision.state]) == ["失效", "无此编号"]
        assert form(plan).exists()
        form(plan).replace(plan.decisions)  # what the run wrote is as good as what the planner wrote


def test_a_row_that_cannot_be_used_stops_the_run_before_anything_is_computed(plan: Plan) -> None:
    run(plan)
    fill(form(plan), "匹配", "匹配度", "9", "理由", save=plan.decisions)
    with pytest.raises(PlanFaults) as caught:
        run(plan)
    (fault,) = caught.value.faults
    assert fault.code == "HSQ-A16" and "3、2、1" in fault.remedy and fault.row.startswith("匹配 第 ")


def test_decisions_of_every_stage_carry_on_to_the_projects(plan: Plan) -> None:
    before = run(plan, since="load").frames
    pair = before[Pair.key][before[Pair.key][Pair.chosen]].iloc[0]
    need = before[Need.key].set_index(Need.number).loc[pair[Pair.need]]
    other = "一般" if need[Need.urgency] == "紧迫" else "紧迫"
    level = "2" if pair[Pair.level] != 2 else "1"
    fill(form(plan), "需求", "紧迫程度", other, "议事会", save=plan.decisions, number=pair[Pair.need])
    fill(plan.decisions, "匹配", "匹配度", level, "踏勘", save=plan.decisions, number=pair[Pair.id])
    fill(plan.decisions, "资源", "现状条件", "漏雨", "踏勘", save=plan.decisions, number=pair[Pair.resource])
    site = fill(plan.decisions, "布局", "改造措施", "加固后利用", "鉴定", save=plan.decisions)
    after = run(plan, since="projects").frames
    assert list(after[Decision.key][Decision.state]) == ["采用"] * 4
    assert (
        after[Inventory.key].set_index(Inventory.number).loc[pair[Pair.resource], Inventory.condition]
        == "漏雨"
    )
    judged = after[Pair.key].set_index(Pair.id).loc[pair[Pair.id]]
    assert judged[Pair.level] == int(level) and "人工认定" in judged[Pair.reason]
    assert after[Site.key].set_index(Site.id).loc[site, Site.measure] == "加固后利用"
    project = after[Project.key].set_index(Project.need).loc[pair[Pair.need]]
    assert project[Project.urgency] == other and project[Project.level] == int(level)
