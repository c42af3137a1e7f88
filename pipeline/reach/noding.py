"""Node lines where they really meet: crossings of one grade, shared vertices, touching ends."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from pipeline.reach.contacts import Segments, find_contacts
from pipeline.reach.joining import join_points, unique_pairs

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Noded:
    """Lines cut at their nodes.

    Attributes
    ----------
    geometry : (n,) array of shapely LineString
        Edges; edges that meet share the end coordinate bit by bit.
    source : (n,) int
        Index of the input line each edge was cut from.
    unusable : (k,) int
        Input lines left out: missing, empty or with a coordinate that is no number.
    zero_length : (k,) int
        Input lines (parts of them) left out because they have no length.
    duplicate : (k,) int
        Source of each piece left out because an earlier input line already runs there.
    duplicate_m : float
        Length of those pieces, metres.
    """

    geometry: NDArray
    source: Index
    unusable: Index
    zero_length: Index
    duplicate: Index
    duplicate_m: float


def node_lines(lines: ArrayLike, *, level: ArrayLike | None = None, tolerance_m: float = 0.01) -> Noded:
    """Cut lines at every place where one can step from one line to another.

    Lines connect where they cross or touch on the same level; at a vertex both have, whatever the
    level (that is how a ramp meets a bridge); and where an end lies on another line, whatever the
    level. Two lines of different level that merely cross do not connect. Cuts are attributed to
    the line by position, never matched back by distance.

    Parameters
    ----------
    lines : (n,) array of shapely LineString or MultiLineString
        Planar metres; z is ignored.
    level : (n,) int array, optional
        Grade of each line (layer, bridge, tunnel); all equal by default.
    tolerance_m : float
        Gap up to which an end or a vertex touches another line, metres.

    Returns
    -------
    Noded
        Edges in order of their source and position. A node that joins only two pieces of one
        input line is no node: the pieces stay one edge.

    Raises
    ------
    ValueError
        A geometry is neither LineString nor MultiLineString, or ``level`` has another length.
    """
    lines = np.asarray(lines, dtype=object).reshape(-1)
    grade = np.zeros(len(lines), np.int64) if level is None else np.asarray(level, np.int64)
    if grade.shape != lines.shape:
        raise ValueError("level must have one value per line")
    parts, source, unusable, zero = _collect_parts(lines)
    parts, source, twins = _drop_twins(parts, source, grade)
    twin_m = float(shapely.length(twins[0]).sum())
    if len(parts) == 0:
        return Noded(parts, source, unusable, zero, twins[1], twin_m)

    segments = Segments.from_lines(parts, grade[source])
    cuts = _Cuts.from_contacts(segments, tolerance_m)
    start, end = cuts.list_pieces()
    stub = (cuts.node[start] == cuts.node[end]) & (cuts.measure[end] - cuts.measure[start] <= 4 * tolerance_m)
    start, end = start[~stub], end[~stub]
    repeated = _find_repeats(cuts, start, end)
    spare = source[cuts.line[start[repeated]]]
    spare_m = float((cuts.measure[end[repeated]] - cuts.measure[start[repeated]]).sum())
    start, end = start[~repeated], end[~repeated]
    start, end, kept = _merge_pieces(cuts, start, end)
    return Noded(
        geometry=cuts.draw_pieces(start, end, kept),
        source=source[cuts.line[start]],
        unusable=unusable,
        zero_length=zero,
        duplicate=np.sort(np.concatenate([twins[1], spare])),
        duplicate_m=twin_m + spare_m,
    )


def _collect_parts(lines: NDArray) -> tuple[NDArray, Index, Index, Index]:
    """Return single 2-D parts with length, their source, and the sources left out and why."""
    kind = shapely.get_type_id(lines)
    if np.any(~np.isin(kind, (-1, 1, 5))):
        raise ValueError("only LineString and MultiLineString can be noded")
    usable = (kind >= 0) & ~shapely.is_empty(lines)
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    usable[owner[~np.isfinite(xy).all(axis=1)]] = False
    source = np.flatnonzero(usable)
    parts, of = shapely.get_parts(shapely.force_2d(lines[source]), return_index=True)
    source = source[of]
    flat = shapely.length(parts) == 0
    zero = source[flat]
    parts = shapely.remove_repeated_points(parts[~flat], 0)
    return parts, source[~flat], np.flatnonzero(~usable), zero


def _drop_twins(
    parts: NDArray, source: Index, grade: NDArray
) -> tuple[NDArray, Index, tuple[NDArray, Index]]:
    """Leave out lines identical to an earlier one of the same level, before anything is cut."""
    if len(parts) == 0:
        return parts, source, (parts, source)
    _, shape = np.unique(shapely.to_wkb(shapely.normalize(parts)), return_inverse=True)
    _, first = np.unique(np.stack([shape, grade[source]]), axis=1, return_index=True)
    keep = np.zeros(len(parts), dtype=bool)
    keep[first] = True
    return parts[keep], source[keep], (parts[~keep], source[~keep])


@dataclass(frozen=True, eq=False)
class _Cuts:
    """Vertices and cut points of all lines, sorted along each line.

    ``node`` is -1 at a plain vertex; ``node_xy`` is where the node is drawn.
    """

    line: Index
    measure: NDArray[np.float64]
    xy: NDArray[np.float64]
    is_vertex: NDArray[np.bool_]
    node: Index
    node_xy: NDArray[np.float64]

    @classmethod
    def from_contacts(cls, segments: Segments, tolerance_m: float) -> "_Cuts":
        contacts = find_contacts(segments, tolerance_m)
        last = segments.count.astype(np.float64)
        lines = np.arange(len(last))
        # Every candidate cut: both sides of every contact, and both ends of every line.
        line = np.concatenate([contacts.line_a, contacts.line_b, lines, lines])
        position = np.concatenate([contacts.position_a, contacts.position_b, np.zeros(len(last)), last])
        cut_line, cut_pos, which = unique_pairs(line, position)
        k = len(contacts.gap_m)
        measure, xy = segments.locate(cut_line, cut_pos)
        is_vertex = cut_pos == np.floor(cut_pos)

        follows = np.flatnonzero(cut_line[1:] == cut_line[:-1])
        step = measure[follows + 1] - measure[follows]
        # Two computed points this close on one line are one crossing seen from several lines.
        same = follows[(step <= tolerance_m) & ~is_vertex[follows] & ~is_vertex[follows + 1]]
        tiny = follows[step <= 4 * tolerance_m]
        pairs = np.stack([which[:k], which[k : 2 * k]])
        touching = contacts.gap_m <= 1e-9
        node = join_points(
            len(cut_line),
            exact=np.hstack([pairs[:, touching], np.stack([same, same + 1])]),
            near=pairs[:, ~touching],
            gap_m=contacts.gap_m[~touching],
            tiny=np.stack([tiny, tiny + 1]),
        )
        # A node is drawn at a line's end if it has one, else at a vertex, else where computed.
        rank = np.where((cut_pos == 0) | (cut_pos == last[cut_line]), 0, np.where(is_vertex, 1, 2))
        order = np.lexsort((np.arange(len(node)), rank, node))
        _, first = np.unique(node[order], return_index=True)
        return cls._with_vertices(segments, cut_line, cut_pos, measure, xy, node, xy[order[first]])

    @classmethod
    def _with_vertices(
        cls,
        segments: Segments,
        cut_line: Index,
        cut_pos: NDArray[np.float64],
        measure: NDArray[np.float64],
        xy: NDArray[np.float64],
        node: Index,
        node_xy: NDArray[np.float64],
    ) -> "_Cuts":
        v_line, v_pos, v_measure, v_xy = segments.list_vertices()
        line = np.concatenate([cut_line, v_line])
        pos = np.concatenate([cut_pos, v_pos])
        # lexsort is stable: where a cut sits on a vertex the cut comes first and is kept.
        order = np.lexsort((pos, line))
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (np.diff(line[order]) != 0) | (np.diff(pos[order]) != 0)
        order = order[fresh]
        return cls(
            line=line[order],
            measure=np.concatenate([measure, v_measure])[order],
            xy=np.concatenate([xy, v_xy])[order],
            is_vertex=pos[order] == np.floor(pos[order]),
            node=np.concatenate([node, np.full(len(v_line), -1, dtype=np.intp)])[order],
            node_xy=node_xy,
        )

    def list_pieces(self) -> tuple[Index, Index]:
        """Return the first and last entry of each piece between two cuts of one line."""
        cut = np.flatnonzero(self.node >= 0)
        inner = self.line[cut[1:]] == self.line[cut[:-1]]
        return cut[:-1][inner], cut[1:][inner]

    def draw_pieces(self, start: Index, end: Index, is_node: NDArray[np.bool_]) -> NDArray:
        """Draw the pieces; entries in ``is_node`` are moved onto their node."""
        keep = self.is_vertex | is_node
        xy = np.where(is_node[:, None], self.node_xy[self.node], self.xy)[keep]
        place = np.cumsum(keep) - 1
        first, count = place[start], place[end] - place[start] + 1
        piece = np.repeat(np.arange(len(start)), count)
        offset = np.cumsum(count) - count
        flat = np.arange(count.sum()) - np.repeat(offset - first, count)
        return shapely.linestrings(xy[flat], indices=piece)


def _find_repeats(cuts: _Cuts, start: Index, end: Index) -> NDArray[np.bool_]:
    """Mark pieces that run where an earlier piece runs.

    Lines that overlap are cut at each other's vertices, so their common pieces are equal once
    their ends sit on the nodes; only pieces between the same two nodes need to be drawn.
    """
    repeated = np.zeros(len(start), dtype=bool)
    ends = np.sort(np.stack([cuts.node[start], cuts.node[end]]), axis=0)
    *_, pair = unique_pairs(ends[0], ends[1])
    maybe = np.flatnonzero(np.bincount(pair)[pair] > 1)
    if maybe.size:
        drawn = cuts.draw_pieces(start[maybe], end[maybe], cuts.node >= 0)
        _, first = np.unique(shapely.to_wkb(shapely.normalize(drawn)), return_index=True)
        repeated[maybe] = True
        repeated[maybe[first]] = False
    return repeated


def _merge_pieces(cuts: _Cuts, start: Index, end: Index) -> tuple[Index, Index, NDArray[np.bool_]]:
    """Take out cuts that join nothing but two neighbouring pieces of one line."""
    kept = cuts.node >= 0
    if start.size == 0:
        return start, end, kept
    degree = np.bincount(np.concatenate([cuts.node[start], cuts.node[end]]))
    joint = (end[:-1] == start[1:]) & (degree[cuts.node[start[1:]]] == 2)
    opens = np.concatenate([[True], ~joint])
    closes = np.concatenate([~joint, [True]])
    kept[start[1:][joint]] = False
    return start[opens], end[closes], kept
