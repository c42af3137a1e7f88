"""What a sheet draws, said of the database: each drawn layer as features, classes and labels of a delivered layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pandas as pd

from configs import read_settings
from layers.onemap import OUTSIDE, Prefix
from pipeline.deliver.looks import class_values, read_range
from pipeline.deliver.qgis.entries import Entry as Line
from pipeline.deliver.qgis.entries import Register, column_names
from pipeline.deliver.sheet.inset import SHRINK
from pipeline.deliver.sheet.spec import ClassKey, Drawn, Finished, SheetSpec
from styles import Symbol, symbol, theme_symbols
from styles.look import Entry, Label, Look
from styles.qml_parts import Part, join_conditions
from styles.qml_strokes import quote_field, quote_text

# Rows picked one by one make a style that nobody can edit, and slow; beyond this a part is left out and said so.
MOST_ROWS = 3000
_BSM, _SQMC = Prefix.bsm.spec.onemap, Prefix.sqmc.spec.onemap
_INSIDE = f"{quote_field(_SQMC)} <> {quote_text(OUTSIDE)}"
# Themes whose classes are far more than a plan has: only those on the sheet are written.
_LONG = frozenset({"landuse", "facility", "utility_point"})

Moved: TypeAlias = Sequence[tuple[str, float, float]]


@dataclass
class Shown:
    """One line of the tree as a sheet shows it: its parts with what they are called and their legend headings."""

    line: Line
    parts: list[Part] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    keys: list[tuple[ClassKey, ...]] = field(default_factory=list)


@dataclass
class Showing:
    """A whole sheet: lines of the tree by key, and why something of it is not there."""

    lines: dict[str, Shown] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    def tell(self, reason: str) -> None:
        """Add a reason once; an empty one says nothing."""
        if reason and reason not in self.absent:
            self.absent.append(reason)


def show_sheet(sheet: Finished, register: Register) -> Showing:
    """Return how the database shows what a sheet draws on its map."""
    views = read_settings("qgis.yaml")["views"]
    pairs = ((drawn, views[drawn.view][drawn.part]) for drawn in sheet.spec.layers)
    return _show(pairs, register, moved=sheet.report.moved)


def show_inset(spec: SheetSpec, register: Register) -> Showing:
    """Return how the database shows the location inset of a sheet."""
    parts = read_settings("qgis.yaml")["inset"]["parts"]
    return _show(((drawn, parts[drawn.part]) for drawn in spec.inset), register, shrink=SHRINK)


def _show(pairs: Any, register: Register, *, shrink: float = 1.0, moved: Moved = ()) -> Showing:
    showing = Showing()
    for drawn, item in pairs:
        if "absent" in item:
            showing.tell(item["absent"])
            continue
        for line in register.find(item["layer"], item.get("entry", "")):
            found = _show_part(drawn, item, line, register, shrink=shrink, moved=moved)
            if isinstance(found, str):
                showing.tell(found)
                continue
            if "part" in item and register.number(line, drawn.frame[item["id"]]).isna().any():
                showing.tell(item["part"])
            shown = showing.lines.setdefault(line.key, Shown(line))
            shown.parts.append(found)
            shown.words.append(item["words"])
            shown.headings.append(drawn.legend_group if drawn.in_legend and drawn.fade else "")
            shown.keys.append(tuple((e.symbol.theme, e.symbol.value) for e in found.drawn))
    return showing


def _show_part(
    drawn: Drawn, item: Mapping[str, Any], line: Line, register: Register, *, shrink: float, moved: Moved
) -> Part | str:
    """Return one drawn layer as a part of a line; a text says why it is none, empty where it has no row there."""
    names = column_names(line.source)
    narrow = [_INSIDE] if item.get("inside") else []
    for column in item.get("like", ()):
        values = _texts(drawn.frame[column])
        narrow.append(_one_of(names[column], sorted(values.dropna().unique())))
    numbers = None
    if item.get("rows") or ("label" not in item and _needs_numbers(drawn, names)):
        numbers = register.number(line, drawn.frame[item.get("id", "id")])
    if item.get("rows"):
        assert numbers is not None
        if not numbers.notna().any():
            return ""
        if int(numbers.notna().sum()) > MOST_ROWS:
            return f"{line.title}按要素逐个选取超过 {MOST_ROWS} 个，未绘制"
        fields: tuple[str, ...] = (_BSM,)
        entries = _entries_by_row(drawn, numbers)
    else:
        entries, fields = _entries_by_value(drawn, item, names)
    if not entries:
        return ""
    if shrink != 1:
        entries = [replace(entry, symbol=_shrink(entry.symbol, shrink)) for entry in entries]
    text = quote_field(names[item["label"]]) if "label" in item else _text_of(drawn, names, numbers)
    badged = drawn.label_place == "badge" and bool(text)
    label = None
    if text and not badged:
        label = Label(
            _BSM, symbol("text", drawn.label_kind), drawn.label_place == "inside", text=text,
            priority=min(10, round(drawn.label_priority / 10)),
        )  # fmt: skip
    rows_here = join_conditions(*narrow)
    if item.get("rows") and not drawn.fade:
        rows_here = join_conditions(rows_here, _any_of(entries))
    look = Look(
        line.source.kind, tuple(entries), fields, label=label, badge=_BSM if badged else "",
        flat=item.get("flat", False),
    )  # fmt: skip
    return Part(
        look, narrow=rows_here, badge=text if badged else "", fade=drawn.fade,
        join=_join_to(item["to"], names) if "to" in item else "",
        blocks=drawn.obstacle and line.source.kind == "point" and bool(drawn.fade), order=tuple(_classes(drawn).unique()), shifts=tuple(moved) if badged else (),
    )  # fmt: skip


def _shrink(item: Symbol, share: float) -> Symbol:
    """Return a symbol with its strokes and marks at a share of their size."""
    return replace(item, line_mm=item.line_mm * share, size_mm=item.size_mm * share)


def _needs_numbers(drawn: Drawn, names: Mapping[str, str]) -> bool:
    column = drawn.label_column
    return (
        column is not None
        and str(column) not in names
        and "id" in drawn.frame.columns
        and str(column) != "class"
    )


def _entries_by_row(drawn: Drawn, numbers: pd.Series) -> list[Entry]:
    """Return the classes on the sheet, each with its rows."""
    classes = _classes(drawn)
    found = pd.DataFrame({"class": classes, "number": numbers}).dropna()
    order = {s.value: n for n, s in enumerate(theme_symbols(drawn.theme))}
    return [
        Entry(symbol(drawn.theme, value), tuple((n,) for n in sorted(set(rows))), name=_name(drawn, value))
        for value, rows in sorted(found.groupby("class")["number"], key=lambda pair: order[str(pair[0])])
    ]


def _entries_by_value(
    drawn: Drawn, item: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the classes by the column that decides, and that column."""
    if drawn.value is not None:
        whole = Entry(symbol(drawn.theme, drawn.value), rest=True, name=_name(drawn, drawn.value))
        return [whole], ()
    column = item.get("by", drawn.class_column)
    name = names[str(column)]
    if "when" in item:
        return _entries_by_expression(drawn, item["when"], quote_field(name)), ()
    classes, values = _classes(drawn), _texts(drawn.frame[column])
    there = pd.DataFrame({"class": classes, "value": values}).drop_duplicates()
    taken = class_values(drawn.theme, {})
    entries = []
    for found in theme_symbols(drawn.theme):
        mine = there[there["class"] == found.value]
        if drawn.theme in _LONG and mine.empty:
            continue
        title = _name(drawn, found.value)
        if item.get("ranges"):
            if found.value == "未知":
                entries.append(Entry(found, when=f"{quote_field(name)} IS NULL", name=title))
            else:
                entries.append(Entry(found, between=read_range(found), name=title))
            continue
        usual = [] if drawn.theme in _LONG else taken.get(found.value, [found.value])
        mixed = dict.fromkeys([*usual, *mine["value"].dropna()])
        if mixed:
            entries.append(Entry(found, tuple((v,) for v in mixed), name=title))
    return entries, (name,)


def _entries_by_expression(drawn: Drawn, when: Mapping[str, str], column: str) -> list[Entry]:
    conditions = {str(value): text.replace("{by}", column) for value, text in when.items()}
    known = join_any(conditions.values())
    return [
        Entry(found, when=conditions.get(found.value) or f"coalesce(NOT ({known}), true)")
        for found in theme_symbols(drawn.theme)
    ]


def join_any(conditions: Any) -> str:
    """Return the expression that one of the given ones holds."""
    return " OR ".join(f"({condition})" for condition in conditions)


def _any_of(entries: list[Entry]) -> str:
    return _one_of(_BSM, [value for entry in entries for (value,) in entry.values])


def _one_of(name: str, values: Any) -> str:
    said = [quote_text(str(value)) for value in values]
    return (
        f"{quote_field(name)} = {said[0]}"
        if len(said) == 1
        else f"{quote_field(name)} IN ({', '.join(said)})"
    )


def _classes(drawn: Drawn) -> pd.Series:
    if drawn.class_column is None:
        return pd.Series(str(drawn.value), index=drawn.frame.index)
    return drawn.frame[drawn.class_column].astype("str")


def _texts(values: pd.Series) -> pd.Series:
    """Return values as the expressions of the project compare them: whole numbers without a decimal point."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("Int64").astype("str").where(values.notna())
    return values.astype("object").where(values.notna())


def _name(drawn: Drawn, value: str) -> str:
    return drawn.legend_names.get(value, "")


def _text_of(drawn: Drawn, names: Mapping[str, str], numbers: pd.Series | None) -> str:
    """Return the expression of the text the sheet writes: a field, or the sheet's own words by 标识码."""
    column = drawn.label_column
    if column is None:
        return ""
    if str(column) in names:
        return quote_field(names[str(column)])
    if drawn.class_column is not None and str(column) == str(drawn.class_column) and drawn.theme == "landuse":
        return quote_field(names["landuse_code"])
    if numbers is None:
        return ""
    rows = pd.DataFrame({"number": numbers, "text": drawn.frame[column]}).dropna()
    pairs = ", ".join(
        f"{quote_text(n)}, {quote_text(str(t))}"
        for n, t in rows.sort_values("number").itertuples(index=False)
    )
    return f"map_get(map({pairs}), {quote_field(_BSM)})" if pairs else ""


def _join_to(columns: list[str], names: Mapping[str, str]) -> str:
    """Return the line from a row to the one it belongs to."""
    own, other = (names[column] for column in columns)
    return f"make_line($geometry, geometry(get_feature(@layer, {quote_text(other)}, {quote_field(own)})))"
