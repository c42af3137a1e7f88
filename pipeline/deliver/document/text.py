"""方案文本（初稿）: cover, guide for the planner, the chapters, lists of what goes with them, 数字来源."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from layers.faults import FaultLog
from pipeline.deliver.document.blocks import (
    GAP_MARKS,
    Block,
    Figure,
    Heading,
    Paragraph,
    Piece,
    TableBlock,
)
from pipeline.deliver.document.compose import Composer, annex_name
from pipeline.deliver.document.grid import Grid, lay_out
from pipeline.deliver.document.outline import read_outline
from pipeline.deliver.document.sources import HEADS, PREFIX
from pipeline.deliver.document.values import Sheet, Source, Teller
from pipeline.deliver.document.writer import Book
from pipeline.deliver.items import Absent, Item, Made
from pipeline.deliver.tables.content import Content, plain_content
from pipeline.deliver.tables.own import open_template
from pipeline.deliver.tables.spec import Table, table_specs
from pipeline.plan import Plan

_SHEETS = "图件"
_PAPERS = "附件"
_GUIDE = (
    "本文本由好社区空间成果系统按《江西省“好社区”更新实施方案编制指南（试行）》6.1 的提纲生成，供编制单位在其上修改；定稿时删去本页和附录。",
    "正文中的数字都取自成果/表格中的表格：把指针停在数字上可见来源，按住 Ctrl 单击转到附录“数字来源”中的一行。数据改动后重新运行，用到它的句子随之改动。",
    f"带底色的{GAP_MARKS[0]}……{GAP_MARKS[1]}须由编制单位填写，写明了内容和指南条款；数据不足而没有写的句子列在附录“未写入的内容”。",
    "目录已按章节列出；页码在打印或导出 PDF 时更新，也可全选（Ctrl+A）后按 F9 更新。图表编号为域，增删图表后按 F9 重新编号。",
)


@dataclass(frozen=True)
class Text:
    """The text before it is written, the sources of its numbers, and counts for 成果目录."""

    book: Book
    figures: list[Figure]
    gaps: int
    sources: tuple[Source, ...]
    tables: int


def gather_text(filled: Sequence[tuple[Table, Content]], plan: Plan, root: Path, made: Made) -> Text:
    """Return the text as blocks.

    Parameters
    ----------
    filled : the tables that were written as workbooks, in order.
    made : what was delivered before.
    """
    titles = {table.key: f"{table.number}（{table.title.format(area='')}）" for table in table_specs()}
    titles |= {table.number: titles[table.key] for table in table_specs()}
    sheets = {
        table.key: Sheet(table, content, _find_cells(content, plan))
        for table, content in filled
        if content.rows
    }
    drawn = [
        item
        for item in made
        if isinstance(item, Item) and item.kind == _SHEETS and item.path.endswith(".jpg")
    ]
    figures = {item.number: Figure(root / item.path, f"{item.title}（{item.number}）") for item in drawn}
    undrawn = {
        entry.number: entry.reason for entry in made if isinstance(entry, Absent) and entry.kind == _SHEETS
    }
    outline = read_outline()
    composer = Composer(Teller(plan, sheets, titles, outline.values), figures, undrawn)
    chapters = composer.compose(outline)
    blocks = [
        *chapters,
        *_list_annexes(filled, drawn, made),
        *_list_sources(composer),
        *_list_lacks(composer),
    ]
    shown = [block for block in chapters if isinstance(block, Figure)]
    gaps = sum(piece.gap for block in chapters if isinstance(block, Paragraph) for piece in block.pieces)
    tips = {
        source.key: f"{source.label}：{source.book} {source.formula}"
        for source in composer.register.sources.values()
    }
    book = Book(plan.plan.title, [_write_cover(plan), _write_guide()], blocks, 2, tips)
    return Text(book, shown, gaps, tuple(composer.register.sources.values()), len(filled))


def _find_cells(content: Content, plan: Plan) -> Grid:
    """Return the table's cells where its workbook has them: in the built-in form or in the user's own."""
    own = plan.hand.templates.get(content.number)
    fit = None if own is None else open_template(plan.resolve(own), content, FaultLog())
    if fit is None:
        return lay_out(content)
    return lay_out(content, first=fit.row + 1, columns=fit.columns)


def _write_cover(plan: Plan) -> list[Block]:
    compiled = plan.plan.compiled
    return [
        Paragraph((Piece(plan.plan.title),), "书名"),
        Paragraph((Piece("方案文本（初稿）"),), "副题"),
        Paragraph((Piece(plan.plan.compiler),), "落款"),
        Paragraph((Piece(f"{compiled.year}年{compiled.month}月"),), "落款"),
    ]


def _write_guide() -> list[Block]:
    lines = [Paragraph((Piece(f"{number}.{line}"),), "说明") for number, line in enumerate(_GUIDE, 1)]
    return [Paragraph((Piece("使用说明"),), "目录题"), *lines]


def _list_annexes(filled: Sequence[tuple[Table, Content]], drawn: Sequence[Item], made: Made) -> list[Block]:
    """Return the lists of 附表, 附图 and 附件 that end the outline of clause 6.1."""
    tables = [
        (annex_name(content.number), content.title, f"表格/{content.file}.xlsx") for _, content in filled
    ]
    sheets = [(item.number, item.title, item.note) for item in drawn if not item.number.startswith("Z")]
    papers = [(item.title, item.path) for item in made if isinstance(item, Item) and item.kind == _PAPERS]
    blocks: list[Block] = [Heading(1, "附表、附图与附件", plain=True)]
    blocks.append(
        _plain(
            "附表目录（正文见附表.docx）",
            (("编号", 12, "center"), ("名称", 44, "left"), ("文件", 50, "left")),
            tables,
        )
    )
    if sheets:
        blocks.append(
            _plain(
                "附图目录（正图见图件）",
                (("图号", 8, "center"), ("图名", 44, "left"), ("类别与比例", 40, "left")),
                sheets,
            )
        )
    if papers:
        blocks.append(_plain("附件目录", (("名称", 44, "left"), ("文件", 60, "left")), papers))
    else:
        blocks.append(
            Paragraph(
                (Piece(f"{GAP_MARKS[0]}附件：“好社区”专项体检报告，指南6.1提纲{GAP_MARKS[1]}", gap=True),)
            )
        )
    return blocks


def _list_sources(composer: Composer) -> list[Block]:
    """Return 数字来源: one row a source, bookmarked for the numbers that link to it."""
    sources = list(composer.register.sources.values())
    rows = [(s.key, s.label, s.text, s.book, s.formula, "、".join(s.uses)) for s in sources]
    widths = (6, 24, 26, 14, 38, 10)
    heads = tuple(
        (head, width, "center" if width < 20 else "left") for head, width in zip(HEADS, widths, strict=True)
    )
    content = plain_content("数字来源", heads, rows)
    marks = {row: f"{PREFIX}{source.key}" for row, source in enumerate(sources)}
    told = "“来源表”的工作簿见附表目录，“单元格或算式”按该工作簿的工作表；算式的写法同 Excel，LIST、LINES 为列出不同的文字，COUNTUNIQUE 为不同值的个数。"
    return [
        Heading(1, "附录一　数字来源", plain=True),
        Paragraph((Piece(told),), "说明"),
        TableBlock(content, "", bookmarks=marks, size="六号"),
    ]


def _list_lacks(composer: Composer) -> list[Block]:
    """Return what the outline asks for and the data did not give."""
    lacks = list(composer.lacks.values())
    blocks: list[Block] = [Heading(1, "附录二　未写入的内容", plain=True)]
    if not lacks:
        return [*blocks, Paragraph((Piece("提纲所用的表格和图都已提供。"),), "说明")]
    rows = [(lack.section, lack.reason, lack.count) for lack in lacks]
    content = plain_content(
        "", (("章节", 8, "center"), ("原因", 80, "left"), ("未写项数", 8, "center")), rows
    )
    return [*blocks, TableBlock(content, "")]


def _plain(
    caption: str, heads: Sequence[tuple[str, float, str]], rows: Sequence[Sequence[str]]
) -> TableBlock:
    return TableBlock(plain_content(caption, heads, rows), caption)
