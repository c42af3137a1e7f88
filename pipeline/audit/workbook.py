"""质检/成果自检.xlsx: the verdict on every requirement with its evidence, and every check beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pipeline.audit.audit import Audit
from pipeline.audit.findings import MOST_SPOTS, Checked, Spot
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content
from pipeline.plan import Plan
from pipeline.plan.models import Identity

_NO_DATE = date(1980, 1, 1)  # a workbook must bear a date; a hand-in that tells none has this one
_PLACE = [
    ("文件", 44, "left"),
    ("工作表或图层", 16, "center"),
    ("行或编号", 20, "center"),
    ("值", 34, "left"),
]
_NOTES = [
    "“符合”以读到的文件内容为依据；“需人工”为程序不能判断或须由人补充的事项，并写明到哪里看；“不适用”写明原因。",
    "各项要求按 configs/standards/requirements.csv，判定所用检查按 configs/audit.yaml。",
    "填表说明3 的“社区资金”与表头“社会资金”按同一项处理。",
]


def write_workbook(audit: Audit, path: Path) -> None:
    """Write the workbook; the same hand-in gives the same bytes."""
    write_book(path, [("结论", _summary(audit)), ("逐条核对", _rulings(audit)), ("依据与问题", _spots(audit)),
                      ("其他检查", _checks(audit))], _imprint(audit))  # fmt: skip


def _imprint(audit: Audit) -> Plan:
    """Return who and when, as far as the hand-in tells; a plan of nothing else."""
    handin = audit.handin
    told = str(handin.parameter("plan", "compiled") or "")
    try:
        day = date.fromisoformat(told)
    except ValueError:
        day = _NO_DATE
    compiler = str(handin.parameter("plan", "compiler") or "")
    told_of: dict[str, Any] = {"compiler": compiler, "compiled": day}
    return Plan.model_construct(plan=Identity.model_construct(**told_of))


def plan_title(audit: Audit) -> str:
    """Return the plan's name, else that of the communities."""
    return str(audit.handin.parameter("plan", "title") or audit.handin.area or "成果")


def _summary(audit: Audit) -> Content:
    lines: list[list[Value]] = [
        [verdict, count, _MEANING[verdict]] for verdict, count in audit.counts.items()
    ]
    lines.append(["合计", len(audit.rulings), ""])
    wrong = sum(len(item.wrong) for item in audit.broken)
    lines.append(["检查项", len(audit.checked), f"其中 {len(audit.broken)} 项发现问题，共 {wrong} 处"])
    lines.append(["文件", len(audit.handin.files), "逐个重新打开检查"])
    columns = [("结论", 14, "center"), ("条数", 10, "center"), ("说明", 90, "left")]
    return plain_content(f"{plan_title(audit)}成果自检", columns, lines, notes=_NOTES)


_MEANING = {
    "不符合": "成果与要求不符，须修改",
    "需人工": "须由人判断或补充，按“说明”到相应文件核对",
    "符合": "已逐一读取成果文件核实",
    "不适用": "本方案没有相应内容，原因见“说明”",
}


def _rulings(audit: Audit) -> Content:
    lines: list[list[Value]] = []
    for ruling in audit.rulings:
        spot = ruling.spots[0][1] if ruling.spots else Spot("")
        rule = ruling.rule
        lines.append([rule.id, rule.clause, rule.text, ruling.verdict, ruling.said, *_where(spot)])
    columns = [
        ("编号", 8, "center"), ("条款", 14, "center"), ("要求", 60, "left"), ("结论", 9, "center"), ("说明", 60, "left"),
    ]  # fmt: skip
    return plain_content("逐条核对", [*columns, *_PLACE], lines)


def _where(spot: Spot) -> list[Value]:
    return [spot.file, spot.sheet, spot.row, spot.value]


def _spots(audit: Audit) -> Content:
    """Return every place that was wrong, doubtful or the ground of a verdict, requirement by requirement."""
    lines: list[list[Value]] = []
    for ruling in audit.rulings:
        counts: dict[str, int] = {}
        for kind, spot in ruling.spots:
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] <= MOST_SPOTS:
                lines.append([ruling.rule.id, kind, spot.said, *_where(spot)])
        for kind, count in counts.items():
            if count > MOST_SPOTS:
                lines.append([ruling.rule.id, kind, f"另有 {count - MOST_SPOTS} 处，从略", "", "", "", ""])
    columns = [("编号", 8, "center"), ("类别", 9, "center"), ("说明", 60, "left")]
    return plain_content("依据与问题", [*columns, *_PLACE], lines)


def sort_checks(audit: Audit) -> list[Checked]:
    """Return the checks by group, each name and outcome once."""
    seen: dict[tuple[str, str, str], Checked] = {}
    for item in audit.checked.values():
        first = (item.wrong or item.doubts or item.seen or [Spot(item.void)])[0].said
        seen.setdefault((item.group, item.title, first), item)
    return [item for _, item in sorted(seen.items(), key=lambda pair: pair[0])]


def tell_check(item: Checked) -> Spot:
    """Return the one line that says what a check came to."""
    spots = item.wrong or item.doubts or item.seen
    if not spots:
        return Spot(item.void)
    first = spots[0]
    more = f"等 {len(spots)} 处" if len(spots) > 1 and spots is not item.seen else ""
    return Spot(first.said + more, first.file, first.sheet, first.row, first.value)


def _checks(audit: Audit) -> Content:
    lines: list[list[Value]] = []
    for item in sort_checks(audit):
        spot = tell_check(item)
        lines.append([item.group, item.title, item.verdict, spot.said, *_where(spot)])
    columns = [("类别", 9, "center"), ("检查", 34, "left"), ("结论", 9, "center"), ("说明", 60, "left")]
    return plain_content("其他检查", [*columns, *_PLACE], lines)
