"""How much of a hand-written plan's mapping a generated one has: one item a key, column or value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.plan import Plan
from pipeline.plan.sources import Source

Item = tuple[str, ...]


def list_items(plan: Plan) -> set[Item]:
    """Return everything a plan says of its inputs, file by file."""
    return {
        (key, plan.resolve(source.path).name, source.layer or "", *item)
        for key, sources in plan.inputs.given().items()
        for source in sources
        for item in _items_of(plan, source)
    }


def _items_of(plan: Plan, source: Source) -> Iterator[Item]:
    yield ("layer",)
    plain = {"crs": source.crs, "datum": source.datum, "x": source.x, "y": source.y, "key": source.key}
    yield from ((name, str(value)) for name, value in plain.items() if value is not None)
    yield from (("columns", field, column) for field, column in source.columns.items())
    for field, pairs in source.values.items():
        yield from (("values", field, given, meant) for given, meant in pairs.items())
    yield from (("constants", field, value) for field, value in source.constants.items())
    if source.geometry is not None:
        shapes = source.geometry
        yield ("geometry", Path(shapes.path).name, shapes.layer or "")
        yield from (("geometry.columns", field, column) for field, column in shapes.columns.items())
