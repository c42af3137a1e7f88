"""The cell table: every cell snapped once, any area afterwards is array arithmetic on it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import contourpy
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import MultiPolygon, Polygon

from pipeline.reach.fence import Fence
from pipeline.reach.graph import Floats, Graph
from pipeline.reach.ground import Ground
from pipeline.reach.search import Targets, index_targets, nearest, reach_rows
from pipeline.reach.snap import Snap, Status, snap_points

# Cells are snapped, and searches run, two cells beyond their limits: borders are then interpolated
# between real distances instead of being drawn short of them.
_RIM_CELLS = 2
# Origins searched at once; the table of the cells they reach is held for that many.
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Cells:
    """A regular grid of cells, each snapped to its nearest edge.

    Attributes
    ----------
    x0, y0 : float
        Lower left corner of cell (0, 0), a multiple of ``cell_m``. Row 0 is the southernmost.
    cell_m : float
        Cell size, metres.
    shape : (rows, columns)
        Size of the grid.
    max_access_m : float
        Longest straight way from a cell centre to its edge, metres.
    snap : Snap
        Entry to the graph of each cell centre, row by row (rows * columns). Cells a little farther
        than ``max_access_m`` have an edge, too, but keep status FAR: they only shape borders.
    straight_m : (rows * columns) float
        What of the access ``max_access_m`` limits: all of it, but nothing where a cell joins by a door.
    targets : Targets
        The same, sorted by edge.
    """

    x0: float
    y0: float
    cell_m: float
    shape: tuple[int, int]
    max_access_m: float
    snap: Snap
    straight_m: Floats
    targets: Targets

    @cached_property
    def centre_x(self) -> Floats:
        """Centre of each column."""
        return self.x0 + (np.arange(self.shape[1], dtype=np.float64) + 0.5) * self.cell_m

    @cached_property
    def centre_y(self) -> Floats:
        """Centre of each row."""
        return self.y0 + (np.arange(self.shape[0], dtype=np.float64) + 0.5) * self.cell_m

    def locate(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return row and column of points; outside the grid they run below 0 or past the shape."""
        row = np.floor((np.asarray(y, dtype=np.float64) - self.y0) / self.cell_m)
        column = np.floor((np.asarray(x, dtype=np.float64) - self.x0) / self.cell_m)
        return row.astype(np.intp), column.astype(np.intp)


def build_cells(
    area: tuple[float, float, float, float] | Polygon | MultiPolygon,
    graph: Graph,
    edges: ArrayLike,
    *,
    max_access_m: float,
    cell_m: float = 10.0,
    enter: ArrayLike | None = None,
    fence: Fence | None = None,
    ground: Ground | None = None,
) -> Cells:
    """Lay a grid over an area and snap every cell centre to the graph.

    Cells are aligned to multiples of ``cell_m``, so two grids of one city agree where they overlap.

    Parameters
    ----------
    area : (minx, miny, maxx, maxy) or shapely Polygon or MultiPolygon
        Ground to be covered, planar metres. Of a polygon, only cells whose centre is within one
        cell of it are snapped: what is drawn can then be clipped to it without a rim.
    graph, edges, enter, fence
        As in :func:`pipeline.reach.snap.snap_points`.
    max_access_m : float
        Longest straight way from a cell centre to its edge, metres.
    cell_m : float
        Cell size, metres.
    ground : Ground, optional
        Ground left by its doors only; its fence takes the place of ``fence``.

    Raises
    ------
    ValueError
        The area is empty or the cell size is not positive.
    """
    if not cell_m > 0:
        raise ValueError("cell_m must be positive")
    cover = None if isinstance(area, tuple) else area.buffer(cell_m)
    bounds = np.array(area if cover is None else cover.bounds, dtype=np.float64)
    if not np.all(np.isfinite(bounds)) or np.any(bounds[2:] < bounds[:2]):
        raise ValueError("the area to be covered is empty")
    c0, r0 = np.floor(bounds[:2] / cell_m)
    c1, r1 = np.maximum(np.ceil(bounds[2:] / cell_m), [c0 + 1, r0 + 1])
    x0, y0, shape = float(c0 * cell_m), float(r0 * cell_m), (int(r1 - r0), int(c1 - c0))
    x, y = np.meshgrid(x0 + (np.arange(shape[1]) + 0.5) * cell_m, y0 + (np.arange(shape[0]) + 0.5) * cell_m)
    x, y = x.ravel(), y.ravel()
    by_door = np.zeros(len(x), dtype=bool)
    if ground is not None:
        fence = ground.fence
        snap, door = ground.snap(x, y, max_m=max_access_m, area=cover, enter=enter, measure_far=False)
        by_door = door >= 0
    else:
        snap = snap_points(
            x, y, graph, edges, max_m=max_access_m, area=cover, enter=enter, measure_far=False, fence=fence
        )
    # In a second step, so that the rim cannot change the choice of component within the limit.
    far = np.flatnonzero(snap.status == Status.FAR)
    reach_m = max_access_m + _RIM_CELLS * cell_m
    rim = snap_points(
        x[far], y[far], graph, edges, max_m=reach_m, enter=enter, measure_far=False, fence=fence
    )
    for name in ("edge", "offset_m", "access_m", "component"):
        getattr(snap, name)[far] = getattr(rim, name)
    targets = index_targets(snap, graph)
    straight = np.where(by_door, 0.0, snap.access_m)
    return Cells(x0, y0, float(cell_m), shape, float(max_access_m), snap, straight, targets)


def measure_cells(
    cells: Cells, graph: Graph, sources: Snap, limit_m: float
) -> tuple[Floats, NDArray[np.int32]]:
    """Return door-to-cell metres and the nearest source of every cell.

    A cell is within reach where its distance is at most the limit and its status is not FAR.
    Both run on for two cells (see :func:`contour_area`); inf and -1 are cells farther than that.

    Returns
    -------
    distance_m : (rows, columns) float
    source : (rows, columns) int32
    """
    distance, source = nearest(graph, sources, cells.targets, limit_m + _RIM_CELLS * cells.cell_m)
    return distance.reshape(cells.shape), source.reshape(cells.shape)


def cell_distance(cells: Cells, graph: Graph, sources: Snap, limit_m: float) -> Floats:
    """Return door-to-cell metres (rows, columns); see :func:`measure_cells`."""
    return measure_cells(cells, graph, sources, limit_m)[0]


def contour_area(cells: Cells, distance_m: Floats, limits_m: ArrayLike) -> list[MultiPolygon]:
    """Draw the ground within each limit by filled marching squares.

    Holes stay holes. Where distance or access grow steadily the border is interpolated to the
    limit; where distance leaps (two streets back to back) it runs between the cell centres. The
    drawing illustrates; whether a door is covered is decided by its own distance.

    Parameters
    ----------
    cells : Cells
        The grid.
    distance_m : (rows, columns) float
        From :func:`cell_distance`, computed for the largest limit.
    limits_m : (k,) float
        Limits, inclusive, metres.

    Returns
    -------
    list of shapely MultiPolygon
        One valid geometry per limit, empty where nothing is within it.
    """
    return [_contour(cells, distance_m, float(limit), (0, 0)) for limit in np.atleast_1d(limits_m)]


def contour_each(
    cells: Cells, graph: Graph, origins: Snap, limits_m: ArrayLike
) -> Iterator[list[MultiPolygon]]:
    """Draw the ground within each limit of one origin after the other; see :func:`contour_area`.

    Work and memory go with the ground an origin reaches, not with the grid.

    Yields
    ------
    list of shapely MultiPolygon
        One per limit, for each origin in order; empty for an origin without an edge.
    """
    limits = np.atleast_1d(np.asarray(limits_m, dtype=np.float64))
    search_m = float(limits.max()) + _RIM_CELLS * cells.cell_m
    for first in range(0, len(origins), _BATCH):
        batch = origins.take(np.arange(first, min(first + _BATCH, len(origins))))
        indptr, hit, metres, _ = reach_rows(graph, batch, cells.targets, search_m)
        for start, end in itertools.pairwise(indptr):
            if start == end:
                yield [MultiPolygon() for _ in limits]
                continue
            row, column = np.divmod(hit[start:end], cells.shape[1])
            corner = int(row.min()), int(column.min())
            size = int(row.max()) - corner[0] + 1, int(column.max()) - corner[1] + 1
            distance = np.full(size, np.inf)
            distance[row - corner[0], column - corner[1]] = metres[start:end]
            yield [_contour(cells, distance, float(limit), corner) for limit in limits]


def _contour(cells: Cells, distance_m: Floats, limit_m: float, corner: tuple[int, int]) -> MultiPolygon:
    """Draw one limit; ``distance_m`` is the part of the grid that starts at row, column ``corner``."""
    top, left = corner
    part = np.s_[top : top + distance_m.shape[0], left : left + distance_m.shape[1]]
    access = cells.straight_m.reshape(cells.shape)[part]
    within = (distance_m <= limit_m) & (access <= cells.max_access_m)
    rows, columns = np.flatnonzero(within.any(axis=1)), np.flatnonzero(within.any(axis=0))
    if rows.size == 0:
        return MultiPolygon()
    r0, r1, c0, c1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    step = cells.cell_m
    # One cell of margin closes the border, at the edge of the grid, too.
    window = np.s_[r0 : r1 + 2, c0 : c1 + 2]
    distance = np.pad(distance_m, 1, constant_values=np.inf)[window]
    access = np.pad(access, 1, constant_values=np.inf)[window]
    # Room left, cut to one cell either way so that a leap counts no more than a step.
    room = np.minimum(limit_m - distance, cells.max_access_m - access)
    room = np.clip(room, -step, step)
    # A centre exactly on the limit is inside; a hair of room keeps rings from touching there.
    room[room == 0] = 1e-6 * step
    x = cells.x0 + (np.arange(left + c0 - 1, left + c1 + 1) + 0.5) * step
    y = cells.y0 + (np.arange(top + r0 - 1, top + r1 + 1) + 0.5) * step
    drawer = contourpy.contour_generator(x, y, room, name="serial", fill_type=contourpy.FillType.OuterOffset)
    drawn: Any = drawer.filled(0.0, np.inf)
    rings = [
        shapely.linearrings(xy, indices=np.repeat(np.arange(len(o) - 1), np.diff(o)))
        for xy, o in zip(drawn[0], drawn[1], strict=True)
    ]
    parts = np.array([Polygon(r[0], list(r[1:])) for r in rings], dtype=object)
    bad = ~shapely.is_valid(parts)
    if bad.any():
        mended = shapely.get_parts(shapely.make_valid(parts[bad]))
        parts = np.concatenate([parts[~bad], shapely.get_parts(mended)])
        parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)]
    area = shapely.multipolygons(parts)
    if not shapely.is_valid(area):
        area = shapely.union_all(parts)
        area = area if isinstance(area, MultiPolygon) else MultiPolygon([area])
    return area
