"""Network Voronoi: who is nearest on foot, as a gap-free partition of an outline."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from shapely import MultiPolygon, Polygon

from pipeline.reach.cells import Cells, measure_cells
from pipeline.reach.graph import Floats, Graph
from pipeline.reach.snap import Snap

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class NetworkVoronoi:
    """Areas nearest to each seed by network distance.

    Attributes
    ----------
    label : (rows, columns) int32
        Seed of each cell; every cell has one.
    by_network : (rows, columns) bool
        The label comes from a network distance; elsewhere from the nearest cell that has one.
    polygon : (seeds,) array of shapely Polygon or MultiPolygon
        The partition of the outline: neighbours share their border vertex by vertex. More than one
        part only where the outline itself has a part without a seed.
    moved_m2 : (seeds,) float
        Ground each seed received from cut-off pieces of other seeds, square metres.
    """

    label: NDArray[np.int32]
    by_network: NDArray[np.bool_]
    polygon: NDArray
    moved_m2: Floats


def network_voronoi(
    graph: Graph,
    cells: Cells,
    seeds: Snap,
    outline: Polygon | MultiPolygon,
    *,
    simplify_m: float | None = None,
) -> NetworkVoronoi:
    """Divide an outline among seeds by walking distance.

    A cell belongs to the seed with the shortest way along the network from the seed's entry point
    to the cell; ties go to the lowest seed. The seed's own access is not counted: a community's
    point is a label on a map, not a door. Cells without a way take the label of the nearest cell
    with one. A seed keeps the piece it stands in; every other piece of it goes to the neighbour
    with the longest common border.

    Parameters
    ----------
    graph : Graph
        The walk graph.
    cells : Cells
        Grid over the outline, see :func:`pipeline.reach.cells.build_cells`.
    seeds : Snap
        Seeds with their own coordinates; a seed without an edge gets its own cell and whatever
        unreached ground lies nearest to it.
    outline : shapely Polygon or MultiPolygon
        Ground to be divided; kept exactly.
    simplify_m : float, optional
        Simplification of the stair-steps between cells (Visvalingam-Whyatt over the whole
        coverage [1]_); two cells by default. It is halved until every seed lies in its area.

    Raises
    ------
    ValueError
        There is no seed, a seed lies outside the outline or the grid, two seeds share a cell, or
        the outline is not valid or not covered by the grid.

    References
    ----------
    .. [1] Visvalingam, M., Whyatt, J. D. (1993). Line generalisation by repeated elimination of
       points. The Cartographic Journal 30(1), 46-51.
    """
    own = _check_seeds(cells, seeds, outline)
    label, by_network = _label_cells(graph, cells, seeds, own)
    faces, owner = _polygonise(cells, label)
    step = 2 * cells.cell_m if simplify_m is None else float(simplify_m)
    # Whole cells always hold their seeds, so step 0 ends the search.
    for tolerance in (step, step / 2, step / 4, step / 8, 0.0):
        smooth = shapely.coverage_simplify(faces, tolerance) if tolerance > 0 else faces
        polygon, moved = _divide(outline, smooth, owner, seeds)
        if polygon is not None:
            return NetworkVoronoi(label, by_network, polygon, moved)
    raise ValueError("a seed lies on the border of its cell and outside its own area")


def _check_seeds(cells: Cells, seeds: Snap, outline: Polygon | MultiPolygon) -> Index:
    """Return the flat cell index of each seed, or say what is wrong."""
    if len(seeds) == 0:
        raise ValueError("there is no seed")
    if outline.is_empty or not outline.is_valid:
        raise ValueError("the outline is empty or not valid")
    rows, columns = cells.shape
    grid = shapely.box(cells.x0, cells.y0, cells.x0 + columns * cells.cell_m, cells.y0 + rows * cells.cell_m)
    if not grid.covers(outline):
        raise ValueError("the grid does not cover the outline")
    astray = np.flatnonzero(~shapely.intersects_xy(outline, seeds.x, seeds.y))
    if astray.size:
        raise ValueError(f"seeds outside the outline: {astray.tolist()}")
    row, column = cells.locate(seeds.x, seeds.y)
    own = np.minimum(row, rows - 1) * columns + np.minimum(column, columns - 1)
    _, place, times = np.unique(own, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(times[place] > 1)
    if shared.size:
        raise ValueError(f"seeds that share a cell: {shared.tolist()}")
    return own


def _label_cells(
    graph: Graph, cells: Cells, seeds: Snap, own: Index
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    entry = Snap(
        seeds.x, seeds.y, seeds.edge, seeds.offset_m, np.zeros(len(seeds)), seeds.component,
        seeds.status, seeds.passed_island,
    )  # fmt: skip
    _, label = measure_cells(cells, graph, entry, np.inf)
    by_network = label >= 0
    label.ravel()[own] = np.arange(len(seeds), dtype=np.int32)
    row, column = distance_transform_edt(label < 0, return_distances=False, return_indices=True)
    return label[row, column], by_network


def _polygonise(cells: Cells, label: NDArray[np.int32]) -> tuple[NDArray, Index]:
    """Return the faces of the label grid and the seed of each.

    Only the sides between different labels are drawn, so the work grows with the borders and not
    with the ground.
    """
    framed = np.pad(label, 1, constant_values=-1)
    # A side between column c - 1 and c of row r, and one between row r - 1 and r of column c.
    r, c = np.nonzero(framed[1:-1, 1:] != framed[1:-1, :-1])
    upright = np.stack([np.stack([c, r], 1), np.stack([c, r + 1], 1)], 1)
    r, c = np.nonzero(framed[1:, 1:-1] != framed[:-1, 1:-1])
    level = np.stack([np.stack([c, r], 1), np.stack([c + 1, r], 1)], 1)
    sides = np.concatenate([upright, level]).astype(np.float64)
    lines = shapely.linestrings(sides * cells.cell_m + [cells.x0, cells.y0])
    faces = shapely.get_parts(shapely.polygonize(lines))
    inner = shapely.point_on_surface(faces)
    row, column = cells.locate(shapely.get_x(inner), shapely.get_y(inner))
    return faces, label[row, column].astype(np.intp)


def _divide(
    outline: Polygon | MultiPolygon, faces: NDArray, owner: Index, seeds: Snap
) -> tuple[NDArray | None, Floats]:
    """Cut the faces to the outline and give every piece to one seed; None if a seed falls out."""
    n = len(seeds)
    # One noding for all borders: pieces on either side of a line then have the same vertices.
    lines = np.concatenate([shapely.boundary(faces), [outline.boundary]])
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    inner = shapely.point_on_surface(pieces)
    shapely.prepare(outline)
    inside = shapely.contains(outline, inner)
    pieces, inner = pieces[inside], inner[inside]
    at, face = shapely.STRtree(faces).query(inner, predicate="intersects")
    mine = np.full(len(pieces), -1, dtype=np.intp)
    # On a tie of two faces (a point on their border, by rounding) the lower one counts.
    mine[at[::-1]] = owner[face[::-1]]

    points = shapely.points(seeds.x, seeds.y)
    seed, piece = shapely.STRtree(pieces).query(points, predicate="intersects")
    home = mine[piece] == seed
    if len(np.unique(seed[home])) < n:
        return None, np.zeros(n)
    given = np.full(len(pieces), -1, dtype=np.intp)
    given[piece[home]] = seed[home]
    given = adopt_orphans(pieces, given)
    # What no seed's area touches is another part of the outline; it stays with its own label.
    given = np.where(given < 0, mine, given)
    changed = given != mine
    moved = np.bincount(given[changed], weights=shapely.area(pieces[changed]), minlength=n)
    areas = [shapely.coverage_union_all(pieces[given == k]) for k in range(n)]
    return np.array(areas, dtype=object), moved.astype(np.float64)


def adopt_orphans(pieces: NDArray, given: Index) -> Index:
    """Give pieces without a seed to the neighbour with the longest common border, in waves."""
    given = given.copy()
    a, b = shapely.STRtree(pieces).query(pieces, predicate="touches")
    common = shapely.length(shapely.intersection(shapely.boundary(pieces[a]), shapely.boundary(pieces[b])))
    a, b, common = a[common > 0], b[common > 0], common[common > 0]
    while True:
        open_side = (given[a] < 0) & (given[b] >= 0)
        if not open_side.any():
            return given
        pair = np.stack([a[open_side], given[b[open_side]]])
        ends, which = np.unique(pair, axis=1, return_inverse=True)
        border = np.bincount(which.reshape(-1), weights=common[open_side])
        order = np.lexsort((ends[1], -border, ends[0]))
        orphan, first = np.unique(ends[0][order], return_index=True)
        given[orphan] = ends[1][order][first]
