"""Polygons all of whose edges another polygon has as well, vertex by vertex: they need no second look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.shapes.curves import list_curves

# Odd constants that spread the bits of a number (the finaliser of SplitMix64, Steele et al. 2014).
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_ONE = np.uint64(1)


def find_loose(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which polygons have an edge that no other one runs along the other way, from vertex to vertex.

    All other polygons are sound members of a coverage: what overlaps one of them or leaves a gap beside it has
    edges of its own, and so has each of two polygons on the same side of an edge.

    Parameters
    ----------
    shapes : (n,) valid polygons or multipolygons, metres.
    """
    curves = list_curves(shapes)
    curve = np.repeat(np.arange(len(curves.count)), curves.count)
    goes_on = curve[1:] == curve[:-1]
    curve = curve[:-1][goes_on]
    x, y = (curves.xy - curves.xy[:1]).T
    twice = (x[:-1] * y[1:] - y[:-1] * x[1:])[goes_on]
    leftward = np.bincount(curve, weights=twice, minlength=len(curves.count)) > 0
    leftward ^= curves.hole
    # Vertices are numbers of 64 bits drawn from their coordinates: of two million edges, two that are not one
    # get the same number once in ten million towns.
    spot = _spread(_spread(_bits(curves.xy[:, 0])) + _bits(curves.xy[:, 1]))
    start, end = spot[:-1][goes_on], spot[1:][goes_on]
    way = ((start < end) ^ leftward[curve]).astype(np.uint64)
    edges = (_spread(start + end) & ~_ONE) | way
    order = np.argsort(edges)
    edges = edges[order]
    first = np.flatnonzero(np.diff(edges & ~_ONE, prepend=edges[:1] ^ ~_ONE))
    pair = first[np.diff(first, append=len(edges)) == 2]
    pair = pair[edges[pair] != edges[pair + 1]]
    shared = np.zeros(len(edges), dtype=bool)
    shared[pair] = shared[pair + 1] = True
    result = np.zeros(len(shapes), dtype=bool)
    result[curves.feature[curve[order[~shared]]]] = True
    return result


def _bits(numbers: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return the bits of numbers; of the two zeros there is one."""
    return (numbers + 0.0).view(np.uint64)


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers of 64 bits that look like chance, the same for the same."""
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX[0]
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX[1]
    return bits ^ (bits >> np.uint64(31))
