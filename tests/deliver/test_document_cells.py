"""Cells of the documents read as Excel shows the workbook's: halves are rounded away from zero."""

from __future__ import annotations

import pytest

from pipeline.deliver.document.columns import show_cell
from pipeline.deliver.tables.content import Cell


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (0.125, "#,##0.00", "0.13"),
        (2.675, "#,##0.00", "2.68"),
        (1234.005, '#,##0.00"㎡"', "1,234.01㎡"),
        (2.5, "#,##0", "3"),
        (-2.5, "#,##0", "-3"),
        (1234, "#,##0", "1,234"),
        (0.5, "#,##0.00##", "0.50"),
        (0.12345, "#,##0.00##", "0.1235"),
        (1234567.5, "", "1234567.5"),
        ("/", "#,##0.00", "/"),
        (None, "#,##0.00", ""),
    ],
)
def test_a_number_reads_as_in_the_workbook(value: object, form: str, shown: str) -> None:
    assert show_cell(Cell(value, form)) == shown  # type: ignore[arg-type]
