"""Documents: the text of the plan and its annexes, their outline, their paper, every number's source."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from configs import read_settings
from layers.read.archive import DAMAGED
from pipeline.audit.docx import Document
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import TEXTS, HandIn

_PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
_NEAR_MM = 1.5
_OPEN = "〔待填"


def _outline() -> dict[str, list[str]]:
    found: dict[str, list[str]] = read_settings("audit.yaml")["outline"]
    return found


def _documents(handin: HandIn, word: str = "") -> list[str]:
    return [name for name in handin.under(TEXTS, ".docx") if word in name]


def _plan_text(handin: HandIn) -> tuple[str, Document] | None:
    """Return the text of the plan: the docx whose name says so, else the one with most headings."""
    names = _documents(handin, "方案文本") or [n for n in _documents(handin) if "附表" not in n]
    return (names[0], handin.document(names[0])) if names else None


def _tell_no_docx(handin: HandIn, out: Checked) -> None:
    """Word or PDF is asked for (6.2(2)): a text in another form is for a person to read, no text at all is wrong."""
    others = handin.under(TEXTS, ".pdf", ".doc")
    for name in others:
        out.doubt("文本不是 docx，程序不能核对其内容，请人工核对", file=name)
    if not others:
        out.fault("没有方案文本", file=TEXTS)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


@check("text_there", "文本为 word 或 pdf", group="文本")
def check_there(handin: HandIn, out: Checked) -> None:
    """文本 holds docx or pdf (6.2(2))."""
    names = handin.under(TEXTS, ".docx", ".pdf", ".doc")
    if not names:
        out.fault("没有文本", file=TEXTS)
    for name in names:
        if name.lower().endswith(".docx"):
            document = handin.document(name)
            out.see(
                f"{len(document.headings)} 个标题、{len(document.tables)} 张表、{document.pictures} 幅图",
                file=name,
            )
        else:
            out.see("有", file=name)


@check("text_outline", "文本提纲", group="文本")
def check_outline(handin: HandIn, out: Checked) -> None:
    """Chapters and sections of 6.1's outline stand in order (O-06, requirements §7.12)."""
    found = _plan_text(handin)
    if found is None:
        _tell_no_docx(handin, out)
        return
    name, document = found
    titles = [_plain(text) for _, text in document.headings]
    at = -1
    for chapter, sections in _outline().items():
        for wanted in (chapter, *sections):
            place = next((i for i in range(at + 1, len(titles)) if wanted in titles[i]), None)
            if place is None:
                where = "标题次序不对" if any(wanted in title for title in titles) else "没有这一标题"
                out.fault(f"提纲“{wanted}”：{where}", file=name, value=chapter)
            else:
                at = place
                out.see(
                    f"有标题“{wanted}”",
                    file=name,
                    row=f"第 {place + 1} 个标题",
                    value=document.headings[place][1],
                )
    left = document.text.count(_OPEN)
    if left:
        out.doubt(f"有 {left} 处〔待填〕须由规划人员补写", file=name)


@check("text_tables", "文本含主要表格", group="文本")
def check_tables(handin: HandIn, out: Checked) -> None:
    """Both statutory tables stand in the documents (O-02, X-07)."""
    names = _documents(handin)
    if not names:
        _tell_no_docx(handin, out)
        return
    words = {name: _plain(handin.document(name).text) for name in names}
    for key in ("resource_list", "project_list"):
        title = handin.spec(key).title.replace("{area}", handin.area)
        holder = next((name for name, text in words.items() if _plain(title) in text), "")
        view = handin.table(key)
        if not holder:
            out.fault(f"文本中没有“{title}”", file=TEXTS)
            continue
        document = handin.document(holder)
        cells = {_plain(cell) for table in document.tables for row in table for cell in row}
        column = "Need.description" if key == "resource_list" else "Project.name"
        if view is None:
            out.doubt("没有 xlsx 可逐行对照，或其采用自有表格样式，请人工核对", file=holder, value=title)
            continue
        lacking = [text for text in view.texts(column).values() if _plain(text) not in cells]
        for text in lacking[:5]:
            out.fault(f"“{title}”缺少与 xlsx 相同的一行", file=holder, value=text)
        out.see(f"{len(view.rows)} 行与 xlsx 相同", file=holder, value=title)


@check("text_paper", "文本纸张与双面打印", group="文本")
def check_paper(handin: HandIn, out: Checked) -> None:
    """Pages are A4 or A3 with mirrored margins (6.2(1))."""
    names = _documents(handin)
    if not names:
        _tell_no_docx(handin, out)
    for name in names:
        document = handin.document(name)
        for number, (width, height) in enumerate(document.pages, 1):
            size = sorted((width, height))
            if not any(
                abs(size[0] - p[0]) < _NEAR_MM and abs(size[1] - p[1]) < _NEAR_MM for p in _PAPERS.values()
            ):
                out.fault(
                    "纸张不是 A4 或 A3",
                    file=name,
                    row=f"第 {number} 节",
                    value=f"{width:.0f}×{height:.0f} mm",
                )
        if not document.pages:
            out.fault("没有写明纸张", file=name)
        if not document.mirrored:
            out.fault("没有设对称页边距（双面打印）", file=name)
        else:
            out.see(f"{len(document.pages)} 节，A4 或 A3，对称页边距", file=name)


@check("text_numbers", "文本中的数字与出处一致", group="数字")
def check_numbers(handin: HandIn, out: Checked) -> None:
    """Each number of the text is what its source cells give today, by the rule its own table of sources states."""
    names = [name for name in _documents(handin) if "方案文本" in name]
    if not names:
        out.void = "没有方案文本（docx）"
        return
    from pipeline.deliver.document.sources import compute_number, is_same, read_numbers

    count = settings = 0
    for name in names:
        # A document that is no docx is told by the check that opens it.
        handin.document(name)
        try:
            numbers = read_numbers(handin.files[name])
        except ValueError as error:
            out.fault("数字的出处不完整", file=name, value=error)
            continue
        grids: dict[str, Any] = {}
        # A cell's text with 【】 in it is several links one after the other.
        for _, pieces in groupby(numbers, key=lambda number: number.key):
            group = list(pieces)
            number = group[0]
            if number.file and number.file not in handin.files:
                out.fault("出处文件不在成果中", file=name, row=number.key, value=number.file)
                continue
            try:
                if number.file:
                    handin.book(number.file)  # a damaged workbook is told as such
                computed = compute_number(number, handin.root, grids=grids)
            except UnreadableError as error:
                out.fault(f"出处不能读取：{error.why}", file=number.file, row=number.key)
                continue
            except (*DAMAGED, KeyError) as error:
                out.fault(
                    f"出处 {number.sheet}!{number.formula} 不能计算（{error}）", file=name, row=number.key
                )
                continue
            if computed is None:
                settings += 1
                computed = number.stated
            count += len(group)
            whole = "".join(piece.text for piece in group)
            other = [piece for piece in group if not is_same(piece.text, computed)]
            if other and not is_same(whole, computed):
                out.fault(
                    f"与出处 {number.sheet}!{number.formula}（{computed[:40] or '空'}）不同：{other[0].sentence[:50]}", file=name,
                    row=number.key, value=other[0].text,
                )  # fmt: skip
            elif not is_same(number.stated, computed):
                out.fault(
                    f"附录“数字来源”与 {number.sheet}（{computed}）不同",
                    file=name,
                    row=number.key,
                    value=number.stated,
                )
    if count:
        out.see(
            f"{count} 个数字按“数字来源”逐一重算，与表格相同（其中 {settings} 个取自配置）",
            file="、".join(names),
        )
    elif not out.wrong:
        out.doubt("文本中的数字没有出处标记，请人工核对", file="、".join(names))
