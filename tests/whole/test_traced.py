"""One figure of a ledger changed: exactly the rows that hang on it change in the tables, and explain names them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from layers.faults import FaultLog
from layers.planned import Match, Need, Pair, Project, Resource
from pipeline.deliver.handin import place_frames
from pipeline.deliver.tables import write_tables
from pipeline.engine.run import Outcome, run_plan
from pipeline.explain import account, open_records
from pipeline.plan import load_plan
from pipeline.stages import STAGES
from tests.whole.conftest import place_plan

LEDGER = "data/sample/tiny/资源台账.xlsx"
CHANGED = "ZY01"
# Sums over all rows by class, phase or source: they follow whatever they sum.
SUMS = {"附表3-2", "附表3-7", "附表3-13", "附表3-25"}
_ID = re.compile(r"[A-Z]{1,2}\d[\w-]*|[A-Z]-[\w-]+")
Rows = dict[str, Counter]


class Run:
    """A run of the tiny plan with one floor area in its ledger, and its tables as written."""

    def __init__(self, home: Path, floor_m2: float | None) -> None:
        config = place_plan(home, "tiny", inputs=("tiny",))
        if floor_m2 is not None:
            book = openpyxl.load_workbook(home / LEDGER)
            (row,) = (row for row in book["资源台账"].iter_rows() if row[0].value == CHANGED)
            assert row[6].value == 1536
            row[6].value = floor_m2
            book.save(home / LEDGER)
        self.plan = load_plan(config)
        self.outcome: Outcome = run_plan(self.plan, until=STAGES[-1].name)
        frames = place_frames(self.outcome.frames, self.plan)
        write_tables(frames, self.plan, home / "tables", FaultLog())
        self.tables: Rows = {path.stem: read_rows(path) for path in (home / "tables").glob("*/*.xlsx")}

    def explained(self) -> set[str]:
        """Return every id that ``haoshequ explain`` names for the resource, and what stands for them in tables."""
        records = open_records(self.plan)
        said = "\n".join(
            f"{section.title}\n" + "\n".join(f"{label} {text}" for label, text in section.lines)
            for section in account(records, CHANGED)
        )
        ids = set(_ID.findall(said))
        needs, projects = self.outcome.frames[Need.key], self.outcome.frames[Project.key]
        words = set(needs[needs[Need.number].isin(ids)][Need.description])
        words |= set(projects[projects[Project.number].isin(ids)][Project.name])
        return ids | words


def read_rows(path: Path) -> Counter:
    """Return the rows of a table as they are written; a running number in front says nothing."""
    (sheet,) = openpyxl.load_workbook(path, data_only=True).worksheets
    rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    return Counter(row[1:] if isinstance(row[0], int) else row for row in rows)


def compare(one: Rows, two: Rows) -> dict[str, list[tuple]]:
    """Return rows that are in one run's tables only, by table."""
    assert one.keys() == two.keys()
    differ = {name: [*(one[name] - two[name]), *(two[name] - one[name])] for name in one}
    return {name: rows for name, rows in differ.items() if rows}


def is_named(row: tuple, names: set[str]) -> bool:
    return any(name in str(cell) for cell in row if cell is not None for name in names)


def is_sum(row: tuple) -> bool:
    return row[0] in ("合计", "总计")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("before"), None)


def test_the_same_ledger_gives_the_same_tables(before: Run, tmp_path: Path) -> None:
    assert compare(before.tables, Run(tmp_path, 1536).tables) == {}


@pytest.mark.parametrize("floor_m2", [1500, 1300])
def test_only_rows_that_explain_names_change(before: Run, tmp_path: Path, floor_m2: float) -> None:
    after = Run(tmp_path, floor_m2)
    changed = compare(before.tables, after.tables)
    names = before.explained() | after.explained()
    assert CHANGED in names and any(name.startswith(("XQ", "G")) for name in names)
    strangers = [
        (table, row)
        for table, rows in changed.items()
        for row in rows
        if not (is_named(row, names) or is_sum(row) or table.split("_")[0] in SUMS)
    ]
    assert strangers == []
    # What must change: the resource itself and what was judged by its area.
    frames = before.outcome.frames
    resource = frames[Resource.key].set_index(Resource.number).loc[CHANGED]
    tables = {name.split("_")[0] for name in changed}
    assert {"附表3-1", "附表3-4", "附表3-23"} <= tables
    assert any(resource[Resource.name] in str(row) for row in changed[table_name(changed, "附表3-4")])
    taken = frames[Pair.key].query(f"{Pair.chosen} and {Pair.resource} == '{CHANGED}'")[Pair.need]
    listed = frames[Match.key].set_index(Match.need)[Match.listed]
    if any(listed[need] == "是" for need in taken):
        assert "表1" in tables
    # And what must not: needs, walking, sharing and land use know nothing of it.
    assert not tables & {"附表3-3", "附表3-5", "附表3-6", "附表3-8", "附表3-10", "附表3-20", "附表3-21"}


def table_name(tables: dict[str, list[tuple]], number: str) -> str:
    return next(name for name in tables if name.split("_")[0] == number)
