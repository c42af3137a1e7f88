"""Which column of a file is which field of a layer, and its cells as typed values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import pandas as pd

from layers.model import Column, Layer
from layers.read.fields import read_cells, report_column_of_faults, report_garbled_names
from layers.read.raw import Place, SourceSpec


def find_columns(
    source: SourceSpec, layer: type[Layer], table: pd.DataFrame, place: Place
) -> dict[Column, str]:
    """Return the file's column of each field it feeds.

    What the config maps comes first; other fields take a column named like the field, its Chinese alias
    or its one-map name. A mapping to a column or a field that does not exist is a fault.
    """
    fields = {str(column): column for column in layer.columns()}
    found: dict[Column, str] = {}
    for name, column in source.columns.items():
        if name not in fields:
            _report_field(name, fields, place, block="columns")
        elif column not in table.columns:
            report_column(column, table, place, field=name)
        else:
            found[fields[name]] = column
    taken = {*found.values(), source.x, source.y}
    for name, field in fields.items():
        if field in found or name in source.columns:
            continue
        for candidate in (name, field.spec.alias, field.spec.onemap):
            if candidate and candidate in table.columns and candidate not in taken:
                found[field] = candidate
                break
    report_garbled_names(table, place)
    return found


def report_column(column: str, table: pd.DataFrame, place: Place, *, field: str) -> None:
    """Record that the config names a column the file does not have, and mark the field as reported."""
    names = [str(name) for name in table.columns]
    near = difflib.get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"是否为“{near[0]}”？" if near else ""
    place.error(
        "HSQ-V01",
        f"没有列“{column}”",
        field=field,
        row="",
        value=column,
        remedy=f"{hint}文件中的列：{'、'.join(names[:30])}",
    )


def _report_field(name: str, fields: Mapping[str, Column], place: Place, *, block: str) -> None:
    near = difflib.get_close_matches(name, list(fields), n=1, cutoff=0.5)
    hint = f"是否想写 {near[0]}？" if near else ""
    place.error(
        "HSQ-C03",
        f"{block} 中的“{name}”不是本图层的字段",
        field=name,
        remedy=f"{hint}可用字段：{'、'.join(fields)}",
    )


def read_columns(source: SourceSpec, layer: type[Layer], table: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Return the fields of the layer that the file feeds, typed; cells that cannot be read are faults.

    Returns
    -------
    DataFrame
        On the index of ``table``; only columns that the file or a constant gives.
    """
    fields = {str(column): column for column in layer.columns()}
    for block in ("values", "constants"):
        for name in getattr(source, block):
            if name not in fields:
                _report_field(name, fields, place, block=block)
    found = find_columns(source, layer, table, place)
    place.columns.update({str(field): column for field, column in found.items()})
    made: dict[str, pd.Series] = {}
    for field, column in found.items():
        beside = f"{field}_unit"  # 120人: the number, and what it counts where the layer keeps that
        unit = "*" if beside in fields else field.spec.unit
        parsed = read_cells(field, table[column], source.values.get(str(field), {}), place, unit=unit)
        if parsed.bad.any():
            report_column_of_faults(field, table, parsed, place)
        made[str(field)] = parsed.values
        if beside in fields and parsed.units is not None and parsed.units.notna().any():
            counted = made[beside] if beside in made else pd.Series(pd.NA, index=table.index, dtype="str")
            made[beside] = counted.where(counted.notna(), parsed.units)
    for name, constant in source.constants.items():
        if name not in fields:
            continue
        cells = pd.Series(constant, index=table.index, dtype="str")
        value = read_cells(fields[name], cells, {}, place).values
        filled = made[name].isna() if name in made else value.notna()
        place.settled.setdefault(name, set()).update(table.index[filled])
        made[name] = made[name].where(~filled, value) if name in made else value
    return pd.DataFrame(made, index=table.index)
