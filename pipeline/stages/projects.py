"""Stage ``projects``: listed needs become the 项目清单 with money, phase and department (4.6 to 4.9).

First every project is judged by itself (``judge_projects``), then the list as a whole is settled: order, months,
money that is spent once, years (``settle_projects``). A planner's decisions belong between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np

from configs import read_settings
from configs.operating import find_body, find_implementer
from configs.planning import UnitCost, find_department, find_operator
from layers import codes
from layers.areas import measure_area
from layers.finance import Fund, FundTotal, Revenue, YearPlan
from layers.ledgers import OwnCost, PastWork
from layers.planned import Match, Need, Pair, Project, Resource, Site
from layers.source import Ledger
from pipeline.plan import Plan
from pipeline.stages.base import Frame, Given, Stage
from pipeline.stages.drafts import Draft, find_drafts, number_drafts
from pipeline.stages.funds import GRAINS, Purse, read_money, total_funds, write_funds
from pipeline.stages.hand import Refused
from pipeline.stages.money import Cost, estimate_cost, read_costs
from pipeline.stages.naming import check_unique
from pipeline.stages.phases import find_phase, plan_months
from pipeline.stages.placing import clean_number, clean_text, write_money
from pipeline.stages.ranking import Merit
from pipeline.stages.repeats import report_repeats
from pipeline.stages.revenue import Year, measure_year, write_revenue
from pipeline.stages.rows import make_shapes, make_table
from pipeline.stages.split import SPLIT, Split
from pipeline.stages.wording import tell_apart, write_content, write_name, write_place
from pipeline.stages.years import write_years

Row = dict[str, Any]
_MANAGED = codes.WAY.values[-1]


def make_projects(given: Given) -> dict[str, Frame]:
    """Make the project list, its sources of money, its years and its earnings."""
    drafts = find_drafts(given)
    frame = given.decisions.overrule(Project, judge_projects(drafts, given), given.log, later=SPLIT)
    resources = given.geo(Resource).sort_values(Resource.number).to_dict("records")
    money = read_money(resources, given.table(Ledger), given.log)
    by_id = {_identify(draft): draft for draft in drafts}
    refused: dict[Refused, str] = {}
    rows, made = settle_projects(frame, by_id, money, given, refused)
    done = make_shapes(rows, Project, crs=given.crs).sort_values(Project.number, ignore_index=True)
    done = given.decisions.overrule(Project, done, given.log, finished=True, only=SPLIT, refused=refused)
    check_unique(done[Project.number], what="project")
    report_repeats(done, given.geo(PastWork), given.log)
    return {Project.key: done, **made}


def _identify(draft: Draft) -> str:
    """Return the id that stays whatever else is in the list; A01 follows the sorted needs instead."""
    return f"P-{draft.need[Need.number]}"


def judge_projects(drafts: Sequence[Draft], given: Given) -> gpd.GeoDataFrame:
    """Return a ``Project`` row a draft with everything that can be said of it alone."""
    numbers = number_drafts(drafts)
    costs = read_costs(given.table(OwnCost))
    rows = [_judge(draft, numbers[draft.need[Need.number]], costs, given.plan) for draft in drafts]
    tell_apart(rows)
    frame = make_shapes(rows, Project, crs=given.crs)
    solid = frame.geom_type.isin(["Polygon", "MultiPolygon"])
    frame.loc[solid, Project.area_m2] = np.round(
        measure_area(frame.geometry[solid], rule=given.plan.crs.area_rule), 2
    )
    return frame


def _estimate(draft: Draft, costs: Mapping[tuple[str, str, str], UnitCost]) -> Cost:
    if draft.way == _MANAGED:
        return Cost(float("nan"), "非施工项目，不列投资")
    way = draft.way if draft.way in ("新建", "整治", "拆除") else "改造"
    area, length, shape = draft.used_m2, float("nan"), draft.shape
    new = way in ("新建", "拆除")
    if draft.item is not None and (np.isnan(area) or (new and not draft.item.land)):
        area = clean_number(draft.need[Need.required_m2])
    if draft.item is None and shape is not None:
        area = shape.area or float("nan")
        length = shape.length if shape.area == 0 and shape.length > 0 else float("nan")
    return estimate_cost(
        draft.item, way, area_m2=area, length_m=length, removal_m2=draft.removal_m2, costs=costs
    )


def _judge(draft: Draft, number: str, costs: Mapping[tuple[str, str, str], UnitCost], plan: Plan) -> Row:
    need, match, site, item = draft.need, draft.match, draft.site, draft.item
    standing, built = draft.standing, draft.way != _MANAGED
    phase, cost = find_phase(standing), _estimate(draft, costs)
    gap = standing.priority == "必建类" and standing.level <= 1
    notes = ["资源缺口：必建类项目尚无充分资源" if gap else "", clean_text(match[Match.missing])]
    group, key = (item.group, item.key) if item else ("", "")
    return {
        Project.id: _identify(draft),
        Project.source: need[Need.source],
        Project.community: need[Need.community],
        Project.number: number,
        Project.name: write_name(draft, plan),
        Project.works: need[Need.works],
        Project.block: need[Need.block],
        Project.description: need[Need.description],
        Project.urgency: need[Need.urgency],
        Project.place: write_place(draft, plan),
        Project.content: write_content(draft),
        Project.action: (draft.way if draft.way in codes.ACTION.values else "改造") if built else None,
        Project.floor_area_m2: draft.floor_m2,
        Project.measure: site[Site.measure] if site else None,
        Project.tenure_change: site[Site.tenure_change] if site else None,
        Project.total_wan: cost.total_wan,
        Project.low_wan: cost.low_wan,
        Project.high_wan: cost.high_wan,
        Project.cost_basis: cost.basis,
        Project.scale: cost.scale,
        Project.scale_unit: cost.unit,
        Project.priority: standing.priority,
        Project.level: standing.level,
        Project.department: find_department(need[Need.works], key, need[Need.description]),
        Project.note: "；".join(filter(None, notes)),
        Project.need: need[Need.number],
        Project.resources: match[Match.resources],
        Project.problem: need[Need.problem],
        Project.phase_index: phase.index,
        Project.phase_rule: phase.rule,
        Project.operator: find_operator(group),
        Project.operator_body: find_body(key, group) if built else None,
        Project.way: draft.way,
        Project.type_key: key,
        "geometry": draft.shape,
    }


def settle_projects(
    frame: gpd.GeoDataFrame,
    drafts: Mapping[str, Draft],
    money: Sequence[Row],
    given: Given,
    refused: dict[Refused, str],
) -> tuple[list[Row], dict[str, Frame]]:
    """Return the projects with order, months and money, and the tables that follow from them.

    Parameters
    ----------
    frame : projects as judged.
    drafts : by project id; what the order inside a phase looks at.
    money : rows of 资金 and 政策 with how they are raised.
    refused : gets why a decision about the money cannot hold.
    """
    years: dict[str, Year | None] = {}
    merits: dict[str, Merit] = {}
    rows = frame.to_dict("records")
    for row in rows:
        row["geometry"] = row.get("geometry")
        years[row[Project.id]] = year = measure_year(
            clean_text(row[Project.type_key]),
            clean_number(row[Project.scale]),
            clean_text(row[Project.scale_unit]),
        )
        merits[row[Project.id]] = _weigh(row, drafts[row[Project.id]], year, money)
    rows.sort(key=lambda row: (row[Project.phase_index], merits[row[Project.id]].key))
    purse, first_year = Purse.open(money), given.plan.plan.first_year
    place: dict[int, int] = {}
    funds: list[Row] = []
    for row in rows:
        index = int(row[Project.phase_index])
        place[index] = place.get(index, 0) + 1
        row[Project.rank], row[Project.rank_rule] = place[index], merits[row[Project.id]].text
        funds += _pay(row, years[row[Project.id]], purse, money, Split(given.decisions, refused))
        _schedule(row, first_year)
    plans = [_spread(row, first_year) for row in rows]
    for row, plan in zip(rows, plans, strict=True):
        row[Project.year_share] = plan[YearPlan.shares()[0]]
    revenues = [
        _earn(row, year, drafts[row[Project.id]])
        for row in rows
        if (year := years[row[Project.id]]) is not None
    ]
    _report(rows, purse, given)
    fund_frame = make_table(funds, Fund)
    tables = {
        Fund.key: fund_frame,
        FundTotal.key: make_table(total_funds(fund_frame, money), FundTotal),
        YearPlan.key: make_table(sorted(plans, key=lambda r: r[YearPlan.project]), YearPlan),
        Revenue.key: make_table(sorted(revenues, key=lambda r: r[Revenue.project]), Revenue),
    }
    return rows, tables


def _support(row: Mapping[str, Any], money: Sequence[Row]) -> list[Row]:
    supporters = clean_text(row[Project.resources]).split("、")
    return [item for item in money if item[Resource.number] in supporters]


def _weigh(row: Mapping[str, Any], draft: Draft, year: Year | None, money: Sequence[Row]) -> Merit:
    total = clean_number(row[Project.total_wan])
    return Merit(
        safety=bool(draft.need[Need.safety]),
        urgent=row[Project.urgency] == codes.URGENCY.values[0],
        level=int(row[Project.level]),
        backed=any(clean_number(item[Resource.amount_wan]) > 0 for item in _support(row, money)),
        payback_years=year.pay_back(total) if year is not None else float("nan"),
        clear=draft.standing.tenure_clear,
        origin=clean_text(draft.need[Need.origin]),
        number=draft.need[Need.number],
    )


def _pay(row: Row, year: Year | None, purse: Purse, money: Sequence[Row], split: Split) -> list[Row]:
    """Fill in who pays and who carries the project out; return its ``Fund`` rows."""
    total = clean_number(row[Project.total_wan])
    earns = year is not None and year.net > 0
    funds: list[Row] = []
    social = False
    if row[Project.way] == _MANAGED or np.isnan(total):
        split.refuse(
            row,
            "非施工项目不列投资" if row[Project.way] == _MANAGED else "总投资待测算，须同时决定“项目总投资”",
        )
    else:
        support = _support(row, money)
        by_hand = split.read(row, total, purse.copy().pay(total, support, earning=earns))
        paid = purse.pay(total, support, earning=earns, social_wan=by_hand)
        row[Project.fiscal_wan], row[Project.social_wan] = paid.fiscal_wan, paid.social_wan
        row[Project.funding], row[Project.open_wan] = paid.text, paid.open_wan
        social = paid.social_wan > paid.fiscal_wan
        funds = write_funds(row[Project.number], paid.parts)
    facts = {
        "way": row[Project.way],
        "social": social,
        "earns": earns,
        "mode": row[Project.operator],
        "works": row[Project.works],
    }
    row[Project.implementer] = clean_text(row[Project.implementer]) or find_implementer(facts)
    return funds


def _schedule(row: Row, first_year: int) -> None:
    """Fill in phase and months; months that are there already stay."""
    index = int(row[Project.phase_index])
    row[Project.phase] = f"{first_year + index - 1}年"
    row[Project.principle] = read_settings("phasing.yaml")["phases"][index]["principle"]
    if not clean_text(row[Project.start]) or not clean_text(row[Project.end]):
        months = plan_months(index, row[Project.way], first_year=first_year)
        row[Project.start], row[Project.end] = months.ends
    ends = (f"{text[:4]}年{text[5:7]}月" for text in (row[Project.start], row[Project.end]))
    row[Project.schedule] = "-".join(ends)


def _spread(row: Mapping[str, Any], first_year: int) -> Row:
    total = float("nan") if row[Project.way] == _MANAGED else clean_number(row[Project.total_wan])
    return write_years(
        row[Project.number],
        start=row[Project.start],
        end=row[Project.end],
        total_wan=total,
        first_year=first_year,
    )


def _earn(row: Mapping[str, Any], year: Year, draft: Draft) -> Row:
    people = clean_number(draft.need[Need.target_people])
    return write_revenue(row, year, people=people, target=clean_text(draft.need[Need.target]))


def _report(rows: Sequence[Row], purse: Purse, given: Given) -> None:
    if purse.unfunded:
        given.log.add(
            "HSQ-A04",
            f"项目清单中有{write_money(purse.unfunded / GRAINS)}资金尚无台账资金对应",
            severity="警告",
            layer=Project.alias,
            remedy="在资源台账中补充资金来源，或调整项目规模",
        )
    for row in rows:
        if row[Project.way] != _MANAGED and np.isnan(clean_number(row[Project.total_wan])):
            given.log.add(
                "HSQ-A14", f"项目{row[Project.number]}“{row[Project.name]}”的投资不能测算：{row[Project.cost_basis]}",
                severity="警告", layer=Project.alias, row=row[Project.number], field=Project.total_wan,
                action="照列，投资写“待测算”，不计入合计", remedy="在需求清单中补充建设规模，或在造价台账中补充单价",
            )  # fmt: skip


PROJECTS = Stage(
    name="projects",
    title="项目清单",
    takes=(Need, Pair, Match, Resource, Ledger, Site, OwnCost, PastWork),
    gives=(Project, Fund, FundTotal, YearPlan, Revenue),
    config=("crs.area_rule", "plan.area", "plan.first_year", "walking"),
    run=make_projects,
)
