"""``haoshequ init`` on the command line: what it writes, prints and refuses; check and run follow."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import openpyxl
import pytest

from pipeline.begin.book import NAME
from pipeline.cli import main
from pipeline.plan import load_plan
from tests.real import NAMED, REAL, is_there

ROOT = Path(__file__).resolve().parents[2]


def test_init_writes_and_says_what_comes_next(tmp_path, call):
    code, said = call("init", tmp_path / "方案", "--date", "2026-11-23")
    assert code == 0
    for name in ("方案.yaml", "台账.xlsx", "空间数据.gpkg"):
        assert name in said
    assert f"haoshequ check {tmp_path / '方案' / '方案.yaml'}" in said.replace("\n", "")
    assert load_plan(tmp_path / "方案/方案.yaml").plan.first_year == 2027


def test_a_second_init_refuses_and_changes_nothing(tmp_path, call):
    call("init", tmp_path / "方案", "--date", "2026-11-23")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    code, said = call("init", tmp_path / "方案", "--date", "2027-01-01")
    assert code == 1 and "不覆盖" in said
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_from_prints_what_was_mapped_doubted_and_left(tmp_path, call):
    shutil.copytree(ROOT / "data/sample/tiny", tmp_path / "资料")
    code, said = call("init", tmp_path / "方案", "--from", tmp_path / "资料", "--date", "2026-11-23")
    assert code == 0
    plain = said.replace("\n", "")
    for words in ("已对应（", "拿不准，请核对（", "没有采用（", "LKKD", "人口.tif", "附件/专项体检报告.docx"):
        assert words in plain, words
    code, said = call("check", tmp_path / "方案/方案.yaml")
    assert code == 0 and "可以运行" in said


def test_a_folder_that_is_not_there_is_one_message(tmp_path, call):
    code, said = call("init", tmp_path / "方案", "--from", tmp_path / "无", "--date", "2026-11-23")
    assert code == 1 and "HSQ-F01" in said
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_gives_templates_and_says_so(tmp_path, call):
    (tmp_path / "资料").mkdir()
    code, said = call("init", tmp_path / "方案", "--from", tmp_path / "资料", "--date", "2026-11-23")
    assert code == 0
    assert "没有可用的数据，配置指向空模板" in said.replace("\n", "") and "？" not in said
    plan = load_plan(tmp_path / "方案/方案.yaml")
    assert plan.inputs.given()["road"][0].path == Path("数据/空间数据.gpkg")


def test_a_file_in_the_place_of_the_folder_is_one_message(tmp_path, call):
    (tmp_path / "方案").write_text("我的", encoding="utf-8")
    code, said = call("init", tmp_path / "方案", "--date", "2026-11-23")
    assert code == 1 and "HSQ-D05" in said and "不是文件夹" in said.replace("\n", "")
    assert (tmp_path / "方案").read_text(encoding="utf-8") == "我的"


def test_check_of_empty_templates_names_what_is_missing(tmp_path, call):
    """Two errors, a place and roads; every empty template named with what it costs; nothing to guess."""
    call("init", tmp_path / "方案", "--date", "2026-11-23")
    code, said = call("check", tmp_path / "方案/方案.yaml", "--all")
    assert code == 1 and "错误 2 条" in said and "方案有错误" in said
    plain = "".join(line.replace("│", "").strip() for line in said.splitlines())
    for words in ("无法确定规划范围", "无法建立步行网络", "空模板请先填写", "更新目标的文件没有任何行"):
        assert words in plain, words


def test_check_finds_a_wrong_word_in_a_template_by_sheet_and_row(tmp_path, call):
    call("init", tmp_path / "方案", "--date", "2026-11-23")
    path = tmp_path / "方案/数据" / NAME
    book = openpyxl.load_workbook(path)
    page = book["过程记录"]
    heads = [cell.value for cell in page[1]]
    for head, value in {"阶段": "公式", "日期": "2026-04"}.items():
        page.cell(2, heads.index(head) + 1).value = value
    book.save(path)
    code, said = call("check", tmp_path / "方案/方案.yaml")
    assert code == 1 and "错误 4 条" in said
    report = openpyxl.load_workbook(tmp_path / "方案/output/方案/质检/数据质检.xlsx")
    rows = [[str(cell) for cell in row] for page in report for row in page.iter_rows(values_only=True)]
    for fault, value in (("HSQ-V05", "公式"), ("HSQ-V11", "2026-04")):
        (row,) = (row for row in rows if fault in row and value in row)
        assert "2" in row and any("台账.xlsx｜过程记录" in cell for cell in row)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "缺少参数 FOLDER"),
        (["方案", "--form", "资料"], "没有选项 --form，是否想用 --from？"),
        (["方案", "--from"], "选项 --from 缺少取值"),
        (["方案", "--date", "2026年3月1日"], "“2026年3月1日”不是日期，应写成 2026-11-23"),
        (["方案", "--date", "2026-13-01"], "“2026-13-01”不是日期"),
        (["方案", "资料"], "多余的参数"),
    ],
)
def test_typos_are_said_in_chinese_and_write_nothing(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["haoshequ", "init", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["guixi", "tsinghua"])
def test_check_passes_on_what_init_wrote_of_a_real_extract(folder, tmp_path, call):
    if not is_there():
        pytest.skip(f"SKIPPED: HAOSHEQU_REAL={NAMED!r} names no folder; real extracts were not begun")
    code, said = call("init", tmp_path / "方案", "--from", REAL / folder, "--date", "2026-11-23")
    assert code == 0 and "OpenStreetMap 数据：" in said
    code, said = call("check", tmp_path / "方案/方案.yaml")
    assert code == 0 and "错误 0 条" in said and "可以运行" in said


def test_a_newcomer_gets_a_hand_in_by_init_check_run(tmp_path, call):
    """The tiny plan's files and nothing else: no key edited by hand. One sheet keeps it short."""
    shutil.copytree(ROOT / "data/sample/tiny", tmp_path / "资料")
    call("init", tmp_path / "方案", "--from", tmp_path / "资料", "--date", "2026-11-23")
    config = tmp_path / "方案/方案.yaml"
    assert call("check", config)[0] == 0
    text = config.read_text(encoding="utf-8") + '\nsheets:\n  only: ["1-02"]\n'
    lean = text.replace("\ndelivery:\n", "\ndelivery:\n  cad: false\n  documents: false\n")
    assert lean != text
    config.write_text(lean, encoding="utf-8")
    code, said = call("run", config)
    assert code == 0 and "完成" in said
    handin = tmp_path / "方案/output/方案/成果"
    assert (handin / "成果目录.xlsx").is_file() and list(handin.glob("图件/JPG/*.jpg"))
    assert (handin / "附件/体检报告/专项体检报告.docx").is_file()
