"""One value, one number: tables, project library, shapefiles, GeoPackage and the tables beside the maps say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from pipeline.audit.checks.tables import SLASH, need_table
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import DATABASE, HandIn
from pipeline.audit.grid import Grid, show
from pipeline.audit.tableview import TableView
from pipeline.deliver.library import FOLDER as LIBRARY

_CENT = 0.005
_CODES = ("HSQ_XMFBM", "HSQ_XMFBX", "HSQ_XMFBD")
_MONEY = {"total": "项目总投资", "fiscal": "财政资金", "social": "社会资金"}
_FIELDS = {"total": "TZE", "fiscal": "CZZJ", "social": "SHZJ"}


def place_of(view: TableView, row: int) -> dict[str, object]:
    """Return where a row of a table is, for what is said of it."""
    return {"file": view.file, "sheet": view.sheet, "row": row}


def differs(one: object, two: object, *, near: float = _CENT) -> bool:
    """Compare numbers within a cent, everything else as text."""
    if isinstance(one, float | int) and isinstance(two, float | int):
        return abs(one - two) > near
    return str(one).strip() != str(two).strip()


@check("money_rule", "财政资金＋社会资金＝项目总投资", group="数字")
def check_rule(handin: HandIn, out: Checked) -> None:
    """The parts add up in every row of 表2; rows with / are 管理类 (填表说明3, requirements §7.1, §7.14)."""
    view = need_table(handin, out, "project_list")
    if view is None:
        return
    cells = [view.texts(f"Project.{name}_wan") for name in ("total", "fiscal", "social")]
    numbers = [view.numbers(f"Project.{name}_wan") for name in ("total", "fiscal", "social")]
    content = view.texts("Project.content")
    summed = slashes = 0
    for row in view.rows:
        values = [column[row] for column in numbers if row in column]
        if len(values) == 3:
            summed += 1
            if abs(values[1] + values[2] - values[0]) > 0.01:
                out.fault("财政资金＋社会资金≠项目总投资", **place_of(view, row),
                          value=f"{values[1]:g}＋{values[2]:g}≠{values[0]:g}")  # fmt: skip
            continue
        texts = {column[row] for column in cells}
        if texts == {SLASH}:
            slashes += 1
            if not content[row].startswith("工作要求"):
                out.fault("填“/”的应为非施工（管理类）项目", **place_of(view, row), value=content[row])
        elif texts <= {"待测算", SLASH}:
            out.doubt("投资待测算", **place_of(view, row), value="、".join(sorted(texts)))
        else:
            out.fault("投资应为数字或“/”", **place_of(view, row), value="、".join(sorted(texts)))
    if view.rows:
        out.see(f"{summed} 行两项之和等于总投资（“社区资金”按表头作“社会资金”），“/”{slashes} 行",
                file=view.file, sheet=view.sheet, row=f"{min(view.rows)}–{max(view.rows)}")  # fmt: skip


def _library(handin: HandIn) -> tuple[str, Grid, dict[str, int]] | None:
    """Return the project library's workbook, its sheet and its columns by header."""
    name = next(iter(handin.under(LIBRARY, ".xlsx")), "")
    grid = handin.book(name).get("项目库") if name else None
    if grid is None:
        return None
    return name, grid, {grid.text(2, column): column for column in range(1, grid.right + 1)}


@check("project_money", "项目投资各处一致", group="数字")
def check_money(handin: HandIn, out: Checked) -> None:
    """A project's money is the same in 表2, 年度投资计划, 收益, 项目库 (xlsx, shp), SHP and GeoPackage."""
    projects, yearly = need_table(handin, out, "project_list"), need_table(handin, out, "yearly")
    if projects is None or yearly is None:
        return
    number_of = {
        text: yearly.texts("YearPlan.project")[row] for row, text in yearly.texts("Project.name").items()
    }
    truth: dict[str, dict[str, object]] = {}
    for row, name in projects.texts("Project.name").items():
        number = number_of.get(name)
        if number is None:
            out.fault("年度投资计划表没有这个项目", **place_of(projects, row), value=name)
            continue
        place = {key: projects.grid.at(row, projects.columns[f"Project.{key}_wan"]) for key in _MONEY}
        truth[number] = {**place, "name": name, "schedule": projects.texts("Project.schedule")[row]}
    _compare(out, truth, "total", "表2", yearly, "YearPlan.project", "Project.total_wan")
    _compare(out, truth, "schedule", "表2", yearly, "YearPlan.project", "Project.schedule")
    revenue = handin.table("revenue")
    if revenue is not None:
        _compare(out, truth, "total", "表2", revenue, "Revenue.project", "Project.total_wan")
    sources = ["表2", "年度投资计划"] + (["收益表"] if revenue is not None else [])
    sources += _compare_library(handin, out, truth) + _compare_layers(handin, out, truth)
    out.see(
        f"{len(truth)} 个项目在{'、'.join(sources)}中的投资、时序相同",
        file=projects.file,
        sheet=projects.sheet,
    )


def _compare(
    out: Checked, truth: Mapping[str, Mapping[str, object]], key: str, origin: str, view: TableView, by: str, column: str
) -> None:  # fmt: skip
    if column not in view:
        return
    numbers = view.texts(by)
    for row, value in view.cells(column):
        number = numbers[row]
        if number not in truth:
            out.fault(f"{origin}没有这个项目", **place_of(view, row), value=number)
        elif differs(value, truth[number][key]):
            out.fault(
                f"{number} “{view.head(column)}”与{origin}（{say(truth[number][key])}）不同",
                **place_of(view, row),
                value=say(value),
            )


def say(value: object) -> str:
    """Return a value as it reads."""
    return show(value) if value is None or isinstance(value, str | float) else str(value)


def _compare_library(handin: HandIn, out: Checked, truth: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Compare 项目库; return what was there to compare."""
    found = []
    library = _library(handin)
    if library is not None:
        name, grid, heads = library
        there = {}
        for row in range(3, grid.bottom + 1):
            number = grid.text(row, heads.get("项目编号", 2))
            if number and not grid.text(row, 1).startswith("说明"):
                there[number] = row
        for number, row in there.items():
            for key, head in _MONEY.items():
                column = heads.get(f"{head}（万元）")
                if column is None:
                    out.fault(f"没有“{head}（万元）”列", file=name, sheet=grid.name)
                    break
                if number in truth and differs(grid.at(row, column), truth[number][key]):
                    out.fault(f"{number} “{head}”与表2（{say(truth[number][key])}）不同", file=name, sheet=grid.name,
                              row=row, value=say(grid.at(row, column)))  # fmt: skip
        _same_set(out, truth, there, name, "项目库")
        found.append("项目库表")
    shape = next(iter(handin.under(LIBRARY, ".shp")), "")
    if shape:
        opened = handin.open_shape(shape)
        _compare_frame(out, truth, opened.frame, shape, "")
        found.append("项目库 shp")
    return found


def _same_set(out: Checked, truth: Iterable[str], there: Iterable[str], name: str, what: str) -> None:
    for number in sorted(set(truth) - set(there)):
        out.fault(f"{what}没有这个项目", file=name, value=number)
    for number in sorted(set(there) - set(truth)):
        out.fault("表2 没有这个项目", file=name, value=number)


def _compare_layers(handin: HandIn, out: Checked, truth: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Compare the project layers of both databases; return what was there to compare."""
    found = []
    numbers: set[str] = set()
    for code in _CODES:
        shape = handin.shape(code)
        if shape is not None:
            _compare_frame(out, truth, shape.frame, shape.name, code)
            numbers |= set(shape.column("XMBH").dropna())
    if numbers:
        found.append("SHP")
        unplaced = sorted(set(truth) - numbers)
        listed = handin.table("yearly")
        # Managed work need not have a place; anything that is built must.
        for number in unplaced:
            if truth[number]["total"] != SLASH and listed is not None:
                out.doubt("项目没有上图（没有空间位置）", file=listed.file, sheet=listed.sheet, value=number)
    if DATABASE in handin.files:
        for code in _CODES:
            if code in handin.one_map:
                _compare_frame(out, truth, handin.one_map[code], DATABASE, code)
        found.append("GeoPackage")
    return found


def _compare_frame(
    out: Checked, truth: Mapping[str, Mapping[str, object]], frame: pd.DataFrame, name: str, code: str
) -> None:
    if "XMBH" not in frame:
        raise UnreadableError(name, "缺少字段 XMBH")
    for row in frame.to_dict("records"):
        number = str(row["XMBH"])
        if number not in truth:
            out.fault("表2 没有这个项目", file=name, sheet=code, value=number)
            continue
        for key, column in _FIELDS.items():
            wanted, value = truth[number][key], row.get(column)
            blank = value is None or pd.isna(value)
            if isinstance(wanted, float) and (blank or differs(float(value), wanted)):
                out.fault(
                    f"{number} {_MONEY[key]}与表2（{wanted:g}）不同",
                    file=name,
                    sheet=code,
                    row=number,
                    value=say(value),
                )
            elif not isinstance(wanted, float) and not blank:
                out.fault(
                    f"{number} {_MONEY[key]}在表2 不是数字",
                    file=name,
                    sheet=code,
                    row=number,
                    value=say(value),
                )
        if "JSSX" in row and row["JSSX"] != truth[number]["schedule"]:
            out.fault(f"{number} 建设时序与表2 不同", file=name, sheet=code, row=number, value=row["JSSX"])
