"""The same drawing as vectors: searchable, embedded, the same bytes each time, at home in poppler."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from pipeline.deliver.atlas.pages import draw_cover, draw_list, list_lines
from pipeline.deliver.sheet.render import draw_sheet, print_sheet, render_sheet
from styles.errors import GlyphError
from styles.frame import load_frame
from tests.sheet.samples import BLOCK, SHEETS

A3_POINTS = (420 / 25.4 * 72, 297 / 25.4 * 72)


def squeeze(text: str) -> str:
    """Text without blanks: where lines break and columns stand is the viewer's business."""
    return re.sub(r"\s", "", text)


def extract(pdf: bytes) -> str:
    return squeeze("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


@pytest.fixture(scope="module")
def printed(town):
    return {name: print_sheet(make(town), vectors=True) for name, make in SHEETS.items()}


def test_both_prints_are_of_one_drawing(printed, drawn):
    for name, (jpg, _, report) in printed.items():
        assert jpg == drawn[name][1], "the PDF leaves the JPG as it was"
        assert report.texts == drawn[name][2].texts


def test_every_text_and_every_label_is_found(printed):
    for name, (_, pdf, report) in printed.items():
        said = extract(pdf)
        assert len(report.texts) > 30 and report.labels
        assert [t for t in report.texts if squeeze(t) not in said] == [], name
        assert [p.text for p in report.labels if squeeze(p.text) not in said] == [], name


def test_a_text_stands_there_once(printed):
    """Halo and bold are outlines, no second text under the first."""
    for _, pdf, report in printed.values():
        assert extract(pdf).count(squeeze(report.title)) == 2  # title and 图签


def test_page_is_a3_and_fonts_are_embedded_subset_and_mapped(printed):
    for _, pdf, _ in printed.values():
        (page,) = PdfReader(io.BytesIO(pdf)).pages
        assert [float(v) for v in page.mediabox.upper_right] == pytest.approx(A3_POINTS, abs=0.2)
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert fonts
        for font in fonts:
            assert font["/Subtype"] == "/Type3" and "/ToUnicode" in font
            assert re.match(r"/[A-Z]{6}\+NotoSansSC", font["/BaseFont"])
            assert 0 < len(font["/CharProcs"]) <= 256


def test_map_is_vectors_not_a_picture(printed):
    for _, pdf, _ in printed.values():
        (page,) = PdfReader(io.BytesIO(pdf)).pages
        assert not page.images


def test_no_dates_no_producer_and_the_same_bytes(town, printed):
    for name, (_, pdf, _) in printed.items():
        assert not PdfReader(io.BytesIO(pdf)).metadata
        assert print_sheet(SHEETS[name](town), vectors=True)[1] == pdf


def test_vectors_are_made_only_where_asked_for(town, drawn):
    jpg, pdf, _ = print_sheet(SHEETS["landuse"](town), vectors=False)
    assert pdf == b"" and jpg == drawn["landuse"][1] == draw_sheet(SHEETS["landuse"](town))[0]


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not on PATH")
def test_poppler_finds_every_label_and_warns_of_nothing(printed, tmp_path):
    for name, (_, pdf, report) in printed.items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        assert not run_poppler("pdffonts", path)[1]
        assert not run_poppler("pdftoppm", "-r", "20", "-png", path, tmp_path / name)[1]
        said, warned = run_poppler("pdftotext", "-raw", "-enc", "UTF-8", path, "-")
        assert not warned
        assert [t for t in report.texts if squeeze(t) not in squeeze(said)] == []
        assert [p.text for p in report.labels if squeeze(p.text) not in squeeze(said)] == []


def run_poppler(*args: object) -> tuple[str, str]:
    done = subprocess.run([str(a) for a in args], capture_output=True, check=True)
    return done.stdout.decode(), done.stderr.decode()


def test_cover_says_who_what_when_and_in_which_system():
    said = extract(draw_cover(BLOCK, "图集（公示版）"))
    for text in (BLOCK.project, "图集（公示版）", BLOCK.unit, BLOCK.date, BLOCK.crs_text):
        assert squeeze(text) in said
    assert "审图号" not in said
    assert "赣S（2026）001号" in extract(draw_cover(replace(BLOCK, map_review_no="赣S（2026）001号"), "图集"))


def test_cover_of_a_character_no_font_draws_is_refused():
    with pytest.raises(GlyphError):
        draw_cover(replace(BLOCK, project="好社区🌳"), "图集")


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (36, 1), (300, 4)])
def test_list_names_every_drawing_once_with_its_page_and_spills_over(count, pages):
    drawn = [(f"第{n // 8}部分", f"{n // 8}-{n % 8:02}", f"某某现状图第{n}张", 7500) for n in range(count)]
    absent = [("9-99", "功能业态策划图", "没有可表达的内容" * 12)]
    lines = list_lines(drawn, absent)
    assert [line.page for line in lines if line.kind == "sheet"] == [str(n + 1) for n in range(count)]
    made, places = draw_list(lines, BLOCK, "图纸目录")
    assert len(made) == pages
    assert [place.number for place in places] == [number for _, number, _, _ in drawn]
    said = "".join(map(extract, made))
    assert all(said.count(squeeze(f"{title}1:7500")) == 1 for _, _, title, _ in drawn)
    assert "功能业态策划图：" in said and said.count("没有可表达的内容") >= 10
    for place in places:
        assert 25 < place.box.left < place.box.right < 415 and 5 < place.box.bottom < place.box.top < 292
    for page in range(pages):  # no line lies on another
        tops = [(p.box.left, round(p.box.top, 3)) for p in places if p.page == page]
        assert len(tops) == len(set(tops))


def test_heading_is_never_the_last_line_of_a_column():
    drawn = [(f"第{n}部分", f"{n}-01", f"某图{n}", 2000) for n in range(70)]
    made, places = draw_list(list_lines(drawn, []), BLOCK, "图纸目录")
    assert len(places) == 70 and len(made) >= 2
    # Each heading has one drawing: were one parted from it, the drawing would stand at a column's top.
    top = load_frame().map.top - 8.0
    assert max(place.box.top for place in places) < top - 5.0


def test_a_sheet_is_written_to_both_files(town, tmp_path: Path):
    render_sheet(SHEETS["facilities"](town), tmp_path / "a.jpg", tmp_path / "a.pdf")
    assert (tmp_path / "a.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (tmp_path / "a.pdf").read_bytes()[:5] == b"%PDF-"
