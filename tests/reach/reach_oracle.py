"""Independent door-to-door distances: networkx on a graph whose edges are split at the points."""

import networkx as nx
import numpy as np


def split_distances(graph, origins, targets):
    """Return the (origins, targets) matrix of door-to-door metres, inf where unreachable."""
    walk = nx.MultiGraph()
    walk.add_nodes_from(range(graph.n_nodes))
    stops = {}
    for kind, points in (("o", origins), ("t", targets)):
        for i, edge in enumerate(points.edge):
            if edge >= 0:
                stops.setdefault(int(edge), []).append((points.offset_m[i], (kind, i)))
                walk.add_edge((kind, i), (kind, i, "foot"), weight=points.access_m[i])
    for edge in range(graph.n_edges):
        at, here = 0.0, int(graph.u[edge])
        for offset, name in sorted(stops.get(edge, [])):
            walk.add_edge(here, (*name, "foot"), weight=offset - at)
            at, here = offset, (*name, "foot")
        walk.add_edge(here, int(graph.v[edge]), weight=graph.length_m[edge] - at)
    table = np.full((len(origins), len(targets)), np.inf)
    for i in range(len(origins)):
        if origins.edge[i] < 0:
            continue
        found = nx.single_source_dijkstra_path_length(walk, ("o", i))
        for j in range(len(targets)):
            table[i, j] = found.get(("t", j), np.inf)
    return table
