"""``output/<plan>/decisions.xlsx``: every judgement that can be overruled, to be filled in by the planner.

The planner's own workbook is an input and never written. This one is rewritten by each run, unless somebody
wrote into it what the run did not read: then it stays as it is and the report says where to move it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from layers.decisions import CLEAR, Decision
from layers.faults import Fault, FaultLog
from layers.judgements import Judgement, subjects
from layers.read.decisions import CODE, list_filled
from layers.read.raw import Place
from pipeline.plan import Plan
from pipeline.stages.register import list_judgements

NAME = "decisions.xlsx"
_SEAL = "decisions.sha256"  # in work/: the form as the program left it
_HEAD = (
    (Decision.table, 10), (Decision.number, 22), (Decision.field, 14), (Decision.computed, 34), (Decision.value, 34),
    (Decision.reason, 34), (Decision.name, 44), (Decision.place, 30), (Decision.state, 10),
)  # fmt: skip
_LONGEST_LIST = 250  # characters Excel allows in a list of choices
_DECIDED = (Decision.table, Decision.number, Decision.field, Decision.value, Decision.reason)


def form_path(plan: Plan) -> Path:
    """Return where the form of a plan is."""
    return plan.output / NAME


def find_unread(plan: Plan, decisions: pd.DataFrame) -> Fault | None:
    """Return the fault of a form that holds decisions the run does not read; None where it may be rewritten."""
    path = form_path(plan)
    if not path.is_file() or _is_ours(plan):
        return None
    read = {_decided(row) for row in decisions.to_dict("records")}
    log = FaultLog()
    rows = list_filled(path, Place(NAME, Decision.alias, log))
    lost = [row for row in rows if _decided(row) not in read]
    if not lost and not log.errors:
        return None
    what = f"有 {len(lost)} 行填写没有采用" if lost else "无法读取"
    return Fault(
        CODE, f"output 中的 {NAME} {what}", severity="警告", file=str(path),
        row="、".join(f"{row[Decision.sheet]} 第 {row[Decision.row]} 行" for row in lost[:10]),
        action="保留该文件，不更新样表",
        remedy=f"把它移到 {plan.decisions}（已有该文件时先把这些行抄过去），再运行",
    )  # fmt: skip


def write_form(frames: Mapping[str, pd.DataFrame], plan: Plan) -> Path | None:
    """Write the form; return it, or None where nothing can be decided yet or it must stay as it is.

    Parameters
    ----------
    frames : stage results by layer key, with the settled decisions.
    """
    decisions = frames[Decision.key]
    if find_unread(plan, decisions) is not None:
        return None
    sheets = [(subject, list_judgements(subject, frames)) for subject in subjects()]
    if not any(parts for _, parts in sheets):
        return None
    told = {tuple(row[column] for column in _DECIDED[:3]): row for row in decisions.to_dict("records")}
    path = form_path(plan)
    fresh = path.with_name(f"{NAME}.part")
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(fresh), options) as book:
        book.set_properties(
            {"title": "人工决策样表", "created": datetime.combine(plan.plan.compiled, time())}
        )
        forms = {
            "head": book.add_format({"bold": True, "border": 1, "bg_color": "#EDEDED", "align": "center"}),
            "told": book.add_format({"border": 1, "num_format": "@", "text_wrap": True, "valign": "top"}),
            "open": book.add_format(
                {"border": 1, "num_format": "@", "text_wrap": True, "valign": "top", "bg_color": "#FFF8DC"}
            ),
        }
        _write_help(book.add_worksheet("说明"), plan, book)
        for subject, parts in sheets:
            if parts:
                _write_sheet(book.add_worksheet(subject.title), subject.title, parts, told, forms)
        _write_rest(book, told, forms)
    fresh.replace(path)
    seal = plan.output / "work" / _SEAL
    seal.parent.mkdir(parents=True, exist_ok=True)
    seal.write_text(_hash(path), encoding="ascii")
    return path


def _write_help(sheet: Any, plan: Plan, book: Any) -> None:
    sheet.set_column(0, 0, 110, book.add_format({"text_wrap": True, "valign": "top"}))
    lines = (
        "人工决策样表：每行是程序作出的一项判定，可以由规划人员改定。",
        "一、在“人工决定”列写改定的值，在“理由”列写理由；两列都写才算一项决定。不改的行不用填，也可以删去。",
        f"二、填好后另存为 {plan.decisions.name}，放在配置文件旁（或在配置的 hand.decisions 中写明路径），再运行 haoshequ run。",
        "三、“名称”“位置”是核对用的：与现状不再一致的决定不采用，并在质检报告中列出。请不要改动。",
        f"四、“状态”：采用、失效、无此编号、未生效。可以为空的项目写“{CLEAR}”表示清空。",
        f"五、可以改定的只有下列各项，由它们推出的内容随之重算：{_list_fields()}。",
        "六、程序没有列出的一对需求与资源也可以改定：在“匹配”工作表中加一行，编号写“需求编号|资源编号”；不能匹配的，质检报告写明原因。"
        "“采用”写“是”的先于统筹安排，写“否”的不再参加统筹。",
        "七、财政资金、社会资金改定其一即可，另一项为总投资的余额；两项之和不等于总投资的不采用。",
        "八、运行会更新本表；在本表上直接填写而没有移走的，程序不会覆盖，但也不会采用。",
    )
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line)


def _list_fields() -> str:
    return "；".join(
        f"{subject.title}——{'、'.join(judgement.column.spec.alias for judgement in subject.fields)}"
        for subject in subjects()
    )


def _write_sheet(
    sheet: Any,
    title: str,
    parts: list[tuple[Judgement, list[list[str]]]],
    told: dict[tuple[str, ...], dict[Any, Any]],
    forms: dict[str, Any],
) -> None:
    """Write one kind of row: field by field, so that one list of choices serves a whole block."""
    _write_head(sheet, forms)
    at = 1
    for judgement, rows in parts:
        alias = judgement.column.spec.alias
        choices = list(judgement.choices)
        if choices and len(",".join(choices)) <= _LONGEST_LIST:
            # A warning only: 清空 and words of an open list may be written all the same.
            sheet.data_validation(
                at, 4, at + len(rows) - 1, 4, {"validate": "list", "source": choices, "error_type": "warning"}
            )
        for number, computed, name, place in rows:
            decision = told.pop((title, number, alias), {})
            cells = [
                title,
                number,
                alias,
                computed,
                decision.get(Decision.value),
                decision.get(Decision.reason),
                name,
                place,
            ]
            if decision and decision[Decision.state] != "采用":
                # The fingerprint it was made with stays, or a decision that went stale would come alive again.
                cells[6:8] = [decision[Decision.name], decision[Decision.place]]
            _write_cells(sheet, at, [*cells, decision.get(Decision.state)], forms)
            at += 1
    sheet.autofilter(0, 0, at - 1, len(_HEAD) - 1)


def _write_rest(book: Any, told: dict[tuple[str, ...], dict[Any, Any]], forms: dict[str, Any]) -> None:
    """Write decisions on rows that are not there, or that go by another number, so that none is lost."""
    if not told:
        return
    sheet = book.add_worksheet("其他决定")
    _write_head(sheet, forms)
    for at, decision in enumerate(told.values(), start=1):
        _write_cells(sheet, at, [decision[column] for column, _ in _HEAD], forms)


def _write_head(sheet: Any, forms: dict[str, Any]) -> None:
    for column, (head, width) in enumerate(_HEAD):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head.spec.alias, forms["head"])
    sheet.freeze_panes(1, 3)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_cells(sheet: Any, row: int, cells: list[Any], forms: dict[str, Any]) -> None:
    for column, cell in enumerate(cells):
        form = forms["open" if column in (4, 5) else "told"]
        if isinstance(cell, str) and cell:
            sheet.write_string(row, column, cell, form)
        else:
            sheet.write_blank(row, column, None, form)


def _decided(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return tuple("".join(str(row[column] or "").split()) for column in _DECIDED)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_ours(plan: Plan) -> bool:
    """Whether the form is as the program left it."""
    seal = plan.output / "work" / _SEAL
    return seal.is_file() and seal.read_text(encoding="ascii") == _hash(form_path(plan))
