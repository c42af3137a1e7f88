"""The account of one row: its own fields, the rows it came from, the candidates that were not taken and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from layers import codes
from layers.decisions import Judged, read_before
from layers.finance import Fund
from layers.judgements import show_value
from layers.model import Column, Layer
from layers.planned import Business, Inventory, Match, Need, Pair, PlannedParcel, Project, Resource, Site
from layers.reachable import Served, Sharing
from layers.source import Identified
from pipeline.explain.records import Found, Records, Row

# What a row says where it is not the one asked about.
_BRIEF: dict[str, tuple[Column, ...]] = {
    Need.key: (
        Need.description, Need.community, Need.urgency, Need.urgency_rule, Need.gap, Need.type_name, Need.required_m2,
        Need.target_people, Need.origin, Identified.source,
    ),
    Resource.key: (
        Resource.name, Resource.place, Resource.category, Resource.usable_m2, Resource.amount_wan, Resource.owner,
        Resource.condition, Resource.certainty, Resource.evidence, Identified.source,
    ),
    Match.key: (
        Match.level, Match.reason, Match.resource_text, Match.gap, Match.paths, Match.listed, Match.ready, Match.missing,
    ),
    Site.key: (Site.action, Site.name, Site.function, Site.area_m2, Site.floor_area_m2, Site.measure, Site.note),
    Project.key: (
        Project.number, Project.name, Project.content, Project.total_wan, Project.cost_basis, Project.funding,
        Project.schedule, Project.phase_rule, Project.priority,
    ),
    Served.key: (
        Served.limit_m, Served.facilities, Served.homes, Served.homes_own, Served.homes_shared, Served.people,
        Served.people_own, Served.people_shared,
    ),
    Sharing.key: (Sharing.facility_name, Sharing.owner_community, Sharing.distance_m, Sharing.mode, Sharing.suggestion),
}  # fmt: skip
# Marks of the hand have a section of their own; keys of classes are no words of a technician.
_HIDDEN = {*map(str, Judged.columns()), str(Identified.id), str(Need.type_key), str(Need.scale_key)}
_LEVELS = {str(Match.level), str(Project.level), str(Resource.level)}
_MOST = 12  # rows of one kind, before the rest is only counted
_BY_HAND = codes.JUDGED_BY.values[1]


@dataclass
class Section:
    """A heading with lines of a label and a text."""

    title: str
    lines: list[tuple[str, str]] = field(default_factory=list)


def tell(records: Records, found: Found) -> list[Section]:
    """Return the account of a row, from itself back to what it came from."""
    row, layer = found.row, found.subject.layer
    shown = Resource if layer is Inventory else layer
    number = str(row[found.subject.key])
    title = f"{row[Project.number]}（{number}）" if layer is Project else number
    first = Section(f"{found.subject.title} {title}", _fields(row, shown))
    sections = [first, *_hand(row)]
    needs, resources, projects = set[str](), set[str](), set[str]()
    if layer is Need:
        needs = {row[Need.number]}
        sections += [*_measured(records, row), *_matched(records, row[Need.number]), *_made(records, needs)]
    elif layer is Inventory:
        resources = {row[Resource.number]}
        sections += [*_wanted(records, number), *_sited(records, number), *_spent(records, number)]
    elif layer is Pair:
        sections += _need(records, row[Pair.need])
        sections += _resource(records, row[Pair.resource])
        sections += _wanted(records, row[Pair.resource], beside=row[Pair.need])
    elif layer is Match:
        sections += [*_need(records, row[Match.need]), *_candidates(records, row[Match.need])]
    elif layer is Project:
        needs, projects = {row[Project.need]}, {row[Project.id], row[Project.number]}
        sections += [*_need(records, row[Project.need]), *_matched(records, row[Project.need])]
        for other in _split(row[Project.resources]):
            sections += [*_resource(records, other), *_sited(records, other)]
    elif layer in (Site, PlannedParcel, Business):
        keys = {"resource": str(Site.resource), "need": str(Site.need), "object": str(Business.object_id)}
        for other in _split(row.get(keys["resource"])) or _split(row.get(keys["object"])):
            sections += [*_resource(records, other), *_wanted(records, other)]
        for other in _split(row.get(keys["need"])):
            sections += _need(records, other)
    names = {"need": needs, "resource": resources, "project": projects}
    return [*sections, *_related(records, {name: ids for name, ids in names.items() if ids})]


def _fields(row: Row, layer: type[Layer], columns: Sequence[Column] = ()) -> list[tuple[str, str]]:
    """Return alias and value of every field that says something."""
    lines = []
    for column in columns or layer.columns():
        if str(column) in _HIDDEN or str(column) not in row:
            continue
        own = next((c for c in layer.columns() if c == column), column)
        text = show_value(_round(row[column], own), own)
        if not text or (own.spec.kind == "bool" and text == "否"):
            continue
        if str(column) in _LEVELS and own.spec.kind == "int":
            text = _level(int(text))
        lines.append((own.spec.alias, f"{text} {own.spec.unit}".strip()))
    return lines


def _round(value: object, column: Column) -> object:
    """Return measured values as tables print them, to two decimals where nothing else is declared."""
    return round(value, column.spec.decimals or 2) if isinstance(value, float) and value == value else value


def _hand(row: Row) -> list[Section]:
    if row.get(Judged.judged_by) != _BY_HAND:
        return []
    before = read_before(row[Judged.judged_before])
    lines = [(alias, f"人工决定；程序判定为“{was or '空'}”") for alias, was in before.items()]
    return [Section("人工决策", [*lines, ("理由", show_value(row[Judged.judged_why], Judged.judged_why))])]


def _section(title: str, row: Row | None, layer: type[Layer]) -> list[Section]:
    if row is None:
        return []
    return [Section(title, _fields(row, layer, _BRIEF[layer.key])), *_hand(row)]


def _need(records: Records, number: str) -> list[Section]:
    row = records.one(Need, Need.number, number)
    if row is None:
        return []
    return [*_section(f"来自需求 {number}", row, Need), *_measured(records, row)]


def _resource(records: Records, number: str) -> list[Section]:
    row = records.one(Resource, Resource.number, number) or records.one(Inventory, Inventory.number, number)
    return _section(f"资源 {number}", row, Resource)


def _measured(records: Records, need: Row) -> list[Section]:
    """Return what was counted on foot for the need's class of facility in its community, and who would share."""
    same = [
        row
        for row in records.rows(Served, Served.community, need[Need.community])
        if row[Served.type_key] == need[Need.type_key]
    ]
    shared = [
        row
        for row in records.rows(Sharing, Sharing.community, need[Need.community])
        if row[Sharing.type_key] == need[Need.type_key]
    ]
    kind = show_value(need[Need.type_name], Need.type_name)
    sections = [
        s for row in same for s in _section(f"步行测算：{kind}（{need[Need.community]}）", row, Served)
    ]
    for row in shared[:_MOST]:
        sections += _section("可共享的设施", row, Sharing)
    return sections


def _matched(records: Records, number: str) -> list[Section]:
    row = records.one(Match, Match.need, number)
    return [*_section("匹配结果", row, Match), *_candidates(records, number)]


def _candidates(records: Records, number: str) -> list[Section]:
    """Return the need's candidates, those taken first, each with its factors and why not."""
    pairs = sorted(
        records.rows(Pair, Pair.need, number),
        key=lambda p: (not p[Pair.chosen], -p[Pair.level], p[Pair.resource]),
    )
    if not pairs:
        return []
    names = {row[Inventory.number]: row[Inventory.name] for row in records.rows(Inventory)}
    lines = [_pair_line(pair, pair[Pair.resource], names.get(pair[Pair.resource], "")) for pair in pairs]
    return [Section(f"候选资源 {len(pairs)} 处", lines)]


def _wanted(records: Records, number: str, *, beside: str = "") -> list[Section]:
    """Return the needs a resource was judged for, those that got it first."""
    pairs = [pair for pair in records.rows(Pair, Pair.resource, number) if pair[Pair.need] != beside]
    pairs.sort(key=lambda p: (not p[Pair.chosen], -p[Pair.level], p[Pair.need]))
    if not pairs:
        return []
    names = {row[Need.number]: str(row[Need.description]).split("：")[0] for row in records.rows(Need)}
    lines = [_pair_line(pair, pair[Pair.need], names.get(pair[Pair.need], "")) for pair in pairs[:_MOST]]
    if len(pairs) > _MOST:
        lines.append(("……", f"另有 {len(pairs) - _MOST} 项"))
    return [Section(f"{'其他' if beside else ''}以资源 {number} 为候选的需求 {len(pairs)} 项", lines)]


def _pair_line(pair: Row, number: str, name: str) -> tuple[str, str]:
    level = _level(int(pair[Pair.level]))
    by_hand = "（人工）" if pair[Judged.judged_by] == _BY_HAND else ""
    taken = "采用" if pair[Pair.chosen] else "未用"
    why_not = show_value(pair[Pair.why_not], Pair.why_not)
    passed = f"｜未采用：{why_not}" if why_not else ""
    return number, f"{taken}｜{name}｜{level}{by_hand}｜{pair[Pair.reason]}{passed}"


def _sited(records: Records, number: str) -> list[Section]:
    rows = records.rows(Site, Site.resource, number)
    return [s for row in rows for s in _section(f"布局 {row[Site.id]}", row, Site)]


def _spent(records: Records, number: str) -> list[Section]:
    """Return the projects that go by a resource, with the money each one draws."""
    rows = [row for row in records.rows(Project) if number in _split(row[Project.resources])]
    shares: dict[str, float] | None = {
        part[Fund.project]: part[Fund.amount_wan] for part in records.rows(Fund, Fund.resource, number)
    }
    money = records.one(Resource, Resource.number, number)
    if money is None or not money[Resource.amount_wan] > 0:
        shares = None
    lines = [
        (
            row[Project.number],
            f"{row[Project.name]}｜{_tell_share(shares, row, number)}",
        )
        for row in rows
    ]
    return [Section(f"用到资源 {number} 的项目 {len(rows)} 个", lines)] if rows else []


def _tell_share(shares: dict[str, float] | None, row: Row, number: str) -> str:
    """Return what a project draws of a fund; of another resource, how the project is paid."""
    if shares is None:
        return show_value(row[Project.funding], Project.funding) or "不列投资"
    drawn = shares.get(row[Project.number])
    if drawn is not None:
        return f"安排{show_value(drawn, Fund.amount_wan)}万元（资金 {row[Project.number]}|{number}）"
    return "没有安排：已用于次序在前的项目，或本项不需用"


def _made(records: Records, needs: set[str]) -> list[Section]:
    rows = [row for need in sorted(needs) for row in records.rows(Project, Project.need, need)]
    return [s for row in rows for s in _section(f"形成项目 {row[Project.number]}", row, Project)]


def _related(records: Records, names: dict[str, set[str]]) -> list[Section]:
    """Return the rows of every other layer that names the row, so that no new layer is left out."""
    found: dict[str, list[tuple[str, str]]] = {}
    asked = {value for ids in names.values() for value in ids}
    for layer, row in records.related(names):
        # What is asked about need not be said again in every line.
        said = [(alias, value) for alias, value in _fields(row, layer) if value not in ("/", *asked)]
        text = "，".join(f"{alias} {value}" for alias, value in said if alias != Identified.source.spec.alias)
        found.setdefault(layer.alias, []).append((str(len(found.get(layer.alias, [])) + 1), text))
    return [
        Section(
            f"{alias} {len(lines)} 行",
            [*lines[:_MOST], *([("……", f"另有 {len(lines) - _MOST} 行")] if len(lines) > _MOST else [])],
        )
        for alias, lines in found.items()
    ]


def _level(level: int) -> str:
    return f"{codes.LEVEL.get(level, '')}（{level}）"


def _split(text: object) -> list[str]:
    return [part for part in str(text).split("、") if part] if isinstance(text, str) else []
