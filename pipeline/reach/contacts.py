"""Contacts between line segments: proper crossings and vertices that touch, as arrays."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Segments:
    """All segments of all lines, in order. A position on a line is segment + fraction.

    Attributes
    ----------
    line, number : (s,) int
        Line of each segment and its number within the line.
    xy0, xy1 : (s, 2) float
        Start and end, metres.
    length_m : (s,) float
        Length, metres; never zero.
    measure_m : (s,) float
        Distance of the segment's start from the line's start, metres.
    count, offset : (n,) int
        Segments of each line, and the first of them.
    level : (n,) int
        Grade of each line.
    """

    line: Index
    number: Index
    xy0: Floats
    xy1: Floats
    length_m: Floats
    measure_m: Floats
    count: Index
    offset: Index
    level: NDArray[np.int64]

    @classmethod
    def from_lines(cls, lines: NDArray, level: NDArray[np.int64]) -> "Segments":
        """Take lines apart; they must have two or more vertices and no repeated ones."""
        xy, owner = shapely.get_coordinates(lines, return_index=True)
        first = np.flatnonzero(owner[1:] == owner[:-1])
        line = owner[first].astype(np.intp)
        length = np.hypot(*(xy[first + 1] - xy[first]).T)
        count = np.bincount(line, minlength=len(lines))
        offset = np.cumsum(count) - count
        run = np.cumsum(length) - length
        return cls(
            line=line,
            number=np.arange(len(first)) - offset[line],
            xy0=xy[first],
            xy1=xy[first + 1],
            length_m=length,
            measure_m=run - run[offset[line]],
            count=count,
            offset=offset,
            level=level,
        )

    def locate(self, line: Index, position: Floats) -> tuple[Floats, Floats]:
        """Return the measure (k,) and coordinates (k, 2) of positions on lines."""
        number = np.minimum(position.astype(np.intp), self.count[line] - 1)
        at = self.offset[line] + number
        share = position - number
        xy = self.xy0[at] + share[:, None] * (self.xy1[at] - self.xy0[at])
        # A whole share is a vertex and must come out bit by bit.
        xy = np.where((share == 1)[:, None], self.xy1[at], xy)
        return self.measure_m[at] + share * self.length_m[at], xy

    def list_vertices(self) -> tuple[Index, Floats, Floats, Floats]:
        """Return line, position, measure and coordinates of every vertex."""
        line = np.concatenate([self.line, np.arange(len(self.count))])
        position = np.concatenate([self.number, self.count]).astype(np.float64)
        measure, xy = self.locate(line, position)
        return line, position, measure, xy


@dataclass(frozen=True, eq=False)
class Contacts:
    """Places where two lines (or one line with itself) connect.

    Attributes
    ----------
    line_a, line_b : (k,) int
        The two lines.
    position_a, position_b : (k,) float
        Position (segment + fraction) on each.
    gap_m : (k,) float
        Distance between the two positions, metres; 0 for a crossing.
    """

    line_a: Index
    position_a: Floats
    line_b: Index
    position_b: Floats
    gap_m: Floats


def find_contacts(segments: Segments, tolerance_m: float) -> Contacts:
    """Find every contact at which one may step from line to line.

    See :func:`pipeline.reach.noding.node_lines` for the rule of levels.
    """
    a, b = _pair_segments(segments, tolerance_m)
    found = [_cross(segments, a, b, tolerance_m)]
    found += [
        _touch(segments, one, other, end, tolerance_m) for one, other in ((a, b), (b, a)) for end in (0, 1)
    ]
    stacked = [
        np.concatenate([getattr(part, name) for part in found])
        for name in ("line_a", "position_a", "line_b", "position_b", "gap_m")
    ]
    return Contacts(*stacked)


def _pair_segments(segments: Segments, tolerance_m: float) -> tuple[Index, Index]:
    """Return pairs of segments whose boxes come within the tolerance."""
    low = np.minimum(segments.xy0, segments.xy1) - tolerance_m
    high = np.maximum(segments.xy0, segments.xy1) + tolerance_m
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    a, b = shapely.STRtree(boxes).query(boxes)
    a, b = a[a < b], b[a < b]
    order = np.lexsort((b, a))
    return a[order], b[order]


def _cross(segments: Segments, a: Index, b: Index, tolerance_m: float) -> Contacts:
    """Proper crossings of one level, farther than the tolerance from every vertex.

    Nearer ones are touches: that keeps an end that overshoots by a hair from leaving a stub.
    """
    level = segments.level
    same = level[segments.line[a]] == level[segments.line[b]]
    a, b = a[same], b[same]
    p, q = segments.xy0[a], segments.xy0[b]
    r, s = segments.xy1[a] - p, segments.xy1[b] - q
    turn = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    slanted = turn != 0
    turn = np.where(slanted, turn, 1.0)
    w = q - p
    share_a = (w[:, 0] * s[:, 1] - w[:, 1] * s[:, 0]) / turn
    share_b = (w[:, 0] * r[:, 1] - w[:, 1] * r[:, 0]) / turn
    hit = slanted
    for share, at in ((share_a, a), (share_b, b)):
        room = segments.length_m[at]
        hit = hit & (share * room > tolerance_m) & ((1 - share) * room > tolerance_m)
    a, b = a[hit], b[hit]
    return Contacts(
        segments.line[a],
        segments.number[a] + share_a[hit],
        segments.line[b],
        segments.number[b] + share_b[hit],
        np.zeros(len(a)),
    )


def _touch(segments: Segments, a: Index, b: Index, end: int, tolerance_m: float) -> Contacts:
    """Vertices (start or end of segments ``a``) that lie on segments ``b``."""
    vertex = (segments.xy1 if end else segments.xy0)[a]
    number = segments.number[a] + end
    way = segments.xy1[b] - segments.xy0[b]
    room = segments.length_m[b]
    along = np.einsum("ij,ij->i", vertex - segments.xy0[b], way) / room
    share = np.clip(along / room, 0, 1)
    foot = segments.xy0[b] + share[:, None] * way
    near = np.hypot(*(vertex - foot).T) <= tolerance_m
    # A foot next to a vertex is that vertex: no crumbs between the two.
    late = share > 0.5
    at_vertex = np.where(late, 1 - share, share) * room <= tolerance_m
    share = np.where(at_vertex, late.astype(np.float64), share)
    foot = np.where(
        at_vertex[:, None],
        np.where(late[:, None], segments.xy1[b], segments.xy0[b]),
        foot,
    )
    line_a, line_b = segments.line[a], segments.line[b]
    is_end = (number == 0) | (number == segments.count[line_a])
    same = segments.level[line_a] == segments.level[line_b]
    position = segments.number[b] + share
    # Neighbours always meet at their common vertex. If they meet anywhere else the line doubles
    # back, and is cut at the tip so that the way back is recognised as a repeat.
    tip = np.maximum(segments.number[a], segments.number[b])
    neighbour = (line_a == line_b) & (np.abs(segments.number[a] - segments.number[b]) == 1)
    hit = near & (same | is_end | at_vertex) & ~(neighbour & (position == tip))
    folded = hit & neighbour
    turn = tip[folded].astype(np.float64)
    return Contacts(
        np.concatenate([line_a[hit], line_a[folded]]),
        np.concatenate([number[hit].astype(np.float64), turn]),
        np.concatenate([line_b[hit], line_b[folded]]),
        np.concatenate([position[hit], turn]),
        np.concatenate([np.hypot(*(vertex - foot)[hit].T), np.zeros(len(turn))]),
    )
