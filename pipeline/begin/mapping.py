"""From files to sources: every table gets its layer, its columns their fields, and every doubt a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from configs.facilities import recognise_text
from layers.ledgers import OwnCost
from layers.model import Layer, Shape
from layers.read.contents import Left, Part
from layers.read.guess import LEAST, SURE, FieldGuess, LayerGuess, guess_fields, guess_layers
from layers.read.points import Points, find_pair_column, guess_points
from layers.source import Community, Facility, Identified, Outline, Survey
from layers.values import fold_text
from pipeline.begin.coords import Near, Reading, read_points, read_shapes
from pipeline.begin.findings import Entry, Findings
from pipeline.begin.identity import note_identity
from pipeline.begin.joins import Join, find_join, list_keys
from pipeline.plan.sources import Inputs

LAYERS: tuple[type[Layer], ...] = tuple(Layer.registry[key] for key in Inputs.model_fields)
ACCEPT = 0.45  # a table is mapped where a layer fits at least this well
_RIVAL = 0.1
_SHOWN = 12  # values listed in one remark
# One set of these is a plan; several files of other layers add up.
_SINGLE = (Community, Outline)
_FORMATS = (".gpkg", ".gdb", ".shp", ".geojson", ".json", ".kml", ".kmz", ".zip", ".xlsx", ".csv", ".dxf")
_DIVISIONS = re.compile(r"^(streets|villages|areas|cities|provinces)(\.\d\d)?\.csv(\.gz)?$")


@dataclass(frozen=True, eq=False)
class Reviewed:
    """A part with what was guessed of it."""

    part: Part
    points: Points | None
    ranks: tuple[LayerGuess, ...]

    @property
    def shape(self) -> Shape | None:
        """Kind of the places its rows have."""
        return self.part.shape or ("point" if self.points else None)

    @property
    def best(self) -> LayerGuess | None:
        """The likeliest layer."""
        return self.ranks[0] if self.ranks else None

    @property
    def score(self) -> float:
        """How well it fits."""
        return self.ranks[0].score if self.ranks else 0.0

    def is_a(self, layer: type[Layer]) -> bool:
        """Whether the layer is the likeliest."""
        return self.best is not None and self.best.layer is layer and self.score >= ACCEPT


def map_parts(parts: Iterable[Part | Left]) -> Findings:
    """Decide which layer each table feeds, which column is which field, and where its coordinates are.

    Parameters
    ----------
    parts : what ``read_folder`` found.
    """
    findings = Findings()
    tables = []
    for part in parts:
        if _DIVISIONS.match(part.path.name):
            findings.left.append(Left(part.path, part.layer, "区划代码表"))
            findings.divisions = part.path.parent if part.path.name.startswith("streets") else findings.divisions
        elif isinstance(part, Left):
            findings.left.append(part)
        else:
            tables.append(part)
    reviewed = _drop_copies([_review(part) for part in tables], findings)
    reviewed = _keep_one_outline(reviewed, findings)
    findings.near = _find_place(reviewed)
    note_identity(findings, [r.part for r in reviewed if r.is_a(Community)], [r.best for r in reviewed if r.is_a(Community)])
    taken: set[int] = set()
    made: list[Entry] = []
    # Tables first: their shapes must not become sources of their own.
    for at, item in enumerate(reviewed):
        if item.part.geometry is None:
            entry = _map_table(item, reviewed, taken, findings)
            made += [entry] if entry else []
            taken.add(at)
    for at, item in enumerate(reviewed):
        if at not in taken:
            entry = _map_item(item, item.best, None, findings)
            made += [entry] if entry else []
    order = {layer: at for at, layer in enumerate(LAYERS)}
    findings.entries = sorted(made, key=lambda entry: (order[entry.layer], -entry.score, entry.label))
    findings.left.sort(key=lambda item: (str(item.path), item.layer or ""))
    return findings


def _review(part: Part) -> Reviewed:
    points = guess_points(part.table) if part.geometry is None else None
    skip = (points.x, points.y) if points else ()
    shape = part.shape or ("point" if points else None)
    ranks = guess_layers(part.table, LAYERS, shape=shape, names=_names(part), skip=skip)
    return Reviewed(part, points, ranks)


def _names(part: Part) -> tuple[str, ...]:
    return tuple(filter(None, (part.layer, part.path.stem, part.path.parent.name)))


def _drop_copies(items: list[Reviewed], findings: Findings) -> list[Reviewed]:
    """Leave out the same data in another format: same stem, same layer, same number of rows."""
    rank = {suffix: at for at, suffix in enumerate(_FORMATS)}
    first: dict[tuple[str, type[Layer], int], Reviewed] = {}
    copies: dict[int, Reviewed] = {}
    for item in sorted(items, key=lambda r: (rank.get(r.part.path.suffix.lower(), len(rank)), r.part.label)):
        if item.best is None:
            continue
        twin = first.setdefault((item.part.path.stem, item.best.layer, len(item.part.table)), item)
        if twin.part.path != item.part.path:
            copies[id(item)] = twin
    for item in items:
        if id(item) in copies:
            reason = f"与 {copies[id(item)].part.label} 同名且行数相同，视为同一数据"
            findings.left.append(Left(item.part.path, item.part.layer, reason))
    return [item for item in items if id(item) not in copies]


def _keep_one_outline(items: list[Reviewed], findings: Findings) -> list[Reviewed]:
    """Keep the best set of communities; an outline only where the communities are points."""
    dropped: list[tuple[Reviewed, str]] = []
    for layer in _SINGLE:
        mine = sorted((i for i in items if i.is_a(layer) and i.shape is not None), key=lambda i: -i.score)
        if mine:
            head = mine[0]
            same = {str(name) for name in head.part.table.columns}
            others = [i for i in mine[1:] if {str(n) for n in i.part.table.columns} != same]
            dropped += [(i, f"已采用 {head.part.label} 作“{layer.alias}”") for i in others]
    areas = any(i.is_a(Community) and i.shape == "polygon" for i in items)
    if areas:
        dropped += [(i, "社区边界是面，不需要外轮廓") for i in items if i.is_a(Outline)]
    gone = {id(item): reason for item, reason in dropped}
    findings.left += [Left(i.part.path, i.part.layer, gone[id(i)]) for i in items if id(i) in gone]
    return [item for item in items if id(item) not in gone]


def _find_place(items: Sequence[Reviewed]) -> Near | None:
    """Return where the plan is: by its communities, its outline, else by the largest file that has a place."""
    ranked = [i for layer in _SINGLE for i in items if i.is_a(layer)]
    ranked += sorted((i for i in items if i not in ranked), key=lambda i: -len(i.part.table))
    for item in ranked:
        reading = _read_place(item, near=None)
        if reading is not None and reading.middle is not None:
            return reading.middle
    return None


def _read_place(item: Reviewed, *, near: Near | None) -> Reading | None:
    if item.part.geometry is not None:
        return read_shapes(item.part, near=near)
    return read_points(item.points, near=near) if item.points else None


def _map_table(item: Reviewed, items: list[Reviewed], taken: set[int], findings: Findings) -> Entry | None:
    """Map a table: by itself, or with the shapes another file has under its key."""
    guess = item.best if item.score >= ACCEPT else None
    spatial = guess_layers(
        item.part.table, [layer for layer in LAYERS if layer.shape not in (None, "any")], shape="any",
        names=_names(item.part), skip=_skip(item), any_shape=True,
    )  # fmt: skip
    wanted = spatial[0] if spatial and item.points is None and spatial[0].score > (guess.score if guess else 0) else guess
    if wanted is not None and wanted.layer.shape is not None:
        keys = [f.column for f in wanted.fields if f.field == Identified.id] or list_keys(item.part.table)
        free = [
            other.part
            for at, other in enumerate(items)
            if at not in taken and other.part.geometry is not None and _may_join(other, wanted)
        ]
        join = find_join(item.part.table, keys, free)
        if join is not None:
            taken.add(next(at for at, other in enumerate(items) if other.part is join.shapes))
            return _map_item(item, wanted, join, findings)
        if wanted is not guess and guess is None:
            reason = f"像是“{wanted.layer.alias}”，但没有坐标，其他文件中也没有编号相同的图形"
            findings.left.append(Left(item.part.path, item.part.layer, reason))
            return None
    return _map_item(item, guess, None, findings)


def _may_join(other: Reviewed, wanted: LayerGuess) -> bool:
    """Shapes of the same layer, or of none in particular, or with few columns, may belong to a table."""
    same = other.best is not None and other.best.layer is wanted.layer
    return same or other.score < 0.7 or len(other.part.table.columns) <= 4


def _skip(item: Reviewed) -> tuple[str, ...]:
    return (item.points.x, item.points.y) if item.points else ()


def _map_item(item: Reviewed, guess: LayerGuess | None, join: Join | None, findings: Findings) -> Entry | None:
    """Write a source, or say why there is none."""
    part = item.part
    if guess is None or (guess.score < ACCEPT and join is None):
        findings.left.append(Left(part.path, part.layer, _explain_left(item)))
        return None
    layer = guess.layer
    fields = guess_fields(part.table, layer, communities=findings.communities, skip=_skip(item))
    doubts: list[tuple[str, str]] = []
    rivals = [f"“{other.layer.alias}”" for other in item.ranks if other.layer is not layer and guess.score - other.score < _RIVAL]
    if rivals:
        doubts.append(("", f"也可能是{'、'.join(rivals)}"))
    source: dict[str, object] = {"layer": part.layer} if part.layer else {}
    if part.header_rows > 1:
        source["header_rows"] = part.header_rows
    _place_source(source, item, layer, findings.near, doubts)
    if join is not None and not any(f.field == Identified.id for f in fields):
        key = next(f for f in layer.columns() if f == Identified.id)
        fields = (FieldGuess(key, join.key, join.shared, "两个文件的编号一致"), *fields)
    source["columns"] = {str(f.field): f.column for f in fields}
    doubts += [(f"columns.{f.field}", _doubt_field(f)) for f in fields if not f.sure]
    values = {str(f.field): dict(f.values) for f in fields if f.values}
    if values:
        source["values"] = values
    doubts += [(f"values.{f.field}", _doubt_values(f)) for f in fields if f.values or f.strange]
    _fill_constants(source, part, replace(guess, fields=fields), doubts)
    _doubt_types(part, layer, fields, doubts)
    if join is not None:
        source["key"] = str(Identified.id)
        source["geometry"] = _describe_join(join, layer, fields, findings.near, doubts)
    used = {f.column for f in fields}
    left = tuple(c for c in guess.left if c not in used)
    why = guess.evidence if join is None else f"{guess.evidence}，图形取自 {join.shapes.label}（{join.shared:.0%} 的编号相符）"
    return Entry(
        layer, part.path, source, guess.score, part.label, why, tuple(doubts), len(part.table), left,
        join.shapes.path if join else None,
    )  # fmt: skip


def _explain_left(item: Reviewed) -> str:
    if item.best is not None:
        words = "、".join(f"“{guess.layer.alias}”" for guess in item.ranks[:2])
        return f"把握不足，可能是{words}；确认后按配置说明加入 inputs"
    if (pair := find_pair_column(item.part.table)) is not None:
        return f"“{pair}”列把经纬度写在一格里，请拆成两列"
    return "没有认出是哪一类数据"


def _place_source(
    source: dict[str, object], item: Reviewed, layer: type[Layer], near: Near | None, doubts: list[tuple[str, str]]
) -> None:
    """Add crs, datum and coordinate columns."""
    if layer.shape is None:
        return
    reading = _read_place(item, near=near)
    if reading is None:
        return
    if reading.crs:
        source["crs"] = reading.crs
    if reading.datum:
        source["datum"] = reading.datum
    if item.points:
        source["x"], source["y"] = item.points.x, item.points.y
        if not item.points.sure and not reading.unsure:
            doubts.append(("x", f"坐标列：{item.points.evidence}"))
    if reading.unsure:
        doubts.append(("crs", reading.unsure))


def _doubt_field(guess: FieldGuess) -> str:
    others = f"；也可能是{'、'.join(guess.rivals)}" if guess.rivals else ""
    weak = f"把握 {guess.score:.0%}" if guess.score < SURE else "有几种可能"
    return f"{guess.column} → {guess.field.spec.alias}：{guess.evidence}，{weak}{others}"


def _doubt_values(guess: FieldGuess) -> str:
    """Say which values are taken to mean one of the code list, and which mean none of it."""
    name, codes = guess.field.spec.alias, guess.field.spec.codes
    meant = f"按字面对应 {'、'.join(f'{a} → {b}' for a, b in guess.values)}" if guess.values else ""
    listed = f"不在《{codes.name}》内：{_list_words(guess.strange)}" if guess.strange and codes else ""
    remedy = "；须在 values 中对应" if guess.strange and codes and codes.closed else ""
    return f"“{name}”的取值{'；'.join(filter(None, (meant, listed)))}{remedy}"


def _list_words(words: Sequence[str]) -> str:
    shown = "、".join(words[:_SHOWN])
    return shown if len(words) <= _SHOWN else f"{shown} 等 {len(words)} 种"


def _fill_constants(
    source: dict[str, object], part: Part, guess: LayerGuess, doubts: list[tuple[str, str]]
) -> None:
    """Take a missing kind from what file and layer are called (路灯.shp); say what else is missing."""
    have = {f.field for f in guess.fields}
    constants = {}
    for column in guess.layer.columns():
        if column in have or column.spec.derived:
            continue
        words = [column.spec.codes.values] if column.spec.codes is not None else []
        found = next(
            (word for name in _names(part)[:2] for word in sorted((w for ws in words for w in ws), key=len, reverse=True) if word in name),
            None,
        )
        if column == Facility.type_key and guess.layer is Facility and Facility.name not in have:
            found = next((key for name in _names(part)[:2] if (key := recognise_text(name))), None)
        if found is not None and (column.spec.required or column in guess.missing):
            constants[str(column)] = found
            doubts.append((f"constants.{column}", f"“{column.spec.alias}”按文件名取“{found}”"))
    if constants:
        source["constants"] = constants
    lacking = [column for column in guess.missing if column not in have and str(column) not in constants]
    for column in lacking:
        doubts.append(
            (f"missing.{column}", f"没有找到必需字段“{column.spec.alias}”（{column}）：在 columns 中写明列，或在 constants 中给出统一取值")
        )


def _doubt_types(
    part: Part, layer: type[Layer], fields: Sequence[FieldGuess], doubts: list[tuple[str, str]]
) -> None:
    """List words for facility types that mean no class of the standards."""
    wanted = {Facility: Facility.type_key, Survey: Survey.type_key, OwnCost: OwnCost.subject}.get(layer)
    guess = next((f for f in fields if f.field == wanted), None)
    if wanted is None or guess is None or layer is OwnCost:
        return
    words = fold_text(part.table[guess.column]).dropna().drop_duplicates()
    lost = [str(word) for word in words if recognise_text(str(word)) is None]
    if lost:
        doubts.append(
            (f"values.{wanted}", f"没有对应的设施类型：{_list_words(sorted(lost))}；需要分析的在 values 中写明")
        )


def _describe_join(
    join: Join, layer: type[Layer], fields: Sequence[FieldGuess], near: Near | None, doubts: list[tuple[str, str]]
) -> dict[str, object]:
    """Return the geometry block: the shapes' file, its key, and fields only it has."""
    part = join.shapes
    made: dict[str, object] = {"layer": part.layer} if part.layer else {}
    reading = read_shapes(part, near=near)
    if reading.crs:
        made["crs"] = reading.crs
    if reading.unsure:
        doubts.append(("geometry.crs", reading.unsure))
    have = {f.field for f in fields} | {Identified.id}
    columns = {str(Identified.id): join.column}
    for more in guess_fields(part.table, layer, skip=(join.column,)):
        if more.field not in have and more.score >= max(SURE, LEAST):
            columns[str(more.field)] = more.column
    made["columns"] = columns
    return made


def list_rasters(left: Iterable[Left]) -> list[Path]:
    """Return rasters whose names say they are heights."""
    words = ("dem", "dsm", "dtm", "高程")
    return [item.path for item in left if item.kind == "raster" and any(w in item.path.stem.lower() for w in words)]
