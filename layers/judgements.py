"""Which computed judgements a planner may overrule, how each row is named, and what a decided value may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from layers.decisions import CLEAR
from layers.model import Column, Layer
from layers.planned import Business, Inventory, Match, Need, Pair, PlannedParcel, Project, Site
from layers.values import parse_cells

_LEVELS = ("3", "2", "1", "0")


@dataclass(frozen=True)
class Judgement:
    """A field that may be overruled.

    Attributes
    ----------
    column : the field.
    values : the values allowed where no code list of the field says them.
    early : other fields follow from it, so it is applied where it is made, never on finished rows.
    """

    column: Column
    values: tuple[str, ...] = ()
    early: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """The closed list of values, empty where there is none."""
        spec = self.column.spec
        if self.values:
            return self.values
        if spec.kind == "bool":
            return ("是", "否")
        return spec.codes.values if spec.codes is not None and spec.codes.closed else ()

    def read(self, text: str) -> Any:
        """Return the decided value in the type of the field.

        Raises
        ------
        ValueError
            With the reason in Chinese, where the text is no value of the field.
        """
        spec = self.column.spec
        if text == CLEAR:
            if spec.required or spec.kind == "bool":
                raise ValueError("这一项必须有值，不能清空")
            return math.nan if spec.kind == "float" else None
        parsed = parse_cells(pd.Series([text], dtype="str"), kind=spec.kind, unit=spec.unit, form=spec.form)
        value = parsed.values.iloc[0]
        if parsed.bad.iloc[0] or pd.isna(value):
            kinds = {"bool": "应为 是 或 否", "int": "应为整数", "float": f"应为数字{spec.unit}"}
            raise ValueError(kinds.get(spec.kind, "不是可用的取值"))
        plain = str(int(value)) if spec.kind == "int" else str(value)
        if spec.kind != "bool" and self.choices and plain not in self.choices:
            raise ValueError(f"可用：{'、'.join(self.choices)}")
        if spec.kind in ("int", "float") and spec.minimum is not None and value < spec.minimum:
            raise ValueError(f"应不小于 {spec.minimum:g}")
        casts: dict[str, Any] = {"int": int, "float": float, "bool": bool}
        return casts.get(spec.kind, str)(value)


@dataclass(frozen=True)
class Subject:
    """A kind of row that is judged.

    Attributes
    ----------
    layer : its layer.
    title : what decisions call it.
    key : field whose value names the row in a decision.
    also : other fields a decision may name it by; they may be given anew, so the fingerprint is what protects.
    name, place : fields of the row that make its fingerprint.
    via : fields that hold the key of another subject, whose name and place are the fingerprint instead: what
        is judged about a need is still about that need when a resource, and with it a name, changes.
    fields : what may be overruled.
    """

    layer: type[Layer]
    title: str
    key: Column
    fields: tuple[Judgement, ...]
    also: tuple[Column, ...] = ()
    name: Column | None = None
    place: Column | None = None
    via: tuple[tuple[Column, type[Layer]], ...] = ()

    def find_field(self, word: str) -> Judgement | None:
        """Return the judgement that a decision means by alias or by field name."""
        known = {**{str(f.column): f for f in self.fields}, **{f.column.spec.alias: f for f in self.fields}}
        return known.get(word)


@cache
def subjects() -> tuple[Subject, ...]:
    """Return every kind of judged row, in the order of the stages."""
    return (
        Subject(
            Need, "需求", Need.number, name=Need.description, place=Need.community,
            fields=(
                Judgement(Need.urgency, early=True), Judgement(Need.gap, early=True),
                Judgement(Need.problem, early=True), Judgement(Need.block), Judgement(Need.required_m2),
                Judgement(Need.target_people), Judgement(Need.safety),
            ),
        ),
        Subject(
            Inventory, "资源", Inventory.number, name=Inventory.name, place=Inventory.place,
            fields=(
                Judgement(Inventory.certainty), Judgement(Inventory.usable_m2), Judgement(Inventory.tenure_clear),
                Judgement(Inventory.use_status), Judgement(Inventory.condition), Judgement(Inventory.landuse_code),
            ),
        ),
        Subject(
            Pair, "匹配", Pair.id, via=((Pair.need, Need), (Pair.resource, Inventory)),
            fields=(Judgement(Pair.level, _LEVELS[:-1], early=True), Judgement(Pair.chosen, early=True)),
        ),
        Subject(
            Match, "资源清单", Match.need, via=((Match.need, Need),),
            fields=(
                Judgement(Match.level, _LEVELS, early=True), Judgement(Match.listed, early=True),
                Judgement(Match.ready), Judgement(Match.missing), Judgement(Match.paths),
            ),
        ),
        Subject(
            Site, "布局", Site.id, name=Site.name, place=Site.community,
            fields=(
                Judgement(Site.action, early=True), Judgement(Site.function), Judgement(Site.measure),
                Judgement(Site.tenure_change),
            ),
        ),
        Subject(
            PlannedParcel, "规划用地", PlannedParcel.id, name=PlannedParcel.base_code, place=PlannedParcel.community,
            fields=(Judgement(PlannedParcel.landuse_code, early=True), Judgement(PlannedParcel.floor_area_ratio)),
        ),
        Subject(
            Business, "业态", Business.id, name=Business.name, place=Business.community,
            fields=(Judgement(Business.action), Judgement(Business.kind)),
        ),
        Subject(
            Project, "项目", Project.id, also=(Project.need, Project.number), via=((Project.need, Need),),
            fields=(
                Judgement(Project.name), Judgement(Project.place), Judgement(Project.content),
                Judgement(Project.total_wan, early=True), Judgement(Project.fiscal_wan, early=True),
                Judgement(Project.social_wan, early=True), Judgement(Project.phase_index, ("1", "2", "3"), early=True),
                Judgement(Project.priority), Judgement(Project.department), Judgement(Project.operator),
            ),
        ),
    )  # fmt: skip


def find_subject(layer: type[Layer]) -> Subject:
    """Return the subject of a layer.

    Raises
    ------
    LookupError
        If rows of the layer are not judged; add it to ``subjects``.
    """
    for subject in subjects():
        if subject.layer is layer:
            return subject
    raise LookupError(f"layer {layer.key!r} has no judgements")


def show_value(value: Any, column: Column) -> str:
    """Return a field's value as a person writes it; nothing where it is missing."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    kind = column.spec.kind
    if kind == "bool":
        return "是" if value else "否"
    if kind == "int":
        return str(int(value))
    if kind == "float":
        rounded = round(float(value), 4)
        return str(int(rounded)) if math.isfinite(rounded) and rounded.is_integer() else str(rounded)
    return str(value).strip()


def name_row(
    row: Mapping[str, Any], subject: Subject, frames: Mapping[str, pd.DataFrame]
) -> tuple[str, str] | None:
    """Return the fingerprint of a row, name and place; None where a row it goes by is not known.

    A name ends at its first colon: after it, computed needs tell figures that change with every road.

    Parameters
    ----------
    row : at least the key, the fields of ``via`` or those of name and place.
    frames : earlier layers by key.
    """
    if not subject.via:
        assert subject.name is not None and subject.place is not None
        name = show_value(row.get(subject.name), subject.name)
        return _cut(name), show_value(row.get(subject.place), subject.place)
    names, places = [], []
    for column, layer in subject.via:
        other = find_subject(layer)
        frame = frames.get(layer.key)
        assert other.name is not None and other.place is not None
        if frame is None:
            return None
        found = frame.loc[frame[other.key] == row.get(column)]
        if found.empty:
            return None
        names.append(_cut(show_value(found[other.name].iloc[0], other.name)))
        places.append(show_value(found[other.place].iloc[0], other.place))
    return " ↔ ".join(names), " ↔ ".join(places)


def _cut(name: str) -> str:
    return name.split("：")[0]


def fold(text: str) -> str:
    """Return a text as fingerprints compare it: blanks of every kind count for nothing."""
    return "".join(text.split())
