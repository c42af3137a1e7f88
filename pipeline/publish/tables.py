"""Tables of the published database, one a delivered layer, out of the layer declarations.

Types
-----
Codes the program controls (common fields, closed lists) are ``varchar`` of the declared width. Other texts are
``text``: a declared width is what a DBF cuts at, and the hand-in's GeoPackage keeps the full text, so that a
width here would lose or refuse what was handed in; it is told in the column's comment. N(w, d) is
``numeric(w - 1, d)``, the point being a character of the DBF, or ``numeric(w, 0)``.

Geometry is in EPSG:4490 and multi-part whatever the plan handed in: a column has one system, plans of zones 38 and
39 stand in the same table, and views over plans need no transformation. Degrees keep 1e-8 m; areas and lengths are
attributes, measured in the plan's zone, and stay as handed in; ``plan.epsg`` says which system that was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from layers.crs import GEOGRAPHIC
from layers.model import CodeList, Column, Spec
from layers.onemap import Prefix, delivered_layers, schema_of, title_of
from pipeline.deliver.library import TITLE, Entry

SRID = GEOGRAPHIC
GEOMETRY = {"point": "MultiPoint", "line": "MultiLineString", "polygon": "MultiPolygon"}
PLAN_ID, GEOM = "plan_id", "geom"
PROJECTS = "hsq_xmk"
_LISTS = "dm_"


@dataclass(frozen=True)
class TableColumn:
    """One column.

    Attributes
    ----------
    name : in the database, the one-map name in small letters.
    base : ``text``, ``varchar``, ``smallint``, ``integer``, ``bigint`` or ``numeric``.
    size, scale : of ``varchar`` and ``numeric``; 0 otherwise.
    required : NOT NULL.
    codes : closed list the values are held to.
    comment : Chinese alias, unit and what else there is to say.
    spec : the declaration.
    """

    name: str
    base: str
    size: int
    scale: int
    required: bool
    codes: CodeList | None
    comment: str
    spec: Spec

    @property
    def type(self) -> str:
        """The type as SQL has it."""
        if self.base == "varchar":
            return f"varchar({self.size})"
        return f"numeric({self.size},{self.scale})" if self.base == "numeric" else self.base


@dataclass(frozen=True)
class Table:
    """One table: columns after ``plan_id``; the first is the key.

    Attributes
    ----------
    name : in the database.
    code : layer code, or the name where it is no layer.
    title : Chinese name.
    kind : geometry kind, empty for none.
    columns : in order of the schema.
    """

    name: str
    code: str
    title: str
    kind: str
    columns: tuple[TableColumn, ...]


@cache
def list_tables() -> tuple[Table, ...]:
    """Return the tables of all delivered layers, sorted by code, and that of 项目库."""
    found = [
        Table(
            code.lower(),
            code,
            title_of(layer, kind),
            kind,
            tuple(make_column(column) for column in schema_of(layer, kind)),
        )
        for code, layer, kind in delivered_layers()
    ]
    library = tuple(make_column(column) for column in Entry.columns())
    return (*found, Table(PROJECTS, PROJECTS.upper(), TITLE, "", library))


def make_column(column: Column) -> TableColumn:
    """Return the database column of a declared field."""
    spec = column.spec
    closed = spec.codes if spec.codes is not None and spec.codes.closed else None
    base, size, scale = "text", 0, 0
    if spec.kind == "int":
        base = "smallint" if spec.width <= 4 else "integer" if spec.width <= 9 else "bigint"
    elif spec.kind == "float":
        base, size, scale = "numeric", spec.width - (1 if spec.decimals else 0), spec.decimals
    elif closed is not None or column in Prefix.columns():
        base, size = "varchar", spec.width
    parts = (
        spec.alias,
        f"单位 {spec.unit}" if spec.unit else "",
        f"取值见 {name_list(spec.codes)}" if spec.codes else "",
        f"shp 中宽 {spec.width} 字节" if base == "text" else "",
        "涉及个人或权利人，不得公开" if spec.private else "",
    )
    comment = "；".join(part for part in parts if part)
    return TableColumn(spec.onemap.lower(), base, size, scale, spec.required, closed, comment, spec)


def name_list(codes: CodeList) -> str:
    """Return the name of a code list's table."""
    return f"{_LISTS}{codes.name}"


def list_codes(tables: Iterable[Table]) -> tuple[CodeList, ...]:
    """Return every code list the tables use, sorted by name.

    Raises
    ------
    ValueError
        If two lists of one name differ: they would share a table.
    """
    found: dict[str, CodeList] = {}
    for column in (column for table in tables for column in table.columns):
        codes = column.spec.codes
        if codes is not None and found.setdefault(codes.name, codes).values != codes.values:
            raise ValueError(f"two code lists are named {codes.name!r}")
    return tuple(found[name] for name in sorted(found))
