"""Tables beside the maps, as the CAD drawings hold them cell by cell, against tables and layers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from configs import read_settings
from configs.planning import landuse_names
from layers import codes
from pipeline.audit.checks.numbers import say
from pipeline.audit.checks.tables import SLASH
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import DRAWINGS, HandIn
from pipeline.audit.sidetables import SideTable, list_tables, same_number

_HECTARE = 10_000.0


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
        out.see(
            f"{sum(bool(n) for n in compared.values())} 张图的附表 {count} 行与表格、图层逐行相同",
            file=DRAWINGS,
        )
    elif not handin.drawing_files:
        out.void = "没有 CAD 图，图上附表无法按单元格读取"


def _compare_rows(
    handin: HandIn, out: Checked, table: SideTable, rule: Mapping[str, Any], name: str, number: str
) -> int:
    view = handin.table(rule["table"])
    if view is None:
        return 0
    keys = view.texts(rule["by"])
    subject = ""
    if "title" in rule:
        subject = re.split("[（：]", table.title, maxsplit=1)[0]
    titles = view.texts(rule["title"]) if subject else {}
    rows = {text: row for row, text in keys.items() if not subject or titles[row] == subject}
    for cells in table.rows:
        if cells[0] not in rows:
            out.fault(
                f"图上附表“{table.title}”有而{view.spec.number}没有", file=name, sheet=number, value=cells[0]
            )
            continue
        for head, column in rule["equal"].items():
            shown, value = (
                cells[table.columns.index(head)],
                view.grid.at(rows[cells[0]], view.columns[column]),
            )
            if not _reads(shown, value):
                out.fault(
                    f"图上附表“{table.title}”{cells[0]}“{head}”与{view.spec.number}第 {rows[cells[0]]} 行（{say(value)[:40]}）不同",
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
                out.fault(
                    f"图上附表“{table.title}”“{label}”{head}应为 {value:.2f}",
                    file=name,
                    sheet=number,
                    value=text,
                )
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
            sums = [
                sum(v for r, v in column.items() if classes[r][:2] == code) / _HECTARE for column in columns
            ]
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
        return {
            str(kind): [float(area) / _HECTARE]
            for kind, area in zip(shape.column("FWLX"), shape.column("MJ"), strict=True)
        }
    return {}
