"""Every symbol of the style table on one sheet, a cell each: what the baseline picture shows.

``python -m tests.sheet.board`` draws it anew after a change of style that was meant.
"""

from __future__ import annotations

import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image

from pipeline.deliver.sheet.render import draw_sheet
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import Drawn, SheetSpec, TitleBlock
from styles import Symbol
from styles.frame import MM_PER_INCH, load_frame
from styles.table import load_symbols
from tests.sheet.town import CRS_117

BASELINE = Path(__file__).with_name("board.png")
COLUMNS, CELL_M, SCALE, REDUCED = 25, 12.0, 1000, 3
_EAST, _NORTH = 500_000.0, 3_100_000.0


def list_drawn() -> list[Symbol]:
    """Symbols with a shape, in the order of the table."""
    return [item for item in load_symbols().values() if item.geometry != "text"]


def cell_of(index: int) -> tuple[float, float]:
    """Lower left corner of a cell, metres."""
    row, column = divmod(index, COLUMNS)
    return _EAST + column * CELL_M, _NORTH - (row + 1) * CELL_M


def draw_board() -> tuple[NDArray[np.uint8], MapTransform]:
    """Return the picture of the sheet, reduced, and where its map lies."""
    symbols = list_drawn()
    shapes: dict[str, list[tuple[str, shapely.Geometry]]] = {}
    for index, item in enumerate(symbols):
        x, y = cell_of(index)
        shape = {
            "fill": shapely.box(x + 1.5, y + 1.5, x + CELL_M - 1.5, y + CELL_M - 1.5),
            "line": shapely.LineString([(x + 1, y + 3), (x + CELL_M - 1, y + CELL_M - 3)]),
            "point": shapely.Point(x + CELL_M / 2, y + CELL_M / 2),
        }[item.geometry]
        shapes.setdefault(item.theme, []).append((item.value, shape))
    layers = tuple(
        Drawn(
            frame=gpd.GeoDataFrame(rows, columns=["class", "geometry"], geometry="geometry", crs=CRS_117),
            theme=theme, class_column="class", in_legend=theme == symbols[0].theme,
        )
        for theme, rows in shapes.items()
    )  # fmt: skip
    rows = -(-len(symbols) // COLUMNS)
    extent = (_EAST, _NORTH - rows * CELL_M, _EAST + COLUMNS * CELL_M, _NORTH)
    spec = SheetSpec(
        number="0", title="样式", group="样式", crs=CRS_117, extent=extent, scale=SCALE, layers=layers,
        block=TitleBlock(project="样式"),
    )  # fmt: skip
    frame = load_frame(spec.layout)
    jpg, _ = draw_sheet(spec)
    picture = Image.open(io.BytesIO(jpg)).convert("RGB")
    small = picture.resize((picture.width // REDUCED, picture.height // REDUCED), Image.Resampling.BOX)
    return np.asarray(small), MapTransform.for_extent(extent, SCALE, frame.map)


def cut_cell(board: NDArray[np.uint8], transform: MapTransform, index: int) -> NDArray[np.uint8]:
    """Return the pixels of one cell."""
    x, y = cell_of(index)
    left, bottom, right, top = transform.to_page(np.array([shapely.box(x, y, x + CELL_M, y + CELL_M)]))[
        0
    ].bounds
    per_mm = load_frame().dpi / MM_PER_INCH / REDUCED
    height = len(board)
    return board[
        round(height - top * per_mm) : round(height - bottom * per_mm),
        round(left * per_mm) : round(right * per_mm),
    ]


if __name__ == "__main__":
    board, _ = draw_board()
    Image.fromarray(board).save(BASELINE, optimize=True)
