"""Walking reach on plain arrays: noding, graph, snapping, search, cells, network Voronoi.

Everything here is planar metres in one projected CRS, numpy arrays and shapely geometries; no layer
names, no configuration, no files. Import the module that is needed (``from pipeline.reach.search
import nearest``): this package imports nothing itself, so that numba is loaded only where it runs.

Order of work::

    noded = noding.node_lines(lines, level=grade)
    graph = graph.build_graph(noded.geometry)
    homes = snap.snap_points(x, y, graph, noded.geometry, max_m=100)
    metres, facility = search.nearest(graph, facilities, homes, limit_m=1000)
    cells = cells.build_cells(area, graph, noded.geometry, max_access_m=100)
    areas = cells.contour_area(cells, cells.cell_distance(cells, graph, facilities, 1000), [1000])
"""
