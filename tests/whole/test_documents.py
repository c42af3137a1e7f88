"""The documents of the finished tiny plan: numbers as in its workbooks, its own sheets, and as LibreOffice prints them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import docx
import pytest
from pypdf import PdfReader

from layers.faults import FaultLog
from layers.model import Layer
from pipeline.deliver.document import ANNEX, TEXT
from pipeline.deliver.document.blocks import Paragraph
from pipeline.deliver.document.grid import lay_out
from pipeline.deliver.document.outline import read_outline
from pipeline.deliver.document.sources import compute_number, is_same, read_numbers
from pipeline.deliver.document.text import gather_text
from pipeline.deliver.handin import place_frames
from pipeline.deliver.tables import fill_tables
from pipeline.deliver.tables.content import Content
from pipeline.plan import Plan, load_plan
from tests.whole.conftest import Whole

Printed = list[tuple[str, tuple[int, int]]]  # text and size of each page, points
_PAGE = re.compile(r"— (\d+) —")


def test_every_number_of_the_text_is_in_its_workbook(tiny: Whole) -> None:
    numbers = read_numbers(tiny.handin / f"文本/{TEXT}.docx")
    grids: dict = {}
    computed = [(n, compute_number(n, tiny.handin, grids=grids)) for n in numbers]
    assert len(numbers) > 150 and len(grids) > 15
    assert [n for n, value in computed if value is not None and not is_same(n.stated, value)] == []
    # Printed as the source says, but for texts that are linked in pieces.
    assert [n for n in numbers if n.text != n.stated and n.text not in n.stated] == []


def test_the_sheets_of_the_run_are_the_figures(tiny: Whole) -> None:
    document = docx.Document(str(tiny.handin / f"文本/{TEXT}.docx"))
    drawn = sorted(p.stem.split("_")[0] for p in (tiny.handin / "图件/JPG").glob("*.jpg"))
    shown = [p.text for p in document.paragraphs if p.style.style_id == "FigureCaption"]
    assert sorted(re.search(r"（(\d-\d\d)）$", text)[1] for text in shown) == drawn
    assert len(document.inline_shapes) == len(drawn)
    assert (tiny.handin / f"文本/{TEXT}.docx").stat().st_size < 15_000_000


@pytest.fixture(scope="module")
def tables(tiny: Whole) -> tuple[Plan, list[Any]]:
    """The plan and its tables, filled from what the run stored."""
    plan = load_plan(tiny.home / "configs/tiny.yaml")
    frames = {
        path.stem: tiny.frame(Layer.registry[path.stem]) for path in tiny.folder.glob("work/*/*.parquet")
    }
    return plan, fill_tables(place_frames(frames, plan), plan, FaultLog())


def paragraphs(tables, plan, root) -> list[tuple[str, frozenset[str]]]:
    """Return each paragraph with the keys of its sources resolved to ``table!formula``."""
    text = gather_text(tables, plan, root, [])
    named = {source.key: f"{source.book}!{source.formula}" for source in text.sources}
    return [
        (block.text, frozenset(named[piece.key] for piece in block.pieces if piece.key))
        for block in text.book.blocks
        if isinstance(block, Paragraph) and block.style == "正文"
    ]


def change(content: Content, row: int, column: int) -> Content:
    rows = [list(cells) for cells in content.rows]
    cell = rows[row][column]
    rows[row][column] = cell._replace(value=cell.value + 1)
    totals = content.totals
    if totals is not None and isinstance(totals[column].value, int | float):
        totals = [*totals]
        totals[column] = totals[column]._replace(value=totals[column].value + 1)
    return replace(content, rows=rows, totals=totals)


def covers(source: str, number: str, address: str) -> bool:
    """Whether a source takes in a cell of a table."""
    book, _, formula = source.partition("!")
    if book != number:
        return False
    letter, row = re.fullmatch(r"([A-Z]+)(\d+)", address).groups()
    spans = re.findall(r"([A-Z]{1,2})(\d+)(?::([A-Z]{1,2})(\d+))?", re.sub(r'"[^"]*"', "", formula))
    return any(
        first == letter and int(top) <= int(row) <= int(bottom or top) for first, top, _, bottom in spans
    )


def find_changed(before: list[Any], after: list[Any]) -> list[tuple[Any, ...]]:
    """Return paragraphs that differ, old and new together where one took the place of the other."""
    found: list[tuple[Any, ...]] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        old, new = before[a:b], after[c:d]
        found += zip(old, new, strict=True) if len(old) == len(new) else [(p,) for p in (*old, *new)]
    return found


def moves(source: str, number: str, address: str) -> bool:
    """Whether the source's value moves with the cell: the cell itself, or one of a sum without conditions."""
    if not covers(source, number, address):
        return False
    formula = source.partition("!")[2]
    # Rounded to hundredths of ten thousand, one more may not show.
    return "ROUND" not in formula and (formula.startswith("SUM(") or ":" not in formula)


def test_one_cell_changes_exactly_the_sentences_that_use_it(tables, tiny: Whole) -> None:
    plan, filled = tables
    before = paragraphs(filled, plan, tiny.folder)
    used = {
        (x.partition("!")[0], letter)
        for p in before
        for x in p[1]
        for letter in re.findall(r"([A-Z]{1,2})\d", x)
    }
    tried = idle = hit = 0
    for index, (table, content) in enumerate(filled):
        grid = lay_out(content)
        for column, leaf in enumerate(content.leaves):
            numeric = [
                r for r, cells in enumerate(content.rows) if isinstance(cells[column].value, int | float)
            ]
            if not numeric or leaf.field == "#":
                continue
            row = numeric[len(numeric) // 2]
            address = grid.cell_of(leaf.field, grid.first + row)
            if (content.number, re.sub(r"\d", "", address)) not in used:
                idle += 1
                if idle % 4:  # what no sentence uses is tried now and then
                    continue
            changed = [*filled]
            changed[index] = table, change(content, row, column)
            differ = find_changed(before, paragraphs(changed, plan, tiny.folder))
            places = [address, *([grid.cell_of(leaf.field, grid.total)] if grid.total else [])]
            # A list of the largest may take in a row it did not name before: then the new sentence names it.
            stray = [
                pair
                for pair in differ
                if not any(covers(x, content.number, a) for p in pair for x in p[1] for a in places)
            ]
            assert stray == [], f"{content.number} {address}"
            # A count, or a condition that still holds, stays as it is; a sum or the cell itself may not.
            telling = {p for p in before if any(moves(x, content.number, a) for x in p[1] for a in places)}
            assert telling <= {p for pair in differ for p in pair}, f"{content.number} {address}"
            tried, hit = tried + 1, hit + bool(telling)
    assert tried > 40 and hit > 20, (tried, hit)


@pytest.fixture(scope="module")
def printed(tiny: Whole, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Printed]:
    """Both documents as PDF, by one call of LibreOffice."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("SKIPPED: no LibreOffice here; the documents were not printed")
    program = Path(office).resolve().parent
    if not any(program.glob("*swlo.*")):
        pytest.skip("SKIPPED: LibreOffice is here without Writer; the documents were not printed")
    home = tmp_path_factory.mktemp("office")
    for name, short in ((TEXT, "text"), (ANNEX, "annex")):
        shutil.copyfile(tiny.handin / f"文本/{name}.docx", home / f"{short}.docx")
    profile = (home / "profile").as_uri()
    done = subprocess.run(
        [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir", str(home),
         str(home / "text.docx"), str(home / "annex.docx")],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    made = {short: home / f"{short}.pdf" for short in ("text", "annex")}
    assert all(path.is_file() for path in made.values()), done.stdout + done.stderr
    return {short: read_pages(path) for short, path in made.items()}


def read_pages(path: Path) -> Printed:
    pages = PdfReader(path).pages
    return [
        (page.extract_text(), (round(float(page.mediabox.width)), round(float(page.mediabox.height))))
        for page in pages
    ]


@pytest.mark.parametrize("name", ["text", "annex"])
def test_pages_are_numbered_one_by_one(printed: dict[str, Printed], name: str) -> None:
    pages = [text for text, _ in printed[name]]
    numbers = [found[-1] for text in pages if (found := _PAGE.findall(text))]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    # Before them come the cover, the guide and the contents.
    assert len(pages) - 4 <= len(numbers) < len(pages) and len(numbers) > 15
    assert sum(not text.strip() for text in pages) == 0
    assert {size for _, size in printed[name]} == {(595, 842), (842, 595)}


def test_the_text_is_printed_with_its_chapters_and_contents(printed: dict[str, Printed]) -> None:
    text = "".join("".join(text for text, _ in printed["text"]).split())
    for number, chapter in enumerate(read_outline().chapters):
        head = f"第{'一二三四'[number]}章{chapter.title}"
        assert text.count(head) >= 2, head  # in the contents and over the chapter
        for order, section in enumerate(chapter.sections):
            assert text.count(f"第{'一二三四五六'[order]}节{section.title}") >= 2
    # Numbering written into the text as well would double it.
    assert "第一章第一章" not in text and "Error" not in text
    numbers = [int(n) for n in re.findall(r"图(\d+)\u3000?[^（]{2,30}（", text)]
    assert numbers[:1] == [1]
    assert "〔待填：" in text and text.count("〔") == text.count("〕")
