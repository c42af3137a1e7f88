"""Project lists as handed in: found in an output folder or a hand-in, read from 数据库/项目库."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from layers.faults import Fault, FaultLog, PlanFaults
from layers.ledgers import Step
from pipeline.deliver.library import DELEGATES, FOLDER, PROJECTS, STEPS, Entry, head_of
from pipeline.deliver.tree import NOW

_UNKNOWN = frozenset({"", "/", "待测算"})
# What a comparison cannot do without.
_NEEDED = (Entry.id, Entry.number, Entry.name, Entry.works, Entry.priority, Entry.total_wan)
_HEAD_ROW = 2  # under the title
_REMEDY = "给出 haoshequ run 的输出文件夹（如 output/sample）、其中的“成果”文件夹，或“项目库”的 xlsx"


@dataclass(frozen=True)
class Listed:
    """One project of a list.

    Attributes
    ----------
    cells : texts by field name of ``Entry``; empty where nothing is said.
    grains : total in 0.01 万元; None where the project is not built or not estimated.
    """

    cells: dict[str, str]
    grains: int | None

    @property
    def id(self) -> str:
        """The id that stays whatever else is in the list."""
        return self.cells[str(Entry.id)]

    def tell(self, column: str) -> str:
        """Return a cell as text."""
        return self.cells.get(str(column), "")


@dataclass(frozen=True)
class ProjectList:
    """A project list with what its library says of delegates and steps.

    Attributes
    ----------
    path : the workbook.
    projects : by id, in order of the file.
    registered, signed : delegates; None where the library has no sheet of them.
    steps : (阶段, 日期 as ``2026-03-02``).
    """

    path: Path
    projects: dict[str, Listed]
    registered: int | None = None
    signed: int | None = None
    steps: tuple[tuple[str, str], ...] = field(default=())

    def total(self, works: str = "") -> int:
        """Return the sum in grains of all projects, or of one 工程."""
        mine = self.projects.values()
        return sum(p.grains or 0 for p in mine if works in ("", p.tell(Entry.works)))


def find_library(given: Path) -> Path:
    """Return the workbook of a hand-in, an output folder, or the workbook given itself.

    Raises
    ------
    PlanFaults
        HSQ-F01 when nothing is there, HSQ-F03 when the hand-in has no project library.
    """
    if not given.exists():
        raise PlanFaults([Fault("HSQ-F01", "文件夹或文件不存在", file=str(given), remedy=_REMEDY)])
    if given.is_file():
        return given
    root = given / NOW if (given / NOW).is_dir() else given
    found = sorted(p for p in (root / FOLDER).glob("*.xlsx") if not p.name.startswith("~$"))
    if len(found) != 1:
        what = "没有项目库" if not found else f"项目库有 {len(found)} 个 xlsx，不知比较哪一个"
        remedy = (
            "用本版程序重新运行该方案后再比较，或直接给出项目库的 xlsx"
            if not found
            else "直接给出其中一个 xlsx"
        )
        raise PlanFaults([Fault("HSQ-F03", f"{what}（应在 {FOLDER}/）", file=str(given), remedy=remedy)])
    return found[0]


def read_list(path: Path) -> ProjectList:
    """Read a project library.

    Raises
    ------
    PlanFaults
        HSQ-F02 for what is no workbook, HSQ-F03 without the sheet, HSQ-V01 without a column, HSQ-V02, V03, V06 for
        cells; all of a file at once.
    """
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-F02",
                    "不是可以打开的 xlsx 文件",
                    file=str(path),
                    value=str(error)[:80],
                    remedy=_REMEDY,
                )
            ]
        ) from None
    if PROJECTS not in book.sheetnames:
        raise PlanFaults([Fault("HSQ-F03", f"没有工作表“{PROJECTS}”", file=str(path), remedy=_REMEDY)])
    log = FaultLog()
    projects = _read_projects(book[PROJECTS], path, log)
    log.raise_errors()
    registered, signed = _count_delegates(book[DELEGATES]) if DELEGATES in book.sheetnames else (None, None)
    steps = tuple(_read_steps(book[STEPS])) if STEPS in book.sheetnames else ()
    return ProjectList(path, projects, registered, signed, steps)


def read_pair(old: Path, new: Path) -> tuple[ProjectList, ProjectList]:
    """Read two libraries, and refuse two that have no project in common.

    Raises
    ------
    PlanFaults
        With the faults of both files; HSQ-A14 where they are of different plans.
    """
    faults: list[Fault] = []
    lists: list[ProjectList] = []
    for path in (old, new):
        try:
            lists.append(read_list(path))
        except PlanFaults as error:
            faults += error.faults
    if faults:
        raise PlanFaults(faults)
    before, after = lists
    if before.projects and after.projects and not before.projects.keys() & after.projects.keys():
        raise PlanFaults(
            [
                Fault(
                    "HSQ-A14", "两份项目库没有一个相同的项目标识", file=str(new), value=str(old),
                    remedy="核对是不是同一个方案的两版；需求编号整体改过的，请按原编号重新运行",
                )
            ]
        )  # fmt: skip
    return before, after


def _rows(sheet: Any) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield row number and cells by header, without rows that are blank or a note in the first cell."""
    heads = [
        _say(cell)
        for cell in next(sheet.iter_rows(min_row=_HEAD_ROW, max_row=_HEAD_ROW, values_only=True), ())
    ]
    for number, cells in enumerate(sheet.iter_rows(min_row=_HEAD_ROW + 1, values_only=True), _HEAD_ROW + 1):
        said = [_say(cell) for cell in cells]
        if sum(map(bool, said)) > 1:
            yield number, dict(zip(heads, said, strict=False))


def _say(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _read_projects(sheet: Any, path: Path, log: FaultLog) -> dict[str, Listed]:
    heads = {
        _say(cell)
        for cell in next(sheet.iter_rows(min_row=_HEAD_ROW, max_row=_HEAD_ROW, values_only=True), ())
    }
    names = {head_of(column): str(column) for column in Entry.columns()}
    for column in _NEEDED:
        if head_of(column) not in heads:
            log.add(
                "HSQ-V01",
                f"缺少列“{head_of(column)}”",
                file=str(path),
                layer=PROJECTS,
                remedy="不要改动项目库的表头",
            )
    if log.faults:
        return {}
    found: dict[str, Listed] = {}
    for number, row in _rows(sheet):
        cells = {names[head]: text for head, text in row.items() if head in names}
        where = {"file": str(path), "layer": PROJECTS, "row": str(number)}
        key = cells[str(Entry.id)]
        if not key:
            log.add("HSQ-V02", "项目标识为空", **where, remedy="补上该行的项目标识")
        elif key in found:
            log.add("HSQ-V06", "项目标识重复", **where, value=key, remedy="每个项目只列一行")
        else:
            found[key] = Listed(cells, _read_money(cells[str(Entry.total_wan)], where, log))
    return found


def _read_money(text: str, where: dict[str, str], log: FaultLog) -> int | None:
    if text in _UNKNOWN:
        return None
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        log.add(
            "HSQ-V03", "项目总投资不是金额", **where, field=Entry.total_wan.spec.alias, value=text,
            remedy="写万元数，非施工项目写“/”，未测算的留空",
        )  # fmt: skip
        return None
    return int((amount * 100).to_integral_value())


def _count_delegates(sheet: Any) -> tuple[int, int]:
    rows = [row for _, row in _rows(sheet)]
    return _add(rows, "已登记人数"), _add(rows, "联名人数")


def _add(rows: Sequence[dict[str, str]], head: str) -> int:
    counts = Counter({head: 0})
    for row in rows:
        text = row.get(head, "")
        counts[head] += int(text) if text.isdigit() else 0
    return counts[head]


def _read_steps(sheet: Any) -> Iterator[tuple[str, str]]:
    for _, row in _rows(sheet):
        if row.get(Step.step.spec.alias) and row.get(Step.date.spec.alias):
            yield row[Step.step.spec.alias], row[Step.date.spec.alias]
