"""Every fault of the corpus through the command line's own entry: said once, in its place, with a remedy."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from layers.faults import CODES
from tests.intake.corpus import (  # noqa: F401  (each enters its cases)
    codes,
    config,
    files,
    geometry,
    harmful,
    ledgers,
    places,
    text,
    values,
)
from tests.intake.corpus.bench import (
    PLACES,
    REPORT,
    USUAL,
    Line,
    compare,
    read_report,
    run_case,
    run_check,
    snapshot,
)
from tests.intake.corpus.case import CASES, STOPS, Case
from tests.intake.corpus.desk import Desk

CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Words of a program's insides; no technician can do anything with them.
INSIDE = re.compile(r"Traceback|Exception|Error\b|NoneType|<class|/usr/|site-packages|\bnan\b|<NA>|None")

# Codes no file and no config can raise while they are read, and who raises them.
ELSEWHERE = {
    "HSQ-C04": "file names are made when sheets and layers are written; a wrong pattern is HSQ-C03",
    "HSQ-N01": "stage network: access of homes and facilities",
    "HSQ-N02": "stage network: the walk graph",
    "HSQ-N04": "stage resources: how completely blocks are mapped",
    "HSQ-A01": "stage scope: land use against the plan's outline",
    "HSQ-A02": "stage coverage: clauses of the standards",
    "HSQ-A03": "stages needs and resources: rows without a place",
    "HSQ-A04": "stage projects: money",
    "HSQ-A07": "stage layout: projects that collide",
    "HSQ-A08": "stage coverage and the command site: blind spots",
    "HSQ-A09": "stage siting",
    "HSQ-A11": "stage needs: survey against measures",
    "HSQ-A12": "stage resources: confirmed and suspected",
    "HSQ-A13": "stage matching",
    "HSQ-A14": "stage projects: money and years",
    "HSQ-A15": "stage layout",
    "HSQ-A16": "a planner's decisions, read when a plan runs (tests/plans/test_decisions.py)",
    "HSQ-D01": "sheets are drawn",
    "HSQ-D02": "shapefiles are written",
    "HSQ-D04": "sheets are drawn",
    "HSQ-D06": "files are read back after delivery",
    "HSQ-D07": "sheets are checked when they are finished",
    "HSQ-D08": "the public edition is written",
    "HSQ-D09": "a web map laid under the sheets",
    "HSQ-R01": "the engine: two runs of one plan at once",
    "HSQ-R02": "a cluster to run plans on (tests/batch)",
    **{
        f"HSQ-P{n:02}": "a hand-in is published, many are brought together (tests/publish)"
        for n in range(1, 11)
    },
}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """What is said of the plan without any fault."""
    folder = tmp_path_factory.mktemp("base")
    desk = Desk(folder)
    desk.lay_base()
    told = run_check(desk.write_plan())
    doubts = {line["code"] for line in told.faults if line["severity"] != "提示"}
    assert told.exit == 0 and doubts <= USUAL
    return told.faults


@pytest.mark.parametrize("made", CASES.values(), ids=CASES.keys())
def test_a_fault_is_found(made: Case, usual: list[Line], tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("untouched", encoding="utf-8")
    folder = tmp_path / "plan"
    folder.mkdir()
    told, before = run_case(made, folder)

    assert compare(made, [line for line in told.faults if line not in usual]) == []
    assert told.exit == made.exit
    for line in told.faults:
        words = f"{line['problem']}{line['action']}{line['remedy']}"
        assert not INSIDE.search(words), line
        assert str(tmp_path) not in words or line["code"].startswith(("HSQ-C", "HSQ-D05")), line
        assert CHINESE.search(line["problem"]), line
        if line["severity"] != "提示":
            assert CHINESE.search(line["remedy"]), f"no remedy: {line}"
    for file in told.files:
        assert file["read"] == file["kept"] + file["merged"] + file["dropped"], file

    after = snapshot(folder)
    written = after.keys() - before.keys()
    assert {name: after.get(name) for name in before} == before
    assert [item.name for item in tmp_path.iterdir() if item != folder] == [outside.name]
    assert outside.read_text(encoding="utf-8") == "untouched"
    if told.report is None:
        assert not written
    else:
        assert {REPORT} <= written <= {REPORT, PLACES}
        assert len(read_report(folder / REPORT)) == len(told.faults)


def test_the_corpus_covers_every_code_of_intake() -> None:
    covered = {said.code for made in CASES.values() for said in made.said}
    assert covered & ELSEWHERE.keys() == set()
    assert CODES.keys() - covered == ELSEWHERE.keys()


def test_the_corpus_is_large_and_spread() -> None:
    groups = Counter(made.group for made in CASES.values())
    assert sum(groups.values()) >= 60
    assert min(groups.values()) >= 5, groups
    assert any(said.severity != STOPS and said.mended for made in CASES.values() for said in made.said)
