"""From files to sources: every table gets its layer, its columns their fields, and every doubt a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from layers.model import Layer
from layers.read.contents import Left, Part
from layers.read.guess import LayerGuess, guess_layers
from layers.source import Community, Identified, Outline
from pipeline.begin.coords import Near
from pipeline.begin.divisions import is_division_list, is_list_file
from pipeline.begin.draft import draft_entry
from pipeline.begin.fields import LAYERS
from pipeline.begin.findings import Entry, Findings
from pipeline.begin.identity import note_identity
from pipeline.begin.joins import Join, find_join, list_keys
from pipeline.begin.review import ACCEPT, Reviewed, review_part
from pipeline.begin.stand import Stand, find_stand

# One set of these is a plan; several files of other layers add up.
_SINGLE = (Community, Outline)
_FORMATS = (".gpkg", ".gdb", ".shp", ".geojson", ".json", ".kml", ".kmz", ".zip", ".xlsx", ".csv", ".dxf")


def map_parts(parts: Iterable[Part | Left]) -> Findings:
    """Decide which layer each table feeds, which column is which field, and where its coordinates are.

    Parameters
    ----------
    parts : what ``read_folder`` found.
    """
    findings = Findings()
    tables = []
    for part in parts:
        if isinstance(part, Part) and is_division_list(part):
            findings.left.append(Left(part.path, part.layer, "区划代码表（已写入 divisions.path）"))
            findings.divisions = findings.divisions or part.path
        elif is_list_file(part.path):
            findings.left.append(
                Left(part.path, part.layer, "区划代码表（有 streets 表时，所在文件夹写入 divisions.path）")
            )
            findings.divisions = (
                part.path.parent if part.path.name.startswith("streets") else findings.divisions
            )
        elif isinstance(part, Left):
            findings.left.append(part)
        else:
            tables.append(part)
    reviewed = _drop_copies([review_part(part) for part in tables], findings)
    reviewed = _keep_one_outline(reviewed, findings)
    findings.near = _find_place(reviewed)
    stand = find_stand(reviewed, near=findings.near)
    note_identity(
        findings,
        [r.part for r in reviewed if r.is_a(Community)],
        [r.best for r in reviewed if r.is_a(Community)],
    )
    taken: set[int] = set()
    made: list[Entry] = []
    # Tables first: their shapes must not become sources of their own.
    for at, item in enumerate(reviewed):
        if item.part.geometry is None:
            entry = _map_table(item, reviewed, taken, findings, stand)
            made += [entry] if entry else []
            taken.add(at)
    for at, item in enumerate(reviewed):
        if at not in taken:
            entry = _map_item(item, item.best, None, findings, stand)
            made += [entry] if entry else []
    order = {layer: at for at, layer in enumerate(LAYERS)}
    findings.entries = sorted(made, key=lambda entry: (order[entry.layer], -entry.score, entry.label))
    findings.left.sort(key=lambda item: (str(item.path), item.layer or ""))
    return findings


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
        reading = item.locate(ground=None)
        if reading is not None and reading.middle is not None:
            return reading.middle
    return None


def _map_table(
    item: Reviewed, items: list[Reviewed], taken: set[int], findings: Findings, stand: Stand
) -> Entry | None:
    """Map a table: by itself, or with the shapes another file has under its key."""
    guess = item.best if item.score >= ACCEPT else None
    spatial = guess_layers(
        item.part.table, [layer for layer in LAYERS if layer.shape not in (None, "any")], shape="any",
        names=item.names, skip=item.spoken_for, any_shape=True,
    )  # fmt: skip
    wanted = (
        spatial[0]
        if spatial and item.points is None and spatial[0].score > (guess.score if guess else 0)
        else guess
    )
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
            return _map_item(item, wanted, join, findings, stand)
        if wanted is not guess and guess is None:
            reason = f"像是“{wanted.layer.alias}”，但没有坐标，其他文件中也没有编号相同的图形"
            findings.left.append(Left(item.part.path, item.part.layer, reason))
            return None
    return _map_item(item, guess, None, findings, stand)


def _may_join(other: Reviewed, wanted: LayerGuess) -> bool:
    """Shapes of the same layer, or of none in particular, or with few columns, may belong to a table."""
    same = other.best is not None and other.best.layer is wanted.layer
    return same or other.score < 0.7 or len(other.part.table.columns) <= 4


def _map_item(
    item: Reviewed, guess: LayerGuess | None, join: Join | None, findings: Findings, stand: Stand
) -> Entry | None:
    """Write a source, or say why there is none."""
    if guess is None or (guess.score < ACCEPT and join is None):
        findings.left.append(Left(item.part.path, item.part.layer, _explain_left(item)))
        return None
    return draft_entry(item, guess, join, stand=stand, communities=findings.communities)


def _explain_left(item: Reviewed) -> str:
    if item.best is not None:
        words = "、".join(f"“{guess.layer.alias}”" for guess in item.ranks[:2])
        return f"把握不足，可能是{words}；确认后按配置说明加入 inputs"
    return "没有认出是哪一类数据"


def list_rasters(left: Iterable[Left]) -> list[Path]:
    """Return rasters whose names say they are heights."""
    words = ("dem", "dsm", "dtm", "高程")
    return [
        item.path
        for item in left
        if item.kind == "raster" and any(w in item.path.stem.lower() for w in words)
    ]
