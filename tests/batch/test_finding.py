"""Which plans a batch runs: files, folders, patterns; what cannot be run is said before anything is."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from layers.faults import Fault, PlanFaults
from pipeline.batch import finding
from pipeline.batch.batch import run_batch
from pipeline.batch.finding import find_plans
from pipeline.batch.job import DONE, FAILED, Job, Record
from pipeline.plan import Plan
from tests.batch.fakes import Heard

PLAN = """plan: {{id: {id}, title: 某方案, area: 某社区, compiler: 某院, compiled: 2026-11-23, data_year: 2025, first_year: 2027,
  region_code: "369901", region_name: 某区, plan_block: {block}}}
inputs: {{community_given: [{{path: 边界.shp}}]}}
delivery: {{folder: {folder}}}
"""


def write(path: Path, id: str, *, block: int = 1, folder: str = "out") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PLAN.format(id=id, block=block, folder=folder), encoding="utf-8")
    return path


def test_folders_and_patterns_lead_to_each_plan_once(tmp_path):
    write(tmp_path / "a.yaml", "a", block=1)
    write(tmp_path / "乙/方案.yaml", "b", block=2)
    write(tmp_path / "乙/别的.yaml", "c", block=3)
    (tmp_path / "说明.yaml").write_text("标题: 不是方案\n", encoding="utf-8")
    found = find_plans([str(tmp_path), str(tmp_path / "*.yaml"), str(tmp_path / "a.yaml")])
    assert sorted(job.id for job in found.jobs) == ["a", "b"], "of a folder in a folder only 方案.yaml"
    assert [path.name for path in found.left] == ["说明.yaml"] and not found.failed


def test_longest_first_by_the_last_run_else_by_size(tmp_path):
    for name, size in (("big", 900_000), ("small", 100_000), ("known", 500_000)):
        write(tmp_path / name / "方案.yaml", name, folder="out")
        (tmp_path / name / "边界.shp").write_bytes(b"x" * size)
    run = tmp_path / "known/out/known/work/run.json"
    run.parent.mkdir(parents=True)
    run.write_text('{"usual_seconds": {"load": 100.0, "deliver": 900.0}}', encoding="utf-8")
    found = find_plans([str(tmp_path)])
    assert [(job.id, job.weight) for job in found.jobs] == [
        ("big", 1800.0),
        ("known", 1000.0),
        ("small", 200.0),
    ]


def test_two_plans_into_one_folder_are_refused_before_anything_is_run(tmp_path):
    write(tmp_path / "a.yaml", "Same")
    write(tmp_path / "b.yaml", "same")
    with pytest.raises(PlanFaults) as stop:
        find_plans([str(tmp_path)])
    (fault,) = stop.value.faults
    assert fault.code == "HSQ-C03" and "a.yaml" in fault.problem and "b.yaml" in fault.problem


def test_one_block_number_twice_in_a_county_is_a_warning(tmp_path):
    write(tmp_path / "a.yaml", "a")
    write(tmp_path / "b.yaml", "b")
    (remark,) = find_plans([str(tmp_path)]).remarks
    assert remark.severity == "警告" and "BSM" in remark.remedy


def test_a_word_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "空").mkdir()
    with pytest.raises(PlanFaults) as stop:
        find_plans([str(tmp_path / "空"), str(tmp_path / "*.yml")])
    assert [fault.code for fault in stop.value.faults] == ["HSQ-C01", "HSQ-C01"]


def test_a_config_that_cannot_be_read_is_a_failure_among_others_and_in_the_report(tmp_path):
    write(tmp_path / "a.yaml", "a")
    (tmp_path / "坏.yaml").write_text("plan: [\n", encoding="utf-8")
    (tmp_path / "错.yaml").write_text("plan: {id: x}\n", encoding="utf-8")
    found = find_plans([str(tmp_path)])

    def engine(jobs: list[Job], tell: Heard) -> list[Record]:
        return [Record.of(job, DONE, seconds=2.0, peak_mb=300.0) for job in jobs]

    report = run_batch(found, engine, Heard(), workers=2, folder=tmp_path / "报告")
    assert not report.sound and report.counts[DONE] == 1 and report.counts[FAILED] == 2
    failed = {Path(record.path).name: record for record in report.records if record.state == FAILED}
    assert failed["坏.yaml"].codes == ("HSQ-C02",) and "处错误" in failed["错.yaml"].reason
    assert [record.state for record in report.records][-1] == DONE, "what needs a hand comes first"

    import json

    import openpyxl

    told = json.loads((tmp_path / "报告/批量运行.json").read_text(encoding="utf-8"))
    assert told["counts"] == report.counts and told["peak_memory_mb"] == 300.0
    page = openpyxl.load_workbook(tmp_path / "报告/批量运行.xlsx").active
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=3)]
    assert [row[2] for row in rows] == [FAILED, FAILED, DONE]
    assert {row[4] for row in rows[:2]} == {"HSQ-C02", "HSQ-C03"}


def test_the_reason_of_a_failure_names_the_file_once():
    record = Record("/x/a.yaml", "a")
    lost = Fault("HSQ-F02", "文件在运行中不能读取", file="/x/数据/底图.tif")
    assert finding.refuse_plan(record, PlanFaults([lost])).reason == "文件在运行中不能读取（底图.tif）"
    gone = Fault("HSQ-F01", "文件不存在：边界.shp", file="/x/边界.shp")
    assert finding.refuse_plan(record, PlanFaults([gone])).reason == "文件不存在：边界.shp"
    own = Fault("HSQ-C03", "取值不对", file="/x/a.yaml", field="plan.id")
    assert finding.refuse_plan(record, PlanFaults([own])).reason == "取值不对（plan.id）"


def refuse_reading(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let files of these names refuse to be opened, as those do that a program on Windows keeps for itself."""
    real = Path.open

    def opened(self: Path, *words: Any, **more: Any) -> Any:
        if self.name in names:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, *words, **more)

    monkeypatch.setattr(Path, "open", opened)


def test_a_file_of_one_plan_that_cannot_be_asked_for_stops_that_plan_alone(tmp_path, monkeypatch):
    paths = [write(tmp_path / f"{name}.yaml", name, block=n) for n, name in enumerate("ab", 1)]
    locked = tmp_path / "人工决策.xlsx"

    def ask(plan: Plan) -> bool:
        if plan.plan.id == "a":
            raise PermissionError(errno.EACCES, "Permission denied", str(locked))
        return False

    monkeypatch.setattr(finding, "is_current", ask)
    found = find_plans(list(map(str, paths)))
    assert [job.id for job in found.jobs] == ["b"]
    (record,) = found.failed
    assert (record.id, record.state, record.codes) == ("a", FAILED, ("HSQ-F02",))
    assert str(locked) in record.reason and "关闭" in record.reason


def test_an_input_out_of_reach_stops_that_plan_alone(tmp_path, monkeypatch):
    for name in "ab":
        write(tmp_path / name / "方案.yaml", name)
        (tmp_path / name / "边界.shp").write_bytes(b"x")
    real = Path.stat

    def stat(self: Path, **more: Any) -> Any:
        if self == tmp_path / "a/边界.shp":
            raise OSError(errno.EIO, "Input/output error", str(self))
        return real(self, **more)

    monkeypatch.setattr(Path, "stat", stat)
    found = find_plans([str(tmp_path)])
    assert [job.id for job in found.jobs] == ["b"] and [record.id for record in found.failed] == ["a"]
    assert "边界.shp" in found.failed[0].reason


def test_a_config_of_a_folder_that_cannot_be_opened_is_told_with_the_plans(tmp_path, monkeypatch):
    for name in ("a", "locked"):
        write(tmp_path / f"{name}.yaml", name)
    refuse_reading(monkeypatch, "locked.yaml")
    found = find_plans([str(tmp_path)])
    assert [job.id for job in found.jobs] == ["a"] and not found.left
    (record,) = found.failed
    assert record.codes == ("HSQ-C01",) and Path(record.path).name == "locked.yaml"


def test_a_folder_that_cannot_be_listed_is_refused_by_name(tmp_path, monkeypatch):
    def refuse(self: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(PlanFaults) as stop:
        find_plans([str(tmp_path)])
    (fault,) = stop.value.faults
    assert fault.code == "HSQ-C01" and fault.file == str(tmp_path)
