"""成果/文本: the draft text of the plan and its annexed tables as docx (guideline 6.1, 6.2, 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.deliver.document import look
from pipeline.deliver.document.annex import gather_annex
from pipeline.deliver.document.text import gather_text
from pipeline.deliver.document.writer import shrink_sheet, write_docx
from pipeline.deliver.items import Item, Made
from pipeline.deliver.tables.content import Content
from pipeline.deliver.tables.spec import Table
from pipeline.plan import Plan

__all__ = ["write_documents"]

FOLDER = "文本"
TEXT, ANNEX = "方案文本（初稿）", "附表"
_MAKER = "pipeline.deliver.document"
_THREADS = 2


def write_documents(filled: Sequence[tuple[Table, Content]], plan: Plan, root: Path, *, made: Made) -> Made:
    """Write 方案文本（初稿）.docx and 附表.docx under ``root/文本``.

    Parameters
    ----------
    filled : the very tables that were written as workbooks, in order.
    made : what was delivered before; its sheets become the figures.
    """
    text = gather_text(filled, plan, root, made)
    with ThreadPoolExecutor(_THREADS) as pool:
        sheets = [figure.path for figure in text.figures]
        small = dict(
            zip(
                sheets, pool.map(lambda path: shrink_sheet(path, look.figure_width_cm()), sheets), strict=True
            )
        )
    names = {name: f"{FOLDER}/{name}.docx" for name in (TEXT, ANNEX)}
    write_docx(root / names[TEXT], text.book, plan, pictures=small)
    annex = gather_annex(filled, plan)
    write_docx(root / names[ANNEX], annex, plan, pictures={})
    notes = {
        TEXT: f"A4 双面；图 {len(small)} 幅，待填 {text.gaps} 处，数字来源 {len(text.sources)} 条",
        ANNEX: f"A4 双面；表 {text.tables} 张",
    }
    return [Item(names[name], FOLDER, name, _MAKER, note=notes[name]) for name in (TEXT, ANNEX)]
