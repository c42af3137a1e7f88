"""表1: where a resource is and whose, where money comes from, who works (填表说明1–3); tenure of the ledger."""

from __future__ import annotations

import re

from layers import codes
from pipeline.audit.checks.numbers import place_of
from pipeline.audit.checks.tables import SLASH, need_table
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import HandIn

_MONEY = re.compile(r"\d+(?:\.\d+)?\s*万元")


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
            out.fault(
                "空间资源应写明具体位置、面积（㎡）、产权人", **place_of(table, row), value=text or "空"
            )
        elif "产权人：待核" in text:
            out.doubt("产权人待核", **place_of(table, row), value=text)
    if texts:
        out.see(
            f"{len(texts) - works} 行写明位置、面积、产权人；{works} 行为原址实施或不占用空间",
            file=table.file,
            sheet=table.sheet,
        )


@check("money_text", "资金保障写明来源和金额", group="策划")
def check_money(handin: HandIn, out: Checked) -> None:
    """资金保障 names source and amount (表1 填表说明2)."""
    table = need_table(handin, out, "resource_list")
    if table is None:
        return
    texts = table.texts("Match.money_text")
    for row, text in texts.items():
        if text == SLASH:
            out.doubt("没有资金来源", **place_of(table, row), value=text)
        elif not _MONEY.search(text) or not re.search(r"（.+?）", text):
            out.fault("资金保障应写明来源和金额（万元）", **place_of(table, row), value=text or "空")
        elif "待落实" in text or "待测算" in text:
            out.doubt("资金待落实", **place_of(table, row), value=text)
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
            out.fault("工作力量应写明支持单位和事项", **place_of(table, row), value=text or "空")
    if texts:
        out.see(
            f"{len(texts)} 行，其中“/”{sum(t == SLASH for t in texts.values())} 行",
            file=table.file,
            sheet=table.sheet,
        )


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
            out.doubt("政策没有写明文号或条款", **place_of(table, row), value=clauses[row])
    if rows:
        out.see(f"{len(rows)} 处政策写明文号或条款", **place_of(table, rows[0]), value=clauses[rows[0]])
    else:
        out.void = "没有政策资源"


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
                out.doubt(
                    f"“{view.head(column)}”{texts[row] or '空白'}，须调查核实",
                    **place_of(view, row),
                    value=names[row],
                )
    if rows:
        out.see(
            f"{len(rows)} 处空间资源，产权人、产权性质、使用状况已查明 {filled} 项",
            file=view.file,
            sheet=view.sheet,
        )
