"""The chain of the plan: needs, matches, resource list, projects, phases agree with each other as the guideline asks."""

from __future__ import annotations

import re

from layers import codes
from pipeline.audit.checks.numbers import place_of
from pipeline.audit.checks.tables import need_table, say_values
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import HandIn
from pipeline.audit.tableview import TableView

_LEVELS = {name: score for score, name in codes.LEVEL.items()}
_UNTOLD = -2
_NONE = "无直接对应空间资源"
_ITEM = re.compile(r"(建筑|空间|用地|人力|资金|政策)（((?:[^（）]|（[^（）]*）)+)）")


def levels_of(view: TableView) -> dict[str, tuple[int, int]]:
    """Return row and score of each need of the matching table by its description."""
    found: dict[str, tuple[int, int]] = {}
    described = view.texts("Need.description")
    for row, text in view.texts("Match.statement").items():
        key, level = described.get(row, ""), _LEVELS.get(text.split("：", 1)[0], -1)
        # Two needs in the same words at two levels cannot be told apart by the tables.
        twin = key in found and found[key][1] != level
        found[key] = (row, _UNTOLD if twin else level)
    return found


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
            out.fault("等级后没有理由", **place_of(view, row), value=reasons[row])
        if score == 0 and not items[row].startswith(_NONE) and re.search(r"(建筑|空间|用地)（", items[row]):
            out.fault(f"无匹配的关联资源项应为“{_NONE}”", **place_of(view, row), value=items[row])
        if (
            score > 0
            and items[row] == _NONE
            and "不占用空间" not in reasons[row]
            and "原址" not in reasons[row]
        ):
            out.fault("有匹配度却没有关联资源", **place_of(view, row), value=reasons[row])
    if rows:
        out.see(
            f"{codes.LEVEL[score]} {len(rows)} 项，均有理由",
            **place_of(view, rows[0]),
            value=reasons[rows[0]][:60],
        )
    else:
        out.void = f"没有{codes.LEVEL[score]}的需求"


@check("match_every_need", "每项需求都有匹配结论和定量依据", group="策划")
def check_every(handin: HandIn, out: Checked) -> None:
    """Each need of the 需求清单 has a line in the matching table; the resources' conditions are tabled (M-05)."""
    needs, match = need_table(handin, out, "needs"), need_table(handin, out, "matching")
    if needs is None or match is None:
        return
    told = levels_of(match)
    for row, text in needs.texts("Need.description").items():
        if text not in told:
            out.fault("需求没有匹配性分析", **place_of(needs, row), value=text)
    if len(match.rows) != len(needs.rows):
        out.fault("匹配性分析表与需求清单的行数不同", file=match.file, sheet=match.sheet,
                  value=f"{len(match.rows)} 与 {len(needs.rows)}")  # fmt: skip
    conditions = handin.table("conditions")
    if conditions is None:
        out.doubt("没有空间资源条件表，定量依据请人工核对", file=match.file)
    else:
        usable = conditions.numbers("Resource.usable_m2")
        out.see(
            f"{len(usable)} 处空间资源列有可用面积、宽度、紧凑度、步行距离",
            file=conditions.file,
            sheet=conditions.sheet,
        )
    if needs.rows:
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
            out.fault("应写作“强匹配/中匹配/弱匹配/无匹配：理由”", **place_of(view, row), value=text)
    if texts:
        told = say_values([text.split("：", 1)[0] for text in texts.values()])
        out.see(
            f"{len(texts)} 行：{told}", file=view.file, sheet=view.sheet, row=f"{min(texts)}–{max(texts)}"
        )


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
            out.fault("关联资源项应写作“类别（具体资源）”", **place_of(view, row), value=text)
        for kind, name in found:
            count += 1
            if (kind, name) not in known:
                out.fault("台账中没有这项资源", **place_of(view, row), value=f"{kind}（{name}）")
    if view.rows:
        out.see(f"{count} 处资源均见于本底资源台账", file=view.file, sheet=view.sheet, value=ledger.file)


@check("gap_paths", "资源缺口均有创造路径", group="策划")
def check_gaps(handin: HandIn, out: Checked) -> None:
    """Every need of level 0 or 1 is in the gap table with one of the four paths (3.6.2)."""
    match = need_table(handin, out, "matching")
    if match is None:
        return
    weak = {text: row for text, (row, level) in levels_of(match).items() if 0 <= level <= 1}
    if not weak:
        out.void = "没有弱匹配或无匹配的需求"
        return
    gaps = need_table(handin, out, "gap_paths")
    if gaps is None:
        if out.void:
            out.void = ""
            out.fault(
                "有弱匹配、无匹配的需求，却没有资源缺口表",
                file=match.file,
                sheet=match.sheet,
                value=len(weak),
            )
        return
    paths, listed = gaps.texts("Match.paths"), gaps.texts("Need.description")
    for row, text in paths.items():
        if not any(text.startswith(name) or f"；{name}" in text for name in codes.PATH.values):
            out.fault(f"路径应为 {'、'.join(codes.PATH.values)} 之一", **place_of(gaps, row), value=text)
    for text, row in weak.items():
        if text not in listed.values():
            out.fault("弱匹配或无匹配的需求没有列入资源缺口表", **place_of(match, row), value=text)
    for row, text in listed.items():
        if text not in weak:
            out.fault("资源缺口表列有并非弱匹配、无匹配的需求", **place_of(gaps, row), value=text)
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
    levels = levels_of(match)
    rows = {text: row for row, text in table.texts("Need.description").items()}
    for text, (row, level) in levels.items():
        if level == _UNTOLD:
            continue
        wanted = level >= 2 or clear.get(text) == "是"
        if wanted and text not in rows:
            out.fault("应列入资源清单而没有列入", **place_of(match, row), value=text)
        if not wanted and text in rows:
            out.fault("不应列入资源清单（匹配度不足，路径不清晰）", **place_of(table, rows[text]), value=text)
    for text, row in rows.items():
        if text not in levels:
            out.fault("资源清单中的需求没有匹配性分析", **place_of(table, row), value=text)
    if levels:
        out.see(
            f"匹配性分析 {len(levels)} 项中应列入的 {len(rows)} 项均已列入",
            file=table.file,
            sheet=table.sheet,
        )


@check("ready_rule", "是否具备实施条件", group="策划")
def check_ready(handin: HandIn, out: Checked) -> None:
    """是 needs a level of 2 or more, or a clear path; and money that is found (表1 填表说明4)."""
    table, match = need_table(handin, out, "resource_list"), need_table(handin, out, "matching")
    if table is None or match is None:
        return
    levels, gaps = levels_of(match), handin.table("gap_paths")
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
            out.fault("匹配度不足且路径不清晰，不应为“是”", **place_of(table, row), value=described[row])
        if re.search(r"待落实\d", money[row]):
            out.fault("资金待落实，不应为“是”", **place_of(table, row), value=money[row])
    if ready:
        out.see(f"是否具备实施条件：{say_values(list(ready.values()))}", file=table.file, sheet=table.sheet,
                row=f"{min(ready)}–{max(ready)}")  # fmt: skip
