"""Sums of money: over tables, over sources, over years."""

from __future__ import annotations

import re

from layers import codes
from pipeline.audit.checks.numbers import differs, place_of, say
from pipeline.audit.checks.tables import need_table
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import HandIn


@check("money_totals", "投资合计各处一致", group="数字")
def check_totals(handin: HandIn, out: Checked) -> None:
    """Sums of 表2, 年度投资计划 and 资金筹措 are one (4.6, D-09)."""
    projects = need_table(handin, out, "project_list")
    if projects is None:
        return
    wanted = sum(projects.numbers("Project.total_wan").values())
    for key, column in (
        ("yearly", "Project.total_wan"),
        ("funding", "FundTotal.amount_wan"),
        ("revenue", "Project.total_wan"),
    ):
        view = handin.table(key)
        if view is None or column not in view:
            continue
        found = sum(view.numbers(column).values())
        if abs(found - wanted) > 0.01:
            out.fault(
                f"{view.spec.number}投资合计与表2（{wanted:.2f}）不同",
                file=view.file,
                sheet=view.sheet,
                value=f"{found:.2f}",
            )
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
                out.fault(
                    f"{kind}合计与表2（{two:.2f}）不同",
                    file=funding.file,
                    sheet=funding.sheet,
                    value=f"{one:.2f}",
                )


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
            out.fault("各年比例合计不是 100%", **place_of(view, row), value=f"{summed:.2f}")
        if any(isinstance(value, float) and not 0 <= value <= 100 for value in found):
            out.fault("年度比例不在 0–100 之间", **place_of(view, row))
        money = [view.grid.at(row, view.columns[name]) for name in amounts]
        if row in totals:
            spent = sum(value for value in money if isinstance(value, float))
            if abs(spent - totals[row]) > 0.011:
                out.fault(
                    "各年投资合计不等于总投资", **place_of(view, row), value=f"{spent:.2f}≠{totals[row]:.2f}"
                )
    head = projects.grid.text(3, projects.columns.get("Project.year_share", 0))
    year = re.match(r"(\d{4})年", head)
    column = next(
        (view.columns[name] for name in shares if year and year[1] in view.grid.text(3, view.columns[name])),
        0,
    )
    if not year or not column:
        out.fault(
            "表2 年度比例的年份在年度投资计划表中没有",
            file=projects.file,
            sheet=projects.sheet,
            row=3,
            value=head,
        )
        return
    there = {name: view.grid.at(row, column) for row, name in names.items()}
    for row, value in projects.cells("Project.year_share"):
        name = projects.texts("Project.name")[row]
        form = projects.grid.formats.get((row, projects.columns["Project.year_share"]), "")
        if differs(value, there.get(name)):
            out.fault(
                f"{year[1]}年比例与年度投资计划表（{say(there.get(name))}）不同",
                **place_of(projects, row),
                value=say(value),
            )
        if isinstance(value, float) and "%" not in form:
            out.fault("年度比例没有带 %", **place_of(projects, row), value=say(value))
    out.see(
        f"{len(view.rows)} 个项目各年比例合计 100%，{year[1]}年与表2 相同", file=view.file, sheet=view.sheet
    )
