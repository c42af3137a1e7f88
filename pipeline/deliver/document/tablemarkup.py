"""A table's content as WordprocessingML: repeated header rows, no row broken across pages, widths that fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from pipeline.deliver.document.look import SIZES, STYLES
from pipeline.deliver.tables.content import Cell, Content

_QUOTED = re.compile(r'"([^"]*)"')
_DECIMALS = re.compile(r"0\.(0+)(#*)")
_GREY = "E7EBF0"
_EDGE = "808080"
_PAD_TWIPS = 57
# Half-width characters a line of text takes of the column's own measure, and sizes tried from large to small.
_SIZES = ("小五", "六号", "小六")
_LEAST_CHARS = 3.0


def show_cell(cell: Cell) -> str:
    """Return a cell as the workbook shows it: decimals, separators and unit by its number format."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    suffix = "".join(_QUOTED.findall(cell.form))
    form = _QUOTED.sub("", cell.form)
    decimals = _DECIMALS.search(form)
    if not form:
        return f"{value:g}" if isinstance(value, float) else str(value)
    comma = "," if "," in form else ""
    if decimals is None:
        return f"{value:{comma}.0f}{suffix}"
    text = f"{value:{comma}.{len(decimals[1]) + len(decimals[2])}f}"
    for _ in decimals[2]:
        text = text.removesuffix("0")
    return text + suffix


def write_table(content: Content, width: int, *, marks: Mapping[int, str] | None = None) -> str:
    """Return the table ``width`` twips wide.

    Parameters
    ----------
    marks : markup put before the text of the first cell, by row.
    """
    size, widths = fit_columns(content, width)
    grid = "".join(f'<w:gridCol w:w="{each}"/>' for each in widths)
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{_EDGE}"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    rows = [*_write_header(content, widths, size)]
    spans = _merge_down(content)
    for index, cells in enumerate(content.rows):
        rows.append(
            _write_row(cells, content, widths, size, spans=spans[index], mark=(marks or {}).get(index, ""))
        )
    if content.totals is not None:
        rows.append(_write_row(content.totals, content, widths, size, spans=[""] * len(widths), bold=True))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:left w:w="{_PAD_TWIPS}" w:type="dxa"/><w:right w:w="{_PAD_TWIPS}" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def fit_columns(content: Content, width: int) -> tuple[str, list[int]]:
    """Return 字号 and column widths in twips that fill ``width``.

    A column is as wide as it is declared, but never narrower than its longest number or the words of its header
    in two or three lines; the size is the largest in which these fit.
    """
    declared = [leaf.width for leaf in content.leaves]
    least = [_measure_least(content, column) for column in range(len(declared))]
    for size in _SIZES:
        char = SIZES[size] * 10  # twips of a half-width character: half an em
        floor = [need * char + 2 * _PAD_TWIPS + 20 for need in least]
        if sum(floor) <= width * 0.8 or size == _SIZES[-1]:
            break
    spare = max(width - sum(floor), 0)
    if sum(floor) > width:
        floor = [each * width / sum(floor) for each in floor]
    beyond = [max(want - need, 0.0) for want, need in zip(declared, least, strict=True)]
    total = sum(beyond) or 1.0
    if not sum(beyond):
        beyond, total = [1.0] * len(floor), float(len(floor))
    widths = [int(need + spare * more / total) for need, more in zip(floor, beyond, strict=True)]
    widths[-1] += width - sum(widths)
    return size, widths


def _measure_least(content: Content, column: int) -> float:
    """Return the half-width characters a column cannot do without."""
    cells = [row[column] for row in content.rows]
    if content.totals is not None:
        cells.append(content.totals[column])
    numbers = [len(show_cell(cell)) for cell in cells if not isinstance(cell.value, str)]
    # Ids and dates read badly when broken; running text may break anywhere.
    words = [_widest_word(str(cell.value)) for cell in cells if isinstance(cell.value, str)]
    heads = [cell.text for cell in content.header if cell.column == cell.last_column == column]
    longest = max((_chars(line) for head in heads for line in head.split("\n")), default=0.0)
    return max([_LEAST_CHARS, longest / 3.0, *numbers, *words]) + 0.4


def _widest_word(text: str) -> float:
    words = [float(len(word)) for word in re.findall(r"[A-Za-z0-9.\-+%]+", text)]
    short = _chars(text)
    # A short text such as 强匹配 stays in one line; 有 longer ones wrap.
    return max([min(word, 14.0) for word in words] + [short if short <= 6 else 6.0])


def _chars(text: str) -> float:
    return sum(1.0 if char.isascii() else 2.0 for char in text)


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
) -> str:
    written = []
    for column, (cell, leaf, width, merge) in enumerate(
        zip(cells, content.leaves, widths, spans, strict=True)
    ):
        text = "" if merge == "<w:vMerge/>" else show_cell(cell)
        align = leaf.align if isinstance(cell.value, str) else "center"
        written.append(
            _write_cell(
                text, width, size, align=align, bold=bold, merge=merge, mark=mark if column == 0 else ""
            )
        )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(written)}</w:tr>"


def _write_cell(
    text: str, width: int, size: str, *, align: str, bold: bool = False, fill: str = "", merge: str = "", span: int = 1, mark: str = "",
) -> str:  # fmt: skip
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    across = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    half = round(SIZES[size] * 2)
    look = f'<w:rPr>{"<w:b/><w:bCs/>" if bold else ""}<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    run = f"<w:r>{look}{lines}</w:r>" if text else ""
    side = "" if align == "center" else '<w:jc w:val="left"/>'
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{across}{merge}{shade}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{STYLES["表文"].id}"/>{side}</w:pPr>{mark}{run}</w:p></w:tc>'
    )
