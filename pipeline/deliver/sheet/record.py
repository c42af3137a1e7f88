"""The report of a sheet as plain JSON and back, equal in every part: a sheet kept is told of like one just drawn."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from pipeline.deliver.sheet.legend import LegendLayout
from pipeline.deliver.sheet.sidetable import TableLayout
from pipeline.deliver.sheet.spec import Furniture, PlacedLabel, SheetReport, SideTable
from styles.frame import Box

# What a report is made of, beside numbers, texts, tuples, sets and tables.
_PARTS: dict[str, type[Any]] = {
    part.__name__: part
    for part in (SheetReport, PlacedLabel, Furniture, LegendLayout, TableLayout, SideTable, Box)
}


def write_report(report: SheetReport) -> Any:
    """Return a report as JSON holds it.

    Raises
    ------
    TypeError
        If it holds what this module does not know.
    """
    return _write(report)


def read_report(content: Any) -> SheetReport:
    """Return the report that ``write_report`` wrote.

    Raises
    ------
    TypeError, KeyError, ValueError
        If the content is no such report, as of another version of the program.
    """
    report = _read(content)
    if not isinstance(report, SheetReport):
        raise TypeError(f"no report of a sheet: {type(report).__name__}")
    return report


def _write(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.generic):
        return _write(value.item())
    if isinstance(value, str):  # a column is a text that knows its declaration
        return str(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, tuple):
        return [_write(part) for part in value]
    if isinstance(value, frozenset):
        return {"set": sorted((_write(part) for part in value), key=repr)}
    if isinstance(value, dict):
        return {"map": [[_write(key), _write(part)] for key, part in value.items()]}
    if is_dataclass(value) and type(value).__name__ in _PARTS:
        parts = {item.name: _write(getattr(value, item.name)) for item in fields(value)}
        return {"is": type(value).__name__, "of": parts}
    raise TypeError(f"a sheet's report holds a {type(value).__name__}: say how it is written")


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_read, value))
    if not isinstance(value, dict):
        return value
    if "set" in value:
        return frozenset(map(_read, value["set"]))
    if "map" in value:
        return {_read(key): _read(part) for key, part in value["map"]}
    return _PARTS[value["is"]](**{name: _read(part) for name, part in value["of"].items()})
