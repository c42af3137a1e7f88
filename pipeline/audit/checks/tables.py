"""Tables: titles, headers and merges as declared; columns filled, from their lists, in their form; sums."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import TABLES, HandIn
from pipeline.audit.grid import show
from pipeline.audit.tableview import TableView
from pipeline.deliver.tables.spec import table_specs

# What a cell says where nothing applies.
SLASH = "/"
_ODD_UNITS = ("平方米", "亿元", "m2", "M2", "公顷")
_CENT = 0.011
_SHOWN = 6


def need_table(handin: HandIn, out: Checked, key: str) -> TableView | None:
    """Return a table; without it say why, as 成果目录 does, or that it is missing."""
    if handin.own_style(key) and handin.table_file(key):
        out.doubt("采用自有表格样式，请人工核对表头与各列", file=handin.table_file(key))
        return None
    view = handin.table(key)
    if view is not None:
        return view
    spec = handin.spec(key)
    why = handin.why_absent(spec.number)
    name = spec.title.replace("{area}", handin.area)
    if why is None:
        out.fault(f"缺少{spec.number}“{name}”", file=TABLES)
    else:
        out.void = f"没有{spec.number}“{name}”：{why.note}"
    return None


def say_values(texts: Sequence[str]) -> str:
    """Return what values there are and how often, the commonest first."""
    counts = Counter(texts).most_common()
    told = "、".join(f"{value or '空'} {count}" for value, count in counts[:_SHOWN])
    return told + (f" 等 {len(counts)} 种" if len(counts) > _SHOWN else "")


@check("table_header", "表名与表头", group="表格")
def check_header(handin: HandIn, out: Checked, *, table: str, what: str = "both") -> None:
    """Title and header cells with their merges are the declared ones.

    Parameters
    ----------
    what : ``title``, ``header`` or both.
    """
    view = need_table(handin, out, table)
    if view is None:
        return
    if what in ("title", "both"):
        wanted = view.spec.title.replace("{area}", handin.area)
        if view.title != wanted or not handin.area:
            out.fault(f"表名应为“{wanted}”", file=view.file, sheet=view.sheet, row=1, value=view.title)
        else:
            out.see("表名相符", file=view.file, sheet=view.sheet, row=1, value=view.title)
    if what in ("header", "both"):
        for told in view.header_faults:
            out.fault(told, file=view.file, sheet=view.sheet, row=f"2–{1 + view.spec.depth}")
        rows = f"2–{1 + view.spec.depth}" if view.spec.depth > 1 else "2"
        if not view.header_faults:
            out.see(
                f"{len(view.columns)} 列表头文字与合并单元格逐一相符",
                file=view.file,
                sheet=view.sheet,
                row=rows,
            )


@check("all_headers", "各表表名与表头", group="表格")
def check_headers(handin: HandIn, out: Checked) -> None:
    """Every delivered table has its declared title, header and one sheet."""
    count = 0
    for spec in table_specs():
        if not handin.table_file(spec.key) or handin.own_style(spec.key):
            continue
        try:
            check_header(handin, out, table=spec.key)
        except UnreadableError as error:
            out.fault(error.why, file=error.file)
        count += 1
    out.seen.clear()
    if count:
        out.see(f"{count} 张表的表名、表头、合并单元格逐一相符", file=TABLES)


@check("all_tables", "应有的表格齐全", group="表格")
def check_all(handin: HandIn, out: Checked) -> None:
    """Every declared table is delivered or said to have no rows."""
    count = 0
    for spec in table_specs():
        if handin.table_file(spec.key):
            count += 1
        elif handin.why_absent(spec.number) is None:
            out.fault(
                f"缺少{spec.number}“{spec.title.replace('{area}', handin.area)}”，成果目录也没有说明原因",
                file=TABLES,
            )
    if count:
        out.see(f"{count} 张表", file=TABLES)


@check("column", "列的取值", group="表格")
def check_column(
    handin: HandIn, out: Checked, *, table: str, column: str, filled: bool = False, codes: Any = None,
    pattern: str = "", allow: Sequence[str] = (), unique: bool = False, unsure: Sequence[str] = (), least: int = 1,
    blanks: str = "", slash: str = "",
) -> None:  # fmt: skip
    """One column is filled, from its list, in its form.

    Parameters
    ----------
    table, column : key in ``configs/tables.yaml`` and what the column holds there.
    filled : whether a blank is wrong.
    codes : True for the code list of the field, or the values themselves.
    pattern : regular expression of the whole text.
    allow : values that need not fit.
    unsure : words that mean somebody must still find out.
    least : rows there must be.
    blanks : what a person must look at where a cell is blank; blanks are no fault then.
    slash : the same where it is “/”.
    """
    view = need_table(handin, out, table)
    if view is None:
        return
    if column not in view:
        out.fault(f"没有“{view.head(column)}”列", file=view.file, sheet=view.sheet)
        return
    head, texts = view.head(column), view.texts(column)
    found = view.codes(column) if codes is True else None
    values = found.values if found is not None else tuple(codes) if isinstance(codes, list | tuple) else ()
    seen: dict[str, int] = {}
    for row, text in texts.items():
        place = {"file": view.file, "sheet": view.sheet, "row": row}
        if not text:
            if filled:
                out.fault(f"“{head}”没有填写", **place)
            elif blanks:
                out.doubt(f"“{head}”空白，{blanks}", **place)
            continue
        if text in allow:
            continue
        if slash and text == SLASH:
            out.doubt(f"“{head}”为“/”，{slash}", **place)
        if values and text not in values:
            # An open list may be added to: another value is for a person.
            tell = out.doubt if found is not None and not found.closed else out.fault
            tell(f"“{head}”应为 {'、'.join(values)} 之一", **place, value=text)
        if pattern and re.fullmatch(pattern, text, re.DOTALL) is None:
            out.fault(f"“{head}”的写法不合要求", **place, value=text)
        if unique and text in seen:
            out.fault(f"“{head}”与第 {seen[text]} 行重复", **place, value=text)
        seen.setdefault(text, row)
        if any(word in text for word in unsure):
            out.doubt(f"“{head}”尚未落实", **place, value=text)
    if len(texts) < least:
        out.fault(f"只有 {len(texts)} 行" if texts else "没有数据行", file=view.file, sheet=view.sheet)
    elif texts:
        told = (
            say_values(list(texts.values())) if values else f"{sum(bool(t) for t in texts.values())} 行已填写"
        )
        out.see(f"“{head}”{len(texts)} 行：{told}", file=view.file, sheet=view.sheet,
                row=f"{min(texts)}–{max(texts)}", value=next(iter(texts.values())))  # fmt: skip


@check("columns", "多列已填写", group="表格")
def check_filled(handin: HandIn, out: Checked, *, table: str, columns: Sequence[str], **more: Any) -> None:
    """Several columns under the same demand."""
    for column in columns:
        check_column(handin, out, table=table, column=column, **more)


@check("sums", "合计行", group="数字")
def check_sums(handin: HandIn, out: Checked, *, tables: Sequence[str] = ()) -> None:
    """Rows of sums show the sum of what stands above them, by formula over exactly those rows."""
    for spec in table_specs():
        if (
            (tables and spec.key not in tables)
            or not handin.table_file(spec.key)
            or handin.own_style(spec.key)
        ):
            continue
        view = handin.table(spec.key)
        if view is None or not view.total or not view.rows:
            continue
        told = []
        for place in sorted(view.columns.values()):
            shown = view.grid.at(view.total, place)
            formula = view.grid.formulas.get((view.total, place))
            if not isinstance(shown, float):
                if formula:
                    out.fault(
                        "合计公式没有数值", file=view.file, sheet=view.sheet, row=view.total, value=formula
                    )
                continue
            cells = [view.grid.at(row, place) for row in view.rows]
            summed = sum(value for value in cells if isinstance(value, float))
            head = view.grid.text(1 + view.spec.depth, place).replace("\n", "")
            if abs(summed - shown) > _CENT:
                out.fault(
                    f"“{head}”合计应为 {summed:.2f}",
                    file=view.file,
                    sheet=view.sheet,
                    row=view.total,
                    value=show(shown),
                )
            span = f"{min(view.rows)}:"
            if formula and not (span in formula and formula.endswith(f"{max(view.rows)})")):
                out.fault(
                    "合计公式没有包括全部行", file=view.file, sheet=view.sheet, row=view.total, value=formula
                )
            told.append(f"{head} {shown:.10g}")
        if told:
            out.see("、".join(told[:3]), file=view.file, sheet=view.sheet, row=view.total)


@check("no_formulas", "表格正文没有公式", group="表格")
def check_formulas(handin: HandIn, out: Checked) -> None:
    """Only rows of sums calculate: a text of the inputs never becomes a formula."""
    count = 0
    for name in handin.under(TABLES, ".xlsx"):
        try:
            grids = handin.book(name)
        except UnreadableError as error:
            out.fault(error.why, file=name)
            continue
        count += 1
        for grid in grids.values():
            totals = {row for row in range(1, grid.bottom + 1) if grid.text(row, 1) in ("合计", "总计")}
            for (row, _), formula in grid.formulas.items():
                if row not in totals:
                    out.fault("合计行以外有公式", file=name, sheet=grid.name, row=row, value=f"={formula}")
    if count:
        out.see(f"{count} 个工作簿", file=TABLES)


@check("units", "单位写法", group="表格")
def check_units(handin: HandIn, out: Checked, *, table: str, columns: Sequence[str]) -> None:
    """Areas are in ㎡, money in 万元; other ways to write them are not mixed in (表2 填表说明2)."""
    view = need_table(handin, out, table)
    if view is None:
        return
    for column in columns:
        for row, text in view.texts(column).items():
            odd = [unit for unit in _ODD_UNITS if unit in text]
            if odd:
                out.fault(
                    f"“{view.head(column)}”单位应为㎡、万元",
                    file=view.file,
                    sheet=view.sheet,
                    row=row,
                    value="、".join(odd),
                )
    out.see(
        f"{len(view.rows)} 行没有混用其他单位",
        file=view.file,
        sheet=view.sheet,
        row=f"{min(view.rows, default=0)}–{max(view.rows, default=0)}",
    )


@check("notes", "填表说明", group="表格")
def check_notes(handin: HandIn, out: Checked, *, table: str, words: Sequence[str]) -> None:
    """The notes under a table say what they must."""
    view = need_table(handin, out, table)
    if view is None:
        return
    for word in words:
        if re.search(word, view.notes) is None:
            out.fault(f"填表说明没有“{word}”", file=view.file, sheet=view.sheet)
        else:
            found = re.search(rf"[^\n。；]*{word}[^\n；]*", view.notes)
            out.see(
                "填表说明写明",
                file=view.file,
                sheet=view.sheet,
                value=found[0].strip()[:60] if found else word,
            )


@check("table_paper", "表格纸张", group="表格")
def check_paper(handin: HandIn, out: Checked) -> None:
    """Tables print on A3 or A4 (6.2(1))."""
    count = 0
    for name in handin.under(TABLES, ".xlsx"):
        for grid in handin.book(name).values():
            count += 1
            if grid.paper not in (8, 9):
                out.fault("打印纸张不是 A3 或 A4", file=name, sheet=grid.name, value=grid.paper)
    if count:
        out.see(f"{count} 张工作表的纸张为 A3 或 A4", file=TABLES)
