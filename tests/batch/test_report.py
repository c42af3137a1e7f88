"""The report of a batch when its files cannot be put in place: the batch tells its end all the same."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from layers.faults import Fault, PlanFaults
from pipeline.batch.finding import Found
from pipeline.batch.job import BROKEN_OFF, DONE, FAILED, Job, Record
from pipeline.batch.pool import Interrupted, Tell
from pipeline.batch.report import Report, write_report
from pipeline.cli import batch as command
from pipeline.cli.app import app
from tests.batch.test_finding import write

BOOK, DATA, BESIDE = "批量运行.xlsx", "批量运行.json", "批量运行.新.xlsx"


def hold_open(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let files of these names refuse to be replaced, as those do that Excel has open on Windows."""
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if Path(target).name in names:
            raise PermissionError(errno.EACCES, "Access is denied", str(self), None, str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def report_of(*records: Record) -> Report:
    return Report(list(records), 1.0, 1)


def list_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_workbook_held_open_is_written_beside_and_that_one_goes_when_it_is_free(tmp_path, monkeypatch):
    first, later = Record("a.yaml", "a", state=DONE), Record("a.yaml", "a", state=FAILED)
    write_report(report_of(first), tmp_path)
    with monkeypatch.context() as held:
        hold_open(held, BOOK)
        report = write_report(report_of(later), tmp_path)
    assert [path.name for path in report.files] == [DATA, BESIDE] and list_names(tmp_path) == {
        DATA,
        BOOK,
        BESIDE,
    }
    (remark,) = report.remarks
    assert (remark.code, remark.severity, remark.file) == ("HSQ-D05", "警告", str(tmp_path / BOOK))
    assert BESIDE in remark.action and "delivery.folder" not in remark.remedy + remark.field
    states = [openpyxl.load_workbook(tmp_path / name).active["C3"].value for name in (BOOK, BESIDE)]
    assert states == [DONE, FAILED], "the one held open is the earlier one"
    assert write_report(report_of(later), tmp_path).remarks == () and list_names(tmp_path) == {DATA, BOOK}


def test_what_cannot_be_written_at_all_is_left_out_and_said(tmp_path, monkeypatch):
    with monkeypatch.context() as held:
        hold_open(held, DATA, "批量运行.新.json")
        report = write_report(report_of(), tmp_path)
    assert [path.name for path in report.files] == [BOOK] and list_names(tmp_path) == {BOOK}, "no half file"
    assert [Path(remark.file).name for remark in report.remarks] == [DATA]
    (tmp_path / "文件").touch()
    report = write_report(report_of(), tmp_path / "文件")
    assert report.files == () and len(report.remarks) == 2


def call(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["batch", *map(str, words)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


def run_with(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """Let the engine of the command give every plan this state; broken off as Ctrl-C does it."""

    def engine(jobs: Sequence[Job], tell: Tell) -> list[Record]:
        records = [Record.of(job, state) for job in jobs]
        if state == BROKEN_OFF:
            raise Interrupted(records)
        return records

    monkeypatch.setattr(command, "_choose_engine", lambda workers, given: engine)


@pytest.mark.parametrize(("state", "code"), [(DONE, 0), (FAILED, 1), (BROKEN_OFF, 130)])
def test_the_batch_ends_as_its_plans_did_with_the_workbook_open(tmp_path, monkeypatch, state, code):
    monkeypatch.setenv("COLUMNS", "200")
    write(tmp_path / "a.yaml", "a")
    run_with(monkeypatch, state)
    hold_open(monkeypatch, BOOK)
    ended, said = call(tmp_path, "--report", tmp_path / "报告", "--quiet")
    assert ended == code and f"{state} 1" in said and "HSQ-D05" in said
    assert BESIDE in said.replace("\n", "") and (tmp_path / "报告" / BESIDE).is_file()
    ended, said = call(tmp_path, "--report", tmp_path / "报告", "--json")
    (end,) = [line for line in map(json.loads, _list_events(said)) if line["event"] == "end"]
    assert ended == code and end["counts"][state] == 1
    assert [Path(path).name for path in end["files"]] == [DATA, BESIDE]
    assert [remark["code"] for remark in end["remarks"]] == ["HSQ-D05"]


def _list_events(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_city_summary_that_cannot_be_written_comes_after_the_end_of_the_batch(
    tmp_path, monkeypatch, as_json
):
    monkeypatch.setenv("COLUMNS", "200")
    write(tmp_path / "a.yaml", "a")
    run_with(monkeypatch, DONE)
    monkeypatch.setattr(command, "_prepare", lambda *_, **__: (object(), [str(tmp_path / "a.yaml")], True))

    def refuse(city: object, found: Found, records: list[Record]) -> None:
        raise PlanFaults([Fault("HSQ-D05", "结果无法写入", file="全市汇总.xlsx", action="没有写出全市汇总")])

    monkeypatch.setattr("pipeline.batch.summary.summary.write_summary", refuse)
    words = ["--from-communities", "city.yaml", "--report", tmp_path, "--json" if as_json else "--quiet"]
    code, said = call(*words)
    assert code == 1
    if as_json:
        events = [json.loads(line) for line in _list_events(said)]
        assert [event["event"] for event in events][-2:] == ["end", "summary"]
        assert events[-1]["files"] == [] and events[-1]["faults"][0]["file"] == "全市汇总.xlsx"
    else:
        assert said.index("完成 1") < said.index("全市汇总.xlsx")
