"""The one map: common fields of every delivered layer, and each layer's schema by geometry kind.

``configs/standards/onemap_layers.csv`` is the agreed schema of the layers it names; a test holds the
declarations to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from layers import model as m
from layers import planned, reachable, sites, source
from layers.model import Column, Layer

# Importing a module registers its layers; the database is made of these.
_DECLARED_IN = (source, reachable, sites, planned)
KINDS = {"point": "点", "line": "线", "polygon": "面"}
# 6.1(4): land use now and planned, and projects, are handed in whether or not they have features.
ALWAYS = frozenset({"HSQ_XZYD", "HSQ_GHYD", "HSQ_XMFBM", "HSQ_XMFBX", "HSQ_XMFBD"})
OUTSIDE = "社区范围外"  # SQMC of an object that lies in none of the plan's communities
BSM_DIGITS = 5
_AREA = "MJ"  # the area of the feature itself: only polygons have one


class Prefix(Layer):
    """Fields every layer of the database starts with (onemap_schema.md A2, A4)."""

    bsm = m.text("标识码", "BSM", 18, required=True, unique=True)
    ysdm = m.text("要素代码", "YSDM", 10)
    xzqdm = m.text("行政区代码", "XZQDM", 12, required=True)
    xzqmc = m.text("行政区名称", "XZQMC", 100, required=True)
    sqmc = m.text("社区名称", "SQMC", 60, required=True)


def schema_of(layer: type[Layer], kind: str) -> tuple[Column, ...]:
    """Return the columns of ``layer`` as delivered for one geometry kind, common fields first."""
    own = [c for c in layer.delivered() if kind == "polygon" or c.spec.onemap != _AREA]
    return (*Prefix.columns(), *own)


def title_of(layer: type[Layer], kind: str) -> str:
    """Return the Chinese name of a delivered layer; kinds of one layer are told apart."""
    return layer.alias if len(layer.onemap) == 1 else f"{layer.alias}（{KINDS[kind]}）"


def delivered_layers() -> Iterator[tuple[str, type[Layer], str]]:
    """Yield code, layer and geometry kind of everything the database holds, sorted by code."""
    found = [(code, layer, kind) for layer in Layer.registry.values() for kind, code in layer.onemap.items()]
    yield from sorted(found, key=lambda item: item[0])
