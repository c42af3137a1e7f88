"""One entity of a drawing as plain coordinates: curves stroked, object systems (mirrored entities) undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ezdxf.entities import DXFGraphic
from ezdxf.entities.boundary_paths import ArcEdge, EllipseEdge, LineEdge, PolylinePath, SplineEdge
from ezdxf.math import OCS, BSpline, Vec3

from layers.read.strokes import (
    TOLERANCE_M,
    Floats,
    flat_points,
    span_angles,
    stroke_arc,
    stroke_bulges,
    stroke_ellipse,
)

_CLOSE_M = 0.001  # ends this near are one point
_JOIN_M = 0.05  # edges of a hatch this near belong together
_SPLINE_FRAME = 16  # flag of a vertex that only shapes a fitted curve
CURVED = frozenset({"ARC", "CIRCLE", "ELLIPSE", "SPLINE"})


class TornEntity(ValueError):
    """Raised when an entity has no usable geometry."""


def _to_world(points: Floats, entity: DXFGraphic) -> Floats:
    """Turn points of the entity's own system into world coordinates; only mirrored ones differ in a plan."""
    extrusion = entity.dxf.get("extrusion", Vec3(0, 0, 1))
    if extrusion.isclose((0, 0, 1)):
        return points
    ocs = OCS(extrusion)
    lift = (
        float(entity.dxf.get("elevation", 0.0)) if not isinstance(entity.dxf.get("elevation"), Vec3) else 0.0
    )
    ux, uy, uz = ocs.ux, ocs.uy, ocs.uz
    x, y = points[:, 0], points[:, 1]
    return np.column_stack([ux.x * x + uy.x * y + uz.x * lift, ux.y * x + uy.y * y + uz.y * lift])


def trace_path(entity: DXFGraphic) -> tuple[Floats, bool]:
    """Return the points of a linear entity and whether it is closed; closed ones end where they begin.

    Raises
    ------
    TornEntity
        If it has fewer than two points or points that are no numbers.
    """
    tracer = _TRACERS.get(entity.dxftype())
    if tracer is None:
        raise TornEntity(entity.dxftype())
    points, closed = tracer(entity)
    if len(points) < 2 or not np.isfinite(points).all():
        raise TornEntity(entity.dxftype())
    if not closed and len(points) > 3 and float(np.hypot(*(points[0] - points[-1]))) <= _CLOSE_M:
        points[-1], closed = points[0], True
    return points, closed


def _trace_line(entity: Any) -> tuple[Floats, bool]:
    return flat_points([entity.dxf.start, entity.dxf.end]), False


def _trace_lwpolyline(entity: Any) -> tuple[Floats, bool]:
    values = np.asarray(entity.lwpoints.values, dtype=float).reshape(-1, 5)
    closed = bool(entity.closed)
    return _to_world(stroke_bulges(values[:, :2], values[:, 4], closed=closed), entity), closed


def _trace_polyline(entity: Any) -> tuple[Floats, bool]:
    if entity.is_poly_face_mesh or entity.is_polygon_mesh:
        raise TornEntity("mesh")
    vertices = [vertex for vertex in entity.vertices if not vertex.dxf.flags & _SPLINE_FRAME]
    xy = flat_points(vertex.dxf.location for vertex in vertices)
    bulges = np.array([vertex.dxf.get("bulge", 0.0) for vertex in vertices], dtype=float)
    closed = bool(entity.is_closed)
    points = stroke_bulges(xy, bulges, closed=closed)
    return (points if entity.is_3d_polyline else _to_world(points, entity)), closed


def _trace_arc(entity: Any) -> tuple[Floats, bool]:
    dxf = entity.dxf
    start, end = span_angles(dxf.start_angle, dxf.end_angle)
    return _to_world(stroke_arc((dxf.center.x, dxf.center.y), dxf.radius, start, end), entity), False


def _trace_circle(entity: Any) -> tuple[Floats, bool]:
    centre = entity.dxf.center
    points = stroke_arc((centre.x, centre.y), entity.dxf.radius, 0.0, 2 * np.pi)
    points[-1] = points[0]
    return _to_world(points, entity), True


def _trace_ellipse(entity: Any) -> tuple[Floats, bool]:
    dxf = entity.dxf
    start, end = dxf.start_param, dxf.end_param
    while end <= start:
        end += 2 * np.pi
    # Stored in world coordinates; seen from below the minor axis points the other way.
    ratio = dxf.ratio if dxf.get("extrusion", Vec3(0, 0, 1)).z >= 0 else -dxf.ratio
    points = stroke_ellipse(
        (dxf.center.x, dxf.center.y), (dxf.major_axis.x, dxf.major_axis.y), ratio, start, end
    )
    whole = abs(end - start - 2 * np.pi) < 1e-9
    if whole:
        points[-1] = points[0]
    return points, whole


def _trace_spline(entity: Any) -> tuple[Floats, bool]:
    return _flatten(entity.construction_tool()), bool(entity.closed)


def _flatten(curve: BSpline) -> Floats:
    # Half the tolerance: the test at the middle of a chord is not where an S-shaped piece is farthest.
    return flat_points(curve.flattening(TOLERANCE_M / 2, segments=8))


def _trace_solid(entity: Any) -> tuple[Floats, bool]:
    corners = [entity.dxf.vtx0, entity.dxf.vtx1, entity.dxf.vtx3, entity.dxf.vtx2]  # drawn like a bow tie
    points = flat_points([*corners, corners[0]])
    return _to_world(points, entity), True


_TRACERS: dict[str, Callable[[Any], tuple[Floats, bool]]] = {
    "LINE": _trace_line,
    "LWPOLYLINE": _trace_lwpolyline,
    "POLYLINE": _trace_polyline,
    "ARC": _trace_arc,
    "CIRCLE": _trace_circle,
    "ELLIPSE": _trace_ellipse,
    "SPLINE": _trace_spline,
    "SOLID": _trace_solid,
    "TRACE": _trace_solid,
}
PATHS = frozenset(_TRACERS)
HATCHES = frozenset({"HATCH", "MPOLYGON"})


def trace_hatch(entity: Any) -> list[Floats]:
    """Return the closed rings of a hatch, in no order.

    Raises
    ------
    TornEntity
        If a boundary does not close.
    """
    rings = []
    for path in entity.paths:
        if isinstance(path, PolylinePath):
            values = np.array(path.vertices, dtype=float).reshape(-1, 3)
            ring = stroke_bulges(values[:, :2], values[:, 2], closed=True)
        else:
            ring = _chain([_trace_edge(edge) for edge in path.edges])
        if len(ring) < 4 or not np.isfinite(ring).all():
            raise TornEntity("HATCH")
        rings.append(_to_world(ring, entity))
    if not rings:
        raise TornEntity("HATCH")
    return rings


def _trace_edge(edge: object) -> Floats:
    if isinstance(edge, LineEdge):
        return flat_points([edge.start, edge.end])
    if isinstance(edge, ArcEdge):
        points = stroke_arc(
            (edge.center.x, edge.center.y), edge.radius, *span_angles(edge.start_angle, edge.end_angle)
        )
        return points if edge.ccw else points[::-1]
    if isinstance(edge, EllipseEdge):
        start, end = edge.start_param, edge.end_param
        while end <= start:
            end += 2 * np.pi
        centre, major = (edge.center.x, edge.center.y), (edge.major_axis.x, edge.major_axis.y)
        points = stroke_ellipse(centre, major, edge.ratio, start, end)
        return points if edge.ccw else points[::-1]
    if isinstance(edge, SplineEdge) and edge.is_valid():
        return _flatten(edge.construction_tool())
    raise TornEntity("HATCH")


def _chain(edges: list[Floats]) -> Floats:
    """Put edges end to end, turned where they were drawn the other way, into a closed ring."""
    if not edges:
        raise TornEntity("HATCH")
    first, rest = edges[0], edges[1:]
    if rest and _gap(first[-1], rest[0]) > _gap(first[0], rest[0]):
        first = first[::-1]
    parts = [first]
    for edge in rest:
        end = parts[-1][-1]
        turned = edge if np.hypot(*(edge[0] - end)) <= np.hypot(*(edge[-1] - end)) else edge[::-1]
        if np.hypot(*(turned[0] - end)) > _JOIN_M:
            raise TornEntity("HATCH")
        parts.append(turned[1:])
    ring = np.vstack(parts)
    if np.hypot(*(ring[0] - ring[-1])) > _JOIN_M:
        raise TornEntity("HATCH")
    ring[-1] = ring[0]
    return ring


def _gap(point: Floats, edge: Floats) -> float:
    return float(min(np.hypot(*(edge[0] - point)), np.hypot(*(edge[-1] - point))))


def locate_entity(entity: Any) -> tuple[float, float]:
    """Return the world position of a point, block reference or text.

    Texts are taken at the middle of their box: where they stand, not where their first letter begins.
    """
    kind = entity.dxftype()
    if kind == "POINT":
        return entity.dxf.location.x, entity.dxf.location.y
    if kind == "MTEXT":
        return _middle_of_mtext(entity)
    if kind in {"TEXT", "ATTRIB", "ATTDEF"}:
        x, y = _middle_of_text(entity)
    else:
        x, y = entity.dxf.insert.x, entity.dxf.insert.y
    (found,) = _to_world(np.array([[x, y]], dtype=float), entity)
    return float(found[0]), float(found[1])


def _width(text: str, height: float) -> float:
    """Rough width of a text: an ideograph is as wide as high, a Latin letter about 0.7."""
    return height * sum(1.0 if char > "\u2e80" else 0.7 for char in text)


def _middle_of_text(entity: Any) -> tuple[float, float]:
    dxf = entity.dxf
    aligned = bool(dxf.get("halign", 0) or dxf.get("valign", 0))
    anchor = dxf.align_point if aligned and dxf.hasattr("align_point") else dxf.insert
    height = float(dxf.height)
    width = _width(dxf.text, height) * float(dxf.get("width", 1.0))
    if dxf.get("halign", 0) in (3, 5) and dxf.hasattr("align_point"):  # stretched between two points
        width = float((dxf.align_point - dxf.insert).magnitude)
        anchor, across = dxf.insert, 0.5
    else:
        across = {0: 0.5, 1: 0.0, 2: -0.5, 4: 0.0}.get(dxf.get("halign", 0), 0.5)
    up = (
        {0: 0.5, 1: 0.5, 2: 0.0, 3: -0.5}.get(dxf.get("valign", 0), 0.5) if dxf.get("halign", 0) != 4 else 0.0
    )
    angle = np.radians(float(dxf.get("rotation", 0.0)))
    dx, dy = across * width, up * height
    return anchor.x + dx * np.cos(angle) - dy * np.sin(angle), anchor.y + dx * np.sin(angle) + dy * np.cos(
        angle
    )


def _middle_of_mtext(entity: Any) -> tuple[float, float]:
    dxf = entity.dxf
    lines = entity.plain_text().split("\n")
    height = float(dxf.char_height)
    wide = max(_width(line, height) for line in lines)
    high = height * (1 + (len(lines) - 1) * 5 / 3)
    place = (int(dxf.get("attachment_point", 1)) - 1) % 9
    dx, dy = (0.5, 0.0, -0.5)[place % 3] * wide, (-0.5, 0.0, 0.5)[place // 3] * high
    angle = np.radians(float(entity.get_rotation()))
    x, y = dxf.insert.x, dxf.insert.y
    return x + dx * np.cos(angle) - dy * np.sin(angle), y + dx * np.sin(angle) + dy * np.cos(angle)


def text_of(entity: Any) -> str:
    """Return what a text says, without its formatting."""
    plain = entity.plain_text() if entity.dxftype() in {"TEXT", "MTEXT", "ATTRIB"} else ""
    return " ".join(str(plain).split())
