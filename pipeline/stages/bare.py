"""Bare ground of an orthophoto: no plants and the colour of soil, cell by cell, then whole pieces.

Excess green is of Woebbecke, Meyer, Von Bargen & Mortensen (1995), Color indices for weed identification under
various soil, residue, and lighting conditions, Trans. ASAE 38(1). The picture says what ground looks like, not whose it is nor whether
it is free: a piece is 疑似 whatever its colour (DESIGN §4).
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy.ndimage import binary_opening, label, median_filter

from configs import read_settings
from layers.grids import Photo
from layers.planned import Inventory
from layers.source import Parcel
from pipeline.stages.idle import Rows, start_ground
from pipeline.stages.shape import keep_areas


@dataclass(frozen=True)
class Picture:
    """Colours on a grid.

    Attributes
    ----------
    colours : (3, rows, columns) float, 0 to 255, row 0 northernmost; NaN off the picture.
    west, north : corner of the first cell, plan CRS, metres.
    step : side of a cell, metres.
    """

    colours: NDArray[np.float64]
    west: float
    north: float
    step: float


def lay_picture(photo: pd.DataFrame) -> Picture | None:
    """Return the ``Photo`` table as a grid; None where it has fewer than two cells."""
    if len(photo) < 2:
        return None
    row, column = (photo[name].to_numpy(dtype=np.intp) for name in (Photo.row, Photo.column))
    x, y = photo[Photo.x_m].to_numpy(), photo[Photo.y_m].to_numpy()
    step = float(max(np.ptp(x) / max(np.ptp(column), 1), np.ptp(y) / max(np.ptp(row), 1)))
    top = row.max()
    colours = np.full((3, top + 1, column.max() + 1), np.nan)
    for band, name in enumerate((Photo.red, Photo.green, Photo.blue)):
        colours[band, top - row, column] = photo[name].to_numpy(dtype=np.float64)
    west = float(x[0] - (column[0] + 0.5) * step)
    north = float(y[0] + (top - row[0] + 0.5) * step)
    return Picture(colours, west, north, step)


def classify_bare(picture: Picture) -> NDArray[np.bool_]:
    """Return which cells are bare ground, thresholds of ``configs/idle.yaml``."""
    rule = read_settings("idle.yaml")["bare"]
    known = np.isfinite(picture.colours).all(axis=0)
    # A median evens out noise and leaves straight edges where they are; a mean would eat a cell of every border.
    size = max(round(rule["smooth_m"] / picture.step), 1)
    red, green, blue = (median_filter(np.where(known, band, 0.0), size) for band in picture.colours)
    total = np.maximum(red + green + blue, 1.0)
    low, high = rule["brightness"]
    bare = (
        known
        & ((2 * green - red - blue) / total <= rule["most_green"])
        & ((red - blue) / np.maximum(red + blue, 1.0) >= rule["least_red"])
        & (total / 3 >= low)
        & (total / 3 <= high)
    )
    # Each cell goes with most of those round it; then threads one cell wide are cut.
    agreed = median_filter(bare.astype(np.uint8), size).astype(bool)
    return binary_opening(agreed, np.ones((2, 2), dtype=bool))


def draw_pieces(cells: NDArray[np.bool_], picture: Picture, *, least_m2: float) -> NDArray:
    """Return connected cells as polygons, pieces of at least ``least_m2``, plan CRS."""
    named, count = label(cells)
    sizes = np.bincount(named.ravel(), minlength=count + 1) * picture.step**2
    kept = sizes >= least_m2
    kept[0] = False
    named = np.where(kept[named], named, 0).astype(np.int32)
    at = Affine(picture.step, 0.0, picture.west, 0.0, -picture.step, picture.north)
    found = [shapely.geometry.shape(item) for item, _ in shapes(named, mask=named > 0, transform=at)]
    return np.array(found, dtype=object)


def detect_bare(
    photo: pd.DataFrame,
    area: shapely.Geometry,
    parcels: gpd.GeoDataFrame,
    solid: NDArray,
    *,
    least_m2: float,
) -> Rows:
    """Return a 疑似 row for every piece of bare ground of the plan's area that nothing mapped takes.

    Parameters
    ----------
    photo : the ``Photo`` layer; without rows nothing is found.
    area : 规划范围, planar metres.
    parcels : green, water, roads and farm land are bare for reasons of their own and left out by code.
    solid : (n,) polygons of buildings, roads, open space and ground listed already.
    least_m2 : least area of a piece.
    """
    picture = lay_picture(photo)
    if picture is None:
        return []
    rule = read_settings("idle.yaml")["bare"]
    pieces = draw_pieces(classify_bare(picture), picture, least_m2=least_m2)
    skipped = parcels[Parcel.landuse_code].str.startswith(tuple(rule["skip_codes"]), na=False)
    taken = np.concatenate([solid, parcels.geometry[skipped].to_numpy()])
    tree = shapely.STRtree(taken)
    half = picture.step / 2
    rows = []
    for piece in shapely.intersection(pieces, area):
        near = taken[tree.query(piece, predicate="intersects")]
        rest = shapely.difference(piece, shapely.union_all(near)) if len(near) else piece
        # What is narrower than twice the margin is a path or an edge between two drawings; corners stay corners.
        core = shapely.buffer(rest, -rule["margin_m"], join_style="mitre")
        rest = shapely.buffer(core, rule["margin_m"], join_style="mitre").intersection(rest).simplify(half)
        rows += [
            start_ground("L", part, "影像裸地", "疑似裸露空地", _tell(rule, picture.step))
            for part in shapely.get_parts(keep_areas(rest, least_m2=least_m2))
        ]
    return sorted(rows, key=lambda row: str(row[Inventory.number]))


def _tell(rule: dict, step: float) -> str:
    return (
        f"正射影像裸地识别：过绿指数ExG≤{rule['most_green']:g}、红蓝归一化差≥{rule['least_red']:g}，"
        f"格网{step:g} m，且不在建筑、道路和已列资源内；阈值待核，须现场核实"
    )
