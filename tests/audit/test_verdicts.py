"""Verdicts: nothing is 符合 without what it rests on, and nothing wrong is its own ground."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from pipeline.audit.audit import Audit, decide
from pipeline.audit.findings import BROKEN, CHECKS, PERSON, Check, Checked, run_check
from pipeline.audit.folder import ATLAS, SHEETS, HandIn
from pipeline.audit.rules import Rule, Wanted

PARTS = {"numbers": ["1-01"], "words": ["更新范围"]}


def draw_page(path: Path, grey: int = 120, **more: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (420, 297), (grey, grey, grey)).save(path, **more)


def test_a_check_that_found_faults_is_no_evidence() -> None:
    one, two = Wanted("one", "{}"), Wanted("two", "{}")
    broken, sound = Checked("one", "一", "组"), Checked("two", "二", "组")
    broken.see("全部相符")
    broken.fault("有一处不符")
    sound.see("读到两处")
    ruling = decide(Rule("R-01", "1.1", "", "", (one, two), "", ""), {one: broken, two: sound})
    assert ruling.verdict == BROKEN
    assert [(kind, spot.said) for kind, spot in ruling.spots] == [
        ("不符合", "有一处不符"),
        ("依据", "读到两处"),
    ]


def test_words_nobody_could_read_are_for_a_person(tmp_path: Path) -> None:
    draw_page(tmp_path / SHEETS / "1-01_图.jpg")
    found = run_check("sheets", HandIn(tmp_path, parameters={}), PARTS)
    assert found.verdict == PERSON
    assert "更新范围" in found.doubts[0].said


@pytest.mark.parametrize(("word", "wrong"), [("更新范围", 0), ("研究范围", 1)])
def test_without_cad_the_words_are_read_from_the_atlas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, wrong: int
) -> None:
    draw_page(tmp_path / SHEETS / "1-01_图.jpg")
    monkeypatch.setattr("pipeline.audit.checks.sheets.place_pages", lambda handin: {"1-01": 2})
    pages = SimpleNamespace(read_words=lambda index: {2: word}[index])
    monkeypatch.setattr(HandIn, "pdf", lambda self, name: pages)
    found = run_check("sheets", HandIn(tmp_path, parameters={}), PARTS)
    assert len(found.wrong) == wrong
    assert not found.doubts


def test_a_picture_that_cannot_be_read_has_no_resolution(tmp_path: Path) -> None:
    draw_page(tmp_path / SHEETS / "1-01_图.jpg", dpi=(300, 300))
    (tmp_path / SHEETS / "1-02_图.jpg").write_bytes(b"no picture")
    found = run_check("jpg_dpi", HandIn(tmp_path, parameters={}), {})
    assert [spot.said[:5] for spot in found.seen] == ["1 张 J"]


def test_an_atlas_that_was_written_again_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / ATLAS
    draw_page(path, format="PDF")
    assert len(HandIn(tmp_path).pdf(ATLAS)) == 1
    page = Image.new("RGB", (420, 297))
    page.save(path, format="PDF", save_all=True, append_images=[page])
    assert len(HandIn(tmp_path).pdf(ATLAS)) == 2


def test_a_check_stopped_by_the_unforeseen_is_left_to_a_person_and_nothing_is_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(handin: HandIn, out: Checked) -> None:
        out.see("读到一处")
        raise KeyError("没有想到的列")

    monkeypatch.setitem(CHECKS, "stumble", Check("stumble", "会绊倒的检查", "组", stumble))
    handin = HandIn(tmp_path, parameters={})
    found = run_check("stumble", handin, {})
    assert found.verdict == PERSON and "没有做完" in found.doubts[0].said
    assert "KeyError（test_verdicts.py 第" in found.broken_off and "没有想到的列" in found.broken_off
    sound = Checked("sound", "二", "组")
    assert Audit(handin, [], {Wanted("sound", "{}"): sound}).passed
    assert not Audit(handin, [], {Wanted("sound", "{}"): sound, Wanted("stumble", "{}"): found}).passed
