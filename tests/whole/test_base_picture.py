"""A whole run with a picture under its sheets: no network, its source on every sheet, in the atlas and in public."""

from __future__ import annotations

import socket

import pytest
from pypdf import PdfReader

from pipeline.engine.run import run_plan
from pipeline.plan import load_plan
from tests.whole.conftest import LEAN, Whole, list_bytes, place_plan

SOURCE = "测区正射影像2025年航摄"
_BASE = f"\n  base: {{path: ../data/sample/tiny/正射影像.tif, attribution: {SOURCE}}}\n"


def refuse(*args, **more):
    raise AssertionError("a socket was opened")


@pytest.fixture(scope="module")
def pictured(tmp_path_factory) -> Whole:
    """The tiny plan with its orthophoto under the sheets, in a process that can open no socket."""
    home = tmp_path_factory.mktemp("pictured")
    config = place_plan(home, "tiny", inputs=("tiny",), more=LEAN)
    text = config.read_text(encoding="utf-8")
    only = next(line for line in text.splitlines() if line.strip().startswith("only:"))
    config.write_text(text.replace(only, only + _BASE), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", refuse)
        patch.setattr(socket, "create_connection", refuse)
        run_plan(load_plan(config))
    return Whole(home, home / "output/tiny")


def test_every_sheet_names_the_source_and_shows_the_picture(pictured):
    book = PdfReader(pictured.handin / "图件/图集.pdf")
    shown = [page for page in book.pages if len(page.images)]
    assert len(shown) == len(list((pictured.handin / "图件/JPG").glob("*.jpg"))) > 3
    for page in shown:
        assert SOURCE in page.extract_text().replace("\n", "")
    public = PdfReader(pictured.handin / "公示版/图集（公示版）.pdf")
    pages = [page for page in public.pages if len(page.images)]
    assert len(pages) == len(list((pictured.handin / "公示版/JPG").glob("*.jpg"))) > 0
    assert all(SOURCE in page.extract_text().replace("\n", "") for page in pages)


def test_the_book_holds_each_picture_once(pictured):
    book = PdfReader(pictured.handin / "图件/图集.pdf")
    images = [image for page in book.pages for image in page.images]
    kept = {image.indirect_reference.idnum for image in images}
    assert len(kept) == len({image.data for image in images}) < len(images)


def test_a_plan_without_the_switch_shows_none(tiny, pictured):
    plain, with_picture = (list_bytes(run.handin / "图件/JPG") for run in (tiny, pictured))
    assert plain.keys() == with_picture.keys()
    assert all(plain[name] != with_picture[name] for name in plain)
    assert not any(len(page.images) for page in PdfReader(tiny.handin / "图件/图集.pdf").pages)


def test_the_picture_is_an_input_of_the_hand_in(pictured):
    assert "正射影像.tif" in (pictured.handin / "manifest.json").read_text(encoding="utf-8")
