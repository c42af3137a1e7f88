"""A source as the config will say it: columns, coordinates, values, constants, joined shapes, and every doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from configs.facilities import recognise_text
from layers.model import Column, Layer
from layers.read.guess import SURE, FieldGuess, LayerGuess, guess_fields
from layers.source import Facility, Identified, Parcel, Survey
from layers.values import fold_text
from pipeline.begin.coords import read_shapes
from pipeline.begin.findings import Entry
from pipeline.begin.joins import Join
from pipeline.begin.landuse import judge_landuse
from pipeline.begin.review import Reviewed
from pipeline.begin.stand import Stand

_RIVAL = 0.1  # layers this close to the best one are named
_SHOWN = 12  # values listed in one remark


@dataclass
class _Draft:
    """A source while it is put together.

    Attributes
    ----------
    item, guess, join : the table, the layer it feeds, the shapes another file has for it.
    fields : its columns.
    source : keys of the config's ``Source``, in order.
    doubts : what each doubts (``columns.width_m``) and a Chinese sentence.
    proofs : what was found beyond doubt, Chinese sentences.
    """

    item: Reviewed
    guess: LayerGuess
    join: Join | None
    fields: tuple[FieldGuess, ...]
    source: dict[str, Any] = field(default_factory=dict)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)

    @property
    def layer(self) -> type[Layer]:
        return self.guess.layer

    @property
    def have(self) -> set[Column]:
        return {f.field for f in self.fields}

    def doubt(self, where: str, text: str) -> None:
        self.doubts.append((where, text))


def draft_entry(
    item: Reviewed,
    guess: LayerGuess,
    join: Join | None,
    *,
    stand: Stand,
    communities: Sequence[str],
) -> Entry:
    """Return a source for the config.

    Parameters
    ----------
    item : the table.
    guess : the layer it feeds.
    join : shapes another file has under its keys.
    stand : what the files know of the plan's place.
    communities : names of the plan's communities, where known.
    """
    part = item.part
    fields = guess_fields(part.table, guess.layer, communities=communities, skip=item.spoken_for)
    if join is not None and not any(f.field == Identified.id for f in fields):
        key = next(f for f in guess.layer.columns() if f == Identified.id)
        fields = (FieldGuess(key, join.key, join.shared, "两个文件的编号一致"), *fields)
    draft = _Draft(item, guess, join, fields)
    _name_rivals(draft)
    if part.layer:
        draft.source["layer"] = part.layer
    if part.header is not None and not part.header.sure:
        draft.source["skip_rows"], draft.source["header_rows"] = part.header[:2]
        draft.doubt("skip_rows", "表头无法确定：请核对表头之前的行数和表头的行数")
    _place(draft, stand)
    _map_columns(draft)
    _map_values(draft)
    _fill_constants(draft)
    _classify(draft)
    if join is not None:
        draft.source["key"] = str(Identified.id)
        draft.source["geometry"] = _describe_join(draft, join, stand)
    used = {f.column for f in fields}
    shapes = f"，图形取自 {join.shapes.label}（{join.shared:.0%} 的编号相符）" if join else ""
    return Entry(
        guess.layer, part.path, draft.source, guess.score, part.label, guess.evidence + shapes, tuple(draft.doubts),
        len(part.table), tuple(c for c in guess.left if c not in used), join.shapes.path if join else None,
        tuple(draft.proofs),
    )  # fmt: skip


def _name_rivals(draft: _Draft) -> None:
    rivals = [
        f"“{other.layer.alias}”"
        for other in draft.item.ranks
        if other.layer is not draft.layer and draft.guess.score - other.score < _RIVAL
    ]
    if rivals:
        draft.doubt("", f"也可能是{'、'.join(rivals)}")


def _place(draft: _Draft, stand: Stand) -> None:
    """Add crs, datum and coordinate columns."""
    reading = (
        draft.item.locate(ground=stand.without(draft.item.part)) if draft.layer.shape is not None else None
    )
    if reading is None:
        return
    if reading.crs:
        draft.source["crs"] = reading.crs
    if reading.datum:
        draft.source["datum"] = reading.datum
    points = draft.item.points
    if points:
        draft.source["x"], draft.source["y"] = points.x, points.y
        if not points.sure and not reading.unsure:
            draft.doubt("x", f"坐标列：{points.evidence}")
    if reading.unsure:
        draft.doubt("crs", reading.unsure)
    if reading.told:
        draft.proofs.append(f"坐标{reading.told}")


def _classify(draft: _Draft) -> None:
    """Write the classification of parcels where codes and names prove it; doubt it where two fit alike."""
    if draft.layer is not Parcel:
        return
    columns = {f.field: f.column for f in draft.fields}
    code, name = columns.get(Parcel.landuse_code), columns.get(Parcel.landuse_name)
    found = judge_landuse(draft.item.part.table, code=code, name=name) if code or name else None
    if found is None:
        return
    if found.key is not None:
        draft.source["classification"] = found.key
        draft.proofs.append(f"用地代码为{found.evidence}")
    else:
        draft.doubt("classification", found.unsure)


def _map_columns(draft: _Draft) -> None:
    draft.source["columns"] = {str(f.field): f.column for f in draft.fields}
    for guess in draft.fields:
        if not guess.sure:
            others = f"；也可能是{'、'.join(guess.rivals)}" if guess.rivals else ""
            weak = f"把握 {guess.score:.0%}" if guess.score < SURE else "有几种可能"
            told = f"{guess.column} → {guess.field.spec.alias}：{guess.evidence}，{weak}{others}"
            draft.doubt(f"columns.{guess.field}", told)


def _map_values(draft: _Draft) -> None:
    """Say which values are taken to mean one of a code list, and which mean none of it."""
    values = {str(f.field): dict(f.values) for f in draft.fields if f.values}
    if values:
        draft.source["values"] = values
    for guess in draft.fields:
        codes = guess.field.spec.codes
        strange = guess.strange if codes else ()
        if not guess.values and not strange:
            continue
        meant = f"按字面对应 {'、'.join(f'{a} → {b}' for a, b in guess.values)}" if guess.values else ""
        listed = f"不在《{codes.name}》内：{_list_words(strange)}" if strange and codes else ""
        remedy = "；须在 values 中对应" if strange and codes and codes.closed else ""
        told = "；".join(filter(None, (meant, listed)))
        draft.doubt(f"values.{guess.field}", f"“{guess.field.spec.alias}”的取值{told}{remedy}")
    _doubt_types(draft)


def _doubt_types(draft: _Draft) -> None:
    """List words for facility types that mean no class of the standards."""
    types = {Facility: Facility.type_key, Survey: Survey.type_key}
    wanted = next((column for layer, column in types.items() if layer is draft.layer), None)
    guess = next((f for f in draft.fields if f.field == wanted), None)
    if guess is None:
        return
    words = fold_text(draft.item.part.table[guess.column]).dropna().drop_duplicates()
    lost = sorted(str(word) for word in words if recognise_text(str(word)) is None)
    if lost:
        told = f"没有对应的设施类型：{_list_words(lost)}；需要分析的在 values 中写明"
        draft.doubt(f"values.{guess.field}", told)


def _list_words(words: Sequence[str]) -> str:
    shown = "、".join(words[:_SHOWN])
    return shown if len(words) <= _SHOWN else f"{shown} 等 {len(words)} 种"


def _fill_constants(draft: _Draft) -> None:
    """Take a missing kind from what file and layer are called (路灯.shp); say what else is missing."""
    constants = {}
    for column in draft.layer.asked():
        if column not in draft.have and (found := _read_name(draft, column)):
            constants[str(column)] = found
            draft.doubt(f"constants.{column}", f"“{column.spec.alias}”按文件名取“{found}”")
    if constants:
        draft.source["constants"] = constants
    for column in draft.guess.missing:
        if column not in draft.have and str(column) not in constants:
            told = f"没有找到必需字段“{column.spec.alias}”（{column}）：在 columns 中写明列，或在 constants 中给出统一取值"
            draft.doubt(f"missing.{column}", told)


def _read_name(draft: _Draft, column: Column) -> str | None:
    """Return the value of a field that the names of layer and file tell."""
    names = draft.item.names[:2]
    if draft.layer is Facility and column == Facility.type_key:
        found = next((key for name in names if (key := recognise_text(name))), None)
        return None if _tell_types(draft) else found
    if column.spec.codes is None or not column.spec.required or column.spec.filled:
        return None
    words = sorted(column.spec.codes.values, key=len, reverse=True)
    return next((word for name in names for word in words if word in name), None)


def _tell_types(draft: _Draft) -> bool:
    """Whether most facilities say by their own names what they are (甲小学, 乙中学)."""
    guess = next((f for f in draft.fields if f.field == Facility.name), None)
    if guess is None:
        return False
    words = fold_text(draft.item.part.table[guess.column]).dropna()
    return bool(len(words)) and sum(recognise_text(str(word)) is not None for word in words) >= 0.5 * len(
        words
    )


def _describe_join(draft: _Draft, join: Join, stand: Stand) -> dict[str, Any]:
    """Return the geometry block: the shapes' file, its key, and fields only it has."""
    part = join.shapes
    made: dict[str, Any] = {"layer": part.layer} if part.layer else {}
    reading = read_shapes(part, ground=stand.without(part))
    if reading.crs:
        made["crs"] = reading.crs
    if reading.datum:
        made["datum"] = reading.datum
    if reading.told:
        draft.proofs.append(f"图形的坐标{reading.told}")
    if reading.unsure:
        draft.doubt("geometry.crs", reading.unsure)
    have = draft.have | {Identified.id}
    columns = {str(Identified.id): join.column}
    for more in guess_fields(part.table, draft.layer, skip=(join.column,)):
        if more.field not in have and more.sure:
            columns[str(more.field)] = more.column
    made["columns"] = columns
    return made
