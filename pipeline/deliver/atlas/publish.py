"""Sheets of the public edition: most are the very bytes of the hand-in, the rest is drawn without what names somebody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd

from configs import read_settings
from layers.model import Column
from pipeline.deliver.atlas.compose import Entry
from pipeline.deliver.public.names import Names
from pipeline.deliver.public.rules import SHEETS
from pipeline.deliver.sheet.spec import Drawn, SheetSpec, SideTable
from styles.frame import MM_PER_INCH, load_frame

_SUM = re.compile(r"\d[\d,]*(?=\s*人)")


@dataclass(frozen=True)
class Published:
    """A sheet of the public edition.

    Attributes
    ----------
    entry : what is drawn, or left out with the reason; ``folder`` is the public one.
    same : whether the sheet of the hand-in serves as it is.
    """

    entry: Entry
    same: bool


def publish_entries(entries: Sequence[Entry], names: Names) -> list[Published]:
    """Return the drawings of the catalogue as the public edition shows them, in order."""
    sheets: dict[str, Any] = {sheet["number"]: sheet for sheet in read_settings("catalogue.yaml")["sheets"]}
    published = []
    for entry in entries:
        if not entry.bound:
            continue
        reason = entry.reason or names.rules.refuse_sheet(sheets[entry.number])
        if entry.spec is None or reason:
            left_out = replace(entry, spec=None, reason=reason, folder=SHEETS)
            published.append(Published(left_out, same=False))
            continue
        spec = mask_sheet(entry.spec, names)
        published.append(Published(replace(entry, spec=spec, folder=SHEETS), same=spec is entry.spec))
    return published


def mask_sheet(spec: SheetSpec, names: Names) -> SheetSpec:
    """Return the sheet without withheld views, names, small counts of persons and finer pictures; itself when it shows none."""
    changes: dict[str, Any] = {
        "layers": tuple(
            _mask_layer(layer, names) for layer in spec.layers if not names.rules.views.refuse([layer.view])
        ),
        "inset": tuple(_mask_layer(layer, names) for layer in spec.inset),
        "side_tables": tuple(_mask_table(table, names) for table in spec.side_tables),
        "notes": tuple(names.mask(note) for note in spec.notes),
    }
    same = all(_is_same(getattr(spec, key), value) for key, value in changes.items())
    finest = names.rules.finest_picture_m
    if spec.backdrop is not None and spec.scale * MM_PER_INCH / 1000 / load_frame(spec.layout).dpi < finest:
        changes["backdrop"], same = replace(spec.backdrop, finest_m=finest), False
    return spec if same else replace(spec, **changes)


def _is_same(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    # Layers hold frames, which have no truth of their own: what was left alone is the very object.
    return len(before) == len(after) and all(
        a is b or (isinstance(a, str) and a == b) for a, b in zip(before, after, strict=True)
    )


def _mask_layer(layer: Drawn, names: Names) -> Drawn:
    changes: dict[str, Any] = {}
    legend = {value: names.mask(name) for value, name in layer.legend_names.items()}
    if legend != dict(layer.legend_names):
        changes["legend_names"] = legend
    column = layer.label_column
    if isinstance(column, Column) and column.spec.private:
        changes["label_column"] = None
    elif column is not None:
        changes |= _mask_labels(layer.frame, column, names)
    return replace(layer, **changes) if changes else layer


def _mask_labels(frame: gpd.GeoDataFrame, column: str, names: Names) -> dict[str, Any]:
    """Return the frame with its labels masked, nothing when no label holds a name."""
    texts = {text: names.mask(str(text)) for text in frame[column].dropna().unique()}
    changed = {text: masked for text, masked in texts.items() if masked != str(text)}
    if not changed:
        return {}
    return {"frame": frame.assign(**{column: frame[column].replace(changed)})}


def _mask_table(table: SideTable, names: Names) -> SideTable:
    rules = names.rules
    people = {
        i for i in table.numeric if any(word in table.columns[i] for word in rules.people_heads)
    }  # fmt: skip
    rows = tuple(
        tuple(
            rules.few if i in people and _is_few(cell, rules.least_people) else names.mask(cell)
            for i, cell in enumerate(row)
        )
        for row in table.rows
    )
    title = names.mask(table.title)
    if any(
        row[i] == rules.few and old[i] != rules.few
        for row, old in zip(rows, table.rows, strict=True)
        for i in people
    ):
        # A sum beside its parts would give away the one part that is hidden.
        title = _SUM.sub(rules.mask, title)
    if rows == table.rows and title == table.title:
        return table
    return replace(table, rows=rows, title=title)


def _is_few(cell: str, least: int) -> bool:
    """Whether a printed count of persons is of too few; none at all tells of nobody."""
    digits = cell.replace(",", "")
    return digits.isdigit() and 0 < int(digits) < least
