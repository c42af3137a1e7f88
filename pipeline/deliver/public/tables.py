"""Tables of the public edition: declared columns only, names masked, counts of few persons withheld."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from layers.faults import FaultLog
from pipeline.deliver.items import Item, Made
from pipeline.deliver.public.names import Names
from pipeline.deliver.public.rules import KIND, TABLES
from pipeline.deliver.tables import fill_tables
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Cell, Content, find_field
from pipeline.deliver.tables.spec import Head, Table
from pipeline.plan import Plan

_NOTE = "公示版不含权利人、个人信息和精确坐标，以“{mask}”代替；少于{least}人的人数以“{few}”表示，关键基础设施不列。"


def write_public_tables(frames: Mapping[str, pd.DataFrame], plan: Plan, root: Path, names: Names) -> Made:
    """Write the tables that ``configs/public.yaml`` names under ``root/公示版/表格``; those with rows only.

    Parameters
    ----------
    frames : stage results by layer key, communities filled in.
    names : what is masked.
    """
    made = []
    # The full tables have been written before, and have told their faults.
    for table, content in fill_tables(frames, plan, FaultLog(), reduce=lambda t: reduce_table(t, names)):
        if not content.rows:
            continue
        shown = mask_content(table, content, names)
        path = f"{TABLES}/{shown.file}.xlsx"
        write_book(root / path, [(shown.number, shown)], plan)
        note = f"{len(shown.rows)} 行"
        made.append(Item(path, KIND, shown.title, "pipeline.deliver.public", table.number, note=note))
    return made


def reduce_table(table: Table, names: Names) -> Table | None:
    """Return a table with its public columns only, None when it is not published."""
    rule = names.rules.tables.get(table.key)
    if rule is None:
        return None
    header = tuple(_keep(table.header, frozenset(rule.columns)))
    notes = table.notes
    if rule.notes is not None:
        notes = tuple(notes[number - 1] for number in rule.notes)
    return table.model_copy(update={"header": header, "notes": notes, "where": {**table.where, **rule.where}})


def _keep(heads: Iterable[Head], columns: frozenset[str]) -> Iterator[Head]:
    for head in heads:
        under = tuple(_keep(head.under, columns))
        if under or head.value in columns:
            yield head.model_copy(update={"under": under}) if head.under else head


def mask_content(table: Table, content: Content, names: Names) -> Content:
    """Return a filled table with names masked and counts of few persons withheld, marked 公示版."""
    rules = names.rules
    people = [_counts_people(leaf) for leaf in table.leaves()]
    rows = [
        [_mask_cell(cell, names, people=counts) for cell, counts in zip(row, people, strict=True)]
        for row in content.rows
    ]
    note = _NOTE.format(mask=rules.mask, least=rules.least_people, few=rules.few)
    return Content(
        number=content.number, title=f"{content.title}（{KIND}）", file=f"{content.file}（{KIND}）",
        header=content.header, leaves=content.leaves, rows=rows, totals=content.totals,
        notes=[*(names.mask(text) for text in content.notes), note], note_label=content.note_label,
    )  # fmt: skip


def _counts_people(leaf: Head) -> bool:
    """Whether a column counts persons, by the unit of its field's declaration."""
    return "." in leaf.value and "{" not in leaf.value and "(" not in leaf.value and (
        find_field(leaf.value).spec.unit == "人"
    )  # fmt: skip


def _mask_cell(cell: Cell, names: Names, *, people: bool) -> Cell:
    if isinstance(cell.value, str):
        return Cell(names.mask(cell.value))
    if people and cell.value is not None and 0 < cell.value < names.rules.least_people:
        return Cell(names.rules.few)
    return cell
