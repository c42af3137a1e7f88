"""Running the check over a folder as the command line does, and comparing what it says with a case."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import typer.main

from pipeline.cli.app import app
from tests.intake.corpus.case import STOPS, Case, Said
from tests.intake.corpus.desk import Desk

# Remarks on what a file or a plan does not have; every small plan gets them.
USUAL = frozenset({"HSQ-A05"})
REPORT, PLACES = "output/p/质检/数据质检.xlsx", "output/p/质检/数据质检.gpkg"
Line = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What ``haoshequ check --json`` ended with.

    Attributes
    ----------
    exit : its exit code.
    faults : as printed, files relative to the folder of the plan.
    files : account of the rows of each file.
    report : the workbook it names, None where there is none.
    printed : all of standard output.
    """

    exit: int
    faults: list[Line]
    files: list[Line]
    report: str | None
    printed: str


@cache
def _command() -> Any:
    return typer.main.get_command(app)


def run_check(path: Path) -> Outcome:
    """Run ``haoshequ check PATH --json`` in this process; whatever it raises is a failure of the product."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        code = _command().main(["check", str(path), "--json"], standalone_mode=False)
    told = json.loads(stream.getvalue())
    for line in told["faults"]:
        line["file"] = line["file"].removeprefix(f"{path.parent}/")
    return Outcome(code, told["faults"], told["files"], told["report"], stream.getvalue())


def run_case(made: Case, folder: Path) -> tuple[Outcome, dict[str, int]]:
    """Make the fault in a fresh folder and check the plan; return the outcome and what lay in the folder before."""
    desk = Desk(folder)
    desk.lay_base()
    made.make(desk)
    path = desk.write_plan()
    before = snapshot(folder)
    return run_check(path), before


def snapshot(folder: Path) -> dict[str, int]:
    """Return names and sizes of everything in a folder."""
    return {
        item.relative_to(folder).as_posix(): item.lstat().st_size
        for item in sorted(folder.rglob("*"))
        if not item.is_dir()
    }


def key_of(line: Line) -> tuple[str, str, str, str]:
    """Return what tells one fault from another."""
    return line["severity"], line["code"], line["file"], line["row"]


def wanted(said: Said) -> tuple[str, str, str, str]:
    """Return the same of what a case expects."""
    return said.severity, said.code, said.file, said.row


def is_met(said: Said, line: Line) -> bool:
    """Whether a fault is the one expected."""
    return (
        key_of(line) == wanted(said)
        and said.field in (None, line["field"])
        and said.value in (None, line["value"])
        and said.says in line["problem"]
        and said.mended in line["action"]
        and said.advice in line["remedy"]
    )


def compare(made: Case, faults: list[Line]) -> list[str]:
    """Return every difference between a case and what was said, in words; empty where they agree.

    Parameters
    ----------
    faults : without those that the plan has anyhow.
    """
    left = list(faults)
    wrong = []
    for said in made.said:
        found = next((line for line in left if is_met(said, line)), None)
        if found is None:
            near = [line for line in left if line["code"] == said.code]
            wrong.append(f"not said: {said}\n   near: {near}")
        else:
            left.remove(found)
    for line in left:
        if line["severity"] in (STOPS, "警告") and line["code"] not in USUAL:
            wrong.append(f"also said: {line}")
        elif line["severity"] == "提示" and line["code"] not in made.notes | USUAL:
            wrong.append(f"also remarked: {line}")
        elif line["severity"] == STOPS:
            wrong.append(f"also said: {line}")
    return wrong


def read_report(path: Path) -> list[list[Any]]:
    """Return the rows of the workbook's lists of faults; raises where a cell would run as a formula."""
    book = openpyxl.load_workbook(path)
    rows = []
    for page in book:
        cells = [list(row) for row in page.iter_rows()]
        if any(cell.data_type == "f" for row in cells for cell in row):
            raise ValueError(f"formula on sheet {page.title}")
        if page.title.rstrip("0123456789") in (STOPS, "警告", "提示"):
            rows += [[cell.value for cell in row] for row in cells if _is_fault(row)]
    book.close()
    return rows


def _is_fault(row: list[Any]) -> bool:
    return any(isinstance(cell.value, str) and cell.value.startswith("HSQ-") for cell in row)
