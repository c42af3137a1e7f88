"""Tables beside the map: three-line tables with measured columns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.spec import SideTable
from pipeline.deliver.sheet.typeset import wrap_text
from styles.fonts import measure_em
from styles.frame import Box

_CELL_PAD = 0.9
_LEADING = 1.22
_PANEL_GAP = 3.0
_ROW_PAD = 0.95


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table ready to draw: panels side by side, each with the head and its share of rows; mm.

    ``continued`` tells that the rows left out stand in a box on the map.
    """

    table: SideTable
    size: float
    widths: tuple[float, ...]
    panels: tuple[tuple[tuple[tuple[str, ...], ...], ...], ...]
    heights: tuple[tuple[float, ...], ...]
    left_out: int
    continued: bool = False

    @property
    def width(self) -> float:
        """Width of the panels and the gaps between them."""
        return len(self.panels) * (sum(self.widths) + _PANEL_GAP) - _PANEL_GAP

    @property
    def height(self) -> float:
        """Height with title and the line that names what was left out."""
        return 5.6 + max(map(sum, self.heights)) + (3.6 if self.left_out else 0.0)


def design_table(table: SideTable, width: float, room: float, *, size: float, minimum: float) -> TableLayout:
    """Set a table in a width: smaller before side by side, side by side before shorter.

    Rows that still have no room are left out from the end; the table then says how many and where
    they stand, and the count is reported.
    """
    grades = [float(g) for g in np.unique(np.linspace(minimum, size, 3))[::-1]]
    settings = [
        (panels, grade)
        for panels in (1, 2, 3)
        for grade in grades
        if panels == 1 or _wanted(table, grade).sum() <= (width - (panels - 1) * _PANEL_GAP) / panels
    ]
    for panels, grade in settings:
        layout = _set_rows(table, width, grade, len(table.rows), panels)
        if layout.height <= room:
            return layout
    panels, grade = settings[-1]
    # Column widths hang on all rows, so fewer rows are never higher: the most that fit lie between two counts.
    fits = bisect_right(
        range(1, len(table.rows)),
        room,
        key=lambda count: _set_rows(table, width, grade, count, panels).height,
    )
    return _set_rows(table, width, grade, fits, panels)


def set_table(table: SideTable, size: float, panels: int, *, most: float) -> TableLayout:
    """Set all rows of a table in as many panels, as wide as their cells want and at most ``most`` in all."""
    width = panels * (float(_wanted(table, size).sum()) + _PANEL_GAP) - _PANEL_GAP
    return _set_rows(table, min(width, most), size, len(table.rows), panels)


def _wanted(table: SideTable, size: float) -> np.ndarray:
    texts = [[row[i] for row in (table.columns, *table.rows)] for i in range(len(table.columns))]
    widths = [max(measure_em(t) for t in column) * size for column in texts]
    return np.array(widths) + 2 * _CELL_PAD


def _column_widths(table: SideTable, width: float, size: float) -> tuple[float, ...]:
    """Give each column what its longest cell wants; when short, long columns give most."""
    wanted = _wanted(table, size)
    # A code broken over two lines is read as two.
    words = [any("\u4e00" <= c <= "\u9fff" for row in table.rows for c in row[i]) for i in range(len(wanted))]
    least = np.where(words, np.minimum(wanted, 4.2 * size + 2 * _CELL_PAD), wanted)
    spare = width - wanted.sum()
    if spare >= 0:
        return tuple(wanted + spare * wanted / wanted.sum())
    give = wanted - least
    if give.sum() <= 0:
        return tuple(wanted * width / wanted.sum())
    # Numbers and codes keep their line; only what is beyond the least width shrinks.
    shrunk = wanted - give * min(1.0, -spare / give.sum())
    return tuple(shrunk * width / shrunk.sum())


def _set_rows(table: SideTable, width: float, size: float, count: int, panels: int) -> TableLayout:
    widths = _column_widths(table, (width - (panels - 1) * _PANEL_GAP) / panels, size)

    def set_row(row: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(
            tuple(wrap_text(text, w - 2 * _CELL_PAD + 0.05, size))
            for text, w in zip(row, widths, strict=True)
        )

    share = max(1, -(-count // panels))
    cells = tuple(
        tuple(map(set_row, (table.columns, *table.rows[start : min(start + share, count)])))
        for start in range(0, max(count, 1), share)
    )
    heights = tuple(
        tuple(max(map(len, row)) * size * _LEADING + _ROW_PAD for row in panel) for panel in cells
    )
    return TableLayout(table, size, widths, cells, heights, len(table.rows) - count)


def draw_table(page: Page, layout: TableLayout, box: Box) -> None:
    """Draw a table from the top of a box."""
    colours = page.frame.colours
    page.text(
        box.left, box.top - 2.2, layout.table.title, size_mm=2.8, middle=True, bold=True,
        colour=colours["ink"],
    )  # fmt: skip
    left, low = box.left, box.top
    for panel, heights in zip(layout.panels, layout.heights, strict=True):
        right = left + sum(layout.widths)
        low = min(
            low,
            _draw_panel(page, layout, panel, heights, Box(left, box.bottom, right, box.top - 4.8)),
        )
        left = right + _PANEL_GAP
    if layout.left_out:
        where = "续表见图内" if layout.continued else "见表格与数据库成果"
        page.text(
            box.right, low - 2.0, f"另有 {layout.left_out} 行，{where}", size_mm=layout.size,
            align="right", middle=True, colour=colours["soft"],
        )  # fmt: skip


def _draw_panel(
    page: Page, layout: TableLayout, rows: tuple[tuple[tuple[str, ...], ...], ...],
    heights: tuple[float, ...], box: Box,
) -> float:  # fmt: skip
    colours, lines, y = page.frame.colours, page.frame.lines, box.top
    _rule(page, box, y, lines["inner"])
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        if number and number % 2 == 0:
            page.rectangle(Box(box.left, y - height, box.right, y), face=colours["zebra"], z=101)
        x = box.left
        for column, (cell, width) in enumerate(zip(row, layout.widths, strict=True)):
            _write_cell(page, layout, cell, Box(x, y - height, x + width, y), column, head=not number)
            x += width
        y -= height
        if not number:
            _rule(page, box, y, lines["rule"])
    _rule(page, box, y, lines["inner"])
    return y


def _rule(page: Page, box: Box, y: float, width_mm: float) -> None:
    page.lines(
        [np.array([[box.left, y], [box.right, y]])], colour=page.frame.colours["ink"],
        width_mm=width_mm, z=103,
    )  # fmt: skip


def _write_cell(
    page: Page, layout: TableLayout, cell: tuple[str, ...], box: Box, column: int, *, head: bool
) -> None:
    leading = layout.size * _LEADING
    numeric = column in layout.table.numeric
    x = box.right - _CELL_PAD if numeric else box.left + _CELL_PAD
    top = (box.top + box.bottom) / 2 + (len(cell) - 1) / 2 * leading
    for index, text in enumerate(cell):
        page.text(
            x, top - index * leading, text, size_mm=layout.size, middle=True, bold=head,
            align="right" if numeric else "left",
        )  # fmt: skip
