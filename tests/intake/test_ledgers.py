"""Ledgers: read, put in order, checked against each other and against the files they name."""

from __future__ import annotations

import os
from typing import Any

import pytest
from shapely import box

from configs import read_settings
from layers.ledgers import LEDGERS, Delegate, OwnCost, Paper, Population, Step
from layers.source import Building, Community, Ledger

from .conftest import E0, N0, Bench


def add_sheet(bench: Bench, key: str, rows: list[list[Any]], **source: Any) -> None:
    bench.sheet(f"{key}.xlsx", rows)
    bench.add(key, f"{key}.xlsx", **source)


def words(bench: Bench, code: str) -> str:
    return "；".join(f"{f.severity}{f.row}{f.problem}{f.action}" for f in bench.find(code))


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [("2022年3月", "2022", False), ("2022", "2022.3", False), ("2022-03", "2022-02", True), ("2023", "2022年12月", True)],
)  # fmt: skip
def test_works_do_not_end_before_they_begin(bench: Bench, start: str, end: str, wrong: bool) -> None:
    rows = [["工程名称", "实施状态", "开工年月", "完工年月"], ["甲路整治", "已实施", start, end]]
    add_sheet(bench, "past_work", rows)
    bench.fail() if wrong else bench.load()
    assert len(bench.find("HSQ-V04")) == wrong


def test_absent_ledgers_are_named_with_what_that_costs(bench: Bench) -> None:
    bench.load()
    said = {fault.layer: fault.problem for fault in bench.find("HSQ-A05")}
    costs = read_settings("missing_layers.yaml")
    for layer in LEDGERS:
        assert costs[layer.key] in said[layer.alias]


def test_an_empty_ledger_is_named_too(bench: Bench) -> None:
    add_sheet(bench, "target", [["维度", "指标", "目标值"]])
    bench.load()
    (fault,) = (f for f in bench.find("HSQ-A05") if f.layer == "更新目标")
    assert "没有任何行" in fault.problem


def test_ledger_frames_leave_load_conformed(bench: Bench) -> None:
    frames = bench.load()
    for layer in LEDGERS:
        names = [str(column) for column in layer.columns()]
        assert list(frames[layer.key].columns) == [*names, *(["geometry"] if layer.shape else [])]


def test_people_fill_blanks_and_contradictions_are_told(bench: Bench) -> None:
    bench.vector(
        "房.gpkg",
        [box(E0 + 10 * i, N0, E0 + 10 * i + 5, N0 + 5) for i in range(3)],
        {"id": ["B1", "B2", "B3"], "population": [30, None, None]},
    )
    bench.add("building", "房.gpkg")
    rows = [
        ["建筑编号", "社区名称", "常住人口", "60岁及以上人口"],
        ["B1", None, 31, 4],
        ["B2", None, "12人", 3],
        ["B9", None, 7, 1],
        [None, "甲社区", 5000, 900],
    ]
    add_sheet(bench, "population", rows)
    frames = bench.load()
    people = frames[Building.key].set_index(Building.id)
    assert people[Building.population].fillna(-1).to_dict() == {"B1": 30, "B2": 12, "B3": -1}
    assert people[Building.elders].fillna(-1).to_dict() == {"B1": 4, "B2": 3, "B3": -1}
    assert frames[Community.key][Community.population].tolist() == [5000]
    assert "B9" in bench.find("HSQ-V10")[0].value
    (told,) = (f for f in bench.find("HSQ-V04") if "人口台账" in f.problem)
    assert "30" in told.problem and "31" in told.problem and told.severity == "警告"


def test_people_of_nowhere_twice_or_too_old_are_refused(bench: Bench) -> None:
    rows = [
        ["建筑编号", "常住人口", "60岁及以上人口", "0-3岁人口"],
        [None, 3, 0, 0],
        ["B1", 5, 4, 3],
        ["B1", 6, 1, 1],
    ]
    add_sheet(bench, "population", rows)
    faults = bench.fail()
    assert {(f.code, f.row) for f in faults if f.layer == Population.alias} >= {
        ("HSQ-V02", "2"),
        ("HSQ-V04", "3"),
    }
    assert any(f.code == "HSQ-V06" and f.value == "B1" for f in faults)


def step_rows(*rows: list[Any]) -> list[list[Any]]:
    return [["阶段", "日期", "结束日期", "文件"], *rows]


def test_steps_out_of_order_are_told_with_their_clause(bench: Bench) -> None:
    rows = step_rows(
        ["征求意见", "2026年3月2日", "2026-03-16", None],
        ["公示", "2026.4.7", "2026.4.21", None],
        ["修改", "2026-04-25", None, None],
        ["审查", "2026-05-01", None, None],
        ["专家论证", "2026-05-20", None, None],
    )
    add_sheet(bench, "step", rows)
    frame = bench.load()[Step.key].set_index(Step.step)
    assert frame.loc["公示", Step.days] == 15 and frame.loc["公示", Step.date] == "2026-04-07"
    warned = [f.problem for f in bench.find("HSQ-A10") if f.severity == "警告"]
    assert len(warned) == 2
    assert "“修改”（2026-04-25）晚于“公示”（2026-04-07）" in warned[0] and "1.5(3)" in warned[0]
    assert "“专家论证”（2026-05-20）晚于“审查”（2026-05-01）" in warned[1] and "1.5(4)" in warned[1]


def test_a_step_without_its_forerunner_is_remarked(bench: Bench) -> None:
    add_sheet(bench, "step", step_rows(["审定", "2026-06-01", None, None]))
    bench.load()
    assert "没有“审查”的记录（指南 5.2.1）" in words(bench, "HSQ-A10")


def test_steps_in_order_are_left_alone(bench: Bench) -> None:
    days = [("征求意见", 1), ("修改", 2), ("公示", 3), ("专家论证", 3), ("审查", 4), ("审定", 5)]
    add_sheet(bench, "step", step_rows(*([name, f"2026-06-0{day}", None, None] for name, day in days)))
    bench.load()
    assert bench.find("HSQ-A10") == []


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["公示", "2026-04", None, None], "HSQ-V11"),
        (["公示", "2026-04-21", "2026-04-07", None], "HSQ-V04"),
        (["开会", "2026-04-07", None, None], "HSQ-V05"),
    ],
)
def test_steps_that_cannot_be_are_refused(bench: Bench, row: list[Any], code: str) -> None:
    add_sheet(bench, "step", step_rows(row))
    assert [f.code for f in bench.fail()] == [code]


def paper_rows(*files: str) -> list[list[Any]]:
    return [
        ["附件类别", "附件名称", "文件"],
        *(["其他", f"第{n}件", name] for n, name in enumerate(files, 1)),
    ]


def test_papers_are_found_beside_their_ledger(bench: Bench) -> None:
    (bench.folder / "附件").mkdir()
    (bench.folder / "附件/报告.pdf").write_bytes(b"%PDF-1.4")
    add_sheet(bench, "paper", paper_rows("附件\\报告.pdf"))
    assert bench.load()[Paper.key][Paper.file].tolist() == ["附件\\报告.pdf"]
    assert {f.problem.split("“")[1][:4] for f in bench.find("HSQ-A05") if f.layer == Paper.alias} == {
        "体检报告",
        "协商情况",
        "评审意见",
    }


def test_papers_that_may_not_be_taken_are_refused_each_with_its_reason(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("外") / "密.pdf"
    outside.write_bytes(b"%PDF")
    (bench.folder / "空.pdf").touch()
    (bench.folder / "运行.exe").write_bytes(b"MZ")
    names = ["没有.pdf", f"../{outside.parent.name}/密.pdf", str(outside), "C:\\密.pdf", "空.pdf", "运行.exe"]
    if hasattr(os, "symlink") and os.name != "nt":
        (bench.folder / "链接.pdf").symlink_to(outside)
        names.append("链接.pdf")
    add_sheet(bench, "paper", paper_rows(*names))
    faults = bench.fail()
    assert [f.value for f in faults] == names
    assert [f.code for f in faults] == ["HSQ-F01", *["HSQ-A10"] * (len(names) - 1)]
    told = {f.value: f.problem for f in faults}
    assert all("之外" in told[name] for name in (*names[1:4], *names[6:]))
    assert "0 字节" in told["空.pdf"] and ".exe" in told["运行.exe"]


def test_papers_too_large_and_of_one_name_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = read_settings("process.yaml")["papers"]
    monkeypatch.setitem(rules, "max_mb", 0.00001)
    for folder in ("一", "二"):
        (bench.folder / folder).mkdir()
        (bench.folder / folder / "意见.txt").write_bytes(b"x" * 5)
    (bench.folder / "大.txt").write_bytes(b"x" * 11)
    add_sheet(bench, "paper", paper_rows("大.txt", "一/意见.txt", "二/意见.txt"))
    problems = [f.problem for f in bench.fail()]
    assert "超过 1e-05 MB" in problems[0] and "同名" in problems[1] and len(problems) == 2


def test_delegates_are_counted_by_person_or_by_group(bench: Bench) -> None:
    rows = [
        ["社区名称", "姓名", "代表人数", "已登记人数", "联名人数"],
        ["甲社区", "代表一", None, "是", "是"],
        ["甲社区", None, 8, 6, 5],
    ]
    add_sheet(bench, "delegate", rows, values={"registered": {"是": "1"}, "signed": {"是": "1"}})
    frame = bench.load()[Delegate.key]
    assert frame[Delegate.count].sum() == 9
    (told,) = (f for f in bench.find("HSQ-A10"))
    assert told.problem.startswith("已登记居民代表 7 人，联名 6 人，超过三分之二") and told.severity == "警告"
    assert Delegate.name.spec.private


def test_two_thirds_exactly_is_not_more_than_two_thirds(bench: Bench) -> None:
    add_sheet(bench, "delegate", [["代表人数", "已登记人数", "联名人数"], [9, 9, 6]])
    bench.load()
    assert "未超过三分之二" in words(bench, "HSQ-A10")


@pytest.mark.parametrize("row", [[None, 1, 0], [3, 4, 0], [5, 3, 4]])
def test_delegates_that_do_not_add_up_are_refused(bench: Bench, row: list[Any]) -> None:
    add_sheet(bench, "delegate", [["代表人数", "已登记人数", "联名人数"], row])
    assert {f.layer for f in bench.fail()} == {Delegate.alias}


def test_yes_and_no_in_place_of_numbers_come_with_their_way_out(bench: Bench) -> None:
    add_sheet(
        bench, "delegate", [["姓名", "已登记人数", "联名人数"], ["甲", "是", None], ["乙", "√", "半数"]]
    )
    told = {(fault.row, fault.field): fault.remedy for fault in bench.fail() if fault.code == "HSQ-V03"}
    assert told.keys() == {("2", "registered"), ("3", "registered"), ("3", "signed")}
    assert "registered: {是: '1', 否: '0'}" in told["2", "registered"] == told["3", "registered"]
    assert "values" not in told["3", "signed"]


def test_unit_costs_name_what_they_are_of(bench: Bench) -> None:
    head = ["造价对象", "工程类型", "计价单位", "单价", "单价下限", "造价来源", "价格日期"]
    add_sheet(
        bench,
        "unit_cost",
        [
            head,
            ["社区食堂", "改造", "㎡", "2100元", None, "结算", "2026年3月"],
            ["整治工程", "整治", "m", 0.15, 0.1, "招标", "2026"],
        ],
    )
    frame = bench.load()[OwnCost.key]
    assert set(frame[OwnCost.subject]) == {"canteen", "*works"}
    assert frame.set_index(OwnCost.subject)[OwnCost.cost_wan].to_dict() == pytest.approx(
        {"canteen": 0.21, "*works": 0.15}
    )
    assert set(frame[OwnCost.date]) == {"2026-03", "2026"}


def test_unit_costs_of_nothing_twice_or_upside_down_are_refused(bench: Bench) -> None:
    head = ["造价对象", "工程类型", "计价单位", "单价", "单价下限", "造价来源", "价格日期"]
    rows = [
        ["飞船", "新建", "处", 9, 1, "无名", "2026"],
        ["小学", "新建", "㎡", 1, 2, "结算", "2026"],
        ["小学", "新建", "㎡", 1, 1, "结算", "2025"],
    ]
    add_sheet(bench, "unit_cost", [head, *rows])
    assert [f.code for f in bench.fail()] == ["HSQ-V04", "HSQ-V08", "HSQ-V06"]


def test_a_percentage_kept_by_its_format_is_doubted(bench: Bench) -> None:
    add_sheet(
        bench,
        "target",
        [["维度", "指标", "现状值", "目标值", "单位"], ["韧性安全", "整治率", 0.35, "95", "%"]],
    )
    bench.load()
    (told,) = bench.find("HSQ-V04")
    assert told.field == "now" and told.severity == "警告"


def test_the_kind_of_money_follows_the_words_of_its_source(bench: Bench) -> None:
    head = ["资源类别", "资源名称", "金额", "资金来源", "资金性质"]
    rows = [
        ["资金", "甲", 1, "上级财政专项", None],
        ["资金", "乙", 1, "运营企业垫资", None],
        ["资金", "丙", 1, "社会事业专项债券", None],
        ["资金", "丁", 1, "彩票", None],
        ["资金", "戊", 1, "企业", "财政资金"],
    ]
    add_sheet(bench, "ledger", [head, *rows])
    kinds = bench.load()[Ledger.key].set_index(Ledger.name)[Ledger.fund_kind].fillna("")
    assert kinds.to_dict() == {
        "甲": "财政资金",
        "乙": "社会资金",
        "丙": "财政资金",
        "丁": "",
        "戊": "财政资金",
    }


def test_a_row_written_twice_counts_once(bench: Bench) -> None:
    row = ["韧性安全", "整治率", "95"]
    add_sheet(bench, "target", [["维度", "指标", "目标值"], row, row])
    assert len(bench.load()["target"]) == 1
    assert "只计一次" in words(bench, "HSQ-G04")


def test_placeholders_of_a_fresh_config_are_remembered(bench: Bench) -> None:
    from .conftest import IDENTITY

    bench.plan["plan"] = {**IDENTITY, "compiler": "XX规划设计院"}
    bench.load()
    assert [f.field for f in bench.find("HSQ-C03")] == ["plan.compiler"]
