"""``haoshequ review``: borders that are exact, triggers, records, exit codes, and what a wrong file is told."""

from __future__ import annotations

import shutil
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from configs import read_settings
from layers import codes
from layers.faults import PlanFaults
from pipeline.cli import main
from pipeline.deliver.library import FOLDER, Entry, head_of
from pipeline.review.lists import Listed, ProjectList, find_library, read_list
from pipeline.review.triggers import is_over, review_lists

HEADS = [head_of(c) for c in Entry.columns()]


def project(number, total, *, works="韧性增强工程", priority="必建类", **more):
    cells = {
        "id": f"P-{number}",
        "number": number,
        "name": f"项目{number}",
        "works": works,
        "priority": priority,
        **more,
    }
    return Listed(
        {str(c): cells.get(str(c), "") for c in Entry.columns()},
        None if total is None else round(total * 100),
    )


def listing(*projects, **more):
    return ProjectList(Path("x.xlsx"), {p.id: p for p in projects}, **more)


def judge(old, new, **more):
    return review_lists(old, new, **{"blocked": {}, **more})


@pytest.mark.parametrize(
    ("old", "new", "fires"),
    [(100, 120, False), (100, 120.01, True), (100, 80, False), (100, 79.99, True), (0.05, 0.06, False), (0.03, 0.04, True),
     (33.33, 39.99, False), (33.33, 40.0, True), (None, 50, False), (50, None, False), (None, None, False)],
)  # fmt: skip
def test_exactly_a_fifth_does_not_fire(old, new, fires):
    # Beside a project so large that only the single one can be off.
    big = project("A99", 1e6, works="设施提升工程")
    other = project("A98", 1e6)
    found = judge(listing(project("A01", old), big, other), listing(project("A01", new), big, other))
    assert found.triggers[0].fired is fires and found.fired is fires
    assert bool(found.records) is fires


@settings(max_examples=300, deadline=None, derandomize=True)
@cases(st.integers(1, 10**9), st.integers(0, 10**9))
def test_the_border_is_that_of_fractions(old, new):
    assert is_over(old, new, percent=20) == (abs(Decimal(new) - old) / old > Decimal("0.2"))


def test_what_fires_is_the_whole_a_kind_of_works_or_a_core_project():
    base = [project("A01", 100), project("C01", 100, works="设施提升工程", priority="提升类")]
    less = [project("A01", 100), project("C01", 60, works="设施提升工程", priority="提升类")]
    found = judge(listing(*base), listing(*less))
    # 提升类 alone is listed and does not count; its 工程 does, and the whole is exactly 20 % off.
    assert {(d.kind, d.over, d.fires) for d in found.deviations} == {
        ("全部项目", False, False), ("所属工程", False, False), ("所属工程", True, True),
        ("必建类项目", False, False), ("提升类项目", True, False),
    }  # fmt: skip
    assert found.triggers[0].found == "设施提升工程 -40.00%"
    assert [c.what for c in found.changes] == ["总投资：100.00万元 → 60.00万元"]


def test_a_border_hidden_by_rounding_is_not_printed_as_the_border():
    found = judge(listing(project("A01", 100_000)), listing(project("A01", 120_000.01)))
    assert found.fired and "+20.00%（略超过20%）" in found.triggers[0].found


def test_projects_that_come_and_go_count_in_the_sums_only():
    old = listing(project("A01", 100), project("A02", 10))
    new = listing(project("A01", 100), project("A03", 10))
    found = judge(old, new)
    assert not found.fired and [(c.kind, c.number) for c in found.changes] == [
        ("新增", "A03"),
        ("删除", "A02"),
    ]
    assert judge(old, listing(project("A01", 100), project("A03", 40))).fired  # 110 to 140


def test_numbers_may_change_while_ids_stay():
    old = listing(project("A01", 100, id="P-XQ09"))
    new = listing(project("A02", 100, id="P-XQ09", name="项目A01"))
    assert not judge(old, new).changes


@pytest.mark.parametrize(
    ("registered", "signed", "fires"),
    [
        (36, 24, False),
        (36, 25, True),
        (3, 2, False),
        (3, 3, True),
        (100, 66, False),
        (100, 67, True),
        (0, 0, False),
    ],
)
def test_exactly_two_thirds_do_not_fire(registered, signed, fires):
    old = listing(project("A01", 1))
    found = judge(old, listing(project("A01", 1), registered=registered, signed=signed))
    assert found.triggers[2].fired is fires
    assert judge(old, old, registered=registered, signed=signed).triggers[2].fired is fires


def test_force_majeure_counts_for_core_projects_only():
    both = listing(project("A01", 1), project("C01", 1, priority="提升类"))
    core = judge(both, both, blocked={"P-A01": "洪水"})
    assert core.triggers[1].fired and core.triggers[1].found == "A01 项目A01（洪水）"
    other = judge(both, both, blocked={"P-C01": ""})
    assert not other.fired and "不是必建类，不触发" in other.triggers[1].found


def test_records_are_there_once_steps_are_dated_after_the_trigger():
    steps = (
        ("征求意见", "2026-03-02"),
        ("公示", "2027-06-01"),
        ("审定", "2027-08-01"),
        ("审查", "2027-07-01"),
    )
    old = listing(project("A01", 100))
    new = listing(project("A01", 130), steps=steps)
    assert [r.state for r in judge(old, new, since="2027-06-01").records] == [
        "待补",
        "待补",
        "已有：2027-06-01",
        "已有：2027-07-01",
    ]
    assert {r.state for r in judge(old, new).records} == {"待补"}


def test_settings_name_what_exists():
    rules = read_settings("review.yaml")
    assert {step for record in rules["records"] for step in record["steps"]} <= set(codes.STEP.values)
    assert rules["core"] in codes.PRIORITY.values
    assert set(rules["items"]) <= {"全部项目", "所属工程", "必建类项目", "提升类项目"}


def write_book(path, rows, *, heads=HEADS):
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "项目库"
    for line in (["某社区城市更新项目库"], heads, *rows):
        sheet.append(line)
    book.save(path)
    return path


def line(number, total):
    cells = project(number, None).cells | {"total_wan": total}
    return [cells[str(c)] for c in Entry.columns()]


def call(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["haoshequ", "review", *map(str, words)])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    return stop.value.code, said.out + said.err


@pytest.fixture
def two(tmp_path):
    """An output folder and a hand-in of it by itself."""
    old = write_book(tmp_path / "旧" / "成果" / FOLDER / "某库.xlsx", [line("A01", 100), line("A02", "/")])
    shutil.copytree(tmp_path / "旧" / "成果", tmp_path / "新成果")
    return old, tmp_path / "旧", tmp_path / "新成果"


def test_exit_codes_and_the_workbook(two, tmp_path, monkeypatch, capsys):
    _, old, new = two
    code, said = call(monkeypatch, capsys, old, new)
    assert code == 0 and "没有触发弹性优化程序。\n" in said
    write_book(new / FOLDER / "某库.xlsx", [line("A01", 120.01), line("A02", "/")])
    report = tmp_path / "评估.xlsx"
    code, said = call(monkeypatch, capsys, old, new, "-o", report)
    assert code == 3 and "条件 1　触发" in said and "4. 调整方案的审批文件" in said and str(report) in said
    book = openpyxl.load_workbook(report)
    assert book.sheetnames == ["触发判定", "投资对比", "项目变化", "须补充的记录", "说明"]
    assert [row[3] for row in book["触发判定"].iter_rows(min_row=2, values_only=True)] == ["是", "否", "否"]
    assert next(book["投资对比"].iter_rows(min_row=2, values_only=True)) == (
        "全部项目",
        "全部项目",
        100,
        120.01,
        "+20.01%",
        "是",
        "是",
    )
    assert len(list(book["须补充的记录"].iter_rows(min_row=2))) == 4
    code, said = call(
        monkeypatch, capsys, old, old, "--blocked", "A01=洪水", "--registered", "3", "--signed", "2"
    )
    assert code == 3 and "A01 项目A01（洪水）" in said and "联名 2 人，未超过三分之二" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--blocked", "Z9"], "--blocked Z9：没有这个项目；可用编号 A01、A02"),
        (["--registered", "3"], "--registered 与 --signed 必须同时给出"),
        (["--registered", "3", "--signed", "4"], "--signed 4 多于 --registered 3"),
        (["--since", "2027年6月"], "应写成 2027-06-01"),
    ],
)
def test_wrong_use_is_told(two, monkeypatch, capsys, words, said):
    code, told = call(monkeypatch, capsys, *two[1:], *words)
    assert code == 2 and said in told


def test_the_report_never_overwrites_a_list(two, monkeypatch, capsys):
    book, old, new = two
    before = book.read_bytes()
    code, said = call(monkeypatch, capsys, old, new, "-o", book)
    assert code == 2 and "会覆盖输入文件" in said and book.read_bytes() == before


def spoil_cells(path):
    write_book(path, [line("A01", "很多"), line("A01", 1), line("A03", -1), [None, "A04", "x"]])


SPOILS = {
    "没有项目库": lambda path: path.unlink(),
    "不是可以打开的 xlsx": lambda path: path.write_bytes(b"PK\x03\x04 nothing"),
    "没有工作表“项目库”": lambda path: openpyxl.Workbook().save(path),
    "缺少列“项目标识”": lambda path: write_book(path, [], heads=HEADS[1:]),
    "项目总投资不是金额": spoil_cells,
    "没有一个相同的项目标识": lambda path: write_book(path, [line("Z01", 1)]),
    "有 2 个 xlsx": lambda path: shutil.copy(path, path.with_name("又一个.xlsx")),
}


@pytest.mark.parametrize("said", SPOILS)
def test_a_file_that_cannot_be_compared_says_why_and_what_to_do(two, monkeypatch, capsys, said):
    _, old, new = two
    SPOILS[said](new / FOLDER / "某库.xlsx")
    code, told = call(monkeypatch, capsys, old, new)
    assert code == 1 and said in told and "修改：" in told and "Traceback" not in told


def test_every_bad_cell_of_a_file_is_told_at_once(two):
    _, _, new = two
    spoil_cells(new / FOLDER / "某库.xlsx")
    with pytest.raises(PlanFaults) as stop:
        read_list(find_library(new))
    assert sorted(f.code for f in stop.value.faults) == ["HSQ-V02", "HSQ-V03", "HSQ-V03", "HSQ-V06"]
    assert {f.row for f in stop.value.faults} == {"3", "4", "5", "6"}
