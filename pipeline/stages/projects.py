"""Stage ``projects``: listed needs become the 项目清单 with money, phase and department (4.8, 4.9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from configs.facilities import FacilityClass, facility_classes
from configs.planning import UnitCost, find_department, find_operator
from layers import codes
from layers.areas import measure_area
from layers.ledgers import OwnCost, PastWork
from layers.planned import Match, Need, Pair, Project, Resource, Site
from pipeline.plan import Plan
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.money import Cost, Funding, Purse, estimate_cost, read_costs
from pipeline.stages.naming import check_unique
from pipeline.stages.phases import Standing, find_phase, plan_months
from pipeline.stages.placing import clean_number, clean_text, write_area, write_money
from pipeline.stages.repeats import report_repeats
from pipeline.stages.rows import make_shapes

Row = dict[str, Any]
_CORE = 24  # characters of a description that make a name


@dataclass(frozen=True)
class Draft:
    """Everything known about one project before it is written down.

    Attributes
    ----------
    need, match : rows; ``space``, ``site``, ``pair`` rows or None where no resource is used.
    way : 改造, 新建, 拆除, 整治 (works in place) or 管理 (rules, sharing: no construction).
    """

    need: Row
    match: Row
    space: Row | None
    site: Row | None
    pair: Row | None
    way: str

    @property
    def key(self) -> Row:
        """What names the project in a decision."""
        number = self.need[Need.number]
        return {Project.id: f"P-{number}", Project.need: number}

    @property
    def item(self) -> FacilityClass | None:
        """Facility class of the need."""
        return facility_classes().get(clean_text(self.need[Need.type_key]))

    @property
    def standing(self) -> Standing:
        """What the phase table looks at; without a resource there is no tenure to settle."""
        clear = bool(self.space[Resource.tenure_clear]) if self.space else True
        return Standing(
            self.need[Need.urgency], int(self.match[Match.level]), clear, bool(self.need[Need.safety])
        )

    @property
    def shape(self) -> Any:
        """Where it is: the site, else the resource, else the need."""
        for row in (self.site, self.space, self.need):
            if row is not None and row["geometry"] is not None:
                return row["geometry"]
        return None


def make_projects(given: Given) -> dict[str, Frame]:
    """Make one project of every listed need, and of every bottom-line safety need even without a resource."""
    resources = given.geo(Resource).sort_values(Resource.number).to_dict("records")
    drafts = _draft(given, {row[Resource.number]: row for row in resources})
    numbers = _number(drafts)
    purse = Purse.open(resources)
    costs = read_costs(given.table(OwnCost))
    money = [row for row in resources if row[Resource.category] in ("资金", "政策")]
    order = sorted(drafts, key=lambda d: (find_phase(d.standing).index, numbers[d.need[Need.number]]))
    rows = []
    for draft in order:
        supporters = clean_text(draft.match[Match.resources]).split("、")
        cost = _estimate(draft, costs)
        total = given.decisions.decide(Project, draft.key, Project.total_wan, cost.total_wan)
        cost = replace(cost, total_wan=total)
        mine = [row for row in money if row[Resource.number] in supporters]
        funding = None if np.isnan(cost.total_wan) else purse.pay(cost.total_wan, mine)
        rows.append(_write(draft, numbers[draft.need[Need.number]], cost, funding, given.plan))
    _tell_apart(rows)
    frame = make_shapes(rows, Project, crs=given.crs)
    frame = given.decisions.overrule(Project, frame, given.log, finished=True)
    solid = frame.geom_type.isin(["Polygon", "MultiPolygon"])
    frame.loc[solid, Project.area_m2] = np.round(
        measure_area(frame.geometry[solid], rule=given.plan.crs.area_rule), 2
    )
    if purse.unfunded:
        given.log.add(
            "HSQ-A04",
            f"项目清单中财政资金有{write_money(purse.unfunded / 100)}尚无台账资金对应",
            severity="警告",
            layer=Project.alias,
            remedy="在资源台账中补充资金来源，或调整项目规模",
        )
    check_unique(frame[Project.number], what="project")
    report_repeats(frame, given.geo(PastWork), given.log)
    return {Project.key: frame.sort_values(Project.number, ignore_index=True)}


def _draft(given: Given, by_number: dict[str, Row]) -> list[Draft]:
    needs = {row[Need.number]: row for row in given.geo(Need).to_dict("records")}
    sites = {
        row[Site.resource]: row
        for row in given.geo(Site).to_dict("records")
        if clean_text(row[Site.resource])
    }
    pairs = given.table(Pair)
    chosen = {row[Pair.need]: row for row in pairs[pairs[Pair.chosen]].to_dict("records")}
    drafts = []
    for match in given.table(Match).sort_values(Match.need).to_dict("records"):
        need = needs[match[Match.need]]
        if match[Match.listed] != "是" and not need[Need.safety]:
            continue
        pair = chosen.get(match[Match.need]) if match[Match.listed] == "是" else None
        space = by_number[pair[Pair.resource]] if pair else None
        site = sites.get(space[Resource.number]) if space else None
        if need[Need.problem] == "管理类":
            way = "管理"
        elif site is not None:
            way = site[Site.action]
        elif space is not None:
            way = "改造" if space[Resource.category] == "建筑" else "新建"
        elif clean_text(need[Need.type_key]):
            # With nothing to build on: a neighbour's facility is shared, or a safety need waits for ground.
            way = "管理" if match[Match.listed] == "是" else "新建"
        else:
            way = "整治"
        drafts.append(Draft(need, match, space, site, pair, way))
    return drafts


def _number(drafts: list[Draft]) -> dict[str, str]:
    """Return A01… by need: a letter a 工程 in the guideline's order, counted by need number (F-08)."""
    letters = dict(zip(codes.WORKS.values, "ABCDEF", strict=True))
    count: Counter[str] = Counter()
    numbers = {}
    for draft in sorted(drafts, key=lambda d: d.need[Need.number]):
        letter = letters[draft.need[Need.works]]
        count[letter] += 1
        numbers[draft.need[Need.number]] = f"{letter}{count[letter]:02d}"
    return numbers


def _estimate(draft: Draft, costs: Mapping[tuple[str, str, str], UnitCost]) -> Cost:
    if draft.way == "管理":
        return Cost(float("nan"), "非施工项目，不列投资")
    way = draft.way if draft.way in ("新建", "整治") else "改造"
    area = clean_number(draft.pair[Pair.used_m2]) if draft.pair else float("nan")
    if draft.item is not None and (np.isnan(area) or (way == "新建" and not draft.item.land)):
        area = clean_number(draft.need[Need.required_m2])
    shape, length = draft.shape, float("nan")
    if draft.item is None and shape is not None:
        area = shape.area or float("nan")
        length = shape.length if shape.area == 0 and shape.length > 0 else float("nan")
    return estimate_cost(draft.item, way, area_m2=area, length_m=length, costs=costs)


def _write(draft: Draft, number: str, cost: Cost, funding: Funding | None, plan: Plan) -> Row:
    need, match, site, item = draft.need, draft.match, draft.site, draft.item
    standing = draft.standing
    phase = find_phase(standing)
    months = plan_months(phase.index, draft.way, first_year=plan.plan.first_year)
    built = draft.way != "管理"
    gap = standing.priority == "必建类" and standing.level <= 1
    notes = ["资源缺口：必建类项目尚无充分资源" if gap else "", clean_text(match[Match.missing])]
    return {
        Project.id: draft.key[Project.id],
        Project.source: need[Need.source],
        Project.community: need[Need.community],
        Project.number: number,
        Project.name: _name(draft, plan),
        Project.works: need[Need.works],
        Project.block: need[Need.block],
        Project.description: need[Need.description],
        Project.urgency: need[Need.urgency],
        Project.place: _place(draft, plan),
        Project.content: _content(draft),
        Project.action: (draft.way if draft.way in codes.ACTION.values else "改造") if built else None,
        Project.floor_area_m2: site[Site.floor_area_m2] if site else None,
        Project.measure: site[Site.measure] if site else None,
        Project.tenure_change: site[Site.tenure_change] if site else None,
        Project.total_wan: cost.total_wan,
        Project.fiscal_wan: funding.fiscal_wan if funding else None,
        Project.social_wan: funding.social_wan if funding else None,
        Project.schedule: months.text,
        Project.start: months.ends[0],
        Project.end: months.ends[1],
        Project.phase: f"{plan.plan.first_year + phase.index - 1}年",
        Project.year_share: months.share(plan.plan.first_year),
        Project.priority: standing.priority,
        Project.level: standing.level,
        Project.department: find_department(
            need[Need.works], item.key if item else "", need[Need.description]
        ),
        Project.note: "；".join(filter(None, notes)),
        Project.need: need[Need.number],
        Project.resources: match[Match.resources],
        Project.problem: need[Need.problem],
        Project.phase_index: phase.index,
        Project.phase_rule: phase.rule,
        Project.principle: phase.principle,
        Project.cost_basis: cost.basis,
        Project.funding: funding.text if funding else None,
        Project.operator: find_operator(item.group if item else ""),
        "geometry": draft.shape,
    }


def _core(text: str) -> str:
    """Return the first clause of a description, short enough to be part of a name."""
    for mark in "，。；：,;:（":
        text = text.split(mark)[0]
    return text[:_CORE]


def _name(draft: Draft, plan: Plan) -> str:
    where = clean_text(draft.need[Need.community]) or plan.plan.area
    if draft.need[Need.problem] == "管理类":
        return f"{where}{_core(draft.need[Need.description])}工作"
    if draft.item is None:
        return f"{where}{_core(draft.need[Need.description])}项目"
    kind = {"管理": "共享", "改造": "改造建设"}.get(draft.way, "建设")
    kept = where.removesuffix("社区") if draft.item.name.startswith("社区") else where
    return f"{kept}{draft.item.name}{kind}项目"


def _place(draft: Draft, plan: Plan) -> str:
    rows = [(draft.space, Resource.place), (draft.need, Need.place), (draft.need, Need.community)]
    texts = [clean_text(row[column]) for row, column in rows if row is not None]
    return next(filter(None, texts), plan.plan.area)


def _content(draft: Draft) -> str:
    need, item = draft.need, draft.item
    if need[Need.problem] == "管理类":
        return f"工作要求：{need[Need.description]}"
    if item is not None and draft.space is not None and draft.pair is not None:
        area = clean_number(draft.pair[Pair.used_m2])
        scale = "规模待核" if np.isnan(area) else write_area(area)
        if draft.space[Resource.category] == "空间" and draft.way == "改造":
            return f"依托{draft.space[Resource.name]}设置{item.name}，{scale}"
        verb = "新建" if draft.way == "新建" else "改造设置"
        return f"利用{draft.space[Resource.name]}{verb}{item.name}，{scale}"
    if item is not None and draft.way == "管理":
        return f"工作要求：{clean_text(draft.match[Match.paths]).split('；')[0]}"
    if item is not None:
        mark = item.mark if clean_text(need[Need.scale_key]) else ""
        return f"选址新建{item.name}，所需规模{write_area(clean_number(need[Need.required_m2]))}{mark}"
    shape = draft.shape
    length = (
        f"，长约{shape.length:.0f} m" if shape is not None and shape.area == 0 and shape.length > 0 else ""
    )
    return f"{need[Need.description]}{length}"


def _tell_apart(rows: list[Row]) -> None:
    """Add the need's number to names that several projects would share."""
    count = Counter(row[Project.name] for row in rows)
    for row in rows:
        if count[row[Project.name]] > 1:
            row[Project.name] = f"{row[Project.name]}（{row[Project.need]}）"


PROJECTS = Stage(
    name="projects",
    title="项目清单",
    takes=(Need, Pair, Match, Resource, Site, OwnCost, PastWork),
    gives=(Project,),
    run=make_projects,
)
