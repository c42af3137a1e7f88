"""Every workbook of a whole hand-in opened by openpyxl: paper, headers, numbers that are numbers, texts that are texts."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from pipeline.deliver.tables.spec import table_specs
from tests.whole.conftest import Whole

NUMBER = re.compile(r"^-?[\d,]+(?:\.\d+)?%?$")
TITLES = {table.number: table for table in table_specs()}


@pytest.fixture(scope="module", params=["tiny", "sample"])
def books(request: pytest.FixtureRequest) -> list[tuple[Path, openpyxl.Workbook]]:
    run: Whole = request.getfixturevalue(request.param)
    paths = sorted((run.handin / "表格").rglob("*.xlsx"))
    assert len(paths) >= 10
    return [(path, openpyxl.load_workbook(path)) for path in paths]


def test_every_sheet_prints_on_a3_across_with_its_header_on_each_page(books) -> None:
    for path, book in books:
        for sheet in book.worksheets:
            told = f"{path.name}｜{sheet.title}"
            assert (int(sheet.page_setup.paperSize), sheet.page_setup.orientation) == (8, "landscape"), told
            assert sheet.print_title_rows and sheet.print_title_rows.startswith("$1:"), told
            assert sheet.print_area, told


def test_no_cell_is_a_formula_but_sums_of_its_own_column(books) -> None:
    for path, book in books:
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "e", f"{path.name} {cell.coordinate}"
                    if cell.data_type == "f":
                        letter = cell.column_letter
                        assert re.fullmatch(rf"=SUM\({letter}\d+:{letter}\d+\)", cell.value), (
                            f"{path.name} {cell.coordinate}"
                        )


def test_stored_sums_are_the_sums_of_the_cells(books) -> None:
    sums = 0
    for path, book in books:
        stored = openpyxl.load_workbook(path, data_only=True)
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                for cell in (c for c in row if c.data_type == "f"):
                    first, last = map(int, re.findall(r"\d+", cell.value))
                    values = [stored[sheet.title].cell(r, cell.column).value for r in range(first, last + 1)]
                    total = round(sum(v for v in values if isinstance(v, int | float)), 6)
                    assert stored[sheet.title][cell.coordinate].value == pytest.approx(total, abs=1e-9)
                    sums += 1
    assert sums >= 3


def test_declared_numbers_are_numbers_and_placeholders_are_gone(books) -> None:
    seen = 0
    for path, book in books:
        table = TITLES.get(path.name.split("_")[0])
        for sheet in book.worksheets:
            texts = [c.value for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
            assert not [t for t in texts if re.search(r"XX社区|XX年|\{\w+\}|\bnan\b|\bNone\b|<NA>", t)], (
                path.name
            )
            if table is None:
                continue
            depth = 1 + table.depth
            for column, leaf in enumerate(table.leaves(), start=1):
                if "㎡" not in leaf.text and "万元" not in leaf.text:
                    continue
                for (cell,) in sheet.iter_rows(min_row=depth + 1, min_col=column, max_col=column):
                    if isinstance(cell.value, str):
                        assert not NUMBER.match(cell.value), f"{path.name} {cell.coordinate} {cell.value}"
                    elif isinstance(cell.value, int | float):
                        seen += 1
                        assert cell.number_format != "General", f"{path.name} {cell.coordinate}"
    assert seen > 20


def test_tables_1_and_2_carry_their_fill_in_notes(books) -> None:
    for number, count in (("表1", 4), ("表2", 3)):
        (sheet,) = (book.worksheets[0] for path, book in books if path.name.startswith(f"{number}_"))
        (notes,) = (
            c.value for c in sheet["A"] if isinstance(c.value, str) and c.value.startswith("填表说明")
        )
        assert all(f"{n}." in notes for n in range(1, count + 1))
