"""Views over all plans of the published database: projects, needs, and sums by plan and by community."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from layers.codes import GAP, SCOPE, URGENCY
from layers.model import Column, Layer
from layers.onemap import KINDS, Prefix
from layers.planned import Need, Project
from layers.reachable import Blind, Scope, Unit
from pipeline.deliver.library import Entry
from pipeline.publish.sql import quote_name, quote_text
from pipeline.publish.tables import GEOM, PLAN_ID, PROJECTS, SRID, Table

# A view comes after those it uses.
VIEWS = ("v_xmfb_all", "v_xqfb_all", "v_plan_summary", "v_community_summary")


@dataclass(frozen=True)
class View:
    """A view.

    Attributes
    ----------
    name, title : in the database, and its comment.
    query : SELECT.
    comments : column and what it is.
    """

    name: str
    title: str
    query: str
    comments: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Sum:
    """One number of the summaries, taken from one table or view.

    Attributes
    ----------
    name, text : column and comment.
    source : table or view.
    value : aggregate; 0 where no row is.
    by_community : whether it can be told community by community, and the column that names it.
    where : condition, empty for none.
    """

    name: str
    text: str
    source: str
    value: str
    by_community: str = ""
    where: str = ""


def make_views(schema: str, tables: Sequence[Table]) -> list[View]:
    """Return the views in order of ``VIEWS``."""
    sums = list(_list_sums())
    return [
        _unite(schema, tables, Project, "v_xmfb_all", "各方案的更新项目分布（面、线、点合并）"),
        _unite(schema, tables, Need, "v_xqfb_all", "各方案的需求分布（面、线、点合并）"),
        _sum_plans(schema, sums),
        _sum_communities(schema, [item for item in sums if item.by_community]),
    ]


def _name(column: Column) -> str:
    return column.spec.onemap.lower()


def _unite(schema: str, tables: Sequence[Table], layer: type[Layer], name: str, title: str) -> View:
    """Return the view of a layer whose kinds of geometry are tables of their own, with the columns they share."""
    codes = set(layer.onemap.values())
    parts = [table for table in tables if table.code in codes]
    shared = [c for c in parts[0].columns if all(c.name in {o.name for o in p.columns} for p in parts)]
    plan = quote_name(schema, "plan")
    queries = [
        f"SELECT t.{PLAN_ID}, p.title AS plan_title, {quote_text(KINDS[part.kind])}::text AS kind,\n  "
        + ", ".join(f"t.{quote_name(column.name)}" for column in shared)
        + f",\n  t.{GEOM}::geometry(Geometry,{SRID}) AS {GEOM}\n"
        + f"FROM {quote_name(schema, part.name)} t JOIN {plan} p USING ({PLAN_ID})"
        for part in parts
    ]
    told = [(PLAN_ID, "方案标识"), ("plan_title", "方案名称"), ("kind", "几何类型")]
    comments = (*told, *((column.name, column.comment) for column in shared))
    return View(name, title, "\nUNION ALL\n".join(queries), comments)


def _list_sums() -> list[_Sum]:
    needs, community = partial(_Sum, source="v_xqfb_all"), _name(Prefix.sqmc)
    library = partial(_Sum, source=PROJECTS, by_community=_name(Entry.community))
    unit = partial(_Sum, source=Unit.onemap["polygon"].lower(), by_community=community)
    found = [
        unit(name="communities", text="社区数", value="count(*)"),
        unit(name="households", text="户数", value=f"sum({_name(Unit.households)})"),
        unit(name="population", text="常住人口", value=f"sum({_name(Unit.population)})"),
        _Sum(
            "renewal_m2", "更新范围面积（㎡）", Scope.onemap["polygon"].lower(), f"sum({_name(Scope.area_m2)})",
            where=f"{_name(Scope.kind)} = {quote_text(SCOPE.values[0])}",
        ),
        library(name="projects", text="项目数（含没有空间位置的）", value="count(*)"),
        _Sum("mapped_projects", "有空间位置的项目数", "v_xmfb_all", "count(*)", community),
    ]  # fmt: skip
    for name, column in (
        ("total_wan", Entry.total_wan),
        ("fiscal_wan", Entry.fiscal_wan),
        ("social_wan", Entry.social_wan),
        ("open_wan", Entry.open_wan),
    ):
        text = f"{column.spec.alias}（万元）"
        found.append(library(name=name, text=text, value=f"sum({_name(column)})"))
    found.append(needs(name="needs", text="有空间位置的需求数", value="count(*)", by_community=community))
    urgent = f"{_name(Need.urgency)} = {quote_text(URGENCY.values[0])}"
    found.append(
        needs(name="urgent_needs", text="其中紧迫", value="count(*)", by_community=community, where=urgent)
    )
    for name, value in zip(("gaps_missing", "gaps_short", "gaps_wrong"), GAP.values, strict=True):
        where = f"{_name(Need.gap)} = {quote_text(value)}"
        found.append(
            needs(name=name, text=f"其中{value}", value="count(*)", by_community=community, where=where)
        )
    homes = f"count(DISTINCT {_name(Blind.home)})"
    found.append(
        _Sum("blind_homes", "有设施覆盖不到的住户点数", Blind.onemap["point"].lower(), homes, community)
    )
    return found


def _sum_plans(schema: str, sums: Sequence[_Sum]) -> View:
    head = ("plan_id", "title", "area", "region_code", "region_name", "compiled", "program", "loaded_at")
    lines = []
    for item in sums:
        where = f" AND {item.where}" if item.where else ""
        source = quote_name(schema, item.source)
        lines.append(
            f"  coalesce((SELECT {item.value} FROM {source} t WHERE t.{PLAN_ID} = p.{PLAN_ID}{where}), 0) AS {item.name}"
        )
    query = (
        "SELECT " + ", ".join(f"p.{name}" for name in head) + ",\n" + ",\n".join(lines)
        + f"\nFROM {quote_name(schema, 'plan')} p\nORDER BY p.region_code, p.plan_block, p.{PLAN_ID}"
    )  # fmt: skip
    comments = tuple((item.name, item.text) for item in sums)
    return View("v_plan_summary", "各方案汇总：社区、项目、投资、缺口", query, comments)


def _sum_communities(schema: str, sums: Sequence[_Sum]) -> View:
    """Return the sums by community; what lies outside the communities is a row of its own."""
    sources = dict.fromkeys((item.source, item.by_community) for item in sums)
    keys = "\n  UNION\n".join(
        f"  SELECT {PLAN_ID}, coalesce({by}, '') AS community FROM {quote_name(schema, source)}"
        for source, by in sources
    )
    joins, lines = [], []
    for n, (source, by) in enumerate(sources):
        mine = [item for item in sums if (item.source, item.by_community) == (source, by)]
        values = [
            f"{item.value}{f' FILTER (WHERE {item.where})' if item.where else ''} AS {item.name}"
            for item in mine
        ]
        joins.append(
            f"LEFT JOIN (SELECT {PLAN_ID}, coalesce({by}, '') AS community, {', '.join(values)}\n"
            f"  FROM {quote_name(schema, source)} GROUP BY 1, 2) s{n} USING ({PLAN_ID}, community)"
        )
        lines += [f"  coalesce(s{n}.{item.name}, 0) AS {item.name}" for item in mine]
    query = (
        f"SELECT {PLAN_ID}, p.title, nullif(k.community, '') AS community,\n" + ",\n".join(lines)
        + f"\nFROM (\n{keys}\n) k JOIN {quote_name(schema, 'plan')} p USING ({PLAN_ID})\n" + "\n".join(joins)
        + f"\nORDER BY {PLAN_ID}, community"
    )  # fmt: skip
    comments = (
        ("community", "社区名称"),
        *((item.name, item.text) for item in sums if item.name != "communities"),
    )
    return View("v_community_summary", "各方案分社区汇总：人口、项目、投资、缺口", query, comments)
