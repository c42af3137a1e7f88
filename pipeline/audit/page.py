"""质检/成果自检.html: one file with everything in it, for the screen and for paper."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from pipeline.audit.audit import Audit, Ruling
from pipeline.audit.findings import BROKEN, MET, PERSON, VOID, Spot, UnreadableError
from pipeline.audit.folder import SHEETS
from pipeline.audit.workbook import plan_title, sort_checks, tell_check

_SHOWN = 4  # places a requirement shows; the workbook has the rest
_MOST_PICTURES = 3_000_000
_CLASS = {BROKEN: "bad", PERSON: "ask", MET: "good", VOID: "void"}
_KINDS = {
    "scope": "范围", "process": "程序", "list": "清单", "text": "文字", "analysis": "分析", "survey": "调查", "finance": "资金",
    "score": "评分", "table": "表格", "column": "表头", "rule": "填写规则", "map": "图纸", "phase": "分期", "trigger": "调整",
    "file": "文件", "paper": "纸质",
}  # fmt: skip
_STYLE = """
:root{--ink:#1f2933;--soft:#66788a;--line:#d5dde5;--bad:#b42318;--ask:#b7791f;--good:#1b7f4b;--void:#7b8794}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:28px 32px;color:var(--ink);background:#fff;
font:14px/1.6 "Source Han Sans SC","Noto Sans CJK SC","Microsoft YaHei","PingFang SC","SimHei",sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:34px 0 10px;padding-left:10px;border-left:5px solid #2b6cb0}
p.lead{color:var(--soft);margin:0 0 18px}
.cards{display:flex;gap:14px;margin:18px 0}.card{flex:1;border:1px solid var(--line);border-top:5px solid;border-radius:6px;padding:12px 16px}
.card b{display:block;font-size:30px;line-height:1.2}.card span{color:var(--soft);font-size:13px}
.bad{color:var(--bad)}.ask{color:var(--ask)}.good{color:var(--good)}.void{color:var(--void)}
.card.bad{border-top-color:var(--bad)}.card.ask{border-top-color:var(--ask)}.card.good{border-top-color:var(--good)}.card.void{border-top-color:var(--void)}
.card p{margin:4px 0 0;color:var(--ink);font-size:13px}
table{border-collapse:collapse;width:100%;table-layout:fixed;margin:6px 0 10px}
th,td{border:1px solid var(--line);padding:6px 8px;vertical-align:top;text-align:left;overflow-wrap:anywhere}
th{background:#eef2f6;font-weight:600}
td.v{font-weight:700;white-space:nowrap}
ul{margin:4px 0 0;padding-left:16px}li{margin:1px 0}
small,.where{color:var(--soft);font-size:12px}.val{color:var(--ink)}
.sheets{display:grid;grid-template-columns:repeat(3,1fr);gap:14px}
figure{margin:0;border:1px solid var(--line);border-radius:4px;overflow:hidden;break-inside:avoid}
figure img{display:block;width:100%}figcaption{padding:5px 8px;font-size:12.5px;border-top:1px solid var(--line)}
footer{margin-top:30px;color:var(--soft);font-size:12px}
@media print{body{max-width:none;padding:0 1.5mm;font-size:10.5px}small,.where{font-size:9px}li{margin:0}th,td{padding:3px 5px}h2{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}
.card b{font-size:22px}@page{size:A4 landscape;margin:14mm}}
"""


def write_page(audit: Audit, path: Path) -> None:
    """Write the page; the same hand-in gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(audit), encoding="utf-8", newline="\n")


def _page(audit: Audit) -> str:
    title = f"{plan_title(audit)}成果自检"
    handin = audit.handin
    compiled = str(handin.parameter("plan", "compiled") or "未写明")
    compiler = str(handin.parameter("plan", "compiler") or "未写明")
    broken = [ruling for ruling in audit.rulings if ruling.verdict == BROKEN]
    asked = [ruling for ruling in audit.rulings if ruling.verdict == PERSON]
    parts = [
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">编制单位：{escape(compiler)}　编制日期：{escape(compiled)}　'
        f"共 {len(handin.files)} 个文件，逐个重新打开；{len(audit.rulings)} 项要求，{len(audit.checked)} 项检查</p>",
        _cards(audit),
        "<h2>须修改（不符合）</h2>",
        _list_broken(audit, broken),
        "<h2>须由人判断或补充（需人工）</h2>",
        _table(asked, "没有需要人工核对的事项。"),
        "<h2>逐条核对</h2>",
        _table(audit.rulings, ""),
        "<h2>各项检查</h2>",
        _checks(audit),
        _sheets(audit),
        "<footer>“符合”以读到的文件内容为依据，全部依据见 成果自检.xlsx。要求按 configs/standards/requirements.csv，"
        "判定规则按 configs/audit.yaml。填表说明3 的“社区资金”与表头“社会资金”按同一项处理。</footer>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _cards(audit: Audit) -> str:
    words = {
        BROKEN: "成果与要求不符，须修改", PERSON: "须由人判断或补充", MET: "已读取文件核实", VOID: "本方案没有相应内容",
    }  # fmt: skip
    cards = "".join(
        f'<div class="card {_CLASS[verdict]}"><span>{verdict}</span><b>{count}</b><p>{words[verdict]}</p></div>'
        for verdict, count in audit.counts.items()
    )
    return f'<div class="cards">{cards}</div>'


def _where(spot: Spot) -> str:
    """Return where a thing stands, in grey after what is said of it."""
    places = [
        spot.file,
        spot.sheet,
        f"第 {spot.row} 行" if spot.row.replace("–", "").isdigit() and len(spot.row) < 12 else spot.row,
    ]
    place = " › ".join(escape(part) for part in places if part)
    value = f'：<span class="val">{escape(spot.value)}</span>' if spot.value else ""
    return f' <span class="where">{place}{value}</span>' if place or value else ""


def _list_spots(ruling: Ruling) -> str:
    shown = ruling.spots[:_SHOWN]
    items = "".join(f"<li>{_mark(kind)}{escape(spot.said)}{_where(spot)}</li>" for kind, spot in shown)
    rest = len(ruling.spots) - len(shown)
    more = f"<li><small>另有 {rest} 条依据或问题，见 成果自检.xlsx</small></li>" if rest > 0 else ""
    return f"<ul>{items}{more}</ul>" if items else escape(ruling.said)


def _mark(kind: str) -> str:
    return "" if kind == "依据" else f'<span class="{_CLASS[kind]}">〔{kind}〕</span>'


def _table(rulings: list[Ruling], none: str) -> str:
    if not rulings:
        return f"<p>{none}</p>" if none else ""
    rows = "".join(
        f"<tr><td>{escape(r.rule.id)}<br><small>{escape(r.rule.clause)}<br>{_KINDS.get(r.rule.kind, '')}</small></td>"
        f"<td>{escape(r.rule.text)}</td>"
        f'<td class="v {_CLASS[r.verdict]}">{r.verdict}</td><td>{_list_spots(r)}</td></tr>'
        for r in rulings
    )
    return (
        '<table><colgroup><col style="width:10%"><col style="width:30%"><col style="width:8%"><col></colgroup>'
        f"<thead><tr><th>编号、条款</th><th>要求</th><th>结论</th><th>说明与依据</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _list_broken(audit: Audit, rulings: list[Ruling]) -> str:
    """Return the requirements broken, and what is wrong besides that no requirement names."""
    told = {id(spot) for ruling in rulings for _, spot in ruling.spots}
    others = [
        (item, [spot for spot in item.wrong if id(spot) not in told])
        for item in sort_checks(audit)
        if any(id(spot) not in told for spot in item.wrong)
    ]
    if not rulings and not others:
        return '<p class="good">没有发现不符合之处。</p>'
    rows = "".join(
        f'<tr><td>{escape(item.group)}</td><td>{escape(item.title)}</td><td class="v bad">不符合</td><td><ul>'
        + "".join(f"<li>{escape(spot.said)}{_where(spot)}</li>" for spot in spots[:_SHOWN])
        + (
            f"<li><small>另有 {len(spots) - _SHOWN} 处，见 成果自检.xlsx</small></li>"
            if len(spots) > _SHOWN
            else ""
        )
        + "</ul></td></tr>"
        for item, spots in others
    )
    beside = (
        '<table><colgroup><col style="width:10%"><col style="width:30%"><col style="width:8%"><col></colgroup>'
        f"<thead><tr><th>类别</th><th>检查</th><th>结论</th><th>问题</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else ""
    )
    return _table(rulings, "") + beside


def _checks(audit: Audit) -> str:
    rows = "".join(
        f'<tr><td>{escape(item.group)}</td><td>{escape(item.title)}</td><td class="v {_CLASS[item.verdict]}">{item.verdict}</td>'
        f"<td>{escape(tell_check(item).said)}{_where(tell_check(item))}</td></tr>"
        for item in sort_checks(audit)
    )
    return (
        '<table><colgroup><col style="width:8%"><col style="width:26%"><col style="width:8%"><col></colgroup>'
        f"<thead><tr><th>类别</th><th>检查</th><th>结论</th><th>说明</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _sheets(audit: Audit) -> str:
    """Return the sheets as small pictures, as many as the page may hold."""
    handin, size, figures = audit.handin, 0, []
    titles = {item.file: f"{item.number} {item.title}" for item in handin.catalogue}
    for name in handin.under(SHEETS, ".jpg", ".jpeg"):
        try:
            thumb = handin.picture(name).thumb
        except UnreadableError:
            continue
        picture = base64.b64encode(thumb).decode("ascii")
        size += len(picture)
        if size > _MOST_PICTURES:
            break
        label = escape(titles.get(name, name.rsplit("/", 1)[-1]))
        figures.append(
            f'<figure><img alt="{label}" src="data:image/jpeg;base64,{picture}"><figcaption>{label}</figcaption></figure>'
        )
    return f'<h2>图纸缩略图</h2><div class="sheets">{"".join(figures)}</div>' if figures else ""
