"""A table's content as WordprocessingML: repeated header rows, no row broken across pages, widths that fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from pipeline.deliver.document.columns import PAD_TWIPS, TABLE_SIZES, fit_columns, show_cell
from pipeline.deliver.document.look import SIZES, STYLES
from pipeline.deliver.tables.content import Cell, Content

_GREY = "E7EBF0"
_EDGE = "808080"
# A table of so few rows stays on one page.
_TOGETHER = 9


def write_table(
    content: Content, width: int, *, size: str = "", marks: Mapping[int, str] | None = None
) -> str:
    """Return the table ``width`` twips wide.

    Parameters
    ----------
    size : 字号; chosen by the columns where empty.
    marks : markup put before the text of the first cell, by row.
    """
    size, widths = fit_columns(content, width, sizes=(size,) if size else TABLE_SIZES)
    grid = "".join(f'<w:gridCol w:w="{each}"/>' for each in widths)
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{_EDGE}"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    rows = [*_write_header(content, widths, size)]
    # The last line but one holds the last; a short table holds together altogether.
    end = len(content.rows) - 1 if content.totals is None else len(content.rows)
    short = len(content.rows) <= _TOGETHER
    # On the next page a cell merged down would be blank: there each row says what it belongs to.
    spans = _merge_down(content) if short else [[""] * len(widths) for _ in content.rows]
    for index, cells in enumerate(content.rows):
        mark, keep = (marks or {}).get(index, ""), index < end and (short or index == end - 1)
        rows.append(_write_row(cells, content, widths, size, spans=spans[index], mark=mark, keep=keep))
    if content.totals is not None:
        rows.append(_write_row(content.totals, content, widths, size, spans=[""] * len(widths), bold=True))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:left w:w="{PAD_TWIPS}" w:type="dxa"/><w:right w:w="{PAD_TWIPS}" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _write_header(content: Content, widths: Sequence[int], size: str) -> list[str]:
    rows = []
    for level in range(content.depth):
        cells = []
        column = 0
        while column < len(widths):
            head = next(
                cell
                for cell in content.header
                if cell.column <= column <= cell.last_column and cell.row <= level <= cell.last_row
            )
            merge = ""
            if head.last_row > head.row:
                merge = '<w:vMerge w:val="restart"/>' if head.row == level else "<w:vMerge/>"
            text = head.text if head.row == level else ""
            cells.append(
                _write_cell(
                    text,
                    sum(widths[column : head.last_column + 1]),
                    size,
                    align="center",
                    bold=True,
                    fill=_GREY,
                    merge=merge,
                    span=head.last_column - column + 1,
                    keep=True,
                )
            )
            column = head.last_column + 1
        rows.append(f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(cells)}</w:tr>")
    return rows


def _merge_down(content: Content) -> list[list[str]]:
    """Return the merge of each cell by row: equal neighbours of the columns that ask for it become one."""
    found = [[""] * len(content.leaves) for _ in content.rows]
    for column, leaf in enumerate(content.leaves):
        if not leaf.merge:
            continue
        for row, cells in enumerate(content.rows):
            above = row > 0 and content.rows[row - 1][column] == cells[column]
            below = row + 1 < len(content.rows) and content.rows[row + 1][column] == cells[column]
            if above:
                found[row][column] = "<w:vMerge/>"
            elif below:
                found[row][column] = '<w:vMerge w:val="restart"/>'
    return found


def _write_row(
    cells: Sequence[Cell],
    content: Content,
    widths: Sequence[int],
    size: str,
    *,
    spans: Sequence[str],
    bold: bool = False,
    mark: str = "",
    keep: bool = False,
) -> str:
    written = []
    for column, (cell, leaf, width, merge) in enumerate(
        zip(cells, content.leaves, widths, spans, strict=True)
    ):
        text = "" if merge == "<w:vMerge/>" else show_cell(cell)
        align = leaf.align if isinstance(cell.value, str) else "center"
        written.append(
            _write_cell(
                text,
                width,
                size,
                align=align,
                bold=bold,
                merge=merge,
                mark="" if column else mark,
                keep=keep,
            )
        )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(written)}</w:tr>"


def _write_cell(
    text: str, width: int, size: str, *, align: str, bold: bool = False, fill: str = "", merge: str = "", span: int = 1, mark: str = "", keep: bool = False,
) -> str:  # fmt: skip
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    across = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    half = round(SIZES[size] * 2)
    look = f'<w:rPr>{"<w:b/><w:bCs/>" if bold else ""}<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    run = f"<w:r>{look}{lines}</w:r>" if text else ""
    together = "<w:keepNext/>" if keep else ""
    side = "" if align == "center" else '<w:jc w:val="left"/>'
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{across}{merge}{shade}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{STYLES["表文"].id}"/>{together}{side}</w:pPr>{mark}{run}</w:p></w:tc>'
    )
