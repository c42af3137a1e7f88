"""One value, one number: tables, project library, shapefiles, GeoPackage and the tables beside the maps say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from configs import read_settings
from configs.planning import landuse_names
from layers import codes
from pipeline.audit.checks.tables import SLASH, need_table
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import DATABASE, DRAWINGS, HandIn
from pipeline.audit.grid import Grid, show
from pipeline.audit.sidetables import SideTable, list_tables, same_number
from pipeline.audit.tableview import TableView

LIBRARY = "数据库/项目库"
_CENT = 0.005
_CODES = ("HSQ_XMFBM", "HSQ_XMFBX", "HSQ_XMFBD")
_MONEY = {"total": "项目总投资", "fiscal": "财政资金", "social": "社会资金"}
_FIELDS = {"total": "TZE", "fiscal": "CZZJ", "social": "SHZJ"}
_HECTARE = 10_000.0


def _place(view: TableView, row: int) -> dict[str, object]:
    return {"file": view.file, "sheet": view.sheet, "row": row}


def _differs(one: object, two: object, *, near: float = _CENT) -> bool:
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
                out.fault("财政资金＋社会资金≠项目总投资", **_place(view, row),
                          value=f"{values[1]:g}＋{values[2]:g}≠{values[0]:g}")  # fmt: skip
            continue
        texts = {column[row] for column in cells}
        if texts == {SLASH}:
            slashes += 1
            if not content[row].startswith("工作要求"):
                out.fault("填“/”的应为非施工（管理类）项目", **_place(view, row), value=content[row])
        elif texts <= {"待测算", SLASH}:
            out.doubt("投资待测算", **_place(view, row), value="、".join(sorted(texts)))
        else:
            out.fault("投资应为数字或“/”", **_place(view, row), value="、".join(sorted(texts)))
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
    number_of = {text: yearly.texts("YearPlan.project")[row] for row, text in yearly.texts("Project.name").items()}
    truth: dict[str, dict[str, object]] = {}
    for row, name in projects.texts("Project.name").items():
        number = number_of.get(name)
        if number is None:
            out.fault("年度投资计划表没有这个项目", **_place(projects, row), value=name)
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
    out.see(f"{len(truth)} 个项目在{'、'.join(sources)}中的投资、时序相同", file=projects.file, sheet=projects.sheet)


def _compare(
    out: Checked, truth: Mapping[str, Mapping[str, object]], key: str, origin: str, view: TableView, by: str, column: str
) -> None:  # fmt: skip
    if column not in view:
        return
    numbers = view.texts(by)
    for row, value in view.cells(column):
        number = numbers[row]
        if number not in truth:
            out.fault(f"{origin}没有这个项目", **_place(view, row), value=number)
        elif _differs(value, truth[number][key]):
            out.fault(f"{number} “{view.head(column)}”与{origin}（{_say(truth[number][key])}）不同", **_place(view, row), value=_say(value))


def _say(value: object) -> str:
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
                if number in truth and _differs(grid.at(row, column), truth[number][key]):
                    out.fault(f"{number} “{head}”与表2（{_say(truth[number][key])}）不同", file=name, sheet=grid.name,
                              row=row, value=_say(grid.at(row, column)))  # fmt: skip
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
            if isinstance(wanted, float) and (blank or _differs(float(value), wanted)):
                out.fault(f"{number} {_MONEY[key]}与表2（{wanted:g}）不同", file=name, sheet=code, row=number, value=_say(value))
            elif not isinstance(wanted, float) and not blank:
                out.fault(f"{number} {_MONEY[key]}在表2 为“{wanted}”", file=name, sheet=code, row=number, value=_say(value))
        if "JSSX" in row and row["JSSX"] != truth[number]["schedule"]:
            out.fault(f"{number} 建设时序与表2 不同", file=name, sheet=code, row=number, value=row["JSSX"])


@check("money_totals", "投资合计各处一致", group="数字")
def check_totals(handin: HandIn, out: Checked) -> None:
    """Sums of 表2, 年度投资计划 and 资金筹措 are one (4.6, D-09)."""
    projects = need_table(handin, out, "project_list")
    if projects is None:
        return
    wanted = sum(projects.numbers("Project.total_wan").values())
    for key, column in (("yearly", "Project.total_wan"), ("funding", "FundTotal.amount_wan"), ("revenue", "Project.total_wan")):
        view = handin.table(key)
        if view is None or column not in view:
            continue
        found = sum(view.numbers(column).values())
        if abs(found - wanted) > 0.01:
            out.fault(f"{view.spec.number}投资合计与表2（{wanted:.2f}）不同", file=view.file, sheet=view.sheet, value=f"{found:.2f}")
        else:
            out.see(f"{view.spec.number}合计 {found:.2f} 万元，与表2 相同", file=view.file, sheet=view.sheet)
    funding = handin.table("funding")
    if funding is not None:
        share = sum(funding.numbers("FundTotal.share").values())
        if abs(share - 100) > 0.011:
            out.fault("资金占比合计不是 100%", file=funding.file, sheet=funding.sheet, value=f"{share:.2f}")
        kinds = funding.texts("FundTotal.kind")
        amounts = funding.numbers("FundTotal.amount_wan")
        for kind, key in zip(codes.FUND.values, ("fiscal", "social"), strict=True):
            one = sum(value for row, value in amounts.items() if kinds[row] == kind)
            two = sum(projects.numbers(f"Project.{key}_wan").values())
            if abs(one - two) > 0.01:
                out.fault(f"{kind}合计与表2（{two:.2f}）不同", file=funding.file, sheet=funding.sheet, value=f"{one:.2f}")


@check("year_shares", "年度投资比例", group="数字")
def check_years(handin: HandIn, out: Checked) -> None:
    """Shares of a project over the years are 100 %, its amounts its total; 表2 shows the same year (§7.15)."""
    view, projects = need_table(handin, out, "yearly"), need_table(handin, out, "project_list")
    if view is None or projects is None:
        return
    shares = [name for name in view.columns if re.fullmatch(r"YearPlan\.share_\d", name)]
    amounts = [name for name in view.columns if re.fullmatch(r"YearPlan\.amount_\d", name)]
    names, totals = view.texts("Project.name"), view.numbers("Project.total_wan")
    for row in view.rows:
        found = [view.grid.at(row, view.columns[name]) for name in shares]
        summed = sum(value for value in found if isinstance(value, float))
        if abs(summed - 100) > 0.011:
            out.fault("各年比例合计不是 100%", **_place(view, row), value=f"{summed:.2f}")
        if any(isinstance(value, float) and not 0 <= value <= 100 for value in found):
            out.fault("年度比例不在 0–100 之间", **_place(view, row))
        money = [view.grid.at(row, view.columns[name]) for name in amounts]
        if row in totals:
            spent = sum(value for value in money if isinstance(value, float))
            if abs(spent - totals[row]) > 0.011:
                out.fault("各年投资合计不等于总投资", **_place(view, row), value=f"{spent:.2f}≠{totals[row]:.2f}")
    head = projects.grid.text(3, projects.columns.get("Project.year_share", 0))
    year = re.match(r"(\d{4})年", head)
    column = next(
        (view.columns[name] for name in shares if year and year[1] in view.grid.text(3, view.columns[name])), 0
    )
    if not year or not column:
        out.fault("表2 年度比例的年份在年度投资计划表中没有", file=projects.file, sheet=projects.sheet, row=3, value=head)
        return
    there = {name: view.grid.at(row, column) for row, name in names.items()}
    for row, value in projects.cells("Project.year_share"):
        name = projects.texts("Project.name")[row]
        form = projects.grid.formats.get((row, projects.columns["Project.year_share"]), "")
        if _differs(value, there.get(name)):
            out.fault(f"{year[1]}年比例与年度投资计划表（{_say(there.get(name))}）不同", **_place(projects, row), value=_say(value))
        if isinstance(value, float) and "%" not in form:
            out.fault("年度比例没有带 %", **_place(projects, row), value=_say(value))
    out.see(f"{len(view.rows)} 个项目各年比例合计 100%，{year[1]}年与表2 相同", file=view.file, sheet=view.sheet)


@check("landuse_balance", "用地平衡各处一致", group="数字")
def check_balance(handin: HandIn, out: Checked) -> None:
    """附表3-7 is the sum of the land-use layers by code, in both databases; totals are the communities' area."""
    view = need_table(handin, out, "balance")
    if view is None:
        return
    told = view.texts("Balance.landuse_code")
    for column, code in (("Balance.now_m2", "HSQ_XZYD"), ("Balance.planned_m2", "HSQ_GHYD")):
        shape = handin.shape(code)
        frames: list[tuple[str, pd.DataFrame]] = [] if shape is None else [(shape.name, shape.frame)]
        if DATABASE in handin.files and code in handin.one_map:
            frames.append((DATABASE, handin.one_map[code]))
        for name, frame in frames:
            if not {"YDYHFLDM", "MJ"} <= set(frame):
                raise UnreadableError(name, "缺少字段 YDYHFLDM 或 MJ")
            sums = frame.groupby("YDYHFLDM")["MJ"].sum().round(2)
            for row, value in view.numbers(column).items():
                drawn = float(sums.get(told[row], 0.0))
                if abs(drawn - value) > 0.011:
                    out.fault(f"{told[row]} 与图层 {code} 合计（{drawn:.2f}）不同", **_place(view, row), value=f"{value:.2f}")
            for missing in sorted(set(sums[sums > 0].index) - set(told.values())):
                out.fault(f"图层 {code} 有这类用地，平衡表没有", file=view.file, sheet=view.sheet, value=missing)
            out.see(f"{code} {len(sums)} 类用地合计 {sums.sum():.2f} ㎡，与平衡表逐类相同", file=name, sheet=code)


def _compare_by_key(
    out: Checked, view: TableView, by: str, frame: pd.DataFrame, name: str, key: str, pairs: Mapping[str, str], *,
    every: bool = False,
) -> int:  # fmt: skip
    """Compare columns of a table with fields of a layer, row by row; return how many rows were there in both."""
    rows = {text: row for row, text in view.texts(by).items()}
    if key not in frame:
        raise UnreadableError(name, f"缺少字段 {key}")
    seen = 0
    for record in frame.to_dict("records"):
        number = str(record[key])
        if number not in rows:
            out.fault(f"{view.spec.number}没有这个编号", file=name, value=number)
            continue
        seen += 1
        for column, field in pairs.items():
            value, there = view.grid.at(rows[number], view.columns[column]), record.get(field)
            there = None if there is None or pd.isna(there) else there
            if isinstance(value, float) and there is not None and abs(float(there) - value) > 0.011:
                out.fault(f"{number} “{view.head(column)}”与图层（{there}）不同", **_place(view, rows[number]), value=_say(value))
            elif isinstance(value, str) and there is not None and not value.replace("\n", " ").startswith(str(there).rstrip()):
                out.fault(f"{number} “{view.head(column)}”与图层（{there}）不同", **_place(view, rows[number]), value=value)
    if every and seen < len(rows):
        out.fault(f"图层少于表格：{seen} 与 {len(rows)}", file=name)
    return seen


@check("ledger_layers", "资源、需求、布局、业态的表与图层一致", group="数字")
def check_ledgers(handin: HandIn, out: Checked) -> None:
    """Areas and attributes of resources and needs, sums of sites and functions are those of the layers."""
    for pair in read_settings("audit.yaml")["tables_and_layers"]:
        view = handin.table(pair["table"])
        if view is None or handin.own_style(pair["table"]):
            continue
        for code in pair["layers"]:
            shape = handin.shape(code)
            if shape is None:
                continue
            seen = _compare_by_key(out, view, pair["by"], shape.frame, shape.name, pair["key"], pair["fields"])
            out.see(f"{seen} 个编号的{'、'.join(view.head(c) for c in pair['fields'])}相同", file=view.file, sheet=view.sheet, value=code)
    _compare_groups(handin, out, "layout", "Site.action", "HSQ_GXBJ", "GXFS", {"Site.area_m2": "MJ", "Site.floor_area_m2": "JZMJ"})
    _compare_groups(handin, out, "business", "Business.action", "HSQ_YT", "YTDZ", {})
    conditions, ledger = handin.table("conditions"), handin.table("ledger")
    if conditions is not None and ledger is not None:
        usable = {text: ledger.grid.at(row, ledger.columns["Resource.usable_m2"]) for row, text in ledger.texts("Resource.number").items()}
        for row, number in conditions.texts("Resource.number").items():
            value = conditions.grid.at(row, conditions.columns["Resource.usable_m2"])
            if number not in usable or _differs(value, usable[number]):
                out.fault(f"{number} 可用面积与本底资源台账（{_say(usable.get(number))}）不同", **_place(conditions, row), value=_say(value))


def _compare_groups(
    handin: HandIn, out: Checked, key: str, by: str, code: str, field: str, sums: Mapping[str, str]
) -> None:
    view, shape = handin.table(key), handin.shape(code)
    if view is None or shape is None or not view.rows:
        return
    groups = view.texts(by)
    counts = pd.Series(groups).value_counts()
    drawn = shape.column(field).value_counts()
    for name in sorted(set(counts.index) | set(drawn.index)):
        if counts.get(name, 0) != drawn.get(name, 0):
            out.fault(f"“{name}”{counts.get(name, 0)} 处，图层 {drawn.get(name, 0)} 处", file=view.file, sheet=view.sheet, value=code)
        for column, area in sums.items():
            told = sum(value for row, value in view.numbers(column).items() if groups[row] == name)
            there = float(shape.frame.loc[shape.frame[field] == name, area].sum())
            if abs(told - there) > 0.02:
                out.fault(f"“{name}”{view.head(column)}合计与图层（{there:.2f}）不同", file=view.file, sheet=view.sheet, value=f"{told:.2f}")
    out.see(f"{len(view.rows)} 处，分{view.head(by)}的处数和面积与图层相同", file=view.file, sheet=view.sheet, value=code)


@check("provision_counts", "缺配类型统计", group="数字")
def check_provision(handin: HandIn, out: Checked) -> None:
    """附表3-21 counts 附表3-20; its reach is that of 附表3-6 (requirements §7.16: before and after sharing)."""
    view, counts = need_table(handin, out, "provision"), need_table(handin, out, "provision_count")
    if view is None or counts is None:
        return
    names = {"missing": "漏配", "short": "少配", "wrong": "错配", "partly": "部分可达", "met": "满足", "solved": "共享可解"}
    towns = view.texts("Provision.community")
    for row, town in counts.texts("ProvisionCount.community").items():
        for when in ("before", "after"):
            judged = view.texts(f"Provision.{when}")
            for key, name in names.items():
                column = f"ProvisionCount.{key}_{when}"
                if column not in counts:
                    continue
                wanted = sum(judged[r] == name and towns[r] == town for r in view.rows)
                value = counts.grid.at(row, counts.columns[column])
                if _differs(value, wanted):
                    out.fault(f"{town}“{name}”应为 {wanted}", **_place(counts, row), value=_say(value))
    out.see(f"{len(counts.rows)} 个社区的统计与判定表 {len(view.rows)} 行相符", file=counts.file, sheet=counts.sheet)
    coverage = handin.table("coverage")
    if coverage is None:
        return
    reach = {
        (coverage.texts("Served.community")[row], coverage.texts("Served.type_name")[row]): row for row in coverage.rows
    }
    pairs = {"Provision.homes": "Served.homes", "Provision.homes_before": "Served.homes_own", "Provision.homes_after": "Served.homes_shared"}
    for row in view.rows:
        there = reach.get((towns[row], view.texts("Provision.type_name")[row]))
        for one, two in pairs.items():
            if there and _differs(view.grid.at(row, view.columns[one]), coverage.grid.at(there, coverage.columns[two])):
                out.fault(f"可达住户点与覆盖统计表第 {there} 行不同", **_place(view, row), value=_say(view.grid.at(row, view.columns[one])))


@check("side_tables", "图上附表与表格一致", group="数字")
def check_side(handin: HandIn, out: Checked) -> None:
    """Rows beside the maps say what the tables say, by their ids (rules ``side_tables`` of configs/audit.yaml)."""
    settings = read_settings("audit.yaml")["side_tables"]
    compared: dict[str, int] = {}
    for number, name in handin.drawing_files.items():
        try:
            tables = list_tables(handin.drawing(name))
        except UnreadableError:
            continue
        for table in tables:
            for rule in settings:
                if rule["columns"] == table.columns:
                    seen = _compare_rows(handin, out, table, rule, name, number)
                    compared[name] = compared.get(name, 0) + seen
            compared[name] = compared.get(name, 0) + _compare_sums(handin, out, table, name, number)
    count = sum(compared.values())
    if count:
        out.see(f"{sum(bool(n) for n in compared.values())} 张图的附表 {count} 行与表格、图层逐行相同", file=DRAWINGS)
    elif not handin.drawing_files:
        out.void = "没有 CAD 图，图上附表无法按单元格读取"


def _compare_rows(handin: HandIn, out: Checked, table: SideTable, rule: Mapping[str, Any], name: str, number: str) -> int:
    view = handin.table(rule["table"])
    if view is None or handin.own_style(rule["table"]):
        return 0
    keys = view.texts(rule["by"])
    subject = ""
    if "title" in rule:
        subject = re.split("[（：]", table.title, maxsplit=1)[0]
    titles = view.texts(rule["title"]) if subject else {}
    rows = {text: row for row, text in keys.items() if not subject or titles[row] == subject}
    for cells in table.rows:
        if cells[0] not in rows:
            out.fault(f"图上附表“{table.title}”有而{view.spec.number}没有", file=name, sheet=number, value=cells[0])
            continue
        for head, column in rule["equal"].items():
            shown, value = cells[table.columns.index(head)], view.grid.at(rows[cells[0]], view.columns[column])
            if not _reads(shown, value):
                out.fault(
                    f"图上附表“{table.title}”{cells[0]}“{head}”与{view.spec.number}第 {rows[cells[0]]} 行（{_say(value)[:40]}）不同",
                    file=name, sheet=number, value=shown,
                )  # fmt: skip
    return len(table.rows)


def _reads(shown: str, value: object) -> bool:
    """Whether a printed cell says a value: a dash nothing, a number rounded, a text without its spaces."""
    if shown in ("—", ""):
        return value is None or str(value) in ("", SLASH)
    if isinstance(value, float):
        return same_number(shown, value)
    plain = re.sub(r"\s+", "", shown.replace("（无具体位置）", ""))
    return plain == re.sub(r"\s+", "", "" if value is None else str(value))


def _compare_sums(handin: HandIn, out: Checked, table: SideTable, name: str, number: str) -> int:
    """Compare the side tables that sum something up; return how many rows were compared."""
    wanted = _list_sums(handin, table)
    for label, values in wanted.items():
        shown = next((cells[1:] for cells in table.rows if cells[0] == label), None)
        if shown is None:
            if any(values):
                out.fault(f"图上附表“{table.title}”没有“{label}”", file=name, sheet=number)
            continue
        for text, value, head in zip(shown, values, table.columns[1:], strict=False):
            # Shown values are rounded so that they add up: the last digit may differ by one.
            digit = 10.0 ** -len(text.partition(".")[2])
            plain = text.replace(",", "")
            if value is None or text == "—":
                continue
            if not re.fullmatch(r"-?\d+(\.\d+)?", plain) or abs(float(plain) - value) > 1.01 * digit:
                out.fault(f"图上附表“{table.title}”“{label}”{head}应为 {value:.2f}", file=name, sheet=number, value=text)
    return len(wanted)


def _list_sums(handin: HandIn, table: SideTable) -> dict[str, list[float | None]]:
    """Return what rows of a summing side table must show, from tables and layers."""
    if table.columns == ["一级类", "现状", "规划"]:
        view = handin.table("balance")
        if view is None:
            return {}
        names, found = landuse_names(), {}
        classes = view.texts("Balance.landuse_code")
        columns = [view.numbers("Balance.now_m2"), view.numbers("Balance.planned_m2")]
        for code in sorted({text[:2] for text in classes.values()}):
            sums = [sum(v for r, v in column.items() if classes[r][:2] == code) / _HECTARE for column in columns]
            found[f"{code} {names.get(code, '')}".strip()] = sums
        found["合计"] = [sum(column.values()) / _HECTARE for column in columns]
        return {key: list(value) for key, value in found.items()}
    if table.columns == ["方式", "处", "用地㎡", "建筑㎡"]:
        view = handin.table("layout")
        if view is None:
            return {}
        actions = view.texts("Site.action")
        return {
            action: [
                float(sum(text == action for text in actions.values())),
                *(
                    sum(v for r, v in view.numbers(f"Site.{key}").items() if actions[r] == action)
                    for key in ("area_m2", "floor_area_m2")
                ),
            ]
            for action in codes.ACTION.values
            if action in actions.values()
        }
    if table.columns == ["范围", "面积（公顷）"]:
        shape = handin.shape("HSQ_GXFW")
        if shape is None:
            return {}
        return {str(kind): [float(area) / _HECTARE] for kind, area in zip(shape.column("FWLX"), shape.column("MJ"), strict=True)}
    return {}
