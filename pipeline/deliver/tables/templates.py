"""The user's own workbooks looked at before anything is computed: what cannot be used is told at once."""

from __future__ import annotations

from layers.faults import FaultLog
from pipeline.deliver.tables.content import Content, Leaf
from pipeline.deliver.tables.own import open_template
from pipeline.deliver.tables.spec import Table, place_header, table_specs
from pipeline.plan import Plan


def check_templates(plan: Plan, log: FaultLog) -> None:
    """Report every workbook of ``hand.templates`` that is missing, broken or has another header."""
    tables = {table.number: table for table in table_specs()}
    for number, path in plan.hand.templates.items():
        open_template(plan.resolve(path), outline_table(tables[number], plan), log)


def outline_table(table: Table, plan: Plan) -> Content:
    """Return a table without rows: title and header."""
    leaves = [Leaf(leaf.width, leaf.align, leaf.merge) for leaf in table.leaves()]
    title = table.title.format(area=plan.plan.area)
    return Content(table.number, title, "", place_header(table.header), leaves, [], None, [])
