"""Documents: the text of the plan and its annexes, their outline, their paper, every number's source."""

from __future__ import annotations

import re

from configs import read_settings
from pipeline.audit.docx import Document, read_document
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import TEXTS, HandIn
from pipeline.audit.grid import show

_PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
_NEAR_MM = 1.5
_OPEN = "〔待填"
_PLACE = re.compile(r"([A-Z]+)(\d+)")


def _outline() -> dict[str, list[str]]:
    found: dict[str, list[str]] = read_settings("audit.yaml")["outline"]
    return found


def _documents(handin: HandIn, word: str = "") -> list[str]:
    return [name for name in handin.under(TEXTS, ".docx") if word in name]


def _plan_text(handin: HandIn) -> tuple[str, Document] | None:
    """Return the text of the plan: the docx whose name says so, else the one with most headings."""
    names = _documents(handin, "方案文本") or [n for n in _documents(handin) if "附表" not in n]
    return (names[0], read_document(handin.files[names[0]], names[0])) if names else None


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
            document = read_document(handin.files[name], name)
            out.see(f"{len(document.headings)} 个标题、{len(document.tables)} 张表、{document.pictures} 幅图", file=name)
        else:
            out.see("有", file=name)


@check("text_outline", "文本提纲", group="文本")
def check_outline(handin: HandIn, out: Checked) -> None:
    """Chapters and sections of 6.1's outline stand in order (O-06, requirements §7.12)."""
    found = _plan_text(handin)
    if found is None:
        out.fault("没有方案文本（docx）", file=TEXTS)
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
                out.see("标题", file=name, row=f"第 {place + 1} 个标题", value=document.headings[place][1])
    left = document.text.count(_OPEN)
    if left:
        out.doubt(f"有 {left} 处〔待填〕须由规划人员补写", file=name)


@check("text_tables", "文本含主要表格", group="文本")
def check_tables(handin: HandIn, out: Checked) -> None:
    """Both statutory tables stand in the documents (O-02, X-07)."""
    names = _documents(handin)
    if not names:
        out.fault("没有 docx 文本", file=TEXTS)
        return
    words = {name: _plain(read_document(handin.files[name], name).text) for name in names}
    for key in ("resource_list", "project_list"):
        title = handin.spec(key).title.replace("{area}", handin.area)
        holder = next((name for name, text in words.items() if _plain(title) in text), "")
        view = handin.table(key)
        if not holder:
            out.fault(f"文本中没有“{title}”", file=TEXTS)
            continue
        document = read_document(handin.files[holder], holder)
        cells = {_plain(cell) for table in document.tables for row in table for cell in row}
        column = "Need.description" if key == "resource_list" else "Project.name"
        lacking = [] if view is None else [t for t in view.texts(column).values() if _plain(t) not in cells]
        for text in lacking[:5]:
            out.fault(f"“{title}”缺少与 xlsx 相同的一行", file=holder, value=text)
        out.see(f"{len(view.rows) if view else 0} 行与 xlsx 相同", file=holder, value=title)


@check("text_paper", "文本纸张与双面打印", group="文本")
def check_paper(handin: HandIn, out: Checked) -> None:
    """Pages are A4 or A3 with mirrored margins (6.2(1))."""
    names = _documents(handin)
    if not names:
        out.fault("没有 docx 文本", file=TEXTS)
    for name in names:
        document = read_document(handin.files[name], name)
        for number, (width, height) in enumerate(document.pages, 1):
            size = sorted((width, height))
            if not any(abs(size[0] - p[0]) < _NEAR_MM and abs(size[1] - p[1]) < _NEAR_MM for p in _PAPERS.values()):
                out.fault("纸张不是 A4 或 A3", file=name, row=f"第 {number} 节", value=f"{width:.0f}×{height:.0f} mm")
        if not document.pages:
            out.fault("没有写明纸张", file=name)
        if not document.mirrored:
            out.fault("没有设对称页边距（双面打印）", file=name)
        else:
            out.see(f"{len(document.pages)} 节，A4 或 A3，对称页边距", file=name)


@check("text_numbers", "文本中的数字与出处一致", group="数字")
def check_numbers(handin: HandIn, out: Checked) -> None:
    """Each number of the text that names its source cell says what the cell says."""
    names = [name for name in _documents(handin) if "方案文本" in name] or _documents(handin)
    if not names:
        out.void = "没有 docx 文本"
        return
    from pipeline.deliver.document.sources import read_numbers

    count = 0
    for name in names:
        # A document that is no docx is told by the check that opens it.
        read_document(handin.files[name], name)
        for number in read_numbers(handin.files[name]):
            file = _find_file(handin, number.file)
            grid = None if not file else handin.book(file).get(number.sheet)
            place = _PLACE.fullmatch(number.cell)
            if grid is None or place is None:
                out.fault("出处不在成果中", file=name, sheet=number.sheet, row=number.cell, value=number.file)
                continue
            count += 1
            column = 0
            for letter in place[1]:
                column = column * 26 + ord(letter) - 64
            value = grid.at(int(place[2]), column)
            if not _says(number.text, value):
                out.fault(
                    f"与出处 {file} {number.sheet}!{number.cell}（{show(value)}）不同：{number.sentence[:40]}",
                    file=name, value=number.text,
                )  # fmt: skip
    if count:
        out.see(f"{count} 个数字逐一与其出处单元格相同", file="、".join(names))
    else:
        out.doubt("文本中的数字没有出处标记，请人工核对", file="、".join(names))


def _find_file(handin: HandIn, told: str) -> str:
    """Return the delivered file a source names, by its whole path or by its name."""
    if told in handin.files:
        return told
    return next((name for name in handin.files if name.rsplit("/", 1)[-1] == told.rsplit("/", 1)[-1]), "")


def _says(text: str, value: object) -> bool:
    """Whether a printed number is a cell's value rounded as it is printed, or the same text."""
    plain = re.sub(r"[,，\s]", "", text).removesuffix("%")
    if isinstance(value, float) and re.fullmatch(r"-?\d+(\.\d+)?", plain):
        decimals = len(plain.partition(".")[2])
        return abs(float(plain) - value) <= 0.5 * 10.0**-decimals + 1e-9
    return plain == re.sub(r"[,，\s]", "", show(value) if isinstance(value, str | float) or value is None else str(value)).removesuffix("%")
