"""The commands ``access`` and ``site`` over plain files: figures by hand, faults all at once, exit codes."""

from __future__ import annotations

import sys

import openpyxl
import pandas as pd
import pytest

from pipeline.cli import main

PAIRS = """起点编号,终点编号,距离_m,起点状态
a,s1,200,已接入
a,s2,900,已接入
b,s1,1000,已接入
b,s2,300,已接入
c,s2,1500,已接入
d,,,过远
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "od.csv").write_text(PAIRS, encoding="utf-8")
    pd.DataFrame({"编号": list("abcd"), "老人": ["100人", 200, 50, 7]}).to_excel(
        tmp_path / "需求.xlsx", index=False
    )
    sites = {"编号": ["s2", "s1"], "床位": [6, 10], "既有": ["否", "是"], "容量": [250, 110]}
    pd.DataFrame(sites).to_csv(tmp_path / "设施.csv", index=False, encoding="gbk")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder, monkeypatch, capsys):
    def run(text):
        monkeypatch.setattr(sys, "argv", ["haoshequ", *text.split()])
        monkeypatch.setenv("COLUMNS", "400")
        with pytest.raises(SystemExit) as exit_:
            main()
        told = capsys.readouterr()
        return exit_.value.code, told.out + told.err

    return run


GIVEN = "--supply 设施.csv --supply-value 床位 --demand 需求.xlsx --demand-value 老人"


def test_2sfca_by_hand_from_files(folder, call):
    code, said = call(f"access od.csv --measure 2sfca --limit 500 {GIVEN} -o r.xlsx")
    assert code == 0, said
    table = pd.read_excel(folder / "r.xlsx").set_index("起点编号")
    assert table["可达度"].to_dict() == pytest.approx({"a": 0.1, "b": 0.03, "c": 0, "d": 0})
    assert table["最近距离_m"].to_dict() == pytest.approx(
        {"a": 200, "b": 300, "c": 1500, "d": float("nan")}, nan_ok=True
    )
    assert "Σ 需求×可达度 = 16（供给合计 16）" in said and "上限内没有终点 2 个" in said


def test_zones_and_opportunities(folder, call):
    code, said = call(f"access od.csv --measure e2sfca --zones 300:1,900:0.68,1500:0.22 {GIVEN} -o r.csv")
    assert code == 0, said
    r0, r1 = 10 / (100 + 200 * 0.22), 6 / (68 + 200 + 11)
    table = pd.read_csv(folder / "r.csv").set_index("起点编号")
    assert table["可达度"].tolist() == pytest.approx([r0 + 0.68 * r1, 0.22 * r0 + r1, 0.22 * r1, 0])
    code, _ = call("access od.csv --measure cumulative --limit 1000 -o n.csv")
    assert code == 0
    assert pd.read_csv(folder / "n.csv")["可达度"].tolist() == [2, 2, 0, 0]


def test_an_input_is_never_written_over(folder, call):
    before = (folder / "od.csv").read_bytes()
    for words in (
        "access od.csv --measure cumulative --limit 9 -o od.csv",
        "site od.csv --model median --count 1 -o od.csv",
    ):
        code, said = call(words)
        assert (code, "会覆盖输入文件 od.csv" in said) == (2, True)
    assert (folder / "od.csv").read_bytes() == before
    # Nor by a table that is written beside a csv.
    (folder / "r_分配.csv").write_bytes(before)
    code, said = call("site r_分配.csv --model median --count 1 -o r.csv")
    assert (code, "会覆盖输入文件 r_分配.csv" in said) == (2, True)


def test_the_same_files_give_the_same_bytes(folder, call):
    for name in ("x.xlsx", "y.xlsx"):
        assert call(f"access od.csv --measure gravity --limit 900 --decay linear -o {name}")[0] == 0
    assert (folder / "x.xlsx").read_bytes() == (folder / "y.xlsx").read_bytes()


def test_site_median_with_an_existing_site(folder, call):
    (folder / "od.csv").write_text(PAIRS.replace("d,,,过远\n", "d,s2,1,已接入\n"), encoding="utf-8")
    sites = "--sites 设施.csv --existing 既有 --demand 需求.xlsx --demand-value 老人"
    code, said = call(f"site od.csv --model median --count 2 {sites} -o r.xlsx")
    assert code == 0, said
    assert "Σ 需求×距离 = 155007·m（已证最优）" in said  # 100·200 + 200·300 + 50·1500 + 7·1
    book = openpyxl.load_workbook(folder / "r.xlsx")
    assert book.sheetnames == ["站点", "分配", "概要"]
    rows = list(book["站点"].iter_rows(min_row=2, values_only=True))
    assert rows == [("s2", "否", 3, 257, 525.32, 1500), ("s1", "是", 1, 100, 200, 200)]
    assert [row[2] for row in book["分配"].iter_rows(min_row=2, values_only=True)] == ["s1", "s2", "s2", "s2"]


def test_site_covers_under_capacity_and_counts_who_is_left(folder, call):
    given = "--sites 设施.csv --capacity 容量 --demand 需求.xlsx --demand-value 老人"
    code, said = call(f"site od.csv --model cover-most --limit 1000 --count 1 {given} -o r.csv")
    assert code == 0, said
    # s2 (250) can hold a or b, s1 (110) only a: b is worth more than a
    assert "覆盖需求 = 200" in said and "未服务 3 处，合计 157" in said
    assert pd.read_csv(folder / "r.csv")["站点编号"].tolist() == ["s2"]
    assert pd.read_csv(folder / "r_分配.csv")["站点编号"].tolist()[1] == "s2"


def test_demand_that_cannot_be_reached_is_named(folder, call):
    code, said = call("site od.csv --model cover-all --limit 1000 -o r.csv")
    assert code == 1 and "HSQ-A08" in said and "c、d" in said and not (folder / "r.csv").exists()
    (folder / "od.csv").write_text("起点编号,终点编号,距离_m\na,s1,1\nb,s2,1\n", encoding="utf-8")
    code, said = call("site od.csv --model median --count 1 -o r.csv")
    assert code == 1 and "至少需要 2 个" in said


def write_capacity(folder, *values):
    (folder / "设施.csv").write_text(
        "编号,容量\n" + "".join(f"s{n + 1},{value}\n" for n, value in enumerate(values)), encoding="utf-8"
    )


def test_what_does_not_fit_is_told_apart(folder, call):
    # a 100 reaches both, b 200 both, c 50 only s2, d nothing: it is left out here
    pairs = PAIRS.replace("d,,,过远\n", "")
    (folder / "od.csv").write_text(pairs, encoding="utf-8")
    (folder / "需求.csv").write_text("编号,老人\na,100\nb,200\nc,50\n", encoding="utf-8")
    given = "--sites 设施.csv --capacity 容量 --demand 需求.csv --demand-value 老人 -o r.csv"
    for capacities, words, said_too in (
        ((150, 180), "cover-all --limit 2000", "b（需求 200，容量至多 180）"),
        ((210, 100), "cover-all --limit 2000", "需求合计 350，全部候选点的容量合计只有 310"),
        ((205, 145), "median --count 2", "容量合计 350 不小于需求合计 350，但按距离和整体归属分不下"),
        ((90, 210), "cover-all --limit 1000", "c"),
    ):
        write_capacity(folder, *capacities)
        code, said = call(f"site od.csv --model {words} {given}")
        assert code == 1 and said_too in said, said
    write_capacity(folder, 250, 300)
    code, said = call(f"site od.csv --model median --count 1 {given}")
    assert code == 1 and "至少需要 2 个（带容量）" in said and not (folder / "r.csv").exists()
    code, said = call(f"site od.csv --model median --count 2 {given}")
    assert code == 0, said
    table = pd.read_csv(folder / "r.csv").set_index("站点编号")
    assert table["富余"].to_dict() == {"s1": 150, "s2": 50}


def test_all_faults_are_told_at_once(folder, call):
    bad = (
        PAIRS.replace("a,s1,200", "a,s1,很近").replace("b,s2,300", "b,s2,-3")
        + "z,s9,5,已接入\nz,s9,6,已接入\n"
    )
    (folder / "od.csv").write_text(bad, encoding="utf-8")
    code, said = call(f"access od.csv --measure 2sfca --limit 500 {GIVEN} -o none/r.doc")
    assert code == 1
    for part in ("HSQ-V03", "很近", "HSQ-V04", "HSQ-V06", "HSQ-V10", "s9", "HSQ-F04", "HSQ-F01"):
        assert part in said
    code, said = call(
        f"access od.csv --measure 2sfca --limit 5 --distance 米 {GIVEN.replace('床位', '座')} -o r.csv"
    )
    assert code == 1 and "没有名为“米”的列" in said and "没有名为“座”的列" in said


@pytest.mark.parametrize(
    "text",
    [
        "access od.csv --measure 2sfca --limit 500 -o r.csv",
        "access od.csv --measure cumulative -o r.csv",
        "access od.csv --measure cumulative --limit 5 --decay linear -o r.csv",
        "access od.csv --measure gravity --zones 300:1,200:2 -o r.csv",
        "access od.csv --measure gravity --limit 3 --decay linear --parameter 2 -o r.csv",
        "access od.csv --measure far --limit 3 -o r.csv",
        "site od.csv --model median -o r.csv",
        "site od.csv --model cover-all --limit 5 --count 2 -o r.csv",
        "site od.csv --model center --count 2 --limit 5 -o r.csv",
        "site od.csv --model median --count 2 --capacity 容量 -o r.csv",
        "site od.csv --count 2 -o r.csv",
    ],
)
def test_options_that_do_not_fit_are_usage_errors(folder, call, text):
    code, said = call(text)
    assert code == 2 and "用法有误" in said
    assert not (folder / "r.csv").exists()


def test_a_count_the_files_do_not_allow_is_a_fault(call):
    code, said = call("site od.csv --model cover-most --limit 5 --count 3 -o r.csv")
    assert code == 1 and "取 1 至 2" in said


@pytest.mark.parametrize("name", ["access", "site"])
def test_help_has_an_example(call, name):
    code, said = call(f"{name} --help")
    assert code == 0 and f"例：haoshequ {name} " in said
