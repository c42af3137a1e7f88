"""Tables whose header was edited: what a check needs and does not find is a fault of the file, never an empty answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.audit.findings import BROKEN, UnreadableError, run_check
from pipeline.audit.folder import HandIn
from pipeline.audit.grid import Grid
from pipeline.audit.tableview import TableView, open_table
from pipeline.deliver.tables.spec import place_header, table_specs

MATCHING = next(spec for spec in table_specs() if spec.key == "matching")


def lay_out(*, without: str = "") -> Grid:
    """Return the matching table's header over one row of texts; one column's header may be renamed."""
    grid = Grid(MATCHING.number)
    for cell in place_header(MATCHING.header):
        grid.values[cell.row + 2, cell.column + 1] = cell.text
    first = 2 + MATCHING.depth
    for column, leaf in enumerate(MATCHING.leaves(), 1):
        grid.values[first, column] = "文字"
        if leaf.value == without:
            grid.values[first - 1, column] = "改过的列名"
    return grid


def open_view(**options: str) -> TableView:
    return open_table(MATCHING, "表格/表.xlsx", lay_out(**options))


def test_a_whole_header_gives_every_column() -> None:
    view = open_view()
    assert [view.texts(leaf.value) for leaf in MATCHING.leaves()] == [{2 + MATCHING.depth: "文字"}] * len(
        MATCHING.leaves()
    )


def test_a_renamed_column_cannot_be_read_as_empty() -> None:
    view = open_view(without="Match.statement")
    assert "Match.statement" not in view
    with pytest.raises(UnreadableError, match="表头已改动"):
        view.texts("Match.statement")
    with pytest.raises(UnreadableError, match="表头已改动"):
        view.columns["Match.statement"]


def test_a_check_that_needs_the_column_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = open_view(without="Match.statement")
    monkeypatch.setattr(HandIn, "table", lambda self, key: view)
    found = run_check("match_words", HandIn(tmp_path), {})
    assert found.verdict == BROKEN
    assert "不能核对" in found.wrong[0].said


def test_a_table_in_the_plans_own_form_is_no_declared_table(tmp_path: Path) -> None:
    path = tmp_path / "表格" / f"{MATCHING.number}_任意.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"never opened")
    handin = HandIn(tmp_path, parameters={"hand": {"templates": {MATCHING.number: "自有.xlsx"}}})
    assert handin.table("matching") is None
    found = run_check("match_words", handin, {})
    assert not found.wrong
    assert "自有表格样式" in found.doubts[0].said
