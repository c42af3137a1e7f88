"""附表: the statutory tables and every other one, upright or across as it is wide."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.deliver.document.blocks import Block, Heading, Paragraph, Piece, TableBlock
from pipeline.deliver.document.compose import annex_name
from pipeline.deliver.document.writer import Book
from pipeline.deliver.tables.content import Content
from pipeline.deliver.tables.spec import Table
from pipeline.plan import Plan

# Half-width characters of all columns up to which a table stands upright.
_UPRIGHT = 110.0
# Rows up to which a table may begin on the page another ends on.
_SHORT = 8


def gather_annex(filled: Sequence[tuple[Table, Content]], plan: Plan) -> Book:
    """Return the annexed tables as a document.

    Parameters
    ----------
    filled : the tables that were written as workbooks, in order.
    """
    compiled = plan.plan.compiled
    cover: list[Block] = [
        Paragraph((Piece(plan.plan.title),), "书名"),
        Paragraph((Piece("附表"),), "副题"),
        Paragraph((Piece(plan.plan.compiler),), "落款"),
        Paragraph((Piece(f"{compiled.year}年{compiled.month}月"),), "落款"),
    ]
    blocks: list[Block] = []
    for _, content in filled:
        across = sum(leaf.width for leaf in content.leaves) > _UPRIGHT
        long = len(content.rows) > _SHORT
        heading = Heading(0, f"{annex_name(content.number)}　{content.title}", plain=True, page=long)
        blocks.append(TableBlock(content, "", heading=heading, landscape=across))
    return Book(f"{plan.plan.title}附表", [cover], blocks, 1, {})
