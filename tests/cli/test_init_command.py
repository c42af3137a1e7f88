"""``haoshequ init`` on the command line: what it writes, prints and refuses; check and run follow."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.plan import load_plan

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


def test_a_newcomer_gets_a_hand_in_by_init_check_run(tmp_path, call):
    """The tiny plan's files and nothing else: no key edited by hand. One sheet keeps it short."""
    shutil.copytree(ROOT / "data/sample/tiny", tmp_path / "资料")
    call("init", tmp_path / "方案", "--from", tmp_path / "资料", "--date", "2026-11-23")
    config = tmp_path / "方案/方案.yaml"
    assert call("check", config)[0] == 0
    text = config.read_text(encoding="utf-8") + '\nsheets:\n  only: ["1-02"]\n'
    config.write_text(text, encoding="utf-8")
    code, said = call("run", config)
    assert code == 0 and "完成" in said
    handin = tmp_path / "方案/output/方案/成果"
    assert (handin / "成果目录.xlsx").is_file() and list(handin.glob("图件/JPG/*.jpg"))
    assert (handin / "附件/体检报告/专项体检报告.docx").is_file()
