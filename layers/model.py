"""Layer declarations: a class a layer, an attribute a field, every other form derived from it.

``Building.floors`` is the column name itself (a ``str``) and carries alias, one-map name, type, width,
unit and code list. Validation, templates, shapefile schemas, database tables and the data dictionary all
read the same declaration, so no field name is written as a literal anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Kind = Literal["text", "int", "float", "bool"]
Form = Literal["", "date", "year", "code", "serial"]
Shape = Literal["point", "line", "polygon", "any"]


@dataclass(frozen=True)
class CodeList:
    """A closed or advisory list of the values a text field may take.

    Attributes
    ----------
    name : Chinese name of the list, as it appears in the data dictionary.
    values : the values, in the order legends and drop-downs show them.
    closed : whether another value is a fault (True) or only a warning (False, an editable list).
    """

    name: str
    values: tuple[str, ...]
    closed: bool = True


class Column(str):
    """A column name that knows its declaration. Equal to and hashed like the plain name."""

    __slots__ = ("spec",)
    spec: Spec

    def __new__(cls, name: str, spec: Spec) -> Column:
        column = super().__new__(cls, name)
        column.spec = spec
        return column

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # A pickled or copied column is a plain name: the declaration lives in the class, not in data.
        return (str, (str(self),))


@dataclass
class Spec:
    """What is declared about one field of a layer.

    Attributes
    ----------
    alias : Chinese name, shown in tables, QGIS and the data dictionary.
    kind : ``text``, ``int``, ``float`` or ``bool``.
    onemap : name in the one-map database, at most 10 ASCII bytes; empty when not delivered.
    width : bytes in the written encoding (text) or characters (numbers) of the DBF field.
    decimals : decimals of the DBF field.
    unit : unit of the values, already part of the English name (``_m``, ``_m2``, ``_wan``).
    codes : values allowed.
    required : whether a missing value is a fault.
    minimum : smallest value allowed.
    unique : whether two rows may not share a value.
    private : whether the field names a person or owner and stays out of public copies.
    form : what a text is more closely: a date, a year (1998, 1990年代), a code whose digits all count, or a
        serial, a code of one width whose leading zeros may have been lost.
    hint : what to write, in Chinese, where alias, unit and code list do not say it; shown in templates.
    example : a value as somebody might write it; templates show it, and a test fills templates with it.
    filled : whether the program fills blanks in, so that even a required field may be left out.
    derived : whether the program makes the field whatever a file says; templates do not ask for it.
    """

    alias: str
    kind: Kind = "text"
    onemap: str = ""
    width: int = 0
    decimals: int = 0
    unit: str = ""
    codes: CodeList | None = None
    required: bool = False
    minimum: float | None = None
    unique: bool = False
    private: bool = False
    form: Form = ""
    hint: str = ""
    example: str = ""
    filled: bool = False
    derived: bool = False

    def __post_init__(self) -> None:
        if len(self.onemap.encode("ascii")) > 10:
            raise ValueError(f"one-map name {self.onemap!r} is longer than 10 bytes")
        if self.onemap and not self.width:
            raise ValueError(f"one-map field {self.onemap!r} needs a width")


@dataclass
class Field(Spec):
    """A field in a layer's class body; read from the class it is the ``Column``."""

    column: Column = field(init=False, repr=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = Column(name, self)

    def __get__(self, instance: object | None, owner: type) -> Column:
        return self.column


def text(alias: str, onemap: str = "", width: int = 0, **more: object) -> Field:
    """Declare a text field; ``width`` is bytes in the written encoding."""
    return Field(alias, "text", onemap, width, **more)  # type: ignore[arg-type]


def integer(alias: str, onemap: str = "", width: int = 0, **more: object) -> Field:
    """Declare a whole-number field."""
    return Field(alias, "int", onemap, width, **more)  # type: ignore[arg-type]


def number(alias: str, onemap: str = "", width: int = 0, decimals: int = 0, **more: object) -> Field:
    """Declare a decimal field written as N(width, decimals)."""
    return Field(alias, "float", onemap, width, decimals, **more)  # type: ignore[arg-type]


def flag(alias: str, **more: object) -> Field:
    """Declare a yes/no field; never delivered to the one map."""
    return Field(alias, "bool", **more)  # type: ignore[arg-type]


class Layer:
    """Base of every layer declaration.

    Subclass keywords
    -----------------
    key : name of the layer in stage results, configs and messages.
    alias : Chinese name.
    shape : geometry kind, or None for a table.
    onemap : one-map layer code by geometry kind; empty when the layer is not delivered.
    """

    key: ClassVar[str]
    alias: ClassVar[str]
    shape: ClassVar[Shape | None]
    onemap: ClassVar[Mapping[str, str]]
    registry: ClassVar[dict[str, type[Layer]]] = {}

    def __init_subclass__(
        cls,
        *,
        key: str = "",
        alias: str = "",
        shape: Shape | None = None,
        onemap: Mapping[str, str] | None = None,
    ) -> None:
        super().__init_subclass__()
        if not key:  # a mixin of shared fields
            return
        if key in Layer.registry:
            raise ValueError(f"layer {key!r} is declared twice")
        cls.key, cls.alias, cls.shape, cls.onemap = key, alias, shape, onemap or {}
        Layer.registry[key] = cls

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """All columns, mixins first, in the order they are declared."""
        found: dict[str, Column] = {}
        for owner in reversed(cls.__mro__):
            for name, value in vars(owner).items():
                if isinstance(value, Field):
                    found[name] = value.column
        return tuple(found.values())

    @classmethod
    def asked(cls) -> tuple[Column, ...]:
        """Columns a technician may fill in: what templates hold and column guesses look for."""
        return tuple(column for column in cls.columns() if not column.spec.derived)

    @classmethod
    def delivered(cls) -> tuple[Column, ...]:
        """Columns with a one-map name, in schema order."""
        return tuple(column for column in cls.columns() if column.spec.onemap)
