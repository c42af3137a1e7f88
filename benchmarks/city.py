"""A seeded city: a jittered street grid with gaps, facilities in classes, homes beside the streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.reach.graph import Graph, build_graph, round_length
from pipeline.reach.snap import Snap, Status

SPACING_M, JITTER_M, MISSING = 55.0, 12.0, 0.12


@dataclass(frozen=True, eq=False)
class City:
    """Streets with a graph, and who lives and serves there.

    Attributes
    ----------
    lines, graph : street pieces, metres, and their graph; edge i is line i.
    facilities : street corners, one entry each; several may share a corner.
    classes : (facilities,) class of each, 0 to 19.
    homes : doors along the edges with up to 30 m of access.
    """

    lines: NDArray
    graph: Graph
    facilities: Snap
    classes: NDArray[np.int64]
    homes: Snap


def draw_lines(side: int, rng: np.random.Generator) -> NDArray:
    """Return the largest connected part of a ``side`` x ``side`` grid with an eighth of its streets missing."""
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    xy = np.stack([column.ravel(), row.ravel()], 1) * SPACING_M
    xy = xy + rng.uniform(-JITTER_M, JITTER_M, xy.shape)
    number = np.arange(side * side).reshape(side, side)
    u = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    v = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = rng.uniform(size=len(u)) > MISSING
    lines = shapely.linestrings(np.stack([xy[u[kept]], xy[v[kept]]], 1))
    return lines[build_graph(lines).edge_component == 0]


def stand_at(graph: Graph, node: NDArray[np.int64]) -> Snap:
    """Return points that stand exactly on nodes, so that engines that know only nodes can be compared."""
    edge = graph.arc_edge[graph.indptr[node]]
    forward = graph.u[edge] == node
    return _points(graph, edge, np.where(forward, 0.0, graph.length_m[edge]), np.zeros(len(node)))


def build_city(side: int, *, seed: int = 20261123, facilities: int = 3000, homes: int = 30_000) -> City:
    """Return the city of a seed."""
    rng = np.random.default_rng(seed)
    lines = draw_lines(side, rng)
    graph = build_graph(lines)
    edge = rng.integers(0, graph.n_edges, homes).astype(np.int32)
    offset = round_length(rng.uniform(size=homes) * graph.length_m[edge])
    return City(
        lines=lines,
        graph=graph,
        facilities=stand_at(graph, rng.integers(0, graph.n_nodes, facilities)),
        classes=rng.integers(0, 20, facilities),
        homes=_points(graph, edge, offset, round_length(rng.uniform(0, 30, homes))),
    )


def _points(graph: Graph, edge: NDArray, offset: NDArray, access: NDArray) -> Snap:
    share = offset / np.where(graph.length_m[edge] > 0, graph.length_m[edge], 1.0)
    x = graph.x[graph.u[edge]] * (1 - share) + graph.x[graph.v[edge]] * share
    y = graph.y[graph.u[edge]] * (1 - share) + graph.y[graph.v[edge]] * share
    return Snap(
        x=x,
        y=y,
        edge=edge.astype(np.int32),
        offset_m=offset,
        access_m=access,
        component=graph.edge_component[edge],
        status=np.full(len(edge), Status.OK, dtype=np.int8),
        passed_island=np.zeros(len(edge), dtype=bool),
    )
