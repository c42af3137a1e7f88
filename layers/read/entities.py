"""The entities of a drawing's model space: blocks opened, layers resolved, each as one geometry with its facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import shapely
from ezdxf.document import Drawing
from ezdxf.entities import DXFGraphic, DXFTagStorage, Insert
from ezdxf.lldxf.const import DXFError
from shapely.errors import GEOSException

from layers.read.strokes import Floats
from layers.read.trace import (
    HATCHES,
    PATHS,
    TornEntity,
    locate_entity,
    text_of,
    trace_hatch,
    trace_path,
)

# A drawing whose blocks unfold into more is a trap or a plotter file.
_MOST_ENTITIES = 2_000_000
_LAYER_CODE = 8
_TEXTS = frozenset({"TEXT", "MTEXT"})
# What ezdxf and GEOS raise on entities with missing or senseless values.
_TORN = (TornEntity, DXFError, GEOSException, ValueError, TypeError, AttributeError, LookupError,
         ArithmeticError, RecursionError)  # fmt: skip


class BlockBomb(ValueError):
    """Raised when blocks unfold without end or into more entities than any drawing has."""


@dataclass
class Taken:
    """Entities gathered from a drawing.

    Attributes
    ----------
    rows : facts of each: layer, kind, handle, block, linetype, colour, text and block attributes.
    shapes : its geometry, in the same order.
    left_out : entities of other kinds, by DXF type.
    unclosed : handle, gap in metres and place of open polylines where areas are wanted.
    torn : handles of entities without usable geometry.
    curves : number of entities with stroked curves.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[shapely.Geometry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unclosed: list[tuple[str, float, float, float]] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    curves: int = 0


@dataclass(frozen=True)
class Found:
    """An entity where it stands: its effective layer, a name for it, facts of the block it comes from."""

    entity: Any
    layer: str
    handle: str
    facts: dict[str, str]


def layer_of(entity: Any) -> str:
    """Return the CAD layer of an entity; other programs' own kinds keep it among their raw tags."""
    if isinstance(entity, DXFTagStorage):
        parts = entity.xtags.subclasses if entity.xtags is not None else []
        return str(next((tag.value for part in parts for tag in part if tag.code == _LAYER_CODE), "0"))
    return str(entity.dxf.layer)


def walk_entities(drawing: Drawing, layer: str | None, *, explode: bool) -> Iterator[Found]:
    """Yield the entities of model space on the wanted layers.

    Parameters
    ----------
    layer : name of the CAD layer, ``*`` for any text; every layer when None.
    explode : whether block references are opened into their entities, which on layer 0 take the
        reference's layer.

    Raises
    ------
    BlockBomb
        If blocks contain themselves or unfold into too many entities.
    """
    counted: dict[str, int] = {}
    total = 0
    for entity in drawing.modelspace():
        if isinstance(entity, Insert) and explode:
            total += _count_block(drawing, entity, counted, ())
            if total > _MOST_ENTITIES:
                raise BlockBomb("too many entities")
            yield from _open_insert(entity, layer_of(entity), layer, str(entity.dxf.handle), {})
        elif layer is None or fnmatchcase(layer_of(entity), layer):
            yield Found(entity, layer_of(entity), str(entity.dxf.handle), _facts(entity))


def _count_block(drawing: Drawing, insert: Insert, counted: dict[str, int], inside: tuple[str, ...]) -> int:
    """Return how many entities a reference unfolds into."""
    name = str(insert.dxf.name)
    if name in inside:
        raise BlockBomb("block inside itself")
    if name not in counted:
        block = drawing.blocks.get(name)
        size = 0
        for entity in block if block is not None else ():
            size += (
                _count_block(drawing, entity, counted, (*inside, name)) if isinstance(entity, Insert) else 1
            )
            if size > _MOST_ENTITIES:
                raise BlockBomb("too many entities")
        counted[name] = size
    return counted[name] * max(int(insert.mcount), 1)


def _open_insert(
    insert: Insert, own: str, wanted: str | None, handle: str, facts: dict[str, str]
) -> Iterator[Found]:
    facts = facts | _facts(insert)
    single = insert.multi_insert() if insert.mcount > 1 else (insert,)
    number = 0
    for copy in single:
        for entity in copy.virtual_entities():
            number += 1
            layer = own if layer_of(entity) == "0" else layer_of(entity)
            if isinstance(entity, Insert):
                yield from _open_insert(entity, layer, wanted, f"{handle}/{number}", facts)
            elif wanted is None or fnmatchcase(layer, wanted):
                yield Found(entity, layer, f"{handle}/{number}", facts)


def _facts(entity: DXFGraphic) -> dict[str, str]:
    """Return a block reference's name and attributes."""
    if not isinstance(entity, Insert):
        return {}
    facts = {"Block": str(entity.dxf.name)}
    block = entity.block()
    for fixed in block.query("ATTDEF") if block is not None else ():
        if fixed.dxf.get("flags", 0) & 2:  # constant: the reference carries no copy
            facts[str(fixed.dxf.tag)] = str(fixed.dxf.text)
    facts.update({str(item.dxf.tag): text_of(item) for item in entity.attribs})
    return facts


def take_entities(drawing: Drawing, *, layer: str | None, shape: str | None) -> Taken:
    """Return the entities of the wanted geometry.

    Points are points and block references, or texts where there is neither; lines are all linear entities;
    areas are closed ones and hatches. Without a wanted geometry every entity is what it looks like, texts too.

    Raises
    ------
    BlockBomb
        As ``walk_entities``.
    """
    taken = Taken()
    texts = Taken()
    for found in walk_entities(drawing, layer, explode=shape in {"line", "polygon"}):
        kind = found.entity.dxftype()
        try:
            if kind in PATHS:
                _take_path(found, shape, taken)
            elif kind in HATCHES and shape != "line" and shape != "point":
                _add(found, _build_areas(trace_hatch(found.entity)), taken)
            elif kind in {"POINT", "INSERT"} and shape not in {"line", "polygon"}:
                _add(found, shapely.points(*locate_entity(found.entity)), taken)
            elif kind in _TEXTS and shape not in {"line", "polygon"}:
                _add(
                    found, shapely.points(*locate_entity(found.entity)), texts if shape == "point" else taken
                )
            else:
                taken.left_out[kind] += 1
        except _TORN:
            taken.torn.append(found.handle)
    if texts.rows and not taken.rows:
        texts.left_out, texts.torn = taken.left_out, taken.torn
        return texts
    for row in texts.rows:
        taken.left_out[str(row["Entity"])] += 1
    return taken


def _add(found: Found, shape: shapely.Geometry, taken: Taken) -> None:
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise TornEntity(found.handle)
    dxf = found.entity.dxf
    facts = {name: text for name, text in found.facts.items() if name not in _OWN}
    taken.rows.append(
        {
            "Layer": found.layer,
            "Entity": found.entity.dxftype(),
            "EntityHandle": found.handle,
            "Block": found.facts.get("Block"),
            "Linetype": dxf.get("linetype", "BYLAYER"),
            "Color": int(dxf.get("color", 256)),
            "Text": text_of(found.entity) or None,
            **facts,
        }
    )
    taken.shapes.append(shape)


_OWN = frozenset({"Layer", "Entity", "EntityHandle", "Block", "Linetype", "Color", "Text"})


def _take_path(found: Found, shape: str | None, taken: Taken) -> None:
    kind = found.entity.dxftype()
    if shape == "point":
        taken.left_out[kind] += 1
        return
    points, closed = trace_path(found.entity)
    area = closed and len(points) > 3
    if shape == "polygon" and not area:
        if kind in {"LINE", "ARC"}:
            taken.left_out[kind] += 1
        else:
            gap = float(np.hypot(*(points[0] - points[-1])))
            taken.unclosed.append((found.handle, gap, float(points[0, 0]), float(points[0, 1])))
        return
    made = shapely.polygons(points) if area and shape != "line" else shapely.linestrings(points)
    _add(found, made, taken)
    taken.curves += _is_curved(found.entity, kind)


def _is_curved(entity: Any, kind: str) -> bool:
    if kind == "LWPOLYLINE":
        return bool(entity.has_arc)
    if kind == "POLYLINE":
        return bool(entity.has_arc)
    return kind in {"ARC", "CIRCLE", "ELLIPSE", "SPLINE"}


def _build_areas(rings: list[Floats]) -> shapely.Geometry:
    """Return the areas that rings bound, the inner ones of an odd depth being holes."""
    areas = shapely.polygons([shapely.linearrings(ring) for ring in rings])
    if len(areas) == 1:
        return areas[0]
    order = np.argsort(-shapely.area(areas))
    result: shapely.Geometry = areas[order[0]]
    for at in order[1:]:
        result = shapely.symmetric_difference(result, shapely.make_valid(areas[at]))
    return result
