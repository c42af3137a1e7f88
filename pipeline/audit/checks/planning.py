"""The chain of the plan: needs, matches, resource list, projects, phases agree with each other as the guideline asks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from configs import read_settings
from configs.planning import landuse_names
from layers import codes
from pipeline.audit.checks.tables import SLASH, need_table, say_values
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import HandIn
from pipeline.audit.tableview import TableView

_LEVELS = {name: score for score, name in codes.LEVEL.items()}
_UNTOLD = -2
_NONE = "无直接对应空间资源"
_ITEM = re.compile(r"(建筑|空间|用地|人力|资金|政策)（((?:[^（）]|（[^（）]*）)+)）")
_MONEY = re.compile(r"\d+(?:\.\d+)?\s*万元")
_MONTHS = re.compile(r"(\d{2,4})年(\d{1,2})月-(\d{2,4})年(\d{1,2})月")


def _levels(view: TableView) -> dict[str, tuple[int, int]]:
    """Return row and score of each need of the matching table by its description."""
    found = {}
    described = view.texts("Need.description")
    for row, text in view.texts("Match.statement").items():
        key, level = described.get(row, ""), _LEVELS.get(text.split("：", 1)[0], -1)
        # Two needs in the same words at two levels cannot be told apart by the tables.
        twin = key in found and found[key][1] != level
        found[key] = (row, _UNTOLD if twin else level)
    return found


def _place(view: TableView, row: int) -> dict[str, object]:
    return {"file": view.file, "sheet": view.sheet, "row": row}


@check("match_level", "匹配度评估等级", group="策划")
def check_level(handin: HandIn, out: Checked, *, score: int) -> None:
    """Needs of one level: a reason, and resources that the ledger holds; none at level 0 (3.6.1)."""
    view = need_table(handin, out, "matching")
    if view is None:
        return
    items, reasons = view.texts("Match.resource_text"), view.texts("Match.statement")
    rows = [row for row, text in reasons.items() if _LEVELS.get(text.split("：", 1)[0]) == score]
    for row in rows:
        if not reasons[row].partition("：")[2]:
            out.fault("等级后没有理由", **_place(view, row), value=reasons[row])
        if score == 0 and not items[row].startswith(_NONE) and re.search(r"(建筑|空间|用地)（", items[row]):
            out.fault(f"无匹配的关联资源项应为“{_NONE}”", **_place(view, row), value=items[row])
        if score > 0 and items[row] == _NONE and "不占用空间" not in reasons[row] and "原址" not in reasons[row]:
            out.fault("有匹配度却没有关联资源", **_place(view, row), value=reasons[row])
    if rows:
        out.see(f"{codes.LEVEL[score]} {len(rows)} 项，均有理由", **_place(view, rows[0]), value=reasons[rows[0]][:60])
    else:
        out.void = f"没有{codes.LEVEL[score]}的需求"


@check("match_every_need", "每项需求都有匹配结论和定量依据", group="策划")
def check_every(handin: HandIn, out: Checked) -> None:
    """Each need of the 需求清单 has a line in the matching table; the resources' conditions are tabled (M-05)."""
    needs, match = need_table(handin, out, "needs"), need_table(handin, out, "matching")
    if needs is None or match is None:
        return
    told = _levels(match)
    for row, text in needs.texts("Need.description").items():
        if text not in told:
            out.fault("需求没有匹配性分析", **_place(needs, row), value=text)
    if len(match.rows) != len(needs.rows):
        out.fault("匹配性分析表与需求清单的行数不同", file=match.file, sheet=match.sheet,
                  value=f"{len(match.rows)} 与 {len(needs.rows)}")  # fmt: skip
    conditions = handin.table("conditions")
    if conditions is None:
        out.doubt("没有空间资源条件表，定量依据请人工核对", file=match.file)
    else:
        usable = conditions.numbers("Resource.usable_m2")
        out.see(f"{len(usable)} 处空间资源列有可用面积、宽度、紧凑度、步行距离", file=conditions.file, sheet=conditions.sheet)
    out.see(f"{len(needs.rows)} 项需求均有匹配结论", file=match.file, sheet=match.sheet)


@check("match_words", "匹配性分析表写法", group="策划")
def check_words(handin: HandIn, out: Checked) -> None:
    """Level and reason as “强匹配：理由”; 紧迫性 is 紧迫 or 一般 (3.6.1)."""
    view = need_table(handin, out, "matching")
    if view is None:
        return
    texts = view.texts("Match.statement")
    for row, text in texts.items():
        if not re.match(rf"({'|'.join(_LEVELS)})：\S", text):
            out.fault("应写作“强匹配/中匹配/弱匹配/无匹配：理由”", **_place(view, row), value=text)
    if texts:
        told = say_values([text.split("：", 1)[0] for text in texts.values()])
        out.see(f"{len(texts)} 行：{told}", file=view.file, sheet=view.sheet, row=f"{min(texts)}–{max(texts)}")


@check("match_resources", "关联资源项对应台账", group="策划")
def check_resources(handin: HandIn, out: Checked) -> None:
    """Each resource item is 类别（名称） of a row of the ledger (3.6.1)."""
    view, ledger = need_table(handin, out, "matching"), need_table(handin, out, "ledger")
    if view is None or ledger is None:
        return
    kinds, names = ledger.texts("Resource.category"), ledger.texts("Resource.name")
    known = {(kinds[row], name) for row, name in names.items()}
    count = 0
    for row, text in view.texts("Match.resource_text").items():
        if text.startswith(_NONE):
            continue
        found = _ITEM.findall(text)
        if not found:
            out.fault("关联资源项应写作“类别（具体资源）”", **_place(view, row), value=text)
        for kind, name in found:
            count += 1
            if (kind, name) not in known:
                out.fault("台账中没有这项资源", **_place(view, row), value=f"{kind}（{name}）")
    if view.rows:
        out.see(f"{count} 处资源均见于本底资源台账", file=view.file, sheet=view.sheet, value=ledger.file)


@check("gap_paths", "资源缺口均有创造路径", group="策划")
def check_gaps(handin: HandIn, out: Checked) -> None:
    """Every need of level 0 or 1 is in the gap table with one of the four paths (3.6.2)."""
    match = need_table(handin, out, "matching")
    if match is None:
        return
    weak = {text: row for text, (row, level) in _levels(match).items() if 0 <= level <= 1}
    if not weak:
        out.void = "没有弱匹配或无匹配的需求"
        return
    gaps = need_table(handin, out, "gap_paths")
    if gaps is None:
        if out.void:
            out.void = ""
            out.fault("有弱匹配、无匹配的需求，却没有资源缺口表", file=match.file, sheet=match.sheet, value=len(weak))
        return
    paths, listed = gaps.texts("Match.paths"), gaps.texts("Need.description")
    for row, text in paths.items():
        if not any(text.startswith(name) or f"；{name}" in text for name in codes.PATH.values):
            out.fault(f"路径应为 {'、'.join(codes.PATH.values)} 之一", **_place(gaps, row), value=text)
    for text, row in weak.items():
        if text not in listed.values():
            out.fault("弱匹配或无匹配的需求没有列入资源缺口表", **_place(match, row), value=text)
    for row, text in listed.items():
        if text not in weak:
            out.fault("资源缺口表列有并非弱匹配、无匹配的需求", **_place(gaps, row), value=text)
    names = [name for text in paths.values() for name in codes.PATH.values if name in text]
    out.see(f"{len(weak)} 项缺口均有路径：{say_values(names)}", file=gaps.file, sheet=gaps.sheet)


@check("listed_rule", "列入资源清单的条件", group="策划")
def check_listed(handin: HandIn, out: Checked) -> None:
    """资源清单 holds exactly what is 强匹配 or 中匹配, and weaker ones with a clear path (3.7)."""
    table, match = need_table(handin, out, "resource_list"), need_table(handin, out, "matching")
    if table is None or match is None:
        return
    gaps = handin.table("gap_paths")
    clear = {}
    if gaps is not None:
        described = gaps.texts("Need.description")
        clear = {described[row]: text for row, text in gaps.texts("Match.path_clear").items()}
    levels = _levels(match)
    rows = {text: row for row, text in table.texts("Need.description").items()}
    for text, (row, level) in levels.items():
        if level == _UNTOLD:
            continue
        wanted = level >= 2 or clear.get(text) == "是"
        if wanted and text not in rows:
            out.fault("应列入资源清单而没有列入", **_place(match, row), value=text)
        if not wanted and text in rows:
            out.fault("不应列入资源清单（匹配度不足，路径不清晰）", **_place(table, rows[text]), value=text)
    for text, row in rows.items():
        if text not in levels:
            out.fault("资源清单中的需求没有匹配性分析", **_place(table, row), value=text)
    out.see(f"匹配性分析 {len(levels)} 项中应列入的 {len(rows)} 项均已列入", file=table.file, sheet=table.sheet)


@check("ready_rule", "是否具备实施条件", group="策划")
def check_ready(handin: HandIn, out: Checked) -> None:
    """是 needs a level of 2 or more, or a clear path; and money that is found (表1 填表说明4)."""
    table, match = need_table(handin, out, "resource_list"), need_table(handin, out, "matching")
    if table is None or match is None:
        return
    levels, gaps = _levels(match), handin.table("gap_paths")
    clear = set()
    if gaps is not None:
        described = gaps.texts("Need.description")
        clear = {described[row] for row, text in gaps.texts("Match.path_clear").items() if text == "是"}
    described, money = table.texts("Need.description"), table.texts("Match.money_text")
    ready = table.texts("Match.ready")
    for row, text in ready.items():
        if text != "是":
            continue
        level = levels.get(described[row], (0, -1))[1]
        if level < 2 and level != _UNTOLD and described[row] not in clear:
            out.fault("匹配度不足且路径不清晰，不应为“是”", **_place(table, row), value=described[row])
        if re.search(r"待落实\d", money[row]):
            out.fault("资金待落实，不应为“是”", **_place(table, row), value=money[row])
    out.see(f"是否具备实施条件：{say_values(list(ready.values()))}", file=table.file, sheet=table.sheet,
            row=f"{min(ready, default=0)}–{max(ready, default=0)}")  # fmt: skip


@check("space_text", "空间资源写明位置、面积、产权人", group="策划")
def check_space(handin: HandIn, out: Checked) -> None:
    """空间资源 names place, ㎡ and owner, or the site itself, or / for what is managed (表1 填表说明1)."""
    table = need_table(handin, out, "resource_list")
    if table is None:
        return
    texts, works = table.texts("Match.space_text"), 0
    for row, text in texts.items():
        if text == SLASH or "原址实施" in text:
            works += 1
            continue
        if not text or not re.search(r"\d+(\.\d+)?㎡", text) or "产权人：" not in text:
            out.fault("空间资源应写明具体位置、面积（㎡）、产权人", **_place(table, row), value=text or "空")
        elif "产权人：待核" in text:
            out.doubt("产权人待核", **_place(table, row), value=text)
    if texts:
        out.see(f"{len(texts) - works} 行写明位置、面积、产权人；{works} 行为原址实施或不占用空间", file=table.file, sheet=table.sheet)


@check("money_text", "资金保障写明来源和金额", group="策划")
def check_money(handin: HandIn, out: Checked) -> None:
    """资金保障 names source and amount (表1 填表说明2)."""
    table = need_table(handin, out, "resource_list")
    if table is None:
        return
    texts = table.texts("Match.money_text")
    for row, text in texts.items():
        if text == SLASH:
            out.doubt("没有资金来源", **_place(table, row), value=text)
        elif not _MONEY.search(text) or not re.search(r"（.+?）", text):
            out.fault("资金保障应写明来源和金额（万元）", **_place(table, row), value=text or "空")
        elif "待落实" in text or "待测算" in text:
            out.doubt("资金待落实", **_place(table, row), value=text)
    if texts:
        out.see(f"{len(texts)} 行，写明来源和金额的 {sum(bool(_MONEY.search(t)) for t in texts.values())} 行",
                file=table.file, sheet=table.sheet)  # fmt: skip


@check("people_text", "工作力量写明单位和事项", group="策划")
def check_people(handin: HandIn, out: Checked) -> None:
    """工作力量 names unit and matter, or / (表1 填表说明3)."""
    table = need_table(handin, out, "resource_list")
    if table is None:
        return
    texts = table.texts("Match.people_text")
    for row, text in texts.items():
        if text != SLASH and not re.search(r"\S+[：，、]\S+", text):
            out.fault("工作力量应写明支持单位和事项", **_place(table, row), value=text or "空")
    if texts:
        out.see(f"{len(texts)} 行，其中“/”{sum(t == SLASH for t in texts.values())} 行", file=table.file, sheet=table.sheet)


@check("policy_clauses", "政策资源写明条款", group="策划")
def check_policies(handin: HandIn, out: Checked) -> None:
    """Policies of the resource list are cited with 文号 or clause (3.7)."""
    table = handin.table("backing")
    if table is None:
        out.void = "没有资金、政策、人力支撑表"
        return
    kinds, clauses = table.texts("Backing.category"), table.texts("Backing.clause")
    rows = [row for row, kind in kinds.items() if kind == "政策"]
    for row in rows:
        if not re.search(r"〔\d{4}〕\d+号|第[一二三四五六七八九十百\d]+条|\[\d{4}\]", clauses[row]):
            out.doubt("政策没有写明文号或条款", **_place(table, row), value=clauses[row])
    if rows:
        out.see(f"{len(rows)} 处政策写明文号或条款", **_place(table, rows[0]), value=clauses[rows[0]])
    else:
        out.void = "没有政策资源"


@check("project_traces", "项目来自资源清单", group="策划")
def check_traces(handin: HandIn, out: Checked) -> None:
    """Every project answers a need of the resource list (1.5(2))."""
    projects, resources = need_table(handin, out, "project_list"), need_table(handin, out, "resource_list")
    if projects is None or resources is None:
        return
    known = set(resources.texts("Need.description").values())
    for row, text in projects.texts("Project.description").items():
        if text not in known:
            out.fault("项目的需求不在资源清单中", **_place(projects, row), value=text)
    out.see(f"{len(projects.rows)} 个项目均对应资源清单 {len(known)} 项", file=projects.file, sheet=projects.sheet, value=resources.file)


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
            out.fault("建设时序应为 xx年xx月-xx年xx月", **_place(view, row), value=text or "空")
            continue
        start, end = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
        if start > end or not 1 <= start[1] <= 12 or not 1 <= end[1] <= 12:
            out.fault("建设时序的起止有误", **_place(view, row), value=text)
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
    levels = _levels(match)
    names, described = projects.texts("Project.name"), projects.texts("Project.description")
    urgency = projects.texts("Project.urgency")
    of = {names[row]: (levels.get(described[row], (0, -1))[1], urgency[row]) for row in names}
    told, rules, orders = (yearly.texts(f"Project.{name}") for name in ("phase", "phase_rule", "rank_rule"))
    priority, title = yearly.texts("Project.priority"), yearly.texts("Project.name")
    count = 0
    for row, text in told.items():
        if text not in phases:
            out.fault("时序阶段不是分期安排表中的阶段", **_place(yearly, row), value=text or "空")
            continue
        level, urgent = of.get(title[row], (-1, ""))
        wanted = _wanted_phase(priority[row], level, urgent, orders[row])
        if phase and phases.index(text) + 1 != phase:
            continue
        count += 1
        if "人工" not in rules[row] and wanted and phases.index(text) + 1 != wanted:
            out.fault(
                f"按规则应为第 {wanted} 期（{priority[row]}、{codes.LEVEL.get(level, '匹配度不明')}、{urgent}）",
                **_place(yearly, row), value=f"{title[row]} {text}，{rules[row]}",
            )  # fmt: skip
    if count:
        which = f"{phases[phase - 1]}项目" if phase else "项目"
        out.see(f"{which} {count} 个，阶段与类别、匹配度、紧迫程度、产权相符", file=yearly.file, sheet=yearly.sheet)
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
            out.fault("必建类项目不在首期", **_place(yearly, row), value=phases[row])
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
            out.fault("没有阶段内次序", **_place(yearly, row), value=rank)
        elif (phases[row], rank) in seen:
            out.fault(f"次序与第 {seen[phases[row], rank]} 行相同", **_place(yearly, row), value=rank)
        seen[phases[row], rank] = row
        if not rules[row]:
            out.fault("没有次序依据", **_place(yearly, row))
    if ranks:
        out.see(f"{len(ranks)} 个项目逐阶段排序，均有依据", file=yearly.file, sheet=yearly.sheet, value=next(iter(rules.values())))


@check("first_choice", "一期优先项目", group="策划")
def check_first(handin: HandIn, out: Checked) -> None:
    """强匹配, 紧迫 and ready is done in the first phase (3.7)."""
    table, match = need_table(handin, out, "resource_list"), need_table(handin, out, "matching")
    projects, yearly = need_table(handin, out, "project_list"), need_table(handin, out, "yearly")
    phasing = need_table(handin, out, "phasing")
    if table is None or match is None or projects is None or yearly is None or phasing is None:
        return
    first = next(iter(phasing.texts("Phase.phase").values()), "")
    levels, described = _levels(match), table.texts("Need.description")
    ready, urgency = table.texts("Match.ready"), table.texts("Need.urgency")
    names = {text: projects.texts("Project.name")[row] for row, text in projects.texts("Project.description").items()}
    phase = {text: yearly.texts("Project.phase")[row] for row, text in yearly.texts("Project.name").items()}
    strong = [
        row for row, text in described.items()
        if levels.get(text, (0, 0))[1] == 3 and urgency[row] == "紧迫" and ready[row] == "是"
    ]  # fmt: skip
    for row in strong:
        name = names.get(described[row], "")
        if phase.get(name, first) != first:
            out.fault("强匹配、紧迫且具备条件，却不在一期", **_place(table, row), value=f"{name} {phase[name]}")
    if strong:
        out.see(f"{len(strong)} 项强匹配、紧迫且具备实施条件的均在 {first}", **_place(table, strong[0]), value=described[strong[0]])
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
            out.fault("改造没有具体措施", **_place(view, row), value=view.texts("Site.name")[row])
        if kind[row] == "建筑" and action[row] in ("改造", "新建") and not floor.get(row, 0) > 0:
            out.fault("建筑没有建筑面积", **_place(view, row), value=view.texts("Site.name")[row])
        if not ground.get(row, 0) > 0:
            out.fault("没有用地面积", **_place(view, row), value=view.texts("Site.name")[row])
        if not tenure[row]:
            out.fault("没有产权变更情况", **_place(view, row))
        if not place[row]:
            out.fault("没有具体位置", **_place(view, row))
        if not use[row] and action[row] not in ("弹性", "拆除", "保留"):
            out.fault("没有规划功能", **_place(view, row))
    out.see(f"{len(view.rows)} 处：{say_values(list(action.values()))}", file=view.file, sheet=view.sheet)


@check("tenure", "产权与权属调查", group="策划")
def check_tenure(handin: HandIn, out: Checked) -> None:
    """Spatial resources have owner, kind of tenure and state of use; 待核 is for a person (3.3(1))."""
    view = need_table(handin, out, "ledger")
    if view is None:
        return
    kinds = view.texts("Resource.category")
    rows = [row for row, kind in kinds.items() if kind in codes.SPATIAL_RESOURCE]
    certainty, names = view.texts("Resource.certainty"), view.texts("Resource.name")
    filled = 0
    for column in ("Resource.owner", "Resource.tenure", "Resource.use_status"):
        texts = view.texts(column)
        for row in rows:
            sure = certainty[row] == codes.CERTAINTY.values[0]
            if texts[row] and texts[row] != "待核":
                filled += 1
            elif sure:
                out.doubt(f"“{view.head(column)}”{texts[row] or '空白'}，须调查核实", **_place(view, row), value=names[row])
    if rows:
        out.see(f"{len(rows)} 处空间资源，产权人、产权性质、使用状况已查明 {filled} 项", file=view.file, sheet=view.sheet)


@check("rows_with", "某类行", group="策划")
def check_rows(handin: HandIn, out: Checked, *, table: str, column: str, value: str, none: str) -> None:
    """Rows with a value are there; without any the clause does not apply."""
    view = need_table(handin, out, table)
    if view is None:
        return
    rows = [row for row, text in view.texts(column).items() if text == value]
    if rows:
        out.see(f"“{value}”{len(rows)} 行，占 {len(rows) / len(view.rows):.0%}", **_place(view, rows[0]), value=value)
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
                out.fault("用地代码与名称不符", **_place(view, row), value=f"{told[row]} {called[row]}")
    then, limit = view.numbers("Adjustment.far_then"), view.numbers("Adjustment.far_limit")
    for row in sorted(set(then) & set(limit)):
        if then[row] > limit[row]:
            out.doubt("建议容积率超过规划上限", **_place(view, row), value=f"{then[row]:g}＞{limit[row]:g}")
    if view.rows:
        out.see(f"{len(view.rows)} 个地块的现状、建议代码与名称相符", file=view.file, sheet=view.sheet)
