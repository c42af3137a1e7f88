"""Projects: where they come from, when they are built, what becomes of sites and parcels."""

from __future__ import annotations

import re
from collections.abc import Mapping

from configs import read_settings
from configs.planning import landuse_names
from layers import codes
from pipeline.audit.checks.numbers import place_of
from pipeline.audit.checks.planning import levels_of
from pipeline.audit.checks.tables import SLASH, need_table, say_values
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import HandIn

_MONTHS = re.compile(r"(\d{2,4})年(\d{1,2})月-(\d{2,4})年(\d{1,2})月")


@check("project_traces", "项目来自资源清单", group="策划")
def check_traces(handin: HandIn, out: Checked) -> None:
    """Every project answers a need of the resource list (1.5(2))."""
    projects, resources = need_table(handin, out, "project_list"), need_table(handin, out, "resource_list")
    if projects is None or resources is None:
        return
    known = set(resources.texts("Need.description").values())
    for row, text in projects.texts("Project.description").items():
        if text not in known:
            out.fault("项目的需求不在资源清单中", **place_of(projects, row), value=text)
    out.see(
        f"{len(projects.rows)} 个项目均对应资源清单 {len(known)} 项",
        file=projects.file,
        sheet=projects.sheet,
        value=resources.file,
    )


@check("schedules", "建设时序写法", group="策划")
def check_schedules(handin: HandIn, out: Checked) -> None:
    """建设时序 is xx年xx月-xx年xx月, the end not before the start; the header's year is one of them."""
    view = need_table(handin, out, "project_list")
    if view is None:
        return
    texts = view.texts("Project.schedule")
    years: set[int] = set()
    for row, text in texts.items():
        match = _MONTHS.fullmatch(text)
        if match is None:
            out.fault("建设时序应为 xx年xx月-xx年xx月", **place_of(view, row), value=text or "空")
            continue
        start, end = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
        if start > end or not 1 <= start[1] <= 12 or not 1 <= end[1] <= 12:
            out.fault("建设时序的起止有误", **place_of(view, row), value=text)
        years |= set(range(start[0], end[0] + 1))
    head = view.grid.text(3, view.columns.get("Project.year_share", 0))
    year = re.match(r"(\d{4})年", head)
    if year and int(year[1]) not in years:
        out.fault("表头年份不在任何项目的建设时序内", file=view.file, sheet=view.sheet, row=3, value=head)
    if texts:
        out.see(f"{len(texts)} 行写法正确，{min(years, default=0)}–{max(years, default=0)}年", file=view.file,
                sheet=view.sheet, row=f"{min(texts)}–{max(texts)}", value=next(iter(texts.values())))  # fmt: skip


@check("phases", "分期安排", group="策划")
def check_phases(handin: HandIn, out: Checked, *, phase: int = 0) -> None:
    """Each project has the phase that the rules give it; 必建类 come first (4.9.1, requirements §7.7).

    Parameters
    ----------
    phase : look at projects of one phase only; 0 for all.
    """
    yearly, table = need_table(handin, out, "yearly"), need_table(handin, out, "phasing")
    match, projects = need_table(handin, out, "matching"), need_table(handin, out, "project_list")
    if yearly is None or table is None or match is None or projects is None:
        return
    phases = list(table.texts("Phase.phase").values())
    if len(phases) != 3:
        out.fault("分期应为三个阶段", file=table.file, sheet=table.sheet, value="、".join(phases))
        return
    levels = levels_of(match)
    names, described = projects.texts("Project.name"), projects.texts("Project.description")
    urgency = projects.texts("Project.urgency")
    of = {names[row]: (levels.get(described[row], (0, -1))[1], urgency[row]) for row in names}
    told, rules, orders = (yearly.texts(f"Project.{name}") for name in ("phase", "phase_rule", "rank_rule"))
    priority, title = yearly.texts("Project.priority"), yearly.texts("Project.name")
    count = 0
    for row, text in told.items():
        if text not in phases:
            out.fault("时序阶段不是分期安排表中的阶段", **place_of(yearly, row), value=text or "空")
            continue
        level, urgent = of.get(title[row], (-1, ""))
        wanted = _wanted_phase(priority[row], level, urgent, orders[row])
        if phase and phases.index(text) + 1 != phase:
            continue
        count += 1
        if "人工" not in rules[row] and wanted and phases.index(text) + 1 != wanted:
            out.fault(
                f"按规则应为第 {wanted} 期（{priority[row]}、{codes.LEVEL.get(level, '匹配度不明')}、{urgent}）",
                **place_of(yearly, row), value=f"{title[row]} {text}，{rules[row]}",
            )  # fmt: skip
    if count:
        which = f"{phases[phase - 1]}项目" if phase else "项目"
        out.see(
            f"{which} {count} 个，阶段与类别、匹配度、紧迫程度、产权相符",
            file=yearly.file,
            sheet=yearly.sheet,
        )
    elif phase:
        out.void = f"没有第 {phase} 期（{phases[phase - 1]}）的项目"


def _wanted_phase(priority: str, level: int, urgent: str, order: str) -> int:
    """Return the phase by ``configs/phasing.yaml``; 0 where the table does not tell enough."""
    if level < 0:
        return 0
    facts: Mapping[str, object] = {
        "priority": priority, "safety": order.startswith("底线安全"), "level": level, "urgency": urgent,
        "tenure_clear": "产权清晰" in order,
    }  # fmt: skip
    for rule in read_settings("phasing.yaml")["rules"]:
        if all(facts[key] == value for key, value in rule["when"].items()):
            return int(rule["phase"])
    return 0


@check("priority_first", "必建类首期实施", group="策划")
def check_priority(handin: HandIn, out: Checked) -> None:
    """必建类 are in the first phase (4.9.2)."""
    yearly, table = need_table(handin, out, "yearly"), need_table(handin, out, "phasing")
    if yearly is None or table is None:
        return
    first = next(iter(table.texts("Phase.phase").values()), "")
    must = [row for row, text in yearly.texts("Project.priority").items() if text == codes.PRIORITY.values[0]]
    phases = yearly.texts("Project.phase")
    for row in must:
        if phases[row] != first:
            out.fault("必建类项目不在首期", **place_of(yearly, row), value=phases[row])
    if must:
        out.see(f"必建类 {len(must)} 个均在 {first}", file=yearly.file, sheet=yearly.sheet)
    else:
        out.void = "没有必建类项目"


@check("ranks", "阶段内次序", group="策划")
def check_ranks(handin: HandIn, out: Checked) -> None:
    """Projects of a phase are in one order, each with its reasons (4.9.1)."""
    yearly = need_table(handin, out, "yearly")
    if yearly is None:
        return
    phases, ranks, rules = (yearly.texts(f"Project.{name}") for name in ("phase", "rank", "rank_rule"))
    seen: dict[tuple[str, str], int] = {}
    for row, rank in ranks.items():
        if not rank.isdigit():
            out.fault("没有阶段内次序", **place_of(yearly, row), value=rank)
        elif (phases[row], rank) in seen:
            out.fault(f"次序与第 {seen[phases[row], rank]} 行相同", **place_of(yearly, row), value=rank)
        seen[phases[row], rank] = row
        if not rules[row]:
            out.fault("没有次序依据", **place_of(yearly, row))
    if ranks:
        out.see(
            f"{len(ranks)} 个项目逐阶段排序，均有依据",
            file=yearly.file,
            sheet=yearly.sheet,
            value=next(iter(rules.values())),
        )


@check("first_choice", "一期优先项目", group="策划")
def check_first(handin: HandIn, out: Checked) -> None:
    """强匹配, 紧迫 and ready is done in the first phase (3.7)."""
    table, match = need_table(handin, out, "resource_list"), need_table(handin, out, "matching")
    projects, yearly = need_table(handin, out, "project_list"), need_table(handin, out, "yearly")
    phasing = need_table(handin, out, "phasing")
    if table is None or match is None or projects is None or yearly is None or phasing is None:
        return
    first = next(iter(phasing.texts("Phase.phase").values()), "")
    levels, described = levels_of(match), table.texts("Need.description")
    ready, urgency = table.texts("Match.ready"), table.texts("Need.urgency")
    names = {
        text: projects.texts("Project.name")[row]
        for row, text in projects.texts("Project.description").items()
    }
    phase = {text: yearly.texts("Project.phase")[row] for row, text in yearly.texts("Project.name").items()}
    strong = [
        row for row, text in described.items()
        if levels.get(text, (0, 0))[1] == 3 and urgency[row] == "紧迫" and ready[row] == "是"
    ]  # fmt: skip
    for row in strong:
        name = names.get(described[row], "")
        if phase.get(name, first) != first:
            out.fault(
                "强匹配、紧迫且具备条件，却不在一期", **place_of(table, row), value=f"{name} {phase[name]}"
            )
    if strong:
        out.see(
            f"{len(strong)} 项强匹配、紧迫且具备实施条件的均在 {first}",
            **place_of(table, strong[0]),
            value=described[strong[0]],
        )
    else:
        out.void = "没有强匹配、紧迫且具备实施条件的需求"


@check("layout_rows", "更新布局属性", group="策划")
def check_layout(handin: HandIn, out: Checked) -> None:
    """改造 has measures, buildings have floor area, every site says what becomes of tenure (4.3)."""
    view = need_table(handin, out, "layout")
    if view is None:
        return
    action, kind = view.texts("Site.action"), view.texts("Site.kind")
    measure, tenure = view.texts("Site.measure"), view.texts("Site.tenure_change")
    floor, ground = view.numbers("Site.floor_area_m2"), view.numbers("Site.area_m2")
    place, use = view.texts("Site.place"), view.texts("Site.function")
    for row in view.rows:
        if action[row] == "改造" and measure[row] in ("", SLASH):
            out.fault("改造没有具体措施", **place_of(view, row), value=view.texts("Site.name")[row])
        if kind[row] == "建筑" and action[row] in ("改造", "新建") and not floor.get(row, 0) > 0:
            out.fault("建筑没有建筑面积", **place_of(view, row), value=view.texts("Site.name")[row])
        if not ground.get(row, 0) > 0:
            out.fault("没有用地面积", **place_of(view, row), value=view.texts("Site.name")[row])
        if not tenure[row]:
            out.fault("没有产权变更情况", **place_of(view, row))
        if not place[row]:
            out.fault("没有具体位置", **place_of(view, row))
        if not use[row] and action[row] not in ("弹性", "拆除", "保留"):
            out.fault("没有规划功能", **place_of(view, row))
    out.see(f"{len(view.rows)} 处：{say_values(list(action.values()))}", file=view.file, sheet=view.sheet)


@check("rows_with", "某类行", group="策划")
def check_rows(handin: HandIn, out: Checked, *, table: str, column: str, value: str, none: str) -> None:
    """Rows with a value are there; without any the clause does not apply."""
    view = need_table(handin, out, table)
    if view is None:
        return
    rows = [row for row, text in view.texts(column).items() if text == value]
    if rows:
        out.see(
            f"“{value}”{len(rows)} 行，占 {len(rows) / len(view.rows):.0%}",
            **place_of(view, rows[0]),
            value=value,
        )
    else:
        out.void = none


@check("adjustment_codes", "详细规划调整建议", group="策划")
def check_adjustments(handin: HandIn, out: Checked) -> None:
    """Codes and names of both states are of the classification of 2023; 规划上限 is not exceeded (5.2.2)."""
    view = need_table(handin, out, "adjustments")
    if view is None:
        return
    names = landuse_names()
    for when in ("now", "then"):
        told, called = view.texts(f"Adjustment.code_{when}"), view.texts(f"Adjustment.name_{when}")
        for row in view.rows:
            if names.get(told[row]) != called[row]:
                out.fault("用地代码与名称不符", **place_of(view, row), value=f"{told[row]} {called[row]}")
    then, limit = view.numbers("Adjustment.far_then"), view.numbers("Adjustment.far_limit")
    for row in sorted(set(then) & set(limit)):
        if then[row] > limit[row]:
            out.doubt("建议容积率超过规划上限", **place_of(view, row), value=f"{then[row]:g}＞{limit[row]:g}")
    if view.rows:
        out.see(f"{len(view.rows)} 个地块的现状、建议代码与名称相符", file=view.file, sheet=view.sheet)
